// What /proc says of a student's process and its sockets, from outside.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace dialtone {

/// Whether the students' processes are built with sanitizers, which take memory and descriptors of
/// their own.
bool under_sanitizers();

/// A file of /proc/PID, "status" or "task/12/syscall"; empty when there is none.
std::string proc_file(pid_t process, const std::string& name);

/// What /proc/PID/status says of its memory, in bytes: "VmRSS", what is resident now; "VmHWM",
/// the most that was resident at once; "VmPeak", the most addresses. 0 under sanitizers, whose
/// own books it would be.
std::uint64_t memory_of(pid_t process, const std::string& field);

/// Its descriptors: "3 socket:[123]", sorted by number.
std::vector<std::string> descriptors_of(pid_t process);

/// The numbers of its threads, as /proc/PID/task lists them.
std::vector<int> threads_of(pid_t process);

/// Whether none of its threads runs or could run: each sleeps in the kernel ("State: S", proc(5)).
bool is_asleep(pid_t process);

/// The processor time that its threads have taken, of those that still run (schedstat in proc(5)).
std::chrono::nanoseconds processor_time_of(pid_t process);

/// Until the process has done all that it can for now: it sleeps at several looks on end. Nothing
/// obliges it to: the wait also ends when it has computed for a while, or after 1.5 s.
void wait_until_asleep(pid_t process);

/// A line of "/proc/net/tcp" or "tcp6" as it stands there (proc(5)): all but the inode hexadecimal.
struct TcpSocket {
  std::string local;   ///< "0100007F:25E0", host and port
  std::string remote;  ///< the same
  std::string state;   ///< "0A" listens
  std::string queues;  ///< "tx:rx", bytes
  std::string inode;
};

/// Shows the sockets of the table whose lines hold the text, listeners first, until `look` says
/// that it has seen enough (false). There may be thousands, in TIME-WAIT.
void each_tcp_socket(const char* table, std::string_view text,
                     const std::function<bool(const TcpSocket&)>& look);

}  // namespace dialtone
