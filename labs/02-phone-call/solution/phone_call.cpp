#include "phone_call.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

namespace phone_call {
namespace {

using socket_basics::Direction;
using socket_basics::SystemAddress;
using socket_basics::to_string;

constexpr std::size_t largest_reply = std::size_t{1} << 20U;
constexpr std::size_t one_listen = std::size_t{64} << 10U;  // bytes that hear_all takes at a time
constexpr int room_for_callers = 5;

// --- failures ---

Error::Kind kind_of(int code) {
  switch (code) {
    case ECONNREFUSED:
      return Error::Kind::refused;
    case EPIPE:
    case ECONNRESET:
      return Error::Kind::broken;
    default:
      return Error::Kind::system;
  }
}

tl::unexpected<Error> failure(Error::Kind kind, std::string message, int code = 0,
                              std::size_t moved = 0) {
  return tl::unexpected(Error{kind, code, moved, std::move(message)});
}

/// The failure of the system call that set errno to `code`.
tl::unexpected<Error> system_failure(const std::string& what, int code, std::size_t moved = 0) {
  return failure(kind_of(code), what + ": " + std::strerror(code), code, moved);
}

/// `what`, and why it failed, keeping the rest of the error.
tl::unexpected<Error> within(const std::string& what, Error error) {
  error.message = what + ": " + error.message;
  return tl::unexpected(std::move(error));
}

// --- narration ---

/// Tells the steps of one call to a narrator who may not be there.
class Story {
 public:
  explicit Story(const Narrator& tell) : tell_(tell) {}

  void step(Step step, const std::string& call, const std::string& result) const {
    if (tell_) tell_({step, call, result});
  }

  tl::unexpected<Error> failed(Step step, const std::string& call, Error error) const {
    if (tell_) tell_({step, call, error.message});
    return tl::unexpected(std::move(error));
  }

