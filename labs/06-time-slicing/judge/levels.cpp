// The multilevel feedback queue: the level, the quantum and the allotment of one process. It is
// mostly alone, so that nothing here depends on an order.
#include <algorithm>

#include "script.hpp"

namespace lab06 {
namespace {

/// A level from `least` to the highest.
int draw_level(Script& script, int least = 0) {
  return draw(script.random(), least, script.rules().top());
}

void who_arrives_starts_at_the_highest_level(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {1, 4, 2}));
  if (trial.index % 2 == 1 && script.rules().top() > 0) {  // where somebody waits further down
    script.stand_at(draw(script.random(), 0, script.rules().top() - 1));
    script.arrive();
    script.pick(look::who_and_level);
  } else {
    for (int left = draw(script.random(), 1, 5); left > 0; --left) script.arrive();
    while (script.model().ready() > 0) script.pick(look::who_and_level);
  }
  script.play();
}

void who_arrives_has_a_whole_quantum(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {1, 4, 3}));
  for (int left = draw(script.random(), 1, 4); left > 0; --left) {
    script.arrive();
    script.pick(look::length);
  }
  script.play();
}

/// It uses up quanta until it leaves its level; at the lowest one it stops.
void use_up_the_allotment(Script& script, int pid, Look look) {
  for (const int from = script.standing(pid).level;
       from > 0 && script.standing(pid).level == from;) {
    script.use_up(pid);
    script.pick(look);
  }
}

/// One quantum of its allotment is used up, where there are more.
void use_up_one(Script& script, int pid) {
  if (script.standing(pid).quanta < 2) return;
  script.use_up(pid);
  script.pick(look::nothing);
}

void a_turn_is_what_is_left_of_the_quantum(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {1, 2, 2, 3}));
  const int pid = script.run_at(draw_level(script));
  if (script.random().chance(0.5)) script.charge(pid, 1);
  script.run_a_part(pid);
  script.preempt(pid);
  script.pick(look::length_and_level);
  use_up_the_allotment(script, pid, look::level);
  script.play();
}

void an_allotment_may_hold_several_quanta(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {2, 2, 5}));
  const int pid = script.arrive();
  script.pick(look::level);
  use_up_the_allotment(script, pid, look::level);
  script.play();
}

void who_used_up_its_allotment_goes_one_level_down(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {3, 6, 1}));
  const int pid = script.run_at(draw_level(script, 2));
  while (script.standing(pid).level > 0) {
    script.use_up(pid);
    script.pick(look::level);
  }
  script.play();
}

void nobody_falls_below_the_lowest_level(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {1, 4, 2}));
  const int pid = script.run_at(0);
  for (int turns = draw(script.random(), 2, 6); turns > 0; --turns) {
    script.use_up(pid);
    script.pick(look::level);
  }
  script.play();
}

void each_level_has_its_own_quantum_and_allotment(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {2, 4, 3}));
  const int pid = script.run_at(draw_level(script, 1));
  while (script.standing(pid).level > 0) {
    script.use_up(pid);
    script.pick(look::length_and_level);
  }
  script.play();
}

void block_and_wake(Script& script, int pid, bool at_the_quantums_end) {
  if (at_the_quantums_end) {
    script.charge(pid, script.standing(pid).left);
    script.gone(pid, Out::blocked);
  } else {
    script.run_and_block(pid);
  }
  script.wake(pid);
  script.pick(look::length_and_level);
}

void who_blocks_keeps_its_level_and_its_rest(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {1, 3, 3, 2}));
  const int pid = script.run_at(draw(script.random(), 0, std::min(1, script.rules().top())));
  use_up_one(script, pid);
  block_and_wake(script, pid, false);
  use_up_the_allotment(script, pid, look::level);
  script.play();
}

void a_burst_that_ends_with_the_quantum_has_used_it_up(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {1, 3, 3}));
  const int pid = script.run_at(draw(script.random(), 0, std::min(1, script.rules().top())));
  do block_and_wake(script, pid, true);
  while (script.standing(pid).level > 0);
  script.play();
}

void with_stay_a_block_gives_all_anew(Trial& trial) {
  Rules rules = draw_mlfq(trial, {1, 3, 3, 2});
  rules.stay = true;
  Script script(trial, rules);
  const int pid = script.run_at(draw(script.random(), 0, std::min(1, rules.top())));
  use_up_one(script, pid);
  block_and_wake(script, pid, trial.index % 3 == 2);
  use_up_the_allotment(script, pid, look::level);
  script.play();
}

/// Processes go from policy A to policy B.
void who_moves_goes_to_the_end_with_its_counters(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {1, 3, 2, 2}), 2);
  const int pid = script.run_at(draw_level(script));
  const int waiting = draw(script.random(), 0, 2);
  for (int i = 0; i < waiting; ++i) script.stand_at(script.standing(pid).level, 1);
  use_up_one(script, pid);
  script.run_a_part(pid);
  script.stand_at(script.standing(pid).level);  // who stays behind
  script.gone(pid, Out::moved);
  script.enqueue(pid, Why::moved, 1);
  for (int i = 0; i < waiting; ++i) script.gone(script.pick(look::who, 1), Out::finished, 1);
  script.pick(look::all, 1);
  script.play();
}

}  // namespace

std::vector<Case> level_cases() {
  return {
      {"mlfq_who_arrives_starts_at_the_highest_level", 100,
       who_arrives_starts_at_the_highest_level},
      {"mlfq_who_arrives_has_a_whole_quantum", 100, who_arrives_has_a_whole_quantum},
      {"mlfq_who_moves_goes_to_the_end_with_its_counters", 100,
       who_moves_goes_to_the_end_with_its_counters},
      {"mlfq_a_turn_is_what_is_left_of_the_quantum", 100, a_turn_is_what_is_left_of_the_quantum},
      {"mlfq_an_allotment_may_hold_several_quanta", 100, an_allotment_may_hold_several_quanta},
      {"mlfq_who_used_up_its_allotment_goes_one_level_down", 100,
       who_used_up_its_allotment_goes_one_level_down},
      {"mlfq_nobody_falls_below_the_lowest_level", 100, nobody_falls_below_the_lowest_level},
      {"mlfq_each_level_has_its_own_quantum_and_allotment", 100,
       each_level_has_its_own_quantum_and_allotment},
      {"mlfq_who_blocks_keeps_its_level_and_its_rest", 100,
       who_blocks_keeps_its_level_and_its_rest},
      {"mlfq_a_burst_that_ends_with_the_quantum_has_used_it_up", 100,
       a_burst_that_ends_with_the_quantum_has_used_it_up},
      {"mlfq_with_stay_a_block_gives_all_anew", 100, with_stay_a_block_gives_all_anew}};
}

}  // namespace lab06
