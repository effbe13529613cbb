// The ladder as books print it: a picture (SVG 1.1) that needs nothing else.
#include <algorithm>
#include <cmath>

#include "drawn_text.hpp"
#include "ladder.hpp"
#include "ladder_svg_style.hpp"
#include "language.hpp"
#include "terminal.hpp"
#include "words.hpp"

namespace tracing {
namespace {

using dialtone::clean;
using dialtone::escaped;
using dialtone::figure;
using dialtone::fitted;
using dialtone::text_width;
using dialtone::tr;
using handshake_trace::Kind;

constexpr std::size_t most_drawn = 200;

// All in pixels.
constexpr double margin = 20;
constexpr double slant = 14;        ///< of an arrow whose delay is not known: time goes down
constexpr double least_fall = 36;   ///< of one that is known to be late
constexpr double lost_part = 0.58;  ///< of the way, that a lost segment is drawn
constexpr double apart = 50;        ///< from a departure to what follows it
constexpr double pause_room = 38;
constexpr double note_line = 17;
constexpr double note_size = 12.5;
constexpr double degree = 3.14159265358979 / 180;
constexpr double least_width_with_notes = 820;

/// A segment's arrow.
struct Flight {
  const LadderRow* row = nullptr;
  bool right = true;
  bool lost = false;
  std::vector<double> crossings;  ///< with others, in parts of its way
  double from = 0;                ///< y
  double to = 0;                  ///< y, where it would arrive
};

class Picture {
 public:
  Picture(const Ladder& ladder, int width)
      : ladder_(ladder), width_(std::clamp(width, 560, 4000)), flights_(ladder.rows.size()) {
    const bool notes = width_ >= least_width_with_notes;
    notes_ = notes ? std::clamp(width_ * 0.29, 220.0, 420.0) : 0;
    double time = text_width(unit_text(ladder), 12);
    std::array<double, 2> state{};
    for (const LadderEvent& event : ladder.events) {
      time = std::max(time, text_width(time_text(ladder, event.since), 12));
      for (std::size_t end = 0; end < 2; ++end)
        state[end] = std::max(state[end], text_width(event.became[end], 12));
    }
    for (std::size_t end = 0; end < 2; ++end)
      state[end] = std::max(state[end], text_width(ladder.before[end], 12)) + 12;
    time_ = margin + time;
    x_[0] = time_ + 14 + state[0];
    right_ = width_ - margin - (notes ? notes_ + 22 : 0);
    x_[1] = right_ - state[1];
  }

  std::string text() {
    double y = add_heads();
    y = place(y);
    find_crossings();
    add_lines(y);
    for (const Flight& flight : flights_)
      if (flight.row != nullptr) add_flight(flight);
    y = add_footer(y);
    const double height = std::ceil(y) + 12;
    return head(height) + behind_ + body_ + "</svg>\n";
  }

 private:
  // --- pieces ----------------------------------------------------------------------------------

  std::string head(double height) const {
    const std::string title = escaped(clean(ladder_.title));
    const std::string size = figure(width_) + "\" height=\"" + figure(height);
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"ladder\" width=\"" + size +
           "\" viewBox=\"0 0 " + figure(width_) + ' ' + figure(height) + "\" xml:lang=\"" +
           tr("en", "zh") + "\" role=\"img\" aria-label=\"" + title + "\">\n<title>" + title +
           "</title>\n" + std::string(ladder_style) + "<rect x=\"0.5\" y=\"0.5\" width=\"" +
           figure(width_ - 1) + "\" height=\"" + figure(height - 1) +
           "\" rx=\"8\" class=\"paper\"/>\n";
  }

  void add_text(double x, double y, std::string_view classes, std::string_view raw) {
    if (raw.empty()) return;
    body_ += "<text x=\"" + figure(x) + "\" y=\"" + figure(y) + "\" class=\"" +
             std::string(classes) + "\">" + escaped(clean(raw)) + "</text>\n";
  }

  /// Two texts beside one another, of which the first is what counts.
  void add_spans(double x, double y, std::string_view classes, const std::string& strong,
                 const std::string& rest, double angle) {
    if (strong.empty() && rest.empty()) return;
    body_ += "<text x=\"" + figure(x) + "\" y=\"" + figure(y) + "\" class=\"" +
             std::string(classes) + "\" transform=\"rotate(" + signed_figure(angle) + ' ' +
             figure(x) + ' ' + figure(y) + ")\">";
    if (!strong.empty()) body_ += "<tspan class=\"strong\">" + escaped(clean(strong)) + "</tspan>";
    if (!rest.empty())
      body_ += (strong.empty() ? "" : "<tspan dx=\"6\">") + escaped(clean(rest)) +
               (strong.empty() ? "" : "</tspan>");
    body_ += "</text>\n";
  }

