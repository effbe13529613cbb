// The ladder as lines of a terminal.
#include <algorithm>

#include "decimals.hpp"
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
      : ladder_(ladder),
        options_(options),
        columns_(std::max(options.columns, narrowest)),
        in_seconds_(!ladder.events.empty() && ladder.events.back().since >= 10'000'000'000) {
    lay_out();
  }

  std::string text() {
    add_wrapped(coloured(Colour::bold, ""), ladder_.title, true);
    out_ += '\n';
    if (ladder_.events.empty()) {
      add_wrapped("", tr("No segments.", "没有报文段。"), false);
      return std::move(out_);
    }
    add_heads();
    Line start{in_seconds_ ? tr("s", "秒") : tr("ms", "毫秒"), ladder_.before, "", false};
    if (!beside_) start = {start.time, {}, states_inside(ladder_.before), false};
    add(start, "");
    for (const LadderEvent& event : ladder_.events) add_event(event);
    add({}, "");
    out_ += '\n';
    add_wrapped("", ladder_.summary, false);
    if (!ladder_.rest.empty()) add_wrapped("", ladder_.rest, false);
    return std::move(out_);
  }

 private:
  // --- where things are ----------------------------------------------------------------------

  void lay_out() {
    time_ = display_width(in_seconds_ ? tr("s", "秒") : tr("ms", "毫秒"));
    for (const LadderEvent& event : ladder_.events) {
      time_ = std::max(time_, time_text(event.since).size());
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
    on_arrow_ = true;
    std::size_t longest = 0;
    for (const LadderEvent& event : ladder_.events)
      longest = std::max(longest, display_width(label(ladder_.rows[event.row])));
    // A column of its own for the sentences takes nothing from the arrows that they need.
    const std::size_t wanted = std::max<std::size_t>(longest + 10, 44);
    if (options_.explain && fixed + wanted + 2 + least_side <= columns_) {
      between_ = std::min(std::max(wanted, (columns_ - fixed) / 2 - 2), most_between);
      side_ = columns_ - fixed - between_ - 2;
    }
    on_arrow_ = longest + 8 <= between_;
  }

  std::size_t left_of_lines() const {
    return (time_ > 0 ? time_ + 1 : 0) + (beside_ ? state_[0] + 1 : 0);
  }

  std::string time_text(Nanoseconds since) const {
    return in_seconds_ ? dialtone::with_decimals(static_cast<double>(since) / 1e9, 6)
                       : dialtone::with_decimals(static_cast<double>(since) / 1e6, 3);
  }

  // --- lines -----------------------------------------------------------------------------------

  void add(const Line& line, const std::string& side) {
    std::string text;
    if (time_ > 0) text += coloured(Colour::dim, flush_right(line.time, time_)) + ' ';
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

  void add_wrapped(const std::string&, const std::string& text, bool bold) {
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

  /// For terminals that have no room beside the lines.
  std::string states_inside(const std::array<std::string, 2>& states) const {
    const std::string left = cut_to(states[0], between_ / 2);
    const std::string right = cut_to(states[1], between_ - display_width(left));
    return (left.empty() ? "" : coloured(Colour::cyan, left)) +
           flush_right(right.empty() ? "" : coloured(Colour::cyan, right),
                       between_ - display_width(left));
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
    const std::string shown = ' ' + cut_to(text, columns - 4) + ' ';
    const std::size_t rest = columns - display_width(shown);
    return repeated(glyph("─", "-"), rest / 2) + shown + repeated(glyph("─", "-"), rest - rest / 2);
  }

  std::string arrow(const LadderRow& row, const LadderEvent& event) const {
    const bool right = row.segment->note.from == End::client;
    const std::string shown = label(row);
    std::string drawn;
    if (event.leaves && event.arrives) {
      drawn = right ? dashes(shown, between_ - 1) + std::string(glyph("►", ">"))
                    : std::string(glyph("◄", "<")) + dashes(shown, between_ - 1);
    } else if (event.leaves) {  // as far as it comes, or until the line of its arrival
      const std::size_t columns =
          std::min(std::max(between_ * 3 / 5, display_width(shown) + 6), between_ - 3);
      const std::string rest(between_ - columns - 1, ' ');
      const bool lost = row.segment->lost;
      drawn = right ? dashes(shown, columns) +
                          std::string(lost ? glyph("✗", "x") : glyph("╮", ".")) + rest
                    : rest + std::string(lost ? glyph("✗", "x") : glyph("╭", ".")) +
                          dashes(shown, columns);
    } else {
      const std::size_t gone =
          std::min(std::max(between_ * 3 / 5, display_width(shown) + 6), between_ - 3);
      const std::size_t columns = between_ - gone - 2;
      const std::string what = adjacent_ ? "" : row.flags;
      drawn = right ? std::string(gone, ' ') + std::string(glyph("╰", "'")) +
                          dashes(what, columns) + std::string(glyph("►", ">"))
                    : std::string(glyph("◄", "<")) + dashes(what, columns) +
                          std::string(glyph("╯", "'")) + std::string(gone, ' ');
    }
    return coloured(colour_of(row), drawn);
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
      const std::string shown = cut_to(word, between_ - 2);
      const std::size_t width = display_width(shown);
      const bool fits = !lines.empty() && used + 2 + width <= between_ - 2;
      if (!fits) lines.emplace_back();
      lines.back() += (fits ? "  " : "") + coloured(alert ? Colour::yellow : Colour::dim, shown);
      used = fits ? used + 2 + width : width;
    }
    return lines;
  }

  void add_event(const LadderEvent& event) {
    const LadderRow& row = ladder_.rows[event.row];
    adjacent_ = !event.leaves && last_row_ == event.row;
    last_row_ = event.row;
    const bool says = options_.explain && event.leaves && !row.sentence.empty();
    if (!adjacent_ && (event.leaves || spaced_)) separate(event);
    spaced_ = says || !event.leaves;

    std::vector<Line> lines;
    lines.push_back({time_text(event.since), event.became, arrow(row, event), false});
    if (!beside_) {
      lines.back().states = {};
      if (!event.became[0].empty() || !event.became[1].empty())
        lines.push_back({"", {}, states_inside(event.became), false});
    }
    if (late_details(event)) {
      for (const std::string& words : details(row))
        lines.push_back({"", {}, centred(words, between_), false});
    }
    std::vector<std::string> side;
    if (says && side_ > 0) side = dialtone::wrap(row.sentence, side_);
    if (says && side_ == 0)
      for (const std::string& words : dialtone::wrap(row.sentence, between_ - 4))
        lines.push_back({"", {}, "  " + cut_to(words, between_ - 3), false});
    for (std::size_t i = 0; i < std::max(lines.size(), side.size()); ++i)
      add(i < lines.size() ? lines[i] : Line{}, i < side.size() ? cut_to(side[i], side_) : "");
  }

  /// Details stand below the line of departure, or below that of arrival where it is the next one.
  bool late_details(const LadderEvent& event) const { return event.leaves; }

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
  bool in_seconds_;
  std::string out_;
  std::size_t time_ = 0;                ///< columns
  std::array<std::size_t, 2> state_{};  ///< columns, by End
  std::size_t between_ = 0;             ///< columns between the two lines
  std::size_t side_ = 0;                ///< columns; 0: sentences stand below their arrows
  bool beside_ = true;                  ///< the states stand beside the lines
  bool on_arrow_ = true;                ///< the numbers stand on the arrows
  bool adjacent_ = false;               ///< the arrival follows its own departure
  bool spaced_ = false;
  std::size_t last_row_ = static_cast<std::size_t>(-1);
};

}  // namespace

std::string ladder_text(const Trace& trace, const TextOptions& options) {
  const Ladder ladder = ladder_of(trace, most_drawn, dialtone::locale_is_utf8());
  return Drawing(ladder, options).text();
}

}  // namespace tracing
