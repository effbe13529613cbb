// Catch2's main, compiled once, with a reporter that tells each test as one line and each failure
// as a story.
#if __has_include(<catch2/catch_session.hpp>)  // Catch2 3
#include <catch2/catch_session.hpp>
#include <catch2/catch_test_case_info.hpp>
#include <catch2/catch_translate_exception.hpp>
#include <catch2/reporters/catch_reporter_registrars.hpp>
#include <catch2/reporters/catch_reporter_streaming_base.hpp>
using StreamingReporter = Catch::StreamingReporterBase;
using AfterAssertion = void;
#else
#define CATCH_CONFIG_RUNNER
#define CATCH_CONFIG_NO_POSIX_SIGNALS
#include <catch2/catch.hpp>
using StreamingReporter = Catch::StreamingReporterBase<class StoryReporter>;
using AfterAssertion = bool;
#endif

#include <cstdlib>
#include <iostream>
#include <random>
#include <vector>

#include "crash_report.hpp"
#include "language.hpp"
#include "practice.hpp"
#include "todo.hpp"

namespace dialtone {

std::uint64_t test_seed() {
  static const std::uint64_t seed = [] {
    const char* text = std::getenv("DIALTONE_SEED");
    return text != nullptr ? std::strtoull(text, nullptr, 10) : std::random_device{}();
  }();
  return seed;
}

}  // namespace dialtone

using dialtone::tr;

namespace {

/// How the test that runs now has failed so far; empty while it has not.
std::string failure;
bool unwritten = false;

std::string story_text(const dialtone::StoryFailed& story) {
  std::string text;
  int number = 0;
  for (const std::string& step : story.steps) text += std::to_string(++number) + ". " + step + '\n';
  text += tr("then failed: ", "然后失败：") + story.failed + '\n';
  text += tr("  expected: ", "  期望：") + story.expected + '\n';
  text += tr("  got:      ", "  得到：") + story.got;
  return text;
}

}  // namespace

CATCH_TRANSLATE_EXCEPTION(const dialtone::StoryFailed& story) {
  failure = story_text(story);
  return failure;
}

CATCH_TRANSLATE_EXCEPTION(const dialtone::Todo& todo) {
  unwritten = true;
  failure = todo.text;
  return failure;
}

/// "ok NAME", "TODO NAME" or "FAILED NAME", a line for each test; under a failure, its story. A
/// test is announced on stderr first, so that a crash can be told with its name.
class StoryReporter : public StreamingReporter {
 public:
  using StreamingReporter::StreamingReporter;

  static std::string getDescription() { return "one line a test, a story a failure"; }
  static std::set<Catch::Verbosity> getSupportedVerbosities() { return {Catch::Verbosity::Normal}; }

  void testCaseStarting(const Catch::TestCaseInfo& info) override {
    StreamingReporter::testCaseStarting(info);
    name_ = info.name;
    failure.clear();
    unwritten = false;
    dialtone::first_noted_todo = nullptr;
    std::cout << "run    " << name_ << std::endl;
  }

  void assertionStarting(const Catch::AssertionInfo&) override {}

  AfterAssertion assertionEnded(const Catch::AssertionStats& stats) override {
    const Catch::AssertionResult& result = stats.assertionResult;
    if (!result.isOk() && failure.empty()) {
      const std::string file = result.getSourceInfo().file;
      failure = file.substr(file.rfind('/') + 1) + ":" +
                std::to_string(result.getSourceInfo().line) + ": " +
                std::string(result.getExpressionInMacro());
      if (result.hasExpandedExpression())
        failure +=
            "\n" + tr("with values: ", "其值为：") + std::string(result.getExpandedExpression());
      if (result.hasMessage()) failure += "\n" + std::string(result.getMessage());
      for (const Catch::MessageInfo& info : stats.infoMessages) failure += "\n" + info.message;
    }
    return AfterAssertion(true);  // void in Catch2 3
  }

  void testCaseEnded(const Catch::TestCaseStats& stats) override {
    const char* noted = dialtone::first_noted_todo.exchange(nullptr);
    const bool passed = stats.totals.testCases.failed == 0;
    if (passed) {
      std::cout << "ok     " << name_ << std::endl;
    } else {
      if (noted != nullptr) failure = noted;
      const bool todo = unwritten || noted != nullptr;
      std::cout << (todo ? "TODO   " : "FAILED ") << name_ << '\n';
      std::string_view rest = failure;
      while (!rest.empty()) {
        const auto line = rest.substr(0, rest.find('\n'));
        std::cout << "       " << line << '\n';
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      }
      std::cout.flush();
    }
    StreamingReporter::testCaseEnded(stats);
  }

 private:
  std::string name_;
};

CATCH_REGISTER_REPORTER("story", StoryReporter)

int main(int argc, char** argv) {
  dialtone::install_crash_report();
  dialtone::choose_language(argc, argv);
  std::vector<std::string> arguments = {argv[0], "--reporter", "story"};
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--lang")
      ++i;  // taken by choose_language
    else
      arguments.emplace_back(argv[i]);
  }
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  std::cout << "seed   " << dialtone::test_seed() << std::endl;
  return Catch::Session().run(static_cast<int>(pointers.size()), pointers.data());
}
