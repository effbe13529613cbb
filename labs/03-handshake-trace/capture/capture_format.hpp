// What the readers of both formats stand on: a window on the file's bytes, numbers in either byte
// order, and the one line that ends a reading.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "capture_file.hpp"

namespace tracing {

/// The part of a file that is in memory: little, whatever the file says of its lengths.
class ByteWindow {
 public:
  /// As many bytes can be asked for at once.
  static constexpr std::size_t most = std::size_t{512} << 10U;
  /// As many are there at first; a longer file gets `usual`, which stay in a processor's cache.
  static constexpr std::size_t first = std::size_t{16} << 10U;
  static constexpr std::size_t usual = std::size_t{256} << 10U;

  explicit ByteWindow(ByteSource source);

  /// Whether this many more bytes are there, at most `most`; reads what is missing, and then all
  /// spans from before are void.
  bool has(std::size_t count) { return end_ - begin_ >= count || fill(count); }

  /// The next bytes, those that are in memory: at least what has() found.
  Bytes bytes() const { return {buffer_.data() + begin_, end_ - begin_}; }

  /// Goes on behind bytes that has() found; they stay where they are until the next has().
  void take(std::size_t count) { begin_ += count; }

  /// Goes on behind this many bytes, however many; false where the file ends before.
  bool skip(std::uint64_t count);

  /// Of the next byte, from the beginning of the file.
  std::uint64_t offset() const { return read_ - (end_ - begin_); }

 private:
  bool fill(std::size_t count);

  ByteSource source_;
  std::vector<std::byte> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t read_ = 0;  ///< bytes that the source gave
  bool ended_ = false;
};

/// Numbers as the machine that wrote the file laid them down.
class ByteOrder {
 public:
  ByteOrder() = default;
  explicit ByteOrder(bool swapped) : swapped_(swapped) {}

  // Precondition: the number lies in the bytes.
  std::uint16_t number16(Bytes bytes, std::size_t at) const {
    const auto number = load<std::uint16_t>(bytes, at);
    return swapped_ ? __builtin_bswap16(number) : number;
  }
  std::uint32_t number32(Bytes bytes, std::size_t at) const {
    const auto number = load<std::uint32_t>(bytes, at);
    return swapped_ ? __builtin_bswap32(number) : number;
  }
  std::uint64_t number64(Bytes bytes, std::size_t at) const {
    const auto number = load<std::uint64_t>(bytes, at);
    return swapped_ ? __builtin_bswap64(number) : number;
  }

 private:
  template <class Number>
  static Number load(Bytes bytes, std::size_t at) {
    Number number = 0;
    std::memcpy(&number, bytes.data() + at, sizeof number);
    return number;
  }

  bool swapped_ = false;
};

/// A reading that is under way, whatever the format.
struct Reading {
  explicit Reading(ByteSource source) : window(std::move(source)) {}

  ByteWindow window;
  std::uint64_t packets = 0;
  std::string trouble;

  /// Says what is wrong, and where; false, as is next() then.
  bool refuse(std::uint64_t at, const std::string& what);
  /// "packet 7 has 300000 bytes, at most 262144"
  bool refuse_size(std::uint64_t at, std::uint64_t captured);
  /// "the file is cut: 12 of 60 bytes of packet 7 are there": `whole` bytes from `at` on, of which
  /// the window has too few.
  bool refuse_cut(std::uint64_t at, std::uint64_t whole, const std::string& of_what);
  /// "packet 7", the one that comes next.
  std::string coming_packet() const;
};

/// The classic format, in all its variants.
class PcapReader {
 public:
  static constexpr std::size_t magic_size = 4;
  /// Whether a file that begins with these bytes is one.
  static bool knows(Bytes magic);

  /// The file's header, at its beginning.
  bool begin(Reading& reading);
  bool next(Reading& reading, CapturedPacket& packet);

 private:
  ByteOrder order_;
  std::uint32_t nanoseconds_ = 1000;  ///< in a unit of a second's fraction
  std::size_t header_ = 16;           ///< bytes in front of each packet
  std::uint32_t link_type_ = 0;
};

/// How an interface counts time: units · multiply / divide / 2^shift nanoseconds, and whole seconds
/// to be added.
struct Clock {
  std::uint64_t multiply = 1000;
  std::uint64_t divide = 1;
  unsigned shift = 0;
  std::int64_t offset = 0;  ///< in nanoseconds

  /// Of pcapng's if_tsresol: units of 10^-n, or of 2^-n where its highest bit is set.
  void set_resolution(std::uint8_t resolution);
  /// Of pcapng's if_tsoffset.
  void set_offset(std::int64_t seconds);
  /// From 0 to the latest time there is, whatever was counted.
  Nanoseconds time(std::uint64_t units) const;
};

/// The format of blocks: sections, each in its own byte order, with interfaces of their own.
class PcapngReader {
 public:
  static bool knows(Bytes magic);
  bool next(Reading& reading, CapturedPacket& packet);

 private:
  struct Interface {
    std::uint32_t link_type = 0;
    std::uint32_t most = 0;  ///< bytes of a packet that were captured; 0: all
    Clock clock;
  };

  // Each is false where the rest cannot be read. A body is what a block has between its lengths.
  bool begin_block(Reading& reading);
  bool skip_block(Reading& reading);
  bool whole_block(Reading& reading, Bytes& body);
  bool ends_well(Reading& reading, Bytes last);
  bool section(Reading& reading, Bytes body);
  bool interface(Reading& reading, Bytes body);
  bool timed_packet(Reading& reading, Bytes body, CapturedPacket& packet);
  bool simple_packet(Reading& reading, Bytes body, CapturedPacket& packet);

  bool is_looked_at() const;
  const Interface* find_interface(Reading& reading, std::uint32_t number);
  std::string_view first_comment(Bytes options) const;
  /// Calls `use` with the code and the value of each option, until it returns false.
  template <class Use>
  void each_option(Bytes options, Use use) const;

  ByteOrder order_;
  std::vector<Interface> interfaces_;
  // The block that is being read.
  std::uint64_t at_ = 0;
  std::uint32_t type_ = 0;
  std::uint32_t length_ = 0;  ///< from its type to the second length
};

}  // namespace tracing
