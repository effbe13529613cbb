// Builds another file in the place of a lab's starter: a submission, a mutant, the student's file
// under sanitizers. The commands are those that CMake wrote for the starter, so that every file is
// built in the same way.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lab.hpp"
#include "process.hpp"
#include "tree.hpp"

namespace dialtone {

/// The words of a shell command line: blanks separate, quotes and backslashes keep.
/// Throws Failure for a quote that is not closed.
std::vector<std::string> shell_words(const std::string& command);

/// Runs the build tool on targets (or files) of the build folder.
Outcome build(const Tree& tree, const std::vector<std::string>& targets);

/// What the build tool says about the build folder: {"-t", "deps"} and the like. Throws Failure
/// where there is no such tool.
Outcome ask_ninja(const Tree& tree, const std::vector<std::string>& arguments);

/// Throws Failure with the last lines of its output when the trusted part of the build fails.
void build_or_fail(const Tree& tree, const std::vector<std::string>& targets);

/// Programs that a file is linked into.
enum class Program { practice, shim };

/// One lab's commands. Immutable once made: threads may share it.
class Recipe {
 public:
  /// Reads the commands, and builds all that the file will be linked with and judged by. Throws
  /// Failure.
  Recipe(const Tree& tree, const Lab& lab);

  /// Compiles `source` into `object`, within a minute and limits; the compiler's words are in
  /// `err`.
  Outcome compile(const std::filesystem::path& source, const std::filesystem::path& object,
                  const std::vector<std::string>& extra_flags = {}) const;

  /// Links the object in the starter's place.
  Outcome link(const std::filesystem::path& object, const std::filesystem::path& program,
               Program which, const std::vector<std::string>& extra_flags = {}) const;

 private:
  std::filesystem::path directory_;
  std::string starter_;  ///< the source to replace
  std::string library_;  ///< the archive to replace
  std::vector<std::string> compile_;
  std::vector<std::string> link_practice_;  ///< empty where there are no practice tests
  std::vector<std::string> link_shim_;

  std::vector<std::string> link_command(const std::string& target) const;

  /// As the build names them: the precompiled header, without which each file would be compiled
  /// with the large one anew, and every archive and object that the link commands ask for.
  std::vector<std::string> parts() const;
};

/// What `check --san` builds with.
extern const std::vector<std::string> sanitizer_flags;

/// Where the build keeps a lab's programs: "…/labs/01-x/socket_basics_judge".
std::filesystem::path lab_program(const Tree& tree, const Lab& lab, const std::string& which);

}  // namespace dialtone
