// The multilevel feedback queue: the level, the quantum and the allotment of one process. It is
// mostly alone, so that nothing here depends on an order.
#include "script.hpp"

namespace lab06 {
namespace {

void who_arrives_starts_at_the_highest_level(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {1, 4, 2}));
  if (trial.index % 2 == 1) {  // behind nobody, though somebody waits further down
    script.bring_in(1);
    script.sink(0, draw(script.random(), 0, script.model().rules().top()));
    script.preempt(0);
    script.arrive();
    if (script.standing(0).level == script.model().rules().top())
      script.pick(level);
    else
      script.pick(who_and_level);
  } else {
    for (int left = draw(script.random(), 1, 5); left > 0; --left) script.arrive();
    while (script.model().ready() > 0) script.pick(who_and_level);
  }
  script.play();
}

void who_arrives_has_a_whole_quantum(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {1, 4, 3}));
  for (int left = draw(script.random(), 1, 4); left > 0; --left) {
    script.arrive();
    script.pick(length);
  }
  script.play();
}

void a_turn_is_what_is_left_of_the_quantum(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {1, 3, 2, 3}));
  const int top = script.model().rules().top();
  script.bring_in(1);
  script.sink(0, draw(script.random(), 0, top));
  if (script.random().chance(0.5)) script.charge(0, 1);
  script.run_a_part(0);
  script.preempt(0);
  script.pick(length_and_level);
  for (int turns = draw(script.random(), 0, 2); turns > 0; --turns) {
    script.use_up(0);
    script.pick(level);
  }
  script.play();
}

void an_allotment_may_hold_several_quanta(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {2, 4, 4}));
  script.bring_in(1);
  while (script.standing(0).level == script.model().rules().top()) {
    script.use_up(0);
    script.pick(level);
  }
  script.play();
}

void who_used_up_its_allotment_goes_one_level_down(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {3, 6, 1}));
  script.bring_in(1);
  while (script.standing(0).level > 0) {
    script.use_up(0);
    script.pick(level);
  }
  script.play();
}

void nobody_falls_below_the_lowest_level(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {1, 2, 2}));
  script.bring_in(1);
  script.sink(0, 0);
  for (int turns = draw(script.random(), 2, 6); turns > 0; --turns) {
    script.use_up(0);
    script.pick(level);
  }
  script.play();
}

void each_level_has_its_own_quantum_and_allotment(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {2, 4, 3}));
  script.bring_in(1);
  script.sink(0, script.model().rules().top() - 1);
  do {
    script.use_up(0);
    script.pick(length_and_level);
  } while (script.standing(0).level > 0 || script.random().chance(0.6));
  script.play();
}

/// It blocks and wakes, and goes on until it has gone down by a level or two.
void block_and_wake(Script& script, bool at_the_quantums_end) {
  if (at_the_quantums_end) {
    script.charge(0, script.standing(0).left);
    script.gone(0, Out::blocked);
  } else {
    script.run_and_block(0);
  }
  script.wake(0);
  script.pick(length_and_level);
}

void use_up_some(Script& script, int most) {
  for (int turns = draw(script.random(), 0, most); turns > 0; --turns) {
    script.use_up(0);
    script.pick(level);
  }
}

void who_blocks_keeps_its_level_and_its_rest(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {1, 3, 3, 2}));
  script.bring_in(1);
  script.sink(0, draw(script.random(), 0, script.model().rules().top()));
  use_up_some(script, 1);
  block_and_wake(script, false);
  use_up_some(script, 3);
  script.play();
}

void a_burst_that_ends_with_the_quantum_has_used_it_up(Trial& trial) {
  Script script(trial, draw_mlfq(trial, {1, 3, 3}));
  script.bring_in(1);
  for (int times = draw(script.random(), 1, 5); times > 0; --times) block_and_wake(script, true);
  script.play();
}

void with_stay_a_block_gives_all_anew(Trial& trial) {
  Rules rules = draw_mlfq(trial, {1, 3, 3, 2});
  rules.stay = true;
  Script script(trial, rules);
  script.bring_in(1);
  script.sink(0, draw(script.random(), 0, rules.top()));
  use_up_some(script, 1);
  block_and_wake(script, trial.index % 3 == 2);
  use_up_some(script, 3);
  script.play();
}

}  // namespace

std::vector<Case> level_cases() {
  return {
      {"mlfq_who_arrives_starts_at_the_highest_level", 100,
       who_arrives_starts_at_the_highest_level},
      {"mlfq_who_arrives_has_a_whole_quantum", 100, who_arrives_has_a_whole_quantum},
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
