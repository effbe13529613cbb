#include "judgement.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <random>

#include "each_at_once.hpp"
#include "language.hpp"
#include "process.hpp"
#include "recipe.hpp"
#include "words.hpp"

namespace dialtone {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr std::chrono::minutes judge_time{5};

std::string text_of(const json& object, const char* name) {
  if (!object.contains(name)) return "";
  const json& value = object[name];
  return value.is_string() ? value.get<std::string>() : value.dump();
}

CaseStory story_of(const json& object) {
  CaseStory story;
  if (!object.is_object()) return story;
  if (object.contains("input_number") && object["input_number"].is_number_unsigned())
    story.input_number = object["input_number"].get<std::uint64_t>();
  story.input = text_of(object, "input");
  if (object.contains("steps") && object["steps"].is_array())
    for (const json& step : object["steps"])
      story.steps.push_back(step.is_string() ? step.get<std::string>() : step.dump());
  story.failed = text_of(object, "failed");
  story.expected = text_of(object, "expected");
  story.got = text_of(object, "got");
  return story;
}

/// Takes what the judge says of one case.
void take(const json& reported, CaseResult& result) {
  const std::string status = text_of(reported, "status");
  result.story = story_of(reported.value("story", json()));
  if (reported.contains("inputs") && reported["inputs"].is_number_unsigned())
    result.inputs = reported["inputs"].get<std::uint64_t>();
  if (status == "passed") result.status = Status::passed;
  if (status == "failed") result.status = Status::failed;
  if (status == "todo") result.status = Status::todo;
}

/// Every asked case as a fault, until the judge says something of it.
Judgement unjudged(const Lab& lab, const JudgeRequest& request, const std::string& reason) {
  Judgement judgement;
  judgement.seed = request.seed;
  for (const LabCase& one : lab.cases) {
    const auto& asked = request.cases;
    if (!asked.empty() && std::find(asked.begin(), asked.end(), one.id) == asked.end()) continue;
    CaseResult result;
    result.of = one;
    result.story.failed = reason;
    judgement.cases.push_back(std::move(result));
  }
  return judgement;
}

}  // namespace

std::string status_name(Status status) {
  switch (status) {
    case Status::passed:
      return "passed";
    case Status::failed:
      return "failed";
    case Status::todo:
      return "todo";
    case Status::fault:
      break;
  }
  return "fault";
}

unsigned Judgement::score() const {
  unsigned total = 0;
  for (const CaseResult& one : cases) total += one.points();
  return total;
}

unsigned Judgement::possible() const {
  unsigned total = 0;
  for (const CaseResult& one : cases) total += one.of.points;
  return total;
}

unsigned Judgement::not_judged() const {
  unsigned total = 0;
  for (const CaseResult& one : cases)
    if (one.status == Status::fault) total += one.of.points;
  return total;
}

Judgement read_report(const std::string& report, const Lab& lab, const JudgeRequest& request) {
  const json document = json::parse(report, nullptr, false);
  if (!document.is_object() || !document.contains("cases") || !document["cases"].is_array())
    return unjudged(lab, request,
                    tr("the judge's report cannot be read: ", "无法读懂评判程序的报告：") +
                        report.substr(0, 80));
  Judgement judgement =
      unjudged(lab, request, tr("the judge says nothing of this case", "评判程序没有提到这个用例"));
  std::vector<std::string> left_out;
  for (CaseResult& result : judgement.cases)
    for (const json& reported : document["cases"])
      if (reported.is_object() && text_of(reported, "id") == result.of.id) {
        take(reported, result);
        if (text_of(reported, "status") == "left out") left_out.push_back(result.of.id);
      }
  if (!request.server.empty())
    std::erase_if(judgement.cases, [&](const CaseResult& result) {
      return std::find(left_out.begin(), left_out.end(), result.of.id) != left_out.end();
    });
  return judgement;
}

/// Plays the asked cases in one process of the judge.
Judgement judge_part(const Tree& tree, const Lab& lab, const fs::path& program,
                     const JudgeRequest& request) {
  Command command;
  command.arguments = {lab_program(tree, lab, "judge").string(), "--seed",
                       std::to_string(request.seed), "--lang", tr("en", "zh")};
  if (request.server.empty())
    command.arguments.insert(command.arguments.end(), {"--student", program.string()});
  for (const std::string& word : request.server) command.arguments.push_back("--server=" + word);
  for (const std::string& id : request.cases) {
    command.arguments.emplace_back("--case");
    command.arguments.push_back(id);
  }
  command.environment.emplace();
  for (char** entry = environ; *entry != nullptr; ++entry)
    command.environment->emplace_back(*entry);
  if (request.sanitized) command.environment->emplace_back("DIALTONE_SANITIZED=1");
  try {
    const Outcome outcome = run(command, judge_time, std::size_t{16} << 20U);
    if (outcome.succeeded()) return read_report(outcome.out, lab, request);
    const std::string ending = outcome.timed_out
                                   ? tr("did not end in 5 minutes", "5 分钟内没有结束")
                                   : describe(outcome.ending) + " " + trimmed(outcome.err);
    return unjudged(lab, request, tr("the judge failed: ", "评判程序失败：") + trimmed(ending));
  } catch (const std::exception& failure) {
    return unjudged(lab, request, failure.what());
  }
}

Judgement judge(const Tree& tree, const Lab& lab, const fs::path& program,
                const JudgeRequest& request) {
  std::vector<std::string> asked = request.cases;
  if (asked.empty())
    for (const LabCase& one : lab.cases) asked.push_back(one.id);
  const std::size_t count = std::clamp<std::size_t>(request.processes, 1, asked.size());
  if (count == 1) return judge_part(tree, lab, program, request);

  // A case at a time, so that none waits behind a long one while another judge is idle.
  std::vector<std::vector<CaseResult>> played(asked.size());
  each_at_once(asked.size(), count, [&](std::size_t at) {
    JudgeRequest one = request;
    one.cases = {asked[at]};
    played[at] = judge_part(tree, lab, program, one).cases;
  });
  Judgement whole;
  whole.seed = request.seed;
  for (auto& cases : played) std::move(cases.begin(), cases.end(), std::back_inserter(whole.cases));
  return whole;
}

json to_json(const CaseResult& result) {
  json object = {{"id", result.of.id},
                 {"title", result.of.title.text()},
                 {"status", status_name(result.status)},
                 {"points", result.points()},
                 {"possible", result.of.points},
                 {"inputs", result.inputs}};
  if (result.status == Status::fault) object["points"] = nullptr;
  if (result.status == Status::passed) return object;
  const CaseStory& story = result.story;
  object["story"] = {{"input", story.input},
                     {"steps", story.steps},
                     {"failed", story.failed},
                     {"expected", story.expected},
                     {"got", story.got}};
  if (story.input_number) object["story"]["input_number"] = *story.input_number;
  return object;
}

std::uint64_t fresh_seed() {
  return std::random_device{}() % 1'000'000U;
}

}  // namespace dialtone