 private:
  const Narrator& tell_;
};

std::string count_of(std::size_t bytes) {
  return std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
}

std::string socket_call(const Address& address, const char* type) {
  switch (address.family) {
    case Address::Family::ipv4:
      return std::string("socket AF_INET ") + type;
    case Address::Family::ipv6:
      return std::string("socket AF_INET6 ") + type;
    default:
      return std::string("socket AF_UNIX ") + type;
  }
}

/// The address as a step tells it; what cannot be asked is told as it is.
std::string told(const Result<Address>& address) {
  return address ? to_string(*address) : address.error().message;
}

// --- TCP ---

/// Appends what has come, at most `limit` bytes, and waits for the first of them. Returns how many
/// they were; 0 at the end of the stream.
Result<std::size_t> hear_more(int call, std::string& heard, std::size_t limit, Deadline deadline) {
  const std::size_t before = heard.size();
  heard.resize(before + limit);
  for (;;) {
    const ssize_t count = ::recv(call, heard.data() + before, limit, MSG_DONTWAIT);
    if (count >= 0) {
      heard.resize(before + static_cast<std::size_t>(count));
      return static_cast<std::size_t>(count);
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (auto ready = wait_ready(call, Direction::readable, deadline); !ready) {
        ready.error().moved = before;
        return within("listen", ready.error());
      }
    } else if (errno != EINTR) {
      return system_failure("listen", errno, before);
    }
  }
}

//! [hang_up_in_order]
/// Hangs up so that no RST overtakes what was said: the kernel sends one when a socket is closed
/// with bytes unread, and it makes the peer forget what it has not read yet.
/// Returns how many bytes came that nobody wanted.
std::size_t hang_up_in_order(Descriptor call, Deadline deadline) {
  ::shutdown(call.get(), SHUT_WR);  // fails when the caller has gone already: nothing to wait for
  std::string unheard;
  std::size_t thrown_away = 0;
  while (deadline.milliseconds_left() > 0) {  // a peer that floods would never make us wait
    const auto count = hear_more(call.get(), unheard, usual_limit, deadline);
    if (!count || *count == 0) break;
    thrown_away += *count;
    unheard.clear();
  }
  return thrown_away;
}
//! [hang_up_in_order]

}  // namespace

// --- hearing and speaking over TCP ---

//! [hear_once]
Result<std::string> hear_once(int call, std::size_t limit, Deadline deadline) {
  std::string heard;
  if (const auto count = hear_more(call, heard, limit, deadline); !count)
    return tl::unexpected(count.error());
  return heard;
}
//! [hear_once]

//! [hear_all]
Result<std::string> hear_all(int call, std::size_t limit, Deadline deadline) {
  std::string heard;
  for (;;) {
    const std::size_t room = limit - heard.size();
    // One byte more than there is room for shows a text that is too long.
    const auto count = hear_more(call, heard, room < one_listen ? room + 1 : one_listen, deadline);
    if (!count) return tl::unexpected(count.error());
    if (*count == 0) return heard;
    if (heard.size() > limit)
      return failure(Error::Kind::system, "listen: more than " + count_of(limit), EMSGSIZE,
                     heard.size());
    if (deadline.milliseconds_left() == 0)  // a peer that drips must not stretch it
      return failure(Error::Kind::timed_out, "listen: the deadline is over", 0, heard.size());
  }
}
//! [hear_all]

//! [finish_speaking]
Result<void> finish_speaking(int call) {
  if (::shutdown(call, SHUT_WR) != 0) return system_failure("finish speaking", errno);
  return {};
}
//! [finish_speaking]

// --- TCP ---

//! [call_tcp]
Result<Talk> call_tcp(const Address& server, std::string_view say, Deadline deadline,
                      const Narrator& tell) {
  const Story story(tell);
  const std::string connect = "connect " + to_string(server);

  // dial() gets the phone as well. (That there was none to get shows in its message.)
  auto call = socket_basics::dial(server, deadline);
  story.step(Step::phone, socket_call(server, "SOCK_STREAM"), "a socket");
  if (!call) return story.failed(Step::dial, connect, call.error());
  story.step(Step::sim, "getsockname", told(socket_basics::local_address(call->get())));
  story.step(Step::dial, connect, "connected");

  const auto spoken = socket_basics::send_all(call->get(), std::as_bytes(std::span(say)), deadline);
  if (!spoken) return story.failed(Step::speak, "send", spoken.error());
  story.step(Step::speak, "send", count_of(say.size()));

  auto heard = hear_all(call->get(), largest_reply, deadline);
  if (!heard) return story.failed(Step::listen, "recv", heard.error());
  story.step(Step::listen, "recv", count_of(heard->size()));

  *call = Descriptor();
  story.step(Step::hang_up, "close", "hung up");
  const std::size_t length = heard->size();
  return Talk{server, std::move(*heard), length};
}
//! [call_tcp]

Result<Descriptor> wait_for_calls(const Address& here, const Narrator& tell) {
  const Story story(tell);
  auto listener = socket_basics::listen_on(here, room_for_callers);
  story.step(Step::phone, socket_call(here, "SOCK_STREAM"), "a socket");
  const std::string bind = "bind " + to_string(here);
  if (!listener) return story.failed(Step::sim, bind, listener.error());
  story.step(Step::sim, bind, told(socket_basics::local_address(listener->get())));
  story.step(Step::wait, "listen " + std::to_string(room_for_callers), "waiting");
  return listener;
}

//! [answer_tcp]
Result<Talk> answer_tcp(int listener, std::string_view reply, Deadline deadline,
                        const Narrator& tell) {
  const Story story(tell);
  auto call = socket_basics::answer(listener, deadline);
  if (!call) return story.failed(Step::answer, "accept", call.error());
  // A caller that broke off already has no address any more; hearing it will tell why.
  const auto caller = socket_basics::peer_address(call->get());
  story.step(Step::answer, "accept", caller ? to_string(*caller) : "gone already");

  auto heard = hear_once(call->get(), usual_limit, deadline);
  if (heard && heard->empty())
    heard = failure(Error::Kind::end_of_stream, "listen: the caller hung up without a word");
  if (!heard) return story.failed(Step::listen, "recv", heard.error());
  story.step(Step::listen, "recv", count_of(heard->size()));

  const auto spoken =
      socket_basics::send_all(call->get(), std::as_bytes(std::span(reply)), deadline);
  if (!spoken) return story.failed(Step::speak, "send", spoken.error());
  story.step(Step::speak, "send", count_of(reply.size()));

  const std::size_t unheard = hang_up_in_order(std::move(*call), deadline);
  story.step(Step::hang_up, "shutdown, close",
             unheard == 0 ? "hung up" : "hung up; " + count_of(unheard) + " not listened to");
  const std::size_t length = heard->size();
  return Talk{caller ? *caller : Address{}, std::move(*heard), length};
}
//! [answer_tcp]

// --- UDP ---

namespace {

Result<Descriptor> udp_socket(const SystemAddress& address) {
  Descriptor phone(
      ::socket(address.storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!phone) return system_failure("socket", errno);
  return phone;
}

/// The address for a system call; only IP has UDP.
Result<SystemAddress> udp_address(const Address& address) {
  if (address.family != Address::Family::ipv4 && address.family != Address::Family::ipv6)
    return failure(Error::Kind::bad_address,
                   "address '" + to_string(address) + "': UDP needs an IPv4 or IPv6 address");
  return to_system(address);
}

/// How many datagrams this socket had lost when this one was queued; the kernel says nothing
/// while there are none.
std::uint32_t drops_in(msghdr& message) {
  std::uint32_t dropped = 0;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part))
    if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SO_RXQ_OVFL)
      std::memcpy(&dropped, CMSG_DATA(part), sizeof dropped);
  return dropped;
}

/// Sends one datagram; to the connected peer where `to` is null.
Result<void> send_one(int socket, std::string_view bytes, const SystemAddress* to,
                      Deadline deadline) {
  for (;;) {
    const ssize_t count =
        ::sendto(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                 to == nullptr ? nullptr : to->get(), to == nullptr ? 0 : to->length);
    if (count >= 0) return {};  // a datagram goes whole or not at all
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (auto ready = wait_ready(socket, Direction::writable, deadline); !ready)
        return within("speak", ready.error());
    } else if (errno != EINTR) {
      return system_failure("speak", errno);
    }
  }
}

