#include "session.hpp"

#include <algorithm>

#include "language.hpp"
#include "wire/arrivals.hpp"

namespace tracing {

using dialtone::tr;

namespace {

TracedSegment traced(const CapturedPacket& packet, const Dissected& segment,
                     const handshake_trace::Note& note) {
  TracedSegment traced;
  traced.packet = packet.number;
  traced.time = packet.time;
  traced.header = segment.tcp;
  traced.length = segment.length;
  const Bytes data = segment.data.first(std::min(segment.data.size(), most_data_kept));
  traced.data.assign(reinterpret_cast<const char*>(data.data()), data.size());
  traced.note = note;
  traced.checksum = handshake_trace::verify_checksum(segment.ip);
  Nanoseconds delay = 0;
  if (!packet.comment.empty() && read_fate(packet.comment, traced.lost, delay) && !traced.lost)
    traced.delay = delay;
  return traced;
}

}  // namespace

Session::Session(std::uint64_t follow, Listener each) : follow_(follow), each_(std::move(each)) {}

void Session::take(const CapturedPacket& packet) {
  ++packets_;
  dissect(packet.link_type, packet.bytes, dissected_);
  switch (dissected_.outcome) {
    case Dissected::Outcome::segment:
      break;
    case Dissected::Outcome::fragment:
      return leave_out(fragments_, packet);
    case Dissected::Outcome::broken:
      return leave_out(broken_, packet, dissected_.reason);
    case Dissected::Outcome::unknown_link:
      return leave_out(unknown_, packet, link_name(packet.link_type));
    case Dissected::Outcome::other:
      return leave_out(not_tcp_, packet);
  }
  ++segments_;
  const auto [connection, note] = connections_.take(dissected_, packet.time);
  const bool followed = connection->number == follow_;
  if (!followed && !each_) return;
  if (followed && !trace_) trace_.emplace();
  const bool room = followed && trace_->segments.size() < most_traced;
  if (followed) trace_->connection = *connection;
  if (followed && !room) ++trace_->left_out;
  if (!room && !each_) return;
  TracedSegment segment = traced(packet, dissected_, note);
  if (each_) each_(segment, *connection);
  if (room) trace_->segments.push_back(std::move(segment));
}

std::optional<Trace> Session::trace() const {
  std::optional<Trace> whole = trace_;
  if (whole) apply_arrivals(*whole);
  return whole;
}

void Session::leave_out(Others& others, const CapturedPacket& packet, const std::string& why) {
  if (others.count++ > 0) return;
  others.first = tr("packet ", "第 ") + std::to_string(packet.number) +
                 tr(" at byte ", " 个包，在第 ") + std::to_string(packet.offset) +
                 tr("", " 字节处") + (why.empty() ? "" : tr(": ", "：") + why);
}

std::vector<std::string> Session::left_out() const {
  std::vector<std::string> lines;
  const auto add = [&lines](const Others& others, const std::string& what) {
    if (others.count == 0) return;
    lines.push_back(std::to_string(others.count) + what + tr("; the first: ", "；第一个：") +
                    others.first);
  };
  add(fragments_, tr(" fragments of larger packets are not put together",
                     " 个分片没有重组（每个只是一个更大的包的一部分）"));
  add(broken_, tr(" packets cannot be read", " 个包读不懂"));
  add(unknown_, tr(" packets come from a link that is not read", " 个包来自读不懂的链路"));
  if (not_tcp_.count > 0)
    lines.push_back(std::to_string(not_tcp_.count) + tr(" packets are not TCP", " 个包不是 TCP"));
  return lines;
}

}  // namespace tracing
