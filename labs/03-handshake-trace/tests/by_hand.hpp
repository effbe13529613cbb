// Packets made by hand, for lab 03's practice tests, and how what came of them is told.
#pragma once

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "handshake_trace.hpp"
#include "practice.hpp"

namespace handshake_trace {

using dialtone::Story;

// --- bytes by hand ---

/// Just these bytes and none behind them, so that a sanitizer sees who reads on.
using Block = std::vector<std::byte>;

/// "45 00 00 3c", as dumps print them.
inline Block hex(const std::string& text) {
  std::istringstream digits(text);
  Block bytes;
  for (unsigned value = 0; digits >> std::hex >> value;) bytes.push_back(std::byte(value));
  return bytes;
}

inline std::string told(Bytes bytes) {
  std::string text;
  for (const std::byte byte : bytes.first(std::min<std::size_t>(bytes.size(), 48))) {
    constexpr char digits[] = "0123456789abcdef";
    const auto value = std::to_integer<unsigned>(byte);
    if (!text.empty()) text += ' ';
    text += digits[value >> 4U];
    text += digits[value & 15U];
  }
  return bytes.size() > 48 ? text + " …" : text;
}

inline Block operator+(const Block& front, const Block& back) {
  Block both(front.size() + back.size());
  std::copy(back.begin(), back.end(), std::copy(front.begin(), front.end(), both.begin()));
  return both;
}

inline Block zeros(std::size_t count) {
  return Block(count);
}

inline void put16(Block& bytes, std::size_t at, std::size_t value) {
  bytes.at(at) = std::byte(value >> 8U & 0xffU);
  bytes.at(at + 1) = std::byte(value & 0xffU);
}

inline const Block hi = hex("68 69");

/// An IPv4 packet from 192.0.2.1 to 192.0.2.2. Its lengths are those of what it is made of.
inline Block ipv4(const Block& payload, const Block& options = {}) {
  Block packet = hex("45 00 00 00 00 00 00 00 40 06 00 00 c0 00 02 01 c0 00 02 02") + options;
  packet[0] = std::byte(0x40 + packet.size() / 4);
  put16(packet, 2, packet.size() + payload.size());
  return packet + payload;
}

/// An IPv6 packet from 2001:db8::1 to 2001:db8::2 whose first header is followed by `next`.
inline Block ipv6(unsigned next, const Block& rest) {
  Block packet =
      hex("60 00 00 00 00 00 00 40 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 01 "
          "20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 02");
  packet[6] = std::byte(next);
  put16(packet, 4, rest.size());
  return packet + rest;
}

/// A TCP header with these options (filled up with zeros to whole words), and what lies behind it.
inline Block tcp(Block options = {}, const Block& data = {}) {
  while (options.size() % 4 != 0) options.push_back(std::byte{0});
  Block segment = hex("b6 92 1f 90 00 00 03 e8 00 00 13 88 00 10 20 00 00 00 00 00") + options;
  segment[12] = std::byte(segment.size() / 4 << 4U);
  return segment + data;
}

// Two frames of Linux, as a TAP device got them: its SYN to port 8080.
inline const Block syn_v4 =
    hex("02 00 00 00 00 02 02 00 00 00 00 01 08 00 "
        "45 00 00 3c a2 fd 40 00 40 06 13 bb c0 00 02 01 c0 00 02 02 "
        "b6 92 1f 90 4f 46 e7 64 00 00 00 00 a0 02 fa f0 34 7c 00 00 "
        "02 04 05 b4 04 02 08 0a 4e a0 39 1e 00 00 00 00 01 03 03 0a");
inline const Block syn_v6 =
    hex("02 00 00 00 00 02 02 00 00 00 00 01 86 dd "
        "60 0b f7 88 00 28 06 40 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 01 "
        "20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 02 "
        "e5 98 1f 90 f1 21 79 68 00 00 00 00 a0 02 fd 20 39 26 00 00 "
        "02 04 05 a0 04 02 08 0a 18 2f 2e 73 00 00 00 00 01 03 03 0a");

// --- telling what came ---

inline const char* name_of(Error::Kind kind) {
  constexpr const char* names[] = {"truncated", "bad_version", "bad_length"};
  return names[static_cast<int>(kind)];
}

inline const char* name_of(Verdict verdict) {
  constexpr const char* names[] = {"right", "wrong", "left_to_the_card", "not_known"};
  return names[static_cast<int>(verdict)];
}

inline const char* name_of(Kind kind) {
  constexpr const char* names[] = {"syn", "syn_ack",        "ack",         "data", "fin",
                                   "rst", "retransmission", "out_of_order"};
  return names[static_cast<int>(kind)];
}

inline const char* name_of(State state) {
  constexpr const char* names[] = {"closed",      "listen",     "syn_sent",   "syn_received",
                                   "established", "fin_wait_1", "fin_wait_2", "close_wait",
                                   "closing",     "last_ack",   "time_wait"};
  return names[static_cast<int>(state)];
}

inline std::string told(const Options& options) {
  std::string text;
  const auto tell = [&text](const std::string& what) { text += (text.empty() ? "" : ", ") + what; };
  if (options.maximum_segment_size) tell("mss " + std::to_string(*options.maximum_segment_size));
  if (options.window_scale) tell("scale " + std::to_string(*options.window_scale));
  if (options.sack_permitted) tell("sack permitted");
  for (std::size_t i = 0; i < std::min(options.sack_blocks, options.sack.size()); ++i)
    tell("sack " + std::to_string(options.sack[i].left) + "-" +
         std::to_string(options.sack[i].right));
  if (options.timestamps)
    tell("timestamps " + std::to_string(options.timestamps->value) + " " +
         std::to_string(options.timestamps->echo));
  if (options.broken) tell("broken");
  return text.empty() ? "none" : text;
}

template <class T>
const T& expect_read(Story& s, const Result<T>& result) {
  if (!result)
    s.fail("it is read", "success",
           std::string(name_of(result.error().kind)) + ": " + result.error().message);
  return *result;
}

/// What a parser, called so, reads.
template <class Parser>
auto read(Story& s, const std::string& name, Parser parse, Bytes bytes) {
  s.step(name + "(" + told(bytes) + ")");
  return expect_read(s, parse(bytes));
}

template <class T>
void expect_refused(Story& s, const Result<T>& result, Error::Kind kind) {
  if (result) s.fail("it is refused", name_of(kind), "success");
  s.expect_equal("why it is refused", name_of(result.error().kind),
                 std::string_view(name_of(kind)));
  s.expect("the message says something", !result.error().message.empty(), "a text", "none");
}

inline void expect_bytes(Story& s, const char* what, Bytes got, Bytes expected) {
  s.expect(what, std::equal(got.begin(), got.end(), expected.begin(), expected.end()),
           told(expected), told(got));
}

/// That the payload is these bytes of the packet itself, and no copy of them.
inline void expect_payload(Story& s, Bytes got, Bytes whole, std::size_t from, std::size_t size) {
  expect_bytes(s, "the payload", got, whole.subspan(from, size));
  if (size > 0)
    s.expect("the payload lies in the packet", got.data() == whole.data() + from, "it does",
             "a copy, or bytes of another place");
}

/// A payload of `size` bytes, where the header names another length.
inline void expect_payload(Story& s, const Packet& packet, Bytes whole, std::size_t from,
                           std::size_t size, std::size_t length) {
  s.expect_equal("the payload's length", packet.payload_length, length);
  expect_payload(s, packet.payload, whole, from, size);
}

inline void expect_payload(Story& s, const Packet& packet, Bytes whole, std::size_t from,
                           std::size_t size) {
  expect_payload(s, packet, whole, from, size, size);
}

/// Every beginning of `whole` that is shorter than its headers is truncated; any other is not.
template <class Parser>
void expect_every_cut_truncated(Parser parse, const Block& whole, std::size_t headers) {
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const Block cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    Story s;
    s.step("the first " + std::to_string(size) + " bytes of " + told(whole));
    const auto result = parse(cut);
    if (size < headers)
      expect_refused(s, result, Error::Kind::truncated);
    else
      expect_read(s, result);
  }
}

