#include "clockwork.hpp"

#include <algorithm>
#include <utility>

namespace lab06 {
namespace {

struct Process {
  std::size_t burst = 0;  ///< the one that is on
  Ticks left = 0;         ///< of that one
  bool blocked = false;
  int planned = 0;  ///< when its turn or its I/O began, counted in such beginnings
};

class Clockwork {
 public:
  Clockwork(const std::vector<Program>& programs, const Rules& rules, int cores)
      : programs_(programs),
        rules_(rules),
        policy_(rules, std::make_shared<Standings>()),
        processes_(programs.size()),
        on_core_(static_cast<std::size_t>(cores), -1),
        tracks_(static_cast<std::size_t>(cores)) {
    outcome_.jobs.resize(programs.size());
  }

  Outcome play() {
    for (std::size_t ended = 0; ended < programs_.size(); ++now_) {
      take_arrivals();
      end_io();
      ended += end_turns();
      if (rules_.boost > 0 && now_ > 0 && now_ % rules_.boost == 0) boost();
      for (std::size_t core = 0; core < on_core_.size(); ++core)
        if (on_core_[core] < 0) dispatch(core);
      if (rules_.is_mlfq()) preempt();
      tick();
    }
    for (const auto& track : tracks_)
      outcome_.slices.insert(outcome_.slices.end(), track.begin(), track.end());
    return std::move(outcome_);
  }

 private:
  Process& at(int pid) { return processes_[static_cast<std::size_t>(pid)]; }
  const Program& program(int pid) const { return programs_[static_cast<std::size_t>(pid)]; }

  void take_arrivals() {
    for (int pid = 0; pid < static_cast<int>(programs_.size()); ++pid) {
      if (program(pid).arrival != now_) continue;
      at(pid).left = program(pid).bursts.front();
      policy_.enqueue(pid, Why::arrived);
    }
  }

  /// Those of `pids`, what was planned first in front.
  std::vector<int> in_order(std::vector<int> pids) {
    std::sort(pids.begin(), pids.end(),
              [this](int a, int b) { return at(a).planned < at(b).planned; });
    return pids;
  }

  void end_io() {
    std::vector<int> ending;
    for (int pid = 0; pid < static_cast<int>(programs_.size()); ++pid)
      if (at(pid).blocked && at(pid).left == 0) ending.push_back(pid);
    for (const int pid : in_order(ending)) {
      at(pid).blocked = false;
      at(pid).left = program(pid).bursts[++at(pid).burst];
      policy_.enqueue(pid, Why::woke);
    }
  }

  /// Returns how many programs ended.
  std::size_t end_turns() {
    std::vector<int> ending;
    for (const int pid : on_core_)
      if (pid >= 0 && (at(pid).left == 0 || policy_.standing(pid).left == 0)) ending.push_back(pid);
    std::size_t ended = 0;
    for (const int pid : in_order(ending)) {
      *std::find(on_core_.begin(), on_core_.end(), pid) = -1;
      if (at(pid).left > 0) {
        policy_.enqueue(pid, Why::expired);
      } else if (at(pid).burst + 1 == program(pid).bursts.size()) {
        policy_.gone(pid, Out::finished);
        outcome_.jobs[static_cast<std::size_t>(pid)].completion = now_;
        ++ended;
      } else {
        policy_.gone(pid, Out::blocked);
        at(pid).blocked = true;
        at(pid).left = program(pid).bursts[++at(pid).burst];
        at(pid).planned = ++plans_;
      }
    }
    return ended;
  }

  void boost() {
    for (int& pid : on_core_)
      if (pid >= 0) policy_.enqueue(std::exchange(pid, -1), Why::preempted);
    policy_.boost();
  }

  void dispatch(std::size_t core) {
    const int pid = policy_.pick().pid;
    if (pid < 0) return;
    on_core_[core] = pid;
    at(pid).planned = ++plans_;
    Ticks& first_run = outcome_.jobs[static_cast<std::size_t>(pid)].first_run;
    if (first_run < 0) first_run = now_;
  }

  /// Gives the cores of the lowest levels to those who outrank them; of equal ones the core of the
  /// lowest number.
  void preempt() {
    for (int best = policy_.best(); best >= 0; best = policy_.best()) {
      const auto lowest = std::min_element(on_core_.begin(), on_core_.end(),
                                           [this](int a, int b) { return policy_.outranks(b, a); });
      if (*lowest < 0 || !policy_.outranks(best, *lowest)) return;
      policy_.enqueue(std::exchange(*lowest, -1), Why::preempted);
      dispatch(static_cast<std::size_t>(lowest - on_core_.begin()));
    }
  }

  void tick() {
    for (std::size_t core = 0; core < on_core_.size(); ++core) {
      const int pid = on_core_[core];
      if (pid < 0) continue;
      --at(pid).left;
      policy_.charge(pid, 1);
      auto& track = tracks_[core];
      if (!track.empty() && track.back().pid == pid && track.back().end == now_)
        ++track.back().end;
      else
        track.push_back({static_cast<int>(core), pid, now_, now_ + 1});
    }
    for (int pid = 0; pid < static_cast<int>(programs_.size()); ++pid) {
      if (at(pid).blocked) --at(pid).left;
      if (policy_.is_ready(pid)) ++outcome_.jobs[static_cast<std::size_t>(pid)].waiting;
    }
  }

  const std::vector<Program>& programs_;
  const Rules& rules_;
  Model policy_;
  std::vector<Process> processes_;
  std::vector<int> on_core_;  ///< for each core who runs there; -1: nobody
  std::vector<std::vector<Slice>> tracks_;
  Outcome outcome_;
  Ticks now_ = 0;
  int plans_ = 0;
};

}  // namespace

Outcome play_every_tick(const std::vector<Program>& programs, const Rules& rules, int cores) {
  return Clockwork(programs, rules, cores).play();
}

}  // namespace lab06
