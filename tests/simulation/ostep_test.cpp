// The players of OSTEP's homework simulators give the published tools' figures.
//
// ostep_figures.json holds figures, no text: those marked "published" were read off outputs of the
// tools themselves; those marked "retold" come from the tools' rules, told once more in Python, and
// cover options that the former leave out.
#include "ostep.hpp"

#include <cmath>
#include <fstream>

#include "practice.hpp"
#include "terminal.hpp"

namespace {

using dialtone::Language;
using nlohmann::json;
using simulation::ostep::Outcome;
using simulation::ostep::play;
using simulation::ostep::to_json;
using simulation::ostep::to_text;

/// The tools print two decimals.
constexpr double printed_precision = 0.00501;

/// Where two trees differ first; empty when they agree, numbers within the printed precision.
std::string difference(const json& expected, const json& actual, const json::json_pointer& at) {
  const auto here = [&](const std::string& what) { return at.to_string() + ": " + what; };
  if (expected.is_number() && actual.is_number()) {
    const double apart = std::abs(expected.get<double>() - actual.get<double>());
    if (apart <= printed_precision) return "";
  } else if (expected.is_array() && actual.is_array() && expected.size() == actual.size()) {
    for (std::size_t i = 0; i < expected.size(); ++i) {
      std::string found = difference(expected[i], actual[i], at / i);
      if (!found.empty()) return found;
    }
    return "";
  } else if (expected.is_object() && actual.is_object()) {
    for (const auto& [key, value] : actual.items())
      if (!expected.contains(key)) return here(key + " is too much");
    for (const auto& [key, value] : expected.items()) {
      if (!actual.contains(key)) return here(key + " is missing");
      std::string found = difference(value, actual[key], at / key);
      if (!found.empty()) return found;
    }
    return "";
  } else if (expected == actual) {
    return "";
  }
  return here("expected " + expected.dump() + ", got " + actual.dump());
}

json played(const std::string& tool, const std::vector<std::string>& options) {
  const auto outcome = play(tool, options, Language::english);
  if (!outcome) return {{"error", outcome.error()}};
  return json::parse(to_json(*outcome).dump());
}

TEST_CASE("every_recorded_command_gives_the_tools_figures") {
  std::ifstream file(OSTEP_FIGURES);
  const json cases = json::parse(file);
  CHECK(cases.size() >= 49);
  for (const json& recorded : cases) {
    INFO(recorded["name"].get<std::string>() << ": " << recorded["options"].dump());
    const auto options = recorded["options"].get<std::vector<std::string>>();
    const json figures = played(recorded["tool"], options);
    const std::string found = difference(recorded["figures"], figures, json::json_pointer());
    INFO(found);
    CHECK(found.empty());
  }
}

TEST_CASE("whole_numbers_are_json_integers_and_averages_keep_their_fractions") {
  CHECK(played("scheduler", {"-p", "RR", "-l", "2,1.5,1", "-c"}).dump() ==
        json::parse(R"({"slices":[{"cpu":0,"job":0,"start":0,"end":1},
                                  {"cpu":0,"job":1,"start":1,"end":2},
                                  {"cpu":0,"job":2,"start":2,"end":3},
                                  {"cpu":0,"job":0,"start":3,"end":4},
                                  {"cpu":0,"job":1,"start":4,"end":4.5}],
                        "jobs":[{"job":0,"response":0,"turnaround":4,"waiting":2,"completion":4},
                                {"job":1,"response":1,"turnaround":4.5,"waiting":3,"completion":4.5},
                                {"job":2,"response":2,"turnaround":3,"waiting":2,"completion":3}],
                        "average":{"response":1,"turnaround":3.8333333333333335,
                                   "waiting":2.3333333333333335}})")
            .dump());
}

TEST_CASE("jobs_with_names_are_json_strings") {
  const json drawn = played("multi", {"-s", "1"});
  CHECK(drawn["slices"][0]["job"] == "0");
  CHECK_FALSE(drawn.contains("jobs"));
}

