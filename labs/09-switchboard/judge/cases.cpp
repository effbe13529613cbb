#include "cases.hpp"

#include "language.hpp"

namespace lab09 {
namespace {

using dialtone::tr;

/// Where a story fails because the switchboard has ended too soon, the reason is told: it is
/// unwritten, it threw, or it answered an error.
void explain_if_over(Trial& trial) {
  const Message answer = trial.student.ask({{"call", "tally"}, {"milliseconds", 50}});
  if (answer.body.contains("error"))
    trial.fail(tr("it serves until the stop is pulled", "它一直服务，直到被叫停"),
               tr("no end", "不结束"), answer.body.at("error").dump());
}

void play(Trial& trial, const Rule& rule, Variant variant) {
  try {
    rule.play(trial, variant);
  } catch (const dialtone::StoryFailed&) {
    if (rule.id != "fails_without_a_listener") explain_if_over(trial);
    throw;
  }
}

}  // namespace
}  // namespace lab09

int main(int argc, char** argv) {
  using namespace lab09;
  std::vector<dialtone::Case> cases;
  for (const Variant variant : {Variant::poll, Variant::coroutines})
    for (const auto& rules :
         {talk_rules(), queue_rules(), time_rules(), stop_rules(), outside_rules()})
      for (const Rule& rule : rules)
        cases.push_back({std::string(name_of(variant)) + "_" + rule.id, rule.inputs,
                         [rule, variant](Trial& trial) { play(trial, rule, variant); }});
  return dialtone::judge_main(argc, argv, "switchboard", cases);
}
