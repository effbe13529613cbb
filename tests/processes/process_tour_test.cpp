// The tour of lab 04: its trees, bars and counts, and that it leaves nobody behind.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <nlohmann/json.hpp>

#include "../support/xml_check.hpp"
#include "failure.hpp"
#include "language.hpp"
#include "practice.hpp"
#include "process.hpp"
#include "random.hpp"
#include "tour/calls.hpp"
#include "tour/line.hpp"
#include "tour/switches.hpp"
#include "tour/tree.hpp"

using namespace process_tour;
using dialtone::Outcome;
using std::chrono::seconds;

namespace {

Row process(pid_t pid, pid_t parent, std::string name = "p", char state = 'S') {
  return {pid, parent, state, std::move(name), 1, 4096, 1, 2};
}

/// "1 .2 ..3" for 1, its child 2 and its grandchild 3.
std::string outline(const std::vector<Branch>& tree) {
  std::string text;
  for (const Branch& branch : tree)
    text += (text.empty() ? "" : " ") + std::string(branch.depth, '.') +
            std::to_string(branch.row->pid);
  return text;
}

class InALocale {
 public:
  explicit InALocale(const char* name) {
    ::unsetenv("LC_ALL");
    ::unsetenv("LC_CTYPE");
    ::setenv("LANG", name, 1);
    dialtone::set_language(dialtone::Language::english);
  }
  InALocale(const InALocale&) = delete;
  InALocale& operator=(const InALocale&) = delete;
  ~InALocale() { ::setenv("LANG", "C", 1); }
};

Outcome process_tour_with(std::vector<std::string> arguments, const char* language = "en") {
  dialtone::Command command;
  command.arguments = {PROCESS_TOUR, "--lang", language};
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  return dialtone::run(command, seconds(60));
}

/// Ended with that code, and said one line on standard error that holds `what`.
void says_one_line(const std::vector<std::string>& arguments, int code, const std::string& what) {
  const Outcome outcome = process_tour_with(arguments);
  INFO(outcome.out << outcome.err);
  CHECK(outcome.ending.signal == 0);
  CHECK(outcome.ending.exit_code == code);
  CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  CHECK(outcome.err.rfind("process-tour: ", 0) == 0);
  CHECK(outcome.err.find(what) != std::string::npos);
}

}  // namespace

TEST_CASE("a_tree_has_each_child_below_its_parent") {
  const std::vector<Row> rows = {process(1, 0), process(2, 1), process(3, 1), process(4, 2),
                                 process(9, 77)};
  CHECK(outline(arrange(rows, std::nullopt)) == "1 .2 ..4 .3 9");
  CHECK(outline(arrange(rows, 2)) == "2 .4");
  CHECK(outline(arrange(rows, 5)).empty());
}

TEST_CASE("a_tree_has_each_process_once_whatever_the_parents_say") {
  dialtone::Random random(dialtone::test_seed());
  for (int round = 0; round < 200; ++round) {
    std::vector<Row> rows;
    const auto count = static_cast<pid_t>(random.between(1, 30));
    for (pid_t pid = 1; pid <= count; ++pid)
      rows.push_back(process(pid, static_cast<pid_t>(random.between(0, 31))));
    std::vector<pid_t> seen;
    for (const Branch& branch : arrange(rows, std::nullopt)) seen.push_back(branch.row->pid);
    std::sort(seen.begin(), seen.end());
    INFO("round " << round);
    CHECK(seen.size() == rows.size());
    CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
  }
}

