// What is written is read by others, and what others write is read: tshark, editcap, tcpdump.
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "capture_builder.hpp"
#include "practice.hpp"
#include "process.hpp"

using namespace captures;
using nlohmann::json;

namespace {

/// Whether a program is there; CTest counts the test as skipped where one is not.
bool is_there(const char* program) {
  const std::string look = std::string("command -v ") + program;
  dialtone::Command command;
  command.arguments = {"/bin/sh", "-c", look};
  if (dialtone::run(command, std::chrono::seconds(20)).succeeded()) return true;
  std::printf("skipped: %s is not installed\n", program);
  return false;
}

std::string output_of(const std::vector<std::string>& arguments) {
  CAPTURE(arguments);
  dialtone::Command command;
  command.arguments = arguments;
  const dialtone::Outcome outcome =
      dialtone::run(command, std::chrono::seconds(60), std::size_t{64} << 20U);
  CAPTURE(outcome.err);
  REQUIRE(outcome.succeeded());
  return outcome.out;
}

/// 2023 and later, as tshark prints times; bytes that are no packet of anything in particular.
std::vector<Packet> packets_of(const std::vector<std::uint32_t>& link_types) {
  dialtone::Random random(dialtone::test_seed());
  std::vector<Packet> packets;
  for (std::size_t i = 0; i < 100; ++i) {
    Packet packet;
    packet.time = 1700000000'000000000 +
                  static_cast<tracing::Nanoseconds>(random.between(0, 100000000'000000000));
    packet.link_type = random.pick(link_types);
    packet.bytes = random.bytes(random.between(1, 200));
    packet.length = packet.bytes.size() + random.between(0, 100);
    if (i % 3 == 0) packet.comment = tracing::fate_comment(i % 2 == 0, random.bits() % 99999999);
    packets.push_back(packet);
  }
  return packets;
}

std::string hex_of(const std::string& bytes) {
  std::string hex;
  for (const char byte : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(byte));
    hex += digits;
  }
  return hex;
}

std::string seconds_of(tracing::Nanoseconds time) {
  const std::string fraction = std::to_string(1'000000000 + time % 1'000000000).substr(1);
  return std::to_string(time / 1'000000000) + '.' + fraction;
}

}  // namespace

TEST_CASE("tshark_reads_what_is_written", "[peer]") {
  if (!is_there("tshark")) return;
  const dialtone::TemporaryFolder folder;
  const std::string file = (folder.path() / "written").string();
  const std::vector<Packet> packets = packets_of({1, 0, 101, 113, 276});
  dialtone::write_file(file, written(packets));

  std::istringstream fields(output_of({"tshark", "-n", "-r", file, "-T", "fields", "-e",
                                       "frame.number", "-e", "frame.time_epoch", "-e", "frame.len",
                                       "-e", "frame.cap_len", "-e", "frame.comment"}));
  std::string line;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const Packet& packet = packets[i];
    REQUIRE(std::getline(fields, line));
    CHECK(line == std::to_string(i + 1) + '\t' + seconds_of(packet.time) + '\t' +
                      std::to_string(packet.length) + '\t' + std::to_string(packet.bytes.size()) +
                      '\t' + packet.comment);
  }
  CHECK_FALSE(std::getline(fields, line));

  const json raw = json::parse(output_of({"tshark", "-n", "-r", file, "-T", "jsonraw"}));
  REQUIRE(raw.size() == packets.size());
  for (std::size_t i = 0; i < packets.size(); ++i)
    CHECK(raw[i].at("_source").at("layers").at("frame_raw").at(0) == hex_of(packets[i].bytes));
}

TEST_CASE("what_editcap_writes_is_read", "[peer]") {
  if (!is_there("editcap")) return;
  const dialtone::TemporaryFolder folder;
  const std::string ours = (folder.path() / "ours").string();
  const std::string theirs = (folder.path() / "theirs").string();
  const std::vector<Packet> packets = packets_of({1});
  dialtone::write_file(ours, written(packets));
  const auto format = GENERATE(as<std::string>(), "pcap", "nsecpcap", "modpcap", "pcapng");
  CAPTURE(format);
  output_of({"editcap", "-F", format, ours, theirs});
  const Read read = read_all(tracing::open_source(theirs));
  CHECK(read.trouble.empty());
  REQUIRE(read.packets.size() == packets.size());
  const bool in_microseconds = format == "pcap" || format == "modpcap";
  for (std::size_t i = 0; i < packets.size(); ++i) {
    Packet expected = packets[i];
    expected.number = i + 1;
    expected.offset = read.packets[i].offset;
    if (in_microseconds) expected.time -= expected.time % 1000;
    if (format != "pcapng") expected.comment.clear();
    CHECK(read.packets[i] == expected);
  }
}

TEST_CASE("libpcap_reads_what_is_written", "[peer]") {
  if (!is_there("tcpdump")) return;
  const dialtone::TemporaryFolder folder;
  const std::string file = (folder.path() / "written").string();
  const std::string copy = (folder.path() / "copy").string();
  const std::vector<Packet> packets = packets_of({1});
  dialtone::write_file(file, written(packets));
  // tcpdump may give up root's rights before it writes.
  const std::string text = output_of({"tcpdump", "-n", "-r", file, "--nano", "-w", "-"});
  const Read read = read_text(text);
  CHECK(read.trouble.empty());
  REQUIRE(read.packets.size() == packets.size());
  for (std::size_t i = 0; i < packets.size(); ++i) {
    CHECK(read.packets[i].bytes == packets[i].bytes);
    CHECK(read.packets[i].length == packets[i].length);
    CHECK(read.packets[i].time / 1000 == packets[i].time / 1000);
  }
}
