// Practice for lab 06: the queue, the switch, and two policies, step by step and on the machine.
#include "time_slicing.hpp"

#include <array>
#include <memory>
#include <string>

#include "practice.hpp"
#include "simulation/machine.hpp"
#include "watched.hpp"

namespace {

using namespace time_slicing;
using dialtone::Story;
using simulation::Burst;

/// Processes by letters: 'A' is process 0.
class Processes {
 public:
  Processes() {
    for (std::size_t i = 0; i < all_.size(); ++i) all_[i].pid = static_cast<int>(i);
  }
  ProcessControlBlock& operator[](char letter) {
    return all_[static_cast<std::size_t>(letter - 'A')];
  }

 private:
  std::array<ProcessControlBlock, 6> all_;
};

std::string name_of(const ProcessControlBlock* process) {
  return process == nullptr ? "nobody" : std::string(1, static_cast<char>('A' + process->pid));
}

/// Plays a text of steps: "+A" push_back, "^A" push_front, "-A" remove, "." pop_front. Returns who
/// was popped, and then who is left, as they are popped too: "A|BC".
std::string played(Story& s, const std::string& steps) {
  Processes processes;
  ReadyQueue queue;
  std::string popped;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const char what = steps[i];
    if (what == '.') {
      s.step("pop_front()");
      popped += name_of(queue.pop_front());
      continue;
    }
    const char letter = steps[++i];
    s.step((what == '+'   ? "push_back("
            : what == '^' ? "push_front("
                          : "remove(") +
           std::string(1, letter) + ")");
    if (what == '+') queue.push_back(processes[letter]);
    if (what == '^') queue.push_front(processes[letter]);
    if (what == '-') queue.remove(processes[letter]);
  }
  popped += '|';
  for (int i = 0; i < 8; ++i) {
    const ProcessControlBlock* process = queue.pop_front();
    if (process == nullptr) break;
    popped += name_of(process);
  }
  return popped;
}

// --- policies, step by step ---

const char* name_of(Ready why) {
  constexpr const char* names[] = {"arrived", "woke", "expired", "preempted", "moved"};
  return names[static_cast<int>(why)];
}

/// A policy whose calls are told, and the time, which goes on with each charge.
class Told {
 public:
  Told(Story& s, simulation::Policy& policy) : s_(s), policy_(policy) {}

  void ready(char letter, Ready why) {
    s_.step(std::string(1, letter) + " " + name_of(why) + " at " + std::to_string(now_));
    policy_.enqueue(processes_[letter], why, now_);
  }
  void runs(char letter, Time ticks) {
    now_ += ticks;
    s_.step(std::string(1, letter) + " has run " + std::to_string(ticks) + " ticks");
    policy_.charge(processes_[letter], ticks, now_);
  }
  void blocks(char letter) {
    s_.step(std::string(1, letter) + " blocks");
    policy_.gone(processes_[letter], Gone::blocked, now_);
  }
  void boosts() {
    s_.step("boost");
    policy_.boost(now_);
  }

  /// Picks: `expected` is "A 3", who and for how many ticks, or "nobody".
  void picks(const std::string& expected) {
    const Turn turn = policy_.pick(now_);
    s_.step("pick");
    std::string got = name_of(turn.process);
    if (turn.process != nullptr) got += " " + std::to_string(turn.length);
    s_.expect_equal("who runs, and for how long", got, expected);
  }
  void stands_at(char letter, int level) {
    s_.expect_equal(std::string("the level of ") + letter, processes_[letter].level, level);
  }
  ProcessControlBlock& process(char letter) { return processes_[letter]; }

 private:
  Story& s_;
  simulation::Policy& policy_;
  Processes processes_;
  Time now_ = 0;
};

MlfqRules rules_of(std::vector<Time> quanta, std::vector<int> allotments) {
  MlfqRules rules;
  rules.quanta = std::move(quanta);
  rules.allotments = std::move(allotments);
  return rules;
}

