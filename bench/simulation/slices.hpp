// What a slice of simulated time costs: round robin beside a plain Python simulator, every policy
// from a hundred to a million jobs, and a million jobs with I/O.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "measure.hpp"

namespace simulation_bench {

/// `peer` is a Python program (round_robin.py); `published` a copy of OSTEP's scheduler.py, or
/// empty.
bench::Report round_robin(std::size_t runs, const std::string& peer, const std::string& published,
                          bool quick);

/// Nanoseconds a decision of one policy, by the number of jobs.
struct Growth {
  std::string name;
  std::vector<double> jobs;
  std::vector<double> nanoseconds;
};

/// Ready jobs from 10² to 10⁶.
std::vector<Growth> growth(std::size_t runs, bool quick);
bench::Report growth_report(const std::vector<Growth>& curves);

/// Time and memory of a million jobs of 10 bursts, half of them with I/O.
bench::Report million(bool quick);

}  // namespace simulation_bench
