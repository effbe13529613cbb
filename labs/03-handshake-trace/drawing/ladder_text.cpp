// The ladder as lines of a terminal.
#include <algorithm>

#include "drawn_text.hpp"
#include "ladder.hpp"
#include "language.hpp"
#include "terminal.hpp"
#include "words.hpp"

namespace tracing {
namespace {

using dialtone::Colour;
using dialtone::coloured;
using dialtone::display_width;
using dialtone::glyph;
using dialtone::pad;
using dialtone::tr;
using handshake_trace::Kind;

constexpr std::size_t most_drawn = 400;
constexpr std::size_t narrowest = 24;      ///< columns, of the whole drawing
constexpr std::size_t least_between = 22;  ///< columns between the lines, with states beside them
constexpr std::size_t most_between = 64;
constexpr std::size_t least_side = 34;  ///< columns of sentences to the right of all

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

std::string flush_right(std::string_view text, std::size_t columns) {
  const std::size_t width = display_width(text);
  return std::string(width < columns ? columns - width : 0, ' ') + std::string(text);
}

std::string centred(std::string_view text, std::size_t columns) {
  const std::size_t width = std::min(display_width(text), columns);
  return pad(std::string((columns - width) / 2, ' ') + std::string(text), columns);
}

std::string cut_to(std::string_view text, std::size_t columns) {
  return dialtone::cut(text, columns, glyph("…", "~"));
}

/// A line of the drawing, before it is known what is beside it.
struct Line {
  std::string time;
  std::array<std::string, 2> states;  ///< by End
  std::string between;
  bool broken = false;  ///< time is left out here: the ends' lines are dotted
};

class Drawing {
 public:
  Drawing(const Ladder& ladder, const TextOptions& options)
      : ladder_(ladder), options_(options), columns_(std::max(options.columns, narrowest)) {
    lay_out();
  }

  std::string text() {
    add_wrapped(ladder_.title, true);
    out_ += '\n';
    if (ladder_.events.empty()) {
      add_wrapped(tr("No segments.", "没有报文段。"), false);
      return std::move(out_);
    }
    add_heads();
    add_start();
    for (std::size_t at = 0; at < ladder_.events.size(); ++at) add_event(at);
    add({}, "");
    out_ += '\n';
    add_wrapped(ladder_.summary, false);
    if (!ladder_.rest.empty()) add_wrapped(ladder_.rest, false);
    return std::move(out_);
  }

 private:
  // --- where things are ----------------------------------------------------------------------

  void lay_out() {
    time_ = display_width(unit_text(ladder_));
    for (const LadderEvent& event : ladder_.events) {
      time_ = std::max(time_, time_text(ladder_, event.since).size());
      for (std::size_t end = 0; end < 2; ++end)
        state_[end] = std::max(state_[end], event.became[end].size());
    }
    for (std::size_t end = 0; end < 2; ++end)
      state_[end] = std::max(state_[end], ladder_.before[end].size());
    const std::size_t beside = time_ + 1 + state_[0] + 1 + 2 + 1 + state_[1];
    beside_ = beside + least_between <= columns_;
    if (!beside_) {
      state_ = {0, 0};
      if (time_ + 3 + least_between > columns_) time_ = 0;
    }
    const std::size_t fixed = left_of_lines() + 2 + (beside_ ? 1 + state_[1] : 0);
    between_ = std::min(columns_ - fixed, most_between);
    // A column of its own for the sentences takes nothing from what the arrows need.
    on_arrow_ = true;
    const std::size_t wanted = std::max<std::size_t>(columns_of_arrows(), 44);
    if (options_.explain && fixed + wanted + 2 + least_side <= columns_) {
      between_ = std::min(std::max(wanted, (columns_ - fixed) / 2 - 2), most_between);
      side_ = columns_ - fixed - between_ - 2;
    }
    on_arrow_ = columns_of_arrows() <= between_;
  }

  /// How many columns the arrows with their labels take.
  std::size_t columns_of_arrows() const {
    std::size_t widest = 0;
    for (const LadderEvent& event : ladder_.events) {
      if (!event.leaves) continue;
      const std::size_t wide = display_width(label(ladder_.rows[event.row])) + 6;
      widest = std::max(widest, event.arrives ? wide + 2 : wide * 5 / 3 + 2);
    }
    return widest;
  }

  std::size_t left_of_lines() const {
    return (time_ > 0 ? time_ + 1 : 0) + (beside_ ? state_[0] + 1 : 0);
  }

  // --- lines -----------------------------------------------------------------------------------

