#include "simulation/machine.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>

#include "simulation/cache.hpp"

namespace simulation {
namespace {

using Pcb = ProcessControlBlock;

/// What an event is, in one word: three fields that are written one by one and read together would
/// stall the processor at each turn.
class Planned {
 public:
  enum Kind : std::uint8_t { arrival, io_end, turn_end, boost };

  Planned() = default;
  Planned(Kind kind, std::uint32_t number, std::uint32_t generation = 0)
      : word_(std::uint64_t{kind} << 62U | std::uint64_t{generation & last_generation} << 32U |
              number) {}

  Kind kind() const { return static_cast<Kind>(word_ >> 62U); }
  /// The job, the core, or the queue.
  std::uint32_t number() const { return static_cast<std::uint32_t>(word_); }
  /// Of the core's turn: an older one means nothing any more.
  std::uint32_t generation() const {
    return static_cast<std::uint32_t>(word_ >> 32U) & last_generation;
  }

  static constexpr std::uint32_t last_generation = (1U << 30U) - 1;

 private:
  std::uint64_t word_ = 0;
};

/// The ranks of Ties, by kind.
constexpr std::array<std::uint8_t, 4> arrivals_first = {0, 1, 2, 3};
constexpr std::array<std::uint8_t, 4> expired_first = {2, 3, 0, 1};

/// Where a process is in its program, and what it has had so far: what is needed at each turn lies
/// in one cache line.
struct alignas(64) Place {
  std::uint64_t burst_end = 0;  ///< the program counter at which the CPU burst that is on ends
  Time cpu = 0;
  Time waiting = 0;
  Time first_run = -1;
  std::uint32_t burst = 0;  ///< the next one to begin, counted from the job's first
  bool known = false;       ///< a policy has seen it
  Time queued_since = 0;
  Pcb* behind = nullptr;  ///< who waits for the same device, after this one
};

struct CoreState {
  explicit CoreState(const Caches& caches, std::size_t processes) : cache(caches, processes) {}

  Core core;
  Policy* policy = nullptr;  ///< of the queue that it takes from
  Pcb* running = nullptr;
  Time start = 0;          ///< of what is not charged yet
  Time switch_start = 0;   ///< while `switching`: of the switch, which goes on until `start`
  bool switching = false;  ///< the switch is not in the books yet
  std::uint32_t generation = 0;
  int last_pid = -1;
  bool left_by_itself = true;  ///< the last one blocked or ended
  CoreFigures figures;
  Cache cache;
};

/// Requests of one device, first come first served.
struct DeviceState {
  int servers = 1;
  int busy = 0;
  Pcb* first = nullptr;
  Pcb* last = nullptr;
};

class Machine {
 public:
  Machine(const Workload& workload, const PolicyMaker& make_policy, const Options& options);
  Figures play();

 private:
  // What happens.
  void handle(const Planned& planned);
  void arrive(int pid);
  void admit_all();
  [[gnu::always_inline]] inline void end_turn(int core);
  void end_io(Pcb& process);
  void boost(std::size_t queue);

  // What follows from it.
  void dispatch_idle();
  void preempt_outranked();
  [[gnu::always_inline]] inline bool dispatch(int core);
  Turn pick_for(int core, Policy& policy);
  bool steal_for(int core);
  [[gnu::always_inline]] inline void make_ready(Pcb& process, Ready why, Policy& policy);
  void next_burst(Pcb& process);
  void start_io(Pcb& process);
  void serve(Pcb& process, Time length, int device);
  void finish(Pcb& process);
  [[gnu::always_inline]] inline void charge(CoreState& state);
  void charge_switch(CoreState& state);
  [[gnu::always_inline]] inline void take_off(CoreState& state, bool by_itself);
  void put_back(int core, int for_whom);

  const Burst& burst_of(const Pcb& process) const {
    const Job& job = workload_.jobs[index(process)];
    return workload_.bursts[job.first_burst + places_[index(process)].burst];
  }
  std::size_t index(const Pcb& process) const {
    return static_cast<std::size_t>(&process - processes_.data());
  }
  CoreState& at(int core) { return cores_[static_cast<std::size_t>(core)]; }
  std::size_t queue_of(int core) const {
    return queue_per_core_ ? static_cast<std::size_t>(core) : 0;
  }
  Policy& policy_of(int core) { return *at(core).policy; }
  bool may_run(const Pcb& process, int core) const {
    return (workload_.jobs[index(process)].cores >> static_cast<unsigned>(core) & 1U) != 0;
  }
  int emptiest_queue(const Pcb& process) const;
  [[gnu::always_inline]] void plan(Time time, Planned planned) {
    events_.push(time, ranks_[planned.kind()], planned);
  }
  void plan_arrival();
  void plan_boost(std::size_t queue);
  void tell(Happening what, const Pcb& process, int core, int other) {
    if (observer_ == nullptr) return;
    observer_->happened({now_, what, process.pid, core, other}, process,
                        *queues_[queue_per_core_ ? static_cast<std::size_t>(process.home) : 0]);
  }

