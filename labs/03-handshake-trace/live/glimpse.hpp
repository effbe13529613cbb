// The little that capturing itself must know of a packet. Apart from the lab's parsers on purpose:
// they may be a student's, and what is captured must not hang on them.
#pragma once

#include <cstdint>
#include <optional>

#include "capture/capture_file.hpp"

namespace tracing {

struct Glimpse {
  Endpoint source;
  Endpoint destination;
  std::uint8_t flags = 0;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgement = 0;
  std::uint32_t length = 0;      ///< bytes of data
  std::uint32_t interface = 0;   ///< its number; 0 where the link does not say
  bool goes_out = false;         ///< it was seen on its way out, as far as the link says
  bool part_of_segment = false;  ///< a later fragment: the addresses alone are known
};

/// What is seen of a TCP segment that a live capture caught (Ethernet, cooked 1 and 2); nothing
/// where it is none, or is broken.
std::optional<Glimpse> glimpse(const CapturedPacket& packet);

/// How far a connection has come, as far as its end is concerned.
class Progress {
 public:
  /// `by_first`: sent by the end that is called the first; which one that is does not matter.
  void take(const Glimpse& segment, bool by_first);

  /// Both FINs were seen and acknowledged, or a RST.
  bool over() const;

  /// A SYN was answered with a RST.
  bool refused() const { return refused_; }

 private:
  struct Direction {
    std::optional<std::uint32_t> behind_fin;  ///< the sequence number behind its FIN
    bool fin_acknowledged = false;
    bool syn = false;
  };
  Direction directions_[2];
  bool reset_ = false;
  bool refused_ = false;
};

}  // namespace tracing
