// A run, tick by tick, forwards and back.
#pragma once

#include "session.hpp"

namespace time_slicing_demo {

/// What one moment looks like: the timelines up to it, what was decided at it, and where each
/// process is then.
std::string moment(const Run& run, std::size_t step, std::size_t columns);

/// The moments at which something happened.
std::vector<simulation::Time> moments(const Run& run);

/// Shows the moments one at a time. On a terminal single keys lead on; else lines of standard input
/// do, by their first letter: n (or nothing) forwards, b back, f first, l last, q quit.
void step_through(const Run& run);

}  // namespace time_slicing_demo
