// The event engine beside others, in the hold model: so many events are pending; take the next one,
// and plan another at a drawn time after it.
#pragma once

#include <cstddef>

#include "measure.hpp"

namespace simulation_bench {

/// A contest for each engine and number of pending events, and what is to be said of them.
bench::Report compare_engines(std::size_t runs, bool quick);

}  // namespace simulation_bench
