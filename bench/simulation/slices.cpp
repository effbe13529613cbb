#include "slices.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "random.hpp"
#include "simulation/machine.hpp"
#include "simulation/policies/policies.hpp"
#include "time_slicing.hpp"

namespace simulation_bench {
namespace {

using namespace bench;
using namespace simulation;

Workload equal_jobs(std::size_t jobs, Time length) {
  Workload workload;
  for (std::size_t i = 0; i < jobs; ++i) {
    Job job;
    job.weight = static_cast<int>(1 + i % 7);
    job.priority = static_cast<int>(i % 5);
    workload.add(std::move(job), {{length, Burst::cpu}});
  }
  return workload;
}

Options usual_options() {
  Options options;
  options.context_switch = {time_slicing::save, time_slicing::restore};
  return options;
}

/// A line for each slice, as the Python program writes it.
class Lines final : public Observer {
 public:
  explicit Lines(int descriptor) : descriptor_(descriptor) { text_.reserve(room + 256); }
  ~Lines() override { flush(); }

  void ran(int, int pid, Time start, Time end) override {
    text_ += "  [ time ";
    number(start);
    text_ += " ] job ";
    number(pid);
    text_ += " runs for ";
    number(end - start);
    text_ += ".00\n";
    if (text_.size() > room) flush();
  }

 private:
  static constexpr std::size_t room = std::size_t{64} << 10U;

  void number(Time value) {
    char digits[24];
    const auto [end, fault] = std::to_chars(digits, digits + sizeof digits, value);
    const auto length = static_cast<std::size_t>(end - digits);
    text_.append(length < 3 ? 3 - length : 0, ' ').append(digits, length);
  }
  void flush() {
    must(write(descriptor_, text_.data(), text_.size()) == static_cast<ssize_t>(text_.size()),
         "writing the text");
    text_.clear();
  }

