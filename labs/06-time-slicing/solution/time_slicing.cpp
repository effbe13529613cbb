#include "time_slicing.hpp"

#include <utility>

namespace time_slicing {

// --- 1. The ready queue ---

void ReadyQueue::push_back(ProcessControlBlock& process) {
  process.next = nullptr;
  process.previous = last_;
  (last_ == nullptr ? first_ : last_->next) = &process;
  last_ = &process;
  ++size_;
}

void ReadyQueue::push_front(ProcessControlBlock& process) {
  process.previous = nullptr;
  process.next = first_;
  (first_ == nullptr ? last_ : first_->previous) = &process;
  first_ = &process;
  ++size_;
}

ProcessControlBlock* ReadyQueue::pop_front() {
  ProcessControlBlock* process = first_;
  if (process != nullptr) remove(*process);
  return process;
}

void ReadyQueue::remove(ProcessControlBlock& process) {
  (process.previous == nullptr ? first_ : process.previous->next) = process.next;
  (process.next == nullptr ? last_ : process.next->previous) = process.previous;
  process.next = process.previous = nullptr;
  --size_;
}

const ProcessControlBlock* ReadyQueue::front() const {
  return first_;
}

std::size_t ReadyQueue::size() const {
  return size_;
}

// --- 2. The switch ---

//! [save_and_restore]
void save(const Core& core, ProcessControlBlock& process) {
  process.saved = core.registers;
}

void restore(const ProcessControlBlock& process, Core& core) {
  core.registers = process.saved;
}
//! [save_and_restore]

// --- 3. Round robin ---

RoundRobin::RoundRobin(Time quantum) : quantum_(quantum) {}

//! [round_robin]
void RoundRobin::enqueue(ProcessControlBlock& process, Ready why, Time) {
  if (why == Ready::preempted) {
    queue_.push_front(process);
    return;
  }
  if (why != Ready::moved) process.quantum_left = quantum_;
  queue_.push_back(process);
}

Turn RoundRobin::pick(Time) {
  ProcessControlBlock* process = queue_.pop_front();
  if (process == nullptr) return {};
  return {process, process->quantum_left};
}
//! [round_robin]

void RoundRobin::charge(ProcessControlBlock& process, Time ticks, Time) {
  process.quantum_left -= ticks;
}

std::size_t RoundRobin::ready() const {
  return queue_.size();
}

// --- 4. The multilevel feedback queue ---

namespace {

std::size_t at(int level) {
  return static_cast<std::size_t>(level);
}

/// A whole quantum and allotment of a level.
void start_level(ProcessControlBlock& process, int level, const MlfqRules& rules) {
  process.level = level;
  process.quantum_left = rules.quanta[at(level)];
  process.allotment_left = rules.allotments[at(level)];
}

//! [mlfq_used_up]
void use_up_quantum(ProcessControlBlock& process, const MlfqRules& rules) {
  --process.allotment_left;
  if (process.allotment_left == 0)
    start_level(process, process.level > 0 ? process.level - 1 : 0, rules);
  else
    process.quantum_left = rules.quanta[at(process.level)];
}
//! [mlfq_used_up]

}  // namespace

Mlfq::Mlfq(MlfqRules rules) : rules_(std::move(rules)), lines_(rules_.quanta.size()) {}

//! [mlfq_enqueue]
void Mlfq::enqueue(ProcessControlBlock& process, Ready why, Time) {
  switch (why) {
    case Ready::arrived:
      start_level(process, static_cast<int>(lines_.size()) - 1, rules_);
      break;
    case Ready::expired:
      use_up_quantum(process, rules_);
      break;
    case Ready::woke:
      if (process.boosts != boosts_)
        start_level(process, static_cast<int>(lines_.size()) - 1, rules_);
      break;
    case Ready::preempted:
    case Ready::moved:
      break;
  }
  ReadyQueue& line = lines_[at(process.level)];
  if (why == Ready::preempted || (why == Ready::woke && rules_.bump))
    line.push_front(process);
  else
    line.push_back(process);
}
//! [mlfq_enqueue]

Turn Mlfq::pick(Time) {
  for (std::size_t level = lines_.size(); level-- > 0;)
    if (ProcessControlBlock* process = lines_[level].pop_front(); process != nullptr)
      return {process, process->quantum_left};
  return {};
}

void Mlfq::charge(ProcessControlBlock& process, Time ticks, Time) {
  process.quantum_left -= ticks;
}

void Mlfq::gone(ProcessControlBlock& process, Gone why, Time) {
  if (why != Gone::blocked) return;
  if (rules_.stay)
    start_level(process, process.level, rules_);
  else if (process.quantum_left == 0)
    use_up_quantum(process, rules_);
  process.boosts = boosts_;
}

std::size_t Mlfq::ready() const {
  std::size_t count = 0;
  for (const ReadyQueue& line : lines_) count += line.size();
  return count;
}

const ProcessControlBlock* Mlfq::best(Time) const {
  for (std::size_t level = lines_.size(); level-- > 0;)
    if (const ProcessControlBlock* process = lines_[level].front(); process != nullptr)
      return process;
  return nullptr;
}

bool Mlfq::outranks(const ProcessControlBlock& one, const ProcessControlBlock& other) const {
  return one.level > other.level;
}

Time Mlfq::next_boost(Time now) const {
  return rules_.boost > 0 ? now - now % rules_.boost + rules_.boost : simulation::never;
}

//! [mlfq_boost]
void Mlfq::boost(Time) {
  ++boosts_;
  const int highest = static_cast<int>(lines_.size()) - 1;
  ReadyQueue boosted;
  const auto move_all = [&](ReadyQueue& line) {
    while (ProcessControlBlock* process = line.pop_front()) {
      start_level(*process, highest, rules_);
      boosted.push_back(*process);
    }
  };
  move_all(lines_.back());
  for (ReadyQueue& line : lines_) move_all(line);
  lines_.back() = boosted;
}
//! [mlfq_boost]

}  // namespace time_slicing
