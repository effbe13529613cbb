#include "client.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <barrier>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>
#include <thread>

#include "failure.hpp"
#include "process.hpp"
#include "random.hpp"

namespace ftp_bench {
namespace {

using dialtone::Failure;
using dialtone::FileDescriptor;

constexpr std::size_t buffer_size = std::size_t{256} << 10U;

Failure system_failure(const std::string& what) {
  return Failure(what + ": " + std::strerror(errno));
}

void send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw system_failure("send");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void send_talk(int socket, const Talk& talk) {
  send_all(socket, talk.head);
  for (std::uint64_t left = talk.payload; left > 0;) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left, block_size));
    send_all(socket, std::string_view(block()).substr(0, count));
    left -= count;
  }
}

/// Replies as a client reads them that does nothing else: headers are searched, not parsed.
class Replies {
 public:
  explicit Replies(int socket) : socket_(socket) {}

  /// The next header; its payload is read and thrown away. Gives the payload's length.
  std::uint64_t next(std::string& header) {
    std::array<std::byte, framing::prefix_size> prefix{};
    need(prefix.size());
    std::memcpy(prefix.data(), buffer_.get() + begin_, prefix.size());
    const auto length = framing::read_prefix(prefix, ftp::frame_limits.header);
    if (!length) throw Failure(length.error().message);
    need(prefix.size() + *length);
    header.assign(buffer_.get() + begin_ + prefix.size(), *length);
    begin_ += prefix.size() + *length;
    if (header.find("\"error\"") != std::string::npos) throw Failure(header);
    const std::uint64_t payload = data_length(header);
    skip(payload);
    return payload;
  }

 private:
  static std::uint64_t data_length(const std::string& header) {
    constexpr std::string_view field = "\"data_length\":";
    const std::size_t at = header.find(field);
    if (at == std::string::npos) throw Failure("a reply without data_length: " + header);
    return std::strtoull(header.c_str() + at + field.size(), nullptr, 10);
  }

  std::size_t receive(std::size_t place) {
    for (;;) {
      const ssize_t count = ::recv(socket_, buffer_.get() + place, buffer_size - place, 0);
      if (count > 0) return static_cast<std::size_t>(count);
      if (count == 0) throw Failure("the server hung up in the middle");
      if (errno != EINTR) throw system_failure("recv");
    }
  }

  /// So many bytes in a row, from begin_.
  void need(std::size_t count) {
    if (begin_ + count > buffer_size) {
      std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    while (end_ - begin_ < count) end_ += receive(end_);
  }

  void skip(std::uint64_t left) {
    const auto held = static_cast<std::size_t>(std::min<std::uint64_t>(left, end_ - begin_));
    begin_ += held;
    left -= held;
    if (begin_ == end_) begin_ = end_ = 0;
    while (left > 0) {
      const std::size_t count = receive(0);
      const auto ours = static_cast<std::size_t>(std::min<std::uint64_t>(left, count));
      left -= ours;
      begin_ = ours;
      end_ = count;
      if (begin_ == end_) begin_ = end_ = 0;
    }
  }

  int socket_;
  std::unique_ptr<char[]> buffer_{new char[buffer_size]};
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

void read_replies(int socket, const Talk& talk) {
  Replies replies(socket);
  std::string header;
  std::uint64_t coming = 0;
  for (std::uint64_t i = 0; i < talk.replies; ++i) coming += replies.next(header);
  if (talk.coming && coming != *talk.coming)
    throw Failure(std::to_string(coming) + " of " + std::to_string(*talk.coming) + " bytes came");
  if (header.find(talk.announced) == std::string::npos)
    throw Failure("a reply does not name the digest " + talk.announced + ": " + header);
}

/// The client's process: what it has to say goes into the pipe, seconds or "!" and what went wrong.
void be_client(std::uint16_t port, const std::vector<Talk>& talks, int report) {
  std::string said;
  std::mutex guard;
  try {
    std::vector<FileDescriptor> sockets;
    for (std::size_t i = 0; i < talks.size(); ++i) sockets.push_back(connect_to(port));
    std::barrier start(static_cast<std::ptrdiff_t>(talks.size()) + 1);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < talks.size(); ++i)
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        try {
          hold(sockets[i].get(), talks[i]);
        } catch (const std::exception& problem) {
          const std::lock_guard lock(guard);
          said = std::string("!") + problem.what();
        }
      });
    const auto begin = std::chrono::steady_clock::now();
    start.arrive_and_wait();
    for (std::thread& thread : threads) thread.join();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    if (said.empty()) said = std::to_string(took.count());
  } catch (const std::exception& problem) {
    said = std::string("!") + problem.what();
  }
  [[maybe_unused]] const auto written = ::write(report, said.data(), said.size());
}

