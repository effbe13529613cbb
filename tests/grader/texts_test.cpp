// What the workbook reads and writes as texts: lab.json, progress, shell words, compiler output,
// practice output, judge reports.
#include <nlohmann/json.hpp>

#include "compiler_output.hpp"
#include "failure.hpp"
#include "gradebook.hpp"
#include "judgement.hpp"
#include "lab.hpp"
#include "practice.hpp"
#include "practice_run.hpp"
#include "pristine.hpp"
#include "progress.hpp"
#include "recipe.hpp"
#include "toy_tree.hpp"
#include "words.hpp"

using namespace dialtone;
using grader_test::contains;
using grader_test::line_count;
using nlohmann::json;

namespace {

json good_lab() {
  return json::parse(R"({
    "number": "03", "name": "two-words", "title": {"en": "T", "zh": "题"}, "notes": ["01-x"],
    "demo": [["two-words", "--fast"]],
    "cases": [
      {"id": "a", "points": 30, "title": {"en": "A", "zh": "甲"}, "hints": [{"en": "h", "zh": "示"}]},
      {"id": "b", "points": 70, "title": {"en": "B", "zh": "乙"}, "hints": [{"en": "h", "zh": "示"}]}
    ]})");
}

Lab parse(const json& document) {
  return parse_lab(document.dump(), "03-two-words", "lab.json");
}

/// The message with which a document is refused; empty when it is taken.
std::string refusal(const json& document) {
  try {
    parse(document);
    return "";
  } catch (const Failure& failure) {
    return failure.what();
  }
}

/// The refusal of the good document with one place changed.
std::string refusal_with(const std::string& pointer, const json& value) {
  json document = good_lab();
  document[json::json_pointer(pointer)] = value;
  return refusal(document);
}

}  // namespace

TEST_CASE("good_lab_json_is_taken_whole") {
  set_language(Language::english);
  const Lab lab = parse(good_lab());
  CHECK(lab.identifier() == "two_words");
  CHECK(lab.starter() == "labs/03-two-words/starter/two_words.cpp");
  CHECK(lab.possible() == 100);
  CHECK(lab.demo == std::vector<std::vector<std::string>>{{"two-words", "--fast"}});
  CHECK(lab.find_case("b").points == 70);
  CHECK_THROWS_AS(lab.find_case("c"), UsageFailure);
}

TEST_CASE("the_capstone_lies_in_ftp") {
  json document = good_lab();
  document["number"] = "ftp";
  document["name"] = "capstone";
  const Lab lab = parse_lab(document.dump(), "ftp", "ftp/lab.json");
  CHECK(lab.folder() == "ftp");
  CHECK(lab.starter() == "ftp/starter/server.cpp");
  CHECK(lab.solution() == "ftp/solution/server.cpp");
  CHECK(Progress::parse("ftp capstone 43 a seed=7 2025-01-31\nhint ftp b 1\n").of("ftp").points ==
        43);
}

TEST_CASE("what_the_judge_left_out_for_a_command_is_no_part_of_its_judgement") {
  const Lab lab = parse(good_lab());
  const std::string report =
      R"({"cases": [{"id": "a", "status": "left out", "inputs": 0}, {"id": "b", "status": "passed"}]})";
  JudgeRequest request;
  CHECK(read_report(report, lab, request).possible() == 100);  // of a file, it is a fault
  request.server = {"server"};
  CHECK(read_report(report, lab, request).possible() == 70);
  CHECK(read_report(report, lab, request).full());
}

TEST_CASE("wrong_lab_json_is_refused_with_place_and_reason") {
  set_language(Language::english);
  CHECK(refusal_with("/number", "04") ==
        "lab.json: $.number: is \"04\" in the folder 03-two-words");
  CHECK(contains(refusal_with("/name", "other"), "$.name: is \"other\""));
  CHECK(refusal_with("/title", "T") == "lab.json: $.title: expected an object");
  CHECK(refusal_with("/title/fr", "T") == "lab.json: $.title: unknown key \"fr\"");
  CHECK(refusal_with("/colour", 1) == "lab.json: $: unknown key \"colour\"");
  CHECK(refusal_with("/notes", "x") == "lab.json: $.notes: expected a list");
  CHECK(refusal_with("/notes/0", 5) == "lab.json: $.notes[0]: expected a text");
  CHECK(refusal_with("/demo/0", json::array()) == "lab.json: $.demo[0]: a command needs a program");
  CHECK(contains(refusal_with("/cases/0/points", "30"), "$.cases[0].points: expected a whole"));
  CHECK(contains(refusal_with("/cases/0/points", -30), "$.cases[0].points: expected a whole"));
  CHECK(contains(refusal_with("/cases/0/points", 31), "$.cases: the points add up to 101"));
  CHECK(contains(refusal_with("/cases/1/id", "a"), "$.cases[1].id: the id \"a\" is taken"));
  CHECK(contains(refusal_with("/cases/1/id", "A b"), "$.cases[1].id: expected small letters"));
  CHECK(contains(refusal_with("/cases/1/hints", json::array()), "$.cases[1].hints: a case needs"));
  CHECK(refusal_with("/cases/1/title", {{"en", "B"}}) ==
        "lab.json: $.cases[1].title: \"zh\" is missing");
  CHECK(contains(refusal_with("/cases/1/hints/0/zh", ""), "hints[0].zh: must not be empty"));
  CHECK(contains(refusal(json::object()), "$: \"number\" is missing"));
  try {
    parse_lab("{\n  \"number\": \n}", "03-two-words", "lab.json");
    FAIL("taken");
  } catch (const Failure& failure) {
    CHECK(contains(failure.what(), "lab.json: parse error at line 3"));
    CHECK(line_count(failure.what()) == 0);
  }
}

