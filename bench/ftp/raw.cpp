#include "raw.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <thread>

#include "client.hpp"
#include "failure.hpp"

namespace ftp_bench {
namespace {

using dialtone::FileDescriptor;

/// As large as the server's own; with 256 KiB the pair was slower.
constexpr std::size_t read_size = std::size_t{1} << 20U;

bool send_whole(int socket, std::string_view bytes) {
  return ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size());
}

std::string reply_head(std::uint64_t length) {
  framing::Header header;
  header.command = "raw";
  header.data_length = length;
  return head_of(header);
}

void give(int socket, const std::string& path, std::uint64_t size) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file || !send_whole(socket, reply_head(size))) return;
  off_t place = 0;
  while (static_cast<std::uint64_t>(place) < size)
    if (::sendfile(socket, file.get(), &place, size - static_cast<std::uint64_t>(place)) <= 0)
      return;
}

/// `begun` came together with the header.
void take(int socket, const std::string& path, std::uint64_t size, std::string_view begun) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  const std::unique_ptr<char[]> buffer(new char[read_size]);
  if (!begun.empty() && ::write(file.get(), begun.data(), begun.size()) < 0) return;
  for (std::uint64_t left = size - begun.size(); left > 0;) {
    const ssize_t count = ::recv(socket, buffer.get(), read_size, 0);
    if (count <= 0) return;
    if (::write(file.get(), buffer.get(), static_cast<std::size_t>(count)) != count) return;
    left -= static_cast<std::uint64_t>(count);
  }
  send_whole(socket, reply_head(0));
}

void answer(const FileDescriptor& socket) {
  framing::Decoder decoder(ftp::frame_limits);
  std::string buffer(4096, '\0');
  for (;;) {
    const ssize_t count = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (count <= 0) return;
    auto bytes = std::as_bytes(std::span(buffer)).first(static_cast<std::size_t>(count));
    const auto event = decoder.next(bytes);
    if (!event) return;
    if (event->kind != framing::Event::Kind::header) continue;
    const framing::Header& header = decoder.header();
    const auto path = header.others.at("path").get<std::string>();
    const auto size = header.others.at("size").get<std::uint64_t>();
    if (header.command == "get") return give(socket.get(), path, size);
    return take(socket.get(), path, size,
                {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
}

[[noreturn]] void serve(int listener) {
  for (;;) {
    FileDescriptor socket(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket) continue;
    std::thread([socket = std::move(socket)] {
      try {
        answer(socket);
      } catch (const std::exception&) {  // the client sees the end of the connection
      }
    }).detach();
  }
}

}  // namespace

RawPeer::RawPeer() {
  const FileDescriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof address;
  if (!listener || ::bind(listener.get(), name, length) != 0 ||
      ::listen(listener.get(), 1024) != 0 || ::getsockname(listener.get(), name, &length) != 0)
    throw dialtone::Failure(std::string("the raw peer cannot listen: ") + std::strerror(errno));
  port_ = ntohs(address.sin_port);
  process_.emplace([&] { serve(listener.get()); });
}

}  // namespace ftp_bench
