#include "handshake_trace.hpp"

#include <algorithm>

namespace handshake_trace {

namespace {

std::uint8_t byte_at(Bytes bytes, std::size_t at) {
  return std::to_integer<std::uint8_t>(bytes[at]);
}

std::uint16_t number16(Bytes bytes, std::size_t at) {
  return static_cast<std::uint16_t>(byte_at(bytes, at) << 8U | byte_at(bytes, at + 1));
}

std::uint32_t number32(Bytes bytes, std::size_t at) {
  return static_cast<std::uint32_t>(number16(bytes, at)) << 16U | number16(bytes, at + 2);
}

tl::unexpected<Error> truncated(const char* header, std::size_t there, std::size_t needed) {
  return tl::unexpected(Error{Error::Kind::truncated, std::string(header) + ": " +
                                                          std::to_string(there) + " of " +
                                                          std::to_string(needed) + " bytes"});
}

tl::unexpected<Error> refused(Error::Kind kind, std::string message) {
  return tl::unexpected(Error{kind, std::move(message)});
}

/// The part of what is there that the header counts as payload.
void set_payload(Packet& packet, Bytes rest, std::size_t length) {
  packet.payload_length = length;
  packet.payload = rest.first(std::min(length, rest.size()));
}

Address address_at(Bytes bytes, std::size_t at, std::size_t size) {
  Address address;
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), size, address.bytes.begin());
  address.is_v6 = size == 16;
  return address;
}

}  // namespace

// --- Ethernet --------------------------------------------------------------------------------

Result<Ethernet> parse_ethernet(Bytes frame) {
  constexpr std::size_t tag_size = 4;
  std::size_t size = 14;
  if (frame.size() < size) return truncated("Ethernet", frame.size(), size);
  Ethernet header;
  std::copy_n(frame.begin(), 6, header.destination.begin());
  std::copy_n(frame.begin() + 6, 6, header.source.begin());
  header.type = number16(frame, 12);
  while (header.type == 0x8100 || header.type == 0x88a8 || header.type == 0x9100) {
    size += tag_size;
    if (frame.size() < size) return truncated("Ethernet: VLAN tag", frame.size(), size);
    if (header.tags == 0) header.vlan = number16(frame, size - tag_size) & 0x0fffU;
    ++header.tags;
    header.type = number16(frame, size - 2);
  }
  header.payload = frame.subspan(size);
  return header;
}

// --- IP --------------------------------------------------------------------------------------

Result<Packet> parse_ipv4(Bytes bytes) {
  constexpr std::size_t least = 20;
  if (bytes.empty()) return truncated("IPv4", 0, least);
  if (const unsigned version = byte_at(bytes, 0) >> 4U; version != 4)
    return refused(Error::Kind::bad_version, "IPv4: the version is " + std::to_string(version));
  if (bytes.size() < least) return truncated("IPv4", bytes.size(), least);
  const std::size_t size = (byte_at(bytes, 0) & 0x0fU) * 4U;
  if (size < least)
    return refused(Error::Kind::bad_length,
                   "IPv4: a header of " + std::to_string(size) + " bytes, at least 20");
  std::size_t total = number16(bytes, 2);
  if (total == 0) total = std::max(bytes.size(), size);
  if (total < size)
    return refused(Error::Kind::bad_length, "IPv4: " + std::to_string(total) +
                                                " bytes in all, its header alone has " +
                                                std::to_string(size));
  if (bytes.size() < size) return truncated("IPv4", bytes.size(), size);
  Packet packet;
  packet.hops = byte_at(bytes, 8);
  packet.protocol = byte_at(bytes, 9);
  packet.source = address_at(bytes, 12, 4);
  packet.destination = address_at(bytes, 16, 4);
  const std::uint16_t fragment = number16(bytes, 6);
  packet.more_fragments = (fragment & 0x2000U) != 0;
  packet.fragment_offset = (fragment & 0x1fffU) * 8U;
  set_payload(packet, bytes.subspan(size), total - size);
  return packet;
}

