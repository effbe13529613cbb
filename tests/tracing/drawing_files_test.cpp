// The ladder for browsers and for other programs: the picture, the page, JSON, and the table.
#include <cstdlib>
#include <set>

#include "drawing/json.hpp"
#include "drawing/ladder.hpp"
#include "drawing/table.hpp"
#include "language.hpp"
#include "practice.hpp"
#include "terminal.hpp"
#include "traces.hpp"
#include "xml_check.hpp"

using namespace tracing;
using dialtone::count;
using dialtone::Language;
using dialtone::Random;
using dialtone::XmlCheck;
using nlohmann::json;

namespace {

std::vector<Trace> some_traces(Random& random, int drawn) {
  std::vector<Trace> traces = {phone_call(), refused(),  answer_lost(),
                               both_dial(),  troubled(), Trace{}};
  for (int i = 0; i < drawn; ++i) traces.push_back(random_trace(random));
  return traces;
}

/// What is wrong with a page; its doctype is no XML.
std::string complaint_about(std::string page) {
  const std::string doctype = "<!doctype html>\n";
  if (page.compare(0, doctype.size(), doctype) != 0) return "no doctype";
  return XmlCheck(std::string_view(page).substr(doctype.size())).complaint();
}

/// The heights at which texts of a class stand, in the order of the file.
std::vector<double> heights_of(const std::string& svg, const std::string& classes) {
  std::vector<double> heights;
  const std::string sign = "\" class=\"" + classes + "\">";
  for (std::size_t at = svg.find(sign); at != std::string::npos; at = svg.find(sign, at + 1))
    heights.push_back(std::stod(svg.substr(svg.rfind(" y=\"", at) + 4)));
  return heights;
}

/// Runs a test's body with another language, or width of the terminal.
struct Setting {
  explicit Setting(Language language, const char* columns = "80") {
    dialtone::set_language(language);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("COLUMNS", columns, 1);
  }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;
  ~Setting() { dialtone::set_language(Language::english); }
};

}  // namespace

TEST_CASE("pictures_and_pages_are_well_formed_whatever_was_sent") {
  Random random(dialtone::test_seed());
  for (const Language language : {Language::english, Language::chinese}) {
    const Setting setting(language);
    for (const Trace& trace : some_traces(random, 60)) {
      const int width = static_cast<int>(random.between(0, 5000));
      const std::string svg = ladder_svg(trace, width);
      INFO("width " << width << "\n" << svg);
      REQUIRE(XmlCheck(svg).complaint().empty());
      const std::vector<Connection> all = {trace.connection};
      const std::string page = ladder_html(trace, all);
      INFO(page);
      REQUIRE(complaint_about(page).empty());
    }
  }
}

TEST_CASE("a_page_needs_nothing_else_and_runs_nothing") {
  Random random(dialtone::test_seed());
  for (const Trace& trace : some_traces(random, 60)) {
    const std::string page = ladder_html(trace, {});
    for (const char* outside :
         {"<script", "<link", "src=", "href=", "url(", "@import", "onload=\""})
      CHECK(page.find(outside) == std::string::npos);
    for (const char c : page) REQUIRE((static_cast<unsigned char>(c) >= 0x20 || c == '\n'));
  }
  const std::string page = ladder_html(phone_call(), {});
  CHECK(page.find("<html lang=\"en\">") != std::string::npos);
  CHECK(page.find("prefers-color-scheme: dark") != std::string::npos);
}

TEST_CASE("every_segment_is_drawn_once_and_listed_once") {
  for (const Trace& trace : {phone_call(), answer_lost(), both_dial(), troubled(), refused()}) {
    const std::string svg = ladder_svg(trace, 960);
    INFO(svg);
    CHECK(count(svg, "<g>") == trace.segments.size());
    const std::string page = ladder_html(trace, {});
    CHECK(count(page, "<details>") == trace.segments.size());
  }
  const std::string svg = ladder_svg(phone_call(), 960);
  CHECK(count(svg, ">SYN</tspan>") == 1);
  CHECK(count(svg, ">SYN, ACK</tspan>") == 1);
  CHECK(count(svg, ">FIN, ACK</tspan>") == 2);
}

TEST_CASE("a_picture_tells_who_it_is_for_those_who_do_not_see_it") {
  const std::string svg = ladder_svg(phone_call(), 960);
  CHECK(svg.find("role=\"img\" aria-label=\"Connection 1: 127.0.0.1:40000 → 127.0.0.1:5000\"") !=
        std::string::npos);
  CHECK(svg.find("<title>Connection 1: 127.0.0.1:40000 → 127.0.0.1:5000</title>") !=
        std::string::npos);
  const Setting setting(Language::chinese);
  CHECK(ladder_svg(phone_call(), 960).find("xml:lang=\"zh\"") != std::string::npos);
}

TEST_CASE("times_and_notes_do_not_run_into_one_another") {
  Random random(dialtone::test_seed());
  for (const Trace& trace : some_traces(random, 60)) {
    const std::string svg = ladder_svg(trace, 960);
    INFO(svg);
    for (const char* classes : {"note", "state end", "state"}) {
      const std::vector<double> heights = heights_of(svg, classes);
      for (std::size_t i = 1; i < heights.size(); ++i) REQUIRE(heights[i] - heights[i - 1] >= 13);
    }
    std::set<double> times;
    for (const char* classes : {"soft figure end", "small figure end"})
      for (const double height : heights_of(svg, classes)) REQUIRE(times.insert(height).second);
    double last = 0;
    for (const double height : times) REQUIRE(height - std::exchange(last, height) >= 13);
  }
}

