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

void show_table(const Recording& recording) {
  const auto theory = results_of(recording.deck, recording.theory);
  const auto practice = results_of(recording.deck, recording.practice);
  const auto names = timeline_of(recording.deck, recording.theory).names;
  const std::string arrow(dialtone::glyph(" → ", " > "));
  dialtone::Table table({tr("thread", "线程"), tr("ends, ms", "结束 ms"),
                         tr("ready, ms", "就绪 ms"), tr("I/O", "I/O"), tr("quanta", "到时")},
                        {1, 2, 3, 4});
  for (std::size_t i = 0; i < names.size(); ++i)
    table.add(
        {names[i], milliseconds(theory[i].end) + arrow + milliseconds(practice[i].end),
         milliseconds(theory[i].ready) + arrow + milliseconds(practice[i].ready),
         std::to_string(theory[i].waits) + arrow + std::to_string(practice[i].waits),
         std::to_string(theory[i].turns_over) + arrow + std::to_string(practice[i].turns_over)});
  std::cout << table.text();
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
      tr("Theory, then practice. I/O: turns that ended since it waited; quanta: since its quantum "
         "did. In theory each turn has a whole quantum; here the timer ticks whoever runs, so who "
         "gets the core between two ticks has the rest alone, and whose I/O has ended is seen at "
         "the next tick or when nobody else is ready.",
         "箭头前是理论，后是实际。I/O：因等待 I/O "
         "而交出核的次数；到时：因时间片用完的次数。理论上每一轮都有"
         "完整的时间片；这里定时器不管谁在运行都照常响，中途得到核的只有剩下的那一段；I/O "
         "完成了，也要到下一次响铃或者没有别的就绪者时才会看到。"));
  Time ran = 0;
  for (const simulation::Piece& piece : timelines[1].tracks[0].pieces)
    ran += piece.end - piece.start;
  if (ran > recording.practice.cpu + recording.practice.cpu / 20)
    say(tr("Linux does to this process what it does to its threads: of the ",
           "Linux 对本进程所做的，正是本进程对自己的线程所做的：运行的 ") +
        milliseconds(ran) +
        tr(" ms in which they ran, others had the core for ", " ms 里，别的进程占了核 ") +
        milliseconds(ran - recording.practice.cpu) + tr(" ms.", " ms。"));
}

}  // namespace switch_demo
