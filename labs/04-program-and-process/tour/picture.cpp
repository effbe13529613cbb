// The tree and the switches as pictures that need nothing else: SVG 1.1 with a style for light and
// dark. The same input gives the same bytes.
#include <algorithm>
#include <cmath>

#include "drawn_text.hpp"
#include "language.hpp"
#include "switches.hpp"
#include "tree.hpp"

namespace process_tour {
namespace {

using dialtone::clean;
using dialtone::escaped;
using dialtone::figure;
using dialtone::fitted;
using dialtone::tr;

// All in pixels.
constexpr double width = 760;
constexpr double margin = 20;
constexpr double row_height = 24;
constexpr double text_size = 13;

// The fills are Okabe and Ito's (Color Universal Design, 2008), as in the timelines.
constexpr std::string_view style = R"(<style>
  .tour text { font-family: system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif; font-size: 13px; fill: #1b2430; }
  .tour .title { font-size: 16px; font-weight: 600; }
  .tour .soft { font-size: 12px; fill: #56616f; }
  .tour .middle { text-anchor: middle; }
  .tour .end { text-anchor: end; }
  .tour .paper { fill: #ffffff; stroke: #c9d1dc; }
  .tour .lane { fill: #f3f5f8; }
  .tour .twig { fill: none; stroke: #8a95a3; stroke-width: 1.3; }
  .tour .runs { fill: #009e73; } .tour .waits { fill: #56b4e9; }
  .tour .ended { fill: #d55e00; } .tour .stopped { fill: #e69f00; }
  .tour .other { fill: #a3a3a3; }
  .tour text.on { fill: #10151c; text-anchor: middle; font-size: 12px; }
  @media (prefers-color-scheme: dark) {
    .tour text { fill: #e4e9f0; }
    .tour .soft { fill: #a9b4c2; }
    .tour .paper { fill: #171d26; stroke: #3a4656; }
    .tour .lane { fill: #1f2732; }
    .tour .twig { stroke: #a9b4c2; }
  }
</style>
)";

std::string head(const std::string& title, double height) {
  const std::string size = figure(width) + "\" height=\"" + figure(height);
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"tour\" width=\"" + size +
         "\" viewBox=\"0 0 " + figure(width) + ' ' + figure(height) + "\" xml:lang=\"" +
         tr("en", "zh") + "\" role=\"img\" aria-label=\"" + escaped(title) + "\">\n<title>" +
         escaped(title) + "</title>\n" + std::string(style) + "<rect x=\"0.5\" y=\"0.5\" width=\"" +
         figure(width - 1) + "\" height=\"" + figure(height - 1) +
         "\" rx=\"8\" class=\"paper\"/>\n";
}

std::string text_at(double x, double y, std::string_view classes, const std::string& text) {
  if (text.empty()) return {};
  return "<text x=\"" + figure(x) + "\" y=\"" + figure(y) + "\" class=\"" + std::string(classes) +
         "\">" + escaped(text) + "</text>\n";
}

std::string box(double x, double y, double w, double h, std::string_view classes) {
  return "<rect x=\"" + figure(x) + "\" y=\"" + figure(y) + "\" width=\"" + figure(w) +
         "\" height=\"" + figure(h) + "\" rx=\"3\" class=\"" + std::string(classes) + "\"/>\n";
}

std::string_view class_of(char state) {
  switch (state) {
    case 'R':
      return "runs";
    case 'S':
    case 'D':
      return "waits";
    case 'Z':
      return "ended";
    case 'T':
    case 't':
      return "stopped";
    default:
      return "other";
  }
}

// The tree: what stands where in a row.
constexpr std::size_t most_rows = 200;
constexpr double step = 22;  // to the right for each level
constexpr double pid_end = width - 330;
constexpr double memory_end = width - 220;
constexpr double waited_end = width - 132;
constexpr double expired_end = width - margin;

double level_x(const Branch& branch) {
  // Deep ones do not run into the figures.
  return margin + step * static_cast<double>(std::min<std::size_t>(branch.depth, 10));
}

std::string tree_row(const Branch& branch, double y) {
  const Row& row = *branch.row;
  const double x = level_x(branch);
  const std::string state = clean(std::string(1, row.state));
  const double middle = y + row_height / 2;
  std::string text = box(x, y + 3, 20, row_height - 6, class_of(row.state)) +
                     text_at(x + 10, middle + 4.5, "on", state) +
                     text_at(x + 28, middle + 4.5, "name",
                             fitted(clean(row.name), pid_end - 60 - x - 28, text_size)) +
                     text_at(pid_end, middle + 4.5, "end", std::to_string(row.pid)) +
                     text_at(memory_end, middle + 4.5, "end", size_text(row.resident_bytes)) +
                     text_at(waited_end, middle + 4.5, "end", count_text(row.voluntary)) +
                     text_at(expired_end, middle + 4.5, "end", count_text(row.involuntary));
  return text;
}

/// From a parent's box down to each of its children.
std::string twigs(const std::vector<Branch>& tree, std::size_t shown, double top) {
  std::string lines;
  std::vector<std::size_t> above;  // the branch that stands open at each level
  for (std::size_t i = 0; i < shown; ++i) {
    above.resize(std::min(above.size(), tree[i].depth));
    if (!above.empty() && tree[i].depth <= 10) {
      const double x = level_x(tree[above.back()]) + 10;
      const double from = top + row_height * static_cast<double>(above.back() + 1) - 3;
      const double to = top + row_height * (static_cast<double>(i) + 0.5);
      lines +=
          'M' + figure(x) + ' ' + figure(from) + 'V' + figure(to) + 'H' + figure(level_x(tree[i]));
    }
    above.push_back(i);
  }
  return lines.empty() ? lines : "<path d=\"" + lines + "\" class=\"twig\"/>\n";
}

}  // namespace

std::string tree_svg(const std::vector<Branch>& tree) {
  const std::size_t shown = std::min(tree.size(), most_rows);
  double y = 14;
  std::string body = text_at(margin, y + 18, "title", tr("The process table", "进程表"));
  y += 34;
  body += text_at(pid_end, y + 12, "soft end", tr("process", "进程号")) +
          text_at(memory_end, y + 12, "soft end", tr("memory", "内存")) +
          text_at(waited_end, y + 12, "soft end", tr("it waited", "自愿切换")) +
          text_at(expired_end, y + 12, "soft end", tr("quantum ended", "被迫切换"));
  y += 20;
  for (std::size_t i = 0; i < shown; i += 2)
    body += box(margin - 6, y + row_height * static_cast<double>(i), width - 2 * margin + 12,
                row_height, "lane");
  body += twigs(tree, shown, y);
  for (std::size_t i = 0; i < shown; ++i)
    body += tree_row(tree[i], y + row_height * static_cast<double>(i));
  y += row_height * static_cast<double>(shown) + 8;
  std::string last;
  for (const std::string& item : state_legend(tree))
    last += (last.empty() ? "" : " · ") + clean(item);
  if (shown < tree.size())
    last +=
        tr("; and ", "；另有 ") + std::to_string(tree.size() - shown) + tr(" more", " 个未画出");
  body += text_at(margin, y + 12, "soft", fitted(last, width - 2 * margin, 12));
  return head(tr("The process table", "进程表"), y + 28) + body + "</svg>\n";
}

std::string switches_svg(const Switches& switches) {
  const std::string title = tr("Two reasons for a switch", "切换的两种原因");
  std::uint64_t most = 1;
  for (const Switches::Worker& worker : switches.workers)
    most = std::max({most, worker.voluntary, worker.involuntary});
  constexpr double names = 190;  // where the bars begin
  constexpr double gap = 24;
  constexpr double side = (width - margin - names - gap) / 2;
  constexpr double figures = 64;
  double y = 14;
  std::string body = text_at(margin, y + 18, "title", title);
  y += 34;
  body += text_at(names, y + 12, "soft", tr("voluntary: it waited", "自愿：它在等待")) +
          text_at(names + side + gap, y + 12, "soft",
                  tr("involuntary: its quantum ended", "被迫：时间片用完"));
  y += 22;
  const auto bars = [&](std::uint64_t number, double x, std::string_view classes) {
    const double share = static_cast<double>(number) / static_cast<double>(most);
    const double wide = number == 0 ? 0 : std::max(2.0, share * (side - figures));
    return box(x, y, side, row_height, "lane") +
           (number == 0 ? "" : box(x, y, wide, row_height, classes)) +
           text_at(x + wide + 8, y + row_height / 2 + 4.5, "name", count_text(number));
  };
  for (const Switches::Worker& worker : switches.workers) {
    body += text_at(margin, y + row_height / 2 + 4.5, "name",
                    fitted(clean(worker_words(worker.kind)), names - margin - 10, text_size));
    body += bars(worker.voluntary, names, "waits");
    body += bars(worker.involuntary, names + side + gap, "stopped");
    y += row_height + 8;
  }
  body += text_at(margin, y + 12, "soft", clean(circumstances(switches)));
  return head(title, y + 28) + body + "</svg>\n";
}

}  // namespace process_tour
