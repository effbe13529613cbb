#include "demo/compare.hpp"

#include <iostream>

#include "decimals.hpp"
#include "demo/screen.hpp"
#include "language.hpp"
#include "terminal.hpp"

namespace switch_demo {

using dialtone::tr;

namespace {

std::string milliseconds(Time microseconds) {
  return dialtone::with_decimals(static_cast<double>(microseconds) / 1000, 1);
}

std::string quantum_words(Time quantum) {
  return quantum % 1000 == 0 ? std::to_string(quantum / 1000) + " ms"
                             : std::to_string(quantum) + std::string(dialtone::glyph(" µs", " us"));
}

/// Where the terminal is narrow, the columns stand in two tables.
void show_table(const Recording& recording) {
  struct Column {
    std::string head;
    std::string (*cell)(const Result&);
  };
  const std::vector<Column> columns = {
      {tr("ends, ms", "结束 ms"), [](const Result& r) { return milliseconds(r.end); }},
      {tr("ready, ms", "就绪 ms"), [](const Result& r) { return milliseconds(r.ready); }},
      {"I/O", [](const Result& r) { return std::to_string(r.waits); }},
      {tr("quanta", "到时"), [](const Result& r) { return std::to_string(r.turns_over); }}};
  const auto theory = results_of(recording.deck, recording.theory);
  const auto practice = results_of(recording.deck, recording.practice);
  const auto names = timeline_of(recording.deck, recording.theory).names;
  const std::string arrow(dialtone::glyph(" → ", " -> "));
  const std::size_t room = dialtone::terminal_columns() < 60 ? 2 : columns.size();
  for (std::size_t first = 0; first < columns.size(); first += room) {
    std::vector<std::string> head = {tr("thread", "线程")};
    for (std::size_t i = 0; i < room; ++i) head.push_back(columns[first + i].head);
    dialtone::Table table(head, {1, 2, 3, 4});
    for (std::size_t who = 0; who < names.size(); ++who) {
      std::vector<std::string> row = {names[who]};
      for (std::size_t i = 0; i < room; ++i)
        row.push_back(columns[first + i].cell(theory[who]) + arrow +
                      columns[first + i].cell(practice[who]));
      table.add(std::move(row));
    }
    std::cout << table.text();
  }
}

}  // namespace

std::vector<simulation::Timeline> timelines_of(const Recording& recording) {
  std::vector<simulation::Timeline> both = {timeline_of(recording.deck, recording.theory),
                                            timeline_of(recording.deck, recording.practice)};
  const std::string quantum = quantum_words(recording.quantum);
  both[0].title = tr("theory: lab 06's simulator, round robin, a quantum of ",
                     "理论：实验 06 的模拟器，轮转，时间片 ") +
                  quantum;
  both[1].title = tr("practice: real threads on a Core, a timer that ticks each ",
                     "实际：Core 上的真实线程，定时器间隔 ") +
                  quantum;
  return both;
}

void show_comparison(const Recording& recording) {
  auto timelines = timelines_of(recording);
  if (!dialtone::locale_is_utf8())
    for (simulation::Timeline& timeline : timelines) timeline.unit = "us";
  std::cout << timeline_text(timelines, text_style());
  show_table(recording);
  say(
      tr("Theory first, then practice. I/O: turns that ended because the thread waited; quanta: "
         "turns that ended with the quantum. The simulator gives each turn a whole quantum. The "
         "timer ticks at its own beat: who gets the core between two ticks has what is left, and "
         "I/O that has ended is noticed at the next tick, or when nobody else is ready.",
         "箭头前是理论，后是实际。I/"
         "O：因等待而交出核的次数；到时：因时间片用完而交出的次数。模拟器给每一轮一个"
         "完整的时间片；定时器则按自己的节拍响，中途得到核的线程只有剩下的那一段，完成了的 I/O "
         "也要等到下一次响，或者没有别的就绪者时，才会被注意到。"));
  const Time lost = taken_away(recording.deck, recording.practice);
  if (lost < recording.theory.cpu / 20) return;
  say(tr("Linux does to this process what it does to its threads: for ",
         "Linux 对本进程所做的，正是本进程对自己的线程所做的：期间有 ") +
      milliseconds(lost) +
      tr(" ms of the time in which they ran, other processes had the core",
         " ms，核其实被别的进程占着") +
      (recording.runs > 1 ? tr(" (the least of ", "（") + std::to_string(recording.runs) +
                                tr(" runs).", " 次运行里最少的一次）。")
                          : tr(".", "。")));
}

}  // namespace switch_demo
