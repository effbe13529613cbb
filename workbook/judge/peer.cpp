#include "peer.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

#include "language.hpp"
#include "process_view.hpp"

namespace dialtone {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void infrastructure_failure(const std::string& what) {
  throw std::runtime_error("judge: " + what + ": " + std::strerror(errno));
}

bool wait_ready(int socket, short events, Clock::time_point until) {
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(until - Clock::now()).count();
    pollfd wait{socket, events, 0};
    const int ready = poll(&wait, 1, static_cast<int>(std::max<milliseconds::rep>(left, 0)));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

struct Loopback {
  sockaddr_storage storage{};
  socklen_t length = 0;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Loopback loopback(LoopbackFamily family, std::uint16_t port) {
  Loopback address;
  if (family == LoopbackFamily::ipv4) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::memcpy(&address.storage, &in, sizeof in);
    address.length = sizeof in;
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(port);
    in.sin6_addr = in6addr_loopback;
    std::memcpy(&address.storage, &in, sizeof in);
    address.length = sizeof in;
  }
  return address;
}

FileDescriptor make_socket(LoopbackFamily family, int type) {
  const int domain = family == LoopbackFamily::ipv4 ? AF_INET : AF_INET6;
  FileDescriptor socket(::socket(domain, type | SOCK_CLOEXEC, 0));
  if (!socket) infrastructure_failure("cannot make a socket");
  return socket;
}

}  // namespace

Line tight_line(bool nonblocking) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0), 0,
                 ends) != 0)
    infrastructure_failure("cannot make a pair of sockets");
  const int smallest = 1;  // the kernel raises it to its minimum
  for (const int end : ends) setsockopt(end, SOL_SOCKET, SO_SNDBUF, &smallest, sizeof smallest);
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

bool has_ipv6() {
  static const bool usable = [] {
    FileDescriptor socket(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto address = loopback(LoopbackFamily::ipv6, 0);
    return socket && bind(socket.get(), address.get(), address.length) == 0;
  }();
  return usable;
}

LoopbackFamily draw_family(Random& random) {
  return random.chance(0.5) && has_ipv6() ? LoopbackFamily::ipv6 : LoopbackFamily::ipv4;
}

std::string loopback_name(LoopbackFamily family) {
  return family == LoopbackFamily::ipv4 ? "127.0.0.1" : "::1";
}

Bound bind_loopback(LoopbackFamily family, int type, std::uint16_t port) {
  Bound bound{make_socket(family, type)};
  const int yes = 1;
  if (type == SOCK_STREAM)
    setsockopt(bound.socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  auto address = loopback(family, port);
  if (bind(bound.socket.get(), address.get(), address.length) != 0)
    infrastructure_failure("cannot bind a loopback port");
  bound.port = port_of(bound.socket.get());
  return bound;
}

Bound listen_loopback(LoopbackFamily family, int backlog) {
  Bound bound = bind_loopback(family, SOCK_STREAM);
  if (listen(bound.socket.get(), backlog) != 0) infrastructure_failure("cannot listen");
  return bound;
}

FileDescriptor call_loopback(LoopbackFamily family, std::uint16_t port) {
  FileDescriptor socket = make_socket(family, SOCK_STREAM);
  auto address = loopback(family, port);
  if (connect(socket.get(), address.get(), address.length) != 0) socket.reset();
  return socket;
}

std::uint16_t port_of(int socket) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &length) != 0)
    infrastructure_failure("getsockname");
  std::uint16_t port = 0;  // at the same place in sockaddr_in and sockaddr_in6
  std::memcpy(&port, reinterpret_cast<const char*>(&storage) + 2, sizeof port);
  return ntohs(port);
}

