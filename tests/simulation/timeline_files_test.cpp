// Timelines for other programs: the picture is well-formed and tells the truth, the table can be
// read back, the trace keeps the format's rules.
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "practice.hpp"
#include "timelines.hpp"
#include "xml_check.hpp"

using namespace simulation;
using dialtone::count;
using dialtone::Random;
using dialtone::XmlCheck;
using nlohmann::json;

namespace {

/// The number in an attribute of the tag that contains `at`.
double number_before(const std::string& text, std::size_t at, const std::string& attribute) {
  const std::size_t tag = text.rfind("<rect", at);
  const std::size_t from = text.find(' ' + attribute + "=\"", tag);
  return std::stod(text.substr(from + attribute.size() + 3));
}

/// RFC 4180, by its grammar.
std::vector<std::vector<std::string>> read_csv(const std::string& text) {
  std::vector<std::vector<std::string>> rows(1, {""});
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string& field = rows.back().back();
    if (quoted && text[at] == '"' && text.substr(at + 1, 1) == "\"") {
      field += text[at++];
    } else if (text[at] == '"') {
      quoted = !quoted;
    } else if (!quoted && text[at] == ',') {
      rows.back().emplace_back();
    } else if (!quoted && text.substr(at, 2) == "\r\n") {
      ++at;
      rows.push_back({""});
    } else {
      field += text[at];
    }
  }
  REQUIRE_FALSE(quoted);
  REQUIRE(rows.back() == std::vector<std::string>{""});
  rows.pop_back();
  return rows;
}

/// The rules of the Trace Event Format that viewers insist on; returns the slices by thread.
std::map<int, std::vector<json>> checked_trace(const json& trace) {
  REQUIRE(trace.is_object());
  REQUIRE(trace.at("displayTimeUnit") == "ms");
  std::map<int, std::vector<json>> slices;
  for (const json& event : trace.at("traceEvents")) {
    INFO(event.dump());
    REQUIRE(event.at("name").is_string());
    REQUIRE(event.at("pid").is_number_integer());
    REQUIRE(event.at("tid").is_number_integer());
    REQUIRE(event.at("args").is_object());
    if (event.at("ph") == "M") {
      const std::string name = event.at("name");
      if (name == "thread_sort_index")
        REQUIRE(event.at("args").at("sort_index").is_number_integer());
      else
        REQUIRE((name == "process_name" || name == "thread_name"));
      continue;
    }
    REQUIRE(event.at("ph") == "X");
    REQUIRE(event.at("cat").is_string());
    REQUIRE(event.at("ts").is_number());
    REQUIRE(event.at("ts") >= 0);
    REQUIRE(event.at("dur") > 0);
    slices[event.at("tid")].push_back(event);
  }
  for (const auto& [thread, events] : slices) {
    REQUIRE(thread > 0);
    for (std::size_t i = 1; i < events.size(); ++i) {
      // In nanoseconds, as Perfetto keeps them.
      const double end = std::round(
          (events[i - 1].at("ts").get<double>() + events[i - 1].at("dur").get<double>()) * 1000);
      REQUIRE(end <= std::round(events[i].at("ts").get<double>() * 1000));
    }
  }
  return slices;
}

}  // namespace

TEST_CASE("a_picture_is_well_formed_whatever_the_names") {
  Random random(dialtone::test_seed());
  for (int i = 0; i < 200; ++i) {
    std::vector<Timeline> timelines;
    for (std::uint64_t n = random.between(0, 3); n > 0; --n)
      timelines.push_back(random_timeline(random, strange_names));
    const std::string svg = timeline_svg(timelines, static_cast<int>(random.between(0, 2000)));
    const std::string complaint = XmlCheck(svg).complaint();
    INFO(complaint);
    REQUIRE(complaint.empty());
    REQUIRE(svg.find('\xff') == std::string::npos);
    REQUIRE(svg.find("\uffff") == std::string::npos);
    REQUIRE(svg.find("nan") == std::string::npos);
  }
}

