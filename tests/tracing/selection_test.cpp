// What a live capture sees of packets, and which of them it takes: no rights needed.
#include "../../labs/03-handshake-trace/live/selection.hpp"

#include <net/if.h>

#include <vector>

#include "practice.hpp"

namespace {

using namespace tracing;
namespace flag = handshake_trace::flag;

constexpr std::uint8_t in = 0;
constexpr std::uint8_t out = 4;  // PACKET_OUTGOING

void put(std::vector<std::byte>& bytes, std::uint64_t value, std::size_t size) {
  while (size-- > 0) bytes.push_back(static_cast<std::byte>(value >> (8 * size) & 0xffU));
}

/// A segment between 192.0.2.1:1000 (the client) and 192.0.2.2:80, as "any" captures it.
struct Segment {
  bool by_client = true;
  std::uint8_t flags = 0;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgement = 0;
  std::uint32_t data = 0;
  std::uint32_t interface = 7;
  std::uint8_t direction = in;
  Nanoseconds time = 0;
  std::uint16_t fragment = 0;  ///< the field with flags and offset

  std::vector<std::byte> bytes() const {
    std::vector<std::byte> all;
    put(all, 0x0800, 2);
    put(all, 0, 2);
    put(all, interface, 4);
    put(all, 1, 2);
    put(all, direction, 1);
    put(all, 6, 1);
    put(all, 0, 8);
    put(all, 0x4500, 2);
    put(all, 40 + data, 2);
    put(all, fragment, 4);
    put(all, 0x4006'0000, 4);
    put(all, by_client ? 0xc000'0201 : 0xc000'0202, 4);
    put(all, by_client ? 0xc000'0202 : 0xc000'0201, 4);
    put(all, by_client ? 1000 : 80, 2);
    put(all, by_client ? 80 : 1000, 2);
    put(all, sequence, 4);
    put(all, acknowledgement, 4);
    put(all, 0x5000U | flags, 2);
    put(all, 0, 6);
    all.resize(all.size() + data);
    return all;
  }
};

bool wanted(Selection& selection, const Segment& segment) {
  const auto bytes = segment.bytes();
  CapturedPacket packet;
  packet.link_type = link::cooked_2;
  packet.bytes = bytes;
  packet.length = bytes.size();
  packet.time = segment.time;
  return selection.wanted(packet);
}

constexpr std::uint8_t fin_ack = flag::fin | flag::ack;

}  // namespace

TEST_CASE("a_packet_on_two_interfaces_counts_once") {
  Selection selection(nullptr);
  CHECK(wanted(selection, {.flags = flag::syn, .interface = 3, .direction = out}));
  CHECK_FALSE(wanted(selection, {.flags = flag::syn, .interface = 2, .direction = out}));
  const std::uint8_t syn_ack = flag::syn | flag::ack;
  CHECK(wanted(selection, {.by_client = false, .flags = syn_ack, .interface = 2}));
  CHECK_FALSE(wanted(selection, {.by_client = false, .flags = syn_ack, .interface = 3}));
  CHECK(selection.counts().packets == 2);
  // The way that it took first is silent for long: it takes another one now.
  CHECK(wanted(selection, {.flags = flag::ack, .interface = 2, .time = 2'000'000'000}));
  CHECK_FALSE(wanted(selection, {.flags = flag::ack, .interface = 3, .time = 2'000'000'001}));
}

TEST_CASE("loopbacks_outgoing_packets_come_in_as_well") {
  const auto loopback = if_nametoindex("lo");
  if (loopback == 0) return;
  Selection selection(nullptr);
  CHECK_FALSE(wanted(selection, {.flags = flag::syn, .interface = loopback, .direction = out}));
  CHECK(wanted(selection, {.flags = flag::syn, .interface = loopback}));
}

TEST_CASE("it_is_quiet_when_both_fins_are_acknowledged") {
  Selection selection(nullptr);
  CHECK(selection.quiet());
  // The numbers wrap around under the client's FIN.
  wanted(selection, {.flags = flag::syn, .sequence = 0xffff'fff0});
  CHECK_FALSE(selection.quiet());
  wanted(selection, {.flags = fin_ack, .sequence = 0xffff'fff1, .acknowledgement = 1, .data = 20});
  wanted(selection, {.by_client = false, .flags = fin_ack, .sequence = 1, .acknowledgement = 5});
  CHECK_FALSE(selection.quiet());
  wanted(selection, {.flags = flag::ack, .sequence = 6, .acknowledgement = 2});
  CHECK_FALSE(selection.quiet());  // the client's takes one number more than its data
  wanted(selection, {.by_client = false, .flags = flag::ack, .sequence = 2, .acknowledgement = 6});
  CHECK(selection.quiet());
  CHECK(selection.counts().connections == 1);
  CHECK(selection.counts().refused == 0);
}

TEST_CASE("a_syn_that_is_answered_by_rst_is_refused") {
  Selection selection(nullptr);
  wanted(selection, {.flags = flag::syn, .sequence = 1});
  wanted(selection, {.by_client = false, .flags = flag::rst | flag::ack, .acknowledgement = 2});
  CHECK(selection.quiet());
  CHECK(selection.counts().refused == 1);
  // The same numbers again are another connection.
  wanted(selection, {.flags = flag::syn, .sequence = 9});
  CHECK(selection.counts().connections == 2);
  CHECK_FALSE(selection.quiet());
}

TEST_CASE("later_fragments_are_kept") {
  Selection selection(nullptr);
  CHECK(wanted(selection, {.fragment = 0x0010}));
  CHECK(selection.counts().connections == 0);
}

TEST_CASE("no_cut_of_a_packet_is_misread") {
  for (const bool v6 : {false, true}) {
    auto whole = Segment{.flags = flag::syn, .data = 3}.bytes();
    if (v6) {  // hop-by-hop, destination options and a fragment header in front of TCP
      std::vector<std::byte> packet(whole.begin(), whole.begin() + 20);
      packet[0] = std::byte{0x86};
      packet[1] = std::byte{0xdd};
      put(packet, 0x6000'0000, 4);
      put(packet, 8 + 16 + 8 + 23, 2);
      put(packet, 0x0040, 2);
      for (int i = 0; i < 4; ++i) put(packet, 0x2001'0db8'0000'0001, 8);
      put(packet, 0x3c00'0000'0000'0000, 8);
      put(packet, 0x2c01'0000'0000'0000, 8);
      put(packet, 0, 8);
      put(packet, 0x0600'0000'0000'0001, 8);
      packet.insert(packet.end(), whole.begin() + 40, whole.end());
      whole = packet;
    }
    CapturedPacket packet;
    packet.link_type = link::cooked_2;
    for (std::size_t size = 0; size <= whole.size(); ++size) {
      const std::vector<std::byte> cut(whole.begin(),
                                       whole.begin() + static_cast<std::ptrdiff_t>(size));
      packet.bytes = cut;
      const auto seen = glimpse(packet);
      CAPTURE(v6, size);
      CHECK(seen.has_value() == (size >= whole.size() - 3));
      if (!seen) continue;
      CHECK(seen->source.port == 1000);
      CHECK(seen->length == 3);
      CHECK(seen->flags == flag::syn);
    }
  }
}

TEST_CASE("what_is_held_is_bounded") {
  Selection selection(nullptr);
  Segment segment{.flags = flag::syn};
  auto bytes = segment.bytes();
  CapturedPacket packet;
  packet.link_type = link::cooked_2;
  packet.bytes = bytes;
  for (unsigned i = 0; i < 50000; ++i) {  // ports, then addresses
    bytes[40] = static_cast<std::byte>(i >> 8U & 0xffU);
    bytes[41] = static_cast<std::byte>(i & 0xffU);
    CHECK(selection.wanted(packet));
  }
  CHECK(selection.held() <= 16384);
  CHECK(selection.counts().connections == 50000);
}