TEST_CASE("a_very_deep_tree_is_drawn_all_the_same") {
  const InALocale locale("C.UTF-8");
  std::vector<Row> rows;
  for (pid_t pid = 1; pid <= 100'000; ++pid) rows.push_back(process(pid, pid - 1));
  const auto tree = arrange(rows, std::nullopt);
  CHECK(tree.back().depth == 99'999);
  for (const std::string& line : tree_lines(tree, 80)) {
    if (dialtone::display_width(line) <= 80) continue;
    FAIL(line);
  }
}

TEST_CASE("twigs_join_siblings") {
  const InALocale locale("C");
  const std::vector<Row> rows = {process(1, 0, "a"), process(2, 1, "b"), process(3, 2, "c"),
                                 process(4, 1, "d")};
  const auto lines = tree_lines(arrange(rows, std::nullopt), 30);
  const auto ends_with = [&](std::size_t line, const std::string& end) {
    INFO(lines.at(line));
    CHECK(lines.at(line).substr(lines.at(line).size() - end.size()) == end);
  };
  REQUIRE(lines.size() == 5);
  ends_with(1, "  a");
  ends_with(2, "  |-b");
  ends_with(3, "  | `-c");
  ends_with(4, "  `-d");
}

TEST_CASE("no_line_is_wider_than_the_terminal") {
  const std::vector<Row> rows = {process(1, 0, "名字很长的进程"),
                                 process(4'194'304, 1, "e\xcc\x81\xff"),
                                 process(3, 1, "a\nb\x1b[31m)"), process(2, 4'194'304, "x", 'Z')};
  for (const char* name : {"C.UTF-8", "C"}) {
    const InALocale locale(name);
    for (std::size_t columns = 1; columns <= 120; ++columns)
      for (const std::string& line : tree_lines(arrange(rows, std::nullopt), columns)) {
        INFO(name << ", " << columns << " columns: " << line);
        CHECK(dialtone::display_width(line) <= columns);
        CHECK(line.find_first_of("\n\x1b\xff") == std::string::npos);
      }
  }
}

TEST_CASE("a_table_is_read_back_from_its_json") {
  ProcessTable table;
  table.rows = {process(1, 0, "init"), process(7, 1, "僵尸", 'Z'),
                process(9, 7, "quoted \"name\"")};
  table.rows[1].resident_bytes.reset();
  table.rows[2].voluntary.reset();
  CHECK(table_from_json(to_json(table).dump(), "x").rows == table.rows);
}

TEST_CASE("a_broken_recording_is_one_clear_line") {
  const std::string good =
      R"({"processes":[{"pid":1,"parent":0,"state":"S","name":"a","threads":1}]})";
  CHECK(table_from_json(good, "f").rows.size() == 1);
  for (const char* bad :
       {"", "{", "[]", "{}", R"({"processes":{}})", R"({"processes":[1]})",
        R"({"processes":[{"pid":-1,"parent":0,"state":"S","name":"a","threads":1}]})",
        R"({"processes":[{"pid":99999999999,"parent":0,"state":"S","name":"a","threads":1}]})",
        R"({"processes":[{"pid":1,"parent":0,"state":"SS","name":"a","threads":1}]})",
        R"({"processes":[{"pid":1,"parent":0,"state":"S","threads":1}]})",
        R"({"processes":[{"pid":1,"parent":0,"state":"S","name":"a","threads":1},
                         {"pid":1,"parent":0,"state":"S","name":"b","threads":1}]})"}) {
    INFO(bad);
    CHECK_THROWS_AS(table_from_json(bad, "f"), dialtone::UsageFailure);
    CHECK_THROWS_AS(switches_from_json(bad, "f"), dialtone::UsageFailure);
  }
}

TEST_CASE("threads_of_the_kernel_are_told_by_their_parent_and_their_want_of_memory") {
  std::vector<Row> rows = {process(1, 0), process(2, 0, "kthreadd"), process(3, 2, "kworker"),
                           process(4, 2, "mine"), process(5, 1)};
  rows[1].resident_bytes.reset();
  rows[2].resident_bytes.reset();
  std::size_t left_out = 0;
  CHECK(without_kernel_threads(rows, left_out).size() == 3);
  CHECK(left_out == 2);
}

TEST_CASE("bars_grow_with_their_share") {
  for (const char* name : {"C.UTF-8", "C"}) {
    const InALocale locale(name);
    CHECK(bar(0, 20).empty());
    CHECK(dialtone::display_width(bar(1e-9, 20)) == 1);
    CHECK(dialtone::display_width(bar(1, 20)) == 20);
    std::size_t before = 0;
    for (int share = 0; share <= 100; ++share) {
      const std::size_t width = dialtone::display_width(bar(share / 100.0, 20));
      CHECK(width >= before);
      before = width;
    }
  }
}

