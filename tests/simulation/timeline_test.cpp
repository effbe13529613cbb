// Timelines as lines of a terminal: how wide they are, who is in which cell, where the figures are.
#include <map>
#include <set>
#include <sstream>

#include "language.hpp"
#include "practice.hpp"
#include "terminal.hpp"
#include "timelines.hpp"

using namespace simulation;
using dialtone::display_width;
using dialtone::Random;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// The cells of a track in an ASCII drawing, without its sides.
std::string cells_of(const std::string& line) {
  const std::size_t from = line.find('|');
  return line.substr(from + 1, line.rfind('|') - from - 1);
}

/// How many ticks a cell is long, or how many cells a tick is wide, as the drawing says.
struct Scale {
  Time ticks = 1;
  Time cells = 1;
  std::size_t cell_of(Time time) const { return static_cast<std::size_t>(time * cells / ticks); }
};

Scale scale_of(const std::string& text) {
  Scale scale;
  if (const auto at = text.find("1 cell = "); at != std::string::npos)
    scale.ticks = std::stoll(text.substr(at + 9));
  if (const auto at = text.find("1 tick = "); at != std::string::npos)
    scale.cells = std::stoll(text.substr(at + 9));
  return scale;
}

/// What a cell should show, found tick by tick. Two who wait look the same but count as two.
char expected_cell(const Track& track, const Timeline& timeline, Time from, Time to) {
  std::vector<std::pair<Piece, Time>> shares;
  Time busy = 0;
  for (Time tick = from; tick < to; ++tick) {
    for (const Piece& piece : track.pieces) {
      if (piece.start > tick || piece.end <= tick) continue;
      auto share = shares.begin();
      while (share != shares.end() &&
             (share->first.who != piece.who || share->first.mark != piece.mark))
        ++share;
      if (share == shares.end()) share = shares.insert(share, {piece, 0});
      ++share->second;
      ++busy;
    }
  }
  if (busy == 0 || 2 * busy < to - from) return ' ';
  std::pair<Piece, Time> best;
  for (const auto& share : shares)
    if (share.second > best.second) best = share;
  if (best.first.mark == Mark::running && best.first.who >= 0)
    return timeline.names[static_cast<std::size_t>(best.first.who)].front();
  return "=.~/%"[static_cast<int>(best.first.mark)];
}

/// The drawing without its escape sequences.
std::string without_colours(const std::string& text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\x1b')
      at = text.find('m', at);
    else
      plain += text[at];
  }
  return plain;
}

Timeline small_timeline() {
  Timeline timeline;
  timeline.title = "Round robin";
  timeline.unit = "tick";
  timeline.names = {"编辑器", "b"};
  timeline.tracks.resize(2);
  timeline.tracks[0] = {"core 0", {{0, 5, 0}, {5, 6, -1, Mark::switching}, {6, 7, 1}, {8, 10, -1}}};
  timeline.tracks[1] = {
      "甲", {{0, 2, 1, Mark::setup}, {2, 6, 1, Mark::ready}, {6, 7, 1}, {7, 9, 1, Mark::blocked}}};
  timeline.end = 10;
  return timeline;
}

}  // namespace

TEST_CASE("no_line_is_wider_than_the_terminal") {
  Random random(dialtone::test_seed());
  for (std::size_t columns = 40; columns <= 200; ++columns) {
    for (const bool unicode : {true, false}) {
      const Timeline timeline = random_timeline(random, strange_names);
      const std::string text = timeline_text(timeline, {columns, unicode, false});
      INFO("columns " << columns << "\n" << text);
      for (const std::string& line : lines_of(text)) REQUIRE(display_width(line) <= columns);
    }
  }
}

TEST_CASE("all_tracks_are_equally_wide_and_take_all_but_a_few_columns") {
  Random random(dialtone::test_seed());
  for (std::size_t columns = 40; columns <= 200; ++columns) {
    Timeline timeline = random_timeline(random, strange_names);
    timeline.title.clear();
    timeline.end = std::max<Time>(timeline.end, 1000);
    const std::string text = timeline_text(timeline, {columns, true, false});
    INFO(text);
    const auto lines = lines_of(text);
    const std::size_t width = display_width(lines.front());
    REQUIRE(width > columns / 2);
    for (std::size_t i = 0; i <= timeline.tracks.size(); ++i)  // the axis is one more
      REQUIRE(display_width(lines[i]) == width);
  }
}

