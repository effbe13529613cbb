// What a case asks, step by step, and what the judge's own computation says to each step.
#pragma once

#include <string>
#include <vector>

#include "judge.hpp"
#include "language.hpp"

namespace lab05 {

using dialtone::Case;
using dialtone::Random;
using dialtone::tr;
using dialtone::Trial;
using nlohmann::json;

std::vector<Case> fixed_cases();
std::vector<Case> variable_cases();
std::vector<Case> compaction_cases();
std::vector<Case> bounds_cases();
std::vector<Case> dispatcher_cases();

/// One memory or dispatcher, and all that is asked of it, in order.
class Script {
 public:
  /// `what` names the subject for the story; `request` says how it is made.
  Script(std::string what, json request) : what_(std::move(what)), request_(std::move(request)) {
    request_["operations"] = json::array();
  }

  /// Adds a question and its right answer.
  void ask(json operation, json expected) {
    request_["operations"].push_back(std::move(operation));
    expected_.push_back(std::move(expected));
  }

  /// Plays all of it in one request; the story ends at the first answer that is not right. Gives
  /// back the answers.
  json play(Trial& trial) const;

  /// The right answer to anything: the case looks at it by itself.
  static json any() { return "any answer"; }

 private:
  std::string what_;
  json request_;
  std::vector<json> expected_;
};

inline json refused(const char* why) {
  return {{"refused", why}};
}

}  // namespace lab05
