// The engine beside the players of published simulators: two programs that share no code give the
// same slices and figures, on work that both can play.
#include <algorithm>
#include <string>
#include <vector>

#include "practice.hpp"
#include "simulation/machine.hpp"
#include "simulation/ostep/ostep.hpp"
#include "simulation/policies/policies.hpp"
#include "simulation/recording.hpp"
#include "time_slicing.hpp"

using namespace simulation;

namespace {

struct Piece {
  std::size_t job;
  Time start;
  Time end;
  bool operator==(const Piece& other) const {
    return job == other.job && start == other.start && end == other.end;
  }
};

std::string text(const std::vector<Piece>& pieces) {
  std::string text;
  for (const Piece& piece : pieces)
    text += std::to_string(piece.job) + ":" + std::to_string(piece.start) + "-" +
            std::to_string(piece.end) + " ";
  return text;
}

struct Came {
  std::vector<Piece> pieces;
  Figures figures;
};

Came play_here(const Workload& workload, const PolicyMaker& policy) {
  Options options;
  options.ties = Ties::expired_first;  // as the published tools go through a tick
  options.context_switch = {time_slicing::save, time_slicing::restore};
  Recording recording(workload, options);
  options.observer = &recording;
  Came came{{}, run(workload, policy, options)};
  const Timeline by_core = recording.by_core();
  for (const simulation::Piece& piece : by_core.tracks[0].pieces)
    came.pieces.push_back({static_cast<std::size_t>(piece.who), piece.start, piece.end});
  return came;
}

ostep::Outcome play_there(const std::string& tool, const std::vector<std::string>& options) {
  auto outcome = ostep::play(tool, options, dialtone::Language::english);
  if (!outcome) FAIL(outcome.error());
  return *std::move(outcome);
}

void compare(const Came& here, const ostep::Outcome& there) {
  std::vector<Piece> pieces;
  for (const ostep::Slice& slice : there.slices)
    pieces.push_back({slice.job, static_cast<Time>(slice.start), static_cast<Time>(slice.end)});
  CHECK(text(here.pieces) == text(pieces));
  for (const ostep::JobFigures& job : there.jobs) {
    const JobFigures& figures = here.figures.jobs[job.job];
    CAPTURE(job.job);
    CHECK(static_cast<double>(figures.response()) == *job.response);
    CHECK(static_cast<double>(figures.turnaround()) == *job.turnaround);
    if (job.waiting) CHECK(static_cast<double>(figures.waiting) == *job.waiting);
  }
}

std::string joined(const std::vector<std::string>& parts, char between) {
  std::string text;
  for (const std::string& part : parts)
    text += (text.empty() ? "" : std::string(1, between)) + part;
  return text;
}

}  // namespace

TEST_CASE("fifo_sjf_and_round_robin_agree_with_the_published_scheduler") {
  dialtone::Random random(dialtone::test_seed());
  for (int round = 0; round < 300; ++round) {
    Workload workload;
    std::vector<std::string> lengths;
    for (std::uint64_t i = random.between(1, 9); i > 0; --i) {
      const auto length = static_cast<Time>(random.between(1, 12));
      lengths.push_back(std::to_string(length));
      workload.add({}, {{length, Burst::cpu}});
    }
    const std::string list = joined(lengths, ',');
    const auto quantum = static_cast<Time>(random.between(1, 5));
    CAPTURE(list, quantum);
    compare(play_here(workload, make_fifo), play_there("scheduler", {"-p", "FIFO", "-l", list}));
    compare(play_here(workload, make_sjf), play_there("scheduler", {"-p", "SJF", "-l", list}));
    compare(
        play_here(workload, [=] { return std::make_unique<time_slicing::RoundRobin>(quantum); }),
        play_there("scheduler", {"-p", "RR", "-q", std::to_string(quantum), "-l", list}));
  }
}

// Two rules differ on purpose and are left out: with -S the published tool counts a quantum that
// ends just with the burst, and with -I a job that wakes takes the core from one of its own level.
TEST_CASE("mlfq_agrees_with_the_published_one") {
  dialtone::Random random(dialtone::test_seed());
  for (int round = 0; round < 500; ++round) {
    // Levels, the highest first, as the published tool wants them.
    std::vector<std::string> quanta;
    std::vector<std::string> allotments;
    time_slicing::MlfqRules rules{{}, {}, 0, false, false};
    for (std::uint64_t levels = random.between(1, 4); levels > 0; --levels) {
      const auto quantum = static_cast<Time>(random.between(1, 6));
      const auto allotment = static_cast<int>(random.between(1, 3));
      quanta.push_back(std::to_string(quantum));
      allotments.push_back(std::to_string(allotment));
      rules.quanta.insert(rules.quanta.begin(), quantum);
      rules.allotments.insert(rules.allotments.begin(), allotment);
    }
    rules.boost = random.chance(0.5) ? static_cast<Time>(random.between(1, 20)) : 0;
    const auto io_time = static_cast<Time>(random.between(1, 6));
    Workload workload;
    std::vector<std::string> jobs;
    for (std::uint64_t i = random.between(1, 6); i > 0; --i) {
      const auto arrival = static_cast<Time>(random.between(0, 15));
      const auto length = static_cast<Time>(random.between(1, 15));
      const auto every = random.chance(0.5) ? static_cast<Time>(random.between(1, 5)) : 0;
      jobs.push_back(std::to_string(arrival) + "," + std::to_string(length) + "," +
                     std::to_string(every));
      std::vector<Burst> bursts;
      for (Time left = length; left > 0;) {
        const Time now = every > 0 ? std::min(every, left) : left;
        bursts.push_back({now, Burst::cpu});
        left -= now;
        if (left > 0) bursts.push_back({io_time, 0});
      }
      Job job;
      job.arrival = arrival;
      workload.add(std::move(job), bursts);
    }
    std::vector<std::string> options = {
        "-Q", joined(quanta, ','),     "-A", joined(allotments, ','),
        "-i", std::to_string(io_time), "-l", joined(jobs, ':')};
    if (rules.boost > 0) options.insert(options.end(), {"-B", std::to_string(rules.boost)});
    CAPTURE(joined(options, ' '));
    compare(play_here(workload, [&] { return std::make_unique<time_slicing::Mlfq>(rules); }),
            play_there("mlfq", options));
  }
}