// --- whole runs ---

/// Writes down who ran: "A0-3 B3-5".
class Slices : public simulation::Observer {
 public:
  void ran(int core, int pid, Time start, Time end) override {
    if (pid == pid_ && core == core_ && start == end_) {
      text_.resize(text_.rfind('-') + 1);
    } else {
      if (!text_.empty()) text_ += ' ';
      text_ += static_cast<char>('A' + pid);
      if (core > 0) text_ += "@" + std::to_string(core) + ":";
      text_ += std::to_string(start) + "-";
    }
    text_ += std::to_string(end);
    pid_ = pid, core_ = core, end_ = end;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  int pid_ = -1;
  int core_ = -1;
  Time end_ = -1;
};

struct Program {
  Time arrival;
  std::vector<Time> bursts;  ///< CPU, I/O, CPU, and so on
};

void expect_run(Story& s, const std::vector<Program>& programs,
                const simulation::PolicyMaker& make_policy, const std::string& expected) {
  simulation::Workload workload;
  for (std::size_t i = 0; i < programs.size(); ++i) {
    std::string told = std::string(1, static_cast<char>('A' + i)) + " arrives at " +
                       std::to_string(programs[i].arrival) + ", CPU and I/O in turn:";
    std::vector<Burst> bursts;
    for (const Time length : programs[i].bursts) {
      bursts.push_back({length, bursts.size() % 2 == 1 ? 0 : Burst::cpu});
      told += " " + std::to_string(length);
    }
    simulation::Job job;
    job.arrival = programs[i].arrival;
    workload.add(std::move(job), bursts);
    s.step(told);
  }
  Slices slices;
  simulation::Options options;
  options.horizon = 1000;
  options.observer = &slices;
  run(
      workload, [&] { return std::make_unique<Watched>(make_policy()); }, options);
  s.expect_equal("who runs when", slices.text(), expected);
}

simulation::PolicyMaker round_robin(Time quantum) {
  return [quantum] { return std::make_unique<RoundRobin>(quantum); };
}

simulation::PolicyMaker mlfq(const MlfqRules& rules) {
  return [rules] { return std::make_unique<Mlfq>(rules); };
}

}  // namespace

// --- 1. the ready queue ---

TEST_CASE("an_empty_queue_gives_nobody") {
  Story s;
  ReadyQueue queue;
  s.expect_equal("pop_front() of an empty queue", name_of(queue.pop_front()), "nobody");
}

TEST_CASE("an_empty_queue_has_no_front") {
  Story s;
  const ReadyQueue queue;
  s.expect_equal("front() of an empty queue", name_of(queue.front()), "nobody");
}

TEST_CASE("an_empty_queue_has_no_size") {
  Story s;
  const ReadyQueue queue;
  s.expect_equal("size() of an empty queue", queue.size(), std::size_t{0});
}

TEST_CASE("who_comes_first_leaves_first") {
  Story s;
  s.expect_equal("who leaves, in order", played(s, "+A+B.+C."), std::string("AB|C"));
}

TEST_CASE("a_queue_can_be_filled_again_after_it_was_empty") {
  Story s;
  s.expect_equal("who leaves, in order", played(s, "+A..+B+C."), std::string("AnobodyB|C"));
}

TEST_CASE("push_front_goes_before_those_who_wait") {
  Story s;
  s.expect_equal("who leaves, in order", played(s, "^A+B^C+D"), std::string("|CABD"));
}

TEST_CASE("remove_takes_one_out_of_the_middle_and_closes_the_gap") {
  Story s;
  s.expect_equal("who is left, in order", played(s, "+A+B+C+D-B-C"), std::string("|AD"));
}