namespace {

/// Whether an IPv6 header of this number is followed by another one.
bool is_extension(std::uint8_t number) {
  constexpr std::uint8_t extensions[] = {0, 43, 44, 51, 60, 135};
  return std::find(std::begin(extensions), std::end(extensions), number) != std::end(extensions);
}

std::size_t extension_size(std::uint8_t number, std::uint8_t second_byte) {
  if (number == 44) return 8;
  if (number == 51) return 4 * (std::size_t{second_byte} + 2);
  return 8 * (std::size_t{second_byte} + 1);
}

}  // namespace

Result<Packet> parse_ipv6(Bytes bytes) {
  constexpr std::size_t size = 40;
  if (bytes.empty()) return truncated("IPv6", 0, size);
  if (const unsigned version = byte_at(bytes, 0) >> 4U; version != 6)
    return refused(Error::Kind::bad_version, "IPv6: the version is " + std::to_string(version));
  if (bytes.size() < size) return truncated("IPv6", bytes.size(), size);
  Packet packet;
  packet.hops = byte_at(bytes, 7);
  packet.source = address_at(bytes, 8, 16);
  packet.destination = address_at(bytes, 24, 16);
  packet.protocol = byte_at(bytes, 6);
  Bytes rest = bytes.subspan(size);
  std::size_t length = number16(bytes, 4);
  if (length == 0) length = rest.size();
  while (packet.fragment_offset == 0 && is_extension(packet.protocol)) {
    const bool has_size = rest.size() >= 2;
    const std::size_t own = has_size ? extension_size(packet.protocol, byte_at(rest, 1)) : 2;
    if (own > length)
      return refused(Error::Kind::bad_length, "IPv6: an extension header of " +
                                                  std::to_string(own) + " bytes where " +
                                                  std::to_string(length) + " are left");
    if (rest.size() < own) return truncated("IPv6: extension header", rest.size(), own);
    if (packet.protocol == 44) {
      const std::uint16_t fragment = number16(rest, 2);
      packet.fragment_offset = fragment & 0xfff8U;
      packet.more_fragments = (fragment & 1U) != 0;
    }
    packet.protocol = byte_at(rest, 0);
    rest = rest.subspan(own);
    length -= own;
  }
  set_payload(packet, rest, length);
  return packet;
}

// --- TCP -------------------------------------------------------------------------------------

namespace {

/// Takes one option that has a length byte; false where the length is not its own.
bool take_option(Options& options, std::uint8_t kind, Bytes body) {
  switch (kind) {
    case 2:
      if (body.size() != 2) return false;
      options.maximum_segment_size = number16(body, 0);
      return true;
    case 3:
      if (body.size() != 1) return false;
      options.window_scale = byte_at(body, 0);
      return true;
    case 4:
      if (!body.empty()) return false;
      options.sack_permitted = true;
      return true;
    case 5:
      if (body.empty() || body.size() % 8 != 0 || body.size() / 8 > options.sack.size())
        return false;
      options.sack_blocks = body.size() / 8;
      for (std::size_t i = 0; i < options.sack_blocks; ++i)
        options.sack[i] = {number32(body, 8 * i), number32(body, 8 * i + 4)};
      return true;
    case 8:
      if (body.size() != 8) return false;
      options.timestamps = {number32(body, 0), number32(body, 4)};
      return true;
    default:
      return true;
  }
}

Options parse_options(Bytes bytes) {
  constexpr std::uint8_t end_of_list = 0;
  constexpr std::uint8_t filler = 1;
  Options options;
  while (!bytes.empty()) {
    const std::uint8_t kind = byte_at(bytes, 0);
    if (kind == end_of_list) break;
    if (kind == filler) {
      bytes = bytes.subspan(1);
      continue;
    }
    const std::size_t length = bytes.size() > 1 ? byte_at(bytes, 1) : 0;
    if (length < 2 || length > bytes.size() ||
        !take_option(options, kind, bytes.subspan(2, length - 2))) {
      options.broken = true;
      break;
    }
    bytes = bytes.subspan(length);
  }
  return options;
}

}  // namespace

