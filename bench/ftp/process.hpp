// Processes of this program's own, beside the server that is measured: the raw peers, the client.
#pragma once

#include <sys/types.h>

#include <functional>

namespace ftp_bench {

/// Runs a function in a process of its own, which is killed with this object or with its parent.
class Forked {
 public:
  /// The function's exceptions end the process with exit code 1.
  explicit Forked(const std::function<void()>& story);
  Forked(const Forked&) = delete;
  Forked& operator=(const Forked&) = delete;
  ~Forked();
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
};

/// Processor seconds that a process has used so far, its children not counted.
double processor_seconds(pid_t process);

/// From here on SIGINT, SIGTERM and SIGHUP, and a closed standard output, make `stop_if_asked`
/// throw, and signals end waits in between, so that what was started and written is cleared away by
/// those who own it.
void take_signals();
void stop_if_asked();

}  // namespace ftp_bench
