#include "simulation/timeline_parts.hpp"

#include "language.hpp"

namespace simulation::drawing {
namespace {

using dialtone::tr;

std::uint64_t key_of(const Look& look) {
  return static_cast<std::uint64_t>(look.who + 1) * marks + static_cast<std::uint64_t>(look.mark);
}

}  // namespace

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
