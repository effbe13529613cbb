#include "picture.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <set>

#include "demo/tables.hpp"

namespace switchboard_bench {
namespace {

using switchboard_demo::CrowdRow;
using switchboard_demo::figure;

/// Told apart without colour too: each has its own mark.
struct Ink {
  const char* colour;
  const char* mark;  ///< an SVG path around 0,0
};
constexpr Ink inks[] = {{"#8a8a8a", "M-4,-4H4V4H-4Z"},
                        {"#d5732a", "M0,-5L5,4H-5Z"},
                        {"#3b82c4", "M0,-5L5,0L0,5L-5,0Z"},
                        {"#2f9e62", "M-4,0A4,4 0 1 0 4,0A4,4 0 1 0 -4,0Z"},
                        {"#9a6fc0", "M-4,-4L4,4M4,-4L-4,4"}};

constexpr double panel_width = 400;
constexpr double panel_height = 270;
constexpr double left = 62;
constexpr double top = 34;
constexpr double plot_width = panel_width - left - 36;
constexpr double plot_height = panel_height - top - 44;

std::string n(double value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.1f", value);
  return digits;
}

std::string label(double x, double y, const char* anchor, const std::string& words,
                  const char* style = "") {
  return "<text x=\"" + n(x) + "\" y=\"" + n(y) + "\" text-anchor=\"" + anchor + "\"" + style +
         ">" + words + "</text>\n";
}

std::string rule(double x1, double y1, double x2, double y2) {
  return "<path class=\"rule\" d=\"M" + n(x1) + "," + n(y1) + "L" + n(x2) + "," + n(y2) + "\"/>\n";
}

std::string mark(double x, double y, const Ink& ink) {
  return "<path transform=\"translate(" + n(x) + "," + n(y) + ")\" d=\"" + ink.mark + "\" fill=\"" +
         ink.colour + "\" stroke=\"" + ink.colour + "\" stroke-width=\"1.5\"/>\n";
}

std::string short_number(double value) {
  if (value >= 1e6) return figure(value / 1e6) + "M";
  return value >= 1e3 ? figure(value / 1e3) + "k" : figure(value);
}

std::vector<std::string> names_of(const std::vector<CrowdRow>& rows) {
  std::vector<std::string> names;
  for (const CrowdRow& row : rows)
    if (std::ranges::find(names, row.name) == names.end()) names.push_back(row.name);
  return names;
}

const Ink& ink_of(std::size_t number) {
  return inks[number % std::size(inks)];
}

using Value = std::function<double(const CrowdRow&)>;

/// Lines over the number of callers, both axes logarithmic.
std::string lines_panel(const std::vector<CrowdRow>& rows, const std::string& title,
                        const Value& value) {
  double low = 1e18;
  double high = 0;
  double most = 10;
  for (const CrowdRow& row : rows) {
    low = std::min(low, value(row));
    high = std::max(high, value(row));
    most = std::max(most, static_cast<double>(row.callers));
  }
  low = std::pow(10, std::floor(std::log10(std::max(low, 1e-3))));
  high = std::pow(10, std::ceil(std::log10(std::max(high, low * 10))));
  const auto x = [&](double callers) {
    return left + plot_width * std::log10(callers) / std::log10(most);
  };
  const auto y = [&](double v) {
    return top + plot_height * (1 - std::log10(std::max(v, low) / low) / std::log10(high / low));
  };

  std::string svg = label(left, 18, "start", title, " class=\"title\"");
  const long decades = std::lround(std::log10(high / low));
  for (long i = 0; i <= decades; ++i) {
    const double v = low * std::pow(10, i);
    svg += rule(left, y(v), left + plot_width, y(v));
    svg += label(left - 6, y(v) + 4, "end", short_number(v));
  }
  std::set<std::size_t> counts;
  for (const CrowdRow& row : rows) counts.insert(row.callers);
  for (const std::size_t count : counts)
    svg += label(x(static_cast<double>(count)), top + plot_height + 17, "middle",
                 figure(static_cast<double>(count)));
  svg += label(left + plot_width / 2, top + plot_height + 35, "middle", "callers");

  const auto names = names_of(rows);
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::string path;
    std::string marks;
    for (const CrowdRow& row : rows) {
      if (row.name != names[i]) continue;
      const double px = x(static_cast<double>(row.callers));
      const double py = y(value(row));
      path.append(path.empty() ? "M" : "L").append(n(px)).append(",").append(n(py));
      marks += mark(px, py, ink_of(i));
    }
    svg.append("<path d=\"").append(path).append("\" fill=\"none\" stroke=\"");
    svg.append(ink_of(i).colour).append("\" stroke-width=\"2\"/>\n").append(marks);
  }
  return svg;
}

struct Bar {
  double length;
  std::string words;  ///< that stand beside it
};

/// A bar for each name, from the row with the most callers.
std::string bars_panel(const std::vector<CrowdRow>& rows, const std::string& title,
                       const std::function<Bar(const CrowdRow&)>& bar) {
  const auto names = names_of(rows);
  std::vector<const CrowdRow*> last(names.size());
  double high = 0;
  for (std::size_t i = 0; i < names.size(); ++i)
    for (const CrowdRow& row : rows)
      if (row.name == names[i]) last[i] = &row;
  for (const CrowdRow* row : last) high = std::max(high, bar(*row).length);

  constexpr double names_width = 96;
  constexpr double bars_width = panel_width - names_width - 165;
  const double step = plot_height / static_cast<double>(names.size());
  std::string svg = label(14, 18, "start", title, " class=\"title\"");
  for (std::size_t i = 0; i < names.size(); ++i) {
    const double y = top + step * (static_cast<double>(i) + 0.5);
    const auto [length, words] = bar(*last[i]);
    const double width = high > 0 ? bars_width * length / high : 0;
    svg += label(names_width, y + 4, "end", names[i]) + "<rect x=\"" + n(names_width + 8) +
           "\" y=\"" + n(y - 10) + "\" width=\"" + n(std::max(width, 1.0)) +
           "\" height=\"20\" fill=\"" + ink_of(i).colour + "\"/>\n" +
           label(names_width + 14 + width, y + 4, "start", words);
  }
  return svg;
}

std::string at(double x, double y, const std::string& panel) {
  return "<g transform=\"translate(" + n(x) + "," + n(y) + ")\">\n" + panel + "</g>\n";
}

}  // namespace