TEST_CASE("remove_takes_out_the_first_the_last_and_the_only_one") {
  for (const auto& [steps, left] :
       {std::pair{"+A+B+C-A+D", "|BCD"}, {"+A+B+C-C+D", "|ABD"}, {"+A-A+B+C", "|BC"}}) {
    Story s;
    s.expect_equal("who is left, in order", played(s, steps), std::string(left));
  }
}

TEST_CASE("front_and_size_look_and_take_nobody_out") {
  Story s;
  Processes processes;
  ReadyQueue queue;
  s.step("push_back(A), push_back(B)");
  queue.push_back(processes['A']);
  queue.push_back(processes['B']);
  for (int twice = 0; twice < 2; ++twice) {
    s.expect_equal("front()", name_of(queue.front()), "A");
    s.expect_equal("size()", queue.size(), std::size_t{2});
  }
  s.step("remove(B)");
  queue.remove(processes['B']);
  s.expect_equal("size()", queue.size(), std::size_t{1});
}

TEST_CASE("neighbours_are_linked_and_who_has_left_is_not") {
  Story s;
  Processes processes;
  ReadyQueue queue;
  s.step("push_back(A), push_back(B), push_front(C)");
  queue.push_back(processes['A']);
  queue.push_back(processes['B']);
  queue.push_front(processes['C']);
  s.expect_equal("next of C", name_of(processes['C'].next), "A");
  s.expect_equal("previous of A", name_of(processes['A'].previous), "C");
  s.expect_equal("next of A", name_of(processes['A'].next), "B");
  s.expect_equal("previous of B", name_of(processes['B'].previous), "A");
  s.step("remove(A), pop_front()");
  queue.remove(processes['A']);
  queue.pop_front();
  for (const char gone : {'A', 'C'}) {
    s.expect_equal(std::string("next of ") + gone, name_of(processes[gone].next), "nobody");
    s.expect_equal(std::string("previous of ") + gone, name_of(processes[gone].previous), "nobody");
  }
}

// --- 2. the switch ---

TEST_CASE("save_keeps_what_the_core_holds") {
  Story s;
  Core core{3, {.program_counter = 100, .accumulator = 400, .stack_pointer = 200, .step = 300}};
  ProcessControlBlock process;
  s.step("save(core, process), the core's registers are 100, 200, 300, 400");
  save(core, process);
  s.expect_equal("program_counter", process.saved.program_counter, std::uint64_t{100});
  s.expect_equal("stack_pointer", process.saved.stack_pointer, std::uint64_t{200});
  s.expect_equal("step", process.saved.step, std::uint64_t{300});
  s.expect_equal("accumulator", process.saved.accumulator, std::uint64_t{400});
}

TEST_CASE("restore_gives_the_core_what_was_kept_and_leaves_its_number") {
  Story s;
  Core core{3, {}};
  ProcessControlBlock process;
  process.saved = {.program_counter = 100, .accumulator = 400, .stack_pointer = 200, .step = 300};
  s.step("restore(process, core), saved are 100, 200, 300, 400");
  restore(process, core);
  s.expect_equal("program_counter", core.registers.program_counter, std::uint64_t{100});
  s.expect_equal("stack_pointer", core.registers.stack_pointer, std::uint64_t{200});
  s.expect_equal("step", core.registers.step, std::uint64_t{300});
  s.expect_equal("accumulator", core.registers.accumulator, std::uint64_t{400});
  s.expect_equal("the core's number", core.number, 3);
}

TEST_CASE("two_programs_on_one_core_each_count_for_themselves") {
  Story s;
  Processes processes;
  processes['A'].saved.step = 1;   // counts by ones
  processes['B'].saved.step = 10;  // counts by tens
  Core core;
  for (int round = 0; round < 3; ++round) {
    for (const char letter : {'A', 'B'}) {
      s.step(std::string(1, letter) + " is restored, runs one instruction, and is saved");
      restore(processes[letter], core);
      core.registers.accumulator += core.registers.step;
      ++core.registers.program_counter;
      save(core, processes[letter]);
    }
  }
  s.expect_equal("what A counted", processes['A'].saved.accumulator, std::uint64_t{3});
  s.expect_equal("what B counted", processes['B'].saved.accumulator, std::uint64_t{30});
}

