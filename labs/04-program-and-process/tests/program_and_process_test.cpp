// Practice for lab 04. The programs that are started here are the system's small ones; after each
// test the household is looked over: no descriptor and no child may be left. Where calls fail on
// purpose (FaultyCalls), all of this process's calls meet the script, and none of a child's.
#include <sys/stat.h>

#include <array>
#include <atomic>
#include <cstring>
#include <future>

#include "faulty_calls.hpp"
#include "household.hpp"
#include "process.hpp"

namespace program_and_process {
namespace {

using dialtone::Fault;
using dialtone::FaultyCalls;
using dialtone::Random;
using dialtone::TemporaryFolder;
using How = Ending::How;
using std::to_string;

/// A steady clock that moves on by a millisecond whenever somebody looks at it.
std::chrono::steady_clock::time_point impatient_clock() {
  static std::atomic<int> looks{0};
  return std::chrono::steady_clock::time_point(std::chrono::milliseconds(++looks));
}

/// A file with this text and these permissions.
fs::path put(const fs::path& path, const std::string& text, unsigned permissions = 0644) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
  fs::permissions(path, static_cast<fs::perms>(permissions));
  return path;
}

}  // namespace

// --- starting ---

TEST_CASE_METHOD(Household, "the_words_arrive_as_they_are") {
  s.step("printf [%s] with words that a shell would have changed");
  const Told told = run(words({"printf", "[%s]", "two  words", "", "*", "$HOME", "'\"", "a\\b;c"}));
  s.expect_equal("what it got", told.text, std::string("[two  words][][*][$HOME]['\"][a\\b;c]"));
}

TEST_CASE_METHOD(Household, "the_number_comes_when_the_program_runs") {
  for (int i = 0; i < 10; ++i) {
    Pipe input;
    const pid_t child = start(words({"/bin/cat"}, {{0, input.from.get()}}));
    std::error_code none;
    const bool runs = fs::equivalent("/proc/" + to_string(child) + "/exe", "/bin/cat", none);
    s.expect("the program of the new process, once spawn has returned", runs, "/bin/cat",
             fs::read_symlink("/proc/" + to_string(child) + "/exe", none).string());
    input.to.reset();
    expect_success(s, "wait_for", wait_for(child, soon()));
  }
}

TEST_CASE_METHOD(Household, "the_new_process_is_a_child_by_fork") {
  Pipe output;
  {
    const FaultyCalls calls;
    const pid_t child = start(words({"/bin/true"}));
    s.expect_equal("calls of fork", calls.seen("fork").size(), std::size_t{1});
    expect_success(s, "wait_for", wait_for(child, soon()));
  }
  s.step("a shell says its number and its parent's");
  const pid_t child = start(sh("echo $$ $PPID", {{1, output.to.get()}}));
  output.to.reset();
  s.expect_equal("what it says", hear(output.from.get()),
                 to_string(child) + " " + to_string(getpid()) + "\n");
  expect_success(s, "wait_for", wait_for(child, soon()));
}

TEST_CASE_METHOD(Household, "a_name_is_looked_up_in_this_process_path") {
  const TemporaryFolder folder;
  const fs::path here = folder.path();
  put(here / "b" / "tool", "#!/bin/sh\necho b\n", 0755);
  put(here / "c" / "tool", "#!/bin/sh\necho c\n", 0755);
  const Variable path(
      "PATH", (here / "a").string() + ":" + (here / "b").string() + ":" + (here / "c").string());
  s.step("PATH names the folders a, b and c here, and /nowhere in the child's environment");
  Program tool = words({"tool"});
  tool.environment = {"PATH=/nowhere"};
  s.expect_equal("the tool that runs", run(tool).text, std::string("b\n"));
}

TEST_CASE_METHOD(Household, "a_name_with_a_slash_is_not_looked_up") {
  const TemporaryFolder folder;
  put(folder.path() / "tool", "#!/bin/sh\necho here\n", 0755);
  put(folder.path() / "path" / "tool", "#!/bin/sh\necho in path\n", 0755);
  put(folder.path() / "path" / "sub" / "hidden", "#!/bin/sh\necho in path\n", 0755);
  const WorkingDirectory here(folder.path());
  const Variable path("PATH", (folder.path() / "path").string());
  s.expect_equal("./tool", run(words({"./tool"})).text, std::string("here\n"));
  expect_failure(s, "spawn sub/hidden", spawn(words({"sub/hidden"})), Kind::not_found, ENOENT);
}

TEST_CASE_METHOD(Household, "an_empty_part_of_path_is_the_working_directory") {
  const TemporaryFolder folder;
  put(folder.path() / "tool", "#!/bin/sh\necho here\n", 0755);
  const WorkingDirectory here(folder.path());
  for (const char* text : {":/nowhere", "/nowhere::/nowhere/else", "/nowhere:"}) {
    s.step("PATH is " + std::string(text));
    const Variable path("PATH", text);
    s.expect_equal("the tool that runs", run(words({"tool"})).text, std::string("here\n"));
  }
}

TEST_CASE_METHOD(Household, "what_may_not_be_run_hides_nothing_behind_it") {
  const TemporaryFolder folder;
  const fs::path here = folder.path();
  put(here / "a" / "tool", "#!/bin/sh\necho a\n", 0644);
  put(here / "b" / "tool", "#!/bin/sh\necho b\n", 0755);
  put(here / "a" / "lonely", "#!/bin/sh\necho a\n", 0644);
  const Variable path("PATH", (here / "a").string() + ":" + (here / "b").string());
  s.step("the first tool in PATH has no permission to be executed, the second has");
  s.expect_equal("the tool that runs", run(words({"tool"})).text, std::string("b\n"));
  s.step("there is only one of the other tool, and it has none");
  expect_failure(s, "spawn", spawn(words({"lonely"})), Kind::not_executable, EACCES,
                 "exec lonely: ");
}

TEST_CASE_METHOD(Household, "a_given_environment_is_the_whole_one") {
  const Variable ours("DIALTONE_OURS", "1");
  Program env = words({"env"});
  env.environment = {"A=1", "EMPTY=", "B=two words=2"};
  s.expect_equal("env", run(env).text, std::string("A=1\nEMPTY=\nB=two words=2\n"));
  env.environment = std::vector<std::string>();
  s.expect_equal("env without any variable", run(env).text, std::string());
  s.expect("DIALTONE_OURS here, afterwards", std::getenv("DIALTONE_OURS") != nullptr, "1",
           "nothing");
}

