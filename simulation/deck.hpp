// A deck of jobs, as the JSON text that people write. Both simulators read it.
//
//   {"devices": [{"name": "disk"}, {"name": "terminal", "servers": 0}],
//    "jobs": [{"name": "payroll", "user": "Ann", "arrival": 0, "memory": 40, "priority": 1,
//              "weight": 1, "cores": [0, 1], "patience": 300, "cards": 20, "lines": 50,
//              "bursts": [{"cpu": 5}, {"disk": 20}, {"cpu": 3}]}]}
//
// Only "jobs" and, in each, "bursts" are required. A device that is named in a burst alone serves
// one request at a time; "servers": 0 serves all at once. A job without "cores" may run on any.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "simulation/machine.hpp"
#include "simulation/process.hpp"

namespace simulation {

/// What the older machines need to know of a job besides what it computes.
struct Order {
  std::string user;
  Time patience = never;  ///< its user gives up on an answer that takes longer
  int cards = 0;          ///< to be read
  int lines = 0;          ///< to be printed
};

struct Deck {
  Workload workload;
  std::vector<Order> orders;  ///< one for each job
  std::vector<Device> devices;
};

/// Reads a deck. An error is one line with the JSON path: "jobs[2].bursts[0].cpu: -3 is below 1".
/// Unknown fields, wrong types, numbers that are not whole or out of range are errors.
tl::expected<Deck, std::string> read_deck(std::string_view json);

}  // namespace simulation
