// What this program does when it is started by itself to be looked at: `process-tour --role PART`
// and `process-tour --say COUNT`. All of them end when their standard input does, when their parent
// dies, or at an alarm.
#pragma once

#include <optional>

namespace process_tour {

/// Plays the part that the command line names, and gives the exit code; nothing where it names
/// none, as when a person types it.
/// --role count           a number that grows by one for each byte it reads, and is written back
/// --role rest NAME N     called NAME, with N threads, waits for the end of its input
/// --role family          has a child that rests; ends with it
/// --role work KIND CORE  computes for ever; KIND is computes, waits (for a device, after each
///                        millisecond or less of computing) or competes
/// --role become CMD...   says that it is there (descriptor 3), waits for a byte, and execs CMD
/// --say COUNT            printf("hello\n"), COUNT times, between two calls of getppid
std::optional<int> play_role(int argc, char** argv);

}  // namespace process_tour
