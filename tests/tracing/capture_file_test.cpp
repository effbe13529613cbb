// Capture files of every kind are read, and what is written comes back.
#include <sys/stat.h>

#include <algorithm>
#include <thread>

#include "capture_builder.hpp"
#include "failure.hpp"
#include "file_descriptor.hpp"
#include "language.hpp"
#include "practice.hpp"
#include "process.hpp"

using namespace captures;
using dialtone::Random;

namespace {

/// Gives a text in pieces of 1 to `longest` bytes.
tracing::ByteSource in_pieces(const std::string& text, std::size_t longest, std::uint64_t seed) {
  return
      [rest = bytes_of(text), longest, random = Random(seed)](std::span<std::byte> room) mutable {
        const std::size_t size = std::min({rest.size(), room.size(), random.between(1, longest)});
        std::copy_n(rest.begin(), size, room.begin());
        rest = rest.subspan(size);
        return size;
      };
}

std::vector<Packet> random_packets(Random& random, std::size_t count) {
  std::vector<Packet> packets;
  for (std::size_t i = 0; i < count; ++i) {
    Packet packet;
    packet.time = static_cast<tracing::Nanoseconds>(random.bits() >> random.between(1, 40));
    packet.link_type = static_cast<std::uint32_t>(random.pick(std::vector<int>{1, 113, 276, 0}));
    packet.bytes =
        random.bytes(random.chance(0.01) ? tracing::most_captured : random.between(0, 99));
    packet.length = packet.bytes.size() + (random.chance(0.3) ? random.between(0, 9999) : 0);
    if (random.chance(0.3)) packet.comment = random.text(random.between(1, 30), "lost 被丢弃\n\"<");
    packets.push_back(packet);
  }
  return packets;
}

tracing::Nanoseconds time_of(unsigned resolution, std::uint64_t units) {
  const char code = static_cast<char>(resolution);
  const Read read = read_text(section(Order::big) +
                              interface(Order::big, 1, 0, one_option(Order::big, 9, {&code, 1})) +
                              enhanced_packet(Order::big, 0, units, "x", 1));
  REQUIRE(read.trouble.empty());
  REQUIRE(read.packets.size() == 1);
  return read.packets[0].time;
}

}  // namespace

TEST_CASE("what_is_written_is_read_back") {
  Random random(dialtone::test_seed());
  const std::vector<Packet> packets = random_packets(random, 300);
  const std::string text = written(packets);
  Read read = read_text(text);
  CHECK(read.trouble.empty());
  REQUIRE(read.packets.size() == packets.size());
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    CAPTURE(i);
    CHECK(read.packets[i].number == i + 1);
    CHECK(read.packets[i].offset > last);
    last = read.packets[i].offset;
    read.packets[i].number = read.packets[i].offset = 0;
    CHECK(read.packets[i] == packets[i]);
  }
  CHECK(written(read.packets) == text);
}

TEST_CASE("a_capture_of_no_packets_is_one") {
  const Read read = read_text(written({}));
  CHECK(read.trouble.empty());
  CHECK(read.packets.empty());
}

TEST_CASE("what_does_not_fit_is_cut_when_it_is_written") {
  Packet packet;
  packet.time = -5;
  packet.link_type = 1;
  packet.bytes = std::string(tracing::most_captured + 1, 'x');
  packet.length = packet.bytes.size();
  packet.comment = std::string(70000, 'c');
  const Read read = read_text(written({packet}));
  CHECK(read.trouble.empty());
  REQUIRE(read.packets.size() == 1);
  CHECK(read.packets[0].time == 0);
  CHECK(read.packets[0].bytes.size() == tracing::most_captured);
  CHECK(read.packets[0].length == tracing::most_captured + 1);
  CHECK(read.packets[0].comment.size() == 65535);
}

