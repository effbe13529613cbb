// Round robin. Each case lets happen only what its rule is about, so that a fault elsewhere does
// not show: lines are filled by one kind of enqueue, and processes are alone where lengths matter.
#include <algorithm>

#include "script.hpp"

namespace lab06 {
namespace {

int draw_count(Trial& trial, int least, int most) {
  return trial.index < 3 ? std::min(most, least + static_cast<int>(trial.index))
                         : draw(trial.random, least, most);
}

void who_arrives_goes_to_the_end(Trial& trial) {
  Script script(trial, draw_round_robin(trial));
  for (int left = draw_count(trial, 1, 8); left > 0; --left) {
    script.arrive();
    if (!script.random().chance(0.2)) continue;
    const int pid = script.pick(look::who);
    script.gone(pid, Out::finished);
  }
  script.empty(look::who);
  script.play();
}

void who_used_up_its_turn_goes_to_the_end(Trial& trial) {
  Script script(trial, draw_round_robin(trial));
  const int count = draw_count(trial, 2, 5);
  script.bring_in(count);
  for (const int pid : shuffled(script.random(), count)) script.use_up(pid);
  for (int turns = draw(script.random(), 0, count); turns > 0; --turns)
    script.use_up(script.pick(look::who));
  script.empty(look::who);
  script.play();
}

void who_wakes_goes_to_the_end(Trial& trial) {
  Script script(trial, draw_round_robin(trial, 2));
  const int count = draw_count(trial, 2, 5);
  script.bring_in(count);
  for (int pid = 0; pid < count; ++pid) script.run_and_block(pid);
  for (const int pid : shuffled(script.random(), count)) {
    script.wake(pid);
    if (!script.random().chance(0.2)) continue;
    script.gone(script.pick(look::who), Out::finished);
  }
  script.empty(look::who);
  script.play();
}

void calls_of_one_tick_keep_their_order(Trial& trial) {
  Script script(trial, draw_round_robin(trial, 2));
  script.bring_in(2);
  const bool wakes = trial.index % 2 == 1;
  const bool expired_first = trial.index % 4 >= 2;
  if (wakes) script.run_and_block(1);
  script.charge(0, script.standing(0).left);
  script.at_once([&] {
    if (expired_first) script.enqueue(0, Why::expired);
    if (wakes)
      script.wake(1);
    else
      script.arrive();
    if (!expired_first) script.enqueue(0, Why::expired);
    script.pick(look::who);
    script.pick(look::who);
  });
  script.play();
}

void who_was_preempted_goes_to_the_head(Trial& trial) {
  Script script(trial, draw_round_robin(trial, 2));
  const int count = draw_count(trial, 1, 3);
  script.bring_in(count);
  script.arrive();
  for (const int pid : shuffled(script.random(), count)) {
    if (script.random().chance(0.8)) script.run_a_part(pid);
    script.preempt(pid);
  }
  script.empty(look::who);
  script.play();
}

void who_was_preempted_has_the_rest(Trial& trial) {
  Script script(trial, draw_round_robin(trial, 2));
  script.bring_in(1);
  script.run_a_part(0);
  script.preempt(0);
  script.pick(look::length);
  if (script.random().chance(0.5)) {  // picked, and not taken
    script.preempt(0);
    script.pick(look::length);
  }
  script.play();
}

void a_turn_is_a_whole_quantum(Trial& trial) {
  Script script(trial, draw_round_robin(trial));
  const int count = draw_count(trial, 1, 4);
  for (int i = 0; i < count; ++i) {
    script.arrive();
    script.pick(look::length);
  }
  for (int turns = draw(script.random(), 1, 6); turns > 0; --turns) {
    script.use_up(draw(script.random(), 0, count - 1));
    script.pick(look::length);
  }
  script.play();
}

void who_wakes_has_a_whole_quantum(Trial& trial) {
  Script script(trial, draw_round_robin(trial, 2));
  script.bring_in(1);
  for (int times = draw(script.random(), 1, 3); times > 0; --times) {
    if (script.random().chance(0.3)) {
      script.charge(0, script.standing(0).left);
      script.gone(0, Out::blocked);
    } else {
      script.run_and_block(0);
    }
    script.wake(0);
    script.pick(look::length);
  }
  script.play();
}

void who_moves_goes_to_the_end_with_its_rest(Trial& trial) {
  Script script(trial, draw_round_robin(trial, 2), 2);
  script.bring_in(1);
  script.run_a_part(0);
  script.arrive();  // who stays behind
  script.gone(0, Out::moved);
  for (int waiting = draw_count(trial, 0, 1); waiting > 0; --waiting) script.arrive(1);
  script.enqueue(0, Why::moved, 1);
  while (script.model(1).ready() > 1) script.gone(script.pick(look::who, 1), Out::finished, 1);
  script.pick(look::who_and_length, 1);
  script.play();
}

void charges_add_up(Trial& trial) {
  Script script(trial, draw_round_robin(trial, 3));
  script.bring_in(1);
  do script.charge(0, 1);
  while (script.standing(0).left > 2 && script.random().chance(0.6));
  script.run_a_part(0);
  script.preempt(0);
  script.pick(look::length);
  script.play();
}

void ready_counts_who_waits(Trial& trial) {
  Script script(trial, draw_round_robin(trial));
  script.ask_ready();
  script.pick(look::who);
  const int count = draw_count(trial, 1, 5);
  for (int i = 0; i < count; ++i) {
    script.arrive();
    script.ask_ready();
  }
  for (int i = 0; i < count; ++i) {
    script.pick(look::nothing);
    script.ask_ready();
  }
  script.pick(look::who);
  script.play();
}

}  // namespace

std::vector<Case> round_robin_cases() {
  return {
      {"rr_who_arrives_goes_to_the_end", 100, who_arrives_goes_to_the_end},
      {"rr_who_used_up_its_turn_goes_to_the_end", 100, who_used_up_its_turn_goes_to_the_end},
      {"rr_who_wakes_goes_to_the_end", 100, who_wakes_goes_to_the_end},
      {"rr_calls_of_one_tick_keep_their_order", 100, calls_of_one_tick_keep_their_order},
      {"rr_who_was_preempted_goes_to_the_head", 100, who_was_preempted_goes_to_the_head},
      {"rr_who_was_preempted_has_the_rest", 100, who_was_preempted_has_the_rest},
      {"rr_a_turn_is_a_whole_quantum", 100, a_turn_is_a_whole_quantum},
      {"rr_who_wakes_has_a_whole_quantum", 100, who_wakes_has_a_whole_quantum},
      {"rr_who_moves_goes_to_the_end_with_its_rest", 100, who_moves_goes_to_the_end_with_its_rest},
      {"rr_charges_add_up", 100, charges_add_up},
      {"rr_ready_counts_who_waits", 100, ready_counts_who_waits}};
}

}  // namespace lab06
