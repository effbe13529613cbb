// Practice for lab 03: packets made by hand, and conversations told segment by segment.
#include "handshake_trace.hpp"

#include "by_hand.hpp"
#include "practice.hpp"
#include "wiretap.hpp"

using namespace handshake_trace;

// --- Ethernet ---

TEST_CASE("a_frame_begins_with_two_addresses_and_a_type") {
  Story s;
  const Block frame = hex("02 00 00 00 00 02 02 00 00 00 00 01 08 00") + hi;
  const auto header = read(s, "parse_ethernet", parse_ethernet, frame);
  expect_bytes(s, "the destination", header.destination, hex("02 00 00 00 00 02"));
  expect_bytes(s, "the source", header.source, hex("02 00 00 00 00 01"));
  s.expect_equal("the type", header.type, 0x0800);
  s.expect_equal("the tags", header.tags, 0U);
  s.expect_equal("the VLAN", header.vlan, 0);
  expect_payload(s, header.payload, frame, 14, 2);
}

TEST_CASE("vlan_tags_are_stepped_over_and_the_outermost_one_counts") {
  const std::tuple<const char*, std::size_t, int> samples[] = {
      {"81 00 60 2a", 1, 42},  // the upper four bits are no part of the VLAN's number
      {"91 00 0f ff", 1, 4095},
      {"88 a8 e0 07 81 00 00 2a", 2, 7},
      {"88 a8 00 00 81 00 00 01 81 00 00 02", 3, 0},
  };
  for (const auto& [tags, count, vlan] : samples) {
    Story s;
    const Block frame = zeros(12) + hex(tags) + hex("86 dd") + hi;
    const auto header = read(s, "parse_ethernet", parse_ethernet, frame);
    s.expect_equal("the tags", header.tags, count);
    s.expect_equal("the VLAN", header.vlan, vlan);
    s.expect_equal("the type", header.type, 0x86dd);
    expect_payload(s, header.payload, frame, 14 + 4 * count, 2);
  }
}

TEST_CASE("a_size_in_place_of_a_type_is_told_as_it_stands") {
  Story s;
  const Block frame = zeros(12) + hex("00 02") + hi + zeros(44);
  const auto header = read(s, "parse_ethernet", parse_ethernet, frame);
  s.expect_equal("the type", header.type, 2);
  expect_payload(s, header.payload, frame, 14, 46);
}

TEST_CASE("an_ethernet_header_cut_anywhere_is_truncated") {
  expect_every_cut_truncated(parse_ethernet, zeros(12) + hex("08 00") + hi, 14);
  expect_every_cut_truncated(parse_ethernet, zeros(12) + hex("88 a8 00 01 81 00 00 02 08 00") + hi,
                             22);
}

// --- IPv4 ---

TEST_CASE("an_ipv4_header_is_read_field_by_field") {
  Story s;
  const Bytes packet = Bytes(syn_v4).subspan(14);
  const auto header = read(s, "parse_ipv4", parse_ipv4, packet);
  expect_bytes(s, "the source and zeros", header.source.bytes, hex("c0 00 02 01") + zeros(12));
  expect_bytes(s, "the destination and zeros", header.destination.bytes,
               hex("c0 00 02 02") + zeros(12));
  s.expect_equal("it is version 6", header.source.is_v6 || header.destination.is_v6, false);
  s.expect_equal("the time to live", header.hops, 64);
  s.expect_equal("the protocol", header.protocol, 6);
  s.expect_equal("it is a fragment", header.is_fragment(), false);  // "do not fragment" is another
  expect_payload(s, header, packet, 20, 40);
}

TEST_CASE("ipv4_options_lie_before_the_payload") {
  for (const std::size_t size : {4U, 8U, 40U}) {
    Story s;
    const Block packet = ipv4(hi, zeros(size));
    const auto header = read(s, "parse_ipv4", parse_ipv4, packet);
    expect_payload(s, header, packet, 20 + size, 2);
  }
}

TEST_CASE("padding_is_no_payload") {
  Story s;
  const Block packet = ipv4(hi) + zeros(24);
  const auto header = read(s, "parse_ipv4", parse_ipv4, packet);
  expect_payload(s, header, packet, 20, 2);
}

TEST_CASE("of_a_cut_payload_there_is_what_is_there") {
  Story s;
  Block packet = ipv4(hi);
  put16(packet, 2, 1500);
  const auto header = read(s, "parse_ipv4", parse_ipv4, packet);
  expect_payload(s, header, packet, 20, 2, 1480);
}

TEST_CASE("a_total_length_of_0_stands_for_all_that_is_there") {
  Story s;
  Block packet = ipv4(zeros(100), zeros(4));
  put16(packet, 2, 0);
  const auto header = read(s, "parse_ipv4", parse_ipv4, packet);
  expect_payload(s, header, packet, 24, 100);
}

