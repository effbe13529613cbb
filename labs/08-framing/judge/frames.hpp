// Streams of frames that the judge lays down itself, the ways to cut them, and what a decoder told.
#pragma once

#include "cases.hpp"

namespace lab08 {

/// Frames on a stream, and where each part of them lies.
struct Frame {
  json fields;
  std::string header;  ///< its text
  std::string payload;

  std::string bytes() const {
    return prefix_of(static_cast<std::uint32_t>(header.size())) + header + payload;
  }
};

struct FrameWishes {
  std::size_t least = 1;  ///< bytes of payload
  std::size_t most = 40;
  bool small = false;  ///< headers of a few bytes, so that every cut can be tried
};

Frame draw_frame(Random& random, const FrameWishes& wishes = {});
std::vector<Frame> draw_frames(Random& random, std::size_t count, const FrameWishes& wishes = {});
std::string stream_of(const std::vector<Frame>& frames);

/// The sizes of a stream's pieces, one after the other.
using Way = std::vector<std::size_t>;

/// Pieces of drawn sizes: a few bytes each, or a few pieces in all.
Way draw_way(Random& random, std::size_t size);
Way whole(std::size_t size);
Way byte_by_byte(std::size_t size);
std::string told(const Way& way);

/// What a decoder told of a stream that came in one way.
struct Telling {
  Way way;
  json events;
  json finish;  ///< the error, or null
};

struct Wishes {
  json limits = json::object();
  bool watch = false;   ///< the header beside every event
  bool finish = false;  ///< finish() at the end
};

/// Plays the stream once for each way. `pieces` takes the bytes of all payload pieces in order.
std::vector<Telling> decode(Trial& trial, const std::string& stream, const std::vector<Way>& ways,
                            std::string& pieces, const Wishes& wishes = {});

/// The events tell these frames, in order, and the payloads' bytes are next in `pieces`, which is
/// shortened by them. Returns how many events they were.
std::size_t expect_frames(Trial& trial, const Telling& telling, const std::vector<Frame>& frames,
                          std::string_view& pieces);

/// Nothing but need_more is left of the events.
void expect_nothing_more(Trial& trial, const Telling& telling, std::size_t from);

}  // namespace lab08
