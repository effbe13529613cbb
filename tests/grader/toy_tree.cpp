#include "toy_tree.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "pristine.hpp"

namespace grader_test {

namespace fs = std::filesystem;
using dialtone::Command;
using dialtone::Outcome;

namespace toy {

const char* const starter = R"(#include "toy_sum.hpp"
int add(int, int) { return unwritten; }
int twice(int) { return unwritten; }
)";
const char* const solution = R"(#include "toy_sum.hpp"
int add(int a, int b) { return a + b; }
int twice(int a) { return 2 * a; }
)";
const char* const half = R"(#include "toy_sum.hpp"
int add(int a, int b) { return a + b; }
int twice(int a) { return a; }
)";
const char* const broken = R"(#include "toy_sum.hpp"
int add(int a, int b) { return a + c; }
int twice(int a) { return 2 * a; }
)";
const char* const endless = R"(#include "toy_sum.hpp"
int add(int a, int b) { for (volatile int i = 0;; i = i + a + b) {} }
int twice(int a) { return 2 * a; }
)";
const char* const crashing = R"(#include "toy_sum.hpp"
int add(int a, int b) {
  int* volatile nowhere = nullptr;
  *nowhere = a + b;
  return a + b;
}
int twice(int a) { return 2 * a; }
)";
const char* const out_of_range = R"(#include "toy_sum.hpp"
int add(int a, int b) {
  int pair[2] = {a, b};
  volatile int last = 2;
  return pair[0] + pair[1] + 0 * pair[last];
}
int twice(int a) { return 2 * a; }
)";

}  // namespace toy

namespace {

constexpr const char* top_cmake = R"(cmake_minimum_required(VERSION 3.25)
project(toy LANGUAGES CXX)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
add_compile_options(-g1)
add_subdirectory(labs)
)";

constexpr const char* labs_cmake = R"(set(lab 01-toy-sum)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/labs/${lab})
include_directories(${lab})
add_library(toy_sum_starter STATIC ${lab}/starter/toy_sum.cpp)
add_library(toy_sum_solution STATIC ${lab}/solution/toy_sum.cpp)
add_library(toy_sum_practice OBJECT ${lab}/practice.cpp)
add_library(toy_sum_shim OBJECT ${lab}/shim.cpp)
foreach(variant starter solution)
  foreach(program practice shim)
    add_executable(toy_sum_${program}_${variant} $<TARGET_OBJECTS:toy_sum_${program}>)
    target_link_libraries(toy_sum_${program}_${variant} PRIVATE toy_sum_${variant})
  endforeach()
endforeach()
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/labs/${lab})
file(COPY_FILE ${CMAKE_CURRENT_SOURCE_DIR}/${lab}/judge.sh
  ${CMAKE_BINARY_DIR}/labs/${lab}/toy_sum_judge)
add_custom_target(toy_sum_judge)
add_custom_target(toy_sum_kit DEPENDS toy_sum_practice toy_sum_shim toy_sum_judge)
add_custom_target(toy_sum_check DEPENDS toy_sum_practice_starter toy_sum_shim_starter)
add_custom_target(site)
)";

constexpr const char* header = R"(int add(int a, int b);
int twice(int a);
constexpr int unwritten = -12345;
)";

constexpr const char* shim = R"(#include <stdio.h>
#include <stdlib.h>
#include "toy_sum.hpp"
int main(int argc, char** argv) {
  const int got = argc == 4 ? add(atoi(argv[2]), atoi(argv[3])) : twice(atoi(argv[2]));
  printf(got == unwritten ? "TODO\n" : "%d\n", got);
}
)";

constexpr const char* practice = R"(#include <stdio.h>
#include "toy_sum.hpp"
void tell(const char* name, int got, int expected) {
  if (got == expected)
    printf("ok     %s\n", name);
  else if (got == unwritten)
    printf("TODO   %s\n       TODO(lab 01): it\n", name);
  else
    printf("FAILED %s\n       expected: %d\n       got:      %d\n", name, expected, got);
  fflush(stdout);
}
int main() {
  printf("seed   5\nrun    two_and_three_are_five\n");
  fflush(stdout);
  tell("two_and_three_are_five", add(2, 3), 5);
  printf("run    twice_four_is_eight\n");
  fflush(stdout);
  tell("twice_four_is_eight", twice(4), 8);
}
)";

// Takes the judge's options and reports as a judge does. TOY_FAULT=1 makes `doubles` a fault.
constexpr const char* judge = R"sh(#!/bin/sh
only=
while [ $# -gt 0 ]; do
  case $1 in
    --student) student=$2 ;;
    --seed) seed=$2 ;;
    --case) only="$only $2" ;;
  esac
  shift 2
