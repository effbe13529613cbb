// Network interfaces without the `ip` command: the few requests of rtnetlink(7) and SIOCETHTOOL
// that a wire needs. All of it works in the network namespace of the calling thread.
#pragma once

#include <linux/rtnetlink.h>

#include <array>
#include <cstdint>
#include <string>

#include "file_descriptor.hpp"

namespace tracing {

using LinkAddress = std::array<std::uint8_t, 6>;
using Ipv4Address = std::array<std::uint8_t, 4>;

/// Asks the kernel to change its network. What it refuses throws dialtone::Failure with the reason.
class Netlink {
 public:
  Netlink();

  /// A pair of virtual Ethernet interfaces (veth(4)): what goes in at one comes out at the other.
  /// `near` is made here, `far` in the network that the descriptor stands for.
  void add_pair(const std::string& near, const std::string& far, const LinkAddress& far_address,
                int far_network);

  void bring_up(const std::string& interface);

  /// Gives an interface its address in a network of 24 bits.
  void add_address(const std::string& interface, const Ipv4Address& address);

  /// Says which link address an IP address has, so that nobody need ask for it by ARP.
  void add_neighbour(const std::string& interface, const Ipv4Address& address,
                     const LinkAddress& link_address);

 private:
  struct Request;
  void ask(Request& request, const std::string& what);

  dialtone::FileDescriptor socket_;
};

/// Has the kernel send what it will send, packet by packet and with whole checksums, as it leaves
/// for a wire: without the offloads that leave such work to a card.
void turn_offloads_off(const std::string& interface);

/// Whether both ends of the interface's pair are up; if so, it passes packets from now on.
bool has_carrier(const std::string& interface);

}  // namespace tracing
