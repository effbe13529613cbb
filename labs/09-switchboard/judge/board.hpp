// A switchboard of the student's that runs, and its callers, all of them the judge's own.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "judge.hpp"
#include "peer.hpp"

namespace lab09 {

using dialtone::FileDescriptor;
using dialtone::LoopbackFamily;
using dialtone::Message;
using dialtone::milliseconds;
using dialtone::Trial;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

enum class Variant { poll, coroutines };
const char* name_of(Variant variant);

/// How long the judge waits for what a right switchboard does at once.
inline constexpr milliseconds peer_time{2500};

milliseconds since(Clock::time_point begin);

/// The Limits that a switchboard is started with. The times are such that none is over in a case
/// that is not about them.
struct Terms {
  std::size_t callers = 400;
  std::size_t line = 1024;
  std::size_t queue = std::size_t{64} << 10U;
  int idle = 60'000;
  int total = 120'000;
  int closing = 5000;
  std::string exchange = {};  ///< empty: none is given; else the first word of all its replies
};

/// What the kernel holds between the judge and the student, each way and at each end: little, so
/// that a caller who does not listen is soon noticed.
inline constexpr int kernel_buffer = 32 << 10;

class Board;

/// One caller: a socket of the judge's.
class Caller {
 public:
  Caller(Trial& trial, FileDescriptor socket, std::string name)
      : trial_(&trial), socket_(std::move(socket)), name_(std::move(name)) {}

  int get() const { return socket_.get(); }
  const std::string& name() const { return name_; }

  /// Says it all; the story fails where the switchboard does not take it.
  void say(std::string_view words);

  /// Says as much of it as is taken; stops when for a while nothing more is, and the switchboard
  /// sleeps. Returns how much.
  std::size_t say_until_blocked(std::string_view words, milliseconds patience = milliseconds(80));

  /// Hears just these bytes next.
  void expect(std::string_view what, std::string_view words);

  /// The next bytes, this many; fewer where they do not come in time.
  std::string hear_bytes(std::size_t count);

  /// The next bytes up to and with this mark, whatever they are.
  std::string hear_up_to(std::string_view what, std::string_view mark);

  /// All until the end of the stream, which must be an orderly one.
  std::string hear_to_the_end(std::string_view what);

  /// Nothing more but the end of the stream.
  void expect_hung_up(std::string_view what);

  /// Whether something is there to be read within the time.
  bool hears_something(milliseconds time) const;

  /// The first of the bytes that are there to be read; they stay there.
  std::string peek() const;

  void finish_speaking();
  void hang_up() { socket_.reset(); }
  void break_off() { dialtone::reset_connection(socket_); }

 private:
  std::string told() const;
  bool takes_more(milliseconds patience) const;

  Trial* trial_;
  FileDescriptor socket_;
  std::string name_;
};

/// Starts a switchboard on this listener (below 0: on none).
void start(Trial& trial, Variant variant, const Terms& terms, int listener);

/// Asks what came of it; null where it still runs after the time.
Message take_tally(Trial& trial, milliseconds time);

class Board {
 public:
  /// Starts one; the listener is the judge's, with small buffers.
  Board(Trial& trial, Variant variant, const Terms& terms = {});

  /// Calls it. Whether the call is answered shows later.
  Caller dial(Trial& trial);
  /// dial, and an exchange: the caller is served, and has its number.
  Caller dial_and_talk(Trial& trial);
  /// How many have dialled: the number of the last, where all are served.
  std::size_t dialled() const { return dialled_; }

  /// Whether a call gets as far as the kernel's queue.
  bool can_be_dialled() const;

  void pull_stop(Trial& trial);
  /// Whether it has come to its end within the time; its tally is kept.
  bool is_over(Trial& trial, milliseconds time);
  /// Pulls the stop, and takes the tally; the story fails where no end comes.
  json finish(Trial& trial);
  const json& tally() const { return tally_; }

 private:
  FileDescriptor connect() const;

  sockaddr_storage address_{};
  socklen_t length_ = sizeof address_;
  std::size_t dialled_ = 0;
  Terms terms_;
  json tally_;
};

/// A switchboard for all inputs of a case: started with the first.
Board& lasting_board(Trial& trial, Variant variant, const Terms& terms = {});

/// One field of a tally is as it should be.
void expect_tally(Trial& trial, const json& tally, const char* field, std::uint64_t expected);

/// How many of its descriptors are sockets.
std::size_t open_sockets(Trial& trial);

}  // namespace lab09
