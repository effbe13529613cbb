// Lists of TCP options, built one by one together with what they mean.
#pragma once

#include "cases.hpp"
#include "packets.hpp"

namespace lab03 {

class OptionList {
 public:
  OptionList& segment_size(std::uint16_t size);
  OptionList& scale(std::uint8_t shift);
  OptionList& sack_permitted();
  OptionList& sack(Random& random, std::size_t blocks);
  OptionList& timestamps(std::uint32_t value, std::uint32_t echo);
  /// Bytes that mean nothing here: fillers, an end with what is behind it, kinds not known.
  OptionList& raw(const std::string& bytes);

  const std::string& bytes() const { return bytes_; }

  /// What the fields of handshake_trace::Options are, as the shim tells them.
  const json& meaning() const { return meaning_; }

 private:
  std::string bytes_;
  json meaning_ = {{"maximum_segment_size", nullptr},
                   {"window_scale", nullptr},
                   {"sack_permitted", false},
                   {"sack_blocks", 0},
                   {"sack", json::array()},
                   {"timestamps", nullptr},
                   {"broken", false}};
};

/// As many whole options of all kinds as fit in `room` bytes, at most `count`; then fillers up to
/// `least` bytes.
OptionList draw_options(Random& random, std::size_t count, std::size_t room, std::size_t least = 0);

}  // namespace lab03
