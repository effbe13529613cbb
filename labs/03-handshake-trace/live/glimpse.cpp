#include "glimpse.hpp"

#include <algorithm>
#include <cstddef>

namespace tracing {

namespace {

namespace flag = handshake_trace::flag;

constexpr std::uint16_t type_ipv4 = 0x0800;
constexpr std::uint16_t type_ipv6 = 0x86dd;
constexpr std::uint8_t protocol_tcp = 6;

std::uint32_t number(Bytes bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i)
    value = value << 8U | std::to_integer<std::uint32_t>(bytes[at + i]);
  return value;
}

std::uint8_t byte(Bytes bytes, std::size_t at) {
  return std::to_integer<std::uint8_t>(bytes[at]);
}

/// A packet's payload: its captured bytes, and how long the headers say that it is.
struct Payload {
  Bytes bytes;
  std::size_t length = 0;
};

/// Takes the link's header off and reads what it tells; the type of what follows, 0 where unknown.
std::uint32_t take_link(std::uint32_t link_type, Bytes& bytes, Glimpse& into) {
  std::size_t header = 14;
  std::uint32_t type = 0;
  if (link_type == link::ethernet && bytes.size() >= header) {
    type = number(bytes, 12, 2);
  } else if (link_type == link::cooked && bytes.size() >= 16) {
    header = 16;
    type = number(bytes, 14, 2);
    into.goes_out = number(bytes, 0, 2) == 4;  // PACKET_OUTGOING
  } else if (link_type == link::cooked_2 && bytes.size() >= 20) {
    header = 20;
    type = number(bytes, 0, 2);
    into.interface = number(bytes, 4, 4);
    into.goes_out = byte(bytes, 10) == 4;
  } else {
    return 0;
  }
  bytes = bytes.subspan(header);
  return type;
}

void set_address(handshake_trace::Address& address, Bytes bytes, bool is_v6) {
  address.is_v6 = is_v6;
  std::copy(bytes.begin(), bytes.end(), address.bytes.begin());
}

std::optional<Payload> take_ipv4(Bytes packet, Glimpse& into) {
  if (packet.size() < 20 || byte(packet, 9) != protocol_tcp) return std::nullopt;
  const std::size_t header = std::size_t{byte(packet, 0)} % 16 * 4;
  std::size_t total = number(packet, 2, 2);
  if (total == 0) total = packet.size();
  if (header < 20 || total < header || packet.size() < header) return std::nullopt;
  set_address(into.source.address, packet.subspan(12, 4), false);
  set_address(into.destination.address, packet.subspan(16, 4), false);
  into.part_of_segment = (number(packet, 6, 2) & 0x1fffU) != 0;
  return Payload{packet.subspan(header), total - header};
}

std::optional<Payload> take_ipv6(Bytes packet, Glimpse& into) {
  if (packet.size() < 40) return std::nullopt;
  set_address(into.source.address, packet.subspan(8, 16), true);
  set_address(into.destination.address, packet.subspan(24, 16), true);
  std::size_t total = 40 + std::size_t{number(packet, 4, 2)};
  if (total == 40) total = packet.size();
  std::uint8_t next = byte(packet, 6);
  std::size_t header = 40;
  while (next != protocol_tcp) {
    const bool is_fragment = next == 44;
    if (next != 0 && next != 43 && next != 51 && next != 60 && next != 135 && !is_fragment)
      return std::nullopt;
    if (packet.size() < header + 8) return std::nullopt;
    if (is_fragment && number(packet, header + 2, 2) >> 3U != 0) into.part_of_segment = true;
    const std::size_t units = byte(packet, header + 1);
    const std::size_t length = is_fragment ? 8 : next == 51 ? 4 * (units + 2) : 8 * (units + 1);
    next = byte(packet, header);
    header += length;
    if (into.part_of_segment && next != protocol_tcp) return std::nullopt;
  }
  if (packet.size() < header || total < header) return std::nullopt;
  return Payload{packet.subspan(header), total - header};
}

}  // namespace

std::optional<Glimpse> glimpse(const CapturedPacket& packet) {
  Glimpse seen;
  Bytes bytes = packet.bytes;
  const std::uint32_t type = take_link(packet.link_type, bytes, seen);
  std::optional<Payload> payload;
  if (type == type_ipv4) payload = take_ipv4(bytes, seen);
  if (type == type_ipv6) payload = take_ipv6(bytes, seen);
  if (!payload) return std::nullopt;
  if (seen.part_of_segment) return seen;
  if (payload->bytes.size() < 20) return std::nullopt;
  const Bytes segment = payload->bytes;
  const std::size_t header = std::size_t{byte(segment, 12)} / 16 * 4;
  seen.source.port = static_cast<std::uint16_t>(number(segment, 0, 2));
  seen.destination.port = static_cast<std::uint16_t>(number(segment, 2, 2));
  seen.sequence = number(segment, 4, 4);
  seen.acknowledgement = number(segment, 8, 4);
  seen.flags = byte(segment, 13);
  seen.length = payload->length > header ? static_cast<std::uint32_t>(payload->length - header) : 0;
  return seen;
}

void Progress::take(const Glimpse& segment, bool by_first) {
  if (segment.part_of_segment) return;
  Direction& own = directions_[by_first ? 0 : 1];
  Direction& other = directions_[by_first ? 1 : 0];
  const bool ack = (segment.flags & flag::ack) != 0;
  if ((segment.flags & flag::rst) != 0) {
    reset_ = true;
    refused_ = refused_ || (other.syn && !own.syn);
    return;
  }
  if ((segment.flags & flag::syn) != 0) own.syn = true;
  if ((segment.flags & flag::fin) != 0) own.behind_fin = segment.sequence + segment.length + 1;
  // On the circle of sequence numbers: half of it lies ahead.
  if (ack && other.behind_fin && segment.acknowledgement - *other.behind_fin < 0x80000000U)
    other.fin_acknowledged = true;
}

bool Progress::over() const {
  return reset_ || (directions_[0].fin_acknowledged && directions_[1].fin_acknowledged);
}

}  // namespace tracing