TEST_CASE("what_is_no_ipv4_header_is_refused_by_name") {
  Story s;
  s.step("parse_ipv4 of a packet of version 6");
  expect_refused(s, parse_ipv4(Bytes(syn_v6).subspan(14)), Error::Kind::bad_version);
  Block packet = ipv4(hi);
  s.step("a header of 16 bytes");
  packet[0] = std::byte{0x44};
  expect_refused(s, parse_ipv4(packet), Error::Kind::bad_length);
  s.step("a header of 20 bytes in a packet of 19");
  packet = ipv4(hi);
  put16(packet, 2, 19);
  expect_refused(s, parse_ipv4(packet), Error::Kind::bad_length);
  s.step("a header of 24 bytes in a packet of 20");
  packet = ipv4(hi, zeros(4));
  put16(packet, 2, 20);
  expect_refused(s, parse_ipv4(packet), Error::Kind::bad_length);
}

TEST_CASE("an_ipv4_header_cut_anywhere_is_truncated") {
  expect_every_cut_truncated(parse_ipv4, ipv4(hi), 20);
  expect_every_cut_truncated(parse_ipv4, ipv4(hi, zeros(12)), 32);
}

TEST_CASE("an_ipv4_fragment_tells_its_place_in_bytes") {
  const std::tuple<std::size_t, bool, std::uint32_t> samples[] = {{0x4000, false, 0},
                                                                  {0x2000, true, 0},
                                                                  {0x2001, true, 8},
                                                                  {0x00b9, false, 1480},
                                                                  {0x1fff, false, 65528}};
  for (const auto& [field, more, offset] : samples) {
    Story s;
    Block packet = ipv4(hi);
    put16(packet, 6, field);
    const auto header = read(s, "parse_ipv4", parse_ipv4, packet);
    s.expect_equal("more fragments follow", header.more_fragments, more);
    s.expect_equal("the offset in bytes", header.fragment_offset, offset);
    expect_payload(s, header.payload, packet, 20, 2);
  }
}

// --- IPv6 ---

TEST_CASE("an_ipv6_header_is_read_field_by_field") {
  Story s;
  const Bytes packet = Bytes(syn_v6).subspan(14);
  const auto header = read(s, "parse_ipv6", parse_ipv6, packet);
  expect_bytes(s, "the source", header.source.bytes, packet.subspan(8, 16));
  expect_bytes(s, "the destination", header.destination.bytes, packet.subspan(24, 16));
  s.expect_equal("it is version 6", header.source.is_v6 && header.destination.is_v6, true);
  s.expect_equal("the hop limit", header.hops, 64);
  s.expect_equal("the protocol", header.protocol, 6);
  expect_payload(s, header, packet, 40, 40);
}

TEST_CASE("each_extension_header_is_as_long_as_its_kind_says") {
  const std::tuple<unsigned, Block> samples[] = {
      {0, hex("06 00") + zeros(6)},    // hop-by-hop: 8 · (0 + 1)
      {43, hex("06 02") + zeros(22)},  // routing: 8 · (2 + 1)
      {60, hex("06 01") + zeros(14)},  // destination options
      {135, hex("06 00") + zeros(6)},  // mobility
      {51, hex("06 04") + zeros(22)},  // authentication: 4 · (4 + 2)
      {44, hex("06 ff") + zeros(6)},   // fragment: 8, whatever its second byte says
      {0, hex("3c 00") + zeros(6) + hex("33 00") + zeros(6) + hex("06 01") + zeros(10)},
  };
  for (const auto& [number, extensions] : samples) {
    Story s;
    const Block packet = ipv6(number, extensions + hi) + zeros(3);
    s.step("parse_ipv6: header " + std::to_string(number) + " is " + told(extensions));
    const auto header = read(s, "parse_ipv6", parse_ipv6, packet);
    s.expect_equal("the protocol", header.protocol, 6);
    expect_payload(s, header, packet, 40 + extensions.size(), 2);
  }
}

TEST_CASE("behind_a_later_ipv6_fragments_header_lies_no_other") {
  const std::tuple<const char*, bool, std::uint32_t, unsigned, std::size_t> samples[] = {
      {"3c 00 00 01 00 00 00 07 06 00 00 00 00 00 00 00", true, 0, 6, 16},
      {"3c 00 05 a9 00 00 00 07 06 00 00 00 00 00 00 00", true, 1448, 60, 8},
      {"3c 00 ff f8 00 00 00 07 06 00 00 00 00 00 00 00", false, 65528, 60, 8},
  };
  for (const auto& [extensions, more, offset, protocol, size] : samples) {
    Story s;
    const Block packet = ipv6(44, hex(extensions) + hi);
    s.step(std::string("parse_ipv6: header 44 is ") + extensions);
    const auto header = read(s, "parse_ipv6", parse_ipv6, packet);
    s.expect_equal("more fragments follow", header.more_fragments, more);
    s.expect_equal("the offset in bytes", header.fragment_offset, offset);
    s.expect_equal("the protocol", header.protocol, protocol);
    expect_payload(s, header.payload, packet, 40 + size, 18 - size);
  }
}

