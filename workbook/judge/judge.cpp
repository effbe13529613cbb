#include "judge.hpp"

#include <algorithm>
#include <csignal>
#include <iostream>
#include <optional>
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

json story_of(const Input& trial, const StoryFailed& failure) {
  return {{"input_number", trial.index}, {"input", trial.input()},       {"steps", failure.steps},
          {"failed", failure.failed},    {"expected", failure.expected}, {"got", failure.got}};
}

/// No usable answer came: told like any other failure, after the steps that went well.
void fail_with_fault(Input& trial, const StudentFault& fault, json& result) {
  result["status"] = fault.kind == StudentFault::Kind::todo ? "todo" : "failed";
  try {
    trial.fail(tr("one well-formed answer in time", "按时给出一个格式正确的回答"),
               tr("an answer", "一个回答"), fault.text);
  } catch (const StoryFailed& failure) {
    result["story"] = story_of(trial, failure);
  }
}

/// One input, and what came of it. `starts_missed` counts the cases in a row to which the program
/// did not start.
void play_input(Input& trial, const std::function<void()>& body, json& result, int& starts_missed) {
  try {
    body();
  } catch (const StoryFailed& failure) {
    result["status"] = "failed";
    result["story"] = story_of(trial, failure);
  } catch (const StudentFault& fault) {
    fail_with_fault(trial, fault, result);
    if (fault.kind == StudentFault::Kind::not_started) ++starts_missed;
  } catch (const json::exception& unusable) {  // a value of another type than the call gives
    fail_with_fault(trial, {StudentFault::Kind::malformed, unusable.what()}, result);
  } catch (const std::out_of_range& unusable) {  // a part of the answer is missing
    fail_with_fault(trial, {StudentFault::Kind::malformed, unusable.what()}, result);
  }
  result["inputs"] = trial.index + 1;
}

/// Plays inputs until one does not pass; `play_one` plays the one of this number with this seed.
json play_inputs(const std::string& id, std::size_t inputs, std::uint64_t seed,
                 const std::function<void(std::uint64_t, std::size_t, json&)>& play_one) {
  json result = {{"id", id}, {"status", "passed"}, {"inputs", 0}};
  try {
    for (std::size_t index = 0; index < inputs && result["status"] == "passed"; ++index)
      play_one(seed_of(seed, id, index), index, result);
  } catch (const std::exception& failure) {
    result["status"] = "fault";
    result["story"] = {{"failed", failure.what()}};
  }
  return result;
}

json play(const Case& one, const Subject& subject, std::uint64_t seed, int& starts_missed) {
  std::optional<Student> student;
  return play_inputs(one.id, one.inputs, seed,
                     [&](std::uint64_t drawn, std::size_t index, json& result) {
                       if (!student) student.emplace(subject.student);
                       Trial trial(*student, drawn, index);
                       const auto body = [&] {
                         one.play(trial);
                         student->expect_silence();
                       };
                       play_input(trial, body, result, starts_missed);
                     });
}

json play(const SubjectCase& one, const Subject& subject, std::uint64_t seed, int& starts_missed) {
  return play_inputs(one.id, one.inputs, seed,
                     [&](std::uint64_t drawn, std::size_t index, json& result) {
                       Input trial(drawn, index);
                       const auto body = [&] { one.play(trial, subject); };
                       play_input(trial, body, result, starts_missed);
                     });
}

/// The command line of a judge.
class JudgeProgram {
 public:
  explicit JudgeProgram(std::string lab)
      : lab_(std::move(lab)),
        app_("Plays the graded cases of " + lab_ + " against a student's program.", "judge"),
        student_(app_.add_option("--student", subject_.student,
                                 "the program that carries the student's code")) {
    app_.add_option("--seed", seed_, "draws the inputs; random when absent");
    app_.add_option("--case", wanted_, "only this case; may be given several times");
  }

  void students_alone() { student_.required(); }
  void or_command() {
    app_.add_option("--server", subject_.command,
                    "a word of a command; given for each of its words")
        .allow_extra_args(false)
        .excludes(student_);
  }

  template <class AnyCase>
  int run(int argc, char** argv, const std::vector<AnyCase>& cases) {
    return run_program(app_, argc, argv, [&] {
      if (subject_.student.empty() && subject_.command.empty())
        throw UsageFailure("give --student or --server");
      for (const std::string& id : wanted_)
        if (std::none_of(cases.begin(), cases.end(),
                         [&](const AnyCase& one) { return one.id == id; }))
          throw UsageFailure(
              std::string("there is no case '").append(id).append("' in ").append(lab_));
      json report = {{"lab", lab_}, {"seed", seed_}, {"cases", json::array()}};
      json& played = report["cases"];
      int starts_missed = 0;
      for (const AnyCase& one : cases) {
        if (!wanted_.empty() && std::find(wanted_.begin(), wanted_.end(), one.id) == wanted_.end())
          continue;
        if (is_left_out(one)) {
          played.push_back({{"id", one.id}, {"status", "left out"}, {"inputs", 0}});
          continue;
        }
        // A program that hangs before main would take its time from every case; twice is no
        // accident.
        const int missed_before = starts_missed;
        json result = starts_missed < 2 ? play(one, subject_, seed_, starts_missed) : played.back();
        if (starts_missed == missed_before && starts_missed < 2) starts_missed = 0;
        result["id"] = one.id;
        played.push_back(std::move(result));
      }
      std::cout << report.dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
      return exit_success;
    });
  }

 private:
  static bool is_left_out(const Case&) { return false; }
  bool is_left_out(const SubjectCase& one) const {
    return one.students_only && !subject_.is_students();
  }

  std::string lab_;
  CommandLine app_;
  Subject subject_;
  Option student_;
  std::uint64_t seed_ = std::random_device{}();
  std::vector<std::string> wanted_;
};

}  // namespace

int judge_main(int argc, char** argv, const std::string& lab, const std::vector<Case>& cases) {
  signal(SIGPIPE, SIG_IGN);
  choose_language(argc, argv);
  JudgeProgram program(lab);
  program.students_alone();
  return program.run(argc, argv, cases);
}

int judge_main_for_subjects(int argc, char** argv, const std::string& lab,
                            const std::vector<SubjectCase>& cases) {
  signal(SIGPIPE, SIG_IGN);
  choose_language(argc, argv);
  JudgeProgram program(lab);
  program.or_command();
  return program.run(argc, argv, cases);
}

}  // namespace dialtone
