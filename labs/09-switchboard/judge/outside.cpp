// What /proc tells of the student's process: its threads, where they sleep, what they cost, and
// what is left.
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <set>

#include "cases.hpp"
#include "language.hpp"
#include "process_view.hpp"

namespace lab09 {
namespace {

using dialtone::tr;

/// The processor time that is taken while nothing happens.
void expect_idle(Trial& trial, std::string_view when) {
  constexpr milliseconds watched{150};
  constexpr milliseconds allowed{12};
  const auto before = dialtone::processor_time_of(trial.student.pid());
  ::poll(nullptr, 0, static_cast<int>(watched.count()));
  const auto took = std::chrono::duration_cast<milliseconds>(
      dialtone::processor_time_of(trial.student.pid()) - before);
  trial.expect(std::string(when), took <= allowed,
               tr("hardly any processor time in ", "几乎不占处理器，观察 ") +
                   std::to_string(watched.count()) + " ms",
               std::to_string(took.count()) + " ms");
}

bool has_epoll(Trial& trial) {
  const auto lines = trial.student.open_descriptors();
  return std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
    return line.find("[eventpoll]") != std::string::npos;
  });
}

/// The threads that came in between.
std::vector<int> added(const std::vector<int>& before, const std::vector<int>& after) {
  const std::set<int> old(before.begin(), before.end());
  std::vector<int> more;
  std::copy_if(after.begin(), after.end(), std::back_inserter(more),
               [&old](int thread) { return !old.contains(thread); });
  return more;
}

/// Whether the thread sleeps in poll(2) or ppoll(2), as proc(5) tells ("running", or the number of
/// the system call first). Nothing where the kernel does not tell.
std::optional<bool> sleeps_in_poll(const Trial& trial, int thread) {
  for (int tries = 0; tries < 200; ++tries) {
    const std::string call = trial.student.proc_file("task/" + std::to_string(thread) + "/syscall");
    if (call.empty()) return std::nullopt;
    if (call.rfind("running", 0) != 0) {
      const long number = std::stol(call);
#ifdef SYS_poll
      if (number == SYS_poll) return true;
#endif
      if (number == SYS_ppoll) return true;
    }
    ::poll(nullptr, 0, 5);
  }
  return false;
}

void one_thread_sleeps_for_all(Trial& trial, Variant variant) {
  const std::size_t most = 200;
  trial.student.open_descriptors();  // it has started
  const auto before = trial.student.threads();
  Board board(trial, variant, {.queue = 16U << 10U});
  std::vector<Caller> callers;
  while (callers.size() < most) callers.push_back(board.dial(trial));
  for (Caller& caller : callers) dialtone::write_within(caller.get(), "echo here\n", peer_time);
  for (Caller& caller : callers)
    caller.expect(tr("200 callers are served", "200 位来电者得到服务"), "here\n");
  const auto threads = added(before, trial.student.threads());
  trial.expect_equal(tr("threads for 200 callers", "200 位来电者所用的线程"), threads.size(),
                     std::size_t{1});

  if (variant == Variant::poll) {
    trial.expect(tr("the thread's system call in /proc", "/proc 中该线程的系统调用"),
                 sleeps_in_poll(trial, threads[0]).value_or(true), "poll, ppoll",
                 trial.student.proc_file("task/" + std::to_string(threads[0]) + "/syscall"));
    trial.expect(tr("it does without epoll", "它不用 epoll"), !has_epoll(trial),
                 tr("no [eventpoll] among its descriptors", "描述符中没有 [eventpoll]"),
                 "[eventpoll]");
  } else {
    trial.expect(tr("an io_context waits by epoll", "io_context 用 epoll 等待"), has_epoll(trial),
                 tr("[eventpoll] among its descriptors", "描述符中有 [eventpoll]"),
                 tr("none", "没有"));
  }
  // Besides those that say nothing: one that does not listen, and one that has finished speaking.
  std::string flood;
  while (flood.size() < std::size_t{1} << 20U) flood += "echo " + std::string(500, 'x') + "\n";
  callers[0].say_until_blocked(flood, milliseconds(40));
  callers[0].finish_speaking();
  expect_idle(trial, tr("it sleeps while nothing happens", "没有事情发生时它在睡眠"));
}

/// The lowest limit that leaves room for `more` descriptors beside those that are open.
std::uint64_t limit_for(Trial& trial, std::size_t more) {
  std::set<int> taken;
  for (const std::string& line : trial.student.open_descriptors()) taken.insert(std::stoi(line));
  int number = 0;
  for (;; ++number)
    if (!taken.contains(number) && more-- == 0) return static_cast<std::uint64_t>(number);
}

