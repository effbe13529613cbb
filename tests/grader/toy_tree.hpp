// A workbook of its own in a temporary folder: one toy lab, a build of it, and a copy of the
// program. Tests change its files freely; the real labs are not touched.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "process.hpp"

namespace grader_test {

/// What the toy lab asks for: add() for the case `sums` (60 points), twice() for `doubles` (40).
namespace toy {
extern const char* const starter;       ///< both unwritten
extern const char* const solution;      ///< both right
extern const char* const half;          ///< twice() is wrong
extern const char* const broken;        ///< does not compile
extern const char* const endless;       ///< add() never returns
extern const char* const crashing;      ///< add() writes through a null pointer
extern const char* const out_of_range;  ///< add() reads outside an array
}  // namespace toy

class ToyTree {
 public:
  /// The tree of this test process; made and configured at the first call. Every call puts the
  /// starter and the progress file back.
  static ToyTree& fresh();

  const std::filesystem::path& root() const { return root_; }
  const std::filesystem::path& folder() const { return folder_.path(); }
  std::filesystem::path starter() const { return root_ / "labs/01-toy-sum/starter/toy_sum.cpp"; }
  std::filesystem::path progress() const { return folder_.path() / "progress.txt"; }

  /// Puts a text where the student edits.
  void edit(const std::string& text) const;

  /// Runs the tree's workbook; `environment` adds to a plain English one.
  dialtone::Outcome workbook(std::vector<std::string> arguments,
                             const std::vector<std::string>& environment = {}) const;

 private:
  ToyTree();

  dialtone::TemporaryFolder folder_;
  std::filesystem::path root_;
  std::filesystem::path build_;
};

/// The lines of a text, for counting.
std::size_t line_count(const std::string& text);

bool contains(const std::string& text, const std::string& part);

}  // namespace grader_test
