#include "wire.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "failure.hpp"
#include "netlink.hpp"
#include "private_network.hpp"

namespace tracing {
namespace {

using dialtone::FileDescriptor;
namespace flag = handshake_trace::flag;

constexpr Nanoseconds millisecond = 1'000'000;
/// How long a look at `done` may have to wait for the next.
constexpr Nanoseconds longest_wait = 5 * millisecond;

struct Host {
  const char* near;  ///< the interface's end in the middle
  LinkAddress link_address;
  Ipv4Address address;
};
// Addresses that are administered locally (IEEE 802): the second bit of the first byte.
constexpr std::array<Host, 2> hosts = {Host{"client", {2, 0, 0, 0, 0, 1}, {192, 0, 2, 1}},
                                       Host{"server", {2, 0, 0, 0, 0, 2}, {192, 0, 2, 2}}};
constexpr const char* far = "wire0";  ///< at each host

constexpr std::array<End, 2> both_ends = {End::client, End::server};

Nanoseconds now(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return Nanoseconds{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

dialtone::Failure system_failure(const std::string& what) {
  return dialtone::Failure(what + ": " + std::strerror(errno));
}

FileDescriptor current_network() {
  FileDescriptor network(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!network) throw system_failure("/proc/thread-self/ns/net");
  return network;
}

void move_to_network(const FileDescriptor& network) {
  if (setns(network.get(), CLONE_NEWNET) != 0) throw system_failure("setns");
}

/// Receives what comes out of an interface, each packet with its time, and nothing of what we put
/// in there ourselves.
FileDescriptor packet_socket(const std::string& interface) {
  FileDescriptor socket(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) throw system_failure("socket AF_PACKET");
  const int yes = 1;
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_IP);
  address.sll_ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
  if (setsockopt(socket.get(), SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof yes) != 0 ||
      setsockopt(socket.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes) != 0 ||
      bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw system_failure(interface);
  return socket;
}

std::uint32_t number(std::span<const std::byte> bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i)
    value = value << 8U | std::to_integer<std::uint32_t>(bytes[at + i]);
  return value;
}

/// The wire reads headers by itself: it carries the calls of those, too, whose lab 03 is not
/// written yet. Our own kernel wrote the frame, so nothing here is hostile; it is still measured.
std::optional<WireSegment> segment_in(std::span<const std::byte> frame) {
  if (frame.size() < sizeof(ether_header) + 20) return {};
  const auto packet = frame.subspan(sizeof(ether_header));
  const std::size_t header = (number(packet, 0, 1) & 0xfU) * 4U;
  const std::size_t total = number(packet, 2, 2);
  if (number(packet, 9, 1) != IPPROTO_TCP || header < 20 || total > packet.size() ||
      total < header + 20)
    return {};
  const auto tcp = packet.subspan(header, total - header);
  const std::size_t offset = (number(tcp, 12, 1) >> 4U) * 4U;
  if (offset < 20 || offset > tcp.size()) return {};
  WireSegment segment;
  segment.sequence = number(tcp, 4, 4);
  segment.acknowledgement = number(tcp, 8, 4);
  segment.flags = static_cast<std::uint8_t>(number(tcp, 13, 1));
  segment.length = static_cast<std::uint32_t>(tcp.size() - offset);
  return segment;
}

/// The kernel's stamp; where it has none, the present.
Nanoseconds time_of(msghdr& message) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr;
       control = CMSG_NXTHDR(&message, control)) {
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_TIMESTAMPNS) continue;
    timespec time{};
    std::memcpy(&time, CMSG_DATA(control), sizeof time);
    return Nanoseconds{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  }
  return now(CLOCK_REALTIME);
}

}  // namespace

Wire::Wire(Nanoseconds delay, Sink sink) : delay_(delay), sink_(std::move(sink)) {
  if (!dialtone::enter_private_network()) throw Impossible(std::strerror(errno));
  middle_ = current_network();
  for (const End end : both_ends) {
    if (unshare(CLONE_NEWNET) != 0) throw Impossible(std::strerror(errno));
    networks_[index(end)] = current_network();
  }
  move_to_the_middle();
  try {
    Netlink netlink;
    for (const End end : both_ends) {
      const Host& host = hosts[index(end)];
      const Host& peer = hosts[index(other(end))];
      netlink.add_pair(host.near, far, host.link_address, networks_[index(end)].get());
      netlink.bring_up(host.near);
      at(end, [&] {
        Netlink there;
        turn_offloads_off(far);
        there.add_address(far, host.address);
        there.bring_up(far);
        there.add_neighbour(far, peer.address, peer.link_address);
        if (!has_carrier(far)) throw dialtone::Failure(std::string(far) + ": no carrier");
      });
      if (!has_carrier(host.near)) throw dialtone::Failure(std::string(host.near) + ": no carrier");
      sockets_[index(end)] = packet_socket(host.near);
    }
  } catch (const dialtone::Failure& failure) {  // a kernel without veth, or without its rights
    throw Impossible(failure.what());
  }
}

