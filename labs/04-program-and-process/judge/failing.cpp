// spawn: what it says where it fails, and what it leaves.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "cases.hpp"
#include "hex.hpp"
#include "process.hpp"
#include "tracing.hpp"

namespace lab04 {
namespace {

namespace fs = std::filesystem;

/// A program that cannot be started, and why.
struct Unstartable {
  std::string name;
  std::string kind;
  int code;
  std::vector<std::string> words{};
};

/// A folder with such programs.
class Unstartables {
 public:
  static constexpr std::uint64_t kinds = 12;

  Unstartables() {
    const auto write = [&](const char* name, const std::string& text, bool executable) {
      dialtone::write_file(at(name), text);
      fs::permissions(at(name), executable ? fs::perms::owner_all : fs::perms::owner_read);
    };
    write("plain", "#!/bin/sh\n", false);
    write("text", "echo a shell would run this\n", true);
    write("empty", "", true);
    write("no interpreter", "#!/nowhere/at-all\n", true);
    write("busy", "\x7f", true);
    fs::create_directory(at("folder"));
    fs::create_symlink(at("loop"), at("loop"));
    fs::create_symlink("missing", at("dangling"));
    busy_.reset(::open(at("busy").c_str(), O_WRONLY | O_CLOEXEC));
  }