  static std::string signed_figure(double value) {
    return value < 0 ? '-' + figure(-value) : figure(value);
  }

  static void add_path(std::string& to, std::string_view classes, const std::string& path) {
    to += "<path d=\"" + path + "\" class=\"" + std::string(classes) + "\"/>\n";
  }

  static std::string point(double x, double y) { return figure(x) + ' ' + figure(y); }

  double add_heads() {
    add_text(margin, 32, "title", fitted(clean(ladder_.title), width_ - 2 * margin, 17));
    const double top = 48;
    for (std::size_t end = 0; end < 2; ++end) {
      const double edge = end == 0 ? x_[0] - 8 : width_ - x_[1] - 8;
      const double half = std::min(
          {edge, (x_[1] - x_[0]) / 2 - 6, text_width(ladder_.endpoints[end], 12) / 2 + 14});
      body_ += "<rect x=\"" + figure(x_[end] - half) + "\" y=\"" + figure(top) + "\" width=\"" +
               figure(2 * half) + "\" height=\"42\" rx=\"6\" class=\"head\"/>\n";
      add_text(x_[end], top + 18, "strong middle", ladder_.roles[end]);
      add_text(x_[end], top + 34, "soft middle", fitted(ladder_.endpoints[end], 2 * half - 8, 12));
    }
    return top + 42;
  }

  // --- where everything is ---------------------------------------------------------------------

  /// Goes down the events. Beside the places of arrows, writes all that stands at the height of an
  /// event: times, states and notes.
  double place(double top) {
    double y = top + 22;
    state_at(0, y, ladder_.before[0]);
    state_at(1, y, ladder_.before[1]);
    add_text(time_, y + 4, "small end", unit_text(ladder_));
    top_ = top;
    double next = y + 40;    // where the next event may be at the earliest
    double after_arrow = 0;  // below the arrows so far
    double after_note = y;   // below the notes so far
    for (const LadderEvent& event : ladder_.events) {
      Flight& flight = flights_[event.row];
      y = event.leaves ? std::max(next, after_arrow) : std::max(next, flight.from + least_fall);
      const bool says = event.leaves && notes_ > 0 && !ladder_.rows[event.row].sentence.empty();
      if (says) y = std::max(y, after_note);
      if (event.gap > 0 || event.left_out > 0) y = add_pause(event, y);
      if (event.leaves) {
        flight = begin(event, y);
      }
      if (event.arrives && event.leaves) flight.to = y + slant;
      if (event.arrives && !event.leaves) flight.to = y;
      write_event(event, flight, y);
      if (says) after_note = add_note(ladder_.rows[event.row], y) + 10;
      next = y + (event.leaves ? apart : 34);
      after_arrow = event.leaves && (event.arrives || flight.lost) ? flight.to + apart - slant : 0;
    }
    return std::max({next - 14, after_note - 14, after_arrow - 14});
  }

  Flight begin(const LadderEvent& event, double y) const {
    Flight flight;
    flight.row = &ladder_.rows[event.row];
    flight.right = flight.row->segment->note.from == End::client;
    flight.lost = flight.row->segment->lost;
    flight.from = y;
    flight.to = y + (flight.lost ? least_fall : slant);
    return flight;
  }

  void write_event(const LadderEvent& event, const Flight& flight, double y) {
    const std::size_t mine = flight.right ? 0 : 1;
    add_text(time_, y + 4, event.leaves ? "soft figure end" : "small figure end",
             time_text(ladder_, event.since));
    for (std::size_t end = 0; end < 2; ++end) {
      if (event.became[end].empty()) continue;
      state_at(end, event.leaves && end != mine ? flight.to : y, event.became[end]);
    }
  }

  /// A state's name beside its line, from here on.
  void state_at(std::size_t end, double y, const std::string& name) {
    add_text(end == 0 ? x_[0] - 12 : x_[1] + 12, y + 4, end == 0 ? "state end" : "state", name);
    const std::string established = to_string(handshake_trace::State::established);
    if (established_[end] && name != established) {
      add_open(end, y);
    } else if (name == established) {
      established_[end] = y;
    }
  }

  /// Marks an end's line where it was established, until here.
  void add_open(std::size_t end, double y) {
    std::string path = 'M' + point(x_[end], *established_[end]);
    for (const auto& [from, to] : pauses_)
      if (from > *established_[end] && to < y)
        path += 'V' + figure(from - 4) + 'M' + point(x_[end], to + 4);
    add_path(behind_, "open", path + 'V' + figure(y));
    established_[end].reset();
  }

