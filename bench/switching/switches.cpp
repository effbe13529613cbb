#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <coroutine>
#include <exception>
#include <memory>
#include <thread>
#include <vector>

#include "context_switch.hpp"
#include "file_descriptor.hpp"
#include "language.hpp"
#include "sections.hpp"
#ifdef HAVE_BOOST_CONTEXT
#include <boost/context/detail/fcontext.hpp>
#endif

// Ours but for its last two instructions: what a return costs that goes where no call came from.
#ifdef __x86_64__
asm(R"(
    .text
    .globl switch_by_ret
    .type switch_by_ret, @function
    .p2align 4
switch_by_ret:
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
    leaq 56(%rdx), %rsp
    ret
1:  ldmxcsr (%rdx)
2:  fldcw 4(%rdx)
    jmp 3b
4:  ret
    .size switch_by_ret, .-switch_by_ret
)");
#endif
extern "C" void switch_by_ret(context_switch::Context* from, const context_switch::Context* to);

namespace switching_bench {
namespace {

using bench::must;
using bench::seconds_of;
using context_switch::Context;
using dialtone::FileDescriptor;
using dialtone::tr;

using Stack = std::array<std::byte, std::size_t{64} << 10U>;

/// Nanoseconds of one switch, where `turns` times there and back take so long.
double nanoseconds(double seconds, std::size_t turns) {
  return 1e9 * seconds / static_cast<double>(2 * turns);
}

// --- contexts of one thread ---

struct Pair {
  Context here;
  Context there;
};

template <void (*go)(Context*, const Context*)>
double by_assembly() {
  constexpr std::size_t turns = 1'000'000;
  const auto stack = std::make_unique<Stack>();
  Pair pair;
  const auto answer = [](void* argument) {
    auto& both = *static_cast<Pair*>(argument);
    for (;;) go(&both.there, &both.here);
  };
  context_switch::prepare(&pair.there, *stack, answer, &pair);
  return nanoseconds(seconds_of([&] {
                       for (std::size_t i = 0; i < turns; ++i) go(&pair.here, &pair.there);
                     }),
                     turns);
}

#ifdef HAVE_BOOST_CONTEXT
namespace fcontext = boost::context::detail;

void answer_boost(fcontext::transfer_t caller) {
  for (;;) caller = fcontext::jump_fcontext(caller.fctx, nullptr);
}

double by_boost() {
  constexpr std::size_t turns = 1'000'000;
  const auto stack = std::make_unique<Stack>();
  fcontext::transfer_t other{
      fcontext::make_fcontext(stack->data() + stack->size(), stack->size(), answer_boost), nullptr};
  return nanoseconds(seconds_of([&] {
                       for (std::size_t i = 0; i < turns; ++i)
                         other = fcontext::jump_fcontext(other.fctx, nullptr);
                     }),
                     turns);
}
#endif

ucontext_t ours;
ucontext_t theirs;

void answer_by_swapcontext() {
  for (;;) ::swapcontext(&theirs, &ours);
}

double by_swapcontext() {
  constexpr std::size_t turns = 50'000;
  const auto stack = std::make_unique<Stack>();
  ::getcontext(&theirs);
  theirs.uc_stack.ss_sp = stack->data();
  theirs.uc_stack.ss_size = stack->size();
  ::makecontext(&theirs, answer_by_swapcontext, 0);
  return nanoseconds(seconds_of([] {
                       for (std::size_t i = 0; i < turns; ++i) ::swapcontext(&ours, &theirs);
                     }),
                     turns);
}

/// It has no stack of its own: only its own frame outlives a switch.
struct Coroutine {
  struct promise_type {
    Coroutine get_return_object() {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};

Coroutine answer_by_coroutine(const std::atomic<bool>& going_on) {
  while (going_on.load(std::memory_order_relaxed)) co_await std::suspend_always{};
}

double by_coroutine() {
  constexpr std::size_t turns = 1'000'000;
  std::atomic<bool> going_on = true;
  const Coroutine coroutine = answer_by_coroutine(going_on);
  const double seconds = seconds_of([&] {
    for (std::size_t i = 0; i < turns; ++i) coroutine.handle.resume();
  });
  coroutine.handle.destroy();
  return nanoseconds(seconds, turns);
}

double by_yield() {
  constexpr std::size_t turns = 200'000;
  double seconds = 0;
  context_switch::Core core;
  const auto run = core.run("first", [&] {
    const auto other = core.spawn("second", [&core] {
      for (std::size_t i = 0; i < turns; ++i) core.yield();
    });
    seconds = seconds_of([&core] {
      for (std::size_t i = 0; i < turns; ++i) core.yield();
    });
    must(other.has_value(), "a thread cannot be spawned");
  });
  must(run.has_value(), "the core failed");
  return nanoseconds(seconds, turns);
}

// --- the kernel ---

double by_system_call() {
  constexpr std::size_t calls = 200'000;
  return 1e9 * seconds_of([] {
           for (std::size_t i = 0; i < calls; ++i) ::syscall(SYS_getppid);
         }) /
         static_cast<double>(calls);
}

/// Both ends on this core alone, so that each waits for a switch of the kernel's.
class OnOneCore {
 public:
  OnOneCore() {
    must(::sched_getaffinity(0, sizeof before_, &before_) == 0, "sched_getaffinity");
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(::sched_getcpu(), &one);
    must(::sched_setaffinity(0, sizeof one, &one) == 0, "sched_setaffinity");
  }
  OnOneCore(const OnOneCore&) = delete;
  OnOneCore& operator=(const OnOneCore&) = delete;
  ~OnOneCore() { ::sched_setaffinity(0, sizeof before_, &before_); }

