// Lab 04: program and process. This header is the assignment; starter/program_and_process.cpp is
// where you work.
//
// A program is text on a disk; a process is that text at work, with a number, a parent, open
// descriptors and an end. Here you start processes (fork, exec), join them by pipes, learn how they
// ended (wait), and read what the kernel tells of every one of them (/proc). Call the system
// yourself (::fork, ::execvpe, ::pipe2, ::waitpid, ...): that is the lesson. posix_spawn, popen and
// system are not what you need.
//
// Rules for the whole file:
// - A failure is a value. No function throws or prints, in the parent or in the child.
// - A signal that interrupts a system call (EINTR) is no failure: the call goes on.
// - What a failed function opened, it closed again; what it started, it ended and collected: it
//   leaves neither a descriptor nor a zombie.
// - Every descriptor made here is close-on-exec.
// - Between fork and exec the child calls nothing but what signal-safety(7) names: where the
//   parent has threads, another one of them may have held the allocator's lock when it forked.
//   What the child needs is made ready before.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "socket_basics.hpp"

namespace program_and_process {

// --- given -----------------------------------------------------------------------------------

using socket_basics::Deadline;
using socket_basics::Descriptor;

/// What went wrong, as a value.
struct Error {
  enum class Kind {
    not_found,       ///< there is no such program (ENOENT, ENOTDIR)
    not_executable,  ///< it is there and cannot be run (EACCES, ENOEXEC)
    timed_out,       ///< the deadline came first
    gone,            ///< there is no such process (any more)
    malformed,       ///< a text is not what proc(5) says
    system,          ///< any other failed system call
  };
  Kind kind = Kind::system;
  int code = 0;         ///< errno, where a system call failed; else 0
  std::string message;  ///< what was tried on what, and why not: "exec sorrt: No such file or
                        ///< directory"
};

template <class T>
using Result = tl::expected<T, Error>;

/// A descriptor of the child, and the one of this process that it is a copy of: {2, 1} sends the
/// child's standard error where this process's standard output goes.
struct Redirection {
  int child = 0;
  int parent = 0;
};

/// What is to be started.
struct Program {
  /// The words of its command line, the program's name first. A name without a slash is looked up
  /// in this process's PATH, an empty part of which means the working directory; a file there that
  /// may not be run hides none behind it. No shell reads any of the words.
  std::vector<std::string> arguments;
  /// "NAME=value" for each variable of the child, and no others; this process's own when absent.
  std::optional<std::vector<std::string>> environment;
  std::vector<Redirection> redirections;
};

/// How a process changed (wait(2)): it ended, or it was stopped or continued.
struct Ending {
  enum class How { exited, killed, stopped, continued };
  How how = How::exited;
  int value = 0;      ///< the exit code, or the signal's number (continued: 0)
  bool core = false;  ///< killed, and the kernel dumped its memory to a file
  bool operator==(const Ending&) const = default;
};

// --- starting --------------------------------------------------------------------------------

/// Starts the program in a new process and returns its number once the program runs: when the exec
/// has succeeded, not when the fork has.
/// - Redirections take effect all at once: each `parent` means what it meant in this process, so
///   that {1, 2} and {2, 1} together exchange the two. They are correct for any numbers, those of
///   the descriptors that this function opens for itself included. Of two for one `child` the last
///   counts. A `parent` that is not open is a system failure (EBADF) whose message begins
///   "redirect ".
/// - Where no redirection names it, each of 0, 1 and 2 is this process's, or closed where it is
///   closed here. Every other descriptor is closed in the child, also one that this process did not
///   mark close-on-exec.
/// - The child has no signal blocked, and SIGPIPE has its default action; what this process blocks
///   or ignores stays as it was here.
/// An exec that fails is told by the child through a close-on-exec pipe: not_found, not_executable
/// or system, `code` the errno of the exec, a message that begins "exec NAME: ". The child has then
/// been collected. No arguments at all: a system failure (EINVAL).
Result<pid_t> spawn(const Program& program);

/// Starts the programs so that each one's standard output is a pipe to the next one's standard
/// input. The first reads from `in`, the last writes to `out`, descriptors of this process that it
/// keeps; -1: what this process has as 0 or 1. A program's own redirections come on top: one of 0
/// or 1 takes the pipe's place, and {2, 1} means this process's standard output, not the pipe
/// (a shell's `2>&1 |` means the pipe). Neither this process nor any other program of the line
/// holds a pipe's end open, so that each reads an end of file when the one before it has ended. The
/// numbers come in the order of the programs. Where one cannot be started, the error is that of its
/// spawn, and those started before it have been killed and collected. No programs: a system failure
/// (EINVAL).
Result<std::vector<pid_t>> start_pipeline(std::span<const Program> programs, int in = -1,
                                          int out = -1);

// --- waiting ---------------------------------------------------------------------------------

/// What a status of wait(2) means. Written with shifts and masks, as Linux lays the number out: the
/// low seven bits are 0 after an exit, whose code is in bits 8 to 15; 0x7f when it was stopped, by
/// the signal in bits 8 to 15, or, where the whole is 0xffff, continued; else the signal that
/// killed it, with bit 7 set when a core was dumped.
Ending decode_status(int status);

/// Waits until this child of ours has ended and collects it: no zombie is left. Its number is free
/// for another process afterwards. The wait sleeps; it does not look again and again (pidfd_open(2)
/// gives a descriptor for poll).
/// timed_out: it runs on, and can be waited for again; a deadline that is over from the start still
/// looks once. gone, at once: it is no child of ours, or was collected before (ECHILD, ESRCH).
Result<Ending> wait_for(pid_t child, Deadline deadline);

/// Waits for all of them, and gives their endings in the same order. At the deadline those that
/// still run are killed (SIGKILL) and collected: timed_out, and none is left. Where one is gone,
/// the others are waited for all the same. Of several failures, that of the first child in the list
/// is returned. Only a child of ours that still runs is ever killed.
Result<std::vector<Ending>> wait_for_all(std::span<const pid_t> children, Deadline deadline);

// --- /proc -----------------------------------------------------------------------------------

/// What a line of /proc/PID/stat tells (proc(5)); fields by their numbers there.
struct Stat {
  pid_t pid = 0;                    ///< 1
  std::string name;                 ///< 2: at most 15 bytes of any kind, without the parentheses
  char state = '?';                 ///< 3: R running, S sleeping, D disk, Z zombie, T stopped, ...
  pid_t parent = 0;                 ///< 4
  pid_t group = 0;                  ///< 5
  pid_t session = 0;                ///< 6
  std::uint64_t user_ticks = 0;     ///< 14: time in its own code, in clock ticks
  std::uint64_t system_ticks = 0;   ///< 15: time in the kernel for it
  std::int64_t threads = 0;         ///< 20
  std::uint64_t start_ticks = 0;    ///< 22: when it started, in clock ticks after boot
  std::uint64_t virtual_bytes = 0;  ///< 23: the size of its address space
  std::int64_t resident_pages = 0;  ///< 24
  bool operator==(const Stat&) const = default;
};

/// Reads the text of /proc/PID/stat, with or without its newline. The name begins after the first
/// "(" and ends before the last ")": it may hold spaces, newlines and parentheses itself. The
/// fields are separated by one space each; of those not named above the ones up to the 24th need
/// only be there, and those after it are not looked at. Anything that is not as proc(5) says,
/// numbers out of range included: malformed, and the message names the field ("stat: no name",
/// "stat: field 14: x7", "stat: no field 20").
Result<Stat> parse_stat(std::string_view text);

/// What /proc/PID/status tells, of which there is more.
struct Status {
  std::string name;     ///< Name, with the kernel's \n and \\ turned back into what they stand for
  char state = '?';     ///< State: the letter
  pid_t pid = 0;        ///< Pid
  pid_t parent = 0;     ///< PPid
  uid_t real_user = 0;  ///< Uid: the first number
  uid_t effective_user = 0;   ///< Uid: the second
  std::uint64_t threads = 0;  ///< Threads
  /// VmRSS, in bytes (the text says kB and means 1024); a zombie and a kernel thread have none.
  std::optional<std::uint64_t> resident_bytes;
  std::uint64_t voluntary_switches = 0;    ///< voluntary_ctxt_switches: it waited for something
  std::uint64_t involuntary_switches = 0;  ///< nonvoluntary_ctxt_switches: its turn was over
  bool operator==(const Status&) const = default;
};

/// Reads the text of /proc/PID/status: lines "Name:<tab>value" in any order, of which those not
/// named above are passed over; before a number there may be spaces and tabs. A line that is
/// missing or is not as it should be: malformed, and the message names it ("status: no Threads",
/// "status: PPid: x").
Result<Status> parse_status(std::string_view text);

/// A line of /proc/PID/maps: a stretch of a process's memory.
struct Mapping {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;  ///< the first address behind it
  bool readable = false;
  bool writable = false;
  bool executable = false;
  bool shared = false;       ///< 's'; 'p' is private: written pages are its own (copy on write)
  std::uint64_t offset = 0;  ///< where it begins in the file
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  std::uint64_t inode = 0;  ///< 0: no file
  std::string path;  ///< the rest of the line, spaces included, \012 turned back into a newline;
                     ///< empty for memory of nobody's; "[stack]", "[heap]" and the like
  bool operator==(const Mapping&) const = default;
};

/// Reads the text of /proc/PID/maps (empty for a kernel thread). Malformed: the message names the
/// line, from 1 ("maps: line 3: ...").
Result<std::vector<Mapping>> parse_maps(std::string_view text);

/// The whole text of ROOT/PID/FILE, in as many reads as it takes (such a file's size is said to be
/// 0), up to 1 MiB; more is a system failure (EFBIG). gone: the process, or it while it was read
/// (ENOENT, ESRCH).
Result<std::string> read_proc(pid_t pid, std::string_view file, const std::string& root = "/proc");

/// The stat of every process that ROOT lists, by increasing number; names that are no decimal
/// number are passed over. One that vanishes between the listing and the reading is left out. Any
/// other failure is the function's.
Result<std::vector<Stat>> process_table(const std::string& root = "/proc");

}  // namespace program_and_process
