// ostep:scheduler: all jobs arrive at 0 and use only the CPU.
//
// Lengths are drawn as int(maxlen × random()) + 1. SJF is a stable sort by length, then FIFO; both
// list their jobs in the order in which they ran. In round robin a job with no more than a quantum
// left runs to its end; any other goes to the back of the queue. Waiting is the sum of the times
// between runs.
#include <algorithm>
#include <deque>

#include "players.hpp"
#include "python_random.hpp"

namespace simulation::ostep {
namespace {

struct Job {
  std::size_t number = 0;
  double length = 0;
};

struct Request {
  std::int64_t seed = 0;
  std::int64_t jobs = 3;
  std::int64_t longest = 10;
  std::string lengths;
  std::string policy = "FIFO";
  double quantum = 1;
  bool compute = false;
};

tl::expected<std::vector<Job>, Message> jobs_of(const Request& request) {
  std::vector<Job> jobs;
  if (request.lengths.empty()) {
    dialtone::PythonRandom random(request.seed);
    for (std::int64_t i = 0; i < request.jobs; ++i) {
      const double drawn = static_cast<double>(request.longest) * random.random();
      jobs.push_back({jobs.size(), static_cast<double>(static_cast<std::int64_t>(drawn) + 1)});
    }
    return jobs;
  }
  double total = 0;
  for (const std::string_view part : split(request.lengths, ',')) {
    const std::optional<double> length = parse_real(part);
    if (!length || *length < 0)
      return bad_value("-l", part, "a run time is a number from 0 on; separate several by commas",
                       "运行时间应为不小于 0 的数；多个之间用逗号分隔");
    jobs.push_back({jobs.size(), *length});
    total += *length;
  }
  if (static_cast<std::int64_t>(jobs.size()) > most_jobs)
    return refuse("-l: more than " + std::to_string(most_jobs) + " jobs",
                  "-l：作业超过 " + std::to_string(most_jobs) + " 个");
  if (total > static_cast<double>(largest_number))
    return refuse("-l: more than " + std::to_string(largest_number) + " ticks in all",
                  "-l：总长超过 " + std::to_string(largest_number) + " 个时间单位");
  return jobs;
}

Outcome in_order(const std::vector<Job>& jobs) {
  Outcome outcome;
  Trace trace;
  double time = 0;
  for (const Job& job : jobs) {
    const double end = time + job.length;
    trace.add(0, job.number, time, end);
    outcome.jobs.push_back({job.number, time, end, time, end});
    time = end;
  }
  outcome.slices = trace.take();
  return outcome;
}

Played round_robin(const std::vector<Job>& jobs, double quantum) {
  Outcome outcome;
  Trace trace;
  std::vector<double> last_ran(jobs.size(), 0);
  std::deque<Job> queue(jobs.begin(), jobs.end());
  double steps = 0;
  for (const Job& job : jobs) {
    steps += job.length / quantum + 1;
    outcome.jobs.push_back({job.number, std::nullopt, 0, 0, 0});
  }
  if (steps > static_cast<double>(most_steps)) return too_long();

  double time = 0;
  while (!queue.empty()) {
    Job job = queue.front();
    queue.pop_front();
    JobFigures& figures = outcome.jobs[job.number];
    if (!figures.response) figures.response = time;
    *figures.waiting += time - last_ran[job.number];
    const bool finishes = job.length <= quantum;
    const double end = time + (finishes ? job.length : quantum);
    if (!trace.add(0, job.number, time, end)) return too_many_records();
    if (finishes) {
      figures.turnaround = figures.completion = end;
    } else {
      job.length -= quantum;
      queue.push_back(job);
    }
    time = last_ran[job.number] = end;
  }
  outcome.slices = trace.take();
  return outcome;
}

void set_averages(Outcome& outcome) {
  Averages sum{0, 0, 0};
  for (const JobFigures& job : outcome.jobs) {
    *sum.response += *job.response;
    *sum.turnaround += *job.turnaround;
    *sum.waiting += *job.waiting;
  }
  const auto count = static_cast<double>(outcome.jobs.size());
  outcome.average = {*sum.response / count, *sum.turnaround / count, *sum.waiting / count};
}

}  // namespace

Played play_scheduler(const Words& words) {
  Request request;
  const std::vector<Option> options = {{'s', "seed", &request.seed, INT64_MIN, INT64_MAX},
                                       {'j', "jobs", &request.jobs, 1, most_jobs},
                                       {'l', "jlist", &request.lengths},
                                       {'m', "maxlen", &request.longest, 0},
                                       {'p', "policy", &request.policy},
                                       {'q', "quantum", &request.quantum, 0},
                                       {'c', "", &request.compute}};
  if (auto read = read_options(options, words); !read) return tl::unexpected(read.error());
  if (request.quantum <= 0)
    return refuse("-q: the quantum must be greater than 0", "-q：时间片必须大于 0");
  auto jobs = jobs_of(request);
  if (!jobs) return tl::unexpected(jobs.error());

  Played played;
  if (request.policy == "RR") {
    played = round_robin(*jobs, request.quantum);
  } else if (request.policy == "FIFO" || request.policy == "SJF") {
    if (request.policy == "SJF")
      std::stable_sort(jobs->begin(), jobs->end(),
                       [](const Job& a, const Job& b) { return a.length < b.length; });
    played = in_order(*jobs);
  } else {
    return bad_value("-p", request.policy, "the policies are FIFO, SJF and RR",
                     "可用的策略为 FIFO、SJF 和 RR");
  }
  if (played) set_averages(*played);
  return played;
}

}  // namespace simulation::ostep
