#include "netlink.hpp"

#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

#include "failure.hpp"

namespace tracing {
namespace {

dialtone::Failure system_failure(const std::string& what, int code = errno) {
  return dialtone::Failure(what + ": " + std::strerror(code));
}

int index_of(const std::string& interface) {
  const unsigned index = if_nametoindex(interface.c_str());
  if (index == 0) throw system_failure(interface);
  return static_cast<int>(index);
}

ifreq request_for(const std::string& interface) {
  ifreq request{};
  interface.copy(request.ifr_name, sizeof request.ifr_name - 1);
  return request;
}

}  // namespace

/// A message as it grows: a header, a body of the request's kind, attributes that may nest.
struct Netlink::Request {
  alignas(NLMSG_ALIGNTO) std::array<std::byte, 512> bytes{};

  Request(std::uint16_t type, std::uint16_t flags) {
    header().nlmsg_len = NLMSG_LENGTH(0);
    header().nlmsg_type = type;
    header().nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
  }

  nlmsghdr& header() { return *reinterpret_cast<nlmsghdr*>(bytes.data()); }

  /// All that is put in here is a few names and addresses: it fits.
  void put(const void* data, std::size_t size) {
    const std::size_t at = NLMSG_ALIGN(header().nlmsg_len);
    if (at + size > bytes.size()) throw dialtone::Failure("netlink: request too long");
    std::memcpy(bytes.data() + at, data, size);
    header().nlmsg_len = static_cast<std::uint32_t>(at + size);
  }

  template <class Body>
  void put_body(const Body& body) {
    put(&body, sizeof body);
  }

  void put_attribute(std::uint16_t type, const void* data, std::size_t size) {
    const rtattr attribute{static_cast<std::uint16_t>(RTA_LENGTH(size)), type};
    put(&attribute, sizeof attribute);
    put(data, size);
  }
  void put_attribute(std::uint16_t type, const std::string& text) {
    put_attribute(type, text.c_str(), text.size() + 1);
  }
  template <class T>
  void put_attribute(std::uint16_t type, const T& value) {
    put_attribute(type, &value, sizeof value);
  }

  /// Where an attribute begins that holds others.
  std::size_t begin(std::uint16_t type) {
    const std::size_t at = NLMSG_ALIGN(header().nlmsg_len);
    const rtattr attribute{0, type};
    put(&attribute, sizeof attribute);
    return at;
  }
  void end(std::size_t at) {
    const auto length = static_cast<std::uint16_t>(header().nlmsg_len - at);
    std::memcpy(bytes.data() + at + offsetof(rtattr, rta_len), &length, sizeof length);
  }
};

Netlink::Netlink() : socket_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) {
  if (!socket_) throw system_failure("socket AF_NETLINK");
}

/// The kernel carries a request out before it answers: there is nothing to wait for.
void Netlink::ask(Request& request, const std::string& what) {
  const std::size_t length = request.header().nlmsg_len;
  if (send(socket_.get(), request.bytes.data(), length, 0) != static_cast<ssize_t>(length))
    throw system_failure(what);
  alignas(NLMSG_ALIGNTO) std::array<std::byte, 4096> room;
  const ssize_t count = recv(socket_.get(), room.data(), room.size(), MSG_DONTWAIT);
  if (count < 0) throw system_failure(what);
  if (static_cast<std::size_t>(count) < NLMSG_LENGTH(sizeof(nlmsgerr)))
    throw system_failure(what, EPROTO);
  nlmsgerr answer;
  std::memcpy(&answer, room.data() + NLMSG_HDRLEN, sizeof answer);
  if (answer.error != 0) throw system_failure(what, -answer.error);
}

void Netlink::add_pair(const std::string& near, const std::string& far,
                       const LinkAddress& far_address, int far_network) {
  Request request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  request.put_body(ifinfomsg{});
  request.put_attribute(IFLA_IFNAME, near);
  const std::size_t info = request.begin(IFLA_LINKINFO);
  request.put_attribute(IFLA_INFO_KIND, "veth", 4);
  const std::size_t data = request.begin(IFLA_INFO_DATA);
  const std::size_t peer = request.begin(VETH_INFO_PEER);
  request.put_body(ifinfomsg{});
  request.put_attribute(IFLA_IFNAME, far);
  request.put_attribute(IFLA_ADDRESS, far_address);
  request.put_attribute(IFLA_NET_NS_FD, far_network);
  request.end(peer);
  request.end(data);
  request.end(info);
  ask(request, "veth " + near);
}

void Netlink::bring_up(const std::string& interface) {
  Request request(RTM_NEWLINK, 0);
  ifinfomsg link{};
  link.ifi_index = index_of(interface);
  link.ifi_flags = IFF_UP;
  link.ifi_change = IFF_UP;
  request.put_body(link);
  ask(request, interface + " up");
}

void Netlink::add_address(const std::string& interface, const Ipv4Address& address) {
  Request request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
  ifaddrmsg body{};
  body.ifa_family = AF_INET;
  body.ifa_prefixlen = 24;
  body.ifa_index = static_cast<std::uint32_t>(index_of(interface));
  request.put_body(body);
  request.put_attribute(IFA_LOCAL, address);
  request.put_attribute(IFA_ADDRESS, address);
  ask(request, interface + " address");
}

void Netlink::add_neighbour(const std::string& interface, const Ipv4Address& address,
                            const LinkAddress& link_address) {
  Request request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
  ndmsg body{};
  body.ndm_family = AF_INET;
  body.ndm_ifindex = index_of(interface);
  body.ndm_state = NUD_PERMANENT;
  request.put_body(body);
  request.put_attribute(NDA_DST, address);
  request.put_attribute(NDA_LLADDR, link_address);
  ask(request, interface + " neighbour");
}

void turn_offloads_off(const std::string& interface) {
  const dialtone::FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  for (const std::uint32_t command : {ETHTOOL_STXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO}) {
    ethtool_value value{command, 0};
    ifreq request = request_for(interface);
    request.ifr_data = reinterpret_cast<char*>(&value);
    if (ioctl(socket.get(), SIOCETHTOOL, &request) != 0)
      throw system_failure(interface + " offloads");
  }
}

/// Asking also makes the kernel do what it does when a carrier appears, which it else puts off for
/// up to a second; until then it drops what is to be sent (linkwatch_sync_dev in net/core).
bool has_carrier(const std::string& interface) {
  const dialtone::FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ethtool_value value{ETHTOOL_GLINK, 0};
  ifreq request = request_for(interface);
  request.ifr_data = reinterpret_cast<char*>(&value);
  return ioctl(socket.get(), SIOCETHTOOL, &request) == 0 && value.data != 0;
}

}  // namespace tracing
