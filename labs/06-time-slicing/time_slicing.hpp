// Lab 06, time slicing: the queue of those who are ready, two policies that decide who runs next,
// and the switch that lets a program go on where it was.
//
// The machine is given (simulation/machine.hpp). It plays jobs tick by tick, and asks this code
// whenever there is something to decide. Nothing here looks at a clock: the time is an argument.
#pragma once

#include <cstddef>
#include <vector>

#include "simulation/policy.hpp"
#include "simulation/process.hpp"

namespace time_slicing {

using simulation::Core;
using simulation::Gone;
using simulation::ProcessControlBlock;
using simulation::Ready;
using simulation::Time;
using simulation::Turn;

/// Milestone 1. Processes in a line, joined by `next` and `previous` of their control blocks: each
/// function takes the same time however long the line is, and nothing is allocated. Of a process
/// that stands in no queue both links are nullptr.
class ReadyQueue {
 public:
  /// Precondition: the process stands in no queue.
  void push_back(ProcessControlBlock& process);
  void push_front(ProcessControlBlock& process);

  /// The first one, which leaves the queue; nullptr when it is empty.
  ProcessControlBlock* pop_front();

  /// Takes out a process from wherever in this queue it stands. Precondition: it stands here.
  void remove(ProcessControlBlock& process);

  /// The first one, which stays; nullptr when it is empty.
  const ProcessControlBlock* front() const;

  std::size_t size() const;

 private:
  ProcessControlBlock* first_ = nullptr;
  ProcessControlBlock* last_ = nullptr;
  std::size_t size_ = 0;
};

/// Milestone 2. A core has one set of registers, and every program believes that it has it alone.
/// Keeps all that the core holds in `process.saved`, for as long as the program is off the core.
void save(const Core& core, ProcessControlBlock& process);

/// Gives the core back all that `save` kept. The core's number is not the program's.
void restore(const ProcessControlBlock& process, Core& core);

/// Milestone 3. Round robin: one line; who has used up a quantum goes to its end.
///
/// - Who arrives, wakes, moves here or has used up its turn goes to the end.
/// - Who was preempted goes to the head, and has the rest of its quantum left.
/// - A turn is what is left of the quantum. It is a whole one for whoever arrives, wakes (also
///   where it blocked with some of it left) or has used it up; who moves here keeps the rest.
/// Uses `quantum_left` of the control block.
class RoundRobin : public simulation::Policy {
 public:
  /// `quantum` is 1 or more.
  explicit RoundRobin(Time quantum);

  void enqueue(ProcessControlBlock& process, Ready why, Time now) override;
  Turn pick(Time now) override;
  void charge(ProcessControlBlock& process, Time ticks, Time now) override;
  std::size_t ready() const override;

 private:
  Time quantum_;
  ReadyQueue queue_;
};

/// What a multilevel feedback queue is told. `quanta` and `allotments` have one entry for each
/// level, the lowest level first; both are 1 or more.
struct MlfqRules {
  std::vector<Time> quanta = {8, 4, 2};     ///< ticks of one turn
  std::vector<int> allotments = {1, 1, 1};  ///< turns at a level before it goes one down
  Time boost = 0;     ///< every so many ticks all go to the highest level; 0: never
  bool stay = false;  ///< who blocks gets its quantum and allotment anew (and can cheat with it)
  bool bump = false;  ///< who wakes goes to the head of its level's line, not to its end
};

/// Milestone 4. The multilevel feedback queue: a line for each level, and the highest that is not
/// empty is served. (OSTEP, chapter 8; Corbató et al., 1962.)
///
/// - Who arrives starts at the highest level, at the end of the line, with a whole quantum and
///   allotment.
/// - A turn is what is left of the quantum.
/// - Who has used up a quantum has used up one of its allotment. With some left it goes to the end
///   of the same line; with none it goes to the end of the line below, with that level's allotment
///   (at the lowest level: the same line, a new allotment). In all cases with a new quantum.
/// - Who blocks keeps its level, and what is left of quantum and allotment. Where the burst ends
///   just with the quantum, the quantum counts as used up, as above. (With `stay`, who blocks gets
///   both anew at its level, in this case too.)
/// - Who wakes goes to the end of its level's line (to the head with `bump`); who moves here goes
///   to the end, with its level and counters as they are.
/// - Who was preempted goes to the head of its line, with its counters as they are.
/// - A process that becomes ready at a higher level takes the core from one of a lower level.
/// - Upon a boost all get the highest level with a whole quantum and allotment. Who stands there
///   already stays in place; behind them come the others, the lowest level's line first, each line
///   in its order. Who is blocked meanwhile finds the same when it wakes (or stays where it is with
///   its counters, if there was no boost): `boosts` is there to find that out.
/// Uses `level`, `quantum_left`, `allotment_left` and `boosts` of the control block; level 0 is the
/// lowest.
class Mlfq : public simulation::Policy {
 public:
  explicit Mlfq(MlfqRules rules);

  void enqueue(ProcessControlBlock& process, Ready why, Time now) override;
  Turn pick(Time now) override;
  void charge(ProcessControlBlock& process, Time ticks, Time now) override;
  void gone(ProcessControlBlock& process, Gone why, Time now) override;
  std::size_t ready() const override;

  bool preemptive() const override { return true; }
  const ProcessControlBlock* best(Time now) const override;
  bool outranks(const ProcessControlBlock& one, const ProcessControlBlock& other) const override;

  Time next_boost(Time now) const override;
  void boost(Time now) override;

 private:
  MlfqRules rules_;
  std::vector<ReadyQueue> lines_;  ///< one for each level
  int boosts_ = 0;                 ///< so far
};

}  // namespace time_slicing
