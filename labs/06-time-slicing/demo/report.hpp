// Runs as tables for people and as JSON for programs.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "session.hpp"

namespace time_slicing_demo {

/// A row for each run; in each column the best figure is marked, where they differ.
std::string comparison(const std::vector<Run>& runs, std::size_t columns);

/// A row for each job of one run, and the means.
std::string job_table(const simulation::Deck& deck, const Run& run, std::size_t columns);

/// A line for each core: busy, warm, switching; and the switches.
std::string core_lines(const Run& run, const simulation::Options& options);

/// A run: policy, slices, jobs, average, cpus, total_time and more; times in ticks, shares from 0
/// to 1. A figure of a job that did not come so far is left out.
nlohmann::ordered_json to_json(const simulation::Deck& deck, const Run& run);

}  // namespace time_slicing_demo
