// How the given switchboards hold a call: from the first line to the hang-up by one thread, which
// sleeps whenever the caller is slow.
#pragma once

#include <algorithm>
#include <functional>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "exchange.hpp"
#include "switchboard.hpp"

namespace switchboard {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;

/// As poll takes it: rounded up, so that a deadline is over when poll comes back.
inline int milliseconds_until(Time time) {
  const auto left = std::chrono::ceil<milliseconds>(time - Clock::now()).count();
  return static_cast<int>(std::clamp<milliseconds::rep>(left, 0, 3'600'000));
}

class Call;

/// What the calls have in common.
struct Floor {
  Floor(const Limits& of, const Stop& cord, const Exchange& words)
      : limits(of), stop(cord), exchange(words) {}

  const Limits& limits;
  const Stop& stop;
  const Exchange& exchange;
  std::function<void()> at_stop;  ///< called by whoever sees the stop first, where it is set

  std::mutex guard;  ///< guards all below; taken before a call's own
  std::set<Call*> there;
  std::vector<std::uint64_t> over;  ///< numbers of calls that have ended
  Tally tally;
};

/// One call, held by one thread from beginning to end. Other threads bring chat lines only.
class Call {
 public:
  Call(Descriptor call, std::uint64_t number, Floor& floor)
      : call_(std::move(call)),
        number_(number),
        floor_(floor),
        lines_(floor.limits.line),
        queue_(floor.limits.queue) {}

  /// Returns when the caller is hung up.
  void hold();

  /// The connection, where no thread could be had to hold the call.
  Descriptor give_back() { return std::move(call_); }

  /// A chat line of another caller's, from its thread. False where there is no room for it.
  bool hear_chat(std::string_view chat);

 private:
  std::string converse();
  bool answer_lines(std::string& last_words);
  void answer(const std::string& line, bool& over);
  bool wait(short events, Time until);
  void listen();
  void see_stop();
  bool has_room();
  void flush();
  void write_late();
  void hang_up(std::string_view last_words);

  Descriptor call_;
  std::uint64_t number_;
  Floor& floor_;
  LineCutter lines_;
  Time idle_end_{}, total_end_{}, closing_end_ = Time::max();
  bool stopping_ = false;
  bool heard_all_ = false;   ///< nothing more will be read: the end of the stream, or the stop
  bool at_end_ = false;      ///< the caller has hung up, at least its half
  std::size_t unheard_ = 0;  ///< bytes that had arrived when the stop was pulled

  std::mutex guard_;  ///< guards all below
  Outbox queue_;
  bool gone_ = false;     ///< the connection is broken
  bool watches_ = false;  ///< the thread that holds the call waits until it can send
  bool late_ = false;     ///< late_writer_ is at work
  std::thread late_writer_;
};

}  // namespace switchboard
