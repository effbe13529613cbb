// The program time-slicing as a person runs it: its figures, its files, and what it refuses. (And
// of generations the published figures; generations_test has the rest.)
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "practice.hpp"
#include "process.hpp"
#include "terminal.hpp"

using nlohmann::json;

namespace {

struct Ran {
  int code = 0;
  std::string out;
  std::string err;
};

Ran run(const std::vector<std::string>& options, const std::string& columns = "80",
        const std::string& program = TIME_SLICING) {
  dialtone::Command command;
  command.arguments = {program};
  command.arguments.insert(command.arguments.end(), options.begin(), options.end());
  command.environment = {{"PATH=/usr/bin:/bin", "LANG=C.UTF-8", "COLUMNS=" + columns}};
  const dialtone::Outcome outcome = dialtone::run(command, std::chrono::seconds(60));
  REQUIRE_FALSE(outcome.timed_out);
  REQUIRE(outcome.ending.signal == 0);
  return {outcome.ending.exit_code, outcome.out, outcome.err};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t at = 0;
  for (std::size_t end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
    lines.push_back(text.substr(at, end - at));
  return lines;
}

/// One line on standard error, exit code 2, nothing on standard output.
void check_refusal(const std::vector<std::string>& options, const std::string& part) {
  CAPTURE(options);
  const Ran ran = run(options);
  CHECK(ran.code == 2);
  CHECK(ran.out.empty());
  CHECK(lines_of(ran.err).size() == 1);
  CHECK(ran.err.find(part) != std::string::npos);
}

/// A file with this text, in a folder of its own.
class Deck {
 public:
  explicit Deck(const std::string& text) { dialtone::write_file(folder_.path() / "deck", text); }
  std::string path() const { return (folder_.path() / "deck").string(); }

 private:
  dialtone::TemporaryFolder folder_;
};

/// Equal, where the published tools print two decimals.
bool alike(const json& one, const json& other) {
  if (one.is_number() && other.is_number())
    return std::abs(one.get<double>() - other.get<double>()) <= 0.00501;
  if (one.is_primitive() || one.type() != other.type() || one.size() != other.size())
    return one == other;
  for (const auto& item : one.items()) {
    if (one.is_object() && !other.contains(item.key())) return false;
    const json& match = one.is_object() ? other.at(item.key()) : other.at(std::stoul(item.key()));
    if (!alike(item.value(), match)) return false;
  }
  return true;
}

const std::vector<std::string> policies = {"fifo",        "sjf",  "srtf", "rr:3",    "priority:5",
                                           "priority-np", "mlfq", "ctss", "lottery", "multilevel",
                                           "stride",      "cfs",  "eevdf"};

}  // namespace

TEST_CASE("published_figures_come_through_the_command_line") {
  const json recorded = json::parse(dialtone::read_file(OSTEP_FIGURES));
  int played = 0;
  for (const json& entry : recorded) {
    const auto tool = entry.at("tool").get<std::string>();
    const bool of_memory = tool == "malloc" || tool == "relocation";
    std::vector<std::string> words = {"--json", "--as", "ostep:" + tool, "--"};
    for (const json& word : entry.at("options")) words.push_back(word);
    CAPTURE(words);
    const Ran ran = run(words, "80", of_memory ? GENERATIONS : TIME_SLICING);
    REQUIRE(ran.code == 0);
    CHECK(alike(json::parse(ran.out), entry.at("figures")));
    ++played;
  }
  CHECK(played >= 20);
}

TEST_CASE("every_policy_plays_explains_and_fits_the_terminal") {
  for (const std::string& policy : policies) {
    for (const char* columns : {"80", "200"}) {
      CAPTURE(policy, columns);
      const Ran ran = run({"--policy", policy, "--why", "--lang", "zh", "--cores", "2"}, columns);
      REQUIRE(ran.code == 0);
      CHECK(ran.err.empty());
      for (const std::string& line : lines_of(ran.out)) {
        CAPTURE(line);
        CHECK(dialtone::display_width(line) <= std::stoul(columns));
      }
    }
  }
}

TEST_CASE("json_tells_the_same_as_the_slices") {
  for (const std::string& policy : policies) {
    CAPTURE(policy);
    const Ran ran = run({"--policy", policy, "--json", "--generate", "30", "--seed", "5", "--cores",
                         "3", "--queue-per-core", "--steal", "--switch-cost", "1"});
    REQUIRE(ran.code == 0);
    const json told = json::parse(ran.out);
    std::map<int, long> busy;
    std::map<int, long> cpu_free;
    for (const json& slice : told.at("slices")) {
      const int cpu = slice.at("cpu");
      const long start = slice.at("start");
      const long end = slice.at("end");
      CHECK(start < end);
      CHECK(start >= cpu_free[cpu]);
      cpu_free[cpu] = end;
      busy[slice.at("job").get<int>()] += end - start;
    }
    CHECK(told.at("jobs").size() == 30);
    for (const json& job : told.at("jobs")) {
      CHECK(busy[job.at("job").get<int>()] == job.at("cpu").get<long>());
      CHECK(job.at("intact") == true);
    }
  }
}

TEST_CASE("a_trace_keeps_the_rules_of_its_format") {
  const Ran ran = run({"--policy", "mlfq", "--cores", "2", "--switch-cost", "1", "--trace", "-"});
  REQUIRE(ran.code == 0);
  const json trace = json::parse(ran.out);
  std::map<std::pair<int, int>, double> free_from;
  int slices = 0;
  for (const json& event : trace.at("traceEvents")) {
    if (event.at("ph") != "X") {
      CHECK(event.at("ph") == "M");
      continue;
    }
    ++slices;
    const std::pair<int, int> track = {event.at("pid"), event.at("tid")};
    CHECK(event.at("dur").get<double>() > 0);
    CHECK(event.at("ts").get<double>() >= free_from[track]);
    free_from[track] = event.at("ts").get<double>() + event.at("dur").get<double>();
    CHECK_FALSE(event.at("name").get<std::string>().empty());
  }
  CHECK(slices > 10);
}

TEST_CASE("steps_go_forwards_and_back") {
  dialtone::Command command;
  command.arguments = {"/bin/sh", "-c",
                       "printf 'n\\nn\\nb\\nl\\nf\\nq\\n' | " TIME_SLICING " --step --lang en"};
  const dialtone::Outcome outcome = dialtone::run(command, std::chrono::seconds(30));
  REQUIRE(outcome.succeeded());
  std::vector<std::string> steps;
  for (const std::string& line : lines_of(outcome.out))
    if (const std::size_t at = line.find("(step "); at != std::string::npos)
      steps.push_back(line.substr(at + 6, line.find('/') - at - 6));
  REQUIRE(steps.size() == 6);
  CHECK(std::vector<std::string>(steps.begin(), steps.begin() + 4) ==
        std::vector<std::string>{"1", "2", "3", "2"});
  CHECK(std::stoi(steps[4]) > 10);
  CHECK(steps[5] == "1");
}

TEST_CASE("a_broken_switch_is_seen_in_the_results") {
  const auto intact = [](const std::vector<std::string>& options) {
    const Ran ran = run(options);
    REQUIRE(ran.code == 0);
    const json told = json::parse(ran.out);
    bool all = !told.at("cut_short").get<bool>();
    for (const json& job : told.at("jobs")) all = all && job.at("intact").get<bool>();
    return all;
  };
  CHECK(intact({"--json"}));
  CHECK_FALSE(intact({"--json", "--broken-switch", "accumulator"}));
  CHECK_FALSE(intact({"--json", "--broken-switch", "registers"}));
  // Without its counters a program computes right, at the wrong times.
  CHECK(intact({"--json", "--policy", "mlfq", "--broken-switch", "counters"}));
  const auto turnaround = [](const std::vector<std::string>& options) {
    return json::parse(run(options).out).at("average").at("turnaround").get<double>();
  };
  CHECK(turnaround({"--json", "--policy", "mlfq"}) !=
        turnaround({"--json", "--policy", "mlfq", "--broken-switch", "counters"}));
}

TEST_CASE("wrong_options_are_one_line_and_exit_code_2") {
  check_refusal({"--policy", "xx"}, "xx");
  check_refusal({"--policy", "rr:0"}, "quantum");
  check_refusal({"--policy", "rr:2147483648"}, "quantum");
  check_refusal({"--policy", "rr:2/3"}, "quantum");
  check_refusal({"--policy", "fifo:1"}, "fifo");
  check_refusal({"--policy", "rr,fifo"}, "--compare");
  check_refusal({"--policy", "rr", "--compare", "rr,fifo"}, "--compare");
  check_refusal({"--compare", "rr,,fifo"}, "''");
  check_refusal({"--compare", "rr,fifo", "--why"}, "--why");
  check_refusal({"--policy", "rr", "--boost", "5"}, "MLFQ");
  check_refusal({"--policy", "mlfq", "--allotments", "1/x/1"}, "x");
  check_refusal({"--policy", "mlfq", "--allotments", "1/1"}, "levels");
  check_refusal({"--cores", "65"}, "65");
  check_refusal({"--cores", "0"}, "0");
  check_refusal({"--cores", "2", "--steal"}, "queue");
  check_refusal({"--switch-cost", "-1"}, "-1");
  check_refusal({"--ties", "x"}, "x");
  check_refusal({"--generate", "0"}, "0");
  check_refusal({"--as", "scheduler"}, "ostep:");
  check_refusal({"--as", "ostep:malloc"}, "generations");
  check_refusal({"--as", "ostep:scheduler", "--", "-q", "0"}, "-q");
  check_refusal({"/nowhere/deck.json"}, "/nowhere/deck.json");
}

TEST_CASE("wrong_decks_are_one_line_with_their_place") {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"{", "JSON"},
      {"[]", "object"},
      {R"({"jobs":[]})", "jobs"},
      {R"({"jobs":[{"bursts":[{"cpu":-1}]}]})", "jobs[0].bursts[0].cpu"},
      {R"({"jobs":[{"bursts":[{"cpu":1.5}]}]})", "jobs[0].bursts[0].cpu"},
      {R"({"jobs":[{"bursts":[{"cpu":1}],"arrival":-3}]})", "jobs[0].arrival"},
      {R"({"jobs":[{"bursts":[{"cpu":1}],"cores":[64]}]})", "jobs[0].cores[0]"},
      {R"({"jobs":[{"bursts":[{"cpu":1}],"cores":[1]}]})", "jobs[0].cores"},
      {R"({"jobs":[{"bursts":[{"cpu":2147483647},{"cpu":1}]}]})", "2^31"},
      {R"({"jobs":[{"bursts":[{"cpu":1}],"colour":1}]})", "jobs[0].colour"},
  };
  for (const auto& [text, part] : wrong) {
    const Deck deck(text);
    check_refusal({deck.path()}, part);
  }
}

TEST_CASE("a_deck_of_ones_own_is_played") {
  const Deck deck(R"({"devices":[{"name":"disk"}],"jobs":[
    {"name":"甲","bursts":[{"cpu":2},{"disk":4},{"cpu":1}],"cores":[1]},
    {"name":"乙","arrival":1,"bursts":[{"cpu":3}]}]})");
  const Ran ran = run({deck.path(), "--json", "--policy", "fifo", "--cores", "2"});
  REQUIRE(ran.code == 0);
  CHECK(json::parse(ran.out).at("slices") ==
        json::parse(R"([{"cpu":1,"job":0,"start":0,"end":2},{"cpu":0,"job":1,"start":1,"end":4},
                        {"cpu":1,"job":0,"start":6,"end":7}])"));
}
