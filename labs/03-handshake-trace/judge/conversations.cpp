// Whole conversations, from the first SYN to the last ACK or to whatever end they come: what both
// ends are after each segment.
#include <iterator>
#include <utility>

#include "talk.hpp"

namespace lab03 {
namespace {

using enum End;
using namespace tcp;

/// Both ends' states by the table.
class Ends {
 public:
  void hear(const Said& one) {
    if (!begun_) begin(one);
    auto& mine_fin = fin_[at(one.from)];
    const auto& others_fin = fin_[at(other(one.from))];
    unsigned bits = 0;
    if (one.has(syn)) bits |= says::syn;
    if (one.has(rst)) bits |= says::rst;
    if (one.has(fin) && !mine_fin) {
      bits |= says::fin;
      mine_fin = one.end() - 1;
    }
    if (one.has(ack)) {
      bits |= says::ack;
      if (one.acknowledgement > 0) bits |= says::acknowledges_syn;
      if (others_fin && one.acknowledgement > *others_fin) bits |= says::acknowledges_fin;
    }
    State& sender = states_[at(one.from)];
    State& receiver = states_[at(other(one.from))];
    sender = after_sending(sender, bits);
    receiver = after_receiving(receiver, bits);
  }

  State state(End end) const { return states_[at(end)]; }

 private:
  void begin(const Said& first) {
    begun_ = true;
    if (!first.has(syn) || first.has(rst)) return;
    states_ = {first.has(ack) ? State::syn_sent : State::closed, State::listen};
  }

