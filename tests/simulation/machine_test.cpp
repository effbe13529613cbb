// The machine, by examples worked out by hand: ties, devices, the cost of a switch, queues for each
// core, stealing, caches, and a switch that is broken.
#include "simulation/machine.hpp"

#include <string>
#include <vector>

#include "practice.hpp"
#include "simulation/policies/policies.hpp"
#include "time_slicing.hpp"

using namespace simulation;

namespace {

/// "A0-3 B3-5": who ran from when to when, touching pieces joined; "/" before the next core.
class Slices : public Observer {
 public:
  explicit Slices(const Workload& workload) : workload_(workload) {}

  void ran(int core, int pid, Time start, Time end) override {
    const auto at = static_cast<std::size_t>(core);
    if (cores_.size() <= at) cores_.resize(at + 1);
    auto& pieces = cores_[at];
    if (!pieces.empty() && pieces.back().pid == pid && pieces.back().end == start)
      pieces.back().end = end;
    else
      pieces.push_back({pid, start, end});
  }

  std::string text() const {
    std::string text;
    for (std::size_t core = 0; core < cores_.size(); ++core) {
      if (core > 0) text += " / ";
      for (std::size_t i = 0; i < cores_[core].size(); ++i) {
        const Piece& piece = cores_[core][i];
        if (i > 0) text += ' ';
        text += workload_.jobs[static_cast<std::size_t>(piece.pid)].name +
                std::to_string(piece.start) + "-" + std::to_string(piece.end);
      }
    }
    return text;
  }

 private:
  struct Piece {
    int pid;
    Time start;
    Time end;
  };
  const Workload& workload_;
  std::vector<std::vector<Piece>> cores_;
};

Job job(const std::string& name, Time arrival) {
  Job made;
  made.name = name;
  made.arrival = arrival;
  return made;
}

std::string slices(const Workload& workload, const PolicyMaker& policy, Options options,
                   Figures* figures = nullptr) {
  Slices seen(workload);
  options.observer = &seen;
  REQUIRE(complaint(workload, options).empty());
  const Figures came = run(workload, policy, options);
  if (figures != nullptr) *figures = came;
  return seen.text();
}

PolicyMaker round_robin(Time quantum) {
  return [quantum] { return std::make_unique<time_slicing::RoundRobin>(quantum); };
}

constexpr Burst cpu(Time length) {
  return {length, Burst::cpu};
}
constexpr Burst io(Time length, int device = 0) {
  return {length, device};
}

}  // namespace

TEST_CASE("an_arrival_goes_before_the_one_whose_turn_ends_at_the_same_tick_or_behind_it") {
  Workload workload;
  workload.add(job("A", 0), {cpu(4)});
  workload.add(job("B", 0), {cpu(4)});
  workload.add(job("C", 2), {cpu(2)});
  Options options;
  CHECK(slices(workload, round_robin(2), options) == "A0-2 B2-4 C4-6 A6-8 B8-10");
  options.ties = Ties::expired_first;
  CHECK(slices(workload, round_robin(2), options) == "A0-2 B2-4 A4-6 C6-8 B8-10");
}

TEST_CASE("a_device_serves_in_the_order_of_coming_and_a_process_waits_for_it") {
  Workload workload;
  workload.add(job("A", 0), {cpu(2), io(5), cpu(1)});
  workload.add(job("B", 0), {cpu(1), io(4), cpu(1)});
  Options options;
  options.devices = {{"disk", 1}};
  Figures figures;
  CHECK(slices(workload, make_fifo, options, &figures) == "A0-2 B2-3 A7-8 B11-12");
  CHECK(figures.jobs[1].queued == 4);  // from 3, when A had the disk, until 7
  CHECK(figures.jobs[1].io == 4);
  CHECK(figures.devices[0] == 9);
  options.devices = {{"disk", 0}};
  CHECK(slices(workload, make_fifo, options) == "A0-2 B2-3 A7-8 B8-9");
}

TEST_CASE("a_switch_to_another_process_costs_time_and_going_on_costs_none") {
  Workload workload;
  workload.add(job("A", 0), {cpu(4)});
  workload.add(job("B", 0), {cpu(2)});
  Options options;
  options.switch_cost = 1;
  Figures figures;
  CHECK(slices(workload, round_robin(2), options, &figures) == "A0-2 B3-5 A6-8");
  CHECK(figures.cores[0].switching == 2);
  CHECK(figures.cores[0].busy == 6);
  CHECK(figures.involuntary == 1);  // A at 2
  CHECK(figures.voluntary == 1);    // B ended at 5
  workload.jobs.pop_back();
  CHECK(slices(workload, round_robin(2), options, &figures) == "A0-4");
  CHECK(figures.cores[0].switching == 0);
}

