// Figures in rows: a table where the terminal is wide enough for one, else a list.
#pragma once

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "terminal.hpp"

namespace switchboard_demo {

/// "12,345.6"
inline std::string figure(double value, int decimals = 0) {
  char digits[64];
  std::snprintf(digits, sizeof digits, "%.*f", decimals, value);
  std::string text = digits;
  for (std::size_t at = std::min(text.find('.'), text.size()); at > 3; at -= 3)
    text.insert(at - 3, ",");
  return text;
}

inline std::string micro(const std::string& unit) {
  return std::string(dialtone::glyph("µ", "u")) + unit;
}

/// The first cell of a row is its name; the others are figures, set flush right.
class Rows {
 public:
  explicit Rows(std::vector<std::string> head) : head_(std::move(head)) {}

  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

  std::string text() const {
    dialtone::Table table(head_, {1, 2, 3, 4, 5, 6, 7});
    for (const auto& row : rows_) table.add(row);
    std::string wide = table.text(200);
    const std::size_t rule = wide.find('\n') + 1;  // the line below the head is as long as any
    const std::string ruled = wide.substr(rule, wide.find('\n', rule) - rule);
    if (dialtone::display_width(ruled) <= dialtone::terminal_columns()) return wide;

    std::size_t widest = 0;
    for (const std::string& name : head_) widest = std::max(widest, dialtone::display_width(name));
    std::string list;
    for (const auto& row : rows_) {
      list += row[0] + '\n';
      for (std::size_t i = 1; i < head_.size(); ++i)
        list += "  " + dialtone::pad(head_[i], widest + 2) + row[i] + '\n';
    }
    return list;
  }

 private:
  std::vector<std::string> head_;  ///< of eight cells
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace switchboard_demo
