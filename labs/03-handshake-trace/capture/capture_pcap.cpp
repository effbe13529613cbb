// The classic format: a header of 24 bytes, then packets, each behind a header of its own.
#include <algorithm>

#include "capture_format.hpp"
#include "language.hpp"

namespace tracing {

using dialtone::tr;

namespace {

constexpr std::uint32_t microseconds = 0xa1b2c3d4;
constexpr std::uint32_t nanoseconds = 0xa1b23c4d;
/// Written by patched libpcaps of about 2000: a packet's header has three fields more.
constexpr std::uint32_t modified = 0xa1b2cd34;

bool is_magic(std::uint32_t number) {
  return number == microseconds || number == nanoseconds || number == modified;
}

}  // namespace

bool PcapReader::knows(Bytes magic) {
  return is_magic(ByteOrder(false).number32(magic, 0)) ||
         is_magic(ByteOrder(true).number32(magic, 0));
}

bool PcapReader::begin(Reading& reading) {
  constexpr std::size_t size = 24;
  if (!reading.window.has(size))
    return reading.refuse_cut(0, size, tr("the file's header", "文件头"));
  const Bytes header = reading.window.bytes().first(size);
  order_ = ByteOrder(!is_magic(ByteOrder(false).number32(header, 0)));
  const std::uint32_t magic = order_.number32(header, 0);
  if (magic == nanoseconds) nanoseconds_ = 1;
  if (magic == modified) header_ = 24;
  if (const unsigned version = order_.number16(header, 4); version != 2) {
    const std::string number = std::to_string(version);
    return reading.refuse(4, tr("pcap of version " + number + ", which is not known; 2 is",
                                "未知的 pcap 版本 " + number + "，只认识版本 2"));
  }
  // The upper half says how long the frame check sequences behind the packets are.
  link_type_ = order_.number32(header, 20) & 0xffffU;
  reading.window.take(size);
  return true;
}

bool PcapReader::next(Reading& reading, CapturedPacket& packet) {
  ByteWindow& window = reading.window;
  if (!window.has(header_)) {
    if (window.bytes().empty()) return false;
    return reading.refuse_cut(window.offset(), header_,
                              tr("the header of ", "") + reading.coming_packet() + tr("", "的头"));
  }
  const Bytes header = window.bytes();
  const std::uint32_t captured = order_.number32(header, 8);
  if (captured > most_captured) return reading.refuse_size(window.offset(), captured);
  if (!window.has(header_ + captured))
    return reading.refuse_cut(window.offset(), header_ + captured, reading.coming_packet());
  const Bytes record = window.bytes();
  packet.number = ++reading.packets;
  packet.offset = window.offset();
  // At most 2^32 · 10^9 + 2^32 · 10^3: fits, however odd the fraction of the second is.
  packet.time = Nanoseconds{order_.number32(record, 0)} * 1'000'000'000 +
                Nanoseconds{order_.number32(record, 4)} * nanoseconds_;
  packet.link_type = link_type_;
  packet.length = std::max(order_.number32(record, 12), captured);
  packet.bytes = record.subspan(header_, captured);
  packet.comment = {};
  window.take(header_ + captured);
  return true;
}

}  // namespace tracing
