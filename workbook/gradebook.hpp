// What grading found, and the files that it leaves: Gradescope's results.json per student, one CSV,
// one JUnit file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "judgement.hpp"
#include "lab.hpp"

namespace dialtone {

/// One lab of one student.
struct LabGrade {
  const Lab* lab = nullptr;  ///< outlives the grade
  bool judged = false;       ///< its cases were played; else `note` says why not
  bool faulty = false;       ///< the infrastructure failed before a case was played
  std::string note;          ///< "missing: x.cpp", "does not compile"; empty where all is well
  std::string output;        ///< the compiler's, trimmed
  Judgement judgement;

  /// Absent where a fault left something unjudged: no score is lowered by it.
  std::optional<unsigned> score() const;
};

struct StudentGrade {
  std::string student;
  std::vector<LabGrade> labs;

  std::optional<unsigned> total() const;
  unsigned possible() const;
  std::string notes() const;  ///< in one line
};

/// Gradescope's autograder results: score, max_score, tests[].
nlohmann::json results_json(const StudentGrade& grade, std::uint64_t seed);

/// A head and a row per student: student, each lab's score, total, note (RFC 4180).
std::string grades_csv(const std::vector<StudentGrade>& grades);

/// A testsuite per student, a testcase per case.
std::string junit_xml(const std::vector<StudentGrade>& grades);

/// The text with everything escaped that XML 1.0 does not allow as it is.
std::string xml_escaped(const std::string& text);

/// The text as valid UTF-8 on one line of a terminal: control characters and stray bytes become
/// '?'.
std::string one_line(const std::string& text);

/// Writes all of them below `folder`. Throws Failure with the path and the reason.
void write_gradebook(const std::filesystem::path& folder, const std::vector<StudentGrade>& grades,
                     std::uint64_t seed);

}  // namespace dialtone
