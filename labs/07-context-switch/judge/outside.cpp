// What /proc tells of the student's process: where its core sleeps, and what a run has left.
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "script.hpp"

namespace lab07 {
namespace {

using dialtone::FileDescriptor;

void pause(int milliseconds) {
  ::poll(nullptr, 0, milliseconds);
}

bool comes_within(int milliseconds, const Pipe& pipe) {
  pollfd wait{pipe.reads.get(), POLLIN, 0};
  char byte = 0;
  return ::poll(&wait, 1, milliseconds) == 1 && ::read(pipe.reads.get(), &byte, 1) == 1;
}

// --- an idle core ---

/// Waits until it sleeps in one of epoll's calls. True where the kernel does not tell.
bool comes_to_epoll(Trial& trial, std::string& last) {
  for (int tries = 0; tries < 800 && !trial.student.has_answered(); ++tries) {
    last = trial.student.proc_file("syscall");
    if (last.empty()) return true;
    if (last.rfind("running", 0) != 0) {
      const long number = std::stol(last);
#ifdef SYS_epoll_wait
      if (number == SYS_epoll_wait) return true;
#endif
#ifdef SYS_epoll_pwait2
      if (number == SYS_epoll_pwait2) return true;
#endif
      if (number == SYS_epoll_pwait) return true;
    }
    pause(5);
  }
  return false;
}

std::uint64_t status_number(Trial& trial, const std::string& name) {
  std::istringstream lines(trial.student.proc_file("status"));
  std::string line;
  while (std::getline(lines, line))
    if (line.rfind(name + ":", 0) == 0) return std::stoull(line.substr(name.size() + 1));
  return 0;
}

/// Its number of the judge's pipe; -1 where it has none.
int number_of(Trial& trial, const FileDescriptor& pipe) {
  struct stat status {};
  ::fstat(pipe.get(), &status);
  const std::string wanted = " pipe:[" + std::to_string(status.st_ino) + "]";
  for (const std::string& line : trial.student.open_descriptors())
    if (line.size() > wanted.size() &&
        line.compare(line.size() - wanted.size(), wanted.size(), wanted) == 0)
      return std::stoi(line);
  return -1;
}

/// What the kernel says that its epoll descriptors watch (proc(5), fdinfo: "tfd: 7 events: ...").
std::vector<int> watched(Trial& trial) {
  std::vector<int> numbers;
  for (const std::string& line : trial.student.open_descriptors()) {
    if (line.find("[eventpoll]") == std::string::npos) continue;
    std::istringstream lines(trial.student.descriptor_info(std::stoi(line)));
    std::string word;
    while (lines >> word) {
      int number = 0;
      if (word == "tfd:" && lines >> number) numbers.push_back(number);
    }
  }
  return numbers;
}

/// The core sleeps: in epoll, with these descriptors, and it does not wake up in between.
void expect_asleep(Trial& trial, const std::vector<const FileDescriptor*>& waited_for) {
  std::string call;
  const bool sleeps = comes_to_epoll(trial, call);
  trial.expect(tr("the process sleeps in epoll_wait(2): /proc/PID/syscall",
                  "进程在 epoll_wait(2) 中睡眠：/proc/PID/syscall"),
               sleeps, "epoll_wait, epoll_pwait", call);
  const std::vector<int> all = watched(trial);
  for (const FileDescriptor* const one : waited_for)
    trial.expect(tr("its epoll descriptor watches what is waited for: fdinfo",
                    "它的 epoll 描述符监视着所等的描述符：fdinfo"),
                 std::find(all.begin(), all.end(), number_of(trial, *one)) != all.end(),
                 "tfd: " + std::to_string(number_of(trial, *one)),
                 tr("not among them", "不在其中"));
  const auto before = status_number(trial, "voluntary_ctxt_switches");
  pause(80);
  const auto wakings = status_number(trial, "voluntary_ctxt_switches") - before;
  trial.expect(tr("how often it woke in 80 ms", "80 毫秒内醒来的次数"), wakings <= 3,
               tr("hardly ever", "几乎没有"), std::to_string(wakings));
  trial.expect(tr("it still sleeps", "它仍在睡眠"), comes_to_epoll(trial, call),
               "epoll_wait, epoll_pwait", call);
}

void an_idle_core_sleeps_in_epoll(Trial& trial) {
  Script script(trial);
  const Pipe first;
  const Pipe second;
  const Pipe reply;
  const bool sleeper = trial.index == 1;
  for (const Pipe* const pipe : {&first, &second}) {
    const auto reader = script.thread("reader");
    script.add(0, {"spawn", reader});
    script.add(reader,
               {"wait", script.descriptor(pipe->reads.get()), 0, sleeper ? 60'000 : for_ever});
    script.add(reader, {"write", script.descriptor(reply.writes.get())});
  }
  if (sleeper) script.add(0, {"sleep", 400});
  trial.input(sleeper ? tr("two threads wait for pipes, a third one sleeps",
                           "两个线程等待管道，第三个在睡眠")
                      : tr("two threads wait for pipes", "两个线程等待管道"));
  std::string call;
  const Log log = script.play([&] {
    if (!comes_to_epoll(trial, call) && trial.student.has_answered()) return;
    expect_asleep(trial, {&first.reads, &second.reads});
    for (const Pipe* const pipe : {&second, &first}) {
      trial.step(tr("a byte is written to a pipe", "向一个管道写一个字节"));
      pipe->fill(1);
      trial.expect(tr("the thread that waited for it goes on", "等它的线程继续"),
                   comes_within(4000, reply), tr("its answer", "它的回答"),
                   tr("nothing within 4 s", "4 秒内什么也没有"));
      if (pipe == &second) expect_asleep(trial, {&first.reads});
    }
  });
  for (std::size_t reader = 1; reader <= 2; ++reader) script.expect(log, reader, 0, "ok");
  script.expect_run_ended_well(log);
}

// --- what is left ---

struct Left {
  std::vector<std::string> descriptors;
  std::string timers;
  std::size_t mappings = 0;
  std::uint64_t resident = 0;
};

Left look_at(Trial& trial) {
  Left left;
  left.descriptors = trial.student.open_descriptors();
  left.timers = trial.student.proc_file("timers");
  const std::string maps = trial.student.proc_file("maps");
  left.mappings = static_cast<std::size_t>(std::count(maps.begin(), maps.end(), '\n'));
  left.resident = trial.student.memory("VmRSS");
  return left;
}

std::string listed(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : ", ") + line;
  return text;
}

/// Whether the memory of a mere Stack is given back: that has a case of its own.
bool stacks_go(Trial& trial) {
  const auto before = look_at(trial).mappings;
  ask(trial, {{"call", "many stacks"}, {"bytes", 65536}, {"times", 50}});
  return look_at(trial).mappings < before + 25;
}

void a_run_leaves_nothing(Trial& trial) {
  if (trial.index == 0) {
    const json expected = {"no_thread", "no_thread", "no_thread", 0,
                           "deadlock",  "well",      "deadlock",  "closed"};
    const json got = ask(trial, {{"call", "outside a run"}});
    trial.expect(
        tr("outside a run: spawn, join, wait_ready, self, then a channel of one: receive, send, "
           "send, closed and send",
           "运行之外：spawn、join、wait_"
           "ready、self，然后是容量为一的信道：receive、send、send、关闭后 send"),
        got == expected, expected.dump(), got.dump());
  }
  const std::vector<std::string> endings = {"well", "deadlock", "threw"};
  const std::string& ending = endings[trial.index % endings.size()];
  json request = {{"call", "runs"}, {"ending", ending}, {"threads", 200},
                  {"batch", 50},    {"runs", 2},        {"options", json::object()}};
  if (trial.index == 3) request["options"] = {{"quantum", 10'000'000}};  // it never ticks
  if (trial.index == 4) request["options"] = {{"patience", 5000}};
  const json first = ask(trial, request);  // what the process takes once for all is taken now
  const Left before = look_at(trial);
  request["threads"] = 1000;
  request["runs"] = 4;
  trial.input(
      tr("4 runs of 1000 threads each; they end: ", "4 次运行，每次 1000 个线程；结束方式：") +
      ending);
  const json played = ask(trial, request);
  const Left after = look_at(trial);
  trial.expect(tr("descriptors, as before", "描述符与先前相同"),
               before.descriptors == after.descriptors, listed(before.descriptors),
               listed(after.descriptors));
  trial.expect(tr("timers: /proc/PID/timers, as before", "定时器与先前相同：/proc/PID/timers"),
               before.timers == after.timers, before.timers, after.timers);
  for (const auto& [what, told] :
       {std::pair{"fault", tr("the action of SIGSEGV that was there before", "SIGSEGV 先前的动作")},
        std::pair{"turn", tr("the action of the turn-over signal that was there before",
                             "结束轮次的信号先前的动作")},
        std::pair{"stack", tr("the stack for signals that was there before", "信号先前所用的栈")}})
    for (const json* one : {&first, &played})  // a second run would find what the first one left
      trial.expect(told, one->at("kept").at(what) == true, tr("given back", "已还原"),
                   tr("another one", "是另一个"));
  if (dialtone::under_sanitizers() || !stacks_go(trial)) return;
  trial.expect(tr("lines in /proc/PID/maps", "/proc/PID/maps 的行数"),
               after.mappings <= before.mappings + 4, std::to_string(before.mappings),
               std::to_string(after.mappings));
  trial.expect(tr("resident memory", "驻留内存"),
               after.resident <= before.resident + (std::uint64_t{1} << 20U),
               std::to_string(before.resident >> 10U) + tr(" KiB, or hardly more", " KiB，或略多"),
               std::to_string(after.resident >> 10U) + " KiB");
}

}  // namespace

std::vector<Case> outside_cases() {
  return {{"an_idle_core_sleeps_in_epoll", 2, an_idle_core_sleeps_in_epoll},
          {"a_run_leaves_nothing", 5, a_run_leaves_nothing}};
}

}  // namespace lab07
