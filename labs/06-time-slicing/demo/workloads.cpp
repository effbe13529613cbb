#include "workloads.hpp"

#include <algorithm>
#include <cmath>

#include "language.hpp"
#include "random.hpp"
#include "terminal.hpp"

namespace time_slicing_demo {

using dialtone::tr;
using namespace simulation;

namespace {

constexpr int terminal = 0;

Burst cpu(Time length) {
  return {length, Burst::cpu};
}

struct Plan {
  const char* name;
  Time arrival;
  int priority;
  int weight;
  std::vector<Burst> bursts;
};

Deck empty_deck() {
  Deck deck;
  deck.devices = {{tr("terminal", "终端"), 0}};
  return deck;
}

void add(Deck& deck, const std::string& name, Time arrival, int priority, int weight,
         const std::vector<Burst>& bursts) {
  Job job;
  job.name = name;
  job.arrival = arrival;
  job.priority = priority;
  job.weight = weight;
  job.memory = 16;
  deck.workload.add(std::move(job), bursts);
  deck.orders.emplace_back();
}

}  // namespace

Deck usual_deck() {
  Deck deck = empty_deck();
  const std::vector<Burst> typing = {cpu(1), {5, terminal}, cpu(1), {5, terminal},
                                     cpu(1), {5, terminal}, cpu(1)};
  add(deck, tr("weather", "天气预报"), 0, 1, 2, {cpu(18)});
  add(deck, tr("editor", "编辑器"), 1, 3, 1, typing);
  add(deck, tr("compiler", "编译"), 2, 2, 1, {cpu(8)});
  add(deck, tr("chat", "聊天"), 3, 3, 1, typing);
  add(deck, tr("mail", "邮件"), 6, 2, 1, {cpu(3)});
  return deck;
}

Deck drawn_deck(std::size_t jobs, std::uint64_t seed) {
  Deck deck = empty_deck();
  dialtone::Random random(seed);
  const auto exponential = [&](double mean) {
    const double uniform = static_cast<double>((random.bits() >> 11U) + 1) * 0x1.0p-53;
    return std::max<Time>(1, static_cast<Time>(std::lround(-mean * std::log(uniform))));
  };
  Time arrival = 0;
  for (std::size_t i = 0; i < jobs; ++i) {
    std::vector<Burst> bursts = {cpu(exponential(6))};
    if (random.chance(0.5))
      for (std::uint64_t b = random.between(1, 4); b > 0; --b) {
        bursts.push_back({exponential(10), terminal});
        bursts.push_back(cpu(exponential(6)));
      }
    add(deck, "J" + std::to_string(i), arrival, static_cast<int>(random.between(1, 3)),
        static_cast<int>(random.between(1, 4)), bursts);
    arrival += exponential(15);
  }
  return deck;
}

std::string deck_text(const Deck& deck, std::size_t columns) {
  dialtone::Table table({tr("job", "作业"), tr("arrives", "到达"), tr("priority", "优先级"),
                         tr("weight", "权重"), tr("bursts", "CPU 与 I/O 段")},
                        {1, 2, 3});
  constexpr std::size_t most = 40;
  for (std::size_t i = 0; i < deck.workload.jobs.size(); ++i) {
    if (i == most) {
      table.add({"…", "", "", "",
                 tr("and ", "另有 ") + std::to_string(deck.workload.jobs.size() - most) +
                     tr(" more", " 个")});
      break;
    }
    const Job& job = deck.workload.jobs[i];
    std::string bursts;
    for (std::uint32_t b = 0; b < job.bursts; ++b) {
      const Burst& burst = deck.workload.bursts[job.first_burst + b];
      if (b > 0) bursts += ' ';
      if (burst.device == Burst::cpu)
        bursts += "CPU " + std::to_string(burst.length);
      else
        bursts += deck.devices[static_cast<std::size_t>(burst.device)].name + " " +
                  std::to_string(burst.length);
    }
    table.add({job.name, std::to_string(job.arrival), std::to_string(job.priority),
               std::to_string(job.weight), bursts});
  }
  return table.text(columns);
}

}  // namespace time_slicing_demo