  int descriptor_;
  std::string text_;
};

void run_python(const std::vector<std::string>& words) {
  const pid_t child = fork();
  must(child >= 0, "starting Python");
  if (child == 0) {
    const int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDOUT_FILENO);
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  must(WIFEXITED(status) && WEXITSTATUS(status) == 0, words[1] + " under Python");
}

/// Nanoseconds for each turn of a run.
double nanoseconds_a_turn(const Workload& workload, const PolicyMaker& policy,
                          const Options& options) {
  Figures figures;
  const double seconds = seconds_of([&] { figures = run(workload, policy, options); });
  return 1e9 * seconds / static_cast<double>(figures.turns);
}

}  // namespace

Report round_robin(std::size_t runs, const std::string& peer, const std::string& published,
                   bool quick) {
  const std::size_t jobs = quick ? 1'000 : 10'000;
  constexpr Time slices = 50;
  const Workload workload = equal_jobs(jobs, slices);
  const PolicyMaker policy = [] { return std::make_unique<time_slicing::RoundRobin>(1); };
  const double turns = static_cast<double>(jobs) * slices;
  const auto nanoseconds = [turns](const std::string& what, const std::function<void()>& work) {
    return Contest{{what, "ns", {}}, [=] { return 1e9 * seconds_of(work) / turns; }};
  };
  std::vector<Contest> contests;
  // Ours are over in some milliseconds, in which a processor that has just waited for Python is not
  // yet at its speed: ten in a row.
  const auto ten_times = [&](const std::string& what, const std::function<void()>& work) {
    Contest contest = nanoseconds(what, [work] {
      for (int i = 0; i < 10; ++i) work();
    });
    contest.once = [once = contest.once] { return once() / 10; };
    return contest;
  };
  contests.push_back(ten_times("ours, no text", [&] { run(workload, policy, usual_options()); }));
  contests.push_back(ten_times("ours, a line for each slice", [&] {
    const int nowhere = open("/dev/null", O_WRONLY);
    {
      Lines lines(nowhere);
      Options options = usual_options();
      options.observer = &lines;
      run(workload, policy, options);
    }
    close(nowhere);
  }));
  contests.push_back(nanoseconds("a plain Python simulator, the same lines", [&] {
    run_python({"python3", peer, std::to_string(jobs), std::to_string(slices), "1"});
  }));
  if (!published.empty())
    contests.push_back(nanoseconds("OSTEP's scheduler.py, its lines", [&] {
      std::string list = "50";
      for (std::size_t i = 1; i < jobs; ++i) list += ",50";
      run_python({"python3", published, "-p", "RR", "-q", "1", "-l", list, "-c"});
    }));
  Report report;
  report.title = "round robin, " + number(static_cast<double>(jobs)) +
                 " jobs of 50 slices, nanoseconds a slice";
  report.figures = measure(std::move(contests), runs);
  report.verdicts.push_back({"without text " + number(report.figures[0].median()) +
                                 " ns a slice (at most 20 are asked for)",
                             report.figures[0].median() <= 20});
  for (std::size_t i = 2; i < report.figures.size(); ++i) {
    const double times = share(report.figures[i], report.figures[1]);
    report.verdicts.push_back({"with text " + number(times) + " times as fast as " +
                                   report.figures[i].what + " (25 are asked for)",
                               times >= 25});
  }
  report.bound =
      "Without text three calls of the policy and two of the switch for each slice, and a "
      "control block that comes from the second-level cache.";
  return report;
}

std::vector<Growth> growth(std::size_t runs, bool quick) {
  struct Kind {
    std::string name;
    PolicyMaker policy;
    int cores;
  };
  const time_slicing::MlfqRules rules{{4, 2, 1}, {1, 1, 1}, 0, false, false};
  const std::vector<Kind> kinds = {
      {"round robin", [] { return std::make_unique<time_slicing::RoundRobin>(1); }, 1},
      {"MLFQ", [=] { return std::make_unique<time_slicing::Mlfq>(rules); }, 1},
      {"EEVDF", [] { return make_eevdf(1); }, 1},
      {"MLFQ, 64 cores", [=] { return std::make_unique<time_slicing::Mlfq>(rules); }, 64},
      {"EEVDF, 64 cores", [] { return make_eevdf(1); }, 64},
  };
  std::vector<Growth> curves;
  for (const Kind& kind : kinds) {
    Growth curve{kind.name, {}, {}};
    const std::size_t most = quick ? 1'000 : 1'000'000;
    for (std::size_t jobs = 100; jobs <= most; jobs *= 10) {
      // As many decisions each time, however many jobs there are.
      const std::size_t decisions = std::max<std::size_t>(quick ? 10'000 : 500'000, 2 * jobs);
      const Workload workload = equal_jobs(jobs, static_cast<Time>(decisions / jobs));
      Options options = usual_options();
      options.cores = kind.cores;
      std::vector<double> values;
      for (std::size_t i = 0; i < runs; ++i)
        values.push_back(nanoseconds_a_turn(workload, kind.policy, options));
      std::nth_element(values.begin(), values.begin() + static_cast<long>(runs / 2), values.end());
      curve.jobs.push_back(static_cast<double>(jobs));
      curve.nanoseconds.push_back(values[runs / 2]);
    }
    curves.push_back(std::move(curve));
  }
  return curves;
}

Report growth_report(const std::vector<Growth>& curves) {
  Report report;
  report.title = "a decision among n ready jobs, nanoseconds";
  for (const Growth& curve : curves) {
    for (std::size_t i = 0; i < curve.jobs.size(); ++i)
      report.figures.push_back(
          {curve.name + ", " + number(curve.jobs[i]) + " jobs", "ns", {curve.nanoseconds[i]}});
    const double grown = curve.nanoseconds.back() / curve.nanoseconds.front();
    report.verdicts.push_back({curve.name + ": " + number(grown) + " times the cost for " +
                                   number(curve.jobs.back() / curve.jobs.front()) +
                                   " times the jobs",
                               {}});
  }
  report.bound =
      "The depth of the trees and heaps, and the caches: a million control blocks of 128 "
      "bytes and their places lie in memory.";
  return report;
}

Report million(bool quick) {
  const std::size_t jobs = quick ? 10'000 : 1'000'000;
  Report report;
  report.title = number(static_cast<double>(jobs)) + " jobs of 10 bursts, half of them with I/O";
  const auto play = [&](const std::string& name, const PolicyMaker& policy) {
    int ends[2];
    must(pipe(ends) == 0, "a pipe");
    const pid_t child = fork();  // a process of its own, for the memory
    must(child >= 0, "a process");
    if (child == 0) {
      double seconds = 0;
      {
        dialtone::Random random(1);
        Workload workload;
        for (std::size_t i = 0; i < jobs; ++i) {
          std::vector<Burst> bursts;
          for (int b = 0; b < 10; ++b)
            bursts.push_back({static_cast<Time>(random.between(1, 20)),
                              i % 2 == 1 && b % 2 == 1 ? 0 : Burst::cpu});
          Job job;
          job.arrival = static_cast<Time>(random.between(0, 100 * jobs));
          workload.add(std::move(job), bursts);
        }
        seconds = seconds_of([&] {
          const Figures figures = run(workload, policy, usual_options());
          if (figures.cut_short) _exit(1);
        });
      }
      _exit(write(ends[1], &seconds, sizeof seconds) == sizeof seconds ? 0 : 1);
    }
    close(ends[1]);
    double seconds = 0;
    const bool told = read(ends[0], &seconds, sizeof seconds) == sizeof seconds;
    close(ends[0]);
    int status = 0;
    rusage usage{};
    wait4(child, &status, 0, &usage);
    must(told && WIFEXITED(status) && WEXITSTATUS(status) == 0, name);
    const double gibibytes = static_cast<double>(usage.ru_maxrss) / (1024.0 * 1024.0);
    report.figures.push_back({name + ": time", "s", {seconds}});
    report.figures.push_back({name + ": memory", "GiB", {gibibytes}});
    report.verdicts.push_back({name + " takes " + number(seconds) + " s and " + number(gibibytes) +
                                   " GiB (10 s and 1 GiB at most are asked for)",
                               seconds < 10 && gibibytes < 1});
  };
  play("round robin, quantum 4", [] { return std::make_unique<time_slicing::RoundRobin>(4); });
  play("MLFQ", [] {
    return std::make_unique<time_slicing::Mlfq>(
        time_slicing::MlfqRules{{8, 4, 2}, {1, 1, 1}, 0, false, false});
  });
  play("EEVDF", [] { return make_eevdf(4); });
  report.bound =
      "Memory that is far from the cache: every burst of a job comes when a million others "
      "have been touched since.";
  return report;
}

}  // namespace simulation_bench