std::string told(const Datagram& datagram) {
  const std::size_t heard = datagram.bytes.size();
  if (datagram.full_length <= heard) return count_of(heard);
  return count_of(heard) + " of " + std::to_string(datagram.full_length) + ", the rest is cut";
}

}  // namespace

Result<Descriptor> open_udp(const Address& here, const Narrator& tell) {
  const Story story(tell);
  const std::string socket = socket_call(here, "SOCK_DGRAM");
  const auto address = udp_address(here);
  if (!address) return story.failed(Step::phone, socket, address.error());
  auto phone = udp_socket(*address);
  if (!phone) return story.failed(Step::phone, socket, phone.error());
  const int yes = 1;
  if (::setsockopt(phone->get(), SOL_SOCKET, SO_RXQ_OVFL, &yes, sizeof yes) != 0)
    return story.failed(Step::phone, socket, system_failure("SO_RXQ_OVFL", errno).value());
  story.step(Step::phone, socket, "a socket");

  const std::string bind = "bind " + to_string(here);
  if (::bind(phone->get(), address->get(), address->length) != 0)
    return story.failed(Step::sim, bind, system_failure(bind, errno).value());
  story.step(Step::sim, bind, told(socket_basics::local_address(phone->get())));
  return phone;
}

//! [receive_datagram]
Result<Datagram> receive_datagram(int socket, std::size_t limit, Deadline deadline) {
  Datagram datagram;
  datagram.bytes.resize(limit);
  SystemAddress from;
  iovec place{datagram.bytes.data(), limit};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(std::uint32_t))> notes{};
  for (;;) {
    msghdr message{};
    message.msg_name = from.get();
    message.msg_namelen = sizeof from.storage;
    message.msg_iov = &place;
    message.msg_iovlen = 1;
    message.msg_control = notes.data();
    message.msg_controllen = notes.size();
    // With MSG_TRUNC the result is the datagram's own length, not the part that found room.
    const ssize_t count = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_TRUNC);
    if (count >= 0) {
      from.length = message.msg_namelen;
      const auto sender = from_system(from);
      if (!sender) return within("listen", sender.error());
      datagram.from = *sender;
      datagram.full_length = static_cast<std::size_t>(count);
      datagram.bytes.resize(std::min(limit, datagram.full_length));
      datagram.dropped = drops_in(message);
      return datagram;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (auto ready = wait_ready(socket, Direction::readable, deadline); !ready)
        return within("listen", ready.error());
    } else if (errno != EINTR) {
      return system_failure("listen", errno);
    }
  }
}
//! [receive_datagram]

Result<void> send_datagram(int socket, std::string_view bytes, const Address& to,
                           Deadline deadline) {
  const auto address = udp_address(to);
  if (!address) return tl::unexpected(address.error());
  return send_one(socket, bytes, &*address, deadline);
}

//! [call_udp]
Result<Talk> call_udp(const Address& server, std::string_view say, Deadline deadline,
                      const Narrator& tell) {
  const Story story(tell);
  const std::string socket = socket_call(server, "SOCK_DGRAM");
  const auto address = udp_address(server);
  if (!address) return story.failed(Step::phone, socket, address.error());
  const auto phone = udp_socket(*address);
  if (!phone) return story.failed(Step::phone, socket, phone.error());
  story.step(Step::phone, socket, "a socket");

  // Nothing travels here: the kernel notes whom to hear, and picks our number.
  if (::connect(phone->get(), address->get(), address->length) != 0)
    return story.failed(Step::sim, "connect, getsockname",
                        system_failure("connect " + to_string(server), errno).value());
  story.step(Step::sim, "connect, getsockname", told(socket_basics::local_address(phone->get())));

  if (const auto spoken = send_one(phone->get(), say, nullptr, deadline); !spoken)
    return story.failed(Step::speak, "send", spoken.error());
  story.step(Step::speak, "send", count_of(say.size()));

  auto heard = receive_datagram(phone->get(), usual_limit, deadline);
  if (!heard) return story.failed(Step::listen, "recvmsg", heard.error());
  story.step(Step::listen, "recvmsg", told(*heard));
  return Talk{heard->from, std::move(heard->bytes), heard->full_length};
}
//! [call_udp]

//! [answer_udp]
Result<Talk> answer_udp(int socket, std::string_view reply, Deadline deadline,
                        const Narrator& tell) {
  const Story story(tell);
  auto heard = receive_datagram(socket, usual_limit, deadline);
  if (!heard) return story.failed(Step::listen, "recvmsg", heard.error());
  story.step(Step::listen, "recvmsg", told(*heard) + " from " + to_string(heard->from));

  const std::string sendto = "sendto " + to_string(heard->from);
  if (const auto spoken = send_datagram(socket, reply, heard->from, deadline); !spoken)
    return story.failed(Step::speak, sendto, spoken.error());
  story.step(Step::speak, sendto, count_of(reply.size()));
  return Talk{heard->from, std::move(heard->bytes), heard->full_length};
}
//! [answer_udp]

}  // namespace phone_call