// --- 3. round robin ---

TEST_CASE("round_robin_without_anybody_picks_nobody") {
  Story s;
  RoundRobin policy(3);
  Told told(s, policy);
  told.picks("nobody");
}

TEST_CASE("round_robin_without_anybody_has_nobody_ready") {
  Story s;
  const RoundRobin policy(3);
  s.expect_equal("ready()", policy.ready(), std::size_t{0});
}

TEST_CASE("round_robin_takes_a_charge_off_the_quantum") {
  Story s;
  RoundRobin policy(3);
  ProcessControlBlock process;
  process.quantum_left = 3;
  s.step("charge(process, 2 ticks), which had 3 left");
  policy.charge(process, 2, 2);
  s.expect_equal("quantum_left", process.quantum_left, Time{1});
}

TEST_CASE("round_robin_gives_everybody_a_quantum_in_turn") {
  Story s;
  RoundRobin policy(3);
  Told told(s, policy);
  told.ready('A', Ready::arrived);
  told.ready('B', Ready::arrived);
  told.picks("A 3");
  s.expect_equal("ready()", policy.ready(), std::size_t{1});
  told.runs('A', 3);
  told.ready('A', Ready::expired);
  told.picks("B 3");
  told.runs('B', 3);
  told.ready('B', Ready::expired);
  told.picks("A 3");
}

TEST_CASE("round_robin_puts_the_preempted_first_with_the_rest_of_its_turn") {
  Story s;
  RoundRobin policy(5);
  Told told(s, policy);
  told.ready('A', Ready::arrived);
  told.ready('B', Ready::arrived);
  told.picks("A 5");
  told.runs('A', 2);
  told.ready('A', Ready::preempted);
  told.picks("A 3");
}

TEST_CASE("round_robin_gives_a_whole_quantum_after_io") {
  Story s;
  RoundRobin policy(5);
  Told told(s, policy);
  told.ready('A', Ready::arrived);
  told.picks("A 5");
  told.runs('A', 2);
  told.blocks('A');
  told.ready('B', Ready::arrived);
  told.ready('A', Ready::woke);
  told.picks("B 5");
  told.picks("A 5");
}

TEST_CASE("round_robin_lets_who_moves_here_keep_its_rest") {
  Story s;
  RoundRobin policy(5);
  Told told(s, policy);
  told.process('A').quantum_left = 2;
  told.ready('B', Ready::arrived);
  told.ready('A', Ready::moved);
  told.picks("B 5");
  told.picks("A 2");
}

TEST_CASE("round_robin_on_the_machine_cuts_time_in_slices") {
  Story s;
  s.step("round robin, quantum 2");
  expect_run(s, {{0, {4}}, {0, {3}}, {0, {2}}}, round_robin(2), "A0-2 B2-4 C4-6 A6-8 B8-9");
}

TEST_CASE("round_robin_on_the_machine_puts_an_arrival_before_who_expires_at_the_same_tick") {
  Story s;
  s.step("round robin, quantum 3");
  expect_run(s, {{0, {6}}, {3, {2}}}, round_robin(3), "A0-3 B3-5 A5-8");
}

TEST_CASE("round_robin_on_the_machine_uses_the_core_while_one_does_io") {
  Story s;
  s.step("round robin, quantum 4");
  // A blocks at 2 with half of its quantum left, wakes at 5, and waits until B's quantum has ended.
  expect_run(s, {{0, {2, 3, 4}}, {0, {9}}}, round_robin(4), "A0-2 B2-6 A6-10 B10-15");
}

// --- 4. the multilevel feedback queue ---

