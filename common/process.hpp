// Runs another program under a deadline and limits, and says how it ended.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "file_descriptor.hpp"

namespace dialtone {

/// Bounds on one process (setrlimit(2)); nothing is bounded where a value is absent.
struct ResourceLimits {
  std::optional<std::uint64_t> cpu_seconds;
  std::optional<std::uint64_t> memory_bytes;  ///< address space, of each process by itself
  std::optional<std::uint64_t> file_bytes;    ///< the largest file it may write
  std::optional<std::uint64_t> descriptors;
};

struct Command {
  std::vector<std::string> arguments;  ///< the program first; looked up in PATH
  std::filesystem::path directory;     ///< where it runs; here when empty
  /// NAME=value pairs; what this process has when absent.
  std::optional<std::vector<std::string>> environment;
  ResourceLimits limits;
  /// {number in the child, descriptor here}; every other descriptor above 2 is closed.
  /// 0 is /dev/null where it is not named; 1 and 2 are this process's.
  std::vector<std::pair<int, int>> descriptors;
  /// Its own process group, killed as a whole. Off for programs that share the terminal's Ctrl-C.
  bool own_group = true;
  /// The program may start no other (execve and execveat are refused, EPERM), nor may what it
  /// forks: a seccomp filter, which also ends privileges (PR_SET_NO_NEW_PRIVS). Where the kernel
  /// takes no such filter, starting fails and says so. `arguments[0]` is then a path.
  bool deny_exec = false;
};

/// How a process ended.
struct Ending {
  int exit_code = 0;  ///< meaningful when signal is 0
  int signal = 0;     ///< the signal that killed it, or 0
};

/// A started process. Destroying it kills its process group and waits for it: nothing is left.
class Child {
 public:
  /// Throws std::runtime_error with the program's name and the reason when it cannot be started.
  explicit Child(const Command& command);
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();

  pid_t pid() const { return pid_; }

  /// Waits until it has ended or the time is over; nothing when it still runs.
  std::optional<Ending> wait_for(std::chrono::milliseconds time);

  /// Kills the group (the process alone where it has none) and collects it.
  Ending kill_now();

 private:
  pid_t pid_ = -1;
  bool own_group_ = true;
  FileDescriptor pidfd_;
  std::optional<Ending> ending_;
};

/// What a program that ran to its end, or to its deadline, left behind.
struct Outcome {
  Ending ending;
  bool timed_out = false;
  std::string out;  ///< standard output; cut at the limit
  std::string err;  ///< standard error; cut at the limit
  bool succeeded() const { return !timed_out && ending.signal == 0 && ending.exit_code == 0; }
};

/// Runs a program to its end; kills it at the deadline. Output beyond `output_limit` bytes a stream
/// is read and thrown away, so that the program does not block.
Outcome run(Command command, std::chrono::milliseconds deadline,
            std::size_t output_limit = std::size_t{1} << 20U);

/// "exit code 3", or "SIGSEGV (segmentation fault)".
std::string describe(const Ending& ending);

/// The whole of a file; throws std::runtime_error with the path and the reason.
std::string read_file(const std::filesystem::path& path);

/// Writes a temporary beside it and renames it into place: a reader never sees half a file.
void write_file(const std::filesystem::path& path, const std::string& text);

/// A folder of its own that is removed with all it holds.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace dialtone
