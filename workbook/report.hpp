// What `check` tells: the build's errors alone, or the practice tests, the stories, the points and
// what is next.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "check.hpp"
#include "lab.hpp"
#include "tree.hpp"

namespace dialtone {

/// The whole report as text, for a person. `labs` is the syllabus, for what comes next.
std::string report_text(const Tree& tree, const std::vector<Lab>& labs, const Lab& lab,
                        const CheckRequest& request, const CheckResult& result);

/// {"lab", "seed", "score", "possible", "not_judged", "cases", "build", "build_output"} and, where
/// they ran, "practice": [{"name", "status", "story"}].
nlohmann::json report_json(const Lab& lab, const CheckResult& result);

/// "build/bin/workbook check 01 --case send_all --seed 7"
std::string replay_command(const Tree& tree, const Lab& lab, const CaseResult& result,
                           std::uint64_t seed, const CheckRequest& request);

/// A failed case as indented lines: input, steps, the one that failed, expected and got.
std::vector<std::string> story_lines(const CaseStory& story);

/// The lab after this one in the syllabus, or null.
const Lab* next_lab(const std::vector<Lab>& labs, const Lab& lab);

}  // namespace dialtone
