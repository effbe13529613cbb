// The graded cases of lab 09, by topic. Each is a rule of the contract, played with either variant.
#pragma once

#include <string>
#include <vector>

#include "board.hpp"

namespace lab09 {

struct Rule {
  std::string id;  ///< without the variant that stands before it in lab.json
  std::size_t inputs;
  void (*play)(Trial&, Variant);
};

std::vector<Rule> talk_rules();
std::vector<Rule> queue_rules();
std::vector<Rule> time_rules();
std::vector<Rule> stop_rules();
std::vector<Rule> outside_rules();

}  // namespace lab09
