#include "scenario_facts.hpp"

#include <algorithm>

#include "wire/arrivals.hpp"

namespace tracing {
namespace {

using dialtone::Story;
using handshake_trace::Kind;
using handshake_trace::State;
namespace flag = handshake_trace::flag;

constexpr Nanoseconds one_way = 20'000'000;
constexpr Nanoseconds second = 1'000'000'000;

bool has(const TracedSegment& segment, std::uint8_t bits) {
  return (segment.header.flags & bits) == bits;
}

bool is_from(const TracedSegment& segment, End end) {
  return segment.note.from == end;
}

template <class Is>
std::size_t count(const Shown& shown, const Is& is) {
  const auto& segments = shown.trace.segments;
  return static_cast<std::size_t>(std::count_if(segments.begin(), segments.end(), is));
}

template <class Is>
const TracedSegment& the(Story& story, const Shown& shown, std::string_view what, const Is& is) {
  const auto& segments = shown.trace.segments;
  const auto found = std::find_if(segments.begin(), segments.end(), is);
  story.expect(what, found != segments.end(), "one", "none");
  return *found;
}

std::uint64_t bytes_of(const Shown& shown, End end) {
  return shown.trace.connection.sent[static_cast<std::size_t>(end)].bytes;
}

void expect_beginning_and_end(Story& story, const Shown& shown, Handshake handshake,
                              Ending ending) {
  const Connection& connection = shown.trace.connection;
  story.expect_equal("the handshake", static_cast<int>(connection.handshake),
                     static_cast<int>(handshake));
  story.expect_equal("the ending", static_cast<int>(connection.ending), static_cast<int>(ending));
}

void expect_last_states(Story& story, const Shown& shown, State client, State server) {
  const Connection& connection = shown.trace.connection;
  story.expect_equal("the client is at last", to_string(connection.client_state),
                     to_string(client));
  story.expect_equal("the server is at last", to_string(connection.server_state),
                     to_string(server));
}

void expect_both_spoke(Story& story, const Shown& shown) {
  story.expect_equal("the client said", bytes_of(shown, End::client), 15U);
  story.expect_equal("the server said", bytes_of(shown, End::server), 15U);
  const auto& words = the(story, shown, "data of the client", [](const TracedSegment& s) {
    return is_from(s, End::client) && s.length > 0;
  });
  story.expect_equal("the client's words", words.data, "我是客户端");
}

/// On a machine so busy that a SYN was repeated although it had arrived, it says nothing.
void expect_round_trip(Story& story, const Shown& shown) {
  const auto needless = count(shown, [](const auto& s) {
    return has(s, flag::syn) && is_from(s, End::client) && !s.lost &&
           s.note.server == State::syn_received;
  });
  const auto trip = shown.trace.connection.round_trip;
  story.expect("there is a round trip", trip.has_value(), "some", "none");
  story.expect("the round trip takes 40 ms or more", *trip >= 2 * one_way || needless > 0, "40 ms",
               std::to_string(*trip) + " ns");
}

void expect_whole_call(Story& story, const Shown& shown) {
  expect_beginning_and_end(story, shown, Handshake::complete, Ending::both_fins);
  expect_both_spoke(story, shown);
  expect_last_states(story, shown, State::closed, State::time_wait);
}

void call(Story& story, const Shown& shown) {
  expect_whole_call(story, shown);
  expect_round_trip(story, shown);
}

void refused(Story& story, const Shown& shown) {
  expect_beginning_and_end(story, shown, Handshake::refused, Ending::reset);
  expect_last_states(story, shown, State::closed, State::closed);
  story.expect("a RST is all that the server says",
               has(shown.trace.segments.back(), flag::rst) &&
                   is_from(shown.trace.segments.back(), End::server),
               "RST", "something else");
}

void half_open(Story& story, const Shown& shown) {
  expect_beginning_and_end(story, shown, Handshake::half_open, Ending::open);
  expect_last_states(story, shown, State::syn_sent, State::syn_received);
  story.expect_equal("segments of the client",
                     count(shown, [](const auto& s) { return is_from(s, End::client); }), 1U);
  story.expect_equal(
      "SYN-ACKs that reach nobody",
      count(shown, [](const auto& s) { return has(s, flag::syn | flag::ack) && s.lost; }), 3U);
}

void syn_lost(Story& story, const Shown& shown) {
  call(story, shown);
  const auto& segments = shown.trace.segments;
  story.expect_equal("lost segments", count(shown, [](const auto& s) { return s.lost; }), 1U);
  story.expect("the first is the lost SYN", segments[0].lost && segments[0].note.kind == Kind::syn,
               "a lost SYN", "something else");
  story.expect("the second repeats it",
               segments[1].note.kind == Kind::retransmission && has(segments[1], flag::syn) &&
                   segments[1].header.sequence == segments[0].header.sequence,
               "the same SYN", "something else");
  story.expect("a second later", segments[1].time - segments[0].time > second * 9 / 10, "1 s",
               std::to_string(segments[1].time - segments[0].time) + " ns");
}

/// Both ends repeat theirs at nearly the same time, so the round trip is no measure here.
void syn_ack_lost(Story& story, const Shown& shown) {
  expect_whole_call(story, shown);
  const auto& segments = shown.trace.segments;
  story.expect_equal("lost segments", count(shown, [](const auto& s) { return s.lost; }), 1U);
  story.expect("the second is the lost SYN-ACK",
               segments[1].lost && segments[1].note.kind == Kind::syn_ack, "a lost SYN-ACK",
               "something else");
  story.expect_equal("the client does not know of it", to_string(segments[1].note.client),
                     "SYN-SENT");
  story.expect("a SYN is repeated",
               segments[2].note.kind == Kind::retransmission && has(segments[2], flag::syn),
               "a SYN again", "something else");
}

void broken_off(Story& story, const Shown& shown) {
  expect_beginning_and_end(story, shown, Handshake::complete, Ending::reset);
  expect_last_states(story, shown, State::closed, State::closed);
  story.expect_equal("the client said", bytes_of(shown, End::client), 15U);
  story.expect_equal("half a sentence of the server", bytes_of(shown, End::server), 6U);
  story.expect_equal("FINs", count(shown, [](const auto& s) { return has(s, flag::fin); }), 0U);
  const TracedSegment& last = shown.trace.segments.back();
  story.expect("the last is the server's RST", has(last, flag::rst) && is_from(last, End::server),
               "RST", "something else");
}

void simultaneous_close(Story& story, const Shown& shown) {
  expect_beginning_and_end(story, shown, Handshake::complete, Ending::both_fins);
  expect_both_spoke(story, shown);
  const auto fin_of = [&](End end) -> const TracedSegment& {
    return the(story, shown, "a FIN of each",
               [end](const TracedSegment& s) { return has(s, flag::fin) && is_from(s, end); });
  };
  const TracedSegment& clients = fin_of(End::client);
  const TracedSegment& servers = fin_of(End::server);
  story.expect("each FIN leaves before the other arrives",
               clients.time < servers.time + servers.delay.value_or(0) &&
                   servers.time < clients.time + clients.delay.value_or(0),
               "they cross", "one after the other");
  story.expect_equal("the other's FIN makes the server", to_string(clients.note.server), "CLOSING");
  story.expect_equal("the other's FIN makes the client", to_string(servers.note.client), "CLOSING");
  expect_last_states(story, shown, State::time_wait, State::time_wait);
}

void slow_close(Story& story, const Shown& shown) {
  expect_beginning_and_end(story, shown, Handshake::complete, Ending::both_fins);
  expect_both_spoke(story, shown);
  expect_last_states(story, shown, State::time_wait, State::closed);
  const auto& clients = the(story, shown, "the client's FIN", [](const TracedSegment& s) {
    return has(s, flag::fin) && is_from(s, End::client);
  });
  const auto& servers = the(story, shown, "the server's FIN", [](const TracedSegment& s) {
    return has(s, flag::fin) && is_from(s, End::server);
  });
  story.expect_equal("a FIN makes the server", to_string(clients.note.server), "CLOSE-WAIT");
  story.expect("the server takes a second", servers.time - clients.time >= second, "1 s",
               std::to_string(servers.time - clients.time) + " ns");
  story.expect_equal("the server speaks in CLOSE-WAIT",
                     count(shown,
                           [](const auto& s) {
                             return s.note.kind == Kind::data && is_from(s, End::server) &&
                                    s.note.server == State::close_wait &&
                                    s.note.client == State::fin_wait_2;
                           }),
                     2U);
}

void backlog_full(Story& story, const Shown& shown) {
  call(story, shown);
  story.expect_equal("connections", shown.rows.size(), 2U);
  story.expect("the first stands", shown.rows[0].handshake == Handshake::complete, "complete",
               "not");
  story.expect_equal("lost segments", count(shown, [](const auto& s) { return s.lost; }), 0U);
  const auto& segments = shown.trace.segments;
  const auto answer = std::find_if(segments.begin(), segments.end(),
                                   [](const auto& s) { return s.note.kind == Kind::syn_ack; });
  const auto unheard = std::count_if(segments.begin(), answer, [](const auto& s) {
    return has(s, flag::syn) && s.note.server == State::listen;
  });
  story.expect("SYNs that nobody answers", unheard >= 2, "2 or more", std::to_string(unheard));
}

struct Facts {
  std::string_view name;
  void (*expect)(Story&, const Shown&);
};
constexpr Facts facts[] = {{"call", call},
                           {"refused", refused},
                           {"half-open", half_open},
                           {"syn-lost", syn_lost},
                           {"syn-ack-lost", syn_ack_lost},
                           {"rst", broken_off},
                           {"simultaneous-close", simultaneous_close},
                           {"slow-close", slow_close},
                           {"backlog-full", backlog_full}};

}  // namespace

PacketSink Gathering::sink() {
  return [this](const CapturedPacket& packet) {
    story_.expect_equal("numbers go up by one", packet.number, ++packets_);
    story_.expect_equal("the link", packet.link_type, link::ethernet);
    story_.expect("time does not run backwards", packet.time >= last_, "later", "earlier");
    last_ = packet.time;
    session_.take(packet);
  };
}

Shown Gathering::shown() {
  story_.expect_equal("packets that are in connections", session_.segments(), packets_);
  const auto trace = session_.trace();
  story_.expect("the connection to follow is there", trace.has_value(), "it", "none");
  Shown shown{*trace, session_.connections().rows()};
  for (const TracedSegment& segment : shown.trace.segments) {
    story_.expect("every checksum is right", segment.checksum == handshake_trace::Verdict::right,
                  "right", std::to_string(static_cast<int>(segment.checksum)));
    story_.expect("every segment's fate is known", segment.lost || segment.delay >= one_way,
                  "lost, or 20 ms and more", "neither");
  }
  apply_arrivals(shown.trace);
  return shown;
}

void expect_facts(Story& story, std::string_view name, const Shown& shown) {
  for (const Facts& fact : facts)
    if (fact.name == name) return fact.expect(story, shown);
  story.fail("the scenario's facts are known", "some", "none of " + std::string(name));
}

}  // namespace tracing
