#include "simulation/process.hpp"

#include <utility>

namespace simulation {

int Workload::add(Job job, const std::vector<Burst>& its_bursts) {
  job.first_burst = static_cast<std::uint32_t>(bursts.size());
  job.bursts = static_cast<std::uint32_t>(its_bursts.size());
  bursts.insert(bursts.end(), its_bursts.begin(), its_bursts.end());
  jobs.push_back(std::move(job));
  return static_cast<int>(jobs.size()) - 1;
}

}  // namespace simulation
