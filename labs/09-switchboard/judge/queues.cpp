// Callers that do not listen: what waits for them is bounded, and nobody waits for them; and how
// many callers there may be.
#include "cases.hpp"
#include "language.hpp"

namespace lab09 {
namespace {

using dialtone::tr;

/// "echo" lines whose answers are of this length with their ends, and the answers.
struct Flood {
  std::string said;
  std::string answers;
  std::size_t line = 0;  ///< bytes of one line that is said, with its end
};

Flood draw_flood(Trial& trial, std::size_t bytes, std::size_t length = 500) {
  Flood flood;
  flood.line = length + 5;
  for (std::size_t number = 0; flood.said.size() < bytes; ++number) {
    std::string text = std::to_string(number) + " ";
    text += trial.random.text(8, "abcdefgh");
    text.resize(length - 1, '-');
    flood.said += "echo " + text + "\n";
    flood.answers += text + "\n";
  }
  return flood;
}

/// Kilobytes of memory that the student's process has in use; 0 under sanitizers.
std::uint64_t memory_in_use(const Trial& trial) {
  return trial.student.memory("VmRSS") / 1024;
}

/// More is said than any queue holds, in rounds that a listening caller's queue has room for.
void full_queue_leaves_chat_out(Trial& trial, Variant variant) {
  constexpr std::size_t round = 10;
  constexpr std::size_t rounds = 800;
  Board board(trial, variant, {.queue = 16U << 10U});
  Caller hearer = board.dial_and_talk(trial);
  Caller deaf = board.dial_and_talk(trial);
  Caller speaker = board.dial_and_talk(trial);
  const std::string says = std::to_string(board.dialled()) + " says ";
  const std::uint64_t before = memory_in_use(trial);

  trial.step(tr("caller 3 says 8000 lines of 900 bytes; caller 1 listens, caller 2 does not",
                "来电者 3 说 8000 行，每行 900 字节；来电者 1 在听，来电者 2 不听"));
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < rounds; ++i) {
    std::string said;
    std::string chat;
    for (std::size_t j = 0; j < round; ++j) {
      std::string text = std::to_string(texts.size()) + " ";
      text.resize(900, static_cast<char>('a' + trial.random.between(0, 25)));
      said += "say " + text + "\n";
      chat += says + text + "\n";
      texts.push_back(std::move(text));
    }
    if (!dialtone::write_within(speaker.get(), said, peer_time))
      trial.fail(tr("the speaker is heard", "说话的人被听到"), tr("every line", "每一行"),
                 tr("no more is taken", "不再接收"));
    std::string answers;
    for (std::size_t j = 0; j < round; ++j) answers += "said\n";
    speaker.expect(tr("nobody waits for a caller that does not listen", "没有人等待不听的来电者"),
                   answers);
    hearer.expect(tr("who listens hears every line", "在听的人听到每一行"), chat);
  }
  const std::uint64_t after = memory_in_use(trial);
  trial.expect(tr("memory that the process uses (VmRSS)", "进程使用的内存（VmRSS）"),
               after < before + 3000, "< " + std::to_string(before + 3000) + " kB",
               std::to_string(after) + " kB");

