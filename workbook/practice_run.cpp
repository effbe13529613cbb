#include "practice_run.hpp"

#include <algorithm>

#include "crash_report.hpp"
#include "language.hpp"
#include "process.hpp"
#include "words.hpp"

namespace dialtone {
namespace {

constexpr std::chrono::seconds practice_time{60};
constexpr std::size_t column = 7;  // where names and stories begin

/// The verdict that the line ends with, if it is one on the test `name`; a student's own output may
/// stand before it on the same line.
std::string verdict_on(const std::string& line, const std::string& name) {
  for (const auto& [mark, status] :
       {std::pair{"ok     ", "ok"}, {"TODO   ", "todo"}, {"FAILED ", "failed"}})
    if (line.ends_with(mark + name)) return status;
  return "";
}

/// What the sanitizers say, where they point at the student's file.
std::vector<std::string> sanitizer_lines(const std::string& err, const std::string& file) {
  std::vector<std::string> kept;
  for (const std::string& line : lines_of(err)) {
    const bool told = line.find("runtime error:") != std::string::npos ||
                      line.find("ERROR: AddressSanitizer") != std::string::npos ||
                      line.find("ERROR: LeakSanitizer: detected") != std::string::npos ||
                      line.rfind("SUMMARY:", 0) == 0;
    if (told ||
        (line.find(" in ") != std::string::npos && line.find(file + ":") != std::string::npos))
      kept.push_back(trimmed(line));
    if (kept.size() == 12) break;
  }
  return kept;
}

/// Tells how the program died, as the story of the test that ran.
void tell_death(PracticeTest& test, const Outcome& outcome, const std::filesystem::path& program,
                const Lab& lab) {
  test.status = outcome.timed_out ? "hung" : "crashed";
  if (outcome.timed_out) {
    test.story = {tr("still running after 60 s: killed", "运行 60 秒仍未结束，已被终止")};
    return;
  }
  test.story = sanitizer_lines(outcome.err, lab.file_name());
  if (!test.story.empty()) return;
  const std::string place = crash_place(outcome.err, program, lab.file_name());
  test.story = {tr("the program ended here: ", "程序在此结束：") + describe(outcome.ending) +
                (place.empty() ? "" : tr(", at ", "，位于 ") + place)};
}

}  // namespace

bool PracticeRun::all_ok() const {
  return std::all_of(tests.begin(), tests.end(),
                     [](const PracticeTest& test) { return test.status == "ok"; });
}

PracticeRun read_practice(const std::string& output) {
  PracticeRun run;
  for (const std::string& line : lines_of(output)) {
    if (line.rfind("run    ", 0) == 0) {
      run.tests.push_back({line.substr(column), "", {}});
    } else if (run.tests.empty()) {
      if (line.rfind("seed   ", 0) == 0) run.seed = line.substr(column);
    } else if (PracticeTest& last = run.tests.back(); last.status.empty()) {
      last.status = verdict_on(line, last.name);
    } else if (last.status != "ok" && line.rfind(std::string(column, ' '), 0) == 0) {
      last.story.push_back(line.substr(column));
    }
  }
  for (std::size_t i = 0; i + 1 < run.tests.size(); ++i)
    if (run.tests[i].status.empty()) run.tests[i].status = "failed";
  return run;
}

PracticeRun run_practice(const std::filesystem::path& program, const Lab& lab, bool sanitized) {
  Command command;
  command.arguments = {program.string(), "--lang", tr("en", "zh")};
  command.limits.file_bytes = std::uint64_t{256} << 20U;
#ifdef DIALTONE_SANITIZED_BUILD
  sanitized = true;
#endif
  // The address sanitizer reserves terabytes of addresses.
  if (!sanitized) command.limits.memory_bytes = std::uint64_t{4} << 30U;
  const Outcome outcome = run(command, practice_time, std::size_t{4} << 20U);
  PracticeRun result = read_practice(outcome.out);
  const bool unfinished = !result.tests.empty() && result.tests.back().status.empty();
  const bool leaked = outcome.err.find("LeakSanitizer: detected") != std::string::npos;
  if (result.tests.empty() ||
      (!unfinished && (outcome.timed_out || outcome.ending.signal != 0 || leaked)))
    result.tests.push_back({result.tests.empty() ? tr("(start)", "（启动）")
                                                 : tr("(end of the program)", "（程序结束时）"),
                            "",
                            {}});
  if (result.tests.back().status.empty()) tell_death(result.tests.back(), outcome, program, lab);
  return result;
}

}  // namespace dialtone