TEST_CASE_METHOD(Household, "without_one_the_child_has_this_process_environment") {
  const Variable ours("DIALTONE_OURS", "some thing=1");
  const Variable empty("DIALTONE_EMPTY", "");
  const std::string all = "\n" + run(words({"env"})).text;
  for (const std::string line : {"DIALTONE_OURS=some thing=1", "DIALTONE_EMPTY="})
    s.expect("env says " + line, all.find("\n" + line + "\n") != std::string::npos, line, all);
}

TEST_CASE_METHOD(Household, "redirections_lead_the_three_standard_descriptors") {
  Pipe input;
  Pipe errors;
  dprintf(input.to.get(), "hello");
  input.to.reset();
  s.step("a shell copies its input and complains");
  const Told told = run(sh("cat; echo oh dear >&2", {{0, input.from.get()}, {2, errors.to.get()}}));
  errors.to.reset();
  s.expect_equal("standard output", told.text, std::string("hello"));
  s.expect_equal("standard error", hear(errors.from.get()), std::string("oh dear\n"));
}

TEST_CASE_METHOD(Household, "redirections_take_effect_all_at_once") {
  Pipe one;
  Pipe two;
  const int a = one.to.get();
  const int b = two.to.get();
  s.step("the numbers of two pipes are exchanged for the child");
  const pid_t child = start(sh(
      "echo from a > /proc/$$/fd/" + to_string(a) + "; echo from b > /proc/$$/fd/" + to_string(b),
      {{a, b}, {b, a}}));
  one.to.reset();
  two.to.reset();
  s.expect_equal("the first pipe", hear(one.from.get()), std::string("from b\n"));
  s.expect_equal("the second pipe", hear(two.from.get()), std::string("from a\n"));
  expect_success(s, "wait_for", wait_for(child, soon()));
}

TEST_CASE_METHOD(Household, "no_number_is_in_spawns_own_way") {
  Random random(dialtone::test_seed());
  for (int round = 0; round < 8; ++round) {
    std::array<Pipe, 2> pipes;
    std::array<std::string, 2> expected;
    std::vector<Redirection> to;
    std::string script;
    for (int number = 3; number <= 25; ++number) {
      if (round > 0 && random.chance(0.4)) continue;
      const std::size_t drawn = random.between(0, 1);
      to.insert(to.begin() + static_cast<std::ptrdiff_t>(random.between(0, to.size())),
                {number, pipes[drawn].to.get()});
      expected[drawn] += to_string(number) + " ";
      script += "printf '" + to_string(number) + " ' > /proc/$$/fd/" + to_string(number) + ";";
    }
    std::string drawn;
    for (const Redirection& one : to)
      drawn += " {" + to_string(one.child) + "," + to_string(one.parent) + "}";
    s.step("the redirections" + drawn);
    expect_failure(s, "spawn of what does not exist", spawn(words({"no-such-program"}, to)),
                   Kind::not_found, ENOENT);
    const pid_t child = start(sh(script, to));
    for (std::size_t i = 0; i < 2; ++i) {
      pipes[i].to.reset();
      s.expect_equal("the numbers that lead to a pipe", hear(pipes[i].from.get()), expected[i]);
    }
    expect_success(s, "wait_for", wait_for(child, soon()));
  }
}

TEST_CASE_METHOD(Household, "of_two_for_one_number_the_last_counts") {
  Pipe first;
  Pipe last;
  const pid_t child = start(words({"echo", "hello"}, {{1, first.to.get()}, {1, last.to.get()}}));
  first.to.reset();
  last.to.reset();
  s.expect_equal("the first one's pipe", hear(first.from.get()), std::string());
  s.expect_equal("the last one's pipe", hear(last.from.get()), std::string("hello\n"));
  expect_success(s, "wait_for", wait_for(child, soon()));
}

TEST_CASE_METHOD(Household, "a_number_may_be_led_to_itself") {
  Pipe pipe;
  const int number = pipe.to.get();
  s.step("descriptor " + to_string(number) + " is close-on-exec here; {it, it}");
  const pid_t child =
      start(sh("echo hello > /proc/$$/fd/" + to_string(number), {{number, number}}));
  pipe.to.reset();
  s.expect_equal("what the pipe says", hear(pipe.from.get()), std::string("hello\n"));
  expect_success(s, "wait_for", wait_for(child, soon()));
}

TEST_CASE_METHOD(Household, "every_other_descriptor_is_closed") {
  Pipe pipe;
  const FileDescriptor unmarked(dup(pipe.to.get()));  // not close-on-exec
  s.step("descriptor " + to_string(unmarked.get()) + " is open here, and not close-on-exec");
  s.expect_equal("what the child has open", run(sh(what_is_open)).text, std::string("0\n1\n2\n"));
  s.step("standard input is close-on-exec here");
  fcntl(0, F_SETFD, FD_CLOEXEC);
  const Told told = run(sh(what_is_open));
  fcntl(0, F_SETFD, 0);
  s.expect_equal("what the child has open", told.text, std::string("0\n1\n2\n"));
}

TEST_CASE_METHOD(Household, "what_is_closed_here_is_closed_there") {
  const std::array<std::string, 3> left = {"1\n2\n", "", "0\n1\n"};
  for (const int number : {0, 2}) {
    Pipe output;
    s.step("descriptor " + to_string(number) + " is closed here");
    Result<pid_t> child;
    {
      const Closed closed(number);
      child = spawn(sh(what_is_open, {{1, output.to.get()}}));
    }
    expect_success(s, "spawn", child);
    output.to.reset();
    s.expect_equal("what the child has open", hear(output.from.get()),
                   left[static_cast<std::size_t>(number)]);
    expect_success(s, "wait_for", wait_for(*child, soon()));
  }
}

TEST_CASE_METHOD(Household, "a_redirection_from_a_closed_number_is_refused") {
  const int next_free = dup(0);
  close(next_free);
  for (int number = next_free; number < next_free + 5; ++number) {
    s.step("descriptor " + to_string(number) + " is not open here");
    expect_failure(s, "spawn", spawn(words({"true"}, {{2, 2}, {1, number}})), Kind::system, EBADF,
                   "redirect ");
  }
}

