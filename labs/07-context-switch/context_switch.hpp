// Lab 07: context switch. This header is the assignment; starter/context_switch.cpp is where you
// work.
//
// In lab 06 a program's registers were fields of a struct. Here they are the registers of the core
// that runs you: you save them on the stack of the thread that stops, and load those of the one
// that goes on. On that switch stand threads in user space: many stacks, one core of the kernel's.
// They take turns by themselves, then wait for time, messages and descriptors, and at last are
// interrupted by a timer, whether they like it or not.
//
// Rules for the whole file:
// - A failure is a value. No function throws or prints, but where it says so.
// - errno is each thread's own: over a switch, wanted or not, it stays what it was for the thread.
// - Simplified: of all that a kernel thread has of its own, only registers, stack, errno and the
//   floating-point control words are kept. The signal mask and `thread_local` variables are shared,
//   and a thread that is within a `catch` must not switch.
// - Where a quantum is set, what a thread calls must be safe against a switch in its middle: what
//   holds a lock or changes what all share (malloc, printf) belongs in a Critical, or the next
//   thread waits for a lock whose owner cannot run, or finds a list half changed. A production
//   system looks where the thread was interrupted, or has locks that know its threads.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <utility>

#if !defined(__x86_64__) && !defined(CONTEXT_SWITCH_PORTABLE)
#define CONTEXT_SWITCH_PORTABLE  // no assembly for this machine: swapcontext(3) instead
#endif
#ifdef CONTEXT_SWITCH_PORTABLE
#include <ucontext.h>
#endif

namespace context_switch {

// --- given -----------------------------------------------------------------------------------

/// What went wrong, as a value.
struct Error {
  enum class Kind {
    no_room,    ///< the limit of threads, or no memory for another stack
    no_thread,  ///< there was no thread of that number
    deadlock,   ///< everybody waits for somebody, and nothing can end it
    timed_out,  ///< the deadline came first
    threw,      ///< an exception came out of a thread's body; `message` is its what()
    closed,     ///< the channel is closed
    system,     ///< a failed system call
  };
  Kind kind = Kind::system;
  int code = 0;  ///< errno, where a system call failed; else 0
  std::string message;
};

template <class T>
using Result = tl::expected<T, Error>;

using Clock = std::chrono::steady_clock;

/// Where a context that does not run goes on. All else that it needs lies on its stack. It stays
/// where it is (a ucontext_t points into itself).
struct Context {
  Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

#ifdef CONTEXT_SWITCH_PORTABLE
  ucontext_t saved{};
#else
  void* stack_pointer = nullptr;
#endif
};

/// What a new context begins with. It never returns: at its end it switches away for good.
using Entry = void (*)(void* argument);

// --- milestone 1: the switch -----------------------------------------------------------------

/// Stops the context that calls it, keeps in `*from` where it goes on, and goes on where `*to` was
/// kept. It returns when somebody switches back to `*from`. Kept over the switch, as the calling
/// convention wants it of every function (System V ABI for AMD64, 3.2.1): rsp, rbp, rbx, r12, r13,
/// r14, r15, the control bits of MXCSR and the x87 control word. The other registers are the
/// caller's to save, and the signal mask is left alone: no system call is made.
/// For x86-64 it is written in assembly, as file-scope `asm`. A `ret` at its end would go where the
/// processor did not predict it; a `jmp` to the popped address costs a third.
extern "C" void switch_context(Context* from, const Context* to);

/// Makes `*context` one that begins with `entry(argument)` on this stack, when somebody first
/// switches to it: with the stack aligned as after a call (16 bytes before the return address was
/// pushed), with the floating-point control words that the caller of `prepare` has. `stack` is the
/// whole of its memory, lowest address first; the context's own memory is all within it.
void prepare(Context* context, std::span<std::byte> stack, Entry entry, void* argument);

// --- milestone 2: stacks ---------------------------------------------------------------------

/// Memory for a thread's stack, with a guard page below: a page that may be neither read nor
/// written, so that an overflow is caught at once.
class Stack {
 public:
  /// `bytes` is rounded up to whole pages, and is one page at least. The memory is private and
  /// comes from mmap(2); what was never touched takes none. no_room where the kernel has none to
  /// give.
  static Result<Stack> make(std::size_t bytes);

  /// Owns nothing.
  Stack() noexcept = default;
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;
  Stack(Stack&& other) noexcept
      : memory_(std::exchange(other.memory_, {})), guard_(std::exchange(other.guard_, 0)) {}
  Stack& operator=(Stack&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(guard_, other.guard_);
    return *this;
  }

  /// Gives it all back to the kernel, the guard page included.
  ~Stack();

  /// What may be used, lowest address first; without the guard page.
  std::span<std::byte> bytes() const { return memory_.subspan(guard_); }

  /// Whether this address lies in the guard page, which ends where bytes() begins.
  bool guards(const void* address) const;

