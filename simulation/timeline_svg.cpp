// A timeline as a picture that needs nothing else: SVG 1.1 with a style for light and dark.
#include <array>
#include <cmath>

#include "language.hpp"
#include "simulation/timeline_parts.hpp"
#include "simulation/timeline_svg_parts.hpp"

namespace simulation {
namespace {

using namespace drawing;
using dialtone::tr;

// All in pixels.
constexpr double margin = 20;
constexpr double bar = 24;  // the height of who runs; who waits is drawn lower
constexpr double row = 32;
constexpr double text_size = 13;

constexpr std::size_t most_tracks = 200;
constexpr double most_bars = 10000;  // keeps a file under 2 MB
constexpr int most_legend = 24;
constexpr int hues = 8;  // of the style

/// Pieces that become one bar: one piece, or many that are too narrow to be told apart.
struct Bar {
  double from = 0;
  double to = 0;
  Time start = 0;
  Time end = 0;
  Look look;
  std::size_t pieces = 0;
  double filled = 1;  ///< how much of its stretch is not idle
};

/// The bars of a track. Pieces narrower than `least` pixels are joined until they are as wide, so
/// there are at most two bars for each `least` pixels; who had most of them gives the colour.
class Bars {
 public:
  Bars(double scale, double least) : scale_(scale), least_(least) {}

  void add(const Look& look, Time start, Time end) {
    const double from = static_cast<double>(start) * scale_;
    const double to = static_cast<double>(end) * scale_;
    if (to - from >= least_) {
      flush();
      bars_.push_back({from, to, start, end, look, 1, 1});
      return;
    }
    if (joined_.pieces > 0 && from - joined_.to > least_) flush();
    if (joined_.pieces == 0) {
      joined_.from = from;
      joined_.start = start;
    }
    joined_.to = to;
    joined_.end = end;
    ++joined_.pieces;
    tally_.add(look, end - start);
    if (to - joined_.from >= least_) flush();
  }

  std::vector<Bar> finish() {
    flush();
    return std::move(bars_);
  }

 private:
  void flush() {
    if (joined_.pieces == 0) return;
    joined_.look = tally_.most();
    joined_.filled =
        static_cast<double>(tally_.total()) / static_cast<double>(joined_.end - joined_.start);
    bars_.push_back(joined_);
    joined_ = {};
    tally_.clear();
  }

  double scale_;
  double least_;
  std::vector<Bar> bars_;
  Bar joined_;
  Tally tally_;
};

class Picture {
 public:
  Picture(std::span<const Timeline> timelines, int width)
      : timelines_(timelines),
        width_(std::clamp(width, 320, 10000)),
        end_(common_end(timelines)),
        cast_(cast_of(timelines)),
        visible_(cast_.names.size()) {
    for (const Timeline& timeline : timelines) {
      tracks_ += timeline.tracks.size();
      for (const Track& track : timeline.tracks)
        left_ = std::max(left_, text_width(clean(track.name), text_size));
    }
    const std::string unit = timelines.empty() ? "" : clean(timelines.front().unit);
    unit_ = fitted(unit, width_ / 4, text_size);
    labels_ = std::min(std::max(left_, text_width(unit_, 12)), width_ / 4);
    left_ = margin + labels_ + 12;
    right_ = width_ - margin - 6;
    scale_ = (right_ - left_) / static_cast<double>(end_);
    tracks_ = std::min(tracks_, most_tracks);
    least_ = std::max(0.5, 2 * (right_ - left_) * static_cast<double>(tracks_) / most_bars);
  }

  std::string text() {
    std::string body;
    double y = 14;
    std::size_t left_over = most_tracks;
    for (std::size_t i = 0; i < timelines_.size(); ++i) y = add_timeline(body, i, y, left_over);
    y = add_axis(body, y);
    y = add_legend(body, y);
    const double height = std::ceil(y) + 14;
    return head(height) + body + "</svg>\n";
  }

 private:
  std::string head(double height) const {
    std::string title;
    for (const Timeline& timeline : timelines_) {
      if (!title.empty() && !timeline.title.empty()) title += tr("; ", "；");
      title += escaped(clean(timeline.title));
    }
    if (title.empty()) title = tr("A timeline", "时间轴");
    const std::string size = figure(width_) + "\" height=\"" + figure(height);
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"timeline\" width=\"" + size +
           "\" viewBox=\"0 0 " + figure(width_) + ' ' + figure(height) + "\" xml:lang=\"" +
           tr("en", "zh") + "\" role=\"img\" aria-label=\"" + title + "\">\n<title>" + title +
           "</title>\n" + std::string(svg_style) + "<rect x=\"0.5\" y=\"0.5\" width=\"" +
           figure(width_ - 1) + "\" height=\"" + figure(height - 1) +
           "\" rx=\"8\" class=\"paper\"/>\n";
  }

