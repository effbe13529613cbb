// ostep:process-run: processes that compute and start I/O, one instruction a tick on one CPU.
//
// A program is a list of instructions: compute, start I/O, end I/O (one tick of handling, which
// follows every start). I/O that is started in tick t is over at the beginning of tick t + length +
// 1. A tick is: ends of I/O by process number, each with its switch; one instruction; the switch
// that the instruction causes. The CPU goes to the next ready process, counting round. A process
// without instructions has one empty tick when its turn comes.
#include <map>
#include <set>

#include "players.hpp"
#include "python_random.hpp"

namespace simulation::ostep {
namespace {

enum class Instruction : char { compute, start_io, end_io };
enum class State { ready, running, blocked, done };
using Program = std::vector<Instruction>;

struct Request {
  std::int64_t seed = 0;
  std::string programs;
  std::string processes;
  std::int64_t io_length = 5;
  std::string switch_when = "SWITCH_ON_IO";
  std::string after_io = "IO_RUN_LATER";
  bool compute = false;
  bool statistics = false;
};

using Programs = tl::expected<std::vector<Program>, Message>;

/// "4:100,1:0": so many instructions, and the chance in percent that one is not an I/O.
Programs drawn_programs(const std::string& list, std::int64_t seed) {
  std::vector<Program> programs;
  dialtone::PythonRandom random(seed);
  Budget instructions;
  for (const std::string_view part : split(list, ',')) {
    const std::vector<std::string_view> fields = split(part, ':');
    const auto count = parse_whole(fields[0]);
    const auto percent = fields.size() == 2 ? parse_real(fields[1]) : std::nullopt;
    if (!count || !percent || *count < 0)
      return bad_value("-l", part, "a process is instructions:percent; separate several by commas",
                       "进程的写法为 指令数:百分比；多个之间用逗号分隔");
    if (!instructions.spend(*count)) return too_long();
    Program program;
    for (std::int64_t i = 0; i < *count; ++i) {
      if (random.random() < *percent / 100.0) {
        program.push_back(Instruction::compute);
      } else {
        program.push_back(Instruction::start_io);
        program.push_back(Instruction::end_io);
      }
    }
    programs.push_back(std::move(program));
  }
  return programs;
}

/// "c7,i,c1:c5": a process computes for 7, starts an I/O, computes for 1; another computes for 5.
Programs written_programs(const std::string& list) {
  std::vector<Program> programs;
  Budget instructions;
  for (const std::string_view part : split(list, ':')) {
    Program program;
    for (const std::string_view step : split(part, ',')) {
      const auto count = step.empty() ? std::nullopt : parse_whole(step.substr(1));
      if (!step.empty() && step[0] == 'i') {
        program.push_back(Instruction::start_io);
        program.push_back(Instruction::end_io);
      } else if (!step.empty() && step[0] == 'c' && count && *count >= 0) {
        if (!instructions.spend(*count)) return too_long();
        program.insert(program.end(), static_cast<std::size_t>(*count), Instruction::compute);
      } else {
        return bad_value("-P", part, "a program is cN (compute) and i (I/O), separated by commas",
                         "程序由 cN（计算）和 i（I/O）组成，用逗号分隔");
      }
    }
    programs.push_back(std::move(program));
  }
  return programs;
}

class Player {
 public:
  Player(const Request& request, std::vector<Program> programs)
      : io_length_(request.io_length),
        switch_on_io_(request.switch_when == "SWITCH_ON_IO"),
        run_at_once_(request.after_io == "IO_RUN_IMMEDIATE"),
        programs_(std::move(programs)),
        next_(programs_.size(), 0),
        states_(programs_.size(), State::ready),
        active_(programs_.size()) {
    for (std::size_t i = 0; i < programs_.size(); ++i) ready_.insert(ready_.end(), i);
  }

  Played play() {
    Budget budget;
    switch_to(0);
    while (active_ > 0) {
      if (!budget.spend()) return too_long();
      ++tick_;
      take_ended_io();
      const bool runs = states_[current_] == State::running && !at_end(current_);
      if (!io_ends_.empty()) ++io_busy_;
      if (runs && !execute()) return too_many_records();
      retire();
    }
    Outcome outcome;
    outcome.slices = trace_.take();
    outcome.total_time = tick_;
    outcome.cpu_busy = cpu_busy_;
    outcome.io_busy = io_busy_;
    return outcome;
  }

