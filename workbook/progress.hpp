// What a student has reached: a small text file that can be committed, copied and edited by hand.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tree.hpp"

namespace dialtone {

/// The best run of one lab.
struct LabProgress {
  std::string name;
  unsigned points = 0;
  std::vector<std::string> passed;  ///< ids of the cases that passed in that run
  std::uint64_t seed = 0;
  std::string date;
};

/// The file's lines:
///   01 socket-basics 85 addresses,send_all seed=7 2025-01-31    a lab's best run ("-" for no case)
///   hint 01 send_all 2                                          two of that case's hints were
///   shown solution 01                                                 its solution was asked for
///   unsolved
/// Lines that it does not understand are kept as they are.
class Progress {
 public:
  /// The file's text; an absent file is an empty one. Throws Failure when it cannot be read.
  static Progress read(const std::filesystem::path& file);
  static Progress parse(const std::string& text);

  std::string text() const;

  /// Throws Failure with the path and the reason.
  void write(const std::filesystem::path& file) const;

  /// Takes a run where it is at least as good as the one on record. Says whether it was.
  bool record(const std::string& number, const LabProgress& run);

  /// The best run of the lab, all zero where there is none.
  LabProgress of(const std::string& number) const;

  unsigned hints_shown(const std::string& number, const std::string& case_id) const;
  void set_hints_shown(const std::string& number, const std::string& case_id, unsigned count);

  bool gave_up(const std::string& number) const;
  void give_up(const std::string& number);

 private:
  std::map<std::string, LabProgress> labs_;
  std::map<std::pair<std::string, std::string>, unsigned> hints_;
  std::vector<std::string> given_up_;
  std::vector<std::string> unknown_;  ///< lines of a person's own

  bool take_line(const std::string& line);
};

/// Where progress is kept: the option, else DIALTONE_PROGRESS, else progress.txt in the root.
std::filesystem::path progress_file(const Tree& tree, const std::string& option);

}  // namespace dialtone
