// Lab 07's program: what it makes of a run, in theory and in practice, and how it ends.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "demo/child.hpp"
#include "demo/story.hpp"
#include "failure.hpp"
#include "practice.hpp"
#include "process.hpp"
#include "terminal.hpp"

using namespace switch_demo;
using nlohmann::json;
using simulation::Mark;
using What = context_switch::Event::What;

namespace {

const std::string recorded = RECORDINGS "/theory-and-practice.json";

simulation::Deck deck_of(const std::string& text) {
  return simulation::read_deck(text).value();
}

const char* const two_jobs =
    R"({"jobs":[{"name":"a","bursts":[{"cpu":30}]},{"name":"b","bursts":[{"cpu":5},{"io":10},{"cpu":5}]}]})";

dialtone::Outcome play(const std::vector<std::string>& options, const std::string& columns = "80") {
  dialtone::Command command;
  command.arguments = {CONTEXT_SWITCH};
  command.arguments.insert(command.arguments.end(), options.begin(), options.end());
  command.environment = {{"PATH=/usr/bin:/bin", "LANG=C.UTF-8", "COLUMNS=" + columns}};
  dialtone::Outcome outcome = dialtone::run(command, std::chrono::seconds(60));
  REQUIRE_FALSE(outcome.timed_out);
  REQUIRE(outcome.ending.signal == 0);
  return outcome;
}

void check_refusal(const std::vector<std::string>& options, int code, const std::string& part) {
  CAPTURE(options);
  const auto outcome = play(options);
  CHECK(outcome.ending.exit_code == code);
  CHECK(outcome.out.empty());
  CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  CHECK(outcome.err.find(part) != std::string::npos);
}

}  // namespace

TEST_CASE("the_simulator_tells_the_events_of_a_core") {
  const auto deck = deck_of(two_jobs);
  const Story story = in_theory(deck, 10);
  CHECK(story.cpu == 40);
  const auto results = results_of(deck, story);
  // a 0-10, b 10-15 and waits until 25, a 15-25, a 25-30 or b first: who wakes goes to the end.
  REQUIRE(results.size() == 2);
  CHECK(results[0].waits == 0);
  CHECK(results[1].waits == 1);
  CHECK(results[0].turns_over >= 1);
  CHECK(results[1].turns_over == 0);
  CHECK(std::max(results[0].end, results[1].end) == 40);
  CHECK(taken_away(deck, story) == 0);
}

TEST_CASE("a_turn_that_ends_with_nobody_else_ready_is_no_switch") {
  const auto deck = deck_of(R"({"jobs":[{"name":"a","bursts":[{"cpu":30}]}]})");
  Story story;
  story.moments = {{0, 0, What::made_ready}, {0, 0, What::runs},       {10, 0, What::turn_over},
                   {10, 0, What::runs},      {20, 0, What::turn_over}, {20, 0, What::runs},
                   {30, 0, What::ended}};
  CHECK(results_of(deck, story)[0].turns_over == 0);
}

TEST_CASE("events_become_tracks_of_running_ready_and_blocked") {
  const auto deck = deck_of(two_jobs);
  Story story;
  story.moments = {{0, 0, What::made_ready}, {0, 1, What::made_ready},  {0, 0, What::runs},
                   {12, 0, What::turn_over}, {12, 1, What::runs},       {17, 1, What::waits},
                   {17, 0, What::runs},      {30, 1, What::made_ready}, {30, 0, What::turn_over},
                   {31, 1, What::runs},      {36, 1, What::ended},      {36, 0, What::runs},
                   {40, 0, What::ended}};
  const auto timeline = timeline_of(deck, story);
  REQUIRE(timeline.tracks.size() == 3);
  CHECK(timeline.end == 40);
  const auto& b = timeline.tracks[2].pieces;
  REQUIRE(b.size() == 5);
  CHECK(b[0].mark == Mark::ready);
  CHECK(b[1].mark == Mark::running);
  CHECK(b[2].mark == Mark::blocked);
  CHECK((b[2].start == 17 && b[2].end == 30));
  CHECK(b[3].mark == Mark::ready);
  CHECK((b[4].start == 31 && b[4].end == 36));
  const auto results = results_of(deck, story);
  CHECK(results[0].turns_over == 2);
  CHECK(results[0].ready == 11);
  CHECK(results[1].waits == 1);
}

TEST_CASE("real_threads_wait_as_often_as_the_deck_says") {
  const auto deck = deck_of(
      R"({"jobs":[{"name":"a","bursts":[{"cpu":6000}]},
                  {"name":"b","bursts":[{"cpu":500},{"io":2000},{"cpu":500},{"io":2000},{"cpu":500}]}]})");
  const Story story = in_practice(deck, 1000);
  const auto results = results_of(deck, story);
  CHECK(results[0].waits == 0);
  CHECK(results[1].waits == 2);
  for (const Result& result : results) CHECK(result.end > 0);
  const auto timeline = timeline_of(deck, story);
  Time last = 0;
  for (const simulation::Piece& piece : timeline.tracks[0].pieces) {  // one core
    CHECK(piece.start >= last);
    last = piece.end;
  }
}

