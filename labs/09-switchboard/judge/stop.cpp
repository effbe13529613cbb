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

/// Waits until the kernel at the other end has all that was sent.
bool has_arrived(const Caller& caller) {
  for (int tries = 0; tries < 1000; ++tries) {
    int under_way = 0;
    ::ioctl(caller.get(), SIOCOUTQ, &under_way);
    if (under_way == 0) return true;
    ::poll(nullptr, 0, 1);
  }
  return false;
}

/// Some callers' lines wait in the kernel, some callers' answers in a queue, and one has not
/// finished its line.
void stop_answers_what_has_arrived(Trial& trial, Variant variant) {
  Board board(trial, variant, {.queue = 8U << 10U});
  std::vector<Caller> callers;
  std::vector<std::string> answers;
  for (std::size_t i = trial.random.between(1, 4); i > 0; --i) {
    callers.push_back(board.dial_and_talk(trial));
    std::string said;
    answers.emplace_back();
    // More than the server reads at once, and less than the kernel holds for it.
    const std::size_t lines = trial.random.between(0, trial.random.chance(0.4) ? 150 : 10);
    for (std::size_t line = 0; line < lines; ++line) {
      const std::string text = std::to_string(line) + trial.random.text(400, "abcdefgh");
      said += "echo " + text + "\n";
      answers.back() += text + "\n";
    }
    if (trial.random.chance(0.3)) said += "echo no end";
    if (!said.empty()) callers.back().say(said);
  }
  for (const Caller& caller : callers)
    if (!has_arrived(caller)) return;  // the machine is too busy to tell what had arrived
  board.pull_stop(trial);
  for (std::size_t i = 0; i < callers.size(); ++i) {
    callers[i].expect(tr("what had arrived is answered", "已经到达的都得到回答"), answers[i]);
    callers[i].expect_hung_up(tr("after the stop", "叫停之后"));
    callers[i].hang_up();
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
  constexpr milliseconds closing{200};
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
  return {{"stop_answers_what_has_arrived", 60, stop_answers_what_has_arrived},
          {"stop_refuses_new_callers", 3, stop_refuses_new_callers},
          {"stop_waits_no_longer_than_closing", 1, stop_waits_no_longer_than_closing}};
}

}  // namespace lab09
