// What is kept over one switch, each register by itself; how a context begins, and many of them.
#include <array>
#include <iomanip>
#include <sstream>

#include "cases.hpp"

namespace lab07 {
namespace {

struct Register {
  const char* name;
  std::size_t at;      ///< in an answer
  std::uint64_t kept;  ///< the bits of it that a switch keeps
};

// Of MXCSR the rounding, the masks and flush-to-zero; of the x87 control word the rounding, the
// precision and the masks (Intel SDM, volume 1, 10.2.3 and 8.1.5).
constexpr std::array<Register, 8> registers = {{{"rbx", 0, ~std::uint64_t{0}},
                                                {"rbp", 1, ~std::uint64_t{0}},
                                                {"r12", 2, ~std::uint64_t{0}},
                                                {"r13", 3, ~std::uint64_t{0}},
                                                {"r14", 4, ~std::uint64_t{0}},
                                                {"r15", 5, ~std::uint64_t{0}},
                                                {"MXCSR", 6, 0xff80},
                                                {"x87", 7, 0x0f3f}}};

std::uint64_t draw_mxcsr(Random& random) {
  return random.bits() & 0xff80;
}

/// 01 as the precision is reserved.
std::uint64_t draw_x87(Random& random) {
  const std::uint64_t precision = random.pick(std::vector<std::uint64_t>{0, 2, 3});
  return (random.bits() & 0x0c3f) | precision << 8U | 0x40;
}

/// What is in all of them on one side of a round.
json draw_all(Random& random, bool is_plain) {
  json drawn = json::array();
  for (std::size_t i = 0; i < 6; ++i)
    drawn.push_back(is_plain ? 0x1111111111111111U * (i + 1) : random.bits());
  drawn.push_back(is_plain ? 0x1f80 : draw_mxcsr(random));
  drawn.push_back(is_plain ? 0x037f : draw_x87(random));
  return drawn;
}

std::string hex(std::uint64_t number) {
  std::ostringstream text;
  text << "0x" << std::hex << number;
  return text.str();
}

void one_is_kept(Trial& trial, const Register& one) {
  json rounds = json::array();
  for (int i = 0; i < 16; ++i)
    rounds.push_back(json::array(
        {draw_all(trial.random, trial.index == 0 && i == 0), draw_all(trial.random, false)}));
  trial.input(std::to_string(rounds.size()) +
              tr(" switches there and back, each side with registers of its own",
                 " 次往返切换，两边各有自己的寄存器值"));
  const json found = ask(trial, {{"call", "rounds"}, {"rounds", rounds}});
  if (found.is_null()) return;  // no machine with these registers
  for (std::size_t i = 0; i < rounds.size(); ++i) {
    const auto compare = [&](std::size_t side, const json& set, const std::string& what) {
      const std::uint64_t expected = set.at(one.at).get<std::uint64_t>() & one.kept;
      const std::uint64_t got = found.at(i).at(side).at(one.at).get<std::uint64_t>() & one.kept;
      trial.expect(one.name + what, got == expected, hex(expected), hex(got));
    };
    trial.step(tr("switch there and back, number ", "往返切换，第 ") + std::to_string(i + 1) +
               tr("", " 次"));
    compare(0, rounds.at(i).at(0),
            tr(" of the context that switched and went on later", "：切换出去、后来继续的上下文"));
    if (i > 0)
      compare(1, rounds.at(i - 1).at(1),
              tr(" of the other context, which went on later, too", "：后来继续的另一个上下文"));
  }
}

}  // namespace

std::vector<Case> register_cases() {
  std::vector<Case> cases;
  const std::array<const char*, 8> ids = {"rbx_is_kept",
                                          "rbp_is_kept",
                                          "r12_is_kept",
                                          "r13_is_kept",
                                          "r14_is_kept",
                                          "r15_is_kept",
                                          "the_sse_control_word_is_kept",
                                          "the_x87_control_word_is_kept"};
  for (std::size_t i = 0; i < ids.size(); ++i)
    cases.push_back({ids[i], 20, [one = registers[i]](Trial& trial) { one_is_kept(trial, one); }});
  return cases;
}

}  // namespace lab07
