// What the kernel says of a student's process while it answers one request (ptrace(2)): which
// processes it makes, by what call, and what those execute.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "judge.hpp"

namespace lab04 {

/// What was seen.
struct Trace {
  std::vector<pid_t> forked;  ///< by the student's process itself, as fork(2) does
  int by_vfork = 0;           ///< processes made as posix_spawn, system and popen do
  int by_clone = 0;           ///< processes (no threads) made by another kind of clone
  int by_others = 0;          ///< processes made by those it made
  struct Exec {
    pid_t process;
    bool is_witness;  ///< of the judge's own program
  };
  std::vector<Exec> execs;
  /// Descriptors that the student's process had open at the fork and not before, and that an exec
  /// by another thread would have passed on: "5 pipe:[123]".
  std::vector<std::string> kept_by_exec;
};

/// Follows a student's process from its construction to its end. Throws std::runtime_error where
/// tracing is not permitted, which is no fault of the student's.
class Tracer {
 public:
  explicit Tracer(dialtone::Student& student);
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;
  ~Tracer();

  /// From now on the first child is held before its first step until the student's process has been
  /// interrupted (SIGUSR1) while it sleeps, as often as this.
  void interrupt_before_exec(int times) { interruptions_ = times; }

  /// Called when the first child has been forked, and has done no step yet.
  void at_first_fork(std::function<void()> call) { at_first_fork_ = std::move(call); }

  /// Waits for the answer to what was asked.
  dialtone::Message receive();

  const Trace& seen() const { return trace_; }

 private:
  bool step();
  void stopped(pid_t process, int status);
  void made(pid_t maker, int event);
  void look_at_new_descriptors();
  void interrupt_or_release();
  void let_go(pid_t process);
  void forget(pid_t process);

  dialtone::Student& student_;
  pid_t main_;
  std::vector<pid_t> traced_;
  std::vector<pid_t> threads_;  ///< of the student's process, but its first
  int children_ = 0;            ///< tracees that are processes of their own
  std::vector<std::string> before_;
  pid_t held_ = 0;
  int interruptions_ = 0;
  std::function<void()> at_first_fork_;
  int waited_ = 0;
  Trace trace_;
};

/// One call while the student's process is traced, told as a step. Where it is to be interrupted,
/// it is so as often as this, before what it starts runs.
struct Traced {
  dialtone::Message answer;
  Trace seen;
};
Traced ask_traced(dialtone::Trial& trial, const std::string& told, const nlohmann::json& request,
                  int interruptions = 0, const std::function<void()>& at_first_fork = {});

}  // namespace lab04
