// A connection as one page that needs nothing else: the picture, its segments, all connections.
// It is well-formed XML but for its doctype, so a test can read it.
#include <algorithm>

#include "drawn_text.hpp"
#include "ladder.hpp"
#include "ladder_html_style.hpp"
#include "language.hpp"
#include "terminal.hpp"
#include "words.hpp"

namespace tracing {
namespace {

using dialtone::clean;
using dialtone::escaped;
using dialtone::tr;

constexpr std::size_t most_segments = 2000;
constexpr std::size_t most_connections = 500;
constexpr std::size_t most_payload = 96;  ///< bytes shown
constexpr int picture_width = 1040;

std::string element(std::string_view name, std::string_view raw, std::string_view attributes = "") {
  std::string text = '<' + std::string(name);
  if (!attributes.empty()) text += ' ' + std::string(attributes);
  return text + '>' + escaped(clean(raw)) + "</" + std::string(name) + '>';
}

/// `label` stands before the figure where there is no room for a head (see the style).
std::string figure_cell(std::string_view raw, std::string_view label = "") {
  if (label.empty()) return element("td", raw, "class=\"n\"");
  return element("td", raw, "class=\"n\" data-label=\"" + std::string(label) + '"');
}

/// A name that begins with '>' is that of figures.
std::string head_cells(std::initializer_list<std::string> names) {
  std::string text = "<thead><tr>";
  for (const std::string& name : names)
    text += name.front() == '>' ? element("th", name.substr(1), "scope=\"col\" class=\"n\"")
                                : element("th", name, "scope=\"col\"");
  return text + "</tr></thead>\n";
}

std::string begin_section(const std::string& id, const std::string& title) {
  return "<section aria-labelledby=\"" + id + "\">\n" + element("h2", title, "id=\"" + id + '"') +
         '\n';
}

/// What is wider than the window is scrolled by itself, also with the keyboard.
std::string begin_scroll(const std::string& labelled_by) {
  return "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"" + labelled_by +
         "\">\n";
}

// --- segments ----------------------------------------------------------------------------------

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " · ") + word;
  return text;
}

/// The first bytes of the data, as a quoted text.
std::string payload_text(const TracedSegment& segment) {
  const std::string_view shown = std::string_view(segment.data).substr(0, most_payload);
  std::string text = dialtone::printable(shown, shown.size());
  if (shown.size() < segment.length)
    text += tr(" (the first ", "（前 ") + std::to_string(shown.size()) + tr(" of ", " 字节，共 ") +
            bytes_text(segment.length) + tr(")", "）");
  return text;
}

std::string detail_list(const LadderRow& row) {
  const TracedSegment& segment = *row.segment;
  std::string list = "<dl>";
  const auto add = [&list](const std::string& name, const std::string& value) {
    if (!value.empty()) list += element("dt", name) + element("dd", value);
  };
  add(tr("On the wire", "线上的数值"), row.absolute);
  add(tr("Window", "窗口"), bytes_text(segment.note.window) +
                                (segment.note.window == segment.header.window
                                     ? ""
                                     : tr(" (on the wire: ", "（线上：") +
                                           std::to_string(segment.header.window) + tr(")", "）")));
  add(tr("Options", "选项"), joined(row.options));
  if (segment.length > 0 && !segment.data.empty()) add(tr("Data", "数据"), payload_text(segment));
  add(tr("Checksum", "校验和"), word_for(segment.checksum));
  add(tr("After it", "此后状态"), word_for(End::client) + ' ' + row.after[0] + " · " +
                                      word_for(End::server) + ' ' + row.after[1]);
  if (segment.delay) add(tr("On its way for", "在途时间"), duration_text(*segment.delay, true));
  return list + "</dl>";
}

std::string segment_row(const Ladder& ladder, const LadderRow& row) {
  const TracedSegment& segment = *row.segment;
  const bool client = segment.note.from == End::client;
  const bool has_ack = (segment.header.flags & handshake_trace::flag::ack) != 0;
  std::string what = joined(row.alerts);
  const std::string& says = row.sentence.empty() ? word_for(segment.note.kind) : row.sentence;
  std::string text = "<tr class=\"" + class_for(segment) + "\">";
  text += figure_cell(std::to_string(segment.packet));
  text += figure_cell(time_text(ladder, row.since));
  text += element("td", client ? ladder.roles[0] + " →" : "← " + ladder.roles[1], "class=\"word\"");
  text += "<td class=\"word\"><strong>" + escaped(clean(row.flags)) + "</strong></td>";
  text += figure_cell(std::to_string(segment.note.sequence), "seq");
  text += figure_cell(has_ack ? std::to_string(segment.note.acknowledgement) : "",
                      has_ack ? "ack" : "");
  text += figure_cell(segment.length > 0 ? std::to_string(segment.length) : "",
                      segment.length > 0 ? "len" : "");
  text += figure_cell(std::to_string(segment.note.window), "win");
  text += "<td class=\"what\"><details><summary>";
  if (!what.empty()) text += element("span", what, "class=\"alert\"") + ' ';
  return text + escaped(clean(says)) + "</summary>" + detail_list(row) + "</details></td></tr>\n";
}

