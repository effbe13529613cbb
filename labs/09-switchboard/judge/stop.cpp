// The end: what is in flight is answered, who comes now is refused, and nobody is waited for
// without end.
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>

#include "cases.hpp"
#include "language.hpp"

namespace lab09 {
namespace {

using dialtone::tr;

/// How much of what was sent the kernel at the other end has not got yet.
std::size_t under_way(const Caller& caller) {
  int bytes = 0;
  ::ioctl(caller.get(), SIOCOUTQ, &bytes);
  return static_cast<std::size_t>(bytes);
}

bool all_has_arrived(const Caller& caller) {
  for (int tries = 0; tries < 1000; ++tries) {
    if (under_way(caller) == 0) return true;
    ::poll(nullptr, 0, 1);
  }
  return false;
}

/// A caller that says lines and waits with listening, and the answers to what must have arrived.
struct InFlight {
  Caller caller;
  std::string answers;
};

InFlight say_some_lines(Trial& trial, Board& board) {
  InFlight one{board.dial_and_talk(trial), ""};
  std::string said;
  for (std::size_t line = trial.random.between(0, 10); line > 0; --line) {
    const std::string text = trial.random.text(trial.random.between(0, 400), "abcdefgh");
    said += "echo " + text + "\n";
    one.answers += text + "\n";
  }
  if (trial.random.chance(0.3)) said += "echo no end";
  if (!said.empty()) one.caller.say(said);
  return one;
}

/// So much that its queue is full, and some of it waits unread in the kernel.
InFlight say_too_much(Trial& trial, Board& board) {
  constexpr std::size_t length = 500;
  InFlight one{board.dial_and_talk(trial), ""};
  std::string flood;
  while (flood.size() < 500'000) flood += "echo " + std::string(length, 'x') + "\n";
  const std::size_t taken = one.caller.say_until_blocked(flood, milliseconds(30));
  const std::size_t lines = (taken - under_way(one.caller)) / (length + 6);
  for (std::size_t i = 0; i < lines; ++i) one.answers += std::string(length, 'x') + "\n";
  return one;
}

void stop_answers_what_has_arrived(Trial& trial, Variant variant) {
  Board board(trial, variant, {.queue = 8U << 10U});
  std::vector<InFlight> calls;
  for (std::size_t i = trial.random.between(1, 4); i > 0; --i)
    calls.push_back(say_some_lines(trial, board));
  for (const InFlight& one : calls)
    if (!all_has_arrived(one.caller)) return;  // the machine is too busy to tell what had arrived
  const bool too_much = trial.index % 2 == 0;  // the kernel does not always hold some back
  if (too_much) calls.push_back(say_too_much(trial, board));
  board.pull_stop(trial);
  for (InFlight& one : calls) {
    one.caller.expect(tr("what had arrived is answered", "已经到达的都得到回答"), one.answers);
    // More may have arrived since it was looked at.
    if (too_much && &one == &calls.back())
      one.caller.hear_to_the_end(tr("after the stop", "叫停之后"));
    else
      one.caller.expect_hung_up(tr("after the stop", "叫停之后"));
    one.caller.hang_up();
  }
  board.is_over(trial, peer_time);
}

/// While one that is told goodbye has not gone yet, and is waited for.
void stop_refuses_new_callers(Trial& trial, Variant variant) {
  Board board(trial, variant);
  Caller stays = board.dial_and_talk(trial);
  board.pull_stop(trial);
  stays.expect_hung_up(tr("after the stop", "叫停之后"));
  trial.step(
      tr("caller 1 has not hung up yet; another one dials", "来电者 1 尚未挂断；又有人拨号"));
  trial.expect(tr("the listener is closed at once", "监听套接字立即关闭"), !board.can_be_dialled(),
               tr("refused", "被拒绝"), tr("a connection", "连接成功"));
  stays.hang_up();
  board.is_over(trial, peer_time);
}

/// One stays on the line, one takes nothing of what it is told.
void stop_waits_no_longer_than_closing(Trial& trial, Variant variant) {
  constexpr milliseconds closing{100};
  Board board(trial, variant, {.queue = 16U << 10U, .closing = static_cast<int>(closing.count())});
  Caller stays = board.dial_and_talk(trial);
  Caller deaf = board.dial_and_talk(trial);
  std::string flood;
  while (flood.size() < std::size_t{1} << 20U) flood += "echo " + std::string(500, 'x') + "\n";
  deaf.say_until_blocked(flood, milliseconds(40));
  board.pull_stop(trial);
  const auto begin = Clock::now();
  if (!board.is_over(trial, closing + dialtone::grace))
    trial.fail(tr("it ends when closing is over (some lateness is forgiven)",
                  "closing 过后就结束（允许稍迟）"),
               std::to_string(closing.count()) + " ms",
               tr("it still runs after ", "仍在运行，已过 ") +
                   std::to_string(since(begin).count()) + " ms");
}

}  // namespace

std::vector<Rule> stop_rules() {
  return {{"stop_answers_what_has_arrived", 40, stop_answers_what_has_arrived},
          {"stop_refuses_new_callers", 5, stop_refuses_new_callers},
          {"stop_waits_no_longer_than_closing", 1, stop_waits_no_longer_than_closing}};
}

}  // namespace lab09
