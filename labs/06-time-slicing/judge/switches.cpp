// Saving and restoring, call by call and in whole runs.
#include <array>

#include "cases.hpp"

namespace lab06 {
namespace {

constexpr std::array register_names{"program_counter", "stack_pointer", "step", "accumulator"};
constexpr std::array book_names{"pid",          "priority",  "weight",         "memory",
                                "level",        "boosts",    "allotment_left", "home",
                                "last_core",    "remaining", "quantum_left",   "ready_since",
                                "virtual_time", "deadline"};

json draw_registers(const Trial& trial, Random& random) {
  json registers = json::array();
  for (std::size_t i = 0; i < register_names.size(); ++i)
    registers.push_back(trial.index == 0 ? ~std::uint64_t{0} : random.bits());
  return registers;
}

/// Figures of a process in mid-life; they name nothing that exists.
json draw_books(Random& random) {
  json books = json::array();
  for (std::size_t i = 0; i < book_names.size(); ++i) books.push_back(draw(random, 1, 1'000'000));
  return books;
}

/// What one call is given.
struct Call {
  bool save = true;
  int core = 0;
  json registers;
  json saved = {0, 0, 0, 0};
  json books;
  bool linked = false;
};

Call draw_call(Trial& trial, bool save) {
  Random& random = trial.random;
  Call call;
  call.save = save;
  call.core = draw(random, 0, 63);
  call.registers = draw_registers(trial, random);
  call.books = draw_books(random);
  if (!save) call.saved = draw_registers(trial, random);
  return call;
}

json play(Trial& trial, const Call& call) {
  trial.step(call.save ? "save(core, process)" : "restore(process, core)");
  const Message answer = trial.student.ask({{"call", "switch"},
                                            {"save", call.save},
                                            {"core", call.core},
                                            {"registers", call.registers},
                                            {"saved", call.saved},
                                            {"books", call.books},
                                            {"linked", call.linked}});
  return answer.body.at("value");
}

void expect_each(Trial& trial, const std::string& prefix, const auto& names, const json& got,
                 const json& expected) {
  for (std::size_t i = 0; i < names.size(); ++i)
    trial.expect(prefix + names[i], got.at(i) == expected.at(i), expected.at(i).dump(),
                 got.at(i).dump());
}

void save_keeps_every_register(Trial& trial) {
  const Call call = draw_call(trial, true);
  const json after = play(trial, call);
  expect_each(trial, "process.saved.", register_names, after.at("saved"), call.registers);
}

void restore_gives_every_register_back(Trial& trial) {
  const Call call = draw_call(trial, false);
  const json after = play(trial, call);
  expect_each(trial, "core.registers.", register_names, after.at("registers"), call.saved);
}

void save_changes_nothing_else(Trial& trial) {
  Call call = draw_call(trial, true);
  call.linked = trial.random.chance(0.5);
  const json after = play(trial, call);
  expect_each(trial, "process.", book_names, after.at("books"), call.books);
  trial.expect(tr("the links of the process", "进程的链接"), after.at("links kept") == true,
               tr("as they were", "保持原样"), tr("changed", "被改动"));
}

void a_core_keeps_its_number(Trial& trial) {
  const Call call = draw_call(trial, false);
  const json after = play(trial, call);
  trial.expect_equal("core.number", after.at("core").get<int>(), call.core);
}

void programs_go_on_where_they_were(Trial& trial) {
  Random& random = trial.random;
  const int cores = trial.index % 3 == 2 ? draw(random, 2, 4) : 1;
  const int turn = draw(random, 1, 4);
  json jobs = json::array();
  std::string told =
      tr("cores: ", "核数：") + std::to_string(cores) + tr(", turns of ", "，每轮刻数：") +
      std::to_string(turn) +
      tr("; programs (CPU and I/O ticks in turn):", "；各程序（CPU 与 I/O 的刻数交替）：");
  for (int count = cores + draw(random, 2, 5); count > 0; --count) {
    json bursts = json::array();
    told += " [";
    for (int i = 2 * draw(random, 0, 2); i >= 0; --i) {
      const int length = turn * draw(random, 2, 4) + draw(random, 0, 2);
      bursts.push_back({length, bursts.size() % 2 == 1});
      told += std::to_string(length) + (i > 0 ? " " : "]");
    }
    jobs.push_back({{"arrival", draw(random, 0, 6)}, {"bursts", bursts}});
  }
  trial.input(told);
  trial.step(
      tr("the machine plays it with your save and restore", "机器用你的 save 和 restore 运行"));
  const Message answer = trial.student.ask({{"call", "run"},
                                            {"policy", {{"turns", turn}}},
                                            {"cores", cores},
                                            {"horizon", 10'000},
                                            {"jobs", jobs}});
  const json& value = answer.body.at("value");
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const std::string name = told_pid(static_cast<int>(i));
    trial.expect(name + tr(" has ended", " 已结束"), value.at("jobs").at(i).at(1) >= 0,
                 tr("an end", "结束"), tr("none within 10000 ticks", "10000 刻之内没有结束"));
    trial.expect(name + tr(" ends with its own registers, as if it had had the core alone",
                           " 结束时寄存器都是自己的，就像独占一个核一样"),
                 value.at("jobs").at(i).at(3) == true, tr("intact", "完好"),
                 tr("damaged", "被破坏"));
  }
}

}  // namespace

std::vector<Case> switch_cases() {
  return {{"save_keeps_every_register", 100, save_keeps_every_register},
          {"restore_gives_every_register_back", 100, restore_gives_every_register_back},
          {"save_changes_nothing_else", 100, save_changes_nothing_else},
          {"a_core_keeps_its_number", 100, a_core_keeps_its_number},
          {"programs_go_on_where_they_were", 100, programs_go_on_where_they_were}};
}

}  // namespace lab06