  double add_timeline(std::string& body, std::size_t index, double y, std::size_t& left_over) {
    const Timeline& timeline = timelines_[index];
    if (!timeline.title.empty()) {
      add_text(body, margin, y + 18, "title",
               fitted(clean(timeline.title), width_ - 2 * margin, 16));
      y += 30;
    }
    const std::size_t shown = std::min(left_over, timeline.tracks.size());
    left_over -= shown;
    const double top = y;
    for (std::size_t i = 0; i < shown; ++i) {
      add_lane(body, timeline.tracks[i], y);
      y += row;
    }
    add_grid(body, top - 4, y - 4);
    for (std::size_t i = 0; i < shown; ++i)
      add_bars(body, index, timeline.tracks[i], top + row * static_cast<double>(i));
    if (shown < timeline.tracks.size()) {
      add_text(body, left_, y + 17, "soft",
               tr("and ", "另有 ") + std::to_string(timeline.tracks.size() - shown) +
                   tr(" more tracks", " 条未画出"));
      y += row;
    }
    return y + 8;
  }

  void add_lane(std::string& body, const Track& track, double y) const {
    add_text(body, left_ - 12, y + bar / 2 + 4.5, "end",
             fitted(clean(track.name), labels_, text_size));
    body += "<rect x=\"" + figure(left_) + "\" y=\"" + figure(y) + "\" width=\"" +
            figure(right_ - left_) + "\" height=\"" + figure(bar) + "\" class=\"lane\"/>\n";
  }

  void add_grid(std::string& body, double top, double bottom) const {
    std::string lines;
    for (Time time = step(); time < end_; time += step())
      lines += 'M' + figure(left_ + static_cast<double>(time) * scale_) + ' ' + figure(top) + 'V' +
               figure(bottom);
    if (!lines.empty()) body += "<path d=\"" + lines + "\" class=\"grid\"/>\n";
  }

  void add_bars(std::string& body, std::size_t index, const Track& track, double y) {
    Bars bars(scale_, least_);
    each_piece(track, end_, [&](const Piece& piece) {
      bars.add({cast_.find(index, piece.who), piece.mark, false}, piece.start, piece.end);
    });
    for (const Bar& each : bars.finish()) add_bar(body, each, y);
  }

  /// Ticks between two figures of the axis.
  Time step() const {
    const double apart = std::max(48.0, 8.0 * static_cast<double>(std::to_string(end_).size() + 3));
    return round_step(static_cast<Time>(std::ceil(apart / scale_)));
  }

  void add_bar(std::string& body, const Bar& each, double y) {
    const Look& look = each.look;
    if (look.who >= 0) visible_[static_cast<std::size_t>(look.who)] = true;
    if (look.who < 0 || look.mark != Mark::running)
      seen_[static_cast<std::size_t>(look.mark)] = true;
    const double width = std::max(each.to - each.from, 0.5);
    const double gap = width >= 3 ? 0.5 : 0;  // on either side, between neighbours
    const double inset = inset_of(look.mark);
    body += "<rect x=\"" + figure(left_ + each.from + gap) + "\" y=\"" + figure(y + inset) +
            "\" width=\"" + figure(width - 2 * gap) + "\" height=\"" + figure(bar - 2 * inset) +
            "\" class=\"" + classes(look, width >= 4) + '"';
    if (width >= 6) body += " rx=\"3\"";
    if (each.filled < 0.95)
      body += " fill-opacity=\"" + figure(std::max(0.15, std::round(each.filled * 10) / 10)) + '"';
    if (width < 4) {  // nobody can point at it
      body += "/>\n";
      return;
    }
    body += "><title>" + escaped(tooltip(each)) + "</title></rect>\n";
    if (look.who >= 0 && (look.mark == Mark::running || look.mark == Mark::setup))
      add_name(body, look, left_ + (each.from + each.to) / 2, y, width);
  }

  /// Who waits is drawn lower than who runs, a switch as little more than a line.
  static double inset_of(Mark mark) {
    if (mark == Mark::ready || mark == Mark::blocked) return 6;
    return mark == Mark::switching ? 9 : 1;
  }

  /// With an edge only where there is room for one.
  static std::string classes(const Look& look, bool edge) {
    const std::string hue = std::to_string(look.who % hues);
    if (look.mark == Mark::running) {
      if (look.who < 0) return "busy";
      const int round = look.who / hues % 3;  // more people than colours
      return "h" + hue + (!edge || round == 0 ? "" : round == 1 ? " again" : " third");
    }
    std::string text(name_of(look.mark));
    if (edge && look.mark != Mark::switching)
      text += " mark " + (look.who < 0 ? std::string("anyone") : "e" + hue);
    return text;
  }

