// wait_for and wait_for_all. The children are started by the shim, so that a fault
// of spawn loses none of these cases; how a child ended is compared with what the student's own
// decode_status makes of the true status.
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <thread>

#include "cases.hpp"
#include "process.hpp"

namespace lab04 {
namespace {

using Clock = std::chrono::steady_clock;

// --- endings ---

/// How a child is to end.
struct End {
  bool by_signal = false;
  int number = 0;
  int status() const { return by_signal ? number : number << 8; }
};

End draw_end(dialtone::Random& random) {
  // None of these signals makes the kernel write a core.
  const std::vector<int> signals = {SIGKILL, SIGTERM, SIGINT, SIGHUP, SIGUSR2, SIGPIPE};
  if (random.chance(0.4)) return {true, random.pick(signals)};
  return {false, static_cast<int>(random.between(0, 255))};
}

std::string end_text(const End& end) {
  return (end.by_signal ? tr("by signal ", "被信号杀死，编号 ")
                        : tr("with exit code ", "正常退出，代码 ")) +
         std::to_string(end.number);
}

void tell_to_end(Report& child, const End& end) {
  if (end.by_signal)
    child.die(end.number);
  else
    child.end(end.number);
}

/// What the student's decode_status makes of the statuses.
json decoded(Trial& trial, const std::vector<End>& ends) {
  json statuses = json::array();
  for (const End& one : ends) statuses.push_back(one.status());
  return trial.student.ask({{"call", "decode_status"}, {"statuses", statuses}}).body.at("value");
}

json wait_request(pid_t child, milliseconds time) {
  return dialtone::with_deadline({{"call", "wait_for"}, {"pid", child}}, time);
}

std::string wait_text(pid_t child, milliseconds time) {
  return "wait_for(" + std::to_string(child) + ", " + std::to_string(time.count()) + " ms)";
}

Message wait_for(Trial& trial, pid_t child, milliseconds time = dialtone::ample_time) {
  return ask(trial, wait_text(child, time), wait_request(child, time));
}

void start_wait(Trial& trial, pid_t child, milliseconds time = dialtone::ample_time) {
  if (trial.input().empty()) trial.input(wait_text(child, time));
  trial.step(wait_text(child, time));
  trial.student.send(wait_request(child, time));
}

/// Whether what was seen of a process is one that has not ended.
bool runs(const std::optional<Seen>& seen) {
  return seen && seen->state != 'Z' && seen->state != 'X';
}

void expect_running(Trial& trial, pid_t child, std::string_view what) {
  const auto seen = look_at(child);
  trial.expect(what, runs(seen), tr("it runs", "仍在运行"),
               seen ? tr("in state ", "状态 ") + std::string(1, seen->state)
                    : tr("there is no such process", "没有这个进程"));
}

void expect_zombie(Trial& trial, pid_t child, std::string_view what) {
  const auto seen = look_at(child);
  trial.expect(what, seen && seen->state == 'Z', tr("a zombie still", "仍是僵尸"),
               seen ? tr("in state ", "状态 ") + std::string(1, seen->state)
                    : tr("it is gone: somebody has collected it", "不见了：已被收走"));
}

// --- wait_for ---

void collects_the_child(Trial& trial) {
  const Reports reports;
  const auto before = trial.student.open_descriptors();
  Report child = start_witness(trial, reports);
  const pid_t pid = child.pid;
  const End end = draw_end(trial.random);
  const bool ended_before = trial.index % 3 == 0;
  const bool interrupted = trial.index % 3 == 2;
  trial.step(tr("a child that ends ", "一个子进程，结束方式：") + end_text(end));
  if (ended_before) {
    tell_to_end(child, end);
    await_end(trial, pid);
    start_wait(trial, pid);
  } else {
    start_wait(trial, pid);
    for (int i = 0; interrupted && i < 3; ++i) {
      ::poll(nullptr, 0, 2);
      if (i == 0) trial.step(tr("signals interrupt the wait", "等待被信号打断"));
      trial.student.interrupt();
    }
    tell_to_end(child, end);
  }
  const Message answer = trial.student.receive();
  succeeded(trial, answer, "wait_for");
  const auto seen = look_at(pid);
  trial.expect(
      tr("the child is collected", "子进程已被收走"), !seen, tr("it is gone", "不见了"),
      seen ? tr("it is there, in state ", "还在，状态 ") + std::string(1, seen->state) : "");
  expect_same_descriptors(trial, before, "wait_for");
  const json expected = decoded(trial, {end});
  trial.expect(tr("the ending, as decode_status gives it", "结束方式，与 decode_status 的结果一致"),
               answer.body.at("value") == expected.at(0), expected.at(0).dump(),
               answer.body.at("value").dump());
  if (trial.index % 2 == 0) return;
  Report other = start_witness(trial, reports);
  wait_for(trial, other.pid, milliseconds(0));  // whatever comes of it
  other.end(0);
  collect(trial, other.pid);
  expect_same_descriptors(trial, before, tr("a wait_for that timed out", "超时的 wait_for"));
}

/// The kernel's count of the times that the student's process went to sleep.
std::uint64_t switches_of(const Trial& trial) {
  const std::string status = trial.student.proc_file("status");
  const std::string name = "\nvoluntary_ctxt_switches:";
  const std::size_t at = status.find(name);
  return at == std::string::npos ? 0
                                 : std::strtoull(status.c_str() + at + name.size(), nullptr, 10);
}

/// A long wait sleeps: the process neither computes nor wakes again and again. Whether it computes
/// is seen from its state, not from its time: on a busy machine it may get hardly any.
void wait_sleeps(Trial& trial, pid_t child) {
  constexpr milliseconds time{400};
  constexpr std::uint64_t most_switches = 12;  // looks every 30 ms would be more
  const std::uint64_t before = switches_of(trial);
  start_wait(trial, child, time);
  int looks = 0;
  int awake = 0;
  for (const auto end = Clock::now() + time; Clock::now() < end; ++looks) {
    const auto seen = look_at(trial.student.pid());
    awake += seen && seen->state == 'R' ? 1 : 0;
    ::poll(nullptr, 0, 5);
  }
  trial.student.receive();
  const std::uint64_t switches = switches_of(trial) - before;
  trial.expect(tr("the wait sleeps", "等待时在睡眠"), 4 * awake <= 3 * looks,
               tr("it is asleep most of the time", "大部分时间在睡眠"),
               tr("awake at ", "") + std::to_string(awake) + tr(" of ", " 次清醒，共查看 ") +
                   std::to_string(looks) + tr(" looks", " 次"));
  trial.expect(
      tr("the wait does not look again and again", "等待时不反复查看"), switches <= most_switches,
      tr("it wakes a few times", "只醒来几次"),
      std::to_string(switches) + tr(" voluntary switches in 400 ms", " 次自愿切换（400 ms 内）"));
}

/// Stops the child: that is no ending.
void stop(Trial& trial, pid_t child) {
  trial.step(tr("the child is stopped by SIGSTOP", "子进程被 SIGSTOP 停止"));
  ::kill(child, SIGSTOP);
  const auto end = Clock::now() + dialtone::ample_time;
  for (auto seen = look_at(child); seen && seen->state != 'T' && Clock::now() < end;
       seen = look_at(child))
    ::poll(nullptr, 0, 1);
}

void expect_timed_out(Trial& trial, pid_t child, milliseconds time) {
  const auto begin = Clock::now();
  const Message answer = wait_for(trial, child, time);
  const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
  failed(trial, answer, "timed_out", "wait_for");
  trial.expect(tr("it waits until its deadline", "一直等到时限"), took >= time,
               tr("at least ", "至少 ") + std::to_string(time.count()) + " ms",
               std::to_string(took.count()) + " ms");
  trial.expect(tr("and not much longer", "不会超过太多"), took <= time + dialtone::grace,
               tr("about ", "大约 ") + std::to_string(time.count()) + " ms",
               std::to_string(took.count()) + " ms");
  expect_running(trial, child, tr("the child after the deadline", "时限之后的子进程"));
}

void ends_at_its_deadline(Trial& trial) {
  const Reports reports;
  Report child = start_witness(trial, reports);
  const pid_t pid = child.pid;
  switch (trial.index % 4) {
    case 0:
      if (trial.index == 0) {
        wait_sleeps(trial, pid);
        break;
      }
      if (trial.index == 4) stop(trial, pid);
      expect_timed_out(trial, pid, milliseconds(trial.random.between(60, 120)));
      ::kill(pid, SIGCONT);
      break;
    case 1:
      expect_timed_out(trial, pid, milliseconds(0));
      break;
    case 2: {
      trial.step(tr("a child that has ended", "一个已经结束的子进程"));
      child.end(3);
      await_end(trial, pid);
      const Message answer = wait_for(trial, pid, milliseconds(trial.index % 8 == 2 ? 0 : -1000));
      succeeded(trial, answer,
                tr("a deadline that is over from the start still looks once",
                   "一开始就已过的时限也要看一次"));
      return;
    }
    default:
      break;
  }
  trial.step(tr("then the child ends", "然后子进程结束"));
  start_wait(trial, pid);
  if (trial.index % 2 == 1) ::poll(nullptr, 0, 20);
  child.end(0);
  succeeded(trial, trial.student.receive(), "wait_for");
}

/// A process of the judge's: no child of the student's.
dialtone::Child foreign_process() {
  dialtone::Command command;
  command.arguments = {"/bin/sleep", "20"};
  return dialtone::Child(command);
}

void no_child_is_gone(Trial& trial) {
  const Reports reports;
  Report running = start_witness(trial, reports);
  Report ended = start_witness(trial, reports);
  ended.end(5);
  await_end(trial, ended.pid);
  trial.step(tr("two children, one of which has ended", "两个子进程，其中一个已经结束"));
  std::optional<dialtone::Child> foreign;
  pid_t who = 0;  // to waitpid, any child of the group
  switch (trial.index % 6) {
    case 0:
      trial.step(tr("a third, which was collected before", "第三个，此前已被收走"));
      who = start_child(trial, witness("end", "0"));
      collect(trial, who);
      break;
    case 1:
      break;
    case 2:  // likewise; not -1, which would be a danger to all if a wrong program killed it
      who = -trial.student.pid();
      break;
    case 3:
      trial.step(tr("a process of somebody else's", "别人的进程"));
      foreign.emplace(foreign_process());
      who = foreign->pid();
      break;
    case 4:
      who = 1;
      break;
    default:  // its own number, and no number at all
      who = trial.index % 12 == 5 ? trial.student.pid() : 0x7ffffffe;
  }
  const milliseconds time(trial.index / 6 % 2 == 0 ? 0 : 4000);
  const auto begin = Clock::now();
  const Message answer = wait_for(trial, who, time);
  const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
  failed(trial, answer, "gone", "wait_for");
  trial.expect(tr("it says so at once", "立刻就说"), time.count() == 0 || took < time,
               tr("before its deadline, ", "在时限之前，") + std::to_string(time.count()) + " ms",
               std::to_string(took.count()) + " ms");
  expect_zombie(trial, ended.pid, tr("the child that has ended", "已结束的子进程"));
  expect_running(trial, running.pid, tr("the child that runs", "还在运行的子进程"));
  running.end(0);
  collect(trial, running.pid);
  collect(trial, ended.pid);
}

// --- wait_for_all ---

Message wait_for_all(Trial& trial, const std::vector<pid_t>& children, milliseconds time,
                     const std::function<void()>& meanwhile = {}) {
  const std::string told =
      "wait_for_all(" + list_of(children) + ", " + std::to_string(time.count()) + " ms)";
  trial.input(told);
  trial.step(told);
  trial.student.send(dialtone::with_deadline({{"call", "wait_for_all"}, {"pids", children}}, time));
  if (meanwhile) meanwhile();
  return trial.student.receive();
}

void all_end_in_time(Trial& trial, std::vector<Report>& children, const std::vector<pid_t>& pids) {
  std::vector<End> ends;
  for (std::size_t i = 0; i < children.size(); ++i) {
    ends.push_back(draw_end(trial.random));
    trial.step(tr("process ", "进程 ") + std::to_string(pids[i]) +
               tr(" is to end ", " 的结束方式：") + end_text(ends.back()));
  }
  const std::size_t early = trial.random.between(0, children.size());
  for (std::size_t i = children.size() - early; i < children.size(); ++i)
    tell_to_end(children[i], ends[i]);
  const Message answer = wait_for_all(trial, pids, dialtone::ample_time, [&] {
    for (std::size_t i = 0; i < children.size() - early; ++i) tell_to_end(children[i], ends[i]);
  });
  succeeded(trial, answer, "wait_for_all");
  expect_children(trial, {});
  const json expected = decoded(trial, ends);
  trial.expect(tr("the endings in the order of the list", "按列表顺序的结束方式"),
               answer.body.at("value") == expected, expected.dump(),
               answer.body.at("value").dump());
}

/// Some end, some run on, some are no children (any more).
void some_do_not(Trial& trial, std::vector<Report>& children, std::vector<pid_t> pids) {
  dialtone::Child foreign = foreign_process();
  const std::uint64_t kind = trial.index % 4;
  bool runs_on = false;
  for (std::size_t i = 0; i < children.size(); ++i) {
    if (kind != 1 && (i == 0 || trial.random.chance(0.5))) {
      runs_on = true;
      continue;
    }
    children[i].end(static_cast<int>(i));
  }
  std::string first = "timed_out";
  if (kind != 2) {
    const std::size_t place = kind == 3 ? (trial.random.chance(0.5) ? 0 : pids.size())
                                        : trial.random.between(0, pids.size());
    const pid_t collected = start_child(trial, witness("end", "0"));
    collect(trial, collected);
    const pid_t gone = trial.random.chance(0.7) ? foreign.pid() : collected;
    if (!runs_on || place == 0) first = "gone";
    pids.insert(pids.begin() + static_cast<std::ptrdiff_t>(place), gone);
    trial.step(tr("no child of it: ", "不是它的子进程：") + std::to_string(gone));
  }
  const auto begin = Clock::now();
  const milliseconds time(kind == 1 ? 4000 : trial.random.between(20, 40));
  const Message answer = wait_for_all(trial, pids, time);
  const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
  failed(trial, answer, first,
         tr("wait_for_all, of several failures the first", "wait_for_all，多个失败中取第一个"));
  trial.expect(tr("it ends at its deadline", "在时限结束"), took <= time + dialtone::grace,
               std::to_string(time.count()) + " ms", std::to_string(took.count()) + " ms");
  expect_children(trial, {});
  expect_running(trial, foreign.pid(),
                 tr("a process that is no child of it", "不是它子进程的进程"));
}

/// The deadline does not begin anew with each child: one ends before it, and the other is killed.
void the_deadline_is_that_of_all(Trial& trial) {
  const Reports reports;
  constexpr milliseconds longest{1500};  // where the machine is busy
  for (const milliseconds time : {milliseconds(150), longest}) {
    Report first = start_witness(trial, reports);
    Report second = start_witness(trial, reports);
    trial.step(tr("one that ends before the deadline, and one that does not",
                  "一个在时限之前结束，另一个不结束"));
    bool runs_on = false;
    const Message answer = wait_for_all(trial, {first.pid, second.pid}, time, [&] {
      const auto begin = Clock::now();
      std::this_thread::sleep_until(begin + time * 7 / 10);
      first.end(0);
      std::this_thread::sleep_until(begin + time * 3 / 2);
      runs_on = runs(look_at(second.pid));
      if (runs_on) second.end(0);
    });
    if (runs_on && time < longest) continue;
    trial.expect(tr("at half of the time over the deadline", "超过时限一半时间之后"), !runs_on,
                 tr("the second one has been killed", "第二个已被杀死"),
                 tr("it runs on", "它仍在运行"));
    failed(trial, answer, "timed_out", "wait_for_all");
    return expect_children(trial, {});
  }
}

void wait_for_all_leaves_none(Trial& trial) {
  if (trial.index == 5) return the_deadline_is_that_of_all(trial);
  const Reports reports;
  std::vector<Report> children;
  std::vector<pid_t> pids;
  for (std::uint64_t i = trial.index == 0 ? 2 : trial.random.between(1, 6); i > 0; --i) {
    children.push_back(start_witness(trial, reports));
    pids.push_back(children.back().pid);
  }
  if (trial.index % 4 == 0) return all_end_in_time(trial, children, pids);
  some_do_not(trial, children, pids);
}

}  // namespace

std::vector<Case> waiting_cases() {
  return {{"wait_collects_the_child", 30, collects_the_child},
          {"wait_ends_at_its_deadline", 20, ends_at_its_deadline},
          {"who_is_no_child_is_gone", 24, no_child_is_gone},
          {"wait_for_all_leaves_none", 20, wait_for_all_leaves_none}};
}

}  // namespace lab04
