// The graded cases of lab 07, by milestone.
#pragma once

#include <string>
#include <vector>

#include "file_descriptor.hpp"
#include "judge.hpp"
#include "language.hpp"

namespace lab07 {

using dialtone::Case;
using dialtone::Message;
using dialtone::Random;
using dialtone::tr;
using dialtone::Trial;
using nlohmann::json;

/// A pipe of one page.
struct Pipe {
  dialtone::FileDescriptor reads;
  dialtone::FileDescriptor writes;

  Pipe();
  /// So many bytes, for which there is room.
  void fill(std::size_t bytes) const;
};

std::vector<Case> register_cases();
std::vector<Case> context_cases();
std::vector<Case> stack_cases();
std::vector<Case> thread_cases();   ///< turns, join, exceptions, the limit
std::vector<Case> waiting_cases();  ///< time and descriptors
std::vector<Case> channel_cases();  ///< and deadlocks
std::vector<Case> turn_cases();     ///< quantum, critical sections, errno
std::vector<Case> outside_cases();  ///< seen in /proc

/// A whole number from `low` to `high`, as steps take it.
int draw(Random& random, int low, int high);

/// What came as the "value" of an answer; fails the story where an error came instead.
json take_value(Trial& trial, const std::string& what);

/// Asks, and takes the value.
json ask(Trial& trial, const json& request, const std::vector<int>& descriptors = {});

}  // namespace lab07
