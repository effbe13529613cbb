// Lab 03: the handshake trace. This header is the assignment; starter/handshake_trace.cpp is where
// you work.
//
// In lab 02 you held a phone call. Here you listen in on the wire and see what your call was made
// of: packets, and in them segments, of which the first three are the handshake.
//
//   frame (Ethernet)   who on this link           RFC 894, IEEE 802.3 and 802.1Q
//     packet (IP)      which host                 RFC 791 (version 4), RFC 8200 (version 6)
//       segment (TCP)  which program, which byte  RFC 9293
//
// Rules for the whole file:
// - Nothing here reads a file or a socket: bytes go in, what they mean comes out. Reading captures,
//   finding a packet's conversation and drawing are given.
// - Numbers on the wire have their most significant byte first ("network order").
// - The bytes come from strangers, and captures are often cut: every length is held against the
//   bytes that are there before one is read. No input makes the code crash, hang or throw.
// - A failure is a value. What is returned as Bytes lies in the bytes that were given.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <tl/expected.hpp>

#include "seen.hpp"

namespace handshake_trace {

// --- given -----------------------------------------------------------------------------------

using Bytes = std::span<const std::byte>;

/// What was refused, as a value.
struct Error {
  enum class Kind {
    truncated,    ///< fewer bytes than the header needs, or than it says that it has
    bad_version,  ///< an IP version other than the one that was asked for
    bad_length,   ///< a length that no header can have
  };
  Kind kind = Kind::truncated;
  std::string message;  ///< which header, what is there, what it needs: "IPv4: 12 of 20 bytes"
};

template <class T>
using Result = tl::expected<T, Error>;

/// An IP address: 4 bytes of version 4, with zeros behind them, or 16 of version 6.
struct Address {
  std::array<std::byte, 16> bytes{};
  bool is_v6 = false;
  bool operator==(const Address&) const = default;
};

// --- Ethernet --------------------------------------------------------------------------------

/// What Ethernet puts in front of a packet.
struct Ethernet {
  std::array<std::byte, 6> destination{};
  std::array<std::byte, 6> source{};
  std::size_t tags = 0;    ///< VLAN tags in front of the type
  std::uint16_t vlan = 0;  ///< the outermost tag's VLAN (its low 12 bits); 0 where there is none
  std::uint16_t type =
      0;          ///< what the payload is: 0x0800 IPv4, 0x86dd IPv6; below 0x0600: its size
  Bytes payload;  ///< all that follows, padding too: Ethernet does not say where it begins
};

/// The 14 bytes of an Ethernet header and the VLAN tags behind its addresses, 4 bytes each, that
/// the types 0x8100 (802.1Q), 0x88a8 (802.1ad) and 0x9100 announce. Too few bytes: truncated.
Result<Ethernet> parse_ethernet(Bytes frame);

// --- IP --------------------------------------------------------------------------------------

/// What the two versions of IP tell alike.
struct Packet {
  Address source;
  Address destination;
  std::uint8_t hops = 0;      ///< time to live, or hop limit
  std::uint8_t protocol = 0;  ///< what the payload is: 6 TCP, 17 UDP
  /// Part of a larger packet (RFC 791, section 3.2; RFC 8200, section 4.5): only the first part
  /// has the payload's own header.
  bool more_fragments = false;
  std::uint32_t fragment_offset = 0;  ///< in bytes
  std::size_t payload_length = 0;     ///< as the header says
  Bytes payload;  ///< of that, what is there: less where the capture was cut, never more
  bool is_fragment() const { return more_fragments || fragment_offset != 0; }
};

/// An IPv4 packet (RFC 791, section 3.1). Its header has options where its length (the low four
/// bits of the first byte, in units of 4 bytes) is above 5; the payload begins behind them. What
/// lies behind the total length is padding and no part of it. A total length of 0 stands for all
/// bytes that are there: the network card was to cut a longer packet and to fill it in.
/// Fewer bytes than the header has: truncated. Another version: bad_version. A header length below
/// 5, or a total length below the header's: bad_length.
Result<Packet> parse_ipv4(Bytes packet);

/// An IPv6 packet (RFC 8200). Between its header of 40 bytes and its payload may lie extension
/// headers, each of which says what follows: hop-by-hop (0), routing (43), destination options (60)
/// and mobility (135), as long as 8 · (second byte + 1) bytes; authentication (51), 4 · (second
/// byte + 2); fragment (44), 8 bytes. `protocol` is the first number that is none of these, and
/// `payload_length` what they leave. Behind a fragment header whose offset is not 0 lies no header:
/// the payload begins there, and `protocol` is what that header names. A payload length of 0 stands
/// for all bytes that are there, as above.
/// Fewer bytes than the headers have: truncated. Another version: bad_version. Extension headers
/// that are longer than the packet: bad_length.
Result<Packet> parse_ipv6(Bytes packet);

// --- TCP -------------------------------------------------------------------------------------

/// The bits of TCP's flags, as they stand in the header's 14th byte.
namespace flag {
inline constexpr std::uint8_t fin = 0x01;
inline constexpr std::uint8_t syn = 0x02;
inline constexpr std::uint8_t rst = 0x04;
inline constexpr std::uint8_t psh = 0x08;
inline constexpr std::uint8_t ack = 0x10;
inline constexpr std::uint8_t urg = 0x20;
inline constexpr std::uint8_t ece = 0x40;
inline constexpr std::uint8_t cwr = 0x80;
}  // namespace flag

/// A timestamp option (RFC 7323, section 3.2).
struct Timestamps {
  std::uint32_t value = 0;
  std::uint32_t echo = 0;
  bool operator==(const Timestamps&) const = default;
};

/// Bytes that arrived out of their turn (RFC 2018): from `left`, up to and without `right`.
struct SackBlock {
  std::uint32_t left = 0;
  std::uint32_t right = 0;
  bool operator==(const SackBlock&) const = default;
};

struct Options {
  std::optional<std::uint16_t> maximum_segment_size;  ///< kind 2, length 4
  std::optional<std::uint8_t> window_scale;           ///< kind 3, length 3
  bool sack_permitted = false;                        ///< kind 4, length 2
  std::array<SackBlock, 4> sack{};                    ///< kind 5, length 2 + 8 · blocks
  std::size_t sack_blocks = 0;                        ///< how many of them there are
  std::optional<Timestamps> timestamps;               ///< kind 8, length 10
  /// An option has a length below 2, one that reaches beyond the header, or, where it is one of the
  /// above, another than its own. Those before it are kept; it and those behind it are not read.
  bool broken = false;
};

/// A TCP header (RFC 9293, section 3.1).
struct Tcp {
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgement = 0;  ///< means something where the ACK flag is set
  std::uint8_t flags = 0;
  std::uint16_t window = 0;  ///< as it stands there, not scaled
  std::uint16_t checksum = 0;
  std::uint16_t urgent = 0;
  std::size_t header_length = 20;  ///< in bytes, options included
  Options options;
};

/// Reads a TCP header with its options (kind 0 ends the list, kind 1 is a filler of one byte; a
/// kind that is not known is skipped by its length; where a kind comes twice, the later one
/// counts). Fewer bytes than the header has: truncated. A data offset below 5: bad_length.
Result<Tcp> parse_tcp(Bytes segment);

// --- the checksum ----------------------------------------------------------------------------

/// The Internet checksum (RFC 1071): the complement of the sum, with end-around carry, of the bytes
/// taken as 16-bit numbers; an odd last byte is the high half of one. `sum` is what was added up
/// before. Bytes that hold a right checksum give 0.
std::uint16_t checksum(Bytes bytes, std::uint32_t sum = 0);

enum class Verdict {
  right,
  wrong,
  /// The field holds the sum of the pseudo-header alone, not complemented: the network card was to
  /// do the rest. So captures at the sender show segments, loopback's all of them.
  left_to_the_card,
  not_known,  ///< the segment was cut, or is only a part
};

/// Whether a packet's TCP checksum is right: that of the pseudo-header (the addresses, the protocol
/// and the payload's length: RFC 9293, section 3.1; RFC 8200, section 8.1) and the whole payload.
/// A right sum is right, whatever else the field may look like. Fewer than 20 bytes: not_known.
Verdict verify_checksum(const Packet& packet);

// --- numbers on a circle ---------------------------------------------------------------------

/// Whether `a` comes before `b`, where behind 2³² − 1 comes 0 (RFC 9293, section 3.4): b lies at
/// most 2³¹ − 1 steps ahead of a.
bool before(std::uint32_t a, std::uint32_t b);

/// The place on an endless line that `number` stands for: of all places whose low 32 bits it is,
/// the one nearest to `near` (where two are equally near, the higher one).
std::int64_t unwrap(std::uint32_t number, std::int64_t near);

// --- one conversation ------------------------------------------------------------------------

/// The end that sent the first SYN is the client.
enum class End : std::uint8_t { client, server };

/// RFC 9293, section 3.3.2.
enum class State : std::uint8_t {
  closed,
  listen,
  syn_sent,
  syn_received,
  established,
  fin_wait_1,
  fin_wait_2,
  close_wait,
  closing,
  last_ack,
  time_wait,
};

/// What a segment says, as far as the states go.
struct Signal {
  bool syn = false;
  bool ack = false;
  bool fin = false;
  bool rst = false;
  /// It acknowledges the SYN, or the FIN, of the end that receives it.
  bool acknowledges_syn = false;
  bool acknowledges_fin = false;
};

/// What an end is when it has sent a segment (RFC 9293, figure 5, seen from the wire):
/// - RST: closed.
/// - SYN alone, where it was closed or listening: syn_sent. SYN with ACK, where it was listening or
///   in syn_sent (both ends dialled at once): syn_received. An end that is listening is taken to
///   stay so until it answers: it may refuse, or have no room.
/// - FIN: fin_wait_1 where it was established or in syn_received, last_ack where it was in
///   close_wait.
/// Else it stays what it was.
State after_sending(State state, const Signal& signal);

/// What an end is when it has received a segment:
/// - RST: closed, but one that is listening goes on listening.
/// - In syn_sent: SYN and an acknowledgement of its own SYN: established. SYN alone: syn_received.
/// - In syn_received: an acknowledgement of its SYN: established; and what a FIN with it means.
/// - Established: FIN: close_wait.
/// - In fin_wait_1: an acknowledgement of its FIN: fin_wait_2; FIN: closing; both: time_wait.
/// - In fin_wait_2: FIN: time_wait. In closing: an acknowledgement of its FIN: time_wait.
/// - In last_ack: an acknowledgement of its FIN: closed.
/// Else it stays what it was.
State after_receiving(State state, const Signal& signal);

enum class Kind : std::uint8_t {
  syn,      ///< asks for a connection
  syn_ack,  ///< agrees, and asks for the other direction
  ack,      ///< takes no sequence number: an acknowledgement, or news of the window
  data,
  fin,             ///< ends one direction; it may carry data too
  rst,             ///< breaks the connection off, or refuses it
  retransmission,  ///< a byte, a SYN or a FIN of it was seen before
  out_of_order,    ///< none of it was seen before, but something that lies behind it was
};

/// What a segment is in its conversation.
struct Note {
  Kind kind = Kind::ack;
  End from = End::client;
  /// Relative numbers: the sender's SYN is 0, its first byte 1. The numbers of a direction whose
  /// SYN was not seen begin with 1 at the first that was seen: sent in it, or acknowledged.
  std::int64_t sequence = 0;
  std::int64_t acknowledgement = 0;  ///< in the numbers of the other direction; 0 without ACK
  std::uint32_t fresh = 0;           ///< bytes of data that were not seen before
  std::uint64_t window = 0;      ///< in bytes: scaled where both SYNs offered to, but not on a SYN
  State client = State::closed;  ///< what the ends are after it
  State server = State::listen;
};

/// One conversation as it goes by. It takes what it sees as received by the other end.
class Conversation {
 public:
  /// The next segment: its header, and how many bytes of data it carries.
  /// - RST is an rst, whatever else it is. Of a segment that takes sequence numbers (its SYN, its
  ///   bytes and its FIN take one each, in this order), `seen` of its direction tells what is new:
  ///   anything seen before makes it a retransmission; all new, but beginning before the highest
  ///   number seen, out_of_order; else it is a syn, syn_ack, fin or data. What takes none is an
  ///   ack.
  /// - States: first the sender's, then the receiver's. SYN, ACK and RST count always, FIN
  ///   when its number is new. The conversation begins closed and listening; where its first
  ///   segment is a SYN with ACK, in syn_sent and listening; where that is no SYN, or an RST, both
  ///   ends are established already. The segment's own signal counts after that.
  /// - The window is scaled (RFC 7323, section 2.2) by the shift that its sender's SYN offered, at
  ///   most 14, if the other end's SYN offered one too. Where a SYN was not seen: not scaled.
  Note take(const Tcp& header, std::uint32_t length, End from);

 private:
  /// What is known of one direction.
  struct Direction {
    std::optional<std::uint32_t> base;  ///< the absolute number that is 0 here
    Seen seen;                          ///< the relative numbers that went by
    std::int64_t acknowledged = 0;      ///< the highest relative number that the other end expects
    std::optional<std::int64_t> fin;    ///< the number that its FIN took
    std::optional<std::uint8_t> shift;  ///< what its SYN offered to scale windows by
    State state = State::closed;        ///< of the end that sends in it
  };

  std::array<Direction, 2> directions_;  ///< by End
  bool started_ = false;
};

}  // namespace handshake_trace
