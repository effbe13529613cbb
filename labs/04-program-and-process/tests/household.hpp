// What lab 04's practice tests stand on: programs to start, pipes to hear them by, and a look round
// the house after each test: no descriptor and no child may be left.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "file_descriptor.hpp"
#include "practice.hpp"
#include "program_and_process.hpp"

namespace program_and_process {

using dialtone::FileDescriptor;
using dialtone::Story;
namespace fs = std::filesystem;
using Kind = Error::Kind;

inline Deadline soon() {
  return Deadline::after(std::chrono::seconds(10));
}

inline Deadline now() {
  return Deadline::after(std::chrono::milliseconds(0));
}

// --- telling what came ---

inline const char* name_of(Kind kind) {
  constexpr const char* names[] = {"not_found", "not_executable", "timed_out",
                                   "gone",      "malformed",      "system"};
  return names[static_cast<int>(kind)];
}

inline std::string told(const Ending& ending) {
  constexpr const char* how[] = {"exited", "killed", "stopped", "continued"};
  return std::string(how[static_cast<int>(ending.how)]) + " " + std::to_string(ending.value) +
         (ending.core ? " with a core" : "");
}

inline std::string told(const std::vector<Ending>& endings) {
  std::string text;
  for (const Ending& ending : endings) text += (text.empty() ? "" : ", ") + told(ending);
  return text;
}

template <class T>
void expect_success(Story& s, std::string_view what, const Result<T>& result) {
  if (!result)
    s.fail(what, "success",
           std::string(name_of(result.error().kind)) + ": " + result.error().message);
}

template <class T>
const Error& expect_failure(Story& s, const std::string& what, const Result<T>& result, Kind kind) {
  if (result) s.fail(what, std::string("a failure: ") + name_of(kind), "success");
  s.expect_equal(what + ": kind of the error", name_of(result.error().kind),
                 std::string_view(name_of(kind)));
  return result.error();
}

/// A failed system call: its errno, and how the message begins.
template <class T>
void expect_failure(Story& s, const std::string& what, const Result<T>& result, Kind kind, int code,
                    const std::string& beginning = "") {
  const Error& error = expect_failure(s, what, result, kind);
  s.expect_equal(what + ": Error::code", error.code, code);
  s.expect(what + ": the message", error.message.starts_with(beginning), beginning + "…",
           error.message);
}

template <class T>
void expect_malformed(Story& s, const std::string& what, const Result<T>& result,
                      const std::string& message) {
  const Error& error = expect_failure(s, what, result, Kind::malformed);
  s.expect_equal(what + ": the message", error.message, message);
  s.expect_equal(what + ": Error::code", error.code, 0);
}

// --- what a test changes of its own process, until it is over ---

class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    setenv(name, value.c_str(), 1);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { before_ ? setenv(name_, before_->c_str(), 1) : unsetenv(name_); }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

class WorkingDirectory {
 public:
  explicit WorkingDirectory(const fs::path& path) : before_(fs::current_path()) {
    fs::current_path(path);
  }
  WorkingDirectory(const WorkingDirectory&) = delete;
  WorkingDirectory& operator=(const WorkingDirectory&) = delete;
  ~WorkingDirectory() {
    std::error_code ignored;
    fs::current_path(before_, ignored);
  }

 private:
  fs::path before_;
};

/// One of 0, 1 and 2, closed for a while.
class Closed {
 public:
  explicit Closed(int number) : number_(number), kept_(fcntl(number, F_DUPFD_CLOEXEC, 100)) {
    close(number);
  }
  Closed(const Closed&) = delete;
  Closed& operator=(const Closed&) = delete;
  ~Closed() {
    if (kept_) dup2(kept_.get(), number_);
  }

 private:
  int number_;
  FileDescriptor kept_;
};

// --- pipes and programs ---

struct Pipe {
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
    from.reset(ends[0]);
    to.reset(ends[1]);
  }
  FileDescriptor from;
  FileDescriptor to;
};

/// All that comes until the end of the file.
inline std::string hear(int fd) {
  std::string heard;
  for (;;) {
    char buffer[4096];
    pollfd wait{fd, POLLIN, 0};
    if (poll(&wait, 1, 5000) != 1) return heard + "(silence)";
    const ssize_t count = read(fd, buffer, sizeof buffer);
    if (count == 0) return heard;
    if (count < 0) return heard + "(failed)";
    heard.append(buffer, static_cast<std::size_t>(count));
  }
}

inline Program words(std::vector<std::string> arguments, std::vector<Redirection> to = {}) {
  return {std::move(arguments), std::nullopt, std::move(to)};
}

inline Program sh(const std::string& script, std::vector<Redirection> to = {}) {
  return words({"/bin/sh", "-c", script}, std::move(to));
}

/// The numbers that a shell has open; the second command keeps it there while ls looks.
constexpr const char* what_is_open = "ls /proc/$$/fd; true";

/// Waits until it has ended, and leaves it to be collected.
inline void await_end(pid_t child) {
  siginfo_t info{};
  waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
}

/// Where a descriptor of this process leads to: "/dev/null", "pipe:[123]".
inline std::string target_of(int number) {
  std::error_code ignored;
  return fs::read_symlink("/proc/self/fd/" + std::to_string(number), ignored).string();
}

// --- the fixture ---

class Household {
 public:
  Household() = default;
  Household(const Household&) = delete;
  Household& operator=(const Household&) = delete;

  ~Household() {
    const bool unwinding = std::uncaught_exceptions() > 0;  // its story has the word
    std::string left;
    for (const int number : open_now())
      if (!open_before_.contains(number))
        left += " " + std::to_string(number) + " (" + target_of(number) + ")";
    if (!unwinding && !left.empty()) FAIL_CHECK("descriptors were left open:" + left);
    siginfo_t info{};
    const bool alone = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD;
    if (!unwinding && !alone)
      FAIL_CHECK((info.si_pid != 0 ? "a zombie was left" : "a running child was left"));
    if (!alone) end_all_children();
  }

 protected:
  struct Told {
    std::string text;
    Ending ending;
  };

  /// What the program says on its standard output, and how it ends.
  Told run(Program program) {
    Pipe output;
    program.redirections.push_back({1, output.to.get()});
    const auto child = spawn(program);
    expect_success(s, "spawn", child);
    output.to.reset();
    std::string text = hear(output.from.get());
    const auto ending = wait_for(*child, soon());
    expect_success(s, "wait_for", ending);
    return {std::move(text), *ending};
  }

  /// Starts a program that reads until the test says so, by closing `line`.
  pid_t start_reader(FileDescriptor& line, const std::string& script = "cat") {
    Pipe input;
    const auto child = spawn(sh(script, {{0, input.from.get()}}));
    expect_success(s, "spawn", child);
    line = std::move(input.to);
    return *child;
  }

  pid_t start(const Program& program) {
    const auto child = spawn(program);
    expect_success(s, "spawn", child);
    return *child;
  }

  void expect_ending(std::string_view what, const Result<Ending>& ending, const Ending& expected) {
    expect_success(s, what, ending);
    s.expect_equal(what, told(*ending), told(expected));
  }

  Story s;

 private:
  static std::set<int> open_now() {
    std::set<int> numbers;
    for (int number = 0; number < 1024; ++number)
      if (fcntl(number, F_GETFD) >= 0) numbers.insert(number);
    return numbers;
  }

  static void end_all_children() {
    const std::string self = std::to_string(getpid());
    std::ifstream list("/proc/self/task/" + self + "/children");
    for (pid_t child = 0; list >> child;) {
      kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
    }
  }

  std::set<int> open_before_ = open_now();
};

}  // namespace program_and_process