TEST_CASE_METHOD(Household, "the_childs_signals_are_as_new") {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  sigaddset(&blocked, SIGTERM);
  sigprocmask(SIG_SETMASK, &blocked, &before);
  const auto pipe_before = std::signal(SIGPIPE, SIG_IGN);
  s.step("this process blocks SIGUSR1 and SIGTERM and ignores SIGPIPE");
  const Told told = run(words({"grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"}));
  sigset_t after;
  sigprocmask(SIG_SETMASK, &before, &after);
  const auto pipe_after = std::signal(SIGPIPE, pipe_before);

  const auto set_of = [&](const std::string& name) {
    const std::size_t at = told.text.find(name + ":");
    return at == std::string::npos ? ~0ULL : std::stoull(told.text.substr(at + 8), nullptr, 16);
  };
  s.expect_equal("signals that the child blocks", set_of("SigBlk"), 0ULL);
  s.expect_equal("it ignores SIGPIPE", (set_of("SigIgn") >> (SIGPIPE - 1) & 1U) != 0, false);
  s.expect("SIGPIPE here", pipe_after == SIG_IGN, "ignored as before", "something else");
  for (int signal = 1; signal < 32; ++signal)
    s.expect_equal("signal " + to_string(signal) + " is blocked here, afterwards",
                   sigismember(&after, signal), sigismember(&blocked, signal));
}

TEST_CASE_METHOD(Household, "a_failed_exec_says_why") {
  const TemporaryFolder folder;
  const std::string plain = put(folder.path() / "plain", "echo hello\n", 0644);
  const std::string text = put(folder.path() / "text", "echo hello\n", 0755);
  const std::string circle = folder.path() / "circle";
  fs::create_symlink(circle, circle);
  const struct {
    std::string name;
    Kind kind;
    int code;
  } samples[] = {{"/no/such/program", Kind::not_found, ENOENT},
                 {"no-such-program", Kind::not_found, ENOENT},
                 {"", Kind::not_found, ENOENT},
                 {plain + "/x", Kind::not_found, ENOTDIR},
                 {plain, Kind::not_executable, EACCES},
                 {folder.path(), Kind::not_executable, EACCES},
                 {text, Kind::not_executable, ENOEXEC},
                 {circle, Kind::system, ELOOP}};
  for (const auto& [name, kind, code] : samples) {
    s.step("spawn \"" + name + "\"");
    const auto child = spawn(words({name, "word"}));
    expect_failure(s, "spawn", child, kind, code, "exec " + name + ": ");
    s.expect("the message says why not", child.error().message.ends_with(std::strerror(code)),
             std::strerror(code), child.error().message);
  }
}

TEST_CASE_METHOD(Household, "no_words_are_no_program") {
  expect_failure(s, "spawn", spawn(Program()), Kind::system, EINVAL);
}

TEST_CASE_METHOD(Household, "a_fork_or_pipe_that_fails_leaves_nothing") {
  for (const auto& [call, code] : {std::pair("fork", EAGAIN), std::pair("pipe2", EMFILE)}) {
    s.step(std::string(call) + " fails");
    FaultyCalls faults;
    faults.script(call, {Fault::error(code)});
    const auto child = spawn(words({"true"}));
    if (faults.unmet() == 0)
      expect_failure(s, "spawn", child, Kind::system, code);
    else if (child)
      expect_success(s, "wait_for", wait_for(*child, soon()));
  }
}

TEST_CASE_METHOD(Household, "interruptions_do_not_change_how_a_start_ends") {
  for (const bool exists : {true, false}) {
    s.step(exists ? "a program that exists" : "a program that does not exist");
    FaultyCalls faults;
    for (const char* call : {"read", "poll", "waitpid"})
      faults.script(call, {Fault::error(EINTR), Fault::error(EINTR)});
    const auto child = spawn(words({exists ? "true" : "no-such-program"}));
    if (!exists) {
      expect_failure(s, "spawn", child, Kind::not_found, ENOENT);
      continue;
    }
    expect_success(s, "spawn", child);
    expect_ending("wait_for", wait_for(*child, soon()), {How::exited, 0, false});
  }
}

TEST_CASE_METHOD(Household, "threads_start_programs_beside_each_other") {
  const auto start_some = [](int thread) {
    std::string heard;
    for (int i = 0; i < 8; ++i) {
      Pipe output;
      const auto child =
          spawn(words({"echo", to_string(thread), to_string(i)}, {{1, output.to.get()}}));
      if (!child) return child.error().message;
      output.to.reset();
      heard += hear(output.from.get());
      if (const auto ending = wait_for(*child, soon()); !ending) return ending.error().message;
    }
    return heard;
  };
  std::vector<std::future<std::string>> threads;
  for (int i = 0; i < 4; ++i) threads.push_back(std::async(std::launch::async, start_some, i));
  for (int i = 0; i < 4; ++i) {
    std::string expected;
    for (int k = 0; k < 8; ++k) expected += to_string(i) + " " + to_string(k) + "\n";
    s.expect_equal("what the programs of one thread said",
                   threads[static_cast<std::size_t>(i)].get(), expected);
  }
}

// --- pipelines ---

namespace {

/// A line of programs, from its start to the end of what it says.
class PipelineHousehold : public Household {
 protected:
  struct Line {
    std::vector<pid_t> children;
    std::string said;
    std::vector<Ending> endings;
  };

  Line play(const std::vector<Program>& programs, int in = -1) {
    Pipe output;
    const auto children = start_pipeline(programs, in, output.to.get());
    expect_success(s, "start_pipeline", children);
    s.expect_equal("how many were started", children->size(), programs.size());
    s.expect_equal("the descriptors given are still open here",
                   fcntl(output.to.get(), F_GETFD) >= 0 && (in < 0 || fcntl(in, F_GETFD) >= 0),
                   true);
    output.to.reset();
    std::string said = hear(output.from.get());
    const auto endings = wait_for_all(*children, soon());
    expect_success(s, "wait_for_all", endings);
    return {*children, std::move(said), *endings};
  }
};

}  // namespace

TEST_CASE_METHOD(PipelineHousehold, "a_pipeline_passes_all_bytes_on") {
  Random random(dialtone::test_seed());
  const TemporaryFolder folder;
  const std::string bytes = random.bytes(1'000'000);
  const fs::path file = put(folder.path() / "bytes", bytes);
  for (const std::size_t length : {1, 2, 5}) {
    s.step("a million bytes through " + to_string(length) + " times cat");
    const FileDescriptor in(open(file.c_str(), O_RDONLY | O_CLOEXEC));
    const Line line = play(std::vector<Program>(length, words({"cat"})), in.get());
    s.expect("what came out", line.said == bytes, "the same bytes",
             to_string(line.said.size()) + " bytes, or others");
  }
}

TEST_CASE_METHOD(PipelineHousehold, "the_numbers_come_in_the_order_of_the_programs") {
  const Program append = sh("read line; echo $line $$");
  const Line line = play({sh("echo $$"), append, append, append});
  std::string expected;
  for (const pid_t child : line.children)
    expected += (expected.empty() ? "" : " ") + to_string(child);
  s.expect_equal("the numbers as the programs say them", line.said, expected + "\n");
}

