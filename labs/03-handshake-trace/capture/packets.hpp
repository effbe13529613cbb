// From a captured packet to its segment: what lies under IP, on whatever link it was captured.
#pragma once

#include <cstdint>
#include <string>

#include "handshake_trace.hpp"

namespace tracing {

using handshake_trace::Bytes;

/// The link types that are read, by their numbers in capture files (the tcpdump.org registry).
namespace link {
inline constexpr std::uint32_t null = 0;  ///< BSD loopback: a family of 4 bytes, in either order
inline constexpr std::uint32_t ethernet = 1;
inline constexpr std::uint32_t raw = 101;   ///< IP without anything in front; 12 and 14 mean it too
inline constexpr std::uint32_t loop = 108;  ///< OpenBSD loopback: the family in network order
inline constexpr std::uint32_t cooked = 113;  ///< Linux "any", version 1
inline constexpr std::uint32_t ipv4 = 228;
inline constexpr std::uint32_t ipv6 = 229;
inline constexpr std::uint32_t cooked_2 = 276;  ///< Linux "any", version 2
}  // namespace link

bool is_known_link(std::uint32_t link_type);

/// "Ethernet", or "link type 147" where it is not one of the above.
std::string link_name(std::uint32_t link_type);

/// What a packet turned out to be.
struct Dissected {
  enum class Outcome {
    segment,       ///< a TCP segment: everything below is filled in
    fragment,      ///< a part of a larger packet: `ip` alone
    other,         ///< no TCP; `ip` where it is IP at all
    broken,        ///< refused: `reason` says why
    unknown_link,  ///< no link type that is read
  };
  Outcome outcome = Outcome::other;
  bool is_ip = false;
  handshake_trace::Packet ip;
  handshake_trace::Tcp tcp;
  std::uint32_t length = 0;  ///< bytes of data, as the packet's headers say
  Bytes data;                ///< of them, those that were captured
  std::string reason;
};

/// Dissects the captured bytes of a packet. What is returned lies in `bytes`. Throws nothing but
/// what an unwritten function of the lab's throws.
void dissect(std::uint32_t link_type, Bytes bytes, Dissected& into);

}  // namespace tracing
