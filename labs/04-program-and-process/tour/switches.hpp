// The two reasons for a switch, as the kernel counts them: who waited gave the core away by itself,
// whose quantum ended had it taken away.
#pragma once

#include <functional>

#include "lives.hpp"

namespace process_tour {

/// Processes that share one core, and what the kernel counted of each while they did.
struct Switches {
  struct Worker {
    std::string kind;  ///< "computes", "waits" or "competes"
    pid_t pid = 0;
    std::uint64_t voluntary = 0;
    std::uint64_t involuntary = 0;
    double cpu_seconds = 0;
  };
  int core = 0;
  bool pinned = true;  ///< else the kernel did not allow it, and they may have run on any
  double seconds = 0;
  std::vector<Worker> workers;
};

/// What a worker of that kind does, and where and how long they all worked.
std::string worker_words(const std::string& kind);
std::string circumstances(const Switches& switches);

/// Lets them work; `watch` sees what has been counted so far about ten times a second.
Switches play_switches(double seconds, const std::function<void(const Switches&)>& watch = nullptr);

/// Bars beside each other: voluntary left, involuntary right; below each other where it is narrow.
std::vector<std::string> switch_lines(const Switches& switches, std::size_t columns);

void show(const Switches& switches, Page& page);
Json to_json(const Switches& switches);
/// Reads what to_json wrote. Throws UsageFailure, with `name` in front.
Switches switches_from_json(const std::string& text, const std::string& name);
std::string switches_svg(const Switches& switches);

/// Plays them with the bars growing on a lively terminal; the bars are still there afterwards.
Switches watch_switches(double seconds);

}  // namespace process_tour