 private:
  std::span<std::byte> memory_;  ///< all of the mapping, the guard page first
  std::size_t guard_ = 0;        ///< bytes of the guard page; 0 where nothing is owned
};

// --- milestone 3: threads that take turns ----------------------------------------------------

/// A thread's number: 0 for the first one of a run, then 1, 2, ... A number is never used again.
using ThreadId = std::uint32_t;

enum class Direction { readable, writable };

/// Something that happened to a thread, for those who draw it.
struct Event {
  enum class What {
    made_ready,  ///< it was spawned, or what it waited for has come
    runs,        ///< it has the core from now on
    yielded,     ///< it gave the core up and is ready again
    turn_over,   ///< its quantum ended; it is ready again
    waits,       ///< it gave the core up until something comes
    ended,
  };
  Clock::time_point when;
  ThreadId thread = 0;
  What what = What::runs;
};

struct Options {
  std::size_t stack_bytes = std::size_t{64} << 10U;  ///< for each thread
  std::size_t most_threads = 10'000;                 ///< that have not ended, at once
  /// The longest turn; 0: nobody is interrupted. Simplified: a timer ticks at this interval, so
  /// that who gets the core between two ticks has the rest alone.
  std::chrono::microseconds quantum{0};
  /// Without a quantum: a thread that keeps the core for longer ends the program, with a line on
  /// standard error that names it ("thread 2 (greedy) has not let go of the core for 500 ms") and
  /// exit code 1. 0: there is no such limit.
  std::chrono::milliseconds patience{0};
  /// Told of each event, within a critical section. With a quantum it must not allocate: the thread
  /// that was interrupted may have been about to.
  std::function<void(const Event&)> tell;
};

/// One core, shared by threads of ours. There is one at a time in a process, and it is used by the
/// thread of the kernel that calls run().
///
/// The line: who is made ready, yields or is interrupted goes to its end, and the first of it runs
/// next. Switches happen in the functions below and, with a quantum, upon the timer's signal.
/// Whose time has come and whose descriptor is ready is looked at whenever the line is empty (the
/// core then sleeps in epoll_wait(2) until something comes), at each quantum's end, and otherwise
/// after 64 switches at the latest.
class Core {
 public:
  explicit Core(Options options = {});
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;
  ~Core();

  /// Runs `body` as thread 0, and all that are spawned, until every one has ended; then gives back
  /// their stacks, the timer, and the actions and stacks of signals that were there before. A run
  /// may follow another. no_room, system: it could not begin. deadlock: all that had not ended
  /// waited for one another; each of these waits then failed with deadlock, so that the threads
  /// went on and ended; the message names them in the order of their numbers, and what they waited
  /// for ("thread 3 (reader) waits for a channel; thread 4 (main) waits for thread 3"). threw: of
  /// the exceptions that no join has received, the first. Where both happened: deadlock. While it
  /// runs, the overflow of a thread's stack ends the program by SIGSEGV, after one line on standard
  /// error: "thread 3 (deep): stack overflow, 65536 bytes are full". Any other SIGSEGV is left to
  /// whoever handled it before.
  Result<void> run(std::string name, std::function<void()> body);

  // What follows is called by threads of this core, while it runs. Outside a run nobody is served:
  // spawn, join and wait_ready are no_thread, yield and sleep_until return at once, self() is 0.

  /// A new thread, at the end of the line; the one that calls goes on. no_room: as many threads as
  /// may be have not ended, or there is no memory.
  Result<ThreadId> spawn(std::string name, std::function<void()> body);

  /// To the end of the line.
  void yield();

  /// Waits until that thread has ended; at once where it has. threw: by an exception, told to the
  /// first that joins it. no_thread: there was none of that number yet. deadlock: as run() says;
  /// who joins itself waits for ever, too.
  Result<void> join(ThreadId thread);

  /// Waits until then. Sleepers whose time has come wake in the order of their times, those of the
  /// same time in the order in which they fell asleep.
  void sleep_until(Clock::time_point when);

  /// Waits until the descriptor is ready, an error or a hang-up included, and lets the others have
  /// the core meanwhile; also where it is ready already. timed_out: it was not until `deadline`; a
  /// deadline that is over still looks once. system: it is none that epoll takes (a regular file:
  /// EPERM), or another thread waits for it already (EEXIST; a production core would let both).
  Result<void> wait_ready(int descriptor, Direction direction, Clock::time_point deadline);

  /// Who runs.
  ThreadId self() const;

  /// How often the core went from one thread to another, since run() began.
  std::uint64_t switches() const;

 private:
  friend class Channel;
  struct State;  // yours: what the line, the sleepers and the threads are kept in
  std::unique_ptr<State> state_;
};

/// Numbers from thread to thread, first in, first out. Outside a run it can be filled, emptied and
/// closed; who would have to wait has deadlock for an answer.
class Channel {
 public:
  /// Holds up to `capacity` numbers that nobody has taken yet; 0 is taken for 1.
  Channel(Core& core, std::size_t capacity);
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel();

  /// Puts a number in; waits while it is full. Senders that wait are served in the order of their
  /// coming. closed: it is, or was closed while this waited; deadlock: as Core::run() says. In both
  /// cases the number was not put in.
  Result<void> send(std::int64_t number);

  /// Takes the oldest number out; waits while there is none. Receivers that wait are served in the
  /// order of their coming. closed: it is, and everything was taken. deadlock: as Core::run() says.
  Result<std::int64_t> receive();

  /// No more numbers go in. Wakes all who wait. A second time it does nothing.
  void close();

 private:
  struct State;  // yours
  std::unique_ptr<State> state_;
};

// --- milestone 4: turns that end ---------------------------------------------------------------

/// The signal upon which the running thread's turn is over, wherever it comes from: Core::run()'s
/// timer (Options::quantum), or anybody. Without a run it does nothing. Outside a run it is ignored
/// by default (signal(7): SIGURG), so that a late one harms nobody.
extern const int turn_over_signal;

/// While one lives, the thread keeps the core: its turn does not end. A turn that should have ended
/// meanwhile ends with the last of them. They may be nested. A thread that waits or yields within
/// one hands the core on all the same; what it guards must be whole then.
class Critical {
 public:
  Critical() noexcept;
  Critical(const Critical&) = delete;
  Critical& operator=(const Critical&) = delete;
  ~Critical();
};

}  // namespace context_switch
