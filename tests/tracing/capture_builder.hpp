// Capture files byte by byte, as other programs lay them down, and what a reader gives of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "capture/capture_file.hpp"

namespace captures {

using tracing::Bytes;

inline Bytes bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

enum class Order { little, big };

/// Bytes of a file that are put one behind the other.
class Text {
 public:
  explicit Text(Order order) : order_(order) {}

  Text& number(std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) {
      const unsigned at = order_ == Order::little ? i : size - 1 - i;
      text_ += at < sizeof value ? static_cast<char>(value >> (8 * at) & 0xffU) : '\0';
    }
    return *this;
  }
  Text& bytes(std::string_view more) {
    text_ += more;
    return *this;
  }
  Text& padded(std::string_view more) {
    text_ += more;
    text_.append((4 - more.size() % 4) % 4, '\0');
    return *this;
  }
  /// Of pcapng.
  Text& option(unsigned code, std::string_view value) {
    return number(code, 2).number(value.size(), 2).padded(value);
  }

  const std::string& text() const { return text_; }

 private:
  Order order_;
  std::string text_;
};

// --- pcap ---

inline constexpr std::uint32_t microseconds = 0xa1b2c3d4;
inline constexpr std::uint32_t nanoseconds = 0xa1b23c4d;
inline constexpr std::uint32_t modified = 0xa1b2cd34;

inline std::string pcap_header(Order order, std::uint32_t magic, std::uint32_t link_type) {
  return Text(order)
      .number(magic, 4)
      .number(2, 2)
      .number(4, 2)
      .number(0, 8)
      .number(262144, 4)
      .number(link_type, 4)
      .text();
}

inline std::string pcap_packet(Order order, std::uint32_t magic, std::uint32_t seconds,
                               std::uint32_t fraction, std::string_view bytes,
                               std::uint32_t length) {
  Text record(order);
  record.number(seconds, 4).number(fraction, 4).number(bytes.size(), 4).number(length, 4);
  if (magic == modified) record.number(3, 4).number(0x0800, 2).number(0, 2);
  return record.bytes(bytes).text();
}

// --- pcapng ---

inline std::string block(Order order, std::uint32_t type, std::string_view body) {
  const std::size_t length = 12 + (body.size() + 3) / 4 * 4;
  return Text(order).number(type, 4).number(length, 4).padded(body).number(length, 4).text();
}

inline std::string section(Order order, std::uint64_t length = ~std::uint64_t{0},
                           unsigned version = 1) {
  return block(
      order, 0x0a0d0d0a,
      Text(order).number(0x1a2b3c4d, 4).number(version, 2).number(0, 2).number(length, 8).text());
}

inline std::string interface(Order order, unsigned link_type, std::uint32_t most = 0,
                             std::string_view options = "") {
  return block(order, 1,
               Text(order).number(link_type, 2).number(0, 2).number(most, 4).bytes(options).text());
}

/// An option list of one entry.
inline std::string one_option(Order order, unsigned code, std::string_view value) {
  return Text(order).option(code, value).option(0, "").text();
}

inline std::string enhanced_packet(Order order, std::uint32_t from, std::uint64_t units,
                                   std::string_view bytes, std::uint32_t length,
                                   std::string_view options = "") {
  return block(order, 6,
               Text(order)
                   .number(from, 4)
                   .number(units >> 32U, 4)
                   .number(units, 4)
                   .number(bytes.size(), 4)
                   .number(length, 4)
                   .padded(bytes)
                   .bytes(options)
                   .text());
}

inline std::string obsolete_packet(Order order, unsigned from, std::uint64_t units,
                                   std::string_view bytes, std::uint32_t length,
                                   std::string_view options = "") {
  return block(order, 2,
               Text(order)
                   .number(from, 2)
                   .number(7, 2)
                   .number(units >> 32U, 4)
                   .number(units, 4)
                   .number(bytes.size(), 4)
                   .number(length, 4)
                   .padded(bytes)
                   .bytes(options)
                   .text());
}

inline std::string simple_packet(Order order, std::string_view bytes, std::uint32_t length) {
  return block(order, 3, Text(order).number(length, 4).padded(bytes).text());
}

// --- what a reader gives ---

struct Packet {
  std::uint64_t number = 0;
  std::uint64_t offset = 0;
  tracing::Nanoseconds time = 0;
  std::uint32_t link_type = 0;
  std::uint64_t length = 0;
  std::string bytes;
  std::string comment;
  bool operator==(const Packet&) const = default;
};

struct Read {
  std::vector<Packet> packets;
  std::string trouble;
  bool operator==(const Read&) const = default;
};

inline Read read_all(tracing::ByteSource source) {
  Read read;
  tracing::CaptureReader reader(std::move(source));
  tracing::CapturedPacket packet;
  while (reader.next(packet)) {
    const std::string_view bytes(reinterpret_cast<const char*>(packet.bytes.data()),
                                 packet.bytes.size());
    read.packets.push_back({packet.number, packet.offset, packet.time, packet.link_type,
                            packet.length, std::string(bytes), std::string(packet.comment)});
  }
  read.trouble = reader.trouble();
  return read;
}

inline Read read_text(const std::string& text) {
  return read_all(tracing::source_of(bytes_of(text)));
}

inline tracing::CapturedPacket captured(const Packet& packet) {
  return {packet.number, packet.offset,          packet.time,   packet.link_type,
          packet.length, bytes_of(packet.bytes), packet.comment};
}

inline std::string written(const std::vector<Packet>& packets) {
  std::string text;
  tracing::CaptureWriter writer([&](std::string_view bytes) { text += bytes; });
  for (const Packet& packet : packets) writer.add(captured(packet));
  return text;
}

// --- small files of every kind ---

struct Example {
  std::string name;
  std::string text;
  std::size_t packets = 0;
};

/// pcap in all its variants, pcapng in both orders with all its blocks.
std::vector<Example> examples();

}  // namespace captures
