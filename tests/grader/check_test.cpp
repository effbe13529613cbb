// `check`, `judge`, `hint`, `reset`, `solution` and `status` on the toy tree.
#include <nlohmann/json.hpp>

#include "practice.hpp"
#include "toy_tree.hpp"

using namespace grader_test;
using dialtone::Outcome;
using nlohmann::json;

namespace fs = std::filesystem;

TEST_CASE("starter_scores_nothing_and_each_todo_is_one_line") {
  const ToyTree& tree = ToyTree::fresh();
  const Outcome outcome = tree.workbook({"check", "1", "--seed", "3"});
  INFO(outcome.out << outcome.err);
  CHECK(outcome.ending.exit_code == 1);
  CHECK(contains(outcome.out, "TODO(lab 01): it                             2 tests\n"));
  CHECK(contains(outcome.out, "sums       0/60  TODO"));
  CHECK(contains(outcome.out, "doubles    0/40  TODO"));
  CHECK(contains(outcome.out, "Total: 0/100"));
  CHECK(contains(outcome.out, "build/bin/workbook hint 01 sums"));
  CHECK_FALSE(contains(outcome.out, "replay"));
}

TEST_CASE("solution_has_all_points_and_progress_keeps_the_best_run") {
  const ToyTree& tree = ToyTree::fresh();
  tree.edit(toy::solution);
  const Outcome full = tree.workbook({"check", "toy-sum", "--seed", "3"});
  INFO(full.out << full.err);
  CHECK(full.ending.exit_code == 0);
  CHECK(contains(full.out, "Total: 100/100"));
  const std::string kept = dialtone::read_file(tree.progress());
  CHECK(contains(kept, "01 toy-sum 100 sums,doubles seed=3 "));
  tree.edit(toy::half);
  CHECK(tree.workbook({"check", "1"}).ending.exit_code == 1);
  CHECK(dialtone::read_file(tree.progress()) == kept);
}

TEST_CASE("failed_case_tells_its_story_and_the_command_that_replays_it") {
  const ToyTree& tree = ToyTree::fresh();
  tree.edit(toy::half);
  const Outcome outcome = tree.workbook({"check", "1", "--seed", "77"});
  INFO(outcome.out << outcome.err);
  for (const char* part :
       {"#1: twice 5", "1. called twice", "the figure", "expected  10", "got       5", "60/100"})
    CHECK(contains(outcome.out, part));
  CHECK(contains(outcome.out, "build/bin/workbook check 01 --case doubles --seed 77\n"));
  CHECK(contains(outcome.out, "FAILED  twice_four_is_eight"));

  const Outcome replayed =
      tree.workbook({"check", "01", "--case", "doubles", "--seed", "77", "--json"});
  const json report = json::parse(replayed.out);
  CHECK(report["cases"].size() == 1);
  CHECK(report["seed"] == 77);
  CHECK(report["score"] == 0);
  CHECK(report["possible"] == 40);
}

TEST_CASE("compile_error_is_shown_alone_and_trimmed") {
  const ToyTree& tree = ToyTree::fresh();
  tree.edit(toy::broken);
  const Outcome outcome = tree.workbook({"check", "1"});
  INFO(outcome.out << outcome.err);
  CHECK(outcome.ending.exit_code == 1);
  CHECK(contains(outcome.out, "\nlabs/01-toy-sum/starter/toy_sum.cpp:2:"));
  CHECK(contains(outcome.out, "^"));
  CHECK_FALSE(contains(outcome.out, "ninja"));
  CHECK_FALSE(contains(outcome.out, "Total"));
  CHECK(line_count(outcome.out) < 8);
  const json report = json::parse(tree.workbook({"check", "1", "--json"}).out);
  CHECK(report["build"] == "failed");
  CHECK(report["score"] == 0);
}

TEST_CASE("crash_names_the_test_and_leaves_the_judge_to_play") {
  const ToyTree& tree = ToyTree::fresh();
  tree.edit(toy::crashing);
  const Outcome outcome = tree.workbook({"check", "1"});
  INFO(outcome.out << outcome.err);
  CHECK(contains(outcome.out, "CRASHED two_and_three_are_five"));
  CHECK(contains(outcome.out, "SIGSEGV"));
  CHECK(contains(outcome.out, "Total: 40/100"));
}

