// A program that reaches for another's memory: with base and limit, and without.
//
// A machine of 256 bytes. At the top lies the system with a table, in memory too, of where each
// program begins: without it the system finds nobody. Below lie two programs, each of which writes
// its letter into its own memory, again and again; but Q's loop goes on beyond its end. Checksums
// say whose memory is still what its owner wrote.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "multiprogramming.hpp"

namespace generations {

struct Trespass {
  struct Event {
    int tick = 0;
    std::string text;
    std::vector<std::uint8_t> memory;  ///< after it
  };
  std::vector<Event> events;
  bool neighbour_intact = true;
  bool system_intact = true;
  bool stopped = false;             ///< a fault ended the trespasser
  multiprogramming::Fault fault{};  ///< where it was stopped
  int ticks = 0;                    ///< how long the system lived
};

inline constexpr std::size_t memory_size = 256;

/// Plays until all is quiet, or the system is down.
Trespass trespass(bool protection);

/// The memory in rows of `columns` bytes, a letter each; what its owner did not write is a capital.
std::string picture(const std::vector<std::uint8_t>& memory, std::size_t columns);

nlohmann::ordered_json json_of(const Trespass& trespass, bool protection);

}  // namespace generations
