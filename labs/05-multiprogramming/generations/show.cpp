#include "generations/show.hpp"

#include <algorithm>
#include <iostream>

#include "generations/report.hpp"
#include "generations/trespass.hpp"
#include "language.hpp"
#include "simulation/timeline.hpp"
#include "terminal.hpp"

namespace generations {

using dialtone::Colour;
using dialtone::coloured;
using dialtone::tr;

namespace {

void heading(std::string_view english, std::string_view chinese) {
  for (const std::string& line : dialtone::wrap(tr(english, chinese), dialtone::terminal_columns()))
    std::cout << coloured(Colour::bold, line) << '\n';
}

void say(const std::string& text) {
  for (const std::string& line : dialtone::wrap(text, dialtone::terminal_columns()))
    std::cout << line << '\n';
}

std::string percent(double share) {
  return with_decimals(100 * share, 1);
}

}  // namespace

// --- the deck on every machine ---

std::string people_table(const std::vector<Played>& all, std::size_t columns) {
  const std::string most = tr("most", "最大");
  dialtone::Table table({tr("minutes", "分钟"), tr("wait", "等待"), most, tr("answer", "应答"),
                         most, tr("turnaround", "周转"), most, tr("gave up", "放弃")},
                        {1, 2, 3, 4, 5, 6, 7});
  for (const Played& one : all) {
    std::vector<std::string> row = {title_of(one.generation)};
    for (const Spread& figures : {waits(one), answers(one), turnarounds(one)}) {
      row.push_back(in_minutes(figures.mean));
      row.push_back(in_minutes(static_cast<double>(figures.most)));
    }
    row.push_back(std::to_string(gave_up(one)));
    table.add(std::move(row));
  }
  return table.text(columns);
}

namespace {

/// The devices of all machines, in the order in which they first come.
std::vector<std::string> device_columns(const std::vector<Played>& all) {
  std::vector<std::string> names;
  for (const Played& one : all)
    for (const Device& device : one.devices)
      if (std::find(names.begin(), names.end(), device.name) == names.end())
        names.push_back(device.name);
  return names;
}

std::string percentage(double share) {
  const std::string figure = with_decimals(100 * share, 1);
  return std::string(figure.size() < 5 ? 5 - figure.size() : 0, ' ') + figure;
}

std::vector<std::string> device_cells(const Played& one, const std::vector<std::string>& names) {
  std::vector<std::string> cells;
  for (const std::string& name : names) {
    const auto device = std::find_if(one.devices.begin(), one.devices.end(),
                                     [&](const Device& each) { return each.name == name; });
    cells.push_back(device == one.devices.end() ? "    -" : percentage(share(device->busy, one)));
  }
  return cells;
}

std::string machine_table(const std::vector<Played>& all, const std::vector<std::string>& names) {
  std::vector<std::string> head = {tr("busy, %", "忙，%"), tr("all done", "全部完成"),
                                   tr("jobs/h", "作业/时"), "CPU"};
  head.insert(head.end(), names.begin(), names.end());
  dialtone::Table table(head, {1, 2, 3});
  for (const Played& one : all) {
    std::vector<std::string> row = {
        title_of(one.generation), minutes(static_cast<double>(one.span())),
        with_decimals(one.jobs_an_hour(), 2), with_decimals(100 * one.utilisation(), 1)};
    const auto cells = device_cells(one, names);
    row.insert(row.end(), cells.begin(), cells.end());
    table.add(std::move(row));
  }
  constexpr std::size_t any_width = 10'000;
  return table.text(any_width);
}

}  // namespace

std::string machine_table(const std::vector<Played>& all, std::size_t columns) {
  const std::vector<std::string> names = device_columns(all);
  for (std::size_t shown = names.size();; --shown) {
    const std::vector<std::string> some(names.begin(),
                                        names.begin() + static_cast<std::ptrdiff_t>(shown));
    std::string text = machine_table(all, some);
    const bool fits = dialtone::display_width(text.substr(0, text.find('\n'))) <= columns;
    if (!fits && shown > 0) continue;
    if (shown == names.size()) return text;
    return text + tr("(devices that only --json tells of: ", "（只见于 --json 的设备：") +
           std::to_string(names.size() - shown) + tr(")\n", "）\n");
  }
}

void show(const std::vector<Played>& all) {
  const std::size_t columns = dialtone::terminal_columns();
  heading("One deck on every machine, on one time axis (in seconds)",
          "同一叠作业在每一代机器上，同一条时间轴（秒）");
  std::cout << simulation::timeline_text(timelines_of(all), {columns, dialtone::locale_is_utf8(),
                                                             dialtone::stdout_is_lively()})
            << '\n';
  heading("Who waited how long", "谁等了多久");
  std::cout << people_table(all, columns) << '\n';
  heading("How busy the machines were", "机器有多忙");
  std::cout << machine_table(all, columns) << '\n';
  for (const Played& one : all) {
    std::cout << coloured(Colour::bold, title_of(one.generation)) << '\n';
    for (const std::string& line : verdicts(all, one)) say(line);
  }
}

// --- memory ---

void show_memory(const MemoryRules& rules, const std::vector<MemoryStep>& steps,
                 const std::vector<Fullness>& compared) {
  const std::size_t columns = dialtone::terminal_columns();
  const bool unicode = dialtone::locale_is_utf8();
  std::size_t words = 0;
  for (const MemoryStep& step : steps) words = std::max(words, dialtone::display_width(told(step)));
  std::cout << coloured(Colour::bold, tr("Memory of ", "内存 ") + std::to_string(rules.size) +
                                          " K, " + title_of(rules))
            << '\n';
  const std::size_t figures = 22;
  const std::size_t width =
      std::max<std::size_t>(16, columns > words + figures + 6 ? columns - words - figures - 6 : 16);
  for (const MemoryStep& step : steps)
    std::cout << dialtone::pad(told(step), words) << ' ' << bar(rules, step, width, unicode)
              << tr(" inside ", " 内部 ") << step.usage.internal << tr(", outside ", "，外部 ")
              << step.usage.external << '\n';
  say(
      tr("Inside: wasted in partitions (internal fragmentation). Outside: free, but not in the "
         "largest hole (external fragmentation).",
         "内部：分区里浪费的（内部碎片）。外部：空闲但不在最大空洞里的（外部碎片）。"));
  std::cout << '\n';
  heading(
      "The same stream of programs in other memories: how full they are when one finds no room, %",
      "同一串程序放进别的内存：放不下时内存有多满，%");
  dialtone::Table table({tr("division", "划分"), tr("no room", "放不下"), tr("programs", "程序"),
                         tr("inside", "内部碎片"), tr("holes", "空闲"), tr("K moved", "搬移 K")},
                        {1, 2, 3, 4, 5});
  for (const Fullness& one : compared)
    table.add({one.rules, std::to_string(one.refusals), percent(one.allocated),
               percent(one.internal), percent(one.external), std::to_string(one.moved)});
  std::cout << table.text(columns);
}

namespace {

void show_one(bool protection) {
  const Trespass story = trespass(protection);
  heading(protection ? "With base and limit" : "Without protection",
          protection ? "有基址和界限" : "没有保护");
  for (const Trespass::Event& event : story.events)
    say(tr("tick ", "时刻 ") + std::to_string(event.tick) + tr(": ", "：") + event.text);
  const std::size_t row = dialtone::terminal_columns() >= 72 ? 64 : 32;
  std::cout << picture(story.events.back().memory, row);
  say(std::string(tr("Checksums: the neighbour's memory ", "校验和：邻居的内存")) +
      (story.neighbour_intact ? tr("as written", "完好") : tr("CHANGED", "被改了")) +
      tr(", the system's ", "，系统的") +
      (story.system_intact ? tr("as written.", "完好。") : tr("CHANGED.", "被改了。")));
  std::cout << '\n';
}

}  // namespace

void show_trespass(bool both) {
  if (both) show_one(true);
  show_one(false);
  say(
      tr("Each letter is a byte (t: the system's table, s: the system); a capital was not written "
         "by its owner.",
         "一个字母一个字节（t：系统的表，s：系统）；大写的不是主人写的。"));
}

// --- how busy, how soon ---

void show_utilisation(const std::vector<DegreeFigures>& figures, double wait) {
  std::cout << coloured(Colour::bold, tr("CPU utilisation, programs that wait for I/O a share p = ",
                                         "CPU 利用率，程序等待 I/O 的比例 p = ") +
                                          with_decimals(wait, 2))
            << '\n';
  dialtone::Table table({tr("programs", "程序数"), tr("simulated, %", "模拟，%"),
                         tr("exact, %", "精确，%"), "1 - p^n, %"},
                        {0, 1, 2, 3});
  for (const DegreeFigures& one : figures)
    table.add({std::to_string(one.programs), with_decimals(100 * one.simulated, 2),
               with_decimals(100 * one.exact, 2), with_decimals(100 * one.simple, 2)});
  std::cout << table.text() << '\n'
            << curve(figures, dialtone::terminal_columns(), dialtone::locale_is_utf8());
  say(tr(
      "Full dot: simulated, 0 to 100 %; ring: 1 - p^n, which forgets that programs queue for the "
      "CPU and so are not in I/O. Exact: one CPU, a device each (machine repairman).",
      "实点：模拟值，0 到 100 %；圆圈：1 - p^n，它忘了程序也要排队等 CPU，那时并不在做 "
      "I/O。精确值：一个 CPU，每个程序一台设备（机器维修模型）。"));
}

void show_terminals(const Room& room, const std::vector<RoomFigures>& all) {
  std::cout << coloured(Colour::bold,
                        std::to_string(room.users) +
                            tr(" terminals; answers in seconds", " 个终端；应答时间（秒）"))
            << '\n';
  dialtone::Table table({tr("who is served", "服务次序"), tr("mean", "平均"), tr("short", "短请求"),
                         tr("long", "长请求"), tr("longest", "最长"), tr("thinking", "思考"),
                         tr("waiting", "等待"), "CPU %"},
                        {1, 2, 3, 4, 5, 6, 7});
  for (const RoomFigures& one : all) {
    std::string name = one.slices ? tr("time slices", "时间片") : tr("first come", "先来先服务");
    if (one.long_jobs > 0) name += tr(", long jobs: ", "，长作业 ") + std::to_string(one.long_jobs);
    const auto seconds = [](double ticks, int decimals) {
      return ticks > 0 ? with_decimals(ticks / 100, decimals) : std::string("-");
    };
    table.add({name, seconds(one.answer, 2), seconds(one.short_ones, 2), seconds(one.long_ones, 2),
               seconds(static_cast<double>(one.longest), 1), with_decimals(one.thinking, 1),
               with_decimals(one.waiting, 1), percent(one.utilisation)});
  }
  std::cout << table.text();
  say(tr("Little's law gives ", "按利特尔定律，平均 ") +
      with_decimals(exact_answer(room) / 100, 2) +
      tr(" s on average without long jobs. Short: requests of 0.1 s or less; long: 2 s or more. "
         "The "
         "users of long jobs (60 s each) are not counted in the answers.",
         " 秒（没有长作业时）。短请求：不超过 0.1 秒；长请求：2 秒以上。长作业（每个 60 "
         "秒）用户的应答不计在内。"));
}

}  // namespace generations
