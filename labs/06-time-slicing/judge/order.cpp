// The multilevel feedback queue: who is before whom. Processes are brought in one by one, each
// running before the next arrives, and then put into the lines by what a case is about.
#include "script.hpp"

namespace lab06 {
namespace {

void who_used_up_a_quantum_goes_to_the_end(Trial& trial) {
  Rules rules = draw_mlfq(trial, {1, 3, 1});
  const bool stays = trial.index % 2 == 0;  // in its line, or else it goes to the one below
  if (stays) rules.allotments.back() = draw(trial.random, 3, 5);
  Script script(trial, rules);
  const int count = draw(script.random(), 2, 4);
  script.bring_in(count);
  for (const int pid : shuffled(script.random(), count)) script.use_up(pid);
  for (int i = 0; i < count && script.random().chance(0.7); ++i) script.use_up(script.pick(who));
  script.empty(who);
  script.play();
}

void the_highest_level_is_served_first(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {2, 4, 1}));
  const int levels = script.model().rules().top() + 1;
  script.bring_in(levels);  // one for each level
  const auto level_of = shuffled(script.random(), levels);
  for (int pid = 0; pid < levels; ++pid) script.sink(pid, level_of[static_cast<std::size_t>(pid)]);
  for (const int pid : shuffled(script.random(), levels)) script.preempt(pid);
  while (script.model().ready() > 0) script.pick(who);
  script.play();
}

/// Some block, at one level, and wake in a drawn order.
void block_and_wake_some(Trial& trial, const Rules& rules) {
  Script script(trial, rules);
  const int count = draw(script.random(), 2, 4);
  script.bring_in(count);
  const int to = draw(script.random(), 0, rules.top());
  for (int pid = 0; pid < count; ++pid) script.sink(pid, to);
  for (int pid = 0; pid < count; ++pid) script.run_and_block(pid);
  for (const int pid : shuffled(script.random(), count)) script.wake(pid);
  while (script.model().ready() > 0) script.pick(who);
  script.play();
}

void who_wakes_goes_to_the_end_of_its_line(Trial& trial) {
  block_and_wake_some(trial, draw_mlfq(trial, {1, 2, 1, 2}));
}

void with_bump_who_wakes_goes_to_the_head(Trial& trial) {
  Rules rules = draw_mlfq(trial, {1, 2, 1, 2});
  rules.bump = true;
  block_and_wake_some(trial, rules);
}

void who_was_preempted_goes_to_the_head_of_its_line(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {1, 2, 1, 2}));
  const int count = draw(script.random(), 2, 4);
  script.bring_in(count);
  const int to = draw(script.random(), 0, script.model().rules().top());
  for (int pid = 0; pid < count; ++pid) script.sink(pid, to);
  for (const int pid : shuffled(script.random(), count)) {
    if (script.random().chance(0.5)) script.run_a_part(pid);
    script.preempt(pid);
  }
  while (script.model().ready() > 0) script.pick(who);
  script.play();
}

void who_moves_goes_to_the_end_with_its_counters(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {1, 3, 2, 2}), 2);
  const int to = draw(script.random(), 0, script.model().rules().top());
  script.bring_in(1);
  script.sink(0, to);
  const bool others = script.random().chance(0.7);
  if (others) {  // one waits at that level over there
    const int other = script.arrive(1);
    if (to < script.model().rules().top()) {
      script.pick(nothing, 1);
      script.sink(other, to, 1);
      script.enqueue(other, Why::preempted, 1);
    }
  }
  script.run_a_part(0);
  script.gone(0, Out::moved);
  script.enqueue(0, Why::moved, 1);
  if (others) script.gone(script.pick(who, 1), Out::finished, 1);
  script.pick(length_and_level, 1);
  for (int turns = draw(script.random(), 0, 2); turns > 0; --turns) {
    script.use_up(0, 1);
    script.pick(level, 1);
  }
  script.play();
}

void only_a_higher_level_outranks(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {1, 4, 1}));
  script.bring_in(2);
  for (const int pid : {0, 1})
    script.sink(pid, draw(script.random(), 0, script.model().rules().top()));
  script.ask_outranks(0, 1);
  script.ask_outranks(1, 0);
  script.play();
}

void best_is_who_would_be_picked(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {1, 3, 1}));
  script.ask_best();
  const int count = draw(script.random(), 1, 3);
  script.bring_in(count);
  for (int pid = 0; pid < count; ++pid)
    script.sink(pid, draw(script.random(), 0, script.model().rules().top()));
  for (const int pid : shuffled(script.random(), count)) script.preempt(pid);
  for (int left = draw(script.random(), 0, 2); left > 0; --left) script.arrive();
  while (script.model().ready() > 0) script.ask_best();
  script.ask_best();
  script.play();
}

void ready_counts_all_lines(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {1, 3, 1}));
  script.ask_ready();
  script.pick(who);
  const int count = draw(script.random(), 1, 3);
  script.bring_in(count);
  script.ask_ready();
  for (int pid = 0; pid < count; ++pid)
    script.sink(pid, draw(script.random(), 0, script.model().rules().top()));
  for (int pid = 0; pid < count; ++pid) {
    script.preempt(pid);
    script.ask_ready();
  }
  for (int i = 0; i < count; ++i) {
    script.pick(nothing);
    script.ask_ready();
  }
  script.pick(who);
  script.play();
}

}  // namespace

std::vector<Case> order_cases() {
  return {
      {"mlfq_who_used_up_a_quantum_goes_to_the_end", 100, who_used_up_a_quantum_goes_to_the_end},
      {"mlfq_the_highest_level_is_served_first", 100, the_highest_level_is_served_first},
      {"mlfq_who_wakes_goes_to_the_end_of_its_line", 100, who_wakes_goes_to_the_end_of_its_line},
      {"mlfq_with_bump_who_wakes_goes_to_the_head", 100, with_bump_who_wakes_goes_to_the_head},
      {"mlfq_who_was_preempted_goes_to_the_head_of_its_line", 100,
       who_was_preempted_goes_to_the_head_of_its_line},
      {"mlfq_who_moves_goes_to_the_end_with_its_counters", 100,
       who_moves_goes_to_the_end_with_its_counters},
      {"mlfq_only_a_higher_level_outranks", 100, only_a_higher_level_outranks},
      {"mlfq_best_is_who_would_be_picked", 100, best_is_who_would_be_picked},
      {"mlfq_ready_counts_all_lines", 100, ready_counts_all_lines}};
}

}  // namespace lab06
