// States where it is known when each segment arrived.
#pragma once

#include "capture/connections.hpp"

namespace tracing {

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
