// A timeline as lines of a terminal.
#include <array>
#include <optional>
#include <unordered_set>

#include "language.hpp"
#include "simulation/timeline_parts.hpp"
#include "terminal.hpp"

namespace simulation {
namespace {

using namespace drawing;
using dialtone::display_width;
using dialtone::pad;
using dialtone::tr;

/// What lines are drawn with, each one column wide. The marks are in the order of Mark; that of
/// `running` stands for nobody in particular.
struct Glyphs {
  std::array<std::string_view, marks> mark;
  std::string_view others, side, corner, line, tick, end, ellipsis;
};
constexpr Glyphs unicode_glyphs = {{"█", "·", "▒", "╳", "▓"}, "#", "│", "└", "─", "┬", "┘", "…"};
constexpr Glyphs ascii_glyphs = {{"=", ".", "~", "/", "%"}, "#", "|", "+", "-", "+", "+", "~"};

/// How time becomes cells: a tick is `cells_per_tick` cells wide, or a cell is `ticks_per_cell`
/// ticks long; one of the two is 1.
struct Scale {
  Time cells_per_tick = 1;
  Time ticks_per_cell = 1;
  std::size_t cells = 0;

  std::size_t cell_of(Time time) const {
    return static_cast<std::size_t>(time * cells_per_tick / ticks_per_cell);
  }
};

Scale scale_for(Time end, std::size_t room) {
  constexpr Time widest_tick = 12;  // more only makes a short timeline long
  const auto cells = static_cast<Time>(room);
  Scale scale;
  if (end <= cells)
    scale.cells_per_tick = std::min(cells / end, widest_tick);
  else
    scale.ticks_per_cell = end / cells + (end % cells != 0 ? 1 : 0);
  scale.cells = end <= cells ? static_cast<std::size_t>(end * scale.cells_per_tick)
                             : scale.cell_of(end - 1) + 1;
  return scale;
}

/// Finds out who had most of each cell: the first of equals, and nobody where most of it was idle.
class Sampler {
 public:
  Sampler(const Scale& scale, Time end)
      : scale_(scale), end_(end * scale.cells_per_tick), cells_(scale.cells) {}

  void add(const Look& look, Time start, Time end) {
    Time from = start * scale_.cells_per_tick;
    const Time to = end * scale_.cells_per_tick;
    while (from < to) {
      const auto cell = static_cast<std::size_t>(from / scale_.ticks_per_cell);
      if (cell != current_) settle(cell);
      const Time until = std::min(to, (from / scale_.ticks_per_cell + 1) * scale_.ticks_per_cell);
      tally_.add(look, until - from);
      from = until;
    }
  }

  std::vector<Look> finish() {
    settle(cells_.size());
    return std::move(cells_);
  }

 private:
  void settle(std::size_t next) {
    const Time start = static_cast<Time>(current_) * scale_.ticks_per_cell;
    const Time length = std::min(scale_.ticks_per_cell, end_ - start);
    const Time idle = length - tally_.total();
    if (tally_.total() > 0 && tally_.total() >= idle) cells_[current_] = tally_.most();
    tally_.clear();
    current_ = next;
  }

  Scale scale_;
  Time end_;
  std::vector<Look> cells_;
  Tally tally_;
  std::size_t current_ = 0;
};

/// Gives each name a sign of one column: the name itself where it is no wider; else its number
/// ("job 11" is B) or its first letter; else a letter that is free. With more names than signs only
/// those that are in the picture get one, as far as the signs go.
class Keys {
 public:
  Keys(const std::vector<std::string>& names, const std::vector<bool>& visible, bool unicode)
      : keys_(names.size()) {
    std::vector<std::size_t> wanted;
    for (std::size_t i = 0; i < names.size(); ++i)
      if (names.size() <= alphabet.size() || visible[i]) wanted.push_back(i);
    const auto each = [&](auto choose) {
      for (const std::size_t i : wanted)
        if (keys_[i].empty()) choose(i);
    };
    each([&](std::size_t i) {
      if (display_width(names[i]) == 1 && names[i].size() < 16 && is_letter(names[i], unicode))
        take(i, names[i]);
    });
    each([&](std::size_t i) {
      const std::string number = number_key(names[i]);
      if (!number.empty()) take(i, number);
    });
    each([&](std::size_t i) {
      for (const char first : letters_of(names[i]))
        if (keys_[i].empty()) take(i, std::string(1, first));
    });
    std::size_t next = 10;  // letters look less like times than digits do
    each([&](std::size_t i) {
      for (; keys_[i].empty() && next < alphabet.size() + 10; ++next)
        take(i, std::string(1, alphabet[next % alphabet.size()]));
    });
  }

  /// Empty where the signs did not suffice.
  const std::string& operator[](std::size_t who) const { return keys_[who]; }

 private:
  static constexpr std::string_view alphabet =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

