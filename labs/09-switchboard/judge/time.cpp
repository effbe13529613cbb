// Deadlines: of a caller that says nothing, of a call, and of a hang-up. Upper bounds are wide, for
// the machine may be busy.
#include <poll.h>

#include <algorithm>

#include "cases.hpp"
#include "language.hpp"

namespace lab09 {
namespace {

using dialtone::tr;

void pause(milliseconds time) {
  ::poll(nullptr, 0, static_cast<int>(time.count()));
}

/// A caller that is to be ended by a deadline which began at or after `begin`.
struct Doomed {
  Caller caller;
  Clock::time_point begin;
  bool ended = false;
};

/// It hears its last words, and not before the time.
void expect_end(Trial& trial, Doomed& one, std::string_view words, milliseconds limit) {
  const milliseconds took = since(one.begin);
  one.caller.expect(tr("its last words", "最后的话"), words);
  one.caller.expect_hung_up(tr("after its last words", "最后的话之后"));
  one.ended = true;
  trial.expect(one.caller.name() + tr(": not before the deadline", "：不早于时限"), took >= limit,
               ">= " + std::to_string(limit.count()) + " ms", std::to_string(took.count()) + " ms");
}

[[noreturn]] void not_ended(Trial& trial, const Doomed& one, milliseconds limit) {
  trial.fail(one.caller.name() + tr(": it is ended at the deadline (some lateness is forgiven)",
                                    "：到时限就结束（允许稍迟）"),
             std::to_string(limit.count()) + " ms",
             tr("still on the line after ", "仍在线，已过 ") +
                 std::to_string(since(one.begin).count()) + " ms");
}

bool all_ended(const std::vector<Doomed>& doomed) {
  return std::all_of(doomed.begin(), doomed.end(), [](const Doomed& one) { return one.ended; });
}

/// One that talks must not be ended. False where it was, and the machine kept it waiting so long
/// that this says nothing of the switchboard.
bool talk(Trial& trial, Caller& talker, Clock::time_point& talked, milliseconds limit) {
  talker.say("echo here\n");
  const auto before = std::exchange(talked, Clock::now());
  const std::string heard = talker.hear_bytes(5);
  if (heard == "here\n") return true;
  if (since(before) <= limit / 2)
    trial.fail(talker.name() + tr(": who talks is not ended", "：说话的不会被结束"),
               dialtone::show("here\n"), dialtone::show(heard));
  return false;
}

/// One caller says nothing, one never finishes its line; both are ended. One that talks is not.
/// False where the machine was too busy for the last to be told.
bool silence_between_talkers(Trial& trial, Board& board, milliseconds limit) {
  Caller talker = board.dial(trial);
  auto talked = Clock::now();
  std::vector<Doomed> doomed;
  for (int i = 0; i < 2; ++i) {
    const auto begin = Clock::now();
    doomed.push_back({board.dial(trial), begin});
  }
  trial.step(
      tr("the first says a line now and then, the second nothing, the third bytes now and then",
         "第一位不时说一行，第二位什么也不说，第三位不时说一个字节"));
  while (!all_ended(doomed)) {
    if (!talk(trial, talker, talked, limit)) return false;
    for (Doomed& one : doomed) {
      if (one.ended) continue;
      if (one.caller.hears_something(milliseconds(0)))
        expect_end(trial, one, "idle\n", limit);
      else if (since(one.begin) > limit + dialtone::grace)
        not_ended(trial, one, limit);
      else if (&one == &doomed.back())
        one.caller.say("e");
    }
    pause(milliseconds(15));
  }
  talker.say("bye\n");  // and has not been ended while the others were looked at
  return talker.hear_bytes(4) == "bye\n";
}

void silence_is_ended(Trial& trial, Variant variant) {
  constexpr milliseconds limit{200};
  Board board(trial, variant, {.idle = static_cast<int>(limit.count())});
  for (int tries = 0; tries < 5; ++tries) {
    if (!silence_between_talkers(trial, board, limit)) continue;
    const json tally = board.finish(trial);
    if (tries == 0) expect_tally(trial, tally, "timed_out", 2);
    return;
  }
}

/// However much they talk; each from its own beginning on.
void talk_without_end_is_ended(Trial& trial, Variant variant) {
  constexpr milliseconds limit{200};
  Board board(trial, variant, {.total = static_cast<int>(limit.count())});
  std::vector<Doomed> doomed;
  for (int i = 0; i < 2; ++i) {
    if (i > 0) pause(milliseconds(80));
    const auto begin = Clock::now();
    doomed.push_back({board.dial(trial), begin});
  }
  const auto begin = Clock::now();
  while (!all_ended(doomed)) {
    for (Doomed& one : doomed) {
      if (one.ended) continue;
      one.caller.say("echo x\n");
      if (!one.caller.hears_something(peer_time)) not_ended(trial, one, limit);
      const auto answer = one.caller.peek();
      if (answer.starts_with("x"))
        one.caller.expect("echo", "x\n");
      else
        expect_end(trial, one, "time is up\n", limit);
      if (!one.ended && since(begin) > limit + dialtone::grace) not_ended(trial, one, limit);
    }
    pause(milliseconds(15));
  }
  for (Doomed& one : doomed) one.caller.hang_up();
  expect_tally(trial, board.finish(trial), "timed_out", doomed.size());
}

/// The student has just this many sockets again, within the time.
void expect_sockets(Trial& trial, std::string_view what, std::size_t count, milliseconds time) {
  const auto begin = Clock::now();
  std::size_t open = open_sockets(trial);
  while (open != count && since(begin) < time + dialtone::grace) {
    pause(milliseconds(10));
    open = open_sockets(trial);
  }
  trial.expect_equal(what, open, count);
}

/// Much waits when the hang-up begins, and there is more to be read than is wanted.
void hang_up_sends_what_is_queued(Trial& trial, Variant variant) {
  Board& board = lasting_board(trial, variant, {.queue = std::size_t{1} << 20U});
  Caller caller = board.dial(trial);
  std::string said;
  std::string answers;
  const std::size_t lines =
      trial.index % 4 == 0 ? trial.random.between(400, 600) : trial.random.between(1, 100);
  for (std::size_t i = 0; i < lines; ++i) {
    const std::string text = std::to_string(i) + trial.random.text(500, "abcdefgh");
    said += "echo " + text + "\n";
    answers += text + "\n";
  }
  said += "bye\n";
  // More lies unread when the call is closed: a close that does not read it ends in a RST, and what
  // the caller's window had no room for yet is lost.
  for (int i = 0; i < 600; ++i) said += "echo nobody hears this\n";
  caller.say(said);
  for (std::size_t more = trial.random.between(0, 3); more > 0; --more)
    caller.say_until_blocked("echo nobody hears this\n", milliseconds(0));
  caller.expect(tr("what is queued", "队列中的内容"), answers);
  caller.expect(tr("what is queued", "队列中的内容"), "bye\n");
  if (trial.random.chance(0.5)) caller.say_until_blocked("echo nor this\n", milliseconds(0));
  caller.expect_hung_up(tr("after bye", "bye 之后"));
}

/// One is told goodbye and stays on the line; one takes nothing of what it is told. Neither is
/// waited for.
void hang_up_waits_no_longer_than_closing(Trial& trial, Variant variant) {
  constexpr milliseconds closing{100};
  Board board(trial, variant,
              {.queue = std::size_t{1} << 20U, .closing = static_cast<int>(closing.count())});
  Caller stays = board.dial_and_talk(trial);
  stays.say("bye\n");
  stays.expect("bye", "bye\n");
  stays.expect_hung_up(tr("after bye", "bye 之后"));
  Caller deaf = board.dial(trial);
  std::string flood;
  while (flood.size() < 400'000) flood += "echo " + std::string(500, 'x') + "\n";
  deaf.say(flood + "bye\n");
  trial.step(tr("caller 1 was told bye and stays; caller 2 does not listen",
                "来电者 1 已道别却不挂断；来电者 2 什么也不听"));
  constexpr std::size_t listener_and_channel = 2;
  expect_sockets(trial,
                 tr("its sockets when closing is over: the listener, and the judge's channel",
                    "closing 过后它的套接字：监听套接字，以及判题器的通道"),
                 listener_and_channel, closing);
  stays.hang_up();
  deaf.hang_up();
}

}  // namespace

std::vector<Rule> time_rules() {
  return {{"silence_is_ended", 1, silence_is_ended},
          {"talk_without_end_is_ended", 1, talk_without_end_is_ended},
          {"hang_up_sends_what_is_queued", 40, hang_up_sends_what_is_queued},
          {"hang_up_waits_no_longer_than_closing", 1, hang_up_waits_no_longer_than_closing}};
}

}  // namespace lab09
