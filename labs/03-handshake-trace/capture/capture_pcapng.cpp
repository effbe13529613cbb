// The format of blocks: each says its type and its length, and its length again at its end.
#include <algorithm>
#include <limits>

#include "capture_format.hpp"
#include "language.hpp"

namespace tracing {

using dialtone::tr;

namespace {

namespace block {
constexpr std::uint32_t interface = 1;
constexpr std::uint32_t packet = 2;  // obsolete
constexpr std::uint32_t simple_packet = 3;
constexpr std::uint32_t enhanced_packet = 6;
constexpr std::uint32_t section = 0x0a0d0d0a;  // alike in both byte orders
}  // namespace block

constexpr std::size_t least_block = 12;
/// A block that is looked at: a packet, and what options may say of it. Others are only skipped.
constexpr std::size_t most_block = most_captured + (std::size_t{128} << 10U);
static_assert(most_block <= ByteWindow::most);
constexpr std::size_t most_interfaces = 16384;  // in a section

std::size_t padded(std::size_t size) {
  return (size + 3) / 4 * 4;
}

__extension__ typedef unsigned __int128 Wide;

std::string too_short(const std::string& what) {
  return what + tr(": the block is too short for it", "：数据块太短，容不下");
}

std::uint64_t power_of_ten(unsigned exponent) {
  std::uint64_t power = 1;
  for (; exponent > 0; --exponent) power *= 10;
  return power;
}

}  // namespace

// --- time ------------------------------------------------------------------------------------

void Clock::set_resolution(std::uint8_t resolution) {
  const unsigned exponent = resolution & 0x7fU;
  multiply = divide = 1;
  shift = 0;
  if ((resolution & 0x80U) != 0) {
    multiply = 1'000'000'000;
    shift = exponent;
  } else if (exponent <= 9) {
    multiply = power_of_ten(9 - exponent);
  } else if (exponent <= 28) {
    divide = power_of_ten(exponent - 9);
  } else {
    multiply = 0;  // 2^64 units are less than a nanosecond
  }
}

void Clock::set_offset(std::int64_t seconds) {
  if (__builtin_mul_overflow(seconds, std::int64_t{1'000'000'000}, &offset))
    offset = seconds < 0 ? std::numeric_limits<std::int64_t>::min()
                         : std::numeric_limits<std::int64_t>::max();
}

Nanoseconds Clock::time(std::uint64_t units) const {
  Wide wide = Wide{units} * multiply;
  if (divide != 1) wide /= divide;
  wide >>= shift;
  constexpr auto latest = std::numeric_limits<Nanoseconds>::max();
  if (wide > Wide{latest}) return latest;
  Nanoseconds sum = 0;
  if (__builtin_add_overflow(static_cast<Nanoseconds>(wide), offset, &sum)) return latest;
  return std::max<Nanoseconds>(sum, 0);
}

// --- blocks ----------------------------------------------------------------------------------

bool PcapngReader::knows(Bytes magic) {
  return ByteOrder().number32(magic, 0) == block::section;
}

bool PcapngReader::next(Reading& reading, CapturedPacket& packet) {
  while (begin_block(reading)) {
    if (!is_looked_at()) {
      if (!skip_block(reading)) return false;
      continue;
    }
    Bytes body;
    if (!whole_block(reading, body)) return false;
    if (type_ == block::simple_packet) return simple_packet(reading, body, packet);
    if (type_ == block::enhanced_packet || type_ == block::packet)
      return timed_packet(reading, body, packet);
    if (!(type_ == block::section ? section(reading, body) : interface(reading, body)))
      return false;
  }
  return false;
}

bool PcapngReader::is_looked_at() const {
  return type_ == block::enhanced_packet || type_ == block::packet ||
         type_ == block::simple_packet || type_ == block::interface || type_ == block::section;
}

bool PcapngReader::begin_block(Reading& reading) {
  ByteWindow& window = reading.window;
  at_ = window.offset();
  if (!window.has(least_block)) {
    if (window.bytes().empty()) return false;
    return reading.refuse_cut(at_, least_block, tr("a block's header", "数据块头"));
  }
  const Bytes header = window.bytes();
  type_ = order_.number32(header, 0);
  if (type_ == block::section) {  // the byte order of what follows
    constexpr std::uint32_t magic = 0x1a2b3c4d;
    order_ = ByteOrder(ByteOrder().number32(header, 8) != magic);
    if (order_.number32(header, 8) != magic)
      return reading.refuse(at_ + 8,
                            tr("a section without its byte-order mark", "数据段缺少字节序标记"));
  }
  length_ = order_.number32(header, 4);
  if (length_ < least_block || length_ % 4 != 0)
    return reading.refuse(
        at_, tr("a block of " + std::to_string(length_) +
                    " bytes: it must have 12 at least, and whole fours",
                "数据块长 " + std::to_string(length_) + " 字节：至少应为 12，且为 4 的倍数"));
  return true;
}

bool PcapngReader::skip_block(Reading& reading) {
  ByteWindow& window = reading.window;
  if (!window.skip(length_ - 4) || !window.has(4))
    return reading.refuse_cut(at_, length_, tr("a block", "数据块"));
  if (!ends_well(reading, window.bytes().first(4))) return false;
  window.take(4);
  return true;
}

bool PcapngReader::whole_block(Reading& reading, Bytes& body) {
  if (length_ > most_block) {
    const std::string bytes = std::to_string(length_);
    const std::string most = std::to_string(most_block);
    return reading.refuse(at_, tr("a block of " + bytes + " bytes, at most " + most,
                                  "数据块长 " + bytes + " 字节，至多 " + most + " 字节"));
  }
  if (!reading.window.has(length_))
    return reading.refuse_cut(at_, length_, tr("a block", "数据块"));
  const Bytes whole = reading.window.bytes().first(length_);
  if (!ends_well(reading, whole.last(4))) return false;
  reading.window.take(length_);
  body = whole.subspan(8, length_ - least_block);
  return true;
}

bool PcapngReader::ends_well(Reading& reading, Bytes last) {
  const std::uint32_t again = order_.number32(last, 0);
  if (again == length_) return true;
  const std::string one = std::to_string(length_);
  const std::string other = std::to_string(again);
  return reading.refuse(at_, tr("a block of " + one + " bytes that says " + other + " at its end",
                                "数据块开头说长 " + one + " 字节，结尾却说 " + other));
}

/// The section's own length is for those who skip it.
bool PcapngReader::section(Reading& reading, Bytes body) {
  if (body.size() < 16) return reading.refuse(at_, too_short(tr("a section header", "数据段头")));
  if (const unsigned version = order_.number16(body, 4); version != 1) {
    const std::string number = std::to_string(version);
    return reading.refuse(at_ + 12, tr("pcapng of version " + number + ", which is not known; 1 is",
                                       "未知的 pcapng 版本 " + number + "，只认识版本 1"));
  }
  interfaces_.clear();
  return true;
}

bool PcapngReader::interface(Reading& reading, Bytes body) {
  constexpr std::uint16_t if_tsresol = 9;
  constexpr std::uint16_t if_tsoffset = 14;
  if (body.size() < 8)
    return reading.refuse(at_, too_short(tr("an interface description", "接口描述")));
  if (interfaces_.size() == most_interfaces) {
    const std::string most = std::to_string(most_interfaces);
    return reading.refuse(at_, tr("more than " + most + " interfaces", "接口多于 " + most + " 个"));
  }
  Interface& added = interfaces_.emplace_back();
  added.link_type = order_.number16(body, 0);
  added.most = order_.number32(body, 4);
  each_option(body.subspan(8), [&](std::uint16_t code, Bytes value) {
    if (code == if_tsresol && value.size() == 1)
      added.clock.set_resolution(std::to_integer<std::uint8_t>(value[0]));
    if (code == if_tsoffset && value.size() == 8)
      added.clock.set_offset(static_cast<std::int64_t>(order_.number64(value, 0)));
    return true;
  });
  return true;
}

// --- packets ---------------------------------------------------------------------------------

const PcapngReader::Interface* PcapngReader::find_interface(Reading& reading,
                                                            std::uint32_t number) {
  if (number < interfaces_.size()) return &interfaces_[number];
  reading.refuse(at_, reading.coming_packet() +
                          tr(" is of interface " + std::to_string(number) + " of " +
                                 std::to_string(interfaces_.size()) + " (counted from 0)",
                             "属于接口 " + std::to_string(number) + "（从 0 数起），但接口只有 " +
                                 std::to_string(interfaces_.size()) + " 个"));
  return nullptr;
}

/// The Enhanced Packet Block, and the Packet Block that came before it: they differ in the first
/// field alone.
bool PcapngReader::timed_packet(Reading& reading, Bytes body, CapturedPacket& packet) {
  constexpr std::size_t header = 20;
  if (body.size() < header) return reading.refuse(at_, too_short(reading.coming_packet()));
  const bool is_obsolete = type_ == block::packet;
  const Interface* from =
      find_interface(reading, is_obsolete ? order_.number16(body, 0) : order_.number32(body, 0));
  if (from == nullptr) return false;
  const std::uint32_t captured = order_.number32(body, 12);
  if (captured > most_captured) return reading.refuse_size(at_, captured);
  if (captured > body.size() - header)
    return reading.refuse(at_, too_short(reading.coming_packet()));
  packet.number = ++reading.packets;
  packet.offset = at_;
  packet.time =
      from->clock.time(std::uint64_t{order_.number32(body, 4)} << 32U | order_.number32(body, 8));
  packet.link_type = from->link_type;
  packet.length = std::max(order_.number32(body, 16), captured);
  packet.bytes = body.subspan(header, captured);
  packet.comment = {};
  if (const std::size_t end = header + padded(captured); end < body.size())
    packet.comment = first_comment(body.subspan(end));
  return true;
}

bool PcapngReader::simple_packet(Reading& reading, Bytes body, CapturedPacket& packet) {
  constexpr std::size_t header = 4;
  if (body.size() < header) return reading.refuse(at_, too_short(reading.coming_packet()));
  const Interface* from = find_interface(reading, 0);
  if (from == nullptr) return false;
  // What was captured is not said: the block has padding.
  const std::uint32_t length = order_.number32(body, 0);
  std::size_t captured = std::min<std::size_t>(length, body.size() - header);
  if (from->most != 0) captured = std::min<std::size_t>(captured, from->most);
  if (captured > most_captured) return reading.refuse_size(at_, captured);
  packet.number = ++reading.packets;
  packet.offset = at_;
  packet.time = 0;
  packet.link_type = from->link_type;
  packet.length = length;
  packet.bytes = body.subspan(header, captured);
  packet.comment = {};
  return true;
}

// --- options ---------------------------------------------------------------------------------

template <class Use>
void PcapngReader::each_option(Bytes options, Use use) const {
  constexpr std::uint16_t end_of_list = 0;
  while (options.size() >= 4) {
    const std::uint16_t code = order_.number16(options, 0);
    const std::size_t length = order_.number16(options, 2);
    options = options.subspan(4);
    if (code == end_of_list || length > options.size()) return;
    if (!use(code, options.first(length))) return;
    options = options.subspan(std::min(padded(length), options.size()));
  }
}

std::string_view PcapngReader::first_comment(Bytes options) const {
  constexpr std::uint16_t opt_comment = 1;
  std::string_view comment;
  each_option(options, [&](std::uint16_t code, Bytes value) {
    if (code != opt_comment) return true;
    comment = {reinterpret_cast<const char*>(value.data()), value.size()};
    return false;
  });
  return comment;
}

}  // namespace tracing