  static bool is_letter(const std::string& name, bool unicode) {
    const bool ascii = static_cast<unsigned char>(name.front()) < 0x80;
    if (ascii) return alphabet.find(name.front()) != std::string_view::npos && name.size() == 1;
    const auto& taken = unicode_glyphs.mark;
    return unicode && std::find(taken.begin(), taken.end(), name) == taken.end();
  }

  /// The sign of the number that a name ends with, where it is small enough.
  static std::string number_key(const std::string& name) {
    std::size_t at = name.size();
    while (at > 0 && name[at - 1] >= '0' && name[at - 1] <= '9') --at;
    if (at == name.size() || name.size() - at > 2) return {};
    std::size_t number = 0;
    for (; at < name.size(); ++at) number = number * 10 + static_cast<std::size_t>(name[at] - '0');
    return number < alphabet.size() ? std::string(1, alphabet[number]) : std::string();
  }

  /// The first letter of a name, as it is and in the other case.
  static std::string letters_of(const std::string& name) {
    const char first = name.empty() ? ' ' : name.front();
    const bool small = first >= 'a' && first <= 'z';
    if (!small && (first < 'A' || first > 'Z')) return {};
    return {first, static_cast<char>(small ? first - 'a' + 'A' : first - 'A' + 'a')};
  }

  void take(std::size_t who, const std::string& key) {
    if (taken_.insert(key).second) keys_[who] = key;
  }

  std::vector<std::string> keys_;
  std::unordered_set<std::string> taken_;
};

std::string repeated(std::string_view glyph, std::size_t count) {
  std::string text;
  text.reserve(glyph.size() * count);
  while (count-- > 0) text += glyph;
  return text;
}

/// A track of the drawing, or a title between tracks.
struct Row {
  std::string label;
  std::vector<Look> cells;
  bool title = false;
};

class Drawing {
 public:
  Drawing(std::span<const Timeline> timelines, const TextStyle& style)
      : colour_(style.colour),
        glyphs_(style.unicode ? unicode_glyphs : ascii_glyphs),
        columns_(std::max<std::size_t>(style.columns, 40)),
        end_(common_end(timelines)),
        cast_(cast_of(timelines)) {
    for (const Timeline& timeline : timelines)
      for (const Track& track : timeline.tracks)
        margin_ = std::max(margin_, display_width(clean(track.name)));
    margin_ = std::min(margin_, columns_ / 3);
    scale_ = scale_for(end_, columns_ - margin_ - 3);
    if (!timelines.empty()) unit_ = cut(clean(timelines.front().unit), 12, glyphs_.ellipsis);
    sample(timelines);
    keys_.emplace(cast_.names, visible_, style.unicode);
  }

  std::string text() const {
    std::string lines;
    for (const Row& row : rows_) {
      if (row.title)
        add_title(lines, row.label);
      else
        add_row(lines, row);
    }
    add_axis(lines);
    add_legend(lines);
    return lines;
  }

 private:
  void sample(std::span<const Timeline> timelines) {
    visible_.resize(cast_.names.size());
    for (std::size_t i = 0; i < timelines.size(); ++i) {
      if (!timelines[i].title.empty()) rows_.push_back({clean(timelines[i].title), {}, true});
      for (const Track& track : timelines[i].tracks) {
        Sampler sampler(scale_, end_);
        each_piece(track, end_, [&](const Piece& piece) {
          sampler.add({cast_.find(i, piece.who), piece.mark, false}, piece.start, piece.end);
        });
        rows_.push_back({clean(track.name), sampler.finish()});
        for (const Look& look : rows_.back().cells) {
          if (look.idle) continue;
          if (look.who >= 0) visible_[static_cast<std::size_t>(look.who)] = true;
          if (look.who < 0 || look.mark != Mark::running)
            seen_[static_cast<std::size_t>(look.mark)] = true;
        }
      }
    }
  }

  void add_title(std::string& lines, const std::string& title) const {
    for (const std::string& line : dialtone::wrap(title, columns_)) {
      const std::string fitting = cut(line, columns_, glyphs_.ellipsis);
      lines += (colour_ ? "\x1b[1m" + fitting + "\x1b[0m" : fitting) + '\n';
    }
  }

  void add_row(std::string& lines, const Row& row) const {
    lines += pad(cut(row.label, margin_, glyphs_.ellipsis), margin_) + ' ';
    lines += glyphs_.side;
    for (std::size_t at = 0; at < row.cells.size();) {
      std::size_t next = at + 1;
      while (next < row.cells.size() && row.cells[next] == row.cells[at]) ++next;
      add_run(lines, row.cells[at], next - at);
      at = next;
    }
    lines += glyphs_.side;
    lines += '\n';
  }

  /// Cells that look the same: filled with their sign, with the name where there is room for it.
  void add_run(std::string& lines, const Look& look, std::size_t cells) const {
    if (look.idle) {
      lines.append(cells, ' ');
      return;
    }
    const std::string_view sign = sign_of(look);
    std::string run = repeated(sign, cells);
    if (look.who >= 0 && (look.mark == Mark::running || look.mark == Mark::setup)) {
      const std::string& name = cast_.names[static_cast<std::size_t>(look.who)];
      const std::size_t width = display_width(name);
      if (width > 0 && width + 4 <= cells && name != sign) {
        const std::size_t before = (cells - width - 2) / 2;
        run =
            repeated(sign, before) + ' ' + name + ' ' + repeated(sign, cells - width - 2 - before);
      }
    }
    lines += in_colour(look, run);
  }

