#include "frames.hpp"

#include <algorithm>

namespace lab08 {

Frame draw_frame(Random& random, const FrameWishes& wishes) {
  Frame frame;
  frame.payload = random.bytes(random.between(wishes.least, wishes.most));
  Drawn drawn = draw_header(random, {frame.payload.size(), 2});
  if (wishes.small) {
    drawn = Drawn{{{"others", json::object()}}, {}};
    drawn.add("command", {"x", "\"x\""});
    drawn.add("data_length", {frame.payload.size(), std::to_string(frame.payload.size())});
  }
  frame.fields = drawn.fields;
  frame.header = spell_object(random, drawn.members);
  return frame;
}

std::vector<Frame> draw_frames(Random& random, std::size_t count, const FrameWishes& wishes) {
  std::vector<Frame> frames;
  while (frames.size() < count) frames.push_back(draw_frame(random, wishes));
  return frames;
}

std::string stream_of(const std::vector<Frame>& frames) {
  std::string stream;
  for (const Frame& frame : frames) stream += frame.bytes();
  return stream;
}

Way draw_way(Random& random, std::size_t size) {
  Way way;
  const std::size_t most = random.chance(0.5) ? std::max<std::size_t>(size / 100, 8) : size / 2 + 1;
  for (std::size_t left = size; left > 0; left -= way.back())
    way.push_back(random.between(random.chance(0.05) ? 0 : 1, std::min(left, most)));
  return way;
}

Way whole(std::size_t size) {
  return {size};
}

Way byte_by_byte(std::size_t size) {
  return Way(size, 1);
}

std::string told(const Way& way) {
  std::string text;
  for (std::size_t i = 0; i < way.size() && i < 20; ++i)
    text += (i > 0 ? " + " : "") + std::to_string(way[i]);
  return text + (way.size() > 20 ? " + ..." : "");
}

std::vector<Telling> decode(Trial& trial, const std::string& stream, const std::vector<Way>& ways,
                            std::string& pieces, const Wishes& wishes) {
  std::string story = "Decoder: " + dialtone::printable(stream, 200);
  if (!wishes.limits.empty()) story += tr(", limits ", "，限制 ") + wishes.limits.dump();
  Message answer = ask(trial, story,
                       {{"call", "decode"},
                        {"ways", ways},
                        {"limits", wishes.limits},
                        {"watch", wishes.watch},
                        {"finish", wishes.finish}},
                       stream);
  pieces = std::move(answer.payload);
  std::vector<Telling> tellings;
  for (std::size_t i = 0; i < ways.size(); ++i) {
    const json& one = answer.body.at("value").at(i);
    tellings.push_back({ways[i], one.at("events"), one.at("finish")});
  }
  return tellings;
}

namespace {

/// Walks through what a decoder told and holds it against the frames.
class Walk {
 public:
  Walk(Trial& trial, const Telling& telling) : trial_(trial), events_(telling.events) {
    trial.step(tr("it comes in pieces of ", "到达时每段的字节数：") + told(telling.way));
  }

  /// The name of the next event other than need_more; empty where there is none.
  std::string next() {
    for (; at_ < events_.size(); ++at_) {
      std::string name = events_.at(at_).at(0).get<std::string>();
      if (name == "need_more")
        trial_.expect(tr("need_more comes when all bytes are taken", "字节全部取完才说 need_more"),
                      events_.at(at_).at(1) == 0, "0",
                      events_.at(at_).at(1).dump() + tr(" bytes left", " 个字节没有取"));
      else if (name != "before" && name != "still")
        return name;
    }
    return "";
  }

  const json& event() const { return events_.at(at_); }
  void pass() { ++at_; }
  std::size_t at() const { return at_; }

  void expect(const char* name, const std::string& what) {
    const std::string came = next();
    if (came != name) trial_.fail(what, name, came.empty() ? tr("nothing", "什么都没有") : shown());
  }

 private:
  std::string shown() const { return dialtone::printable(event().dump(), 300); }

  Trial& trial_;
  const json& events_;
  std::size_t at_ = 0;
};

}  // namespace

std::size_t expect_frames(Trial& trial, const Telling& telling, const std::vector<Frame>& frames,
                          std::string_view& pieces) {
  Walk walk(trial, telling);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const Frame& frame = frames[i];
    const std::string which = tr("frame ", "第 ") + std::to_string(i + 1) + tr("", " 帧");
    walk.expect("header", which + tr(": its header", "：头部"));
    expect_fields(trial, walk.event().at(1), frame.fields);
    walk.pass();
    std::size_t came = 0;
    while (came < frame.payload.size()) {
      walk.expect("payload", which + tr(": its payload", "：载荷"));
      came += walk.event().at(2).get<std::size_t>();
      walk.pass();
      if (came > frame.payload.size() || came > pieces.size()) break;
    }
    trial.expect_equal(which + tr(": bytes of payload", "：载荷字节数"), came,
                       frame.payload.size());
    expect_bytes(trial, which + tr(": its payload", "：载荷"), pieces.substr(0, came),
                 frame.payload);
    pieces.remove_prefix(came);
    walk.expect("end", which + tr(": its end", "：结束"));
    walk.pass();
  }
  return walk.at();
}

void expect_nothing_more(Trial& trial, const Telling& telling, std::size_t from) {
  for (std::size_t at = from; at < telling.events.size(); ++at) {
    const json& event = telling.events.at(at);
    const bool fine = event.at(0) == "still" || (event.at(0) == "need_more" && event.at(1) == 0);
    trial.expect(tr("after the last frame", "最后一帧之后"), fine, "need_more",
                 dialtone::printable(event.dump(), 200));
  }
}

}  // namespace lab08