inline void expect_options(const std::string& bytes, const std::string& expected) {
  Story s;
  s.step("parse_tcp of a header with the options " + bytes);
  const Block segment = tcp(hex(bytes), hi);
  const auto header = read(s, "parse_tcp", parse_tcp, segment);
  s.expect_equal("the header's length", header.header_length, segment.size() - hi.size());
  s.expect_equal("the options", told(header.options), expected);
}

// --- checksums ---

/// A packet whose payload is all there.
inline Packet packet_of(const Block& payload, bool v6) {
  Packet packet;
  for (Address* address : {&packet.source, &packet.destination}) {
    address->is_v6 = v6;
    const Block bytes = hex(v6 ? "20 01 0d b8 ff ff ff ff ff ff ff ff ff ff ff ff" : "c0 00 02 fe");
    std::copy(bytes.begin(), bytes.end(), address->bytes.begin());
  }
  packet.protocol = 6;
  packet.payload_length = payload.size();
  packet.payload = payload;
  return packet;
}

/// The same sum in the plainest way: one byte after the other, with as many bits as it takes.
inline std::uint64_t plain_sum(Bytes bytes) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    sum += std::to_integer<std::uint64_t>(bytes[i]) << (i % 2 == 0 ? 8U : 0U);
  return sum;
}

inline std::uint64_t pseudo_header_sum(const Packet& packet) {
  return plain_sum(packet.source.bytes) + plain_sum(packet.destination.bytes) + packet.protocol +
         packet.payload_length;
}

inline void expect_verdict(Story& s, const Packet& packet, Verdict expected) {
  s.expect_equal("the verdict", name_of(verify_checksum(packet)),
                 std::string_view(name_of(expected)));
}

}  // namespace handshake_trace
