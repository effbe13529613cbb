#include "socket_basics.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <utility>

namespace socket_basics {
namespace {

// --- failures ---

tl::unexpected<Error> failure(Error::Kind kind, std::string message, int code = 0,
                              std::size_t moved = 0) {
  return tl::unexpected(Error{kind, code, moved, std::move(message)});
}

Error::Kind kind_of(int code) {
  switch (code) {
    case ECONNREFUSED:
    case ENOENT:
      return Error::Kind::refused;
    case ETIMEDOUT:
      return Error::Kind::timed_out;
    case EPIPE:
    case ECONNRESET:
      return Error::Kind::broken;
    default:
      return Error::Kind::system;
  }
}

/// The failure of the system call that set errno.
tl::unexpected<Error> system_failure(const std::string& what, int code, std::size_t moved = 0) {
  return failure(kind_of(code), what + ": " + std::strerror(code), code, moved);
}

tl::unexpected<Error> bad_address(std::string_view text, const std::string& why) {
  return failure(Error::Kind::bad_address, "address '" + std::string(text) + "': " + why);
}

constexpr std::size_t longest_unix_name = sizeof(sockaddr_un::sun_path) - 1;

Result<std::uint16_t> parse_port(std::string_view text, std::string_view whole) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool digits =
      !text.empty() && text.size() <= 5 && error == std::errc() && end == text.data() + text.size();
  if (!digits) return bad_address(whole, "the port is not a number of 1 to 5 digits");
  if (port > 65535) return bad_address(whole, "the port is above 65535");
  return static_cast<std::uint16_t>(port);
}

Result<Address> parse_unix(std::string_view name, std::string_view whole) {
  const bool is_abstract = !name.empty() && name.front() == '@';
  if (is_abstract) name.remove_prefix(1);
  if (name.empty()) return bad_address(whole, "the name is empty");
  if (name.size() > longest_unix_name) return bad_address(whole, "the name has over 107 bytes");
  if (!is_abstract && name.find('\0') != std::string_view::npos)
    return bad_address(whole, "a path holds no NUL");
  const auto family = is_abstract ? Address::Family::unix_abstract : Address::Family::unix_path;
  return Address{family, std::string(name), 0};
}

template <std::size_t N, class Number>
std::array<std::byte, N> big_endian(Number number) {
  std::array<std::byte, N> bytes;
  for (std::size_t i = 0; i < N; ++i) bytes[i] = std::byte(number >> (8 * (N - 1 - i)) & 0xffU);
  return bytes;
}

template <class Number>
Number from_big_endian(std::span<const std::byte> bytes) {
  Number number = 0;
  for (const std::byte byte : bytes)
    number = static_cast<Number>(number << 8U | std::to_integer<Number>(byte));
  return number;
}

Result<Descriptor> make_socket(const SystemAddress& address) {
  const int fd = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return system_failure("socket", errno);
  return Descriptor(fd);
}

/// `what`, and why it failed, keeping the rest of the error.
tl::unexpected<Error> within(const std::string& what, Error error) {
  error.message = what + ": " + error.message;
  return tl::unexpected(std::move(error));
}

}  // namespace

// --- addresses ---

Result<Address> parse_address(std::string_view text) {
  constexpr std::string_view unix_prefix = "unix:";
  if (text.substr(0, unix_prefix.size()) == unix_prefix)
    return parse_unix(text.substr(unix_prefix.size()), text);

  const bool bracketed = !text.empty() && text.front() == '[';
  const std::size_t end = bracketed ? text.find("]:") : text.find(':');
  if (end == std::string_view::npos)
    return bad_address(text, "expected HOST:PORT, [HOST]:PORT or unix:PATH");
  const std::string host(text.substr(bracketed ? 1 : 0, end - (bracketed ? 1 : 0)));
  const auto port = parse_port(text.substr(end + (bracketed ? 2 : 1)), text);
  if (!port) return tl::unexpected(port.error());

  // inet_pton reads up to a NUL; what follows one must not be dropped in silence.
  in6_addr unused{};
  const int family = bracketed ? AF_INET6 : AF_INET;
  if (host.find('\0') != std::string::npos || inet_pton(family, host.c_str(), &unused) != 1)
    return bad_address(text, bracketed ? "not an IPv6 address in the brackets"
                                       : "the host is not four numbers from 0 to 255");
  return Address{bracketed ? Address::Family::ipv6 : Address::Family::ipv4, host, *port};
}

