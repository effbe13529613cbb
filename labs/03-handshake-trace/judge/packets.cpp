#include "packets.hpp"

namespace lab03 {

std::string number8(std::uint64_t value) {
  return {static_cast<char>(static_cast<unsigned char>(value))};
}

std::string number16(std::uint64_t value) {
  return number8(value >> 8U) + number8(value);
}

std::string number32(std::uint64_t value) {
  return number16(value >> 16U) + number16(value);
}

std::uint16_t ones_sum(std::string_view bytes, std::uint64_t start) {
  std::uint64_t sum = start;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    sum += std::uint64_t{static_cast<unsigned char>(bytes[i])} * (i % 2 == 0 ? 256 : 1);
  return static_cast<std::uint16_t>(sum == 0 ? 0 : (sum - 1) % 65535 + 1);
}

// --- Ethernet ---

std::string FramePlan::bytes() const {
  std::string text = destination + source;
  for (const Tag& tag : tags) text += number16(tag.type) + number16(tag.control);
  return text + number16(type) + payload;
}

FramePlan draw_frame(Random& random) {
  FramePlan frame;
  frame.destination = random.bytes(6);
  frame.source = random.bytes(6);
  frame.type = random.pick<std::uint16_t>({0x0800, 0x86dd, 0x0806, 0x88cc});
  frame.payload = random.bytes(random.between(1, 60));
  return frame;
}

// --- IPv4 ---

std::string Ipv4Plan::bytes() const {
  const std::size_t total = total_length.value_or(header_size() + payload.size());
  const unsigned length = words.value_or(static_cast<unsigned>(header_size() / 4));
  const std::string before = number8(version << 4U | length) + number8(service) + number16(total) +
                             number16(identification) +
                             number16(fragment_flags << 13U | fragment_offset) + number8(hops) +
                             number8(protocol);
  const std::string behind = source + destination + options;
  return before + number16(0xffffU - ones_sum(before + behind)) + behind + payload;
}

Ipv4Plan draw_ipv4(Random& random) {
  Ipv4Plan packet;
  packet.source = random.bytes(4);
  packet.destination = random.bytes(4);
  packet.service = static_cast<std::uint8_t>(random.bits());
  packet.identification = static_cast<std::uint16_t>(random.bits());
  packet.fragment_flags = random.chance(0.5) ? 2 : 0;
  packet.hops = static_cast<std::uint8_t>(random.bits());
  packet.protocol = random.chance(0.5) ? 6 : static_cast<std::uint8_t>(random.bits());
  packet.payload = random.bytes(random.between(1, 60));
  return packet;
}

std::string draw_ipv4_options(Random& random, std::size_t words) {
  return random.bytes(4 * words);
}

// --- IPv6 ---

std::size_t Ipv6Plan::header_size() const {
  std::size_t size = 40;
  for (const Extension& extension : extensions) size += extension.bytes.size();
  return size;
}

std::string Ipv6Plan::bytes() const {
  const std::size_t length = payload_length.value_or(header_size() - 40 + payload.size());
  const auto number_of = [this](std::size_t at) {
    return at < extensions.size() ? extensions[at].number : protocol;
  };
  std::string text = number32(version << 28U | class_and_flow) + number16(length) +
                     number8(number_of(0)) + number8(hops) + source + destination;
  for (std::size_t i = 0; i < extensions.size(); ++i)
    text += number8(number_of(i + 1)) + extensions[i].bytes.substr(1);
  return text + payload;
}

Ipv6Plan draw_ipv6(Random& random) {
  Ipv6Plan packet;
  packet.class_and_flow = static_cast<std::uint32_t>(random.bits()) & 0x0fffffffU;
  packet.source = random.bytes(16);
  packet.destination = random.bytes(16);
  packet.hops = static_cast<std::uint8_t>(random.bits());
  packet.payload = random.bytes(random.between(1, 60));
  return packet;
}

Ipv6Plan::Extension draw_extension(Random& random, std::uint8_t number, std::size_t units) {
  return {number, number8(0) + number8(units) + random.bytes(8 * (units + 1) - 2)};
}

Ipv6Plan::Extension draw_authentication(Random& random, std::size_t units) {
  return {51, number8(0) + number8(units) + random.bytes(4 * (units + 2) - 2)};
}

Ipv6Plan::Extension draw_fragment_header(Random& random, unsigned units, bool more,
                                         Reserved reserved) {
  const unsigned word = units << 3U | reserved.bits << 1U | (more ? 1U : 0U);
  return {44, number8(0) + number8(reserved.byte) + number16(word) + random.bytes(4)};
}

// --- TCP ---

std::string TcpPlan::bytes() const {
  const unsigned length = offset.value_or(static_cast<unsigned>(header_size() / 4));
  return number16(source_port) + number16(destination_port) + number32(sequence) +
         number32(acknowledgement) + number8(length << 4U | reserved) + number8(flags) +
         number16(window) + number16(checksum) + number16(urgent) + options + payload;
}

TcpPlan draw_tcp(Random& random) {
  TcpPlan segment;
  segment.source_port = static_cast<std::uint16_t>(random.bits());
  segment.destination_port = static_cast<std::uint16_t>(random.bits());
  segment.sequence = static_cast<std::uint32_t>(random.bits());
  segment.acknowledgement = static_cast<std::uint32_t>(random.bits());
  segment.reserved = static_cast<unsigned>(random.between(0, 15));
  segment.flags = static_cast<std::uint8_t>(random.bits());
  segment.window = static_cast<std::uint16_t>(random.bits());
  segment.checksum = static_cast<std::uint16_t>(random.bits());
  segment.urgent = static_cast<std::uint16_t>(random.bits());
  segment.payload = random.bytes(random.between(0, 60));
  return segment;
}

}  // namespace lab03
