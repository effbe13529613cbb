#include "ladder_svg_parts.hpp"

#include "drawn_text.hpp"

namespace tracing::picture {

using dialtone::clean;
using dialtone::escaped;
using dialtone::figure;

// Every text has a contrast of 4.5 and more on its paper (WCAG 2.1), in both themes.
const std::string_view style = R"(<style>
  .ladder { --paper: #ffffff; --edge: #c9d1dc; --ink: #1b2430; --soft: #56616f; --pale: #aab4c0; --head: #eef2f7; --state: #0b6a77; --syn: #137a45; --data: #1f5fbf; --fin: #8a4b00; --rst: #c0262d; --again: #8f5a00; --ack: #56616f; --open: #9fd8b8; }
  @media (prefers-color-scheme: dark) {
    .ladder { --paper: #171d26; --edge: #3a4656; --ink: #e4e9f0; --soft: #a9b4c2; --pale: #5b6878; --head: #232d3a; --state: #5fd0de; --syn: #5fd897; --data: #86b7ff; --fin: #f0b267; --rst: #ff8a8a; --again: #f2c14e; --ack: #a9b4c2; --open: #2c6b49; }
  }
  .ladder text { font-family: system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif; font-size: 13px; fill: var(--ink); }
  .ladder .title { font-size: 16px; font-weight: 600; }
  .ladder .strong { font-weight: 600; }
  .ladder .soft { font-size: 12px; fill: var(--soft); }
  .ladder .small { font-size: 11px; fill: var(--soft); }
  .ladder .state { font-size: 12px; font-weight: 600; fill: var(--state); }
  .ladder .middle { text-anchor: middle; }
  .ladder .end { text-anchor: end; }
  .ladder .label { text-anchor: middle; }
  .ladder .small .strong { fill: var(--again); }
  .ladder .halo { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
  .ladder .figure { font-variant-numeric: tabular-nums; }
  .ladder .paper { fill: var(--paper); stroke: var(--edge); }
  .ladder .head { fill: var(--head); stroke: var(--edge); }
  .ladder .line { fill: none; stroke: var(--soft); stroke-width: 1.5; }
  .ladder .pause { fill: none; stroke: var(--pale); stroke-width: 1.5; stroke-dasharray: 2 4; }
  .ladder .open { fill: none; stroke: var(--open); stroke-width: 7; stroke-linecap: round; }
  .ladder .rule { fill: none; stroke: var(--pale); stroke-width: 1; stroke-dasharray: 1 3; }
  .ladder .arrow { fill: none; stroke-width: 1.6; }
  .ladder .syn { stroke: var(--syn); } .ladder .syn.tip, .ladder text.syn { fill: var(--syn); }
  .ladder .data { stroke: var(--data); } .ladder .data.tip, .ladder text.data { fill: var(--data); }
  .ladder .fin { stroke: var(--fin); } .ladder .fin.tip, .ladder text.fin { fill: var(--fin); }
  .ladder .rst { stroke: var(--rst); } .ladder .rst.tip, .ladder text.rst { fill: var(--rst); }
  .ladder .again { stroke: var(--again); } .ladder .again.tip, .ladder text.again { fill: var(--again); }
  .ladder .ack { stroke: var(--ack); } .ladder .ack.tip, .ladder text.ack { fill: var(--ack); }
  .ladder text.label { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
</style>
)";

std::string point(double x, double y) {
  return figure(x) + ' ' + figure(y);
}

std::string text_at(double x, double y, std::string_view classes, std::string_view raw) {
  if (raw.empty()) return {};
  return "<text x=\"" + figure(x) + "\" y=\"" + figure(y) + "\" class=\"" + std::string(classes) +
         "\">" + escaped(clean(raw)) + "</text>\n";
}

std::string path(std::string_view classes, const std::string& steps) {
  return "<path d=\"" + steps + "\" class=\"" + std::string(classes) + "\"/>\n";
}

}  // namespace tracing::picture
