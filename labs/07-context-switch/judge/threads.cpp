// Threads that take turns, join one another, throw, and are too many.
#include <algorithm>
#include <deque>

#include "script.hpp"

namespace lab07 {
namespace {

// --- turns ---

/// The line as the contract tells it: who spawns goes on, who yields goes to the end, the first one
/// runs next; whom a number was sent is at the end of the line.
class Line {
 public:
  explicit Line(const Script& script) : script_(script), at_(script.threads()) {}

  struct Happened {
    std::vector<std::string> steps;   ///< "begin 0 1", in order
    std::vector<std::string> events;  ///< "0 runs"; thread 0's beginning is left out
    std::vector<std::int64_t> numbers;
  };

  Happened play() {
    line_.push_back(0);
    while (!line_.empty()) {
      const std::size_t thread = line_.front();
      line_.pop_front();
      if (last_ && *last_ != thread) ++switches_;
      last_ = thread;
      event(thread, "runs");
      run(thread);
    }
    return std::move(happened_);
  }

 private:
  void event(std::size_t thread, const std::string& what) {
    happened_.events.push_back(std::to_string(number_of(thread)) + " " + what);
  }
  void step(const char* what, std::size_t thread) {
    happened_.steps.push_back(std::string(what) + script_.told(thread, at_[thread].step));
  }
  std::size_t number_of(std::size_t thread) const { return at_[thread].number; }

  /// Until the thread gives the core up.
  void run(std::size_t thread) {
    At& at = at_[thread];
    for (; at.step < script_.steps_of(thread).size(); ++at.step) {
      if (!at.within) step("", thread);
      if (!at.within && gives_up(thread, script_.steps_of(thread)[at.step])) return;
      at.within = false;
      step(end_mark, thread);
    }
    event(thread, "ended");
  }

  bool gives_up(std::size_t thread, const json& what) {
    const auto name = what.at(0).get<std::string>();
    if (name == "yield") {
      event(thread, "yielded");
      line_.push_back(thread);
    } else if (name == "receive" && !sent_[what.at(1).get<std::size_t>()]) {
      event(thread, "waits");
      waits_[what.at(1).get<std::size_t>()] = thread;
    } else {
      act(thread, name, what);
      return false;
    }
    at_[thread].within = true;
    return true;
  }

  void act(std::size_t thread, const std::string& name, const json& what) {
    if (name == "self") happened_.numbers.push_back(static_cast<std::int64_t>(number_of(thread)));
    if (name == "switches") happened_.numbers.push_back(switches_);
    if (name == "spawn") {
      const auto child = what.at(1).get<std::size_t>();
      at_[child].number = next_number_++;
      happened_.numbers.push_back(static_cast<std::int64_t>(number_of(child)));
      event(child, "made_ready");
      line_.push_back(child);
    }
    if (name != "send") return;
    const auto channel = what.at(1).get<std::size_t>();
    sent_[channel] = true;
    if (!waits_[channel]) return;
    event(*waits_[channel], "made_ready");
    line_.push_back(*waits_[channel]);
  }

