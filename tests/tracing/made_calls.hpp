// Captures that never were: conversations whose every segment is drawn, for comparing programs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "random.hpp"

namespace made_calls {

struct Made {
  std::int64_t time = 0;  ///< nanoseconds since 1970
  std::uint32_t link_type = 0;
  std::string bytes;
};

/// The segments of `count` conversations, mixed by time, as they look on a link of that type:
/// handshakes with all options, data both ways, some of it sent again after a third of a second or
/// swapped on its way (never a single byte: tshark calls its repetition a keep-alive), numbers that
/// begin just below 2³², windows that close, ends by FIN and by RST, a few wrong checksums. IPv4
/// and IPv6; on Ethernet some with VLAN tags, and short frames with padding.
std::vector<Made> draw(dialtone::Random& random, std::uint32_t link_type, std::size_t count);

}  // namespace made_calls