TEST_CASE("sanitizers_find_what_a_plain_run_does_not") {
  const ToyTree& tree = ToyTree::fresh();
  tree.edit(toy::out_of_range);
  CHECK(tree.workbook({"check", "1"}).ending.exit_code == 0);
  const Outcome outcome = tree.workbook({"check", "1", "--san"});
  INFO(outcome.out << outcome.err);
  CHECK(outcome.ending.exit_code == 1);
  CHECK(contains(outcome.out, "toy_sum.cpp:5"));
}

TEST_CASE("fault_of_the_judge_lowers_no_score") {
  const ToyTree& tree = ToyTree::fresh();
  tree.edit(toy::solution);
  const Outcome outcome = tree.workbook({"check", "1"}, {"TOY_FAULT=1"});
  INFO(outcome.out << outcome.err);
  CHECK(contains(outcome.out, "Total: 60/100; not judged: 40"));
  CHECK(contains(outcome.out, "?/40"));
  const json report = json::parse(tree.workbook({"check", "1", "--json"}, {"TOY_FAULT=1"}).out);
  CHECK(report["cases"][1]["status"] == "fault");
  CHECK(report["cases"][1]["points"].is_null());
  CHECK(report["not_judged"] == 40);
}

TEST_CASE("judge_builds_any_file_in_the_starters_place") {
  const ToyTree& tree = ToyTree::fresh();
  const fs::path file = tree.folder() / "a mutant.cpp";
  dialtone::write_file(file, toy::half);
  const Outcome outcome = tree.workbook({"judge", "1", file.string(), "--seed", "9", "--json"});
  INFO(outcome.out << outcome.err);
  const json report = json::parse(outcome.out);
  CHECK(outcome.ending.exit_code == 1);
  CHECK(report["build"] == "ok");
  CHECK(report["score"] == 60);
  CHECK(report["cases"][0]["status"] == "passed");
  CHECK(report["cases"][1]["status"] == "failed");
  CHECK(dialtone::read_file(tree.starter()) == toy::starter);
  CHECK_FALSE(fs::exists(tree.progress()));
}

TEST_CASE("hints_come_one_at_a_time") {
  const ToyTree& tree = ToyTree::fresh();
  const std::string first = tree.workbook({"hint", "1"}).out;
  CHECK(contains(first, "1/2  Look at +."));
  CHECK_FALSE(contains(first, "Return"));
  CHECK(contains(tree.workbook({"hint", "1", "sums"}).out, "2/2  Return a + b."));
  CHECK(contains(tree.workbook({"hint", "1", "sums"}).out, "That was the last hint."));
  CHECK(contains(tree.workbook({"hint", "1", "doubles", "--lang", "zh"}).out, "看看乘号。"));
  CHECK(contains(dialtone::read_file(tree.progress()), "hint 01 sums 2\n"));
}

TEST_CASE("reset_keeps_the_students_text_as_a_backup") {
  const ToyTree& tree = ToyTree::fresh();
  tree.edit(toy::half);
  const Outcome unasked = tree.workbook({"reset", "1"});
  CHECK(unasked.ending.exit_code == 2);
  CHECK(dialtone::read_file(tree.starter()) == toy::half);

  CHECK(tree.workbook({"reset", "1", "--yes"}).ending.exit_code == 0);
  CHECK(dialtone::read_file(tree.starter()) == toy::starter);
  CHECK(dialtone::read_file(tree.starter().string() + ".student-backup") == toy::half);
  tree.edit(toy::broken);
  CHECK(tree.workbook({"reset", "1", "--yes"}).ending.exit_code == 0);
  CHECK(dialtone::read_file(tree.starter().string() + ".student-backup") == toy::half);
  CHECK(dialtone::read_file(tree.starter().string() + ".2.student-backup") == toy::broken);
  CHECK(contains(tree.workbook({"reset", "1", "--yes"}).out, "already"));
}

TEST_CASE("pristine_prints_the_shipped_text_whatever_was_edited") {
  const ToyTree& tree = ToyTree::fresh();
  tree.edit(toy::half);
  CHECK(tree.workbook({"pristine", "1"}).out == toy::starter);
}

