// The course's twenty terminals: most users think, a few wait for the machine. Who answers whom how
// soon, first come first served and in time slices, with long jobs among the requests and without.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "generations/plan.hpp"

namespace generations {

/// Times in ticks of a hundredth of a second.
struct Room {
  int users = 20;
  Time think = 1700;  ///< mean, exponential
  Time request = 83;  ///< mean CPU time of a request, exponential
  int long_jobs = 0;  ///< users whose every request takes `long_request`
  Time long_request = 6000;
  Time quantum = 20;
  std::size_t requests = 400'000;  ///< simulated, about
};

struct RoomFigures {
  bool slices = false;
  int long_jobs = 0;
  double answer = 0;      ///< mean over all requests of ordinary users
  double short_ones = 0;  ///< of those that need a tenth of a second or less
  double long_ones = 0;   ///< of those that need two seconds or more
  Time longest = 0;
  double thinking = 0;  ///< users, on average
  double waiting = 0;   ///< users who wait for an answer, on average
  double utilisation = 0;
};

RoomFigures play_room(const Room& room, bool slices, std::uint64_t seed);

/// The mean answer in ticks without long jobs, first come first served (or in small slices, which
/// gives the same mean): N·S/U − Z with the machine-repairman U.
double exact_answer(const Room& room);

nlohmann::ordered_json json_of(const Room& room, const std::vector<RoomFigures>& all,
                               std::uint64_t seed);

}  // namespace generations