TEST_CASE("switches_are_drawn_in_any_width") {
  Switches switches;
  switches.workers = {{"computes", 1, 0, 900, 0.5}, {"waits", 2, 1'234'567'890, 3, 0.1}};
  for (const char* name : {"C.UTF-8", "C"}) {
    const InALocale locale(name);
    for (std::size_t columns = 1; columns <= 120; ++columns)
      for (const std::string& line : switch_lines(switches, columns)) {
        INFO(name << ", " << columns << " columns: " << line);
        CHECK(dialtone::display_width(line) <= columns);
      }
  }
}

TEST_CASE("calls_are_sorted_by_the_marks_around_printf") {
  CallCounter calls;
  calls.add(SYS_mmap, true);
  calls.add(SYS_mmap, true);
  calls.add(SYS_brk, false);
  calls.add(SYS_getppid, false);
  calls.add(SYS_write, false);
  calls.add(SYS_getppid, false);
  calls.add(SYS_exit_group, false);
  CHECK(calls.of(Phase::loader) == Counts{{SYS_mmap, 2}});
  CHECK(calls.of(Phase::library) == Counts{{SYS_brk, 1}});
  CHECK(calls.of(Phase::printf) == Counts{{SYS_write, 1}});
  CHECK(calls.of(Phase::end) == Counts{{SYS_exit_group, 1}});
  CHECK(calls.total() == 5);
  CHECK(call_list({{SYS_brk, 1}, {SYS_mmap, 3}, {99'999, 2}}) ==
        std::vector<std::string>{"3 mmap", "2 call 99999", "1 brk"});
}

TEST_CASE("words_are_cut_into_programs_at_pipe") {
  using Programs = std::vector<std::vector<std::string>>;
  CHECK(programs_of({"ls", "-l", "--pipe", "wc"}) == Programs{{"ls", "-l"}, {"wc"}});
  CHECK(programs_of({"a|b"}) == Programs{{"a|b"}});
  for (const auto& bad : std::vector<std::vector<std::string>>{
           {}, {"--pipe"}, {"a", "--pipe"}, {"--pipe", "a"}, {"a", "--pipe", "--pipe", "b"}})
    CHECK_THROWS_AS(programs_of(bad), dialtone::UsageFailure);
}

TEST_CASE("pictures_are_well_formed_and_the_same_each_time") {
  for (const char* what : {"tree", "switches"})
    for (const char* language : {"en", "zh"}) {
      const std::vector<std::string> words = {
          what, "--from", std::string(RECORDINGS "/") + what + ".json", "--svg", "-"};
      const Outcome first = process_tour_with(words, language);
      INFO(what << ' ' << language << first.err);
      CHECK(first.succeeded());
      CHECK(dialtone::XmlCheck(first.out).complaint().empty());
      CHECK(process_tour_with(words, language).out == first.out);
    }
  const std::vector<Row> rows = {process(1, 0, "<&\"\x01\xff")};
  const std::string picture = tree_svg(arrange(rows, std::nullopt));
  CHECK(dialtone::XmlCheck(picture).complaint().empty());
}

// --- the whole program ---

TEST_CASE("the_whole_tour_tells_what_it_saw") {
  const Outcome outcome = process_tour_with({"--brief", "--json"});
  INFO(outcome.out << outcome.err);
  REQUIRE(outcome.succeeded());
  const auto seen = nlohmann::json::parse(outcome.out);
  const auto& twins = seen.at("twins");
  for (const auto& one : twins.at("processes")) CHECK(one.at("inode") == twins.at("inode"));
  CHECK(twins.at("processes")[0].at("counter") == 3);
  CHECK(twins.at("processes")[1].at("counter") == 5);
  CHECK(seen.at("fork").at("parent").at("value") == 1);
  CHECK(seen.at("fork").at("child").at("value") == 2);
  CHECK(seen.at("fork").at("child").at("parent") == seen.at("fork").at("parent").at("pid"));
  CHECK(seen.at("ends").at("zombie").at("state") == "Z");
  CHECK(seen.at("ends").at("zombie").at("exit_code") == 7);
  CHECK(seen.at("ends").at("zombie").at("gone_after_wait") == true);
  const auto& orphan = seen.at("ends").at("orphan");
  CHECK(orphan.at("new_parent") == orphan.at("this_process"));
  CHECK(orphan.at("old_parent") != orphan.at("new_parent"));
  CHECK(seen.at("exec").at("before").at("pid") == seen.at("exec").at("after").at("pid"));
  CHECK(seen.at("exec").at("after").at("name") == "cat");
  CHECK(seen.at("pipeline").at("programs")[0].at("signal") == SIGPIPE);
  CHECK(seen.at("pipeline").at("output").get<std::string>().find("200000 dialtone") !=
        std::string::npos);
  std::string states;
  for (const auto& one : seen.at("tree").at("processes"))
    states += one.at("state").get<std::string>();
  CHECK(states.size() == 7);
  CHECK(states.find('T') != std::string::npos);
  CHECK(states.find('Z') != std::string::npos);
  CHECK(seen.at("switches").at("workers").size() == 3);
  const auto& calls = seen.at("calls");
  if (calls.contains("why_not")) return;  // no tracing here
  for (const auto& run : calls.at("runs")) {
    const auto writes = [&](const char* phase) {
      return run.at("calls").at(phase).value("write", 0);
    };
    const bool line_by_line = run.at("to") == "terminal";
    CHECK(writes("printf") == (line_by_line ? run.at("printfs").get<int>() : 0));
    CHECK(writes("end") == (line_by_line ? 0 : 1));
  }
}

TEST_CASE("bad_input_is_one_clear_line") {
  says_one_line({"run", "--", "no-such-program"}, 1, "exec no-such-program: No such file");
  says_one_line({"run", "--", "true", "--pipe", "/proc/version"}, 1, "Permission denied");
  says_one_line({"run"}, 2, "a program is missing");
  says_one_line({"tree", "2147483647"}, 1, "process 2147483647: there is none");
  says_one_line({"tree", "0"}, 2, "PID");
  says_one_line({"tree", "--follow"}, 2, "--follow needs a terminal");
  says_one_line({"tree", "--from", "/nonexistent"}, 2, "/nonexistent");
  says_one_line({"nonsense"}, 2, "nonsense");
}

TEST_CASE("the_last_program_of_a_line_decides") {
  CHECK(process_tour_with({"run", "--", "false", "--pipe", "true"}).ending.exit_code == 0);
  const Outcome died = process_tour_with({"run", "--", "sh", "-c", "kill -9 $$"});
  CHECK(died.ending.exit_code == 1);
  CHECK(died.err.find("process-tour: sh: killed by SIGKILL") != std::string::npos);
  const Outcome late = process_tour_with({"run", "--limit", "0.1", "--", "sleep", "60"});
  CHECK(late.ending.exit_code == 1);
  CHECK(late.err.find("did not end in time") != std::string::npos);
}

TEST_CASE("a_reader_that_has_gone_ends_it_quietly") {
  for (const char* words : {"--brief", "tree", "tree --json", "calls", "tree --svg -"}) {
    dialtone::Command command;
    command.arguments = {"sh", "-c", std::string(PROCESS_TOUR) + " " + words + " | true"};
    const Outcome outcome = dialtone::run(command, seconds(60));
    INFO(words);
    CHECK(outcome.succeeded());
    CHECK(outcome.err.empty());
  }
}

TEST_CASE("an_interruption_leaves_nobody_behind") {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // whoever is left behind comes to this process
  dialtone::Random random(dialtone::test_seed());
  for (int round = 0; round < 12; ++round) {
    const int signal = round % 3 == 0 ? SIGINT : round % 3 == 1 ? SIGTERM : SIGHUP;
    INFO("round " << round << ", signal " << signal);
    dialtone::Command command;
    command.arguments = {PROCESS_TOUR, "--brief", "--json"};
    command.own_group = false;
    const dialtone::FileDescriptor null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    command.descriptors = {{1, null.get()}};
    {
      dialtone::Child child(command);
      child.wait_for(std::chrono::milliseconds(random.between(0, 500)));
      ::kill(child.pid(), signal);
      const auto ending = child.wait_for(seconds(20));
      REQUIRE(ending);
      // It may have been quicker than the signal, or the signal than its first line.
      CHECK((ending->signal == signal || ending->exit_code == 0));
    }
    CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
    CHECK(errno == ECHILD);
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}
