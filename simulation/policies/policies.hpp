// The policies that are given. Round robin and the multilevel feedback queue are lab 06's.
//
// Each takes O(log n) or less for a decision among n ready processes.
#pragma once

#include <cstdint>
#include <memory>

#include "simulation/policy.hpp"

namespace simulation {

/// First in, first out: a process keeps its core until it blocks or ends.
std::unique_ptr<Policy> make_fifo();

/// Shortest job first: the shortest next CPU burst, of equal ones the first in the queue; not
/// preempted. It needs to know bursts beforehand.
std::unique_ptr<Policy> make_sjf();

/// Shortest remaining time first: the same, preempted by a shorter one.
std::unique_ptr<Policy> make_srtf();

struct PriorityRules {
  bool preemptive = true;
  Time aging = 0;  ///< after every so many ticks in the queue it counts one higher; 0: never
};
/// The highest `priority`, of equal ones the first in the queue.
std::unique_ptr<Policy> make_priority(PriorityRules rules);

/// A line for each priority, for ever; within a line, round robin. A higher line's process takes
/// the core from a lower line's.
std::unique_ptr<Policy> make_multilevel(Time quantum);

struct CtssRules {
  Time quantum = 1;
  int words = 16;  ///< of memory that are brought in within one quantum
  int levels = 9;
};
/// The Compatible Time-Sharing System's scheduler (Corbató, Merwin-Daggett, Daley: An Experimental
/// Time-Sharing System, 1962). A program of m words enters at level ⌊log₂(m / words + 1)⌋, gets
/// 2^level quanta there, and then goes one level on. Level 0 comes first. A newcomer at a level
/// before it takes the core at the end of a quantum, once the running program has had at least as
/// many quanta as the newcomer is due.
std::unique_ptr<Policy> make_ctss(CtssRules rules);

/// Each quantum is drawn: a process's chance is its weight over those of all who are ready
/// (Waldspurger and Weihl, 1994).
std::unique_ptr<Policy> make_lottery(Time quantum, std::uint64_t seed);

/// The least pass goes first, and each quantum adds a stride, the inverse of the weight, to its
/// pass (Waldspurger and Weihl, 1995).
std::unique_ptr<Policy> make_stride(Time quantum);

struct FairRules {
  Time latency = 6;      ///< within so many ticks each ready process gets a turn
  Time granularity = 1;  ///< but none gets a shorter turn
};
/// A fair share in the way of Linux's CFS: the least virtual time goes first; who wakes is put at
/// most half a latency before the others.
std::unique_ptr<Policy> make_fair(FairRules rules);

/// Earliest eligible virtual deadline first (Stoica and others, 1996): of those who have had no
/// more than their share, the one whose request for `slice` ticks is due first.
std::unique_ptr<Policy> make_eevdf(Time slice);

}  // namespace simulation