void Wire::move_to(End host) const {
  move_to_network(networks_[index(host)]);
}

void Wire::move_to_the_middle() const {
  move_to_network(middle_);
}

void Wire::take_from(End from) {
  for (;;) {
    std::array<std::byte, 2048> room;
    alignas(cmsghdr) std::array<char, 128> control;
    iovec piece{room.data(), room.size()};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t count = recvmsg(sockets_[index(from)].get(), &message, MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return;
    const auto bytes = std::span<const std::byte>(room).first(static_cast<std::size_t>(count));
    auto segment = segment_in(bytes);
    if (!segment) continue;
    segment->from = from;

    UnderWay entry;
    entry.segment = *segment;
    entry.bytes.assign(bytes.begin(), bytes.end());
    entry.entered = time_of(message);
    // It has been waiting for us meanwhile. (A clock of the day that is set just now must not stop
    // the wire.)
    const Nanoseconds waited =
        std::clamp<Nanoseconds>(now(CLOCK_REALTIME) - entry.entered, 0, delay_);
    entry.due = now(CLOCK_MONOTONIC) - waited + delay_;
    entry.lost = rule_ && rule_(*segment);
    const auto later = std::upper_bound(
        under_way_.begin(), under_way_.end(), entry.entered,
        [](Nanoseconds time, const UnderWay& before) { return time < before.entered; });
    under_way_.insert(later, std::move(entry));
  }
}

void Wire::deliver_what_is_due() {
  while (!under_way_.empty() && under_way_.front().due <= now(CLOCK_MONOTONIC)) {
    const UnderWay entry = std::move(under_way_.front());
    under_way_.pop_front();
    Nanoseconds took = delay_;
    if (!entry.lost) {
      const int out = sockets_[index(other(entry.segment.from))].get();
      took += now(CLOCK_MONOTONIC) - entry.due;
      if (send(out, entry.bytes.data(), entry.bytes.size(), 0) < 0)
        throw system_failure("the wire's far end");
      arrived(entry.segment);
    }
    const std::string comment = fate_comment(entry.lost, took);
    CapturedPacket packet;
    packet.number = ++carried_;
    packet.time = entry.entered;
    packet.link_type = link::ethernet;
    packet.length = entry.bytes.size();
    packet.bytes = entry.bytes;
    packet.comment = comment;
    sink_(packet);
  }
}

void Wire::arrived(const WireSegment& segment) {
  Hanging& mine = hanging_[index(segment.from)];
  Hanging& others = hanging_[index(other(segment.from))];
  if (segment.has(flag::fin)) mine.end = segment.sequence + segment.length + 1;
  if (segment.has(flag::ack) && others.end && segment.acknowledgement == *others.end)
    others.acknowledged = true;
}

bool Wire::hung_up() const {
  return hanging_[0].acknowledged && hanging_[1].acknowledged;
}

bool Wire::carry(const std::function<bool()>& done, socket_basics::Deadline deadline) {
  for (;;) {
    for (const End end : both_ends) take_from(end);
    deliver_what_is_due();
    // What was delivered may have been answered by now; that shows in the next round's sockets.
    pollfd waits[] = {{sockets_[0].get(), POLLIN, 0}, {sockets_[1].get(), POLLIN, 0}};
    if (under_way_.empty() && poll(waits, 2, 0) == 0 && done()) return true;
    if (deadline.milliseconds_left() == 0) return false;
    Nanoseconds left = longest_wait;
    if (!under_way_.empty())
      left = std::clamp<Nanoseconds>(under_way_.front().due - now(CLOCK_MONOTONIC), 0, left);
    const timespec time{0, static_cast<long>(left)};
    ppoll(waits, 2, &time, nullptr);
  }
}

}  // namespace tracing
