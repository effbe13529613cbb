// From a file to its verdict: build it, run the practice tests, let the judge play its cases.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "judgement.hpp"
#include "lab.hpp"
#include "practice_run.hpp"
#include "recipe.hpp"
#include "tree.hpp"

namespace dialtone {

struct CheckRequest {
  std::vector<std::string> cases;  ///< all where empty
  std::uint64_t seed = 0;
  bool sanitized = false;
  bool practice = true;
  std::string server;  ///< the command that check_server() judges; empty for files
};

struct CheckResult {
  bool built = false;
  std::string build_output;  ///< trimmed, where it was not built
  bool practised = false;
  PracticeRun practice;
  Judgement judgement;  ///< without cases where it was not built

  /// Whether everything that ran passed.
  bool passed() const;
};

/// Checks the file that the student edits.
CheckResult check_starter(const Tree& tree, const Lab& lab, const CheckRequest& request);

/// Builds another file in the starter's place and lets the judge play on it. No practice tests.
CheckResult check_file(const Tree& tree, const Lab& lab, const std::filesystem::path& file,
                       const CheckRequest& request);

/// Lets the capstone's judge play on a command of whoever asks (`request.server`), in whose words
/// {root} and {port} stand for the folder and the port that the judge chooses.
CheckResult check_server(const Tree& tree, const Lab& lab, const CheckRequest& request);

/// Whether a file was built into a program.
struct Built {
  bool ok = false;
  std::string output;  ///< trimmed, where it was not
};

/// Compiles `source` and links `programs` (which, where) by the recipe; objects go into `folder`.
/// Compiler messages call the source `shown_as`.
Built build_file(const Tree& tree, const Recipe& recipe, const std::filesystem::path& source,
                 const std::string& shown_as,
                 const std::vector<std::pair<Program, std::filesystem::path>>& programs,
                 const std::filesystem::path& folder, bool sanitized);

}  // namespace dialtone
