// Connections and segments for other programs. The names stay as they are; see README.md.
#pragma once

#include <nlohmann/json.hpp>

#include "capture/connections.hpp"

namespace tracing {

/// {"type": "connection", "number": 1, …}
nlohmann::json to_json(const Connection& connection);

/// {"type": "segment", "connection": 1, …}, of this connection.
nlohmann::json to_json(const TracedSegment& segment, const Connection& connection);

}  // namespace tracing
