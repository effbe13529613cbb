#include "demo/cost.hpp"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <functional>
#include <iostream>
#include <thread>

#include "context_switch.hpp"
#include "demo/screen.hpp"
#include "failure.hpp"
#include "file_descriptor.hpp"
#include "language.hpp"
#include "terminal.hpp"
#include "todo.hpp"

namespace switch_demo {

namespace {

using namespace context_switch;
using dialtone::Failure;
using dialtone::FileDescriptor;
using dialtone::tr;

constexpr std::size_t stack_bytes = std::size_t{64} << 10U;

/// Nanoseconds of one of `count` things that `play` does.
double timed(int count, const std::function<void()>& play) {
  const auto start = Clock::now();
  play();
  const std::chrono::duration<double, std::nano> took = Clock::now() - start;
  return took.count() / count;
}

/// The median of measurements is not moved by the one in which the machine did something else.
double median(std::size_t times, const std::function<double()>& measure) {
  std::vector<double> all(times);
  for (double& one : all) one = measure();
  std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(times / 2), all.end());
  return all[times / 2];
}

// --- the lab's own ---

struct Pair {
  Context here, there;
};

/// Hands the core back, whenever it gets it.
void hand_back(void* pair) {
  auto& both = *static_cast<Pair*>(pair);
  for (;;) switch_context(&both.there, &both.here);
}

[[maybe_unused]] double of_switch_context(int rounds) {
  std::vector<std::byte> stack(stack_bytes);
  Pair both;
  prepare(&both.there, stack, hand_back, &both);
  switch_context(&both.here, &both.there);
  return timed(2 * rounds, [&] {
    for (int i = 0; i < rounds; ++i) switch_context(&both.here, &both.there);
  });
}

double of_yield(int rounds) {
  double cost = 0;
  Core core;
  const auto yields = [&core, rounds] {
    for (int i = 0; i < rounds; ++i) core.yield();
  };
  const auto ran = core.run("main", [&] {
    if (const auto other = core.spawn("other", yields); !other)
      throw Failure(other.error().message);
    cost = timed(2 * rounds, yields);
  });
  if (!ran) throw Failure(ran.error().message);
  return cost;
}

// --- the system's ---

struct UcontextPair {
  ucontext_t here, there;
};
UcontextPair* ucontext_pair = nullptr;

void hand_ucontext_back() {
  for (;;) ::swapcontext(&ucontext_pair->there, &ucontext_pair->here);
}

double of_swapcontext(int rounds) {
  std::vector<std::byte> stack(stack_bytes);
  UcontextPair both{};
  // cppcheck-suppress danglingLifetime
  ucontext_pair = &both;
  ::getcontext(&both.there);
  both.there.uc_stack.ss_sp = stack.data();
  both.there.uc_stack.ss_size = stack.size();
  ::makecontext(&both.there, hand_ucontext_back, 0);
  return timed(2 * rounds, [&] {
    for (int i = 0; i < rounds; ++i) ::swapcontext(&both.here, &both.there);
  });
}

double of_getppid(int rounds) {
  return timed(rounds, [rounds] {
    for (int i = 0; i < rounds; ++i) ::syscall(SYS_getppid);
  });
}

/// Both threads of a ping-pong on the core where this one is: whoever waits hands it on.
void pin(std::thread& thread, int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  ::pthread_setaffinity_np(thread.native_handle(), sizeof set, &set);
}

/// Two kernel threads on one core, `play(0)` and `play(1)`, each of which hands the core on
/// `rounds` times.
double of_two_threads(int rounds, const std::function<void(int)>& play) {
  const int cpu = std::max(0, ::sched_getcpu());
  std::atomic<int> ready{0};
  std::atomic<bool> go{false};
  const auto body = [&](int who) {
    ready.fetch_add(1);
    while (!go.load()) ::sched_yield();
    play(who);
  };
  std::thread first(body, 0);
  std::thread second(body, 1);
  pin(first, cpu);
  pin(second, cpu);
  while (ready.load() < 2) std::this_thread::yield();
  return timed(2 * rounds, [&] {
    go.store(true);
    first.join();
    second.join();
  });
}

double of_futex(int rounds) {
  std::atomic<std::uint32_t> turn{0};
  static_assert(sizeof turn == sizeof(std::uint32_t));
  const auto futex = [&turn](int operation, std::uint32_t value) {
    ::syscall(SYS_futex, &turn, operation, value, nullptr, nullptr, 0);
  };
  return of_two_threads(rounds, [&, rounds](int who) {
    const auto mine = static_cast<std::uint32_t>(who);
    for (int i = 0; i < rounds; ++i) {
      while (turn.load() != mine) futex(FUTEX_WAIT_PRIVATE, 1 - mine);
      turn.store(1 - mine);
      futex(FUTEX_WAKE_PRIVATE, 1);
    }
  });
}

double of_pipes(int rounds) {
  std::array<FileDescriptor, 2> reading, writing;
  for (std::size_t i = 0; i < 2; ++i) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) throw Failure(tr("cannot make a pipe", "无法创建管道"));
    reading[i].reset(ends[0]);
    writing[i].reset(ends[1]);
  }
  return of_two_threads(rounds, [&, rounds](int who) {
    const auto mine = static_cast<std::size_t>(who);
    char byte = 0;
    for (int i = 0; i < rounds; ++i) {
      if (who == 1 && ::read(reading[mine].get(), &byte, 1) != 1) return;
      if (::write(writing[1 - mine].get(), &byte, 1) != 1) return;
      if (who == 0 && ::read(reading[mine].get(), &byte, 1) != 1) return;
    }
  });
}

