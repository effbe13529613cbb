#include "judge.hpp"

#include <csignal>
#include <iostream>
#include <random>
#include <utility>

#include "command_line.hpp"
#include "language.hpp"

namespace dialtone {
namespace {

using nlohmann::json;

/// A seed for one input: FNV-1a over what names it, so that cases do not share their draws.
std::uint64_t seed_of(std::uint64_t seed, const std::string& id, std::size_t index) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  std::string name = std::to_string(seed);
  name.append("/").append(id).append("/").append(std::to_string(index));
  for (const char c : name) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3U;
  }
  return hash;
}

json story_of(const Trial& trial, const StoryFailed& failure) {
  return {{"input_number", trial.index}, {"input", trial.input()},       {"steps", failure.steps},
          {"failed", failure.failed},    {"expected", failure.expected}, {"got", failure.got}};
}

/// No usable answer came: told like any other failure, after the steps that went well.
void fail_with_fault(Trial& trial, const StudentFault& fault, json& result) {
  result["status"] = fault.kind == StudentFault::Kind::todo ? "todo" : "failed";
  try {
    trial.fail(tr("one well-formed answer in time", "按时给出一个格式正确的回答"),
               tr("an answer", "一个回答"), fault.text);
  } catch (const StoryFailed& failure) {
    result["story"] = story_of(trial, failure);
  }
}

/// `starts_missed` counts the cases in a row to which the program did not start.
json play(const Case& one, const std::filesystem::path& program, std::uint64_t seed,
          int& starts_missed) {
  const int missed_before = std::exchange(starts_missed, 0);
  json result = {{"id", one.id}, {"status", "passed"}, {"inputs", 0}};
  try {
    Student student(program);
    for (std::size_t index = 0; index < one.inputs; ++index) {
      Trial trial(student, seed_of(seed, one.id, index), index);
      try {
        one.play(trial);
        student.expect_silence();
      } catch (const StoryFailed& failure) {
        result["status"] = "failed";
        result["story"] = story_of(trial, failure);
      } catch (const StudentFault& fault) {
        fail_with_fault(trial, fault, result);
        if (fault.kind == StudentFault::Kind::not_started) starts_missed = missed_before + 1;
      } catch (const json::exception& unusable) {  // a value of another type than the call gives
        fail_with_fault(trial, {StudentFault::Kind::malformed, unusable.what()}, result);
      } catch (const std::out_of_range& unusable) {  // a part of the answer is missing
        fail_with_fault(trial, {StudentFault::Kind::malformed, unusable.what()}, result);
      }
      result["inputs"] = index + 1;
      if (result["status"] != "passed") break;
    }
  } catch (const std::exception& failure) {
    result["status"] = "fault";
    result["story"] = {{"failed", failure.what()}};
  }
  return result;
}

}  // namespace

int judge_main(int argc, char** argv, const std::string& lab, const std::vector<Case>& cases) {
  signal(SIGPIPE, SIG_IGN);
  choose_language(argc, argv);
  CLI::App app("Plays the graded cases of " + lab + " against a student's program.", "judge");
  add_standard_options(app);
  std::string program;
  std::uint64_t seed = std::random_device{}();
  std::vector<std::string> wanted;
  app.add_option("--student", program, "the program that carries the student's code")->required();
  app.add_option("--seed", seed, "draws the inputs; random when absent");
  app.add_option("--case", wanted, "only this case; may be given several times");

  return run_program(app, argc, argv, [&] {
    for (const std::string& id : wanted)
      if (std::none_of(cases.begin(), cases.end(), [&](const Case& one) { return one.id == id; }))
        throw UsageFailure(
            std::string("there is no case '").append(id).append("' in ").append(lab));
    json report = {{"lab", lab}, {"seed", seed}, {"cases", json::array()}};
    json& played = report["cases"];
    int starts_missed = 0;
    for (const Case& one : cases) {
      if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), one.id) == wanted.end())
        continue;
      // A program that hangs before main would take its time from every case; twice is no accident.
      json result = starts_missed < 2 ? play(one, program, seed, starts_missed) : played.back();
      result["id"] = one.id;
      played.push_back(std::move(result));
    }
    std::cout << report.dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
    return exit_success;
  });
}

}  // namespace dialtone
