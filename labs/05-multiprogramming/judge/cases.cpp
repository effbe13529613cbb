#include <algorithm>
#include <iterator>

#include "script.hpp"

namespace lab05 {
namespace {

/// ["allocate", 12] as "allocate(12)".
std::string told(const json& operation) {
  std::string text = operation.at(0).get<std::string>() + "(";
  if (operation.size() > 1) text += operation.at(1).dump();
  return text + ")";
}

}  // namespace

json Script::play(Trial& trial) const {
  trial.input(what_);
  trial.step(what_);
  const auto answer = trial.student.ask(request_);
  json got = answer.body.value("value", json::array());
  if (!got.is_array() || got.size() != expected_.size())
    trial.fail(tr("an answer to each question", "每问必答"), std::to_string(expected_.size()),
               dialtone::printable(got.dump(), 200));
  for (std::size_t i = 0; i < expected_.size(); ++i) {
    const std::string step = told(request_["operations"][i]);
    const json& one = got[i];
    if (expected_[i] != any() && one != expected_[i])
      trial.fail(step, expected_[i].dump(), dialtone::printable(one.dump(), 200));
    trial.step(step + " -> " + one.dump());
  }
  return got;
}

}  // namespace lab05

int main(int argc, char** argv) {
  std::vector<dialtone::Case> cases;
  for (auto& part : {lab05::fixed_cases(), lab05::variable_cases(), lab05::compaction_cases(),
                     lab05::bounds_cases(), lab05::dispatcher_cases()})
    std::copy(part.begin(), part.end(), std::back_inserter(cases));
  return dialtone::judge_main(argc, argv, "multiprogramming", cases);
}