TEST_CASE("a_free_of_a_number_never_given_out_is_no_step") {
  const json heap = played("malloc", {"-A", "+5,-3,-0"});
  REQUIRE(heap["steps"].size() == 2);
  CHECK(heap["steps"][1]["op"] == "free");
}

TEST_CASE("options_may_be_written_in_every_published_way") {
  const json expected = played("scheduler", {"-p", "RR", "-q", "3", "-l", "10,4,6", "-c"});
  REQUIRE_FALSE(expected.contains("error"));
  const std::vector<std::vector<std::string>> spellings = {
      {"-pRR", "-q3", "-l10,4,6"},
      {"-p=RR", "-q=3", "-l=10,4,6"},
      {"--policy=RR", "--quantum=3", "--jlist=10,4,6"},
      {"--policy", "RR", "--quantum", "3", "--jlist", "10,4,6"},
      {"--pol", "RR", "--quan=0x3", "--jl=10,4,6"},
      {"-cpRR", "-q", "9", "-q", "3", "-l", "1,1", "-l", "10,4,6"}};
  for (const auto& spelling : spellings) CHECK(played("scheduler", spelling) == expected);
  CHECK(played("malloc", {"-cC", "-a", "-1", "-A", "-0,+5"}) ==
        played("malloc", {"-C", "-A", "-0,+5"}));
}

TEST_CASE("figures_for_a_person_line_up_in_both_languages") {
  const auto outcome =
      play("multi", {"-L", "作业一:30:50,b:30:50,c:30:50", "-p", "-P", "5"}, Language::english);
  REQUIRE(outcome);
  for (const Language language : {Language::english, Language::chinese}) {
    const std::string text = to_text(*outcome, language);
    INFO(text);
    CHECK(text.find("作业一") != std::string::npos);
    CHECK((text.find("busy") == std::string::npos) == (language == Language::chinese));
  }
  for (const auto& [tool, options] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"scheduler", {}},
           {"mlfq", {}},
           {"lottery", {}},
           {"process-run", {"-l", "3:50"}},
           {"malloc", {"-A", "+5,-0,-7"}},
           {"relocation", {}}}) {
    const auto other = play(tool, options, Language::english);
    REQUIRE(other);
    CHECK(to_text(*other, Language::english).find(tool) != std::string::npos);
    CHECK(to_text(*other, Language::chinese).find("的结果") != std::string::npos);
  }
}

/// Every slice list is one that a machine could have run.
void check_slices(const Outcome& outcome) {
  std::vector<double> free_from(64, 0);
  for (const auto& slice : outcome.slices) {
    CHECK(slice.start < slice.end);
    CHECK(free_from.at(slice.cpu) <= slice.start);
    free_from[slice.cpu] = slice.end;
  }
}

TEST_CASE("no_cpu_runs_two_jobs_at_once_and_all_work_is_done") {
  const std::uint64_t seed = dialtone::test_seed();
  INFO("seed " << seed);
  dialtone::Random random(seed);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::uint64_t> lengths;
    std::string list;
    for (std::uint64_t n = random.between(1, 8); n > 0; --n) {
      lengths.push_back(random.between(1, 40));
      list += (list.empty() ? "" : ":") + std::to_string(random.between(0, 20)) + "," +
              std::to_string(lengths.back()) + "," + std::to_string(random.between(0, 6));
    }
    const std::vector<std::string> options = {"-l",
                                              list,
                                              "-q",
                                              std::to_string(random.between(1, 9)),
                                              "-B",
                                              std::to_string(random.between(0, 25)),
                                              random.chance(0.5) ? "-I" : "-S"};
    INFO(json(options).dump());
    const auto outcome = play("mlfq", options, Language::english);
    REQUIRE(outcome);
    check_slices(*outcome);
    std::vector<double> ran(lengths.size(), 0);
    for (const auto& slice : outcome->slices) ran.at(slice.job) += slice.end - slice.start;
    for (std::size_t i = 0; i < lengths.size(); ++i)
      CHECK(ran[i] == static_cast<double>(lengths[i]));
  }
}

}  // namespace
