// The words of lab 03's drawings, in the language of the process.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "capture/connections.hpp"

namespace tracing {

/// "SYN, ACK"; in words where there is none.
std::string flags_text(std::uint8_t flags);

/// "mss 65495", "ws 7 (x128)", "SACK permitted", "sack 1-101" (relative), "ts 1 echo 2".
std::vector<std::string> options_text(const TracedSegment& segment, bool unicode);

/// "12 µs", "1.25 ms", "3.1 s", "2 min 5 s"; without Unicode "us".
std::string duration_text(Nanoseconds duration, bool unicode);

std::string word_for(End end);
std::string word_for(Handshake handshake);
std::string word_for(Ending ending);
std::string word_for(handshake_trace::Kind kind);
std::string word_for(handshake_trace::Verdict checksum);

/// For style: syn, data, fin, rst (lost, too), again (what was seen before, or late), ack.
std::string class_for(const TracedSegment& segment);

/// "1 byte", "15 bytes"; in Chinese no plural.
std::string bytes_text(std::uint64_t bytes);

/// The beginning of a segment's data in quotes, where it is text; else empty. Without Unicode
/// other bytes than ASCII's are written as \xNN.
std::string preview(std::string_view data, std::size_t columns, bool unicode);

/// What a sentence depends on beside the segment itself: how the conversation went so far.
struct Story {
  const Connection* connection = nullptr;
  bool first = true;                   ///< no segment before this one
  int step = 0;                        ///< of the handshake: the last one that was taken
  std::optional<std::int64_t> fin[2];  ///< by End: the number of its FIN, relative
  bool fin_told[2] = {false, false};   ///< by End: that its FIN was acknowledged
  bool dialled[2] = {false, false};    ///< by End: it sent a SYN without ACK
  bool agreed[2] = {false, false};     ///< by End: it sent a SYN with ACK
  bool no_room[2] = {false, false};    ///< by End: its window was 0
  bool waits[2] = {false, false};      ///< by End: it is in TIME-WAIT now
};

/// The sentence for a segment, and the story goes on: `story.step` is a new one where the segment
/// is a step of the handshake.
std::string tell(Story& story, const TracedSegment& segment, bool unicode);

/// How the connection began, what went over it and how it ended.
std::string summary_text(const Connection& connection, bool unicode);

}  // namespace tracing
