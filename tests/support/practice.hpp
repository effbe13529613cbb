// What a practice test includes: Catch2, stories, and the run's seed.
#pragma once

#if __has_include(<catch2/catch_test_macros.hpp>)  // Catch2 3
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#else
#include <catch2/catch.hpp>
#endif

#include <cstdint>

#include "random.hpp"
#include "story.hpp"

namespace dialtone {

/// The seed of this run: DIALTONE_SEED where it is set, else drawn. Printed with the results.
std::uint64_t test_seed();

}  // namespace dialtone
