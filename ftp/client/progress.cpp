#include "progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "local_file.hpp"
#include "terminal.hpp"
#include "trouble.hpp"

namespace ftp::client {

using std::chrono::milliseconds;

namespace {

std::string duration_text(std::uint64_t seconds) {
  std::array<char, 32> text{};
  if (seconds >= 360'000) return "--:--";
  if (seconds >= 3600)
    std::snprintf(text.data(), text.size(), "%d:%02d:%02d", static_cast<int>(seconds / 3600),
                  static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
  else
    std::snprintf(text.data(), text.size(), "%02d:%02d", static_cast<int>(seconds / 60),
                  static_cast<int>(seconds % 60));
  return text.data();
}

std::string bar(double part, std::size_t columns) {
  const auto full = static_cast<std::size_t>(part * static_cast<double>(columns));
  std::string text;
  for (std::size_t i = 0; i < columns; ++i)
    text += i < full ? dialtone::glyph("█", "#") : dialtone::glyph("░", ".");
  return text;
}

std::size_t columns_of_standard_error() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool standard_error_is_lively() {
  const char* terminal = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && !is_set("NO_COLOR") &&
         (terminal == nullptr || std::string_view(terminal) != "dumb");
}

}  // namespace

std::string size_text(std::uint64_t bytes) {
  constexpr std::array units{"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 1000) return std::to_string(bytes) + " B";
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 999.95 && unit + 1 < units.size()) {
    value /= 1000;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %s", value, units[unit]);
  return text.data();
}

std::string progress_line(const ProgressState& state, std::size_t columns) {
  const double seconds = static_cast<double>(state.elapsed.count()) / 1000;
  const double rate = seconds > 0.2 ? static_cast<double>(state.moved) / seconds : 0;
  std::string figures;
  std::string short_figures = size_text(state.done);
  double part = 0;
  if (state.total) {
    part = *state.total == 0
               ? 1
               : std::min(1.0, static_cast<double>(state.done) / static_cast<double>(*state.total));
    short_figures = std::to_string(static_cast<int>(part * 100)) + "%";
    figures = dialtone::pad("", 4 - std::min<std::size_t>(4, short_figures.size())) + short_figures;
  } else {
    figures = short_figures;
  }
  if (rate >= 1) {
    figures += "  " + size_text(static_cast<std::uint64_t>(rate)) + "/s";
    if (state.total && *state.total >= state.done)
      figures += "  " + duration_text(static_cast<std::uint64_t>(
                            static_cast<double>(*state.total - state.done) / rate));
  }
  const std::string name = visible(state.name);
  // What there is room for: all of it; name and figures; the figures; the percentage.
  constexpr std::size_t narrowest_name = 8;
  const std::size_t taken = dialtone::display_width(figures) + 2;
  if (taken + narrowest_name > columns)
    return dialtone::clip(taken - 2 <= columns ? figures : short_figures, columns);
  std::size_t room = columns - taken;
  std::string drawn;
  constexpr std::size_t narrowest_bar = 10;
  if (state.total && room >= 2 * narrowest_name + narrowest_bar) {
    const std::size_t width = std::min<std::size_t>(30, room / 2);
    drawn = "  " + bar(part, width);
    room -= width + 2;
  }
  return dialtone::pad(dialtone::clip(name, room), std::min<std::size_t>(room, 30)) + drawn + "  " +
         figures;
}

Progress::Progress(bool wanted) : lively_(wanted && standard_error_is_lively()) {}

void Progress::begin(const std::string& name, std::uint64_t done,
                     std::optional<std::uint64_t> total) {
  state_ = {name, done, total, 0, milliseconds{0}};
  began_ = Clock::now();
}

void Progress::moved(std::size_t bytes) {
  state_.done += bytes;
  state_.moved += bytes;
  if (!lively_) return;
  const auto now = Clock::now();
  if (now - drawn_at_ < milliseconds(100)) return;
  drawn_at_ = now;
  state_.elapsed = std::chrono::duration_cast<milliseconds>(now - began_);
  // One column stays free: a terminal that wraps at its last one would begin a second line.
  const std::size_t columns = std::max<std::size_t>(columns_of_standard_error(), 2) - 1;
  const std::string line = "\r" + progress_line(state_, columns) + "\x1b[K";
  drawn_ = true;
  note_drawn_bar(true);
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::fflush(stderr);
}

void Progress::clear() {
  if (!std::exchange(drawn_, false)) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  note_drawn_bar(false);
}

}  // namespace ftp::client
