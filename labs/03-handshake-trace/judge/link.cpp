// Ethernet and IPv4.
#include "cases.hpp"
#include "packets.hpp"

namespace lab03 {
namespace {

/// An address of version 4 as the shim tells it: with zeros behind.
std::string told_v4(const std::string& address) {
  return packed(address + std::string(12, '\0'));
}

// --- Ethernet ---

void draw_tags(Trial& trial, FramePlan& frame) {
  Random& random = trial.random;
  const std::vector<std::vector<FramePlan::Tag>> corners = {
      {},
      {{0x8100, 0x0001}},
      {{0x8100, 0xe064}},
      {{0x88a8, 0x0fff}, {0x8100, 0x0002}},
      {{0x9100, 0x2007}},
      {{0x8100, 0xf000}},
      {{0x88a8, 0x1111}, {0x9100, 0x2222}, {0x8100, 0x3333}},
      std::vector<FramePlan::Tag>(8, {0x8100, 0x0123})};
  if (trial.index < corners.size()) {
    frame.tags = corners[trial.index];
    return;
  }
  for (auto left = random.between(0, 3); left > 0; --left)
    frame.tags.push_back({random.pick<std::uint16_t>({0x8100, 0x88a8, 0x9100}),
                          static_cast<std::uint16_t>(random.bits())});
}

void ethernet_and_its_vlan_tags(Trial& trial) {
  Random& random = trial.random;
  FramePlan frame = draw_frame(random);
  draw_tags(trial, frame);
  if (random.chance(0.3))  // a size, true or not
    frame.type = static_cast<std::uint16_t>(random.between(0, random.chance(0.5) ? 30 : 0x05ff));
  if (random.chance(0.1)) frame.payload.clear();
  const std::size_t size = 14 + 4 * frame.tags.size();
  const json answer = parse(trial, "ethernet", frame.bytes(),
                            tr("a frame; VLAN tags: " + std::to_string(frame.tags.size()),
                               "以太网帧，VLAN 标签 " + std::to_string(frame.tags.size()) + " 个"));
  expect_fields(trial, answer,
                {{"destination", packed(frame.destination)},
                 {"source", packed(frame.source)},
                 {"tags", frame.tags.size()},
                 {"vlan", frame.tags.empty() ? 0 : frame.tags.front().control % 4096},
                 {"type", frame.type},
                 {"payload", place(size, frame.payload.size())}});
}

// --- IPv4 ---

json parse_v4(Trial& trial, const Ipv4Plan& packet, const std::string& bytes) {
  const auto number = [](std::size_t value) { return std::to_string(value); };
  const std::size_t total = packet.total_length.value_or(bytes.size());
  return parse(trial, "ipv4", bytes,
               tr("IPv4: a header of " + number(packet.header_size()) + " bytes, total length " +
                      number(total) + ", " + number(bytes.size()) + " bytes are there",
                  "IPv4：头部 " + number(packet.header_size()) + " 个字节，总长度 " +
                      number(total) + "，实有 " + number(bytes.size()) + " 个字节"));
}

/// One that is wrong in one way; says which kind of refusal that is.
const char* spoil(Trial& trial, Ipv4Plan& packet, std::size_t way) {
  Random& random = trial.random;
  if (way == 0) {
    packet.version = static_cast<unsigned>(random.between(0, 14));
    if (packet.version >= 4) ++packet.version;
    if (random.chance(0.4)) packet.version = 6;
    return "bad_version";
  }
  if (way == 1) {
    packet.words = static_cast<unsigned>(random.chance(0.4) ? 4 : random.between(0, 4));
    packet.options.clear();
    return "bad_length";
  }
  packet.total_length =
      random.chance(0.4) ? packet.header_size() - 1 : random.between(1, packet.header_size() - 1);
  return "bad_length";
}

void ipv4_headers_with_options(Trial& trial) {
  Random& random = trial.random;
  Ipv4Plan packet = draw_ipv4(random);
  const std::vector<std::size_t> words = {0, 10, 1};
  packet.options = draw_ipv4_options(
      random, trial.index < words.size() ? words[trial.index] : random.between(0, 10));
  const bool wrong = trial.index >= words.size() && trial.index % 2 == 1;
  if (wrong) {
    const char* kind = spoil(trial, packet, trial.index / 2 % 3);
    return expect_refused(trial, parse_v4(trial, packet, packet.bytes()), {kind});
  }
  const std::string bytes = packet.bytes();
  const json answer = parse_v4(trial, packet, bytes);
  expect_fields(trial, answer,
                {{"source", told_v4(packet.source)},
                 {"source is v6", false},
                 {"destination", told_v4(packet.destination)},
                 {"destination is v6", false},
                 {"hops", packet.hops},
                 {"protocol", packet.protocol},
                 {"payload", place(packet.header_size(), packet.payload.size())}});
  // Its length is another case's matter, but for the options.
  if (const std::size_t size = packet.payload.size(); !packet.options.empty())
    trial.expect(tr("the options are no part of payload_length", "payload_length 不包括选项"),
                 answer.at("fields").at("payload_length") != size + packet.options.size(),
                 std::to_string(size), answer.at("fields").at("payload_length").dump());
}

void ipv4_payload_ends_where_its_length_says(Trial& trial) {
  Random& random = trial.random;
  Ipv4Plan packet = draw_ipv4(random);
  enum Way { exact, padded, cut, left_to_the_card };
  struct Corner {
    Way way;
    std::size_t payload;
    std::size_t difference;
  };
  const std::vector<Corner> corners = {{padded, 20, 6},          {exact, 40, 0},
                                       {padded, 0, 26},          {padded, 25, 1},
                                       {cut, 1480, 1440},        {cut, 40, 1},
                                       {cut, 100, 100},          {left_to_the_card, 300, 0},
                                       {left_to_the_card, 0, 0}, {left_to_the_card, 70'000, 0},
                                       {cut, 65'515, 65'400}};
  Corner now;
  if (trial.index < corners.size()) {
    now = corners[trial.index];
  } else {
    now.way = random.pick<Way>({exact, padded, cut, left_to_the_card});
    now.payload = random.between(1, 300);
    now.difference = random.between(1, now.way == cut ? now.payload : 46);
  }
  packet.payload = random.bytes(now.payload);
  packet.total_length = now.way == left_to_the_card ? 0 : 20 + now.payload;
  if (now.way == padded) packet.payload += std::string(now.difference, '\0');
  std::string bytes = packet.bytes();
  std::size_t there = now.payload;
  if (now.way == cut) {
    bytes.resize(bytes.size() - now.difference);
    there -= now.difference;
  }
  expect_fields(trial, parse_v4(trial, packet, bytes),
                {{"payload_length", now.payload}, {"payload", place(20, there)}});
}

}  // namespace

std::vector<Case> link_cases() {
  return {
      {"ethernet_and_its_vlan_tags", 150, ethernet_and_its_vlan_tags},
      {"ipv4_headers_with_options", 200, ipv4_headers_with_options},
      {"ipv4_payload_ends_where_its_length_says", 150, ipv4_payload_ends_where_its_length_says}};
}

}  // namespace lab03
