// The multilevel feedback queue's boost. The rules of these scripts hold an interval, but when a
// boost comes is the script's own choice: the policy is told.
#include "script.hpp"

namespace lab06 {
namespace {

Rules draw_boosted(Trial& trial, const Wishes& wishes) {
  Rules rules = draw_mlfq(trial, wishes);
  rules.boost = draw(trial.random, 50, 100);
  return rules;
}

int draw_level(Script& script) {
  return draw(script.random(), 0, script.rules().top());
}

/// With a whole allotment it takes so many turns to leave the highest level.
void use_up_the_allotment(Script& script, int pid) {
  if (script.rules().top() == 0) return;
  while (script.standing(pid).level == script.rules().top()) {
    script.use_up(pid);
    script.pick(look::level);
  }
}

void a_boost_lifts_all_to_the_highest_level(Trial& trial) {
  Script script(trial, draw_boosted(trial, {1, 2, 3, 2}));
  const int pid = script.run_at(draw_level(script));
  if (script.standing(pid).quanta > 1) {
    script.use_up(pid);
    script.pick(look::nothing);
  }
  if (script.random().chance(0.7)) script.run_a_part(pid);
  script.preempt(pid);
  script.boost();
  script.pick(look::length_and_level);
  use_up_the_allotment(script, pid);
  script.play();
}

void a_boost_appends_the_lowest_line_first(Trial& trial) {
  Script script(trial, draw_boosted(trial, {2, 4, 1}));
  for (int count = draw(script.random(), 2, 8); count > 0; --count)
    script.stand_at(draw_level(script));
  script.boost();
  while (script.model().ready() > 0) script.pick(look::who);
  script.play();
}

void who_is_blocked_meanwhile_wakes_boosted(Trial& trial) {
  Script script(trial, draw_boosted(trial, {1, 2, 3, 2}));
  const int pid = script.run_at(draw_level(script));
  script.run_and_block(pid);
  for (int boosts = draw(script.random(), 1, 2); boosts > 0; --boosts) script.boost();
  script.wake(pid);
  script.pick(look::length_and_level);
  use_up_the_allotment(script, pid);
  script.play();
}

void a_boost_counts_once(Trial& trial) {
  Script script(trial, draw_boosted(trial, {2, 2, 1, 2}));
  const int pid = script.run_at(draw_level(script));
  if (trial.index % 2 == 0) {
    script.preempt(pid);
    script.boost();
  } else {  // boosted while it was blocked: it has had that
    script.run_and_block(pid);
    script.boost();
    script.wake(pid);
  }
  script.pick(look::nothing);
  script.use_up(pid);  // down to the lower level
  script.pick(look::nothing);
  script.run_and_block(pid);
  script.wake(pid);
  script.pick(look::level);
  script.play();
}

void the_next_boost_is_an_interval_away(Trial& trial) {
  Rules rules = draw_mlfq(trial, {1, 3, 3});
  rules.boost = trial.index < 3 ? static_cast<Ticks>(trial.index) : draw(trial.random, 0, 1000);
  Script script(trial, rules);
  script.ask_next_boost(0);
  for (Ticks i = draw(trial.random, 1, 5); i > 0; --i)
    script.ask_next_boost(rules.boost * static_cast<Ticks>(draw(trial.random, 1, 1000)));
  script.play();
}

}  // namespace

std::vector<Case> boost_cases() {
  return {
      {"mlfq_a_boost_lifts_all_to_the_highest_level", 100, a_boost_lifts_all_to_the_highest_level},
      {"mlfq_a_boost_appends_the_lowest_line_first", 100, a_boost_appends_the_lowest_line_first},
      {"mlfq_who_is_blocked_meanwhile_wakes_boosted", 100, who_is_blocked_meanwhile_wakes_boosted},
      {"mlfq_a_boost_counts_once", 100, a_boost_counts_once},
      {"mlfq_the_next_boost_is_an_interval_away", 100, the_next_boost_is_an_interval_away}};
}

}  // namespace lab06
