// What `check`, `hint` and `reset` do, for `watch` to do it again at a key or a save.
#pragma once

#include <string>
#include <vector>

#include "check.hpp"
#include "lab.hpp"
#include "progress.hpp"
#include "tree.hpp"

namespace dialtone {

/// Keeps the run where it is the best so far. Throws Failure.
void record_progress(const std::filesystem::path& file, const Lab& lab, const CheckResult& result);

/// The hints of the case up to the next one, which counts as shown from now on. Without a case: the
/// first that has not passed.
std::string next_hint(const std::filesystem::path& progress, const Lab& lab, std::string case_id);

/// Resets and says what became of the student's text.
std::string reset_and_say(const Tree& tree, const Lab& lab);

}  // namespace dialtone
