// Timelines to draw, for the tests of what is drawn.
#pragma once

#include <string>
#include <vector>

#include "random.hpp"
#include "simulation/timeline.hpp"

namespace simulation {

/// What to expect of a stranger's deck: wide, combining and joined characters, what markup and
/// tables are made of, what turns a line, what is not UTF-8, nothing.
inline const std::vector<std::string> strange_names = {
    "A",
    "b",
    "job 7",
    "job 41",
    "王",
    "编辑器",
    "e\u0301",
    "👩‍👩‍👧",
    "🚂 to Kyiv",
    "",
    " ",
    "a<b & \"c\"",
    "x,y\r\nz",
    "\x1b[31mred",
    "\xff\xfe",
    "\xe7\xbc",
    "·",
    "█",
    "\xe2\x80\xae"
    "abc",
    "]]>",
    "\xed\xa0\x80",
    "\uffff",
    "Å",
    "a very long name that no legend has the room to show whole"};

/// Tracks of random pieces, with idle time between some of them. `names` is where they come from.
inline Timeline random_timeline(dialtone::Random& random, const std::vector<std::string>& names) {
  Timeline timeline;
  timeline.title =
      random.chance(0.2) ? std::string() : random.pick(names) + " and " + random.pick(names);
  timeline.unit = random.pick<std::string>({"tick", "minute", "µs", "分钟", ""});
  for (std::uint64_t i = random.between(0, 9); i > 0; --i)
    timeline.names.push_back(random.pick(names));
  const auto longest = static_cast<std::uint64_t>(random.pick<int>({1, 4, 30}));
  for (std::uint64_t track = random.between(0, 4); track > 0; --track) {
    Track& added = timeline.tracks.emplace_back();
    added.name = random.pick(names);
    Time now = 0;
    for (std::uint64_t i = random.between(0, 60); i > 0; --i) {
      if (random.chance(0.3)) now += static_cast<Time>(random.between(1, longest));
      const Time end = now + static_cast<Time>(random.between(1, longest));
      const int who = static_cast<int>(random.between(0, timeline.names.size())) - 1;
      append(added, {now, end, who, static_cast<Mark>(random.between(0, 4))});
      now = end;
    }
    timeline.end = std::max(timeline.end, now);
  }
  return timeline;
}

/// One track on which many take short turns.
inline Timeline busy_timeline(std::size_t pieces, int people) {
  Timeline timeline;
  timeline.title = "busy";
  timeline.unit = "tick";
  for (int i = 0; i < people; ++i) timeline.names.push_back("job " + std::to_string(i));
  Track& track = timeline.tracks.emplace_back();
  track.name = "core 0";
  for (std::size_t i = 0; i < pieces; ++i) {
    track.pieces.push_back(
        {timeline.end, timeline.end + 2, static_cast<int>(i % static_cast<std::size_t>(people))});
    timeline.end += i % 5 == 0 ? 3 : 2;
  }
  return timeline;
}

}  // namespace simulation
