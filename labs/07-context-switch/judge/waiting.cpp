// Waiting for time and for descriptors.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <stdexcept>

#include "script.hpp"

namespace lab07 {
namespace {

using dialtone::FileDescriptor;

// --- time ---

/// False where the machine was so busy that nothing can be said.
bool expect_order(Trial& trial, const Log& log, const std::vector<int>& times) {
  std::map<int, std::vector<std::size_t>> by_time;  // those of one time as they fell asleep
  std::vector<std::size_t> woke;
  std::vector<std::size_t> made_ready;
  std::set<std::size_t> asleep;
  for (const Entry& entry : log.entries) {
    if (entry.thread == 0) continue;
    if (entry.what == Entry::What::end) woke.push_back(entry.thread);
    if (entry.kind == "made_ready" && asleep.contains(entry.thread))
      made_ready.push_back(entry.thread);
    if (entry.what != Entry::What::begin) continue;
    if (entry.when >= -1000) return false;
    asleep.insert(entry.thread);
    by_time[times[entry.thread - 1]].push_back(entry.thread);
  }
  std::vector<std::size_t> expected;
  for (const auto& [time, sleepers] : by_time)
    expected.insert(expected.end(), sleepers.begin(), sleepers.end());
  if (made_ready == expected) return true;  // whatever became of them in the line
  for (std::size_t i = 0; i < expected.size(); ++i)
    trial.expect_equal(tr("who wakes, number ", "醒来的线程，第 ") + std::to_string(i + 1),
                       woke.at(i), expected[i]);
  return true;
}

/// Threads that sleep once each. Nothing is compared where the machine was so busy that the first
/// time had come before all of them slept.
void sleepers_wake_in_order(Trial& trial) {
  const int count = trial.index == 0 ? 2 : draw(trial.random, 2, 40);
  std::vector<int> times;
  for (int i = 0; i < count; ++i)
    times.push_back(5 * draw(trial.random, 0, trial.index == 0 ? 0 : 4));
  for (const int base : {15, 60, 300, 1500}) {
    Script script(trial);
    script.base = base;
    script.options["tell"] = true;
    for (int i = 0; i < count; ++i) {
      const auto sleeper = script.thread("t" + std::to_string(i));
      script.add(0, {"spawn", sleeper});
      script.add(sleeper, {"sleep", times[static_cast<std::size_t>(i)]});
    }
    const Log log = script.play();
    for (std::size_t sleeper = 1; sleeper < script.threads(); ++sleeper) {
      const Entry& over = script.ended(log, sleeper, 0);
      const auto until = std::int64_t{times[sleeper - 1]} * 1000;
      trial.expect(
          script.told(sleeper, 0), over.when >= until, tr("it sleeps until then", "它睡到那时"),
          tr("microseconds too early: ", "提前的微秒数：") + std::to_string(until - over.when));
    }
    if (expect_order(trial, log, times)) return;
  }
}

void who_sleeps_takes_no_turn(Trial& trial) {
  Script script(trial);
  script.options["tell"] = true;
  const int time = draw(trial.random, 5, 25);
  const int yields = draw(trial.random, 20, 45);
  const auto sleeper = script.thread("sleeper");
  const auto other = script.thread("other");
  script.add(0, {"spawn", sleeper});
  script.add(0, {"spawn", other});
  script.add(0, {"join", sleeper});
  const auto sleeps = script.add(sleeper, {"sleep", time});
  const auto before = script.add(other, {"switches"});
  for (int i = 0; i < yields; ++i) script.add(other, {"yield"});
  const auto after = script.add(other, {"switches"});
  const Log log = script.play();
  script.expect_run_ended_well(log);
  const Entry& woke = script.ended(log, sleeper, sleeps);
  trial.expect(script.told(sleeper, sleeps), woke.when >= std::int64_t{time} * 1000,
               tr("it sleeps until then", "它睡到那时"),
               std::to_string(woke.when) + tr(" microseconds", " 微秒"));
  const auto begin = *log.begin_of(sleeper, sleeps);
  if (*log.end_of(other, after) < begin) return;  // whoever ran first: nobody was left
  trial.expect(script.told(sleeper, sleeps),
               log.others_between(begin, *log.end_of(sleeper, sleeps), sleeper),
               tr("the others have the core meanwhile", "期间其他线程得到处理器"),
               tr("nobody ran", "没有别的线程运行"));
  std::size_t runs = 0;
  for (auto at = begin; at < *log.end_of(sleeper, sleeps); ++at) {
    const Entry& entry = log.entries[at];
    if (entry.what == Entry::What::event && entry.thread == 1 && entry.kind == "runs") ++runs;
  }
  trial.expect_equal(tr("how often the sleeper was told to run while it slept, the end included",
                        "睡眠期间（含醒来）通知它运行的次数"),
                     runs, std::size_t{1});
  const auto switches =
      script.ended(log, other, after).number - script.ended(log, other, before).number;
  // Nobody else is ready but a sleeper whose time may just have come.
  trial.expect(tr("switches while one thread yields and the other one sleeps",
                  "一个线程让出、另一个睡眠期间的切换次数"),
               switches <= 3, tr("hardly any", "几乎没有"), std::to_string(switches));
}

// --- descriptors ---

/// A script with threads that wait for pipes of the judge's.
struct Waiting {
  explicit Waiting(Trial& played) : trial(played), script(played) {}

