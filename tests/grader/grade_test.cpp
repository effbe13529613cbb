// `grade` on a folder of good, bad and hostile submissions.
#include <nlohmann/json.hpp>

#include "practice.hpp"
#include "toy_tree.hpp"
#include "words.hpp"

using namespace grader_test;
using dialtone::Outcome;
using dialtone::read_file;
using dialtone::write_file;
using nlohmann::json;

namespace fs = std::filesystem;

namespace {

/// A folder of submissions and one for the results.
class Class {
 public:
  Class() { fs::create_directories(submissions()); }

  fs::path submissions() const { return folder_.path() / "hand in"; }
  fs::path results() const { return folder_.path() / "out"; }

  void hand_in(const std::string& student, const std::string& place,
               const std::string& text) const {
    const fs::path file = submissions() / student / place;
    fs::create_directories(file.parent_path());
    write_file(file, text);
  }

  Outcome grade(const std::vector<std::string>& extra = {},
                const std::vector<std::string>& environment = {}) const {
    std::vector<std::string> arguments = {
        "grade", submissions().string(), "-o", results().string(), "--seed", "11", "-j", "2"};
    arguments.insert(arguments.end(), extra.begin(), extra.end());
    return ToyTree::fresh().workbook(arguments, environment);
  }

  json result_of(const std::string& student) const {
    return json::parse(read_file(results() / student / "results.json"));
  }

 private:
  dialtone::TemporaryFolder folder_;
};

/// The row of a student in grades.csv.
std::string row_of(const Class& handed_in, const std::string& student) {
  for (const std::string& line : dialtone::lines_of(read_file(handed_in.results() / "grades.csv")))
    if (line.rfind(student + ",", 0) == 0) return line.substr(student.size() + 1);
  return "no row";
}

/// Whether Python's parser takes the file as XML.
bool is_xml(const fs::path& file) {
  dialtone::Command command;
  command.arguments = {"python3", "-c",
                       "import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])",
                       file.string()};
  return dialtone::run(command, std::chrono::seconds(30)).succeeded();
}

}  // namespace

TEST_CASE("each_submission_costs_only_itself") {
  const Class handed_in;
  const std::string full_path = "labs/01-toy-sum/starter/toy_sum.cpp";
  handed_in.hand_in("ann", full_path, toy::starter);
  handed_in.hand_in("bob", "01-toy-sum/toy_sum.cpp", toy::solution);
  handed_in.hand_in("cy", "toy_sum.cpp", toy::broken);
  handed_in.hand_in("dee", "toy_sum.cpp", toy::endless);
  handed_in.hand_in("eve", "notes.txt", "my dog ate it");
  handed_in.hand_in("王 小明", full_path, toy::half);
  write_file(handed_in.submissions() / "roster.csv", "ann,bob");

  const Outcome outcome = handed_in.grade();
  INFO(outcome.out << outcome.err);
  CHECK(outcome.ending.exit_code == 0);
  CHECK(row_of(handed_in, "ann") == "0,0,");
  CHECK(row_of(handed_in, "bob") == "100,100,");
  CHECK(row_of(handed_in, "cy") == "0,0,01 does not compile");
  CHECK(row_of(handed_in, "dee") == "40,40,");
  CHECK(row_of(handed_in, "eve") == "0,0,01 missing: toy_sum.cpp");
  CHECK(row_of(handed_in, "王 小明") == "60,60,");
  CHECK(line_count(read_file(handed_in.results() / "grades.csv")) == 7);
  CHECK(contains(outcome.err, "roster.csv is not a folder"));
  CHECK(contains(outcome.out, "[6/6] "));
  CHECK(contains(outcome.out, "seed 11"));
  CHECK(is_xml(handed_in.results() / "junit.xml"));
}