TEST_CASE_METHOD(PipelineHousehold, "the_ends_of_a_line_are_this_process_own") {
  Pipe report;
  s.step("in and out are -1");
  const std::vector<Program> programs = {
      sh("(readlink /proc/$$/fd/0 >&2); true", {{2, report.to.get()}}),
      sh("(readlink /proc/$$/fd/1 >&2); true", {{2, report.to.get()}})};
  const auto children = start_pipeline(programs);
  expect_success(s, "start_pipeline", children);
  expect_success(s, "wait_for_all", wait_for_all(*children, soon()));
  report.to.reset();
  const std::string said = hear(report.from.get());
  for (const int number : {0, 1})
    s.expect("descriptor " + to_string(number) + " at its end of the line",
             said.find(target_of(number) + "\n") != std::string::npos, target_of(number), said);
}

TEST_CASE_METHOD(PipelineHousehold, "each_reads_an_end_of_file_when_the_one_before_has_ended") {
  s.step("six times cat behind a program that ends at once");
  std::vector<Program> programs(7, words({"cat"}));
  programs.front() = words({"true"});
  s.expect_equal("what came out", play(programs).said, std::string());
}

TEST_CASE_METHOD(PipelineHousehold, "who_writes_to_nobody_is_killed_by_sigpipe") {
  s.step("yes | head -n 2, where this process ignores SIGPIPE");
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  const Line line = play({words({"yes"}), words({"head", "-n", "2"})});
  std::signal(SIGPIPE, before);
  s.expect_equal("what came out", line.said, std::string("y\ny\n"));
  s.expect_equal("how they ended", told(line.endings), "killed 13, exited 0");
}

TEST_CASE_METHOD(PipelineHousehold, "nobody_else_holds_an_end_of_a_pipe") {
  Pipe report;
  play(std::vector<Program>(3, sh("(ls /proc/$$/fd >&2); true", {{2, report.to.get()}})));
  report.to.reset();
  s.expect_equal("what the three have open", hear(report.from.get()),
                 std::string("0\n1\n2\n0\n1\n2\n0\n1\n2\n"));
}

TEST_CASE_METHOD(PipelineHousehold, "a_closed_standard_descriptor_gets_no_end_of_a_pipe") {
  Pipe report;
  Pipe output;
  const Program list = sh("(ls /proc/$$/fd >&2); true", {{2, report.to.get()}});
  Result<std::vector<pid_t>> children;
  s.step("standard input is closed here");
  {
    const Closed closed(0);
    children = start_pipeline(std::vector<Program>{list}, -1, output.to.get());
    if (children) {
      const auto more =
          start_pipeline(std::vector<Program>{list, words({"cat"})}, -1, output.to.get());
      if (more) children->insert(children->end(), more->begin(), more->end());
    }
  }
  expect_success(s, "start_pipeline", children);
  report.to.reset();
  s.expect_equal("what the first of each line has open", hear(report.from.get()),
                 std::string("1\n2\n1\n2\n"));
  expect_success(s, "wait_for_all", wait_for_all(*children, soon()));
}

TEST_CASE_METHOD(PipelineHousehold, "a_programs_own_redirections_come_on_top") {
  Pipe aside;
  dprintf(aside.to.get(), "from aside");
  Pipe errors;
  s.step("the second program reads from elsewhere, and the first one's {2, 1} means our output");
  const std::string ours = target_of(1);
  const Line line = play({sh("(readlink /proc/$$/fd/2 >&3); true", {{2, 1}, {3, errors.to.get()}}),
                          words({"head", "-c", "10"}, {{0, aside.from.get()}})});
  errors.to.reset();
  s.expect_equal("where the first one's standard error goes", hear(errors.from.get()), ours + "\n");
  s.expect_equal("what the second one read", line.said, std::string("from aside"));
  s.step("the second one's {3, 0} means our input");
  const Line third = play({words({"true"}), sh("(readlink /proc/$$/fd/3); true", {{3, 0}})});
  s.expect_equal("where it leads", third.said, target_of(0) + "\n");
  s.step("the first one's standard output is led elsewhere");
  Pipe elsewhere;
  const Line other = play({words({"echo", "hello"}, {{1, elsewhere.to.get()}}), words({"cat"})});
  elsewhere.to.reset();
  s.expect_equal("what came elsewhere", hear(elsewhere.from.get()), std::string("hello\n"));
  s.expect_equal("what the second one read", other.said, std::string());
}

TEST_CASE_METHOD(Household, "a_line_with_one_that_cannot_be_started_leaves_nothing") {
  const Program cat = words({"cat"});
  Pipe input;  // its writing end stays open: nobody ends by himself
  const Program wrong[] = {words({"no-such-program"}), words({"/"}), words({"cat"}, {{5, 999}}),
                           Program()};
  for (const Program& broken : wrong) {
    const auto alone = spawn(broken);
    if (alone) s.fail("spawn", "a failure", "success");
    for (std::size_t at = 0; at < 4; ++at) {
      std::vector<Program> programs(4, cat);
      programs[at] = broken;
      s.step("program " + to_string(at + 1) + " of 4 fails: " + alone.error().message);
      const auto children = start_pipeline(programs, input.from.get(), 2);
      expect_failure(s, "start_pipeline", children, alone.error().kind, alone.error().code);
      s.expect_equal("the message", children.error().message, alone.error().message);
      siginfo_t info{};
      const int any = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT);
      s.expect("children that are left", any < 0 && errno == ECHILD, "none", "some");
    }
  }
}

TEST_CASE_METHOD(Household, "a_line_leaves_nothing_wherever_a_call_fails") {
  Pipe input;
  for (const char* call : {"pipe2", "fork"}) {
    for (std::size_t good = 0; good < 6; ++good) {
      s.step("call " + to_string(good + 1) + " of " + call + " fails");
      FaultyCalls faults;
      std::deque<Fault> script(good, Fault::pass());
      script.push_back(Fault::error(EAGAIN));
      faults.script(call, script);
      const auto children =
          start_pipeline(std::vector<Program>(3, words({"cat"})), input.from.get(), 2);
      if (faults.unmet() == 0) {
        expect_failure(s, "start_pipeline", children, Kind::system, EAGAIN);
        continue;
      }
      expect_success(s, "start_pipeline", children);
      expect_failure(s, "wait_for_all", wait_for_all(*children, now()), Kind::timed_out);
    }
  }
}

TEST_CASE_METHOD(Household, "no_programs_are_no_line") {
  expect_failure(s, "start_pipeline", start_pipeline({}), Kind::system, EINVAL);
}

