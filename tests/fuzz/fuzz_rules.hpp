// What every fuzz target uses: rules that must hold, and cuts that follow from the input, so that a
// finding replays from its file alone.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

namespace fuzz {

/// Ends the run as a finding where a rule does not hold.
inline void require(bool holds, const char* rule) {
  if (holds) return;
  std::fprintf(stderr, "broken rule: %s\n", rule);
  std::abort();
}

inline std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// Takes one byte from the front of the input; 0 where there is none.
inline unsigned take_byte(std::span<const std::byte>& input) {
  if (input.empty()) return 0;
  const auto byte = std::to_integer<unsigned>(input.front());
  input = input.subspan(1);
  return byte;
}

/// Calls `use` with the bytes in pieces of 1 to 2, 16 or 1024 bytes, as the style asks.
template <class Use>
void in_cuts(std::span<const std::byte> bytes, unsigned style, Use use) {
  constexpr std::size_t longest[] = {1, 2, 16, 1024};
  std::uint32_t state = style * 2654435761U + 1;
  while (!bytes.empty()) {
    state = state * 1664525U + 1013904223U;
    const std::size_t size = 1 + (state >> 16U) % longest[style % 4];
    const auto piece = bytes.first(std::min(size, bytes.size()));
    use(piece);
    bytes = bytes.subspan(piece.size());
  }
}

}  // namespace fuzz
