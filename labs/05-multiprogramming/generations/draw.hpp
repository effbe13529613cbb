// Decks of random jobs: for whoever wants to see more than one, and for the tests.
#pragma once

#include <cstdint>

#include "simulation/deck.hpp"

namespace generations {

/// `jobs` jobs, of which some mostly compute, some mostly wait for a disk, and some ask little and
/// think in between. Memory of at most 24 KiB each. The same seed gives the same deck everywhere.
simulation::Deck draw_deck(std::uint64_t seed, std::size_t jobs);

}  // namespace generations
