// The course's example of time sharing: twenty users at their terminals, of whom seventeen think
// and three run. Here they play against a switchboard: a part of the demo.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "server_process.hpp"

namespace switchboard_demo {

/// A user thinks, then makes a request: says a line, and once it is answered runs for a while (says
/// line after line, each when the one before is answered). Thinking and running times are drawn
/// (exponential) so that users who are answered at once think `thinking` parts of `users` of their
/// time. After three to six requests a user hangs up and, at the next one, dials again.
///
/// Simplified: to answer a line takes microseconds here, so how long a user runs is drawn. On the
/// course's machine the three would compute, and share the processor.
struct UsersOptions {
  std::size_t users = 20;
  std::size_t thinking = 17;  ///< on average, at any moment
  Seconds time{1.0};
  std::uint64_t seed = 1;
  std::size_t slices = 60;  ///< that the time is cut into, for the drawing
};

enum class Doing : char { thinking, running, waiting };

struct UsersPlay {
  std::string name;
  std::size_t requests = 0;        ///< that were made
  std::size_t answered = 0;        ///< requests whose first line was answered
  std::size_t never_answered = 0;  ///< users who were not answered once
  double thinking = 0;             ///< users, on average, measured
  double running = 0;
  double waiting = 0;  ///< for the first answer of a request
  /// Response time: from a request to its first answer. A request that had none in the end counts
  /// with the time that it had waited by then.
  double p50_ms = 0;
  double p99_ms = 0;
  std::vector<std::vector<Doing>> drawing;  ///< of each user, what it mostly did in each slice
};

/// Starts the server, lets the users play and ends it.
UsersPlay play_users(const std::string& name, const std::vector<std::string>& server,
                     const UsersOptions& options);

nlohmann::json to_json(const UsersPlay& play);
std::string users_drawing(const UsersPlay& play);
std::string users_table(const std::vector<UsersPlay>& plays);

}  // namespace switchboard_demo