void out_of_descriptors_is_no_failure(Trial& trial, Variant variant) {
  if (dialtone::under_sanitizers()) return;  // they look at memory through a pipe of their own
  Board board(trial, variant);
  Caller stays = board.dial_and_talk(trial);
  const std::uint64_t limit = limit_for(trial, 2);
  trial.step(tr("from now on it may open two descriptors more", "此后它只能再打开两个描述符"));
  trial.student.limit_descriptors(limit);
  std::vector<Caller> callers;
  for (int i = 0; i < 4; ++i) {
    callers.push_back(board.dial(trial));
    callers.back().say("echo here\n");
  }
  for (std::size_t i = 0; i < 2; ++i)
    callers[i].expect(tr("is served while there are descriptors", "有描述符时得到服务"), "here\n");
  expect_idle(trial, tr("out of descriptors it sleeps", "描述符用尽时它在睡眠"));
  for (std::size_t i = 2; i < 4; ++i) {
    trial.expect(callers[i].name() + tr(": waits in the kernel's queue", "：在内核队列里等待"),
                 !callers[i].hears_something(milliseconds(0)), tr("nothing yet", "尚无消息"),
                 tr("something", "有消息"));
    callers[i - 2].say("bye\n");
    callers[i - 2].expect("bye", "bye\n");
    callers[i - 2].expect_hung_up(tr("after bye", "bye 之后"));
    callers[i - 2].hang_up();
    callers[i].expect(tr("is served when a descriptor is free", "有空闲描述符后得到服务"),
                      "here\n");
  }
  stays.say("who\n");
  stays.expect(tr("nobody was lost", "没有人掉线"), "3 callers\n");
  trial.student.limit_descriptors(dialtone::Student::most_descriptors);
}

std::string listed(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : ", ") + line;
  return text;
}

/// Callers of every kind, some of them on the line when the stop is pulled.
void play_callers(Trial& trial, Board& board) {
  std::vector<Caller> callers;
  for (std::size_t i = trial.random.between(1, 6); i > 0; --i) {
    Caller caller = board.dial(trial);
    const auto kind = trial.index == 0 ? 0 : trial.random.between(0, 4);
    if (kind == 0) caller.say("bye\n");
    if (kind == 1) caller.say("fault in the program\n");
    if (kind == 2) caller.say("say hello\necho no end");
    if (kind == 3) caller.finish_speaking();
    if (kind < 4 && !caller.hears_something(peer_time))
      trial.fail(caller.name(), tr("an answer", "一个回答"), tr("none in time", "没有按时到达"));
    if (trial.random.chance(0.3)) caller.break_off();
    if (trial.random.chance(0.6)) callers.push_back(std::move(caller));
  }
  board.pull_stop(trial);
}

/// Its descriptors and its threads are those that it had before.
void nothing_is_left(Trial& trial, Variant variant) {
  trial.student.ask({{"call", "tally"}, {"milliseconds", 0}});  // it lets go of what was sent
  const auto descriptors = trial.student.open_descriptors();
  const auto threads = trial.student.threads();
  Board board(trial, variant, {.callers = 3});
  play_callers(trial, board);
  if (!board.is_over(trial, peer_time))
    trial.fail(tr("it ends after the stop", "叫停之后结束"), tr("an end", "结束"),
               tr("none in time", "没有按时结束"));
  trial.student.ask({{"call", "tally"}, {"milliseconds", 0}});
  const auto left = trial.student.open_descriptors();
  trial.expect(
      tr("its descriptors in /proc/PID/fd, as before", "/proc/PID/fd 中的描述符与先前相同"),
      left == descriptors, listed(descriptors), listed(left));
  auto running = added(threads, trial.student.threads());
  for (int tries = 0; tries < 200 && !running.empty();
       ++tries) {  // the kernel cleans up after them
    ::poll(nullptr, 0, 5);
    running = added(threads, trial.student.threads());
  }
  trial.expect_equal(tr("threads that are left", "剩下的线程"), running.size(), std::size_t{0});
}

/// None at all, one that does not listen, and something that is no socket.
void fails_without_a_listener(Trial& trial, Variant variant) {
  FileDescriptor descriptor;
  if (trial.index == 1)
    descriptor = dialtone::bind_loopback(LoopbackFamily::ipv4, SOCK_STREAM).socket;
  if (trial.index == 2) descriptor = FileDescriptor(::dup(STDIN_FILENO));
  trial.input(trial.index == 0   ? tr("no descriptor", "没有描述符")
              : trial.index == 1 ? tr("a socket that does not listen", "未监听的套接字")
                                 : tr("a descriptor that is no socket", "不是套接字的描述符"));
  start(trial, variant, Terms{}, descriptor.get());
  const Message answer = take_tally(trial, peer_time);
  const json error = expect_error(trial, answer, trial.input());
  trial.expect(tr("the error's message says what was wrong", "错误消息说明出了什么问题"),
               error.contains("message") && !error.at("message").get<std::string>().empty(),
               tr("a text", "一段文字"), error.dump());
}

}  // namespace

std::vector<Rule> outside_rules() {
  return {{"one_thread_sleeps_for_all", 1, one_thread_sleeps_for_all},
          {"out_of_descriptors_is_no_failure", 1, out_of_descriptors_is_no_failure},
          {"nothing_is_left", 20, nothing_is_left},
          {"fails_without_a_listener", 3, fails_without_a_listener}};
}

}  // namespace lab09