  std::string_view sign_of(const Look& look) const {
    if (look.mark != Mark::running || look.who < 0)
      return glyphs_.mark[static_cast<std::size_t>(look.mark)];
    const std::string& key = (*keys_)[static_cast<std::size_t>(look.who)];
    return key.empty() ? glyphs_.others : std::string_view(key);
  }

  /// A block of colour for who runs, letters of it for who does not.
  std::string in_colour(const Look& look, const std::string& text) const {
    if (!colour_ || look.who < 0) return text;
    constexpr std::array<const char*, 12> colours = {"36", "33", "32", "35", "34", "31",
                                                     "96", "93", "92", "95", "94", "91"};
    const std::string code = colours[static_cast<std::size_t>(look.who) % colours.size()];
    return (look.mark == Mark::running ? "\x1b[7;" : "\x1b[") + code + "m" + text + "\x1b[0m";
  }

  void add_axis(std::string& lines) const {
    const std::string last = std::to_string(end_);
    // Figures stand two columns apart, and ticks are no closer than that.
    const auto apart = static_cast<Time>(last.size() + 2);
    const Time step = round_step((apart * scale_.ticks_per_cell + scale_.cells_per_tick - 1) /
                                 scale_.cells_per_tick);
    std::vector<std::string_view> line(scale_.cells, glyphs_.line);
    std::string figures;
    const std::size_t last_at = scale_.cells + 1 - std::min(scale_.cells + 1, last.size());
    for (Time time = 0; time < end_; time += step) {
      const std::size_t at = scale_.cell_of(time);
      const std::string figure = std::to_string(time);
      line[at] = glyphs_.tick;
      if (at + figure.size() + 2 <= last_at)
        figures += std::string(at - figures.size(), ' ') + figure;
    }
    figures += std::string(last_at - figures.size(), ' ') + last;
    lines += std::string(margin_ + 1, ' ') + std::string(glyphs_.corner);
    for (const std::string_view cell : line) lines += cell;
    lines += std::string(glyphs_.end) + '\n';
    lines += std::string(margin_ + 2, ' ') + figures + '\n';
  }

  std::string scale_text() const {
    const Time cells = scale_.cells_per_tick;
    if (cells == 1) return tr("1 cell = ", "1 格 = ") + counted(scale_.ticks_per_cell, unit_);
    return counted(1, unit_) + " = " + std::to_string(cells) + tr(" cells", " 格");
  }

  /// What there is to explain, each with how it looks in the drawing.
  std::vector<std::string> legend() const {
    constexpr std::size_t longest = 24;  // columns of a name
    std::vector<std::string> entries;
    std::size_t others = 0;
    for (std::size_t who = 0; who < visible_.size(); ++who) {
      const std::string& key = (*keys_)[who];
      if (!visible_[who] || key == cast_.names[who]) continue;
      if (key.empty()) {
        ++others;
        continue;
      }
      entries.push_back(in_colour({static_cast<int>(who), Mark::running, false}, key) + ' ' +
                        cut(cast_.names[who], longest, glyphs_.ellipsis));
    }
    if (others > 0)
      entries.push_back(std::string(glyphs_.others) + ' ' + tr("", "另外 ") +
                        std::to_string(others) + tr(" more", " 个"));
    for (std::size_t mark = 0; mark < marks; ++mark)
      if (seen_[mark])
        entries.push_back(std::string(glyphs_.mark[mark]) + ' ' +
                          word_for(static_cast<Mark>(mark)));
    entries.push_back(scale_text());
    return entries;
  }

  void add_legend(std::string& lines) const {
    constexpr std::size_t gap = 3;
    std::size_t used = 0;
    for (const std::string& entry : legend()) {
      const std::size_t width = display_width(entry);
      if (used > 0 && used + gap + width > columns_) {
        lines += '\n';
        used = 0;
      }
      if (used > 0) lines.append(gap, ' ');
      lines += entry;
      used += width + (used > 0 ? gap : 0);
    }
    lines += '\n';
  }

  bool colour_;
  const Glyphs& glyphs_;
  std::size_t columns_;
  std::size_t margin_ = 0;  // of the tracks' names
  Time end_;
  std::string unit_;
  Cast cast_;
  Scale scale_;
  std::vector<Row> rows_;
  std::vector<bool> visible_;
  std::array<bool, marks> seen_{};
  std::optional<Keys> keys_;
};

}  // namespace

std::string timeline_text(const Timeline& timeline, const TextStyle& style) {
  return Drawing({&timeline, 1}, style).text();
}

std::string timeline_text(const std::vector<Timeline>& timelines, const TextStyle& style) {
  return Drawing(timelines, style).text();
}

}  // namespace simulation
