// The machines of the third and fourth generations: the same engine, with other policies and
// another number of programs in memory.
#include <algorithm>

#include "generations/in_memory.hpp"
#include "generations/plan.hpp"
#include "language.hpp"
#include "simulation/recording.hpp"
#include "time_slicing.hpp"

namespace generations {

using dialtone::tr;
using simulation::append;
using simulation::Burst;
using simulation::Mark;
using simulation::Track;
using simulation::Workload;

namespace {

std::vector<Address> sizes_of(const Deck& deck) {
  std::vector<Address> sizes;
  for (const simulation::Job& job : deck.workload.jobs)
    sizes.push_back(static_cast<Address>(std::max(1, job.memory)));
  return sizes;
}

/// A device that takes requests in the order of their coming; gives back the end of each.
class Queue {
 public:
  explicit Queue(std::string name) { track_.name = std::move(name); }
  Time serve(Time ready, Time length, std::size_t who) {
    const Time start = std::max(ready, free_);
    free_ = start + length;
    busy_ += length;
    if (length > 0) append(track_, {start, free_, static_cast<int>(who), Mark::running});
    return free_;
  }
  const Track& track() const { return track_; }
  Device device() const { return {track_.name, busy_}; }

 private:
  Track track_;
  Time free_ = 0;
  Time busy_ = 0;
};

/// The numbers of the jobs in the order of a time of theirs.
template <class TimeOf>
std::vector<std::size_t> in_order_of(std::size_t count, TimeOf time_of) {
  std::vector<std::size_t> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return time_of(a) < time_of(b); });
  return order;
}

/// What a machine ran, and what it looked like.
struct Run {
  simulation::Figures figures;
  std::vector<Track> cores;
  std::vector<Track> devices;
};

void add_run(const Deck& deck, const Run& run, Played& played) {
  for (std::size_t i = 0; i < run.cores.size(); ++i) {
    played.timeline.tracks.push_back(run.cores[i]);
    if (run.cores.size() == 1) played.timeline.tracks.back().name = "CPU";
    played.cpu += run.figures.cores[i].busy;
  }
  for (const Track& track : run.devices)
    if (track.name != "terminal") played.timeline.tracks.push_back(track);
  for (std::size_t i = 0; i < deck.devices.size(); ++i)
    if (deck.devices[i].name != "terminal")
      played.devices.push_back({deck.devices[i].name, run.figures.devices[i]});
  played.switches = run.figures.voluntary + run.figures.involuntary;
}

}  // namespace

/// Cards go to the disk as they come, paper from the disk as the printer is free, and meanwhile the
/// CPU works: with one program in memory, or with as many as the partitions hold.
Result<Played> play_spooling(const Deck& deck, const Settings& settings, bool many_programs) {
  Played played = begin(deck, many_programs ? Generation::multiprogramming : Generation::spooling);
  const std::size_t count = deck.workload.jobs.size();
  Queue reader(tr("reader", "读卡机"));
  Queue printer(tr("printer", "打印机"));
  std::vector<Time> on_disk(count);
  for (const std::size_t i :
       in_order_of(count, [&](std::size_t job) { return deck.workload.jobs[job].arrival; }))
    on_disk[i] = reader.serve(deck.workload.jobs[i].arrival, reading_time(deck.orders[i].cards), i);

  Workload workload;
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<Burst> bursts;
    for (const Burst& burst : bursts_of(deck, i))
      if (!is_terminal(deck, burst)) bursts.push_back(burst);
    for (const Burst& burst : bursts) played.jobs[i].work += burst.length;
    simulation::Job job = deck.workload.jobs[i];
    job.arrival = on_disk[i];
    workload.add(std::move(job), bursts);
  }
  OneProgram one;
  Partitions partitions(settings.memory, sizes_of(deck));
  simulation::Options options;
  options.devices = deck.devices;
  options.admission = &one;
  if (many_programs) options.admission = &partitions;
  if (auto said = simulation::complaint(workload, options); !said.empty())
    return tl::unexpected(std::move(said));
  simulation::Recording recording(workload, options);
  options.observer = &recording;
  const Run run{simulation::run(
                    workload, [] { return std::make_unique<SwitchOnIo>(); }, options),
                recording.by_core().tracks, recording.by_device().tracks};

  const auto& jobs = run.figures.jobs;
  for (const std::size_t i :
       in_order_of(count, [&](std::size_t job) { return jobs[job].completion; })) {
    if (jobs[i].completion < 0) return tl::unexpected(tr("a job never ended", "有作业没有结束"));
    const Time lines = printing_time(deck.orders[i].lines);
    Outcome& outcome = played.jobs[i];
    outcome.done = printer.serve(jobs[i].completion, lines, i);
    outcome.work += reading_time(deck.orders[i].cards) + lines;
    outcome.answers = {outcome.turnaround()};
  }
  played.timeline.tracks.push_back(reader.track());
  played.devices.push_back(reader.device());
  add_run(deck, run, played);
  played.timeline.tracks.push_back(printer.track());
  played.devices.push_back(printer.device());
  played.most_programs = many_programs ? partitions.most_programs() : 1;
  played.compactions = partitions.compactions();
  return finish(deck, std::move(played));
}

