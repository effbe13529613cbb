// Memory that is dealt out, taken back and drawn, one request at a time.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "generations/plan.hpp"

namespace generations {

/// What one program has: as much as it asked for, within a region.
struct Resident {
  char name = 'A';
  multiprogramming::Region region;
  Address asked = 0;
};

/// One request, and the memory after it.
struct MemoryStep {
  enum class Kind { allocated, refused, released, compacted };
  Kind kind = Kind::allocated;
  char name = 'A';
  Address size = 0;
  Address address = 0;  ///< where it was put
  Address moved = 0;    ///< compacted: how much was moved
  std::vector<Resident> residents;
  multiprogramming::Usage usage;
};

/// Programs of random sizes come, and random ones leave whenever a new one finds no room.
std::vector<MemoryStep> play_memory(const MemoryRules& rules, std::uint64_t seed,
                                    std::size_t programs);

/// How full memory is whenever a program finds no room, on average (shares of the whole).
struct Fullness {
  std::string rules;
  std::size_t refusals = 0;
  double allocated = 0;
  double internal = 0;
  double external = 0;
  Address moved = 0;  ///< by compaction, in all
};

/// The same stream of programs for several ways to divide the memory.
std::vector<Fullness> compare_memories(Address size, std::uint64_t seed, std::size_t programs);

/// The rules in words.
std::string title_of(const MemoryRules& rules);

/// The memory as a bar of this many columns: a letter for a program, a shade for what a partition
/// wastes, dots for holes.
std::string bar(const MemoryRules& rules, const MemoryStep& step, std::size_t columns,
                bool unicode);

/// A step as a line of text.
std::string told(const MemoryStep& step);

nlohmann::ordered_json json_of(const MemoryRules& rules, const std::vector<MemoryStep>& steps,
                               const std::vector<Fullness>& compared);

}  // namespace generations