  const Workload& workload_;
  const Options& options_;
  // What every turn looks at, close at hand.
  Observer* const observer_;
  const ContextSwitch switch_;
  const Time horizon_;
  const Time switch_cost_;
  const bool queue_per_core_;
  const std::array<std::uint8_t, 4> ranks_;
  std::vector<std::unique_ptr<Policy>> queues_;
  std::vector<Pcb> processes_;
  std::vector<Place> places_;
  std::vector<CoreState> cores_;
  std::vector<DeviceState> devices_;
  std::vector<std::uint32_t> by_arrival_;
  std::vector<int> admitted_;
  std::vector<Pcb*> aside_;
  EventQueue<Planned> events_;
  Figures figures_;
  Time now_ = 0;
  std::size_t next_arrival_ = 0;
  std::size_t left_ = 0;    ///< jobs that have not ended
  std::size_t ready_ = 0;   ///< processes in the policies' queues
  std::uint64_t idle_ = 0;  ///< bit n: core n runs nobody
  bool newcomer_ = false;   ///< somebody is ready who did not run just before
  bool pinned_ = false;     ///< some job may not run on every core
  bool preemptive_ = false;
};

Machine::Machine(const Workload& workload, const PolicyMaker& make_policy, const Options& options)
    : workload_(workload),
      options_(options),
      observer_(options.observer),
      switch_(options.context_switch),
      horizon_(options.horizon),
      switch_cost_(options.switch_cost),
      queue_per_core_(options.queue_per_core),
      ranks_(options.ties == Ties::arrivals_first ? arrivals_first : expired_first),
      processes_(workload.jobs.size()),
      places_(workload.jobs.size()),
      by_arrival_(workload.jobs.size()),
      left_(workload.jobs.size()) {
  const std::size_t count = workload.jobs.size();
  const auto cores = static_cast<std::size_t>(options.cores);
  const std::uint64_t all =
      options.cores == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << cores) - 1;
  idle_ = all;
  figures_.jobs.resize(count);
  figures_.devices.resize(options.devices.size());
  for (std::size_t i = 0; i < count; ++i) {
    const Job& job = workload.jobs[i];
    Pcb& process = processes_[i];
    process.pid = static_cast<int>(i);
    process.priority = job.priority;
    process.weight = job.weight;
    process.memory = job.memory;
    figures_.jobs[i].arrival = job.arrival;
    process.saved = {.program_counter = 0,
                     .accumulator = 0,
                     .stack_pointer = (i + 1) * 0x1000,
                     .step = 2 * i + 1};
    by_arrival_[i] = static_cast<std::uint32_t>(i);
    pinned_ = pinned_ || (job.cores & all) != all;
  }
  std::sort(by_arrival_.begin(), by_arrival_.end(), [&](std::uint32_t a, std::uint32_t b) {
    const Time first = workload.jobs[a].arrival;
    const Time second = workload.jobs[b].arrival;
    return first != second ? first < second : a < b;
  });
  for (std::size_t i = 0; i < (options.queue_per_core ? cores : 1); ++i)
    queues_.push_back(make_policy());
  preemptive_ = queues_.front()->preemptive();
  cores_.reserve(cores);
  for (std::size_t i = 0; i < cores; ++i) {
    cores_.emplace_back(options.caches, count);
    cores_.back().core.number = static_cast<int>(i);
    cores_.back().policy = queues_[options.queue_per_core ? i : 0].get();
  }
  for (const Device& device : options.devices) {
    devices_.emplace_back();
    devices_.back().servers = device.servers;
  }
}

Figures Machine::play() {
  plan_arrival();
  for (std::size_t queue = 0; queue < queues_.size(); ++queue) plan_boost(queue);
  while (left_ > 0) {
    const Time next = events_.next_time();
    if (next > horizon_) {
      now_ = events_.empty() ? now_ : horizon_;  // without events, jobs wait for memory for ever
      figures_.cut_short = true;
      break;
    }
    now_ = next;
    do handle(events_.take().payload);
    while (events_.next_time() == now_);
    if (ready_ > 0 && idle_ != 0) dispatch_idle();
    if (newcomer_ && preemptive_ && ready_ > 0) preempt_outranked();
    newcomer_ = false;
  }
  for (int core = 0; core < options_.cores; ++core)
    if (at(core).running != nullptr) charge(at(core));
  figures_.end = now_;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    figures_.jobs[i].cpu = places_[i].cpu;
    figures_.jobs[i].waiting = places_[i].waiting;
    figures_.jobs[i].first_run = places_[i].first_run;
  }
  for (const CoreState& state : cores_) figures_.cores.push_back(state.figures);
  return std::move(figures_);
}

