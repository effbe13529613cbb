#include "generations/plan.hpp"

#include <algorithm>

#include "language.hpp"

namespace generations {

using dialtone::tr;
using simulation::Burst;
using simulation::last_tick;

std::string title_of(Generation generation) {
  switch (generation) {
    case Generation::exclusive:
      return tr("1   booked hours", "1   预约独占");
    case Generation::batch:
      return tr("2   batch with tapes", "2   批处理（磁带）");
    case Generation::spooling:
      return tr("3a  SPOOLING", "3a  SPOOLING");
    case Generation::multiprogramming:
      return tr("3b  multiprogramming", "3b  多道程序");
    case Generation::time_sharing:
      return tr("3c  time sharing", "3c  分时");
    case Generation::many_cpus:
      return tr("4   many CPUs", "4   多个 CPU");
  }
  return {};
}

Time reading_time(int cards) {
  return (Time{cards} * 60 + 799) / 800;
}

Time printing_time(int lines) {
  return (Time{lines} * 60 + 599) / 600;
}

double Played::utilisation() const {
  return span() > 0 ? static_cast<double>(cpu) / (static_cast<double>(span()) * cores) : 0;
}

double Played::jobs_an_hour() const {
  return span() > 0 ? 3600.0 * static_cast<double>(jobs.size()) / static_cast<double>(span()) : 0;
}

bool is_terminal(const Deck& deck, const Burst& burst) {
  return burst.device != Burst::cpu &&
         deck.devices[static_cast<std::size_t>(burst.device)].name == "terminal";
}

std::vector<Burst> bursts_of(const Deck& deck, std::size_t job) {
  const simulation::Job& one = deck.workload.jobs[job];
  const auto first = deck.workload.bursts.begin() + one.first_burst;
  return {first, first + one.bursts};
}

namespace {

// What can be drawn and kept in memory.
constexpr std::size_t most_jobs = 2000;
constexpr Time most_slices = 1'000'000;

/// The size of the largest program that memory so divided can hold.
Address largest_program(const MemoryRules& rules) {
  if (rules.partitions.empty()) return rules.size;
  return *std::max_element(rules.partitions.begin(), rules.partitions.end());
}

}  // namespace

std::string complaint(const Deck& deck, const Settings& settings) {
  if (deck.workload.jobs.size() > most_jobs)
    return "jobs: " + std::to_string(deck.workload.jobs.size()) +
           tr(" of them, and at most ", " 个，而最多 ") + std::to_string(most_jobs) +
           tr(" can be looked at side by side", " 个才能并排观看");
  Time computing = 0;
  for (const Burst& burst : deck.workload.bursts)
    if (burst.device == Burst::cpu) computing += burst.length;
  if (computing / settings.quantum > most_slices)
    return "--quantum " + std::to_string(settings.quantum) + ": " +
           std::to_string(computing / settings.quantum) +
           tr(" time slices are too many: choose a longer one", " 个时间片太多：请改长些");
  for (std::size_t i = 0; i < deck.workload.jobs.size(); ++i) {
    const std::string path = "jobs[" + std::to_string(i) + "].";
    const auto memory = static_cast<Address>(std::max(1, deck.workload.jobs[i].memory));
    if (const Address largest = largest_program(settings.memory); memory > largest)
      return path + "memory: " + std::to_string(memory) +
             tr(" KiB, and a program can have at most ", " KiB，而一个程序最多能有 ") +
             std::to_string(largest) +
             tr(": give the machine more memory, or the job less",
                "：请给机器更大的内存，或把作业改小");
    if (deck.workload.jobs[i].cores != ~std::uint64_t{0})
      return path + "cores: " +
             tr("the older machines have one CPU: leave it out here (time-slicing takes it)",
                "旧机器只有一个 CPU：请去掉（time-slicing 才用它）");
    const auto bursts = bursts_of(deck, i);
    if (std::none_of(bursts.begin(), bursts.end(),
                     [](const Burst& burst) { return burst.device == Burst::cpu; }))
      return path + "bursts: " + tr("the job never computes", "这个作业从不计算");
  }
  return {};
}

Played begin(const Deck& deck, Generation generation) {
  Played played;
  played.generation = generation;
  played.timeline.title = title_of(generation);
  played.timeline.unit = tr("second", "秒");
  played.timeline.microseconds_per_tick = 1e6;
  played.jobs.resize(deck.workload.jobs.size());
  played.first = last_tick;
  for (std::size_t i = 0; i < played.jobs.size(); ++i) {
    played.timeline.names.push_back(deck.workload.jobs[i].name);
    played.jobs[i].arrival = deck.workload.jobs[i].arrival;
    played.first = std::min(played.first, played.jobs[i].arrival);
  }
  return played;
}

Result<Played> finish(const Deck& deck, Played played) {
  for (std::size_t i = 0; i < played.jobs.size(); ++i) {
    Outcome& job = played.jobs[i];
    if (job.done > last_tick)
      return tl::unexpected(
          tr("generation ", "第 ") +
          std::string(generation_names[static_cast<std::size_t>(played.generation)]) +
          tr(": the deck takes more than 2^31 ticks: make the jobs smaller",
             " 代：这叠作业超过 2^31 个时刻，请改小"));
    played.end = std::max(played.end, job.done);
    const Time patience = deck.orders[i].patience;
    job.gave_up = std::any_of(job.answers.begin(), job.answers.end(),
                              [patience](Time answer) { return answer > patience; });
  }
  played.timeline.end = played.end;
  return played;
}

Result<Played> play(const Deck& deck, const Settings& settings, Generation generation) {
  switch (generation) {
    case Generation::exclusive:
      return play_exclusive(deck, settings);
    case Generation::batch:
      return play_batch(deck, settings);
    case Generation::spooling:
      return play_spooling(deck, settings, false);
    case Generation::multiprogramming:
      return play_spooling(deck, settings, true);
    case Generation::time_sharing:
      return play_sharing(deck, settings, 1);
    case Generation::many_cpus:
      return play_sharing(deck, settings, settings.cores);
  }
  return tl::unexpected(std::string("?"));
}

}  // namespace generations