  double add_pause(const LadderEvent& event, double y) {
    const double from = y - 22;
    pauses_.push_back({from, from + pause_room});
    const std::string words =
        event.left_out > 0 ? std::to_string(event.left_out) + tr(" segments not drawn", " 段未画出")
                           : duration_text(event.gap, true) + tr(" later", " 之后");
    add_text((x_[0] + x_[1]) / 2, from + pause_room / 2 + 4, "small middle halo", words);
    return y + pause_room;
  }

  double add_note(const LadderRow& row, double y) {
    const double x = right_ + 22;
    const auto columns = static_cast<std::size_t>(notes_ / (note_size * 0.56));
    double at = y + 4;
    add_path(
        behind_, "rule",
        'M' + point(x - 10, y - 8) + 'V' +
            figure(y - 8 +
                   note_line * static_cast<double>(dialtone::wrap(row.sentence, columns).size())));
    for (const std::string& line : dialtone::wrap(row.sentence, columns)) {
      add_text(x, at, "note", line);
      at += note_line;
    }
    return at;
  }

  void find_crossings() {
    for (std::size_t i = 0; i < flights_.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        Flight& one = flights_[i];
        Flight& other = flights_[j];
        if (one.row == nullptr || other.row == nullptr || one.right == other.right) continue;
        // Two lines from opposite sides, one going down `fall`, the other `its_fall`.
        const double fall = one.to - one.from;
        const double its_fall = other.to - other.from;
        const double part = (other.to - one.from) / (fall + its_fall);
        const double most = one.lost ? lost_part : 1;
        const double its_most = other.lost ? lost_part : 1;
        if (part <= 0 || part >= most || 1 - part >= its_most || 1 - part <= 0) continue;
        one.crossings.push_back(part);
        other.crossings.push_back(1 - part);
      }
    }
  }

  /// The widest stretch of a flight that nothing crosses.
  static std::pair<double, double> free_stretch(const Flight& flight) {
    std::vector<double> ends = flight.crossings;
    ends.push_back(0);
    ends.push_back(flight.lost ? lost_part : 1);
    std::sort(ends.begin(), ends.end());
    std::pair<double, double> widest = {0, 0};
    for (std::size_t i = 1; i < ends.size(); ++i)
      if (ends[i] - ends[i - 1] > widest.second - widest.first) widest = {ends[i - 1], ends[i]};
    return widest;
  }

  // --- lines and arrows ------------------------------------------------------------------------

  void add_lines(double bottom) {
    for (std::size_t end = 0; end < 2; ++end) {
      if (established_[end]) add_open(end, bottom);
      std::string solid = 'M' + point(x_[end], top_);
      std::string dotted;
      for (const auto& [from, to] : pauses_) {
        solid += 'V' + figure(from) + 'M' + point(x_[end], to);
        dotted += 'M' + point(x_[end], from) + 'V' + figure(to);
      }
      add_path(behind_, "line", solid + 'V' + figure(bottom));
      if (!dotted.empty()) add_path(behind_, "pause", dotted);
    }
  }

  static const char* class_of(const LadderRow& row) {
    if (row.segment->lost) return "rst";
    switch (row.segment->note.kind) {
      case Kind::syn:
      case Kind::syn_ack:
        return "syn";
      case Kind::data:
        return "data";
      case Kind::fin:
        return "fin";
      case Kind::rst:
        return "rst";
      case Kind::retransmission:
      case Kind::out_of_order:
        return "again";
      case Kind::ack:
        return "ack";
    }
    return "ack";
  }

  void add_flight(const Flight& flight) {
    const LadderRow& row = *flight.row;
    const std::string kind = class_of(row);
    const double gone = flight.lost ? lost_part : 1;
    const double x1 = flight.right ? x_[0] : x_[1];
    const double whole = flight.right ? x_[1] - x_[0] : x_[0] - x_[1];
    const double x2 = x1 + whole * gone - (flight.right ? 5 : -5) * gone;
    const double y2 = flight.from + (flight.to - flight.from) * gone;
    body_ += "<g><title>" + escaped(clean(tooltip(row))) + "</title>\n";
    add_path(body_, "arrow " + kind, 'M' + point(x1, flight.from) + 'L' + point(x2, y2));
    const double slope = std::atan2(y2 - flight.from, x2 - x1);
    if (flight.lost)
      add_path(body_, "arrow " + kind,
               'M' + point(x2 - 5, y2 - 5) + "l10 10M" + point(x2 - 5, y2 + 5) + "l10 -10");
    else
      add_tip(kind, x2, y2, slope);
    add_label(flight, kind, x1, whole, slope);
    body_ += "</g>\n";
  }

