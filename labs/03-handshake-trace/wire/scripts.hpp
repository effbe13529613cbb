// What the two hosts do in each scenario. Runs in the wire's process.
#pragma once

#include <string_view>

#include "wire.hpp"

namespace tracing {

/// Plays a scenario to its end, until its last segment has arrived. Throws dialtone::Failure where
/// something does not go as it must, dialtone::Todo where it stands on an unwritten part of lab 01
/// or 02. The wire must outlive the process's threads. Precondition: the name of a scenario.
void play_script(std::string_view name, Wire& wire, socket_basics::Deadline deadline);

}  // namespace tracing