// --- waiting ---

TEST_CASE_METHOD(Household, "an_exit_has_its_code_in_the_second_byte") {
  for (int code = 0; code < 256; ++code)
    s.expect_equal("decode_status(" + to_string(code << 8) + ")", told(decode_status(code << 8)),
                   told({How::exited, code, false}));
}

TEST_CASE_METHOD(Household, "a_kill_has_its_signal_in_the_low_bits_and_the_core_beside_it") {
  for (int signal = 1; signal <= 64; ++signal)
    for (const bool core : {false, true}) {
      const int status = signal | (core ? 0x80 : 0);
      s.expect_equal("decode_status(" + to_string(status) + ")", told(decode_status(status)),
                     told({How::killed, signal, core}));
    }
}

TEST_CASE_METHOD(Household, "stopped_and_continued_are_no_endings_by_a_signal") {
  for (int signal = 1; signal <= 64; ++signal)
    s.expect_equal("stopped by " + to_string(signal), told(decode_status(signal << 8 | 0x7f)),
                   told({How::stopped, signal, false}));
  s.expect_equal("decode_status(0xffff)", told(decode_status(0xffff)),
                 told({How::continued, 0, false}));
}

TEST_CASE_METHOD(Household, "how_a_child_ended_is_told") {
  expect_ending("exit 7", wait_for(start(sh("exit 7")), soon()), {How::exited, 7, false});
  expect_ending("kill -KILL", wait_for(start(sh("kill -KILL $$")), soon()),
                {How::killed, SIGKILL, false});
}

TEST_CASE_METHOD(Household, "a_child_is_collected_once") {
  const pid_t child = start(words({"true"}));
  expect_success(s, "wait_for", wait_for(child, soon()));
  expect_failure(s, "wait_for again", wait_for(child, soon()), Kind::gone, ECHILD);
}

TEST_CASE_METHOD(Household, "a_deadline_leaves_the_child_running") {
  FileDescriptor line;
  const pid_t child = start_reader(line, "cat; exit 5");
  expect_failure(s, "wait_for", wait_for(child, now()), Kind::timed_out);
  expect_failure(s, "wait_for for 20 ms",
                 wait_for(child, Deadline::after(std::chrono::milliseconds(20))), Kind::timed_out);
  line.reset();
  expect_ending("wait_for, when its input has ended", wait_for(child, soon()),
                {How::exited, 5, false});
}

TEST_CASE_METHOD(Household, "a_deadline_that_is_over_still_looks") {
  const pid_t child = start(sh("exit 3"));
  await_end(child);
  s.step("the child has ended, and so has the deadline");
  expect_ending("wait_for", wait_for(child, now()), {How::exited, 3, false});
}

TEST_CASE_METHOD(Household, "interruptions_do_not_stretch_the_deadline") {
  FileDescriptor line;
  const pid_t child = start_reader(line);
  {
    s.step("each poll is interrupted, and each look at the clock takes a millisecond");
    FaultyCalls faults;
    faults.always("poll", Fault::error(EINTR));
    const auto deadline = Deadline::after(std::chrono::milliseconds(100), impatient_clock);
    expect_failure(s, "wait_for", wait_for(child, deadline), Kind::timed_out);
  }
  line.reset();
  s.step("waitpid and poll are interrupted, and then work");
  FaultyCalls faults;
  for (const char* call : {"waitpid", "poll"})
    faults.script(call, {Fault::error(EINTR), Fault::error(EINTR)});
  expect_ending("wait_for", wait_for(child, soon()), {How::exited, 0, false});
}

TEST_CASE_METHOD(Household, "who_waits_sleeps") {
  FileDescriptor line;
  const pid_t child = start_reader(line);
  {
    s.step("a child runs on, and the deadline is in 60 ms");
    const FaultyCalls calls;
    expect_failure(s, "wait_for", wait_for(child, Deadline::after(std::chrono::milliseconds(60))),
                   Kind::timed_out);
    for (const char* call : {"waitpid", "poll"})
      s.expect("calls of " + std::string(call), calls.seen(call).size() <= 5, "a few",
               to_string(calls.seen(call).size()));
  }
  line.reset();
  expect_success(s, "wait_for", wait_for(child, soon()));
}

TEST_CASE_METHOD(Household, "a_stopped_child_has_not_ended") {
  FileDescriptor line;
  const pid_t child = start_reader(line);
  kill(child, SIGSTOP);
  siginfo_t info{};
  waitid(P_PID, static_cast<id_t>(child), &info, WSTOPPED | WNOWAIT);
  s.step("the child is stopped");
  expect_failure(s, "wait_for", wait_for(child, Deadline::after(std::chrono::milliseconds(20))),
                 Kind::timed_out);
  kill(child, SIGKILL);
  expect_ending("wait_for", wait_for(child, soon()), {How::killed, SIGKILL, false});
}

TEST_CASE_METHOD(Household, "who_is_no_child_is_gone") {
  const pid_t child = start(sh("exit 4"));
  await_end(child);
  s.step("a child of ours has ended, which a wait for anybody would take");
  for (const pid_t stranger : {0, 1, getpid(), getppid()})
    expect_failure(s, "wait_for " + to_string(stranger), wait_for(stranger, soon()), Kind::gone);
  expect_ending("wait_for the child", wait_for(child, now()), {How::exited, 4, false});
}

TEST_CASE_METHOD(Household, "endings_come_in_the_order_of_the_list") {
  std::vector<pid_t> children;
  for (const char* script : {"exit 1", "kill -TERM $$", "exit 2", "exit 3"})
    children.push_back(start(sh(script)));
  std::reverse(children.begin(), children.end());
  const auto endings = wait_for_all(children, soon());
  expect_success(s, "wait_for_all", endings);
  s.expect_equal("how they ended", told(*endings), "exited 3, exited 2, killed 15, exited 1");
  expect_success(s, "wait_for_all for nobody", wait_for_all({}, now()));
}

TEST_CASE_METHOD(Household, "at_the_deadline_all_that_run_are_killed_and_collected") {
  std::array<FileDescriptor, 3> lines;
  std::vector<pid_t> children = {start(sh("exit 3"))};
  await_end(children.front());
  for (FileDescriptor& line : lines) children.push_back(start_reader(line));
  const auto endings = wait_for_all(children, Deadline::after(std::chrono::milliseconds(20)));
  expect_failure(s, "wait_for_all", endings, Kind::timed_out);
  for (const pid_t child : children)
    s.expect_equal("a process with the number of a child", kill(child, 0) == 0, false);
}

