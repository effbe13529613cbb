// The README's commands exist, and adding a lab takes one directory and one line.
#include <algorithm>
#include <regex>
#include <set>
#include <sstream>

#include "practice.hpp"
#include "process.hpp"

using namespace dialtone;
namespace fs = std::filesystem;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

/// The lines of the code blocks of a README that are commands, without their comments.
std::set<std::string> commands_of(const fs::path& readme) {
  std::set<std::string> commands;
  std::istringstream text(read_file(readme));
  bool in_shell_block = false;
  for (std::string line; std::getline(text, line);) {
    if (line.rfind("```", 0) == 0) {
      in_shell_block = line == "```sh";
      continue;
    }
    if (!in_shell_block) continue;
    line = line.substr(0, line.find(" #"));
    line.erase(line.find_last_not_of(' ') + 1);
    if (!line.empty()) commands.insert(line);
  }
  return commands;
}

Outcome shell(const std::string& line, const fs::path& directory, std::chrono::milliseconds time) {
  Command command;
  command.arguments = {"sh", "-c", line};
  command.directory = directory;
  return run(command, time);
}

void write_toy_lab(const fs::path& root) {
  const fs::path lab = root / "labs/99-toy-lab";
  for (const char* folder : {"starter", "solution", "tests", "judge", "mutants"})
    fs::create_directories(lab / folder);
  write_file(lab / "README.md", "# Lab 99: toy {#lab_99_toy_lab}\n");
  write_file(lab / "README.zh.md", "# 实验 99：玩具 {#lab_99_toy_lab}\n");
  write_file(lab / "lab.json", R"({
  "number": "99", "name": "toy-lab", "title": {"en": "Toy", "zh": "玩具"}, "notes": ["01-sockets"],
  "demo": [["toy-lab"]],
  "cases": [{"id": "twice_is_twice", "points": 100, "title": {"en": "Twice", "zh": "两倍"},
             "hints": [{"en": "Add it to itself.", "zh": "自己加自己。"}]}]
})");
  write_file(lab / "toy_lab.hpp", "#pragma once\nnamespace toy_lab {\nint twice(int number);\n}\n");
  write_file(lab / "starter/toy_lab.cpp",
             "#include \"toy_lab.hpp\"\n#include \"todo.hpp\"\n"
             "int toy_lab::twice(int) { dialtone::todo(\"99\", \"twice\"); }\n");
  write_file(
      lab / "solution/toy_lab.cpp",
      "#include \"toy_lab.hpp\"\nint toy_lab::twice(int number) { return number + number; }\n");
  write_file(lab / "demo.cpp",
             "#include <cstdio>\n#include \"toy_lab.hpp\"\n"
             "int main() { std::printf(\"%d\\n\", toy_lab::twice(21)); }\n");
  write_file(lab / "tests/toy_lab_test.cpp",
             "#include \"practice.hpp\"\n#include \"toy_lab.hpp\"\n"
             "TEST_CASE(\"twice_two_is_four\") { CHECK(toy_lab::twice(2) == 4); }\n");
  write_file(lab / "judge/shim.cpp", R"(#include "shim.hpp"
#include "toy_lab.hpp"
int main() {
  return dialtone::run_shim({{"twice", [](dialtone::Message& request) {
    dialtone::Answer answer;
    answer.body["value"] = toy_lab::twice(request.body.at("number").get<int>());
    return answer;
  }}});
}
)");
  write_file(lab / "judge/cases.cpp", R"(#include "judge.hpp"
int main(int argc, char** argv) {
  return dialtone::judge_main(argc, argv, "toy-lab", {{"twice_is_twice", 100, [](dialtone::Trial& trial) {
    const auto number = trial.random.between(0, 1000);
    const auto answer = trial.student.ask({{"call", "twice"}, {"number", number}});
    trial.expect("twice", answer.body["value"] == 2 * number, std::to_string(2 * number), answer.body.dump());
  }}});
}
)");
  const fs::path syllabus = root / "labs/CMakeLists.txt";
  write_file(syllabus,
             read_file(syllabus) + "add_lab(99-toy-lab PRECOMPILE <nlohmann/json.hpp>)\n");
}

/// Each of these is wrong usage, which one line says with this reason.
void expect_refused(const std::vector<std::string>& commands, const std::string& reason) {
  for (const std::string& command : commands) {
    INFO(command);
    const Outcome wrong = shell(DIALTONE_BUILD "/bin/" + command, "/", seconds(20));
    CHECK(wrong.ending.exit_code == 2);
    CHECK(wrong.out.empty());
    CHECK(std::count(wrong.err.begin(), wrong.err.end(), '\n') == 1);
    CHECK(wrong.err.find(reason) != std::string::npos);
  }
}

}  // namespace