Talk plain(const framing::Header& header, std::uint64_t payload = 0) {
  Talk talk;
  talk.head = head_of(header);
  talk.payload = payload;
  return talk;
}

}  // namespace

const std::string& block() {
  static const std::string bytes = dialtone::Random(1).bytes(block_size);
  return bytes;
}

FileDescriptor connect_to(std::uint16_t port) {
  FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) throw system_failure("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw system_failure("connect to 127.0.0.1:" + std::to_string(port));
  const int yes = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return socket;
}

void hold(int socket, const Talk& talk) {
  if (talk.replies == 1) {
    send_talk(socket, talk);
    return read_replies(socket, talk);
  }
  // Replies are read while requests are sent: else both ends could wait for room.
  std::string problem;
  std::thread sender([&] {
    try {
      send_talk(socket, talk);
    } catch (const std::exception& thrown) {
      problem = thrown.what();
    }
  });
  try {
    read_replies(socket, talk);
  } catch (const std::exception& thrown) {
    problem = thrown.what();
    ::shutdown(socket, SHUT_RDWR);
  }
  sender.join();
  if (!problem.empty()) throw Failure(problem);
}

double seconds_of_talks(std::uint16_t port, const std::vector<Talk>& talks,
                        const std::function<void()>& meanwhile) {
  stop_if_asked();
  block();
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw system_failure("pipe");
  const FileDescriptor reading(ends[0]);
  FileDescriptor report(ends[1]);
  const Forked client([&] { be_client(port, talks, report.get()); });
  report.reset();
  pollfd done{reading.get(), POLLIN, 0};
  while (meanwhile && ::poll(&done, 1, 0) == 0) meanwhile();
  std::string said;
  for (;;) {
    char piece[4096];
    const ssize_t count = ::read(reading.get(), piece, sizeof piece);
    stop_if_asked();
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    said.append(piece, static_cast<std::size_t>(count));
  }
  if (said.empty()) throw Failure("the client ended without a word");
  if (said.front() == '!') throw Failure("the client: " + said.substr(1));
  return std::strtod(said.c_str(), nullptr);
}

std::string head_of(const framing::Header& header) {
  auto head = framing::encode_head(header, ftp::frame_limits);
  if (!head) throw Failure(head.error().message);
  return *std::move(head);
}

std::string digest_of_blocks(std::uint64_t length) {
  ftp::Digester digester(ftp::DigestKind::xxh3_128);
  const auto bytes = std::as_bytes(std::span(block()));
  for (std::uint64_t left = length; left > 0;) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left, bytes.size()));
    digester.update(bytes.first(count));
    left -= count;
  }
  return ftp::tagged(digester.kind(), digester.so_far());
}

ftp::Target plain_file(std::string name) {
  return {ftp::Type::file, std::move(name)};
}

// --- version 2 ---

Talk hello() {
  ftp::Request request;
  request.command = "hello";
  return plain(ftp::header_of(request));
}

Talk stat(const ftp::Target& target) {
  ftp::Request request;
  request.command = "stat";
  request.target = target;
  return plain(ftp::header_of(request));
}

Talk get(const ftp::Target& target, std::uint64_t size) {
  ftp::Request request;
  request.command = "get";
  request.target = target;
  Talk talk = plain(ftp::header_of(request));
  talk.coming = size;
  return talk;
}

Talk put(const ftp::Target& target, std::uint64_t size, const std::string& digest) {
  ftp::Request request;
  request.command = "put";
  request.target = target;
  request.size = size;
  request.data_length = size;
  request.digest = digest;
  Talk talk = plain(ftp::header_of(request), size);
  talk.announced = digest;
  return talk;
}

// --- the raw peers ---

Talk raw_get(const std::string& path, std::uint64_t size) {
  framing::Header header;
  header.command = "get";
  header.others = {{"path", path}, {"size", size}};
  Talk talk = plain(header);
  talk.coming = size;
  return talk;
}

Talk raw_put(const std::string& path, std::uint64_t size) {
  framing::Header header;
  header.command = "put";
  header.data_length = size;
  header.others = {{"path", path}, {"size", size}};
  return plain(header, size);
}

}  // namespace ftp_bench