TEST_CASE_METHOD(Household, "one_that_is_gone_does_not_keep_the_others") {
  const pid_t gone = start(words({"true"}));
  expect_success(s, "wait_for", wait_for(gone, soon()));
  const std::vector<pid_t> children = {start(sh("exit 1")), gone, start(sh("exit 2"))};
  expect_failure(s, "wait_for_all", wait_for_all(children, soon()), Kind::gone);

  FileDescriptor line;
  const std::vector<pid_t> late_first = {start_reader(line), gone};
  expect_failure(s, "the first is late, the second gone", wait_for_all(late_first, now()),
                 Kind::timed_out);
  const std::vector<pid_t> gone_first = {gone, start_reader(line)};
  expect_failure(s, "the first is gone, the second late", wait_for_all(gone_first, now()),
                 Kind::gone);
}

TEST_CASE_METHOD(Household, "only_a_child_of_ours_is_ever_killed") {
  Pipe says;
  Pipe input;
  const pid_t child = start(sh("cat <&3 & echo $!; exec >&-; wait $!; exit $?",
                               {{1, says.to.get()}, {3, input.from.get()}}));
  char number[32] = {};
  s.step("a shell, our child, has a child of its own");
  pollfd wait{says.from.get(), POLLIN, 0};
  poll(&wait, 1, 5000);
  s.expect("its number", read(says.from.get(), number, sizeof number - 1) > 0, "a number",
           "nothing");
  const pid_t grandchild = static_cast<pid_t>(std::atoi(number));
  expect_failure(s, "wait_for_all", wait_for_all(std::vector{grandchild}, now()), Kind::gone);
  input.to.reset();
  s.step("the grandchild's input ends; the shell tells how it ended");
  expect_ending("the shell", wait_for(child, soon()), {How::exited, 0, false});
}

// --- /proc: texts ---

namespace {

/// A line of /proc/PID/stat with this name, and with these fields instead of the usual ones.
std::string stat_of(const std::string& name,
                    const std::vector<std::pair<std::size_t, std::string>>& others = {}) {
  std::vector<std::string> fields = {"", "", "", "S"};  // by their numbers
  for (int number = 4; number <= 52; ++number) fields.push_back(to_string(number * 100));
  fields[1] = "4321";
  fields[2] = "(" + name + ")";
  for (const auto& [number, text] : others) fields[number] = text;
  std::string line = fields[1];
  for (std::size_t i = 2; i < fields.size(); ++i) line += " " + fields[i];
  return line + "\n";
}

std::string told(const Stat& stat) {
  return to_string(stat.pid) + " " + dialtone::printable(stat.name) + " " + stat.state + " " +
         to_string(stat.parent) + " " + to_string(stat.group) + " " + to_string(stat.session) +
         " " + to_string(stat.user_ticks) + " " + to_string(stat.system_ticks) + " " +
         to_string(stat.threads) + " " + to_string(stat.start_ticks) + " " +
         to_string(stat.virtual_bytes) + " " + to_string(stat.resident_pages);
}

const std::string some_status =
    "Name:\tcat\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t77\nPid:\t78\nPPid:\t60\n"
    "TracerPid:\t0\nUid:\t1000\t1001\t1002\t1003\nGid:\t5\t5\t5\t5\nVmSize:\t    3060 kB\n"
    "VmRSS:\t    1748 kB\nThreads:\t3\nSigQ:\t0/96365\n"
    "voluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t54\n";

/// some_status with one text in it changed into another.
std::string status_with(const std::string& text, const std::string& other) {
  std::string status = some_status;
  return status.replace(status.find(text), text.size(), other);
}

}  // namespace

TEST_CASE_METHOD(Household, "a_stat_gives_its_fields_by_their_numbers") {
  const std::string line = stat_of("cat");
  for (const std::string& text : {line, line.substr(0, line.size() - 1)}) {
    const auto stat = parse_stat(text);
    expect_success(s, "parse_stat", stat);
    s.expect_equal("the fields", told(*stat),
                   "4321 \"cat\" S 400 500 600 1400 1500 2000 2200 2300 2400");
  }
}

TEST_CASE_METHOD(Household, "a_name_ends_at_the_last_parenthesis") {
  for (const std::string name : {"", "a b", ")", "(", "((", "a) R 1 2 (b", ") S 1", "new\nline",
                                 "(sd-pam)", "tmux: server", "\xff\xfe\t", "1 (x"}) {
    const auto stat = parse_stat(stat_of(name));
    expect_success(s, "parse_stat " + dialtone::printable(name), stat);
    s.expect_equal("the name", stat->name, name);
    s.expect_equal("field 4", stat->parent, 400);
  }
}

TEST_CASE_METHOD(Household, "a_stat_that_is_wrong_says_where") {
  const std::pair<std::string, std::string> samples[] = {
      {"", "stat: no name"},
      {"4321 cat S 1 2 3", "stat: no name"},
      {"4321 )cat( S", "stat: no name"},
      {stat_of("cat", {{14, "x7"}}), "stat: field 14: x7"},
      {stat_of("cat", {{4, "7x"}}), "stat: field 4: 7x"},
      {stat_of("cat", {{3, "SS"}}), "stat: field 3: SS"},
      {stat_of("cat", {{5, "2147483648"}}), "stat: field 5: 2147483648"},
      {stat_of("cat", {{22, "18446744073709551616"}}), "stat: field 22: 18446744073709551616"},
      {stat_of("cat", {{23, "-1"}}), "stat: field 23: -1"},
      {stat_of("cat", {{20, "+1"}}), "stat: field 20: +1"}};
  for (const auto& [text, message] : samples) {
    s.step("the text " + dialtone::printable(text));
    expect_malformed(s, "parse_stat", parse_stat(text), message);
  }
}

TEST_CASE_METHOD(Household, "a_stat_needs_its_fields_up_to_the_24th") {
  const std::string line = stat_of("cat");
  std::size_t end = line.find(')') + 1;
  for (int field = 3; field <= 24; ++field) {
    s.step("the text " + line.substr(0, end));
    expect_malformed(s, "parse_stat", parse_stat(line.substr(0, end)),
                     "stat: no field " + to_string(field));
    end = line.find(' ', end + 1);
  }
  const auto stat = parse_stat(line.substr(0, end));
  expect_success(s, "parse_stat of 24 fields", stat);
  s.expect_equal("field 24", stat->resident_pages, 2400);
  expect_success(s, "parse_stat, fields 13 and 25 no numbers",
                 parse_stat(stat_of("cat", {{13, "x"}, {25, "x"}})));
}

