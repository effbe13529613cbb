// Trims what compiler, linker and build tool say to what a student can act on.
#pragma once

#include <filesystem>
#include <string>

namespace dialtone {

/// The first errors that concern `source` with their source lines and carets, names relative to
/// `root`, at most `most_lines` lines, then "and N more errors". Warnings and the build tool's own
/// lines are left out. Where no error can be made out, the end of the output.
std::string trim_errors(const std::string& output, const std::filesystem::path& source,
                        const std::filesystem::path& root, const std::string& shown_as,
                        std::size_t most_lines = 25);

/// The last lines of a build's output without the build tool's own, for a failure that is not the
/// student's.
std::string build_excerpt(const std::string& output, std::size_t most_lines = 15);

}  // namespace dialtone
