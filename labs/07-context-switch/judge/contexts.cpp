// How a context begins, and many that hand the core to one another.
#include <array>
#include <utility>

#include "cases.hpp"

namespace lab07 {
namespace {

/// Which control words a plain switch keeps: they have cases of their own.
std::pair<bool, bool> words_kept(Trial& trial) {
  const json ours = {1, 2, 3, 4, 5, 6, 0x3f80, 0x0f7f};
  const json theirs = {1, 2, 3, 4, 5, 6, 0x1f80, 0x037f};
  const json found = ask(
      trial, {{"call", "rounds"},
              {"rounds", json::array({json::array({ours, theirs}), json::array({ours, theirs})})}});
  if (found.is_null()) return {false, false};
  const auto same = [&](std::size_t at) {
    return found.at(1).at(0).at(at) == ours.at(at) && found.at(1).at(1).at(at) == theirs.at(at);
  };
  return {same(6), same(7)};
}

void a_context_begins_in_its_entry(Trial& trial) {
  const int bytes = 4096 * draw(trial.random, 1, 4) +
                    (trial.index < 32 ? static_cast<int>(trial.index) : draw(trial.random, 0, 31));
  const int offset = trial.index == 0 ? 0 : draw(trial.random, 0, 31);
  const int argument = draw(trial.random, -1000, 1000);
  const auto rounding = trial.random.between(0, 3);
  const std::uint64_t mxcsr = 0x1f80 | rounding << 13U;
  const std::uint64_t x87 = 0x007f | trial.random.pick(std::vector<std::uint64_t>{0, 2, 3}) << 8U |
                            trial.random.between(0, 3) << 10U;
  trial.input(tr("a stack of ", "一个栈，字节数 ") + std::to_string(bytes) +
              tr(" bytes, which begins ", "，起始于页内第 ") + std::to_string(offset) +
              tr(" bytes after a page does", " 字节"));
  const json begun = ask(trial, {{"call", "begin"},
                                 {"bytes", bytes},
                                 {"offset", offset},
                                 {"argument", argument},
                                 {"mxcsr", mxcsr},
                                 {"x87", x87}});
  trial.step(tr("prepare, and a switch to it", "prepare，然后切换过去"));
  trial.expect(tr("the entry gets its argument", "入口函数得到它的参数"),
               begun.at("argument") == argument, tr("the pointer given", "所给的指针"),
               tr("another one", "另一个值"));
  trial.expect(tr("it runs on its own stack", "它在自己的栈上运行"), begun.at("within") == true,
               tr("a stack pointer within the memory given", "栈指针在所给内存之内"),
               tr("one outside of it", "在它之外"));
  trial.expect(tr("nothing below or above the stack is touched", "栈的下方和上方不被改动"),
               begun.at("below") == true && begun.at("above") == true,
               tr("as before", "与先前相同"),
               begun.at("below") == true ? tr("changed bytes above it", "上方有字节被改")
                                         : tr("changed bytes below it", "下方有字节被改"));
  if (begun.at("registers") != true) return;
  trial.expect_equal(
      tr("rsp % 16 at the entry's first instruction (8: as after a call on an aligned stack)",
         "入口函数第一条指令处的 rsp % 16（8：如同在对齐的栈上刚执行完 call）"),
      begun.at("rest").get<int>(), 8);
  const auto [sse, x87_kept] = words_kept(trial);
  if (sse)
    trial.expect_equal(tr("the rounding in MXCSR, as it was when prepare was called",
                          "MXCSR 中的舍入方式，与调用 prepare 时相同"),
                       begun.at("mxcsr").get<std::uint64_t>() >> 13U & 3U, rounding);
  if (x87_kept)
    trial.expect_equal(tr("the x87 control word, as it was when prepare was called",
                          "x87 控制字，与调用 prepare 时相同"),
                       begun.at("x87").get<std::uint64_t>() & 0x0f3fU, x87 & 0x0f3fU);
}

/// What the shim's contexts compute: each has a number of its own, four parts of which go on at
/// each stop.
class Travellers {
 public:
  explicit Travellers(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) kept_.push_back({i, i + 1, i + 2, i + 3});
  }
  std::uint64_t stop(std::size_t who, std::size_t at) {
    std::uint64_t figure = 0;
    for (std::uint64_t& one : kept_[who]) {
      one = one * 6364136223846793005U + at;
      figure ^= one;
    }
    return figure;
  }

 private:
  std::vector<std::array<std::uint64_t, 4>> kept_;
};

void switches_go_back_and_forth(Trial& trial) {
  if (trial.index == 0) {
    const std::size_t times = 1'000'000;
    trial.input(tr("two contexts, a million switches", "两个上下文，一百万次切换"));
    const json figure = ask(trial, {{"call", "commute"}, {"times", times}});
    Travellers both(2);
    std::uint64_t expected = 0;
    for (std::size_t i = 0; i < times; ++i) expected = both.stop(i % 2, i);
    trial.expect_equal(tr("what the last one computed", "最后一个算出的结果"),
                       figure.get<std::uint64_t>(), expected);
    return;
  }
  if (trial.index == 1) {
    trial.input(tr("a context that blocks a signal, then switches back",
                   "一个上下文屏蔽一个信号，然后切换回来"));
    const json blocked = ask(trial, {{"call", "mask"}});
    trial.expect(tr("the signal mask is left alone", "信号掩码不被改动"), blocked != false,
                 tr("the signal is still blocked", "该信号仍被屏蔽"),
                 tr("the mask is another one", "掩码变了"));
    return;
  }
  const auto count = static_cast<std::size_t>(draw(trial.random, 2, 100));
  const int length = draw(trial.random, 1, 400);
  std::vector<std::size_t> stops;
  for (int i = 0; i < length; ++i) stops.push_back(trial.random.between(0, count - 1));
  for (std::size_t i = 1; i < stops.size(); ++i)  // none switches to itself
    if (stops[i] == stops[i - 1]) stops[i] = (stops[i] + 1) % count;
  trial.input(std::to_string(count) + tr(" contexts, ", " 个上下文，") + std::to_string(length) +
              tr(" switches in a drawn order", " 次切换，次序随机"));
  const json figures = ask(trial, {{"call", "travel"}, {"contexts", count}, {"stops", stops}});
  Travellers all(count);
  for (std::size_t i = 0; i < stops.size(); ++i) {
    trial.step(tr("context ", "上下文 ") + std::to_string(stops[i]));
    trial.expect_equal(tr("what it computes from its own variables", "它由自己的变量算出的结果"),
                       figures.at(i).get<std::uint64_t>(), all.stop(stops[i], i));
  }
}

}  // namespace

std::vector<Case> context_cases() {
  return {{"a_context_begins_in_its_entry", 64, a_context_begins_in_its_entry},
          {"switches_go_back_and_forth", 40, switches_go_back_and_forth}};
}

}  // namespace lab07
