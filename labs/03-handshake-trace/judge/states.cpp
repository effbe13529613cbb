#include "states.hpp"

#include <array>
#include <iterator>
#include <span>
#include <utility>

#include "cases.hpp"

namespace lab03 {
namespace {

/// One arrow of the figure: it is taken where the signal has all of `has` and none of `lacks`.
struct Arrow {
  State from;
  std::uint8_t has;
  std::uint8_t lacks;
  State to;
};

using enum State;
using namespace says;

/// RST is not in the table: after it an end is closed, but one that listens goes on.
constexpr Arrow when_sent[] = {
    {closed, syn, ack, syn_sent},         {listen, syn, ack, syn_sent},
    {listen, syn | ack, 0, syn_received}, {syn_sent, syn | ack, 0, syn_received},
    {syn_received, fin, 0, fin_wait_1},   {established, fin, 0, fin_wait_1},
    {close_wait, fin, 0, last_ack},
};

constexpr Arrow when_received[] = {
    {syn_sent, syn | ack | acknowledges_syn, 0, established},
    {syn_sent, syn, ack, syn_received},
    {syn_received, ack | acknowledges_syn, fin, established},
    {syn_received, ack | acknowledges_syn | fin, 0, close_wait},
    {established, fin, 0, close_wait},
    {fin_wait_1, ack | acknowledges_fin, fin, fin_wait_2},
    {fin_wait_1, fin, acknowledges_fin, closing},
    {fin_wait_1, fin | ack | acknowledges_fin, 0, time_wait},
    {fin_wait_2, fin, 0, time_wait},
    {closing, ack | acknowledges_fin, 0, time_wait},
    {last_ack, ack | acknowledges_fin, 0, closed},
};

State follow(std::span<const Arrow> arrows, State state, unsigned bits) {
  for (const Arrow& arrow : arrows)
    if (arrow.from == state && (bits & arrow.has) == arrow.has && (bits & arrow.lacks) == 0)
      return arrow.to;
  return state;
}

constexpr std::array<const char*, state_count> names = {
    "closed",     "listen",     "syn_sent", "syn_received", "established", "fin_wait_1",
    "fin_wait_2", "close_wait", "closing",  "last_ack",     "time_wait"};

/// A signal as segments are: SYN and FIN not together, and what acknowledges has an ACK.
bool can_be(unsigned bits) {
  if ((bits & syn) != 0 && (bits & fin) != 0) return false;
  return (bits & ack) != 0 || (bits & (acknowledges_syn | acknowledges_fin)) == 0;
}

struct Step {
  bool sends;
  State state;
  unsigned bits;
};

std::string told(const Step& step) {
  return std::string(step.sends ? "after_sending(" : "after_receiving(") + name_of(step.state) +
         ", " + told_signal(step.bits) + ")";
}

unsigned draw_signal(Random& random) {
  for (;;)
    if (const auto bits = static_cast<unsigned>(random.between(0, 63)); can_be(bits)) return bits;
}

/// All signals in one state, or a drawn walk through the states.
std::vector<Step> draw_steps(Trial& trial) {
  std::vector<Step> steps;
  if (trial.index < 2 * state_count) {
    for (unsigned bits = 0; bits < 64; ++bits)
      if (can_be(bits))
        steps.push_back({trial.index % 2 == 0, static_cast<State>(trial.index / 2), bits});
    return steps;
  }
  State state = trial.random.chance(0.5) ? closed : listen;
  for (int i = 0; i < 40; ++i) {
    const Step step{trial.random.chance(0.5), state, draw_signal(trial.random) & ~rst};
    steps.push_back(step);
    state = step.sends ? after_sending(state, step.bits) : after_receiving(state, step.bits);
  }
  return steps;
}

void states_of_both_ends(Trial& trial) {
  const std::vector<Step> steps = draw_steps(trial);
  json asked = json::array();
  for (const Step& step : steps)
    asked.push_back({step.sends, static_cast<unsigned>(step.state), step.bits});
  const Message answer = trial.student.ask({{"call", "states"}, {"steps", asked}});
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    const State expected =
        step.sends ? after_sending(step.state, step.bits) : after_receiving(step.state, step.bits);
    const auto got = answer.body.at("value").at(i).get<std::uint64_t>();
    trial.input(told(step));
    trial.expect(told(step), got == static_cast<std::uint64_t>(expected), name_of(expected),
                 name_of_state(got));
  }
}

}  // namespace

std::string name_of(State state) {
  return names[static_cast<std::size_t>(state)];
}

std::string name_of_state(std::uint64_t number) {
  return number < names.size() ? names[number] : tr("none of the states", "不是其中任何一个状态");
}

std::string told_signal(unsigned bits) {
  const std::pair<unsigned, std::string> words[] = {
      {syn, "SYN"},
      {fin, "FIN"},
      {rst, "RST"},
      {ack, "ACK"},
      {acknowledges_syn, tr("acknowledges its SYN", "确认了它的 SYN")},
      {acknowledges_fin, tr("acknowledges its FIN", "确认了它的 FIN")}};
  std::string text;
  for (const auto& [bit, word] : words)
    if ((bits & bit) != 0) text += (text.empty() ? "" : tr(", ", "、")) + word;
  return text.empty() ? tr("nothing", "什么也没有") : text;
}

State after_sending(State state, unsigned bits) {
  return (bits & rst) != 0 ? closed : follow(when_sent, state, bits);
}

State after_receiving(State state, unsigned bits) {
  if ((bits & rst) != 0) return state == listen ? listen : closed;
  return follow(when_received, state, bits);
}

std::vector<Case> state_cases() {
  return {{"states_of_both_ends", 130, states_of_both_ends}};
}

}  // namespace lab03
