// Processes on stage: whoever is started here is collected here, whatever happens to the tour.
#pragma once

#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "program_and_process.hpp"

namespace process_tour {

using program_and_process::Deadline;
using program_and_process::Descriptor;
using program_and_process::Ending;
using program_and_process::Error;
using program_and_process::Program;
using program_and_process::Redirection;
using program_and_process::Result;

/// How long anything on stage may take before the tour gives it up.
inline constexpr std::chrono::milliseconds patience{20'000};

/// Ends the tour with that line. While an interruption cleans up, it does not return to anybody:
/// what fails then fails because of it.
[[noreturn]] void fail(const std::string& line);

/// The lab's error as such a line, with what can be done about it.
[[noreturn]] void fail(const Error& error);

template <class T>
T must(Result<T> result) {
  if (!result) fail(result.error());
  return std::move(*result);
}

/// The file that this process runs.
std::string this_program();

struct Pipe {
  Descriptor reads;
  Descriptor writes;
};
Pipe make_pipe();

/// A byte to whoever reads there.
void tell(const Descriptor& to);

/// Reads just as many bytes, in `patience`; false where the writer has gone before.
bool hear(const Descriptor& from, void* bytes, std::size_t count);

/// A child of this process. Destroying it kills and collects it.
class Actor {
 public:
  /// By the lab's spawn.
  static Result<Actor> try_spawn(const Program& program);
  static Actor spawned(const Program& program) { return must(try_spawn(program)); }
  /// All programs of a line, by the lab's start_pipeline.
  static std::vector<Actor> pipeline(std::span<const Program> programs, int in, int out);
  /// A fork without an exec, in a process group of its own. `part` runs in the child, which has all
  /// of this process's memory and only one thread: it may call only what signal-safety(7) names.
  static Actor forked(const std::function<void()>& part);
  /// An orphan that this process has adopted.
  static Actor adopted(pid_t pid);

  Actor(Actor&& other) noexcept
      : pid_(other.pid_), group_(other.group_), collected_(std::exchange(other.collected_, true)) {}
  Actor& operator=(Actor&&) = delete;
  ~Actor();

  pid_t pid() const { return pid_; }

  /// Waits by the lab's wait_for, and fails where it does.
  Ending wait(std::chrono::milliseconds time = patience);
  /// Waits until it has ended, and leaves it a zombie.
  void wait_until_ended() const;
  /// Stops it, and waits until it is.
  void stop() const;
  void kill() const;

 private:
  Actor(pid_t pid, bool group) : pid_(pid), group_(group) {}

  pid_t pid_;
  bool group_;  ///< it leads a process group
  bool collected_ = false;
};

/// This program in another process, playing one of the parts of roles.hpp, and the pipes to it.
struct Player {
  Actor actor;
  Descriptor to;    ///< its standard input
  Descriptor from;  ///< its standard output
};

/// `more` comes on top of the pipes.
Player play(const std::vector<std::string>& part, const std::vector<Redirection>& more = {});

/// The descriptor of a process that poll(2) finds readable when it has ended.
Descriptor open_end(pid_t pid);

/// What an interruption has to do: kills and collects all that are on stage.
void end_all();

/// While it lives, orphans among the descendants of this process become its children. Destroyed
/// last of all on stage, it collects those that nobody waited for.
class Adoption {
 public:
  Adoption();
  Adoption(const Adoption&) = delete;
  Adoption& operator=(const Adoption&) = delete;
  ~Adoption();
};

}  // namespace process_tour
