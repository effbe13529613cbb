// Lab 09: the switchboard, where many callers are served at once. This header is the assignment;
// starter/switchboard.cpp is where you work.
//
// The course's server holds one call and lets everybody else wait. Here are four ways to do better,
// behind one interface, each the answer to what was wrong with the one before:
//
//   one at a time   the course's: the second caller waits until the first hangs up
//   threads         a thread a caller: nobody waits, and every caller costs a thread
//   poll            one thread that asks the kernel who is ready: cheap, but turned inside out
//   coroutines      one thread again, and each caller's story reads from top to bottom (Asio)
//
// The first two are given (given.cpp), to read and to measure against. You write the other two.
//
// What callers hear is the same from all four. The exchange is in lines that end in '\n' (a '\r'
// before it does not count); what a line asks for and what comes back, the exchange decides that
// the switchboard is given: `respond` below, where it is given none.
// What you write is everything around it (exchange.hpp gives what handles the text):
//
// - Lines are cut out of the stream, however it arrives. A line of more than limits.line bytes
//   (without its end) is answered by "error line too long\n", and the call is ended.
// - Replies leave in the order of the lines they answer. A reply's chat line goes to every *other*
//   caller, each time as one whole line.
// - What a caller has not taken yet waits in a queue of its own, of at most limits.queue bytes (and
//   the end of the reply that filled it). While a caller's queue is full, no further line of its is
//   answered and nothing more is read from it (back-pressure): a caller that does not listen need
//   not be heard. A chat line that finds no room in a hearer's queue is left out for that hearer
//   alone and counted; nobody waits for a slow hearer.
// - At most limits.callers at once; one that is being hung up does not count any more. One more is
//   answered, told "busy\n", and hung up.
// - A caller that has not finished a line for limits.idle is told "idle\n" and hung up; one that
//   has been there for limits.total is told "time is up\n" and hung up, however busy.
// - An exception out of the exchange ends that call alone: the caller is told "error ", its text
// and
//   "\n", and hung up, and the exception is counted and its text kept. None gets lost, and none
//   ends the switchboard.
// - A caller that hangs up has its whole lines answered first, where it still listens (this is a
//   half-close); a line without its end is not answered. A caller that breaks off just goes.
// - When the stop is pulled: the listener is closed at once, so that new callers are refused; the
//   whole lines that have arrived are answered, what is queued is sent; then every caller is hung
//   up. Nobody is waited for longer than limits.closing.
// - Whoever is hung up gets what is queued for it first, and is not waited for longer than
//   limits.closing.
// - Out of descriptors (EMFILE), callers wait in the kernel's queue until one is free again: that
//   is no failure, and no reason to spin.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "socket_basics.hpp"

namespace switchboard {

// --- given -----------------------------------------------------------------------------------

using socket_basics::Descriptor;
using socket_basics::Error;
using socket_basics::Result;
using std::chrono::milliseconds;

struct Limits {
  std::size_t callers = 10'000;                ///< at once
  std::size_t line = 1024;                     ///< bytes of a line, without its end
  std::size_t queue = std::size_t{64} << 10U;  ///< bytes that wait for one caller
  milliseconds idle{30'000};                   ///< between two whole lines of a caller
  milliseconds total{600'000};                 ///< of one call
  milliseconds closing{2'000};                 ///< for sending what is queued before a hang-up
};

/// What came of it all.
struct Tally {
  std::uint64_t callers = 0;      ///< that were served
  std::uint64_t turned_away = 0;  ///< that were told "busy"
  std::size_t most_at_once = 0;
  std::uint64_t lines = 0;      ///< that the exchange gave a reply to
  std::uint64_t left_out = 0;   ///< chat lines that a hearer's full queue had no room for
  std::uint64_t timed_out = 0;  ///< calls that idle or total ended
  std::uint64_t faults = 0;     ///< calls that an exception ended
  std::string first_fault;      ///< the text of the first such exception
};

/// The cord that ends it all: pulled from another thread or a signal handler, seen by poll.
class Stop {
 public:
  Stop() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  Stop(const Stop&) = delete;
  Stop& operator=(const Stop&) = delete;
  ~Stop() { ::close(event_); }

  /// May be called from a signal handler.
  void pull() const noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(event_, &one, sizeof one);
  }

  /// Readable once it is pulled, and from then on (read nothing from it).
  int descriptor() const noexcept { return event_; }

 private:
  int event_;
};

/// What one line comes to.
struct Reply {
  std::string line;      ///< for the caller, with its end
  std::string chat;      ///< for every other caller, with its end; empty: nothing
  bool hang_up = false;  ///< the call ends with this reply
};

/// Answers a line (without its end) of the caller with this number; `callers` are there now, this
/// one included and those that are being hung up not.
///   echo TEXT    TEXT comes back
///   say TEXT     "said" comes back; the others hear "NUMBER says TEXT"
///   who          "N callers"
///   fault TEXT   throws std::runtime_error(TEXT): a mistake in the program, made to order
///   bye          "bye", and the call ends
///   any other    "error unknown: LINE"
Reply respond(std::string_view line, std::uint64_t caller, std::size_t callers);

/// What answers lines: called as `respond` is, by serve_by_threads from several threads at once.
using Exchange =
    std::function<Reply(std::string_view line, std::uint64_t caller, std::size_t callers)>;

/// Serves the callers of a listening, non-blocking socket until the stop is pulled; those that are
/// served are numbered from 1 in the order in which they were answered. Blocks meanwhile. Fails
/// only where it cannot go on at all (the listener is none, no epoll is to be had), and never
/// without a reason. Every descriptor that it was given or made is closed when it returns, and
/// every thread has ended.
using Serve = Result<Tally> (*)(Descriptor listener, const Limits& limits, const Stop& stop,
                                const Exchange& exchange);

/// (a) The course's way. While one caller is on the line, the others wait in the kernel's queue;
/// limits.callers is always 1 here, and nobody is told "busy".
Result<Tally> serve_one_at_a_time(Descriptor listener, const Limits& limits, const Stop& stop,
                                  const Exchange& exchange = respond);

/// (b) A thread a caller.
Result<Tally> serve_by_threads(Descriptor listener, const Limits& limits, const Stop& stop,
                               const Exchange& exchange = respond);

// --- yours -----------------------------------------------------------------------------------

/// (c) One thread, and poll(2) over all that may happen: the listener, the stop, every caller. It
/// sleeps in poll until something happens or the next deadline comes, and makes no thread.
Result<Tally> serve_by_poll(Descriptor listener, const Limits& limits, const Stop& stop,
                            const Exchange& exchange = respond);

/// (d) One thread, and a coroutine a caller (asio::awaitable). An asio::io_context that this
/// function runs itself; every coroutine that it spawns has a completion handler that looks at the
/// exception.
Result<Tally> serve_by_coroutines(Descriptor listener, const Limits& limits, const Stop& stop,
                                  const Exchange& exchange = respond);

}  // namespace switchboard
