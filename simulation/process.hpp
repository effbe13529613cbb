// A simulated process: its program, its registers, and the control block in which the system keeps
// what it must know to let it go on later.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simulation/event_queue.hpp"

namespace simulation {

/// What a simulated core holds while a program runs on it. Each instruction takes one tick and does
/// `accumulator += step; ++program_counter`; a program that was given back just what it had ends
/// with `accumulator == step * its CPU time`.
struct Registers {
  std::uint64_t program_counter = 0;
  std::uint64_t accumulator = 0;
  std::uint64_t stack_pointer = 0;
  std::uint64_t step = 0;

  friend bool operator==(const Registers& a, const Registers& b) {
    return a.program_counter == b.program_counter && a.stack_pointer == b.stack_pointer &&
           a.step == b.step && a.accumulator == b.accumulator;
  }
};

struct Core {
  int number = 0;
  Registers registers;
};

/// What the ready queue and the machine know a process by. What every switch needs comes first and
/// lies in one cache line.
struct alignas(64) ProcessControlBlock {
  Registers saved;  ///< the registers, while it is on no core

  // The links of the one queue of its policy's that it stands in.
  ProcessControlBlock* next = nullptr;
  ProcessControlBlock* previous = nullptr;

  Time quantum_left = 0;  ///< ticks; a policy's counter, like those below
  Time ready_since = 0;   ///< when it began to wait for a core; kept by the machine

  int pid = 0;
  int priority = 0;  ///< larger is more urgent
  int weight = 1;    ///< tickets, or the share in fair-share policies; 1 or more
  int memory = 0;    ///< what it occupies: the working set, or a program's size

  // A policy's counters. They stay as they are while the process is off the core.
  int level = 0;
  int allotment_left = 0;         ///< quanta that it may still use up at this level
  std::int64_t virtual_time = 0;  ///< what it has had, over its weight; in a policy's own unit
  std::int64_t deadline = 0;      ///< in virtual time
  int boosts = 0;  ///< how many there had been when it was last at a core or in a queue

  // The machine's own books: policies may read them.
  int last_core = -1;
  Time remaining = 0;  ///< CPU ticks left of this burst, which only a seer would know
  int home = 0;        ///< the core whose queue it belongs to, where each core has its own
};

/// A stretch of a program: `length` ticks on a core or with a device.
struct Burst {
  static constexpr int cpu = -1;
  Time length = 0;
  int device = cpu;  ///< `cpu`, or an index of the machine's devices
};

/// A program that is to run. Its bursts lie in the workload, one after the other.
struct Job {
  std::string name;
  Time arrival = 0;
  int priority = 0;
  int weight = 1;
  int memory = 0;
  std::uint64_t cores = ~std::uint64_t{0};  ///< bit n: it may run on core n (of the first 64)
  std::uint32_t first_burst = 0;
  std::uint32_t bursts = 0;
};

/// What a machine is given to do. Process n is job n.
struct Workload {
  std::vector<Job> jobs;
  std::vector<Burst> bursts;

  /// Adds a job with these bursts; returns its number.
  int add(Job job, const std::vector<Burst>& its_bursts);
};

}  // namespace simulation
