// A script of threads: what each does, step by step; and the log of what happened, in order.
//
// The student's code decides who runs when. What a case looks for in the log holds, but where the
// case is about turns, in whatever order the threads ran: a fault in one rule loses one case.
#pragma once

#include <functional>
#include <optional>

#include "cases.hpp"

namespace lab07 {

/// A line of the log: a step begins or ends, or an event is told.
struct Entry {
  enum class What { begin, end, event } what;
  std::size_t thread;  ///< of the script; its number where it is an event
  std::size_t step = 0;
  std::int64_t when = 0;  ///< microseconds since the script's base
  std::string kind;       ///< "ok", or the failure's; the event's name
  std::int64_t number = 0;
  int code = 0;   ///< of the failure
  int error = 0;  ///< errno afterwards

  bool is(What which, std::size_t who, std::size_t at) const {
    return what == which && thread == who && step == at;
  }
};

/// A wait that has no deadline.
inline constexpr int for_ever = 1'000'000;

struct Log {
  json run;  ///< null, or the error
  std::vector<Entry> entries;

  std::optional<std::size_t> begin_of(std::size_t thread, std::size_t step) const;
  std::optional<std::size_t> end_of(std::size_t thread, std::size_t step) const;

  /// Whether somebody else began or ended a step between these two places.
  bool others_between(std::size_t first, std::size_t last, std::size_t thread) const;

 private:
  std::optional<std::size_t> find(Entry::What what, std::size_t thread, std::size_t step) const;
};

class Script {
 public:
  explicit Script(Trial& trial) : trial_(trial) { thread("main"); }

  /// Another thread; it runs where a step of another one spawns it. 0 is the first one.
  std::size_t thread(const std::string& name);
  std::size_t channel(std::size_t capacity);
  std::size_t descriptor(int number);

  /// A step at the end of a thread's; its number.
  std::size_t add(std::size_t thread, json step);
  /// The same, with errno set before.
  std::size_t add_with_errno(std::size_t thread, json step, int error);

  json options = json::object();
  int base = 0;  ///< from when on the times of steps count, in ms from the script's beginning

  const std::string& name_of(std::size_t thread) const { return names_[thread]; }
  const std::vector<json>& steps_of(std::size_t thread) const { return steps_[thread]; }
  std::size_t threads() const { return names_.size(); }

  /// "thread 2 (reader): join(1)"
  std::string told(std::size_t thread, std::size_t step) const;

  /// Plays it; `meanwhile` is called once it was sent.
  Log play(const std::function<void()>& meanwhile = {});

  /// A step that has ended; fails the story where it has not.
  const Entry& ended(const Log& log, std::size_t thread, std::size_t step) const;
  /// ... and that came to this.
  const Entry& expect(const Log& log, std::size_t thread, std::size_t step,
                      const std::string& kind) const;
  void expect_run_ended_well(const Log& log) const;

 private:
  Trial& trial_;
  std::vector<std::string> names_;
  std::vector<std::vector<json>> steps_;
  json channels_ = json::array();
  std::vector<int> descriptors_;
};

}  // namespace lab07
