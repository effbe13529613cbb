// The judge's end of what a witness tells.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "channel.hpp"
#include "file_descriptor.hpp"
#include "peer.hpp"

namespace lab04 {

using dialtone::FileDescriptor;
using nlohmann::json;
using std::chrono::milliseconds;

/// A witness that has reported and waits for the judge's word. It ends (exit code 0) when this
/// does.
class Report {
 public:
  Report(FileDescriptor line, pid_t pid, const json& said);

  pid_t pid;     ///< as the kernel says
  pid_t parent;  ///< what getppid gave it
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::map<int, std::string> descriptors;  ///< by number: "device:inode"
  std::map<int, std::string> targets;      ///< by number: what readlink gives: "pipe:[123]"
  std::string folder;                      ///< where the file lies that the exec named
  std::uint64_t blocked;                   ///< bit n - 1: signal n
  std::uint64_t ignored;

  void end(int code);
  void die(int signal);

 private:
  void tell(const std::string& word);

  FileDescriptor line_;
};

/// Where witnesses report. Each input has its own, so that a witness of another one cannot come in
/// between.
class Reports {
 public:
  Reports();

  const std::string& name() const { return name_; }

  /// The command line of a witness that reports here; more words may follow.
  std::vector<std::string> words() const;

  /// The next report, or nothing in time. One that is not the judge's own program is passed over.
  std::optional<Report> next(milliseconds time = dialtone::ample_time) const;

 private:
  std::string name_;
  FileDescriptor listener_;
};

/// The path of the judge's own program, and a command line of it as a witness.
const std::string& own_path();
std::vector<std::string> witness(const std::string& mode, const std::string& word = "");

/// Whether that process runs the judge's own program.
bool is_own_program(pid_t process);

/// "device:inode" of a descriptor of the judge's.
std::string identity_of(int descriptor);

}  // namespace lab04
