// Runs a lab's practice tests and tells what came of each. They are for learning: no points.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lab.hpp"

namespace dialtone {

struct PracticeTest {
  std::string name;
  std::string status;              ///< "ok", "todo", "failed", "crashed" or "hung"
  std::vector<std::string> story;  ///< how it failed, in lines
};

struct PracticeRun {
  std::string seed;  ///< as the program printed it
  std::vector<PracticeTest> tests;
  bool all_ok() const;
};

/// Runs the program; kills it after a minute, and names the test that hung or crashed, with the
/// source line where that is known.
PracticeRun run_practice(const std::filesystem::path& program, const Lab& lab, bool sanitized);

/// The tests that a practice program's standard output tells of; the last may have no verdict yet
/// (an empty status). Exposed for tests.
PracticeRun read_practice(const std::string& output);

}  // namespace dialtone
