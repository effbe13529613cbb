#include <cstdio>
#include <fstream>
#include <string>
#include <thread>

#include "context_switch.hpp"
#include "language.hpp"
#include "sections.hpp"

namespace switching_bench {
namespace {

using bench::must;
using bench::seconds_of;
using context_switch::Core;
using dialtone::tr;

constexpr std::size_t many = 100'000;

/// A figure of /proc/self/status, in KiB.
double memory(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(field + ":")) return std::stod(line.substr(field.size() + 1));
  must(false, "no " + field + " in /proc/self/status");
  return 0;
}

/// One after the other: made, run to its end, joined.
double made_and_joined() {
  Core core;
  std::size_t ran = 0;
  const double seconds = seconds_of([&] {
    const auto run = core.run("first", [&] {
      for (std::size_t i = 0; i < many; ++i) {
        const auto thread = core.spawn("one", [&ran] { ++ran; });
        must(thread && core.join(*thread), "a thread failed");
      }
    });
    must(run && ran == many, "the core failed");
  });
  return 1e6 * seconds / static_cast<double>(many);
}

double kernel_threads() {
  constexpr std::size_t few = 10'000;
  std::size_t ran = 0;
  const double seconds = seconds_of([&ran] {
    for (std::size_t i = 0; i < few; ++i) std::thread([&ran] { ++ran; }).join();
  });
  must(ran == few, "a thread failed");
  return 1e6 * seconds / static_cast<double>(few);
}

/// KiB that a waiting thread takes, with so many of them alive.
double each_waiting() {
  constexpr std::size_t alive = 10'000;
  context_switch::Options options;
  options.most_threads = alive + 1;
  Core core(options);
  double before = 0;
  double during = 0;
  const auto run = core.run("first", [&] {
    context_switch::Channel gate(core, 1);
    before = memory("VmRSS");
    for (std::size_t i = 0; i < alive; ++i)
      must(core.spawn("waits", [&gate] { must(!gate.receive(), "the gate let one in"); })
               .has_value(),
           "a thread cannot be spawned");
    core.yield();
    during = memory("VmRSS");
    gate.close();
  });
  must(run.has_value(), "the core failed");
  return (during - before) / static_cast<double>(alive);
}

/// KiB by which the process grew over a million switches and 100,000 threads.
double growth() {
  const double before = memory("VmRSS");
  made_and_joined();
  Core core;
  const auto run = core.run("first", [&core] {
    const auto other = core.spawn("second", [&core] {
      for (std::size_t i = 0; i < 500'000; ++i) core.yield();
    });
    for (std::size_t i = 0; i < 500'000; ++i) core.yield();
    must(other.has_value(), "a thread cannot be spawned");
  });
  must(run && core.switches() >= 1'000'000, "the core failed");
  return memory("VmRSS") - before;
}

}  // namespace

bench::Report threads(std::size_t runs) {
  made_and_joined();  // what the allocator takes once
  bench::Report report;
  report.title = tr("Threads of one core", "同一个核上的线程");
  report.figures = bench::measure(
      {{{tr("made and joined", "创建并汇合"), "µs", {}}, made_and_joined},
       {{tr("std::thread, the same", "std::thread，同样的事"), "µs", {}}, kernel_threads},
       {{tr("memory of one that waits", "一个等待者占的内存"), "KiB", {}}, each_waiting},
       {{tr("growth over 10⁶ switches, 10⁵ threads", "10⁶ 次切换、10⁵ 个线程后的增长"), "KiB", {}},
        growth}},
      runs);
  const double grown = report.figures[3].median();
  report.verdicts = {{tr("grows by ", "增长 ") + bench::number(grown) +
                          tr(" KiB over 100,000 threads; goal: not at all",
                             " KiB（100,000 个线程之后）；目标：不增长"),
                      grown < 64}};
  report.bound =
      tr("mapping a stack and its guard page and giving them back: three system calls a "
         "thread; a page of stack for each that ever ran",
         "瓶颈：映射栈和保护页再归还，每个线程三次系统调用；运行过的线程至少占一页栈");
  return report;
}

}  // namespace switching_bench
