// The right to capture: as root, with CAP_NET_RAW, or in a network of one's own.
#pragma once

#include <string>

namespace tracing {

/// Where this process may capture.
enum class Access {
  shared_network,   ///< where it is: root, or CAP_NET_RAW
  private_network,  ///< in a network of its own, which it is in now: only loopback, nobody else
  none,             ///< nowhere: a recorded trace is all that can be shown
};

struct Privilege {
  Access access = Access::none;
  std::string why_not;  ///< with `none`: one line that says why, and what to do
};

/// Gets this process the right to capture. Where it has none it moves for good into a private
/// network (private_network.hpp) and says so in one line on standard error; what it starts lives
/// there too. That is tried in a child first: with `none` this process is as it was.
/// Precondition: one thread.
Privilege gain_capture();

}  // namespace tracing
