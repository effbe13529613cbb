#include "json.hpp"

#include <array>
#include <cstdio>

namespace tracing {
namespace {

using handshake_trace::Kind;
using handshake_trace::Verdict;
using nlohmann::json;
namespace flag = handshake_trace::flag;

/// "1700000000.123456789": a double would lose the last digits.
std::string seconds(Nanoseconds time) {
  constexpr std::int64_t second = 1'000'000'000;
  const bool negative = time < 0;
  std::uint64_t steps = static_cast<std::uint64_t>(time);
  if (negative) steps = 0 - steps;
  char text[48];
  std::snprintf(text, sizeof text, "%s%llu.%09llu", negative ? "-" : "",
                static_cast<unsigned long long>(steps / second),
                static_cast<unsigned long long>(steps % second));
  return text;
}

double as_seconds(Nanoseconds duration) {
  return static_cast<double>(duration) / 1e9;
}

const char* name_of(End end) {
  return end == End::client ? "client" : "server";
}

const char* name_of(Handshake handshake) {
  constexpr const char* names[] = {"complete", "simultaneous", "refused", "half_open", "not_seen"};
  return names[static_cast<std::size_t>(handshake)];
}

const char* name_of(Ending ending) {
  constexpr const char* names[] = {"open", "one_side", "both_fins", "reset"};
  return names[static_cast<std::size_t>(ending)];
}

const char* name_of(Kind kind) {
  constexpr const char* names[] = {"syn", "syn_ack",        "ack",         "data", "fin",
                                   "rst", "retransmission", "out_of_order"};
  return names[static_cast<std::size_t>(kind)];
}

const char* name_of(Verdict verdict) {
  constexpr const char* names[] = {"right", "wrong", "left_to_the_card", "not_known"};
  return names[static_cast<std::size_t>(verdict)];
}

/// "SYN-SENT" as syn_sent.
std::string name_of(handshake_trace::State state) {
  std::string name = to_string(state);
  for (char& c : name) c = c == '-' ? '_' : c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return name;
}

json optional_seconds(const std::optional<Nanoseconds>& duration) {
  return duration ? json(as_seconds(*duration)) : json();
}

json totals(const Totals& sent) {
  return {{"segments", sent.segments},
          {"bytes", sent.bytes},
          {"retransmissions", sent.retransmissions},
          {"out_of_order", sent.out_of_order},
          {"zero_windows", sent.zero_windows}};
}

json flags(std::uint8_t flags) {
  constexpr std::array<const char*, 8> names = {"FIN", "SYN", "RST", "PSH",
                                                "ACK", "URG", "ECE", "CWR"};
  json set = json::array();
  for (const std::size_t bit : {1U, 0U, 2U, 3U, 4U, 5U, 6U, 7U})  // as the drawings name them
    if ((flags >> bit & 1U) != 0) set.push_back(names[bit]);
  return set;
}

json options(const handshake_trace::Options& options) {
  json object = json::object();
  if (options.maximum_segment_size) object["mss"] = *options.maximum_segment_size;
  if (options.window_scale) object["window_scale"] = *options.window_scale;
  if (options.sack_permitted) object["sack_permitted"] = true;
  for (std::size_t i = 0; i < options.sack_blocks && i < options.sack.size(); ++i)
    object["sack"].push_back(json::array({options.sack[i].left, options.sack[i].right}));
  if (options.timestamps)
    object["timestamps"] = json::array({options.timestamps->value, options.timestamps->echo});
  if (options.broken) object["broken"] = true;
  return object;
}

}  // namespace

json to_json(const Connection& connection) {
  return {
      {"type", "connection"},
      {"number", connection.number},
      {"client", to_string(connection.client)},
      {"server", to_string(connection.server)},
      {"began", seconds(connection.began)},
      {"last", seconds(connection.last)},
      {"handshake", name_of(connection.handshake)},
      {"round_trip", optional_seconds(connection.round_trip)},
      {"sent", {{"client", totals(connection.sent[0])}, {"server", totals(connection.sent[1])}}},
      {"ending", name_of(connection.ending)},
      {"client_state", name_of(connection.client_state)},
      {"server_state", name_of(connection.server_state)}};
}

json to_json(const TracedSegment& segment, const Connection& connection) {
  const handshake_trace::Tcp& header = segment.header;
  const handshake_trace::Note& note = segment.note;
  const bool client = note.from == End::client;
  json acknowledgement;
  if ((header.flags & flag::ack) != 0)
    acknowledgement = {{"relative", note.acknowledgement}, {"absolute", header.acknowledgement}};
  return {{"type", "segment"},
          {"connection", connection.number},
          {"packet", segment.packet},
          {"time", seconds(segment.time)},
          {"since_start", as_seconds(segment.time - connection.began)},
          {"from", name_of(note.from)},
          {"source", to_string(client ? connection.client : connection.server)},
          {"destination", to_string(client ? connection.server : connection.client)},
          {"flags", flags(header.flags)},
          {"sequence", {{"relative", note.sequence}, {"absolute", header.sequence}}},
          {"acknowledgement", acknowledgement},
          {"length", segment.length},
          {"window", {{"raw", header.window}, {"scaled", note.window}}},
          {"options", options(header.options)},
          {"kind", name_of(note.kind)},
          {"fresh", note.fresh},
          {"client_state", name_of(note.client)},
          {"server_state", name_of(note.server)},
          {"checksum", name_of(segment.checksum)},
          {"lost", segment.lost},
          {"delay", optional_seconds(segment.delay)}};
}

}  // namespace tracing
