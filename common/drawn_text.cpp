#include "drawn_text.hpp"

#include <algorithm>
#include <cmath>

#include "terminal.hpp"

namespace dialtone {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD

/// One code point at the front of a text; `bytes` is 0 where it is not UTF-8 (RFC 3629).
struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 0;
};

CodePoint first_code_point(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) return {};
  char32_t value = lead & (0x7fU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0U) != 0x80U) return {};
    value = value << 6U | (next & 0x3fU);
  }
  constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value < 0xe000;
  if (value < least[bytes] || value > 0x10ffff || surrogate) return {};
  return {value, bytes};
}

/// Characters that draw nothing but move, break or turn the line.
bool controls(char32_t value) {
  return value < 0x20 || (value >= 0x7f && value < 0xa0) || value == 0x200e || value == 0x200f ||
         (value >= 0x2028 && value <= 0x202e) || (value >= 0x2066 && value <= 0x2069);
}

}  // namespace

std::string clean(std::string_view text) {
  std::string kept;
  kept.reserve(text.size());
  while (!text.empty()) {
    const CodePoint next = first_code_point(text);
    if (next.bytes == 0 || (next.value & 0xfffeU) == 0xfffeU)  // no character, also not in XML
      kept += replacement;
    else if (controls(next.value))
      kept += ' ';
    else
      kept += text.substr(0, next.bytes);
    text.remove_prefix(std::max<std::size_t>(next.bytes, 1));
  }
  return kept;
}

std::vector<std::string_view> characters(std::string_view clean_text) {
  std::vector<std::string_view> parts;
  while (!clean_text.empty()) {
    std::size_t bytes = std::max<std::size_t>(first_code_point(clean_text).bytes, 1);
    while (bytes < clean_text.size()) {
      const std::size_t more =
          std::max<std::size_t>(first_code_point(clean_text.substr(bytes)).bytes, 1);
      if (display_width(clean_text.substr(bytes, more)) > 0) break;
      bytes += more;
    }
    parts.push_back(clean_text.substr(0, bytes));
    clean_text.remove_prefix(bytes);
  }
  return parts;
}

std::string cut(std::string_view clean_text, std::size_t columns, std::string_view ellipsis) {
  if (display_width(clean_text) <= columns) return std::string(clean_text);
  std::string kept;
  std::size_t used = 1;  // the ellipsis
  for (const std::string_view character : characters(clean_text)) {
    used += display_width(character);
    if (used > columns) break;
    kept += character;
  }
  if (columns > 0) kept += ellipsis;
  return kept;
}

std::string escaped(std::string_view clean_text) {
  std::string text;
  for (const char c : clean_text) {
    if (c == '&')
      text += "&amp;";
    else if (c == '<')
      text += "&lt;";
    else if (c == '>')
      text += "&gt;";
    else if (c == '"')
      text += "&quot;";
    else
      text += c;
  }
  return text;
}

std::string figure(double value) {
  const long long hundredths = std::llround(value * 100);
  std::string text = std::to_string(hundredths / 100);
  const long long rest = hundredths % 100;
  if (rest != 0) text += '.' + std::to_string(rest / 10);
  if (rest % 10 != 0) text += std::to_string(rest % 10);
  return text;
}

double text_width(std::string_view clean_text, double size) {
  constexpr std::string_view narrow = "fijlrtI.,:;'|!()[] ";
  constexpr std::string_view broad = "mwMW@%";
  double width = 0;
  for (const std::string_view character : characters(clean_text)) {
    const char first = character.front();
    if (display_width(character) > 1)
      width += 1.02;
    else if (narrow.find(first) != std::string_view::npos)
      width += 0.36;
    else if (broad.find(first) != std::string_view::npos)
      width += 0.92;
    else
      width += first >= 'A' && first <= 'Z' ? 0.7 : 0.58;
  }
  return width * size;
}

std::string fitted(std::string_view clean_text, double room, double size) {
  if (text_width(clean_text, size) <= room) return std::string(clean_text);
  std::string kept;
  double used = size;  // the ellipsis
  for (const std::string_view character : characters(clean_text)) {
    used += text_width(character, size);
    if (used > room) break;
    kept += character;
  }
  return kept + "…";
}

}  // namespace dialtone