/// In the order of what they cost.
template <class Tell>
std::vector<Cost> measure_all(bool brief, Tell tell) {
  std::vector<Cost> all;
  const int less = brief ? 4 : 1;
  const std::size_t times = brief ? 5 : 9;
  const auto add = [&](const char* id, const std::string& name, double (*measure)(int),
                       int rounds) {
    Cost cost{id, name, 0, {}};
    try {
      cost.nanoseconds = median(times, [&] { return measure(rounds / less); });
    } catch (const dialtone::Todo& todo) {
      cost.unwritten = todo.text;
    }
    all.push_back(std::move(cost));
    tell(all.back());
  };
#ifndef CONTEXT_SWITCH_PORTABLE
  add("switch_context", "switch_context", of_switch_context, 400'000);
#endif
  add("yield", "Core::yield", of_yield, 100'000);
  add("getppid", tr("a system call", "一次系统调用"), of_getppid, 40'000);
  add("swapcontext", "swapcontext", of_swapcontext, 20'000);
  add("futex", tr("threads, futex", "线程，futex"), of_futex, 4'000);
  add("pipe", tr("threads, pipes", "线程，管道"), of_pipes, 4'000);
  return all;
}

// --- the drawing ---

constexpr double decades = 5;  // of the axis: 1 ns to 100 µs

/// Where the bars stand, in columns.
struct Layout {
  std::size_t names = 16;
  std::size_t bars;  ///< the width of all decades

  Layout() : bars(std::max<std::size_t>(15, dialtone::terminal_columns() - names - 10) / 5 * 5) {}
};

std::string line_of(const Cost& cost, const Layout& layout) {
  if (!cost.unwritten.empty())
    return dialtone::pad(cost.name, layout.names) + cost.unwritten + '\n';
  const double share = std::clamp(std::log10(cost.nanoseconds) / decades, 0.0, 1.0);
  const auto eighths = static_cast<std::size_t>(share * static_cast<double>(layout.bars) * 8);
  const bool ours = cost.id == "switch_context" || cost.id == "yield";
  return dialtone::pad(cost.name, layout.names) +
         dialtone::coloured(ours ? dialtone::Colour::green : dialtone::Colour::blue,
                            bar(std::max<std::size_t>(eighths, 4))) +
         ' ' + spoken(cost.nanoseconds) + '\n';
}

std::string axis(const Layout& layout) {
  const std::size_t step = layout.bars / 5;
  std::string line;
  std::string figures;
  const std::array<std::string, 6> words = {
      "1 ns", "10",
      "100",  std::string(dialtone::glyph("1 µs", "1 us")),
      "10",   std::string(dialtone::glyph("100 µs", "100 us"))};
  for (std::size_t i = 0; i < words.size(); ++i) {
    line += dialtone::glyph(i == 0 ? "└" : i + 1 < words.size() ? "┴" : "┘", "+");
    for (std::size_t column = 1; column < step && i + 1 < words.size(); ++column)
      line += dialtone::glyph("─", "-");
    const bool room = dialtone::display_width(figures) < i * step || i == 0;
    if (room && (step >= 6 || i % 3 == 0)) figures = dialtone::pad(figures, i * step) + words[i];
  }
  const std::string margin(layout.names, ' ');
  return margin + line + '\n' + margin + figures + '\n';
}

[[maybe_unused]] double of(const std::vector<Cost>& all, std::string_view id) {
  for (const Cost& cost : all)
    if (cost.id == id) return cost.nanoseconds;
  return 0;
}

[[maybe_unused]] std::string times_as_much(double more, double less) {
  return grouped(std::lround(more / std::max(less, 0.01)));
}

}  // namespace

std::vector<Cost> costs(bool brief) {
  return measure_all(brief, [](const Cost&) {});
}

std::vector<Cost> show_costs(bool brief) {
  const Layout layout;
  auto all = measure_all(
      brief, [&](const Cost& cost) { std::cout << line_of(cost, layout) << std::flush; });
  std::cout << axis(layout);
#ifdef CONTEXT_SWITCH_PORTABLE
  say(tr("There is no assembly for this machine: switch_context is swapcontext here.",
         "这种机器没有汇编版本：这里的 switch_context 就是 swapcontext。"));
#else
  const double one = of(all, "switch_context");
  if (one == 0) return all;
  say(tr("Each division is ten times the one before. One system call takes as long as ",
         "每一大格是前一格的十倍。一次系统调用抵得上 ") +
      times_as_much(of(all, "getppid"), one) +
      tr(" switches, one swapcontext (which makes a system call for the signal mask) as long as ",
         " 次切换；一次 swapcontext（它要为信号掩码做系统调用）抵 ") +
      times_as_much(of(all, "swapcontext"), one) +
      tr(", a kernel thread that wakes another as long as ", " 次；一个内核线程叫醒另一个抵 ") +
      times_as_much(of(all, "futex"), one) + tr(".", " 次。"));
#endif
  return all;
}

nlohmann::ordered_json json_of(const std::vector<Cost>& costs) {
  auto list = nlohmann::ordered_json::array();
  for (const Cost& cost : costs)
    if (cost.unwritten.empty())
      list.push_back({{"name", cost.id}, {"nanoseconds", cost.nanoseconds}});
  return list;
}

}  // namespace switch_demo
