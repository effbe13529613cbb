// The dispatcher. The oracle gives everybody a ticket when it becomes ready, and looks for the
// lowest one whenever the CPU is idle.
#include <map>
#include <optional>

#include "script.hpp"

namespace lab05 {
namespace {

class Office {
 public:
  void admit(int program) {
    const bool known = waiting_.count(program) + blocked_.count(program) > 0 || runs_ == program;
    if (!known) waiting_[program] = ++tickets_;
    tell({"admit", program}, known ? "known_already" : nullptr);
  }

  void block() {
    const bool idle = !runs_;
    if (!idle) blocked_[*runs_] = true;
    runs_.reset();
    tell({"block"}, idle ? "nobody_runs" : nullptr);
  }

  void wake(int program) {
    const bool blocked = blocked_.erase(program) > 0;
    if (blocked) waiting_[program] = ++tickets_;
    tell({"wake", program}, blocked ? nullptr : "not_blocked");
  }

  void finish() {
    const bool idle = !runs_;
    runs_.reset();
    tell({"finish"}, idle ? "nobody_runs" : nullptr);
  }

  std::optional<int> runs() const { return runs_; }
  const std::map<int, bool>& blocked() const { return blocked_; }
  void play(Trial& trial) const { script_.play(trial); }

 private:
  void tell(const json& operation, const char* refusal) {
    if (!runs_ && !waiting_.empty()) {
      auto first = waiting_.begin();
      for (auto it = waiting_.begin(); it != waiting_.end(); ++it)
        if (it->second < first->second) first = it;
      runs_ = first->first;
      waiting_.erase(first);
    }
    const json running = runs_ ? json(*runs_) : json();
    script_.ask(operation, {{"gives", refusal != nullptr ? refused(refusal) : running},
                            {"running", running},
                            {"ready", waiting_.size()}});
  }

  Script script_{"Dispatcher()", {{"call", "dispatch"}}};
  std::optional<int> runs_;
  std::map<int, int> waiting_;  ///< program -> ticket
  std::map<int, bool> blocked_;
  int tickets_ = 0;
};

/// Numbers in any order, none twice.
std::vector<int> draw_programs(Random& random) {
  std::vector<int> programs(random.between(2, 9));
  int number = 0;
  for (int& program : programs) program = number += static_cast<int>(random.between(1, 9));
  for (std::size_t i = programs.size(); i > 1; --i)
    std::swap(programs[i - 1], programs[random.between(0, i - 1)]);
  return programs;
}

Office with(const std::vector<int>& programs) {
  Office office;
  for (const int program : programs) office.admit(program);
  return office;
}

int draw_blocked(Random& random, const Office& office) {
  auto at = office.blocked().begin();
  std::advance(at, static_cast<int>(random.between(0, office.blocked().size() - 1)));
  return at->first;
}

void a_new_program_goes_to_the_end_of_the_line(Trial& trial) {
  const std::vector<int> programs = draw_programs(trial.random);
  Office office = with(programs);
  for (std::size_t i = 0; i < programs.size(); ++i) office.block();
  office.admit(1000);  // the CPU is idle: at once
  office.admit(1001);
  office.play(trial);
}

void a_program_that_blocks_gives_up_the_cpu(Trial& trial) {
  const std::vector<int> programs = draw_programs(trial.random);
  Office office = with({programs[0]});
  std::size_t next = 1;
  for (int i = 0; i < 12; ++i) {
    if (office.runs() && trial.random.chance(0.6))
      office.block();
    else if (next < programs.size())
      office.admit(programs[next++]);
  }
  while (office.runs()) office.block();
  office.play(trial);
}

void a_woken_program_goes_to_the_end_of_the_line(Trial& trial) {
  const std::vector<int> programs = draw_programs(trial.random);
  Office office = with(programs);
  for (int i = 0; i < 24; ++i) {
    if (!office.blocked().empty() && trial.random.chance(0.5))
      office.wake(draw_blocked(trial.random, office));
    else if (office.runs())
      office.block();
  }
  office.play(trial);
}

void a_program_that_ends_makes_room_for_the_next(Trial& trial) {
  const std::vector<int> programs = draw_programs(trial.random);
  Office office = with(programs);
  for (std::size_t i = 0; i < programs.size(); ++i) {
    const int ending = *office.runs();
    office.finish();
    if (trial.random.chance(0.3)) office.admit(ending);  // its number is free again
    if (!office.runs()) break;
  }
  office.play(trial);
}

void what_cannot_be_is_refused(Trial& trial) {
  const std::vector<int> programs = draw_programs(trial.random);
  Office office;
  if (trial.index % 2 == 0) office.block();
  if (trial.index % 3 == 0) office.finish();
  office.wake(programs[0]);
  for (const int program : programs) office.admit(program);
  for (int i = 0; i < 8; ++i) {
    const int program = trial.random.pick(programs);
    if (trial.random.chance(0.4))
      office.admit(program);  // known, wherever it is
    else if (!office.blocked().contains(program))
      office.wake(program);
    else
      office.block();
  }
  while (office.runs()) office.block();
  office.admit(programs.front());  // blocked, and known
  office.block();
  office.finish();
  office.play(trial);
}

}  // namespace

std::vector<Case> dispatcher_cases() {
  return {
      {"a_new_program_goes_to_the_end_of_the_line", 100, a_new_program_goes_to_the_end_of_the_line},
      {"a_program_that_blocks_gives_up_the_cpu", 100, a_program_that_blocks_gives_up_the_cpu},
      {"a_woken_program_goes_to_the_end_of_the_line", 150,
       a_woken_program_goes_to_the_end_of_the_line},
      {"a_program_that_ends_makes_room_for_the_next", 100,
       a_program_that_ends_makes_room_for_the_next},
      {"what_cannot_be_is_refused", 150, what_cannot_be_is_refused}};
}

}  // namespace lab05
