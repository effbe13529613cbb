#include "report.hpp"

#include <algorithm>
#include <cmath>

#include "decimals.hpp"
#include "language.hpp"
#include "terminal.hpp"

namespace time_slicing_demo {
namespace {

using dialtone::tr;
using dialtone::with_decimals;
using namespace simulation;
using nlohmann::ordered_json;

/// A column of the comparison.
struct Measure {
  std::string head;
  double (*of)(const Run&);
  int decimals;
  bool small_is_good;
};

std::vector<Measure> measures() {
  return {
      {tr("response", "响应"), [](const Run& r) { return r.summary.response; }, 1, true},
      {tr("turnaround", "周转"), [](const Run& r) { return r.summary.turnaround; }, 1, true},
      {tr("waiting", "等待"), [](const Run& r) { return r.summary.waiting; }, 1, true},
      {tr("slowdown", "减速比"), [](const Run& r) { return r.summary.slowdown; }, 2, true},
      {tr("jobs/1000", "作业/千刻"), [](const Run& r) { return r.summary.throughput; }, 1, false},
      {"CPU %", [](const Run& r) { return 100 * r.summary.utilisation; }, 1, false},
      {tr("fair", "公平"), [](const Run& r) { return r.summary.fairness; }, 2, false},
      {tr("switches", "切换"),
       [](const Run& r) {
         return static_cast<double>(r.summary.voluntary + r.summary.involuntary);
       },
       0, true},
  };
}

/// Which of these figures, as they are shown, is the best; empty where all are the same.
std::string best_of(const std::vector<Run>& runs, const Measure& measure) {
  std::vector<double> values;
  for (const Run& run : runs) values.push_back(measure.of(run));
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  if (with_decimals(*least, measure.decimals) == with_decimals(*most, measure.decimals)) return {};
  return with_decimals(measure.small_is_good ? *least : *most, measure.decimals);
}

ordered_json number(double value) {
  if (std::floor(value) == value && std::abs(value) < 1e15) return static_cast<std::int64_t>(value);
  return value;
}

/// The pieces in which programs ran, of all cores, in the order of time.
ordered_json slices_of(const Run& run) {
  struct Slice {
    std::size_t core;
    Piece piece;
  };
  std::vector<Slice> slices;
  for (std::size_t core = 0; core < run.by_core.tracks.size(); ++core)
    for (const Piece& piece : run.by_core.tracks[core].pieces)
      if (piece.mark == Mark::running) slices.push_back({core, piece});
  std::stable_sort(slices.begin(), slices.end(),
                   [](const Slice& a, const Slice& b) { return a.piece.start < b.piece.start; });
  ordered_json list = ordered_json::array();
  for (const Slice& slice : slices)
    list.push_back({{"cpu", slice.core},
                    {"job", slice.piece.who},
                    {"start", slice.piece.start},
                    {"end", slice.piece.end}});
  return list;
}

}  // namespace

std::string comparison(const std::vector<Run>& runs, std::size_t columns) {
  const std::vector<Measure> all = measures();
  std::vector<std::string> best;
  for (const Measure& measure : all) best.push_back(best_of(runs, measure));
  const std::string star(dialtone::glyph("★", "*"));
  const auto cell = [&](const Run& run, std::size_t column) {
    const std::string text = with_decimals(all[column].of(run), all[column].decimals);
    const bool marked = runs.size() > 1 && text == best[column];
    return text + (marked ? star : std::string(dialtone::display_width(star), ' '));
  };
  // Where the terminal is narrow, a table for every three or four columns.
  std::string text;
  const std::size_t names = [&] {
    std::size_t widest = dialtone::display_width(tr("policy", "策略"));
    for (const Run& run : runs) widest = std::max(widest, dialtone::display_width(run.choice.name));
    return std::min<std::size_t>(widest, 24);
  }();
  const std::size_t room = columns > names + 13 ? (columns - names - 1) / 12 : 1;
  for (std::size_t first = 0; first < all.size(); first += room) {
    std::vector<std::string> head = {tr("policy", "策略")};
    const std::size_t end = std::min(all.size(), first + room);
    for (std::size_t i = first; i < end; ++i) head.push_back(all[i].head + " ");
    dialtone::Table table(head, {1, 2, 3, 4, 5, 6, 7, 8});
    for (const Run& run : runs) {
      std::vector<std::string> row = {run.choice.name};
      for (std::size_t i = first; i < end; ++i) row.push_back(cell(run, i));
      table.add(std::move(row));
    }
    text += table.text(columns);
  }
  if (runs.size() > 1)
    text += star +
            tr(" the best of its column; times are means over the jobs, in ticks",
               " 本列最好；时间是各作业的平均，单位为刻") +
            "\n";
  return text;
}

std::string job_table(const Deck& deck, const Run& run, std::size_t columns) {
  dialtone::Table table(
      {tr("job", "作业"), tr("arrives", "到达"), tr("response", "响应"), tr("turnaround", "周转"),
       tr("waiting", "等待"), "CPU", "I/O", tr("ends", "结束"), tr("result", "结果")},
      {1, 2, 3, 4, 5, 6, 7});
  constexpr std::size_t most = 60;
  const auto time = [](Time value) { return value < 0 ? std::string("–") : std::to_string(value); };
  for (std::size_t i = 0; i < run.figures.jobs.size(); ++i) {
    if (i == most) {
      table.add({"…", "", "", "", "", "", "", "", ""});
      break;
    }
    const JobFigures& job = run.figures.jobs[i];
    const std::string result = job.completion < 0 ? tr("cut short", "未完成")
                               : job.intact       ? tr("right", "正确")
                                                  : tr("WRONG", "错误");
    table.add({deck.workload.jobs[i].name, time(job.arrival), time(job.response()),
               time(job.turnaround()), time(job.waiting), time(job.cpu), time(job.io),
               time(job.completion), result});
  }
  const Summary& summary = run.summary;
  table.add({tr("mean", "平均"), "", with_decimals(summary.response, 1),
             with_decimals(summary.turnaround, 1), with_decimals(summary.waiting, 1), "", "", "",
             ""});
  return table.text(columns);
}

std::string core_lines(const Run& run, const Options& options) {
  std::string text;
  const auto end = static_cast<double>(std::max<Time>(1, run.figures.end));
  const auto percent = [&](Time ticks) {
    return with_decimals(100 * static_cast<double>(ticks) / end, 1) + " %";
  };
  for (std::size_t i = 0; i < run.figures.cores.size(); ++i) {
    const CoreFigures& core = run.figures.cores[i];
    text += "CPU " + std::to_string(i) + tr(": busy ", "：忙 ") + percent(core.busy);
    if (options.caches.warm_up > 0)
      text += tr(", with a warm cache ", "，缓存已热 ") + percent(core.warm);
    if (options.switch_cost > 0) text += tr(", switching ", "，切换 ") + percent(core.switching);
    text += '\n';
  }
  text += tr("switches: ", "切换：") + std::to_string(run.figures.voluntary) +
          tr(" after a process blocked or ended, ", " 次因阻塞或结束，") +
          std::to_string(run.figures.involuntary) +
          tr(" because its turn was over; fairness ", " 次因轮次已到；公平指数 ") +
          with_decimals(run.summary.fairness, 2) + "\n";
  if (run.figures.cut_short)
    text += tr("cut short at tick ", "在第 ") + std::to_string(run.figures.end) +
            tr(": not every job ended\n", " 刻中止：还有作业没有结束\n");
  return text;
}

ordered_json to_json(const Deck& deck, const Run& run) {
  ordered_json jobs = ordered_json::array();
  for (std::size_t i = 0; i < run.figures.jobs.size(); ++i) {
    const JobFigures& figures = run.figures.jobs[i];
    ordered_json job = {{"job", i}, {"name", deck.workload.jobs[i].name}};
    job["arrival"] = figures.arrival;
    if (figures.response() >= 0) job["response"] = figures.response();
    if (figures.turnaround() >= 0) {
      job["turnaround"] = figures.turnaround();
      job["waiting"] = figures.waiting;
      job["completion"] = figures.completion;
    }
    job["cpu"] = figures.cpu;
    job["io"] = figures.io;
    job["intact"] = figures.intact;
    jobs.push_back(std::move(job));
  }
  const auto end = static_cast<double>(std::max<Time>(1, run.figures.end));
  ordered_json cores = ordered_json::array();
  for (std::size_t i = 0; i < run.figures.cores.size(); ++i) {
    const CoreFigures& core = run.figures.cores[i];
    cores.push_back({{"cpu", i},
                     {"utilisation", static_cast<double>(core.busy) / end},
                     {"warm", static_cast<double>(core.warm) / end},
                     {"switching", static_cast<double>(core.switching) / end}});
  }
  const Summary& summary = run.summary;
  return {{"policy", run.choice.name},
          {"slices", slices_of(run)},
          {"jobs", std::move(jobs)},
          {"average",
           {{"response", number(summary.response)},
            {"turnaround", number(summary.turnaround)},
            {"waiting", number(summary.waiting)},
            {"slowdown", number(summary.slowdown)}}},
          {"cpus", std::move(cores)},
          {"throughput", number(summary.throughput)},
          {"fairness", number(summary.fairness)},
          {"switches",
           {{"voluntary", run.figures.voluntary}, {"involuntary", run.figures.involuntary}}},
          {"total_time", run.figures.end},
          {"cut_short", run.figures.cut_short}};
}

}  // namespace time_slicing_demo