TEST_CASE("an_ipv6_payload_ends_where_its_length_says") {
  Story s;
  const Block extension = hex("06 00") + zeros(6);
  Block packet = ipv6(0, extension + hi);
  s.step("parse_ipv6 of a packet cut behind 1500 bytes");
  put16(packet, 4, 1500);
  auto header = read(s, "parse_ipv6", parse_ipv6, packet);
  expect_payload(s, header, packet, 48, 2, 1492);
  s.step("a payload length of 0");
  put16(packet, 4, 0);
  header = read(s, "parse_ipv6", parse_ipv6, packet);
  expect_payload(s, header, packet, 48, 2);
}

TEST_CASE("what_is_no_ipv6_header_is_refused_by_name") {
  Story s;
  s.step("parse_ipv6 of a packet of version 4");
  expect_refused(s, parse_ipv6(Bytes(syn_v4).subspan(14)), Error::Kind::bad_version);
  s.step("an extension header of 16 bytes in a payload of 10");
  Block packet = ipv6(60, hex("06 01") + zeros(14));
  put16(packet, 4, 10);
  expect_refused(s, parse_ipv6(packet), Error::Kind::bad_length);
  s.step("no room for the second extension header");
  packet = ipv6(0, hex("3c 00") + zeros(6)) + zeros(20);
  expect_refused(s, parse_ipv6(packet), Error::Kind::bad_length);
}

TEST_CASE("ipv6_headers_cut_anywhere_are_truncated") {
  expect_every_cut_truncated(parse_ipv6, ipv6(6, hi), 40);
  expect_every_cut_truncated(
      parse_ipv6,
      ipv6(0, hex("2c 00") + zeros(6) + hex("33 00") + zeros(6) + hex("06 01") + zeros(10) + hi),
      68);
}

// --- TCP ---

TEST_CASE("a_tcp_header_is_read_field_by_field") {
  Story s;
  Block segment = hex("b6 92 1f 90 4f 46 e7 64 80 00 00 01 50 d9 fa f0 34 7c 01 02") + hi;
  const auto header = read(s, "parse_tcp", parse_tcp, segment);
  s.expect_equal("the source port", header.source_port, 46738);
  s.expect_equal("the destination port", header.destination_port, 8080);
  s.expect_equal("the sequence number", header.sequence, 0x4f46e764U);
  s.expect_equal("the acknowledgement number", header.acknowledgement, 0x80000001U);
  s.expect_equal("FIN, PSH, ACK, ECE and CWR", header.flags,
                 flag::fin | flag::psh | flag::ack | flag::ece | flag::cwr);
  s.expect_equal("the window", header.window, 64240);
  s.expect_equal("the checksum", header.checksum, 0x347c);
  s.expect_equal("the urgent pointer", header.urgent, 0x0102);
  s.expect_equal("the header's length", header.header_length, 20U);
  s.expect_equal("the options", told(header.options), "none");
}

TEST_CASE("a_data_offset_below_5_is_refused") {
  Story s;
  Block segment = tcp({}, zeros(20));
  segment[12] = std::byte{0x40};
  s.step("parse_tcp(" + told(segment) + ")");
  expect_refused(s, parse_tcp(segment), Error::Kind::bad_length);
}

TEST_CASE("a_tcp_header_cut_anywhere_is_truncated") {
  expect_every_cut_truncated(parse_tcp, tcp({}, hi), 20);
  expect_every_cut_truncated(parse_tcp, tcp(hex("02 04 05 b4 04 02"), hi), 28);
}

TEST_CASE("options_are_read_whatever_their_order") {
  expect_options("02 04 05 b4 04 02 08 0a 4e a0 39 1e 00 00 00 02 01 03 03 0a",
                 "mss 1460, scale 10, sack permitted, timestamps 1319123230 2");
  expect_options("03 03 0e 04 02 02 04 ff ff", "mss 65535, scale 14, sack permitted");
}

TEST_CASE("up_to_four_blocks_are_acknowledged_out_of_turn") {
  expect_options("01 01 05 0a 00 00 00 01 00 00 00 02", "sack 1-2");
  expect_options(
      "05 22 00 00 00 01 00 00 00 02 ff ff ff ff 00 00 00 04 00 00 00 05 00 00 00 06 "
      "00 00 00 07 00 00 00 08",
      "sack 1-2, sack 4294967295-4, sack 5-6, sack 7-8");
}

TEST_CASE("unknown_options_are_skipped_and_the_list_ends_at_kind_0") {
  expect_options("fe 06 02 04 05 b4 1e 02 03 03 01", "scale 1");
  expect_options("03 03 01 00 02 04 05 b4", "scale 1");
  expect_options("01 01 01 01 00 ff ff ff", "none");
}

TEST_CASE("of_an_option_that_comes_twice_the_later_one_counts") {
  expect_options("02 04 05 b4 02 04 02 18", "mss 536");
  expect_options(
      "05 12 00 00 00 01 00 00 00 02 00 00 00 03 00 00 00 04 05 0a 00 00 00 07 00 00 00 08",
      "sack 7-8");
}