TEST_CASE("labs_are_found_by_number_and_by_name") {
  const std::vector<Lab> labs = {parse(good_lab())};
  for (const char* name : {"3", "03", "two-words", "two_words", "03-two-words"})
    CHECK(find_lab(labs, name).number == "03");
  for (const char* name : {"", "4", "003", "two"})
    CHECK_THROWS_AS(find_lab(labs, name), UsageFailure);
}

TEST_CASE("progress_survives_a_round_trip") {
  Progress progress;
  progress.record("01", {"socket-basics", 85, {"a", "b"}, 7, "2025-01-31"});
  progress.record("02", {"phone-call", 0, {}, 8, "2025-02-01"});
  progress.set_hints_shown("01", "c", 2);
  progress.give_up("02");
  const Progress again = Progress::parse(progress.text());
  CHECK(again.text() == progress.text());
  CHECK(again.of("01").points == 85);
  CHECK(again.of("01").passed == std::vector<std::string>{"a", "b"});
  CHECK(again.of("01").seed == 7);
  CHECK(again.of("02").passed.empty());
  CHECK(again.hints_shown("01", "c") == 2);
  CHECK(again.gave_up("02"));
  CHECK_FALSE(again.gave_up("01"));
}

TEST_CASE("progress_keeps_the_best_run") {
  Progress progress;
  CHECK(progress.record("01", {"x", 50, {"a"}, 1, "d"}));
  CHECK_FALSE(progress.record("01", {"x", 40, {"b"}, 2, "d"}));
  CHECK(progress.record("01", {"x", 60, {"a", "b"}, 3, "d"}));
  CHECK(progress.of("01").seed == 3);
}

TEST_CASE("hand_edited_progress_is_read_where_it_can_be_and_kept_where_not") {
  const std::string edited =
      "# my own remark\n"
      "\n"
      "   1   socket-basics\t40   a,b  \r\n"
      "2 phone-call 100\n"
      "3 handshake-trace many\n"
      "4 x 101 - seed=1 d\n"
      "hint 1 a two\n"
      "ask the teacher on Monday\n";
  const Progress progress = Progress::parse(edited);
  CHECK(progress.of("01").points == 40);
  CHECK(progress.of("01").passed == std::vector<std::string>{"a", "b"});
  CHECK(progress.of("02").points == 100);
  CHECK(progress.of("03").points == 0);
  CHECK(progress.of("04").points == 0);
  for (const char* kept : {"# my own remark\n", "3 handshake-trace many\n", "hint 1 a two\n",
                           "ask the teacher on Monday\n"})
    CHECK(contains(progress.text(), kept));
  CHECK(Progress::parse(progress.text()).text() == progress.text());
}