TEST_CASE_METHOD(Household, "numbers_are_as_large_as_their_types") {
  const auto stat = parse_stat(stat_of("", {{1, "2147483647"},
                                            {6, "-1"},
                                            {14, "18446744073709551615"},
                                            {22, "18446744073709551614"},
                                            {24, "-9223372036854775808"}}));
  expect_success(s, "parse_stat", stat);
  s.expect_equal("field 1", stat->pid, 2147483647);
  s.expect_equal("field 6", stat->session, -1);
  s.expect_equal("field 14", stat->user_ticks, ~0ULL);
  s.expect_equal("field 22", stat->start_ticks, ~0ULL - 1);
  s.expect_equal("field 24", stat->resident_pages, std::numeric_limits<std::int64_t>::min());
}

TEST_CASE_METHOD(Household, "a_status_gives_its_lines_by_their_names") {
  std::string reversed;
  for (std::string_view rest = some_status; !rest.empty(); rest.remove_prefix(rest.find('\n') + 1))
    reversed.insert(0, rest.substr(0, rest.find('\n') + 1));
  for (const std::string& text : {some_status, reversed, status_with("Pid:\t", "Pid: \t  ")}) {
    s.step("the text " + dialtone::printable(text, 400));
    const auto status = parse_status(text);
    expect_success(s, "parse_status", status);
    s.expect_equal("Name", status->name, "cat");
    s.expect_equal("State", std::string(1, status->state), "S");
    s.expect_equal("Pid", status->pid, 78);
    s.expect_equal("PPid", status->parent, 60);
    s.expect_equal("Uid, the first", status->real_user, 1000U);
    s.expect_equal("Uid, the second", status->effective_user, 1001U);
    s.expect_equal("Threads", status->threads, 3U);
    s.expect_equal("VmRSS is there", status->resident_bytes.has_value(), true);
    s.expect_equal("VmRSS", *status->resident_bytes, 1748U * 1024);
    s.expect_equal("voluntary switches", status->voluntary_switches, 150U);
    s.expect_equal("involuntary switches", status->involuntary_switches, 54U);
  }
}

TEST_CASE_METHOD(Household, "a_kernel_thread_has_no_memory_of_its_own") {
  const auto status = parse_status(status_with("VmRSS:\t    1748 kB\n", ""));
  expect_success(s, "parse_status without VmRSS", status);
  s.expect_equal("VmRSS is there", status->resident_bytes.has_value(), false);
}

TEST_CASE_METHOD(Household, "a_name_is_turned_back_into_what_it_was") {
  const std::pair<std::string, std::string> samples[] = {
      {"a\\nb", "a\nb"}, {"a\\\\b", "a\\b"},       {"\\\\n", "\\n"},
      {"", ""},          {"Pid: 1:2", "Pid: 1:2"}, {"\\\\\\n", "\\\n"}};
  for (const auto& [text, name] : samples) {
    const auto status = parse_status(status_with("Name:\tcat", "Name:\t" + text));
    expect_success(s, "parse_status, Name " + text, status);
    s.expect_equal("the name", status->name, name);
  }
}

TEST_CASE_METHOD(Household, "a_status_that_is_wrong_says_where") {
  const std::pair<std::string, std::string> changes[] = {
      {"Pid:\t78", "Pid:\t78x"},
      {"PPid:\t60", "PPid:\tx"},
      {"Threads:\t3", "Threads:\t-3"},
      {"Uid:\t1000\t1001", "Uid:\t1000\tx"},
      {"State:\tS (", "State:\tSleep("},
      {"VmRSS:\t    1748 kB", "VmRSS:\t    1748 MB"},
      {"nonvoluntary_ctxt_switches:\t54", "nonvoluntary_ctxt_switches:\t"}};
  for (const auto& [line, other] : changes) {
    const std::string name = line.substr(0, line.find(':'));
    s.step("the line " + other);
    const auto status = parse_status(status_with("\n" + line, "\n" + other));
    const Error& error = expect_failure(s, "parse_status", status, Kind::malformed);
    s.expect("the message", error.message.starts_with("status: " + name + ": "),
             "status: " + name + ": …", error.message);
    if (name == "VmRSS") continue;
    const std::string whole = some_status.substr(some_status.find("\n" + line) + 1);
    expect_malformed(s, "parse_status without " + name,
                     parse_status(status_with(whole.substr(0, whole.find('\n') + 1), "")),
                     "status: no " + name);
  }
}

TEST_CASE_METHOD(Household, "a_status_has_a_name") {
  expect_malformed(s, "parse_status without a name", parse_status(status_with("Name:\tcat\n", "")),
                   "status: no Name");
}

TEST_CASE_METHOD(Household, "a_map_gives_its_lines") {
  const auto maps = parse_maps(
      "558fcdacd000-558fcdacf000 r-xp 00002000 fe:1f 247498                     /usr/bin/head\n"
      "7f0000000000-7f0000001000 rw-s 00000010 00:05 12   /dev/zero (deleted)\n"
      "7f0000001000-7f0000002000 ---p 00000000 00:00 0 \n"
      "7ffff0000000-ffffffffffffffff rw-p 00000000 00:00 0                   [stack]\n"
      "7ffff0000000-7ffff0001000 r--p ffffffffff000 103:10 5   /a b/c\\012d\n");
  expect_success(s, "parse_maps", maps);
  const Mapping expected[] = {
      {0x558fcdacd000, 0x558fcdacf000, true, false, true, false, 0x2000, 0xfe, 0x1f, 247498,
       "/usr/bin/head"},
      {0x7f0000000000, 0x7f0000001000, true, true, false, true, 0x10, 0, 5, 12,
       "/dev/zero (deleted)"},
      {0x7f0000001000, 0x7f0000002000, false, false, false, false, 0, 0, 0, 0, ""},
      {0x7ffff0000000, ~0ULL, true, true, false, false, 0, 0, 0, 0, "[stack]"},
      {0x7ffff0000000, 0x7ffff0001000, true, false, false, false, 0xffffffffff000, 0x103, 0x10, 5,
       "/a b/c\nd"}};
  s.expect_equal("how many lines", maps->size(), std::size(expected));
  for (std::size_t i = 0; i < maps->size(); ++i) {
    const Mapping& got = (*maps)[i];
    const std::string line = "line " + to_string(i + 1);
    s.expect_equal(line + ": path", got.path, expected[i].path);
    s.expect_equal(line + ": offset", got.offset, expected[i].offset);
    s.expect_equal(line + ": inode", got.inode, expected[i].inode);
    s.expect_equal(line + ": the rest is as it should be", got == expected[i], true);
  }
  const auto none = parse_maps("");
  expect_success(s, "parse_maps of a kernel thread's", none);
  s.expect_equal("how many lines", none->size(), std::size_t{0});
}