TEST_CASE("a_broken_option_ends_the_list_and_keeps_what_came_before") {
  const std::string before = "03 03 07 01 ";
  expect_options(before + "06 00 04 02", "scale 7, broken");  // would never end
  expect_options(before + "06 01 04 02", "scale 7, broken");
  expect_options(before + "06 05 04 02", "scale 7, broken");  // reaches beyond the header
  expect_options(before + "04 02 01 06", "scale 7, sack permitted, broken");  // has no length
  expect_options(before + "02 03 05 01 04 02", "scale 7, broken");            // MSS has length 4
  expect_options(before + "03 04 01 01 04 02", "scale 7, broken");
  expect_options(before + "04 03 01 01", "scale 7, broken");
  expect_options(before + "05 02 04 02", "scale 7, broken");  // no block
  expect_options(before + "05 0b 00 00 00 01 00 00 00 02 00 01", "scale 7, broken");
  expect_options(before + "08 09 00 00 00 01 00 00 00 01 04 02", "scale 7, broken");
}

// --- the checksum ---

TEST_CASE("rfc_1071s_own_example") {
  Story s;
  const Block bytes = hex("00 01 f2 03 f4 f5 f6 f7");
  s.step("checksum(" + told(bytes) + "), whose sum with its carries is ddf2");
  s.expect_equal("the checksum", checksum(bytes), 0xffff - 0xddf2);
}

TEST_CASE("a_right_header_sums_up_to_0") {
  Story s;
  s.step("checksum of a real packet's IPv4 header");
  s.expect_equal("the checksum", checksum(Bytes(syn_v4).subspan(14, 20)), 0);
}

TEST_CASE("an_odd_last_byte_is_a_high_half") {
  const std::pair<const char*, int> samples[] = {
      {"", 0xffff}, {"ab", 0x54ff}, {"00 01 02", 0xfdfe}, {"ff ff ff", 0xff}};
  for (const auto& [bytes, expected] : samples) {
    Story s;
    s.step(std::string("checksum(") + bytes + ")");
    s.expect_equal("the checksum", checksum(hex(bytes)), expected);
  }
}

TEST_CASE("carries_come_round_as_often_as_they_arise") {
  Story s;
  s.step("checksum(ff ff 00 01)");
  s.expect_equal("the checksum", checksum(hex("ff ff 00 01")), 0xfffe);
  s.step("checksum(00 01) on a sum of fff0");
  s.expect_equal("the checksum", checksum(hex("00 01"), 0xfff0), 0x000e);
  s.step("checksum(00 01) on a sum of 1fffe: the second carry arises from the first");
  s.expect_equal("the checksum", checksum(hex("00 01"), 0x1fffe), 0xfffe);
  s.step("checksum(00 01) on a sum of ffffffff");
  s.expect_equal("the checksum", checksum(hex("00 01"), 0xffffffffU), 0xfffe);
  s.step("checksum of 65535 bytes that are all ff");
  s.expect_equal("the checksum", checksum(Block(65535, std::byte{0xff})), 0xff);
}

TEST_CASE("real_segments_are_right_and_one_bit_makes_them_wrong") {
  for (const Block& frame : {syn_v4, syn_v6}) {
    Story s;
    const bool v6 = frame[12] == std::byte{0x86};
    Block bytes = frame;
    s.step(std::string("verify_checksum of a real SYN in ") + (v6 ? "IPv6" : "IPv4"));
    Packet packet = read(s, "parse", v6 ? parse_ipv6 : parse_ipv4, Bytes(bytes).subspan(14));
    expect_verdict(s, packet, Verdict::right);
    s.step("its last bit is turned");
    bytes.back() ^= std::byte{1};
    expect_verdict(s, packet, Verdict::wrong);
    s.step("that bit is as it was, and an address another one");
    bytes.back() ^= std::byte{1};
    packet.source.bytes[v6 ? 15 : 3] ^= std::byte{1};
    expect_verdict(s, packet, Verdict::wrong);
  }
}

TEST_CASE("the_length_of_a_segment_counts_and_may_be_odd") {
  for (const std::size_t size : {0U, 1U, 2U, 1447U, 65515U}) {
    Story s;
    Block segment = tcp({}, Block(size, std::byte{0xa5}));
    Packet packet = packet_of(segment, false);
    const std::uint64_t sum = pseudo_header_sum(packet) + plain_sum(segment);
    put16(segment, 16, (0xffff - sum % 0xffff) % 0xffff);
    packet.payload = segment;
    s.step("verify_checksum of a right segment with " + std::to_string(size) + " bytes of data");
    expect_verdict(s, packet, Verdict::right);
  }
}

TEST_CASE("what_the_card_was_to_do_is_not_wrong") {
  for (const bool v6 : {false, true}) {
    Story s;
    Block segment = tcp({}, hi);
    Packet packet = packet_of(segment, v6);
    std::uint64_t sum = pseudo_header_sum(packet);
    while (sum > 0xffff) sum = (sum & 0xffffU) + (sum >> 16U);
    put16(segment, 16, sum);
    packet.payload = segment;
    s.step("verify_checksum of a segment that holds the pseudo-header's sum alone");
    expect_verdict(s, packet, Verdict::left_to_the_card);
    s.step("the same, with an urgent pointer that happens to make the whole sum right");
    put16(segment, 18, 0xffff - (sum + plain_sum(segment)) % 0xffff);
    expect_verdict(s, packet, Verdict::right);
  }
}