  void add_tip(const std::string& kind, double x, double y, double slope) {
    const auto corner = [&](double back, double aside) {
      return point(x - back * std::cos(slope) - aside * std::sin(slope),
                   y - back * std::sin(slope) + aside * std::cos(slope));
    };
    add_path(body_, "tip " + kind,
             'M' + point(x, y) + 'L' + corner(10, 4) + 'L' + corner(10, -4) + 'Z');
  }

  /// Along the arrow: what it is above it, and what else it says below where nothing crosses it.
  void add_label(const Flight& flight, const std::string& kind, double x1, double whole,
                 double slope) {
    const LadderRow& row = *flight.row;
    const auto [from, to] = free_stretch(flight);
    const double along = (from + to) / 2;
    const double room = std::abs(whole) * (to - from) * 0.92;
    const double x = x1 + whole * along;
    const double y = flight.from + (flight.to - flight.from) * along;
    double angle = slope / degree;
    if (!flight.right) angle -= angle > 0 ? 180 : -180;
    const bool fits = text_width(row.flags + "  " + row.numbers, 13) <= room;
    const double tilt = angle * degree;
    const auto add_beside = [&](double away, std::string_view classes, const std::string& strong,
                                const std::string& rest) {
      add_spans(x - away * std::sin(tilt), y + away * std::cos(tilt), classes, strong, rest, angle);
    };
    add_beside(-6, "label " + kind, fitted(row.flags, room, 13), fits ? row.numbers : "");
    if (!flight.crossings.empty()) return;
    double left = room;
    const auto join = [&left](std::string& text, const std::string& word) {
      const double wide = text_width(" · " + word, 11);
      if (wide > left) return;
      left -= wide;
      text += (text.empty() ? "" : " · ") + word;
    };
    std::string alerts;
    for (const std::string& alert : row.alerts) join(alerts, alert);
    std::string more;
    if (row.segment->note.kind != Kind::rst) join(more, row.window);
    for (const std::string& option : row.options)
      if (option.compare(0, 3, "ts ") != 0) join(more, option);
    add_beside(14, "small middle halo", alerts,
               alerts.empty() || more.empty() ? more : "· " + more);
  }

  std::string tooltip(const LadderRow& row) const {
    std::string text = time_text(ladder_, row.since) + ' ' + unit_text(ladder_) + tr(": ", "：") +
                       row.flags + ", " + row.absolute + ", " + row.window;
    for (const std::string& option : row.options) text += ", " + option;
    if (row.segment->length > 0) text += ", " + bytes_text(row.segment->length);
    for (const std::string& alert : row.alerts) text += ", " + alert;
    return text;
  }

  double add_footer(double y) {
    y += 26;
    const auto columns = static_cast<std::size_t>((width_ - 2 * margin) / (12 * 0.56));
    if (ladder_.events.empty()) {
      add_text(margin, y, "soft", tr("No segments.", "没有报文段。"));
      y += note_line;
    }
    if (notes_ == 0) y = add_notes_below(y, columns);
    for (const std::string& line : dialtone::wrap(ladder_.summary, columns)) {
      add_text(margin, y, "soft", line);
      y += note_line;
    }
    add_text(margin, y, "soft", ladder_.rest);
    return ladder_.rest.empty() ? y - note_line : y;
  }

  double add_notes_below(double y, std::size_t columns) {
    for (const LadderEvent& event : ladder_.events) {
      const LadderRow& row = ladder_.rows[event.row];
      if (!event.leaves || row.sentence.empty()) continue;
      const std::string when = time_text(ladder_, row.since);
      add_text(time_, y, "soft figure end", when);
      const auto room =
          columns - std::min<std::size_t>(columns, static_cast<std::size_t>(time_ / 6.7));
      for (const std::string& line :
           dialtone::wrap(row.sentence, std::max<std::size_t>(room, 20))) {
        add_text(time_ + 10, y, "note", line);
        y += note_line;
      }
      y += 4;
    }
    return y + 8;
  }

  const Ladder& ladder_;
  double width_;
  std::string behind_;  ///< what lies beneath all others
  std::string body_;
  std::vector<Flight> flights_;  ///< by row
  double notes_ = 0;             ///< how wide the notes are; 0: they stand below all
  double time_ = 0;              ///< the right edge of times
  double right_ = 0;             ///< the right edge of the ladder
  double top_ = 0;               ///< where the ends' lines begin
  std::array<double, 2> x_{};    ///< of the ends' lines, by End
  std::array<std::optional<double>, 2> established_;  ///< since which y, by End
  std::vector<std::pair<double, double>> pauses_;
};

}  // namespace

std::string ladder_svg(const Trace& trace, int width) {
  const Ladder ladder = ladder_of(trace, most_drawn, true);
  return Picture(ladder, width).text();
}

}  // namespace tracing
