// The lab's program beside a reference, field by field: what handshake-trace --json tells of a
// capture is what tshark tells of the same file. Where there is no tshark, these tests are skipped
// and say so.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "capture/capture_file.hpp"
#include "judge/packets.hpp"
#include "made_calls.hpp"
#include "practice.hpp"
#include "process.hpp"

namespace {

using dialtone::Random;
using dialtone::Story;
using nlohmann::json;
using namespace std::chrono_literals;

constexpr int skipped = 77;

std::string output_of(Story& story, std::vector<std::string> command) {
  const std::string program = command.front();
  dialtone::Command whole;
  whole.arguments = std::move(command);
  const auto outcome = dialtone::run(std::move(whole), 60s, std::size_t{64} << 20U);
  story.expect(program + " ends well", outcome.succeeded(), "exit code 0",
               dialtone::describe(outcome.ending) + ": " + outcome.err);
  return outcome.out;
}

// --- what tshark tells ---

/// In the order of the columns.
constexpr const char* fields[] = {"frame.number",
                                  "tcp.stream",
                                  "tcp.srcport",
                                  "tcp.dstport",
                                  "tcp.flags",
                                  "tcp.seq",
                                  "tcp.ack",
                                  "tcp.seq_raw",
                                  "tcp.ack_raw",
                                  "tcp.len",
                                  "tcp.window_size_value",
                                  "tcp.window_size",
                                  "tcp.options.mss_val",
                                  "tcp.options.wscale.shift",
                                  "tcp.options.sack_perm",
                                  "tcp.options.timestamp.tsval",
                                  "tcp.options.timestamp.tsecr",
                                  "tcp.options.sack_le",
                                  "tcp.options.sack_re",
                                  "tcp.checksum.status",
                                  "tcp.analysis.retransmission",
                                  "tcp.analysis.out_of_order",
                                  "tcp.analysis.initial_rtt"};
using Row = std::map<std::string, std::string>;

std::vector<Row> rows_of_tshark(Story& story, const std::string& file) {
  std::vector<std::string> command = {"tshark", "-n",           "-r", file,
                                      "-Y",     "tcp && !icmp", "-o", "tcp.check_checksum:TRUE",
                                      "-T",     "fields"};
  for (const char* field : fields) command.insert(command.end(), {"-e", field});
  std::istringstream lines(output_of(story, command));
  std::vector<Row> rows;
  for (std::string line; std::getline(lines, line);) {
    Row row;
    std::istringstream cells(line);
    for (const char* field : fields) {
      std::string cell;
      std::getline(cells, cell, '\t');
      row[field] = cell;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

// --- what our program tells, spelled as tshark does ---

std::string decimal(const json& value) {
  return value.is_null() ? "" : std::to_string(value.get<std::int64_t>());
}

/// tshark's relative numbers are 32 bits wide.
std::string relative(const json& number) {
  return std::to_string(static_cast<std::uint32_t>(number.get<std::int64_t>()));
}

std::string flags_of(const json& names) {
  static const std::map<std::string, unsigned> bits = {{"FIN", 1},  {"SYN", 2},  {"RST", 4},
                                                       {"PSH", 8},  {"ACK", 16}, {"URG", 32},
                                                       {"ECE", 64}, {"CWR", 128}};
  unsigned all = 0;
  for (const json& name : names) all |= bits.at(name.get<std::string>());
  char text[16];
  std::snprintf(text, sizeof text, "0x%04x", all);
  return text;
}

std::string edges(const json& blocks, std::size_t which) {
  std::string text;
  for (const json& block : blocks)
    text += (text.empty() ? "" : ",") + std::to_string(block.at(which).get<std::uint32_t>());
  return text;
}

std::string port_of(const std::string& endpoint) {
  return endpoint.substr(endpoint.rfind(':') + 1);
}

Row row_of(const json& segment) {
  const json& options = segment.at("options");
  const json& stamps = options.value("timestamps", json());
  const json sack = options.value("sack", json::array());
  const bool has_ack = !segment.at("acknowledgement").is_null();
  const std::string kind = segment.at("kind");
  return {{"frame.number", decimal(segment.at("packet"))},
          {"tcp.stream", std::to_string(segment.at("connection").get<int>() - 1)},
          {"tcp.srcport", port_of(segment.at("source"))},
          {"tcp.dstport", port_of(segment.at("destination"))},
          {"tcp.flags", flags_of(segment.at("flags"))},
          {"tcp.seq", relative(segment.at("sequence").at("relative"))},
          {"tcp.ack", has_ack ? relative(segment.at("acknowledgement").at("relative")) : "0"},
          {"tcp.seq_raw", decimal(segment.at("sequence").at("absolute"))},
          {"tcp.ack_raw", has_ack ? decimal(segment.at("acknowledgement").at("absolute")) : ""},
          {"tcp.len", decimal(segment.at("length"))},
          {"tcp.window_size_value", decimal(segment.at("window").at("raw"))},
          {"tcp.window_size", decimal(segment.at("window").at("scaled"))},
          {"tcp.options.mss_val", decimal(options.value("mss", json()))},
          {"tcp.options.wscale.shift", decimal(options.value("window_scale", json()))},
          {"tcp.options.sack_perm", options.value("sack_permitted", false) ? "yes" : ""},
          {"tcp.options.timestamp.tsval", stamps.is_null() ? "" : decimal(stamps.at(0))},
          {"tcp.options.timestamp.tsecr", stamps.is_null() ? "" : decimal(stamps.at(1))},
          {"tcp.options.sack_le", edges(sack, 0)},
          {"tcp.options.sack_re", edges(sack, 1)},
          {"tcp.checksum.status", segment.at("checksum")},
          {"tcp.analysis.retransmission", kind == "retransmission" ? "yes" : ""},
          {"tcp.analysis.out_of_order", kind == "out_of_order" ? "yes" : ""}};
}

/// The two programs spell the same thing in two ways.
std::string spelled(const std::string& field, const std::string& cell) {
  if (field == "tcp.options.sack_perm" || field.find("analysis") != std::string::npos)
    return cell.empty() ? "" : "yes";
  if (field == "tcp.checksum.status")
    return cell == "1" ? "right" : cell == "0" ? "wrong" : "not_known";
  return cell;
}

std::vector<json> objects_of(const std::string& lines) {
  std::vector<json> objects;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) objects.push_back(json::parse(line));
  return objects;
}

struct Compared {
  std::size_t segments = 0;
  std::size_t retransmissions = 0;
};

/// Compares all fields of all segments, but those that `except` names.
Compared compare(Story& story, const std::string& file,
                 const std::vector<std::string>& except = {}) {
  story.step("both programs read " + file);
  const std::vector<Row> expected = rows_of_tshark(story, file);
  std::vector<Row> got;
  Compared compared;
  for (const json& object :
       objects_of(output_of(story, {HANDSHAKE_TRACE, "--lang", "en", "--read", file, "--json"})))
    if (object.at("type") == "segment") got.push_back(row_of(object));
  story.expect_equal("the number of segments", got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    for (const auto& [field, cell] : got[i]) {
      if (std::find(except.begin(), except.end(), field) != except.end()) continue;
      const std::string reference = spelled(field, expected[i].at(field));
      if (field == "tcp.ack_raw" && cell.empty()) continue;  // tshark shows the field in any case
      // tshark guesses so, too, but goes on to say wrong, or from Wireshark 4.4 on, right.
      if (cell == "left_to_the_card" && reference != "not_known") continue;
      if (cell != reference)
        story.fail("packet " + got[i].at("frame.number") + " of " + file + ": " + field, reference,
                   cell);
    }
    if (got[i].at("tcp.analysis.retransmission") == "yes") ++compared.retransmissions;
  }
  compared.segments = got.size();
  return compared;
}

std::string write_capture(const dialtone::TemporaryFolder& folder, const std::string& name,
                          const std::vector<made_calls::Made>& packets) {
  std::string bytes;
  tracing::CaptureWriter writer([&bytes](std::string_view more) { bytes += more; });
  for (const made_calls::Made& made : packets) {
    tracing::CapturedPacket packet;
    packet.time = made.time;
    packet.link_type = made.link_type;
    packet.length = made.bytes.size();
    packet.bytes = std::as_bytes(std::span(made.bytes));
    writer.add(packet);
  }
  const std::string path = folder.path() / name;
  dialtone::write_file(path, bytes);
  return path;
}

bool has_tshark() {
  return std::system("tshark --version >/dev/null 2>&1") == 0;
}

/// CTest takes this exit code for "skipped".
void need_tshark() {
  if (has_tshark()) return;
  std::puts("there is no tshark here: skipped (make test installs it)");
  std::exit(skipped);
}

}  // namespace

TEST_CASE("made_calls_are_what_tshark_says") {
  need_tshark();
  Story s;
  Random random(dialtone::test_seed());
  const dialtone::TemporaryFolder folder;
  for (const std::uint32_t link : {1U, 101U, 113U, 276U, 0U}) {
    const auto packets = made_calls::draw(random, link, 30);
    const Compared compared =
        compare(s, write_capture(folder, "link-" + std::to_string(link) + ".pcapng", packets));
    s.expect("there is something to compare", compared.segments > 300, "more than 300",
             std::to_string(compared.segments));
    s.expect("something was sent again", compared.retransmissions > 0, "more than 0", "0");
  }
}

TEST_CASE("recordings_are_what_tshark_says") {
  need_tshark();
  Story s;
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(RECORDINGS)) {
    compare(s, entry.path());
    ++files;
  }
  s.expect("there are recordings", files >= 9, "9 or more", std::to_string(files));
}

TEST_CASE("a_call_captured_now_is_what_tshark_says") {
  need_tshark();
  Story s;
  const dialtone::TemporaryFolder folder;
  const std::string file = folder.path() / "call.pcapng";
  s.step("lab 02's call is captured");
  output_of(s, {HANDSHAKE_TRACE, "--call", "tcp", "--write", file});
  const Compared compared = compare(s, file);
  s.expect("the handshake, two messages and the closing", compared.segments >= 9, "9 or more",
           std::to_string(compared.segments));
}