std::string to_string(const Address& address) {
  switch (address.family) {
    case Address::Family::ipv4:
      return address.name + ":" + std::to_string(address.port);
    case Address::Family::ipv6: {
      in6_addr binary{};
      char text[INET6_ADDRSTRLEN];
      const bool known = inet_pton(AF_INET6, address.name.c_str(), &binary) == 1 &&
                         inet_ntop(AF_INET6, &binary, text, sizeof text) != nullptr;
      return "[" + (known ? std::string(text) : address.name) + "]:" + std::to_string(address.port);
    }
    case Address::Family::unix_path:
      return "unix:" + address.name;
    case Address::Family::unix_abstract:
      return "unix:@" + address.name;
  }
  return address.name;
}

Result<SystemAddress> to_system(const Address& address) {
  SystemAddress system;
  switch (address.family) {
    case Address::Family::ipv4: {
      sockaddr_in in{};
      in.sin_family = AF_INET;
      in.sin_port = htons(address.port);
      if (inet_pton(AF_INET, address.name.c_str(), &in.sin_addr) != 1)
        return bad_address(address.name, "not four numbers from 0 to 255");
      system.length = sizeof in;
      std::memcpy(&system.storage, &in, sizeof in);
      return system;
    }
    case Address::Family::ipv6: {
      sockaddr_in6 in{};
      in.sin6_family = AF_INET6;
      in.sin6_port = htons(address.port);
      if (inet_pton(AF_INET6, address.name.c_str(), &in.sin6_addr) != 1)
        return bad_address(address.name, "not an IPv6 address");
      system.length = sizeof in;
      std::memcpy(&system.storage, &in, sizeof in);
      return system;
    }
    case Address::Family::unix_path:
    case Address::Family::unix_abstract: {
      sockaddr_un un{};
      un.sun_family = AF_UNIX;
      if (address.name.empty() || address.name.size() > longest_unix_name)
        return bad_address(address.name, "a unix name has 1 to 107 bytes");
      // An abstract name starts after a NUL and ends where the length says; a path ends at its NUL.
      const bool is_abstract = address.family == Address::Family::unix_abstract;
      std::memcpy(un.sun_path + (is_abstract ? 1 : 0), address.name.data(), address.name.size());
      system.length =
          static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.name.size() + 1);
      std::memcpy(&system.storage, &un, sizeof un);
      return system;
    }
  }
  return bad_address(address.name, "unknown family");
}

Result<Address> from_system(const SystemAddress& system) {
  if (system.storage.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &system.storage, sizeof in);
    char text[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
    return Address{Address::Family::ipv4, text, ntohs(in.sin_port)};
  }
  if (system.storage.ss_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &system.storage, sizeof in);
    char text[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof text);
    return Address{Address::Family::ipv6, text, ntohs(in.sin6_port)};
  }
  if (system.storage.ss_family == AF_UNIX) {
    sockaddr_un un{};
    std::memcpy(&un, &system.storage, sizeof un);
    constexpr std::size_t start = offsetof(sockaddr_un, sun_path);
    const std::size_t size = system.length > start ? system.length - start : 0;
    if (size > 1 && un.sun_path[0] == '\0')
      return Address{Address::Family::unix_abstract, std::string(un.sun_path + 1, size - 1), 0};
    return Address{Address::Family::unix_path, std::string(un.sun_path, strnlen(un.sun_path, size)),
                   0};
  }
  return failure(Error::Kind::system, "a socket of a family that is neither IPv4, IPv6 nor unix",
                 EAFNOSUPPORT);
}

// --- byte order ---

std::array<std::byte, 2> to_wire(std::uint16_t number) {
  return big_endian<2>(number);
}
std::array<std::byte, 4> to_wire(std::uint32_t number) {
  return big_endian<4>(number);
}
std::array<std::byte, 8> to_wire(std::uint64_t number) {
  return big_endian<8>(number);
}

std::uint16_t from_wire(std::span<const std::byte, 2> bytes) {
  return from_big_endian<std::uint16_t>(bytes);
}
std::uint32_t from_wire(std::span<const std::byte, 4> bytes) {
  return from_big_endian<std::uint32_t>(bytes);
}
std::uint64_t from_wire(std::span<const std::byte, 8> bytes) {
  return from_big_endian<std::uint64_t>(bytes);
}