TEST_CASE("of_a_part_of_a_segment_nothing_is_known") {
  Story s;
  const Packet whole = read(s, "parse_ipv4", parse_ipv4, Bytes(syn_v4).subspan(14));
  s.step("verify_checksum of a segment whose last byte is cut");
  Packet packet = whole;
  packet.payload = packet.payload.first(39);
  expect_verdict(s, packet, Verdict::not_known);
  s.step("of the first fragment");
  packet = whole;
  packet.more_fragments = true;
  expect_verdict(s, packet, Verdict::not_known);
  s.step("of the last fragment");
  packet = whole;
  packet.fragment_offset = 1480;
  expect_verdict(s, packet, Verdict::not_known);
  s.step("of 19 bytes");
  packet = whole;
  packet.payload = packet.payload.first(19);
  packet.payload_length = 19;
  expect_verdict(s, packet, Verdict::not_known);
}

// --- numbers on a circle ---

TEST_CASE("behind_the_highest_number_comes_0") {
  const std::tuple<std::uint32_t, std::uint32_t, bool> samples[] = {
      {1, 2, true},           {2, 1, false},
      {7, 7, false},          {0xffffffff, 0, true},
      {0, 0xffffffff, false}, {0xfffffff0, 5, true},
      {0, 0x7fffffff, true},  {0, 0x80000000, false},
      {0x80000000, 0, false}, {0x7fffffff, 0x80000000, true}};
  for (const auto& [a, b, expected] : samples) {
    Story s;
    s.step("before(" + std::to_string(a) + ", " + std::to_string(b) + ")");
    s.expect_equal("whether the one comes before the other", before(a, b), expected);
  }
}

TEST_CASE("a_number_stands_for_the_nearest_place") {
  constexpr std::int64_t turn = std::int64_t{1} << 32;
  const std::tuple<std::uint32_t, std::int64_t, std::int64_t> samples[] = {
      {5, 3, 5},
      {3, 5, 3},
      {5, turn - 10, turn + 5},
      {0xfffffff0, turn + 5, turn - 16},
      {7, 9 * turn, 9 * turn + 7},
      {0xffffffff, 0, -1},
      {0, -1, 0},
      {2, -turn, 2 - turn},
      {0x80000000, 0, turn / 2},  // two are equally near: the higher one
      {0x80000001, 0, 1 - turn / 2},
      {0, turn / 2, turn},
  };
  for (const auto& [number, near, expected] : samples) {
    Story s;
    s.step("unwrap(" + std::to_string(number) + ", " + std::to_string(near) + ")");
    s.expect_equal("the place", unwrap(number, near), expected);
  }
}

// --- the states ---

TEST_CASE("who_sends_opens_and_closes") {
  using enum State;
  expect_steps("after_sending", after_sending,
               {{closed, "syn", syn_sent},
                {listen, "syn", syn_sent},
                {syn_sent, "syn", syn_sent},
                {listen, "syn ack-syn", syn_received},
                {syn_sent, "syn ack-syn", syn_received},
                {syn_received, "syn ack-syn", syn_received},
                {established, "ack", established},
                {established, "fin ack", fin_wait_1},
                {syn_received, "fin ack", fin_wait_1},
                {close_wait, "fin ack", last_ack},
                {fin_wait_1, "fin ack", fin_wait_1},
                {last_ack, "fin ack", last_ack},
                {time_wait, "ack", time_wait},
                {established, "rst", closed},
                {listen, "rst ack", closed}});
}

TEST_CASE("who_receives_agrees_and_is_told_of_the_end") {
  using enum State;
  expect_steps("after_receiving", after_receiving,
               {{listen, "syn", listen},
                {syn_sent, "syn ack-syn", established},
                {syn_sent, "syn ack", syn_sent},
                {syn_sent, "ack-syn", syn_sent},
                {syn_sent, "syn", syn_received},
                {syn_received, "ack-syn", established},
                {syn_received, "ack", syn_received},
                {syn_received, "fin ack-syn", close_wait},
                {established, "ack-syn", established},
                {established, "fin ack-syn", close_wait},
                {fin_wait_1, "ack-syn", fin_wait_1},
                {fin_wait_1, "ack-fin", fin_wait_2},
                {fin_wait_1, "fin ack-syn", closing},
                {fin_wait_1, "fin ack-fin", time_wait},
                {fin_wait_2, "ack-fin", fin_wait_2},
                {fin_wait_2, "fin ack-fin", time_wait},
                {closing, "ack-syn", closing},
                {closing, "ack-fin", time_wait},
                {close_wait, "fin ack", close_wait},
                {last_ack, "ack-syn", last_ack},
                {last_ack, "ack-fin", closed}});
}

