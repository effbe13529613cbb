// The bench's picture: four small charts in one SVG, for light and dark pages.
#pragma once

#include <string>
#include <vector>

#include "demo/crowd.hpp"

namespace switchboard_bench {

/// Exchanges a second and p99 over the number of callers, memory and threads at the largest number.
/// Rows of one name belong together, in the order of their numbers of callers.
std::string picture(const std::vector<switchboard_demo::CrowdRow>& rows);

}  // namespace switchboard_bench
