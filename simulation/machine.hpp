// A machine with one core or many, devices, and a policy: plays a workload to its end.
//
// What happens at one tick happens in a stated order (see Ties). A process that becomes ready or is
// put back at a tick can be picked at that same tick; the cores are filled in the order of their
// numbers. A newcomer that may take a core takes the least urgent one's, of equal ones the core
// with the lowest number.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "simulation/policy.hpp"
#include "simulation/process.hpp"

namespace simulation {

/// The order of what happens at one tick. Within a line, what was planned first comes first.
enum class Ties {
  arrivals_first,  ///< arrivals, ends of I/O, ends of turns and bursts, the boost
  expired_first,   ///< ends of turns and bursts, the boost, arrivals, ends of I/O
};

struct Device {
  std::string name;
  int servers = 1;  ///< requests that it serves at once, in the order of their coming; 0: all
};

/// How a core learns to hold a program's working set (the published multi-CPU tool's model): after
/// `warm_up` ticks on one core the program is warm there and each tick does `warm_rate`
/// instructions. A cache holds working sets of `size` together; the one that got warm first goes
/// first.
struct Caches {
  Time warm_up = 0;  ///< 0: the machine has no caches, and every tick is one instruction
  std::int64_t size = 100;
  int warm_rate = 2;
};

/// Saves a core's registers in a control block and restores them from it.
struct ContextSwitch {
  void (*save)(const Core&, ProcessControlBlock&);
  void (*restore)(const ProcessControlBlock&, Core&);
};

/// A switch that is right.
ContextSwitch whole_switch();

enum class Happening {
  arrived,
  admitted,  ///< after it had waited for memory
  woke,
  dispatched,  ///< `other`: who had the core before, -1: nobody
  expired,
  preempted,  ///< `other`: who is to have its core; -1 for a boost
  blocked,    ///< `other`: the device
  finished,
  stolen,  ///< taken over by `core` from the queue of core `other`
  boosted,
};

struct Event {
  Time time = 0;
  Happening what = Happening::arrived;
  int pid = -1;
  int core = -1;
  int other = -1;
};

/// Is told what happens while it happens. `policy` is the one that holds the process.
class Observer {
 public:
  Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  virtual ~Observer() = default;

  virtual void happened(const Event& /*event*/, const ProcessControlBlock& /*process*/,
                        const Policy& /*policy*/) {}
  /// A process had a core from `start` until `end`. Touching pieces are told one by one.
  virtual void ran(int /*core*/, int /*pid*/, Time /*start*/, Time /*end*/) {}
  /// A core was busy with a context switch.
  virtual void switched(int /*core*/, Time /*start*/, Time /*end*/) {}
  /// A device served a process from `start` until `end` (told when it begins).
  virtual void served(int /*device*/, int /*pid*/, Time /*start*/, Time /*end*/) {}
};

/// Decides which jobs are in memory. Nothing of it is called when a machine has none.
class Admission {
 public:
  Admission() = default;
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;
  virtual ~Admission() = default;

  /// A job has come, or (second function) has left its memory. Appends to `admitted` the numbers
  /// of the jobs that may run from now on.
  virtual void arrived(int pid, Time now, std::vector<int>& admitted) = 0;
  virtual void finished(int pid, Time now, std::vector<int>& admitted) = 0;
};

struct Options {
  int cores = 1;                ///< 1 to 64
  bool queue_per_core = false;  ///< else all cores share one queue
  bool steal = false;           ///< a core whose queue is empty takes from the longest other one
  Time switch_cost = 0;         ///< ticks that a core needs to go over to another process
  Ties ties = Ties::arrivals_first;
  Caches caches;
  std::vector<Device> devices = {{"io", 0}};
  ContextSwitch context_switch = whole_switch();
  Time horizon = last_tick;  ///< the run ends here even if jobs are left
  Observer* observer = nullptr;
  Admission* admission = nullptr;
};

/// What came of one job. Times in ticks; -1: it never happened.
struct JobFigures {
  Time arrival = 0;
  Time first_run = -1;
  Time completion = -1;
  Time cpu = 0;        ///< on a core
  Time io = 0;         ///< served by a device
  Time waiting = 0;    ///< ready, and on no core
  Time queued = 0;     ///< in a device's queue, or waiting for memory
  bool intact = true;  ///< its registers ended as they should

  Time response() const { return first_run < 0 ? -1 : first_run - arrival; }
  Time turnaround() const { return completion < 0 ? -1 : completion - arrival; }
};

struct CoreFigures {
  Time busy = 0;       ///< running programs
  Time warm = 0;       ///< of which with a warm cache
  Time switching = 0;  ///< neither running nor idle
};

struct Figures {
  std::vector<JobFigures> jobs;
  std::vector<CoreFigures> cores;
  std::vector<Time> devices;      ///< busy ticks, summed over a device's servers
  Time end = 0;                   ///< when the last thing happened
  std::uint64_t turns = 0;        ///< times that a process was given a core
  std::uint64_t voluntary = 0;    ///< switches after a process blocked or ended
  std::uint64_t involuntary = 0;  ///< switches after a turn's end or a preemption
  bool cut_short = false;         ///< the horizon came first
};

/// Makes one policy: called once for a shared queue, else once for each core.
using PolicyMaker = std::function<std::unique_ptr<Policy>()>;

/// What is wrong with a workload or options for this machine, in one line; empty when nothing is.
/// Jobs are named as "jobs[3].bursts[0]: …".
std::string complaint(const Workload& workload, const Options& options);

/// Plays the workload to its end, or to the horizon. Precondition: there is no complaint.
Figures run(const Workload& workload, const PolicyMaker& make_policy, const Options& options);

}  // namespace simulation
