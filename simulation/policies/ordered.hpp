// Ready processes by a key, equal keys in the order of a line.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "simulation/process.hpp"

namespace simulation {

/// The least key comes first. Each function takes O(log n).
class Ordered {
 public:
  struct Entry {
    std::int64_t key;
    std::int64_t place;  ///< among equal keys; what is put at the head counts down from 0
    ProcessControlBlock* process;
  };

  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  const Entry& top() const { return heap_.front(); }

  /// Behind all of the same key.
  void push_back(std::int64_t key, ProcessControlBlock& process) {
    push({key, next_back_++, &process});
  }

  /// Before all of the same key.
  void push_front(std::int64_t key, ProcessControlBlock& process) {
    push({key, next_front_--, &process});
  }

  /// Takes the first one; nullptr when there is none.
  ProcessControlBlock* pop() {
    if (heap_.empty()) return nullptr;
    std::pop_heap(heap_.begin(), heap_.end(), after);
    ProcessControlBlock* process = heap_.back().process;
    heap_.pop_back();
    return process;
  }

 private:
  static bool after(const Entry& a, const Entry& b) {
    return a.key != b.key ? a.key > b.key : a.place > b.place;
  }
  void push(const Entry& entry) {
    heap_.push_back(entry);
    std::push_heap(heap_.begin(), heap_.end(), after);
  }

  std::vector<Entry> heap_;
  std::int64_t next_back_ = 0;
  std::int64_t next_front_ = -1;
};

}  // namespace simulation
