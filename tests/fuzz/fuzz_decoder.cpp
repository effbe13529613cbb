// Any bytes in any cuts: the decoder tells the same frames and the same end, wherever the cuts lie,
// and what it told can be sent again. Its memory is bounded by the fuzzer's -malloc_limit_mb.
//
// Input: one byte for limits, one for the cuts, then the stream.
#include <algorithm>
#include <string>
#include <vector>

#include "fuzz_support.hpp"

namespace {

using namespace framing;

struct Frame {
  Header header;
  std::string payload;
  bool whole = false;
  bool operator==(const Frame&) const = default;
};

/// All that a decoder told of a stream.
struct Heard {
  std::vector<Frame> frames;
  std::optional<Error::Kind> refused;
  std::string ending;  ///< the message of finish(); empty where the stream ended well
  bool operator==(const Heard&) const = default;
};

class Listener {
 public:
  explicit Listener(const Limits& limits) : decoder_(limits) {}

  void hear(std::span<const std::byte> piece) {
    while (!heard_.refused) {
      const auto before = piece;
      const auto event = decoder_.next(piece);
      fuzz::require(piece.size() <= before.size() &&
                        piece.data() + piece.size() == before.data() + before.size(),
                    "bytes are taken from the front");
      if (!event) return refuse(event.error(), piece);
      if (event->kind == Event::Kind::need_more) {
        fuzz::require(piece.empty(), "need_more comes when all bytes are taken");
        return;
      }
      note(*event, before);
    }
  }

  Heard end() {
    const auto finished = decoder_.finish();
    if (finished && !heard_.frames.empty())
      fuzz::require(heard_.frames.back().whole, "a stream that ended well ends with a whole frame");
    if (!finished) heard_.ending = finished.error().message;
    if (heard_.refused)
      fuzz::require(finished.error().kind == *heard_.refused, "a refusal stays");
    else if (!finished)
      fuzz::require(finished.error().kind == Error::Kind::truncated, "an end inside a frame");
    return std::move(heard_);
  }

 private:
  void refuse(const Error& error, std::span<const std::byte> left) {
    heard_.refused = error.kind;
    fuzz::require(!error.message.empty(), "a refusal says why");
    const auto again = decoder_.next(left);
    fuzz::require(!again && again.error().message == error.message, "a refusal is for ever");
  }

  void note(const Event& event, std::span<const std::byte> given) {
    using Kind = Event::Kind;
    const bool inside = !heard_.frames.empty() && !heard_.frames.back().whole;
    if (event.kind == Kind::header) {
      fuzz::require(!inside, "a frame ends before the next begins");
      heard_.frames.push_back({decoder_.header(), "", false});
      return;
    }
    fuzz::require(inside, "a header comes first");
    Frame& frame = heard_.frames.back();
    if (event.kind == Kind::end) {
      fuzz::require(frame.payload.size() == frame.header.data_length, "the payload is whole");
      frame.whole = true;
      return;
    }
    fuzz::require(!event.piece.empty(), "no piece is empty");
    fuzz::require(event.piece.data() >= given.data() &&
                      event.piece.data() + event.piece.size() <= given.data() + given.size(),
                  "a piece lies in the bytes that were given");
    frame.payload += fuzz::text_of(event.piece);
    fuzz::require(frame.payload.size() <= frame.header.data_length, "no byte too many");
  }

  Decoder decoder_;
  Heard heard_;
};

void must_be_sendable(const Frame& frame, const Limits& limits) {
  if (!frame.whole) return;
  const auto bytes = encode(frame.header, frame.payload, limits);
  if (!bytes) return fuzz::must_come_back(frame.header, limits, limits.header);
  Listener listener(limits);
  listener.hear(fuzz::bytes_of(*bytes));
  const Heard again = listener.end();
  fuzz::require(again.frames == std::vector{frame} && again.ending.empty(),
                "what was decoded can be sent and decoded again");
  fuzz::require(!encode(frame.header, frame.payload + "x", limits), "a wrong length is told");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto input = std::as_bytes(std::span(data, size));
  const Limits limits = fuzz::limits_of(fuzz::take_byte(input));
  const unsigned cuts = fuzz::take_byte(input);

  Listener whole(limits);
  whole.hear(input);
  const Heard expected = whole.end();
  for (const unsigned style : {cuts, cuts + 1}) {
    Listener listener(limits);
    fuzz::in_cuts(input, style, [&](std::span<const std::byte> piece) { listener.hear(piece); });
    fuzz::require(listener.end() == expected, "where the cuts lie changes nothing");
  }
  for (const Frame& frame : expected.frames) must_be_sendable(frame, limits);
  return 0;
}