TEST_CASE("shell_words_are_split_as_the_shell_does") {
  using Words = std::vector<std::string>;
  CHECK(shell_words("") == Words{});
  CHECK(shell_words("  a  b\tc ") == Words{"a", "b", "c"});
  CHECK(shell_words(R"(-D"A B" 'c d' e\ f "")") == Words{"-DA B", "c d", "e f", ""});
  CHECK(shell_words(R"('a\b' "a\b" "a\"b\\" a\\b)") ==
        Words{R"(a\b)", R"(a\b)", R"(a"b\)", R"(a\b)"});
  CHECK(shell_words(R"(-DX=\"1.0\")") == Words{R"(-DX="1.0")"});
  CHECK_THROWS_AS(shell_words("a 'b"), Failure);
}

TEST_CASE("quoted_words_come_back_from_the_shells_rules") {
  for (const std::string word : {"plain", "", "two words", "it's", "$HOME \"x\" \\", "汉字"})
    CHECK(shell_words(shell_quoted(word)) == std::vector<std::string>{word});
}

TEST_CASE("compiler_output_is_trimmed_to_the_students_errors") {
  set_language(Language::english);
  const std::string output =
      "[1/3] Building CXX object labs/x.o\n"
      "FAILED: labs/x.o\n"
      "/usr/bin/c++ -I/home/ann/labs -o labs/x.o -c /home/ann/labs/x.cpp\n"
      "/home/ann/labs/x.cpp:2:5: warning: unused variable 'w' [-Wunused-variable]\n"
      "    2 | int w;\n"
      "In file included from /usr/include/c++/12/vector:1,\n"
      "/usr/include/c++/12/bits/y.h:9:1: error: static assertion failed\n"
      "    9 | static_assert(false);\n"
      "/home/ann/labs/x.cpp: In function 'int f()':\n"
      "/home/ann/labs/x.cpp:4:10: error: 'c' was not declared in this scope\n"
      "    4 |   return c;\n"
      "      |          ^\n"
      "/home/ann/labs/x.cpp:4:10: note: suggested alternative: 'd'\n"
      "ninja: build stopped: subcommand failed.\n";
  CHECK(trim_errors(output, "/home/ann/labs/x.cpp", "/home/ann", "labs/x.cpp") ==
        "labs/x.cpp:4:10: error: 'c' was not declared in this scope\n"
        "    4 |   return c;\n"
        "      |          ^\n"
        "/usr/include/c++/12/bits/y.h:9:1: error: static assertion failed\n"
        "    9 | static_assert(false);\n");
}

TEST_CASE("many_compiler_errors_are_counted_instead_of_shown") {
  set_language(Language::english);
  std::string output;
  for (int i = 1; i <= 40; ++i)
    output += "/r/x.cpp:" + std::to_string(i) + ":1: error: no\n    1 | x\n      | ^\n";
  const std::string text = trim_errors(output, "/r/x.cpp", "/r", "x.cpp");
  CHECK(line_count(text) == 25);
  CHECK(contains(text, "and 32 more errors\n"));
}

TEST_CASE("missing_symbol_is_told_once_and_by_name") {
  set_language(Language::english);
  const std::string output =
      "/usr/bin/ld: a.o: in function `main':\n"
      "/r/shim.cpp:5: undefined reference to `lab::dial(int)'\n"
      "/usr/bin/ld: /r/shim.cpp:9: undefined reference to `lab::dial(int)'\n"
      "collect2: error: ld returned 1 exit status\n";
  CHECK(trim_errors(output, "/r/x.cpp", "/r", "x.cpp") ==
        "missing: the file must define `lab::dial(int)'\n");
}

TEST_CASE("practice_output_is_read_line_by_line") {
  const PracticeRun run = read_practice(
      "seed   12\n"
      "run    first\nok     first\n"
      "run    second\nstudent's own words\nFAILED second\n       1. step\n       got: 3\n"
      "run    third\nno newline hereTODO   third\n       TODO(lab 01): f\n"
      "run    fourth\n");
  CHECK(run.seed == "12");
  REQUIRE(run.tests.size() == 4);
  CHECK(run.tests[0].status == "ok");
  CHECK(run.tests[1].status == "failed");
  CHECK(run.tests[1].story == std::vector<std::string>{"1. step", "got: 3"});
  CHECK(run.tests[2].status == "todo");
  CHECK(run.tests[3].status.empty());
}

TEST_CASE("judge_report_is_read_with_distrust") {
  const Lab lab = parse(good_lab());
  const JudgeRequest request{5, {}, false, 1};
  const auto score = [&](const std::string& report) {
    const Judgement judgement = read_report(report, lab, request);
    return std::pair{judgement.score(), judgement.not_judged()};
  };
  using Score = std::pair<unsigned, unsigned>;
  CHECK(score("") == Score{0, 100});
  CHECK(score("[1, 2") == Score{0, 100});
  CHECK(score("{\"cases\": 3}") == Score{0, 100});
  CHECK(score(R"({"cases":[{"id":"a","status":"passed"}]})") == Score{30, 70});
  CHECK(score(R"({"cases":[{"id":"a","status":"passed"},{"id":"b","status":"failed"}]})") ==
        Score{30, 0});
  CHECK(score(R"({"cases":[{"id":"a","status":"great"},{"id":"z","status":"passed"},7]})") ==
        Score{0, 100});
  CHECK(score(R"({"cases":[{"id":"a","status":"todo","story":5},{"id":"b","status":"fault"}]})") ==
        Score{0, 70});
}

TEST_CASE("digests_are_found_in_sha256sum_format") {
  const std::string digest = sha256("");
  CHECK(digest == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const std::string records = std::string(64, 'a') + "  labs/a b.cpp\n" + digest + " *labs/c.cpp\n";
  CHECK(recorded_digest(records, "labs/a b.cpp") == std::string(64, 'a'));
  CHECK(recorded_digest(records, "labs/c.cpp") == digest);
  CHECK_FALSE(recorded_digest(records, "labs/c").has_value());
}

TEST_CASE("xml_is_escaped_and_never_invalid") {
  CHECK(xml_escaped("a<b>&\"c\"\n汉") == "a&lt;b&gt;&amp;&quot;c&quot;\n汉");
  CHECK(xml_escaped(std::string("x\0\x1b[0m\xff", 7)) ==
        "x\xef\xbf\xbd\xef\xbf\xbd[0m\xef\xbf\xbd");
  CHECK(xml_escaped("\xed\xa0\x80") == "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");  // a surrogate
  CHECK(xml_escaped("\xef\xbf\xbf") == "\xef\xbf\xbd");
}
