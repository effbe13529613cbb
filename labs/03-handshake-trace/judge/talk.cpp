#include "talk.hpp"

#include <algorithm>

namespace lab03 {

std::int64_t Said::takes() const {
  if (has(tcp::rst)) return 0;
  return std::int64_t{length} + (has(tcp::syn) ? 1 : 0) + (has(tcp::fin) ? 1 : 0);
}

// --- writing a conversation down ---

Said& Talk::say_behind(End from, unsigned flags, std::uint32_t length, std::int64_t acknowledged) {
  said.push_back({from, flags, next(from), acknowledged, length, window});
  go_to(from, said.back().end());
  return said.back();
}

Said& Talk::say(End from, unsigned flags, std::uint32_t length) {
  return say_behind(from, flags, length, (flags & tcp::ack) != 0 ? next(other(from)) : 0);
}

Said& Talk::say_at(End from, unsigned flags, std::int64_t sequence, std::uint32_t length) {
  said.push_back(
      {from, flags, sequence, (flags & tcp::ack) != 0 ? next(other(from)) : 0, length, window});
  go_to(from, std::max(next(from), said.back().end()));
  return said.back();
}

Said& Talk::repeat(std::size_t which) {
  Said again = said.at(which);
  if (again.has(tcp::ack)) again.acknowledgement = next(other(again.from));
  said.push_back(again);
  return said.back();
}

void Talk::shake_hands() {
  say(End::client, tcp::syn);
  say(End::server, tcp::syn | tcp::ack);
  say(End::client, tcp::ack);
}

// --- the models ---

std::int64_t Passed::add(std::int64_t from, std::int64_t to) {
  std::int64_t fresh = 0;
  if (seen_.empty()) first_ = from;
  for (std::int64_t place = from; place < to; ++place) {
    if (place < first_) {  // not remembered
      ++fresh;
      continue;
    }
    const auto index = static_cast<std::size_t>(place - first_);
    if (index >= seen_.size()) seen_.resize(index + 1);
    if (!seen_[index]) ++fresh;
    seen_[index] = true;
  }
  return fresh;
}

std::size_t Passed::gaps() const {
  std::size_t count = 0;
  for (std::size_t i = 1; i < seen_.size(); ++i)
    if (seen_[i] && !seen_[i - 1]) ++count;
  return count;
}

void Zeros::hear(const Said& segment) {
  auto& mine = zero_[at(segment.from)];
  auto& others = zero_[at(other(segment.from))];
  if (!mine) mine = segment.has(tcp::syn) ? segment.sequence : segment.sequence - 1;
  if (segment.has(tcp::ack) && !others) others = segment.acknowledgement - 1;
}

// --- asking ---

namespace {

std::uint32_t absolute(const Talk& talk, End line, std::int64_t place) {
  return talk.isn[at(line)] + static_cast<std::uint32_t>(place);
}

/// A number of the wire and, in brackets, what it is relative to the direction's zero.
std::string told_number(const Talk& talk, const Zeros& zeros, End line, std::int64_t place) {
  return std::to_string(absolute(talk, line, place)) + " (" +
         std::to_string(zeros.relative(line, place)) + ")";
}

/// A segment, where `zeros` have heard it.
std::string told(const Talk& talk, const Zeros& zeros, std::size_t which) {
  const Said& one = talk.said[which];
  constexpr std::pair<unsigned, const char*> names[] = {
      {tcp::syn, "SYN"}, {tcp::fin, "FIN"}, {tcp::rst, "RST"}, {tcp::ack, "ACK"},
      {tcp::psh, "PSH"}, {0x20, "URG"},     {0x40, "ECE"},     {0x80, "CWR"}};
  std::string text =
      std::to_string(which + 1) + ". " +
      (one.from == End::client ? tr("client:", "客户端：") : tr("server:", "服务端："));
  for (const auto& [bit, name] : names)
    if (one.has(bit)) text += std::string(" ") + name;
  if (one.flags == 0) text += tr(" no flags", " 无标志");
  text += tr(", sequence ", "，序号 ") + told_number(talk, zeros, one.from, one.sequence);
  if (one.has(tcp::ack))
    text += tr(", acknowledgement ", "，确认号 ") +
            told_number(talk, zeros, other(one.from), one.acknowledgement);
  if (one.length > 0)
    text += tr(", ", "，") + std::to_string(one.length) + tr(" bytes of data", " 个字节数据");
  text += tr(", window ", "，窗口 ") + std::to_string(one.window);
  if (one.shift) text += tr(", window scale ", "，窗口扩大选项 ") + std::to_string(*one.shift);
  return text;
}

}  // namespace

void step_to(Trial& trial, const Talk& talk, std::size_t which) {
  constexpr std::size_t shown = 14;
  const std::size_t first = which + 1 > shown ? which + 1 - shown : 0;
  if (first > 0) trial.step(tr("… (segments before these)", "……（此前的报文段略）"));
  Zeros zeros;
  for (std::size_t i = 0; i <= which; ++i) {
    zeros.hear(talk.said[i]);
    if (i >= first) trial.step(told(talk, zeros, i));
  }
}

void expect_in(Trial& trial, const Talk& talk, std::size_t which, const std::string& what,
               const std::string& got, const std::string& expected) {
  if (got == expected) return;
  step_to(trial, talk, which);
  trial.fail(tr("segment " + std::to_string(which + 1) + ": ",
                "第 " + std::to_string(which + 1) + " 个报文段：") +
                 what,
             expected, got);
}

void expect_told(Trial& trial, const Talk& talk,
                 const std::function<void(std::size_t, const Told&)>& look) {
  trial.input(tr("a conversation of " + std::to_string(talk.said.size()) + " segments: ",
                 std::to_string(talk.said.size()) + " 个报文段的一段对话：") +
              talk.title);
  json segments = json::array();
  for (const Said& one : talk.said) {
    json shift = one.shift ? json(*one.shift) : json(nullptr);
    segments.push_back({at(one.from), absolute(talk, one.from, one.sequence),
                        absolute(talk, other(one.from), one.acknowledgement), one.flags, one.window,
                        one.length, std::move(shift)});
  }
  const Message answer = trial.student.ask({{"call", "take"}, {"segments", std::move(segments)}});
  const json& notes = answer.body.at("value");
  for (std::size_t i = 0; i < talk.said.size(); ++i) {
    const json& note = notes.at(i);
    const auto number = [&note](std::size_t field) { return note.at(field).get<std::uint64_t>(); };
    const auto place = [&note](std::size_t field) { return note.at(field).get<std::int64_t>(); };
    look(i, {number(0), number(1), place(2), place(3), number(4), number(5), number(6), number(7)});
  }
}

std::uint32_t draw_isn(Random& random, std::uint64_t steps) {
  return static_cast<std::uint32_t>(random.chance(0.5) ? random.bits()
                                                       : 0 - random.between(1, steps));
}

std::uint32_t draw_small_isn(Random& random) {
  return static_cast<std::uint32_t>(random.between(100'000, 0x7fffffff));
}

}  // namespace lab03
