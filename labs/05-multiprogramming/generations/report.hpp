// What came of a deck on each machine, as figures, sentences and JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "decimals.hpp"
#include "generations/plan.hpp"

namespace generations {

/// Means and maxima over jobs, or over answers; in seconds.
struct Spread {
  double mean = 0;
  Time most = 0;
};

Spread waits(const Played& played);
Spread answers(const Played& played);
Spread turnarounds(const Played& played);
int gave_up(const Played& played);

/// "3.4" of something counted in seconds.
std::string in_minutes(double seconds);
std::string minutes(double seconds);  ///< with the unit
using dialtone::with_decimals;
double share(Time busy, const Played& played);  ///< of the whole time, 0 to 1

/// What is good about a machine and what is not, with its figures; compared with those before it.
std::vector<std::string> verdicts(const std::vector<Played>& all, const Played& one);

nlohmann::ordered_json json_of(const std::vector<Played>& all, const Deck& deck);

/// generation,track,who,mark,start,end
std::string csv_of(const std::vector<Played>& all);

std::vector<simulation::Timeline> timelines_of(const std::vector<Played>& all);

}  // namespace generations
