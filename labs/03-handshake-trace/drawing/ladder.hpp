// The ladder of a connection: two ends, time going down, every segment an arrow between them. What
// it says is the same for text, SVG and page, and is found here; where it goes is theirs.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "capture/connections.hpp"

namespace tracing {

/// What a segment says, in the words of the drawings.
struct LadderRow {
  const TracedSegment* segment = nullptr;  ///< in the trace, which must outlive it
  Nanoseconds since = 0;                   ///< when it was sent, from the trace's first segment on
  std::optional<Nanoseconds> arrival;      ///< where it is known to be later
  std::string flags;                       ///< "SYN, ACK"
  std::string numbers;                     ///< relative: "seq 0 ack 1 len 15"
  std::string absolute;                    ///< "seq 2345678901 ack 3456789013"
  std::string window;                      ///< "win 65535"
  std::vector<std::string> options;        ///< "mss 65495", …
  std::vector<std::string> alerts;         ///< "retransmission", "lost", "checksum wrong", …
  std::array<std::string, 2> after;        ///< by End: what it is when it has sent or received it
  int step = 0;                            ///< 1 to 3: of the handshake
  std::string sentence;                    ///< what it means; empty where there is nothing to say
};

/// What happens at one moment.
struct LadderEvent {
  std::size_t row = 0;
  bool leaves = true;
  bool arrives = true;  ///< a segment that is not known to be late arrives as it leaves
  Nanoseconds since = 0;
  Nanoseconds gap = 0;       ///< since the event before it, where that is long ago; else 0
  std::size_t left_out = 0;  ///< segments that are not drawn, between it and the one before it
  std::array<std::string, 2> became;  ///< by End: the state's name, where it is a new one
};

struct Ladder {
  std::string title;                     ///< "Connection 1: 127.0.0.1:40000 to 127.0.0.1:5000"
  std::array<std::string, 2> roles;      ///< "client", "server"
  std::array<std::string, 2> endpoints;  ///< by End
  std::array<std::string, 2> before;     ///< their states before the first segment; "?": not known
  std::vector<LadderRow> rows;           ///< in the order of the capture
  std::vector<LadderEvent> events;       ///< in the order of time
  std::string summary;                   ///< how it began, what went over, how it ended
  bool in_seconds = false;               ///< times are, else in milliseconds
  std::string rest;                      ///< of segments beyond what is traced; else empty
};

/// `most`: so many segments are drawn, from the beginning and the end; `unicode`: whether texts may
/// have more than ASCII (a Chinese text has in any case).
Ladder ladder_of(const Trace& trace, std::size_t most, bool unicode);

/// A time in the ladder's unit ("0.012", "17.502000"), and that unit.
std::string time_text(const Ladder& ladder, Nanoseconds since);
std::string unit_text(const Ladder& ladder);

/// How a ladder is drawn on a terminal.
struct TextOptions {
  std::size_t columns = 80;
  bool absolute = false;  ///< the numbers as they were on the wire, too
  bool explain = true;    ///< with a sentence where there is something to say
};

/// At most 400 segments. No line is wider than `columns` (24 at least).
std::string ladder_text(const Trace& trace, const TextOptions& options);

/// At most 200 segments, `width` pixels wide (560 to 4000). Colours follow the reader's theme.
std::string ladder_svg(const Trace& trace, int width);

/// One page that needs nothing else: the picture, all connections (500 at most), this one's
/// segments (2000 at most).
std::string ladder_html(const Trace& trace, std::span<const Connection> all);

}  // namespace tracing