Result<Tcp> parse_tcp(Bytes bytes) {
  constexpr std::size_t least = 20;
  if (bytes.size() < least) return truncated("TCP", bytes.size(), least);
  Tcp header;
  header.header_length = (byte_at(bytes, 12) >> 4U) * 4U;
  if (header.header_length < least)
    return refused(
        Error::Kind::bad_length,
        "TCP: a header of " + std::to_string(header.header_length) + " bytes, at least 20");
  if (bytes.size() < header.header_length)
    return truncated("TCP", bytes.size(), header.header_length);
  header.source_port = number16(bytes, 0);
  header.destination_port = number16(bytes, 2);
  header.sequence = number32(bytes, 4);
  header.acknowledgement = number32(bytes, 8);
  header.flags = byte_at(bytes, 13);
  header.window = number16(bytes, 14);
  header.checksum = number16(bytes, 16);
  header.urgent = number16(bytes, 18);
  header.options = parse_options(bytes.subspan(least, header.header_length - least));
  return header;
}

// --- the checksum ----------------------------------------------------------------------------

namespace {

std::uint16_t folded(std::uint64_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffffU) + (sum >> 16U);
  return static_cast<std::uint16_t>(sum);
}

}  // namespace

//! [checksum]
std::uint16_t checksum(Bytes bytes, std::uint32_t start) {
  std::uint64_t sum = start;
  std::size_t at = 0;
  for (; at + 1 < bytes.size(); at += 2) sum += number16(bytes, at);
  if (at < bytes.size()) sum += static_cast<std::uint64_t>(byte_at(bytes, at)) << 8U;
  return static_cast<std::uint16_t>(~folded(sum));
}
//! [checksum]

Verdict verify_checksum(const Packet& packet) {
  constexpr std::size_t field = 16;
  const Bytes segment = packet.payload;
  if (packet.is_fragment() || segment.size() < packet.payload_length || segment.size() < 20)
    return Verdict::not_known;
  // An IPv4 address' zeros behind it add nothing.
  std::uint64_t pseudo_header = packet.protocol;
  pseudo_header += segment.size() >> 16U;
  pseudo_header += segment.size() & 0xffffU;
  for (const Address& address : {packet.source, packet.destination})
    for (std::size_t at = 0; at < address.bytes.size(); at += 2)
      pseudo_header += number16(address.bytes, at);
  if (checksum(segment, folded(pseudo_header)) == 0) return Verdict::right;
  return number16(segment, field) == folded(pseudo_header) ? Verdict::left_to_the_card
                                                           : Verdict::wrong;
}

// --- numbers on a circle ---------------------------------------------------------------------

//! [before]
bool before(std::uint32_t a, std::uint32_t b) {
  const std::uint32_t steps = b - a;
  return steps != 0 && steps < 0x80000000U;
}
//! [before]

std::int64_t unwrap(std::uint32_t number, std::int64_t near) {
  const std::uint32_t steps = number - static_cast<std::uint32_t>(near);
  const std::int64_t ahead = steps;
  return steps <= 0x80000000U ? near + ahead : near + ahead - (std::int64_t{1} << 32);
}

// --- one conversation ------------------------------------------------------------------------

State after_sending(State state, const Signal& signal) {
  if (signal.rst) return State::closed;
  if (signal.syn && !signal.ack && (state == State::closed || state == State::listen))
    return State::syn_sent;
  if (signal.syn && signal.ack && (state == State::listen || state == State::syn_sent))
    return State::syn_received;
  if (signal.fin && (state == State::established || state == State::syn_received))
    return State::fin_wait_1;
  if (signal.fin && state == State::close_wait) return State::last_ack;
  return state;
}

//! [after_receiving]
State after_receiving(State state, const Signal& signal) {
  if (signal.rst) return state == State::listen ? State::listen : State::closed;
  switch (state) {
    case State::syn_sent:
      if (signal.syn && signal.acknowledges_syn) return State::established;
      return signal.syn && !signal.ack ? State::syn_received : state;
    case State::syn_received:
      if (!signal.acknowledges_syn) return state;
      return signal.fin ? State::close_wait : State::established;
    case State::established:
      return signal.fin ? State::close_wait : state;
    case State::fin_wait_1:
      if (signal.fin) return signal.acknowledges_fin ? State::time_wait : State::closing;
      return signal.acknowledges_fin ? State::fin_wait_2 : state;
    case State::fin_wait_2:
      return signal.fin ? State::time_wait : state;
    case State::closing:
      return signal.acknowledges_fin ? State::time_wait : state;
    case State::last_ack:
      return signal.acknowledges_fin ? State::closed : state;
    case State::closed:
    case State::listen:
    case State::close_wait:
    case State::time_wait:
      return state;
  }
  return state;
}
//! [after_receiving]

