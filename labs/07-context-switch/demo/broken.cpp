#include "demo/broken.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <functional>
#include <iostream>

#include "context_switch.hpp"
#include "demo/child.hpp"
#include "demo/forgetful.hpp"
#include "demo/screen.hpp"
#include "failure.hpp"
#include "language.hpp"
#include "terminal.hpp"

namespace switch_demo {

namespace {

using namespace context_switch;
using namespace std::chrono_literals;
using dialtone::tr;

constexpr auto deadline = 5s;

void run_or_throw(Core& core, const std::string& name, const std::function<void()>& body) {
  if (const auto ran = core.run(name, body); !ran) throw dialtone::Failure(ran.error().message);
}

/// "it died of SIGSEGV", or what else came of a child.
std::string ending_of(const Aftermath& after) {
  if (after.timed_out) return tr("it had to be killed", "只好把它杀掉");
  return tr("its process ended with ", "它的进程以如下方式结束：") +
         dialtone::describe(after.ending);
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

Variant figure(std::string id, std::string name, std::int64_t expected, std::int64_t got) {
  Variant variant{std::move(id), std::move(name), {}, got == expected, expected, got};
  variant.told = grouped(got) + tr(" of ", "，应为 ") + grouped(expected);
  return variant;
}

// --- a switch without rbx ---

#ifndef CONTEXT_SWITCH_PORTABLE
Variant sum_of(const char* id, const std::string& name, std::int64_t (*sum)(std::int64_t)) {
  constexpr std::int64_t rounds = 1000;
  const Aftermath after = in_child([sum] { return std::to_string(sum(rounds)); }, deadline);
  if (!after.answer.empty())
    return figure(id, name, rounds, std::strtoll(after.answer.c_str(), nullptr, 10));
  return {id, name, ending_of(after), false, rounds, std::nullopt};
}
#endif

Breakage no_rbx() {
  Breakage broken{
      "no-rbx", tr("A switch that forgets one register", "忘了一个寄存器的切换"), {}, {}};
#ifdef CONTEXT_SWITCH_PORTABLE
  broken.lesson = tr("There is no assembly for this machine, so no register can be left out.",
                     "这种机器没有汇编版本，也就没有寄存器可漏。");
#else
  broken.variants.push_back(
      sum_of("whole", tr("all six kept", "六个都存"), sum_over_whole_switches));
  broken.variants.push_back(
      sum_of("no-rbx", tr("without rbx", "不存 rbx"), sum_over_switches_without_rbx));
  broken.lesson =
      tr("Two programs add up in rbx, 1 and 1,000 at a time, and hand each other the core. "
         "Nothing crashes. One program goes on with the other's sum.",
         "两个程序都在 rbx 里累加，一个每次加 1，一个每次加 1,000，互相让出核。"
         "没有崩溃，只是一个程序接着用了另一个的和。");
#endif
  return broken;
}

// --- a counter without a critical section ---

constexpr int adders = 4;
constexpr std::int64_t additions = 400'000;

volatile std::int64_t counter = 0;

/// What `counter += 1` is for the core: read, add, write. A turn may end between any two of them.
void add_one() {
  std::int64_t seen = counter;
  for (int i = 0; i < 8; ++i) asm volatile("" : "+r"(seen));
  counter = seen + 1;
}

void add_without() {
  for (std::int64_t i = 0; i < additions; ++i) add_one();
}

void add_within() {
  for (std::int64_t i = 0; i < additions; ++i) {
    const Critical whole;
    add_one();
  }
}

std::int64_t count_with(void (*add)()) {
  counter = 0;
  Options options;
  options.quantum = 200us;
  Core core(std::move(options));
  bool spawned = true;
  run_or_throw(core, "main", [&] {
    for (int i = 0; i < adders; ++i)
      if (!core.spawn("adder", add)) spawned = false;
  });
  if (!spawned) throw dialtone::Failure(tr("no room for four threads", "放不下四个线程"));
  return counter;
}

Breakage no_critical() {
  Breakage broken{
      "no-critical", tr("A counter without a critical section", "没有临界区的计数器"), {}, {}};
  constexpr std::int64_t all = adders * additions;
  broken.variants.push_back(
      figure("whole", tr("with Critical", "有 Critical"), all, count_with(add_within)));
  broken.variants.push_back(
      figure("no-critical", tr("without Critical", "没有 Critical"), all, count_with(add_without)));
  broken.lesson =
      tr("Four threads add 1 to one counter and are interrupted every 200 microseconds. Who is "
         "interrupted between reading and writing writes an old number back, and all that the "
         "others added meanwhile is lost.",
         "四个线程给同一个计数器加 1，每 200 微秒被打断一次。谁在读和写之间被打断，"
         "就会把旧的数写回去，别的线程这期间加的全部丢失。");
  return broken;
}

// --- a stack without a guard page ---

/// Fills the stack down to `floor`.
[[gnu::noinline]] std::uintptr_t fill(std::uintptr_t floor) {
  volatile std::uint64_t frame[32];
  for (std::size_t i = 0; i < 32; ++i) frame[i] = 0xDEADBEEF;
  if (reinterpret_cast<std::uintptr_t>(&frame[0]) <= floor) return frame[0];
  return fill(floor) + frame[1];
}

std::string overflow_with_guard() {
  Core core;
  run_or_throw(core, "main", [&] {
    if (!core.spawn("deep", [] { fill(0); })) return;
  });
  return "nothing happened";
}

// Static, so that the neighbour's stack holds nothing but its numbers that must be right to go on.
struct Neighbours {
  static constexpr std::size_t each = std::size_t{32} << 10U;
  static constexpr std::size_t beyond = 1024;  ///< how far the deep one goes too far
  static constexpr std::uint64_t number = 42;
  alignas(64) std::byte memory[2 * each];  ///< the neighbour's stack below, the deep one's above
  Context caller, neighbour, deep;
  std::size_t overwritten;
};
Neighbours street;

void neighbour(void*) {
  volatile std::uint64_t numbers[1024];
  for (std::size_t i = 0; i < 1024; ++i) numbers[i] = Neighbours::number;
  switch_context(&street.neighbour, &street.caller);
  street.overwritten = 0;
  for (std::size_t i = 0; i < 1024; ++i)
    if (numbers[i] != Neighbours::number) ++street.overwritten;
  switch_context(&street.neighbour, &street.caller);
}

void deep(void*) {
  fill(reinterpret_cast<std::uintptr_t>(street.memory) + Neighbours::each - Neighbours::beyond);
  switch_context(&street.deep, &street.caller);
}

std::string overflow_without_guard() {
  const std::span<std::byte> memory(street.memory);
  prepare(&street.neighbour, memory.first(Neighbours::each), neighbour, nullptr);
  prepare(&street.deep, memory.subspan(Neighbours::each), deep, nullptr);
  switch_context(&street.caller, &street.neighbour);
  switch_context(&street.caller, &street.deep);
  switch_context(&street.caller, &street.neighbour);
  return std::to_string(street.overwritten);
}

Breakage no_guard_page() {
  Breakage broken{"no-guard-page", tr("A stack that is too small", "不够用的栈"), {}, {}};
  const Aftermath guarded = in_child(overflow_with_guard, deadline);
  Variant whole{"whole", tr("guard page", "有保护页"), {}, guarded.ending.signal == SIGSEGV, {},
                {}};
  whole.told = guarded.errors.empty() ? ending_of(guarded) : first_line(guarded.errors);
  broken.variants.push_back(std::move(whole));

  const Aftermath bare = in_child(overflow_without_guard, deadline);
  Variant without{
      "no-guard-page", tr("no guard page", "没有保护页"), ending_of(bare), false, 0, {}};
  if (!bare.answer.empty()) {
    without.got = std::strtoll(bare.answer.c_str(), nullptr, 10);
    without.as_it_should = without.got == 0;
    without.told = tr("not a word; ", "一声不吭；邻居线程的数被改掉了 ") +
                   std::to_string(*without.got) +
                   tr(" numbers of the neighbour's were overwritten", " 个");
  }
  broken.variants.push_back(std::move(without));
  broken.lesson =
      tr("With a guard page the thread that goes too deep is named and the program ends there. "
         "Without one it writes into the next stack, and another thread fails, later.",
         "有保护页，走得太深的线程当场被点名，程序就此结束；没有，它就写进隔壁的栈，"
         "出错的是别的线程，而且是在以后。");
  return broken;
}

// --- a thread that never yields ---

/// Until it is told that it is enough, or for ever.
void keep_computing(const volatile bool* enough) {
  volatile std::uint64_t number = 0;
  while (enough == nullptr || !*enough) number = number + 1;
}

std::string greedy_with_patience() {
  Options options;
  options.patience = 300ms;
  Core core(std::move(options));
  run_or_throw(core, "main", [&] {
    const auto greedy = core.spawn("greedy", [] { keep_computing(nullptr); });
    if (greedy) core.yield();
  });
  return "nothing happened";
}

constexpr int polite_turns = 20;

/// Milliseconds until a polite thread beside a greedy one has had its turns.
std::string turns_beside_greedy() {
  Options options;
  options.quantum = 5ms;
  Core core(std::move(options));
  volatile bool enough = false;
  const auto start = Clock::now();
  run_or_throw(core, "main", [&] {
    if (!core.spawn("greedy", [&] { keep_computing(&enough); })) return;
    for (int i = 0; i < polite_turns; ++i) core.yield();
    enough = true;
  });
  return std::to_string((Clock::now() - start) / 1ms);
}

Breakage no_yield() {
  Breakage broken{"no-yield", tr("A thread that never yields", "从不让出核的线程"), {}, {}};
  const Aftermath ended = in_child(greedy_with_patience, deadline);
  broken.variants.push_back({"patience",
                             tr("patience 300 ms", "耐心 300 ms"),
                             ended.errors.empty() ? ending_of(ended) : first_line(ended.errors),
                             ended.ending.exit_code == 1 && !ended.errors.empty(),
                             {},
                             {}});
  const Aftermath shared = in_child(turns_beside_greedy, deadline);
  Variant quantum{"quantum", tr("quantum 5 ms", "时间片 5 ms"), ending_of(shared), false, {}, {}};
  if (!shared.answer.empty()) {
    quantum.as_it_should = true;
    quantum.told = tr("the other thread had its ", "另一个线程轮到了 ") +
                   std::to_string(polite_turns) + tr(" turns, in ", " 次，共 ") + shared.answer +
                   " ms";
  }
  broken.variants.push_back(std::move(quantum));
  broken.lesson =
      tr("With neither, the others would wait for ever.", "两样都没有，别的线程就永远等下去。");
  return broken;
}

}  // namespace

const std::vector<std::string>& breakage_names() {
  static const std::vector<std::string> names = {"no-rbx", "no-critical", "no-guard-page",
                                                 "no-yield"};
  return names;
}

Breakage play_broken(const std::string& name) {
  if (name == "no-rbx") return no_rbx();
  if (name == "no-critical") return no_critical();
  if (name == "no-guard-page") return no_guard_page();
  return no_yield();
}

void show(const Breakage& breakage) {
  std::cout << dialtone::coloured(dialtone::Colour::cyan, breakage.title) << '\n';
  std::size_t width = 0;
  for (const Variant& variant : breakage.variants)
    width = std::max(width, dialtone::display_width(variant.name));
  const std::size_t columns = std::max<std::size_t>(dialtone::terminal_columns(), 40);
  for (const Variant& variant : breakage.variants) {
    const std::string mark =
        variant.as_it_should
            ? dialtone::coloured(dialtone::Colour::green, dialtone::glyph("✓", "+"))
            : dialtone::coloured(dialtone::Colour::red, dialtone::glyph("✗", "x"));
    std::string before = "  " + mark + ' ' + dialtone::pad(variant.name, width) + "  ";
    std::size_t indent = width + 6;
    if (columns < 60) {  // what happened stands below
      std::cout << "  " << mark << ' ' << variant.name << '\n';
      indent = 4;
      before = std::string(indent, ' ');
    }
    for (const std::string& line : dialtone::wrap(variant.told, columns - indent)) {
      std::cout << before << line << '\n';
      before = std::string(indent, ' ');
    }
  }
  say(breakage.lesson);
}

nlohmann::ordered_json json_of(const Breakage& breakage) {
  auto variants = nlohmann::ordered_json::array();
  for (const Variant& variant : breakage.variants) {
    nlohmann::ordered_json one = {{"name", variant.id}, {"as_it_should", variant.as_it_should}};
    if (variant.expected) one["expected"] = *variant.expected;
    if (variant.got) one["got"] = *variant.got;
    one["told"] = variant.told;
    variants.push_back(std::move(one));
  }
  return {{"name", breakage.id}, {"variants", std::move(variants)}};
}

}  // namespace switch_demo
