#include "calls.hpp"

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "language.hpp"
#include "staging.hpp"

namespace process_tour {

using dialtone::tr;
using program_and_process::decode_status;
using program_and_process::Mapping;

void CallCounter::add(long number, bool made_in_loader) {
  if (number == SYS_getppid) {
    ++marks_;
    return;
  }
  const Phase phase = marks_ == 1      ? Phase::printf
                      : marks_ > 1     ? Phase::end
                      : made_in_loader ? Phase::loader
                                       : Phase::library;
  ++counts_[static_cast<std::size_t>(phase)][number];
}

std::size_t CallCounter::total() const {
  std::size_t sum = 0;
  for (const Counts& counts : counts_)
    for (const auto& [number, times] : counts) sum += times;
  return sum;
}

std::vector<std::string> call_list(const Counts& counts) {
  std::vector<std::pair<long, std::size_t>> order(counts.begin(), counts.end());
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> items;
  for (const auto& [number, times] : order)
    items.push_back(std::to_string(times) + ' ' + call_name(number));
  return items;
}

namespace {

/// Where the loader's code lies in a process; none where it is statically linked.
struct Stretch {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

Stretch loader_of(pid_t pid) {
  Stretch loader;
  const auto text = must(program_and_process::read_proc(pid, "maps"));
  for (const Mapping& mapping : must(program_and_process::parse_maps(text))) {
    const std::string name = mapping.path.substr(mapping.path.rfind('/') + 1);
    const bool is_loader = name.rfind("ld-", 0) == 0 || name.rfind("ld.so", 0) == 0;
    if (is_loader && mapping.executable) loader = {mapping.begin, mapping.end};
  }
  return loader;
}

/// A stop of the traced child. It lives for 60 s at most (an alarm), so this wait ends.
program_and_process::Ending next_stop(pid_t pid, int& status) {
  while (::waitpid(pid, &status, __WALL) < 0)
    if (errno != EINTR) fail("waitpid " + std::to_string(pid) + ": " + std::strerror(errno));
  return decode_status(status);
}

/// Counts the calls of a child that is seized and about to exec.
CallCounter count_calls(pid_t pid) {
  CallCounter counter;
  Stretch loader;
  bool execed = false;
  for (int status = 0;;) {
    const auto stop = next_stop(pid, status);
    if (stop.how != Ending::How::stopped) {
      if (stop != Ending{}) fail(tr("the traced child ", "被追踪的子进程") + how_it_ended(stop));
      return counter;
    }
    constexpr int at_a_call = SIGTRAP | 0x80;  // PTRACE_O_TRACESYSGOOD
    int signal = 0;
    if (stop.value == at_a_call && execed) {
      __ptrace_syscall_info info{};
      if (::ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) > 0) {
        if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
          const std::uint64_t from = info.instruction_pointer;
          counter.add(static_cast<long>(info.entry.nr), from >= loader.begin && from < loader.end);
        }
      }
    } else if (status >> 16 == PTRACE_EVENT_EXEC) {
      execed = true;
      loader = loader_of(pid);
    } else if (stop.value != SIGTRAP && stop.value != at_a_call) {
      signal = stop.value;  // one of its own: it gets it
    }
    if (::ptrace(PTRACE_SYSCALL, pid, nullptr, signal) != 0 && errno != ESRCH)
      fail(std::string("ptrace: ") + std::strerror(errno));
  }
}

/// Where the traced child's standard output goes, and what must be open meanwhile.
struct Sink {
  Descriptor out;
  Descriptor other_end;
};

Sink terminal_sink() {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  Sink sink{{}, Descriptor(master)};
  char name[64];
  if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0 ||
      ::ptsname_r(master, name, sizeof name) != 0)
    return {};
  sink.out = Descriptor(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
  return sink;
}

Sink pipe_sink() {
  Pipe pipe = make_pipe();
  return {std::move(pipe.writes), std::move(pipe.reads)};
}

Sink file_sink() {
  char name[] = "/tmp/process-tour-XXXXXX";
  const int file = ::mkostemp(name, O_CLOEXEC);
  if (file >= 0) ::unlink(name);
  return {Descriptor(file), {}};
}

/// Traces `process-tour --say COUNT`. Nothing, and `why_not` set, where tracing is not permitted.
bool trace(int printfs, const std::string& where_to, const Sink& sink, Calls& calls) {
  if (!sink.out) return true;  // no such thing here, which is no reason to stop
  Pipe ready = make_pipe();
  // Its output is the sink only once it has said by descriptor 3 that it is there.
  const Player player = play({"become", this_program(), "--say", std::to_string(printfs)},
                             {{1, sink.out.get()}, {3, ready.writes.get()}});
  char byte = 0;
  ready.writes = Descriptor();
  if (!hear(ready.reads, &byte, 1))
    fail(tr("the child to be traced ended too early", "要追踪的子进程过早结束"));
  const pid_t pid = player.actor.pid();
  constexpr long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
  if (::ptrace(PTRACE_SEIZE, pid, nullptr, options) != 0) {
    calls.why_not =
        std::string("ptrace: ") + std::strerror(errno) +
        tr("; system calls cannot be counted here (containers and "
           "/proc/sys/kernel/yama/ptrace_scope may forbid it)",
           "；此处无法统计系统调用（容器或 /proc/sys/kernel/yama/ptrace_scope 可能禁止追踪）");
    return false;
  }
  tell(player.to);
  calls.runs.push_back({printfs, where_to, count_calls(pid)});
  return true;
}

}  // namespace

