// Damaged and hostile captures: what can be read is read, the rest is one line with its place.
#include <algorithm>
#include <chrono>

#include "capture_builder.hpp"
#include "language.hpp"
#include "practice.hpp"

using namespace captures;

namespace {

/// A trouble is one line that begins with a place in the file.
void check_trouble(const std::string& trouble, std::size_t size) {
  CAPTURE(trouble);
  REQUIRE(trouble.starts_with("byte "));
  CHECK(trouble.find('\n') == std::string::npos);
  const std::size_t colon = trouble.find(": ");
  REQUIRE(colon != std::string::npos);
  CHECK(std::stoul(trouble.substr(5, colon - 5)) <= size);
}

/// Where a capture may end: behind its header, its records or its blocks, as `whole` tells.
std::vector<std::size_t> packet_ends(const Example& example, const Read& whole) {
  std::vector<std::size_t> ends;
  for (std::size_t i = 1; i < whole.packets.size(); ++i) ends.push_back(whole.packets[i].offset);
  ends.push_back(example.text.size());
  return ends;
}

std::string only_trouble(const std::string& text) {
  const Read read = read_text(text);
  CHECK(read.packets.empty());
  return read.trouble;
}

}  // namespace

TEST_CASE("a_cut_file_gives_the_packets_before_the_cut") {
  for (const Example& example : examples()) {
    CAPTURE(example.name);
    const Read whole = read_text(example.text);
    REQUIRE(whole.packets.size() == example.packets);
    const bool is_pcap = example.name.find("pcapng") == std::string::npos;
    const std::vector<std::size_t> ends = packet_ends(example, whole);
    std::size_t silent = 0;
    for (std::size_t size = 0; size < example.text.size(); ++size) {
      CAPTURE(size);
      const std::string cut = example.text.substr(0, size);
      const Read read = read_text(cut);
      // What lies between two packets of pcapng is no part of the first.
      std::size_t least = 0;
      while (least < ends.size() && ends[least] <= size) ++least;
      REQUIRE(read.packets.size() >= least);
      REQUIRE(read.packets.size() <= whole.packets.size());
      CHECK(std::equal(read.packets.begin(), read.packets.end(), whole.packets.begin()));
      if (read.trouble.empty())
        ++silent;
      else
        check_trouble(read.trouble, size);
      if (is_pcap) CHECK(read.packets.size() == least);
      if (is_pcap && size > 24)
        CHECK(read.trouble.empty() == (std::count(ends.begin(), ends.end(), size) == 1));
    }
    // Silent are just the cuts between two records or blocks (and behind the header).
    CHECK(silent == (is_pcap ? 3U : example.packets == 4 ? 7U : 23U));
  }
}

TEST_CASE("a_damaged_byte_costs_at_most_what_follows") {
  for (const Example& example : examples()) {
    CAPTURE(example.name);
    const Read whole = read_text(example.text);
    for (std::size_t at = 0; at < example.text.size(); ++at) {
      for (const unsigned damage : {0x01U, 0x80U, 0xffU}) {
        CAPTURE(at, damage);
        std::string text = example.text;
        text[at] = static_cast<char>(static_cast<unsigned char>(text[at]) ^ damage);
        const Read read = read_text(text);
        if (!read.trouble.empty()) check_trouble(read.trouble, text.size());
        CHECK(read.packets.size() <= text.size() / 16);
        for (const Packet& packet : read.packets) {
          CHECK(packet.offset + packet.bytes.size() <= text.size());
          CHECK(packet.length >= packet.bytes.size());
          CHECK(packet.time >= 0);
        }
        for (std::size_t i = 0; i + 1 < whole.packets.size(); ++i) {
          if (whole.packets[i + 1].offset > at) break;
          REQUIRE(read.packets.size() > i);
          // An interface's or the file's header says how the packets are read.
          CHECK(read.packets[i].bytes.size() <= whole.packets[i].bytes.size());
        }
      }
    }
  }
}

TEST_CASE("hostile_lengths_are_refused") {
  const Order order = Order::little;
  const std::string header = pcap_header(order, microseconds, 1);
  const auto record = [&](std::uint32_t captured) {
    return header + pcap_packet(order, microseconds, 1, 1, "ok", 2) +
           Text(order).number(1, 4).number(1, 4).number(captured, 4).number(captured, 4).text();
  };
  CHECK(read_text(record(262145)).trouble == "byte 42: packet 2 has 262145 bytes, at most 262144");
  CHECK(read_text(record(0xffffffff)).trouble ==
        "byte 42: packet 2 has 4294967295 bytes, at most 262144");
  CHECK(read_text(record(100)).trouble ==
        "byte 42: the file is cut: 16 of 116 bytes of packet 2 are there");
  CHECK(read_text(record(100)).packets.size() == 1);

  const std::string front = section(order) + interface(order, 1);
  const std::string at = "byte " + std::to_string(front.size());
  const auto head = [&](std::uint32_t type, std::uint32_t length) {
    return front + Text(order).number(type, 4).number(length, 4).number(0, 4).text();
  };
  CHECK(only_trouble(head(6, 0)) ==
        at + ": a block of 0 bytes: it must have 12 at least, and whole fours");
  CHECK(only_trouble(head(6, 11)).starts_with(at + ": a block of 11 bytes"));
  CHECK(only_trouble(head(6, 33)).starts_with(at + ": a block of 33 bytes"));
  CHECK(only_trouble(head(6, 0xfffffffc)) == at + ": a block of 4294967292 bytes, at most 393216");
  CHECK(only_trouble(head(1, 0xfffffffc)).starts_with(at + ": a block of 4294967292 bytes"));
  CHECK(only_trouble(head(0xbad, 0xfffffffc)) ==
        at + ": the file is cut: 12 of 4294967292 bytes of a block are there");
  CHECK(only_trouble(head(6, 12)) == at + ": a block of 12 bytes that says 0 at its end");
  CHECK(only_trouble(front + block(order, 6, "")) ==
        at + ": packet 1: the block is too short for it");
  CHECK(only_trouble(front + block(order, 3, "")) ==
        at + ": packet 1: the block is too short for it");
  CHECK(only_trouble(section(order) + block(order, 1, "1234")) ==
        "byte 28: an interface description: the block is too short for it");
}

