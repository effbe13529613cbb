// The multilevel feedback queue: who is before whom.
#include "script.hpp"

namespace lab06 {
namespace {

int draw_level(Script& script) {
  return draw(script.random(), 0, script.rules().top());
}

void who_used_up_a_quantum_goes_to_the_end(Trial& trial) {
  Rules rules = draw_mlfq(trial, {1, 3, 1});
  const bool stays = trial.index % 2 == 0;  // in its line, or else it goes to the one below
  if (stays) rules.allotments.back() = draw(trial.random, 3, 5);
  Script script(trial, rules);
  const int count = draw(script.random(), 2, 4);
  script.bring_in(count);
  for (const int pid : shuffled(script.random(), count)) script.use_up(pid);
  while (script.model().ready() > 0) script.pick(look::who);
  script.play();
}

void the_highest_level_is_served_first(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {2, 5, 1}));
  for (const int level : shuffled(script.random(), script.rules().top() + 1))
    script.stand_at(level);
  while (script.model().ready() > 0) script.pick(look::who);
  script.play();
}

/// Two to four run, all at one level.
int run_some(Script& script) {
  const int count = draw(script.random(), 2, 4);
  const int to = draw_level(script);
  for (int i = 0; i < count; ++i) script.run_at(to);
  return count;
}

void block_and_wake_some(Trial& trial, const Rules& rules) {
  Script script(trial, rules);
  const int count = run_some(script);
  for (int pid = 0; pid < count; ++pid) script.run_and_block(pid);
  for (const int pid : shuffled(script.random(), count)) script.wake(pid);
  while (script.model().ready() > 0) script.pick(look::who);
  script.play();
}

void who_wakes_goes_to_the_end_of_its_line(Trial& trial) {
  block_and_wake_some(trial, draw_mlfq(trial, {1, 3, 2, 2}));
}

void with_bump_who_wakes_goes_to_the_head(Trial& trial) {
  Rules rules = draw_mlfq(trial, {1, 3, 2, 2});
  rules.bump = true;
  block_and_wake_some(trial, rules);
}

void who_was_preempted_goes_to_the_head_of_its_line(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {1, 3, 2, 2}));
  const int count = run_some(script);
  for (const int pid : shuffled(script.random(), count)) {
    if (script.random().chance(0.5)) script.run_a_part(pid);
    script.preempt(pid);
  }
  while (script.model().ready() > 0) script.pick(look::who);
  script.play();
}

void only_a_higher_level_outranks(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {1, 4, 1}));
  for (int i = 0; i < 2; ++i) script.run_at(draw_level(script));
  script.ask_outranks(0, 1);
  script.ask_outranks(1, 0);
  script.play();
}

void best_is_who_would_be_picked(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {1, 5, 1}));
  script.ask_best();
  for (int count = draw(script.random(), 1, 5); count > 0; --count)
    script.stand_at(draw_level(script));
  while (script.model().ready() > 0) script.ask_best();
  script.ask_best();
  script.play();
}

void ready_counts_all_lines(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {1, 3, 1}));
  script.ask_ready();
  script.pick(look::who);
  for (int count = draw(script.random(), 1, 5); count > 0; --count) {
    script.stand_at(draw_level(script));
    script.ask_ready();
  }
  while (script.model().ready() > 0) {
    script.pick(look::nothing);
    script.ask_ready();
  }
  script.pick(look::who);
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
      {"mlfq_only_a_higher_level_outranks", 100, only_a_higher_level_outranks},
      {"mlfq_best_is_who_would_be_picked", 200, best_is_who_would_be_picked},
      {"mlfq_ready_counts_all_lines", 100, ready_counts_all_lines}};
}

}  // namespace lab06
