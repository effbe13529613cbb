// Addresses and states as a person writes them.
#include <cstdio>

#include "connections.hpp"

namespace tracing {

namespace {

std::string v4_text(const handshake_trace::Address& address) {
  std::string text;
  for (std::size_t i = 0; i < 4; ++i)
    text += (i == 0 ? "" : ".") + std::to_string(std::to_integer<unsigned>(address.bytes[i]));
  return text;
}

/// The longest run of two zero groups or more, the first of equals (RFC 5952, section 4.2).
struct Run {
  std::size_t from = 8;
  std::size_t length = 0;
};
Run longest_zeros(const std::array<unsigned, 8>& groups) {
  Run best;
  for (std::size_t from = 0; from < groups.size();) {
    std::size_t to = from;
    while (to < groups.size() && groups[to] == 0) ++to;
    if (to - from >= 2 && to - from > best.length) best = {from, to - from};
    from = to + 1;
  }
  return best;
}

std::string v6_text(const handshake_trace::Address& address) {
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < groups.size(); ++i)
    groups[i] = std::to_integer<unsigned>(address.bytes[2 * i]) << 8U |
                std::to_integer<unsigned>(address.bytes[2 * i + 1]);
  const Run zeros = longest_zeros(groups);
  std::string text;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i == zeros.from) {
      text += "::";
      i += zeros.length - 1;
      continue;
    }
    char digits[8];
    std::snprintf(digits, sizeof digits, "%x", groups[i]);
    if (!text.empty() && text.back() != ':') text += ':';
    text += digits;
  }
  return text;
}

}  // namespace

std::string to_string(const handshake_trace::Address& address) {
  return address.is_v6 ? v6_text(address) : v4_text(address);
}

std::string to_string(const Endpoint& endpoint) {
  const std::string address = to_string(endpoint.address);
  return (endpoint.address.is_v6 ? '[' + address + ']' : address) + ':' +
         std::to_string(endpoint.port);
}

std::string to_string(handshake_trace::State state) {
  constexpr const char* names[] = {"CLOSED",      "LISTEN",     "SYN-SENT",   "SYN-RECEIVED",
                                   "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT",
                                   "CLOSING",     "LAST-ACK",   "TIME-WAIT"};
  return names[static_cast<std::size_t>(state)];
}

}  // namespace tracing
