// Runs a lab's judge on a program and reads its report. Only the judge decides points.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lab.hpp"
#include "tree.hpp"

namespace dialtone {

/// `fault` is the infrastructure's: the case is not judged, and no score is lowered by it.
enum class Status { passed, failed, todo, fault };

std::string status_name(Status status);  ///< as in JSON: "passed", "failed", "todo", "fault"

/// How a case failed. Fields that the judge left out are empty.
struct CaseStory {
  std::optional<std::uint64_t> input_number;  ///< from 0
  std::string input;
  std::vector<std::string> steps;
  std::string failed;
  std::string expected;
  std::string got;
};

struct CaseResult {
  LabCase of;
  Status status = Status::fault;
  std::uint64_t inputs = 0;  ///< how many were played
  CaseStory story;
  unsigned points() const { return status == Status::passed ? of.points : 0; }
};

struct Judgement {
  std::uint64_t seed = 0;
  std::vector<CaseResult> cases;

  unsigned score() const;       ///< of the cases that were judged
  unsigned possible() const;    ///< of the cases that were asked for
  unsigned not_judged() const;  ///< points of the cases that ended in a fault
  bool full() const { return score() == possible(); }
};

struct JudgeRequest {
  std::uint64_t seed = 0;
  std::vector<std::string> cases;  ///< all where empty
  bool sanitized = false;
  /// How many judges there are at a time, each for one case. A case's inputs depend on the seed and
  /// its id alone, and most of its time is waiting, so that a few at once give the same verdict
  /// sooner.
  unsigned processes = 1;
  /// The words of a command that is judged in a program's place (the capstone alone). Cases that
  /// only a student's program can be asked are then left out of the judgement.
  std::vector<std::string> server{};
};

/// What a person who waits for a verdict is served with.
inline constexpr unsigned judges_for_one_person = 8;

/// Plays the cases against `program`. Never throws for what the judge does: a judge that dies,
/// hangs or reports nonsense leaves its cases as faults.
Judgement judge(const Tree& tree, const Lab& lab, const std::filesystem::path& program,
                const JudgeRequest& request);

/// The report of a judge, read with distrust; exposed for tests.
Judgement read_report(const std::string& report, const Lab& lab, const JudgeRequest& request);

nlohmann::json to_json(const CaseResult& result);

/// A seed that nobody chose: short enough to be typed.
std::uint64_t fresh_seed();

}  // namespace dialtone