  bool begun_ = false;
  std::array<State, 2> states_ = {State::established, State::established};
  std::array<std::optional<std::int64_t>, 2> fin_;
};

// --- how they begin ---

struct Way {
  void (*take)(Talk&);
  const char* english;
  const char* chinese;
};

void open_plainly(Talk& talk) {
  talk.shake_hands();
}

void open_at_the_second_try(Talk& talk) {
  talk.say(client, syn);
  talk.repeat(0);
  talk.say(server, syn | ack);
  talk.repeat(2);
  talk.say(client, ack);
}

void open_from_both_ends(Talk& talk) {
  talk.say(client, syn);
  talk.say(server, syn);
  talk.repeat(0).flags |= ack;
  talk.said.back().acknowledgement = 1;
  talk.repeat(1).flags |= ack;
  talk.said.back().acknowledgement = 1;
}

void open_from_both_ends_with_one_answer(Talk& talk) {
  talk.say(client, syn);
  talk.say(server, syn);
  talk.repeat(1).flags |= ack;
  talk.said.back().acknowledgement = 1;
  talk.say(client, ack);
}

void open_unseen(Talk& talk) {
  talk.go_to(client, 300);
  talk.go_to(server, 500);
  talk.say(server, ack, 20);
}

void open_with_the_answer(Talk& talk) {
  talk.go_to(client, 1);
  talk.say(server, syn | ack);
  talk.say(client, ack);
}

void open_after_a_wrong_answer(Talk& talk) {
  talk.say(client, syn);
  talk.say_behind(server, syn | ack, 0, -1000);  // it acknowledges no SYN of ours
  talk.said.push_back({client, rst, -1000});
  talk.go_to(server, 0);
  talk.repeat(0);
}

constexpr Way openings[] = {
    {open_plainly, "handshake", "握手"},
    {open_at_the_second_try, "handshake at the second try", "第二次才成功的握手"},
    {open_from_both_ends, "both ends dial at once", "两端同时拨号"},
    {open_from_both_ends_with_one_answer, "both ends dial at once, one answers",
     "两端同时拨号，一端应答"},
    {open_unseen, "the beginning was not seen", "没有看到开头"},
    {open_with_the_answer, "the first SYN was not seen", "没有看到第一个 SYN"}};

// --- how they end ---

template <End first>
void close_in_four(Talk& talk) {
  talk.say(first, ack | fin);
  talk.say(other(first), ack);
  talk.say(other(first), ack | fin);
  talk.say(first, ack);
}

template <End first>
void close_in_three(Talk& talk) {
  talk.say(first, ack | fin, 7);
  talk.say(other(first), ack | fin);
  talk.say(first, ack);
}

/// The FINs cross on the wire: neither acknowledges the other.
void close_at_once(Talk& talk) {
  const std::int64_t before = talk.next(client);
  talk.say(client, ack | fin);
  talk.say_behind(server, ack | fin, 0, before);
  talk.say(client, ack);
  talk.say(server, ack);
}

void close_one_way_first(Talk& talk) {
  talk.say(client, ack | fin);
  talk.say(server, ack);
  talk.say(server, ack, 100);
  talk.say(client, ack);
  talk.say(server, ack | psh, 30);
  talk.say(client, ack);
  talk.say(server, ack | fin, 1);
  talk.say(client, ack);
}

void close_with_fins_again(Talk& talk) {
  const std::size_t first = talk.said.size();
  talk.say(server, ack | fin);
  talk.repeat(first);
  talk.say(client, ack);
  talk.repeat(first);
  talk.say(client, ack | fin);
  talk.repeat(talk.said.size() - 1);
  talk.say(server, ack);
  talk.repeat(first);
}

/// What is acknowledged ends one number before the FIN, which has data before it or has none.
void close_short_by_one(Talk& talk) {
  const std::int64_t fin_of_client = talk.next(client) + 7;
  talk.say(client, ack | fin, 7);
  talk.say_behind(server, ack, 0, fin_of_client);
  talk.say(server, ack);
  const std::int64_t fin_of_server = talk.next(server);
  talk.say(server, ack | fin);
  talk.say_behind(client, ack, 0, fin_of_server);
  talk.say(client, ack);
}

template <End end>
void break_off(Talk& talk) {
  talk.say(end, rst | ack);
}

void break_off_after_a_fin(Talk& talk) {
  talk.say(client, ack | fin);
  talk.say(server, ack, 10);
  talk.say(client, rst);
}

void stay(Talk&) {}

constexpr Way endings[] = {
    {close_in_four<client>, "the client hangs up first", "客户端先挂断"},
    {close_in_four<server>, "the server hangs up first", "服务端先挂断"},
    {close_in_three<client>, "closed in three segments", "三个报文段关闭"},
    {close_in_three<server>, "closed in three segments by the server", "服务端先关，三个报文段"},
    {close_at_once, "both hang up at once", "两端同时挂断"},
    {close_one_way_first, "one direction ends long before the other", "一个方向早早结束"},
    {close_with_fins_again, "FINs again", "FIN 重复"},
    {close_short_by_one, "acknowledgements that end just before a FIN", "恰好确认到 FIN 之前"},
    {break_off<client>, "the client breaks off", "客户端断开"},
    {break_off<server>, "the server breaks off", "服务端断开"},
    {break_off_after_a_fin, "broken off after a FIN", "FIN 之后断开"},
    {stay, "it goes on", "仍在继续"}};

// --- those that never become one ---

void refused(Talk& talk) {
  talk.say(client, syn);
  talk.say(server, rst | ack);
  talk.repeat(0);  // dialled again
  talk.say(server, rst | ack);
}

void given_up(Talk& talk) {
  talk.say(client, syn);
  talk.repeat(0);
  talk.say(client, rst);
}

void half_open(Talk& talk) {
  talk.say(client, syn);
  talk.say(server, syn | ack);
  talk.repeat(1);
  talk.repeat(1);
  talk.say(server, rst);
}

void wrong_answer(Talk& talk) {
  open_after_a_wrong_answer(talk);
  talk.say(server, syn | ack);
}

void begins_with_a_reset(Talk& talk) {
  talk.go_to(client, 100);
  talk.go_to(server, 100);
  talk.say(server, rst | ack);
  talk.say(client, ack);
}

void begins_with_a_strange_reset(Talk& talk) {
  talk.say(client, syn | rst);
  talk.say(server, rst | ack);
}

void begins_with_a_fin(Talk& talk) {
  talk.go_to(client, 100);
  talk.go_to(server, 100);
  close_in_four<server>(talk);
}

void fin_with_the_handshakes_end(Talk& talk) {
  talk.say(client, syn);
  talk.say(server, syn | ack);
  talk.say(client, ack | fin, 5);
  talk.say(server, ack | fin, 5);
  talk.say(client, ack);
}

void fin_before_the_handshakes_end(Talk& talk) {
  talk.say(client, syn);
  talk.say(server, syn | ack);
  talk.say(server, ack | fin, 5);
  talk.say(client, ack);
  talk.say(client, ack | fin);
  talk.say(server, ack);
}

void fin_at_the_top(Talk& talk) {
  talk.isn = {0xffffffff - 11, 0xffffffff - 1};
  talk.shake_hands();
  talk.say(client, ack, 10);
  talk.say(client, ack | fin);  // number 4294967295
  talk.say_behind(server, ack, 0, 11);
  talk.say(server, ack);
  talk.say(server, ack | fin);
  talk.say(client, ack);
}

constexpr Way scenes[] = {
    {refused, "refused, and dialled again", "被拒绝，再拨一次"},
    {given_up, "given up before any answer", "没有应答就放弃"},
    {half_open, "the third step never comes", "第三步没有来"},
    {wrong_answer, "an answer to an older SYN", "对旧 SYN 的应答"},
    {begins_with_a_reset, "a RST is the first that is seen", "最先看到的是 RST"},
    {begins_with_a_strange_reset, "a RST that has a SYN is the first", "最先看到的是带 SYN 的 RST"},
    {begins_with_a_fin, "a FIN is the first that is seen", "最先看到的是 FIN"},
    {fin_with_the_handshakes_end, "a FIN with the handshake's last step", "握手最后一步带着 FIN"},
    {fin_before_the_handshakes_end, "a FIN before the handshake's last step",
     "握手最后一步之前的 FIN"},
    {fin_at_the_top, "a FIN has the number 4294967295", "FIN 的序号是 4294967295"}};

// --- putting them together ---

void take(Talk& talk, const Way& way) {
  way.take(talk);
  talk.title += (talk.title.empty() ? "" : tr("; ", "；")) + tr(way.english, way.chinese);
}

/// Data both ways, with retransmissions, late acknowledgements, and segments that were lost.
void draw_middle(Random& random, Talk& talk) {
  const std::size_t first = talk.said.size();
  for (auto left = random.between(0, 40); left > 0; --left) {
    const End from = random.chance(0.5) ? client : server;
    const auto length = static_cast<std::uint32_t>(random.between(0, 3) * 40);
    if (random.chance(0.15) && talk.said.size() > first)
      talk.repeat(random.between(first, talk.said.size() - 1));
    else if (random.chance(0.15))
      talk.say_behind(from, ack, length, talk.next(other(from)) - (random.chance(0.5) ? 1 : 0));
    else
      talk.say(from, ack | (random.chance(0.5) ? psh : 0), length);
  }
  for (int lost = 0; lost < 4 && talk.said.size() > first + 1; ++lost)
    talk.said.erase(talk.said.begin() +
                    static_cast<std::ptrdiff_t>(random.between(first, talk.said.size() - 1)));
  for (std::size_t i = first + 1; i < talk.said.size(); ++i)
    if (random.chance(0.15)) std::swap(talk.said[i - 1], talk.said[i]);
}

/// The scenes, then each ending after a plain handshake, then every opening with every ending.
void draw_talk(Random& random, Talk& talk, std::size_t number) {
  if (number < std::size(scenes)) return take(talk, scenes[number]);
  number -= std::size(scenes);
  const bool plain = number < std::size(endings);
  if (!plain) number -= std::size(endings);
  take(talk, openings[plain ? 0 : number / std::size(endings) % std::size(openings)]);
  if (!plain) draw_middle(random, talk);
  const std::size_t last = talk.said.size();
  take(talk, endings[number % std::size(endings)]);
  if (plain) return;
  for (auto left = random.between(0, 3); left > 0 && talk.said.size() > last; --left)
    talk.repeat(random.between(last, talk.said.size() - 1));
}

constexpr std::size_t inputs =
    std::size(scenes) + std::size(endings) * (1 + 3 * std::size(openings));

void whole_conversations(Trial& trial) {
  Random& random = trial.random;
  Talk talk;
  talk.isn = {draw_isn(random, 1500), draw_isn(random, 1500)};
  draw_talk(random, talk, trial.index);
  Ends ends;
  expect_told(trial, talk, [&](std::size_t which, const Told& told) {
    ends.hear(talk.said[which]);
    expect_in(trial, talk, which, "client", name_of_state(told.client),
              name_of(ends.state(client)));
    expect_in(trial, talk, which, "server", name_of_state(told.server),
              name_of(ends.state(server)));
  });
}

}  // namespace

std::vector<Case> conversation_cases() {
  return {{"whole_conversations", inputs, whole_conversations}};
}

}  // namespace lab03