std::string picture(const std::vector<CrowdRow>& rows) {
  constexpr double legend = 44;
  std::string svg =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 800 590\" width=\"800\" "
      "height=\"590\" role=\"img\" aria-label=\"Switchboards measured\">\n"
      "<style>text{font:12px sans-serif;fill:#767676}.title{font-weight:bold;font-size:13px}"
      ".rule{stroke:#888;stroke-opacity:.35}"
      "</style>\n";
  const auto names = names_of(rows);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const double x = 24 + 156 * static_cast<double>(i);
    svg += mark(x, 20, ink_of(i)) + label(x + 12, 24, "start", names[i]);
  }
  svg += at(0, legend, lines_panel(rows, "exchanges a second", [](const CrowdRow& row) {
              return row.exchanges.a_second;
            }));
  svg += at(panel_width, legend,
            lines_panel(rows, "p99 of an exchange, \xC2\xB5s",
                        [](const CrowdRow& row) { return row.exchanges.p99_us; }));
  std::size_t most = 0;
  for (const CrowdRow& row : rows) most = std::max(most, row.callers);
  const std::string with = " (" + figure(static_cast<double>(most)) + " callers)";
  svg += at(0, legend + panel_height,
            bars_panel(rows, "memory of an idle caller, KiB" + with, [](const CrowdRow& row) {
              return row.kib ? Bar{*row.kib, figure(*row.kib, 1)} : Bar{0, "too few to tell"};
            }));
  svg +=
      at(panel_width, legend + panel_height,
         bars_panel(rows, "threads, callers held" + with, [](const CrowdRow& row) {
           const auto threads = static_cast<double>(row.footprint.threads);
           return Bar{threads, figure(threads) + "; held " + figure(static_cast<double>(row.held))};
         }));
  svg +=
      label(14, 584, "start",
            "At most 20 callers talk, the others are idle. \"one\" serves a single caller, however "
            "many dial.");
  return svg + "</svg>\n";
}

}  // namespace switchboard_bench
