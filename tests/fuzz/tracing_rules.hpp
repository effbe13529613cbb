// What holds for every packet, whatever its bytes are.
#pragma once

#include <limits>

#include "capture/connections.hpp"
#include "fuzz_rules.hpp"

namespace fuzz {

using tracing::Bytes;
using tracing::Dissected;

inline bool lies_in(Bytes part, Bytes whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

inline void must_hold(const handshake_trace::Packet& packet, Bytes bytes) {
  require(lies_in(packet.payload, bytes), "a payload lies in its packet");
  require(packet.payload.size() <= packet.payload_length, "no more payload than the header says");
  require(packet.fragment_offset % 8 == 0 && packet.fragment_offset <= 0xfff8,
          "fragments lie on eighths");
  require(packet.source.is_v6 == packet.destination.is_v6, "addresses of one version");
  if (!packet.source.is_v6)
    require(std::all_of(packet.source.bytes.begin() + 4, packet.source.bytes.end(),
                        [](std::byte byte) { return byte == std::byte{0}; }),
            "zeros behind an IPv4 address");
}

inline void must_hold(const handshake_trace::Tcp& header, Bytes bytes) {
  require(header.header_length >= 20 && header.header_length <= 60 &&
              header.header_length % 4 == 0 && header.header_length <= bytes.size(),
          "a TCP header has 20 to 60 bytes, and they are there");
  require(header.options.sack_blocks <= header.options.sack.size(), "at most four blocks");
}

inline void must_hold(const Dissected& packet, std::uint32_t link_type, Bytes bytes) {
  using Outcome = Dissected::Outcome;
  require((packet.outcome == Outcome::unknown_link) == !tracing::is_known_link(link_type),
          "a link is known or not");
  require((packet.outcome != Outcome::broken) || !packet.reason.empty(), "a refusal says why");
  require(packet.reason.find('\n') == std::string::npos, "in one line");
  if (packet.is_ip) must_hold(packet.ip, bytes);
  if (packet.outcome == Outcome::fragment)
    require(packet.is_ip && packet.ip.is_fragment(), "a fragment is one");
  if (packet.outcome != Outcome::segment) return;
  require(packet.is_ip && packet.ip.protocol == 6 && !packet.ip.is_fragment(),
          "a segment lies in a whole packet");
  must_hold(packet.tcp, packet.ip.payload);
  require(lies_in(packet.data, packet.ip.payload), "data lies in its packet");
  require(packet.data.size() <= packet.length, "no more data than the headers say");
  require(packet.length + packet.tcp.header_length == packet.ip.payload_length,
          "header and data are the payload");
}

/// What holds for a segment in its conversation; whether SYN, data or FIN take numbers of it.
inline void must_hold(const handshake_trace::Note& note, const handshake_trace::Tcp& header,
                      std::uint32_t length) {
  using handshake_trace::Kind;
  namespace flag = handshake_trace::flag;
  const auto has = [&](std::uint8_t bit) { return (header.flags & bit) != 0; };
  const bool takes_numbers = has(flag::syn) || has(flag::fin) || length > 0;
  require(note.fresh <= length, "no more new bytes than there are");
  require((note.kind == Kind::rst) == has(flag::rst), "a RST is one, whatever else it is");
  require(has(flag::rst) || (note.kind == Kind::ack) == !takes_numbers,
          "what takes no number is an acknowledgement");
  require(note.kind != Kind::syn || (has(flag::syn) && !has(flag::ack)), "a SYN is one");
  require(note.kind != Kind::syn_ack || (has(flag::syn) && has(flag::ack)), "a SYN-ACK is one");
  require(note.kind != Kind::fin || has(flag::fin), "a FIN is one");
  require(note.kind != Kind::data || note.fresh == length, "data is new");
  require(note.kind != Kind::out_of_order || note.fresh == length, "what is late is new");
  require(note.window >= header.window && note.window <= std::uint64_t{header.window} << 14U,
          "windows are scaled by 14 at most");
  require(has(flag::ack) || note.acknowledgement == 0, "no number without ACK");
}

}  // namespace fuzz
