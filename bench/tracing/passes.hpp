// One pass over a capture: ours, and others'.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "generate.hpp"

namespace tracing_bench {

/// Reads, dissects, and follows every connection: what the program does for its table. (Where more
/// connections were than the table keeps rows, the totals are those of the rows.)
Made follow(const std::string& file);

/// The same in a process of its own; its peak resident memory in bytes.
Made follow_apart(const std::string& file, double& peak);
/// What that process does: prints what it found.
void follow_and_tell(const std::string& file);

/// pcap_next_ex until the end; how many packets.
std::uint64_t bare_loop(const std::string& file);

/// What work takes of a processor's time, in this process and in those that it started and awaited:
/// other programs on the machine count for less than they do by the clock on the wall.
double processor_seconds_of(const std::function<void()>& work);

/// Whether a program is there to be run.
bool is_installed(const std::string& program);
/// Runs it with its output thrown away; throws a Failure where it does not end well.
void run_peer(const std::vector<std::string>& command);

}  // namespace tracing_bench