namespace {

/// Notes how long each user waits in front of his terminal.
class Patience : public simulation::Recording {
 public:
  Patience(const Deck& deck, const simulation::Options& options, std::vector<Outcome>& outcomes)
      : Recording(deck.workload, options),
        deck_(deck),
        outcomes_(outcomes),
        asked_(outcomes.size(), -1) {}

  void happened(const simulation::Event& event, const simulation::ProcessControlBlock& process,
                const simulation::Policy& policy) override {
    Recording::happened(event, process, policy);
    using simulation::Happening;
    if (event.pid < 0) return;
    const auto pid = static_cast<std::size_t>(event.pid);
    if (event.what == Happening::arrived || (event.what == Happening::woke && asked_[pid] < 0))
      asked_[pid] = event.time;
    if (event.what == Happening::finished) answer(pid, event.time);
  }

  void served(int device, int pid, Time start, Time end) override {
    Recording::served(device, pid, start, end);
    if (deck_.devices[static_cast<std::size_t>(device)].name == "terminal")
      answer(static_cast<std::size_t>(pid), start);
  }

 private:
  void answer(std::size_t pid, Time now) {
    if (asked_[pid] >= 0 && now > asked_[pid]) outcomes_[pid].answers.push_back(now - asked_[pid]);
    asked_[pid] = -1;
  }

  const Deck& deck_;
  std::vector<Outcome>& outcomes_;
  std::vector<Time> asked_;  ///< since when each user waits; -1: he thinks
};

}  // namespace

/// Everybody sits at a terminal and reads the answers there. All programs are loaded: whoever
/// thinks is on the disk (swapping takes no time here; it took much).
Result<Played> play_sharing(const Deck& deck, const Settings& settings, int cores) {
  const bool many = cores != 1;
  Played played = begin(deck, many ? Generation::many_cpus : Generation::time_sharing);
  played.cores = cores;
  simulation::Options options;
  options.cores = cores;
  options.devices = deck.devices;
  for (simulation::Device& device : options.devices)
    if (device.name == "terminal") device.servers = 0;
  if (auto said = simulation::complaint(deck.workload, options); !said.empty())
    return tl::unexpected(std::move(said));
  Patience patience(deck, options, played.jobs);
  simulation::Options observed = options;
  observed.observer = &patience;
  Run run;
  run.figures = simulation::run(
      deck.workload, [&] { return std::make_unique<time_slicing::RoundRobin>(settings.quantum); },
      observed);
  run.cores = patience.by_core().tracks;
  run.devices = patience.by_device().tracks;
  for (std::size_t i = 0; i < played.jobs.size(); ++i) {
    played.jobs[i].done = run.figures.jobs[i].completion;
    for (const Burst& burst : bursts_of(deck, i)) played.jobs[i].work += burst.length;
  }
  add_run(deck, run, played);
  return finish(deck, std::move(played));
}

}  // namespace generations
