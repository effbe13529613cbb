// Relative numbers, and windows in bytes.
#include <algorithm>
#include <iterator>

#include "talk.hpp"

namespace lab03 {
namespace {

using enum End;
using namespace tcp;

constexpr std::int64_t big_step = std::int64_t{1} << 29;

using Scene = void (*)(Talk&);

// --- relative numbers ---

void over_the_top(Talk& talk) {
  talk.title = tr("the numbers pass 4294967295", "序号越过 4294967295");
  talk.isn = {0xffffffff, 0xfffffffe};
  talk.shake_hands();
  for (int i = 0; i < 3; ++i) {
    talk.say(client, ack, 10);
    talk.say(server, ack, 1);
  }
}

void within_the_call(Talk& talk) {
  talk.title = tr("they pass it in mid-call, with a retransmission across it",
                  "通话中途越过，并在两侧之间重传");
  talk.isn = {0xffffffff - 25, 7};
  talk.shake_hands();
  for (int i = 0; i < 4; ++i) talk.say(client, ack, 10);
  talk.say(server, ack, 5);
  talk.say_at(client, ack, 11, 10);
  talk.say_at(client, ack, 21, 30);
  talk.say_behind(server, ack, 0, 11);
}

void begun_in_the_middle(Talk& talk) {
  talk.title = tr("the beginning was not seen", "没有看到开头");
  talk.go_to(client, 5000);
  talk.go_to(server, 9000);
  talk.say(client, ack, 10);
  talk.say(server, ack, 20);
  talk.say_at(client, ack, 4000, 10);  // older than the first
  talk.say_behind(server, ack, 0, 4500);
  talk.say_at(server, ack, 8999, 1);
  talk.say(client, ack, 10);
}

void only_acknowledgements(Talk& talk) {
  talk.title =
      tr("5 GiB, of which only the acknowledgements are seen", "5 GiB 数据，只看到对它的确认");
  talk.shake_hands();
  for (int i = 0; i < 11; ++i) {
    talk.say(client, ack);
    talk.go_to(server, talk.next(server) + big_step - 1);
  }
}

void more_than_4_gib(Talk& talk) {
  talk.title = tr("more than 4 GiB each way", "每个方向都超过 4 GiB");
  talk.shake_hands();
  for (int i = 0; i < 20; ++i) {
    const End from = i % 2 == 0 ? client : server;
    talk.go_to(from, talk.next(from) + big_step);
    talk.say(from, ack, 1000);
    talk.say_at(from, ack, talk.next(from) - 1000, 1000);
  }
}

void no_ack(Talk& talk) {
  talk.title = tr("a field without its flag", "有确认号字段，没有 ACK 标志");
  talk.say_behind(client, syn, 0, 77);
  talk.say(server, syn | ack);
  talk.say(client, ack, 5);
  talk.say_behind(client, psh, 5, 1234);
  talk.say_behind(server, rst, 0, 4321);
}

void answer_first(Talk& talk) {
  talk.title = tr("the first SYN was not seen", "没有看到第一个 SYN");
  talk.go_to(client, 1);
  talk.say(server, syn | ack);
  talk.say(client, ack);
  talk.say(client, ack, 9);
  talk.say(server, ack, 9);
}

void answer_missing(Talk& talk) {
  talk.title = tr("the second SYN was not seen", "没有看到第二个 SYN");
  talk.say(client, syn);
  talk.go_to(server, 3000);
  talk.say(client, ack);
  talk.say_at(server, ack, 2900, 40);
  talk.say_at(server, ack, 3000, 40);
  talk.say(client, ack | fin, 9);
}

void begun_at_the_top(Talk& talk) {
  talk.title = tr("seen from 4294967295 on", "从 4294967295 开始看到");
  talk.isn = {0xfffffff0, 0xfffffff0};
  talk.go_to(client, 15);
  talk.go_to(server, 16);
  talk.say(client, ack, 3);
  talk.say(server, ack, 3);
  talk.say_at(client, ack, 10, 3);
  talk.say(client, ack | fin);
  talk.say(server, ack);
}

void syns_and_fins_again(Talk& talk) {
  talk.title = tr("SYNs and FINs again", "SYN 和 FIN 各说两遍");
  talk.isn = {0xfffffffd, 0xfffffff8};
  talk.say(client, syn);
  talk.repeat(0);
  talk.say(server, syn | ack);
  talk.repeat(2);
  talk.say(client, ack | fin, 4);
  talk.repeat(4);
  talk.say(server, ack | fin, 9);
  talk.repeat(6);
  talk.say(client, ack);
}

constexpr Scene number_scenes[] = {
    over_the_top, within_the_call, begun_in_the_middle, more_than_4_gib,  only_acknowledgements,
    no_ack,       answer_first,    answer_missing,      begun_at_the_top, syns_and_fins_again};

void draw_numbers(Random& random, Talk& talk) {
  talk.title = tr("drawn", "随机");
  const bool large = random.chance(0.4);
  if (random.chance(0.6)) {
    talk.shake_hands();
  } else {
    talk.title += tr("; the beginning was not seen", "；没有看到开头");
    talk.go_to(client, static_cast<std::int64_t>(random.between(1, 1U << 20U)));
    talk.go_to(server, static_cast<std::int64_t>(random.between(1, 1U << 20U)));
  }
  for (auto left = random.between(10, 60); left > 0; --left) {
    const End from = random.chance(0.5) ? client : server;
    const auto length = static_cast<std::uint32_t>(random.between(1, 1448));
    const unsigned flags = random.chance(0.95) ? ack : psh;
    if (large && random.chance(0.5))
      talk.go_to(from, talk.next(from) + static_cast<std::int64_t>(random.between(1, big_step)));
    if (random.chance(0.2))
      talk.say_at(from, flags, talk.next(from) - static_cast<std::int64_t>(random.between(1, 5000)),
                  length);
    else if (random.chance(0.2))
      talk.say_behind(from, ack, length,
                      talk.next(other(from)) - static_cast<std::int64_t>(random.between(0, 5000)));
    else
      talk.say(from, flags, length);
  }
}

void relative_numbers(Trial& trial) {
  Talk talk;
  talk.isn = {draw_isn(trial.random, 20'000), draw_isn(trial.random, 20'000)};
  if (trial.index < std::size(number_scenes))
    number_scenes[trial.index](talk);
  else
    draw_numbers(trial.random, talk);
  Zeros zeros;
  expect_told(trial, talk, [&](std::size_t which, const Told& told) {
    const Said& one = talk.said[which];
    zeros.hear(one);
    expect_in(trial, talk, which, "sequence", std::to_string(told.sequence),
              std::to_string(zeros.relative(one.from, one.sequence)));
    const std::int64_t acknowledged =
        one.has(ack) ? zeros.relative(other(one.from), one.acknowledgement) : 0;
    expect_in(trial, talk, which, "acknowledgement", std::to_string(told.acknowledgement),
              std::to_string(acknowledged));
  });
}

// --- windows ---

/// How a conversation begins, as far as windows go.
struct Offers {
  std::optional<unsigned> client;
  std::optional<unsigned> server;
  bool client_syn = true;  ///< it was seen
  bool server_syn = true;

