// A wire between two hosts of this machine's own: each has a network namespace, and whatever one
// sends reaches the other only through us, later, or not at all.
//
//   client host            this process            server host
//   192.0.2.1 ── veth ── packet sockets ── veth ── 192.0.2.2
//
// The kernel's own means for that, netem, is often absent, and /dev/net/tun is often root's; veth
// and packet sockets are there for every user who may have a namespace. The addresses are
// documentation's (RFC 5737). The hosts know each other's link address, so there is no ARP to
// carry, and of all else only TCP over IPv4 is carried.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "capture/capture_file.hpp"
#include "file_descriptor.hpp"
#include "socket_basics.hpp"

namespace tracing {

/// A segment as it enters the wire.
struct WireSegment {
  End from = End::client;
  std::uint8_t flags = 0;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgement = 0;
  std::uint32_t length = 0;  ///< bytes of data

  bool has(std::uint8_t bits) const { return (flags & bits) == bits; }
};

inline constexpr const char* client_host = "192.0.2.1";
inline constexpr const char* server_host = "192.0.2.2";

class Wire {
 public:
  /// Whether a segment is lost. Asked once for each, in the order in which they enter.
  using Rule = std::function<bool(const WireSegment&)>;
  /// Takes each segment with its fate, in the order in which they entered, when it has arrived or
  /// would have.
  using Sink = std::function<void(const CapturedPacket&)>;

  /// The machine does not allow it: what() says why in one line.
  struct Impossible : std::runtime_error {
    using std::runtime_error::runtime_error;
  };

  /// Moves this process, which has one thread, into networks of its own for good: do it in a child
  /// (see enter_private_network). Throws Impossible, or dialtone::Failure where something else
  /// fails.
  Wire(Nanoseconds delay, Sink sink);

  void lose(Rule rule) { rule_ = std::move(rule); }

  /// Moves the calling thread to a host; a socket belongs to the host where it was made.
  void move_to(End host) const;
  void move_to_the_middle() const;

  /// Runs something at a host, on this thread, and comes back.
  template <class Do>
  auto at(End host, const Do& act) const {
    struct Back {
      const Wire& wire;
      ~Back() { wire.move_to_the_middle(); }
    } back{*this};
    move_to(host);
    return act();
  }

  /// Carries what is sent until `done` says so and nothing is under way, and looks at least every
  /// few milliseconds. Outside this function nothing is carried, so what happens between two calls
  /// happens at once. False when the deadline came first.
  bool carry(const std::function<bool()>& done, socket_basics::Deadline deadline);

  /// Both directions were ended by a FIN that arrived, and the acknowledgement of each arrived.
  /// For wires with one connection.
  bool hung_up() const;

 private:
  struct UnderWay {
    WireSegment segment;
    std::vector<std::byte> bytes;
    Nanoseconds entered = 0;  ///< by the clock of the day, as the kernel stamped it
    Nanoseconds due = 0;      ///< by the monotonic clock
    bool lost = false;
  };
  struct Hanging {
    std::optional<std::uint32_t> end;  ///< the number behind the FIN
    bool acknowledged = false;
  };

  void take_from(End from);
  void deliver_what_is_due();
  void arrived(const WireSegment& segment);

  Nanoseconds delay_;
  Sink sink_;
  Rule rule_;
  dialtone::FileDescriptor middle_;                   ///< the network between the hosts
  std::array<dialtone::FileDescriptor, 2> networks_;  ///< by End
  std::array<dialtone::FileDescriptor, 2> sockets_;   ///< by End: packet sockets in the middle
  std::deque<UnderWay> under_way_;                    ///< in the order in which they entered
  std::array<Hanging, 2> hanging_;                    ///< by End
  std::uint64_t carried_ = 0;
};

}  // namespace tracing
