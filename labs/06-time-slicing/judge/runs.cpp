// Whole runs of the given machine with the student's policies, against the judge's own machine.
#include <algorithm>

#include "clockwork.hpp"
#include "script.hpp"

namespace lab06 {
namespace {

std::vector<Program> draw_programs(Trial& trial, int count) {
  Random& random = trial.random;
  std::vector<Program> programs;
  for (; count > 0; --count) {
    Program program;
    program.arrival = random.chance(0.4) ? 0 : draw(random, 0, 20);
    for (int i = 2 * draw(random, 0, 3); i >= 0; --i)
      program.bursts.push_back(random.chance(0.3) ? draw(random, 10, 30) : draw(random, 1, 8));
    programs.push_back(std::move(program));
  }
  return programs;
}

std::string told(const std::vector<Program>& programs) {
  std::string text;
  for (const Program& program : programs) {
    text += (text.empty() ? "" : ", ") + std::to_string(program.arrival) + ":";
    for (const Ticks length : program.bursts) text += " " + std::to_string(length);
  }
  return text;
}

std::string told(const Slice& slice) {
  const auto number = [](Ticks value) { return std::to_string(value); };
  return tr("core " + number(slice.core) + ": process " + number(slice.pid) + " from " +
                number(slice.start) + " to " + number(slice.end),
            "核 " + number(slice.core) + "：进程 " + number(slice.pid) + "，" +
                number(slice.start) + " 到 " + number(slice.end));
}

std::vector<Slice> slices_of(const json& told) {
  std::vector<Slice> slices;
  for (const json& slice : told)
    slices.push_back({slice.at(0).get<int>(), slice.at(1).get<int>(), slice.at(2).get<Ticks>(),
                      slice.at(3).get<Ticks>()});
  return slices;
}

bool is_earlier(const Slice& a, const Slice& b) {
  return a.start != b.start ? a.start < b.start : a.core < b.core;
}

/// The first slice that differs is told, after the last ones that agree.
void expect_slices(Trial& trial, std::vector<Slice> got, std::vector<Slice> expected) {
  std::sort(got.begin(), got.end(), is_earlier);
  std::sort(expected.begin(), expected.end(), is_earlier);
  const auto differ = std::mismatch(expected.begin(), expected.end(), got.begin(), got.end());
  const auto agreed = differ.first - expected.begin();
  for (auto i = std::max<std::ptrdiff_t>(0, agreed - 12); i < agreed; ++i)
    trial.step(told(expected[static_cast<std::size_t>(i)]));
  const std::string nothing_more = tr("nothing more", "没有了");
  if (differ.first != expected.end() || differ.second != got.end())
    trial.fail(tr("who runs next, where and when", "接下来谁在哪里运行、从何时到何时"),
               differ.first == expected.end() ? nothing_more : told(*differ.first),
               differ.second == got.end() ? nothing_more : told(*differ.second));
}

void expect_run(Trial& trial, const Rules& rules, int cores, int count) {
  const std::vector<Program> programs = draw_programs(trial, count);
  trial.input(rules.told() +
              tr("; cores: " + std::to_string(cores) + "; programs (arrival: CPU and I/O in turn) ",
                 "；核数：" + std::to_string(cores) + "；程序（到达时刻: CPU 与 I/O 交替）") +
              told(programs));
  const Outcome expected = play_every_tick(programs, rules, cores);
  json jobs = json::array();
  for (const Program& program : programs) {
    json bursts = json::array();
    for (const Ticks length : program.bursts) bursts.push_back({length, bursts.size() % 2 == 1});
    jobs.push_back({{"arrival", program.arrival}, {"bursts", bursts}});
  }
  const Message answer = trial.student.ask({{"call", "run"},
                                            {"policy", rules.as_request()},
                                            {"cores", cores},
                                            {"horizon", 10'000},
                                            {"jobs", jobs}});
  const json& value = answer.body.at("value");
  expect_slices(trial, slices_of(value.at("slices")), expected.slices);
  for (std::size_t i = 0; i < programs.size(); ++i) {
    const json& got = value.at("jobs").at(i);
    const std::string name = told_pid(static_cast<int>(i));
    trial.expect_equal(name + tr(": first run", "：首次运行"), got.at(0).get<Ticks>(),
                       expected.jobs[i].first_run);
    trial.expect_equal(name + tr(": end", "：结束"), got.at(1).get<Ticks>(),
                       expected.jobs[i].completion);
    trial.expect_equal(name + tr(": ticks in the ready queue", "：在就绪队列中的刻数"),
                       got.at(2).get<Ticks>(), expected.jobs[i].waiting);
  }
}

void whole_runs_of_round_robin_agree(Trial& trial) {
  const int cores = trial.index % 2 == 0 ? 1 : draw(trial.random, 2, 4);
  const Rules rules = draw_round_robin(trial);
  expect_run(trial, rules, cores, cores + draw(trial.random, 1, 4));
}

void whole_runs_of_mlfq_agree(Trial& trial) {
  Rules rules = draw_mlfq(trial, {1, 4, 3});
  rules.stay = trial.random.chance(0.3);
  rules.bump = trial.random.chance(0.3);
  if (trial.index % 2 == 0) {
    const int cores = draw(trial.random, 1, 4);
    return expect_run(trial, rules, cores, cores + draw(trial.random, 1, 4));
  }
  // On several cores it is the machine's choice in which order a boost puts those who run back.
  rules.boost = draw(trial.random, 5, 40);
  expect_run(trial, rules, 1, draw(trial.random, 2, 7));
}

}  // namespace

std::vector<Case> run_cases() {
  return {{"whole_runs_of_round_robin_agree", 300, whole_runs_of_round_robin_agree},
          {"whole_runs_of_mlfq_agree", 800, whole_runs_of_mlfq_agree}};
}

}  // namespace lab06