  std::size_t spawned(const std::string& name) {
    const auto thread = script.thread(name);
    script.add(0, {"spawn", thread});
    return thread;
  }
  std::size_t readable(std::size_t thread, std::size_t descriptor, int deadline = 20'000) {
    return script.add(thread, {"wait", descriptor, 0, deadline});
  }
  void expect_handed_on(const Log& log, std::size_t thread, std::size_t step) const {
    script.expect(log, thread, step, "ok");
    if (!log.others_between(*log.begin_of(thread, step), log.entries.size(), thread)) return;
    trial.expect(script.told(thread, step),
                 log.others_between(*log.begin_of(thread, step), *log.end_of(thread, step), thread),
                 tr("the others have the core meanwhile", "期间其他线程得到处理器"),
                 tr("nobody ran", "没有别的线程运行"));
  }
  void expect_after(const Log& log, std::size_t thread, std::size_t step, std::size_t other,
                    std::size_t cause) const {
    const auto begun = log.begin_of(other, cause);
    trial.expect(script.told(thread, step), begun && *begun < *log.end_of(thread, step),
                 tr("it ends after ", "它结束于此之后：") + script.told(other, cause),
                 tr("before", "在此之前"));
  }

  Trial& trial;
  Script script;
};

/// Each of some threads waits for a pipe of its own; they are written to in another order.
void each_by_its_own(Trial& trial) {
  Waiting waits(trial);
  const int count = draw(trial.random, 1, 4);  // a message takes 8 descriptors
  std::vector<Pipe> pipes(static_cast<std::size_t>(count));
  std::vector<std::size_t> threads;
  for (const Pipe& pipe : pipes) {
    threads.push_back(waits.spawned("reader" + std::to_string(threads.size())));
    waits.readable(threads.back(), waits.script.descriptor(pipe.reads.get()));
  }
  const auto writer = waits.spawned("writer");
  std::vector<std::size_t> order = threads;
  for (std::size_t i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[trial.random.between(0, i - 1)]);
  std::map<std::size_t, std::size_t> cause;
  for (const std::size_t thread : order) {
    for (int i = draw(trial.random, 0, 3); i > 0; --i) waits.script.add(writer, {"yield"});
    cause[thread] = waits.script.add(
        writer, {"write", waits.script.descriptor(pipes[thread - 1].writes.get())});
  }
  const Log log = waits.script.play();
  for (const std::size_t thread : threads) {
    waits.expect_handed_on(log, thread, 0);
    waits.expect_after(log, thread, 0, writer, cause[thread]);
  }
  waits.script.expect_run_ended_well(log);
}

/// The same descriptor again and again, ready already or not.
void again_and_again(Trial& trial) {
  Waiting waits(trial);
  const Pipe pipe;
  const auto reader = waits.spawned("reader");
  const auto writer = waits.spawned("writer");
  const auto reads = waits.script.descriptor(pipe.reads.get());
  const auto writes = waits.script.descriptor(pipe.writes.get());
  const int rounds = draw(trial.random, 1, 6);
  const int before = draw(trial.random, 0, 1);
  if (before > 0) pipe.fill(1);
  std::vector<std::size_t> steps;
  for (int i = 0; i < rounds + before; ++i) {
    steps.push_back(waits.readable(reader, reads));
    waits.script.add(reader, {"read", reads, 1});
  }
  for (int i = 0; i < rounds; ++i) {
    waits.script.add(writer, {"write", writes});
    for (int yields = draw(trial.random, 0, 2); yields > 0; --yields)
      waits.script.add(writer, {"yield"});
  }
  const Log log = waits.script.play();
  waits.expect_handed_on(log, reader, steps[0]);
  for (const std::size_t step : steps) waits.script.expect(log, reader, step, "ok");
  waits.script.expect_run_ended_well(log);
}

void hang_up_is_ready(Trial& trial) {
  Waiting waits(trial);
  Pipe pipe;
  const auto reader = waits.spawned("reader");
  const auto closer = waits.spawned("closer");
  waits.readable(reader, waits.script.descriptor(pipe.reads.get()));
  waits.script.add(closer, {"yield"});
  const auto shut = waits.script.add(closer, {"shut", waits.script.descriptor(pipe.writes.get())});
  trial.input(tr("the other end of the pipe is closed", "管道的另一端被关闭"));
  const Log log = waits.script.play([&pipe] { pipe.writes.reset(); });
  waits.expect_handed_on(log, reader, 0);
  waits.expect_after(log, reader, 0, closer, shut);
  waits.script.expect_run_ended_well(log);
}

void a_full_pipe_is_writable_later(Trial& trial) {
  Waiting waits(trial);
  const Pipe pipe;
  pipe.fill(4096);
  const auto writer = waits.spawned("writer");
  const auto reader = waits.spawned("reader");
  waits.script.add(writer, {"wait", waits.script.descriptor(pipe.writes.get()), 1, 20'000});
  const auto read = waits.script.add(reader, {"read", waits.script.descriptor(pipe.reads.get())});
  const Log log = waits.script.play();
  waits.expect_handed_on(log, writer, 0);
  waits.expect_after(log, writer, 0, reader, read);
}

void what_epoll_does_not_take(Trial& trial) {
  Waiting waits(trial);
  const Pipe pipe;
  const FileDescriptor file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  const auto first = waits.spawned("first");
  const auto second = waits.spawned("second");
  const auto third = waits.spawned("third");
  const auto reads = waits.script.descriptor(pipe.reads.get());
  waits.readable(first, reads);
  waits.readable(second, reads);
  waits.readable(third, waits.script.descriptor(file.get()));
  waits.script.add(third, {"write", waits.script.descriptor(pipe.writes.get())});
  const Log log = waits.script.play();
  waits.script.expect(log, third, 0, "system");
  trial.expect_equal(tr("a regular file: the error's code (EPERM)", "普通文件：错误码（EPERM）"),
                     log.entries[*log.end_of(third, 0)].code, EPERM);
  const bool first_waited = waits.script.ended(log, first, 0).kind == "ok";
  const auto refused = first_waited ? second : first;
  waits.script.expect(log, refused, 0, "system");
  trial.expect_equal(tr("another thread waits for it already: the error's code (EEXIST)",
                        "已有线程在等它：错误码（EEXIST）"),
                     log.entries[*log.end_of(refused, 0)].code, EEXIST);
  waits.script.expect(log, first_waited ? first : second, 0, "ok");
}

/// While others have so much to do that the line is never empty.
void looked_at_while_others_run(Trial& trial) {
  Waiting waits(trial);
  const Pipe pipe;
  pipe.fill(1);
  const auto reader = waits.spawned("reader");
  for (int i = draw(trial.random, 2, 4); i > 0; --i) {
    const auto busy = waits.spawned("busy" + std::to_string(i));
    for (int yields = 0; yields < 200; ++yields) waits.script.add(busy, {"yield"});
  }
  waits.readable(reader, waits.script.descriptor(pipe.reads.get()));
  trial.input(tr("the descriptor is ready; others yield 200 times each",
                 "描述符已就绪；其他线程各让出 200 次"));
  const Log log = waits.script.play();
  waits.script.expect(log, reader, 0, "ok");
  std::size_t yields = 0;
  for (auto at = *log.begin_of(reader, 0); at < *log.end_of(reader, 0); ++at)
    if (log.entries[at].what == Entry::What::begin) ++yields;
  trial.expect(tr("switches until it goes on (looked at after 64 at the latest)",
                  "到它继续为止的切换次数（最迟 64 次后查看）"),
               yields < 140, tr("hardly more than 64", "略多于 64"), std::to_string(yields));
}

void a_wait_for_a_descriptor(Trial& trial) {
  switch (trial.index % 6) {
    case 0:
      return each_by_its_own(trial);
    case 1:
      return again_and_again(trial);
    case 2:
      return hang_up_is_ready(trial);
    case 3:
      return a_full_pipe_is_writable_later(trial);
    case 4:
      return what_epoll_does_not_take(trial);
    default:
      return looked_at_while_others_run(trial);
  }
}

// --- deadlines ---

void a_wait_ends_at_its_deadline(Trial& trial) {
  Waiting waits(trial);
  struct Asked {
    std::size_t thread;
    std::size_t step;
    int deadline;
    bool ready;
  };
  std::vector<Asked> asked;
  std::vector<Pipe> pipes(static_cast<std::size_t>(draw(trial.random, 1, 4)));
  for (const Pipe& pipe : pipes) {
    const auto thread = waits.spawned("t" + std::to_string(asked.size()));
    const auto reads = waits.script.descriptor(pipe.reads.get());
    const bool ready = trial.random.chance(0.4);
    if (ready) pipe.fill(1);
    for (int times = draw(trial.random, 1, 3); times > 0; --times) {
      const int deadline = ready ? trial.random.pick(std::vector<int>{-1000, -1, 0, 5000, for_ever})
                                 : trial.random.pick(std::vector<int>{-1000, -1, 0, 3, 10, 15});
      asked.push_back({thread, waits.readable(thread, reads, deadline), deadline, ready});
    }
    if (ready) continue;
    waits.script.add(thread, {"write", waits.script.descriptor(pipe.writes.get())});
    asked.push_back({thread, waits.readable(thread, reads, for_ever), for_ever, true});
  }
  const Log log = waits.script.play();
  for (const Asked& one : asked) {
    const Entry& over =
        waits.script.expect(log, one.thread, one.step, one.ready ? "ok" : "timed_out");
    if (!one.ready)
      trial.expect(waits.script.told(one.thread, one.step),
                   over.when >= std::int64_t{one.deadline} * 1000,
                   tr("not before its deadline", "不早于时限"),
                   std::to_string(over.when) + tr(" microseconds", " 微秒"));
  }
  waits.script.expect_run_ended_well(log);
}

}  // namespace

std::vector<Case> waiting_cases() {
  return {{"sleepers_wake_in_order", 20, sleepers_wake_in_order},
          {"who_sleeps_takes_no_turn", 12, who_sleeps_takes_no_turn},
          {"a_wait_for_a_descriptor_hands_the_core_on", 36, a_wait_for_a_descriptor},
          {"a_wait_ends_at_its_deadline", 30, a_wait_ends_at_its_deadline}};
}

}  // namespace lab07
