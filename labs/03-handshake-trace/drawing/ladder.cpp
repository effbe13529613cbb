#include "ladder.hpp"

#include <algorithm>

#include "decimals.hpp"
#include "language.hpp"
#include "wire/arrivals.hpp"
#include "words.hpp"

namespace tracing {
namespace {

using dialtone::tr;
using handshake_trace::Kind;
using handshake_trace::State;
namespace flag = handshake_trace::flag;

constexpr Nanoseconds long_ago = 100'000'000;  ///< a person notices such a pause

bool has(const TracedSegment& segment, std::uint8_t bits) {
  return (segment.header.flags & bits) == bits;
}

using States = std::array<std::optional<State>, 2>;

/// What the ends were before the first segment, where it tells.
States states_before(const Trace& trace) {
  if (trace.segments.empty()) return {};
  const TracedSegment& first = trace.segments.front();
  if (!has(first, flag::syn) || has(first, flag::rst)) return {};
  if (has(first, flag::ack)) return {State::syn_sent, State::listen};
  const bool listens = trace.connection.handshake != Handshake::refused &&
                       trace.connection.handshake != Handshake::simultaneous;
  return {State::closed, listens ? State::listen : State::closed};
}

/// What the ends are as time goes on. Where the wire told of loss or delay, an end becomes what a
/// segment makes of it when that arrives, if it does; else as the notes say.
class Progress {
 public:
  explicit Progress(const Trace& trace) : trace_(trace) {
    const bool told_by_wire =
        std::any_of(trace.segments.begin(), trace.segments.end(),
                    [](const TracedSegment& s) { return s.lost || s.delay.value_or(0) > 0; });
    if (!told_by_wire) return;
    const States before = states_before(trace);  // both or neither
    ends_.emplace(EndsOverTime::States{before[0].value_or(State::established),
                                       before[1].value_or(State::established)});
  }

  States after(const TracedSegment& segment, bool leaves, bool arrives) {
    if (ends_) {
      if (leaves) ends_->leaves(segment);
      if (arrives) ends_->arrives(segment);
      return {ends_->states()[0], ends_->states()[1]};
    }
    // The contract's conversation begins with one who listens; here nobody did.
    const bool nobody = trace_.connection.handshake == Handshake::refused ||
                        trace_.connection.handshake == Handshake::simultaneous;
    State server = segment.note.server;
    if (nobody && server == State::listen) server = State::closed;
    return {segment.note.client, server};
  }

 private:
  const Trace& trace_;
  std::optional<EndsOverTime> ends_;  ///< where the wire told when segments arrived
};

LadderRow row_of(const TracedSegment& segment, Nanoseconds start, bool unicode) {
  const handshake_trace::Tcp& header = segment.header;
  LadderRow row;
  row.segment = &segment;
  row.since = segment.time - start;
  if (!segment.lost && segment.delay.value_or(0) > 0) row.arrival = row.since + *segment.delay;
  row.flags = flags_text(header.flags);
  row.numbers = "seq " + std::to_string(segment.note.sequence);
  row.absolute = "seq " + std::to_string(header.sequence);
  if (has(segment, flag::ack)) {
    row.numbers += " ack " + std::to_string(segment.note.acknowledgement);
    row.absolute += " ack " + std::to_string(header.acknowledgement);
  }
  if (segment.length > 0) row.numbers += " len " + std::to_string(segment.length);
  row.window = "win " + std::to_string(segment.note.window);
  row.options = options_text(segment, unicode);
  if (segment.lost) row.alerts.push_back(tr("lost", "丢失"));
  if (segment.note.kind == Kind::retransmission || segment.note.kind == Kind::out_of_order)
    row.alerts.push_back(word_for(segment.note.kind));
  if (header.window == 0 && !has(segment, flag::syn) && !has(segment, flag::rst))
    row.alerts.push_back(tr("zero window", "零窗口"));
  if (segment.checksum == handshake_trace::Verdict::wrong)
    row.alerts.push_back(tr("checksum wrong", "校验和错误"));
  return row;
}

/// What happens, in the order of time where the wire told it, else in that of the capture.
std::vector<LadderEvent> events_of(const std::vector<LadderRow>& rows) {
  std::vector<LadderEvent> events;
  bool late = false;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    LadderEvent& event = events.emplace_back();
    event.row = i;
    event.since = rows[i].since;
    event.arrives = !rows[i].segment->lost && !rows[i].arrival;
    if (!rows[i].arrival) continue;
    late = true;
    LadderEvent& arrival = events.emplace_back();
    arrival.row = i;
    arrival.leaves = false;
    arrival.since = *rows[i].arrival;
  }
  if (late)
    std::stable_sort(events.begin(), events.end(),
                     [](const LadderEvent& a, const LadderEvent& b) { return a.since < b.since; });
  return events;
}

/// Keeps the segments at the beginning and at the end.
void leave_out(std::vector<LadderEvent>& events, std::size_t rows, std::size_t most) {
  if (rows <= most) return;
  const std::size_t last_of_the_first = most - most / 4;
  const std::size_t first_of_the_last = rows - most / 4;
  std::vector<LadderEvent> kept;
  std::size_t missing = 0;
  for (const LadderEvent& event : events) {
    if (event.row >= last_of_the_first && event.row < first_of_the_last) {
      if (event.leaves) ++missing;
      continue;
    }
    kept.push_back(event);
    kept.back().left_out = std::exchange(missing, 0);
  }
  events = std::move(kept);
}

std::string name_of(const std::optional<State>& state) {
  return state ? to_string(*state) : "?";
}

/// Fills in what the ends become, and the sentences, which both take the whole story.
std::vector<States> tell_all(const Trace& trace, Ladder& ladder, bool unicode) {
  std::vector<States> after;
  after.reserve(ladder.events.size());
  Progress progress(trace);
  Story story;
  story.connection = &trace.connection;
  for (const LadderEvent& event : ladder.events) {
    LadderRow& row = ladder.rows[event.row];
    const States states = progress.after(*row.segment, event.leaves, event.arrives);
    after.push_back(states);
    const std::size_t mine = index(row.segment->note.from);
    if (event.leaves) row.after = {name_of(states[0]), name_of(states[1])};
    if (event.arrives) row.after[1 - mine] = name_of(states[1 - mine]);
    if (!event.leaves) continue;
    for (std::size_t end = 0; end < 2; ++end) story.waits[end] = states[end] == State::time_wait;
    const int before = story.step;
    row.sentence = tell(story, *row.segment, unicode);
    if (story.step != before) row.step = story.step;
  }
  return after;
}

}  // namespace

