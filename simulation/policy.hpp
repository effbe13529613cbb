// A scheduling policy: it holds the processes that are ready to run and says who is next. The
// machine (machine.hpp) tells it what happens; a policy never looks at a clock of its own.
#pragma once

#include <memory>
#include <string>

#include "simulation/process.hpp"

namespace simulation {

/// Why a process wants a core from now on.
enum class Ready {
  arrived,    ///< it is new
  woke,       ///< its I/O has ended
  expired,    ///< it has used up the turn that `pick` gave it
  preempted,  ///< it was taken off its core before its turn had ended, or was picked and not taken
  moved,      ///< it comes from another core's queue, its counters with it
};

/// Why a policy loses sight of a process that it had let out of its queue.
enum class Gone {
  blocked,   ///< it waits for a device
  finished,  ///< it has ended
  moved,     ///< it goes to another core's queue
};

/// Who runs next, and for how many ticks at most: 1 or more (less counts as 1); `never`: until it
/// blocks, ends or is preempted.
struct Turn {
  ProcessControlBlock* process = nullptr;
  Time length = never;
};

class Policy {
 public:
  Policy() = default;
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;
  virtual ~Policy() = default;

  /// `process` is ready to run. It is on no core and in no queue.
  virtual void enqueue(ProcessControlBlock& process, Ready why, Time now) = 0;

  /// Takes the process that is to run next out of the queue. Nobody when none is ready.
  virtual Turn pick(Time now) = 0;

  /// Processes that are ready and not running.
  virtual std::size_t ready() const = 0;

  /// `process` has been on a core for `ticks`, since it was picked or last charged. Comes before
  /// the `enqueue` or `gone` that tells why it left the core.
  virtual void charge(ProcessControlBlock& /*process*/, Time /*ticks*/, Time /*now*/) {}

  /// `process`, which `pick` had given out, waits for a device, has ended, or has moved.
  virtual void gone(ProcessControlBlock& /*process*/, Gone /*why*/, Time /*now*/) {}

  /// Whether a process that has become ready may take a core from one that runs. Where this is
  /// false the two functions below are never called.
  virtual bool preemptive() const { return false; }

  /// Who would be picked now; it stays in the queue.
  virtual const ProcessControlBlock* best(Time /*now*/) const { return nullptr; }

  /// Whether `one` is so much more urgent that it takes the core from `other`.
  virtual bool outranks(const ProcessControlBlock& /*one*/,
                        const ProcessControlBlock& /*other*/) const {
    return false;
  }

  /// When the policy wants `boost` to be called next; `never` if it does not. Asked at the start
  /// and after each boost.
  virtual Time next_boost(Time /*now*/) const { return never; }

  /// The time that `next_boost` named. All running processes have been put back (`preempted`).
  virtual void boost(Time /*now*/) {}

  /// What decides about this process at the moment, for a person: "level 2, 3 ticks left".
  virtual std::string standing(const ProcessControlBlock& /*process*/) const { return {}; }
};

}  // namespace simulation
