// Lab 06: time slicing. This is the one file that you edit; time_slicing.hpp says what each
// function promises. Replace a todo(...) by your code, then run `make check LAB=06`.
#include "time_slicing.hpp"

#include <utility>

#include "todo.hpp"

namespace time_slicing {

using dialtone::todo;

// --- 1. The ready queue ---

void ReadyQueue::push_back(ProcessControlBlock& /*process*/) {
  todo("06", "ReadyQueue::push_back");
}

void ReadyQueue::push_front(ProcessControlBlock& /*process*/) {
  todo("06", "ReadyQueue::push_front");
}

ProcessControlBlock* ReadyQueue::pop_front() {
  todo("06", "ReadyQueue::pop_front");
}

void ReadyQueue::remove(ProcessControlBlock& /*process*/) {
  todo("06", "ReadyQueue::remove");
}

const ProcessControlBlock* ReadyQueue::front() const {
  todo("06", "ReadyQueue::front");
}

std::size_t ReadyQueue::size() const {
  todo("06", "ReadyQueue::size");
}

// --- 2. The switch ---

void save(const Core& /*core*/, ProcessControlBlock& /*process*/) {
  todo("06", "save");
}

void restore(const ProcessControlBlock& /*process*/, Core& /*core*/) {
  todo("06", "restore");
}

// --- 3. Round robin ---

RoundRobin::RoundRobin(Time quantum) : quantum_(quantum) {}

void RoundRobin::enqueue(ProcessControlBlock& /*process*/, Ready /*why*/, Time /*now*/) {
  todo("06", "RoundRobin::enqueue");
}

Turn RoundRobin::pick(Time /*now*/) {
  todo("06", "RoundRobin::pick");
}

void RoundRobin::charge(ProcessControlBlock& /*process*/, Time /*ticks*/, Time /*now*/) {
  todo("06", "RoundRobin::charge");
}

std::size_t RoundRobin::ready() const {
  todo("06", "RoundRobin::ready");
}

// --- 4. The multilevel feedback queue ---

Mlfq::Mlfq(MlfqRules rules) : rules_(std::move(rules)), lines_(rules_.quanta.size()) {}

void Mlfq::enqueue(ProcessControlBlock& /*process*/, Ready /*why*/, Time /*now*/) {
  todo("06", "Mlfq::enqueue");
}

Turn Mlfq::pick(Time /*now*/) {
  todo("06", "Mlfq::pick");
}

void Mlfq::charge(ProcessControlBlock& /*process*/, Time /*ticks*/, Time /*now*/) {
  todo("06", "Mlfq::charge");
}

void Mlfq::gone(ProcessControlBlock& /*process*/, Gone /*why*/, Time /*now*/) {
  todo("06", "Mlfq::gone");
}

std::size_t Mlfq::ready() const {
  todo("06", "Mlfq::ready");
}

const ProcessControlBlock* Mlfq::best(Time /*now*/) const {
  todo("06", "Mlfq::best");
}

bool Mlfq::outranks(const ProcessControlBlock& /*one*/,
                    const ProcessControlBlock& /*other*/) const {
  todo("06", "Mlfq::outranks");
}

Time Mlfq::next_boost(Time /*now*/) const {
  todo("06", "Mlfq::next_boost");
}

void Mlfq::boost(Time /*now*/) {
  todo("06", "Mlfq::boost");
}

}  // namespace time_slicing
