// The ladder as books print it: a picture (SVG 1.1) that needs nothing else.
#include <algorithm>
#include <cmath>

#include "drawn_text.hpp"
#include "ladder.hpp"
#include "ladder_svg_parts.hpp"
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
using picture::Flight;
using picture::least_fall;
using picture::point;
using picture::slant;

constexpr std::size_t most_drawn = 200;

// All in pixels.
constexpr double margin = 20;
constexpr double apart = 50;  ///< from a departure to what follows it
constexpr double pause_room = 38;
constexpr double note_line = 17;
constexpr double note_size = 12.5;
constexpr double least_width_with_notes = 820;

class Picture {
 public:
  Picture(const Ladder& ladder, int width)
      : ladder_(ladder), width_(std::clamp(width, 560, 4000)), flight_of_(ladder.rows.size()) {
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
    find_crossings(flights_);
    add_lines(y);
    for (const Flight& flight : flights_) body_ += picture::arrow(flight, x_, tooltip(*flight.row));
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
           "</title>\n" + std::string(picture::style) + "<rect x=\"0.5\" y=\"0.5\" width=\"" +
           figure(width_ - 1) + "\" height=\"" + figure(height - 1) +
           "\" rx=\"8\" class=\"paper\"/>\n";
  }

  void add_text(double x, double y, std::string_view classes, std::string_view raw) {
    body_ += picture::text_at(x, y, classes, raw);
  }

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
      const LadderRow& row = ladder_.rows[event.row];
      y = std::max(next,
                   event.leaves ? after_arrow : flights_[flight_of_[event.row]].from + least_fall);
      const bool says = event.leaves && notes_ > 0 && !row.sentence.empty();
      if (says) y = std::max(y, after_note);
      if (event.gap > 0 || event.left_out > 0) y = add_pause(event, y);
      if (event.leaves) begin(event, y);
      Flight& flight = flights_[flight_of_[event.row]];
      if (!event.leaves) flight.to = y;
      write_event(event, flight, y);
      if (says) after_note = add_note(row, y) + 10;
      next = y + room_below(event);
      const bool done = event.leaves && (event.arrives || row.segment->lost);
      after_arrow = done ? flight.to + apart - slant : 0;
    }
    return std::max({next - 14, after_note - 14, after_arrow - 14});
  }

  /// From an event to the next one. Of several that are on their way together, each is close to
  /// the one before.
  double room_below(const LadderEvent& event) const {
    if (!event.leaves) return 34;
    const auto after = static_cast<std::size_t>(&event - ladder_.events.data()) + 1;
    if (event.arrives || after == ladder_.events.size()) return apart;
    const LadderEvent& next = ladder_.events[after];
    const auto from = [this](const LadderEvent& one) {
      return ladder_.rows[one.row].segment->note.from;
    };
    return next.leaves && !next.arrives && from(next) == from(event) ? 36 : apart;
  }

  void begin(const LadderEvent& event, double y) {
    Flight& flight = flights_.emplace_back();
    flight.row = &ladder_.rows[event.row];
    flight.right = flight.row->segment->note.from == End::client;
    flight.from = y;
    flight.to = y + (flight.row->segment->lost ? least_fall : slant);
    flight_of_[event.row] = flights_.size() - 1;
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
    behind_ += picture::path("open", path + 'V' + figure(y));
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
    behind_ += picture::path(
        "rule",
        'M' + point(x - 10, y - 8) + 'V' +
            figure(y - 8 +
                   note_line * static_cast<double>(dialtone::wrap(row.sentence, columns).size())));
    for (const std::string& line : dialtone::wrap(row.sentence, columns)) {
      add_text(x, at, "note", fitted(clean(line), notes_ + 12, note_size));
      at += note_line;
    }
    return at;
  }

  // --- lines ------------------------------------------------------------------------

  void add_lines(double bottom) {
    for (std::size_t end = 0; end < 2; ++end) {
      if (established_[end]) add_open(end, bottom);
      std::string solid = 'M' + point(x_[end], top_);
      std::string dotted;
      for (const auto& [from, to] : pauses_) {
        solid += 'V' + figure(from) + 'M' + point(x_[end], to);
        dotted += 'M' + point(x_[end], from) + 'V' + figure(to);
      }
      behind_ += picture::path("line", solid + 'V' + figure(bottom));
      if (!dotted.empty()) behind_ += picture::path("pause", dotted);
    }
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
        add_text(time_ + 10, y, "note", fitted(clean(line), width_ - margin - time_, note_size));
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
  std::vector<Flight> flights_;         ///< of the segments that are drawn
  std::vector<std::size_t> flight_of_;  ///< by row
  double notes_ = 0;                    ///< how wide the notes are; 0: they stand below all
  double time_ = 0;                     ///< the right edge of times
  double right_ = 0;                    ///< the right edge of the ladder
  double top_ = 0;                      ///< where the ends' lines begin
  std::array<double, 2> x_{};           ///< of the ends' lines, by End
  std::array<std::optional<double>, 2> established_;  ///< since which y, by End
  std::vector<std::pair<double, double>> pauses_;
};

}  // namespace

std::string ladder_svg(const Trace& trace, int width) {
  const Ladder ladder = ladder_of(trace, most_drawn, true);
  return Picture(ladder, width).text();
}

}  // namespace tracing