  bool scaled() const { return client_syn && server_syn && client && server; }
  /// What a window of this segment counts, in bytes.
  std::uint64_t unit(const Said& one) const {
    if (one.has(syn) || !scaled()) return 1;
    const unsigned shift = *(one.from == End::client ? client : server);
    return std::uint64_t{1} << std::min(shift, 14U);
  }
};

Offers draw_offers(Trial& trial) {
  const std::vector<Offers> corners = {{7, 7},
                                       {2, 9},
                                       {7, {}},
                                       {{}, 7},
                                       {{}, {}},
                                       {14, 15},
                                       {255, 0},
                                       {0, 0},
                                       {5, 6, false, true},
                                       {5, 6, true, false},
                                       {5, 6, false, false},
                                       {16, 13}};
  if (trial.index < corners.size()) return corners[trial.index];
  Random& random = trial.random;
  const auto draw = [&random]() -> std::optional<unsigned> {
    if (random.chance(0.2)) return {};
    return static_cast<unsigned>(random.between(0, random.chance(0.2) ? 255 : 14));
  };
  return {draw(), draw(), random.chance(0.9), random.chance(0.9)};
}

std::optional<std::uint8_t> option(std::optional<unsigned> shift) {
  if (!shift) return {};
  return static_cast<std::uint8_t>(*shift);
}

void scaled_windows(Trial& trial) {
  Random& random = trial.random;
  const Offers offers = draw_offers(trial);
  Talk talk;
  talk.isn = {draw_small_isn(random), draw_small_isn(random)};
  talk.title = tr("windows", "窗口");
  const auto any_window = [&] {
    talk.window = static_cast<std::uint16_t>(random.chance(0.2) ? 65535 : random.bits());
  };
  any_window();
  talk.go_to(client, 1);
  if (offers.client_syn) talk.say_at(client, syn, 0).shift = option(offers.client);
  any_window();
  if (offers.server_syn) {
    talk.say(server, syn | ack).shift = option(offers.server);
    if (random.chance(0.3)) talk.repeat(talk.said.size() - 1);
  } else {
    talk.go_to(server, 1);
  }
  for (int i = 0; i < 12; ++i) {
    any_window();
    const End from = i == 0 || random.chance(0.5) ? client : server;
    Said& one = talk.say(from, ack, static_cast<std::uint32_t>(i % 2 == 0 ? 0 : 10));
    // Only a SYN can offer it.
    if (i > 0 && random.chance(0.1)) one.shift = static_cast<std::uint8_t>(random.between(1, 14));
  }
  any_window();
  talk.say(server, ack | fin);
  expect_told(trial, talk, [&](std::size_t which, const Told& told) {
    const Said& one = talk.said[which];
    expect_in(trial, talk, which, "window", std::to_string(told.window),
              std::to_string(one.window * offers.unit(one)));
  });
}

}  // namespace

std::vector<Case> number_cases() {
  return {{"relative_numbers", 200, relative_numbers}, {"scaled_windows", 150, scaled_windows}};
}

}  // namespace lab03
