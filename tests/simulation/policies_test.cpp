// Rules that hold for every policy on random work, and what each policy promises of its own.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>

#include "every_policy.hpp"
#include "practice.hpp"
#include "simulation/recording.hpp"

using namespace simulation;

namespace {

std::size_t at(int number) {
  return static_cast<std::size_t>(number);
}

/// Machines of several kinds, drawn.
Options draw_options(dialtone::Random& random) {
  Options options;
  options.cores = static_cast<int>(random.between(1, 4));
  options.queue_per_core = random.chance(0.4);
  options.steal = options.queue_per_core && random.chance(0.6);
  options.switch_cost = random.chance(0.3) ? static_cast<Time>(random.between(1, 3)) : 0;
  options.ties = random.chance(0.5) ? Ties::arrivals_first : Ties::expired_first;
  if (random.chance(0.2)) options.caches.warm_up = static_cast<Time>(random.between(1, 5));
  options.devices = {{"disk", 1}, {"terminals", 0}};
  options.context_switch = {time_slicing::save, time_slicing::restore};
  return options;
}

Time cpu_of(const Workload& workload, std::size_t pid) {
  const Job& job = workload.jobs[pid];
  Time sum = 0;
  for (std::uint32_t b = 0; b < job.bursts; ++b)
    if (workload.bursts[job.first_burst + b].device == Burst::cpu)
      sum += workload.bursts[job.first_burst + b].length;
  return sum;
}

/// Ticks in which a core stood idle while `ready` waited, over all tracks.
bool idle_while_ready(const Timeline& cores, const Timeline& processes) {
  for (const Track& core : cores.tracks) {
    Time from = 0;
    std::vector<Piece> pieces = core.pieces;
    pieces.push_back({cores.end, cores.end + 1, -1, Mark::running});
    for (const Piece& piece : pieces) {
      for (const Track& process : processes.tracks)
        for (const Piece& waiting : process.pieces)
          if (waiting.mark == Mark::ready &&
              std::max(from, waiting.start) < std::min(piece.start, waiting.end))
            return true;
      from = piece.end;
    }
  }
  return false;
}

Time total_turnaround(const Figures& figures) {
  Time sum = 0;
  for (const JobFigures& job : figures.jobs) sum += job.turnaround();
  return sum;
}

Workload single_bursts(dialtone::Random& random, std::size_t jobs, std::uint64_t latest,
                       std::uint64_t longest) {
  Drawn limits;
  limits.jobs = jobs;
  limits.latest = latest;
  limits.longest = longest;
  limits.bursts = 1;
  return draw(random, limits);
}

}  // namespace

TEST_CASE("no_job_is_lost_or_runs_twice_at_once_and_its_time_is_conserved") {
  dialtone::Random random(dialtone::test_seed());
  for (int round = 0; round < 150; ++round) {
    Drawn limits;
    limits.jobs = random.between(1, 12);
    limits.devices = 2;
    const Workload workload = draw(random, limits);
    Options options = draw_options(random);
    for (const NamedPolicy& policy : every_policy(random.bits())) {
      CAPTURE(round, policy.name, options.cores, options.queue_per_core, options.steal);
      Recording recording(workload, options);
      options.observer = &recording;
      REQUIRE(complaint(workload, options).empty());
      const Figures figures = run(workload, policy.make, options);
      REQUIRE_FALSE(figures.cut_short);
      std::vector<std::vector<std::pair<Time, Time>>> by_pid(workload.jobs.size());
      const Timeline by_core = recording.by_core();
      for (const Track& track : by_core.tracks) {
        Time free_from = 0;
        for (const Piece& piece : track.pieces) {
          REQUIRE(piece.start >= free_from);
          free_from = piece.end;
          if (piece.who >= 0) by_pid[at(piece.who)].emplace_back(piece.start, piece.end);
        }
      }
      for (std::size_t pid = 0; pid < workload.jobs.size(); ++pid) {
        const JobFigures& job = figures.jobs[pid];
        REQUIRE(job.completion >= 0);
        CHECK(job.intact);
        auto& pieces = by_pid[pid];
        std::sort(pieces.begin(), pieces.end());
        Time had = 0;
        Time free_from = workload.jobs[pid].arrival;
        for (const auto& [start, end] : pieces) {
          REQUIRE(start >= free_from);
          free_from = end;
          had += end - start;
        }
        CHECK(had == job.cpu);
        if (options.caches.warm_up == 0) CHECK(had == cpu_of(workload, pid));
        // Each tick between arrival and end is one of these, or the cost of a switch.
        const Time accounted = job.cpu + job.io + job.waiting + job.queued;
        if (options.switch_cost == 0)
          CHECK(accounted == job.turnaround());
        else
          CHECK(accounted <= job.turnaround());
      }
    }
  }
}

