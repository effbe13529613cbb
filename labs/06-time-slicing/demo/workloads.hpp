// What there is to schedule: a deck that ships with the program, one that is drawn, or a file's.
#pragma once

#include <cstdint>
#include <string>

#include "simulation/deck.hpp"

namespace time_slicing_demo {

/// Five jobs that show what policies differ in: one long, two short, and two that mostly wait for
/// their user.
simulation::Deck usual_deck();

/// `jobs` drawn jobs, half of them with I/O: bursts are exponential (mean 6 ticks), arrivals are
/// spread so that one core has enough to do.
simulation::Deck drawn_deck(std::size_t jobs, std::uint64_t seed);

/// The jobs as a table: name, arrival, bursts.
std::string deck_text(const simulation::Deck& deck, std::size_t columns);

}  // namespace time_slicing_demo
