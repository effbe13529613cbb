// What students handed in: one folder per student, of which only the files that the labs name
// count.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "lab.hpp"

namespace dialtone {

struct Submission {
  std::string student;  ///< the folder's name
  std::filesystem::path folder;
};

/// The submissions in the folders, sorted by name. Hidden entries and `left_out` (where results go)
/// are no submissions; neither is a file, which `notes` then mentions. Throws UsageFailure for a
/// path that is no folder and Failure for a name that comes twice.
std::vector<Submission> find_submissions(const std::vector<std::string>& paths,
                                         const std::filesystem::path& left_out,
                                         std::vector<std::string>& notes);

/// A lab's file of one submission.
struct HandedIn {
  std::optional<std::string> text;
  std::string problem;  ///< why there is none
};

/// Looks for labs/NN-name/starter/x.cpp, NN-name/x.cpp and x.cpp, in this order. Takes a regular
/// file of at most 1 MiB that lies in the folder once links are followed.
HandedIn take_file(const Submission& submission, const Lab& lab);

}  // namespace dialtone