TEST_CASE("no_core_is_idle_while_a_process_is_ready_for_it") {
  dialtone::Random random(dialtone::test_seed());
  for (int round = 0; round < 100; ++round) {
    const Workload workload = draw(random, {});
    Options options;
    options.cores = static_cast<int>(random.between(1, 4));
    options.queue_per_core = options.steal = random.chance(0.5);
    for (const NamedPolicy& policy : every_policy(random.bits())) {
      CAPTURE(round, policy.name, options.cores, options.steal);
      Recording recording(workload, options);
      options.observer = &recording;
      run(workload, policy.make, options);
      CHECK_FALSE(idle_while_ready(recording.by_core(), recording.by_process()));
    }
  }
}

TEST_CASE("the_same_work_gives_the_same_run") {
  dialtone::Random random(dialtone::test_seed());
  const Workload workload = draw(random, {});
  Options options;
  options.cores = 2;
  for (const NamedPolicy& policy : every_policy(7)) {
    CAPTURE(policy.name);
    std::array<std::string, 2> traces;
    for (std::string& trace : traces) {
      Recording recording(workload, options);
      options.observer = &recording;
      run(workload, policy.make, options);
      for (const Track& track : recording.by_core().tracks)
        for (const Piece& piece : track.pieces)
          trace += std::to_string(piece.who) + ":" + std::to_string(piece.start) + "-" +
                   std::to_string(piece.end) + " ";
    }
    CHECK(traces[0] == traces[1]);
  }
}

TEST_CASE("sjf_has_the_least_mean_turnaround_of_all_orders") {
  dialtone::Random random(dialtone::test_seed());
  for (int round = 0; round < 60; ++round) {
    const Workload workload = single_bursts(random, random.between(1, 7), 0, 9);
    std::vector<std::size_t> order(workload.jobs.size());
    std::iota(order.begin(), order.end(), 0);
    Time least = never;
    do {
      Time now = 0;
      Time sum = 0;
      for (const std::size_t pid : order) sum += now += workload.bursts[pid].length;
      least = std::min(least, sum);
    } while (std::next_permutation(order.begin(), order.end()));
    CHECK(total_turnaround(run(workload, make_sjf, {})) == least);
  }
}

namespace {

/// The least sum of completion times over all ways to give out each tick, by trying them.
Time least_completions(const Workload& workload, std::vector<Time> left, Time now,
                       std::map<std::pair<std::vector<Time>, Time>, Time>& known) {
  if (std::all_of(left.begin(), left.end(), [](Time t) { return t == 0; })) return 0;
  const auto key = std::make_pair(left, now);
  if (const auto found = known.find(key); found != known.end()) return found->second;
  Time least = never;
  bool nobody = true;
  for (std::size_t pid = 0; pid < left.size(); ++pid) {
    if (left[pid] == 0 || workload.jobs[pid].arrival > now) continue;
    nobody = false;
    std::vector<Time> then = left;
    const Time ends = --then[pid] == 0 ? now + 1 : 0;
    least = std::min(least, ends + least_completions(workload, then, now + 1, known));
  }
  if (nobody) least = least_completions(workload, left, now + 1, known);
  return known[key] = least;
}

}  // namespace

TEST_CASE("srtf_has_the_least_mean_turnaround_of_all_preemptive_schedules") {
  dialtone::Random random(dialtone::test_seed());
  for (int round = 0; round < 60; ++round) {
    const Workload workload = single_bursts(random, random.between(1, 4), 6, 5);
    std::vector<Time> left;
    Time arrivals = 0;
    for (const Job& job : workload.jobs) {
      left.push_back(workload.bursts[job.first_burst].length);
      arrivals += job.arrival;
    }
    std::map<std::pair<std::vector<Time>, Time>, Time> known;
    CHECK(total_turnaround(run(workload, make_srtf, {})) ==
          least_completions(workload, left, 0, known) - arrivals);
  }
}

