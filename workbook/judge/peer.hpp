// The judge's own ends of sockets: plain system calls, none of a student's code. Everything here
// throws std::runtime_error when the machine fails (a fault of the infrastructure, not of a
// student).
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "file_descriptor.hpp"
#include "judge.hpp"

namespace dialtone {

using std::chrono::milliseconds;

/// A deadline that a student's code should never meet, on however busy a machine.
inline constexpr milliseconds ample_time{4000};

/// How much later than its deadline an answer may come, for the same reason.
inline constexpr milliseconds grace{2500};

/// Two connected sockets: one for the judge, one to hand to the student.
struct Line {
  FileDescriptor ours;
  FileDescriptor theirs;
};

/// A connected AF_UNIX stream pair whose buffers are as small as the kernel allows, so that sends
/// are short. Non-blocking ends where `nonblocking` is set.
Line tight_line(bool nonblocking);

enum class LoopbackFamily { ipv4, ipv6 };

/// Whether ::1 can be used on this machine.
bool has_ipv6();

/// IPv4, or IPv6 on every other draw where the machine has it.
LoopbackFamily draw_family(Random& random);

/// "127.0.0.1" or "::1".
std::string loopback_name(LoopbackFamily family);

/// A loopback socket of the judge's and the port it is bound to (chosen by the kernel).
struct Bound {
  FileDescriptor socket;
  std::uint16_t port = 0;
};

/// type: SOCK_STREAM or SOCK_DGRAM. port 0 lets the kernel choose. Sets SO_REUSEADDR for streams.
/// A stream socket that is bound and does not listen keeps a port where nobody is: no other process
/// is given it meanwhile.
Bound bind_loopback(LoopbackFamily family, int type, std::uint16_t port = 0);

/// bind_loopback and listen(2).
Bound listen_loopback(LoopbackFamily family, int backlog = 16);

/// A stream socket connected to a loopback port; `from` (0: any) is its own port.
FileDescriptor call_loopback(LoopbackFamily family, std::uint16_t port);

/// The local port of a loopback socket.
std::uint16_t port_of(int socket);

/// The next call on a listener of the judge's, or nothing in time.
FileDescriptor accept_within(int listener, milliseconds time);

/// The most that read_within() takes at once.
inline constexpr std::size_t most_at_once = std::size_t{64} << 10U;

/// Up to `limit` bytes as soon as there are any, at most `most_at_once`; empty at end of stream;
/// nothing when none came in time or the connection broke (errno tells).
std::optional<std::string> read_within(int socket, std::size_t limit, milliseconds time);

/// All bytes until end of stream or `limit`; `ended` tells which, `broken` an error like
/// ECONNRESET.
struct Heard {
  std::string bytes;
  bool ended = false;
  bool broken = false;
};
Heard hear_to_the_end(int socket, std::size_t limit, milliseconds time);

/// Writes all bytes; false when the peer is gone or does not read in time.
bool write_within(int socket, std::string_view bytes, milliseconds time);

/// Ends the connection with a RST instead of a FIN.
void reset_connection(FileDescriptor& socket);

/// "socket:[12345]", as /proc/PID/fd shows this descriptor in any process that holds it.
std::string identity(int descriptor);

/// Where the TCP socket of this identity is bound, as the kernel's tables in /proc/net tell whoever
/// asks: "127.0.0.1:80", "[::1]:80". Empty when it is bound nowhere.
std::string local_end_in_proc(const std::string& identity);

/// A deadline in the body of a request: {"milliseconds": N}.
nlohmann::json with_deadline(nlohmann::json request, milliseconds time = ample_time);

/// What a failed call answered: its "error" object. Fails the story when the call succeeded.
nlohmann::json expect_error(Trial& trial, const Message& answer, std::string_view what);

/// Fails the story, with the student's error message as what came, unless the call succeeded.
void expect_success(Trial& trial, const Message& answer, std::string_view what);

/// The error's kind is the one expected.
void expect_kind(Trial& trial, const Message& answer, std::string_view kind, std::string_view what);

/// Where two long byte strings part, told in one line.
void expect_bytes(Input& trial, std::string_view what, std::string_view got,
                  std::string_view expected);

}  // namespace dialtone
