#include "context_switch.hpp"

#include <cxxabi.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <ctime>
#include <deque>
#include <exception>
#include <limits>
#include <map>
#include <new>
#include <string_view>
#include <unordered_map>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else  // without its header, valgrind guesses where the stacks are
#define VALGRIND_STACK_REGISTER(begin, end) 0U
#define VALGRIND_STACK_DEREGISTER(number) static_cast<void>(number)
#endif

namespace context_switch {

using Kind = Error::Kind;

// --- milestone 1: the switch ---------------------------------------------------------------------

#ifndef CONTEXT_SWITCH_PORTABLE

// The frame that a stopped context leaves on its stack, from its stack pointer up:
//    0  MXCSR and, 4 further, the x87 control word
//    8  r15, r14, r13, r12, rbx, rbp
//   56  where it goes on: pushed by the call
// Until the exchange the frame lies in the red zone, the 128 bytes below the stack pointer that no
// signal's handler touches (System V ABI for AMD64, 3.2.2). To load the control words takes half as
// long as all the rest together and they hardly ever differ, so they are compared first.
// start_context is where one goes on that never ran: with its entry in r12, its argument in r13 and
// the stack aligned. It has no caller, which the unwinder is told by an undefined rip.
asm(R"(
    .text
    # [switch]
    .globl switch_context
    .type switch_context, @function
    .p2align 4
switch_context:
    .cfi_startproc
    cmpq %rdi, %rsi
    je 4f
    leaq -56(%rsp), %rax
    stmxcsr (%rax)
    fnstcw 4(%rax)
    movq %r15, 8(%rax)
    movq %r14, 16(%rax)
    movq %r13, 24(%rax)
    movq %r12, 32(%rax)
    movq %rbx, 40(%rax)
    movq %rbp, 48(%rax)
    movq (%rsi), %rdx
    movq %rax, (%rdi)

    movl (%rax), %r8d
    movzwl 4(%rax), %r9d
    cmpl (%rdx), %r8d
    jne 1f
    cmpw 4(%rdx), %r9w
    jne 2f
3:  movq 8(%rdx), %r15
    movq 16(%rdx), %r14
    movq 24(%rdx), %r13
    movq 32(%rdx), %r12
    movq 40(%rdx), %rbx
    movq 48(%rdx), %rbp
    movq 56(%rdx), %rcx
    leaq 64(%rdx), %rsp
    jmpq *%rcx
1:  ldmxcsr (%rdx)
2:  fldcw 4(%rdx)
    jmp 3b
4:  ret
    .cfi_endproc
    .size switch_context, .-switch_context
    # [switch]

    .type start_context, @function
start_context:
    .cfi_startproc
    .cfi_undefined rip
    movq %r13, %rdi
    callq *%r12
    ud2
    .cfi_endproc
    .size start_context, .-start_context
)");

extern "C" void start_context();

void prepare(Context* context, std::span<std::byte> stack, Entry entry, void* argument) {
  struct Frame {
    std::uint32_t mxcsr = 0;
    std::uint16_t x87 = 0;
    std::uint16_t unused = 0;
    std::uint64_t r15 = 0, r14 = 0;
    void* r13 = nullptr;
    Entry r12 = nullptr;
    std::uint64_t rbx = 0, rbp = 0;
    void (*goes_on)() = nullptr;
  } frame;
  static_assert(sizeof frame == 64);
  asm("stmxcsr %0" : "=m"(frame.mxcsr));
  asm("fnstcw %0" : "=m"(frame.x87));
  frame.r12 = entry;
  frame.r13 = argument;
  frame.goes_on = start_context;

  // start_context calls, so that where the stack pointer is after the pops has to be a multiple
  // of 16.
  const auto top = reinterpret_cast<std::uintptr_t>(stack.data() + stack.size());
  std::byte* const place = stack.data() + stack.size() - top % 16 - sizeof frame;
  std::memcpy(place, &frame, sizeof frame);
  context->stack_pointer = place;
}

#else

extern "C" void switch_context(Context* from, const Context* to) {
  ::swapcontext(&from->saved, &to->saved);
}

namespace {

/// makecontext hands on numbers of 32 bits alone.
void begin(unsigned entry_high, unsigned entry_low, unsigned argument_high, unsigned argument_low) {
  const auto joined = [](unsigned high, unsigned low) {
    return static_cast<std::uintptr_t>(std::uint64_t{high} << 32U | low);
  };
  std::bit_cast<Entry>(joined(entry_high, entry_low))(
      std::bit_cast<void*>(joined(argument_high, argument_low)));
}

}  // namespace

void prepare(Context* context, std::span<std::byte> stack, Entry entry, void* argument) {
  ::getcontext(&context->saved);
  context->saved.uc_stack.ss_sp = stack.data();
  context->saved.uc_stack.ss_size = stack.size();
  context->saved.uc_link = nullptr;
  const auto first = std::uint64_t{reinterpret_cast<std::uintptr_t>(entry)};
  const auto second = std::uint64_t{reinterpret_cast<std::uintptr_t>(argument)};
  ::makecontext(&context->saved, reinterpret_cast<void (*)()>(begin), 4,
                static_cast<unsigned>(first >> 32U), static_cast<unsigned>(first),
                static_cast<unsigned>(second >> 32U), static_cast<unsigned>(second));
}

#endif

// --- milestone 2: stacks -------------------------------------------------------------------------

//! [guard_page]
Result<Stack> Stack::make(std::size_t bytes) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t pages = std::max<std::size_t>(1, bytes / page + (bytes % page != 0 ? 1 : 0));
  if (pages >= std::numeric_limits<std::size_t>::max() / page)  // more than can be counted
    return tl::unexpected(Error{Kind::no_room, ENOMEM, "a stack as large as all memory"});
  const std::size_t usable = pages * page;
  void* const memory = ::mmap(nullptr, usable + page, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
  const auto no_room = [usable](int code) {
    return tl::unexpected(
        Error{Kind::no_room, code,
              "a stack of " + std::to_string(usable) + " bytes: " + std::strerror(code)});
  };
  if (memory == MAP_FAILED) return no_room(errno);
#ifdef __SANITIZE_ADDRESS__  // it remembers the frames of whoever ended on a stack that was here
                             // before
  __asan_unpoison_memory_region(memory, usable + page);
#endif
  Stack stack;
  stack.memory_ = {static_cast<std::byte*>(memory), usable + page};
  stack.guard_ = page;
  if (::mprotect(memory, page, PROT_NONE) != 0) return no_room(errno);
  return stack;
}
//! [guard_page]

Stack::~Stack() {
  if (!memory_.empty()) ::munmap(memory_.data(), memory_.size());
}

bool Stack::guards(const void* address) const {
  return address >= memory_.data() && address < memory_.data() + guard_;
}

// --- the threads of a core -----------------------------------------------------------------------

namespace {

struct Thread;

/// Threads in a line, joined by links of their own: nothing is allocated where a signal's handler
/// moves one. A thread stands in one line at most.
class Line {
 public:
  bool empty() const { return first_ == nullptr; }
  Thread* front() const { return first_; }
  void push_back(Thread& thread);
  void remove(Thread& thread);