  static constexpr const char* end_mark = "... ";
  struct At {
    std::size_t step = 0;
    bool within = false;
    std::size_t number = 0;
  };
  const Script& script_;
  std::vector<At> at_;
  std::deque<std::size_t> line_;
  std::optional<std::size_t> last_;
  std::int64_t switches_ = 0;
  std::size_t next_number_ = 1;
  bool sent_[4] = {};
  std::optional<std::size_t> waits_[4];
  Happened happened_;
};

/// Each thread spawns those that the draw gives to it, and yields, logs and asks in between.
void draw_turns(Trial& trial, Script& script) {
  const int count = draw(trial.random, 2, 12);
  std::vector<std::vector<std::size_t>> children(static_cast<std::size_t>(count) + 1);
  for (int i = 1; i <= count; ++i) {
    const auto child = script.thread("t" + std::to_string(i));
    children[trial.random.chance(0.6) ? 0 : trial.random.between(0, child - 1)].push_back(child);
  }
  for (std::size_t thread = 0; thread < script.threads(); ++thread) {
    int left = draw(trial.random, 1, 8);
    while (left > 0 || !children[thread].empty()) {
      const auto kind = trial.random.between(0, 5);
      --left;
      if (kind < 2 && !children[thread].empty()) {
        script.add(thread, {"spawn", children[thread].back()});
        children[thread].pop_back();
      } else if (kind == 4) {
        script.add(thread, {trial.random.chance(0.5) ? "self" : "switches"});
      } else {
        script.add(thread, {kind < 4 ? "yield" : "log"});
      }
    }
  }
}

/// Threads that wait for a number each, others that are ready, and who sends.
void draw_wakings(Trial& trial, Script& script) {
  const int receivers = draw(trial.random, 1, 3);
  for (int i = 0; i < receivers; ++i) {
    const auto channel = script.channel(1);
    const auto receiver = script.thread("receiver" + std::to_string(i));
    script.add(0, {"spawn", receiver});
    script.add(receiver, {"receive", channel});
    script.add(receiver, {"log"});
  }
  for (int i = draw(trial.random, 1, 4); i > 0; --i) {
    const auto other = script.thread("other" + std::to_string(i));
    script.add(0, {"spawn", other});
    for (int yields = draw(trial.random, 1, 5); yields > 0; --yields) script.add(other, {"yield"});
  }
  for (int i = draw(trial.random, 0, 2); i > 0; --i) script.add(0, {"yield"});
  for (int i = receivers - 1; i >= 0; --i) {
    script.add(0, {"send", i, i});
    if (trial.random.chance(0.5)) script.add(0, {"yield"});
  }
}

/// Without a thread that yields with nobody else in the line: whether it "runs" anew is open.
std::vector<std::string> without_lone_yields(const std::vector<std::string>& events) {
  std::vector<std::string> kept;
  for (const std::string& event : events) {
    const std::string who = event.substr(0, event.find(' '));
    if (event == who + " runs" && !kept.empty() && kept.back() == who + " yielded")
      kept.pop_back();
    else
      kept.push_back(event);
  }
  return kept;
}

void expect_same(Trial& trial, const std::string& what, const std::vector<std::string>& got,
                 const std::vector<std::string>& expected) {
  for (std::size_t i = 0; i < std::max(got.size(), expected.size()); ++i) {
    const auto at = [i](const std::vector<std::string>& all) {
      return i < all.size() ? all[i] : tr("nothing more", "没有更多");
    };
    trial.expect(what + std::to_string(i + 1), at(got) == at(expected), at(expected), at(got));
  }
}

void threads_take_turns(Trial& trial) {
  Script script(trial);
  const bool is_waking = trial.index % 5 == 4;
  is_waking ? draw_wakings(trial, script) : draw_turns(trial, script);
  const bool tells = trial.index % 3 == 0;
  if (tells) script.options["tell"] = true;
  const Log log = script.play();
  const Line::Happened expected = Line(script).play();
  Line::Happened got;
  std::optional<std::int64_t> switches[2];
  std::size_t numbered = 0;
  for (const Entry& entry : log.entries) {
    if (entry.what == Entry::What::event) {
      const std::string told = std::to_string(entry.thread) + " " + entry.kind;
      if (told != "0 made_ready" || !got.events.empty()) got.events.push_back(told);
      continue;
    }
    const bool is_end = entry.what == Entry::What::end;
    got.steps.push_back((is_end ? "... " : "") + script.told(entry.thread, entry.step));
    if (!is_end) continue;
    if (is_waking && entry.kind != "ok") return;  // that channels work is said elsewhere
    got.numbers.push_back(entry.number);
  }
  expect_same(trial, tr("what happens, line ", "依次发生的事，第 "), got.steps, expected.steps);
  got.numbers.clear();
  for (const Entry& entry : log.entries) {
    if (entry.what != Entry::What::end) continue;
    const auto name = script.steps_of(entry.thread)[entry.step].at(0).get<std::string>();
    if (name != "self" && name != "spawn" && name != "switches") continue;
    std::int64_t wanted = expected.numbers.at(numbered++);
    std::int64_t number = entry.number;
    if (name == "switches") {  // since it was asked first
      if (!switches[0]) switches[0] = number;
      if (!switches[1]) switches[1] = wanted;
      number -= *switches[0];
      wanted -= *switches[1];
    }
    trial.expect_equal(script.told(entry.thread, entry.step), number, wanted);
  }
  if (tells)
    expect_same(trial, tr("the events told, number ", "所通知的事件，第 "),
                without_lone_yields(got.events), without_lone_yields(expected.events));
}

// --- join ---

/// Whether the step ended right where it began.
bool at_once(const Log& log, std::size_t thread, std::size_t step) {
  const auto begin = log.begin_of(thread, step);
  return begin && *begin + 1 < log.entries.size() &&
         log.entries[*begin + 1].is(Entry::What::end, thread, step);
}

void join_waits_for_the_end(Trial& trial) {
  Script script(trial);
  const int count = draw(trial.random, 1, 10);
  for (int i = 1; i <= count; ++i) script.add(0, {"spawn", script.thread("t" + std::to_string(i))});
  std::vector<std::size_t> last(script.threads());
  for (std::size_t thread = script.threads(); thread-- > 0;) {
    for (int i = draw(trial.random, 0, 5); i > 0; --i) {
      if (trial.random.chance(0.5) && thread + 1 < script.threads())
        script.add(thread, {"join", trial.random.between(thread + 1, script.threads() - 1)});
      else if (trial.random.chance(0.2))
        script.add(thread, {"join number", trial.random.between(script.threads(), 1000)});
      else
        script.add(thread, {"yield"});
    }
    if (thread == 0) script.add(0, {"join", draw(trial.random, 1, count)});
    last[thread] = script.add(thread, {"log"});
  }
  const Log log = script.play();
  for (std::size_t thread = 0; thread < script.threads(); ++thread)
    for (std::size_t step = 0; step < script.steps_of(thread).size(); ++step) {
      const json& what = script.steps_of(thread)[step];
      const bool by_number = what.at(0) == "join number";
      if (!by_number && what.at(0) != "join") continue;
      script.expect(log, thread, step, by_number ? "no_thread" : "ok");
      if (by_number) continue;
      const auto joined = what.at(1).get<std::size_t>();
      const auto over = log.end_of(joined, last[joined]);
      trial.expect(
          script.told(thread, step), over && *over < *log.end_of(thread, step),
          tr("it returns after the last step of thread ", "它在线程最后一步之后返回：线程 ") +
              std::to_string(joined),
          tr("it returned before", "它更早返回"));
      if (*over < *log.begin_of(thread, step))
        trial.expect(script.told(thread, step), at_once(log, thread, step),
                     tr("at once, as that one has ended", "立即返回，因为对方已经结束"),
                     tr("others ran first", "别的线程先运行了"));
    }
}

// --- exceptions ---

void an_exception_reaches_who_joins(Trial& trial) {
  Script script(trial);
  const int count = draw(trial.random, 1, 6);
  const auto wait_first = trial.random.chance(0.5);
  std::vector<std::size_t> thrown(static_cast<std::size_t>(count) + 1);
  for (int i = 1; i <= count; ++i) {
    const auto child = script.thread("t" + std::to_string(i));
    script.add(0, {"spawn", child});
    for (int yields = draw(trial.random, 0, 3); yields > 0; --yields) script.add(child, {"yield"});
    const std::string text = trial.random.text(trial.random.between(0, 40), "abc xyz:,");
    if (trial.random.chance(0.7))
      thrown[child] = script.add(child, {"throw", text});
    else
      thrown[child] = script.add(child, {"log"});
  }
  for (int i = wait_first ? 0 : 6; i > 0; --i) script.add(0, {"yield"});
  for (std::size_t child = 1; child < script.threads(); ++child)
    for (int joins = draw(trial.random, 0, 2); joins > 0; --joins) script.add(0, {"join", child});
  const Log log = script.play();

  std::vector<bool> received(script.threads());
  for (std::size_t step = 0; step < script.steps_of(0).size(); ++step) {
    const json& what = script.steps_of(0)[step];
    if (what.at(0) != "join") continue;
    const auto child = what.at(1).get<std::size_t>();
    const Entry& joined = script.ended(log, 0, step);
    const auto threw = log.begin_of(child, thrown[child]);
    if (!threw || *threw > *log.end_of(0, step)) return;  // that join waits is said elsewhere
    const json& last = script.steps_of(child)[thrown[child]];
    const bool tells = last.at(0) == "throw" && !received[child];
    received[child] = true;
    const std::string expected = tells ? "threw: " + last.at(1).get<std::string>() : "ok";
    trial.expect(script.told(0, step), joined.kind == expected, expected, joined.kind);
  }
  std::string first = "null";
  for (const Entry& entry : log.entries) {
    if (entry.what != Entry::What::begin || entry.thread == 0 || received[entry.thread]) continue;
    const json& step = script.steps_of(entry.thread)[entry.step];
    if (step.at(0) != "throw") continue;
    first = "threw: " + step.at(1).get<std::string>();
    break;
  }
  const std::string run = log.run.is_null() ? "null"
                                            : log.run.at("kind").get<std::string>() + ": " +
                                                  log.run.at("message").get<std::string>();
  trial.expect(tr("what run() returns: the first exception that no join has received, or nothing",
                  "run() 的返回：没有被 join 收到的第一个异常，或者没有"),
               run == first, first, run);
}

// --- too many ---

void no_room_in_the_address_space(Trial& trial) {
  trial.input(tr("stacks of 96 MiB each; the process may have 512 MiB",
                 "每个栈 96 MiB；进程最多可有 512 MiB"));
  Script script(trial);
  script.options["stack_bytes"] = std::uint64_t{96} << 20U;
  const int count = 8;
  for (int i = 1; i <= count; ++i) {
    const auto child = script.thread("t" + std::to_string(i));
    script.add(0, {"spawn", child});
    script.add(child, {"yield"});
    script.add(child, {"log"});
  }
  const Log log = script.play();
  script.expect(log, 0, 0, "ok");
  script.expect(log, 0, 1, "ok");
  script.expect(log, 0, count - 1, "no_room");
  for (std::size_t child = 1; child <= count; ++child)
    if (script.ended(log, 0, child - 1).kind == "ok") script.ended(log, child, 1);
  script.expect_run_ended_well(log);
}

void too_many_threads_are_refused(Trial& trial) {
  if (trial.index == 1 && !dialtone::under_sanitizers()) return no_room_in_the_address_space(trial);
  Script script(trial);
  const int most = trial.index == 0 ? 0 : draw(trial.random, 1, 8);
  script.options["most_threads"] = most;
  trial.input("most_threads = " + std::to_string(most));
  std::vector<std::size_t> last(1);
  for (int i = draw(trial.random, most, 2 * most + 4); i > 0; --i) {
    const auto child = script.thread("t" + std::to_string(i));
    script.add(0, {"spawn", child});
    for (int yields = draw(trial.random, 0, 2); yields > 0; --yields) script.add(child, {"yield"});
    last.push_back(script.add(child, {"log"}));
    if (trial.random.chance(0.3)) script.add(0, {"yield"});
  }
  const Log log = script.play();
  if (most == 0) {
    trial.expect(tr("run() itself finds no room", "run() 本身就没有空间"),
                 log.run.value("kind", "") == "no_room", "no_room", log.run.dump());
    return;
  }
  int alive = 1;
  for (const Entry& entry : log.entries) {
    if (entry.what != Entry::What::end) continue;
    if (entry.thread != 0 && entry.step == last[entry.thread]) --alive;
    if (script.steps_of(entry.thread)[entry.step].at(0) != "spawn") continue;
    const std::string expected = alive < most ? "ok" : "no_room";
    trial.expect(script.told(entry.thread, entry.step) + tr(" while there are ", "，此时线程数 ") +
                     std::to_string(alive) + tr(" threads", ""),
                 entry.kind == expected, expected, entry.kind);
    if (entry.kind == "ok") ++alive;
  }
  script.expect_run_ended_well(log);
}

}  // namespace

std::vector<Case> thread_cases() {
  return {{"threads_take_turns", 100, threads_take_turns},
          {"join_waits_for_the_end", 60, join_waits_for_the_end},
          {"an_exception_reaches_who_joins", 60, an_exception_reaches_who_joins},
          {"too_many_threads_are_refused", 40, too_many_threads_are_refused}};
}

}  // namespace lab07
