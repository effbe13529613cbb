// A clock that stands still until a test moves it, or until a scripted poll waits
// (faulty_calls.hpp).
#pragma once

#include <atomic>
#include <chrono>

namespace dialtone {

class ManualClock {
  using Time = std::chrono::steady_clock::time_point;

 public:
  /// What a Deadline takes as its clock.
  static Time now() { return Time(Time::duration(ticks_.load())); }

  static void advance(std::chrono::milliseconds time) { ticks_ += Time::duration(time).count(); }

 private:
  static inline std::atomic<Time::duration::rep> ticks_{0};
};

}  // namespace dialtone