 private:
  bool at_end(std::size_t process) const { return next_[process] == programs_[process].size(); }

  void set_state(std::size_t process, State state) {
    if (states_[process] == State::ready) ready_.erase(process);
    if (state == State::ready) ready_.insert(process);
    states_[process] = state;
  }

  void switch_to(std::size_t process) {
    current_ = process;
    set_state(process, State::running);
  }

  void switch_to_next() {
    if (ready_.empty()) return;
    const auto after = ready_.upper_bound(current_);
    switch_to(after != ready_.end() ? *after : *ready_.begin());
  }

  /// A process that has run its last instruction makes way.
  void retire() {
    if (states_[current_] != State::running || !at_end(current_)) return;
    set_state(current_, State::done);
    --active_;
    switch_to_next();
  }

  void take_ended_io() {
    const auto ended = io_ends_.find(tick_);
    if (ended == io_ends_.end()) return;
    for (const std::size_t process : ended->second) {
      set_state(process, State::ready);
      const bool cpu_is_taken = states_[current_] == State::running;
      const bool alone = ready_.size() == 1 && !cpu_is_taken;
      if (run_at_once_ && cpu_is_taken) set_state(current_, State::ready);
      // Who does not switch upon I/O has kept the CPU for the one that waits.
      if (run_at_once_ || !switch_on_io_ || alone) switch_to(process);
      retire();
    }
    io_ends_.erase(ended);
  }

  /// One instruction of the current process; false when there are too many slices.
  bool execute() {
    ++cpu_busy_;
    const Instruction instruction = programs_[current_][next_[current_]++];
    if (!trace_.add(0, current_, static_cast<double>(tick_ - 1), static_cast<double>(tick_)))
      return false;
    if (instruction == Instruction::start_io) {
      set_state(current_, State::blocked);
      io_ends_[tick_ + io_length_ + 1].insert(current_);
      if (switch_on_io_) switch_to_next();
    }
    return true;
  }

  std::int64_t io_length_;
  bool switch_on_io_;
  bool run_at_once_;
  std::vector<Program> programs_;
  std::vector<std::size_t> next_;  ///< By process: the instruction that it runs next.
  std::vector<State> states_;
  std::set<std::size_t> ready_;
  std::size_t active_;
  std::size_t current_ = 0;
  std::map<std::int64_t, std::set<std::size_t>> io_ends_;
  Trace trace_;
  std::int64_t tick_ = 0;
  std::int64_t cpu_busy_ = 0;
  std::int64_t io_busy_ = 0;
};

}  // namespace

Played play_process_run(const Words& words) {
  Request request;
  const std::vector<Option> options = {{'s', "seed", &request.seed, INT64_MIN, INT64_MAX},
                                       {'P', "program", &request.programs},
                                       {'l', "processlist", &request.processes},
                                       {'L', "iolength", &request.io_length, 0},
                                       {'S', "switch", &request.switch_when},
                                       {'I', "iodone", &request.after_io},
                                       {'c', "", &request.compute},
                                       {'p', "printstats", &request.statistics}};
  if (auto read = read_options(options, words); !read) return tl::unexpected(read.error());
  if (request.switch_when != "SWITCH_ON_IO" && request.switch_when != "SWITCH_ON_END")
    return bad_value("-S", request.switch_when, "give SWITCH_ON_IO or SWITCH_ON_END",
                     "应为 SWITCH_ON_IO 或 SWITCH_ON_END");
  if (request.after_io != "IO_RUN_LATER" && request.after_io != "IO_RUN_IMMEDIATE")
    return bad_value("-I", request.after_io, "give IO_RUN_LATER or IO_RUN_IMMEDIATE",
                     "应为 IO_RUN_LATER 或 IO_RUN_IMMEDIATE");
  if (request.programs.empty() && request.processes.empty())
    return refuse("give processes by -l or programs by -P", "请用 -l 给出进程或用 -P 给出程序");
  auto programs = request.programs.empty() ? drawn_programs(request.processes, request.seed)
                                           : written_programs(request.programs);
  if (!programs) return tl::unexpected(programs.error());
  if (static_cast<std::int64_t>(programs->size()) > most_jobs) return too_long();
  return Player(request, std::move(*programs)).play();
}

}  // namespace simulation::ostep
