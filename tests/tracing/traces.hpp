// Traces to draw: conversations written down by hand, with what the lab's own code says of them.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "capture/connections.hpp"
#include "random.hpp"

namespace tracing {

namespace flag = handshake_trace::flag;

inline constexpr Nanoseconds us = 1000;
inline constexpr Nanoseconds ms = 1000 * us;

/// Writes down what two ends say; sequence and acknowledgement numbers are kept for them.
class Script {
 public:
  explicit Script(std::uint32_t client_isn = 2345678901U, std::uint32_t server_isn = 3456789012U)
      : next_{client_isn, server_isn} {
    trace_.connection.number = 1;
    trace_.connection.client = endpoint({127, 0, 0, 1}, 40000);
    trace_.connection.server = endpoint({127, 0, 0, 1}, 5000);
    trace_.connection.handshake = Handshake::complete;
    trace_.connection.round_trip = 31 * us;
    trace_.connection.ending = Ending::both_fins;
  }

  static Endpoint endpoint(std::array<int, 4> bytes, std::uint16_t port) {
    Endpoint end;
    for (std::size_t i = 0; i < bytes.size(); ++i)
      end.address.bytes[i] = static_cast<std::byte>(bytes[i]);
    end.port = port;
    return end;
  }

  /// A segment at `time` from the beginning. `again` takes this many numbers back.
  TracedSegment& say(Nanoseconds time, End from, std::uint8_t flags, const std::string& data = "",
                     std::uint32_t again = 0) {
    const auto mine = static_cast<std::size_t>(from);
    TracedSegment segment;
    segment.packet = trace_.segments.size() + 1;
    segment.time = 1'700'000'000'123'456'789 + time;
    segment.header.sequence = next_[mine] - again;
    if ((flags & flag::ack) != 0) segment.header.acknowledgement = next_[1 - mine];
    segment.header.flags = flags;
    segment.header.window = (flags & flag::syn) != 0 ? 65495 : 512;
    if ((flags & flag::syn) != 0) {
      segment.header.options.maximum_segment_size = std::uint16_t{65495};
      segment.header.options.window_scale = std::uint8_t{7};
      segment.header.options.sack_permitted = true;
    }
    if (timestamps)
      segment.header.options.timestamps = {
          1144553 + static_cast<std::uint32_t>(time / ms),
          (flags & flag::ack) != 0 ? 1144552 + static_cast<std::uint32_t>(time / ms) : 0};
    segment.length = static_cast<std::uint32_t>(data.size());
    segment.data = data.substr(0, most_data_kept);
    segment.checksum = handshake_trace::Verdict::left_to_the_card;
    segment.note.from = from;
    if (again == 0)
      next_[mine] += segment.length + ((flags & flag::syn) != 0) + ((flags & flag::fin) != 0);
    trace_.segments.push_back(std::move(segment));
    return trace_.segments.back();
  }

  void handshake(Nanoseconds step = 12 * us) {
    say(0, End::client, flag::syn);
    say(step, End::server, flag::syn | flag::ack);
    say(2 * step + step / 2, End::client, flag::ack);
  }

  /// With everything that the lab's code says of the segments.
  Trace finish() {
    handshake_trace::Conversation conversation;
    for (TracedSegment& segment : trace_.segments) {
      segment.note = conversation.take(segment.header, segment.length, segment.note.from);
      Totals& sent = trace_.connection.sent[static_cast<std::size_t>(segment.note.from)];
      ++sent.segments;
      sent.bytes += segment.note.fresh;
      if (segment.note.kind == handshake_trace::Kind::retransmission) ++sent.retransmissions;
      if (segment.note.kind == handshake_trace::Kind::out_of_order) ++sent.out_of_order;
      trace_.connection.client_state = segment.note.client;
      trace_.connection.server_state = segment.note.server;
    }
    if (!trace_.segments.empty()) {
      trace_.connection.began = trace_.segments.front().time;
      trace_.connection.last = trace_.segments.back().time;
    }
    return trace_;
  }

