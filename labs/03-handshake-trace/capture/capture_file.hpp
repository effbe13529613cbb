// Capture files: pcap and pcapng are read, pcapng is written.
//
// Sources: the Internet-Drafts draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connections.hpp"

namespace tracing {

/// Bytes of a packet that are taken from a file: as many as libpcap captures at most.
inline constexpr std::size_t most_captured = 262144;

/// A packet of a capture. `bytes` and `comment` are valid until the next one is asked for.
struct CapturedPacket {
  std::uint64_t number = 0;     ///< from 1
  std::uint64_t offset = 0;     ///< of its record, in bytes from the beginning of the file
  Nanoseconds time = 0;         ///< never negative; 0 where the file has none (simple packets)
  std::uint32_t link_type = 0;  ///< as the file numbers it: see `link` in packets.hpp
  std::uint64_t length = 0;     ///< on the wire; never below what was captured
  Bytes bytes;                  ///< of them, those that were captured
  std::string_view comment;     ///< pcapng's first opt_comment of this packet; else empty
};

/// Takes the packets of a capture, in order. They are valid only during the call.
using PacketSink = std::function<void(const CapturedPacket& packet)>;

/// Gives the next bytes of a file, at most as many as there is room for; 0 at its end.
/// May throw dialtone::Failure where reading fails.
using ByteSource = std::function<std::size_t(std::span<std::byte> room)>;

/// Reads a capture from its beginning to its end, in bounded memory. What can be read is read; what
/// cannot ends the reading and is told in one line.
class CaptureReader {
 public:
  explicit CaptureReader(ByteSource source);
  CaptureReader(CaptureReader&&) noexcept;
  ~CaptureReader();

  /// The next packet; false at the end, and where the rest cannot be read. Throws what the source
  /// throws.
  bool next(CapturedPacket& packet);

  /// Empty where all was read; else what is wrong and at which byte: "byte 1234: packet 7 has 70000
  /// bytes, at most 262144". In the language of the process.
  const std::string& trouble() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A file, or standard input where the name is "-". Throws dialtone::Failure where it cannot be
/// opened; so does the source where reading fails.
ByteSource open_source(const std::string& name);

/// Bytes in memory, which must outlive it.
ByteSource source_of(Bytes bytes);

/// Writes a capture as pcapng (one section, one interface a link type, nanoseconds), a packet at a
/// time, so that one that is broken off can be read.
class CaptureWriter {
 public:
  /// Takes the file's bytes, in order. May throw.
  using ByteSink = std::function<void(std::string_view bytes)>;
  /// Writes the file's header at once.
  explicit CaptureWriter(ByteSink sink);

  /// `packet.number` and `packet.offset` do not count. At most `most_captured` bytes are written,
  /// and 65535 of a comment; a time before 1970 is written as 0.
  void add(const CapturedPacket& packet);

 private:
  ByteSink sink_;
  std::vector<std::uint32_t> interfaces_;  ///< their link types, by number
};

/// What a packet's comment tells of its fate, in captures of our own wire: "lost", or "arrives
/// after 20.5 ms".
std::string fate_comment(bool lost, Nanoseconds delay);
/// Reads it back, to the nanosecond; false, and nothing set, where the comment says something else.
/// What is lost has a delay of 0.
bool read_fate(std::string_view comment, bool& lost, Nanoseconds& delay);

}  // namespace tracing
