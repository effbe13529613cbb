#include "wire/arrivals.hpp"

#include <algorithm>

namespace tracing {
namespace {

using handshake_trace::Signal;
using handshake_trace::State;
namespace flag = handshake_trace::flag;

/// A segment leaves its sender, or arrives.
struct Event {
  Nanoseconds time = 0;
  std::size_t segment = 0;
  bool arrives = false;
};

std::size_t index(End end) {
  return static_cast<std::size_t>(end);
}

End other(End end) {
  return end == End::client ? End::server : End::client;
}

bool has(const TracedSegment& segment, std::uint8_t bits) {
  return (segment.header.flags & bits) == bits;
}

bool is_known(const Trace& trace) {
  if (trace.segments.empty() || trace.left_out > 0) return false;
  const TracedSegment& first = trace.segments.front();
  if (!has(first, flag::syn) || has(first, flag::ack) || has(first, flag::rst)) return false;
  return std::all_of(trace.segments.begin(), trace.segments.end(),
                     [](const TracedSegment& s) { return s.lost || s.delay; });
}

std::vector<Event> events_of(const Trace& trace) {
  std::vector<Event> events;
  for (std::size_t i = 0; i < trace.segments.size(); ++i) {
    const TracedSegment& segment = trace.segments[i];
    events.push_back({segment.time, i, false});
    if (!segment.lost) events.push_back({segment.time + *segment.delay, i, true});
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const Event& a, const Event& b) { return a.time < b.time; });
  return events;
}

/// Both ends, as the events change them.
struct Ends {
  std::array<State, 2> states = {State::closed, State::listen};
  std::array<std::optional<std::int64_t>, 2> fins;  ///< by sender: the number of its FIN
  std::array<bool, 2> fin_sent{};                   ///< by sender
  std::array<bool, 2> fin_arrived{};                ///< by sender

  /// What the segment says; a FIN says it once to each end.
  Signal signal(const TracedSegment& segment, std::array<bool, 2>& fin_said) const {
    const End from = segment.note.from;
    const auto& awaited = fins[index(other(from))];
    Signal signal;
    signal.syn = has(segment, flag::syn);
    signal.ack = has(segment, flag::ack);
    signal.rst = has(segment, flag::rst);
    signal.fin = has(segment, flag::fin) && !signal.rst && !fin_said[index(from)];
    if (signal.fin) fin_said[index(from)] = true;
    signal.acknowledges_syn = signal.ack && segment.note.acknowledgement >= 1;
    signal.acknowledges_fin = signal.ack && awaited && segment.note.acknowledgement > *awaited;
    return signal;
  }

  void leaves(TracedSegment& segment) {
    const End from = segment.note.from;
    if (has(segment, flag::fin) && !has(segment, flag::rst))
      fins[index(from)] =
          segment.note.sequence + (has(segment, flag::syn) ? 1 : 0) + segment.length;
    State& state = states[index(from)];
    state = after_sending(state, signal(segment, fin_sent));
    segment.note.client = states[index(End::client)];
    segment.note.server = states[index(End::server)];
  }

  void arrives(TracedSegment& segment) {
    const End to = other(segment.note.from);
    State& state = states[index(to)];
    state = after_receiving(state, signal(segment, fin_arrived));
    (to == End::client ? segment.note.client : segment.note.server) = state;
  }
};

}  // namespace

void apply_arrivals(Trace& trace) {
  if (!is_known(trace)) return;
  Ends ends;
  for (const Event& event : events_of(trace)) {
    TracedSegment& segment = trace.segments[event.segment];
    event.arrives ? ends.arrives(segment) : ends.leaves(segment);
  }
  trace.connection.client_state = ends.states[index(End::client)];
  trace.connection.server_state = ends.states[index(End::server)];
}

}  // namespace tracing