TEST_CASE("the_check_of_well_formedness_finds_faults") {
  CHECK(XmlCheck("<a b=\"1\"><c/>text &amp; more</a>\n").complaint().empty());
  for (const char* broken :
       {"<a>", "<a></b>", "</a>", "<a b=\"1\" b=\"2\"/>", "<a>&nbsp;</a>", "<a b=1/>", "<a/>text",
        "<a b=\"<\"/>", "<a>\x1b</a>", "<a>a & b</a>", "<"})
    CHECK_FALSE(XmlCheck(broken).complaint().empty());
}

TEST_CASE("a_picture_has_a_title_a_role_and_both_themes") {
  Timeline timeline = busy_timeline(10, 3);
  timeline.title = "Two & \"three\"";
  const std::string svg = timeline_svg({timeline});
  CHECK(svg.find("role=\"img\" aria-label=\"Two &amp; &quot;three&quot;\"") != std::string::npos);
  CHECK(svg.find("<title>Two &amp; &quot;three&quot;</title>") != std::string::npos);
  CHECK(svg.find("prefers-color-scheme: dark") != std::string::npos);
  CHECK(svg.find("viewBox=\"0 0 960 ") != std::string::npos);
}

TEST_CASE("a_bar_lies_where_its_time_is") {
  Timeline timeline;
  timeline.names = {"A", "编辑器"};
  timeline.tracks = {{"core 0", {{0, 25, 0}, {25, 50, 1, Mark::ready}, {75, 100, 1}}}};
  timeline.end = 100;
  const std::string svg = timeline_svg({timeline});
  const std::size_t bars[] = {svg.find("<title>A: 0–25</title>"),
                              svg.find("<title>编辑器, ready: 25–50</title>"),
                              svg.find("<title>编辑器: 75–100</title>")};
  for (const std::size_t bar : bars) REQUIRE(bar != std::string::npos);
  const double quarter = number_before(svg, bars[1], "x") - number_before(svg, bars[0], "x");
  const double half = number_before(svg, bars[2], "x") - number_before(svg, bars[1], "x");
  CHECK(std::abs(half - 2 * quarter) < 0.02);
  for (const std::size_t bar : bars)  // a pixel is left between neighbours
    CHECK(std::abs(number_before(svg, bar, "width") - (quarter - 1)) < 0.02);
}

TEST_CASE("a_bar_bears_a_name_where_it_fits") {
  Timeline timeline;
  timeline.names = {"a name of some length"};
  timeline.tracks = {{"core 0", {{0, 2, 0}, {3, 50, 0}}}};
  timeline.end = 50;
  const std::string svg = timeline_svg({timeline});
  CHECK(count(svg, "class=\"on\">a name of some length</text>") == 1);
}

TEST_CASE("a_million_pieces_make_a_picture_below_two_megabytes") {
  constexpr std::size_t limit = 2000000;
  CHECK(timeline_svg({busy_timeline(1000000, 50)}).size() < limit);
  Timeline many = busy_timeline(20000, 50);
  many.tracks.resize(64, many.tracks.front());
  CHECK(timeline_svg({many}).size() < limit);
  many.tracks.resize(500, many.tracks.front());
  CHECK(timeline_svg({many}).size() < limit);
  for (Track& track : many.tracks) track.pieces.resize(90);
  many.end = 200;
  CHECK(timeline_svg({many, many}, 10000).size() < limit);
}

TEST_CASE("joined_bars_are_as_faint_as_their_time_is_idle") {
  Timeline timeline;
  timeline.names = {"A"};
  timeline.tracks.resize(1);
  for (Time at = 0; at < 100000; at += 10) timeline.tracks[0].pieces.push_back({at, at + 3, 0});
  timeline.end = 100000;
  const std::string svg = timeline_svg({timeline});
  CHECK(count(svg, "fill-opacity=\"0.3\"") + count(svg, "fill-opacity=\"0.4\"") > 1000);
}

