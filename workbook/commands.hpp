// The subcommands of `workbook`: each takes its options and returns an exit code. What goes wrong
// is thrown as Failure or UsageFailure and told in one line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dialtone {

/// Options that subcommands share; each uses those that its help names.
struct Options {
  std::string lab;
  std::string case_id;
  std::string file;
  std::string server;  ///< a command to judge in the place of the student's file
  std::optional<std::uint64_t> seed;
  std::string progress;  ///< the file to keep progress in; see progress_file()
  bool sanitized = false;
  bool json = false;
  bool yes = false;
  bool give_up = false;
  std::vector<std::string> submissions;
  std::string labs;
  std::string output = "grades";
  unsigned jobs = 0;  ///< 0: one for each core but one
};

int status_command(const Options& options);
int check_command(const Options& options);
int watch_command(const Options& options);
int hint_command(const Options& options);
int reset_command(const Options& options);
int solution_command(const Options& options);
int doctor_command(const Options& options);
int grade_command(const Options& options);
int demo_command(const Options& options);
int judge_command(const Options& options);
int pristine_command(const Options& options);

}  // namespace dialtone