std::string segments_section(const Ladder& ladder) {
  std::string text = begin_section("segments", tr("Segments", "报文段"));
  text += element(
      "p",
      tr("Sequence and acknowledgement numbers are relative: each end's SYN is 0. Open "
         "a row for the numbers on the wire, options, data and states.",
         "序号和确认号是相对值：每一端的 SYN 为 0。展开一行，可看线上的数值、选项、数据和状态。"),
      "class=\"soft\"");
  text += '\n' + begin_scroll("segments") + "<table class=\"segments\">\n";
  text += head_cells({tr(">Packet", ">序号"), tr(">Time, ", ">时间，") + unit_text(ladder),
                      tr("From", "来自"), tr("Flags", "标志"), ">seq", ">ack", ">len", ">win",
                      tr("What it is", "含义")});
  text += "<tbody>\n";
  // The beginning and the end are what is told apart; the middle is more of the same.
  const std::size_t rows = ladder.rows.size();
  const std::size_t last = most_segments / 4;
  for (std::size_t i = 0; i < rows; ++i) {
    if (rows > most_segments && i == most_segments - last) {
      const std::size_t missing = rows - most_segments;
      text += "<tr><td colspan=\"9\" class=\"soft\">" + std::to_string(missing) +
              tr(" segments not shown", " 段未列出") + "</td></tr>\n";
      i += missing;
    }
    text += segment_row(ladder, ladder.rows[i]);
  }
  text += "</tbody></table>\n</div>\n";
  if (!ladder.rest.empty()) text += element("p", ladder.rest, "class=\"soft\"") + '\n';
  return text + "</section>\n";
}

// --- connections -------------------------------------------------------------------------------

/// "3 / 0": what the client did, and the server.
std::string both(std::uint64_t client, std::uint64_t server) {
  return std::to_string(client) + " / " + std::to_string(server);
}

std::string connection_row(const Connection& connection, bool followed) {
  const Totals& client = connection.sent[0];
  const Totals& server = connection.sent[1];
  std::string text = followed ? "<tr aria-current=\"true\">" : "<tr>";
  text += figure_cell(std::to_string(connection.number));
  text += element("td", to_string(connection.client), "class=\"address\"");
  text += element("td", to_string(connection.server), "class=\"address\"");
  text += element("td", word_for(connection.handshake), "class=\"word\"");
  text += figure_cell(connection.round_trip ? duration_text(*connection.round_trip, true) : "–");
  text += figure_cell(both(client.bytes, server.bytes));
  text += figure_cell(both(client.retransmissions, server.retransmissions));
  text += figure_cell(both(client.out_of_order, server.out_of_order));
  text += figure_cell(both(client.zero_windows, server.zero_windows));
  return text + element("td", word_for(connection.ending), "class=\"word\"") + "</tr>\n";
}

std::string connections_section(std::span<const Connection> all, std::uint64_t followed) {
  std::string text = begin_section("connections", tr("All connections", "全部连接"));
  text += begin_scroll("connections") + "<table class=\"connections\">\n";
  text +=
      head_cells({">#", word_for(End::client), word_for(End::server), tr("Handshake", "握手"),
                  tr(">Round trip", ">往返"), tr(">Bytes", ">字节"), tr(">Resent", ">重传"),
                  tr(">Reordered", ">乱序"), tr(">Zero windows", ">零窗口"), tr("End", "结束")});
  text += "<tbody>\n";
  for (const Connection& connection : all.first(std::min(all.size(), most_connections)))
    text += connection_row(connection, connection.number == followed);
  text += "</tbody></table>\n</div>\n";
  std::string below = tr("Pairs of figures: what the client sent / what the server sent.",
                         "成对的数字：客户端发出的 / 服务端发出的。");
  if (all.size() > most_connections)
    below += tr(" Not shown: ", "未列出：") + std::to_string(all.size() - most_connections) +
             tr(".", "。");
  return text + element("p", below, "class=\"soft\"") + "\n</section>\n";
}

}  // namespace

std::string ladder_html(const Trace& trace, std::span<const Connection> all) {
  const Ladder ladder = ladder_of(trace, most_traced, true);
  const std::string lab = tr("The handshake trace", "握手追踪");
  std::string text = "<!doctype html>\n<html lang=\"" + tr("en", "zh-Hans") +
                     "\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
                     "<meta name=\"color-scheme\" content=\"light dark\"/>\n";
  text += element("title", ladder.title) + '\n' + std::string(page_style) + "</head>\n<body>\n";
  text += "<header>\n" + element("p", lab, "class=\"soft\"") + '\n' + element("h1", ladder.title) +
          '\n' + element("p", ladder.summary) + "\n</header>\n<main>\n";
  text += begin_section("picture", tr("Segment by segment", "逐段来看"));
  text += begin_scroll("picture") + ladder_svg(trace, picture_width) + "</div>\n</section>\n";
  text += segments_section(ladder);
  text += connections_section(all, trace.connection.number);
  return text + "</main>\n</body>\n</html>\n";
}

}  // namespace tracing