 private:
  Thread* first_ = nullptr;
  Thread* last_ = nullptr;
};

using Sleepers = std::multimap<Clock::time_point, Thread*>;
using Descriptors = std::map<int, Thread*>;

/// How a wait ended.
enum class Came { it, deadline, deadlock, closing };

struct Thread {
  ThreadId id = 0;
  std::string name{};
  std::function<void()> body{};
  Stack stack{};
  Context context{};
  unsigned valgrinds = 0;  ///< valgrind's number for the stack

  Line* line = nullptr;  ///< in which it stands
  Thread* previous = nullptr;
  Thread* next = nullptr;

  Came came = Came::it;
  std::optional<ThreadId> awaits{};    ///< whom it joins; nobody: where it waits, it is a channel
  std::optional<std::string> threw{};  ///< what came out of its body
  std::optional<std::string> heard{};  ///< what came out of the body of the one that it joined
  std::int64_t number = 0;             ///< what it sends through a channel, or was given
  std::optional<Sleepers::iterator> alarm{};
  std::optional<Descriptors::iterator> descriptor{};
  std::uint64_t ticket = 0;  ///< of the wait for a descriptor: its number, and below it which one
  Sleepers::node_type past_alarm{};  ///< kept, so that waking frees nothing
  Descriptors::node_type past_descriptor{};
  Line joiners{};
};

void Line::push_back(Thread& thread) {
  thread.line = this;
  thread.previous = last_;
  thread.next = nullptr;
  (last_ != nullptr ? last_->next : first_) = &thread;
  last_ = &thread;
}

void Line::remove(Thread& thread) {
  (thread.previous != nullptr ? thread.previous->next : first_) = thread.next;
  (thread.next != nullptr ? thread.next->previous : last_) = thread.previous;
  thread.line = nullptr;
}

/// "thread 3 (reader)"
std::string title(const Thread& thread) {
  return "thread " + std::to_string(thread.id) + " (" + thread.name + ")";
}

tl::unexpected<Error> failed(const std::string& tried, int code) {
  return tl::unexpected(Error{Kind::system, code, tried + ": " + std::strerror(code)});
}

tl::unexpected<Error> no_run(const std::string& tried) {
  return tl::unexpected(Error{Kind::no_thread, 0, tried + ": the core does not run"});
}

tl::unexpected<Error> nobody_left() {
  return tl::unexpected(Error{Kind::deadlock, 0, "nobody is left who could end this wait"});
}

/// An exception that came out of a thread's body.
struct Thrown {
  ThreadId by;
  std::string what;
};

/// What a core keeps. All of it is used within critical sections alone.
struct Scheduler {
  explicit Scheduler(Options with) : options(std::move(with)) {}
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;
  ~Scheduler() { close_epoll(); }
  void close_epoll() {
    if (epoll >= 0) ::close(std::exchange(epoll, -1));
  }