  void add(const Line& line, const std::string& side) {
    std::string text;
    if (time_ > 0)
      text += flush_right(line.time.empty() ? "" : coloured(Colour::dim, line.time), time_) + ' ';
    if (beside_)
      text += flush_right(line.states[0].empty() ? "" : coloured(Colour::cyan, line.states[0]),
                          state_[0]) +
              ' ';
    const std::string_view end = line.broken ? glyph("┆", ":") : glyph("│", "|");
    text += std::string(end) + pad(line.between, between_) + std::string(end);
    if (beside_) {
      const std::string state =
          line.states[1].empty() ? "" : coloured(Colour::cyan, line.states[1]);
      text += ' ' + (side.empty() ? state : pad(state, state_[1]));
    }
    if (!side.empty()) text += "  " + side;
    while (!text.empty() && text.back() == ' ') text.pop_back();
    out_ += text + '\n';
  }

  void add_wrapped(const std::string& text, bool bold) {
    for (const std::string& line : dialtone::wrap(text, columns_)) {
      const std::string shown = cut_to(line, columns_);
      out_ += (bold ? coloured(Colour::bold, shown) : shown) + '\n';
    }
  }

  /// The names above the lines, each about its line as far as there is room.
  void add_heads() {
    add_head(ladder_.roles);
    add_head(ladder_.endpoints);
  }

  void add_start() {
    std::vector<Line> lines(1);
    if (beside_)
      lines[0].states = ladder_.before;
    else
      lines = states_inside(ladder_.before);
    lines[0].time = unit_text(ladder_);
    for (const Line& line : lines) add(line, "");
  }

  void add_head(const std::array<std::string, 2>& names) {
    const std::size_t left = left_of_lines();
    const std::size_t right = left + between_ + 1;
    const std::size_t edge = right + 1 + (beside_ ? state_[1] + 1 : 0);
    const std::size_t first = display_width(names[0]);
    const std::size_t second = display_width(names[1]);
    const std::size_t from = left - std::min(left, first / 2);
    const std::size_t to =
        std::min(right - std::min(right, second / 2), edge - std::min(edge, second));
    if (from + first + 2 > to) return;  // the title has them
    out_ += std::string(from, ' ') + coloured(Colour::bold, names[0]) +
            std::string(to - from - first, ' ') + coloured(Colour::bold, names[1]) + '\n';
  }

  /// Lines of the states, for terminals that have no room beside the ends' lines.
  std::vector<Line> states_inside(const std::array<std::string, 2>& states) const {
    const bool one_line = states[0].size() + 1 + states[1].size() <= between_;
    std::vector<std::string> lines;
    if (!states[0].empty() && !one_line) lines.push_back(coloured(Colour::cyan, states[0]));
    const std::string left =
        one_line && !states[0].empty() ? coloured(Colour::cyan, states[0]) : "";
    if (!states[1].empty())
      lines.push_back(
          left + flush_right(coloured(Colour::cyan, states[1]), between_ - display_width(left)));
    else if (one_line && !left.empty())
      lines.push_back(left);
    std::vector<Line> drawn;
    for (const std::string& line : lines) drawn.push_back({"", {}, line, false});
    return drawn;
  }

  // --- a segment -------------------------------------------------------------------------------

  std::string label(const LadderRow& row) const {
    return on_arrow_ ? row.flags + "  " + row.numbers : row.flags;
  }

  static Colour colour_of(const LadderRow& row) {
    if (row.segment->lost || row.segment->note.kind == Kind::rst) return Colour::red;
    switch (row.segment->note.kind) {
      case Kind::syn:
      case Kind::syn_ack:
        return Colour::green;
      case Kind::retransmission:
      case Kind::out_of_order:
        return Colour::yellow;
      case Kind::data:
        return Colour::bold;
      case Kind::fin:
        return Colour::blue;
      default:
        return Colour::dim;
    }
  }

  /// A line of dashes with a text in its middle.
  static std::string dashes(const std::string& text, std::size_t columns) {
    if (text.empty() || columns < 6) return repeated(glyph("─", "-"), columns);
    const std::string shown = ' ' + cut_to(text, columns - 2) + ' ';
    const std::size_t rest = columns - display_width(shown);
    return repeated(glyph("─", "-"), rest / 2) + shown + repeated(glyph("─", "-"), rest - rest / 2);
  }

  /// How far a segment is drawn that does not arrive, or on a later line.
  std::size_t way() const { return between_ < 34 ? between_ / 2 : between_ * 3 / 5; }

  std::string arrow(const LadderRow& row, const LadderEvent& event,
                    const std::string& shown) const {
    const bool right = row.segment->note.from == End::client;
    const std::string head(right ? glyph("►", ">") : glyph("◄", "<"));
    std::string before;  // in the direction of the arrow
    std::string line;
    std::string end = head;
    std::string after;
    if (event.leaves && event.arrives) {
      line = dashes(shown, between_ - 1);
    } else if (event.leaves) {
      line = dashes(shown, way());
      end = row.segment->lost ? glyph("✗", "x") : right ? glyph("╮", ".") : glyph("╭", ".");
      after = std::string(between_ - way() - 1, ' ');
    } else {
      before = std::string(way(), ' ') + std::string(right ? glyph("╰", "'") : glyph("╯", "'"));
      if (!right) before = std::string(glyph("╯", "'")) + std::string(way(), ' ');
      line = dashes(shown, between_ - way() - 2);
    }
    return coloured(colour_of(row),
                    right ? before + line + end + after : after + end + line + before);
  }

