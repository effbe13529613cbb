#include "script.hpp"

#include <algorithm>

namespace lab06 {

Script::Script(Trial& trial, const Rules& rules, std::size_t policies)
    : trial_(trial), rules_(rules) {
  const auto standings = std::make_shared<Standings>();
  for (std::size_t i = 0; i < policies; ++i) models_.emplace_back(rules, standings);
  trial.input(rules.told());
}

void Script::add(const char* name, std::size_t policy, std::vector<json> arguments, json expected,
                 Look look) {
  if (!held_) ++now_;
  json asked = {name, policy, now_};
  for (json& argument : arguments) asked.push_back(std::move(argument));
  steps_.push_back({std::move(asked), std::move(expected), look});
}

void Script::enqueue(int pid, Why why, std::size_t policy) {
  models_[policy].enqueue(pid, why);
  add("enqueue", policy, {pid, name_of(why)});
}

int Script::pick(Look look, std::size_t policy) {
  const Pick picked = models_[policy].pick();
  add("pick", policy, {}, {picked.pid, picked.length, picked.level}, look);
  return picked.pid;
}

void Script::charge(int pid, Ticks ticks, std::size_t policy) {
  models_[policy].charge(pid, ticks);
  now_ += ticks;
  add("charge", policy, {pid, ticks});
}

void Script::gone(int pid, Out why, std::size_t policy) {
  models_[policy].gone(pid, why);
  add("gone", policy, {pid, name_of(why)});
}

void Script::boost(std::size_t policy) {
  models_[policy].boost();
  add("boost", policy, {});
}

void Script::ask_best() {
  add("best", 0, {}, models_[0].ready() == 0);
  pick(look::nothing);
}

void Script::ask_ready(std::size_t policy) {
  add("ready", policy, {}, models_[policy].ready());
}

void Script::ask_outranks(int one, int other) {
  add("outranks", 0, {one, other}, models_[0].outranks(one, other));
}

void Script::ask_next_boost(Ticks now) {
  constexpr Ticks never = Ticks{1} << 62U;
  now_ = now - 1;
  add("next_boost", 0, {}, rules_.boost > 0 ? now + rules_.boost : never);
}

int Script::arrive(std::size_t policy) {
  enqueue(processes_, Why::arrived, policy);
  return processes_++;
}

void Script::bring_in(int count) {
  for (; count > 0; --count) {
    arrive();
    pick(look::nothing);
  }
}

void Script::use_up(int pid, std::size_t policy) {
  charge(pid, standing(pid).left, policy);
  enqueue(pid, Why::expired, policy);
}

void Script::run_a_part(int pid, std::size_t policy) {
  charge(pid, draw(random(), 1, static_cast<int>(standing(pid).left) - 1), policy);
}

void Script::run_and_block(int pid) {
  run_a_part(pid);
  gone(pid, Out::blocked);
}

void Script::empty(Look look, std::size_t policy) {
  while (models_[policy].ready() > 0) gone(pick(look, policy), Out::finished, policy);
}

int Script::stand_at(int level, std::size_t policy) {
  const Standing with = {level, rules_.quantum_of(level), rules_.allotment_of(level)};
  models_[policy].enqueue_moved(processes_, with);
  add("enqueue", policy,
      {processes_, name_of(Why::moved), json::array({with.level, with.left, with.quanta})});
  return processes_++;
}

int Script::run_at(int level, std::size_t policy) {
  stand_at(level, policy);
  return pick(look::nothing, policy);
}

/// "[12] enqueue(3, woke)", the time in front.
std::string Script::told(const Step& step) const {
  const json& asked = step.asked;
  std::string text = "[" + asked.at(2).dump() + "] ";
  if (models_.size() > 1) text += asked.at(1) == 0 ? "A." : "B.";
  text += asked.at(0).get<std::string>() + "(";
  for (std::size_t i = 3; i < asked.size(); ++i) {
    if (i > 3) text += ", ";
    if (!asked.at(i).is_array())
      text += asked.at(i).is_string() ? asked.at(i).get<std::string>() : asked.at(i).dump();
    else
      text += "{level " + asked.at(i).at(0).dump() + ", quantum_left " + asked.at(i).at(1).dump() +
              ", allotment_left " + asked.at(i).at(2).dump() + "}";
  }
  return text + ")";
}

void Script::check(std::size_t number, const json& answers) {
  const Step& step = steps_[number];
  const json& got = answers.at(number);
  const auto name = step.asked.at(0).get<std::string>();
  if (name == "pick") {
    const auto compare = [&](bool wanted, std::size_t at, const std::string& what) {
      if (wanted)
        trial_.expect_equal(what, got.at(at).get<Ticks>(), step.expected.at(at).get<Ticks>());
    };
    if (step.look.who)
      trial_.expect(tr("who runs next", "接下来谁运行"), got.at(0) == step.expected.at(0),
                    told_pid(step.expected.at(0).get<int>()), told_pid(got.at(0).get<int>()));
    compare(step.look.level, 2, tr("the level that it runs at", "它运行时所在的级别"));
    compare(step.look.length, 1, tr("the length of its turn", "它这一轮的长度"));
  } else if (name == "best") {
    const int picked = step.expected == true ? -1 : answers.at(number + 1).at(0).get<int>();
    trial_.expect(tr("best is the one whom pick gives next", "best 就是接下来 pick 给出的进程"),
                  got == picked, told_pid(picked), told_pid(got.get<int>()));
  } else if (!step.expected.is_null()) {
    trial_.expect(name, got == step.expected, step.expected.dump(), got.dump());
  }
}

void Script::play() {
  json policies = json::array();
  for (const Model& model : models_) policies.push_back(model.rules().as_request());
  json steps = json::array();
  for (const Step& step : steps_) steps.push_back(step.asked);
  const Message answer = trial_.student.ask(
      {{"call", "policy"}, {"policies", policies}, {"processes", processes_}, {"steps", steps}});
  const json& got = answer.body.at("value");
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    trial_.step(told(steps_[i]));
    if (i >= got.size())
      trial_.fail(tr("the process stands in no queue", "这个进程不在任何队列里"),
                  tr("it has left", "已经离开"), tr("it is still there", "仍在其中"));
    check(i, got);
  }
}

Rules draw_round_robin(Trial& trial, int least_quantum) {
  Rules rules;
  rules.quantum = trial.index < 3 ? least_quantum + static_cast<Ticks>(trial.index)
                                  : draw(trial.random, least_quantum, 9);
  return rules;
}

Rules draw_mlfq(Trial& trial, const Wishes& wishes) {
  Rules rules;
  for (int levels = draw(trial.random, wishes.least_levels, wishes.most_levels); levels > 0;
       --levels) {
    rules.quanta.push_back(draw(trial.random, wishes.least_quantum, 9));
    rules.allotments.push_back(draw(trial.random, 1, wishes.most_quanta));
  }
  return rules;
}

}  // namespace lab06
