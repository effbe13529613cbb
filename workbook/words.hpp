// Small helpers for texts that the workbook's files share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dialtone {

/// The lines of a text, without their ends.
std::vector<std::string> lines_of(std::string_view text);

/// The parts between separators; one empty part for an empty text.
std::vector<std::string> split(std::string_view text, char separator);

std::string join(const std::vector<std::string>& parts, std::string_view between);

/// Without blanks at either end.
std::string trimmed(std::string_view text);

/// Today as 2025-01-31 (UTC).
std::string today();

/// A text as one word of a shell command.
std::string shell_quoted(const std::string& text);

}  // namespace dialtone