TEST_CASE("what_is_drawn_stays_in_the_picture") {
  Random random(dialtone::test_seed());
  for (const Trace& trace : some_traces(random, 60)) {
    const std::string svg = ladder_svg(trace, 960);
    const double height = std::stod(svg.substr(svg.find("height=\"") + 8));
    INFO(svg);
    for (const char* classes : {"note", "soft", "state", "state end", "soft figure end"})
      for (const double y : heights_of(svg, classes)) REQUIRE((y > 0 && y < height - 4));
  }
}

TEST_CASE("drawings_of_the_longest_trace_are_bounded") {
  const Trace trace = longest();
  const std::string svg = ladder_svg(trace, 4000);
  CHECK(svg.size() < 500000);
  CHECK(count(svg, "<g>") == 200);
  CHECK(svg.find("9800 segments not drawn") != std::string::npos);
  const std::vector<Connection> all(3000, trace.connection);
  const std::string page = ladder_html(trace, all);
  CHECK(page.size() < 5000000);
  CHECK(count(page, "<details>") == 2000);
  CHECK(page.find("8000 segments not shown") != std::string::npos);
  CHECK(page.find("Not shown: 2500.") != std::string::npos);
  CHECK(complaint_about(page).empty());
}

TEST_CASE("json_has_all_of_a_segment") {
  const Trace trace = phone_call();
  const json syn_ack = to_json(trace.segments[1], trace.connection);
  CHECK(syn_ack == json::parse(R"({
    "type": "segment", "connection": 1, "packet": 2, "time": "1700000000.123468789",
    "since_start": 0.000012, "from": "server", "source": "127.0.0.1:5000",
    "destination": "127.0.0.1:40000", "flags": ["SYN", "ACK"],
    "sequence": {"relative": 0, "absolute": 3456789012},
    "acknowledgement": {"relative": 1, "absolute": 2345678902},
    "length": 0, "window": {"raw": 65495, "scaled": 65495},
    "options": {"mss": 65495, "window_scale": 7, "sack_permitted": true,
                "timestamps": [1144553, 1144552]},
    "kind": "syn_ack", "fresh": 0, "client_state": "established", "server_state": "syn_received",
    "checksum": "left_to_the_card", "lost": false, "delay": null})"));
  CHECK(to_json(trace.segments[0], trace.connection)["acknowledgement"].is_null());
  CHECK(to_json(trace.segments[3], trace.connection)["window"] ==
        json{{"raw", 512}, {"scaled", 65536}});
  const Trace wire = answer_lost();
  CHECK(to_json(wire.segments[1], wire.connection)["lost"] == true);
  CHECK(to_json(wire.segments[0], wire.connection)["delay"] == 0.02);
  const Trace bad = troubled();
  CHECK(to_json(bad.segments[4], bad.connection)["options"]["sack"] ==
        json::array({{3456793356U, 3456794804U}}));
}

TEST_CASE("json_has_all_of_a_connection") {
  CHECK(to_json(phone_call().connection) == json::parse(R"({
    "type": "connection", "number": 1, "client": "127.0.0.1:40000", "server": "127.0.0.1:5000",
    "began": "1700000000.123456789", "last": "1700000000.123726789", "handshake": "complete",
    "round_trip": 0.000031, "ending": "both_fins",
    "sent": {"client": {"segments": 6, "bytes": 15, "retransmissions": 0, "out_of_order": 0,
                        "zero_windows": 0},
             "server": {"segments": 5, "bytes": 15, "retransmissions": 0, "out_of_order": 0,
                        "zero_windows": 0}},
    "client_state": "time_wait", "server_state": "closed"})"));
  Connection connection;
  connection.began = -1;
  CHECK(to_json(connection)["began"] == "-0.000000001");
  CHECK(to_json(connection)["round_trip"].is_null());
}

TEST_CASE("the_table_has_two_lines_a_connection_and_fits_80_columns") {
  for (const Language language : {Language::english, Language::chinese}) {
    const Setting setting(language);
    Random random(dialtone::test_seed());
    std::vector<Connection> all;
    for (const Trace& trace : some_traces(random, 20)) all.push_back(trace.connection);
    all[0].number = 65536;
    all[1].handshake = Handshake::simultaneous;
    all[2].sent[0].bytes = 123456789012345;
    const std::string text = connection_table(all);
    INFO(text);
    CHECK(count(text, "\n") == 2 + 2 * all.size());
    std::size_t from = 0;
    for (std::size_t to = text.find('\n'); to != std::string::npos; to = text.find('\n', from)) {
      REQUIRE(dialtone::display_width(text.substr(from, to - from)) <= 80);
      from = to + 1;
    }
  }
}

TEST_CASE("the_table_cuts_an_address_but_no_port") {
  const Setting setting(Language::english);
  Connection connection = phone_call().connection;
  connection.client.address.is_v6 = true;
  connection.client.address.bytes.fill(std::byte{0xab});
  connection.client.port = 54321;
  const std::string text = connection_table(std::vector<Connection>{connection});
  INFO(text);
  CHECK(text.find("…:54321") != std::string::npos);
  CHECK(text.find("127.0.0.1:5000 ") != std::string::npos);
  const Setting wide(Language::english, "160");
  CHECK(connection_table(std::vector<Connection>{connection})
            .find("[abab:abab:abab:abab:abab:abab:abab:abab]:54321") != std::string::npos);
}
