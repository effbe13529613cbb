// A line of programs, joined by pipes, and when and how each of them ended.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lives.hpp"

namespace process_tour {

/// How one program of a line went.
struct Part {
  std::vector<std::string> words;
  pid_t pid = 0;
  double ended_at = 0;  ///< milliseconds after the line was started
  program_and_process::Ending ending;
};

struct Line {
  std::vector<Part> parts;
  double seconds = 0;      ///< that it may take; 0: as long as it likes
  bool timed_out = false;  ///< those that still ran then were killed
  std::string output;      ///< what the last one wrote, where it was caught
};

/// Starts the programs, their last output going to `out` (-1: this process's), and waits for each.
Line run_line(const std::vector<std::vector<std::string>>& programs, int out = -1,
              double seconds = 0);

/// The same with the last one's output, a few kilobytes at most, caught.
Line run_and_catch(const std::vector<std::vector<std::string>>& programs);

/// When each ended, as bars from the common start, and how.
std::vector<std::string> endings(const Line& line, std::size_t columns);

/// The words between "--pipe" and "--pipe". Throws UsageFailure where there are none.
std::vector<std::vector<std::string>> programs_of(const std::vector<std::string>& words);

/// The tour's stop: yes | head | sort | uniq -c.
Line play_line();
void show(const Line& line, Page& page);
Json to_json(const Line& line);

}  // namespace process_tour
