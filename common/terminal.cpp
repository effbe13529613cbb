#include "terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <utility>

namespace dialtone {
namespace {

/// One character at the front of a text: how many bytes and columns it takes.
struct Character {
  std::size_t bytes;
  std::size_t columns;
  bool valid;
};

Character first_character(std::string_view text) {
  utf8proc_int32_t point = 0;
  const auto bytes = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                      static_cast<utf8proc_ssize_t>(text.size()), &point);
  if (bytes <= 0) return {1, 1, false};
  return {static_cast<std::size_t>(bytes), static_cast<std::size_t>(utf8proc_charwidth(point)),
          true};
}

/// Whether Chinese text may not begin a line with it.
bool closes(std::string_view character) {
  constexpr std::string_view closing = "，。；：、？！）》”’";
  return character.size() > 1 && closing.find(character) != std::string_view::npos;
}

/// Whether Chinese text may not end a line with it.
bool opens(std::string_view character) {
  constexpr std::string_view opening = "（《“‘";
  return character.size() > 1 && opening.find(character) != std::string_view::npos;
}

std::string cell_text(std::string_view cell, std::size_t width, bool right) {
  const std::string clipped = clip(cell, width);
  const std::string fill(width - std::min(width, display_width(clipped)), ' ');
  return right ? fill + clipped : clipped + fill;
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    if (text.substr(0, 2) == "\x1b[") {  // a colour takes no column
      const auto end = text.find('m');
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      continue;
    }
    const Character next = first_character(text);
    columns += next.columns;
    text.remove_prefix(next.bytes);
  }
  return columns;
}

std::string pad(std::string_view text, std::size_t columns) {
  const std::size_t width = display_width(text);
  return std::string(text) + std::string(width < columns ? columns - width : 0, ' ');
}

std::string clip(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  const std::string ellipsis(glyph("…", "~"));
  std::string kept;
  bool inside_colour = false;
  std::size_t used = 1;  // the ellipsis
  while (!text.empty()) {
    if (text.substr(0, 2) == "\x1b[") {
      const auto end = std::min(text.find('m'), text.size() - 1);
      inside_colour = text.substr(0, end + 1) != "\x1b[0m";
      kept += text.substr(0, end + 1);
      text.remove_prefix(end + 1);
      continue;
    }
    const Character next = first_character(text);
    if (used + next.columns > columns) break;
    used += next.columns;
    kept += text.substr(0, next.bytes);
    text.remove_prefix(next.bytes);
  }
  if (columns > 0) kept += ellipsis;
  return inside_colour ? kept + "\x1b[0m" : kept;
}

std::vector<std::string> wrap(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines;
  std::string line;
  std::string word;
  std::size_t line_width = 0;
  std::size_t word_width = 0;
  bool after_wide = false;  // a line may break here
  bool after_opening = false;
  const auto end_line = [&] {
    while (!line.empty() && line.back() == ' ') line.pop_back();
    lines.push_back(std::exchange(line, {}));
    line_width = 0;
  };
  const auto end_word = [&] {
    if (line_width > 0 && line_width + word_width > columns) end_line();
    line += std::exchange(word, {});
    line_width += std::exchange(word_width, 0);
  };
  while (!text.empty()) {
    const Character next = first_character(text);
    const std::string_view bytes = text.substr(0, next.bytes);
    text.remove_prefix(next.bytes);
    if (bytes == "\n") {
      end_word();
      end_line();
    } else if (bytes == " ") {
      end_word();
      line += ' ';
      ++line_width;
    } else {
      const bool wide = next.columns == 2;
      if ((wide || after_wide) && !closes(bytes) && !after_opening) end_word();
      word += bytes;
      word_width += next.columns;
      after_wide = wide;
      after_opening = opens(bytes);
    }
  }
  end_word();
  if (!line.empty() || lines.empty()) end_line();
  return lines;
}

