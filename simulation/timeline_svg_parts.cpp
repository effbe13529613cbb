#include "simulation/timeline_svg_parts.hpp"

namespace simulation::drawing {

// The fills are Okabe and Ito's (Color Universal Design, 2008), which nearly everybody can tell
// apart; they stay the same in both themes, and so does the text on them.
const std::string_view svg_style = R"(<style>
  .timeline text { font-family: system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif; font-size: 13px; fill: #1b2430; }
  .timeline .title { font-size: 16px; font-weight: 600; }
  .timeline .soft { font-size: 12px; fill: #56616f; }
  .timeline .middle { text-anchor: middle; }
  .timeline .end { text-anchor: end; }
  .timeline .paper { fill: #ffffff; stroke: #c9d1dc; }
  .timeline .lane { fill: #f3f5f8; }
  .timeline .grid { fill: none; stroke: #dde3ea; }
  .timeline .axis { fill: none; stroke: #56616f; stroke-width: 1.2; }
  .timeline .h0 { fill: #56b4e9; } .timeline .h1 { fill: #e69f00; }
  .timeline .h2 { fill: #009e73; } .timeline .h3 { fill: #cc79a7; }
  .timeline .h4 { fill: #f0e442; } .timeline .h5 { fill: #d55e00; }
  .timeline .h6 { fill: #0072b2; } .timeline .h7 { fill: #a3a3a3; }
  .timeline .e0 { stroke: #56b4e9; } .timeline .e1 { stroke: #e69f00; }
  .timeline .e2 { stroke: #009e73; } .timeline .e3 { stroke: #cc79a7; }
  .timeline .e4 { stroke: #f0e442; } .timeline .e5 { stroke: #d55e00; }
  .timeline .e6 { stroke: #0072b2; } .timeline .e7 { stroke: #a3a3a3; }
  .timeline .again { stroke: #1b2430; stroke-width: 1.6; }
  .timeline .third { stroke: #1b2430; stroke-width: 1.6; stroke-dasharray: 3 2; }
  .timeline .busy { fill: #6b7684; }
  .timeline .mark { stroke-width: 1.4; }
  .timeline .anyone { stroke: #8a95a3; }
  .timeline .ready { fill: url(#timeline-ready); }
  .timeline .blocked { fill: url(#timeline-blocked); }
  .timeline .switching { fill: #3d4957; }
  .timeline .setup { fill: url(#timeline-setup); }
  .timeline text.on { fill: #10151c; text-anchor: middle; }
  .timeline text.white { fill: #ffffff; }
  .timeline text.halo { text-anchor: middle; paint-order: stroke; stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round; }
  .timeline .ink { fill: #56616f; }
  .timeline .pen { fill: none; stroke: #56616f; stroke-width: 1.3; }
  .timeline .pale { fill: none; stroke: #b9c3cf; stroke-width: 1.3; }
  .timeline .back { fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    .timeline text { fill: #e4e9f0; }
    .timeline .soft { fill: #a9b4c2; }
    .timeline .paper { fill: #171d26; stroke: #3a4656; }
    .timeline .lane { fill: #1f2732; }
    .timeline .grid { stroke: #313c4a; }
    .timeline .axis { stroke: #a9b4c2; }
    .timeline .again, .timeline .third { stroke: #ffffff; }
    .timeline .busy { fill: #8a95a3; }
    .timeline .switching { fill: #d3dae3; }
    .timeline text.halo { stroke: #171d26; }
    .timeline .ink { fill: #a9b4c2; }
    .timeline .pen { stroke: #a9b4c2; }
    .timeline .pale { stroke: #55616f; }
    .timeline .back { fill: #171d26; }
  }
</style>
<defs>
<pattern id="timeline-ready" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" class="back"/><circle cx="3" cy="3" r="1.2" class="ink"/></pattern>
<pattern id="timeline-blocked" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" class="back"/><path d="M-1 7 L7 -1 M-1 1 L1 -1 M5 7 L7 5" class="pen"/></pattern>
<pattern id="timeline-setup" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" class="back"/><path d="M3 0 L3 6" class="pale"/></pattern>
</defs>
)";

}  // namespace simulation::drawing
