// FIFO, shortest job first, shortest remaining time first, priorities, a multilevel queue: all of
// them a line ordered by a key that does not change while a process waits.
#include "language.hpp"
#include "simulation/policies/ordered.hpp"
#include "simulation/policies/policies.hpp"

namespace simulation {
namespace {

using Pcb = ProcessControlBlock;

/// A line by `key_of`; who was preempted stands before its equals, everybody else behind them.
class KeyedPolicy : public Policy {
 public:
  void enqueue(Pcb& process, Ready why, Time) override {
    const std::int64_t key = key_of(process);
    if (why == Ready::preempted)
      line_.push_front(key, process);
    else
      line_.push_back(key, process);
  }
  Turn pick(Time) override { return {line_.pop(), never}; }
  std::size_t ready() const override { return line_.size(); }
  const Pcb* best(Time) const override { return line_.empty() ? nullptr : line_.top().process; }

 protected:
  virtual std::int64_t key_of(const Pcb& process) const = 0;

 private:
  Ordered line_;
};

class Fifo final : public KeyedPolicy {
  std::int64_t key_of(const Pcb&) const override { return 0; }
};

class ShortestFirst : public KeyedPolicy {
 public:
  std::string standing(const Pcb& process) const override {
    return std::to_string(process.remaining) + dialtone::tr(" left", " 刻未运行");
  }

 private:
  std::int64_t key_of(const Pcb& process) const override { return process.remaining; }
};

class ShortestRemainingFirst final : public ShortestFirst {
  bool preemptive() const override { return true; }
  bool outranks(const Pcb& one, const Pcb& other) const override {
    return one.remaining < other.remaining;
  }
};

/// With aging a process that has waited since s counts, at time t, as priority + (t - s) / aging.
/// All who wait gain alike, so their order is that of s - priority * aging. Those who run do not
/// gain: every `aging` ticks they are put back, and whoever has overtaken them is picked.
class Priority final : public KeyedPolicy {
 public:
  explicit Priority(PriorityRules rules) : rules_(rules) {}
  bool preemptive() const override { return rules_.preemptive; }
  bool outranks(const Pcb& one, const Pcb& other) const override {
    return one.priority > other.priority;
  }
  Time next_boost(Time now) const override {
    return rules_.preemptive && rules_.aging > 0 ? now - now % rules_.aging + rules_.aging : never;
  }
  std::string standing(const Pcb& process) const override {
    return dialtone::tr("priority ", "优先级 ") + std::to_string(process.priority);
  }

 private:
  std::int64_t key_of(const Pcb& process) const override {
    if (rules_.aging == 0) return -std::int64_t{process.priority};
    return process.ready_since - std::int64_t{process.priority} * rules_.aging;
  }

  PriorityRules rules_;
};

class Multilevel final : public KeyedPolicy {
 public:
  explicit Multilevel(Time quantum) : quantum_(quantum) {}
  void enqueue(Pcb& process, Ready why, Time now) override {
    if (why == Ready::arrived || why == Ready::woke || why == Ready::expired)
      process.quantum_left = quantum_;
    KeyedPolicy::enqueue(process, why, now);
  }
  Turn pick(Time now) override {
    Pcb* process = KeyedPolicy::pick(now).process;
    return {process, process == nullptr ? never : process->quantum_left};
  }
  void charge(Pcb& process, Time ticks, Time) override { process.quantum_left -= ticks; }
  bool preemptive() const override { return true; }
  bool outranks(const Pcb& one, const Pcb& other) const override {
    return one.priority > other.priority;
  }
  std::string standing(const Pcb& process) const override {
    return dialtone::tr("line ", "第 ") + std::to_string(process.priority) +
           dialtone::tr(", ", " 队，时间片余 ") + std::to_string(process.quantum_left) +
           dialtone::tr(" left of its quantum", "");
  }

 private:
  std::int64_t key_of(const Pcb& process) const override { return -std::int64_t{process.priority}; }

  Time quantum_;
};

/// `quantum_left` is what is left of the 2^level quanta of its level.
class Ctss final : public Policy {
 public:
  explicit Ctss(CtssRules rules) : rules_(rules) {}

  void enqueue(Pcb& process, Ready why, Time) override {
    if (why == Ready::arrived || why == Ready::woke) {
      int level = 0;
      for (int size = process.memory / rules_.words + 1; size > 1; size /= 2) ++level;
      start(process, level);
    } else if (why == Ready::expired && process.quantum_left <= 0) {
      start(process, process.level + 1);
    } else if (why != Ready::moved) {
      line_.push_front(keeps_the_core(process, why) ? -1 : process.level, process);
      return;
    }
    line_.push_back(process.level, process);
  }

  Turn pick(Time) override {
    Pcb* process = line_.pop();
    if (process == nullptr) return {};
    return {process,
            process->quantum_left < rules_.quantum ? process->quantum_left : rules_.quantum};
  }

  void charge(Pcb& process, Time ticks, Time) override { process.quantum_left -= ticks; }
  std::size_t ready() const override { return line_.size(); }
  std::string standing(const Pcb& process) const override {
    return dialtone::tr("level ", "第 ") + std::to_string(process.level) +
           dialtone::tr(", ", " 级，在此级余 ") + std::to_string(process.quantum_left) +
           dialtone::tr(" left there", "");
  }

 private:
  void start(Pcb& process, int level) {
    process.level = level < rules_.levels ? level : rules_.levels - 1;
    process.quantum_left = due(process.level);
  }
  Time due(int level) const { return rules_.quantum << static_cast<unsigned>(level); }

  bool keeps_the_core(const Pcb& process, Ready why) const {
    if (why != Ready::expired || line_.empty()) return false;
    const Time had = due(process.level) - process.quantum_left;
    const Pcb& newcomer = *line_.top().process;
    return newcomer.level < process.level && had < due(newcomer.level);
  }

  CtssRules rules_;
  Ordered line_;
};

}  // namespace

std::unique_ptr<Policy> make_fifo() {
  return std::make_unique<Fifo>();
}
std::unique_ptr<Policy> make_sjf() {
  return std::make_unique<ShortestFirst>();
}
std::unique_ptr<Policy> make_srtf() {
  return std::make_unique<ShortestRemainingFirst>();
}
std::unique_ptr<Policy> make_priority(PriorityRules rules) {
  return std::make_unique<Priority>(rules);
}
std::unique_ptr<Policy> make_multilevel(Time quantum) {
  return std::make_unique<Multilevel>(quantum);
}
std::unique_ptr<Policy> make_ctss(CtssRules rules) {
  return std::make_unique<Ctss>(rules);
}

}  // namespace simulation
