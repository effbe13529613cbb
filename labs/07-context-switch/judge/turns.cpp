// Turns that end by themselves, the sections in which they do not, and errno.
#include <unistd.h>

#include <csignal>
#include <numeric>

#include "script.hpp"

namespace lab07 {
namespace {

using Clock = std::chrono::steady_clock;

/// Asks, and sends the signal that ends a turn again and again until the answer is there.
json ask_under_signals(Trial& trial, const json& request) {
  const int signal = ask(trial, {{"call", "signal"}}).get<int>();
  const pid_t process = std::stoi(trial.student.proc_file("stat"));
  trial.step(
      tr("from outside, the turn-over signal again and again", "从外部反复发送结束轮次的信号"));
  for (int i = 0; i < 3; ++i) ::kill(process, signal);  // without a run it does nothing
  trial.student.send(request);
  const auto until = Clock::now() + std::chrono::seconds(14);
  while (!trial.student.has_answered() && Clock::now() < until) {
    if (::kill(process, signal) != 0) break;
    ::usleep(100);
  }
  return take_value(trial, request.at("call").get<std::string>());
}

// --- quantum ---

struct Spin {
  int threads = 3;
  int quantum = 0;  ///< microseconds
  int turns = 3;
  int time = 6000;  ///< milliseconds
  bool signals = false;
  bool others = false;
};

json spin(Trial& trial, const Spin& how) {
  trial.input(std::to_string(how.threads) +
              tr(" threads that never yield; quantum ", " 个从不让出的线程；时间片（微秒） ") +
              std::to_string(how.quantum) + tr(" us", ""));
  const json request = {{"call", "spin"},
                        {"threads", how.threads},
                        {"turns", how.turns},
                        {"milliseconds", how.time},
                        {"options", {{"quantum", how.quantum}}}};
  if (how.signals) return ask_under_signals(trial, request);
  if (!how.others) return ask(trial, request);
  const Pipe pipe;
  pipe.fill(1);
  return ask(trial, request, {pipe.reads.get()});
}

void all_have_turns(Trial& trial, const Spin& how) {
  const json spun = spin(trial, how);
  for (int i = 0; i < how.threads; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const int turns = spun.at("turns").at(at).get<int>();
    trial.expect(tr("turns of spinner ", "此自旋线程的轮次数：") + std::to_string(i),
                 turns >= how.turns, tr("at least ", "至少 ") + std::to_string(how.turns),
                 std::to_string(turns));
    // The spinners' numbers: the one who sleeps and the one who waits come before them.
    const std::size_t number = how.others && i > 0 ? at + 2 : at;
    const int over = spun.at("turns over").at(number).get<int>();
    trial.expect(tr("events turn_over told of it", "通知的 turn_over 事件数"), over >= turns - 1,
                 tr("at least ", "至少 ") + std::to_string(turns - 1), std::to_string(over));
  }
  if (!how.others) return;
  trial.expect(tr("who sleeps wakes at a quantum's end", "睡眠者在时间片结束时醒来"),
               spun.at("slept") == true, tr("it woke", "醒来了"), tr("it did not", "没有"));
  trial.expect(
      tr("whose descriptor is ready goes on at a quantum's end", "描述符就绪者在时间片结束时继续"),
      spun.at("waited") == true, tr("it went on", "继续了"), tr("it did not", "没有"));
}

void nobody_is_interrupted(Trial& trial) {
  const json spun = spin(trial, {.turns = 1000, .time = 30});
  const auto over = spun.at("turns over").get<std::vector<int>>();
  trial.expect_equal(tr("turns that ended without a quantum", "没有时间片时结束的轮次"),
                     std::accumulate(over.begin(), over.end(), 0), 0);
}

/// Whether this was told of the thread between these two places of the log.
bool event_between(const Log& log, const std::string& event, std::size_t first, std::size_t last,
                   std::size_t thread) {
  for (auto at = first; at < last; ++at)
    if (log.entries[at].what == Entry::What::event && log.entries[at].kind == event &&
        log.entries[at].thread == thread)
      return true;
  return false;
}

bool turn_over_between(const Log& log, std::size_t first, std::size_t last, std::size_t thread) {
  return event_between(log, "turn_over", first, last, thread);
}

/// Threads that raise the signal themselves: it ends the turn there and then.
void a_signal_ends_the_turn(Trial& trial) {
  Script script(trial);
  script.options["tell"] = true;
  for (int i = draw(trial.random, 1, 4); i > 0; --i)
    script.add(0, {"spawn", script.thread("t" + std::to_string(i))});
  for (std::size_t thread = 0; thread < script.threads(); ++thread)
    for (int i = draw(trial.random, 1, 5); i > 0; --i)
      script.add(thread, {trial.random.chance(0.6) ? "signal" : "log"});
  trial.input(tr("threads that raise the turn-over signal", "自己引发结束轮次信号的线程"));
  const Log log = script.play();
  for (std::size_t thread = 0; thread < script.threads(); ++thread)
    for (std::size_t step = 0; step < script.steps_of(thread).size(); ++step) {
      script.expect(log, thread, step, "ok");
      if (script.steps_of(thread)[step].at(0) != "signal") continue;
      trial.expect(
          script.told(thread, step),
          turn_over_between(log, *log.begin_of(thread, step), *log.end_of(thread, step), thread),
          tr("its turn is over: the event turn_over", "它的轮次结束：事件 turn_over"),
          tr("no such event", "没有这个事件"));
    }
}

// --- patience ---

json play_deed(Trial& trial, const std::string& deed, int time, int patience) {
  return ask(trial, {{"call", "end"},
                     {"deed", deed},
                     {"threads", {"main", "modest", "greedy"}},
                     {"who", 2},
                     {"sleep", time},
                     {"before", "default"},
                     {"milliseconds", 10'000},
                     {"options", {{"patience", patience}}}});
}

void patience_ends(Trial& trial) {
  const int patience = draw(trial.random, 60, 120);
  trial.input(tr("a thread never lets go; patience ", "一个线程从不放手；patience（毫秒） ") +
              std::to_string(patience) + " ms");
  const json ended = play_deed(trial, "greedy", 8000, patience);
  const std::string expected =
      "thread 2 (greedy) has not let go of the core for " + std::to_string(patience) + " ms\n";
  const auto errors = ended.at("errors").get<std::string>();
  trial.expect(tr("the line on standard error", "标准错误上的一行"), errors == expected,
               dialtone::printable(expected), dialtone::printable(errors));
  trial.expect_equal(tr("exit code", "退出码"), ended.at("exit code").get<int>(), 1);
}

/// Who yields, or sleeps longer than that, is not ended.
void patience_lasts(Trial& trial, const std::string& deed) {
  trial.input(deed == "sleep" ? tr("a thread sleeps longer than the core's patience",
                                   "一个线程睡眠的时间比 patience 长")
                              : tr("a thread yields all the time", "一个线程不断让出"));
  for (const int patience : {120, 500, 1500}) {  // the machine may be busy
    const json ended = play_deed(trial, deed, 2 * patience, patience);
    if (ended.at("exit code") != 0 && patience < 1500) continue;
    trial.expect(tr("the run goes on to its end", "运行到正常结束"), ended.at("exit code") == 0,
                 tr("exit code 0", "退出码 0"), ended.dump());
    return;
  }
}

void a_turn_ends_with_its_quantum(Trial& trial) {
  switch (trial.index) {
    case 0:
      return all_have_turns(trial, {.threads = 2, .quantum = 500});
    case 1:
      return all_have_turns(trial, {.threads = 3, .quantum = 1000, .others = true});
    case 2:
      return all_have_turns(trial, {.threads = 3, .signals = true});
    case 3:
      return nobody_is_interrupted(trial);
    case 4:
      return patience_ends(trial);
    case 5:
      return patience_lasts(trial, "sleep");
    case 6:
      return patience_lasts(trial, "fair");
    default:
      if (trial.index < 30) return a_signal_ends_the_turn(trial);
      return all_have_turns(
          trial, {.threads = draw(trial.random, 2, 6), .quantum = draw(trial.random, 200, 1500)});
  }
}

// --- critical sections ---

void expect_whole(Trial& trial, const json& guarded) {
  trial.expect_equal(
      tr("critical sections that found another one half done", "发现别的临界区只做了一半的次数"),
      guarded.at("torn").get<int>(), 0);
  trial.expect_equal(tr("critical sections in which there was a switch", "其中发生过切换的临界区"),
                     guarded.at("switched inside").get<int>(), 0);
  trial.expect_equal(
      tr("critical sections counted, and numbers of them added up", "累加的临界区数，与计数相等"),
      guarded.at("sum").get<int>(), guarded.at("sections").get<int>());
}

void sections_under_a_timer(Trial& trial, bool signals) {
  const int quantum = draw(trial.random, 100, 200);
  trial.input(
      tr("critical sections, quantum ", "临界区，时间片（微秒） ") + std::to_string(quantum) +
      (signals ? tr(" us, and signals from outside", "，外加来自外部的信号") : tr(" us", "")));
  const json request = {{"call", "sections"},
                        {"threads", draw(trial.random, 2, 5)},
                        {"hold", quantum},
                        {"milliseconds", 60},
                        {"options", {{"quantum", quantum}}}};
  expect_whole(trial, signals ? ask_under_signals(trial, request) : ask(trial, request));
}

void numbers_under_a_timer(Trial& trial, bool signals) {
  trial.input(tr("numbers through a channel, quantum 100 us", "数经过一个通道，时间片 100 微秒"));
  const json request = {{"call", "traffic"},
                        {"threads", 2 * draw(trial.random, 1, 4)},
                        {"capacity", draw(trial.random, 1, 4)},
                        {"milliseconds", 60},
                        {"options", {{"quantum", 100}}}};
  const json came = signals ? ask_under_signals(trial, request) : ask(trial, request);
  trial.expect(tr("run() succeeds", "run() 成功"), came.at("run").is_null(),
               tr("no error", "没有错误"), came.at("run").dump());
  trial.expect_equal(tr("the sum of what was received: what was sent", "收到的总和等于发送的总和"),
                     came.at("received").get<std::int64_t>(), came.at("sent").get<std::int64_t>());
}

/// Sections one within another, with signals that are raised in them and outside.
void sections_within_sections(Trial& trial) {
  Script script(trial);
  script.options["tell"] = true;
  for (int i = draw(trial.random, 1, 3); i > 0; --i)
    script.add(0, {"spawn", script.thread("t" + std::to_string(i))});
  for (std::size_t thread = 0; thread < script.threads(); ++thread) {
    int depth = 0;
    for (int i = draw(trial.random, 3, 14); i > 0 || depth > 0; --i) {
      const auto kind = trial.random.between(0, 3);
      if (kind == 0 && i > 0 && depth < 4) {
        script.add(thread, {"critical"});
        ++depth;
      } else if ((kind == 1 || i <= 0) && depth > 0) {
        script.add(thread, {"uncritical"});
        --depth;
      } else if (depth > 0) {
        script.add(thread, {kind == 2 ? "signal" : "log"});
      } else {
        script.add(thread, {"log"});
      }
    }
  }
  const Log log = script.play();
  for (std::size_t thread = 0; thread < script.threads(); ++thread) {
    int depth = 0;
    bool pending = false;
    std::size_t entered = 0;
    for (std::size_t step = 0; step < script.steps_of(thread).size(); ++step) {
      script.expect(log, thread, step, "ok");
      const auto name = script.steps_of(thread)[step].at(0).get<std::string>();
      if (name == "critical" && depth++ == 0) entered = *log.end_of(thread, step);
      if (name == "signal") pending = true;
      if (name != "uncritical") continue;
      const bool is_last = --depth == 0;
      const std::size_t inside = is_last ? *log.begin_of(thread, step) : *log.end_of(thread, step);
      trial.expect(script.told(thread, step),
                   !log.others_between(entered, inside, thread) &&
                       !turn_over_between(log, entered, inside, thread),
                   tr("until then the thread has kept the core", "在此之前线程一直占有处理器"),
                   tr("it was interrupted", "它被打断了"));
      if (!is_last || !pending) continue;
      pending = false;
      trial.expect(script.told(thread, step),
                   turn_over_between(log, inside, *log.end_of(thread, step), thread),
                   tr("the turn that should have ended ends now: the event turn_over",
                      "本该结束的轮次此刻结束：事件 turn_over"),
                   tr("no such event", "没有这个事件"));
    }
  }
}

/// One yields within its section: the others are in none meanwhile.
void a_section_is_the_threads_own(Trial& trial) {
  Script script(trial);
  script.options["tell"] = true;
  const auto guarded = script.thread("guarded");
  const auto free = script.thread("free");
  script.add(0, {"spawn", guarded});
  script.add(0, {"spawn", free});
  script.add(guarded, {"critical"});
  for (int i = draw(trial.random, 0, 2); i > 0; --i) script.add(guarded, {"critical"});
  const auto yields = script.add(guarded, {"yield"});
  script.add(guarded, {"signal"});
  script.add(guarded, {"log"});
  std::size_t last = 0;
  for (std::size_t i = 0; i < yields; ++i) last = script.add(guarded, {"uncritical"});
  script.add(free, {"log"});
  const auto signal = script.add(free, {"signal"});
  script.add(free, {"log"});
  trial.input(tr("a thread yields within its critical section", "一个线程在自己的临界区内让出"));
  const Log log = script.play();
  script.expect(log, guarded, last, "ok");
  script.expect(log, free, signal, "ok");
  trial.expect(
      script.told(guarded, yields),
      event_between(log, "yielded", *log.begin_of(guarded, yields), *log.end_of(guarded, yields),
                    guarded),
      tr("it hands the core on all the same: the event yielded", "它照样交出处理器：事件 yielded"),
      tr("no such event", "没有这个事件"));
  trial.expect(script.told(free, signal),
               turn_over_between(log, *log.begin_of(free, signal), *log.end_of(free, signal), free),
               tr("its turn ends, it is in no section itself", "它的轮次结束，它自己不在临界区内"),
               tr("no event turn_over", "没有事件 turn_over"));
  const auto from = *log.end_of(guarded, yields);
  const auto to = *log.begin_of(guarded, last);
  trial.expect(script.told(guarded, last),
               !log.others_between(from, to, guarded) && !turn_over_between(log, from, to, guarded),
               tr("since it yielded the thread has kept the core", "让出之后它一直占有处理器"),
               tr("it was interrupted", "它被打断了"));
}

void no_switch_in_a_critical_section(Trial& trial) {
  if (trial.index == 0) ask(trial, {{"call", "empty sections"}});
  switch (trial.index) {
    case 0:
    case 1:
      return sections_under_a_timer(trial, trial.index == 1);
    case 2:
    case 3:
      return numbers_under_a_timer(trial, trial.index == 3);
    default:
      return trial.index % 4 == 0 ? a_section_is_the_threads_own(trial)
                                  : sections_within_sections(trial);
  }
}

// --- errno ---

void errno_under_interruptions(Trial& trial, bool signals) {
  const json spun = spin(trial, {.threads = 3, .quantum = signals ? 0 : 300, .signals = signals});
  for (const json& wrong : spun.at("wrong errno"))
    trial.expect_equal(tr("how often a thread found another errno than it had set",
                          "线程发现 errno 不是自己所设的值的次数"),
                       wrong.get<int>(), 0);
}

void errno_is_each_threads_own(Trial& trial) {
  if (trial.index < 2) return errno_under_interruptions(trial, trial.index == 1);
  Script script(trial);
  const auto channel = script.channel(1);
  const Pipe pipe;
  const auto descriptor = script.descriptor(pipe.reads.get());
  const auto receiver = script.thread("receiver");
  for (int i = draw(trial.random, 2, 5); i > 0; --i) script.thread("t" + std::to_string(i));
  for (std::size_t thread = 1; thread < script.threads(); ++thread)
    script.add(0, {"spawn", thread});
  const auto any = [&trial] { return draw(trial.random, 1, 200); };
  const auto waits = [&](std::size_t thread) {
    const auto kind = trial.random.between(0, 3);
    if (kind < 2) script.add_with_errno(thread, {"yield"}, any());
    if (kind == 2) script.add_with_errno(thread, {"sleep", 0}, any());
    if (kind == 3 && thread == 0) script.add_with_errno(0, {"join", receiver}, any());
    if (kind == 3 && thread == 2) script.add_with_errno(2, {"wait", descriptor, 0, 1}, any());
  };
  script.add_with_errno(receiver, {"receive", channel}, any());
  for (std::size_t thread = 0; thread < script.threads(); ++thread)
    for (int i = draw(trial.random, 1, 5); i > 0; --i)
      if (thread != receiver) waits(thread);
  script.add(script.threads() - 1, {"send", channel, 1});
  const Log log = script.play();
  for (const Entry& entry : log.entries) {
    if (entry.what != Entry::What::end) continue;
    const json& step = script.steps_of(entry.thread)[entry.step];
    if (step.size() < 5) continue;
    if (!log.others_between(*log.begin_of(entry.thread, entry.step),
                            *log.end_of(entry.thread, entry.step), entry.thread))
      continue;
    trial.expect_equal(tr("errno after ", "此后的 errno：") + script.told(entry.thread, entry.step),
                       entry.error, step.at(4).get<int>());
  }
}

}  // namespace

std::vector<Case> turn_cases() {
  return {{"a_turn_ends_with_its_quantum", 34, a_turn_ends_with_its_quantum},
          {"no_switch_in_a_critical_section", 34, no_switch_in_a_critical_section},
          {"errno_is_each_threads_own", 40, errno_is_each_threads_own}};
}

}  // namespace lab07
