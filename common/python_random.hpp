// Python's random numbers: the same seed gives the same values as random.seed(seed) there.
//
// Source: M. Matsumoto and T. Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed
// uniform pseudo-random number generator", ACM TOMACS 8 (1998), and their init_by_array of 2002;
// how Python 3 draws from it, by its documentation and by trying it (3.11). std::mt19937 is the
// same generator, but the standard has no way to start it by init_by_array.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace dialtone {

/// Seed 0 starts with random() = 0.8444218515250481, 0.7579544029403025.
class PythonRandom {
 public:
  /// As random.seed(seed) with a whole number; versions 1 and 2 of its seeding are the same there,
  /// and so are a seed and its negative.
  explicit PythonRandom(std::int64_t seed) {
    std::uint64_t magnitude = static_cast<std::uint64_t>(seed);
    if (seed < 0) magnitude = 0 - magnitude;
    const std::array<std::uint32_t, 2> key = {static_cast<std::uint32_t>(magnitude),
                                              static_cast<std::uint32_t>(magnitude >> 32U)};
    start_by_array(key.data(), key[1] != 0 ? 2 : 1);
  }

  /// 32 random bits.
  std::uint32_t word() {
    if (next_ == length) refill();
    std::uint32_t y = state_[next_++];
    y ^= y >> 11U;
    y ^= (y << 7U) & 0x9d2c5680U;
    y ^= (y << 15U) & 0xefc60000U;
    return y ^ (y >> 18U);
  }

  /// random.random(): a multiple of 2⁻⁵³ in [0, 1).
  double random() {
    const double high = word() >> 5U;  // 27 bits
    const double low = word() >> 6U;   // 26 bits
    return (high * 0x1.0p26 + low) * 0x1.0p-53;
  }

  /// A whole number below `limit`, as random.randrange(limit) draws it; random.choice(list) is
  /// list[below(len(list))]. Precondition: limit is at least 1.
  std::uint32_t below(std::uint32_t limit) {
    unsigned bits = 0;
    while (bits < 32 && (limit >> bits) != 0) ++bits;
    std::uint32_t drawn = 0;
    do {
      drawn = word() >> (32U - bits);
    } while (drawn >= limit);
    return drawn;
  }

  /// random.shuffle(values).
  template <class T>
  void shuffle(std::vector<T>& values) {
    for (std::size_t i = values.size(); i > 1; --i)
      std::swap(values[i - 1], values[below(static_cast<std::uint32_t>(i))]);
  }

 private:
  static constexpr std::size_t length = 624;
  static constexpr std::size_t middle = 397;

  void start_by_word(std::uint32_t seed) {
    state_[0] = seed;
    for (std::size_t i = 1; i < length; ++i) {
      const std::uint32_t before = state_[i - 1];
      state_[i] = 1812433253U * (before ^ (before >> 30U)) + static_cast<std::uint32_t>(i);
    }
    next_ = length;
  }

  void start_by_array(const std::uint32_t* key, std::size_t key_length) {
    start_by_word(19650218U);
    std::size_t i = 1;
    const auto mixed = [&](std::uint32_t factor) {
      const std::uint32_t before = state_[i - 1];
      return state_[i] ^ ((before ^ (before >> 30U)) * factor);
    };
    const auto advance = [&] {
      if (++i < length) return;
      state_[0] = state_[length - 1];
      i = 1;
    };
    for (std::size_t k = 0; k < length; ++k) {  // a key is never longer than the state here
      const std::size_t j = k % key_length;
      state_[i] = mixed(1664525U) + key[j] + static_cast<std::uint32_t>(j);
      advance();
    }
    for (std::size_t k = 1; k < length; ++k) {
      state_[i] = mixed(1566083941U) - static_cast<std::uint32_t>(i);
      advance();
    }
    state_[0] = 0x80000000U;
  }

  void refill() {
    for (std::size_t i = 0; i < length; ++i) {
      const std::uint32_t y = (state_[i] & 0x80000000U) | (state_[(i + 1) % length] & 0x7fffffffU);
      state_[i] = state_[(i + middle) % length] ^ (y >> 1U) ^ ((y & 1U) != 0 ? 0x9908b0dfU : 0U);
    }
    next_ = 0;
  }

  std::array<std::uint32_t, length> state_{};
  std::size_t next_ = length;
};

}  // namespace dialtone