 private:
  cpu_set_t before_{};
};

constexpr std::size_t kernel_turns = 20'000;

/// A ball that two threads throw each other: whose turn it is lies in one word.
class Ball {
 public:
  void wait_for(std::uint32_t mine) {
    while (turn_.load(std::memory_order_acquire) != mine) futex(FUTEX_WAIT_PRIVATE, 1 - mine);
  }
  void give(std::uint32_t other) {
    turn_.store(other, std::memory_order_release);
    futex(FUTEX_WAKE_PRIVATE, 1);
  }

 private:
  void futex(int operation, std::uint32_t value) {
    ::syscall(SYS_futex, &turn_, operation, value, nullptr, nullptr, 0);
  }
  std::atomic<std::uint32_t> turn_ = 0;
};

double by_futex() {
  const OnOneCore here;
  Ball ball;
  std::thread other([&ball] {
    for (std::size_t i = 0; i < kernel_turns; ++i) {
      ball.wait_for(1);
      ball.give(0);
    }
  });
  const double seconds = seconds_of([&ball] {
    for (std::size_t i = 0; i < kernel_turns; ++i) {
      ball.give(1);
      ball.wait_for(0);
    }
  });
  other.join();
  return nanoseconds(seconds, kernel_turns);
}

/// Two pipes between whoever plays.
struct Pipes {
  FileDescriptor there_out, there_in, back_out, back_in;
  Pipes() {
    int ends[2];
    must(::pipe(ends) == 0, "pipe");
    there_out.reset(ends[0]);
    there_in.reset(ends[1]);
    must(::pipe(ends) == 0, "pipe");
    back_out.reset(ends[0]);
    back_in.reset(ends[1]);
  }
  void answer() const {
    char ball = 0;
    for (std::size_t i = 0; i < kernel_turns; ++i)
      if (::read(there_out.get(), &ball, 1) != 1 || ::write(back_in.get(), &ball, 1) != 1) return;
  }
  double play() const {
    char ball = 'o';
    bool went = true;
    const double seconds = seconds_of([&] {
      for (std::size_t i = 0; i < kernel_turns && went; ++i)
        went = ::write(there_in.get(), &ball, 1) == 1 && ::read(back_out.get(), &ball, 1) == 1;
    });
    must(went, "a pipe broke");
    return nanoseconds(seconds, kernel_turns);
  }
};

double by_pipe_of_threads() {
  const OnOneCore here;
  const Pipes pipes;
  std::thread other([&pipes] { pipes.answer(); });
  const double each = pipes.play();
  other.join();
  return each;
}

double by_pipe_of_processes() {
  const OnOneCore here;
  const Pipes pipes;
  const pid_t other = ::fork();
  must(other >= 0, "fork");
  if (other == 0) {
    pipes.answer();
    ::_exit(0);
  }
  const double each = pipes.play();
  ::waitpid(other, nullptr, 0);
  return each;
}

bench::Contest contest(std::string what, std::function<double()> once) {
  return {{std::move(what), "ns", {}}, std::move(once)};
}

}  // namespace

bench::Report switches(std::size_t runs) {
  std::vector<bench::Contest> contests = {
      contest(tr("switch_context", "switch_context"), by_assembly<context_switch::switch_context>),
      contest("swapcontext", by_swapcontext)};
#ifdef HAVE_BOOST_CONTEXT
  contests.push_back(contest("Boost.Context jump_fcontext", by_boost));
#endif
#ifdef __x86_64__
  contests.push_back(contest(tr("the same, ending in ret", "同样的代码，以 ret 结尾"),
                             by_assembly<switch_by_ret>));
#endif
  contests.push_back(
      contest(tr("C++20 coroutine (no stack)", "C++20 协程（没有栈）"), by_coroutine));
  contests.push_back(contest("Core::yield", by_yield));
  contests.push_back(contest(tr("system call (getppid)", "系统调用（getppid）"), by_system_call));
  contests.push_back(contest(tr("futex, two threads", "futex，两个线程"), by_futex));
  contests.push_back(contest(tr("pipe, two threads", "管道，两个线程"), by_pipe_of_threads));
  contests.push_back(contest(tr("pipe, two processes", "管道，两个进程"), by_pipe_of_processes));

  bench::Report report;
  report.title = tr("One switch, on one core", "一次切换，在同一个核上");
  report.figures = bench::measure(std::move(contests), runs);
  const double times = 1 / bench::share(report.figures[0], report.figures[1]);
  report.verdicts.push_back({bench::number(times) + tr(" times as fast as swapcontext; goal 50",
                                                       " 倍于 swapcontext 的速度；目标 50"),
                             times >= 50});
#ifdef HAVE_BOOST_CONTEXT
  const double part = bench::share(report.figures[0], report.figures[2]);
  report.verdicts.push_back(
      {bench::percent(part) + tr(" of what jump_fcontext takes; goal at most 100 %",
                                 "（与 jump_fcontext 用时之比；目标不超过 100 %）"),
       part <= 1});
#endif
  report.bound = tr(
      "the stack pointer's way through memory, and the two control words: kept each time, loaded "
      "(slowly) only where they differ; from swapcontext on, the way into the kernel and out of "
      "it; from the futex on, its scheduler",
      "瓶颈：栈指针在内存里走一趟，以及两个控制字：每次都保存，只有不同时才（缓慢地）装入；swapcont"
      "ext "
      "起是进出内核，futex 起还有内核的调度");
  return report;
}

}  // namespace switching_bench