void Machine::handle(const Planned& planned) {
  switch (planned.kind()) {
    case Planned::arrival:
      arrive(static_cast<int>(planned.number()));
      break;
    case Planned::io_end:
      end_io(processes_[planned.number()]);
      break;
    case Planned::turn_end:
      if (cores_[planned.number()].generation == planned.generation())
        end_turn(static_cast<int>(planned.number()));
      break;
    case Planned::boost:
      boost(planned.number());
      break;
  }
}

/// The next arrival alone is planned: a million jobs that are still to come cost nothing.
void Machine::plan_arrival() {
  if (next_arrival_ == by_arrival_.size()) return;
  const std::uint32_t pid = by_arrival_[next_arrival_++];
  plan(workload_.jobs[pid].arrival, {Planned::arrival, pid});
}

void Machine::plan_boost(std::size_t queue) {
  const Time time = queues_[queue]->next_boost(now_);
  if (time != never) plan(time, {Planned::boost, static_cast<std::uint32_t>(queue)});
}

void Machine::arrive(int pid) {
  plan_arrival();
  Pcb& process = processes_[static_cast<std::size_t>(pid)];
  tell(Happening::arrived, process, -1, -1);
  if (options_.admission == nullptr) {
    next_burst(process);
    return;
  }
  places_[index(process)].queued_since = now_;
  options_.admission->arrived(pid, now_, admitted_);
  admit_all();
}

void Machine::admit_all() {
  for (std::size_t i = 0; i < admitted_.size(); ++i) {
    Pcb& process = processes_[static_cast<std::size_t>(admitted_[i])];
    figures_.jobs[index(process)].queued += now_ - places_[index(process)].queued_since;
    tell(Happening::admitted, process, -1, -1);
    next_burst(process);
  }
  admitted_.clear();
}

/// The process has ended a burst, or has come: it goes where its program leads.
void Machine::next_burst(Pcb& process) {
  Place& place = places_[index(process)];
  const Job& job = workload_.jobs[index(process)];
  if (place.burst == job.bursts) {
    finish(process);
    return;
  }
  if (burst_of(process).device != Burst::cpu) {
    start_io(process);
    return;
  }
  process.remaining = 0;
  for (; place.burst < job.bursts && burst_of(process).device == Burst::cpu; ++place.burst)
    process.remaining += burst_of(process).length;
  place.burst_end += static_cast<std::uint64_t>(process.remaining);
  const Ready why = place.known ? Ready::woke : Ready::arrived;
  place.known = true;
  if (why == Ready::arrived && queue_per_core_) process.home = emptiest_queue(process);
  make_ready(process, why, policy_of(process.home));
  newcomer_ = true;
}

int Machine::emptiest_queue(const Pcb& process) const {
  int emptiest = -1;
  std::size_t least = 0;
  for (int core = 0; core < options_.cores; ++core) {
    if (!may_run(process, core)) continue;
    const auto i = static_cast<std::size_t>(core);
    const std::size_t length = queues_[i]->ready() + (cores_[i].running != nullptr ? 1 : 0);
    if (emptiest >= 0 && length >= least) continue;
    emptiest = core;
    least = length;
  }
  return emptiest;
}

void Machine::make_ready(Pcb& process, Ready why, Policy& policy) {
  process.ready_since = now_;
  policy.enqueue(process, why, now_);
  ++ready_;
}

void Machine::start_io(Pcb& process) {
  const Burst& burst = burst_of(process);
  ++places_[index(process)].burst;
  DeviceState& device = devices_[static_cast<std::size_t>(burst.device)];
  if (device.servers == 0 || device.busy < device.servers) {
    ++device.busy;
    serve(process, burst.length, burst.device);
    return;
  }
  places_[index(process)].queued_since = now_;
  places_[index(process)].behind = nullptr;
  (device.last == nullptr ? device.first : places_[index(*device.last)].behind) = &process;
  device.last = &process;
}

void Machine::serve(Pcb& process, Time length, int device) {
  figures_.jobs[index(process)].io += length;
  figures_.devices[static_cast<std::size_t>(device)] += length;
  if (observer_ != nullptr) observer_->served(device, process.pid, now_, now_ + length);
  plan(now_ + length, {Planned::io_end, static_cast<std::uint32_t>(process.pid)});
}

