// What the parts of lab 07's shim share: how an answer is put together, how a todo that a thread
// ran into comes out, and how something is played in a process of its own.
#pragma once

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "context_switch.hpp"
#include "shim.hpp"
#include "todo.hpp"

namespace shim07 {

using context_switch::Clock;
using context_switch::Core;
using context_switch::Critical;
using context_switch::Error;
using context_switch::Event;
using context_switch::Options;
using context_switch::Result;
using context_switch::ThreadId;
using dialtone::Answer;
using dialtone::Message;
using dialtone::Todo;
using nlohmann::json;
using std::chrono::microseconds;
using std::chrono::milliseconds;

inline Answer value(json what) {
  return {{{"value", std::move(what)}}};
}

inline const char* name_of(Error::Kind kind) {
  switch (kind) {
    case Error::Kind::no_room:
      return "no_room";
    case Error::Kind::no_thread:
      return "no_thread";
    case Error::Kind::deadlock:
      return "deadlock";
    case Error::Kind::timed_out:
      return "timed_out";
    case Error::Kind::threw:
      return "threw";
    case Error::Kind::closed:
      return "closed";
    case Error::Kind::system:
      return "system";
  }
  return "?";
}

inline json fields_of(const Error& error) {
  return {{"kind", name_of(error.kind)}, {"code", error.code}, {"message", error.message}};
}

/// null, or the error.
inline json outcome_of(const Result<void>& result) {
  return result ? json() : fields_of(result.error());
}

inline Options options_of(const json& asked) {
  Options options;
  if (asked.contains("stack_bytes")) options.stack_bytes = asked["stack_bytes"].get<std::size_t>();
  if (asked.contains("most_threads"))
    options.most_threads = asked["most_threads"].get<std::size_t>();
  if (asked.contains("quantum")) options.quantum = microseconds(asked["quantum"].get<int>());
  if (asked.contains("patience")) options.patience = milliseconds(asked["patience"].get<int>());
  return options;
}

/// Whether this is a process of in_child(), which does not speak on the channel.
inline bool is_child = false;
inline constexpr int unwritten_in_child = 42;

/// A thread of the student's core ran into an unwritten function. What would become of the
/// exception on its stack, or of those who wait for the thread, is unwritten, too: the answer is
/// given here and now.
[[noreturn]] inline void end_with(const Todo& todo) {
  if (is_child) {
    [[maybe_unused]] const auto count = ::write(STDERR_FILENO, todo.text.data(), todo.text.size());
    ::_exit(unwritten_in_child);
  }
  dialtone::Channel channel{dialtone::FileDescriptor(dialtone::channel_number)};
  channel.send({{"todo", todo.text}});
  ::_exit(0);
}

/// The body of a thread, guarded so. The function needs no memory where `body` is small.
template <class Body>
std::function<void()> guarded(Body body) {
  return [body] {
    try {
      body();
    } catch (const Todo& todo) {
      end_with(todo);
    }
  };
}

/// How a process ended, and what it wrote to standard error. A status of -1: it had to be killed.
struct Ended {
  int status = -1;
  std::string errors;
};

/// Plays it in a process of its own, which then ends with exit code 0. Throws the Todo that it ran
/// into.
inline Ended in_child(milliseconds time, const std::function<void()>& act) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("pipe");
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork");
  if (child == 0) {
    is_child = true;
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    try {
      act();
    } catch (const Todo& todo) {
      end_with(todo);
    }
    ::_exit(0);
  }
  ::close(ends[1]);
  Ended ended;
  const auto until = Clock::now() + time;
  bool over = false;
  while (!over && Clock::now() < until) {
    pollfd wait{ends[0], POLLIN, 0};
    if (::poll(&wait, 1, 50) <= 0) continue;
    char bytes[1024];
    const ssize_t count = ::read(ends[0], bytes, sizeof bytes);
    if (count > 0 && ended.errors.size() < 8192)
      ended.errors.append(bytes, static_cast<std::size_t>(count));
    over = count == 0 || (count < 0 && errno != EINTR);
  }
  ::close(ends[0]);
  if (!over) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (over) ended.status = status;
  if (over && WIFEXITED(status) && WEXITSTATUS(status) == unwritten_in_child)
    throw Todo{ended.errors};
  return ended;
}

inline json fields_of(const Ended& ended) {
  return {
      {"in time", ended.status != -1},
      {"signal", ended.status != -1 && WIFSIGNALED(ended.status) ? WTERMSIG(ended.status) : 0},
      {"exit code", ended.status != -1 && WIFEXITED(ended.status) ? WEXITSTATUS(ended.status) : -1},
      {"errors", ended.errors}};
}

}  // namespace shim07