TEST_CASE("a_reset_ends_all_but_listening") {
  using enum State;
  for (const State state : {closed, syn_sent, syn_received, established, fin_wait_1, fin_wait_2,
                            close_wait, closing, last_ack, time_wait})
    expect_steps("after_receiving", after_receiving, {{state, "rst", closed}});
  expect_steps("after_receiving", after_receiving, {{listen, "rst", listen}});
}

// --- conversations ---

TEST_CASE("three_segments_open_a_connection") {
  Story s;
  Wiretap tap(s);
  tap.hears("> SYN seq 1000", "syn 0", "syn_sent listen");
  tap.hears("< SYN,ACK seq 5000 ack 1001", "syn_ack 0 ack 1", "established syn_received");
  tap.hears("> ACK seq 1001 ack 5001", "ack 1 ack 1", "established established");
}

TEST_CASE("words_go_both_ways_and_are_counted_from_1") {
  Story s;
  Wiretap tap(s);
  tap.hears_handshake();
  tap.hears("> ACK seq 1001 ack 5001 len 5", "data 1 ack 1 fresh 5");
  tap.hears("< ACK seq 5001 ack 1006", "ack 1 ack 6");
  tap.hears("< ACK seq 5001 ack 1006 len 100", "data 1 ack 6 fresh 100");
  tap.hears("> ACK seq 1006 ack 5101 len 1", "data 6 ack 101 fresh 1", "established established");
}

TEST_CASE("who_hangs_up_first_waits") {
  Story s;
  Wiretap tap(s);
  tap.hears_handshake();
  tap.hears("> FIN,ACK seq 1001 ack 5001", "fin 1 ack 1", "fin_wait_1 close_wait");
  tap.hears("< ACK seq 5001 ack 1002", "ack 1 ack 2", "fin_wait_2 close_wait");
  tap.hears("< ACK seq 5001 ack 1002 len 9", "data 1 ack 2 fresh 9", "fin_wait_2 close_wait");
  tap.hears("< FIN,ACK seq 5010 ack 1002", "fin 10 ack 2", "time_wait last_ack");
  tap.hears("> ACK seq 1002 ack 5011", "ack 2 ack 11", "time_wait closed");
}

TEST_CASE("three_segments_may_close_it_too") {
  Story s;
  Wiretap tap(s);
  tap.hears_handshake();
  tap.hears("< FIN,ACK seq 5001 ack 1001 len 3", "fin 1 ack 1 fresh 3", "close_wait fin_wait_1");
  tap.hears("> FIN,ACK seq 1001 ack 5005", "fin 1 ack 5", "last_ack time_wait");
  tap.hears("< ACK seq 5005 ack 1002", "ack 5 ack 2", "closed time_wait");
}

TEST_CASE("fin_takes_a_number") {
  Story s;
  Wiretap tap(s);
  tap.hears_handshake();
  tap.hears("> FIN,ACK seq 1001 ack 5001 len 2", "fin 1 ack 1 fresh 2", "fin_wait_1 close_wait");
  tap.hears("< ACK seq 5001 ack 1003", "ack 1 ack 3",
            "fin_wait_1 close_wait");  // of the data alone
  tap.hears("< ACK seq 5001 ack 1004", "ack 1 ack 4", "fin_wait_2 close_wait");
}

TEST_CASE("both_may_hang_up_at_once") {
  Story s;
  Wiretap tap(s);
  tap.hears_handshake();
  tap.hears("> FIN,ACK seq 1001 ack 5001", "fin 1 ack 1", "fin_wait_1 close_wait");
  tap.hears("< FIN,ACK seq 5001 ack 1001", "fin 1 ack 1", "closing last_ack");
  tap.hears("> ACK seq 1002 ack 5002", "ack 2 ack 2", "closing closed");
  tap.hears("< ACK seq 5002 ack 1002", "ack 2 ack 2", "time_wait closed");
}

TEST_CASE("both_may_dial_at_once") {
  Story s;
  Wiretap tap(s);
  tap.hears("> SYN seq 1000", "syn 0", "syn_sent listen");
  tap.hears("< SYN seq 5000", "syn 0", "syn_received syn_sent");
  tap.hears("< SYN,ACK seq 5000 ack 1001", "retransmission 0 ack 1", "established syn_received");
  tap.hears("> SYN,ACK seq 1000 ack 5001", "retransmission 0 ack 1", "established established");
}

TEST_CASE("a_handshakes_last_segment_may_say_more") {
  Story s;
  Wiretap tap(s);
  tap.hears("> SYN seq 1000 len 4", "syn 0 fresh 4");
  tap.hears("< SYN,ACK seq 5000 ack 1005", "syn_ack 0 ack 5");
  tap.hears("> FIN,ACK seq 1005 ack 5001 len 2", "fin 5 ack 1 fresh 2", "fin_wait_1 close_wait");
}

TEST_CASE("a_call_may_be_refused") {
  Story s;
  Wiretap tap(s);
  tap.hears("> SYN seq 1000", "syn 0", "syn_sent listen");
  tap.hears("< RST,ACK seq 0 ack 1001", "rst 1 ack 1", "closed closed");
}