TEST_CASE("results_are_in_gradescopes_format") {
  const Class handed_in;
  handed_in.hand_in("half", "toy_sum.cpp", toy::half);
  handed_in.hand_in("broken", "toy_sum.cpp", toy::broken);
  REQUIRE(handed_in.grade().ending.exit_code == 0);
  const json half = handed_in.result_of("half");
  CHECK(half["score"] == 60);
  CHECK(half["max_score"] == 100);
  REQUIRE(half["tests"].size() == 2);
  CHECK(half["tests"][0]["status"] == "passed");
  CHECK(half["tests"][1]["status"] == "failed");
  CHECK(half["tests"][1]["score"] == 0);
  CHECK(half["tests"][1]["max_score"] == 40);
  CHECK(half["tests"][1]["visibility"] == "visible");
  CHECK(contains(half["tests"][1]["output"], "twice 5"));
  const json broken = handed_in.result_of("broken");
  CHECK(broken["score"] == 0);
  CHECK(contains(broken["output"], "toy_sum.cpp:2:"));
  CHECK_FALSE(contains(broken["output"], "/tmp"));
}

TEST_CASE("fault_leaves_the_score_out_and_says_so") {
  const Class handed_in;
  handed_in.hand_in("ann", "toy_sum.cpp", toy::solution);
  const Outcome outcome = handed_in.grade({}, {"TOY_FAULT=1"});
  INFO(outcome.out << outcome.err);
  CHECK(outcome.ending.exit_code == 1);
  CHECK(contains(outcome.err, "1 submissions could not be judged in full"));
  CHECK(contains(row_of(handed_in, "ann"), ",,01 not judged"));
  const json result = handed_in.result_of("ann");
  CHECK_FALSE(result.contains("score"));
  CHECK(result["tests"][0]["score"] == 60);
  CHECK_FALSE(result["tests"][1].contains("score"));
  CHECK(contains(read_file(handed_in.results() / "junit.xml"), "<error"));
}

TEST_CASE("links_out_of_a_submission_are_not_followed") {
  const Class handed_in;
  fs::create_directories(handed_in.submissions() / "ann");
  fs::create_symlink(ToyTree::fresh().root() / "labs/01-toy-sum/solution/toy_sum.cpp",
                     handed_in.submissions() / "ann/toy_sum.cpp");
  handed_in.hand_in("big", "toy_sum.cpp", std::string((1U << 20U) + 1, '\n'));
  fs::create_directories(handed_in.submissions() / "folder/toy_sum.cpp");
  REQUIRE(handed_in.grade().ending.exit_code == 0);
  CHECK(row_of(handed_in, "ann") == "0,0,01 toy_sum.cpp: a link leads out of the folder");
  CHECK(row_of(handed_in, "big") == "0,0,01 toy_sum.cpp: is larger than 1 MiB");
  CHECK(row_of(handed_in, "folder") == "0,0,01 toy_sum.cpp: is not a regular file");
}

TEST_CASE("wrong_paths_are_one_line") {
  const Class handed_in;
  handed_in.hand_in("ann", "toy_sum.cpp", toy::solution);
  const fs::path file = handed_in.submissions() / "ann/toy_sum.cpp";
  const auto grade = [](const std::vector<std::string>& arguments) {
    std::vector<std::string> all = {"grade"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return ToyTree::fresh().workbook(all);
  };
  const std::string good = handed_in.submissions().string();
  for (const auto& [arguments, code] :
       std::vector<std::pair<std::vector<std::string>, int>>{{{file.string()}, 2},
                                                             {{good + "/nobody"}, 2},
                                                             {{good, "--labs", "01,9"}, 2},
                                                             {{good, "-j", "0"}, 2},
                                                             {{good, "-o", file.string()}, 1},
                                                             {{good, "-o", "/proc/grades"}, 1},
                                                             {{good, good}, 1},
                                                             {{good + "/ann"}, 1}}) {
    const Outcome outcome = grade(arguments);
    INFO(arguments.back() << ": " << outcome.out << outcome.err);
    CHECK(outcome.ending.exit_code == code);
  }
  CHECK(line_count(grade({file.string()}).err) == 1);
  CHECK(contains(grade({good, "-o", "/proc/grades"}).err, "/proc/grades"));
}

TEST_CASE("same_seed_gives_the_same_results") {
  const Class handed_in;
  handed_in.hand_in("ann", "toy_sum.cpp", toy::half);
  REQUIRE(handed_in.grade().ending.exit_code == 0);
  const std::string first = read_file(handed_in.results() / "ann/results.json");
  REQUIRE(handed_in.grade().ending.exit_code == 0);
  CHECK(read_file(handed_in.results() / "ann/results.json") == first);
}
