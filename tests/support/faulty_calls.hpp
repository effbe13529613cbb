// System calls that fail on purpose. The practice tests are linked with -Wl,--wrap=CALL for each
// call named here: what the student's code calls arrives at this script first, and at the system
// only where the script says nothing.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace dialtone {

/// What the next call of one kind does instead of asking the system.
struct Fault {
  enum class Kind {
    error,          ///< returns -1 with errno = `value`
    at_most,        ///< does the real call with at most `value` bytes
    end_of_stream,  ///< returns 0, as recv does when the peer has hung up
    timed_out,  ///< poll only: returns 0, and the manual clock has moved on by poll's time limit
    done_but,   ///< does the real call, and returns -1 with errno = `value` all the same
    gives,      ///< getsockopt only: the option's value is `value`, not 0
    pass,       ///< the real call, untouched
  };
  Kind kind;
  int value = 0;
  std::chrono::milliseconds time{0};  ///< the manual clock moves on by this before the call returns

  static Fault error(int code) { return {Kind::error, code}; }
  static Fault at_most(int bytes) { return {Kind::at_most, bytes}; }
  static Fault end_of_stream() { return {Kind::end_of_stream}; }
  static Fault timed_out() { return {Kind::timed_out}; }
  static Fault done_but(int code) { return {Kind::done_but, code}; }
  static Fault gives(int value) { return {Kind::gives, value}; }
  static Fault pass() { return {Kind::pass}; }

  /// The same, after some time on the manual clock.
  Fault taking(std::chrono::milliseconds passed) const { return {kind, value, passed}; }
};

/// One call that was made, for a test to look at afterwards.
struct SeenCall {
  std::string name;   ///< "send"
  int descriptor;     ///< its first argument; -1 where that is no number
  std::size_t bytes;  ///< how many bytes it asked to move; 0 where it moves none
  int flags;          ///< its flags, type or events
  long result;        ///< what it returned
  int milliseconds;   ///< poll's time limit; 0 for the others
};

/// The script for all wrapped calls of this process; only one lives at a time. Calls are wrapped
/// while it lives, and reach the system untouched otherwise, as do those of a child after fork.
class FaultyCalls {
 public:
  FaultyCalls();
  FaultyCalls(const FaultyCalls&) = delete;
  FaultyCalls& operator=(const FaultyCalls&) = delete;
  ~FaultyCalls();

  /// The next calls of this name meet these faults, one each, in order; later ones are real.
  FaultyCalls& script(const std::string& name, std::deque<Fault> faults);

  /// Every further call of this name meets this fault. After 1000 of them the test fails, so that
  /// a loop without an end does not hang it; only calls that may wait (send, recv, poll, accept,
  /// connect) can be given up in this way.
  FaultyCalls& always(const std::string& name, Fault fault);

  /// The calls so far, in order; those of one name when it is given.
  std::vector<SeenCall> seen(const std::string& name = "") const;

  /// How many scripted faults were not met.
  std::size_t unmet() const;
};

}  // namespace dialtone
