// States where it is known when each segment arrived.
#pragma once

#include "capture/connections.hpp"

namespace tracing {

/// Both ends, as segments leave the one and arrive at the other. A FIN says it once to each end.
class EndsOverTime {
 public:
  using States = std::array<handshake_trace::State, 2>;  ///< by End

  explicit EndsOverTime(const States& before) : states_(before) {}

  void leaves(const TracedSegment& segment);
  void arrives(const TracedSegment& segment);
  const States& states() const { return states_; }

 private:
  handshake_trace::Signal signal(const TracedSegment& segment, std::array<bool, 2>& fin_said) const;

  States states_;
  std::array<std::optional<std::int64_t>, 2> fins_;  ///< by sender: the number of its FIN
  std::array<bool, 2> fin_sent_{};                   ///< by sender
  std::array<bool, 2> fin_arrived_{};                ///< by sender
};

/// A conversation takes every segment as received where it was captured. That is all that can be
/// done with captures in general, but on a long wire segments cross, and some are lost: then the
/// states are others. Where the trace knows of each segment when it arrived, or that it did not,
/// and begins with the client's SYN, this puts into its notes what the ends really became: the
/// sender when it had sent the segment, the receiver when it had received it; of a segment that was
/// lost, what the receiver was when it was sent. The connection's own states become the last ones.
/// Other traces stay as they are. Simplified: a FIN counts when it arrives, even ahead of bytes
/// that are missing; a receiver would keep it until they have come.
void apply_arrivals(Trace& trace);

}  // namespace tracing