namespace {

/// The longest time that job 0 was ready without a core.
Time longest_wait(const Workload& workload, const PolicyMaker& policy) {
  Options options;
  Recording recording(workload, options);
  options.observer = &recording;
  run(workload, policy, options);
  Time longest = 0;
  const Timeline by_process = recording.by_process();
  for (const Piece& piece : by_process.tracks[0].pieces)
    if (piece.mark == Mark::ready) longest = std::max(longest, piece.end - piece.start);
  return longest;
}

/// A long job, and short ones of 2 ticks that come every `least` to 2 ticks: the machine has no
/// time for it.
Workload long_among_short(dialtone::Random& random, std::uint64_t least) {
  Workload workload;
  workload.add({"long"}, {{200, Burst::cpu}});
  for (Time time = 1; time < 1000; time += static_cast<Time>(random.between(least, 2))) {
    Job job;
    job.arrival = time;
    job.priority = 1;
    workload.add(job, {{2, Burst::cpu}});
  }
  return workload;
}

}  // namespace

TEST_CASE("mlfq_starves_nobody_when_it_boosts") {
  dialtone::Random random(dialtone::test_seed());
  for (int round = 0; round < 20; ++round) {
    const Workload workload = long_among_short(random, 1);
    const auto mlfq = [&](Time boost) {
      return longest_wait(workload, [boost] {
        return std::make_unique<time_slicing::Mlfq>(
            time_slicing::MlfqRules{{8, 4, 2}, {1, 1, 1}, boost, false, false});
      });
    };
    // A boost puts it behind those who stand at the highest level at that moment, each of whom has
    // one quantum there.
    const Time boost = 50;
    const auto others = static_cast<Time>(workload.jobs.size());
    CHECK(mlfq(boost) <= boost + 2 * others);
    CHECK(mlfq(0) > 400);
  }
}

TEST_CASE("aging_bounds_the_wait_of_a_low_priority") {
  dialtone::Random random(dialtone::test_seed());
  const Workload workload = long_among_short(random, 2);
  // It counts as much as the others after 10 ticks, and was there before all who come later.
  CHECK(longest_wait(workload, [] { return make_priority({true, 10}); }) <= 14);
  CHECK(longest_wait(workload, [] { return make_priority({true, 0}); }) > 400);
}

namespace {

/// CPU-bound processes of these weights, all there from the start.
Workload competitors(const std::vector<int>& weights, Time length) {
  Workload workload;
  for (const int weight : weights) {
    Job job;
    job.weight = weight;
    workload.add(job, {{length, Burst::cpu}});
  }
  return workload;
}

/// Calls `look` with the service that each has had, whenever a piece of CPU time ends, while all
/// compete.
class Services : public Observer {
 public:
  Services(std::size_t processes, Time until,
           std::function<void(Time, const std::vector<Time>&)> look)
      : had_(processes, 0), until_(until), look_(std::move(look)) {}
  void ran(int, int pid, Time start, Time end) override {
    had_[at(pid)] += end - start;
    if (end <= until_) look_(end, had_);
  }

 private:
  std::vector<Time> had_;
  Time until_;
  std::function<void(Time, const std::vector<Time>&)> look_;
};

/// How far, at the end of any piece of CPU time, a process was from its weight's part of it, while
/// all compete: the largest lag, in ticks.
double worst_lag(const std::vector<int>& weights, Time length, const PolicyMaker& policy) {
  const auto sum = static_cast<double>(std::accumulate(weights.begin(), weights.end(), 0));
  double worst = 0;
  Services services(weights.size(), length, [&](Time now, const std::vector<Time>& had) {
    for (std::size_t i = 0; i < had.size(); ++i)
      worst = std::max(worst, std::abs(static_cast<double>(now) * weights[i] / sum -
                                       static_cast<double>(had[i])));
  });
  Options options;
  options.observer = &services;
  run(competitors(weights, length), policy, options);
  return worst;
}

std::vector<int> draw_weights(dialtone::Random& random) {
  std::vector<int> weights(random.between(2, 8));
  for (int& weight : weights) weight = static_cast<int>(random.between(1, 10));
  return weights;
}

}  // namespace

