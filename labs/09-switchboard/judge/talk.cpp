// What callers say and hear: lines in any cut, chat, faults, and the two ways to hang up.
#include <algorithm>
#include <map>

#include "cases.hpp"
#include "language.hpp"

namespace lab09 {
namespace {

using dialtone::Random;
using dialtone::tr;

/// A line as a caller says it, with its end, and what must come back.
struct Line {
  std::string said;
  std::string answer;
};

std::string draw_text(Random& random, std::size_t most) {
  std::string text = random.text(random.between(0, most), "abcdefgh 0123456789.,;\t\r\xe7\x94\xb5");
  while (text.ends_with('\r')) text.pop_back();  // it would belong to the line's end
  return text;
}

/// "echo" lines in one text, up to `most_lines` of up to `longest` bytes, and all their answers.
Line draw_echoes(Random& random, std::size_t most_lines, std::size_t longest) {
  Line all;
  for (std::size_t i = random.between(0, most_lines); i > 0; --i) {
    const std::string text = draw_text(random, longest);
    all.said += "echo " + text + "\n";
    all.answer += text + "\n";
  }
  return all;
}

/// `callers` is what `who` must count.
Line draw_line(Random& random, std::size_t callers) {
  const std::string end = random.chance(0.3) ? "\r\n" : "\n";
  const std::string text = draw_text(random, random.chance(0.1) ? 900 : 30);
  switch (random.between(0, 5)) {
    case 0:
      return {"who" + end, std::to_string(callers) + " callers\n"};
    case 1:
      return {"x" + text + end, "error unknown: x" + text + "\n"};
    case 2:
      return {end, "error unknown: \n"};
    default:
      return {"echo " + text + end, text + "\n"};
  }
}

/// Hangs up by "bye": when its answer and the end are heard, the caller counts no more.
void say_goodbye(Caller& caller) {
  caller.say("bye\n");
  caller.expect(tr("bye's answer", "bye 的回答"), "bye\n");
  caller.expect_hung_up(tr("after bye", "bye 之后"));
  caller.hang_up();
}

void lines_arrive_in_any_cut(Trial& trial, Variant variant) {
  Board& board = lasting_board(trial, variant);
  Caller caller = board.dial(trial);
  std::string stream;
  std::vector<std::pair<std::size_t, std::string>> answers;  // where the line ends, what comes back
  const std::size_t count = trial.index == 0 ? 1 : trial.random.between(1, 10);
  for (std::size_t i = 0; i < count; ++i) {
    const Line line = draw_line(trial.random, 1);
    stream += line.said;
    answers.emplace_back(stream.size(), line.answer);
  }
  // A byte at a time; all at once; or anything between.
  const std::size_t most = trial.index == 1 ? 1 : trial.index == 2 ? stream.size() : 40;
  std::size_t heard = 0;
  for (std::size_t said = 0; said < stream.size();) {
    const std::size_t size = std::min(trial.random.between(1, most), stream.size() - said);
    caller.say(std::string_view(stream).substr(said, size));
    said += size;
    if (said < stream.size() && trial.random.chance(0.6)) continue;  // the next follows at once
    for (; heard < answers.size() && answers[heard].first <= said; ++heard)
      caller.expect(tr("the answers, in order", "回答，依次"), answers[heard].second);
  }
  say_goodbye(caller);
}

void long_line_is_refused(Trial& trial, Variant variant) {
  constexpr std::size_t limit = 60;
  Board& board = lasting_board(trial, variant, {.line = limit});
  Caller caller = board.dial(trial);
  const auto [said, answers] = draw_echoes(trial.random, 3, 40);
  const std::vector<std::pair<std::size_t, std::string>> corners = {
      {limit, "\n"}, {limit, "\r\n"}, {limit + 1, "\n"}, {limit + 1, "\r\n"}, {limit + 1, ""}};
  auto [length, end] =
      trial.index < corners.size() ? corners[trial.index] : trial.random.pick(corners);
  if (trial.index >= corners.size() && trial.random.chance(0.5) && length > limit)
    length = trial.random.between(limit + 1, 3000);
  const std::string line(length, 'x');
  caller.say(said + line + end + (end.empty() ? "" : "echo after\n"));
  if (length <= limit) {
    caller.expect(tr("a line of the greatest length", "长度恰好等于上限的一行"),
                  answers + "error unknown: " + line + "\nafter\n");
    say_goodbye(caller);
    return;
  }
  caller.expect(tr("a line that is too long", "过长的一行"), answers + "error line too long\n");
  caller.expect_hung_up(tr("after a line that is too long", "过长的一行之后"));
}

// --- chat ---

using LinesBySpeaker = std::map<std::string, std::string>;

/// The lines in `heard`, by who said them: "" for a hearer's own answers.
LinesBySpeaker by_speaker(const std::string& heard) {
  LinesBySpeaker lines;
  for (std::size_t at = 0; at < heard.size();) {
    const std::size_t end = std::min(heard.find('\n', at), heard.size() - 1) + 1;
    const std::string line = heard.substr(at, end - at);
    const std::size_t says = line.find(" says ");
    lines[says == std::string::npos ? "" : line.substr(0, says)] += line;
    at = end;
  }
  return lines;
}

void expect_lines(Trial& trial, const Caller& hearer, const std::string& speaker,
                  const LinesBySpeaker& heard, const LinesBySpeaker& expected) {
  const auto of = [&speaker](const LinesBySpeaker& lines) {
    const auto found = lines.find(speaker);
    return found == lines.end() ? std::string() : found->second;
  };
  const std::string whose = speaker.empty() ? tr("its own answers", "自己的回答")
                                            : tr("what is said by ", "听到的话，来自 ") + speaker;
  dialtone::expect_bytes(trial, hearer.name() + ": " + whose, of(heard), of(expected));
}

/// Several speak; one of the hearers has so much of its own to hear that its socket is full, and a
/// line may be half sent when the chat comes.
void chat_reaches_the_others_whole(Trial& trial, Variant variant) {
  Board& board = lasting_board(trial, variant, {.queue = std::size_t{4} << 20U});
  std::vector<Caller> callers;
  std::vector<std::string> numbers;
  for (std::size_t i = trial.random.between(3, 5); i > 0; --i) {
    callers.push_back(board.dial_and_talk(trial));
    numbers.push_back(std::to_string(board.dialled()));
  }
  std::vector<LinesBySpeaker> expected(callers.size());

  Caller& slow = callers[0];
  if (trial.index % 2 == 1) {
    std::string stream;
    for (int i = 0; i < 300; ++i) {
      const std::string text = std::to_string(i) + trial.random.text(900, "abcdefgh");
      stream += "echo " + text + "\n";
      expected[0][""] += text + "\n";
    }
    slow.say(stream);
    slow.hears_something(peer_time);
  }
  for (std::size_t speaker = 1; speaker < callers.size(); ++speaker) {
    std::string said;
    for (std::size_t i = trial.random.between(0, 6); i > 0; --i) {
      const std::string text = draw_text(trial.random, 40);
      said += "say " + text + "\n";
      expected[speaker][""] += "said\n";
      for (std::size_t hearer = 0; hearer < callers.size(); ++hearer)
        if (hearer != speaker)
          expected[hearer][numbers[speaker]] += numbers[speaker] + " says " + text + "\n";
    }
    if (!said.empty()) callers[speaker].say(said);
  }
  for (std::size_t hearer = 0; hearer < callers.size(); ++hearer) {
    std::size_t length = 0;
    for (const auto& [speaker, lines] : expected[hearer]) length += lines.size();
    const auto heard = by_speaker(callers[hearer].hear_bytes(length));
    for (const auto& [speaker, lines] : expected[hearer])
      expect_lines(trial, callers[hearer], speaker, heard, expected[hearer]);
    for (const auto& [speaker, lines] : heard)
      expect_lines(trial, callers[hearer], speaker, heard, expected[hearer]);
  }
  for (Caller& caller : callers) say_goodbye(caller);
}

// --- another exchange ---

void exchange_that_is_given_answers(Trial& trial, Variant variant) {
  const std::string word = trial.random.text(trial.random.between(1, 8), "ABCDEFGH");
  Board board(trial, variant, {.exchange = word});
  const auto answer = [&word](std::size_t number, std::size_t callers, const std::string& line) {
    return word + " " + std::to_string(number) + " of " + std::to_string(callers) + ": " + line +
           "\n";
  };
  Caller first = board.dial(trial);
  first.say("echo a\n");
  first.expect(tr("the exchange's answer", "所给交谈的回答"), answer(1, 1, "echo a"));
  Caller second = board.dial(trial);
  const std::string chat = "!" + draw_text(trial.random, 30);
  second.say(chat + "\n");
  second.expect(tr("the exchange's answer", "所给交谈的回答"), answer(2, 2, chat));
  first.expect(tr("the exchange's chat", "所给交谈的聊天"), word + ": " + chat + "\n");
  second.say("over\n");
  second.expect(tr("the answer that ends the call", "结束通话的回答"), answer(2, 2, "over"));
  second.expect_hung_up(tr("after an answer that ends the call", "结束通话的回答之后"));
  second.hang_up();
  first.say("bye\n");
  first.expect(tr("the exchange's answer", "所给交谈的回答"), answer(1, 1, "bye"));
  first.hang_up();
  board.finish(trial);
}

// --- faults ---

void fault_ends_its_call_alone(Trial& trial, Variant variant) {
  Board board(trial, variant);
  Caller other = board.dial_and_talk(trial);
  std::string first;
  const std::uint64_t faults = trial.random.between(1, 3);
  for (std::uint64_t i = 0; i < faults; ++i) {
    Caller caller = board.dial(trial);
    const std::string text = trial.random.text(trial.random.between(1, 30), "abcdefgh 0123456789");
    if (i == 0) first = text;
    caller.say("echo before\nfault " + text + "\necho after\n");
    caller.expect(tr("the exception's text", "异常的文字"), "before\nerror " + text + "\n");
    caller.expect_hung_up(tr("after an exception", "异常之后"));
    caller.hang_up();
    other.say("who\n");
    other.expect(tr("the others go on", "其他人不受影响"), "1 callers\n");
  }
  say_goodbye(other);
  const json tally = board.finish(trial);
  expect_tally(trial, tally, "faults", faults);
  trial.expect_equal("Tally::first_fault", tally.at("first_fault").get<std::string>(), first);
}

// --- two ways to hang up ---

void half_close_is_answered(Trial& trial, Variant variant) {
  Board& board = lasting_board(trial, variant);
  Caller caller = board.dial(trial);
  auto [said, answers] = draw_echoes(trial.random, 12, 200);
  if (trial.index == 0 || trial.random.chance(0.5)) said += "echo no end";
  if (!said.empty()) caller.say(said);
  caller.finish_speaking();
  caller.expect(tr("its whole lines are answered", "完整的行得到回答"), answers);
  caller.expect_hung_up(tr("a line without its end is not answered", "没有结尾的行不回答"));
}

void broken_call_just_goes(Trial& trial, Variant variant) {
  Board board(trial, variant);
  Caller other = board.dial_and_talk(trial);
  for (std::size_t i = trial.random.between(1, 3); i > 0; --i) {
    Caller caller = board.dial_and_talk(trial);
    const auto when = trial.index == 0 ? 0 : trial.random.between(0, 3);
    if (when == 1) caller.say("echo half a li");
    if (when == 2) caller.say("echo unheard\necho unheard too\n");
    if (when == 3) other.say("say something\n");
    trial.step(caller.name() + tr(" breaks off (RST)", " 突然断线（RST）"));
    caller.break_off();
    if (when == 3) other.expect("say", "said\n");
  }
  const auto begin = Clock::now();
  std::string callers;
  while (callers != "1 callers\n" && since(begin) < peer_time) {
    other.say("who\n");
    callers = other.hear_up_to("who", "\n");
  }
  trial.expect_equal(tr("who is left", "还剩几位"), callers, std::string("1 callers\n"));
  say_goodbye(other);
  const json tally = board.finish(trial);
  expect_tally(trial, tally, "faults", 0);
  expect_tally(trial, tally, "timed_out", 0);
}

// --- the figures ---

void tally_counts_callers_and_lines(Trial& trial, Variant variant) {
  Board board(trial, variant);
  std::vector<Caller> there;
  std::size_t most = 0;
  std::uint64_t lines = 0;
  // First of all: the most were there neither at the beginning nor at the end.
  std::string comings(trial.random.between(1, 8), '?');
  if (trial.index == 0) comings = "+++--+";
  for (const char coming : comings) {
    if (there.empty() || coming == '+' || (coming == '?' && trial.random.chance(0.6))) {
      there.push_back(board.dial_and_talk(trial));
      most = std::max(most, there.size());
    } else {
      const std::size_t leaving = trial.random.between(0, there.size() - 1);
      say_goodbye(there[leaving]);
      there.erase(there.begin() + static_cast<std::ptrdiff_t>(leaving));
    }
    ++lines;
    if (there.empty()) continue;
    there.back().say("who\n");
    there.back().expect("who", std::to_string(there.size()) + " callers\n");
    ++lines;
  }
  const std::uint64_t callers = board.dialled();
  for (Caller& caller : there) say_goodbye(caller);
  lines += there.size();
  const json tally = board.finish(trial);
  expect_tally(trial, tally, "callers", callers);
  expect_tally(trial, tally, "most_at_once", most);
  expect_tally(trial, tally, "lines", lines);
}

}  // namespace

std::vector<Rule> talk_rules() {
  return {{"lines_arrive_in_any_cut", 100, lines_arrive_in_any_cut},
          {"long_line_is_refused", 100, long_line_is_refused},
          {"chat_reaches_the_others_whole", 30, chat_reaches_the_others_whole},
          {"exchange_that_is_given_answers", 20, exchange_that_is_given_answers},
          {"fault_ends_its_call_alone", 40, fault_ends_its_call_alone},
          {"half_close_is_answered", 100, half_close_is_answered},
          {"broken_call_just_goes", 30, broken_call_just_goes},
          {"tally_counts_callers_and_lines", 30, tally_counts_callers_and_lines}};
}

}  // namespace lab09