TEST_CASE("a_caller_may_give_up_and_the_other_goes_on_listening") {
  Story s;
  Wiretap tap(s);
  tap.hears("> SYN seq 1000", "syn 0", "syn_sent listen");
  tap.hears("> RST seq 1001", "rst 1", "closed listen");
}

TEST_CASE("a_reset_breaks_off_and_its_acknowledgement_counts_with_ack_alone") {
  Story s;
  Wiretap tap(s);
  tap.hears_handshake();
  tap.hears("> ACK seq 1001 ack 5001 len 5", "data 1 ack 1 fresh 5");
  tap.hears("< RST seq 5001 ack 4000000000", "rst 1", "closed closed");
}

TEST_CASE("what_was_seen_before_is_a_retransmission") {
  Story s;
  Wiretap tap(s);
  tap.hears("> SYN seq 1000", "syn 0");
  tap.hears("> SYN seq 1000", "retransmission 0", "syn_sent listen");
  tap.hears("< SYN,ACK seq 5000 ack 1001", "syn_ack 0 ack 1");
  tap.hears("< SYN,ACK seq 5000 ack 1001", "retransmission 0 ack 1", "established syn_received");
  tap.hears("> ACK seq 1001 ack 5001 len 10", "data 1 ack 1 fresh 10");
  tap.hears("> ACK seq 1001 ack 5001 len 10", "retransmission 1 ack 1");
  tap.hears("> ACK seq 1010 ack 5001 len 1",
            "retransmission 10 ack 1");                  // a keep-alive with a byte
  tap.hears("> ACK seq 1010 ack 5001", "ack 10 ack 1");  // and one without
  tap.hears("> FIN,ACK seq 1011 ack 5001", "fin 11 ack 1");
  tap.hears("< ACK seq 5001 ack 1012", "ack 1 ack 12", "fin_wait_2 close_wait");
  tap.hears("> FIN,ACK seq 1011 ack 5001", "retransmission 11 ack 1", "fin_wait_2 close_wait");
}

TEST_CASE("one_old_byte_makes_a_retransmission_and_the_new_ones_are_counted") {
  Story s;
  Wiretap tap(s);
  tap.hears_handshake();
  tap.hears("> ACK seq 1001 ack 5001 len 10", "data 1 ack 1 fresh 10");
  tap.hears("> ACK seq 1010 ack 5001 len 6", "retransmission 10 ack 1 fresh 5");
  tap.hears("> FIN,ACK seq 1001 ack 5001 len 15", "retransmission 1 ack 1",
            "fin_wait_1 close_wait");
}

TEST_CASE("what_comes_behind_its_successor_is_out_of_order") {
  Story s;
  Wiretap tap(s);
  tap.hears_handshake();
  tap.hears("> ACK seq 1001 ack 5001 len 10", "data 1 ack 1 fresh 10");
  tap.hears("> ACK seq 1021 ack 5001 len 10", "data 21 ack 1 fresh 10");
  tap.hears("> ACK seq 1011 ack 5001 len 10", "out_of_order 11 ack 1 fresh 10");
  tap.hears("> ACK seq 1011 ack 5001 len 10", "retransmission 11 ack 1");
  tap.hears("> FIN,ACK seq 1041 ack 5001", "fin 41 ack 1");
  tap.hears("> ACK seq 1031 ack 5001 len 10", "out_of_order 31 ack 1 fresh 10");
}

TEST_CASE("fresh_bytes_are_those_of_the_gaps") {
  Story s;
  Wiretap tap(s);
  tap.hears_handshake();
  for (const char* sequence : {"1001", "1021", "1041"})
    tap.hears(std::string("> ACK seq ") + sequence + " ack 5001 len 10");
  tap.hears("> ACK seq 1013 ack 5001 len 4", "out_of_order 13 ack 1 fresh 4");
  tap.hears("> ACK seq 1005 ack 5001 len 41", "retransmission 5 ack 1 fresh 16");
  tap.hears("> ACK seq 1001 ack 5001 len 51", "retransmission 1 ack 1 fresh 1");
}

TEST_CASE("eight_gaps_are_remembered") {
  Story s;
  Wiretap tap(s);
  tap.hears_handshake();
  for (int sequence = 1002; sequence <= 1018; sequence += 2)
    tap.hears("> ACK seq " + std::to_string(sequence) + " ack 5001 len 1");
  tap.hears("> ACK seq 1001 ack 5001 len 1", "retransmission 1 ack 1");  // the ninth from above
  tap.hears("> ACK seq 1003 ack 5001 len 1", "out_of_order 3 ack 1 fresh 1");
}