TEST_CASE("every_variant_of_pcap_is_read") {
  const auto order = GENERATE(Order::little, Order::big);
  const auto magic = GENERATE(microseconds, nanoseconds, modified);
  const auto check_bits = GENERATE(0x00000000U, 0x54000000U);  // four bytes of FCS behind each
  CAPTURE(magic, check_bits);
  const tracing::Nanoseconds unit = magic == nanoseconds ? 1 : 1000;
  const Read read = read_text(pcap_header(order, magic, check_bits | 113U) +
                              pcap_packet(order, magic, 1700000000, 123456, "abc", 1500) +
                              pcap_packet(order, magic, 4294967295, 0, "", 0) +
                              pcap_packet(order, magic, 0, 1, "captured more than there was", 3));
  CHECK(read.trouble.empty());
  const std::uint64_t header = magic == modified ? 24 : 16;
  const std::vector<Packet> expected = {
      {1, 24, 1700000000'000000000 + 123456 * unit, 113, 1500, "abc", ""},
      {2, 24 + header + 3, 4294967295'000000000, 113, 0, "", ""},
      {3, 24 + 2 * header + 3, unit, 113, 28, "captured more than there was", ""}};
  CHECK(read.packets == expected);
}

TEST_CASE("odd_fractions_of_a_second_are_added") {
  const Read read =
      read_text(pcap_header(Order::little, microseconds, 1) +
                pcap_packet(Order::little, microseconds, 10, 2500000, "", 0) +
                pcap_packet(Order::little, microseconds, 4294967295, 4294967295, "", 0));
  REQUIRE(read.packets.size() == 2);
  CHECK(read.packets[0].time == 12'500000000);
  CHECK(read.packets[1].time == 4294967295'000000000 + 4294967295'000);
}

TEST_CASE("every_block_of_pcapng_is_read") {
  const auto order = GENERATE(Order::little, Order::big);
  const std::string two_comments =
      Text(order).option(5, "12345678").option(1, "first").option(1, "second").text();
  const std::string front = section(order) + interface(order, 1, 4) +
                            interface(order, 228, 0, one_option(order, 9, "\x09"));
  const std::string blocks[] = {
      enhanced_packet(order, 1, 1700000000'123456789, "enhanced", 99, two_comments),
      block(order, 0x80000bad, "a block that nobody knows, a little longer"),
      block(order, 5, "statistics"),
      simple_packet(order, "simp", 6),
      obsolete_packet(order, 0, 1700000000'000001, "obsolete", 8, one_option(order, 1, "of old")),
      enhanced_packet(order, 0, 0, "x", 1)};
  std::string text = front;
  std::vector<std::uint64_t> offsets;
  for (const std::string& one : blocks) {
    offsets.push_back(text.size());
    text += one;
  }
  const Read read = read_text(text);
  CHECK(read.trouble.empty());
  const std::vector<Packet> expected = {
      {1, offsets[0], 1700000000'123456789, 228, 99, "enhanced", "first"},
      {2, offsets[3], 0, 1, 6, "simp", ""},
      {3, offsets[4], 1700000000'000001000, 1, 8, "obsolete", "of old"},
      {4, offsets[5], 0, 1, 1, "x", ""}};
  CHECK(read.packets == expected);
}

TEST_CASE("a_simple_packet_has_no_padding") {
  const Read whole = read_text(section(Order::big) + interface(Order::big, 101) +
                               simple_packet(Order::big, "12345", 5));
  REQUIRE(whole.packets.size() == 1);
  CHECK(whole.packets[0].bytes == "12345");
  const Read cut = read_text(section(Order::big) + interface(Order::big, 101, 3) +
                             simple_packet(Order::big, "123", 5));
  REQUIRE(cut.packets.size() == 1);
  CHECK(cut.packets[0].bytes == "123");
  CHECK(cut.packets[0].length == 5);
}

TEST_CASE("each_section_has_its_own_byte_order_and_interfaces") {
  std::string text;
  for (const auto& [order, link_type] :
       {std::pair{Order::little, 1U}, {Order::big, 101U}, {Order::little, 276U}})
    text += section(order, 4711) + interface(order, link_type) +
            enhanced_packet(order, 0, 1000000, "x", 1);
  const Read read = read_text(text);
  CHECK(read.trouble.empty());
  REQUIRE(read.packets.size() == 3);
  CHECK(read.packets[0].link_type == 1);
  CHECK(read.packets[1].link_type == 101);
  CHECK(read.packets[2].link_type == 276);
  CHECK(read.packets[2].time == 1'000000000);

  const Read forgotten =
      read_text(text + section(Order::big) + enhanced_packet(Order::big, 0, 0, "x", 1));
  CHECK(forgotten.packets.size() == 3);
  CHECK(forgotten.trouble == "byte " + std::to_string(text.size() + 28) +
                                 ": packet 4 is of interface 0 of 0 (counted from 0)");
}

TEST_CASE("time_is_counted_as_the_interface_says") {
  constexpr std::uint64_t many = 0xffffffffffffffff;
  constexpr tracing::Nanoseconds latest = 0x7fffffffffffffff;
  CHECK(time_of(0, 1700000000) == 1700000000'000000000);
  CHECK(time_of(3, 1700000000'123) == 1700000000'123000000);
  CHECK(time_of(6, 1700000000'123456) == 1700000000'123456000);
  CHECK(time_of(9, 1700000000'123456789) == 1700000000'123456789);
  CHECK(time_of(10, 1700000000'1234567899U) == 1700000000'123456789);
  CHECK(time_of(12, 1700000'123456789'012) == 1700000'123456789);
  CHECK(time_of(28, many) == 1);  // 1.8 ns
  CHECK(time_of(29, many) == 0);
  CHECK(time_of(127, many) == 0);
  CHECK(time_of(0, many) == latest);
  CHECK(time_of(9, many) == latest);
  CHECK(time_of(0x80, 3) == 3'000000000);
  CHECK(time_of(0x80 + 1, 3) == 1'500000000);
  CHECK(time_of(0x80 + 10, 1025) == 1'000976562);
  CHECK(time_of(0x80 + 32, 0x00000003'80000000) == 3'500000000);
  CHECK(time_of(0x80 + 48, 0x0001'800000000000) == 1'500000000);
  CHECK(time_of(0x80 + 63, many) == 1'999999999);
  CHECK(time_of(0x80 + 64, many) == 999999999);
  CHECK(time_of(0x80 + 94, many) == 0);
  CHECK(time_of(0xff, many) == 0);
  CHECK(time_of(0x80, many) == latest);
}

TEST_CASE("an_interface_may_shift_time_by_whole_seconds") {
  const auto time_with = [](std::uint64_t offset) {
    const std::string value = Text(Order::little).number(offset, 8).text();
    const Read read =
        read_text(section(Order::little) +
                  interface(Order::little, 1, 0, one_option(Order::little, 14, value)) +
                  enhanced_packet(Order::little, 0, 5000000, "x", 1));
    REQUIRE(read.packets.size() == 1);
    return read.packets[0].time;
  };
  CHECK(time_with(0) == 5'000000000);
  CHECK(time_with(1700000000) == 1700000005'000000000);
  CHECK(time_with(static_cast<std::uint64_t>(-3)) == 2'000000000);
  CHECK(time_with(static_cast<std::uint64_t>(-6)) == 0);  // before 1970
  CHECK(time_with(0x8000000000000000) == 0);
  CHECK(time_with(0x7fffffffffffffff) == 0x7fffffffffffffff);
}

TEST_CASE("broken_options_take_nothing_from_a_packet") {
  const Order order = Order::big;
  const auto comment_of = [&](const std::string& options) {
    const Read read = read_text(section(order) + interface(order, 1) +
                                enhanced_packet(order, 0, 0, "abc", 3, options));
    CHECK(read.trouble.empty());
    REQUIRE(read.packets.size() == 1);
    CHECK(read.packets[0].bytes == "abc");
    return read.packets[0].comment;
  };
  CHECK(comment_of(Text(order).number(1, 2).number(5, 2).bytes("1234").text()).empty());
  CHECK(comment_of(Text(order).number(1, 2).number(0xffff, 2).text()).empty());
  CHECK(comment_of(Text(order).option(0, "").option(1, "behind").text()).empty());
  CHECK(comment_of(Text(order).option(1, "no end").text()) == "no end");
}

TEST_CASE("pieces_change_nothing") {
  Random random(dialtone::test_seed());
  std::vector<Example> all = examples();
  all.push_back({"long", written(random_packets(random, 200)), 200});
  for (const Example& example : all) {
    CAPTURE(example.name);
    const Read expected = read_text(example.text);
    CHECK(expected.trouble.empty());
    CHECK(expected.packets.size() == example.packets);
    for (const std::size_t longest : {1, 7, 5000})
      CHECK(read_all(in_pieces(example.text, longest, random.bits())) == expected);
  }
}

TEST_CASE("files_and_pipes_are_read") {
  const dialtone::TemporaryFolder folder;
  const std::string text = examples().back().text;
  const Read expected = read_text(text);
  dialtone::write_file(folder.path() / "capture", text);
  CHECK(read_all(tracing::open_source((folder.path() / "capture").string())) == expected);

  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const dialtone::FileDescriptor read_end(ends[0]);
  dialtone::FileDescriptor write_end(ends[1]);
  std::thread writer([&] {
    for (const char& byte : text)
      if (write(write_end.get(), &byte, 1) != 1) break;
    write_end.reset();
  });
  const Read read =
      read_all(tracing::open_source("/proc/self/fd/" + std::to_string(read_end.get())));
  writer.join();
  CHECK(read == expected);
}

TEST_CASE("what_cannot_be_opened_is_said") {
  const dialtone::TemporaryFolder folder;
  const std::string missing = (folder.path() / "missing").string();
  const auto failure_of = [](const std::string& name) {
    try {
      tracing::open_source(name);
    } catch (const dialtone::Failure& failure) {
      return std::string(failure.what());
    }
    return std::string();
  };
  CHECK(failure_of(missing) == "cannot read " + missing + ": No such file or directory");
  CHECK(failure_of(folder.path().string()) ==
        "cannot read " + folder.path().string() + ": Is a directory");
}

TEST_CASE("a_fate_comes_back") {
  Random random(dialtone::test_seed());
  CHECK(tracing::fate_comment(true, 5) == "lost");
  CHECK(tracing::fate_comment(false, 20'500'000) == "arrives after 20.5 ms");
  CHECK(tracing::fate_comment(false, 0) == "arrives after 0 ms");
  CHECK(tracing::fate_comment(false, 1) == "arrives after 0.000001 ms");
  bool lost = false;
  tracing::Nanoseconds delay = 7;
  REQUIRE(tracing::read_fate("lost", lost, delay));
  CHECK(lost);
  CHECK(delay == 0);
  for (int i = 0; i < 1000; ++i) {
    const auto drawn = static_cast<tracing::Nanoseconds>(random.bits() % 1000000000000000000 >>
                                                         random.between(0, 50));
    CAPTURE(drawn);
    REQUIRE(tracing::read_fate(tracing::fate_comment(false, drawn), lost, delay));
    CHECK_FALSE(lost);
    CHECK(delay == drawn);
  }
  delay = 42;
  for (const char* other :
       {"", "Lost", "lost ", "arrives after  ms", "arrives after ms", "arrives after 1. ms",
        "arrives after .5 ms", "arrives after 1.0000001 ms", "arrives after 1 s",
        "arrives after -1 ms", "arrives after 1 ms ", "arrives after 1234567890123 ms"}) {
    CAPTURE(other);
    CHECK_FALSE(tracing::read_fate(other, lost, delay));
  }
  CHECK(delay == 42);
}
