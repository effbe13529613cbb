// The virtual time of the policies that share out the CPU: time had, over weight.
#pragma once

#include <cstdint>
#include <string>

#include "simulation/process.hpp"

namespace simulation {

/// What one tick adds to the virtual time of a process of weight 1.
inline constexpr std::int64_t virtual_tick = std::int64_t{1} << 20U;

/// What `ticks` add to the virtual time of a process of this weight.
inline std::int64_t virtual_ticks(Time ticks, std::int64_t weight) {
  return ticks * virtual_tick / weight;
}

/// For a person: in thousandths of a tick's.
inline std::string in_thousandths(std::int64_t virtual_time) {
  return std::to_string(virtual_time * 1000 / virtual_tick) + "/1000";
}

}  // namespace simulation
