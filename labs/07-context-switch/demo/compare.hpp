// Theory above practice, on one axis and in one table.
#pragma once

#include <vector>

#include "demo/story.hpp"

namespace switch_demo {

/// Both timelines, with titles.
std::vector<simulation::Timeline> timelines_of(const Recording& recording);

/// Draws them on the terminal, with a table of each thread's figures, and says where they differ.
void show_comparison(const Recording& recording);

}  // namespace switch_demo