TEST_CASE("mlfq_without_anybody_picks_nobody") {
  Story s;
  Mlfq policy({});
  Told told(s, policy);
  told.picks("nobody");
}

TEST_CASE("mlfq_without_anybody_has_nobody_ready") {
  Story s;
  const Mlfq policy({});
  s.expect_equal("ready()", policy.ready(), std::size_t{0});
}

TEST_CASE("mlfq_without_anybody_has_no_best") {
  Story s;
  const Mlfq policy({});
  s.expect_equal("best()", name_of(policy.best(0)), "nobody");
}

TEST_CASE("mlfq_takes_a_charge_off_the_quantum") {
  Story s;
  Mlfq policy(rules_of({8, 4}, {1, 1}));
  ProcessControlBlock process;
  process.level = 1;
  process.quantum_left = 4;
  s.step("charge(process, 3 ticks), which had 4 left");
  policy.charge(process, 3, 3);
  s.expect_equal("quantum_left", process.quantum_left, Time{1});
}

TEST_CASE("mlfq_ranks_by_level_alone") {
  Story s;
  const Mlfq policy(rules_of({8, 4}, {1, 1}));
  ProcessControlBlock high;
  ProcessControlBlock low;
  high.level = 1;
  s.expect_equal("a higher level outranks a lower one", policy.outranks(high, low), true);
  s.expect_equal("a lower level outranks a higher one", policy.outranks(low, high), false);
  s.expect_equal("a level outranks itself", policy.outranks(high, high), false);
}

TEST_CASE("mlfq_lets_a_long_job_sink_level_by_level") {
  Story s;
  Mlfq policy(rules_of({8, 4, 2}, {1, 1, 2}));
  Told told(s, policy);
  told.ready('A', Ready::arrived);
  for (const char* turn : {"A 2", "A 2", "A 4", "A 8", "A 8"}) {
    told.picks(turn);
    told.runs('A', turn[2] - '0');
    told.ready('A', Ready::expired);
  }
  told.stands_at('A', 0);
}

TEST_CASE("mlfq_keeps_level_and_rest_over_io") {
  Story s;
  Mlfq policy(rules_of({8, 4}, {1, 1}));
  Told told(s, policy);
  told.ready('A', Ready::arrived);
  told.picks("A 4");
  told.runs('A', 3);  // and then I/O, a tick before its quantum ends, in the hope for a new one
  told.blocks('A');
  told.ready('A', Ready::woke);
  told.picks("A 1");
  told.stands_at('A', 1);
}

TEST_CASE("mlfq_counts_a_quantum_that_ends_with_the_burst") {
  Story s;
  Mlfq policy(rules_of({8, 4}, {1, 1}));
  Told told(s, policy);
  told.ready('A', Ready::arrived);
  told.picks("A 4");
  told.runs('A', 4);
  told.blocks('A');
  told.ready('A', Ready::woke);
  told.picks("A 8");
  told.stands_at('A', 0);
}

TEST_CASE("mlfq_with_stay_can_be_cheated") {
  Story s;
  MlfqRules rules = rules_of({8, 4}, {1, 1});
  rules.stay = true;
  Mlfq policy(rules);
  Told told(s, policy);
  told.ready('A', Ready::arrived);
  for (int times = 0; times < 3; ++times) {
    told.picks("A 4");
    told.runs('A', 3);
    told.blocks('A');
    told.ready('A', Ready::woke);
  }
  told.stands_at('A', 1);
}

TEST_CASE("mlfq_puts_who_wakes_last_and_with_bump_first") {
  for (const bool bump : {false, true}) {
    Story s;
    MlfqRules rules = rules_of({8, 4}, {1, 1});
    rules.bump = bump;
    s.step(bump ? "with bump" : "without bump");
    Mlfq policy(rules);
    Told told(s, policy);
    told.ready('A', Ready::arrived);
    told.picks("A 4");
    told.runs('A', 1);
    told.blocks('A');
    told.ready('B', Ready::arrived);
    told.ready('A', Ready::woke);
    told.picks(bump ? "A 3" : "B 4");
  }
}

