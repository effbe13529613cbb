// Plays something that may end badly in a process of its own, and tells how it ended.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "process.hpp"

namespace switch_demo {

/// What a child left behind.
struct Aftermath {
  std::string answer;  ///< what `play` returned; empty where it did not come to that
  std::string errors;  ///< what it wrote on standard error, at most 4096 bytes
  dialtone::Ending ending;
  bool timed_out = false;  ///< it was killed at the deadline
};

/// Runs `play` in a fork of this process, which must have one kernel thread. The child dies with
/// its parent. Throws Failure where there can be no child, and what was unwritten (Todo) as it is.
Aftermath in_child(const std::function<std::string()>& play, std::chrono::milliseconds deadline);

}  // namespace switch_demo