TEST_CASE("the_two_readmes_name_the_same_commands") {
  const auto english = commands_of(DIALTONE_ROOT "/README.md");
  const auto chinese = commands_of(DIALTONE_ROOT "/README.zh.md");
  CHECK(english.size() >= 10);
  CHECK(english == chinese);
}

TEST_CASE("every_command_of_the_readme_exists") {
  for (const std::string& command : commands_of(DIALTONE_ROOT "/README.md")) {
    INFO(command);
    std::smatch match;
    if (std::regex_match(command, match, std::regex(R"(make ([a-z-]+)( .*)?)"))) {
      // What it would run, without running it.
      CHECK(shell("make -n " + match[1].str() + match[2].str(), DIALTONE_ROOT, seconds(20))
                .succeeded());
    } else if (std::regex_match(command, match, std::regex(R"(build/bin/(\S+) ?([a-z]*).*)"))) {
      const std::string program = DIALTONE_BUILD "/bin/" + match[1].str();
      const Outcome help =
          shell(program + " " + match[2].str() + " --help", DIALTONE_ROOT, seconds(20));
      INFO(help.out << help.err);
      CHECK(help.succeeded());
      CHECK(help.out.find("--help") != std::string::npos);
    } else {
      FAIL("a command that this test does not know how to check");
    }
  }
}

TEST_CASE("every_program_of_the_readme_answers_help_and_version") {
  const std::string text = read_file(DIALTONE_ROOT "/README.md");
  std::set<std::string> programs;
  const std::regex name("`build/bin/([a-z-]+)`");
  for (std::sregex_iterator it(text.begin(), text.end(), name), end; it != end; ++it)
    programs.insert((*it)[1].str());
  CHECK(programs.size() >= 2);
  for (const std::string& program : programs) {
    INFO(program);
    const std::string path = DIALTONE_BUILD "/bin/" + program;
    CHECK(shell(path + " --help", "/", seconds(20)).succeeded());
    CHECK(shell(path + " --version", "/", seconds(20)).out.rfind(program + " ", 0) == 0);
    const Outcome wrong = shell(path + " --no-such-option", "/", seconds(20));
    CHECK(wrong.ending.exit_code == 2);
    CHECK(std::count(wrong.err.begin(), wrong.err.end(), '\n') == 1);
  }
}

TEST_CASE("what_cannot_be_negative_is_refused_when_it_is") {
  expect_refused({"generations --seed -1", "time-slicing --seed=-1", "phone-call tcp --calls -1"},
                 "-1: use 0 or more");
}

TEST_CASE("what_is_no_number_is_refused") {  // though CLI11 finds it in every range
  expect_refused({"socket-basics --seconds nan", "generations utilisation --wait nan",
                  "ftp-client --timeout nan list"},
                 "nan is not a number");
}

TEST_CASE("toy_lab_is_one_directory_and_one_line") {
  const TemporaryFolder folder;
  const fs::path root = folder.path() / "tree";
  // The files as they are here, without build output.
  REQUIRE(shell("mkdir tree && tar -C '" DIALTONE_ROOT
                "' --exclude=./build --exclude=./.git -cf - . | "
                "tar -C tree -xf -",
                folder.path(), minutes(1))
              .succeeded());
  write_toy_lab(root);

  const auto must = [&](const std::string& line) {
    const Outcome outcome = shell(line, root, minutes(10));
    INFO(line << "\n" << outcome.out << outcome.err);
    REQUIRE(outcome.succeeded());
    return outcome.out;
  };
  must("cmake --preset release -DCMAKE_BUILD_TYPE=Debug");  // built sooner
  must("cmake --build build --target toy_lab_demo");
  must("cp " DIALTONE_BUILD "/bin/workbook build/bin/");  // it looks for the tree that it lies in
  CHECK(must("build/bin/toy-lab") == "42\n");

  const Outcome starter = shell("build/bin/workbook check 99 --lang en", root, minutes(10));
  INFO(starter.out << starter.err);
  CHECK(starter.ending.exit_code == 1);
  CHECK(starter.out.find("TODO(lab 99): twice") != std::string::npos);

  must("cp labs/99-toy-lab/solution/toy_lab.cpp labs/99-toy-lab/starter/toy_lab.cpp");
  CHECK(must("build/bin/workbook check 99 --lang en").find("100") != std::string::npos);
}
