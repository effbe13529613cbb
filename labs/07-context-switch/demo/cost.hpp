// What it costs to hand the core on: here, now, on a logarithmic scale.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace switch_demo {

/// One way to hand the core on, or something to compare it with.
struct Cost {
  std::string id;          ///< for programs: "switch_context"
  std::string name;        ///< for people
  double nanoseconds = 0;  ///< of one switch or call: the median of several measurements
  std::string unwritten;   ///< the TODO in its way, where a student has not come so far
};

/// Measures and draws; each bar appears when its figure is known.
std::vector<Cost> show_costs(bool brief);

/// Only measures.
std::vector<Cost> costs(bool brief);

nlohmann::ordered_json json_of(const std::vector<Cost>& costs);

}  // namespace switch_demo
