#include "demo/screen.hpp"

#include <array>
#include <iostream>

#include "decimals.hpp"
#include "language.hpp"
#include "terminal.hpp"

namespace switch_demo {

using namespace dialtone;

void heading(const std::string& text) {
  for (const std::string& line : wrap(text, terminal_columns()))
    std::cout << coloured(Colour::bold, line) << '\n';
  std::cout.flush();
}

void say(const std::string& text) {
  for (const std::string& line : wrap(text, terminal_columns())) std::cout << line << '\n';
  std::cout.flush();
}

std::string grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (std::size_t at = text.size(); at > first + 3;) text.insert(at -= 3, ",");
  return text;
}

std::string spoken(double nanoseconds) {
  const std::array<std::string, 4> units = {" ns", std::string(glyph(" µs", " us")), " ms", " s"};
  std::size_t unit = 0;
  for (; nanoseconds >= 999.5 && unit + 1 < units.size(); ++unit) nanoseconds /= 1000;
  return with_decimals(nanoseconds, nanoseconds < 9.95 ? 1 : 0) + units[unit];
}

std::string bar(std::size_t eighths) {
  if (!locale_is_utf8()) return std::string((eighths + 4) / 8, '=');
  constexpr std::array<std::string_view, 8> ends = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  std::string text;
  for (std::size_t i = 0; i < eighths / 8; ++i) text += "█";
  return text.append(ends[eighths % 8]);
}

simulation::TextStyle text_style() {
  return {terminal_columns(), locale_is_utf8(), stdout_is_lively()};
}

std::string verdict(bool right) {
  return right ? coloured(Colour::green, tr("right", "正确"))
               : coloured(Colour::red, tr("WRONG", "错误"));
}

}  // namespace switch_demo