  std::string tooltip(const Bar& each) const {
    std::string text;
    if (each.look.who >= 0)
      text = cut(cast_.names[static_cast<std::size_t>(each.look.who)], 60, "…");
    if (each.look.who < 0 || each.look.mark != Mark::running)
      text += (text.empty() ? "" : tr(", ", "，")) + word_for(each.look.mark);
    if (each.pieces > 1)
      text += tr(" and others, ", " 等，共 ") + std::to_string(each.pieces) + tr(" pieces", " 段");
    return text + tr(": ", "：") + std::to_string(each.start) + "–" + std::to_string(each.end);
  }

  void add_name(std::string& body, const Look& look, double x, double y, double width) const {
    const std::string& name = cast_.names[static_cast<std::size_t>(look.who)];
    const double room = width - 6;
    if (text_width(name, text_size) > room && room < 36) return;
    const bool on_blue = look.mark == Mark::running && look.who % hues == 6;
    add_text(body, x, y + bar / 2 + 4.5,
             look.mark == Mark::setup ? "halo"
             : on_blue                ? "on white"
                                      : "on",
             fitted(name, room, text_size));
  }

  double add_axis(std::string& body, double y) const {
    y += 2;
    body += "<path d=\"M" + figure(left_) + ' ' + figure(y) + 'H' + figure(right_) +
            "\" class=\"axis\"/>\n";
    const std::string last = std::to_string(end_);
    for (Time time = 0; time < end_; time += step()) {
      const double x = left_ + static_cast<double>(time) * scale_;
      const bool crowded = right_ - x < 8.0 * static_cast<double>(last.size()) + 12;
      add_tick(body, x, y, crowded ? "" : std::to_string(time));
    }
    const bool wide = text_width(last, 12) > 2 * margin;  // it would reach over the edge
    add_tick(body, right_, y, wide ? "" : last);
    if (wide) add_text(body, width_ - 8, y + 19, "soft end", last);
    add_text(body, left_ - 12, y + 19, "soft end", unit_);
    return y + 34;
  }

  static void add_tick(std::string& body, double x, double y, const std::string& label) {
    body += "<path d=\"M" + figure(x) + ' ' + figure(y) + "v5\" class=\"axis\"/>\n";
    if (!label.empty()) add_text(body, x, y + 19, "soft middle", label);
  }

  double add_legend(std::string& body, double y) const {
    double x = left_;
    const auto add = [&](const std::string& swatch, double inset, const std::string& label) {
      const std::string shown = fitted(label, 200, 12);
      const double wide = (swatch.empty() ? 0 : 26) + text_width(shown, 12) + 18;
      if (x > left_ && x + wide > right_) {
        x = left_;
        y += 22;
      }
      if (!swatch.empty())
        body += "<rect x=\"" + figure(x) + "\" y=\"" + figure(y + inset) +
                "\" width=\"20\" height=\"" + figure(14 - 2 * inset) + "\" rx=\"3\" class=\"" +
                swatch + "\"/>\n";
      add_text(body, x + (swatch.empty() ? 0 : 26), y + 11, "soft", shown);
      x += wide;
    };
    int entries = 0;
    for (std::size_t who = 0; who < visible_.size(); ++who) {
      if (!visible_[who] || ++entries > most_legend) continue;
      add(classes({static_cast<int>(who), Mark::running, false}, true), 0, cast_.names[who]);
    }
    if (entries > most_legend)
      add("", 0, tr("and ", "另有 ") + std::to_string(entries - most_legend) + tr(" more", " 个"));
    for (std::size_t mark = 0; mark < marks; ++mark) {
      if (!seen_[mark]) continue;
      const Look look{-1, static_cast<Mark>(mark), false};
      add(classes(look, true), inset_of(look.mark) / 4, word_for(look.mark));
    }
    return x > left_ ? y + 20 : y;
  }

  static void add_text(std::string& body, double x, double y, std::string_view classes,
                       const std::string& clean_text) {
    if (clean_text.empty()) return;
    body += "<text x=\"" + figure(x) + "\" y=\"" + figure(y) + "\" class=\"" +
            std::string(classes) + "\">" + escaped(clean_text) + "</text>\n";
  }

  std::span<const Timeline> timelines_;
  double width_;
  Time end_;
  Cast cast_;
  std::vector<bool> visible_;
  std::array<bool, marks> seen_{};
  std::size_t tracks_ = 0;
  double labels_ = 0;  // how wide the tracks' names may be
  double left_ = 0;    // of the axis
  double right_ = 0;
  double scale_ = 1;    // pixels a tick
  double least_ = 0.5;  // of a bar that stands for one piece
  std::string unit_;
};

}  // namespace

std::string timeline_svg(const std::vector<Timeline>& timelines, int width) {
  return Picture(timelines, width).text();
}

}  // namespace simulation
