// Carries lab 06's code for the judge: steps on a queue, on cores, and on policies, one request for
// many of them; and whole runs of the machine.
//
// Where a function is not written yet the steps go on without it, so that the answer can name the
// function that the case is about rather than one that every case needs.
#include "shim.hpp"

#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <set>

#include "simulation/machine.hpp"
#include "time_slicing.hpp"
#include "todo.hpp"
#include "watched.hpp"

namespace {

bool counting = false;  ///< while a student's function is being called
int allocations = 0;

}  // namespace

// Not inline: GCC would see free() beside a new of somebody else's, and warn.
[[gnu::noinline]] void* operator new(std::size_t size) {
  if (counting) ++allocations;
  if (void* memory = std::malloc(size > 0 ? size : 1); memory != nullptr) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace {

using dialtone::Answer;
using dialtone::Message;
using dialtone::Todo;
using namespace time_slicing;
using nlohmann::json;
using Pcb = ProcessControlBlock;

Answer value(json what) {
  return {{{"value", std::move(what)}}};
}

/// Calls, and counts what is allocated meanwhile.
template <class Call>
auto counted(const Call& call) {
  struct Guard {
    Guard() { counting = true; }
    ~Guard() { counting = false; }
  } const guard;
  return call();
}

/// Processes that know nothing but their number, and which of them the judge's steps have put into
/// a queue.
class Processes {
 public:
  explicit Processes(std::size_t count) : all_(count) {
    for (std::size_t i = 0; i < count; ++i) all_[i].pid = static_cast<int>(i);
  }

  Pcb& at(const json& pid) { return all_.at(pid.get<std::size_t>()); }

  /// Its number; -1 for nobody, -2 for what is none of them.
  int number_of(const Pcb* process) const {
    if (process == nullptr) return -1;
    for (const Pcb& one : all_)
      if (&one == process) return one.pid;
    return -2;
  }

  bool is_queued(const Pcb& process) const { return queued_.count(process.pid) == 1; }
  void comes(const Pcb& process) { queued_.insert(process.pid); }
  void leaves(int pid) { queued_.erase(pid); }

  json links() const {
    json links = json::array();
    for (const Pcb& one : all_) links.push_back({number_of(one.next), number_of(one.previous)});
    return links;
  }

 private:
  std::vector<Pcb> all_;
  std::set<int> queued_;
};

/// Plays steps with `play_one`, which answers one step, or nothing where the step has no sense any
/// more: another process than the judge thinks stands where it wants to act.
json play_steps(const json& steps,
                const std::function<std::optional<json>(const json& step)>& play_one) {
  static const std::set<std::string> basic = {"push_back", "pop_front", "enqueue", "pick",
                                              "charge"};
  json answers = json::array();
  std::optional<Todo> unwritten;
  bool is_basic = true;
  for (const json& step : steps) {
    try {
      auto answer = play_one(step);
      if (!answer) break;
      answers.push_back(std::move(*answer));
    } catch (const Todo& todo) {
      if (unwritten && !is_basic) continue;
      const bool also_basic = basic.count(step.at(0).get<std::string>()) == 1;
      if (!unwritten || !also_basic) unwritten = todo;
      is_basic = also_basic;
    }
  }
  if (unwritten) throw Todo(*unwritten);
  return answers;
}

// --- 1. the queue ---

std::optional<json> queue_step(ReadyQueue& queue, Processes& processes, const json& step) {
  const auto what = step.at(0).get<std::string>();
  if (what == "links") return processes.links();
  if (what == "size") return counted([&] { return queue.size(); });
  if (what == "front") return processes.number_of(counted([&] { return queue.front(); }));
  if (what == "pop_front") {
    const int popped = processes.number_of(counted([&] { return queue.pop_front(); }));
    processes.leaves(popped);
    return popped;
  }
  Pcb& process = processes.at(step.at(1));
  if (processes.is_queued(process) != (what == "remove")) return std::nullopt;
  if (what == "remove") {
    processes.leaves(process.pid);
    counted([&] { queue.remove(process); });
    return json();
  }
  processes.comes(process);
  counted([&] { what == "push_back" ? queue.push_back(process) : queue.push_front(process); });
  return json();
}

Answer play_queue(Message& request) {
  Processes processes(request.body.at("processes").get<std::size_t>());
  ReadyQueue queue;
  allocations = 0;
  Answer answer = value(play_steps(request.body.at("steps"), [&](const json& step) {
    return queue_step(queue, processes, step);
  }));
  answer.body["allocations"] = allocations;
  return answer;
}

/// A line of so many processes: built at both ends, thinned out by leaps of `stride`, and emptied.
/// Answers the numbers of those who were left, added up in the order of their leaving.
Answer long_line(Message& request) {
  const auto count = request.body.at("processes").get<std::size_t>();
  const auto stride = request.body.at("stride").get<std::size_t>();
  std::vector<Pcb> processes(count);
  ReadyQueue queue;
  for (std::size_t i = 0; i < count; ++i) {
    processes[i].pid = static_cast<int>(i);
    i % 4 == 3 ? queue.push_front(processes[i]) : queue.push_back(processes[i]);
    if (queue.size() != i + 1 || queue.front() == nullptr) return value(-1);
  }
  for (std::size_t i = 0; i < count / 2; ++i) queue.remove(processes[i * stride % count]);
  std::uint64_t sum = 0;
  for (std::uint64_t place = 1; Pcb* process = queue.pop_front(); ++place) {
    if (place > count) return value(-1);
    sum += place * static_cast<std::uint64_t>(process->pid);
  }
  return value(sum);
}

// --- 2. the switch ---

json fields_of(const simulation::Registers& registers) {
  return {registers.program_counter, registers.stack_pointer, registers.step,
          registers.accumulator};
}

simulation::Registers registers_of(const json& fields) {
  simulation::Registers registers;
  registers.program_counter = fields.at(0).get<std::uint64_t>();
  registers.stack_pointer = fields.at(1).get<std::uint64_t>();
  registers.step = fields.at(2).get<std::uint64_t>();
  registers.accumulator = fields.at(3).get<std::uint64_t>();
  return registers;
}

/// All of a control block but its registers and its links.
json books_of(const Pcb& process) {
  return {process.pid,          process.priority,  process.weight,         process.memory,
          process.level,        process.boosts,    process.allotment_left, process.home,
          process.last_core,    process.remaining, process.quantum_left,   process.ready_since,
          process.virtual_time, process.deadline};
}

void fill_books(Pcb& process, const json& books) {
  int* const small[] = {
      &process.pid,    &process.priority,       &process.weight, &process.memory,   &process.level,
      &process.boosts, &process.allotment_left, &process.home,   &process.last_core};
  std::int64_t* const large[] = {&process.remaining, &process.quantum_left, &process.ready_since,
                                 &process.virtual_time, &process.deadline};
  std::size_t at = 0;
  for (int* book : small) *book = books.at(at++).get<int>();
  for (std::int64_t* book : large) *book = books.at(at++).get<std::int64_t>();
}

/// One call of save or of restore.
Answer switch_once(Message& request) {
  Core core{request.body.at("core").get<int>(), registers_of(request.body.at("registers"))};
  Pcb process;
  Pcb other;
  fill_books(process, request.body.at("books"));
  process.saved = registers_of(request.body.at("saved"));
  if (request.body.at("linked").get<bool>()) process.next = process.previous = &other;
  const Pcb* const link = process.next;
  if (request.body.at("save").get<bool>())
    save(core, process);
  else
    restore(process, core);
  return value({{"core", core.number},
                {"registers", fields_of(core.registers)},
                {"saved", fields_of(process.saved)},
                {"books", books_of(process)},
                {"links kept", process.next == link && process.previous == link}});
}

// --- 3 and 4. the policies ---

std::unique_ptr<simulation::Policy> policy_of(const json& rules) {
  if (rules.contains("quantum"))
    return std::make_unique<RoundRobin>(rules.at("quantum").get<Time>());
  MlfqRules mlfq;
  mlfq.quanta = rules.at("quanta").get<std::vector<Time>>();
  mlfq.allotments = rules.at("allotments").get<std::vector<int>>();
  mlfq.boost = rules.at("boost").get<Time>();
  mlfq.stay = rules.at("stay").get<bool>();
  mlfq.bump = rules.at("bump").get<bool>();
  return std::make_unique<Mlfq>(std::move(mlfq));
}

Ready ready_of(const std::string& name) {
  if (name == "arrived") return Ready::arrived;
  if (name == "woke") return Ready::woke;
  if (name == "expired") return Ready::expired;
  return name == "preempted" ? Ready::preempted : Ready::moved;
}

Gone gone_of(const std::string& name) {
  if (name == "blocked") return Gone::blocked;
  return name == "finished" ? Gone::finished : Gone::moved;
}

class Decisions {
 public:
  explicit Decisions(const Message& request)
      : processes_(request.body.at("processes").get<std::size_t>()) {
    for (const json& rules : request.body.at("policies")) policies_.push_back(policy_of(rules));
  }

  /// A step is ["name", policy, now, ...].
  std::optional<json> step(const json& step) {
    const auto what = step.at(0).get<std::string>();
    simulation::Policy& policy = *policies_.at(step.at(1).get<std::size_t>());
    const Time now = step.at(2).get<Time>();
    if (what == "pick") return pick(policy, now);
    if (what == "ready") return policy.ready();
    if (what == "best") return processes_.number_of(policy.best(now));
    if (what == "next_boost") return policy.next_boost(now);
    if (what == "boost") {
      policy.boost(now);
      return json();
    }
    Pcb& process = processes_.at(step.at(3));
    if (what == "outranks") return policy.outranks(process, processes_.at(step.at(4)));
    if (processes_.is_queued(process)) return std::nullopt;
    if (what == "charge") {
      policy.charge(process, step.at(4).get<Time>(), now);
    } else if (what == "gone") {
      policy.gone(process, gone_of(step.at(4).get<std::string>()), now);
    } else {
      if (step.size() > 5) set_counters(process, step.at(5));
      policy.enqueue(process, ready_of(step.at(4).get<std::string>()), now);
      processes_.comes(process);
    }
    return json();
  }

 private:
  /// What a process brings with it from another policy.
  static void set_counters(Pcb& process, const json& counters) {
    process.level = counters.at(0).get<int>();
    process.quantum_left = counters.at(1).get<Time>();
    process.allotment_left = counters.at(2).get<int>();
  }

  json pick(simulation::Policy& policy, Time now) {
    const Turn turn = policy.pick(now);
    const int pid = processes_.number_of(turn.process);
    processes_.leaves(pid);
    if (pid < 0) return {pid, 0, 0};
    return {pid, turn.length, turn.process->level};
  }

  Processes processes_;
  std::vector<std::unique_ptr<simulation::Policy>> policies_;
};

Answer play_policy(Message& request) {
  Decisions decisions(request);
  return value(
      play_steps(request.body.at("steps"), [&](const json& step) { return decisions.step(step); }));
}

// --- whole runs ---

/// Turns of one length in a line, for runs in which the switch alone is the student's.
class Turns : public simulation::Policy {
 public:
  explicit Turns(Time length) : length_(length) {}
  void enqueue(Pcb& process, Ready, Time) override { line_.push_back(&process); }
  Turn pick(Time) override {
    if (line_.empty()) return {};
    Pcb* const process = line_.front();
    line_.erase(line_.begin());
    return {process, length_};
  }
  std::size_t ready() const override { return line_.size(); }

 private:
  Time length_;
  std::vector<Pcb*> line_;
};

class Slices : public simulation::Observer {
 public:
  void ran(int core, int pid, Time start, Time end) override {
    for (auto last = slices.rbegin(); last != slices.rend(); ++last) {
      if (last->at(0) != core) continue;
      if (last->at(1) != pid || last->at(3) != start) break;
      last->at(3) = end;
      return;
    }
    slices.push_back({core, pid, start, end});
  }
  std::vector<std::array<Time, 4>> slices;
};

Answer whole_run(Message& request) {
  simulation::Workload workload;
  for (const json& job : request.body.at("jobs")) {
    std::vector<simulation::Burst> bursts;
    for (const json& burst : job.at("bursts"))
      bursts.push_back({burst.at(0).get<Time>(), burst.at(1).get<bool>() ? 0 : -1});
    simulation::Job made;
    made.arrival = job.at("arrival").get<Time>();
    workload.add(std::move(made), bursts);
  }
  const json& rules = request.body.at("policy");
  const bool switch_alone = rules.contains("turns");
  Slices slices;
  simulation::Options options;
  options.cores = request.body.at("cores").get<int>();
  options.horizon = request.body.at("horizon").get<Time>();
  options.observer = &slices;
  if (switch_alone) options.context_switch = {save, restore};
  const auto make = [&]() -> std::unique_ptr<simulation::Policy> {
    if (switch_alone) return std::make_unique<Turns>(rules.at("turns").get<Time>());
    return std::make_unique<Watched>(policy_of(rules));
  };
  const simulation::Figures figures = run(workload, make, options);
  json jobs = json::array();
  for (const simulation::JobFigures& job : figures.jobs)
    jobs.push_back({job.first_run, job.completion, job.waiting, job.intact});
  return value({{"slices", slices.slices}, {"jobs", jobs}, {"cut short", figures.cut_short}});
}

}  // namespace

int main() {
  return dialtone::run_shim({{"queue", play_queue},
                             {"long_line", long_line},
                             {"switch", switch_once},
                             {"policy", play_policy},
                             {"run", whole_run}});
}
