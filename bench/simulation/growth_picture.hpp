// The picture of what a decision costs among more and more ready jobs: one SVG, both axes
// logarithmic, for light and dark pages.
#pragma once

#include <string>
#include <vector>

#include "slices.hpp"

namespace simulation_bench {

std::string growth_picture(const std::vector<Growth>& curves);

}  // namespace simulation_bench
