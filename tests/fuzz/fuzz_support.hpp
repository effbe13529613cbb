// What the targets that speak in frames use, beside fuzz_rules.hpp.
#pragma once

#include "framing.hpp"
#include "fuzz_rules.hpp"

namespace fuzz {

/// The usual limits, or close ones that short inputs can break.
inline framing::Limits limits_of(unsigned choice) {
  if (choice % 2 == 0) return {};
  return {.header = 120, .payload = 300, .depth = 3};
}

/// A header may grow when it is written anew (1e9 becomes 1000000000.0): only a long one may be
/// refused for that.
inline void must_come_back(const framing::Header& header, const framing::Limits& limits,
                           std::size_t read_from) {
  const auto text = framing::header_text(header, limits);
  if (!text) {
    require(text.error().kind == framing::Error::Kind::not_encodable,
            "encoding says not_encodable");
    require(read_from * 8 > limits.header, "a header that was read can be written");
    return;
  }
  const auto again = framing::parse_header(*text, limits);
  require(again.has_value(), "a header that was written can be read");
  require(*again == header, "a header comes back as it was");
}

}  // namespace fuzz