TEST_CASE("a_packet_longer_than_its_block_is_refused") {
  const Order order = Order::big;
  const std::string front = section(order) + interface(order, 1);
  const auto packet = [&](std::uint32_t captured) {
    return front + block(order, 6,
                         Text(order)
                             .number(0, 12)
                             .number(captured, 4)
                             .number(captured, 4)
                             .bytes("12345678")
                             .text());
  };
  CHECK(read_text(packet(8)).packets.size() == 1);
  const std::string at = "byte " + std::to_string(front.size());
  CHECK(only_trouble(packet(9)) == at + ": packet 1: the block is too short for it");
  CHECK(only_trouble(packet(0xffffffff)) == at + ": packet 1 has 4294967295 bytes, at most 262144");
}

TEST_CASE("what_is_no_capture_is_said") {
  CHECK(only_trouble("") == "byte 0: the file is empty");
  CHECK(only_trouble("GET / HTTP/1.1\r\n") ==
        "byte 0: neither pcap nor pcapng: it begins with 47 45 54 20");
  CHECK(only_trouble("\x0a") == "byte 0: neither pcap nor pcapng: it begins with 0a");
  CHECK(only_trouble("\x1f\x8b\x08") == "byte 0: compressed (gzip): gunzip it first");
  CHECK(only_trouble("\x28\xb5\x2f\xfd") == "byte 0: compressed (zstd): unzstd it first");
  CHECK(only_trouble("\x0a\x0d\x0d\x0a\x1c") ==
        "byte 0: the file is cut: 5 of 12 bytes of a block's header are there");
  CHECK(only_trouble("\x0a\x0d\x0d\x0a 12345678") ==
        "byte 8: a section without its byte-order mark");
  CHECK(only_trouble(section(Order::big, 0, 2)) ==
        "byte 12: pcapng of version 2, which is not known; 1 is");
  std::string version = pcap_header(Order::big, microseconds, 1);
  version[5] = '\x03';
  CHECK(only_trouble(version) == "byte 4: pcap of version 3, which is not known; 2 is");
}

TEST_CASE("trouble_is_told_in_the_language_of_the_process") {
  dialtone::set_language(dialtone::Language::chinese);
  const std::string trouble = only_trouble("\x1f\x8b\x08");
  dialtone::set_language(dialtone::Language::english);
  CHECK(trouble == "第 0 字节处：文件已压缩（gzip）：请先用 gunzip 解压");
}

TEST_CASE("interfaces_have_a_limit") {
  const Order order = Order::little;
  std::string text = section(order);
  for (int i = 0; i < 16384; ++i) text += interface(order, 1);
  CHECK(only_trouble(text).empty());
  CHECK(read_text(text + enhanced_packet(order, 16383, 0, "x", 1)).packets.size() == 1);
  CHECK(only_trouble(text + interface(order, 1)) ==
        "byte " + std::to_string(text.size()) + ": more than 16384 interfaces");
}

TEST_CASE("a_long_block_is_skipped_without_being_kept") {
  // 200 MB of a block that nobody knows, which exist nowhere.
  const Order order = Order::little;
  constexpr std::uint32_t length = 200'000'000;
  const std::string begin =
      section(order) + interface(order, 1) + Text(order).number(0xbad, 4).number(length, 4).text();
  const std::string end =
      Text(order).number(length, 4).text() + enhanced_packet(order, 0, 0, "behind", 6);
  std::uint64_t given = 0;
  const Read read = read_all([&](std::span<std::byte> room) -> std::size_t {
    const std::uint64_t filler = length - 12;
    std::string_view rest;
    if (given < begin.size()) {
      rest = std::string_view(begin).substr(given);
    } else if (given < begin.size() + filler) {
      const auto size = static_cast<std::size_t>(
          std::min<std::uint64_t>(room.size(), begin.size() + filler - given));
      given += size;
      return size;  // whatever the room holds
    } else {
      rest = std::string_view(end).substr(given - begin.size() - filler);
    }
    const std::size_t size = std::min(room.size(), rest.size());
    std::copy_n(bytes_of(rest).begin(), size, room.begin());
    given += size;
    return size;
  });
  CHECK(read.trouble.empty());
  REQUIRE(read.packets.size() == 1);
  CHECK(read.packets[0].bytes == "behind");
  CHECK(read.packets[0].offset == begin.size() + length - 8);
}

TEST_CASE("after_trouble_there_is_nothing_more") {
  const std::string text = section(Order::big) + block(Order::big, 6, "") +
                           interface(Order::big, 1) + enhanced_packet(Order::big, 0, 0, "x", 1);
  tracing::CaptureReader reader(tracing::source_of(bytes_of(text)));
  tracing::CapturedPacket packet;
  CHECK_FALSE(reader.next(packet));
  const std::string trouble = reader.trouble();
  CHECK_FALSE(reader.next(packet));
  CHECK(reader.trouble() == trouble);
}
