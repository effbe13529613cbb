// A run in a few figures.
#pragma once

#include <cstdint>
#include <vector>

#include "simulation/machine.hpp"

namespace simulation {

/// Means over the jobs that ended. Times in ticks.
struct Summary {
  std::size_t ended = 0;
  double response = 0;
  double turnaround = 0;
  double waiting = 0;
  double slowdown = 0;     ///< turnaround over the time that the job takes by itself
  double throughput = 0;   ///< jobs ended in 1000 ticks
  double utilisation = 0;  ///< 0 to 1, of all cores together
  double fairness = 0;     ///< Jain's index of the jobs' speeds (the inverse slowdowns), 1/n to 1
  std::uint64_t voluntary = 0;
  std::uint64_t involuntary = 0;
};

/// Jain's index (Σx)² / (n Σx²): 1 where all are equal, 1/n where one has everything. 1 for
/// nothing.
double jain_index(const std::vector<double>& values);

Summary summarise(const Figures& figures);

}  // namespace simulation