  Unstartable of(std::uint64_t kind) const {
    switch (kind) {
      case 0:
        return {at("sorrt"), "not_found", ENOENT};
      case 1:
        return {at("plain"), "not_executable", EACCES};
      case 2:
        return {at("text"), "not_executable", ENOEXEC};
      case 3:
        return {"a-name-that-is-nowhere", "not_found", ENOENT};
      case 4:
        return {at("plain/below"), "not_found", ENOTDIR};
      case 5:
        return {at("folder"), "not_executable", EACCES};
      case 6:
        return {at("empty"), "not_executable", ENOEXEC};
      case 7:
        return {at("no interpreter"), "not_found", ENOENT};
      case 8:
        return {at("loop"), "system", ELOOP};
      case 9:
        return {at("busy"), "system", ETXTBSY};
      case 10:
        return {"/bin/true", "system", E2BIG, {std::string(200'000, 'x')}};
      default:
        return {at("dangling"), "not_found", ENOENT};
    }
  }

 private:
  std::string at(const char* name) const { return folder_.path() / name; }

  dialtone::TemporaryFolder folder_;
  FileDescriptor busy_;
};

void failed_exec_is_reported(Trial& trial) {
  const Unstartables programs;
  const Unstartable one = programs.of(trial.index < Unstartables::kinds
                                          ? trial.index
                                          : trial.random.between(0, Unstartables::kinds - 1));
  Program program{{one.name}, {}, {}};
  program.arguments.insert(program.arguments.end(), one.words.begin(), one.words.end());
  if (trial.random.chance(0.3)) program.environment = std::vector<std::string>{"A=1"};
  // 40: whether a pipe's end lies where a redirection goes is another case's matter.
  if (trial.random.chance(0.3)) program.redirections = {{1, 2}, {40, 0}};
  Message answer;
  if (trial.index % 6 == 5) {
    trial.step(tr("signals interrupt the process while it waits for the child's word",
                  "进程等待子进程消息时，被信号打断"));
    answer = ask_traced(trial, "spawn(" + story_of(program) + ")",
                        {{"call", "spawn"}, {"program", fields_of(program)}}, 2)
                 .answer;
  } else {
    answer = ask_spawn(trial, program);
  }
  const json error = failed(trial, answer, one.kind, "spawn");
  const auto code = error.at("code").get<int>();
  trial.expect("Error::code", code == one.code,
               std::to_string(one.code) + " (" + std::strerror(one.code) + ")",
               std::to_string(code) + " (" + std::strerror(code) + ")");
  trial.expect(tr("the beginning of Error::message", "Error::message 的开头"),
               message_of(error).starts_with("exec " + one.name + ": "),
               dialtone::printable("exec " + one.name + ": ", 120),
               dialtone::printable(message_of(error), 120));
  expect_children(trial, {});
}

// --- redirections ---

/// Descriptors from 4 on that are closed in the student's process: the first of them is what it
/// will open next.
std::vector<int> closed_numbers(Trial& trial, std::size_t count) {
  std::vector<int> open;
  for (const std::string& one : trial.student.open_descriptors()) open.push_back(number_at(one));
  std::vector<int> closed;
  for (int number = 0; closed.size() < count; ++number)
    if (std::find(open.begin(), open.end(), number) == open.end()) closed.push_back(number);
  return closed;
}

void bad_redirection_is_reported(Trial& trial) {
  const Reports reports;
  Program program{reports.words(), {}, {}};
  auto& redirections = program.redirections;
  const std::vector<int> closed = closed_numbers(trial, 12);
  int bad = closed[trial.random.between(0, closed.size() - 1)];
  bool without_0 = false;
  if (trial.index < 2) bad = closed[trial.index];  // what spawn itself opens would be there
  if (trial.index == 2) bad = -1;
  if (trial.index == 3) bad = 500;
  if (trial.index % 7 == 4) {
    bad = 0;
    without_0 = true;
  }
  for (std::uint64_t i = trial.index < 4 ? 0 : trial.random.between(0, 3); i > 0; --i)
    redirections.emplace_back(static_cast<int>(i), 2);
  const int child = static_cast<int>(trial.random.between(4, 30));
  redirections.insert(redirections.begin() +
                          static_cast<std::ptrdiff_t>(trial.random.between(0, redirections.size())),
                      {trial.index % 5 == 1 && bad >= 0 ? bad : child, bad});
  trial.step(tr("closed in this process: ", "本进程中关闭的描述符：") + std::to_string(bad));
  if (without_0) place(trial, {}, {}, {0});
  const json error = failed(trial, ask_spawn(trial, program), "system", "spawn");
  if (without_0) unplace(trial);
  trial.expect_equal("Error::code", error.at("code").get<int>(), EBADF);
  trial.expect(tr("the beginning of Error::message", "Error::message 的开头"),
               message_of(error).starts_with("redirect "), "redirect ",
               dialtone::printable(message_of(error), 120));
  expect_children(trial, {});
}

// --- what is left ---

void leaves_nothing_open(Trial& trial) {
  const Reports reports;
  const MemoryFiles files(2);
  place(trial, files.numbers(), {{0, 7, true}, {1, 9, false}});
  Program program{reports.words(), {}, {}};
  if (trial.random.chance(0.5)) program.redirections = {{1, 7}, {2, 9}, {9, 2}};
  const auto before = trial.student.open_descriptors();
  std::optional<Report> report;
  switch (trial.index % 5) {
    case 0: {
      const Traced traced = ask_traced(
          trial, "spawn(" + story_of(program) + ")" + tr(", traced by ptrace", "，用 ptrace 跟踪"),
          {{"call", "spawn"}, {"program", fields_of(program)}});
      succeeded(trial, traced.answer, "spawn");
      std::string open;
      for (const std::string& one : traced.seen.kept_by_exec)
        open += (open.empty() ? "" : ", ") + one;
      trial.expect(tr("at the fork: what spawn has opened is close-on-exec",
                      "fork 的时刻：spawn 打开的描述符都是 close-on-exec 的"),
                   open.empty(), tr("all of it", "全部如此"), open);
      break;
    }
    case 1:
      spawn(trial, program);
      report = next_report(trial, reports);
      break;
    case 2:
      program.arguments[0] = "/nowhere/at-all";
      ask_spawn(trial, program);
      break;
    case 3:
      program.redirections.emplace_back(4, 400);
      ask_spawn(trial, program);
      break;
    default: {
      const std::uint64_t free = trial.random.between(0, 3);
      trial.step(tr("descriptors that it may still open: ", "还能打开的描述符个数：") +
                 std::to_string(free));
      // Numbers that are taken count as well as those that are free below them.
      std::uint64_t limit = 0;
      std::uint64_t found = 0;
      std::vector<std::uint64_t> open;
      for (const std::string& one : before)
        open.push_back(static_cast<std::uint64_t>(number_at(one)));
      for (; found < free || std::find(open.begin(), open.end(), limit) != open.end(); ++limit)
        if (std::find(open.begin(), open.end(), limit) == open.end()) ++found;
      trial.student.limit_descriptors(limit);
      ask_spawn(trial, program);
      trial.student.limit_descriptors(dialtone::Student::most_descriptors);
    }
  }
  expect_same_descriptors(trial, before, "spawn");
  unplace(trial);
}

}  // namespace

std::vector<Case> failing_cases() {
  return {{"a_failed_exec_is_reported", 30, failed_exec_is_reported},
          {"a_bad_redirection_is_reported", 30, bad_redirection_is_reported},
          {"spawn_leaves_nothing_open", 20, leaves_nothing_open}};
}

}  // namespace lab04
