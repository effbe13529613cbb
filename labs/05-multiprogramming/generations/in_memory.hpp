// Where the student's code is put to work: the dispatcher as a policy of the machine, and the
// partitions as the door through which jobs come into memory.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "generations/plan.hpp"
#include "multiprogramming.hpp"
#include "simulation/machine.hpp"

namespace generations {

/// Asks a Dispatcher who runs. For a machine with one core.
class SwitchOnIo : public simulation::Policy {
 public:
  void enqueue(simulation::ProcessControlBlock& process, simulation::Ready why, Time now) override;
  simulation::Turn pick(Time now) override;
  std::size_t ready() const override;
  void gone(simulation::ProcessControlBlock& process, simulation::Gone why, Time now) override;

 private:
  multiprogramming::Dispatcher dispatcher_;
  std::map<int, simulation::ProcessControlBlock*> ready_;  ///< whom the machine may be given
};

/// One program after the other: a job waits until the one before it has left.
class OneProgram : public simulation::Admission {
 public:
  void arrived(int pid, Time now, std::vector<int>& admitted) override;
  void finished(int pid, Time now, std::vector<int>& admitted) override;

 private:
  std::deque<int> waiting_;
  bool taken_ = false;
};

/// Memory in partitions. Of those who wait, the first that fits is let in: a small job may overtake
/// a large one, which production systems would not let happen for ever.
class Partitions : public simulation::Admission {
 public:
  /// The sizes of the programs, by number.
  Partitions(const MemoryRules& rules, std::vector<Address> sizes);

  void arrived(int pid, Time now, std::vector<int>& admitted) override;
  void finished(int pid, Time now, std::vector<int>& admitted) override;

  int most_programs() const { return most_programs_; }
  int compactions() const { return compactions_; }

 private:
  /// A queue and the memory that it is for.
  struct Door {
    std::unique_ptr<multiprogramming::FixedPartitions> fixed;
    std::unique_ptr<multiprogramming::VariablePartitions> variable;
    Address largest = 0;  ///< what it could ever let in
    std::deque<int> waiting;
    std::map<int, Address> inside;  ///< where each program is
  };

  bool let_in(Door& door, int pid);
  void let_in_all(Door& door, std::vector<int>& admitted);
  void compact(Door& door);
  Door& door_for(int pid);

  MemoryRules rules_;
  std::vector<Address> sizes_;
  std::vector<Door> doors_;
  int programs_ = 0;
  int most_programs_ = 0;
  int compactions_ = 0;
};

}  // namespace generations