// --- a descriptor that closes itself ---

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Descriptor::Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

int Descriptor::release() noexcept {
  return std::exchange(fd_, -1);
}

// --- whole sends, exact receives ---

//! [wait_ready]
Result<void> wait_ready(int socket, Direction direction, Deadline deadline) {
  pollfd wait{socket, direction == Direction::readable ? short{POLLIN} : short{POLLOUT}, 0};
  for (;;) {
    const int left = deadline.milliseconds_left();
    const int ready = ::poll(&wait, 1, left);
    if (ready > 0) return {};
    if (ready == 0) return failure(Error::Kind::timed_out, "wait: the deadline is over");
    if (errno != EINTR) return system_failure("poll", errno);
  }
}
//! [wait_ready]

//! [send_all]
Result<void> send_all(int socket, std::span<const std::byte> bytes, Deadline deadline) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    // MSG_NOSIGNAL: a peer that is gone is an error to return, not a SIGPIPE to die of.
    const ssize_t count =
        ::send(socket, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      sent += static_cast<std::size_t>(count);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (auto ready = wait_ready(socket, Direction::writable, deadline); !ready) {
        ready.error().moved = sent;
        return within("send", ready.error());
      }
    } else if (errno != EINTR) {
      return system_failure("send", errno, sent);
    }
  }
  return {};
}
//! [send_all]

//! [receive_exactly]
Result<void> receive_exactly(int socket, std::span<std::byte> buffer, Deadline deadline) {
  std::size_t received = 0;
  while (received < buffer.size()) {
    const ssize_t count =
        ::recv(socket, buffer.data() + received, buffer.size() - received, MSG_DONTWAIT);
    if (count > 0) {
      received += static_cast<std::size_t>(count);
    } else if (count == 0) {
      return failure(Error::Kind::end_of_stream,
                     "receive: end of stream after " + std::to_string(received) + " of " +
                         std::to_string(buffer.size()) + " bytes",
                     0, received);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (auto ready = wait_ready(socket, Direction::readable, deadline); !ready) {
        ready.error().moved = received;
        return within("receive", ready.error());
      }
    } else if (errno != EINTR) {
      return system_failure("receive", errno, received);
    }
  }
  return {};
}
//! [receive_exactly]

// --- connections ---

Result<Descriptor> dial(const Address& address, Deadline deadline) {
  const std::string what = "dial " + to_string(address);
  const auto there = to_system(address);
  if (!there) return within(what, there.error());
  auto phone = make_socket(*there);
  if (!phone) return within(what, phone.error());

  if (::connect(phone->get(), there->get(), there->length) == 0) return phone;
  // An interrupted connect goes on by itself, like one in progress; calling again is an error.
  if (errno != EINPROGRESS && errno != EINTR) return system_failure(what, errno);
  if (auto ready = wait_ready(phone->get(), Direction::writable, deadline); !ready)
    return within(what, ready.error());
  int code = 0;
  socklen_t length = sizeof code;
  if (::getsockopt(phone->get(), SOL_SOCKET, SO_ERROR, &code, &length) != 0) code = errno;
  if (code != 0) return system_failure(what, code);
  return phone;
}

Result<Descriptor> listen_on(const Address& address, int backlog) {
  const std::string what = "listen on " + to_string(address);
  const auto here = to_system(address);
  if (!here) return within(what, here.error());
  auto phone = make_socket(*here);
  if (!phone) return within(what, phone.error());

  const int yes = 1;
  if (::setsockopt(phone->get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      ::bind(phone->get(), here->get(), here->length) != 0 || ::listen(phone->get(), backlog) != 0)
    return system_failure(what, errno);
  return phone;
}

Result<Descriptor> answer(int listener, Deadline deadline) {
  for (;;) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) return Descriptor(fd);
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (auto ready = wait_ready(listener, Direction::readable, deadline); !ready)
        return within("answer", ready.error());
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return system_failure("answer", errno);
    }
  }
}

Result<Address> local_address(int socket) {
  SystemAddress here;
  if (::getsockname(socket, here.get(), &here.length) != 0)
    return system_failure("local address", errno);
  return from_system(here);
}

Result<Address> peer_address(int socket) {
  SystemAddress there;
  if (::getpeername(socket, there.get(), &there.length) != 0)
    return system_failure("peer address", errno);
  return from_system(there);
}

}  // namespace socket_basics
