#include "stepper.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <optional>

#include "language.hpp"
#include "single_keys.hpp"
#include "terminal.hpp"

namespace time_slicing_demo {
namespace {

using dialtone::tr;
using namespace simulation;

Timeline until(Timeline timeline, Time end) {
  for (Track& track : timeline.tracks) {
    std::vector<Piece> kept;
    for (Piece piece : track.pieces) {
      if (piece.start >= end) break;
      piece.end = std::min(piece.end, end);
      kept.push_back(piece);
    }
    track.pieces = std::move(kept);
  }
  return timeline;
}

std::string names_in(const Timeline& by_process, Time now, Mark mark) {
  std::string names;
  for (std::size_t pid = 0; pid < by_process.tracks.size(); ++pid) {
    const auto& pieces = by_process.tracks[pid].pieces;
    const auto after =
        std::upper_bound(pieces.begin(), pieces.end(), now,
                         [](Time time, const Piece& piece) { return time < piece.start; });
    if (after == pieces.begin()) continue;
    const Piece& piece = *std::prev(after);
    if (piece.end > now && piece.mark == mark)
      names += (names.empty() ? "" : tr(", ", "、")) + by_process.names[pid];
  }
  return names.empty() ? tr("nobody", "无") : names;
}

/// A key as a letter; nothing at the end of the input.
std::optional<char> next_key(bool terminal) {
  if (!terminal) {
    std::string line;
    if (!std::getline(std::cin, line)) return std::nullopt;
    return line.empty() ? 'n' : line[0];
  }
  char key = 0;
  if (::read(STDIN_FILENO, &key, 1) != 1) return std::nullopt;
  if (key != '\x1b') return key;
  char rest[2] = {0, 0};  // an arrow: ESC [ C and the like
  if (::read(STDIN_FILENO, rest, 2) != 2) return 'q';
  return rest[1] == 'C' || rest[1] == 'B' ? 'n' : 'b';
}

}  // namespace

std::vector<Time> moments(const Run& run) {
  std::vector<Time> times;
  for (const Line& line : run.decisions)
    if (times.empty() || times.back() != line.time) times.push_back(line.time);
  return times;
}

std::string moment(const Run& run, std::size_t step, std::size_t columns) {
  const std::vector<Time> times = moments(run);
  if (times.empty()) return tr("nothing happens\n", "什么也没有发生\n");
  const Time now = times[std::min(step, times.size() - 1)];
  std::string text = tr("tick ", "第 ") + std::to_string(now) + tr("  (step ", " 刻（第 ") +
                     std::to_string(step + 1) + "/" + std::to_string(times.size()) +
                     tr(")\n", " 步）\n");
  const TextStyle style{columns, dialtone::locale_is_utf8(), dialtone::stdout_is_lively()};
  text += timeline_text(until(run.by_core, now), style);
  for (const Line& line : run.decisions) {
    if (line.time != now) continue;
    for (const std::string& piece : dialtone::wrap(line.text, columns - 2))
      text += "  " + piece + "\n";
  }
  text += tr("from here on  runs: ", "此后  运行：") +
          names_in(run.by_process, now, Mark::running) + tr("   ready: ", "   就绪：") +
          names_in(run.by_process, now, Mark::ready) + tr("   blocked: ", "   阻塞：") +
          names_in(run.by_process, now, Mark::blocked) + "\n";
  return text;
}

void step_through(const Run& run) {
  const std::size_t count = moments(run).size();
  const bool terminal = isatty(STDIN_FILENO) == 1 && dialtone::stdout_is_lively();
  std::optional<dialtone::SingleKeys> keys;
  if (terminal) keys.emplace();
  for (std::size_t step = 0;;) {
    if (terminal) std::cout << "\x1b[H\x1b[2J";
    std::cout << moment(run, step, dialtone::terminal_columns());
    if (terminal)
      std::cout << tr("n → next   b ← back   f first   l last   q quit\n",
                      "n → 下一步   b ← 上一步   f 开头   l 结尾   q 退出\n");
    std::cout << std::flush;
    const std::optional<char> key = next_key(terminal);
    if (!key || *key == 'q') return;
    if (*key == 'b')
      step = step > 0 ? step - 1 : 0;
    else if (*key == 'f')
      step = 0;
    else if (*key == 'l')
      step = count > 0 ? count - 1 : 0;
    else if (step + 1 < count)
      ++step;
  }
}

}  // namespace time_slicing_demo