void Machine::end_io(Pcb& process) {
  const Job& job = workload_.jobs[index(process)];
  const int number = workload_.bursts[job.first_burst + places_[index(process)].burst - 1].device;
  DeviceState& device = devices_[static_cast<std::size_t>(number)];
  if (Pcb* waiting = device.first; waiting != nullptr) {
    Place& place = places_[index(*waiting)];
    device.first = place.behind;
    if (device.first == nullptr) device.last = nullptr;
    figures_.jobs[index(*waiting)].queued += now_ - place.queued_since;
    serve(*waiting,
          workload_.bursts[workload_.jobs[index(*waiting)].first_burst + place.burst - 1].length,
          number);
  } else {
    --device.busy;
  }
  tell(Happening::woke, process, -1, number);
  next_burst(process);
}

void Machine::finish(Pcb& process) {
  JobFigures& figures = figures_.jobs[index(process)];
  figures.completion = now_;
  const std::uint64_t total = places_[index(process)].burst_end;
  const std::uint64_t step = 2 * index(process) + 1;
  figures.intact = process.saved == Registers{.program_counter = total,
                                              .accumulator = step * total,
                                              .stack_pointer = (index(process) + 1) * 0x1000,
                                              .step = step};
  tell(Happening::finished, process, process.last_core, -1);
  --left_;
  if (options_.admission == nullptr) return;
  options_.admission->finished(process.pid, now_, admitted_);
  admit_all();
}

void Machine::charge_switch(CoreState& state) {
  const Time until = std::min(now_, state.start);
  state.figures.switching += until - state.switch_start;
  if (observer_ != nullptr && until > state.switch_start)
    observer_->switched(state.core.number, state.switch_start, until);
  state.switch_start = until;
  state.switching = until < state.start;
}

/// Brings the books of a busy core up to now.
void Machine::charge(CoreState& state) {
  Pcb& process = *state.running;
  if (state.switching) charge_switch(state);
  const Time ticks = now_ - state.start;
  if (ticks <= 0) return;
  Time work = ticks;
  if (state.cache.exists())
    work = std::min(state.cache.instructions_in(process, ticks), process.remaining);
  state.figures.busy += ticks;
  if (state.cache.exists()) state.figures.warm += state.cache.ran(process, ticks);
  Place& place = places_[index(process)];
  place.cpu += ticks;
  Registers& registers = state.core.registers;
  registers.program_counter += static_cast<std::uint64_t>(work);
  registers.accumulator += registers.step * static_cast<std::uint64_t>(work);
  process.remaining =
      std::max<Time>(0, static_cast<Time>(place.burst_end - registers.program_counter));
  if (observer_ != nullptr) observer_->ran(state.core.number, process.pid, state.start, now_);
  state.start = now_;
  state.policy->charge(process, ticks, now_);
}

/// The core is free from now on; the process is saved.
void Machine::take_off(CoreState& state, bool by_itself) {
  switch_.save(state.core, *state.running);
  state.running = nullptr;
  state.switching = false;
  state.left_by_itself = by_itself;
  state.generation = (state.generation + 1) & Planned::last_generation;
  idle_ |= std::uint64_t{1} << static_cast<unsigned>(state.core.number);
}

void Machine::put_back(int number, int for_whom) {
  CoreState& state = at(number);
  Pcb& process = *state.running;
  charge(state);
  take_off(state, false);
  tell(Happening::preempted, process, number, for_whom);
  make_ready(process, Ready::preempted, policy_of(number));
}

void Machine::end_turn(int number) {
  CoreState& state = at(number);
  Pcb& process = *state.running;
  charge(state);
  if (process.remaining > 0) {
    take_off(state, false);
    tell(Happening::expired, process, number, -1);
    make_ready(process, Ready::expired, *state.policy);
    return;
  }
  take_off(state, true);
  const Job& job = workload_.jobs[index(process)];
  const bool ends = places_[index(process)].burst == job.bursts;
  policy_of(number).gone(process, ends ? Gone::finished : Gone::blocked, now_);
  if (!ends) tell(Happening::blocked, process, number, burst_of(process).device);
  next_burst(process);
}

void Machine::boost(std::size_t queue) {
  // The last core's first: each goes to the head, so that at the end the first core's stands there,
  // and all find their old cores again.
  for (int core = options_.cores - 1; core >= 0; --core)
    if (queue_of(core) == queue && at(core).running != nullptr) put_back(core, -1);
  queues_[queue]->boost(now_);
  if (observer_ != nullptr)
    observer_->happened(
        {now_, Happening::boosted, -1, queue_per_core_ ? static_cast<int>(queue) : -1, -1}, Pcb{},
        *queues_[queue]);
  plan_boost(queue);
}