std::string printable(std::string_view bytes, std::size_t limit) {
  const std::size_t total = bytes.size();
  const bool cut = total > limit;
  std::string text = "\"";
  std::size_t taken = 0;
  while (!bytes.empty() && taken < limit) {
    const Character next = first_character(bytes);
    const auto byte = static_cast<unsigned char>(bytes.front());
    if (next.bytes > 1 && next.columns > 0) {
      text += bytes.substr(0, next.bytes);
    } else if (byte == '"' || byte == '\\') {
      text += {'\\', bytes.front()};
    } else if (byte >= 0x20 && byte < 0x7f) {
      text += bytes.front();
    } else if (byte == '\n') {
      text += "\\n";
    } else if (byte == '\t') {
      text += "\\t";
    } else {
      for (const char raw : bytes.substr(0, next.bytes)) {
        constexpr std::string_view digits = "0123456789abcdef";
        const auto value = static_cast<unsigned char>(raw);
        text += {'\\', 'x', digits[value >> 4U], digits[value & 15U]};
      }
    }
    taken += next.bytes;
    bytes.remove_prefix(next.bytes);
  }
  text += '"';
  if (cut) text += std::string(glyph("…", "...")) + " (" + std::to_string(total) + " bytes)";
  return text;
}

bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    std::string charset = value;
    std::transform(charset.begin(), charset.end(), charset.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return charset.find("utf-8") != std::string::npos || charset.find("utf8") != std::string::npos;
  }
  return false;
}

std::size_t terminal_columns() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const char* columns = std::getenv("COLUMNS");
  const long value = columns == nullptr ? 0 : std::strtol(columns, nullptr, 10);
  return value > 0 ? static_cast<std::size_t>(value) : 80;
}

bool stdout_is_lively() {
  const char* no_color = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return isatty(STDOUT_FILENO) == 1 && (no_color == nullptr || *no_color == '\0') &&
         (terminal == nullptr || std::string_view(terminal) != "dumb");
}

std::string coloured(Colour colour, std::string_view text) {
  if (!stdout_is_lively()) return std::string(text);
  const char* code = "";
  switch (colour) {
    case Colour::red:
      code = "31";
      break;
    case Colour::green:
      code = "32";
      break;
    case Colour::yellow:
      code = "33";
      break;
    case Colour::blue:
      code = "34";
      break;
    case Colour::cyan:
      code = "36";
      break;
    case Colour::bold:
      code = "1";
      break;
    case Colour::dim:
      code = "2";
      break;
  }
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

Table::Table(std::vector<std::string> head, std::initializer_list<std::size_t> right_aligned)
    : right_aligned_(head.size(), false) {
  for (const std::size_t column : right_aligned)
    if (column < right_aligned_.size()) right_aligned_[column] = true;
  rows_.push_back(std::move(head));
}

void Table::add(std::vector<std::string> row) {
  rows_.push_back(std::move(row));
}

std::string Table::text(std::size_t columns) const {
  std::vector<std::size_t> widths(right_aligned_.size(), 0);
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], display_width(row[i]));

  constexpr std::size_t gap = 2;
  const auto total = [&] {
    return std::accumulate(widths.begin(), widths.end(), std::size_t{0}) +
           gap * (widths.size() - 1);
  };
  constexpr std::size_t narrowest = 8;
  while (total() > columns) {  // the widest column gives way first
    const auto widest = std::max_element(widths.begin(), widths.end());
    if (*widest <= narrowest) break;
    *widest -= std::min(*widest - narrowest, total() - columns);
  }

  std::string lines;
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    std::string line;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (i > 0) line += std::string(gap, ' ');
      line += cell_text(rows_[r][i], widths[i], right_aligned_[i]);
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    lines += line + '\n';
    if (r == 0) {
      for (std::size_t i = 0; i < total(); ++i) lines += glyph("─", "-");
      lines += '\n';
    }
  }
  return lines;
}

}  // namespace dialtone
