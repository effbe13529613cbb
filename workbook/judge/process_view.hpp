// What /proc says of a student's process, from outside.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
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

}  // namespace dialtone
