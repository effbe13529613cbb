// The event queue under both simulators (labs 05 and 06): what happens next, in an order that is
// the same on every run and every machine.
//
// Order: the earlier time first; at one time the lower rank first; within a rank what was planned
// first. A 4-ary heap in one array: O(log n) to plan and to take, and no allocation once the array
// has grown to the most events that were ever pending at once. (Knuth, TAOCP vol. 3, section 5.2.3;
// the wider node keeps the children of a node in one or two cache lines.)
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace simulation {

/// Ticks of a simulated clock. A simulation covers at most `last_tick` of them.
using Time = std::int64_t;

inline constexpr Time last_tick = (Time{1} << 31) - 1;
inline constexpr Time never = Time{1} << 62;

template <class Payload>
class EventQueue {
 public:
  struct Event {
    Time time;
    std::uint64_t order;  ///< the rank in the highest byte, then the number of the plan
    Payload payload;
    unsigned rank() const { return static_cast<unsigned>(order >> 56U); }
  };

  bool empty() const { return !has_front_ && heap_.empty(); }
  std::size_t size() const { return heap_.size() + (has_front_ ? 1 : 0); }

  /// Plans an event. Inlined always: a machine's every turn ends in one, and a call costs a tenth.
  [[gnu::always_inline]] inline void push(Time time, std::uint8_t rank, Payload payload) {
    Event event{time, (std::uint64_t{rank} << 56U) | planned_++, std::move(payload)};
    if (!has_front_ && (heap_.empty() || before(event, heap_.front()))) {
      front_ = std::move(event);
      has_front_ = true;
      return;
    }
    push_behind_front(std::move(event));
  }

  /// The next event. Precondition: not empty.
  const Event& top() const {
    assert(!empty());
    return has_front_ ? front_ : heap_.front();
  }

  /// When the next event is; `never` where there is none.
  Time next_time() const {
    if (has_front_) return front_.time;
    return heap_.empty() ? never : heap_.front().time;
  }

  /// Takes the next event out. Precondition: not empty.
  Event take() {
    if (has_front_) {
      has_front_ = false;
      return std::move(front_);
    }
    assert(!heap_.empty());
    Event next = std::move(heap_.front());
    Event last = std::move(heap_.back());
    heap_.pop_back();
    if (!heap_.empty()) sink(std::move(last));
    return next;
  }

 private:
  static constexpr std::size_t arity = 4;

  static bool before(const Event& a, const Event& b) {
    return a.time != b.time ? a.time < b.time : a.order < b.order;
  }

  [[gnu::noinline]] void push_behind_front(Event event) {
    if (has_front_ && before(event, front_)) std::swap(event, front_);
    insert(std::move(event));
  }

  void insert(Event event) {
    heap_.push_back(std::move(event));
    rise(heap_.size() - 1);
  }

  void rise(std::size_t at) {
    Event moving = std::move(heap_[at]);
    while (at > 0) {
      const std::size_t parent = (at - 1) / arity;
      if (!before(moving, heap_[parent])) break;
      heap_[at] = std::move(heap_[parent]);
      at = parent;
    }
    heap_[at] = std::move(moving);
  }

  /// Puts `moving` where the root was: the hole goes down along the smallest children.
  void sink(Event moving) {
    std::size_t at = 0;
    const std::size_t count = heap_.size();
    for (;;) {
      const std::size_t first = at * arity + 1;
      if (first >= count) break;
      const std::size_t end = first + arity < count ? first + arity : count;
      std::size_t least = first;
      for (std::size_t child = first + 1; child < end; ++child)
        if (before(heap_[child], heap_[least])) least = child;
      if (!before(heap_[least], moving)) break;
      heap_[at] = std::move(heap_[least]);
      at = least;
    }
    heap_[at] = std::move(moving);
  }

  std::vector<Event> heap_;
  Event front_{};           ///< comes before all of the heap: what is planned as the very next
  bool has_front_ = false;  ///< thing, and there is much of that, never goes through the heap
  std::uint64_t planned_ = 0;
};

}  // namespace simulation