TEST_CASE_METHOD(Household, "a_map_that_is_wrong_says_in_which_line") {
  const std::string good = "1000-2000 r-xp 00000000 08:01 12 /x\n";
  for (const std::string wrong :
       {"1000 r-xp 00000000 08:01 12 /x", "1000-2000 r-x 00000000 08:01 12 /x",
        "1000-2000 rwxq 00000000 08:01 12 /x", "1000-2000 wr-p 00000000 08:01 12 /x",
        "1000-2000 r-xp 0000000g 08:01 12 /x", "1000-2000 r-xp 00000000 0801 12 /x",
        "1000-2000 r-xp 00000000 08:01 1f /x", "1000-2000 r-xp 00000000 08:01", "x", ""}) {
    s.step("the third line is \"" + wrong + "\"");
    expect_malformed(s, "parse_maps", parse_maps(good + good + wrong + "\n" + good),
                     "maps: line 3: " + wrong);
  }
}

// --- /proc: files ---

TEST_CASE_METHOD(Household, "a_file_is_read_in_as_many_reads_as_it_takes") {
  Random random(dialtone::test_seed());
  const TemporaryFolder folder;
  for (const std::size_t size : {0, 1, 4095, 4096, 4097, 100'000}) {
    const std::string text = random.bytes(size);
    put(folder.path() / "12" / "file", text);
    s.step("a file of " + to_string(size) +
           " bytes; the reads give 100 at most, or are interrupted");
    FaultyCalls faults;
    faults.script("open", {Fault::error(EINTR)});
    faults.script("read", {Fault::at_most(100), Fault::error(EINTR), Fault::at_most(1)});
    const auto got = read_proc(12, "file", folder.path());
    expect_success(s, "read_proc", got);
    s.expect_equal("the text", *got == text, true);
    for (const auto& call : faults.seen("open"))
      s.expect_equal("it is opened close-on-exec", (call.flags & O_CLOEXEC) != 0, true);
  }
}

TEST_CASE_METHOD(Household, "more_than_a_mebibyte_is_too_much") {
  const TemporaryFolder folder;
  const fs::path file = put(folder.path() / "12" / "file", std::string(1U << 20U, 'x'));
  const auto all = read_proc(12, "file", folder.path());
  expect_success(s, "read_proc of 1 MiB", all);
  s.expect_equal("how many bytes", all->size(), std::size_t{1} << 20U);
  put(file, std::string((1U << 20U) + 1, 'x'));
  expect_failure(s, "read_proc of one byte more", read_proc(12, "file", folder.path()),
                 Kind::system, EFBIG);
}

TEST_CASE_METHOD(Household, "a_process_may_be_gone_before_it_is_read_or_while") {
  const pid_t child = start(words({"true"}));
  expect_success(s, "wait_for", wait_for(child, soon()));
  expect_failure(s, "read_proc", read_proc(child, "stat"), Kind::gone, ENOENT);
  for (const auto& [code, kind] : {std::pair(ESRCH, Kind::gone), std::pair(EIO, Kind::system)}) {
    s.step("read fails: " + std::string(std::strerror(code)));
    FaultyCalls faults;
    faults.script("read", {Fault::error(code)});
    const auto text = read_proc(getpid(), "stat");
    if (faults.unmet() == 0) expect_failure(s, "read_proc", text, kind, code);
  }
}

TEST_CASE_METHOD(Household, "a_table_is_sorted_and_passes_over_who_vanished") {
  const TemporaryFolder folder;
  for (const char* pid : {"20", "3", "100", "1"})
    put(folder.path() / pid / "stat", stat_of("x", {{1, pid}}));
  put(folder.path() / "self" / "stat", stat_of("x"));
  put(folder.path() / "3a" / "stat", stat_of("x"));
  put(folder.path() / "uptime", "1 2");
  fs::create_directory(folder.path() / "50");  // vanished: it is listed, and has no stat
  const auto table = process_table(folder.path());
  expect_success(s, "process_table", table);
  std::string pids;
  for (const Stat& stat : *table) pids += to_string(stat.pid) + " ";
  s.expect_equal("its numbers", pids, "1 3 20 100 ");

  s.step("one of them has a stat that is none");
  put(folder.path() / "20" / "stat", "nonsense");
  expect_failure(s, "process_table", process_table(folder.path()), Kind::malformed);
  const auto missing = process_table(folder.path() / "missing");
  s.expect("process_table of a folder that does not exist", !missing, "a failure", "success");
}

TEST_CASE_METHOD(Household, "the_kernel_tells_of_a_zombie_until_it_is_collected") {
  const pid_t child = start(words({"true"}));
  await_end(child);
  s.step("a child has ended, and nobody has waited for it");
  const auto found = [&]() -> std::optional<Stat> {
    const auto table = process_table();
    expect_success(s, "process_table", table);
    for (const Stat& stat : *table)
      if (stat.pid == child) return stat;
    return std::nullopt;
  };
  const auto zombie = found();
  s.expect("it is in the table", zombie.has_value(), "a line", "none");
  s.expect_equal("its state", std::string(1, zombie->state), "Z");
  s.expect_equal("its parent", zombie->parent, getpid());
  s.expect_equal("its name", zombie->name, "true");
  expect_success(s, "wait_for", wait_for(child, soon()));
  s.expect("it is in the table still", !found(), "no", "yes");
}

TEST_CASE_METHOD(Household, "this_process_reads_itself") {
  for (const char* file : {"stat", "status", "maps"}) {
    const auto text = read_proc(getpid(), file);
    expect_success(s, std::string("read_proc ") + file, text);
    if (file == std::string("stat")) {
      const auto stat = parse_stat(*text);
      expect_success(s, "parse_stat", stat);
      s.expect_equal("its number", stat->pid, getpid());
      s.expect_equal("its parent", stat->parent, getppid());
    } else if (file == std::string("status")) {
      const auto status = parse_status(*text);
      expect_success(s, "parse_status", status);
      s.expect_equal("its user", status->effective_user, geteuid());
      s.expect_equal("it has memory", status->resident_bytes.has_value(), true);
    } else {
      const auto maps = parse_maps(*text);
      expect_success(s, "parse_maps", maps);
      const auto here = reinterpret_cast<std::uint64_t>(&name_of);
      const auto holds = [here](const Mapping& one) {
        return one.begin <= here && here < one.end && one.executable && !one.path.empty();
      };
      s.expect_equal("a stretch of it holds this code",
                     std::any_of(maps->begin(), maps->end(), holds), true);
    }
  }
}

}  // namespace program_and_process
