#include "packets.hpp"

#include <algorithm>
#include <iterator>

namespace tracing {

namespace {

using handshake_trace::Error;
using handshake_trace::Result;

constexpr std::uint16_t type_ipv4 = 0x0800;
constexpr std::uint16_t type_ipv6 = 0x86dd;
constexpr std::uint8_t protocol_tcp = 6;

struct NamedLink {
  std::uint32_t number;
  const char* name;
};
constexpr NamedLink known_links[] = {
    {link::null, "BSD loopback"},
    {link::ethernet, "Ethernet"},
    {12, "raw IP"},
    {14, "raw IP"},
    {link::raw, "raw IP"},
    {link::loop, "OpenBSD loopback"},
    {link::cooked, "Linux cooked"},
    {link::ipv4, "raw IPv4"},
    {link::ipv6, "raw IPv6"},
    {link::cooked_2, "Linux cooked, version 2"},
};

const NamedLink* find_link(std::uint32_t number) {
  const auto* found = std::find_if(std::begin(known_links), std::end(known_links),
                                   [&](const NamedLink& link) { return link.number == number; });
  return found == std::end(known_links) ? nullptr : found;
}

std::uint32_t number16(Bytes bytes, std::size_t at) {
  return std::to_integer<std::uint32_t>(bytes[at]) << 8U |
         std::to_integer<std::uint32_t>(bytes[at + 1]);
}

/// What lies in front of IP: how to read it, and where.
enum class Version { v4, v6, either, none };
struct Beneath {
  Version version = Version::none;
  Bytes packet;
};

Version version_of(std::uint32_t ethernet_type) {
  if (ethernet_type == type_ipv4) return Version::v4;
  return ethernet_type == type_ipv6 ? Version::v6 : Version::none;
}

Result<Beneath> cut_off(Bytes bytes, std::size_t header, Version version) {
  if (bytes.size() < header)
    return tl::unexpected(
        Error{Error::Kind::truncated, "the link's header: " + std::to_string(bytes.size()) +
                                          " of " + std::to_string(header) + " bytes"});
  return Beneath{version, bytes.subspan(header)};
}

/// The families of BSD's loopback in the order of the machine that captured: a small number.
Version version_of_family(Bytes bytes) {
  if (bytes.size() < 4) return Version::none;
  const std::uint32_t forwards = number16(bytes, 0) << 16U | number16(bytes, 2);
  const auto family = forwards > 0xffff ? std::to_integer<std::uint32_t>(bytes[0]) : forwards;
  if (family == 2) return Version::v4;
  constexpr std::uint32_t v6_families[] = {10, 24, 28, 30};  // Linux and the BSDs differ
  return std::find(std::begin(v6_families), std::end(v6_families), family) != std::end(v6_families)
             ? Version::v6
             : Version::none;
}

Result<Beneath> beneath(std::uint32_t link_type, Bytes bytes) {
  switch (link_type) {
    case link::ethernet: {
      auto frame = handshake_trace::parse_ethernet(bytes);
      if (!frame) return tl::unexpected(std::move(frame.error()));
      return Beneath{version_of(frame->type), frame->payload};
    }
    case link::null:
    case link::loop:
      return cut_off(bytes, 4, version_of_family(bytes));
    case link::cooked:
      return cut_off(bytes, 16,
                     bytes.size() < 16 ? Version::none : version_of(number16(bytes, 14)));
    case link::cooked_2:
      return cut_off(bytes, 20, bytes.size() < 20 ? Version::none : version_of(number16(bytes, 0)));
    case link::ipv4:
      return Beneath{Version::v4, bytes};
    case link::ipv6:
      return Beneath{Version::v6, bytes};
    default:
      return Beneath{Version::either, bytes};
  }
}

Result<handshake_trace::Packet> parse_ip(const Beneath& found) {
  Version version = found.version;
  if (version == Version::either && !found.packet.empty())
    version = std::to_integer<unsigned>(found.packet[0]) >> 4U == 6 ? Version::v6 : Version::v4;
  return version == Version::v6 ? handshake_trace::parse_ipv6(found.packet)
                                : handshake_trace::parse_ipv4(found.packet);
}

void refuse(Dissected& into, Error&& error) {
  into.outcome = Dissected::Outcome::broken;
  into.reason = std::move(error.message);
}

void take_segment(Dissected& into) {
  auto header = handshake_trace::parse_tcp(into.ip.payload);
  if (!header) return refuse(into, std::move(header.error()));
  if (into.ip.payload_length < header->header_length) {
    into.outcome = Dissected::Outcome::broken;
    into.reason = "TCP: a header of " + std::to_string(header->header_length) + " bytes in " +
                  std::to_string(into.ip.payload_length);
    return;
  }
  into.outcome = Dissected::Outcome::segment;
  into.tcp = *header;
  into.length = static_cast<std::uint32_t>(into.ip.payload_length - header->header_length);
  into.data = into.ip.payload.subspan(header->header_length);
}

}  // namespace

bool is_known_link(std::uint32_t link_type) {
  return find_link(link_type) != nullptr;
}

std::string link_name(std::uint32_t link_type) {
  const NamedLink* known = find_link(link_type);
  return known != nullptr ? known->name : "link type " + std::to_string(link_type);
}

void dissect(std::uint32_t link_type, Bytes bytes, Dissected& into) {
  into.is_ip = false;
  if (!is_known_link(link_type)) {
    into.outcome = Dissected::Outcome::unknown_link;
    return;
  }
  auto found = beneath(link_type, bytes);
  if (!found) return refuse(into, std::move(found.error()));
  if (found->version == Version::none) {
    into.outcome = Dissected::Outcome::other;
    return;
  }
  auto packet = parse_ip(*found);
  if (!packet) return refuse(into, std::move(packet.error()));
  into.is_ip = true;
  into.ip = *packet;
  if (into.ip.is_fragment())
    into.outcome = Dissected::Outcome::fragment;
  else if (into.ip.protocol != protocol_tcp)
    into.outcome = Dissected::Outcome::other;
  else
    take_segment(into);
}

}  // namespace tracing
