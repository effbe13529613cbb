// Lab 01: socket basics. This header is the assignment; starter/socket_basics.cpp is where you
// work.
//
// A socket is the phone of a program. Here you write what every later lab stands on: addresses, a
// descriptor that closes itself, sends that are whole, receives that are exact, and the three ways
// to get a connection (dial, listen, answer). Call the system yourself (::socket, ::bind, ::send,
// ::recv, ::poll, ...): that is the lesson.
//
// Rules for the whole file:
// - Every socket made here is non-blocking and close-on-exec; waiting is done by poll(2) alone.
// - Every wait ends at its deadline, whatever the peer does.
// - A failure is a value. No function throws, prints, or lets SIGPIPE kill the program.
// - A signal that interrupts a system call (EINTR) is no failure: the call goes on.
// - What a failed function opened, it closed again.
#pragma once

#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace socket_basics {

// --- given -----------------------------------------------------------------------------------

/// What went wrong, as a value.
struct Error {
  enum class Kind {
    bad_address,    ///< the text is not an address
    refused,        ///< nobody listens there (ECONNREFUSED; a path without a socket, ENOENT)
    timed_out,      ///< the deadline came first
    end_of_stream,  ///< the peer hung up before all bytes had come
    broken,         ///< the connection is gone (EPIPE, ECONNRESET)
    system,         ///< any other failed system call
  };
  Kind kind = Kind::system;
  int code = 0;           ///< errno, where a system call failed; else 0
  std::size_t moved = 0;  ///< bytes that were sent or received before it
  std::string
      message;  ///< what was tried on what, and why not: "dial 127.0.0.1:9: Connection refused"
};

template <class T>
using Result = tl::expected<T, Error>;

/// The moment at which a wait is over. Time is an argument: tests bring a clock of their own.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock::time_point (*)();

  static Deadline after(std::chrono::milliseconds time,
                        Clock clock = std::chrono::steady_clock::now) {
    return Deadline(clock() + time, clock);
  }

  /// What is left, rounded up to whole milliseconds, as poll(2) takes it; 0 once it is over.
  int milliseconds_left() const {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(at_ - clock_());
    return left.count() <= 0 ? 0 : static_cast<int>(left.count());
  }

 private:
  Deadline(std::chrono::steady_clock::time_point at, Clock clock) : at_(at), clock_(clock) {}

  std::chrono::steady_clock::time_point at_;
  Clock clock_;
};

/// Where a phone can be reached.
struct Address {
  enum class Family { ipv4, ipv6, unix_path, unix_abstract };
  Family family = Family::ipv4;
  std::string name;        ///< "127.0.0.1", "::1", "/tmp/x.sock", or the abstract name without '@'
  std::uint16_t port = 0;  ///< 0 for the unix families; for listen_on, 0 picks a free port
  bool operator==(const Address&) const = default;
};