TEST_CASE("a_table_can_be_read_back") {
  Random random(dialtone::test_seed());
  for (int i = 0; i < 100; ++i) {
    const Timeline timeline = random_timeline(random, strange_names);
    const auto rows = read_csv(timeline_csv(timeline));
    REQUIRE(rows[0] == std::vector<std::string>{"track", "who", "mark", "start", "end"});
    std::size_t row = 0;
    for (const Track& track : timeline.tracks) {
      for (const Piece& piece : track.pieces) {
        const char* marks[] = {"running", "ready", "blocked", "switching", "setup"};
        const std::string who =
            piece.who < 0 ? "" : timeline.names[static_cast<std::size_t>(piece.who)];
        REQUIRE(rows.at(++row) ==
                std::vector<std::string>{track.name, who, marks[static_cast<int>(piece.mark)],
                                         std::to_string(piece.start), std::to_string(piece.end)});
      }
    }
    REQUIRE(rows.size() == row + 1);
  }
}

TEST_CASE("a_trace_keeps_the_rules_of_its_format") {
  Random random(dialtone::test_seed());
  for (int i = 0; i < 200; ++i) {
    Timeline timeline = random_timeline(random, strange_names);
    timeline.microseconds_per_tick =
        random.pick<double>({1, 1000, 0.001, 0.0123456, 1.0 / 3, 6e7, 0, -1, 1e300, NAN});
    const auto slices = checked_trace(json::parse(timeline_trace(timeline)));
    for (std::size_t track = 0; track < timeline.tracks.size(); ++track) {
      const auto found = slices.find(static_cast<int>(track) + 1);
      const std::size_t events = found == slices.end() ? 0 : found->second.size();
      REQUIRE(events == timeline.tracks[track].pieces.size());
    }
  }
}

TEST_CASE("a_slice_of_a_trace_tells_who_what_and_when") {
  Timeline timeline;
  timeline.title = "Round robin";
  timeline.microseconds_per_tick = 1.5;
  timeline.names = {"编辑器 \"1\""};
  timeline.tracks = {{"core 0", {}}, {"core 1", {{2, 5, 0}, {5, 6, 0, Mark::blocked}}}};
  const json trace = json::parse(timeline_trace(timeline));
  const json& events = trace.at("traceEvents");
  CHECK(events.at(0) == json::parse(R"({"name":"process_name","ph":"M","pid":1,"tid":0,
                                        "args":{"name":"Round robin"}})"));
  const auto slices = checked_trace(trace);
  CHECK(slices.at(2).at(0) ==
        json::parse(R"({"name":"编辑器 \"1\"","cat":"running","ph":"X","pid":1,
    "tid":2,"ts":3,"dur":4.5,"args":{"who":"编辑器 \"1\"","start":2,"end":5}})"));
  CHECK(slices.at(2).at(1).at("name") == "blocked");
  CHECK(slices.at(2).at(1).at("cat") == "blocked");
}

TEST_CASE("slices_do_not_overlap_even_where_pieces_do") {
  Timeline timeline;
  timeline.tracks = {{"core 0", {{-3, 4, -1}, {2, 8, -1}, {5, 6, -1, Mark::ready}, {8, 9, -1}}}};
  const auto slices = checked_trace(json::parse(timeline_trace(timeline)));
  CHECK(slices.at(1).size() == 3);
}

TEST_CASE("a_run_of_two_billion_minutes_has_a_trace") {
  Timeline timeline;
  timeline.microseconds_per_tick = 6e7;
  timeline.tracks = {
      {"core 0",
       {{0, 1, -1}, {1, last_tick - 1, -1, Mark::ready}, {last_tick - 1, last_tick, -1}}}};
  CHECK(checked_trace(json::parse(timeline_trace(timeline))).at(1).size() == 3);
}