  /// What stands below an arrow: words that stay together, as many to a line as there is room for.
  std::vector<std::string> details(const LadderRow& row) const {
    std::vector<std::pair<std::string, bool>> words;
    for (const std::string& alert : row.alerts) words.emplace_back(alert, true);
    if (!on_arrow_) words.emplace_back(row.numbers, false);
    if (options_.absolute) words.emplace_back(row.absolute, false);
    if (row.segment->note.kind != Kind::rst) words.emplace_back(row.window, false);
    for (const std::string& option : row.options) words.emplace_back(option, false);
    std::vector<std::string> lines;
    std::size_t used = 0;
    for (const auto& [word, alert] : words) {
      // What is too wide for a line is broken where it has spaces.
      for (const std::string& part : dialtone::wrap(word, between_ - 2)) {
        const std::string shown = cut_to(part, between_ - 2);
        const std::size_t width = display_width(shown);
        const bool fits = !lines.empty() && used + 2 + width <= between_ - 2;
        if (!fits) lines.emplace_back();
        lines.back() += (fits ? "  " : "") + coloured(alert ? Colour::yellow : Colour::dim, shown);
        used = fits ? used + 2 + width : width;
      }
    }
    return lines;
  }

  /// An event, or two: a segment that arrives before anything else happens has its words below
  /// both.
  void add_event(std::size_t at) {
    const LadderEvent& event = ladder_.events[at];
    const LadderRow& row = ladder_.rows[event.row];
    const bool arrives_next = event.leaves && !event.arrives && at + 1 < ladder_.events.size() &&
                              ladder_.events[at + 1].row == event.row;
    const bool arrived_next = !event.leaves && at > 0 && ladder_.events[at - 1].row == event.row;
    if (!arrived_next) separate(event);

    std::vector<Line> lines;
    const std::string shown = arrived_next ? "" : event.leaves ? label(row) : row.flags;
    lines.push_back(
        {time_text(ladder_, event.since), event.became, arrow(row, event, shown), false});
    if (!beside_) {
      lines.back().states = {};
      for (Line& line : states_inside(event.became)) lines.push_back(std::move(line));
    }
    std::vector<std::string> side;
    if ((event.leaves && !arrives_next) || arrived_next) add_words(row, lines, side);
    for (std::size_t i = 0; i < std::max(lines.size(), side.size()); ++i)
      add(i < lines.size() ? lines[i] : Line{}, i < side.size() ? cut_to(side[i], side_) : "");
  }

  void add_words(const LadderRow& row, std::vector<Line>& lines,
                 std::vector<std::string>& side) const {
    for (const std::string& words : details(row))
      lines.push_back({"", {}, centred(words, between_), false});
    if (!options_.explain || row.sentence.empty()) return;
    if (side_ > 0) {
      side = dialtone::wrap(row.sentence, side_);
      return;
    }
    for (const std::string& words : dialtone::wrap(row.sentence, between_ - 3))
      lines.push_back({"", {}, "  " + cut_to(words, between_ - 2), false});
  }

  void separate(const LadderEvent& event) {
    if (event.left_out > 0) {
      const std::string words =
          std::to_string(event.left_out) + tr(" segments not drawn", " 段未画出");
      add({"", {}, centred(cut_to(words, between_), between_), true}, "");
    } else if (event.gap > 0) {
      const std::string words =
          duration_text(event.gap, dialtone::locale_is_utf8()) + tr(" later", " 之后");
      add({"", {}, coloured(Colour::dim, centred(cut_to(words, between_), between_)), true}, "");
    } else {
      add({}, "");
    }
  }

  const Ladder& ladder_;
  TextOptions options_;
  std::size_t columns_;
  std::string out_;
  std::size_t time_ = 0;                ///< columns
  std::array<std::size_t, 2> state_{};  ///< columns, by End
  std::size_t between_ = 0;             ///< columns between the two lines
  std::size_t side_ = 0;                ///< columns; 0: sentences stand below their arrows
  bool beside_ = true;                  ///< the states stand beside the lines
  bool on_arrow_ = true;                ///< the numbers stand on the arrows
};

}  // namespace

std::string ladder_text(const Trace& trace, const TextOptions& options) {
  const Ladder ladder = ladder_of(trace, most_drawn, dialtone::locale_is_utf8());
  return Drawing(ladder, options).text();
}

}  // namespace tracing