done
wanted() { [ -z "$only" ] || case "$only " in *" $1 "*) true ;; *) false ;; esac; }
report=
play() { # id, expected, arguments
  id=$1 expected=$2
  shift 2
  wanted "$id" || return 0
  got=$(timeout 1 "$student" "$@")
  code=$?
  if [ -n "$TOY_FAULT" ] && [ "$id" = doubles ]; then status=fault
  elif [ "$got" = TODO ]; then status=todo
  elif [ $code = 0 ] && [ "$got" = "$expected" ]; then status=passed
  else status=failed; fi
  report="$report${report:+,}{\"id\":\"$id\",\"status\":\"$status\",\"inputs\":1,\"story\":{
    \"input_number\":0,\"input\":\"$*\",\"steps\":[\"called $1\"],\"failed\":\"the figure\",
    \"expected\":\"$expected\",\"got\":\"${got:-exit code $code}\"}}"
}
play sums 12 add 5 7
play doubles 10 twice 5
echo "{\"lab\":\"toy\",\"seed\":$seed,\"cases\":[$report]}"
)sh";

constexpr const char* lab_json = R"({
  "number": "01", "name": "toy-sum", "title": {"en": "Sums", "zh": "求和"},
  "notes": ["01-toy"], "demo": [["toy-sum"]],
  "cases": [
    {"id": "sums", "points": 60, "title": {"en": "Adds", "zh": "相加"},
     "hints": [{"en": "Look at +.", "zh": "看看加号。"}, {"en": "Return a + b.", "zh": "返回 a + b。"}]},
    {"id": "doubles", "points": 40, "title": {"en": "Doubles", "zh": "加倍"},
     "hints": [{"en": "Look at *.", "zh": "看看乘号。"}]}
  ]
})";

}  // namespace

ToyTree::ToyTree() : root_(folder_.path() / "tree"), build_(root_ / "build") {
  const fs::path lab = root_ / "labs/01-toy-sum";
  fs::create_directories(lab / "starter");
  fs::create_directories(lab / "solution");
  fs::create_directories(build_ / "bin");
  dialtone::write_file(root_ / "CMakeLists.txt", top_cmake);
  dialtone::write_file(root_ / "labs/CMakeLists.txt", labs_cmake);
  dialtone::write_file(root_ / "labs/starters.sha256",
                       dialtone::sha256(toy::starter) + "  labs/01-toy-sum/starter/toy_sum.cpp\n");
  dialtone::write_file(lab / "toy_sum.hpp", header);
  dialtone::write_file(lab / "shim.cpp", shim);
  dialtone::write_file(lab / "practice.cpp", practice);
  dialtone::write_file(lab / "judge.sh", judge);
  dialtone::write_file(lab / "lab.json", lab_json);
  dialtone::write_file(lab / "starter/toy_sum.cpp", toy::starter);
  dialtone::write_file(lab / "solution/toy_sum.cpp", toy::solution);
  dialtone::write_file(build_ / "bin/toy-sum", "#!/bin/sh\necho 2 + 3 = 5\n");
  for (const fs::path& script : {lab / "judge.sh", build_ / "bin/toy-sum"})
    fs::permissions(script, fs::perms::owner_all);
  fs::copy_file(WORKBOOK_PROGRAM, build_ / "bin/workbook");

  Command configure;
  configure.arguments = {"cmake", "-S", root_.string(), "-B", build_.string(), "-G", "Ninja"};
  const Outcome outcome = dialtone::run(configure, std::chrono::minutes(2));
  if (!outcome.succeeded()) throw std::runtime_error(outcome.out + outcome.err);
  // A pristine copy, as the real build keeps one.
  fs::create_directories(build_ / "pristine");
  dialtone::write_file(build_ / "pristine" / dialtone::sha256(toy::starter), toy::starter);
}

ToyTree& ToyTree::fresh() {
  static ToyTree tree;
  tree.edit(toy::starter);
  fs::remove(tree.progress());
  for (const auto& entry : fs::directory_iterator(tree.starter().parent_path()))
    if (entry.path() != tree.starter()) fs::remove(entry.path());
  return tree;
}

void ToyTree::edit(const std::string& text) const {
  // Only a change of the text makes the build run: two edits may share a clock tick otherwise.
  if (fs::exists(starter()) && dialtone::read_file(starter()) == text) return;
  dialtone::write_file(starter(), text);
}

Outcome ToyTree::workbook(std::vector<std::string> arguments,
                          const std::vector<std::string>& environment) const {
  const char* path = std::getenv("PATH");
  Command command;
  command.arguments = std::move(arguments);
  command.arguments.insert(command.arguments.begin(), (build_ / "bin/workbook").string());
  command.directory = folder_.path();
  command.environment = std::vector<std::string>{
      std::string("PATH=") + (path != nullptr ? path : "/usr/bin:/bin"), "LC_ALL=C.UTF-8",
      "DIALTONE_PROGRESS=" + progress().string(), "HOME=" + folder_.path().string()};
  command.environment->insert(command.environment->end(), environment.begin(), environment.end());
  return dialtone::run(command, std::chrono::minutes(2));
}

std::size_t line_count(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace grader_test