TEST_CASE("eevdf_keeps_every_lag_within_one_request") {
  dialtone::Random random(dialtone::test_seed());
  for (int round = 0; round < 100; ++round) {
    const std::vector<int> weights = draw_weights(random);
    const auto slice = static_cast<Time>(random.between(1, 6));
    const double worst = worst_lag(weights, 2000, [slice] { return make_eevdf(slice); });
    CAPTURE(round, slice, weights);
    CHECK(worst <= static_cast<double>(slice) + 1e-6);
    CHECK(worst > 0);
  }
}

TEST_CASE("stride_keeps_each_pair_within_one_quantum_of_their_weights") {
  dialtone::Random random(dialtone::test_seed());
  for (int round = 0; round < 100; ++round) {
    const std::vector<int> weights = draw_weights(random);
    const auto quantum = static_cast<Time>(random.between(1, 6));
    const double least = *std::min_element(weights.begin(), weights.end());
    double worst = 0;
    Services services(weights.size(), 2000, [&](Time, const std::vector<Time>& had) {
      for (std::size_t i = 0; i < had.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
          worst = std::max(worst, std::abs(static_cast<double>(had[i]) / weights[i] -
                                           static_cast<double>(had[j]) / weights[j]));
    });
    Options options;
    options.observer = &services;
    run(
        competitors(weights, 2000), [quantum] { return make_stride(quantum); }, options);
    CAPTURE(round, quantum, weights);
    CHECK(worst <= 2 * static_cast<double>(quantum) / least + 1e-6);
  }
}

TEST_CASE("lottery_gives_shares_by_weight_within_five_standard_deviations") {
  dialtone::Random random(dialtone::test_seed());
  for (int round = 0; round < 20; ++round) {
    const std::vector<int> weights = draw_weights(random);
    const auto sum = static_cast<double>(std::accumulate(weights.begin(), weights.end(), 0));
    constexpr Time draws = 20'000;
    std::vector<Time> at_the_end;
    Services services(weights.size(), draws,
                      [&](Time, const std::vector<Time>& had) { at_the_end = had; });
    Options options;
    options.observer = &services;
    options.horizon = draws;
    const std::uint64_t seed = random.bits();
    run(
        competitors(weights, draws), [seed] { return make_lottery(1, seed); }, options);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const double share = weights[i] / sum;
      const double deviation = std::sqrt(static_cast<double>(draws) * share * (1 - share));
      CAPTURE(round, i, weights, seed);
      CHECK(std::abs(static_cast<double>(at_the_end[i]) - share * static_cast<double>(draws)) <=
            5 * deviation);
    }
  }
}

TEST_CASE("a_fair_share_follows_the_weights_within_one_latency") {
  dialtone::Random random(dialtone::test_seed());
  for (int round = 0; round < 50; ++round) {
    const std::vector<int> weights = draw_weights(random);
    CAPTURE(round, weights);
    CHECK(worst_lag(weights, 4000, [] { return make_fair({200, 1}); }) <= 200);
  }
}

TEST_CASE("ctss_lets_a_large_program_wait_and_gives_it_longer_turns") {
  Workload workload;
  Job large;
  large.name = "large";
  large.memory = 16 * 7;  // level 3: 8 quanta
  workload.add(large, {{20, Burst::cpu}});
  Job small;
  small.name = "small";
  small.arrival = 1;
  small.memory = 15;  // level 0: 1 quantum
  workload.add(small, {{3, Burst::cpu}});
  Options options;
  Recording recording(workload, options);
  options.observer = &recording;
  run(
      workload,
      [] {
        return make_ctss({1, 16, 9});
      },
      options);
  std::string trace;
  const Timeline by_core = recording.by_core();
  for (const Piece& piece : by_core.tracks[0].pieces)
    trace += workload.jobs[at(piece.who)].name + std::to_string(piece.start) + "-" +
             std::to_string(piece.end) + " ";
  // At 1 the large one has had the quantum that the small one is due. The small one, at level 1
  // from then on, needs 2 quanta more.
  CHECK(trace == "large0-1 small1-4 large4-23 ");
}
