// Channels, and threads that wait for one another for ever.
//
// The k-th receive that began gets the number of the k-th send that began, whoever ran when:
// numbers go in and come out in one order, and nobody overtakes one who waits.
#include <algorithm>
#include <map>

#include "script.hpp"

namespace lab07 {
namespace {

/// A step of this name on this channel.
bool is_on(const Script& script, const Entry& entry, const char* name, std::size_t channel) {
  if (entry.what == Entry::What::event) return false;
  const json& step = script.steps_of(entry.thread)[entry.step];
  return step.at(0) == name && step.at(1).get<std::size_t>() == channel;
}

void a_channel_keeps_its_order(Trial& trial) {
  Script script(trial);
  const int channels = draw(trial.random, 1, 2);
  const int senders = draw(trial.random, 1, 5);
  const int receivers = draw(trial.random, 1, 5);
  std::vector<int> numbers(static_cast<std::size_t>(channels));
  for (int i = 0; i < channels; ++i) script.channel(1000);  // never full: that is another case
  std::vector<std::size_t> threads;
  for (int i = 0; i < senders + receivers; ++i) {
    const bool sends = i < senders;
    threads.push_back(script.thread((sends ? "sender" : "receiver") + std::to_string(i)));
    if (!sends) continue;
    for (int steps = draw(trial.random, 1, 12); steps > 0; --steps) {
      if (trial.random.chance(0.3)) script.add(threads.back(), {"yield"});
      const auto channel = trial.random.between(0, numbers.size() - 1);
      const auto number = static_cast<std::int64_t>(trial.random.bits() >> 1U);
      script.add(threads.back(), {"send", channel, trial.random.chance(0.5) ? number : -number});
      ++numbers[channel];
    }
  }
  for (std::size_t channel = 0; channel < numbers.size(); ++channel)
    for (int i = 0; i < numbers[channel]; ++i) {
      const auto receiver =
          threads[trial.random.between(static_cast<std::size_t>(senders), threads.size() - 1)];
      script.add(receiver, {"receive", channel});
      if (trial.random.chance(0.3)) script.add(receiver, {"yield"});
    }
  for (std::size_t i = threads.size(); i > 0; --i) {  // receivers may wait before anybody sends
    std::swap(threads[i - 1], threads[trial.random.between(0, i - 1)]);
    script.add(0, {"spawn", threads[i - 1]});
  }
  const Log log = script.play();
  for (std::size_t channel = 0; channel < numbers.size(); ++channel) {
    std::vector<std::int64_t> sent;
    for (const Entry& entry : log.entries)
      if (entry.what == Entry::What::begin && is_on(script, entry, "send", channel))
        sent.push_back(script.steps_of(entry.thread)[entry.step].at(2).get<std::int64_t>());
    std::size_t at = 0;
    for (const Entry& entry : log.entries) {
      if (entry.what != Entry::What::begin || !is_on(script, entry, "receive", channel)) continue;
      const Entry& got = script.expect(log, entry.thread, entry.step, "ok");
      trial.expect_equal(script.told(entry.thread, entry.step) +
                             tr(", which was the receive number ", "，是第几个 receive：") +
                             std::to_string(at + 1),
                         got.number, sent.at(at));
      ++at;
    }
  }
  script.expect_run_ended_well(log);
}

/// How many turns the others have before it is asked who still waits.
constexpr int turns_for_the_others = 8;

/// After so many turns of everybody's, who still sends waits for room, and there is none.
void expect_no_sender_waits_in_vain(Trial& trial, const Script& script, const Log& log,
                                    std::size_t room) {
  std::size_t begun = 0;
  std::size_t put_in = 0;
  std::size_t taken = 0;
  int turns = 0;
  for (const Entry& entry : log.entries) {
    if (entry.what == Entry::What::event) continue;
    const bool is_begin = entry.what == Entry::What::begin;
    if (is_on(script, entry, "send", 0)) (is_begin ? begun : put_in) += 1;
    if (entry.thread != 0 || is_begin) continue;
    if (is_on(script, entry, "receive", 0)) {
      ++taken;
      turns = 0;
    }
    if (script.steps_of(0)[entry.step].at(0) == "yield") ++turns;
    if (turns != turns_for_the_others || begun == put_in) continue;
    trial.expect_equal(
        script.told(0, entry.step) +
            tr(": the numbers in the channel while ", "：通道里的数；同时仍在等待的 send 数：") +
            std::to_string(begun - put_in) + tr(" sends wait", ""),
        put_in - taken, room);
  }
}

void a_full_channel_stops_its_sender(Trial& trial) {
  Script script(trial);
  const bool in_order = trial.index % 2 == 0;  // with room for one, whatever order it keeps inside
  const std::size_t capacity = in_order ? trial.random.between(0, 1) : trial.random.between(2, 8);
  const std::size_t room = std::max<std::size_t>(1, capacity);
  script.channel(capacity);
  trial.input(tr("capacity ", "容量 ") + std::to_string(capacity));
  int numbers = 0;
  for (int i = draw(trial.random, 1, 6); i > 0; --i) {
    const auto sender = script.thread("sender" + std::to_string(i));
    script.add(0, {"spawn", sender});
    for (int steps = draw(trial.random, 1, 8); steps > 0; --steps) {
      if (trial.random.chance(0.2)) script.add(sender, {"yield"});
      script.add(sender, {"send", 0, ++numbers});
    }
  }
  for (int i = 0; i < numbers; ++i) {
    for (int yields = trial.random.chance(0.5) ? turns_for_the_others : 0; yields > 0; --yields)
      script.add(0, {"yield"});
    script.add(0, {"receive", 0});
  }
  const Log log = script.play();
  std::size_t begun = 0;
  std::size_t put_in = 0;
  std::size_t asked_for = 0;
  std::size_t taken = 0;
  std::vector<std::int64_t> order;
  for (std::size_t i = 0; i < log.entries.size(); ++i) {
    const Entry& entry = log.entries[i];
    const bool is_begin = entry.what == Entry::What::begin;
    if (is_on(script, entry, "receive", 0)) {
      (is_begin ? asked_for : taken) += 1;
      if (!is_begin && entry.kind == "ok" && in_order)
        trial.expect_equal(
            tr("the number received (senders are served in the order of their coming)",
               "收到的数（发送者按到来的次序得到服务）"),
            entry.number, order.at(taken - 1));
    }
    if (!is_on(script, entry, "send", 0)) continue;
    const std::string told = script.told(entry.thread, entry.step);
    if (is_begin) {
      const bool has_room = begun - taken < room;
      ++begun;
      order.push_back(script.steps_of(entry.thread)[entry.step].at(2).get<std::int64_t>());
      if (has_room)
        trial.expect(told,
                     i + 1 < log.entries.size() &&
                         log.entries[i + 1].is(Entry::What::end, entry.thread, entry.step),
                     tr("it does not wait, there is room", "有空位，不等待"),
                     tr("it waited", "它等待了"));
    } else {
      trial.expect(told, entry.kind == "ok", "ok", entry.kind);
      ++put_in;
      trial.expect(told, put_in <= asked_for + room,
                   tr("it waits, the channel is full", "通道已满，它要等待"),
                   tr("it put a number in", "它放进了一个数"));
    }
  }
  expect_no_sender_waits_in_vain(trial, script, log, room);
  for (std::size_t thread = 1; thread < script.threads(); ++thread)
    for (std::size_t step = 0; step < script.steps_of(thread).size(); ++step)
      script.expect(log, thread, step, "ok");
  script.expect_run_ended_well(log);
}

/// Who sends or receives once more after all was closed.
void a_closed_channel_ends(Trial& trial) {
  Script script(trial);
  const auto capacity = trial.random.between(1, 6);
  script.channel(capacity);
  const bool full = trial.index % 2 == 0;  // then senders wait, else receivers
  const std::uint64_t inside = full                   ? capacity
                               : trial.index % 4 == 1 ? 0
                                                      : trial.random.between(1, capacity);
  const bool waits = full || inside == 0;
  trial.input(tr("capacity ", "容量 ") + std::to_string(capacity) +
              tr(", numbers in it: ", "，其中的数：") + std::to_string(inside));
  for (std::uint64_t i = 0; i < inside; ++i) script.add(0, {"send", 0, i});
  std::vector<std::size_t> waiters;
  for (int i = waits ? draw(trial.random, 0, 4) : 0; i > 0; --i) {
    waiters.push_back(script.thread("waiter" + std::to_string(i)));
    script.add(0, {"spawn", waiters.back()});
    script.add(waiters.back(), full ? json{"send", 0, 100 + i} : json{"receive", 0});
    script.add(waiters.back(), {"send", 0, 200 + i});
  }
  for (std::size_t i = 0; i < waiters.size() + 2; ++i) script.add(0, {"yield"});
  for (auto times = trial.random.between(1, 3); times > 0; --times) script.add(0, {"close", 0});
  const auto send = script.add(0, {"send", 0, 300});
  std::vector<std::size_t> receives;
  for (std::uint64_t i = 0; i < inside; ++i) receives.push_back(script.add(0, {"receive", 0}));
  const auto last = script.add(0, {"receive", 0});
  script.add(0, {"close", 0});
  const auto after = script.add(0, {"receive", 0});
  const Log log = script.play();
  script.expect(log, 0, send, "closed");
  for (const std::size_t receive : receives) {
    const Entry& got = script.expect(log, 0, receive, "ok");
    trial.expect(script.told(0, receive), got.number < 100,
                 tr("a number that was in the channel", "通道里原有的数"),
                 std::to_string(got.number));
  }
  script.expect(log, 0, last, "closed");
  script.expect(log, 0, after, "closed");
  for (const std::size_t waiter : waiters) {
    script.expect(log, waiter, 0, "closed");
    script.expect(log, waiter, 1, "closed");
  }
  script.expect_run_ended_well(log);
}

// --- deadlocks ---

/// What each thread waits for at last.
struct Stuck {
  std::size_t thread;
  std::size_t step;
  std::string what;  ///< "a channel", "thread 3"
};

/// Waits for ever: for a channel, or for one of the first `threads`, which all do.
void add_wait(Trial& trial, Script& script, std::size_t thread, std::size_t threads,
              std::vector<Stuck>& stuck) {
  const auto kind = trial.random.between(0, 2);
  if (kind == 0) {
    const auto joined = trial.random.between(0, threads - 1);
    stuck.push_back(
        {thread, script.add(thread, {"join", joined}), "thread " + std::to_string(joined)});
  } else if (kind == 1) {
    stuck.push_back({thread, script.add(thread, {"receive", script.channel(2)}), "a channel"});
  } else {
    const auto channel = script.channel(1);
    script.add(thread, {"send", channel, 1});
    stuck.push_back({thread, script.add(thread, {"send", channel, 2}), "a channel"});
    script.add(thread, {"receive", channel});
    script.add(thread, {"close", channel});
    script.add(thread, {"receive", channel});
  }
  script.add(thread, {"log"});
}

/// Whether the step ended in anything but a wait: another rule's fault.
bool did_not_wait(const Script& script, const Log& log, const Stuck& one) {
  const auto begin = log.begin_of(one.thread, one.step);
  return !begin || (*begin + 1 < log.entries.size() && script.threads() > 1 &&
                    log.entries[*begin + 1].is(Entry::What::end, one.thread, one.step));
}

void somebody_can_end_it(Trial& trial) {
  Script script(trial);
  const auto channel = script.channel(1);
  const auto sleeper = script.thread("sleeper");
  script.add(0, {"spawn", sleeper});
  const auto receive = script.add(0, {"receive", channel});
  script.add(sleeper, {"sleep", draw(trial.random, 1, 10)});
  script.add(sleeper, {"send", channel, 5});
  trial.input(tr("one waits for a number, and the one who will send it sleeps",
                 "一个线程等一个数，会发送它的线程在睡眠"));
  const Log log = script.play();
  script.expect(log, 0, receive, "ok");
  script.expect_run_ended_well(log);
}

void a_deadlock_is_reported(Trial& trial) {
  if (trial.index % 5 == 3) return somebody_can_end_it(trial);
  Script script(trial);
  std::vector<Stuck> stuck;
  const int count = trial.index == 0 ? 0 : draw(trial.random, 1, 7);
  for (int i = 1; i <= count; ++i)
    script.add(0,
               {"spawn", script.thread(trial.random.text(trial.random.between(1, 8), "abcxyz"))});
  if (trial.random.chance(0.3)) {  // it waits, too, but it will end: only then the others are stuck
    const auto sleeper = script.thread("sleeper");
    script.add(0, {"spawn", sleeper});
    script.add(sleeper, {"sleep", 5});
  }
  if (trial.random.chance(0.2)) {
    const auto thrower = script.thread("thrower");
    script.add(0, {"spawn", thrower});
    script.add(thrower, {"throw", "text"});
  }
  const auto threads = static_cast<std::size_t>(count) + 1;
  for (std::size_t thread = 0; thread < threads; ++thread) {
    for (int yields = draw(trial.random, 0, 2); yields > 0; --yields) script.add(thread, {"yield"});
    if (thread == 0 && trial.index == 0) {
      stuck.push_back({0, script.add(0, {"receive", script.channel(1)}), "a channel"});
      script.add(0, {"log"});
    } else {
      add_wait(trial, script, thread, threads, stuck);
    }
  }
  const Log log = script.play();
  std::string expected;
  for (const Stuck& one : stuck) {
    if (did_not_wait(script, log, one)) return;
    expected += (expected.empty() ? "" : "; ") + ("thread " + std::to_string(one.thread)) + " (" +
                script.name_of(one.thread) + ") waits for " + one.what;
  }
  for (const Stuck& one : stuck) script.expect(log, one.thread, one.step, "deadlock");
  const std::string kind = log.run.is_null() ? "ok" : log.run.at("kind").get<std::string>();
  trial.expect(tr("what run() returns", "run() 的返回"), kind == "deadlock", "deadlock", kind);
  const auto message = log.run.at("message").get<std::string>();
  trial.expect(tr("the message of run()'s error", "run() 错误的消息"), message == expected,
               expected, message);
  for (const Stuck& one : stuck) {
    const std::size_t last = script.steps_of(one.thread).size() - 1;
    script.expect(log, one.thread, last, "ok");
    if (one.what != "a channel" || one.step + 4 > last) continue;
    script.expect(log, one.thread, one.step + 1, "ok");
    script.expect(log, one.thread, one.step + 3, "closed");  // what it could not send is not there
  }
}

}  // namespace

std::vector<Case> channel_cases() {
  return {{"a_channel_keeps_its_order", 80, a_channel_keeps_its_order},
          {"a_full_channel_stops_its_sender", 80, a_full_channel_stops_its_sender},
          {"a_closed_channel_ends", 60, a_closed_channel_ends},
          {"a_deadlock_is_reported", 60, a_deadlock_is_reported}};
}

}  // namespace lab07
