#include "simulation/timeline.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "simulation/timeline_parts.hpp"

namespace simulation {
namespace {

/// A field of a table (RFC 4180, section 2): in quotes where it must be.
std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string json_text(const std::string& text) {
  using nlohmann::json;
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Nanoseconds as a number of microseconds.
std::string microseconds(std::int64_t nanoseconds) {
  std::string text = std::to_string(nanoseconds / 1000);
  const std::int64_t rest = nanoseconds % 1000;
  if (rest != 0) text += '.' + std::to_string(1000 + rest).substr(1);
  return text;
}

/// From ticks to nanoseconds. A tick is at least one of them. A long trace is told in whole
/// microseconds, and its end is where viewers, which read numbers as double, still count them.
class TraceClock {
 public:
  explicit TraceClock(const Timeline& timeline) {
    Time end = 1;
    for (const Track& track : timeline.tracks)
      if (!track.pieces.empty()) end = std::max(end, track.pieces.back().end);
    const auto ticks = static_cast<double>(end);
    const double wanted = timeline.microseconds_per_tick * 1000;
    tick_ = wanted >= 1 ? std::min(wanted, exact * 1000 / ticks) : 1;  // also where it is no number
    unit_ = tick_ * ticks > exact ? 1000 : 1;
  }

  std::int64_t nanoseconds(Time time) const {
    return std::llround(static_cast<double>(time) * tick_ / static_cast<double>(unit_)) * unit_;
  }

 private:
  static constexpr double exact = 9e15;  // below 2^53
  double tick_ = 1;
  std::int64_t unit_ = 1;
};

/// An event that names something: "M" in the format.
std::string metadata(const char* name, std::size_t tid, const std::string& arguments) {
  return std::string("{\"name\":\"") + name +
         "\",\"ph\":\"M\",\"pid\":1,\"tid\":" + std::to_string(tid) + ",\"args\":{" + arguments +
         "}}";
}

}  // namespace

void append(Track& track, const Piece& piece) {
  if (!track.pieces.empty()) {
    Piece& last = track.pieces.back();
    if (last.end == piece.start && last.who == piece.who && last.mark == piece.mark) {
      last.end = piece.end;
      return;
    }
  }
  track.pieces.push_back(piece);
}

std::string timeline_csv(const Timeline& timeline) {
  std::vector<std::string> names;
  for (const std::string& name : timeline.names) names.push_back(csv_field(name));
  std::string text = "track,who,mark,start,end\r\n";
  for (const Track& track : timeline.tracks) {
    const std::string track_name = csv_field(track.name);
    for (const Piece& piece : track.pieces) {
      text += track_name;
      text += ',';
      if (piece.who >= 0 && static_cast<std::size_t>(piece.who) < names.size())
        text += names[static_cast<std::size_t>(piece.who)];
      text += ',';
      text += drawing::name_of(piece.mark);
      text += ',' + std::to_string(piece.start) + ',' + std::to_string(piece.end) + "\r\n";
    }
  }
  return text;
}

std::string timeline_trace(const Timeline& timeline) {
  std::vector<std::string> names;
  for (const std::string& name : timeline.names) names.push_back(json_text(name));
  const TraceClock clock(timeline);
  std::string text = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n" +
                     metadata("process_name", 0, "\"name\":" + json_text(timeline.title));
  for (std::size_t i = 0; i < timeline.tracks.size(); ++i) {
    const Track& track = timeline.tracks[i];
    const std::size_t tid = i + 1;  // viewers take thread 0 for the idle one
    text += ",\n" + metadata("thread_name", tid, "\"name\":" + json_text(track.name));
    text += ",\n" + metadata("thread_sort_index", tid, "\"sort_index\":" + std::to_string(tid));
    drawing::each_piece(track, never, [&](const Piece& piece) {
      const bool somebody = piece.who >= 0 && static_cast<std::size_t>(piece.who) < names.size();
      const std::int64_t start = clock.nanoseconds(piece.start);
      const std::string mark = '"' + std::string(drawing::name_of(piece.mark)) + '"';
      const std::string& name = somebody ? names[static_cast<std::size_t>(piece.who)] : mark;
      text += ",\n{\"name\":" + (piece.mark == Mark::running ? name : mark) + ",\"cat\":" + mark +
              ",\"ph\":\"X\",\"pid\":1,\"tid\":" + std::to_string(tid) +
              ",\"ts\":" + microseconds(start) +
              ",\"dur\":" + microseconds(clock.nanoseconds(piece.end) - start) + ",\"args\":{";
      if (somebody) text += "\"who\":" + name + ",";
      text += "\"start\":" + std::to_string(piece.start) + ",\"end\":" + std::to_string(piece.end) +
              "}}";
    });
  }
  return text + "\n]}\n";
}

}  // namespace simulation
