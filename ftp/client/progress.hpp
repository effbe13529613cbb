// How far a transfer is: one line on a terminal's standard error, nothing in a pipe.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace ftp::client {

/// What the line shows.
struct ProgressState {
  std::string name;
  std::uint64_t done = 0;              ///< bytes; what a resume began with counts
  std::optional<std::uint64_t> total;  ///< where it is known
  std::uint64_t moved = 0;             ///< bytes since the beginning of this transfer
  std::chrono::milliseconds elapsed{0};
};

/// The line, at most `columns` wide, without its end.
std::string progress_line(const ProgressState& state, std::size_t columns);

/// "1.5 MB": powers of 1000.
std::string size_text(std::uint64_t bytes);

class Progress {
 public:
  /// Draws only on a terminal, and only with `wanted`.
  explicit Progress(bool wanted);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { clear(); }

  void begin(const std::string& name, std::uint64_t done, std::optional<std::uint64_t> total);
  void moved(std::size_t bytes);
  /// Takes the line away, before something else is written.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  bool lively_;
  bool drawn_ = false;
  ProgressState state_;
  Clock::time_point began_;
  Clock::time_point drawn_at_;
};

}  // namespace ftp::client
