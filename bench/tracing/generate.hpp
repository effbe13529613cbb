// Captures that are made up: the same ones everywhere.
#pragma once

#include <cstdint>
#include <string>

namespace tracing_bench {

struct Wanted {
  std::uint64_t packets = 0;        ///< at least
  std::uint64_t bytes = 0;          ///< of the file, at least
  std::uint32_t snap = 262144;      ///< bytes of a packet that are kept
  std::size_t conversations = 300;  ///< at a time
};

/// What lies in a capture.
struct Made {
  std::uint64_t packets = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t connections = 0;
  std::uint64_t data_bytes = 0;  ///< each once
  std::uint64_t retransmissions = 0;
  bool operator==(const Made&) const = default;
};

/// Conversations side by side, as between browsers and servers: a handshake, HTTP requests with
/// answers of some segments, which are acknowledged two at a time, one data segment in two hundred
/// sent twice, and a FIN each way; about a thousand packets each. When one ends, another begins.
Made write_conversations(const std::string& file, const Wanted& wanted);

/// SYNs of as many callers, who are never answered: each packet begins a connection.
Made write_flood(const std::string& file, std::uint64_t bytes);

}  // namespace tracing_bench
