#include "table.hpp"

#include <algorithm>

#include "decimals.hpp"
#include "language.hpp"
#include "terminal.hpp"
#include "words.hpp"

namespace tracing {
namespace {

using dialtone::display_width;
using dialtone::tr;

constexpr std::size_t ends_column = 1;
constexpr std::size_t least_end = 12;  ///< columns: "[2001~:65535"

/// An endpoint in `columns`: of a long address the middle goes, never the port.
std::string shortened(const std::string& endpoint, std::size_t columns) {
  if (endpoint.size() <= columns) return endpoint;
  const std::string port = endpoint.substr(endpoint.rfind(':'));
  const std::size_t kept = columns - std::min(columns, port.size() + 1);
  return endpoint.substr(0, kept) + std::string(dialtone::glyph("…", "~")) + port;
}

/// Exact as long as it is short: "9999999", "12.3 MB".
std::string short_bytes(std::uint64_t bytes) {
  if (bytes < 10'000'000) return std::to_string(bytes);
  double value = static_cast<double>(bytes) / 1e6;
  const char* const units[] = {" MB", " GB", " TB", " PB"};
  std::size_t unit = 0;
  for (; value >= 999.5 && unit < 3; ++unit) value /= 1000;
  return dialtone::with_decimals(value, value < 99.95 ? 1 : 0) + units[unit];
}

std::vector<std::string> row_of(const Connection& connection, End end) {
  const bool client = end == End::client;
  const Totals& sent = connection.sent[static_cast<std::size_t>(end)];
  const std::string round_trip =
      connection.round_trip ? duration_text(*connection.round_trip, dialtone::locale_is_utf8())
                            : "-";
  return {client ? std::to_string(connection.number) : "",
          to_string(client ? connection.client : connection.server),
          client ? word_for(connection.handshake) : word_for(connection.ending),
          client ? round_trip : "",
          short_bytes(sent.bytes),
          std::to_string(sent.retransmissions),
          std::to_string(sent.out_of_order),
          std::to_string(sent.zero_windows)};
}

}  // namespace

std::string connection_table(std::span<const Connection> connections) {
  const std::vector<std::string> head = {"#",
                                         tr("client / server", "客户端 / 服务端"),
                                         tr("begin / end", "握手 / 结束"),
                                         tr("RTT", "往返"),
                                         tr("bytes", "字节"),
                                         tr("resent", "重传"),
                                         tr("reordered", "乱序"),
                                         tr("no room", "零窗口")};
  std::vector<std::vector<std::string>> rows;
  rows.reserve(2 * connections.size());
  for (const Connection& connection : connections)
    for (const End end : {End::client, End::server}) rows.push_back(row_of(connection, end));

  // What the other columns leave is for the addresses.
  std::size_t others = 0;
  for (std::size_t column = 0; column < head.size(); ++column) {
    if (column == ends_column) continue;
    std::size_t width = display_width(head[column]);
    for (const auto& row : rows) width = std::max(width, display_width(row[column]));
    others += width + 2;
  }
  const std::size_t columns = dialtone::terminal_columns();
  const std::size_t room = std::max(columns - std::min(columns, others), least_end);
  dialtone::Table table(head, {0, 3, 4, 5, 6, 7});
  for (auto& row : rows) {
    row[ends_column] = shortened(row[ends_column], room);
    table.add(std::move(row));
  }
  return table.text(columns);
}

}  // namespace tracing
