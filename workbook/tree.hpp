// Where the workbook's own files are: the source tree and the build folder that belong together.
#pragma once

#include <filesystem>
#include <string>

namespace dialtone {

struct Tree {
  std::filesystem::path root;   ///< the source tree
  std::filesystem::path build;  ///< the build folder that this program lies in (build/bin/workbook)

  /// The command that a person types for this program from the root: "build/bin/workbook".
  std::string command() const;

  /// A path as it is named from the root, where it lies below it.
  std::string shown(const std::filesystem::path& path) const;
};

/// The tree that the running program was built in. Throws Failure when it lies in no build folder.
Tree find_tree();

/// The value of `NAME:TYPE=value` in the build folder's CMakeCache.txt; empty when it has none.
std::string cached_setting(const std::filesystem::path& build, const std::string& name);

}  // namespace dialtone