TEST_CASE("numbers_go_on_from_the_highest_to_0") {
  Story s;
  Wiretap tap(s);
  tap.hears("> SYN seq 4294967290", "syn 0");
  tap.hears("< SYN,ACK seq 4294967295 ack 4294967291", "syn_ack 0 ack 1");
  tap.hears("> ACK seq 4294967291 ack 0 len 10", "data 1 ack 1 fresh 10");
  tap.hears("< ACK seq 0 ack 5", "ack 1 ack 11");
  tap.hears("> ACK seq 4294967295 ack 0 len 3", "retransmission 5 ack 1");
  tap.hears("> ACK seq 6 ack 0 len 1", "data 12 ack 1 fresh 1");
  tap.hears("> ACK seq 5 ack 0 len 1", "out_of_order 11 ack 1 fresh 1");
  tap.hears("> FIN,ACK seq 7 ack 0", "fin 13 ack 1", "fin_wait_1 close_wait");
  tap.hears("< ACK seq 0 ack 8", "ack 1 ack 14", "fin_wait_2 close_wait");
}

TEST_CASE("more_than_4_gib_are_no_circle") {
  Story s;
  Wiretap tap(s);
  tap.hears_handshake();
  const std::uint32_t gib = 1U << 30U;
  std::uint32_t sequence = 1001;
  for (std::int64_t sent = 0; sent < 9; ++sent) {
    tap.hears("> ACK seq " + std::to_string(sequence) + " ack 5001 len " + std::to_string(gib),
              "data " + std::to_string(1 + sent * gib) + " ack 1 fresh " + std::to_string(gib));
    sequence += gib;
    tap.hears("< ACK seq 5001 ack " + std::to_string(sequence),
              "ack 1 ack " + std::to_string(1 + (sent + 1) * gib));
  }
  sequence -= gib;
  tap.hears("> ACK seq " + std::to_string(sequence) + " ack 5001 len 1",
            "retransmission " + std::to_string(1 + std::int64_t{8} * gib) + " ack 1");
}

TEST_CASE("where_the_beginning_was_not_seen_numbers_begin_with_the_first") {
  Story s;
  Wiretap tap(s);
  tap.hears("> ACK seq 700 ack 900 len 5", "data 1 ack 1 fresh 5", "established established");
  tap.hears("< ACK seq 910 ack 705 len 10",
            "data 11 ack 6 fresh 10");  // first was acknowledged: 900
  tap.hears("> ACK seq 690 ack 900 len 5", "out_of_order -9 ack 1 fresh 5");
  tap.hears("< FIN,ACK seq 920 ack 705", "fin 21 ack 6", "close_wait fin_wait_1");
}

TEST_CASE("a_syn_with_ack_may_be_the_first_that_is_seen") {
  Story s;
  Wiretap tap(s);
  tap.hears("< SYN,ACK seq 5000 ack 1001", "syn_ack 0 ack 1", "established syn_received");
  tap.hears("> ACK seq 1001 ack 5001 len 1", "data 1 ack 1 fresh 1", "established established");
}

TEST_CASE("a_reset_may_be_the_first_that_is_seen") {
  Story s;
  Wiretap tap(s);
  tap.hears("< RST seq 5000", "rst 1", "closed closed");
}

TEST_CASE("windows_are_scaled_by_their_senders_shift_but_not_on_a_syn") {
  Story s;
  Wiretap tap(s);
  tap.hears_window("> SYN seq 1000 win 65535 scale 7", 65535);
  tap.hears_window("< SYN,ACK seq 5000 ack 1001 win 65535 scale 2", 65535);
  tap.hears_window("> ACK seq 1001 ack 5001 win 502", 502 * 128);
  tap.hears_window("< ACK seq 5001 ack 1001 win 502", 502 * 4);
  tap.hears_window("> ACK seq 1001 ack 5001 win 65535", 65535 * 128);
}

TEST_CASE("both_must_offer_to_scale_windows") {
  for (const char* silent : {"client", "server"}) {
    Story s;
    Wiretap tap(s);
    const bool client = silent == std::string("client");
    tap.hears_window(client ? "> SYN seq 1000 win 9" : "> SYN seq 1000 win 9 scale 7", 9);
    tap.hears_window(
        client ? "< SYN,ACK seq 5000 ack 1001 win 9 scale 7" : "< SYN,ACK seq 5000 ack 1001 win 9",
        9);
    tap.hears_window("> ACK seq 1001 ack 5001 win 502", 502);
    tap.hears_window("< ACK seq 5001 ack 1001 win 502", 502);
  }
}

TEST_CASE("a_shift_is_14_at_most") {
  Story s;
  Wiretap tap(s);
  tap.hears_window("> SYN seq 1000 scale 14", 0);
  tap.hears_window("< SYN,ACK seq 5000 ack 1001 scale 255", 0);
  tap.hears_window("> ACK seq 1001 ack 5001 win 65535", 1073725440);
  tap.hears_window("< ACK seq 5001 ack 1001 win 65535", 1073725440);
}

TEST_CASE("where_a_syn_was_not_seen_windows_are_as_they_stand") {
  Story s;
  Wiretap tap(s);
  tap.hears_window("< SYN,ACK seq 5000 ack 1001 win 9 scale 7", 9);
  tap.hears_window("> ACK seq 1001 ack 5001 win 502", 502);
  tap.hears_window("< ACK seq 5001 ack 1001 win 502", 502);
}
