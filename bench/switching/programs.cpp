#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <vector>

#include "language.hpp"
#include "program_and_process.hpp"
#include "sections.hpp"

namespace switching_bench {
namespace {

using bench::must;
using bench::seconds_of;
using dialtone::tr;

constexpr std::size_t count = 1'000;
constexpr const char* program = "/bin/true";

/// Microseconds for each of a thousand programs, one after the other, from start to end.
double each(const std::function<pid_t()>& start) {
  const double seconds = seconds_of([&start] {
    for (std::size_t i = 0; i < count; ++i) {
      const pid_t child = start();
      int status = 0;
      must(child > 0 && ::waitpid(child, &status, 0) == child && status == 0, "a program failed");
    }
  });
  return 1e6 * seconds / static_cast<double>(count);
}

double by_spawn() {
  const program_and_process::Program one{{program}, {}, {}};
  return each([&one] {
    const auto child = program_and_process::spawn(one);
    return child ? *child : -1;
  });
}

double by_posix_spawn() {
  return each([] {
    char name[] = "/bin/true";
    char* const arguments[] = {name, nullptr};
    pid_t child = -1;
    return ::posix_spawn(&child, program, nullptr, nullptr, arguments, environ) == 0 ? child : -1;
  });
}

/// As above, by a process that has touched so much memory: a fork copies its page tables.
double with_memory(double (*start)()) {
  std::vector<char> touched(std::size_t{256} << 20U, 1);
  const double microseconds = start();
  must(touched[touched.size() / 2] == 1, "memory was lost");
  return microseconds;
}

}  // namespace

bench::Report programs(std::size_t runs) {
  bench::Report report;
  report.title =
      tr("1,000 programs (/bin/true), one after the other", "依次启动 1,000 个程序（/bin/true）");
  report.figures =
      bench::measure({{{tr("lab 04's spawn", "实验 04 的 spawn"), "µs", {}}, by_spawn},
                      {{"posix_spawn", "µs", {}}, by_posix_spawn},
                      {{tr("spawn, 256 MiB in use", "spawn，已用 256 MiB"), "µs", {}},
                       [] { return with_memory(by_spawn); }},
                      {{tr("posix_spawn, 256 MiB in use", "posix_spawn，已用 256 MiB"), "µs", {}},
                       [] { return with_memory(by_posix_spawn); }}},
                     runs);
  const double more = report.figures[0].median() - report.figures[1].median();
  report.verdicts = {{tr("spawn takes ", "每个程序 spawn 比 posix_spawn 多用 ") +
                          bench::number(more) +
                          tr(" µs more than posix_spawn for each program", " 微秒"),
                      {}}};
  report.bound =
      tr("the exec and the end of the program. The difference: fork copies the page tables (so it "
         "grows with "
         "the memory in use) where posix_spawn borrows them until the exec (CLONE_VM, "
         "CLONE_VFORK), a pipe "
         "tells of a failed exec, and each signal's action is looked at",
         "瓶颈：exec 和程序的结束。差别在于：fork 要复制页表（已用内存越多越慢），posix_spawn "
         "则借用到 exec 为止"
         "（CLONE_VM、CLONE_VFORK）；还有报告 exec 失败的管道，以及逐个查看信号的处置");
  return report;
}

}  // namespace switching_bench
