#include "channel.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>

namespace dialtone {
namespace {

using Clock = std::chrono::steady_clock;

bool wait_ready(int socket, short events, Clock::time_point until) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    if (left <= 0) return false;
    pollfd wait{socket, events, 0};
    const int ready = poll(&wait, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

struct Lengths {
  std::uint32_t body;
  std::uint32_t payload;
};

/// Room for the descriptors' control message, aligned as the kernel wants it.
struct ControlRoom {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(most_descriptors * sizeof(int))> bytes{};
};

bool send_whole(int socket, std::string_view bytes, std::span<const int> descriptors,
                Clock::time_point until) {
  while (!bytes.empty()) {
    iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    ControlRoom room;
    if (!descriptors.empty()) {
      message.msg_control = room.bytes.data();
      message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
      std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
    }
    const ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      descriptors = {};
    } else if (errno == EAGAIN) {
      if (!wait_ready(socket, POLLOUT, until)) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

ChannelState receive_whole(int socket, std::span<char> into,
                           std::vector<FileDescriptor>& descriptors, Clock::time_point until) {
  while (!into.empty()) {
    iovec part{into.data(), into.size()};
    msghdr message{};
    ControlRoom room;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = room.bytes.data();
    message.msg_controllen = room.bytes.size();
    const ssize_t count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) {
      if (!wait_ready(socket, POLLIN, until)) return ChannelState::timed_out;
      continue;
    }
    if (count <= 0) return ChannelState::closed;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
      if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
      const std::size_t numbers = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (std::size_t i = 0; i < numbers; ++i) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
        descriptors.emplace_back(fd);
      }
    }
    if (descriptors.size() > most_descriptors) return ChannelState::malformed;
    into = into.subspan(static_cast<std::size_t>(count));
  }
  return ChannelState::message;
}

}  // namespace

bool Channel::send(const nlohmann::json& body, std::string_view payload,
                   const std::vector<int>& descriptors, std::chrono::milliseconds time) {
  const auto until = Clock::now() + time;
  const std::string text = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  const Lengths lengths{static_cast<std::uint32_t>(text.size()),
                        static_cast<std::uint32_t>(payload.size())};
  std::string head(reinterpret_cast<const char*>(&lengths), sizeof lengths);
  return send_whole(socket_.get(), head + text, descriptors, until) &&
         send_whole(socket_.get(), payload, {}, until);
}

ChannelState Channel::receive(Message& into, std::chrono::milliseconds time) {
  const auto until = Clock::now() + time;
  into = {};
  Lengths lengths{};
  const auto take = [&](std::span<char> bytes) {
    return receive_whole(socket_.get(), bytes, into.descriptors, until);
  };
  auto state = take({reinterpret_cast<char*>(&lengths), sizeof lengths});
  if (state != ChannelState::message) return state;
  if (lengths.body > largest_body || lengths.payload > largest_payload)
    return ChannelState::malformed;
  std::string text(lengths.body, '\0');
  into.payload.resize(lengths.payload);
  state = take(text);
  if (state == ChannelState::message) state = take(into.payload);
  if (state != ChannelState::message) return state;
  into.body = nlohmann::json::parse(text, nullptr, false);
  return into.body.is_object() ? ChannelState::message : ChannelState::malformed;
}

bool Channel::has_unread() const {
  char byte = 0;
  return recv(socket_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

std::pair<Channel, Channel> make_channel() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw std::runtime_error(std::string("cannot make a channel: ") + std::strerror(errno));
  return {Channel(FileDescriptor(ends[0])), Channel(FileDescriptor(ends[1]))};
}

}  // namespace dialtone