TEST_CASE("a_name_can_neither_break_a_line_nor_colour_it") {
  Random random(dialtone::test_seed());
  const std::string turn = {'\xe2', '\x80', '\xae'};  // U+202E, from right to left
  for (int i = 0; i < 100; ++i) {
    const Timeline timeline = random_timeline(random, strange_names);
    const std::string text = timeline_text(timeline, {80, true, false});
    for (const char c : text) REQUIRE((static_cast<unsigned char>(c) >= 0x20 || c == '\n'));
    REQUIRE(text.find(turn) == std::string::npos);
    REQUIRE(text.find('\xff') == std::string::npos);
  }
}

TEST_CASE("a_cell_shows_who_had_most_of_its_time") {
  Random random(dialtone::test_seed());
  for (int i = 0; i < 150; ++i) {
    Timeline timeline = random_timeline(random, {"-"});
    timeline.title.clear();
    timeline.unit = "tick";
    for (std::size_t who = 0; who < timeline.names.size(); ++who)
      timeline.names[who] = std::string(1, static_cast<char>('A' + who));
    // Set-up of somebody bears a name: see a_small_timeline_is_drawn_like_this.
    for (Track& track : timeline.tracks)
      for (Piece& piece : track.pieces)
        if (piece.mark == Mark::setup) piece.who = -1;
    const std::string text = timeline_text(timeline, {random.between(40, 120), false, false});
    INFO(text);
    const Scale scale = scale_of(text);
    const Time end = std::max<Time>(timeline.end, 1);
    const auto lines = lines_of(text);
    for (std::size_t t = 0; t < timeline.tracks.size(); ++t) {
      const std::string cells = cells_of(lines[t]);
      REQUIRE(static_cast<Time>(cells.size()) ==
              (end * scale.cells + scale.ticks - 1) / scale.ticks);
      for (std::size_t cell = 0; cell < cells.size(); ++cell) {
        const Time from = static_cast<Time>(cell) / scale.cells * scale.ticks;
        const Time to = std::min(from + scale.ticks, end);
        INFO("track " << t << ", cell " << cell);
        REQUIRE(std::string(1, cells[cell]) ==
                std::string(1, expected_cell(timeline.tracks[t], timeline, from, to)));
      }
    }
  }
}

TEST_CASE("the_figures_of_the_axis_stand_under_their_ticks") {
  Random random(dialtone::test_seed());
  for (int i = 0; i < 200; ++i) {
    Timeline timeline;
    timeline.unit = "tick";
    timeline.tracks = {{"core", {}}};
    timeline.end = static_cast<Time>(
        random.between(1, random.pick<std::uint64_t>({20, 500, 100000, last_tick})));
    const std::string text = timeline_text(timeline, {random.between(40, 200), false, false});
    INFO(text);
    const Scale scale = scale_of(text);
    const auto lines = lines_of(text);
    const std::string& axis = lines[1];
    const std::string& figures = lines[2];
    REQUIRE(figures.substr(figures.rfind(' ') + 1) == std::to_string(timeline.end));
    REQUIRE(figures.size() == axis.size());
    const std::size_t margin = std::string("core |").size();
    std::size_t shown = 0;
    for (std::size_t at = margin; at < figures.rfind(' '); ++at) {
      if (figures[at] == ' ' || figures[at - 1] != ' ') continue;
      const Time time = std::stoll(figures.substr(at));
      REQUIRE(scale.cell_of(time) == at - margin);
      REQUIRE(axis[at] == '+');
      ++shown;
    }
    REQUIRE(shown >= 1);
  }
}

TEST_CASE("a_small_timeline_is_drawn_like_this") {
  const std::string text = timeline_text(small_timeline(), {60, true, false});
  CHECK(text ==
        "Round robin\n"
        "core 0 │AAAAAAAA 编辑器 AAAAAAAAA╳╳╳╳╳bbbbb     ██████████│\n"
        "甲     │▓▓▓ b ▓▓▓▓····················bbbbb▒▒▒▒▒▒▒▒▒▒     │\n"
        "       └┬────┬────┬────┬────┬────┬────┬────┬────┬────┬────┘\n"
        "        0    1    2    3    4    5    6    7    8    9   10\n"
        "A 编辑器   █ running   · ready   ▒ blocked   ╳ switching\n"
        "▓ set-up   1 tick = 5 cells\n");
}

TEST_CASE("a_small_timeline_is_drawn_in_ascii_like_this") {
  Timeline timeline = small_timeline();
  timeline.names[0] = "editor";
  timeline.tracks[1].name = "it";
  CHECK(timeline_text(timeline, {44, false, false}) ==
        "Round robin\n"
        "core 0 |eee editor eeee///bbb   ======|\n"
        "it     |% b %%............bbb~~~~~~   |\n"
        "       ++-----+-----+-----+-----+-----+\n"
        "        0     2     4     6     8    10\n"
        "e editor   = running   . ready   ~ blocked\n"
        "/ switching   % set-up   1 tick = 3 cells\n");
}

