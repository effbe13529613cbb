// Streams that break off, that break the rules, or that want to be costly.
#include <algorithm>

#include "frames.hpp"

namespace lab08 {
namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;

Telling decode_one(Trial& trial, const std::string& stream, const Way& way, std::string& pieces,
                   const Wishes& wishes) {
  return decode(trial, stream, {way}, pieces, wishes).front();
}

/// The first event from `at` on that is no need_more.
std::size_t after_need_more(const Telling& telling, std::size_t at) {
  while (at < telling.events.size() && telling.events.at(at).at(0) == "need_more") ++at;
  return at;
}

/// At `at` stands a refusal of this kind. Returns it.
json expect_refusal(Trial& trial, const Telling& telling, std::size_t at, std::string_view kind) {
  const json event = at < telling.events.size() ? telling.events.at(at) : json({"nothing"});
  const bool refused = event.at(0) == "error" && event.at(1).at("kind") == kind;
  trial.expect(tr("the stream is refused", "拒绝这个流"), refused,
               tr("an error of kind ", "错误种类 ") + std::string(kind),
               dialtone::printable(event.dump(), 300));
  return event.at(1);
}

struct Broken {
  std::string bytes;
  std::string kind;
};

/// A frame that must be refused.
Broken draw_broken(Random& random) {
  Frame frame = draw_frame(random);
  const std::string start = frame.header.substr(0, frame.header.size() - 1);
  const auto wrong_header = [&](const std::string& header, const char* kind) {
    frame.header = header;
    return Broken{frame.bytes(), kind};
  };
  switch (random.between(0, 5)) {
    case 0:
      return {std::string(4, '\0') + frame.header, "bad_length"};
    case 1:
      return {prefix_of(static_cast<std::uint32_t>(random.between(0x80000000, 0xffffffff))) +
                  frame.header,
              "bad_length"};
    case 2:
      return wrong_header(start, "bad_json");
    case 3:
      return wrong_header(start + ",\"twice!\":1,\"twice!\":1}", "duplicate_key");
    case 4:
      return wrong_header("{}", "missing_field");
    default:
      return wrong_header("{\"command\":1,\"data_length\":0}", "wrong_type");
  }
}

void a_refusal_is_for_ever(Trial& trial) {
  Random& random = trial.random;
  const auto frames = draw_frames(random, random.between(0, 2));
  const Broken broken = draw_broken(random);
  const std::string before = stream_of(frames) + broken.bytes;
  const std::string after = stream_of(draw_frames(random, 1));
  Way way = random.chance(0.3) ? byte_by_byte(before.size()) : draw_way(random, before.size());
  way.push_back(after.size());
  std::string pieces;
  const Telling telling =
      decode_one(trial, before + after, way, pieces, {json::object(), false, true});
  std::string_view rest = pieces;
  const std::size_t at = after_need_more(telling, expect_frames(trial, telling, frames, rest));
  const json error = expect_refusal(trial, telling, at, broken.kind);
  // From here on each piece is asked about twice, and none of it is taken.
  std::size_t left = telling.events.at(at).at(2).get<std::size_t>();
  std::size_t chunk = way.size() - (telling.events.size() - at) / 2;
  for (std::size_t i = at; i < telling.events.size(); ++i) {
    const json& event = telling.events.at(i);
    if (i > at && (i - at) % 2 == 0) left = way.at(++chunk);
    trial.expect(tr("it is refused again, in the same words", "再次以同样的话拒绝"),
                 event.at(0) == "error" && event.at(1) == error, error.dump(),
                 dialtone::printable(event.dump(), 300));
    trial.expect_equal(tr("bytes left of the piece: none is taken", "这段剩下的字节数：一个也不取"),
                       event.at(2).get<std::size_t>(), left);
  }
  trial.expect(tr("finish() after a refusal: that refusal", "拒绝之后 finish() 给出同一个错误"),
               telling.finish == error, error.dump(), telling.finish.dump());
}

void a_decoder_keeps_its_limits(Trial& trial) {
  Random& random = trial.random;
  Frame frame = draw_frame(random, {2, 60});
  const std::size_t size = frame.header.size();
  const bool beyond = trial.index % 2 == 1;
  json limits;
  std::string kind = "too_large";
  std::string stream = frame.bytes();
  switch (trial.index / 2 % 3) {
    case 0:
      limits["header"] = size - (beyond ? random.between(1, size - 1) : 0);
      if (beyond) stream = prefix_of(static_cast<std::uint32_t>(size));  // it need not see more
      break;
    case 1:
      limits["payload"] = frame.payload.size() - (beyond ? 1 : 0);
      break;
    default: {
      const std::size_t depth = random.between(2, 20);
      frame.header = "{\"command\":\"x\",\"data_length\":" + std::to_string(frame.payload.size()) +
                     ",\"deep\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
      json deep = json::array();
      for (std::size_t i = 2; i < depth; ++i) deep = json::array({deep});
      frame.fields = {
          {"command", "x"}, {"data_length", frame.payload.size()}, {"others", {{"deep", deep}}}};
      stream = frame.bytes();
      limits["depth"] = depth - (beyond ? 1 : 0);
      kind = "too_deep";
    }
  }
  std::string pieces;
  const Telling telling =
      decode_one(trial, stream, draw_way(random, stream.size()), pieces, {limits, false, false});
  std::string_view rest = pieces;
  if (beyond)
    expect_refusal(trial, telling, after_need_more(telling, 0), kind);
  else
    expect_nothing_more(trial, telling, expect_frames(trial, telling, {frame}, rest));
}

/// Where a stream breaks off.
struct Cut {
  std::size_t at;    ///< bytes of the last frame that came
  std::size_t came;  ///< of the part that was cut
  std::size_t of;
};

Cut draw_cut(Random& random, const Frame& frame) {
  const std::size_t header = frame.header.size();
  std::size_t came = 0;
  switch (random.between(0, 2)) {
    case 0:
      came = random.between(1, 3);
      return {came, came, 4};
    case 1:
      came = random.chance(0.3) ? 0 : random.between(0, header - 1);
      return {4 + came, came, header};
    default:
      came = random.chance(0.3) ? 0 : random.between(0, frame.payload.size() - 1);
      return {4 + header + came, came, frame.payload.size()};
  }
}

void a_stream_that_ends_in_a_frame_is_truncated(Trial& trial) {
  Random& random = trial.random;
  const auto frames = draw_frames(random, trial.index < 2 ? trial.index : random.between(0, 2));
  std::string stream = stream_of(frames);
  const bool cut = trial.index % 4 > 1;
  Cut place{};
  if (cut) {
    const Frame last = draw_frame(random, {1, 300});
    place = draw_cut(random, last);
    stream += last.bytes().substr(0, place.at);
  }
  std::string pieces;
  const Telling telling = decode_one(trial, stream, draw_way(random, stream.size()), pieces,
                                     {json::object(), false, true});
  if (!cut) {
    trial.expect(tr("between two frames, the end is fine", "在两帧之间结束是正常的"),
                 telling.finish.is_null(), tr("success", "成功"), telling.finish.dump());
    return;
  }
  const bool truncated = telling.finish.is_object() && telling.finish.at("kind") == "truncated";
  trial.expect(tr("the end inside a frame", "在一帧之内结束"), truncated, "truncated",
               telling.finish.dump());
  const auto message = telling.finish.at("message").get<std::string>();
  expect_number_in(trial, message, place.came);
  expect_number_in(trial, message, place.of);
}

/// What the decoder's process needs at most while it plays a stream that wants to be costly; the
/// judge looks from outside.
void hostile_lengths_cost_no_memory(Trial& trial) {
  Random& random = trial.random;
  constexpr std::size_t pieces = 512;  // 32 MiB
  constexpr std::uint64_t most = 8 * mebibyte;
  const auto resident = trial.student.memory("VmHWM");
  const auto addresses = trial.student.memory("VmPeak");
  std::string head;
  std::uint64_t expected = 0;
  if (trial.index % 2 == 0) {
    Frame frame = draw_frame(random, {0, 0});
    const std::uint64_t length = random.between(64 * mebibyte, 4096 * mebibyte);
    head = "{\"command\":\"x\",\"data_length\":" + std::to_string(length) + "}";
    head = prefix_of(static_cast<std::uint32_t>(head.size())) + head;
    expected = pieces << 16U;
  } else {
    head = prefix_of(static_cast<std::uint32_t>(random.chance(0.5)
                                                    ? random.between(0x80000000, 0xffffffff)
                                                    : random.between(mebibyte, 0x7fffffff))) +
           "{\"command\":\"";
  }
  const Message answer =
      ask(trial, "Decoder: " + dialtone::printable(head) + tr(", then 32 MiB", "，然后 32 MiB"),
          {{"call", "flood"}, {"pieces", pieces}}, head);
  trial.expect(tr("bytes of payload told", "讲到的载荷字节数"), answer.body.at("value") == expected,
               std::to_string(expected), answer.body.at("value").dump());
  const auto grown = std::max(trial.student.memory("VmHWM") - resident,
                              trial.student.memory("VmPeak") - addresses);
  trial.expect(tr("the memory it took meanwhile (seen in /proc)", "其间占用的内存（从 /proc 看）"),
               grown <= most, "<= 8 MiB", std::to_string(grown / mebibyte) + " MiB");
}

/// Bytes changed, left out and put in.
std::string spoilt(Random& random, std::string bytes) {
  for (auto left = random.between(1, 4); left > 0 && !bytes.empty(); --left) {
    const std::size_t at = random.between(0, bytes.size() - 1);
    switch (random.between(0, 2)) {
      case 0:
        bytes[at] = static_cast<char>(random.bits() >> 56U);
        break;
      case 1:
        bytes.erase(at, random.between(1, 3));
        break;
      default:
        bytes.insert(at, random.text(random.between(1, 3), "{}[]\",:\\u0e-\xff"));
    }
  }
  return bytes;
}

std::string draw_monster(Trial& trial) {
  Random& random = trial.random;
  const std::size_t many = 60'000;
  const std::string start = "{\"command\":\"x\",\"data_length\":1,\"y\":";
  const std::vector<std::string> monsters = {
      std::string(many, '['),
      std::string(many, '{'),
      start + std::string(many, '['),
      start + std::string(many / 2, '[') + std::string(many / 2, ']') + "}",
      start + std::string(many, '9') + "}",
      start + "1e999}",
      start + "-1e-999}",
      start + "\"" + std::string(many, 'y') + "\"}",
      start + "\"" + std::string(many, '\\') + "\"}",
      "{\"command\":\"x\",\"data_length\":10000000000000000000000000}",
      "{\"command\":\"x\",\"data_length\":-10000000000000000000000000}",
      "{\"" + std::string(many, 'k') + "\":1,\"" + std::string(many / 2, 'k') + "\":1}",
      std::string(many, '\0'),
      std::string(many, '\xff'),
      "5",
      "\"",
      random.bytes(random.between(0, 200)),
  };
  return trial.index < monsters.size() ? monsters[trial.index] : monsters.back();
}

void no_input_brings_it_down(Trial& trial) {
  Random& random = trial.random;
  const std::string header =
      trial.index % 2 == 0 ? draw_monster(trial) : spoilt(random, draw_frame(random).header);
  parse(trial, header);  // whatever comes, it is an answer
  std::string stream = spoilt(random, stream_of(draw_frames(random, 2, {0, 30})));
  if (trial.index % 3 == 0)
    stream = prefix_of(static_cast<std::uint32_t>(header.size())) + header + stream;
  const Way way = header.size() > 1000 ? whole(stream.size()) : draw_way(random, stream.size());
  std::string pieces;
  const Telling telling = decode_one(trial, stream, way, pieces, {json::object(), false, true});
  for (const json& event : telling.events)
    trial.expect(tr("next() gets on with it and comes to an end", "next() 有进展，也会结束"),
                 event.at(0) != "no need_more", "need_more",
                 tr("no end of events", "事件没完没了"));
}

}  // namespace

std::vector<Case> stream_cases() {
  return {{"a_refusal_is_for_ever", 120, a_refusal_is_for_ever},
          {"a_decoder_keeps_its_limits", 120, a_decoder_keeps_its_limits},
          {"a_stream_that_ends_in_a_frame_is_truncated", 120,
           a_stream_that_ends_in_a_frame_is_truncated},
          {"hostile_lengths_cost_no_memory", 100, hostile_lengths_cost_no_memory},
          {"no_input_brings_it_down", 200, no_input_brings_it_down}};
}

}  // namespace lab08
