// Keeps what an observer is told, as the timelines that people look at.
#pragma once

#include <vector>

#include "simulation/machine.hpp"
#include "simulation/timeline.hpp"

namespace simulation {

/// Give it to `run` as `options.observer`; ask it afterwards.
class Recording : public Observer {
 public:
  /// Both must outlive the recording.
  Recording(const Workload& workload, const Options& options);

  void happened(const Event& event, const ProcessControlBlock& process,
                const Policy& policy) override;
  void ran(int core, int pid, Time start, Time end) override;
  void switched(int core, Time start, Time end) override;
  void served(int device, int pid, Time start, Time end) override;

  /// A track for each core: who ran there.
  Timeline by_core() const;

  /// A track for each process: running, ready, blocked (waiting for memory shows as nothing).
  Timeline by_process() const;

  /// A track for each device that serves one at a time: whom it served.
  Timeline by_device() const;

 private:
  Timeline with_names() const;

  const Workload& workload_;
  const Options& options_;
  std::vector<Track> cores_;
  std::vector<Track> processes_;
  std::vector<Track> devices_;
  std::vector<Time> ready_since_;    ///< for each process; -1: it is not in a ready queue
  std::vector<Time> blocked_since_;  ///< the same, with a device or in its queue
  Time end_ = 0;
};

}  // namespace simulation
