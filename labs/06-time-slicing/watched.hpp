// Stands between the machine and a policy that may still be wrong, and stops a run that could not
// go on: for practice tests and judge.
#pragma once

#include <memory>
#include <set>
#include <stdexcept>
#include <utility>

#include "simulation/policy.hpp"

namespace time_slicing {

/// Passes all on. Throws std::runtime_error upon an answer that the machine cannot work with.
class Watched : public simulation::Policy {
 public:
  using Process = simulation::ProcessControlBlock;
  using Time = simulation::Time;

  explicit Watched(std::unique_ptr<simulation::Policy> watched) : watched_(std::move(watched)) {}

  void enqueue(Process& process, simulation::Ready why, Time now) override {
    watched_->enqueue(process, why, now);
    queued_.insert(&process);
  }
  simulation::Turn pick(Time now) override {
    const simulation::Turn turn = watched_->pick(now);
    if (turn.process != nullptr && queued_.erase(turn.process) == 0)
      throw std::runtime_error("pick gave a process that is not in the queue");
    return turn;
  }
  std::size_t ready() const override { return watched_->ready(); }
  void charge(Process& process, Time ticks, Time now) override {
    watched_->charge(process, ticks, now);
  }
  void gone(Process& process, simulation::Gone why, Time now) override {
    watched_->gone(process, why, now);
  }
  bool preemptive() const override { return watched_->preemptive(); }
  const Process* best(Time now) const override { return watched_->best(now); }
  bool outranks(const Process& one, const Process& other) const override {
    return watched_->outranks(one, other);
  }
  Time next_boost(Time now) const override {
    const Time next = watched_->next_boost(now);
    if (next <= now) throw std::runtime_error("next_boost gave a time that is not to come");
    return next;
  }
  void boost(Time now) override { watched_->boost(now); }

 private:
  std::unique_ptr<simulation::Policy> watched_;
  std::set<const Process*> queued_;
};

}  // namespace time_slicing
