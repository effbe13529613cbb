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

void a_boost_lifts_all_to_the_highest_level(Trial& trial) {
  Script script(trial, draw_boosted(trial, {1, 3, 2, 2}));
  script.bring_in(1);
  script.sink(0, draw(script.random(), 0, script.model().rules().top()));
  if (script.random().chance(0.7)) script.run_a_part(0);
  script.preempt(0);
  script.boost();
  script.pick(length_and_level);
  for (int turns = draw(script.random(), 0, 3); turns > 0; --turns) {
    script.use_up(0);
    script.pick(length_and_level);
  }
  script.play();
}

void a_boost_appends_the_lowest_line_first(Trial& trial) {
  Script script(trial, draw_boosted(trial, {2, 3, 1}));
  const int top = script.model().rules().top();
  const int count = draw(script.random(), 2, 4);
  script.bring_in(count);
  // All run one level above the line that they are to stand in, and then use up a quantum.
  for (int pid = 0; pid < count; ++pid) script.sink(pid, draw(script.random(), 1, top));
  for (const int pid : shuffled(script.random(), count)) script.use_up(pid);
  for (int left = draw(script.random(), 0, 2); left > 0; --left) script.arrive();
  script.boost();
  while (script.model().ready() > 0) script.pick(who);
  script.play();
}

void who_is_blocked_meanwhile_wakes_boosted(Trial& trial) {
  Script script(trial, draw_boosted(trial, {1, 3, 2, 2}));
  script.bring_in(1);
  script.sink(0, draw(script.random(), 0, script.model().rules().top()));
  script.run_and_block(0);
  for (int boosts = draw(script.random(), 1, 2); boosts > 0; --boosts) script.boost();
  script.wake(0);
  script.pick(length_and_level);
  for (int turns = draw(script.random(), 0, 2); turns > 0; --turns) {
    script.use_up(0);
    script.pick(level);
  }
  script.play();
}

void a_boost_counts_once(Trial& trial) {
  Script script(trial, draw_boosted(trial, {2, 3, 2, 2}));
  script.bring_in(1);
  if (trial.index % 2 == 0) {
    script.preempt(0);
    script.boost();
  } else {  // boosted while it was blocked: it has had that
    script.run_and_block(0);
    script.boost();
    script.wake(0);
  }
  script.pick(nothing);
  script.sink(0, draw(script.random(), 0, script.model().rules().top() - 1));
  script.run_and_block(0);
  script.wake(0);
  script.pick(length_and_level);
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
