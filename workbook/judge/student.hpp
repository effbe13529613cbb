// The judge's side of a student's process: start it within limits, ask, and take one answer in
// time.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "channel.hpp"
#include "process.hpp"
#include "process_view.hpp"

namespace dialtone {

/// Why no usable answer came. Each kind is the student's own doing and fails the case.
struct StudentFault {
  enum class Kind { todo, not_started, crashed, timed_out, malformed, extra_answer, threw };
  Kind kind;
  std::string text;  ///< one line for the story
};

/// Starts the program at `path` as a student's process: own process group, limits, empty
/// environment, no descriptor but the channel and a bounded sink for its output.
Child launch_student(const std::filesystem::path& path, int channel, int output_sink);

/// The same for a student's program that is a server by itself: no channel but the options of its
/// command line, larger files, and it can start no other program, so that a finished server in a
/// student's wrapping earns nothing.
/// These two are the places where a sandbox plugs in.
Child launch_students_server(const std::filesystem::path& path,
                             const std::vector<std::string>& options, int output_sink);

/// A file in memory that takes what a process prints.
FileDescriptor make_sink();

class Student {
 public:
  explicit Student(const std::filesystem::path& program);

  /// Sends a request; does not wait for its answer.
  void send(const nlohmann::json& request, std::string_view payload = {},
            const std::vector<int>& descriptors = {});

  /// Takes the one answer to the last request. Throws StudentFault.
  Message receive(std::chrono::milliseconds time = answer_time);

  /// `send` and `receive`.
  Message ask(const nlohmann::json& request, std::string_view payload = {},
              const std::vector<int>& descriptors = {});

  /// Throws StudentFault when more came than was asked for.
  void expect_silence();

  /// Whether something came that was not received yet: a peer that waits for it need wait no more.
  bool has_answered() const { return channel_.has_unread(); }

  /// Its number, once it has started.
  pid_t pid() const { return child_.pid(); }

  /// What /proc says of its descriptors, from outside: "3 socket:[123]", sorted by number. Waits
  /// until it runs: what loads a program opens files too.
  std::vector<std::string> open_descriptors();

  /// What /proc/PID/fdinfo says of one of its descriptors; empty when it has none of that number.
  std::string descriptor_info(int number) const;

  /// What /proc/PID/status says of its memory: see memory_of().
  std::uint64_t memory(const std::string& field);

  /// The numbers of its threads, as /proc/PID/task lists them.
  std::vector<int> threads() const;

  /// A file of /proc/PID, "status" or "task/12/syscall"; empty when there is none.
  std::string proc_file(const std::string& name) const;

  /// From now on it may have descriptors below this number alone (RLIMIT_NOFILE, from outside);
  /// what it has open stays open. `most_descriptors` is what it starts with.
  void limit_descriptors(std::uint64_t limit) const;
  static constexpr std::uint64_t most_descriptors = 512;

  /// Interrupts the system call that it waits in, if any (SIGUSR1).
  void interrupt() const;

  /// What it printed so far, at most `limit` bytes.
  std::string output(std::size_t limit = 4096) const;

  /// How long an answer may take that the contract does not bound. Generous: the machine may be
  /// busy.
  static constexpr std::chrono::milliseconds answer_time{5000};

 private:
  [[noreturn]] void explain_death();

  /// The first message of a shim says that it runs; before that a signal would kill it.
  void await_start();

  Message take_message(std::chrono::milliseconds time);

  bool started_ = false;

  std::filesystem::path program_;
  FileDescriptor output_;
  Channel channel_;
  Child child_;

  Student(std::filesystem::path program, std::pair<Channel, Channel> ends);
};

}  // namespace dialtone