/// An address as the system calls take it: pointer and length of a sockaddr.
struct SystemAddress {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// --- addresses -------------------------------------------------------------------------------

/// Reads "127.0.0.1:9696", "[::1]:9696", "unix:/tmp/x.sock" or "unix:@name".
/// An IPv4 address is four decimal numbers from 0 to 255 without leading zeros; an IPv6 address is
/// what inet_pton(3) takes, in brackets; a port is 1 to 5 digits, at most 65535. A path has 1 to
/// 107 bytes, and so has an abstract name (unix(7): sun_path). No names are looked up, no spaces
/// skipped. Anything else is a bad_address whose message holds the text and says what is wrong with
/// it.
Result<Address> parse_address(std::string_view text);

/// The text that parse_address reads back as the same address. An IPv6 address is printed as
/// inet_ntop(3) does ("[::1]:9696" for "0:0:0:0:0:0:0:1"); where the name is none, as it stands.
std::string to_string(const Address& address);

/// The sockaddr_in, sockaddr_in6 or sockaddr_un of an address (ip(7), ipv6(7), unix(7)), ports in
/// network byte order, `length` just what the address takes: an abstract name follows a NUL and
/// ends where `length` says. A name that is none of its family's is a bad_address.
Result<SystemAddress> to_system(const Address& address);

/// The address in what a system call filled in; `length` is what the call reported. A unix socket
/// that is bound to nothing is a unix_path with an empty name. Any other family: a system failure.
Result<Address> from_system(const SystemAddress& system);

// --- byte order ------------------------------------------------------------------------------

/// The number as the wire carries it: most significant byte first (RFC 791, appendix B).
/// Written with shifts, so that it is right on every machine; htons and its kin are not needed.
std::array<std::byte, 2> to_wire(std::uint16_t number);
std::array<std::byte, 4> to_wire(std::uint32_t number);
std::array<std::byte, 8> to_wire(std::uint64_t number);

/// The number that these bytes from the wire mean.
std::uint16_t from_wire(std::span<const std::byte, 2> bytes);
std::uint32_t from_wire(std::span<const std::byte, 4> bytes);
std::uint64_t from_wire(std::span<const std::byte, 8> bytes);

// --- a descriptor that closes itself ---------------------------------------------------------

/// Owns one open file descriptor, or none (-1). Exactly one owner closes it, exactly once.
class Descriptor {
 public:
  Descriptor() noexcept = default;
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  /// Closes what is owned.
  ~Descriptor();

  /// Takes over what `other` owns; `other` owns nothing afterwards.
  Descriptor(Descriptor&& other) noexcept;

  /// The same, after closing what was owned before. Moving to itself changes nothing.
  Descriptor& operator=(Descriptor&& other) noexcept;

  /// Gives the descriptor up without closing it; owns nothing afterwards.
  int release() noexcept;

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// --- whole sends, exact receives -------------------------------------------------------------

enum class Direction { readable, writable };

/// Waits by poll(2) until the socket is ready (an error or a hang-up counts: the next call tells
/// which), or the deadline is over (timed_out). When it is over from the start, poll still looks
/// once.
Result<void> wait_ready(int socket, Direction direction, Deadline deadline);

/// Sends all the bytes, in as many send(2) calls as it takes, waiting in between while the peer's
/// window is full. Works on blocking and non-blocking sockets. When the peer is gone: broken. On
/// any failure `moved` says how many bytes the kernel had taken.
Result<void> send_all(int socket, std::span<const std::byte> bytes, Deadline deadline);

/// Fills the buffer, in as many recv(2) calls as it takes, and takes not one byte more from the
/// stream. End of stream before it is full: end_of_stream, and the message says how many bytes of
/// how many came. On any failure `moved` says how many bytes are in the buffer. An empty buffer
/// asks for nothing and succeeds.
Result<void> receive_exactly(int socket, std::span<std::byte> buffer, Deadline deadline);

// --- connections -----------------------------------------------------------------------------

/// Calls the address over a stream socket and waits until the connection stands.
/// Nobody there: refused. No answer in time: timed_out. The message begins "dial ADDRESS: ".
/// Simplified: a unix listener whose queue is full cannot be waited for by poll; that is a system
/// failure (EAGAIN) at once. A production program would try again until its deadline.
Result<Descriptor> dial(const Address& address, Deadline deadline);

/// Gets a phone, puts in the SIM card (bind) and waits for calls (listen) with room for `backlog`
/// callers. A TCP port whose last connections linger in TIME-WAIT can be bound again
/// (SO_REUSEADDR); one that somebody listens on cannot: a failure whose message begins "listen on
/// ADDRESS: ".
Result<Descriptor> listen_on(const Address& address, int backlog);

/// Takes the next call on a listening socket, and waits for one until the deadline. A caller that
/// hung up before it was answered (ECONNABORTED) is passed over.
Result<Descriptor> answer(int listener, Deadline deadline);

/// The address of this end of a socket, as the system tells it (getsockname(2)).
Result<Address> local_address(int socket);

/// The address of the other end (getpeername(2)).
Result<Address> peer_address(int socket);

}  // namespace socket_basics
