#include "demo/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <iostream>

#include "failure.hpp"
#include "language.hpp"
#include "todo.hpp"

namespace switch_demo {

namespace {

using dialtone::FileDescriptor;
using dialtone::tr;
using Clock = std::chrono::steady_clock;

constexpr std::size_t most_bytes = 4096;
constexpr int exit_todo = 99;

[[noreturn]] void no_child(const char* call) {
  throw dialtone::Failure(tr("cannot start a child: ", "无法启动子进程：") + call + ": " +
                          std::strerror(errno));
}

struct Pipe {
  FileDescriptor read, write;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) no_child("pipe");
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

void put(int descriptor, const std::string& text) {
  if (::write(descriptor, text.data(), std::min(text.size(), most_bytes)) < 0) ::_exit(1);
}

[[noreturn]] void be_the_child(const std::function<std::string()>& play, pid_t parent, int answer,
                               int errors) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // it died before
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::dup2(errors, STDERR_FILENO);
  try {
    put(answer, play());
  } catch (const dialtone::Todo& unwritten) {
    put(answer, unwritten.text);
    ::_exit(exit_todo);
  } catch (const std::exception& failure) {
    put(errors, failure.what());
    ::_exit(1);
  }
  ::_exit(0);
}

/// Reads what is there; false at the end.
bool take(FileDescriptor& from, std::string& into) {
  std::array<char, 1024> bytes{};
  const ssize_t count = ::read(from.get(), bytes.data(), bytes.size());
  if (count < 0 && errno == EINTR) return true;
  if (count <= 0) return false;
  into.append(bytes.data(), std::min(static_cast<std::size_t>(count), most_bytes - into.size()));
  return true;
}

/// Both streams to their ends; false where the deadline came first.
bool listen(Aftermath& to, FileDescriptor answer, FileDescriptor errors, Clock::time_point until) {
  while (answer || errors) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    if (left <= 0) return false;
    std::array<pollfd, 2> both = {{{answer.get(), POLLIN, 0}, {errors.get(), POLLIN, 0}}};
    if (::poll(both.data(), both.size(), static_cast<int>(left)) < 0 && errno != EINTR)
      return false;
    if (both[0].revents != 0 && !take(answer, to.answer)) answer.reset();
    if (both[1].revents != 0 && !take(errors, to.errors)) errors.reset();
  }
  return true;
}

}  // namespace

Aftermath in_child(const std::function<std::string()>& play, std::chrono::milliseconds deadline) {
  const auto until = Clock::now() + deadline;
  Pipe answer = make_pipe();
  Pipe errors = make_pipe();
  std::cout.flush();
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) no_child("fork");
  if (child == 0) be_the_child(play, parent, answer.write.get(), errors.write.get());
  answer.write.reset();
  errors.write.reset();

  Aftermath after;
  after.timed_out = !listen(after, std::move(answer.read), std::move(errors.read), until);
  if (after.timed_out) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status))
    after.ending.signal = WTERMSIG(status);
  else
    after.ending.exit_code = WEXITSTATUS(status);
  if (after.ending.signal == 0 && after.ending.exit_code == exit_todo)
    throw dialtone::Todo{after.answer};
  return after;
}

}  // namespace switch_demo