namespace {

constexpr std::uint8_t greatest_shift = 14;

End other(End end) {
  return end == End::client ? End::server : End::client;
}

/// What the first segment tells of the time before it.
std::array<State, 2> states_before(const Tcp& header) {
  if ((header.flags & flag::syn) == 0 || (header.flags & flag::rst) != 0)
    return {State::established, State::established};
  return {(header.flags & flag::ack) != 0 ? State::syn_sent : State::closed, State::listen};
}

}  // namespace

Note Conversation::take(const Tcp& header, std::uint32_t length, End from) {
  Direction& mine = directions_[static_cast<std::size_t>(from)];
  Direction& others = directions_[static_cast<std::size_t>(other(from))];
  const bool has_syn = (header.flags & flag::syn) != 0;
  const bool has_fin = (header.flags & flag::fin) != 0;
  const bool has_ack = (header.flags & flag::ack) != 0;
  const bool has_rst = (header.flags & flag::rst) != 0;
  if (!started_) {
    const auto states = states_before(header);
    for (std::size_t i = 0; i < states.size(); ++i) directions_[i].state = states[i];
    started_ = true;
  }

  Note note;
  note.from = from;
  if (!mine.base) mine.base = header.sequence - (has_syn ? 0 : 1);
  note.sequence = unwrap(header.sequence - *mine.base, mine.seen.end());
  if (has_ack) {
    if (!others.base) others.base = header.acknowledgement - 1;
    note.acknowledgement = unwrap(header.acknowledgement - *others.base,
                                  std::max(others.seen.end(), others.acknowledged));
    others.acknowledged = std::max(others.acknowledged, note.acknowledgement);
  }

  // The numbers that it takes, and which of them are new.
  const bool late = mine.seen.any() && note.sequence < mine.seen.end();
  const std::int64_t data = note.sequence + (has_syn ? 1 : 0);
  const std::int64_t end = data + length;
  const bool new_syn = has_syn && !has_rst && mine.seen.add(note.sequence, data) == 1;
  if (!has_rst) note.fresh = static_cast<std::uint32_t>(mine.seen.add(data, end));
  const bool new_fin = has_fin && !has_rst && mine.seen.add(end, end + 1) == 1;
  if (new_syn) mine.shift = header.options.window_scale;
  if (new_fin) mine.fin = end;

  if (has_rst)
    note.kind = Kind::rst;
  else if (!has_syn && !has_fin && length == 0)
    note.kind = Kind::ack;
  else if (new_syn != has_syn || note.fresh != length || new_fin != has_fin)
    note.kind = Kind::retransmission;
  else if (late)
    note.kind = Kind::out_of_order;
  else if (has_syn)
    note.kind = has_ack ? Kind::syn_ack : Kind::syn;
  else
    note.kind = has_fin ? Kind::fin : Kind::data;

  const bool scaled = !has_syn && mine.shift && others.shift;
  note.window = std::uint64_t{header.window}
                << (scaled ? std::min(*mine.shift, greatest_shift) : 0U);

  const Signal signal = {
      .syn = has_syn,
      .ack = has_ack,
      .fin = new_fin,
      .rst = has_rst,
      .acknowledges_syn = has_ack && note.acknowledgement >= 1,
      .acknowledges_fin = has_ack && others.fin && note.acknowledgement > *others.fin};
  mine.state = after_sending(mine.state, signal);
  others.state = after_receiving(others.state, signal);
  note.client = directions_[static_cast<std::size_t>(End::client)].state;
  note.server = directions_[static_cast<std::size_t>(End::server)].state;
  return note;
}

}  // namespace handshake_trace
