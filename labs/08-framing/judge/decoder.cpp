// What a decoder tells of streams in which nothing is wrong.
#include "frames.hpp"

namespace lab08 {
namespace {

/// Every way to cut a stream in `pieces` pieces that are not empty.
void add_all_ways(std::vector<Way>& ways, std::size_t size, std::size_t pieces, Way begun = {}) {
  if (pieces == 1) {
    begun.push_back(size);
    ways.push_back(begun);
    return;
  }
  for (std::size_t first = 1; first + pieces - 1 <= size; ++first) {
    Way way = begun;
    way.push_back(first);
    add_all_ways(ways, size - first, pieces - 1, way);
  }
}

void every_cut_gives_the_same_frames(Trial& trial) {
  Random& random = trial.random;
  std::vector<Frame> frames;
  std::vector<Way> ways;
  if (trial.index < 3) {
    frames = draw_frames(random, 2, {1, 6, true});
    add_all_ways(ways, stream_of(frames).size(), 2);
  } else if (trial.index < 5) {
    frames = draw_frames(random, 1, {1, 3, true});
    add_all_ways(ways, stream_of(frames).size(), 3);
  } else {
    const bool is_long = trial.index % 10 == 5;
    frames = draw_frames(random, random.between(1, 3), {1, is_long ? 100'000U : 60U});
    const std::size_t size = stream_of(frames).size();
    ways = {whole(size), draw_way(random, size), draw_way(random, size), draw_way(random, size)};
    if (!is_long) ways.push_back(byte_by_byte(size));
  }
  std::string pieces;
  const auto tellings = decode(trial, stream_of(frames), ways, pieces);
  std::string_view rest = pieces;
  for (const Telling& telling : tellings) {
    const std::size_t end = expect_frames(trial, telling, frames, rest);
    expect_nothing_more(trial, telling, end);
  }
}

void every_frame_ends_once(Trial& trial) {
  Random& random = trial.random;
  std::vector<Frame> frames;
  for (auto left = random.between(1, 4); left > 0; --left)
    frames.push_back(draw_frame(random, {0, random.chance(0.6) ? 0U : 20U}));
  if (trial.index == 0) frames = {draw_frame(random, {0, 0})};
  const std::size_t size = stream_of(frames).size();
  std::string pieces;
  const auto tellings = decode(trial, stream_of(frames),
                               {whole(size), draw_way(random, size), byte_by_byte(size)}, pieces);
  std::string_view rest = pieces;
  for (const Telling& telling : tellings)
    expect_nothing_more(trial, telling, expect_frames(trial, telling, frames, rest));
}

/// Where the pieces of payload lie in the stream, in order.
void payload_is_not_copied(Trial& trial) {
  Random& random = trial.random;
  const auto frames = draw_frames(random, random.between(1, 3), {1, 200});
  std::size_t payload = 0;
  for (const Frame& frame : frames) payload += frame.payload.size();
  const std::size_t size = stream_of(frames).size();
  std::string pieces;
  const auto tellings =
      decode(trial, stream_of(frames),
             {whole(size), draw_way(random, size), draw_way(random, size)}, pieces);
  for (const Telling& telling : tellings) {
    trial.step(tr("it comes in pieces of ", "到达时每段的字节数：") + told(telling.way));
    std::size_t came = 0;
    std::size_t chunk = 0;  // which of the pieces given is being decoded
    std::size_t start = 0;  // where that begins in the stream
    std::size_t frame = 0;
    std::size_t place = 0;   // where the next byte of payload lies in the stream
    std::size_t passed = 0;  // bytes of the frames that are over
    for (const json& event : telling.events) {
      const std::string name = event.at(0).get<std::string>();
      if (name == "need_more") start += telling.way.at(chunk++);
      if (name == "header") place = passed + 4 + frames.at(frame).header.size();
      if (name == "end") passed += frames.at(frame++).bytes().size();
      if (name != "payload") continue;
      const auto at = event.at(1).get<std::int64_t>();
      trial.expect(tr("a piece of the payload is not empty", "每段载荷都不为空"), event.at(2) != 0,
                   "> 0", "0");
      trial.expect(tr("the piece lies in the bytes that were given", "这段载荷就在给出的字节之中"),
                   at >= 0, tr("a part of them", "其中的一段"), tr("elsewhere", "在别处"));
      trial.expect_equal(tr("where it lies in them", "它在其中的位置"), at,
                         static_cast<std::int64_t>(place) - static_cast<std::int64_t>(start));
      place += event.at(2).get<std::size_t>();
      came += event.at(2).get<std::size_t>();
    }
    trial.expect_equal(tr("bytes of payload that came", "讲到的载荷字节数"), came, payload);
  }
}

void the_header_stays_until_the_next(Trial& trial) {
  Random& random = trial.random;
  const auto frames = draw_frames(random, random.between(1, 3), {1, 20});
  const std::size_t size = stream_of(frames).size();
  std::string pieces;
  const auto tellings =
      decode(trial, stream_of(frames), {whole(size), draw_way(random, size), byte_by_byte(size)},
             pieces, {json::object(), true, false});
  const json none = {{"command", ""}, {"data_length", 0}, {"others", json::object()}};
  for (const Telling& telling : tellings) {
    json current = none;
    std::size_t headers = 0;
    for (const json& event : telling.events) {
      const std::string name = event.at(0).get<std::string>();
      if (name == "header") current = frames.at(headers++).fields;
      if (name == "header" || name == "still" || name == "before")
        expect_fields(trial, event.at(1), current);
    }
    trial.expect_equal(tr("headers told", "讲到的头部数"), headers, frames.size());
  }
}

}  // namespace

std::vector<Case> decoder_cases() {
  return {{"every_cut_gives_the_same_frames", 100, every_cut_gives_the_same_frames},
          {"every_frame_ends_once", 100, every_frame_ends_once},
          {"payload_is_not_copied", 100, payload_is_not_copied},
          {"the_header_stays_until_the_next", 100, the_header_stays_until_the_next}};
}

}  // namespace lab08
