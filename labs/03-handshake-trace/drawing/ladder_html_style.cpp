#include "ladder_html_style.hpp"

namespace tracing {

// The colours are those of the picture (ladder_svg_style.cpp).
const std::string_view page_style = R"(<style>
:root { color-scheme: light dark; --paper: #ffffff; --page: #f6f8fa; --edge: #d3dae3; --ink: #1b2430; --soft: #56616f; --head: #eef2f7; --syn: #137a45; --data: #1f5fbf; --fin: #8a4b00; --rst: #c0262d; --again: #8f5a00; --ack: #8a95a3; --mark: #fff7dd; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #171d26; --page: #10151c; --edge: #3a4656; --ink: #e4e9f0; --soft: #a9b4c2; --head: #232d3a; --syn: #5fd897; --data: #86b7ff; --fin: #f0b267; --rst: #ff8a8a; --again: #f2c14e; --ack: #7d8a99; --mark: #2f2a17; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 70rem; padding: 1.5rem 1rem 3rem; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; }
p { margin: 0 0 .6rem; }
.soft { color: var(--soft); }
.scroll { overflow-x: auto; border-radius: 8px; margin-bottom: .5rem; }
.scroll:focus-visible { outline: 2px solid var(--data); outline-offset: 2px; }
svg.ladder { display: block; width: 100%; min-width: 46rem; height: auto; }
table { border-collapse: collapse; width: 100%; background: var(--paper); border: 1px solid var(--edge); font-size: .9rem; }
th, td { padding: .35rem .6rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--edge); }
th { background: var(--head); vertical-align: bottom; }
table.segments th { white-space: nowrap; }
table.connections th::first-letter { text-transform: uppercase; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.word { white-space: nowrap; }
td.address { min-width: 10.5rem; overflow-wrap: anywhere; }
td.what { min-width: 18rem; width: 50%; }
tbody tr { border-left: 4px solid transparent; }
tr.syn { border-left-color: var(--syn); } tr.syn strong { color: var(--syn); }
tr.data { border-left-color: var(--data); } tr.data strong { color: var(--data); }
tr.fin { border-left-color: var(--fin); } tr.fin strong { color: var(--fin); }
tr.rst { border-left-color: var(--rst); } tr.rst strong { color: var(--rst); }
tr.again { border-left-color: var(--again); } tr.again strong { color: var(--again); }
tr.ack { border-left-color: var(--ack); }
tr[aria-current] { background: var(--mark); }
.alert { color: var(--again); font-weight: 600; }
summary { cursor: pointer; }
details[open] summary { margin-bottom: .4rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem .8rem; margin: 0 0 .3rem; font-size: .85rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
@media (max-width: 46rem) {
  table.segments thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table.segments tbody tr { display: flex; flex-wrap: wrap; padding: .3rem .2rem; border-bottom: 1px solid var(--edge); }
  table.segments td { border: 0; padding: .1rem .5rem; }
  table.segments td:empty { display: none; }
  table.segments td[data-label]::before { content: attr(data-label) ' '; color: var(--soft); }
  table.segments td.what { width: 100%; min-width: 0; }
  dl { grid-template-columns: 1fr; }
  dd { margin-bottom: .3rem; }
}
@media print { body { max-width: none; background: none; } .scroll { overflow: visible; } svg.ladder { min-width: 0; } }
</style>
)";

}  // namespace tracing