  deaf.say("echo that is all\n");
  std::string heard = deaf.hear_up_to(tr("what was kept for it", "为它留着的话"), "that is all\n");
  heard.resize(heard.size() - std::string_view("that is all\n").size());
  std::uint64_t lines = 0;
  std::size_t next = 0;
  for (std::size_t at = 0; at < heard.size(); ++lines) {
    const std::string line = heard.substr(at, heard.find('\n', at) - at);
    while (next < texts.size() && says + texts[next] != line) ++next;
    if (next++ >= texts.size())
      trial.fail(tr("lines are left out whole, and the others keep their order",
                    "整行整行地略去，其余的保持次序"),
                 tr("one of the lines that were said", "说过的某一行"),
                 dialtone::show(line.substr(0, 200)));
    at += line.size() + 1;
  }
  for (Caller* caller : {&deaf, &speaker, &hearer}) {
    caller->say("bye\n");
    caller->expect("bye", "bye\n");
    caller->hang_up();
  }
  expect_tally(trial, board.finish(trial), "left_out", texts.size() - lines);
}

void who_does_not_listen_is_not_heard(Trial& trial, Variant variant) {
  Board& board = lasting_board(trial, variant, {.queue = 16U << 10U});
  Caller caller = board.dial_and_talk(trial);
  constexpr std::size_t too_much = 6U << 20U;
  const Flood flood = draw_flood(trial, too_much);
  const std::size_t taken = caller.say_until_blocked(flood.said);
  trial.expect(tr("its own answers fill its queue; then no more is read from it",
                  "它自己的回答填满它的队列，此后不再读它"),
               taken < 1'000'000, tr("less than 1 MB is taken", "接收不到 1 MB"),
               std::to_string(taken) + tr(" bytes", " 字节"));
  // Now it listens: all that was taken is answered, nothing is lost.
  const std::size_t whole = taken / flood.line;
  const std::size_t length = flood.line - 5;
  const std::string_view answers(flood.answers);
  caller.expect(tr("what was taken is answered", "接收的都得到回答"),
                answers.substr(0, whole * length));
  caller.say(std::string_view(flood.said).substr(taken, (whole + 1) * flood.line - taken));
  caller.expect(tr("there is room again", "又有空位"), answers.substr(whole * length, length));
  caller.say("bye\n");
  caller.expect("bye", "bye\n");
}

void nobody_waits_for_a_slow_caller(Trial& trial, Variant variant) {
  Board& board = lasting_board(trial, variant, {.queue = 16U << 10U});
  Caller slow = board.dial_and_talk(trial);
  const Flood flood = draw_flood(trial, std::size_t{2} << 20U);
  slow.say_until_blocked(flood.said, milliseconds(40));
  for (int i = 0; i < 3; ++i) {
    Caller caller = board.dial(trial);
    const std::string text = trial.random.text(20, "abcdefgh");
    caller.say(std::string("echo ").append(text).append("\nsay ").append(text).append("\n"));
    caller.expect(tr("is answered while another does not listen", "别人不听时，它照样得到回答"),
                  text + "\nsaid\n");
    caller.say("bye\n");
    caller.expect("bye", "bye\n");
  }
  slow.expect(tr("is answered at last", "最后它也得到回答"),
              std::string_view(flood.answers).substr(0, 500));
}

void one_more_is_told_busy(Trial& trial, Variant variant) {
  const std::size_t limit = trial.random.between(1, 4);
  Board board(trial, variant, {.callers = limit});
  std::vector<Caller> there;
  while (there.size() < limit) there.push_back(board.dial_and_talk(trial));
  const std::uint64_t more = trial.random.between(1, 3);
  for (std::uint64_t i = 0; i < more; ++i) {
    Caller caller = board.dial(trial);
    caller.expect(tr("one more than may be there", "超过上限的一位"), "busy\n");
    caller.expect_hung_up(tr("after busy", "busy 之后"));
    caller.hang_up();
  }
  const std::size_t leaving = trial.random.between(0, limit - 1);
  there[leaving].say("bye\n");
  there[leaving].expect("bye", "bye\n");
  there[leaving].expect_hung_up(tr("after bye", "bye 之后"));
  Caller next = board.dial(trial);  // while the one that was hung up has not gone yet
  next.say("who\n");
  next.expect(tr("there is a place again", "又有空位"), std::to_string(limit) + " callers\n");
  for (Caller& caller : there) caller.hang_up();
  next.hang_up();
  expect_tally(trial, board.finish(trial), "turned_away", more);
}

}  // namespace

std::vector<Rule> queue_rules() {
  return {{"full_queue_leaves_chat_out", 1, full_queue_leaves_chat_out},
          {"who_does_not_listen_is_not_heard", 1, who_does_not_listen_is_not_heard},
          {"nobody_waits_for_a_slow_caller", 3, nobody_waits_for_a_slow_caller},
          {"one_more_is_told_busy", 30, one_more_is_told_busy}};
}

}  // namespace lab09
