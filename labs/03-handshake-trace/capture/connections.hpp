// The connections of a capture: which segment belongs to which, and what came of each.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "packets.hpp"

namespace tracing {

using handshake_trace::End;

/// Its place in an array by End.
constexpr std::size_t index(End end) {
  return static_cast<std::size_t>(end);
}

constexpr End other(End end) {
  return end == End::client ? End::server : End::client;
}

/// Nanoseconds; points of time are counted from 1970.
using Nanoseconds = std::int64_t;

struct Endpoint {
  handshake_trace::Address address;
  std::uint16_t port = 0;
  bool operator==(const Endpoint&) const = default;
};

/// "192.0.2.1", "2001:db8::1" (RFC 5952).
std::string to_string(const handshake_trace::Address& address);

/// "192.0.2.1:80", "[2001:db8::1]:80".
std::string to_string(const Endpoint& endpoint);

/// "SYN-SENT", as RFC 9293 writes it.
std::string to_string(handshake_trace::State state);

/// How a connection began.
enum class Handshake {
  complete,      ///< SYN, SYN-ACK, ACK
  simultaneous,  ///< both ends dialled
  refused,       ///< a RST was the answer to the SYN
  half_open,     ///< a SYN, and no end of the handshake
  not_seen,      ///< the capture began later
};

/// How it ended.
enum class Ending {
  open,       ///< it has not
  one_side,   ///< one direction ended with a FIN, the other has not
  both_fins,  ///< FIN both ways
  reset,      ///< RST
};

/// What one end sent.
struct Totals {
  std::uint64_t segments = 0;
  std::uint64_t bytes = 0;  ///< of data, each once
  std::uint64_t retransmissions = 0;
  std::uint64_t out_of_order = 0;
  std::uint64_t zero_windows =
      0;  ///< segments that said "no room"; a SYN's or RST's does not count
};

struct Connection {
  std::uint64_t number = 0;  ///< from 1, by appearance
  Endpoint client;
  Endpoint server;
  Nanoseconds began = 0;
  Nanoseconds last = 0;  ///< when its last segment was seen
  Handshake handshake = Handshake::not_seen;
  /// From the last SYN to the ACK that completed the handshake.
  std::optional<Nanoseconds> round_trip;
  std::array<Totals, 2> sent;  ///< by End
  Ending ending = Ending::open;
  handshake_trace::State client_state = handshake_trace::State::closed;
  handshake_trace::State server_state = handshake_trace::State::listen;
};

/// A table that takes segments in the order of their capture. What it holds grows with the
/// connections, up to its limits, and not with the segments.
class Connections {
 public:
  struct Limits {
    std::size_t tracked = 32768;  ///< at a time; beyond, the one longest silent is set aside
    std::size_t rows = 65536;     ///< that are remembered in all; the others are only counted
  };

  Connections();
  explicit Connections(const Limits& limits);
  Connections(Connections&&) noexcept;
  ~Connections();

  /// Finds the segment's connection, or begins one, and notes the segment there. Both are valid
  /// until the next call. Precondition: an outcome of `segment`.
  struct Noted {
    const Connection* connection;
    handshake_trace::Note note;
  };
  Noted take(const Dissected& segment, Nanoseconds time);

  /// How many there were.
  std::uint64_t count() const;

  /// Those that are remembered, by number.
  std::vector<Connection> rows() const;

 private:
  struct Table;
  std::unique_ptr<Table> table_;
};

// --- one connection, segment by segment ------------------------------------------------------

/// A segment of a connection that is followed.
struct TracedSegment {
  std::uint64_t packet = 0;  ///< its number in the capture, from 1
  Nanoseconds time = 0;      ///< when it was captured
  handshake_trace::Tcp header;
  std::uint32_t length = 0;  ///< bytes of data
  std::string data;          ///< of them, the first few that were captured
  handshake_trace::Note note;
  handshake_trace::Verdict checksum = handshake_trace::Verdict::not_known;
  /// What only the wire knows (our own captures say it in a comment).
  bool lost = false;                 ///< it never arrived
  std::optional<Nanoseconds> delay;  ///< how long it was on its way
};

/// A connection as it is drawn.
struct Trace {
  Connection connection;
  std::vector<TracedSegment> segments;
  std::uint64_t left_out = 0;  ///< segments beyond the first most_traced
};
inline constexpr std::size_t most_traced = 10000;
inline constexpr std::size_t most_data_kept = 256;  ///< bytes of a segment's data

}  // namespace tracing
