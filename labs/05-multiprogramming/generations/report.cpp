#include "generations/report.hpp"

#include <algorithm>

#include "language.hpp"

namespace generations {

using dialtone::tr;

namespace {

template <class TimesOf>
Spread spread(const Played& played, TimesOf times_of) {
  Spread spread;
  double sum = 0;
  std::size_t count = 0;
  for (const Outcome& job : played.jobs)
    for (const Time time : times_of(job)) {
      sum += static_cast<double>(time);
      spread.most = std::max(spread.most, time);
      ++count;
    }
  if (count > 0) spread.mean = sum / static_cast<double>(count);
  return spread;
}

std::string percent(double value) {
  return with_decimals(100 * value, 1) + "%";
}

const Played* find(const std::vector<Played>& all, Generation generation) {
  for (const Played& one : all)
    if (one.generation == generation) return &one;
  return nullptr;
}

/// The shortest time from handing in to paper.
Time soonest(const Played& played) {
  Time soonest = simulation::never;
  for (const Outcome& job : played.jobs) soonest = std::min(soonest, job.turnaround());
  return soonest;
}

}  // namespace

double share(Time busy, const Played& played) {
  return played.span() > 0 ? static_cast<double>(busy) / static_cast<double>(played.span()) : 0;
}

Spread waits(const Played& played) {
  return spread(played, [](const Outcome& job) { return std::vector<Time>{job.waiting()}; });
}
Spread answers(const Played& played) {
  return spread(played, [](const Outcome& job) { return job.answers; });
}
Spread turnarounds(const Played& played) {
  return spread(played, [](const Outcome& job) { return std::vector<Time>{job.turnaround()}; });
}

int gave_up(const Played& played) {
  return static_cast<int>(std::count_if(played.jobs.begin(), played.jobs.end(),
                                        [](const Outcome& job) { return job.gave_up; }));
}

std::string in_minutes(double seconds) {
  return with_decimals(seconds / 60, 1);
}

std::string minutes(double seconds) {
  return in_minutes(seconds) + tr(" min", " 分钟");
}

namespace {

std::vector<std::string> of_exclusive(const Played& one) {
  Time at_machine = 0;
  Time count = 0;
  for (const Outcome& job : one.jobs)
    for (std::size_t i = 1; i < job.answers.size(); ++i, ++count) at_machine += job.answers[i];
  std::vector<std::string> lines;
  if (count > 0)
    lines.push_back(tr("+ Who has the machine debugs at once: an answer takes ",
                       "+ 占有机器的人可以即时调试：一次应答只要 ") +
                    with_decimals(static_cast<double>(at_machine) / static_cast<double>(count), 1) +
                    tr(" s.", " 秒。"));
  lines.push_back(tr("- The CPU computes for ", "- CPU 只有 ") + percent(one.utilisation()) +
                  tr(" of the time: it waits while boards are plugged and people think.",
                     " 的时间在计算：插线、思考时它都在等。"));
  if (one.cpu_lost > 0)
    lines.push_back(tr("- Bookings were too short: ", "- 预约的时间不够：白算了 ") +
                    minutes(static_cast<double>(one.cpu_lost)) +
                    tr(" of computing were lost, and booked again (", "，只好重新预约（共 ") +
                    std::to_string(one.bookings) + tr(" bookings in all).", " 次预约）。"));
  return lines;
}

std::vector<std::string> of_batch(const Played& one, const Played* before) {
  std::vector<std::string> lines = {
      tr("+ Nobody plugs boards: the CPU computes for ", "+ 不用插线：CPU 有 ") +
          percent(one.utilisation()) + tr(" of the time", " 的时间在计算") +
          (before != nullptr ? tr(", instead of ", "，而不是 ") + percent(before->utilisation())
                             : "") +
          tr(".", "。"),
      tr("- No paper sooner than after ", "- 最快也要 ") +
          minutes(static_cast<double>(soonest(one))) +
          tr(", for the smallest job too: no debugging. Still one program after the other.",
             "才拿到结果，再小的作业也一样：没法调试。仍然是串行。")};
  return lines;
}

std::vector<std::string> of_spooling(const Played& one, const Played* before) {
  std::vector<std::string> lines = {
      tr("+ No tapes are carried: turnaround ", "+ 不用搬磁带：周转时间 ") +
      minutes(turnarounds(one).mean) +
      (before != nullptr ? tr(", instead of ", "，而不是 ") + minutes(turnarounds(*before).mean)
                         : "") +
      tr(".", "。")};
  lines.push_back(tr("- One program in memory: while it waits for a disk, the CPU does too (idle ",
                     "- 内存里只有一个程序：它等磁盘，CPU 也跟着等（空闲 ") +
                  percent(1 - one.utilisation()) + tr(").", "）。"));
  return lines;
}

std::vector<std::string> of_multiprogramming(const Played& one, const Played* before) {
  return {tr("+ Up to ", "+ 内存里最多同时有 ") + std::to_string(one.most_programs) +
              tr(" programs in memory: the CPU computes for ", " 个程序：CPU 有 ") +
              percent(one.utilisation()) + tr(" of the time", " 的时间在计算") +
              (before != nullptr ? tr(", instead of ", "，而不是 ") + percent(before->utilisation())
                                 : "") +
              tr(".", "。"),
          tr("- It is still batch: no paper sooner than after ", "- 还是批处理：最快也要 ") +
              minutes(static_cast<double>(soonest(one))) +
              tr(", and a job that computes keeps the others waiting.",
                 "才有结果，而且计算量大的作业让别人干等。")};
}

std::vector<std::string> of_sharing(const Played& one, const Played* before) {
  return {tr("+ Who asks little is answered soon: on average after ", "+ 请求小，应答就快：平均 ") +
              minutes(answers(one).mean) +
              (before != nullptr ? tr(", instead of ", "，而不是 ") + minutes(answers(*before).mean)
                                 : "") +
              tr(".", "。"),
          tr("- Who computes long shares with all: a turnaround of up to ",
             "- 计算量大的与大家分享 CPU：周转时间最长 ") +
              minutes(static_cast<double>(turnarounds(one).most)) + tr("; ", "；切换 ") +
              std::to_string(one.switches) + tr(" switches.", " 次。")};
}

}  // namespace

std::vector<std::string> verdicts(const std::vector<Played>& all, const Played& one) {
  switch (one.generation) {
    case Generation::exclusive:
      return of_exclusive(one);
    case Generation::batch:
      return of_batch(one, find(all, Generation::exclusive));
    case Generation::spooling:
      return of_spooling(one, find(all, Generation::batch));
    case Generation::multiprogramming:
      return of_multiprogramming(one, find(all, Generation::spooling));
    case Generation::time_sharing:
      return of_sharing(one, find(all, Generation::multiprogramming));
    case Generation::many_cpus:
      return {tr("+ One CPU was many before; now many are many: turnaround ",
                 "+ 从前一个 CPU 当多个用，如今真有多个：周转时间 ") +
                  minutes(turnarounds(one).mean) + tr(", answers after ", "，应答 ") +
                  minutes(answers(one).mean) + tr(".", "。"),
              tr("- Each of the ", "- ") + std::to_string(one.cores) +
                  tr(" CPUs computes for ", " 个 CPU 各有 ") + percent(one.utilisation()) +
                  tr(" of the time: one job runs on one CPU, and waits for its own disk.",
                     " 的时间在计算：一个作业只能用一个 CPU，还得等自己的磁盘。")};
  }
  return {};
}

nlohmann::ordered_json json_of(const std::vector<Played>& all, const Deck& deck) {
  using nlohmann::ordered_json;
  ordered_json list = ordered_json::array();
  for (const Played& one : all) {
    ordered_json jobs = ordered_json::array();
    for (std::size_t i = 0; i < one.jobs.size(); ++i)
      jobs.push_back({{"name", deck.workload.jobs[i].name},
                      {"user", deck.orders[i].user},
                      {"arrival", one.jobs[i].arrival},
                      {"done", one.jobs[i].done},
                      {"turnaround", one.jobs[i].turnaround()},
                      {"waiting", one.jobs[i].waiting()},
                      {"answers", one.jobs[i].answers},
                      {"gave_up", one.jobs[i].gave_up}});
    ordered_json devices = ordered_json::array();
    for (const Device& device : one.devices)
      devices.push_back(
          {{"name", device.name}, {"busy", device.busy}, {"utilisation", share(device.busy, one)}});
    const auto told = [](const Spread& figures) {
      return ordered_json{{"mean", figures.mean}, {"max", figures.most}};
    };
    list.push_back({{"generation", generation_names[static_cast<std::size_t>(one.generation)]},
                    {"title", title_of(one.generation)},
                    {"jobs", std::move(jobs)},
                    {"waiting", told(waits(one))},
                    {"response", told(answers(one))},
                    {"turnaround", told(turnarounds(one))},
                    {"gave_up", gave_up(one)},
                    {"span", one.span()},
                    {"jobs_an_hour", one.jobs_an_hour()},
                    {"cores", one.cores},
                    {"cpu_busy", one.cpu},
                    {"cpu_lost", one.cpu_lost},
                    {"cpu_utilisation", one.utilisation()},
                    {"devices", std::move(devices)}});
  }
  return {{"tick", "second"}, {"generations", std::move(list)}};
}

std::string csv_of(const std::vector<Played>& all) {
  std::string text;
  for (const Played& one : all) {
    const std::string rows = simulation::timeline_csv(one.timeline);
    const std::string name(generation_names[static_cast<std::size_t>(one.generation)]);
    std::size_t at = 0;
    for (bool head = true; at < rows.size(); head = false) {
      const std::size_t end = std::min(rows.find('\n', at), rows.size() - 1);
      if (!head || text.empty())
        text += (head ? "generation" : name) + "," + rows.substr(at, end - at + 1);
      at = end + 1;
    }
  }
  return text;
}

std::vector<simulation::Timeline> timelines_of(const std::vector<Played>& all) {
  std::vector<simulation::Timeline> timelines;
  for (const Played& one : all) timelines.push_back(one.timeline);
  return timelines;
}

}  // namespace generations
