// The graded cases of lab 06, by milestone.
#pragma once

#include <string>
#include <vector>

#include "judge.hpp"
#include "language.hpp"

namespace lab06 {

using dialtone::Case;
using dialtone::Message;
using dialtone::Random;
using dialtone::tr;
using dialtone::Trial;
using nlohmann::json;

std::vector<Case> queue_cases();
std::vector<Case> switch_cases();
std::vector<Case> round_robin_cases();
std::vector<Case> level_cases();  ///< the multilevel feedback queue: who stands where
std::vector<Case> order_cases();  ///< the same: who is before whom
std::vector<Case> boost_cases();
std::vector<Case> run_cases();

/// A whole number from `low` to `high`, as steps take it.
int draw(Random& random, int low, int high);

/// The numbers from 0 to count - 1 in a drawn order.
std::vector<int> shuffled(Random& random, int count);

/// The word of a request or an answer that tells a process, as a story shows it.
std::string told_pid(int pid);

}  // namespace lab06
