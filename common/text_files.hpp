// Small files that a command line names; failures are one line each.
#pragma once

#include <string>

namespace dialtone {

/// The text of a deck of jobs; "-" is standard input. At most 16 MiB: whatever it is that goes on
/// longer, it is no deck. Throws UsageFailure.
std::string read_text(const std::string& name);

/// Throws Failure.
void write_text(const std::string& name, const std::string& text);

}  // namespace dialtone
