// What a segment is in its conversation, and how many of its bytes are fresh. No line passes 2³²
// here: what is seen is one thing, numbers on a circle another.
#include <algorithm>
#include <iterator>

#include "talk.hpp"

namespace lab03 {
namespace {

using enum End;
using namespace tcp;

enum class Kind : std::uint8_t { syn, syn_ack, ack, data, fin, rst, retransmission, out_of_order };

std::string name_of(std::uint64_t kind) {
  constexpr const char* names[] = {"syn", "syn_ack",        "ack",         "data", "fin",
                                   "rst", "retransmission", "out_of_order"};
  return kind < std::size(names) ? names[kind] : tr("none of the kinds", "不是其中任何一种");
}

/// Tells what segments are by the set of numbers that went by.
class Sorter {
 public:
  struct Sorted {
    Kind kind;
    std::int64_t fresh;
  };

  Sorted hear(const Said& one) {
    Passed& passed = passed_[at(one.from)];
    const bool late = passed.any() && one.sequence < passed.end();
    if (one.takes() == 0) return {one.has(rst) ? Kind::rst : Kind::ack, 0};
    const std::int64_t data = one.sequence + (one.has(syn) ? 1 : 0);
    const std::int64_t behind = data + one.length;
    std::int64_t fresh_in_all = one.has(syn) ? passed.add(one.sequence, data) : 0;
    const std::int64_t fresh = passed.add(data, behind);
    fresh_in_all += fresh + (one.has(fin) ? passed.add(behind, behind + 1) : 0);
    if (fresh_in_all < one.takes()) return {Kind::retransmission, fresh};
    if (late) return {Kind::out_of_order, fresh};
    if (one.has(syn)) return {one.has(ack) ? Kind::syn_ack : Kind::syn, fresh};
    return {one.has(fin) ? Kind::fin : Kind::data, fresh};
  }

  /// Whether no direction has more gaps than are remembered.
  bool has_few_gaps() const {
    return std::all_of(passed_.begin(), passed_.end(),
                       [](const Passed& passed) { return passed.gaps() <= 8; });
  }