TEST_CASE("a_recording_says_the_same_again") {
  const std::string text = dialtone::read_file(recorded);
  const Recording recording = read_recording("it", text);
  CHECK(json_of(recording).dump() + "\n" == text);
}

TEST_CASE("what_is_no_recording_is_refused") {
  const json good = json::parse(dialtone::read_file(recorded));
  const auto refused = [](const json& changed) {
    CHECK_THROWS_AS(read_recording("it", changed.dump()), dialtone::UsageFailure);
  };
  refused(json::array());
  for (const char* field : {"deck", "quantum", "cpu", "events"}) {
    json changed = good;
    changed.erase(field);
    refused(changed);
    changed[field] = "text";
    refused(changed);
  }
  for (const json& event : {json{0, 4, "runs"}, json{0, -1, "runs"}, json{-1, 0, "runs"},
                            json{0, 0, "flies"}, json{0, 0}, json{1LL << 40, 0, "runs"}}) {
    json changed = good;
    changed["events"] = json::array({event});
    refused(changed);
  }
  json changed = good;
  changed["quantum"] = 0;
  refused(changed);
}

TEST_CASE("a_child_that_crashes_or_hangs_is_told") {
  using namespace std::chrono_literals;
  CHECK(in_child([] { return std::string("well"); }, 5s).answer == "well");
  const auto killed = in_child(
      []() -> std::string {
        ::raise(SIGKILL);
        return "no";
      },
      5s);
  CHECK(killed.ending.signal == SIGKILL);
  CHECK(killed.answer.empty());
  const auto hung = in_child(
      []() -> std::string {
        for (;;) ::pause();
      },
      50ms);
  CHECK(hung.timed_out);
  const auto said = in_child([]() -> std::string { throw std::runtime_error("oh"); }, 5s);
  CHECK(said.errors == "oh");
  CHECK(said.ending.exit_code == 1);
}

TEST_CASE("a_recorded_run_is_drawn_byte_for_byte") {
  const std::vector<std::string> options = {"timeline", "--recorded", recorded, "--svg", "-"};
  const auto first = play(options);
  CHECK(first.ending.exit_code == 0);
  CHECK(first.out.substr(0, 4) == "<svg");
  CHECK(play(options, "40").out == first.out);
}

TEST_CASE("the_program_fits_narrow_terminals") {
  for (const char* const lang : {"en", "zh"}) {
    const auto drawn = play({"timeline", "--recorded", recorded, "--lang", lang}, "40");
    std::istringstream lines(drawn.out);
    for (std::string line; std::getline(lines, line);) {
      CAPTURE(line);
      CHECK(dialtone::display_width(line) <= 40);
    }
  }
}

TEST_CASE("what_is_broken_is_wrong_and_what_is_whole_is_right") {
#ifndef CONTEXT_SWITCH_PORTABLE
  const json told = json::parse(play({"broken", "no-rbx", "--json"}).out);
  const json& variants = told.at(0).at("variants");
  CHECK(variants.at(0).at("got") == 1000);
  CHECK(variants.at(1).at("got") != 1000);
#endif
  const json yields = json::parse(play({"broken", "no-yield", "--json"}).out);
  CHECK(yields.at(0).at("variants").at(0).at("told") ==
        "thread 1 (greedy) has not let go of the core for 300 ms");
}

TEST_CASE("a_crowd_is_one_thread_of_the_kernel") {
  const json told = json::parse(play({"share", "--threads", "40", "--json"}).out);
  CHECK(told.at("kernel_threads") == 1);
  CHECK(told.at("right") == 40);
}

TEST_CASE("bad_input_is_one_line") {
  check_refusal({"share", "--threads", "0"}, 2, "--threads");
  check_refusal({"share", "--threads", "100001"}, 2, "--threads");
  check_refusal({"timeline", "--quantum", "0"}, 2, "--quantum");
  check_refusal({"timeline", "--quantum", "-1"}, 2, "--quantum");
  check_refusal({"timeline", "--quantum", "1000001"}, 2, "--quantum");
  check_refusal({"timeline", "--recorded", "/nowhere"}, 2, "/nowhere");
  check_refusal({"timeline", "--recorded", recorded, "--quantum", "500"}, 2, "--recorded");
  check_refusal({"timeline", "--recorded", recorded, "--svg", "/nowhere/x"}, 1, "/nowhere/x");
  check_refusal({"broken", "no-luck"}, 2, "no-luck");
}
