// What one core's cache holds: which programs are warm there, and how far the others are.
#pragma once

#include <cstdint>
#include <vector>

#include "simulation/machine.hpp"

namespace simulation {

class Cache {
 public:
  Cache(const Caches& model, std::size_t processes)
      : model_(model), cold_ticks_(model.warm_up > 0 ? processes : 0, model.warm_up) {}

  bool exists() const { return model_.warm_up > 0; }

  /// Ticks on this core until the program has done `instructions`.
  Time ticks_for(const ProcessControlBlock& process, Time instructions) const {
    const Time cold = cold_ticks(process);
    if (instructions <= cold) return instructions;
    return cold + (instructions - cold + model_.warm_rate - 1) / model_.warm_rate;
  }

  /// Instructions that it does in the next `ticks` on this core.
  Time instructions_in(const ProcessControlBlock& process, Time ticks) const {
    const Time cold = cold_ticks(process);
    return ticks <= cold ? ticks : cold + (ticks - cold) * model_.warm_rate;
  }

  /// The program ran for `ticks`; how many of them were warm.
  Time ran(const ProcessControlBlock& process, Time ticks) {
    if (!exists()) return 0;
    Time& left = cold_ticks_[static_cast<std::size_t>(process.pid)];
    const Time cold = cold_ticks(process);
    if (left > 0) {
      left -= ticks < left ? ticks : left;
      if (left == 0) got_warm(process);
    }
    return ticks > cold ? ticks - cold : 0;
  }

 private:
  /// A program that is larger than the cache never gets warm, but drives the others out.
  Time cold_ticks(const ProcessControlBlock& process) const {
    if (!exists()) return never;
    return process.memory > model_.size ? never
                                        : cold_ticks_[static_cast<std::size_t>(process.pid)];
  }

  void got_warm(const ProcessControlBlock& process) {
    warm_.insert(warm_.begin(), &process);
    held_ += process.memory;
    while (held_ > model_.size) {
      const ProcessControlBlock& oldest = *warm_.back();
      warm_.pop_back();
      held_ -= oldest.memory;
      cold_ticks_[static_cast<std::size_t>(oldest.pid)] = model_.warm_up;
    }
  }

  Caches model_;
  std::vector<Time> cold_ticks_;                  ///< for each process, until it is warm here
  std::vector<const ProcessControlBlock*> warm_;  ///< the latest first
  std::int64_t held_ = 0;
};

}  // namespace simulation