TEST_CASE("mlfq_boosts_the_lowest_line_first_behind_the_highest") {
  Story s;
  MlfqRules rules = rules_of({8, 4, 2}, {1, 1, 1});
  rules.boost = 50;
  Mlfq policy(rules);
  Told told(s, policy);
  const std::pair<char, int> places[] = {{'A', 1}, {'B', 0}, {'C', 1}, {'D', 2}, {'E', 0}};
  for (const auto& [letter, level] : places) {
    told.process(letter).level = level;
    told.process(letter).quantum_left = 1;
    told.process(letter).allotment_left = 1;
    s.step(std::string("level ") + std::to_string(level) + ":");
    told.ready(letter, Ready::moved);
  }
  told.boosts();
  for (const char* turn : {"D 2", "B 2", "E 2", "A 2", "C 2"}) told.picks(turn);
  told.stands_at('B', 2);
}

TEST_CASE("mlfq_boosts_who_is_blocked_meanwhile") {
  Story s;
  MlfqRules rules = rules_of({8, 4}, {1, 1});
  rules.boost = 50;
  Mlfq policy(rules);
  Told told(s, policy);
  told.ready('A', Ready::arrived);
  told.picks("A 4");
  told.runs('A', 4);
  told.ready('A', Ready::expired);
  told.picks("A 8");
  told.runs('A', 5);
  told.blocks('A');
  told.boosts();
  told.ready('A', Ready::woke);
  told.picks("A 4");
  told.stands_at('A', 1);
}

TEST_CASE("mlfq_asks_for_a_boost_after_each_interval") {
  Story s;
  MlfqRules rules;
  rules.boost = 50;
  s.expect_equal("next_boost(0), every 50 ticks", Mlfq(rules).next_boost(0), Time{50});
  s.expect_equal("next_boost(50), every 50 ticks", Mlfq(rules).next_boost(50), Time{100});
  rules.boost = 0;
  s.expect_equal("next_boost(0), without boosts", Mlfq(rules).next_boost(0), simulation::never);
}

TEST_CASE("mlfq_on_the_machine_lets_a_short_job_overtake_a_long_one") {
  Story s;
  s.step("levels with quanta 8, 4, 2 from below");
  // A has sunk to the lowest level when B comes; the core is B's at once, and A goes on with what
  // it has left of its quantum: 5 of 8.
  expect_run(s, {{0, {20}}, {9, {3}}}, mlfq(rules_of({8, 4, 2}, {1, 1, 1})), "A0-9 B9-12 A12-23");
}

TEST_CASE("mlfq_on_the_machine_keeps_a_job_with_much_io_on_top") {
  Story s;
  s.step("levels with quanta 8, 4, 2 from below, and an allotment of 2 on top");
  // A sinks at 5, and B takes the core from it whenever it wakes. B uses up its first quantum in
  // two pieces and stays on top with the second.
  expect_run(s, {{0, {16}}, {0, {1, 4, 1, 4, 1}}}, mlfq(rules_of({8, 4, 2}, {1, 1, 2})),
             "A0-2 B2-3 A3-7 B7-8 A8-12 B12-13 A13-19");
}

TEST_CASE("mlfq_on_the_machine_saves_the_starving_with_a_boost") {
  Story s;
  MlfqRules rules = rules_of({4, 2}, {1, 1});
  rules.boost = 10;
  s.step("levels with quanta 4, 2 from below, a boost every 10 ticks");
  // B and C come one after the other and keep A off the core, until the boost at 10.
  expect_run(s, {{0, {8}}, {2, {6}}, {4, {6}}}, mlfq(rules),
             "A0-2 B2-4 C4-6 A6-10 B10-12 C12-14 A14-16 B16-18 C18-20");
}
