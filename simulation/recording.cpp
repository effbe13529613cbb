#include "simulation/recording.hpp"

#include <algorithm>

namespace simulation {
namespace {

std::size_t at(int number) {
  return static_cast<std::size_t>(number);
}

}  // namespace

Recording::Recording(const Workload& workload, const Options& options)
    : workload_(workload),
      options_(options),
      cores_(at(options.cores)),
      processes_(workload.jobs.size()),
      devices_(options.devices.size()),
      ready_since_(workload.jobs.size(), -1),
      blocked_since_(workload.jobs.size(), -1) {
  for (std::size_t i = 0; i < cores_.size(); ++i) cores_[i].name = "CPU " + std::to_string(i);
  for (std::size_t i = 0; i < processes_.size(); ++i) processes_[i].name = workload.jobs[i].name;
  for (std::size_t i = 0; i < devices_.size(); ++i) devices_[i].name = options.devices[i].name;
}

void Recording::happened(const Event& event, const ProcessControlBlock& process, const Policy&) {
  end_ = std::max(end_, event.time);
  if (event.pid < 0) return;
  const std::size_t pid = at(event.pid);
  const bool first_is_io = workload_.bursts[workload_.jobs[pid].first_burst].device != Burst::cpu;
  switch (event.what) {
    case Happening::arrived:
      if (options_.admission != nullptr) break;
      [[fallthrough]];
    case Happening::admitted:
      (first_is_io ? blocked_since_ : ready_since_)[pid] = event.time;
      break;
    case Happening::blocked:
      blocked_since_[pid] = event.time;
      break;
    case Happening::woke:
      if (blocked_since_[pid] >= 0 && event.time > blocked_since_[pid])
        append(processes_[pid], {blocked_since_[pid], event.time, event.pid, Mark::blocked});
      blocked_since_[pid] = -1;
      ready_since_[pid] = event.time;
      break;
    case Happening::dispatched:
      // While a core goes over to it, a process still waits; `ran` says from when on it runs.
      ready_since_[pid] = process.ready_since;
      break;
    case Happening::expired:
    case Happening::preempted:
      ready_since_[pid] = event.time;
      break;
    case Happening::finished:
      ready_since_[pid] = -1;
      break;
    case Happening::stolen:
    case Happening::boosted:
      break;
  }
}

void Recording::ran(int core, int pid, Time start, Time end) {
  append(cores_[at(core)], {start, end, pid, Mark::running});
  Track& track = processes_[at(pid)];
  Time& ready_since = ready_since_[at(pid)];
  if (ready_since >= 0 && start > ready_since)
    append(track, {ready_since, start, pid, Mark::ready});
  ready_since = -1;
  append(track, {start, end, pid, Mark::running});
  end_ = std::max(end_, end);
}

void Recording::switched(int core, Time start, Time end) {
  append(cores_[at(core)], {start, end, -1, Mark::switching});
  end_ = std::max(end_, end);
}

void Recording::served(int device, int pid, Time start, Time end) {
  if (options_.devices[at(device)].servers == 1)
    append(devices_[at(device)], {start, end, pid, Mark::running});
  end_ = std::max(end_, end);
}

Timeline Recording::with_names() const {
  Timeline timeline;
  timeline.unit = "tick";
  timeline.names.reserve(workload_.jobs.size());
  for (const Job& job : workload_.jobs) timeline.names.push_back(job.name);
  timeline.end = end_;
  return timeline;
}

Timeline Recording::by_core() const {
  Timeline timeline = with_names();
  timeline.tracks = cores_;
  return timeline;
}

Timeline Recording::by_process() const {
  Timeline timeline = with_names();
  timeline.tracks = processes_;
  return timeline;
}

Timeline Recording::by_device() const {
  Timeline timeline = with_names();
  for (std::size_t i = 0; i < devices_.size(); ++i)
    if (options_.devices[i].servers == 1) timeline.tracks.push_back(devices_[i]);
  return timeline;
}

}  // namespace simulation