Ladder ladder_of(const Trace& trace, std::size_t most, bool unicode) {
  const Connection& connection = trace.connection;
  Ladder ladder;
  ladder.roles = {word_for(End::client), word_for(End::server)};
  ladder.endpoints = {to_string(connection.client), to_string(connection.server)};
  ladder.title = tr("Connection ", "连接 ") + std::to_string(connection.number) + tr(": ", "：") +
                 ladder.endpoints[0] + (unicode ? " → " : " -> ") + ladder.endpoints[1];
  const Nanoseconds start = trace.segments.empty() ? 0 : trace.segments.front().time;
  ladder.rows.reserve(trace.segments.size());
  for (const TracedSegment& segment : trace.segments)
    ladder.rows.push_back(row_of(segment, start, unicode));
  ladder.events = events_of(ladder.rows);

  const std::vector<States> after = tell_all(trace, ladder, unicode);
  const States before = states_before(trace);
  ladder.before = {name_of(before[0]), name_of(before[1])};
  std::vector<LadderEvent> all = ladder.events;
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t end = 0; end < 2; ++end) all[i].became[end] = name_of(after[i][end]);
  leave_out(all, ladder.rows.size(), most);

  // Of states, only what changes is drawn; of pauses, only the long ones.
  std::array<std::string, 2> now = ladder.before;
  Nanoseconds last = 0;
  for (LadderEvent& event : all) {
    for (std::size_t end = 0; end < 2; ++end) {
      if (event.became[end] == now[end])
        event.became[end].clear();
      else
        now[end] = event.became[end];
    }
    const Nanoseconds pause = event.since - std::exchange(last, event.since);
    if (pause >= long_ago && event.left_out == 0 && event.leaves) event.gap = pause;
  }
  ladder.events = std::move(all);
  ladder.in_seconds = last >= 10'000'000'000;
  ladder.summary = summary_text(connection, unicode);
  if (trace.left_out > 0)
    ladder.rest = tr("Not traced beyond these: ", "此后还有 ") + std::to_string(trace.left_out) +
                  tr(" segments.", " 段未追踪。");
  return ladder;
}

std::string time_text(const Ladder& ladder, Nanoseconds since) {
  return ladder.in_seconds ? dialtone::with_decimals(static_cast<double>(since) / 1e9, 6)
                           : dialtone::with_decimals(static_cast<double>(since) / 1e6, 3);
}

std::string unit_text(const Ladder& ladder) {
  return ladder.in_seconds ? tr("s", "秒") : tr("ms", "毫秒");
}

}  // namespace tracing
