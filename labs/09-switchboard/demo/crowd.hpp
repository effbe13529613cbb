// A crowd of callers of whom nearly all are silent, held and measured: a part of the demo and of
// the bench.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "callers.hpp"
#include "server_process.hpp"

namespace switchboard_demo {

struct CrowdOptions {
  std::size_t callers = 10'000;
  std::size_t active = 20;  ///< of the callers, who exchange lines while the others are idle
  Seconds time{1.0};        ///< of one run of exchanges
  std::size_t runs = 1;     ///< of which the medians are given
};

/// What one server made of a crowd.
struct CrowdRow {
  std::string name;
  std::size_t callers = 0;  ///< that wanted to be held
  std::size_t held = 0;
  std::size_t unanswered = 0;  ///< that the kernel's queue held instead
  std::string loss;            ///< why the others were not held
  Footprint footprint;         ///< with all of them held and idle
  std::optional<double> kib;   ///< memory a caller; nothing where they are too few to tell
  double dial_seconds = 0;     ///< until all were held
  Exchanges exchanges;         ///< medians of the runs
  double slowest = 0;          ///< exchanges a second of the slowest run
  double fastest = 0;
  std::size_t active = 0;
  double end_seconds = 0;  ///< from SIGTERM until the server had ended
  std::string tally;       ///< what the server said in the end
};

/// As many callers as the descriptor limit of this process and of the server leave room for.
std::size_t callers_that_fit(std::size_t wanted, std::size_t descriptors);

/// Starts the server, holds a crowd on it, lets some of it talk, and ends the server.
CrowdRow measure_crowd(const std::string& name, const std::vector<std::string>& server,
                       const CrowdOptions& options);

nlohmann::json to_json(const CrowdRow& row);

/// The rows as a table; as a list where the terminal is too narrow for one.
std::string crowd_table(const std::vector<CrowdRow>& rows);

}  // namespace switchboard_demo
