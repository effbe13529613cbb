// A clock that stands still until a test moves it.
#pragma once

#include <chrono>

namespace dialtone {

class ManualClock {
 public:
  /// What a Deadline takes as its clock.
  static std::chrono::steady_clock::time_point now() { return now_; }
  static void advance(std::chrono::milliseconds time) { now_ += time; }

 private:
  static inline std::chrono::steady_clock::time_point now_{};
};

}  // namespace dialtone
