// Of the packets that go by, those of a command's connections, each once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>

#include "glimpse.hpp"
#include "owners.hpp"

namespace tracing {

/// Chooses packets. What it holds is bounded; a connection whose look-up would exceed a bound is
/// taken for the command's.
class Selection {
 public:
  /// `owners`: whom to ask whose a connection is; none: all are the command's (in a private
  /// network).
  explicit Selection(SocketOwners* owners);

  /// Whether the packet belongs to the command's connections and has not been seen before, on
  /// another interface. A connection is left out where both its ends are known to be others'. One
  /// that began before it was seen is left out unless an end is known to be the command's.
  bool wanted(const CapturedPacket& packet);

  /// None of the command's connections is open.
  bool quiet() const { return open_ == 0; }

  struct Counts {
    std::uint64_t packets = 0;      ///< that were wanted
    std::uint64_t connections = 0;  ///< of the command's
    std::uint64_t refused = 0;      ///< of these, those whose SYN was answered with a RST
    std::uint64_t left_out = 0;     ///< connections of other programs'
  };
  const Counts& counts() const { return counts_; }

  /// How many connections it remembers.
  std::size_t held() const { return entries_.size(); }

 private:
  /// Both ends, the lesser first.
  using Key = std::array<std::uint8_t, 38>;

  /// Where packets from one of the ends are seen.
  struct Path {
    bool seen = false;
    std::uint32_t interface = 0;
    Nanoseconds last = 0;
  };
  struct Entry {
    bool kept = false;
    bool over = false;  ///< counted as such
    Progress progress;
    Path paths[2];
  };

  static Key key_of(const Glimpse& segment, bool& by_first);
  bool is_commands(const Glimpse& segment);
  Entry& begin(const Key& key, const Glimpse& segment);
  void make_room();
  static bool first_sight(Path& path, const Glimpse& segment, Nanoseconds time);

  SocketOwners* owners_;
  std::uint32_t loopback_;  ///< its interface's number
  std::map<Key, Entry> entries_;
  std::size_t open_ = 0;  ///< entries that are kept and not over
  Counts counts_;
};

}  // namespace tracing