Calls play_calls() {
  Calls calls;
  constexpr int many = 100;
  const bool permitted = trace(1, "terminal", terminal_sink(), calls) &&
                         trace(many, "terminal", terminal_sink(), calls) &&
                         trace(many, "pipe", pipe_sink(), calls) &&
                         trace(many, "file", file_sink(), calls);
  if (!permitted) calls.runs.clear();
  return calls;
}

namespace {

std::size_t sum_of(const Counts& counts) {
  std::size_t sum = 0;
  for (const auto& [number, times] : counts) sum += times;
  return sum;
}

std::string name_of(Phase phase) {
  switch (phase) {
    case Phase::loader:
      return tr("loader", "加载器");
    case Phase::library:
      return tr("libraries start", "库的启动");
    case Phase::printf:
      return "printf";
    case Phase::end:
      return tr("the end", "结束");
  }
  return {};
}

std::string place(const std::string& where_to) {
  if (where_to == "terminal") return tr("a terminal", "终端");
  return where_to == "pipe" ? tr("a pipe", "管道") : tr("a file", "文件");
}

constexpr Phase all_phases[] = {Phase::loader, Phase::library, Phase::printf, Phase::end};

std::size_t writes_of(const Traced& run) {
  std::size_t sum = 0;
  for (const Phase phase : {Phase::printf, Phase::end}) {
    const Counts& counts = run.calls.of(phase);
    const auto found = counts.find(SYS_write);
    if (found != counts.end()) sum += found->second;
  }
  return sum;
}

}  // namespace

void show(const Calls& calls, Page& page) {
  page.heading(
      tr("8. How many system calls hide behind one printf", "8. 一次 printf 背后藏着多少系统调用"));
  if (!calls.why_not.empty()) {
    page.wrapped(calls.why_not);
    page.gap();
    return;
  }
  page.explain(
      tr("An operating system hides ugly interfaces. The program says one line; this is what "
         "was asked of the kernel from its exec to its end.",
         "操作系统把难看的接口藏起来。程序只写一行；下面是从 exec 到结束，向内核提出的全部请求。"));
  if (!calls.runs.empty()) {
    const Traced& run = calls.runs.front();
    page.wrapped(std::string("printf(\"hello\\n\")") + tr(" to ", " 到") + place(run.where_to) +
                 tr(": ", "：") + std::to_string(run.calls.total()) +
                 tr(" system calls", " 次系统调用"));
    std::size_t width = 0;
    for (const Phase phase : all_phases)
      width = std::max(width, dialtone::display_width(name_of(phase)));
    for (const Phase phase : all_phases) {
      const Counts& counts = run.calls.of(phase);
      const std::string sum = std::to_string(sum_of(counts));
      page.items(dialtone::pad(name_of(phase), width + 5 - std::min<std::size_t>(sum.size(), 5)) +
                     sum + "  ",
                 call_list(counts), tr(", ", "、"));
    }
  }
  for (std::size_t i = 1; i < calls.runs.size(); ++i) {
    const Traced& run = calls.runs[i];
    page.wrapped(
        std::to_string(run.printfs) + tr(" times printf to ", " 次 printf 到") +
        place(run.where_to) + tr(": ", "：") + std::to_string(writes_of(run)) + " write" +
        (i == 1 ? tr(" (a line at a time)", "（逐行）") : tr(" (buffered)", "（先缓冲）")));
  }
  page.gap();
}

Json to_json(const Calls& calls) {
  if (!calls.why_not.empty()) return {{"why_not", calls.why_not}};
  constexpr const char* keys[] = {"loader", "libraries", "printf", "end"};
  Json runs = Json::array();
  for (const Traced& run : calls.runs) {
    Json by = Json::object();
    for (const Phase phase : all_phases) {
      Json names = Json::object();
      for (const auto& [number, times] : run.calls.of(phase)) names[call_name(number)] = times;
      by[keys[static_cast<std::size_t>(phase)]] = names;
    }
    runs.push_back({{"printfs", run.printfs},
                    {"to", run.where_to},
                    {"total", run.calls.total()},
                    {"calls", by}});
  }
  return {{"runs", runs}};
}

}  // namespace process_tour
