#include <algorithm>
#include <cmath>

#include "drawn_text.hpp"
#include "ladder_svg_parts.hpp"
#include "words.hpp"

namespace tracing::picture {
namespace {

using dialtone::clean;
using dialtone::escaped;
using dialtone::figure;
using dialtone::fitted;
using dialtone::text_width;

constexpr double degree = 3.14159265358979 / 180;
constexpr double lost_part = 0.58;  ///< of the way, that a lost segment is drawn

/// How much of its way a segment is drawn.
double drawn_part(const Flight& flight) {
  return flight.row->segment->lost ? lost_part : 1;
}

/// The widest stretch of a flight that nothing crosses.
std::pair<double, double> free_stretch(const Flight& flight) {
  std::vector<double> ends = flight.crossings;
  ends.push_back(0);
  ends.push_back(drawn_part(flight));
  std::sort(ends.begin(), ends.end());
  std::pair<double, double> widest = {0, 0};
  for (std::size_t i = 1; i < ends.size(); ++i)
    if (ends[i] - ends[i - 1] > widest.second - widest.first) widest = {ends[i - 1], ends[i]};
  return widest;
}

/// Two texts beside one another, of which the first is what counts; turned by `angle` degrees.
std::string spans_at(double x, double y, std::string_view classes, const std::string& strong,
                     const std::string& rest, double angle) {
  if (strong.empty() && rest.empty()) return {};
  std::string text = "<text x=\"" + figure(x) + "\" y=\"" + figure(y) + "\" class=\"" +
                     std::string(classes) + "\" transform=\"rotate(" +
                     (angle < 0 ? "-" + figure(-angle) : figure(angle)) + ' ' + point(x, y) +
                     ")\">";
  if (!strong.empty()) text += "<tspan class=\"strong\">" + escaped(clean(strong)) + "</tspan>";
  if (!strong.empty() && !rest.empty()) text += "<tspan dx=\"6\">";
  text += escaped(clean(rest));
  if (!strong.empty() && !rest.empty()) text += "</tspan>";
  return text + "</text>\n";
}

std::string tip(const std::string& kind, double x, double y, double slope) {
  const auto corner = [&](double back, double aside) {
    return point(x - back * std::cos(slope) - aside * std::sin(slope),
                 y - back * std::sin(slope) + aside * std::cos(slope));
  };
  return path("tip " + kind, 'M' + point(x, y) + 'L' + corner(10, 4) + 'L' + corner(10, -4) + 'Z');
}

/// What stands below the arrow: what is wrong, and of the rest as much as there is room for.
std::pair<std::string, std::string> small_print(const LadderRow& row, double room) {
  std::pair<std::string, std::string> texts;
  const auto join = [&room](std::string& text, const std::string& word) {
    const double wide = text_width(" · " + word, 11);
    if (wide > room) return;
    room -= wide;
    text += (text.empty() ? "" : " · ") + word;
  };
  for (const std::string& alert : row.alerts) join(texts.first, alert);
  if (row.segment->note.kind != handshake_trace::Kind::rst) join(texts.second, row.window);
  for (const std::string& option : row.options)
    if (option.compare(0, 3, "ts ") != 0) join(texts.second, option);
  if (!texts.first.empty() && !texts.second.empty()) texts.second.insert(0, "· ");
  return texts;
}

/// Along the arrow: what it is above it, and the small print below where nothing crosses it.
std::string labels(const Flight& flight, const std::string& kind, double x1, double whole,
                   double slope) {
  const LadderRow& row = *flight.row;
  const auto [from, to] = free_stretch(flight);
  const double along = (from + to) / 2;
  const double room = std::hypot(whole, flight.to - flight.from) * (to - from) * 0.92;
  const double x = x1 + whole * along;
  const double y = flight.from + (flight.to - flight.from) * along;
  double angle = slope / degree;
  if (!flight.right) angle -= angle > 0 ? 180 : -180;
  const auto beside = [&](double away, std::string_view classes, const std::string& strong,
                          const std::string& rest) {
    return spans_at(x - away * std::sin(angle * degree), y + away * std::cos(angle * degree),
                    classes, strong, rest, angle);
  };
  const bool fits = text_width(row.flags + "  " + row.numbers, 13) <= room;
  std::string above =
      beside(-6, "label " + kind, fitted(row.flags, room, 13), fits ? row.numbers : "");
  if (!flight.crossings.empty()) return above;
  const auto [alerts, rest] = small_print(row, room * 1.1);
  // Where many are on their way at once, they are steep and close.
  const bool steep = angle > 25 || angle < -25;
  return above + beside(14, "small middle halo", alerts, steep ? "" : rest);
}

}  // namespace

void find_crossings(std::vector<Flight>& flights) {
  for (std::size_t i = 0; i < flights.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      Flight& one = flights[i];
      Flight& other = flights[j];
      // Two straight lines, each in parts of its own way; the other's runs against it, or with it.
      const bool against = one.right != other.right;
      const double fall = one.to - one.from;
      const double its_fall = against ? other.from - other.to : other.to - other.from;
      if (fall == its_fall) continue;
      const double part = ((against ? other.to : other.from) - one.from) / (fall - its_fall);
      const double its_part = against ? 1 - part : part;
      if (part <= 0 || part >= drawn_part(one)) continue;
      if (its_part <= 0 || its_part >= drawn_part(other)) continue;
      one.crossings.push_back(part);
      other.crossings.push_back(its_part);
    }
  }
}

std::string arrow(const Flight& flight, const std::array<double, 2>& x,
                  const std::string& tooltip) {
  const std::string kind = class_for(*flight.row->segment);
  const double part = drawn_part(flight);
  const double x1 = flight.right ? x[0] : x[1];
  const double whole = flight.right ? x[1] - x[0] : x[0] - x[1];
  const double x2 = x1 + (whole - (flight.right ? 5 : -5)) * part;
  const double y2 = flight.from + (flight.to - flight.from) * part;
  const double slope = std::atan2(y2 - flight.from, x2 - x1);
  std::string text = "<g><title>" + escaped(clean(tooltip)) + "</title>\n" +
                     path("arrow " + kind, 'M' + point(x1, flight.from) + 'L' + point(x2, y2));
  if (flight.row->segment->lost)
    text += path("arrow " + kind,
                 'M' + point(x2 - 5, y2 - 5) + "l10 10M" + point(x2 - 5, y2 + 5) + "l10 -10");
  else
    text += tip(kind, x2, y2, slope);
  return text + labels(flight, kind, x1, whole, slope) + "</g>\n";
}

}  // namespace tracing::picture
