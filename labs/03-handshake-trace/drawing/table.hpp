// The connections of a capture as a table.
#pragma once

#include <span>
#include <string>

#include "capture/connections.hpp"

namespace tracing {

/// Two lines for each connection: the client's and how it began, the server's and how it ended.
/// Lines are as wide as the terminal at most, where that is 80 columns or more.
std::string connection_table(std::span<const Connection> connections);

}  // namespace tracing
