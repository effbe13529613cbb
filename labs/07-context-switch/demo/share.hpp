// Hundreds of threads on one core: what the kernel sees of them, and what they cost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>

namespace switch_demo {

inline constexpr std::size_t most_threads = 100'000;

/// What came of a crowd that shares the core.
struct Share {
  std::size_t threads = 0;
  int kernel_threads = 0;  ///< of this process while they ran: "Threads:" in /proc/self/status
  double bytes_each = 0;   ///< of memory that a thread really took
  std::uint64_t switches = 0;
  double seconds = 0;     ///< that these took
  std::size_t right = 0;  ///< threads whose number on their own stack was right at the end

  double rate() const { return static_cast<double>(switches) / seconds; }
};

/// So many threads yield in turn. Throws Failure where they cannot be made.
Share share(std::size_t threads);

/// The same, and as a picture how far each is when they have work of different lengths: live on a
/// terminal, else as it was half-way. `seconds`: how long that work takes.
Share show_share(std::size_t threads, double seconds);

nlohmann::ordered_json json_of(const Share& share);

}  // namespace switch_demo