TEST_CASE("a_reader_of_chinese_gets_a_chinese_legend") {
  dialtone::set_language(dialtone::Language::chinese);
  const std::string text = timeline_text(small_timeline(), {60, true, false});
  dialtone::set_language(dialtone::Language::english);
  for (const char* word : {"运行", "就绪", "等待 I/O", "切换", "准备", "1 tick = 5 格"})
    CHECK(text.find(word) != std::string::npos);
}

TEST_CASE("colours_change_nothing_else") {
  Random random(dialtone::test_seed());
  for (int i = 0; i < 50; ++i) {
    const Timeline timeline = random_timeline(random, strange_names);
    const std::size_t columns = random.between(40, 200);
    const std::string plain = timeline_text(timeline, {columns, true, false});
    REQUIRE(without_colours(timeline_text(timeline, {columns, true, true})) == plain);
  }
}

TEST_CASE("everybody_has_a_sign_of_their_own_as_far_as_there_are_signs") {
  Random random(dialtone::test_seed());
  Timeline timeline;
  timeline.tracks.resize(1);
  for (int who = 0; who < 62; ++who) {
    timeline.names.push_back(random.pick<std::string>({"job ", "王", "x", ""}) +
                             std::to_string(random.between(0, 99)));
    append(timeline.tracks[0], {who, who + 1, who});
  }
  timeline.end = 62;
  const std::string cells = cells_of(lines_of(timeline_text(timeline, {80, false, false}))[0]);
  CHECK(std::set<char>(cells.begin(), cells.end()).size() == 62);

  timeline.names.push_back("one more");
  append(timeline.tracks[0], {62, 63, 62});
  timeline.end = 63;
  const std::string text = timeline_text(timeline, {80, false, false});
  CHECK(cells_of(lines_of(text)[0]).find('#') != std::string::npos);
  CHECK(text.find("# 1 more") != std::string::npos);
}

TEST_CASE("a_number_is_a_sign") {
  Timeline timeline;
  timeline.names = {"job 3", "job 11", "12", "B", "job 3"};
  timeline.tracks.resize(1);
  for (int who = 0; who < 5; ++who) append(timeline.tracks[0], {who, who + 1, who});
  timeline.end = 40;  // a cell a tick
  const std::string text = timeline_text(timeline, {60, false, false});
  CHECK(cells_of(lines_of(text)[0]).substr(0, 5) == "3jCBJ");
}

TEST_CASE("several_timelines_share_an_axis_and_signs") {
  Timeline first = small_timeline();
  Timeline second = small_timeline();
  second.names = {"b", "编辑器"};
  second.end = 20;
  const auto lines = lines_of(timeline_text({first, second}, {60, true, false}));
  REQUIRE(lines.size() >= 8);
  CHECK(lines[1].substr(0, 21) == "core 0 │A 编辑器");
  CHECK(lines[4].substr(0, 15) == "core 0 │bbbbb");
  CHECK(display_width(lines[1]) == display_width(lines[5]));
  CHECK(lines[7].substr(lines[7].size() - 2) == "20");
}

TEST_CASE("what_lies_outside_the_axis_or_has_no_name_does_no_harm") {
  Timeline timeline;
  CHECK_FALSE(timeline_text(timeline, {}).empty());
  CHECK_FALSE(timeline_text(std::vector<Timeline>{}, {}).empty());
  timeline.tracks = {{"", {{-5, 2, 7}, {1, 3, -9, Mark::ready}, {8, 30, 0}}}};
  timeline.end = 10;
  const std::string text = timeline_text(timeline, {3, false, false});
  CHECK(cells_of(lines_of(text)[0]) == "======...               ======");
}

TEST_CASE("a_million_pieces_are_drawn_in_linear_time") {  // the time limit is the test's
  const Timeline timeline = busy_timeline(1000000, 1000);
  const std::string text = timeline_text(timeline, {200, true, false});
  CHECK(lines_of(text)[1].find(' ', 8) == std::string::npos);
  const Timeline crowd = busy_timeline(1000000, 1000000);
  CHECK(timeline_text(crowd, {40, true, false}).size() < 5000);
}

TEST_CASE("pieces_that_go_on_with_the_same_are_one") {
  Track track;
  append(track, {0, 2, 1});
  append(track, {2, 3, 1});
  append(track, {3, 4, 1, Mark::ready});
  append(track, {4, 5, 2, Mark::ready});
  append(track, {6, 7, 2, Mark::ready});
  REQUIRE(track.pieces.size() == 4);
  CHECK(track.pieces[0].end == 3);
}
