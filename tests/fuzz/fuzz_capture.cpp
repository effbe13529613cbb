// Any bytes as a capture file: its packets lie in it, where the cuts of the reading lie changes
// nothing, what was read can be written and read again, and every packet goes through dissection
// into a table of connections that holds to its limits. Memory is bounded by -malloc_limit_mb.
//
// Input: the file. The seeds are captures that other programs open too.
#include <string>
#include <vector>

#include "capture/capture_file.hpp"
#include "tracing_rules.hpp"

namespace {

using namespace tracing;
using fuzz::require;

struct Packet {
  std::uint64_t number = 0;
  std::uint64_t offset = 0;
  Nanoseconds time = 0;
  std::uint32_t link_type = 0;
  std::uint64_t length = 0;
  std::string bytes;
  std::string comment;
  bool operator==(const Packet&) const = default;
};

struct Read {
  std::vector<Packet> packets;
  std::string trouble;
  bool operator==(const Read&) const = default;
};

Read read_all(ByteSource source) {
  Read read;
  CaptureReader reader(std::move(source));
  CapturedPacket packet;
  while (reader.next(packet))
    read.packets.push_back({packet.number, packet.offset, packet.time, packet.link_type,
                            packet.length, std::string(fuzz::text_of(packet.bytes)),
                            std::string(packet.comment)});
  read.trouble = reader.trouble();
  require(!reader.next(packet) && reader.trouble() == read.trouble, "an end is for ever");
  return read;
}

/// Gives the bytes in pieces, as the style asks.
ByteSource in_pieces(Bytes bytes, unsigned style) {
  constexpr std::size_t longest[] = {1, 3, 40, 5000};
  return [bytes, style, state = style * 2654435761U + 1](std::span<std::byte> room) mutable {
    require(!room.empty(), "there is room for what is asked for");
    state = state * 1664525U + 1013904223U;
    const std::size_t size =
        std::min({1 + (state >> 16U) % longest[style % 4], room.size(), bytes.size()});
    std::copy_n(bytes.begin(), size, room.begin());
    bytes = bytes.subspan(size);
    return size;
  };
}

/// A packet lies behind one of the headers that packets have.
bool is_in_file(const Packet& packet, std::string_view file) {
  constexpr std::size_t headers[] = {12, 16, 24, 28};
  return std::any_of(std::begin(headers), std::end(headers), [&](std::size_t header) {
    const std::uint64_t from = packet.offset + header;
    return from + packet.bytes.size() <= file.size() &&
           file.substr(from, packet.bytes.size()) == packet.bytes;
  });
}

void must_hold(const Read& read, std::string_view file) {
  std::uint64_t number = 0;
  std::uint64_t offset = 0;
  for (const Packet& packet : read.packets) {
    require(packet.number == ++number, "packets are counted");
    require(packet.offset > offset, "each lies behind the one before");
    offset = packet.offset;
    require(is_in_file(packet, file), "a packet's bytes lie in the file");
    require(packet.bytes.size() <= most_captured && packet.length >= packet.bytes.size(),
            "no more was captured than there was");
    require(packet.time >= 0, "no time before 1970");
  }
  if (read.trouble.empty()) return;
  require(read.trouble.starts_with("byte ") && read.trouble.find('\n') == std::string::npos,
          "one line that says where");
  require(std::stoull(read.trouble.substr(5)) <= file.size(), "a place in the file");
}

void must_come_back(const Read& read) {
  std::string text;
  CaptureWriter writer([&](std::string_view bytes) { text += bytes; });
  for (const Packet& packet : read.packets)
    writer.add({0, 0, packet.time, packet.link_type, packet.length, fuzz::bytes_of(packet.bytes),
                packet.comment});
  Read again = read_all(source_of(fuzz::bytes_of(text)));
  require(again.trouble.empty() && again.packets.size() == read.packets.size(),
          "what was written can be read");
  for (std::size_t i = 0; i < read.packets.size(); ++i) {
    again.packets[i].offset = read.packets[i].offset;
    require(again.packets[i] == read.packets[i], "what was written comes back");
  }
}

void must_hold(const Connections& connections, const Connections::Limits& limits,
               std::uint64_t segments) {
  const std::vector<Connection> rows = connections.rows();
  require(rows.size() <= limits.rows && rows.size() <= connections.count(), "rows are bounded");
  std::uint64_t sum = 0;
  std::uint64_t last = 0;
  for (const Connection& row : rows) {
    require(row.number > last && row.number <= connections.count(), "rows are in order");
    last = row.number;
    sum += row.sent[0].segments + row.sent[1].segments;
    require(to_string(row.client).size() < 60 && !to_string(row.server_state).empty(),
            "a row can be shown");
  }
  require(rows.size() < connections.count() ? sum <= segments : sum == segments,
          "each segment counts once");
}

void must_be_followed(const Read& read) {
  constexpr Connections::Limits close = {.tracked = 3, .rows = 5};
  Connections all;
  Connections few(close);
  Dissected dissected;
  std::uint64_t segments = 0;
  for (const Packet& packet : read.packets) {
    const Bytes bytes = fuzz::bytes_of(packet.bytes);
    dissect(packet.link_type, bytes, dissected);
    fuzz::must_hold(dissected, packet.link_type, bytes);
    bool lost = false;
    Nanoseconds delay = 0;
    if (read_fate(packet.comment, lost, delay)) require(delay >= 0, "no delay below nothing");
    if (dissected.outcome != Dissected::Outcome::segment) continue;
    ++segments;
    for (Connections* table : {&all, &few}) {
      const Connections::Noted noted = table->take(dissected, packet.time);
      fuzz::must_hold(noted.note, dissected.tcp, dissected.length);
      require(noted.connection->number >= 1 && noted.connection->number <= table->count(),
              "a connection is counted");
    }
  }
  must_hold(all, {}, segments);
  must_hold(few, close, segments);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes file = std::as_bytes(std::span(data, size));
  const Read read = read_all(source_of(file));
  must_hold(read, fuzz::text_of(file));
  const auto style = static_cast<unsigned>(size);
  require(read_all(in_pieces(file, style)) == read, "where the cuts lie changes nothing");
  must_come_back(read);
  must_be_followed(read);
  return 0;
}
