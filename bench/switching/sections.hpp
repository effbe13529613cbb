// The parts of switching_bench.
#pragma once

#include <cstddef>

#include "measure.hpp"

namespace switching_bench {

/// One switch from and to a running context, by ours and by others, down to what the kernel takes.
bench::Report switches(std::size_t runs);

/// A million switches, and threads made and joined: time, and what stays of the memory.
bench::Report threads(std::size_t runs);

/// Programs started by lab 04's code and by the C library.
bench::Report programs(std::size_t runs);

}  // namespace switching_bench
