// What a program ends with, and the failures that it explains.
#pragma once

#include <stdexcept>

namespace dialtone {

inline constexpr int exit_success = 0;
inline constexpr int exit_failure = 1;  ///< a failure that one line on stderr explains
inline constexpr int exit_usage = 2;    ///< the command line itself is wrong

/// A failure to be told to the person in one line: what, where, why, what to do.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A command line that parsed but asks for something impossible; ends with exit code 2.
class UsageFailure : public Failure {
 public:
  using Failure::Failure;
};

}  // namespace dialtone
