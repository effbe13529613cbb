// A command, and the TCP connections that it has while it runs.
#pragma once

#include <string>
#include <vector>

#include "capture.hpp"
#include "privilege.hpp"
#include "selection.hpp"

namespace tracing {

struct TracedCommand {
  int exit_code = 0;         ///< the command's; 128 + n where signal n ended it
  bool interrupted = false;  ///< Ctrl-C or SIGTERM came
  Selection::Counts counts;
  Drops drops;
};

/// Runs the command (looked up in PATH; standard input, output and error are this process's) and
/// gives its packets to the sink as they are captured, until it has ended and its connections are
/// over, at most 300 ms after it.
///
/// Ctrl-C is the command's: the terminal sends it there as well. A second one, or a command that
/// outlives SIGTERM by 2 s, ends it by force. In each case what was captured is kept.
/// What the command leaves running in a private network, where nobody could reach it any more, is
/// ended.
///
/// Throws dialtone::Failure where the command cannot be started or capturing fails. Preconditions:
/// `access` is what gain_capture() gave, and not `none`; SIGINT, SIGTERM and SIGHUP are not waited
/// for elsewhere (interruption.hpp).
TracedCommand trace_command(const std::vector<std::string>& command, Access access,
                            const PacketSink& sink);

/// One line on why a command may have failed in a private network, where it meets nobody but
/// itself, and what to do; empty where that is not it.
std::string diagnosis(const TracedCommand& traced, Access access);

}  // namespace tracing