FileDescriptor accept_within(int listener, milliseconds time) {
  if (!wait_ready(listener, POLLIN, Clock::now() + time)) return FileDescriptor();
  return FileDescriptor(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
}

std::optional<std::string> read_within(int socket, std::size_t limit, milliseconds time) {
  if (!wait_ready(socket, POLLIN, Clock::now() + time)) return std::nullopt;
  std::string bytes(std::min(limit, most_at_once), '\0');
  const ssize_t count = recv(socket, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (count < 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(count));
  return bytes;
}

Heard hear_to_the_end(int socket, std::size_t limit, milliseconds time) {
  const auto until = Clock::now() + time;
  Heard heard;
  while (heard.bytes.size() < limit) {
    const auto left = std::chrono::ceil<milliseconds>(until - Clock::now());
    errno = 0;
    const auto part = read_within(socket, limit - heard.bytes.size(), left);
    if (!part) {
      heard.broken = errno != 0 && errno != EAGAIN;
      return heard;
    }
    if (part->empty()) {
      heard.ended = true;
      return heard;
    }
    heard.bytes += *part;
  }
  return heard;
}

bool write_within(int socket, std::string_view bytes, milliseconds time) {
  const auto until = Clock::now() + time;
  while (!bytes.empty()) {
    const ssize_t count = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno != EAGAIN || !wait_ready(socket, POLLOUT, until)) {
      return false;
    }
  }
  return true;
}

void reset_connection(FileDescriptor& socket) {
  const linger at_once{1, 0};
  setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket.reset();
}

std::string identity(int descriptor) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0) infrastructure_failure("fstat");
  return "socket:[" + std::to_string(status.st_ino) + "]";
}

std::string local_end_in_proc(const std::string& identity) {
  const std::string inode =
      identity.substr(identity.find('[') + 1, identity.find(']') - identity.find('[') - 1);
  for (const auto& [table, family] :
       {std::pair{"/proc/net/tcp", AF_INET}, std::pair{"/proc/net/tcp6", AF_INET6}}) {
    std::string local;
    each_tcp_socket(table, inode, [&](const TcpSocket& socket) {
      if (socket.inode == inode) local = socket.local;
      return local.empty();
    });
    if (local.empty()) continue;
    const auto colon = local.find(':');
    std::array<std::uint32_t, 4> words{};  // each printed as a number of the host's order
    for (std::size_t i = 0; i < colon / 8; ++i)
      words[i] = static_cast<std::uint32_t>(std::stoul(local.substr(8 * i, 8), nullptr, 16));
    char host[INET6_ADDRSTRLEN];
    inet_ntop(family, words.data(), host, sizeof host);
    const std::string port = std::to_string(std::stoul(local.substr(colon + 1), nullptr, 16));
    return (family == AF_INET ? std::string(host) : "[" + std::string(host) + "]") + ":" + port;
  }
  return "";
}

nlohmann::json with_deadline(nlohmann::json request, milliseconds time) {
  request["milliseconds"] = time.count();
  return request;
}

nlohmann::json expect_error(Trial& trial, const Message& answer, std::string_view what) {
  const auto error = answer.body.find("error");
  if (error == answer.body.end() || !error->is_object() ||
      !error->value("kind", nlohmann::json()).is_string())
    trial.fail(what, tr("a failure", "失败"),
               tr("success: ", "成功：") + answer.body.value("value", nlohmann::json()).dump());
  return *error;
}

void expect_success(Trial& trial, const Message& answer, std::string_view what) {
  if (!answer.body.contains("error")) return;
  const auto& error = answer.body.at("error");
  trial.fail(what, tr("success", "成功"), tr("the failure ", "失败：") + error.dump());
}

void expect_kind(Trial& trial, const Message& answer, std::string_view kind,
                 std::string_view what) {
  const auto error = expect_error(trial, answer, what);
  if (error.at("kind") != kind)
    trial.fail(what, tr("an error of kind ", "错误种类 ") + std::string(kind), error.dump());
}

void expect_bytes(Input& trial, std::string_view what, std::string_view got,
                  std::string_view expected) {
  if (got == expected) return;
  const auto differ = std::mismatch(
      got.begin(), got.begin() + static_cast<std::ptrdiff_t>(std::min(got.size(), expected.size())),
      expected.begin());
  const auto place = static_cast<std::size_t>(differ.first - got.begin());
  const auto told = [place](std::string_view bytes) {
    return std::to_string(bytes.size()) + tr(" bytes, from byte ", " 字节，自第 ") +
           std::to_string(place) + tr(": ", " 字节起：") + printable(bytes.substr(place), 24);
  };
  trial.fail(what, told(expected), told(got));
}

}  // namespace dialtone
