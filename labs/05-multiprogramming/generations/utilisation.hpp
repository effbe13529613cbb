// How busy a CPU is when n programs are in memory, each of which waits for I/O a share p of its
// time when it has the machine alone: simulated, by the exact formula, and by the simple one.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "generations/plan.hpp"

namespace generations {

struct DegreeFigures {
  int programs = 1;
  double simulated = 0;
  double exact = 0;   ///< one CPU, a device for each program: the machine-repairman model
  double simple = 0;  ///< 1 − pⁿ: as if no program ever waited for the CPU
};

/// 1 − 1/Σₖ n!/(n−k)!·((1−p)/p)ᵏ, k from 0 to n.
double repairman(int programs, double wait);

/// The machine with n programs whose CPU bursts and waits are exponential; about `bursts` CPU
/// bursts in all. `wait` is from 0.1 to 0.98. The standard error is about 1.4 · p / √bursts of the
/// figure for one program, and less for more.
double simulate_utilisation(int programs, double wait, std::uint64_t seed,
                            std::size_t bursts = 500'000);

std::vector<DegreeFigures> utilisation(int most, double wait, std::uint64_t seed);

/// The curves in `rows` lines of text.
std::string curve(const std::vector<DegreeFigures>& figures, std::size_t columns, bool unicode);

/// The same as a picture.
std::string curve_svg(const std::vector<DegreeFigures>& figures, double wait);

nlohmann::ordered_json json_of(const std::vector<DegreeFigures>& figures, double wait,
                               std::uint64_t seed);

}  // namespace generations
