// Seeded random values for tests and judge: the same seed gives the same values everywhere.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace dialtone {

/// The standard's distributions differ between libraries, so the draws are made by hand from
/// std::mt19937_64, whose sequence the standard fixes.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t bits() { return engine_(); }

  /// A whole number from `low` to `high`, both included. The bias of the remainder is below 2⁻³²
  /// for the small ranges drawn here.
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    const std::uint64_t range = high - low + 1;
    return range == 0 ? bits() : low + bits() % range;
  }

  bool chance(double probability) {
    return static_cast<double>(bits() >> 11U) * 0x1.0p-53 < probability;
  }

  template <class T>
  const T& pick(const std::vector<T>& values) {
    return values[between(0, values.size() - 1)];
  }

  /// Any byte values.
  std::string bytes(std::size_t count) {
    std::string text(count, '\0');
    for (char& c : text) c = static_cast<char>(bits() >> 56U);
    return text;
  }

  /// Characters drawn from an alphabet.
  std::string text(std::size_t count, std::string_view alphabet) {
    std::string drawn(count, '\0');
    for (char& c : drawn) c = alphabet[between(0, alphabet.size() - 1)];
    return drawn;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace dialtone