  Connection& connection() { return trace_.connection; }

  bool timestamps = true;

 private:
  Trace trace_;
  std::array<std::uint32_t, 2> next_;
};

inline Trace phone_call() {
  Script script;
  script.handshake();
  script.say(95 * us, End::client, flag::psh | flag::ack, "我是客户端");
  script.say(103 * us, End::server, flag::ack);
  script.say(160 * us, End::server, flag::psh | flag::ack, "我是服务端");
  script.say(171 * us, End::client, flag::ack);
  script.say(220 * us, End::client, flag::fin | flag::ack);
  script.say(240 * us, End::server, flag::ack);
  script.say(262 * us, End::server, flag::fin | flag::ack);
  script.say(270 * us, End::client, flag::ack);
  return script.finish();
}

inline Trace refused() {
  Script script;
  script.timestamps = false;
  script.connection().handshake = Handshake::refused;
  script.connection().round_trip.reset();
  script.connection().ending = Ending::reset;
  script.say(0, End::client, flag::syn);
  script.say(9 * us, End::server, flag::rst | flag::ack).header.sequence = 0;
  return script.finish();
}

/// On a wire of ours, 20 ms long, that loses the first answer.
inline Trace answer_lost() {
  Script script;
  script.timestamps = false;
  script.connection().server = Script::endpoint({192, 168, 77, 2}, 5000);
  script.connection().client = Script::endpoint({192, 168, 77, 1}, 40000);
  script.connection().round_trip = 41 * ms;
  const Nanoseconds wire = 20 * ms;
  script.say(0, End::client, flag::syn).delay = wire;
  script.say(wire + 40 * us, End::server, flag::syn | flag::ack).lost = true;
  script.say(1030 * ms, End::client, flag::syn, "", 1).delay = wire;
  script.say(1050 * ms + 30 * us, End::server, flag::syn | flag::ack, "", 1).delay = wire;
  script.say(1070 * ms + 90 * us, End::client, flag::ack).delay = wire;
  script.say(1070 * ms + 210 * us, End::client, flag::psh | flag::ack, "hello\r\n").delay = wire;
  script.say(1090 * ms + 330 * us, End::server, flag::ack).delay = wire;
  // Both hang up at once.
  const std::uint8_t fin = flag::fin | flag::ack;
  script.say(1200 * ms, End::client, fin).delay = wire;
  auto& crossing = script.say(1205 * ms, End::server, fin);
  crossing.delay = wire;
  --crossing.header.acknowledgement;
  script.say(1220 * ms + 20 * us, End::server, flag::ack).delay = wire;
  script.say(1225 * ms + 20 * us, End::client, flag::ack).delay = wire;
  return script.finish();
}

/// Both dial at once, on a wire of 20 ms.
inline Trace both_dial() {
  Script script;
  script.timestamps = false;
  script.connection().handshake = Handshake::simultaneous;
  script.connection().round_trip = 40 * ms;
  script.connection().ending = Ending::open;
  const Nanoseconds wire = 20 * ms;
  script.say(0, End::client, flag::syn).delay = wire;
  script.say(3 * ms, End::server, flag::syn).delay = wire;
  auto& one = script.say(20 * ms + 10 * us, End::server, flag::syn | flag::ack, "", 1);
  one.delay = wire;
  auto& two = script.say(23 * ms + 10 * us, End::client, flag::syn | flag::ack, "", 1);
  two.delay = wire;
  return script.finish();
}

/// What goes wrong in a longer talk, from the middle on.
inline Trace troubled() {
  Script script;
  script.connection().handshake = Handshake::not_seen;
  script.connection().round_trip.reset();
  script.connection().ending = Ending::reset;
  const std::uint8_t data = flag::psh | flag::ack;
  script.say(0, End::server, data, std::string(1448, '\x01'));
  script.say(100 * us, End::client, flag::ack).header.window = 0;
  script.say(5300 * ms, End::client, flag::ack);
  script.say(5301 * ms, End::server, flag::ack, std::string(1448, '\x02'));
  auto& duplicate = script.say(5302 * ms, End::client, flag::ack);
  duplicate.header.options.sack_blocks = 1;
  duplicate.header.options.sack[0] = {duplicate.header.acknowledgement + 1448,
                                      duplicate.header.acknowledgement + 2896};
  script.say(5501 * ms, End::server, flag::ack, std::string(1448, '\x02'), 1448);
  script.say(5502 * ms, End::client, flag::ack).checksum = handshake_trace::Verdict::wrong;
  script.say(17502 * ms, End::client, flag::rst | flag::ack);
  return script.finish();
}

/// As long as a trace gets.
inline Trace longest() {
  Script script;
  script.handshake();
  for (std::size_t i = 4; i < most_traced; ++i)
    script.say(static_cast<Nanoseconds>(i) * 20 * us, i % 3 == 0 ? End::client : End::server,
               flag::ack, i % 3 == 0 ? "" : std::string(300, '<'));
  script.say(300 * ms, End::client, flag::fin | flag::ack);
  Trace trace = script.finish();
  trace.left_out = 1234;
  return trace;
}

/// What a stranger may send: what markup is made of, what moves or turns a line, what is not UTF-8.
inline const std::vector<std::string> hostile_data = {
    "</script><script>alert(1)</script>",
    "\" onload=\"x",
    "' & < > ]]> -->",
    "\x1b[31mred\x1b[2J\r\n\tmore",
    std::string("\0\x01\x02", 3),
    "\xff\xfe\xed\xa0\x80",
    "\xe2\x80\xae\xe2\x80\xa8turned",
    "\xef\xbf\xbf\xef\xbf\xbe",
    "我是客户\xe7\xab",
    "e\xcc\x81\xcc\x81\xcc\x81",
    std::string(300, 'W'),
    "我们都很好我们都很好我们都很好我们都很好我们都很好",
};

/// Any segments at all, in any order, on a wire that may tell.
inline Trace random_trace(dialtone::Random& random) {
  Script script(static_cast<std::uint32_t>(random.between(0, 0xffffffff)),
                static_cast<std::uint32_t>(random.between(0, 0xffffffff)));
  script.timestamps = random.chance(0.5);
  script.connection().handshake = static_cast<Handshake>(random.between(0, 4));
  script.connection().ending = static_cast<Ending>(random.between(0, 3));
  if (random.chance(0.3))
    for (Endpoint* end : {&script.connection().client, &script.connection().server}) {
      end->address.is_v6 = true;
      end->address.bytes.fill(static_cast<std::byte>(random.between(0, 255)));
    }
  const bool wire = random.chance(0.5);
  if (random.chance(0.7)) script.handshake();
  Nanoseconds now = ms;
  for (std::uint64_t i = random.between(0, 30); i > 0; --i) {
    now +=
        static_cast<Nanoseconds>(random.between(0, random.pick<std::uint64_t>({0, ms, 9000 * ms})));
    const std::uint8_t flags = random.chance(0.6)
                                   ? std::uint8_t{flag::ack}
                                   : static_cast<std::uint8_t>(random.between(0, 255));
    TracedSegment& segment =
        script.say(now, random.chance(0.5) ? End::client : End::server, flags,
                   random.chance(0.5) ? random.pick(hostile_data) : "",
                   random.chance(0.2) ? static_cast<std::uint32_t>(random.between(1, 400)) : 0);
    if (random.chance(0.1)) segment.header.window = 0;
    segment.checksum = static_cast<handshake_trace::Verdict>(random.between(0, 3));
    segment.header.options.sack_blocks = random.between(0, 4);
    segment.header.options.broken = random.chance(0.1);
    segment.lost = wire && random.chance(0.2);
    if (wire && random.chance(0.7))
      segment.delay = static_cast<Nanoseconds>(random.between(0, 30)) * ms;
  }
  return script.finish();
}

}  // namespace tracing