TEST_CASE("a_newcomer_takes_the_core_of_the_least_urgent") {
  Workload workload;
  workload.add(job("A", 0), {cpu(9)});
  workload.add(job("B", 0), {cpu(5)});
  workload.add(job("C", 1), {cpu(2)});
  Options options;
  options.cores = 2;
  CHECK(slices(workload, make_srtf, options) == "B0-5 / A0-1 C1-3 A3-11");
}

TEST_CASE("each_core_has_its_own_queue_and_an_idle_one_may_steal") {
  Workload workload;
  workload.add(job("A", 0), {cpu(6)});
  workload.add(job("B", 0), {cpu(1)});
  workload.add(job("C", 0), {cpu(6)});
  Options options;
  options.cores = 2;
  options.queue_per_core = true;
  CHECK(slices(workload, make_fifo, options) == "A0-6 C6-12 / B0-1");
  options.steal = true;
  CHECK(slices(workload, make_fifo, options) == "A0-6 / B0-1 C1-7");
}

TEST_CASE("a_pinned_job_runs_on_its_cores_alone") {
  Workload workload;
  Job pinned = job("A", 0);
  pinned.cores = 0b10;
  workload.add(pinned, {cpu(3)});
  workload.add(job("B", 0), {cpu(2)});
  workload.add(job("C", 0), {cpu(2)});
  Options options;
  options.cores = 2;
  SECTION("with a shared queue") {
    CHECK(slices(workload, make_fifo, options) == "B0-2 C2-4 / A0-3");
  }
  SECTION("with a queue for each core: nobody steals what may not run there") {
    workload.jobs[2].cores = 0b10;
    options.queue_per_core = true;
    options.steal = true;
    CHECK(slices(workload, make_fifo, options) == "B0-2 / A0-3 C3-5");
  }
}

TEST_CASE("a_warm_cache_does_more_work_in_a_tick") {
  Workload workload;
  workload.add(job("A", 0), {cpu(15)});
  Options options;
  options.caches.warm_up = 5;
  Figures figures;
  // 5 ticks cold, then 10 instructions in 5 ticks.
  CHECK(slices(workload, round_robin(100), options, &figures) == "A0-10");
  CHECK(figures.cores[0].warm == 5);
  CHECK(figures.jobs[0].intact);
  SECTION("two that do not fit together drive each other out") {
    workload.jobs[0].memory = 60;
    Job other = job("B", 0);
    other.memory = 60;
    workload.add(other, {cpu(15)});
    CHECK(slices(workload, round_robin(5), options, &figures) ==
          "A0-5 B5-10 A10-15 B15-20 A20-25 B25-30");
    CHECK(figures.cores[0].warm == 0);
  }
}

TEST_CASE("a_switch_that_forgets_a_register_spoils_the_program") {
  Workload workload;
  workload.add(job("A", 0), {cpu(4)});
  workload.add(job("B", 0), {cpu(4)});
  Options options;
  Figures figures;
  slices(workload, round_robin(2), options, &figures);
  CHECK(figures.jobs[0].intact);
  CHECK(figures.jobs[1].intact);
  options.context_switch.save = [](const Core& core, ProcessControlBlock& process) {
    process.saved.program_counter = core.registers.program_counter;
  };
  CHECK(slices(workload, round_robin(2), options, &figures) == "A0-2 B2-4 A4-6 B6-8");
  CHECK_FALSE(figures.jobs[0].intact);
  options.context_switch.save = [](const Core&, ProcessControlBlock&) {};
  options.horizon = 1000;
  slices(workload, round_robin(2), options, &figures);
  CHECK(figures.cut_short);  // whoever is taken off begins again, for ever
}

TEST_CASE("a_wrong_workload_is_told_in_one_line_with_its_place") {
  Workload workload;
  workload.add(job("A", 0), {cpu(4)});
  Options options;
  CHECK(complaint(workload, options).empty());
  workload.bursts[0].length = 0;
  CHECK(complaint(workload, options) == "jobs[0].bursts[0]: 0 ticks is not from 1 to 2^31 - 1");
  workload.bursts[0] = {3, 7};
  CHECK(complaint(workload, options) == "jobs[0].bursts[0]: there is no device 7");
  workload.bursts[0] = cpu(last_tick);
  workload.jobs[0].arrival = 1;
  CHECK(complaint(workload, options) ==
        "jobs[0].bursts[0]: the work adds up to more than 2^31 ticks: make it smaller");
  workload.jobs[0].arrival = -1;
  CHECK(complaint(workload, options) == "jobs[0].arrival: -1 is not from 0 to 2^31 - 1");
  workload = {};
  CHECK(run(workload, make_fifo, options).end == 0);
  options.steal = true;
  CHECK_FALSE(complaint(workload, options).empty());
}
