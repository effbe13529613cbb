// The ladder of a connection on a terminal: what it says, how wide it is, what stands where.
#include <cstdlib>
#include <set>
#include <sstream>

#include "drawing/ladder.hpp"
#include "drawing/words.hpp"
#include "language.hpp"
#include "practice.hpp"
#include "terminal.hpp"
#include "traces.hpp"
#include "xml_check.hpp"

using namespace tracing;
using dialtone::count;
using dialtone::display_width;
using dialtone::Language;
using dialtone::Random;

namespace {

/// The language and the character set of this process, until the end of a test.
class Speaking {
 public:
  Speaking(Language language, bool utf8) {
    dialtone::set_language(language);
    setenv("LC_ALL", utf8 ? "C.UTF-8" : "C", 1);
  }
  Speaking(const Speaking&) = delete;
  Speaking& operator=(const Speaking&) = delete;
  ~Speaking() {
    dialtone::set_language(Language::english);
    setenv("LC_ALL", "C.UTF-8", 1);
  }
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<Trace> written_traces() {
  return {phone_call(), refused(), answer_lost(), both_dial(), troubled(), Trace{}};
}

/// The columns in which a line has one of the signs of an end's line.
std::vector<std::size_t> columns_of_ends(const std::string& line) {
  std::vector<std::size_t> columns;
  for (const std::string_view sign : {"│", "┆"})
    for (std::size_t at = line.find(sign); at != std::string::npos; at = line.find(sign, at + 1))
      columns.push_back(display_width(std::string_view(line).substr(0, at)));
  return columns;
}

/// The names that stand beside an end, from above to below.
std::vector<std::string> states_of(const Trace& trace, End end) {
  const Ladder ladder = ladder_of(trace, 1000, true);
  const auto index = static_cast<std::size_t>(end);
  std::vector<std::string> states = {ladder.before[index]};
  for (const LadderEvent& event : ladder.events)
    if (!event.became[index].empty()) states.push_back(event.became[index]);
  return states;
}

std::string all_sentences(const Trace& trace) {
  std::string text;
  for (const LadderRow& row : ladder_of(trace, 1000, true).rows) text += row.sentence + '\n';
  return text;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("no_line_is_wider_than_the_terminal") {
  Random random(dialtone::test_seed());
  std::vector<Trace> traces = written_traces();
  for (int i = 0; i < 6; ++i) traces.push_back(random_trace(random));
  for (const Language language : {Language::english, Language::chinese}) {
    for (const bool utf8 : {true, false}) {
      const Speaking speaking(language, utf8);
      for (std::size_t columns = 24; columns <= 200; ++columns) {
        const Trace& trace = random.pick(traces);
        const std::string text =
            ladder_text(trace, {columns, random.chance(0.5), random.chance(0.7)});
        INFO("columns " << columns << "\n" << text);
        for (const std::string& line : lines_of(text)) REQUIRE(display_width(line) <= columns);
      }
    }
  }
}

TEST_CASE("without_utf8_there_is_only_ascii") {
  const Speaking speaking(Language::english, false);
  Random random(dialtone::test_seed());
  std::vector<Trace> traces = written_traces();
  for (int i = 0; i < 60; ++i) traces.push_back(random_trace(random));
  for (const Trace& trace : traces) {
    const std::string text = ladder_text(trace, {random.between(30, 160), true, true});
    INFO(text);
    for (const char c : text) REQUIRE((c == '\n' || (c >= 0x20 && c < 0x7f)));
  }
  CHECK(ladder_text(phone_call(), {200, false, true}).find("\\xe6\\x88\\x91") !=
        std::string::npos);  // 我
}

TEST_CASE("the_ends_are_straight_lines_in_both_languages") {
  Random random(dialtone::test_seed());
  std::vector<Trace> traces = written_traces();
  traces.pop_back();
  for (const Language language : {Language::english, Language::chinese}) {
    const Speaking speaking(language, true);
    for (const Trace& trace : traces) {
      for (const std::size_t columns : {30, 44, 60, 80, 100, 120, 160}) {
        const std::string text = ladder_text(trace, {columns, random.chance(0.5), true});
        INFO(text);
        std::set<std::size_t> ends;
        for (const std::string& line : lines_of(text))
          for (const std::size_t column : columns_of_ends(line)) ends.insert(column);
        REQUIRE(ends.size() == 2);
      }
    }
  }
}

TEST_CASE("every_segment_is_one_arrow") {
  const Speaking speaking(Language::english, true);
  for (const std::size_t columns : {40, 60, 80, 120, 200}) {
    for (const Trace& trace : written_traces()) {
      const std::string text = ladder_text(trace, {columns, false, false});
      INFO(text);
      std::size_t lost = 0;
      for (const TracedSegment& segment : trace.segments) lost += segment.lost;
      CHECK(count(text, "►") + count(text, "◄") == trace.segments.size() - lost);
      CHECK(count(text, "✗") == lost);
    }
    const std::string text = ladder_text(phone_call(), {columns, false, false});
    CHECK(count(text, "─ SYN ") == 1);
    CHECK(count(text, "─ SYN, ACK ") == 1);
    CHECK(count(text, "─ PSH, ACK ") == 2);
    CHECK(count(text, "─ FIN, ACK ") == 2);
  }
}

TEST_CASE("a_call_is_drawn_like_this") {
  const Speaking speaking(Language::english, true);
  Script script;
  script.timestamps = false;
  script.handshake();
  script.say(5000 * ms, End::client, flag::rst | flag::ack);
  CHECK(ladder_text(script.finish(), {70, false, false}) ==
        "Connection 1: 127.0.0.1:40000 → 127.0.0.1:5000\n"
        "\n"
        "                  client                             server\n"
        "              127.0.0.1:40000                    127.0.0.1:5000\n"
        "      ms      CLOSED │                                  │ LISTEN\n"
        "                     │                                  │\n"
        "   0.000    SYN-SENT │────────── SYN  seq 0 ───────────►│\n"
        "                     │       win 65495  mss 65495       │\n"
        "                     │   ws 7 (×128)  SACK permitted    │\n"
        "                     │                                  │\n"
        "   0.012 ESTABLISHED │◄───── SYN, ACK  seq 0 ack 1 ─────│ SYN-RECEIVED\n"
        "                     │       win 65495  mss 65495       │\n"
        "                     │   ws 7 (×128)  SACK permitted    │\n"
        "                     │                                  │\n"
        "   0.030             │─────── ACK  seq 1 ack 1 ────────►│ ESTABLISHED\n"
        "                     │            win 65536             │\n"
        "                     ┆            5 s later             ┆\n"
        "5000.000      CLOSED │───── RST, ACK  seq 1 ack 1 ─────►│ CLOSED\n"
        "                     │                                  │\n"
        "\n"
        "Handshake: complete, round trip 31 µs. Data: client 0 bytes, server 0\n"
        "bytes. End: both FINs.\n");
}

TEST_CASE("what_is_late_or_lost_is_drawn_like_this_in_ascii") {
  const Speaking speaking(Language::english, false);
  Script script;
  script.timestamps = false;
  script.connection().handshake = Handshake::half_open;
  script.connection().round_trip.reset();
  script.connection().ending = Ending::open;
  script.say(0, End::client, flag::syn).delay = 20 * ms;
  script.say(21 * ms, End::server, flag::syn | flag::ack).lost = true;
  CHECK(ladder_text(script.finish(), {64, false, true}) ==
        "Connection 1: 127.0.0.1:40000 -> 127.0.0.1:5000\n"
        "\n"
        "             client                            server\n"
        "         127.0.0.1:40000                   127.0.0.1:5000\n"
        "    ms   CLOSED |                                 | LISTEN\n"
        "                |                                 |\n"
        " 0.000 SYN-SENT |----- SYN ------.                |\n"
        "20.000          |                '--------------->|\n"
        "                |   seq 0  win 65495  mss 65495   |\n"
        "                |   ws 7 (x128)  SACK permitted   |\n"
        "                |  Step 1: the client asks for a  |\n"
        "                |  connection (SYN) and names its |\n"
        "                |  own mark, the client's initial |\n"
        "                |  sequence number (ISN)          |\n"
        "                |  2345678901.                    |\n"
        "                |                                 |\n"
        "21.000          |                x--- SYN, ACK ---| SYN-RECEIVED\n"
        "                |  lost  seq 0 ack 1  win 65495   |\n"
        "                |     mss 65495  ws 7 (x128)      |\n"
        "                |         SACK permitted          |\n"
        "                |  Step 2: the server agrees      |\n"
        "                |  (ACK): it acknowledges the     |\n"
        "                |  client's mark + 1 =            |\n"
        "                |  2345678902; and it asks in its |\n"
        "                |  turn (SYN), naming its own     |\n"
        "                |  mark, the server's ISN         |\n"
        "                |  3456789012. Lost: the client   |\n"
        "                |  never sees this segment.       |\n"
        "                |                                 |\n"
        "\n"
        "Handshake: half-open. Data: client 0 bytes, server 0 bytes. End:\n"
        "open.\n");
}

TEST_CASE("no_chinese_line_ends_with_an_opening_mark") {
  const Speaking speaking(Language::chinese, true);
  for (std::size_t columns = 40; columns <= 160; ++columns) {
    const std::string text = ladder_text(phone_call(), {columns, false, true});
    INFO(text);
    for (const std::string& line : lines_of(text)) {
      const std::size_t end = line.find_last_not_of(" │");
      if (end == std::string::npos || end < 2) continue;
      REQUIRE(line.substr(end - 2, 3) != "（");
    }
  }
}

TEST_CASE("states_stand_where_they_change") {
  CHECK(states_of(phone_call(), End::client) ==
        Names{"CLOSED", "SYN-SENT", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT"});
  CHECK(states_of(phone_call(), End::server) ==
        Names{"LISTEN", "SYN-RECEIVED", "ESTABLISHED", "CLOSE-WAIT", "LAST-ACK", "CLOSED"});
  CHECK(states_of(refused(), End::client) == Names{"CLOSED", "SYN-SENT", "CLOSED"});
  CHECK(states_of(refused(), End::server) == Names{"CLOSED"});
  CHECK(states_of(troubled(), End::client) == Names{"?", "ESTABLISHED", "CLOSED"});
  CHECK(states_of(Trace{}, End::server) == Names{"?"});
}

TEST_CASE("where_the_wire_tells_an_end_changes_when_a_segment_arrives") {
  // What is lost changes nobody but its sender, and those who hang up at once are both closing.
  CHECK(states_of(answer_lost(), End::client) ==
        Names{"CLOSED", "SYN-SENT", "ESTABLISHED", "FIN-WAIT-1", "CLOSING", "TIME-WAIT"});
  CHECK(states_of(answer_lost(), End::server) ==
        Names{"LISTEN", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1", "CLOSING", "TIME-WAIT"});
  for (const End end : {End::client, End::server})
    CHECK(states_of(both_dial(), end) ==
          Names{"CLOSED", "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED"});

  const Ladder ladder = ladder_of(answer_lost(), 1000, true);
  for (const LadderEvent& event : ladder.events)
    if (event.became[0] == "ESTABLISHED") CHECK(event.since == 1070 * ms + 30 * us);
  CHECK(ladder.rows[1].after[0] == "SYN-SENT");
  for (std::size_t i = 1; i < ladder.events.size(); ++i)
    CHECK(ladder.events[i].since >= ladder.events[i - 1].since);
}

TEST_CASE("the_three_steps_name_both_marks") {
  const Ladder ladder = ladder_of(phone_call(), 1000, true);
  for (int step = 1; step <= 3; ++step)
    CHECK(ladder.rows[static_cast<std::size_t>(step - 1)].step == step);
  for (std::size_t i = 3; i < ladder.rows.size(); ++i) CHECK(ladder.rows[i].step == 0);
  CHECK(ladder.rows[0].sentence.find("2345678901") != std::string::npos);
  CHECK(ladder.rows[1].sentence.find("2345678902") != std::string::npos);
  CHECK(ladder.rows[1].sentence.find("3456789012") != std::string::npos);
  CHECK(ladder.rows[2].sentence.find("3456789013") != std::string::npos);

  const Speaking speaking(Language::chinese, true);
  const Ladder chinese = ladder_of(phone_call(), 1000, true);
  const auto says = [&](std::size_t row, const std::string& words) {
    return chinese.rows[row].sentence.find(words) != std::string::npos;
  };
  CHECK((says(0, "请求链接标识（SYN）") && says(0, "客户端标识") && says(0, "ISN 2345678901")));
  CHECK((says(1, "同意链接标识（ACK）") && says(1, "服务端标识") && says(1, "3456789012")));
  CHECK((says(2, "服务端标识 + 1 = 3456789013") && says(2, "两个标识")));
}

TEST_CASE("sentences_say_what_went_on") {
  const auto says = [](const Trace& trace, const std::string& words) {
    const std::string text = all_sentences(trace);
    INFO(text);
    CHECK(text.find(words) != std::string::npos);
  };
  says(phone_call(), "The client says “我是客户端”.");
  says(phone_call(), "Hanging up: the client has finished");
  says(phone_call(), "The server has finished speaking, too.");
  says(phone_call(), "stays in TIME-WAIT");
  says(refused(), "Refused: nobody listens");
  says(answer_lost(), "Lost: the client never sees");
  says(answer_lost(), "Again: no answer came in time");
  says(answer_lost(), "both close at once");
  says(both_dial(), "dials at the same moment");
  says(troubled(), "in the middle of the call");
  says(troubled(), "Zero window: the client has no room");
  says(troubled(), "There is room again");
  says(troubled(), "Retransmission: no acknowledgement");
  says(troubled(), "checksum is wrong");
  says(troubled(), "Broken off (RST): the client");
}

TEST_CASE("rows_hold_the_numbers_of_their_segments") {
  const Ladder ladder = ladder_of(troubled(), 1000, true);
  CHECK(ladder.rows[0].numbers == "seq 1 ack 1 len 1448");
  CHECK(ladder.rows[0].absolute == "seq 3456789012 ack 2345678901");
  CHECK(ladder.rows[1].window == "win 0");
  CHECK(ladder.rows[4].options.front() == "sack 4345–5793");
  CHECK(ladder.rows[5].alerts == Names{"retransmission"});
  CHECK(ladder.rows[6].alerts == Names{"checksum wrong"});
  const Ladder call = ladder_of(phone_call(), 1000, true);
  CHECK(call.rows[0].options ==
        Names{"mss 65495", "ws 7 (×128)", "SACK permitted", "ts 1144553 echo 0"});
  CHECK(call.rows[2].window == "win 65536");  // 512 · 128
}

TEST_CASE("absolute_numbers_are_there_when_asked_for") {
  const Speaking speaking(Language::english, true);
  const std::string text = ladder_text(phone_call(), {80, true, false});
  CHECK(text.find("seq 2345678901") != std::string::npos);
  CHECK(text.find("seq 3456789012 ack 2345678902") != std::string::npos);
  CHECK(ladder_text(phone_call(), {80, false, false}).find("2345678901") == std::string::npos);
}

TEST_CASE("of_a_long_trace_beginning_and_end_are_drawn") {
  const Speaking speaking(Language::english, true);
  const Trace trace = longest();
  REQUIRE(trace.segments.size() == most_traced);
  const std::string text = ladder_text(trace, {80, false, true});
  CHECK(text.find("─ SYN  seq 0 ─") != std::string::npos);
  CHECK(text.find("─ FIN, ACK ") != std::string::npos);
  CHECK(text.find("9600 segments not drawn") != std::string::npos);
  CHECK(text.find("Not traced beyond these: 1234 segments.") != std::string::npos);
  CHECK(count(text, "►") + count(text, "◄") == 400);
  CHECK(text.size() < 400000);
}

TEST_CASE("data_that_is_text_is_shown_and_nothing_else") {
  CHECK(preview("hello", 20, true) == "“hello”");
  CHECK(preview("hello", 20, false) == "\"hello\"");
  CHECK(preview("GET / HTTP/1.1\r\n", 40, true) == "“GET / HTTP/1.1\\r\\n”");
  CHECK(preview("我是客户端", 4, true) == "“我是…”");
  CHECK(preview("我\xe6\x98", 20, true) == "“我”");  // cut within a character
  CHECK(preview("我", 20, false) == "\"\\xe6\\x88\\x91\"");
  for (const char* no_text : {"", "\x1b[31m", "a\x01", "\xff", "\xe2\x80\xae"})
    CHECK(preview(no_text, 20, true).empty());
}

TEST_CASE("times_have_the_digits_that_count") {
  CHECK(duration_text(0, true) == "0 ns");
  CHECK(duration_text(31'000, true) == "31 µs");
  CHECK(duration_text(31'000, false) == "31 us");
  CHECK(duration_text(1'234'567, true) == "1.23 ms");
  CHECK(duration_text(999'999, true) == "1 ms");
  CHECK(duration_text(200'000'000, true) == "200 ms");
  CHECK(duration_text(63'040'000'000, true) == "63 s");
  CHECK(duration_text(3'725'000'000'000, true) == "62 min 5 s");
  CHECK(duration_text(std::numeric_limits<Nanoseconds>::min(), true).front() == '-');
}
