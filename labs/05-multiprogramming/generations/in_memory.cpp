#include "generations/in_memory.hpp"

#include <algorithm>

namespace generations {

using multiprogramming::FixedPartitions;
using multiprogramming::VariablePartitions;
using simulation::Gone;
using simulation::ProcessControlBlock;
using simulation::Ready;
using simulation::Turn;

// --- the dispatcher ---

void SwitchOnIo::enqueue(ProcessControlBlock& process, Ready why, Time) {
  ready_[process.pid] = &process;
  if (why == Ready::woke)
    static_cast<void>(dispatcher_.wake(process.pid));
  else
    static_cast<void>(dispatcher_.admit(process.pid));
}

Turn SwitchOnIo::pick(Time) {
  const auto runs = dispatcher_.running();
  const auto process = runs ? ready_.find(*runs) : ready_.end();
  if (process == ready_.end()) return {};
  ProcessControlBlock* const picked = process->second;
  ready_.erase(process);
  return {picked, simulation::never};
}

std::size_t SwitchOnIo::ready() const {
  return ready_.size();
}

void SwitchOnIo::gone(ProcessControlBlock&, Gone why, Time) {
  if (why == Gone::finished)
    static_cast<void>(dispatcher_.finish());
  else
    static_cast<void>(dispatcher_.block());
}

// --- memory ---

void OneProgram::arrived(int pid, Time, std::vector<int>& admitted) {
  if (taken_) {
    waiting_.push_back(pid);
    return;
  }
  taken_ = true;
  admitted.push_back(pid);
}

void OneProgram::finished(int, Time, std::vector<int>& admitted) {
  taken_ = !waiting_.empty();
  if (!taken_) return;
  admitted.push_back(waiting_.front());
  waiting_.pop_front();
}

Partitions::Partitions(const MemoryRules& rules, std::vector<Address> sizes)
    : rules_(rules), sizes_(std::move(sizes)) {
  std::vector<std::vector<Address>> groups;  // the fixed partitions behind each door
  if (rules.queue_each)
    for (const Address size : rules.partitions) groups.push_back({size});
  else if (!rules.partitions.empty())
    groups.push_back(rules.partitions);
  for (const auto& group : groups) {
    Door& door = doors_.emplace_back();
    door.fixed = std::make_unique<FixedPartitions>(group);
    door.largest = *std::max_element(group.begin(), group.end());
  }
  if (!doors_.empty()) return;
  doors_.emplace_back();
  doors_.back().variable = std::make_unique<VariablePartitions>(rules.size, rules.fit);
  doors_.back().largest = rules.size;
}

/// The smallest partition that could hold it has the queue that it waits in.
Partitions::Door& Partitions::door_for(int pid) {
  Door* smallest = nullptr;
  for (Door& door : doors_)
    if (door.largest >= sizes_[static_cast<std::size_t>(pid)] &&
        (smallest == nullptr || door.largest < smallest->largest))
      smallest = &door;
  return smallest != nullptr ? *smallest : doors_.front();
}

void Partitions::compact(Door& door) {
  ++compactions_;
  for (const auto& move : door.variable->compact())
    for (auto& [program, address] : door.inside)
      if (address == move.from) {
        address = move.to;
        break;
      }
}

bool Partitions::let_in(Door& door, int pid) {
  const Address size = sizes_[static_cast<std::size_t>(pid)];
  auto placed = door.fixed ? door.fixed->allocate(size) : door.variable->allocate(size);
  if (!placed && door.variable && rules_.compaction && door.variable->usage().free >= size) {
    compact(door);
    placed = door.variable->allocate(size);
  }
  if (!placed) return false;
  door.inside[pid] = placed->address;
  most_programs_ = std::max(most_programs_, ++programs_);
  return true;
}

void Partitions::let_in_all(Door& door, std::vector<int>& admitted) {
  std::deque<int> still;
  for (const int pid : door.waiting) {
    if (let_in(door, pid))
      admitted.push_back(pid);
    else
      still.push_back(pid);
  }
  door.waiting = std::move(still);
}

void Partitions::arrived(int pid, Time, std::vector<int>& admitted) {
  Door& door = door_for(pid);
  if (let_in(door, pid))
    admitted.push_back(pid);
  else
    door.waiting.push_back(pid);
}

void Partitions::finished(int pid, Time, std::vector<int>& admitted) {
  for (Door& door : doors_) {
    const auto place = door.inside.find(pid);
    if (place == door.inside.end()) continue;
    static_cast<void>(door.fixed ? door.fixed->release(place->second)
                                 : door.variable->release(place->second));
    door.inside.erase(place);
    --programs_;
    let_in_all(door, admitted);
    return;
  }
}

}  // namespace generations