TEST_CASE("pristine_text_is_found_in_gits_history_by_its_digest") {
  const ToyTree& tree = ToyTree::fresh();
  const auto git = [&tree](std::vector<std::string> arguments) {
    dialtone::Command command;
    command.arguments = {"git", "-c", "user.name=t", "-c", "user.email=t@example.org"};
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
    command.directory = tree.root();
    const Outcome outcome = dialtone::run(command, std::chrono::seconds(30));
    INFO(outcome.err);
    CHECK(outcome.succeeded());
  };
  git({"init", "-q"});
  git({"add", "labs"});
  git({"commit", "-q", "-m", "as shipped"});
  tree.edit(toy::half);
  git({"commit", "-q", "-a", "-m", "a student's work"});
  const fs::path copies = tree.root() / "build/pristine";
  fs::rename(copies, copies.string() + ".away");
  CHECK(tree.workbook({"pristine", "1"}).out == toy::starter);
  fs::remove_all(tree.root() / ".git");
  const Outcome nowhere = tree.workbook({"pristine", "1"});
  fs::rename(copies.string() + ".away", copies);
  CHECK(nowhere.ending.exit_code == 1);
  CHECK(nowhere.out.empty());
  CHECK(line_count(nowhere.err) == 1);
}

TEST_CASE("solution_is_shown_after_full_points_or_on_giving_up") {
  const ToyTree& tree = ToyTree::fresh();
  const Outcome early = tree.workbook({"solution", "1"});
  CHECK(early.ending.exit_code == 1);
  CHECK(early.out.empty());
  CHECK(line_count(early.err) == 1);
  CHECK(tree.workbook({"solution", "1", "--give-up"}).out == toy::solution);
  CHECK(contains(dialtone::read_file(tree.progress()), "solution 01\n"));
  CHECK(contains(tree.workbook({"status"}).out, "the solution was shown"));
}

TEST_CASE("status_names_file_page_and_next_step") {
  const ToyTree& tree = ToyTree::fresh();
  const Outcome outcome = tree.workbook({"status"});
  INFO(outcome.out << outcome.err);
  CHECK(contains(outcome.out, "labs/01-toy-sum/starter/toy_sum.cpp"));
  CHECK(contains(outcome.out, "0/100"));
  CHECK(contains(outcome.out, "build/bin/workbook check 01"));
  const json report = json::parse(tree.workbook({"status", "--json"}).out);
  CHECK(report["labs"][0]["possible"] == 100);
  CHECK(report["next"]["lab"] == "01");
}

TEST_CASE("usage_errors_are_one_line_and_exit_code_2") {
  const ToyTree& tree = ToyTree::fresh();
  const std::vector<std::vector<std::string>> wrong = {{"check", "7"},
                                                       {"check"},
                                                       {"check", "1", "--case", "nothing"},
                                                       {"check", "1", "--sed"},
                                                       {"rename"},
                                                       {"hint", "1", "nothing"},
                                                       {"--lang", "xx"},
                                                       {"watch", "1"},
                                                       {"check", "1", "--seed", "many"},
                                                       {"grade"},
                                                       {"judge", "1"},
                                                       {"grade", "/nowhere/at/all"}};
  for (const auto& arguments : wrong) {
    const Outcome outcome = tree.workbook(arguments);
    INFO(arguments[0] << ": " << outcome.out << outcome.err);
    CHECK(outcome.ending.exit_code == 2);
    CHECK(line_count(outcome.err) == 1);
    CHECK(outcome.out.empty());
  }
}

TEST_CASE("help_exits_with_0") {
  const ToyTree& tree = ToyTree::fresh();
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{}, {"--help"}, {"check", "--help"}, {"--version"}}) {
    const Outcome outcome = tree.workbook(arguments);
    CHECK(outcome.ending.exit_code == 0);
    CHECK_FALSE(outcome.out.empty());
  }
}

TEST_CASE("demo_plays_grades_and_builds") {
  const ToyTree& tree = ToyTree::fresh();
  const Outcome outcome = tree.workbook({"demo"});
  INFO(outcome.out << outcome.err);
  CHECK(outcome.ending.exit_code == 0);
  CHECK(contains(outcome.out, "2 + 3 = 5"));
  CHECK(contains(outcome.out, "100/100"));
}
