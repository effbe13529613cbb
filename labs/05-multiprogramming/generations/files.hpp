// Files that the program reads and writes; failures end it with one line.
#pragma once

#include <string>

namespace generations {

/// The text of a file; "-" is standard input. At most 16 MiB: whatever it is that goes on longer,
/// it is no deck of jobs.
std::string read_text(const std::string& name);

void write_text(const std::string& name, const std::string& text);

}  // namespace generations