 private:
  std::array<Passed, 2> passed_;
};

using Scene = void (*)(Talk&);

void plain_call(Talk& talk) {
  talk.title = tr("a plain call", "一次普通的通话");
  talk.shake_hands();
  talk.say(client, ack | psh, 15);
  talk.say(server, ack);
  talk.say(server, ack | psh, 12);
  talk.say(client, ack);
  talk.say(client, ack | fin);
  talk.say(server, ack | fin);
  talk.say(client, ack);
}

void everything_again(Talk& talk) {
  talk.title = tr("everything is said twice", "每句话都说两遍");
  for (const unsigned flags : {syn, syn | ack}) {
    talk.say(flags == syn ? client : server, flags);
    talk.repeat(talk.said.size() - 1);
  }
  talk.say(client, ack);
  for (const unsigned flags : {ack | psh, ack, ack | fin}) {
    talk.say(client, flags, flags == (ack | fin) ? 0 : 100);
    talk.repeat(talk.said.size() - 1);
    talk.say(server, ack);
  }
  talk.repeat(0);
  talk.repeat(5);
}

void overlaps(Talk& talk) {
  talk.title = tr("ranges that overlap", "互相重叠的区段");
  talk.shake_hands();
  talk.say(client, ack, 100);          // 1 to 100
  talk.say_at(client, ack, 51, 100);   // half of it new
  talk.say_at(client, ack, 301, 100);  // a gap before it
  talk.say_at(client, ack, 101, 100);  // 50 old, 50 new in the gap
  talk.say_at(client, ack, 251, 100);  // 50 new in the gap, 50 old
  talk.say_at(client, ack, 1, 500);    // all of it, the gap filled, and more
  talk.say_at(client, ack, 220, 10);   // wholly old
  talk.say_at(client, ack, 500, 2);
}

void overtaken(Talk& talk) {
  talk.title = tr("segments overtake one another", "报文段后发先至");
  talk.shake_hands();
  talk.say_at(server, ack, 101, 100);
  talk.say_at(server, ack, 301, 100);
  talk.say_at(server, ack, 1, 100);
  talk.say_at(server, ack, 251, 50);
  talk.say_at(server, ack, 201, 50);
  talk.say_at(server, ack, 201, 50);  // and once more
  talk.say_at(server, ack | fin, 501, 0);
  talk.say_at(server, ack, 401, 100);
  talk.say_at(server, ack, 401, 100);
}

void keep_alive(Talk& talk) {
  talk.title = tr("asking whether anybody is there", "询问对方是否还在");
  talk.shake_hands();
  talk.say(client, ack | psh, 20);
  talk.say_at(client, ack, talk.next(client) - 1);     // no byte: only an acknowledgement
  talk.say_at(client, ack, talk.next(client) - 1, 1);  // one old byte
  talk.say_at(client, ack, talk.next(client) + 50);    // it takes no number
  talk.say(client, ack, 20);
  talk.say_at(client, 0, talk.next(client));
  talk.say_at(client, psh, talk.next(client), 5);
}

void begun_before_old_data(Talk& talk) {
  talk.title = tr("the beginning was not seen", "没有看到开头");
  talk.go_to(client, 5000);
  talk.go_to(server, 9000);
  talk.say(client, ack);
  talk.say(client, ack | psh, 10);
  talk.say_at(client, ack, 4900, 50);  // before all that was seen: new, and not remembered
  talk.say_at(client, ack, 4900, 50);
  talk.say_at(client, ack, 4990, 15);  // half before it
  talk.say(server, ack, 10);
  talk.say_at(server, ack, 8990, 10);
  talk.say(server, ack | fin, 4);
}

void syn_with_data(Talk& talk) {
  talk.title = tr("SYNs that carry data", "带数据的 SYN");
  talk.say(client, syn, 20);
  talk.say_at(client, syn, 0);
  talk.say_at(client, syn, 0, 30);  // ten bytes more
  talk.say(server, syn | ack, 8);
  talk.say(client, ack, 5);
  talk.say_at(server, syn | ack, 0, 8);
}

void fin_with_data(Talk& talk) {
  talk.title = tr("FINs that carry data", "带数据的 FIN");
  talk.shake_hands();
  talk.say(client, ack, 50);
  talk.say_at(client, ack | fin, 31, 20);  // the bytes are old, the FIN is new
  talk.say_at(client, ack | fin, 51, 0);
  talk.say(server, ack | fin, 30);
  talk.say_at(server, ack, 11, 20);
  talk.say_at(server, ack | fin, 31, 0);
}

void broken_off(Talk& talk) {
  talk.title = tr("broken off", "中途断开");
  talk.shake_hands();
  talk.say(server, ack, 10);
  talk.say(client, rst | ack);
  talk.say(client, rst);
  talk.say_at(client, rst, 1);
}

void refused_at_once(Talk& talk) {
  talk.title = tr("refused", "被拒绝");
  talk.say(client, syn);
  talk.say(server, rst | ack);
}

void both_dial(Talk& talk) {
  talk.title = tr("both ends dial at once", "两端同时拨号");
  talk.say(client, syn);
  talk.say(server, syn);
  talk.say_at(client, syn | ack, 0);
  talk.say_at(server, syn | ack, 0);
  talk.say(client, ack, 3);
}

void eight_gaps(Talk& talk) {
  talk.title = tr("eight gaps", "八处空缺");
  talk.shake_hands();
  for (std::int64_t place = 11; place <= 151; place += 20) talk.say_at(client, ack, place, 10);
  for (const std::int64_t place : {81, 1, 141, 61}) {
    talk.say_at(client, ack, place, place == 81 ? 10 : 5);
    talk.say_at(client, ack, place, 10);
  }
  talk.say_at(client, ack, 24, 3);  // in the middle of one
  talk.say_at(client, ack, 1, 180);
}

constexpr Scene short_scenes[] = {plain_call, everything_again,      overlaps,      overtaken,
                                  keep_alive, begun_before_old_data, syn_with_data, fin_with_data,
                                  broken_off, refused_at_once,       both_dial,     eight_gaps};

/// Adds what keeps the gaps few; says whether it did.
bool try_to_say(Talk& talk, Sorter& sorter, const Said& one) {
  Sorter tried = sorter;
  tried.hear(one);
  if (!tried.has_few_gaps()) return false;
  talk.say_at(one.from, one.flags, one.sequence, one.length).window = talk.window;
  sorter = std::move(tried);
  return true;
}

/// A range of data near the end of what this end has said.
Said draw_range(Random& random, const Talk& talk, End from) {
  const std::int64_t next = talk.next(from);
  const auto back = static_cast<std::int64_t>(random.between(0, 120));
  Said one{from, ack | (random.chance(0.5) ? psh : 0), next, 0,
           static_cast<std::uint32_t>(random.between(1, random.chance(0.1) ? 1448 : 60))};
  if (random.chance(0.1)) one.flags |= 0xe0U & static_cast<unsigned>(random.bits());
  switch (random.between(0, 3)) {
    case 0:
      return one;
    case 1:  // something is left out before it
      one.sequence += static_cast<std::int64_t>(random.between(1, 60));
      return one;
    case 2:
      one.sequence = std::max<std::int64_t>(1, next - back);
      return one;
    default:
      one.length = static_cast<std::uint32_t>(random.between(0, 1));
      one.sequence -= one.length;
      return one;
  }
}

void draw_ranges(Random& random, Talk& talk) {
  Sorter sorter;
  talk.title = tr("drawn ranges", "随机区段");
  if (random.chance(0.7)) {
    talk.shake_hands();
  } else {
    talk.go_to(client, static_cast<std::int64_t>(random.between(200, 9000)));
    talk.go_to(server, static_cast<std::int64_t>(random.between(200, 9000)));
  }
  for (const Said& one : talk.said) sorter.hear(one);
  for (auto left = random.between(10, 80); left > 0; --left)
    try_to_say(talk, sorter, draw_range(random, talk, random.chance(0.6) ? client : server));
  for (const End end : {client, server}) {
    if (random.chance(0.3)) continue;
    const Said last{end, ack | fin, talk.next(end), 0,
                    static_cast<std::uint32_t>(random.between(0, 10))};
    if (!try_to_say(talk, sorter, last)) continue;
    if (random.chance(0.5)) talk.repeat(talk.said.size() - 1);
  }
  if (random.chance(0.2)) talk.say(random.chance(0.5) ? client : server, rst | ack);
}

void what_a_segment_is(Trial& trial) {
  Talk talk;
  talk.isn = {draw_small_isn(trial.random), draw_small_isn(trial.random)};
  if (trial.index < std::size(short_scenes))
    short_scenes[trial.index](talk);
  else
    draw_ranges(trial.random, talk);
  Sorter sorter;
  expect_told(trial, talk, [&](std::size_t which, const Told& told) {
    const Said& one = talk.said[which];
    const auto expected = sorter.hear(one);
    expect_in(trial, talk, which, "kind", name_of(told.kind),
              name_of(static_cast<std::uint64_t>(expected.kind)));
    expect_in(trial, talk, which, "fresh", std::to_string(told.fresh),
              std::to_string(expected.fresh));
    expect_in(trial, talk, which, "from", told.from == 0 ? "client" : "server",
              one.from == client ? "client" : "server");
  });
}

}  // namespace

std::vector<Case> segment_cases() {
  return {{"what_a_segment_is", 200, what_a_segment_is}};
}

}  // namespace lab03
