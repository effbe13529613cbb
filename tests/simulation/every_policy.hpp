// What the tests of the simulators share: each policy by name, and random work for it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "random.hpp"
#include "simulation/machine.hpp"
#include "simulation/policies/policies.hpp"
#include "time_slicing.hpp"

struct NamedPolicy {
  std::string name;
  simulation::PolicyMaker make;
};

inline std::vector<NamedPolicy> every_policy(std::uint64_t seed) {
  using namespace simulation;
  return {
      {"fifo", make_fifo},
      {"sjf", make_sjf},
      {"srtf", make_srtf},
      {"round robin", [] { return std::make_unique<time_slicing::RoundRobin>(3); }},
      {"priority",
       [] {
         return make_priority({true, 0});
       }},
      {"priority, not preemptive",
       [] {
         return make_priority({false, 0});
       }},
      {"priority, aging",
       [] {
         return make_priority({true, 7});
       }},
      {"priority, aging, not preemptive",
       [] {
         return make_priority({false, 7});
       }},
      {"multilevel", [] { return make_multilevel(3); }},
      {"mlfq",
       [] {
         return std::make_unique<time_slicing::Mlfq>(
             time_slicing::MlfqRules{{8, 4, 2}, {1, 2, 1}, 0, false, false});
       }},
      {"mlfq, boost, stay, bump",
       [] {
         return std::make_unique<time_slicing::Mlfq>(
             time_slicing::MlfqRules{{8, 4, 2}, {1, 2, 1}, 17, true, true});
       }},
      {"ctss",
       [] {
         return make_ctss({1, 16, 9});
       }},
      {"lottery", [seed] { return make_lottery(2, seed); }},
      {"stride", [] { return make_stride(2); }},
      {"fair",
       [] {
         return make_fair({12, 2});
       }},
      {"eevdf", [] { return make_eevdf(3); }},
  };
}

/// What a drawn workload may hold.
struct Drawn {
  std::size_t jobs = 8;
  std::uint64_t latest = 30;  ///< arrival
  std::uint64_t longest = 12;
  std::uint64_t bursts = 6;  ///< 1: a single CPU burst
  std::uint64_t devices = 1;
  std::uint64_t heaviest = 5;
};

inline simulation::Workload draw(dialtone::Random& random, const Drawn& limits) {
  using namespace simulation;
  Workload workload;
  for (std::size_t i = 0; i < limits.jobs; ++i) {
    Job job;
    job.name = std::to_string(i);
    job.arrival = static_cast<Time>(random.between(0, limits.latest));
    job.priority = static_cast<int>(random.between(0, 3));
    job.weight = static_cast<int>(random.between(1, limits.heaviest));
    job.memory = static_cast<int>(random.between(0, 200));
    std::vector<Burst> bursts;
    const std::uint64_t count = random.between(1, limits.bursts);
    for (std::uint64_t b = 0; b < count; ++b) {
      const bool io = limits.bursts > 1 && random.chance(0.5);
      bursts.push_back({static_cast<Time>(random.between(1, limits.longest)),
                        io ? static_cast<int>(random.between(0, limits.devices - 1)) : Burst::cpu});
    }
    workload.add(std::move(job), bursts);
  }
  return workload;
}
