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

}  // namespace

Signal EndsOverTime::signal(const TracedSegment& segment, std::array<bool, 2>& fin_said) const {
  const End from = segment.note.from;
  const auto& awaited = fins_[index(other(from))];
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

void EndsOverTime::leaves(const TracedSegment& segment) {
  const End from = segment.note.from;
  if (has(segment, flag::fin) && !has(segment, flag::rst))
    fins_[index(from)] = segment.note.sequence + (has(segment, flag::syn) ? 1 : 0) + segment.length;
  State& state = states_[index(from)];
  state = after_sending(state, signal(segment, fin_sent_));
}

void EndsOverTime::arrives(const TracedSegment& segment) {
  State& state = states_[index(other(segment.note.from))];
  state = after_receiving(state, signal(segment, fin_arrived_));
}

void apply_arrivals(Trace& trace) {
  if (!is_known(trace)) return;
  EndsOverTime ends({State::closed, State::listen});
  for (const Event& event : events_of(trace)) {
    TracedSegment& segment = trace.segments[event.segment];
    handshake_trace::Note& note = segment.note;
    if (!event.arrives) {
      ends.leaves(segment);
      note.client = ends.states()[index(End::client)];
      note.server = ends.states()[index(End::server)];
    } else {
      ends.arrives(segment);
      const End to = other(note.from);
      (to == End::client ? note.client : note.server) = ends.states()[index(to)];
    }
  }
  trace.connection.client_state = ends.states()[index(End::client)];
  trace.connection.server_state = ends.states()[index(End::server)];
}

}  // namespace tracing
