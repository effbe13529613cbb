// The policies by the names that people type: "rr:2", "mlfq:2/4/8", "priority-np:10".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "simulation/machine.hpp"
#include "time_slicing.hpp"

namespace time_slicing_demo {

using simulation::Time;

/// What the other options say of policies.
struct Settings {
  std::uint64_t seed = 1;
  std::vector<int> allotments;  ///< of the MLFQ, the highest level first; empty: 1 each
  Time boost = 0;
  bool stay = false;
  bool bump = false;
};

/// "2/4/8" as whole numbers of `least` or more.
std::optional<std::vector<Time>> parse_numbers(std::string_view text, Time least);

/// A policy that was chosen.
struct Choice {
  std::string name;          ///< as it was typed: "rr:2"
  std::string title;         ///< "round robin, quantum 2", in the language of the process
  std::string rule;          ///< by which the next one is chosen: "first in line"
  std::vector<Time> quanta;  ///< of each level, the lowest first; empty where there are none
  simulation::PolicyMaker make;
};

/// "rr:2" and the like. An error says what is wrong and names what there is.
tl::expected<Choice, std::string> choose(std::string_view text, const Settings& settings);

/// The same for "rr:2,mlfq,eevdf".
tl::expected<std::vector<Choice>, std::string> choose_all(std::string_view text,
                                                          const Settings& settings);

/// What a person may choose from, a line each.
std::string choices();

}  // namespace time_slicing_demo
