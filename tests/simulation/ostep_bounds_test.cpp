// What the players refuse: one line each, in both languages, and soon.
#include <chrono>
#include <utility>

#include "ostep.hpp"
#include "practice.hpp"

namespace {

using dialtone::Language;
using simulation::ostep::play;
using Words = std::vector<std::string>;
using Command = std::pair<std::string, Words>;

std::string refusal(const std::string& tool, const Words& options, Language language) {
  const auto outcome = play(tool, options, language);
  return outcome ? "" : outcome.error();
}

void check_refused(const std::vector<Command>& commands) {
  for (const auto& [tool, options] : commands) {
    std::string command = tool;
    for (const std::string& option : options) command += " " + option;
    INFO(command);
    const std::string english = refusal(tool, options, Language::english);
    CHECK_FALSE(english.empty());
    CHECK(english.find('\n') == std::string::npos);
    CHECK(english.size() < 400);
  }
}

/// Refusals that take no time are looked at in both languages.
void check_refused_at_once(const std::vector<Command>& commands) {
  check_refused(commands);
  for (const auto& [tool, options] : commands) {
    INFO(refusal(tool, options, Language::english));
    CHECK(refusal(tool, options, Language::chinese).find("：") != std::string::npos);
  }
}

TEST_CASE("a_refusal_says_where_what_and_why") {
  CHECK(refusal("mlfq", {"-q", "0"}, Language::english) == "ostep:mlfq: -q 0: must be at least 1");
  CHECK(refusal("mlfq", {"-q", "0"}, Language::chinese) == "ostep:mlfq：-q 0：至少为 1");
  CHECK(refusal("scheduler", {"-l", "3,x"}, Language::english) ==
        "ostep:scheduler: -l x: a run time is a number from 0 on; separate several by commas");
  CHECK(refusal("nothing", {}, Language::english) ==
        "unknown tool 'nothing'; there are scheduler mlfq lottery multi process-run malloc "
        "relocation");
}

TEST_CASE("words_that_are_no_options_are_refused") {
  check_refused_at_once({{"scheduler", {"-x"}},
                         {"scheduler", {"--nothing=3"}},
                         {"scheduler", {"word"}},
                         {"scheduler", {"--"}},
                         {"scheduler", {"-"}},
                         {"scheduler", {""}},
                         {"scheduler", {"-q"}},
                         {"scheduler", {"-cx"}},
                         {"scheduler", {"-l", "1\n2"}},
                         {"multi", {"--trace_"}},
                         {"multi", {"--trace=yes"}},
                         {"malloc", {"-s", "99999999999999999999"}},
                         {"malloc", {"-s", "1.5"}},
                         {"malloc", {"-s", "08"}}});
}

TEST_CASE("malformed_and_absurd_values_are_refused") {
  check_refused_at_once({{"scheduler", {"-l", ","}},
                         {"scheduler", {"-l", "-3"}},
                         {"scheduler", {"-l", "nan"}},
                         {"scheduler", {"-l", "1e400"}},
                         {"scheduler", {"-l", "2147483649"}},
                         {"scheduler", {"-q", "0"}},
                         {"scheduler", {"-q", "-1"}},
                         {"scheduler", {"-p", "SRTF"}},
                         {"scheduler", {"-j", "0"}},
                         {"scheduler", {"-j", "2000000"}},
                         {"mlfq", {"-l", "0,5"}},
                         {"mlfq", {"-l", "0,0,1"}},
                         {"mlfq", {"-l", "-1,5,1"}},
                         {"mlfq", {"-Q", "4,0"}},
                         {"mlfq", {"-Q", "4,x"}},
                         {"mlfq", {"-Q", "4,2", "-A", "1"}},
                         {"mlfq", {"-A", "0,1,1"}},
                         {"mlfq", {"-n", "0"}},
                         {"mlfq", {"-i", "-1"}},
                         {"mlfq", {"-m", "0"}},
                         {"lottery", {"-l", "5"}},
                         {"lottery", {"-l", "5:x"}},
                         {"lottery", {"-l", "5:-1"}},
                         {"lottery", {"-q", "0"}},
                         {"multi", {"-L", "a:5"}},
                         {"multi", {"-L", "a:5:1,a:6:1"}},
                         {"multi", {"-L", "a:5:1", "-A", "b:0"}},
                         {"multi", {"-L", "a:5:1", "-A", "a:2"}},
                         {"multi", {"-L", "a:5:1", "-A", "a"}},
                         {"multi", {"-n", "0"}},
                         {"multi", {"-q", "0"}},
                         {"multi", {"-M", "-1"}},
                         {"process-run", {}},
                         {"process-run", {"-l", "5"}},
                         {"process-run", {"-l", "x:5"}},
                         {"process-run", {"-P", "c1,,i"}},
                         {"process-run", {"-P", "x"}},
                         {"process-run", {"-l", "1:0", "-L", "-1"}},
                         {"process-run", {"-l", "1:0", "-S", "NEVER"}},
                         {"process-run", {"-l", "1:0", "-I", "NEVER"}},
                         {"malloc", {"-p", "LAST"}},
                         {"malloc", {"-l", "SORTED"}},
                         {"malloc", {"-a", "0"}},
                         {"malloc", {"-P", "0"}},
                         {"malloc", {"-A", "5"}},
                         {"malloc", {"-A", "+5,"}},
                         {"malloc", {"-A", "--1"}},
                         {"malloc", {"-A", "+-1"}},
                         {"relocation", {"-a", "0"}},
                         {"relocation", {"-a", "k"}},
                         {"relocation", {"-p", "1"}},
                         {"relocation", {"-a", "16k", "-p", "16k"}},
                         {"relocation", {"-b", "16k", "-l", "1"}},
                         {"relocation", {"-l", "-5"}}});
}

TEST_CASE("where_a_published_tool_crashes_there_is_a_line") {
  check_refused_at_once({{"lottery", {"-l", "5:0"}},               // divides by no tickets
                         {"lottery", {"-l", "5:0,1:3"}},           // the same, later
                         {"multi", {"-n", "1", "-p", "-P", "5"}},  // steals from nobody
                         {"malloc", {"-A", "+200,+5,-0"}},         // frees what was not to be had
                         {"malloc", {"-A", "+0,+5"}}});            // gives an address twice
}

TEST_CASE("where_a_published_tool_never_ends_there_is_a_line") {
  const auto start = std::chrono::steady_clock::now();
  check_refused(
      {{"lottery", {"-m", "1"}},
       {"lottery", {"-T", "1"}},
       {"relocation", {"-l", "16k"}},
       {"relocation", {"-p", "1024g", "-l", "1099511627775"}},
       {"multi", {"-L", "a:60:50", "-r", "0"}},
       // b is stolen because its length is the thief's number, where it may not run.
       {"multi", {"-n", "2", "-L", "a:9:50,b:1:0,c:9:0", "-p", "-P", "2", "-A", "a:0,b:0,c:0"}}});
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(60));
}

TEST_CASE("work_is_bounded") {
  const auto start = std::chrono::steady_clock::now();
  check_refused({{"scheduler", {"-p", "RR", "-l", "2147483648"}},
                 {"scheduler", {"-p", "RR", "-l", "1000000,1000000"}},
                 {"scheduler", {"-p", "RR", "-q", "1e-300", "-l", "5"}},
                 {"mlfq", {"-l", "0,2147483648,0"}},
                 {"mlfq", {"-l", "2147483648,1,0"}},
                 {"mlfq", {"-l", "0,2,1", "-i", "2147483648"}},
                 {"lottery", {"-l", "2147483648:1"}},
                 {"lottery", {"-l", "9000000:1,9000000:1"}},
                 {"multi", {"-L", "a:2147483648:0", "-n", "1000"}},
                 {"process-run", {"-l", "2147483648:50"}},
                 {"process-run", {"-P", "c2147483648"}},
                 {"process-run", {"-l", "1:0", "-L", "2147483648"}},
                 {"malloc", {"-n", "2147483648"}},
                 {"malloc", {"-n", "100000", "-S", "2147483648", "-P", "60"}},
                 {"relocation", {"-n", "2147483648"}}});
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(60));
}

}  // namespace
