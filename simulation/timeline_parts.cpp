#include "simulation/timeline_parts.hpp"

#include "language.hpp"
#include "terminal.hpp"

namespace simulation::drawing {
namespace {

using dialtone::display_width;
using dialtone::tr;

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

std::uint64_t key_of(const Look& look) {
  return static_cast<std::uint64_t>(look.who + 1) * marks + static_cast<std::uint64_t>(look.mark);
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

std::string_view name_of(Mark mark) {
  switch (mark) {
    case Mark::running:
      return "running";
    case Mark::ready:
      return "ready";
    case Mark::blocked:
      return "blocked";
    case Mark::switching:
      return "switching";
    case Mark::setup:
      return "setup";
  }
  return "";
}

std::string word_for(Mark mark) {
  switch (mark) {
    case Mark::running:
      return tr("running", "运行");
    case Mark::ready:
      return tr("ready", "就绪");
    case Mark::blocked:
      return tr("blocked", "等待 I/O");
    case Mark::switching:
      return tr("switching", "切换");
    case Mark::setup:
      return tr("set-up", "准备");
  }
  return {};
}

std::string counted(Time count, const std::string& unit) {
  std::string figure = std::to_string(count);
  if (unit.empty()) return figure;
  // Symbols of units (ms, µs) have no plural.
  const bool word = unit.size() > 2 && std::all_of(unit.begin(), unit.end(),
                                                   [](char c) { return c >= 'a' && c <= 'z'; });
  return figure + " " + unit + (word && count != 1 ? tr("s", "") : "");
}

Time round_step(Time least) {
  Time power = 1;
  for (;;) {
    for (const Time digit : {1, 2, 5})
      if (digit * power >= least || power > never / 10) return digit * power;
    power *= 10;
  }
}

Time common_end(std::span<const Timeline> timelines) {
  Time end = 1;
  for (const Timeline& timeline : timelines) end = std::max(end, timeline.end);
  return end;
}

Cast cast_of(std::span<const Timeline> timelines) {
  Cast cast;
  std::unordered_map<std::string, std::vector<int>> bearers;  // of a name, first to last
  for (const Timeline& timeline : timelines) {
    std::unordered_map<std::string, std::size_t> met;  // how many bearers this timeline has had
    std::vector<int>& index = cast.index.emplace_back();
    index.reserve(timeline.names.size());
    for (const std::string& raw : timeline.names) {
      std::string name = clean(raw);
      const auto next = static_cast<int>(cast.names.size());
      if (timelines.size() == 1) {  // nothing to match, and there may be a million
        index.push_back(next);
        cast.names.push_back(std::move(name));
        continue;
      }
      std::vector<int>& same = bearers[name];
      const std::size_t which = met[name]++;
      if (which == same.size()) {
        same.push_back(next);
        cast.names.push_back(std::move(name));
      }
      index.push_back(same[which]);
    }
  }
  return cast;
}

void Tally::add(const Look& look, Time ticks) {
  total_ += ticks;
  if (!shares_.empty() && shares_.back().first == look) {
    shares_.back().second += ticks;
    return;
  }
  const auto [place, is_new] = places_.try_emplace(key_of(look), shares_.size());
  if (is_new)
    shares_.emplace_back(look, ticks);
  else
    shares_[place->second].second += ticks;
}

Look Tally::most() const {
  std::pair<Look, Time> best;
  for (const auto& share : shares_)
    if (share.second > best.second) best = share;
  return best.first;
}

void Tally::clear() {
  shares_.clear();
  places_.clear();
  total_ = 0;
}

}  // namespace simulation::drawing