void Machine::dispatch_idle() {
  for (std::uint64_t idle = idle_; idle != 0 && ready_ > 0; idle &= idle - 1) {
    const int core = std::countr_zero(idle);
    if (!dispatch(core) && options_.steal && steal_for(core)) dispatch(core);
  }
}

/// The next process that may run on this core. Where jobs are pinned to cores, those before it that
/// may not go back to where they were.
Turn Machine::pick_for(int core, Policy& policy) {
  Turn turn = policy.pick(now_);
  for (; turn.process != nullptr && !may_run(*turn.process, core); turn = policy.pick(now_))
    aside_.push_back(turn.process);
  for (; !aside_.empty(); aside_.pop_back()) policy.enqueue(*aside_.back(), Ready::preempted, now_);
  return turn;
}

bool Machine::steal_for(int thief) {
  int victim = -1;
  for (int core = 0; core < options_.cores; ++core) {
    const std::size_t length = queues_[queue_of(core)]->ready();
    if (length > 0 && (victim < 0 || length > queues_[queue_of(victim)]->ready())) victim = core;
  }
  if (victim < 0) return false;
  Pcb* process = pick_for(thief, policy_of(victim)).process;
  if (process == nullptr) return false;
  policy_of(victim).gone(*process, Gone::moved, now_);
  process->home = thief;
  policy_of(thief).enqueue(*process, Ready::moved, now_);
  tell(Happening::stolen, *process, thief, victim);
  return true;
}

bool Machine::dispatch(int number) {
  CoreState& state = at(number);
  const Turn turn = pinned_ ? pick_for(number, *state.policy) : state.policy->pick(now_);
  if (turn.process == nullptr) return false;
  Pcb& process = *turn.process;
  --ready_;
  idle_ &= ~(std::uint64_t{1} << static_cast<unsigned>(number));
  state.running = &process;
  state.start = now_;
  if (state.last_pid != process.pid && state.last_pid >= 0) {
    ++(state.left_by_itself ? figures_.voluntary : figures_.involuntary);
    if (switch_cost_ > 0) {
      state.switching = true;
      state.switch_start = now_;
      state.start += switch_cost_;
    }
  }
  tell(Happening::dispatched, process, number, state.last_pid);
  state.last_pid = process.pid;
  process.last_core = number;
  Place& place = places_[index(process)];
  place.waiting += now_ - process.ready_since;
  if (place.first_run < 0) place.first_run = state.start;
  ++figures_.turns;
  switch_.restore(process, state.core);
  // A switch that lost the program counter may have left it anywhere: it goes on from there.
  process.remaining =
      std::max<Time>(1, static_cast<Time>(place.burst_end - state.core.registers.program_counter));
  const Time needed = state.cache.ticks_for(process, process.remaining);
  plan(state.start + std::min(std::max<Time>(1, turn.length), needed),
       {Planned::turn_end, static_cast<std::uint32_t>(number), state.generation});
  return true;
}

/// Gives the cores of the least urgent to those who outrank them.
void Machine::preempt_outranked() {
  for (std::size_t queue = 0; queue < queues_.size(); ++queue) {
    Policy& policy = *queues_[queue];
    if (policy.ready() == 0) continue;
    for (int core = 0; core < options_.cores; ++core)
      if (queue_of(core) == queue && at(core).running != nullptr) charge(at(core));
    for (int round = 0; round < options_.cores; ++round) {
      const Pcb* best = policy.best(now_);
      if (best == nullptr) break;
      int least = -1;
      for (int core = 0; core < options_.cores; ++core) {
        if (queue_of(core) != queue || at(core).running == nullptr || !may_run(*best, core))
          continue;
        if (least < 0 || policy.outranks(*at(least).running, *at(core).running)) least = core;
      }
      if (least < 0 || !policy.outranks(*best, *at(least).running)) break;
      put_back(least, best->pid);
      dispatch(least);
    }
  }
}

void save_all(const Core& core, Pcb& process) {
  process.saved = core.registers;
}
void restore_all(const Pcb& process, Core& core) {
  core.registers = process.saved;
}

}  // namespace

ContextSwitch whole_switch() {
  return {save_all, restore_all};
}

Figures run(const Workload& workload, const PolicyMaker& make_policy, const Options& options) {
  assert(complaint(workload, options).empty());
  return Machine(workload, make_policy, options).play();
}

}  // namespace simulation
