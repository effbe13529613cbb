// From packets to what is shown: the table of connections, one that is followed, and a copy.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "capture/capture_file.hpp"
#include "capture/connections.hpp"
#include "capture/packets.hpp"

namespace tracing {

class Session {
 public:
  using Listener = std::function<void(const TracedSegment&, const Connection&)>;

  /// Follows the connection of that number. `each` hears of every segment, of whatever connection.
  explicit Session(std::uint64_t follow, Listener each = {});

  void take(const CapturedPacket& packet);

  const Connections& connections() const { return connections_; }

  /// The connection that is followed; nothing where there was none of that number.
  std::optional<Trace> trace() const;

  std::uint64_t packets() const { return packets_; }
  std::uint64_t segments() const { return segments_; }

  /// A line for each kind of packet that is in no connection: how many, and why.
  std::vector<std::string> left_out() const;

 private:
  /// Packets of a kind, and the first of them.
  struct Others {
    std::uint64_t count = 0;
    std::string first;
  };
  void leave_out(Others& others, const CapturedPacket& packet, const std::string& why = {});

  std::uint64_t follow_;
  Listener each_;
  Connections connections_;
  Dissected dissected_;
  std::optional<Trace> trace_;
  std::uint64_t packets_ = 0;
  std::uint64_t segments_ = 0;
  Others fragments_;
  Others broken_;
  Others unknown_;
  Others not_tcp_;
};

}  // namespace tracing
