// Packets as they go by, captured with libpcap.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "capture/capture_file.hpp"

namespace tracing {

using Moment = std::chrono::steady_clock::time_point;

/// What a capture missed.
struct Drops {
  std::uint64_t packets = 0;  ///< that found the buffer full: the trace has gaps
};

/// A capture of TCP's packets that is running. Whatever is sent after the constructor has returned
/// is captured, each packet once, also those of loopback, which pass by twice.
class LiveCapture {
 public:
  enum class Where {
    loopback,    ///< link type Ethernet
    everywhere,  ///< every interface; link type "cooked, version 2", which names the interface
  };

  /// A packet comes to hand this long after it went by, at most: mostly 1 or 2 ms.
  static constexpr std::chrono::milliseconds at_hand{30};

  /// Throws dialtone::Failure, in one line, where it is not allowed or not possible.
  explicit LiveCapture(Where where);
  LiveCapture(const LiveCapture&) = delete;
  LiveCapture& operator=(const LiveCapture&) = delete;
  ~LiveCapture();

  /// The next packet, which is valid until the one after it is asked for; false when none comes
  /// before the deadline (one that is over: what is there already). Throws dialtone::Failure where
  /// the capture breaks off. Their numbers count from 1; their offsets are 0.
  bool next(CapturedPacket& packet, Moment deadline);

  /// Readable, to poll(2), when there is a packet.
  int descriptor() const;

  Drops drops() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Whether this process may capture: CAP_NET_RAW where its network belongs.
bool may_capture();

/// The path of the program that is running, for what it says about itself.
std::string this_program();

/// Why capturing is refused to an ordinary user, and what to do: names sudo and setcap.
std::string capture_is_denied();

}  // namespace tracing