  Options options;
  std::unordered_map<ThreadId, std::unique_ptr<Thread>> threads{};  ///< that have not ended
  std::vector<Thrown> thrown{};  ///< that nobody has received yet, in the order of their coming
  Line line{};
  Sleepers sleepers{};
  Descriptors descriptors{};  ///< who waits for which
  Thread caller{};            ///< of run(): who goes on when all have ended
  std::span<const std::byte> callers_stack{};
  Thread* current = &caller;
  std::unique_ptr<Thread> ended{};  ///< still on its stack: whoever runs next buries it
  ThreadId next_id = 0;
  std::uint64_t switches = 0;
  unsigned turns = 0;  ///< since time and descriptors were looked at
  std::string deadlock{};
  Clock::time_point turn_began{};
  bool asleep = false;  ///< the core itself, in epoll_wait
  int epoll = -1;
  std::uint32_t tickets = 0;  ///< that were given to waits for descriptors
  pid_t kernel_thread = 0;    ///< that called run()

  void tell(const Thread& thread, Event::What what) const {
    if (options.tell && &thread != &caller) options.tell({Clock::now(), thread.id, what});
  }
  void make_ready(Thread& thread, Event::What what) {
    tell(thread, what);
    line.push_back(thread);
  }

  Result<ThreadId> spawn(std::string name, std::function<void()> body);
  void end_current();
  void set_alarm(Clock::time_point when);
  bool runs() const;
  Came wait();
  void wake(Thread& thread, Came came);
  void look(int milliseconds);
  void sleep();
  void give_up_waiting();
  Thread& next_one();
  void hand_on();
  void switch_to(Thread& next, bool for_good);
  void arrived();
};

/// How the handlers of signals, and a thread at its beginning, find their core.
Scheduler* volatile running = nullptr;

// --- critical sections ---------------------------------------------------------------------------

/// How many critical sections whoever runs is in, and whether its turn should have ended meanwhile.
/// The handler is of the same kernel thread, and leaves the first as it found it.
volatile std::sig_atomic_t critical_depth = 0;
volatile std::sig_atomic_t turn_is_over = 0;

/// Within a critical section: to the end of the line.
void end_turn() {
  const int error = errno;
  Scheduler& core = *running;
  core.look(0);
  core.make_ready(*core.current, Event::What::turn_over);
  core.hand_on();
  errno = error;
}

/// The compiler moves nothing over the two fences: the handler sees all of a section or nothing.
void enter_critical() {
  critical_depth = critical_depth + 1;
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

void leave_critical() {
  std::atomic_signal_fence(std::memory_order_seq_cst);
  critical_depth = critical_depth - 1;  // from here on a signal ends the turn by itself
  while (critical_depth == 0 && turn_is_over != 0) {
    enter_critical();
    turn_is_over = 0;
    if (running != nullptr) end_turn();
    std::atomic_signal_fence(std::memory_order_seq_cst);
    critical_depth = critical_depth - 1;
  }
}

}  // namespace

const int turn_over_signal = SIGURG;

Critical::Critical() noexcept {
  enter_critical();
}

Critical::~Critical() {
  leave_critical();
}

// --- from one thread to another ------------------------------------------------------------------

namespace {

#if defined(__x86_64__) && defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__)
/// The compiler keeps nothing of ours in a register over the switch. It need not be so; but a
/// register that the switch forgets is then seen where one looks for it, and not as a crash of
/// whatever runs next.
#define KEEP_NOTHING_IN_REGISTERS() \
  asm volatile("" ::: "rbx", "rbp", "r12", "r13", "r14", "r15", "memory")
#else
#define KEEP_NOTHING_IN_REGISTERS() static_cast<void>(0)
#endif

/// What the C++ library keeps of the exceptions of each thread of the kernel (Itanium C++ ABI,
/// 2.2.2); here it is each of ours. The contract does not ask for it.
struct Exceptions {
  void* caught;
  unsigned uncaught;
};

/// The address sanitizer has to know on which stack we are.
void leave_stack([[maybe_unused]] void** kept, [[maybe_unused]] std::span<const std::byte> next) {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_start_switch_fiber(kept, next.data(), next.size());
#endif
}

/// Returns the stack that was left.
std::span<const std::byte> arrive_on_stack([[maybe_unused]] void* kept) {
  const void* left = nullptr;
  std::size_t size = 0;
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(kept, &left, &size);
#endif
  return {static_cast<const std::byte*>(left), size};
}

}  // namespace

/// Stops the current thread and goes on with that one; returns when somebody goes on with this one,
/// and never where it is `for_good`.
[[gnu::noinline]] void Scheduler::switch_to(Thread& next, bool for_good) {
  Thread& from = *current;
  const std::sig_atomic_t depth = critical_depth;
  Exceptions exceptions;
  std::memcpy(&exceptions, abi::__cxa_get_globals(), sizeof exceptions);
  const Exceptions none{};
  std::memcpy(static_cast<void*>(abi::__cxa_get_globals()), &none, sizeof none);
  current = &next;
  if (&from != &caller && &next != &caller) ++switches;
  tell(next, Event::What::runs);

  void* kept = nullptr;
  leave_stack(for_good ? nullptr : &kept, &next == &caller ? callers_stack : next.stack.bytes());
  switch_context(&from.context, &next.context);
  KEEP_NOTHING_IN_REGISTERS();
  arrive_on_stack(kept);

  std::memcpy(static_cast<void*>(abi::__cxa_get_globals()), &exceptions, sizeof exceptions);
  critical_depth = depth;
  arrived();
}

/// The rest of a switch, done by whoever goes on: a turn begins.
void Scheduler::arrived() {
  turn_is_over = 0;
  if (ended) VALGRIND_STACK_DEREGISTER(ended->valgrinds);
  ended.reset();
  if (options.patience.count() > 0) turn_began = Clock::now();
}

/// The current thread stands in the line, or waits.
void Scheduler::hand_on() {
  const int error = errno;
  Thread& next = next_one();
  if (&next != current) {
    switch_to(next, false);
  } else {
    tell(next, Event::What::runs);
    arrived();
  }
  errno = error;
}

/// The first of the line; the caller of run() when all threads have ended.
Thread& Scheduler::next_one() {
  if (++turns >= 64) look(0);
  while (line.empty()) {
    if (threads.empty()) return caller;
    if (sleepers.empty() && descriptors.empty())
      give_up_waiting();
    else
      sleep();
  }
  Thread& next = *line.front();
  line.remove(next);
  return next;
}

// --- waiting, and what wakes ---------------------------------------------------------------------

/// For the current thread.
void Scheduler::set_alarm(Clock::time_point when) {
  current->past_alarm = {};
  current->alarm = sleepers.emplace(when, current);
}

bool Scheduler::runs() const {
  return running == this;
}

/// Until wake(). What may wake it is set already.
Came Scheduler::wait() {
  Thread& self = *current;
  if (!runs()) {  // nobody could
    if (self.line != nullptr) self.line->remove(self);
    return Came::deadlock;
  }
  tell(self, Event::What::waits);
  hand_on();
  return self.came;
}

void Scheduler::wake(Thread& thread, Came came) {
  thread.came = came;
  thread.awaits.reset();
  if (thread.line != nullptr) thread.line->remove(thread);
  if (thread.alarm) thread.past_alarm = sleepers.extract(*thread.alarm);
  thread.alarm.reset();
  if (thread.descriptor) {
    ::epoll_ctl(epoll, EPOLL_CTL_DEL, (*thread.descriptor)->first, nullptr);
    thread.past_descriptor = descriptors.extract(*thread.descriptor);
  }
  thread.descriptor.reset();
  make_ready(thread, Event::What::made_ready);
}

/// Wakes those whose descriptor is ready within that time (-1: whenever), then those whose time has
/// come.
//! [look]
void Scheduler::look(int milliseconds) {
  turns = 0;
  if (!descriptors.empty() || milliseconds != 0) {
    std::array<epoll_event, 64> ready{};
    int count = 0;
    do {  // all of them: a deadline that is over as well comes second
      count = ::epoll_wait(epoll, ready.data(), static_cast<int>(ready.size()), milliseconds);
      for (int i = 0; i < count; ++i) {
        const std::uint64_t ticket = ready[static_cast<std::size_t>(i)].data.u64;
        const auto found = descriptors.find(static_cast<int>(ticket & 0xffff'ffffU));
        if (found != descriptors.end() && found->second->ticket == ticket)
          wake(*found->second, Came::it);
      }
      milliseconds = 0;
    } while (count == static_cast<int>(ready.size()));
  }
  if (sleepers.empty()) return;
  const auto now = Clock::now();
  while (!sleepers.empty() && sleepers.begin()->first <= now) {
    Thread& sleeper = *sleepers.begin()->second;
    wake(sleeper, sleeper.descriptor ? Came::deadline : Came::it);
  }
}
//! [look]

/// The whole core sleeps until something comes, or a signal.
void Scheduler::sleep() {
  int milliseconds = -1;
  if (!sleepers.empty()) {
    const auto left = sleepers.begin()->first - std::min(sleepers.begin()->first, Clock::now());
    const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    milliseconds = static_cast<int>(std::min<std::int64_t>(rounded, 60'000));
  }
  asleep = true;
  look(milliseconds);
  if (options.patience.count() > 0) turn_began = Clock::now();  // nobody's turn was that
  asleep = false;
}

/// Nothing can come any more: that is what each wait gets for an answer.
void Scheduler::give_up_waiting() {
  std::map<ThreadId, Thread*> waiting;
  for (const auto& [id, thread] : threads) waiting.emplace(id, thread.get());
  std::string text;
  for (const auto& [id, thread] : waiting) {
    text += (text.empty() ? "" : "; ") + title(*thread) + " waits for " +
            (thread->awaits ? "thread " + std::to_string(*thread->awaits) : "a channel");
    wake(*thread, Came::deadlock);
  }
  if (deadlock.empty()) deadlock = text;
}

// --- a thread's beginning and end ----------------------------------------------------------------

namespace {

/// What every thread begins with, within a critical section: the one of whoever handed it the core.
void thread_main(void* argument) {
  Thread& self = *static_cast<Thread*>(argument);
  Scheduler& core = *running;
  const auto left = arrive_on_stack(nullptr);
  if (core.callers_stack.empty()) core.callers_stack = left;
  core.arrived();
  critical_depth = 1;
  errno = 0;
  leave_critical();
  try {
    self.body();
    enter_critical();
  } catch (const std::exception& exception) {
    enter_critical();
    self.threw = exception.what();
  } catch (...) {
    enter_critical();
    self.threw = "something that is no std::exception";
  }
  core.end_current();
}

}  // namespace

Result<ThreadId> Scheduler::spawn(std::string name, std::function<void()> body) try {
  if (threads.size() >= options.most_threads)
    return tl::unexpected(Error{Kind::no_room, 0,
                                "spawn " + name + ": there are " + std::to_string(threads.size()) +
                                    " threads, as many as may be (Options::most_threads)"});
  auto stack = Stack::make(options.stack_bytes);
  if (!stack) {
    stack.error().message = "spawn " + name + ": " + stack.error().message;
    return tl::unexpected(stack.error());
  }
  auto thread = std::make_unique<Thread>();
  thread->id = next_id++;
  thread->name = std::move(name);
  thread->body = std::move(body);
  thread->stack = std::move(*stack);
  const auto bytes = thread->stack.bytes();
  thread->valgrinds = VALGRIND_STACK_REGISTER(bytes.data(), bytes.data() + bytes.size());
  prepare(&thread->context, bytes, thread_main, thread.get());
  Thread& spawned = *thread;
  threads.emplace(spawned.id, std::move(thread));
  make_ready(spawned, Event::What::made_ready);
  return spawned.id;
} catch (const std::bad_alloc&) {
  return tl::unexpected(Error{Kind::no_room, ENOMEM, "no memory"});  // fits without more of it
}

void Scheduler::end_current() {
  Thread& self = *current;
  self.body = nullptr;
  tell(self, Event::What::ended);
  if (self.threw && !self.joiners.empty())
    self.joiners.front()->heard = std::move(self.threw);
  else if (self.threw)
    thrown.push_back({self.id, std::move(*self.threw)});
  while (!self.joiners.empty()) wake(*self.joiners.front(), Came::it);
  const auto place = threads.find(self.id);
  ended = std::move(place->second);
  threads.erase(place);
  switch_to(next_one(), true);
}

// --- signals -------------------------------------------------------------------------------------

namespace {

/// A line for standard error, put together without a call that a handler may not make.
class LastLine {
 public:
  LastLine& operator<<(std::string_view text) {
    text = text.substr(0, sizeof text_ - length_);
    std::memcpy(text_ + length_, text.data(), text.size());
    length_ += text.size();
    return *this;
  }
  LastLine& operator<<(std::uint64_t number) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    return *this << std::string_view(digits, static_cast<std::size_t>(end - digits));
  }
  void write() const {
    if (::write(STDERR_FILENO, text_, length_) < 0) return;  // there is nobody else to tell
  }

 private:
  char text_[512];
  std::size_t length_ = 0;
};

void end_of_patience(const Scheduler& core) {
  if (core.asleep || Clock::now() - core.turn_began < core.options.patience) return;
  LastLine line;
  line << "thread " << core.current->id << " (" << core.current->name
       << ") has not let go of the core for "
       << static_cast<std::uint64_t>(core.options.patience.count()) << " ms\n";
  line.write();
  ::_exit(1);
}

void block_turn_over(int how) {
  sigset_t one;
  ::sigemptyset(&one);
  ::sigaddset(&one, turn_over_signal);
  ::pthread_sigmask(how, &one, nullptr);
}

/// The signal is blocked while it is handled, or a shower of it would fill the stack with handlers;
/// but not over the switch, since the handler does not return before its thread runs again.
void end_turn_in_handler() {
  enter_critical();
  do {
    turn_is_over = 0;
    block_turn_over(SIG_UNBLOCK);
    end_turn();
    block_turn_over(SIG_BLOCK);
  } while (turn_is_over != 0);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  critical_depth = critical_depth - 1;
}

//! [turn_over]
void on_turn_over(int signal, siginfo_t* info, void*) {
  if (running == nullptr) return;
  const int error = errno;
  if (::gettid() != running->kernel_thread) {  // the kernel gave it to another thread of ours
    ::tgkill(::getpid(), running->kernel_thread, signal);
  } else if (info->si_code == SI_TIMER && running->options.quantum.count() == 0) {
    end_of_patience(*running);
  } else if (critical_depth > 0) {
    turn_is_over = 1;
  } else {
    end_turn_in_handler();
  }
  errno = error;
}
//! [turn_over]

struct sigaction fault_action_before;

/// Whether the kernel found no room on the stack for what a signal interrupts. It names no address
/// then.
bool no_room_for_a_handler([[maybe_unused]] const Stack& stack,
                           [[maybe_unused]] const siginfo_t& info,
                           [[maybe_unused]] const void* context) {
#ifdef __x86_64__
  const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs;
  const auto top = static_cast<std::uintptr_t>(registers[REG_RSP]);
  const auto bottom = reinterpret_cast<std::uintptr_t>(stack.bytes().data());
  constexpr std::uintptr_t red_zone = 128;
  return info.si_code == SI_KERNEL && !stack.bytes().empty() && top >= bottom &&
         top - bottom < ::getauxval(AT_MINSIGSTKSZ) + red_zone;
#else
  return false;
#endif
}

/// On a stack of its own: there is no room on the one that is full.
void on_fault(int signal, siginfo_t* info, void* context) {
  const struct sigaction& before = fault_action_before;
  const Thread* const thread = running != nullptr ? running->current : nullptr;
  if (thread != nullptr && (thread->stack.guards(info->si_addr) ||
                            no_room_for_a_handler(thread->stack, *info, context))) {
    LastLine line;
    line << "thread " << thread->id << " (" << thread->name << "): stack overflow, "
         << thread->stack.bytes().size() << " bytes are full\n";
    line.write();
  } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
    if ((before.sa_flags & SA_SIGINFO) != 0) return before.sa_sigaction(signal, info, context);
    return before.sa_handler(signal);
  } else if (before.sa_handler == SIG_IGN && info->si_code <= 0) {
    return;  // it was sent, and is ignored
  }
  ::signal(SIGSEGV, SIG_DFL);  // the same instruction faults again, where one has
  if (info->si_code <= 0 || info->si_code == SI_KERNEL) ::raise(SIGSEGV);
}

/// The actions of signals, the stack for them and the timer, while it lives.
class Signals {
 public:
  explicit Signals(const Options& options) {
    stack_t stack{};
    stack.ss_sp = memory_.data();
    stack.ss_size = memory_.size();
    ::sigaltstack(&stack, &stack_before_);
    struct sigaction fault {};
    fault.sa_sigaction = on_fault;
    fault.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigaction(SIGSEGV, &fault, &fault_action_before);

    struct sigaction turn {};
    turn.sa_sigaction = on_turn_over;
    turn.sa_flags = SA_SIGINFO | SA_RESTART;
    ::sigaction(turn_over_signal, &turn, &turn_action_before_);

    using namespace std::chrono;
    const nanoseconds interval = options.quantum.count() > 0 ? nanoseconds(options.quantum)
                                                             : nanoseconds(options.patience) / 4;
    if (interval.count() <= 0) return;
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = turn_over_signal;
    event._sigev_un._tid = ::gettid();
    ticks_ = ::timer_create(CLOCK_MONOTONIC, &event, &timer_) == 0;
    if (!ticks_) error_ = errno;
    const timespec each{duration_cast<seconds>(interval).count(), interval.count() % 1'000'000'000};
    const itimerspec times{each, each};
    if (ticks_) ::timer_settime(timer_, 0, &times, nullptr);
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals() {
    if (ticks_) ::timer_delete(timer_);
    ::sigaction(turn_over_signal, &turn_action_before_, nullptr);
    ::sigaction(SIGSEGV, &fault_action_before, nullptr);
    stack_before_.ss_flags &= ~SS_ONSTACK;
    ::sigaltstack(&stack_before_, nullptr);
  }

  /// errno of the timer that could not be made, or 0.
  int error() const { return error_; }

 private:
  std::vector<std::byte> memory_ = std::vector<std::byte>(std::size_t{64} << 10U);
  stack_t stack_before_{};
  struct sigaction turn_action_before_ {};
  timer_t timer_{};
  bool ticks_ = false;
  int error_ = 0;
};

}  // namespace

// --- milestone 3: threads that take turns --------------------------------------------------------

struct Core::State : Scheduler {
  using Scheduler::Scheduler;
};

Core::Core(Options options) : state_(std::make_unique<State>(std::move(options))) {}

Core::~Core() = default;

Result<void> Core::run(std::string name, std::function<void()> body) {
  if (running != nullptr) return failed("run " + name + ": another core runs", EBUSY);
  const Critical whole;
  state_ = std::make_unique<State>(std::move(state_->options));
  State& core = *state_;
  core.epoll = ::epoll_create1(EPOLL_CLOEXEC);
  if (core.epoll < 0) return failed("run " + name + ": epoll", errno);
  const auto close = [](State* one) { one->close_epoll(); };
  const std::unique_ptr<State, decltype(close)> ends(&core, close);
  core.kernel_thread = ::gettid();
  {
    const Signals signals(core.options);
    if (signals.error() != 0) return failed("run " + name + ": timer", signals.error());
    if (const auto first = core.spawn(std::move(name), std::move(body)); !first)
      return tl::unexpected(first.error());
    core.turn_began = Clock::now();
    running = &core;
    core.hand_on();
    running = nullptr;
  }
  if (!core.deadlock.empty()) return tl::unexpected(Error{Kind::deadlock, 0, core.deadlock});
  if (!core.thrown.empty()) return tl::unexpected(Error{Kind::threw, 0, core.thrown.front().what});
  return {};
}

Result<ThreadId> Core::spawn(std::string name, std::function<void()> body) {
  const Critical whole;
  if (!state_->runs()) return no_run("spawn " + name);
  return state_->spawn(std::move(name), std::move(body));
}

void Core::yield() {
  const Critical whole;
  if (!state_->runs()) return;
  state_->make_ready(*state_->current, Event::What::yielded);
  state_->hand_on();
}

Result<void> Core::join(ThreadId thread) {
  const Critical whole;
  State& core = *state_;
  if (!core.runs()) return no_run("join");
  if (thread >= core.next_id)
    return tl::unexpected(
        Error{Kind::no_thread, 0, "join: there is no thread " + std::to_string(thread)});
  const auto threw = [](std::string what) {
    return tl::unexpected(Error{Kind::threw, 0, std::move(what)});
  };
  const auto found = core.threads.find(thread);
  if (found == core.threads.end()) {
    const auto thrown = std::find_if(core.thrown.begin(), core.thrown.end(),
                                     [thread](const Thrown& one) { return one.by == thread; });
    if (thrown == core.thrown.end()) return {};
    std::string what = std::move(thrown->what);
    core.thrown.erase(thrown);
    return threw(std::move(what));
  }
  Thread& self = *core.current;
  self.awaits = thread;
  found->second->joiners.push_back(self);
  if (core.wait() == Came::deadlock) return nobody_left();
  if (!self.heard) return {};
  return threw(*std::exchange(self.heard, std::nullopt));
}

void Core::sleep_until(Clock::time_point when) {
  const Critical whole;
  if (!state_->runs()) return;
  state_->set_alarm(when);
  state_->wait();
}

Result<void> Core::wait_ready(int descriptor, Direction direction, Clock::time_point deadline) {
  const Critical whole;
  State& core = *state_;
  Thread& self = *core.current;
  const std::string tried = "wait for descriptor " + std::to_string(descriptor);
  if (!core.runs()) return no_run(tried);
  // Who waits for a descriptor that was closed meanwhile cannot be taken out of epoll again, if
  // there is a copy of it: one event at most, and its ticket tells that nobody waits for it.
  epoll_event event{};
  event.events = (direction == Direction::readable ? EPOLLIN : EPOLLOUT) | EPOLLONESHOT;
  event.data.u64 = self.ticket =
      std::uint64_t{++core.tickets} << 32U | static_cast<std::uint32_t>(descriptor);
  if (core.descriptors.contains(descriptor)) return failed(tried, EEXIST);
  if (::epoll_ctl(core.epoll, EPOLL_CTL_ADD, descriptor, &event) != 0) return failed(tried, errno);
  self.past_descriptor = {};
  self.descriptor = core.descriptors.emplace(descriptor, &self).first;
  core.set_alarm(deadline);
  if (core.wait() == Came::it) return {};
  return tl::unexpected(Error{Kind::timed_out, 0, tried + ": the deadline is over"});
}

ThreadId Core::self() const {
  return state_->current->id;
}

std::uint64_t Core::switches() const {
  return state_->switches;
}

// --- channels ------------------------------------------------------------------------------------

struct Channel::State {
  Core& core;
  std::size_t capacity;
  std::deque<std::int64_t> numbers{};
  Line senders{};    ///< wait only while it is full
  Line receivers{};  ///< wait only while it is empty
  bool closed = false;
};

namespace {

tl::unexpected<Error> no_more() {
  return tl::unexpected(Error{Kind::closed, 0, "the channel is closed"});
}

}  // namespace

Channel::Channel(Core& core, std::size_t capacity)
    : state_([&] {
        const Critical whole;
        return new State{core, std::max<std::size_t>(1, capacity)};
      }()) {}

Channel::~Channel() {
  const Critical whole;
  close();
  state_.reset();
}

Result<void> Channel::send(std::int64_t number) {
  const Critical whole;
  if (state_->closed) return no_more();
  Scheduler& scheduler = *state_->core.state_;
  if (!state_->receivers.empty()) {  // given to it, so that nobody takes it before
    Thread& receiver = *state_->receivers.front();
    receiver.number = number;
    scheduler.wake(receiver, Came::it);
    return {};
  }
  if (state_->numbers.size() < state_->capacity) {
    state_->numbers.push_back(number);
    return {};
  }
  scheduler.current->number = number;
  state_->senders.push_back(*scheduler.current);
  const Came came = scheduler.wait();  // the channel need not be there any more
  if (came == Came::closing) return no_more();
  if (came == Came::deadlock) return nobody_left();
  return {};
}

Result<std::int64_t> Channel::receive() {
  const Critical whole;
  Scheduler& scheduler = *state_->core.state_;
  if (!state_->numbers.empty()) {
    const std::int64_t number = state_->numbers.front();
    state_->numbers.pop_front();
    if (!state_->senders.empty()) {
      Thread& sender = *state_->senders.front();
      state_->numbers.push_back(sender.number);
      scheduler.wake(sender, Came::it);
    }
    return number;
  }
  if (state_->closed) return no_more();
  Thread& self = *scheduler.current;
  state_->receivers.push_back(self);
  const Came came = scheduler.wait();
  if (came == Came::closing) return no_more();
  if (came == Came::deadlock) return nobody_left();
  return self.number;
}

void Channel::close() {
  const Critical whole;
  state_->closed = true;
  for (Line* const line : {&state_->senders, &state_->receivers})
    while (!line->empty()) state_->core.state_->wake(*line->front(), Came::closing);
}

}  // namespace context_switch
