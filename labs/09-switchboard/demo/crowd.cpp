#include "crowd.hpp"

#include <algorithm>

#include "tables.hpp"

namespace switchboard_demo {
namespace {

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

void run_exchanges(Callers& callers, const CrowdOptions& options, CrowdRow& row) {
  std::vector<double> rates;
  std::vector<double> p50;
  std::vector<double> p99;
  for (std::size_t i = 0; i < options.runs; ++i) {
    const Exchanges run = callers.exchange(row.active, options.time);
    rates.push_back(run.a_second);
    p50.push_back(run.p50_us);
    p99.push_back(run.p99_us);
  }
  row.exchanges = {median(rates), median(p50), median(p99)};
  row.slowest = std::ranges::min(rates);
  row.fastest = std::ranges::max(rates);
}

}  // namespace

std::size_t callers_that_fit(std::size_t wanted, std::size_t descriptors) {
  constexpr std::size_t others = 32;  // the listener, epoll, pipes, /proc and the like
  return std::min(wanted, descriptors > others ? descriptors - others : 1);
}

CrowdRow measure_crowd(const std::string& name, const std::vector<std::string>& server,
                       const CrowdOptions& options) {
  CrowdRow row;
  row.name = name;
  row.callers = options.callers;
  ServerProcess process(name, server);
  {
    Callers first(process.address(), 1);  // what a first call makes a server load is no caller's
    first.dial_all(milliseconds(2000), Deadline::after(milliseconds(2000)));
  }
  const Footprint empty = process.footprint();

  Callers callers(process.address(), options.callers);
  const auto start = Clock::now();
  row.held = callers.dial_all(milliseconds(1000), Deadline::after(milliseconds(30'000)));
  row.dial_seconds = Seconds(Clock::now() - start).count();
  if (row.held == 0) {
    process.expect_alive();
    throw Failure(name + ": " + tr("nobody was answered: ", "无人得到回应：") +
                  callers.first_loss());
  }
  row.unanswered = callers.unanswered();
  row.loss = callers.first_loss();
  row.footprint = process.footprint();
  constexpr std::size_t enough = 100;
  if (row.held >= enough)
    row.kib = (row.footprint.anonymous_kib - empty.anonymous_kib) / static_cast<double>(row.held);
  row.active = std::min(options.active, row.held);
  try {
    run_exchanges(callers, options, row);
  } catch (const Failure& failure) {
    process.expect_alive();
    throw Failure(name + ": " + failure.what());
  }

  const auto end = Clock::now();
  process.ask_to_end();
  const Deadline deadline = Deadline::after(milliseconds(10'000));
  callers.wait_for_hang_up(deadline);
  row.tally = process.ended(deadline);
  row.end_seconds = Seconds(Clock::now() - end).count();
  return row;
}

nlohmann::json to_json(const CrowdRow& row) {
  nlohmann::json json = {{"variant", row.name},
                         {"callers", row.callers},
                         {"held", row.held},
                         {"unanswered", row.unanswered},
                         {"threads", row.footprint.threads},
                         {"kib_per_caller", nullptr},
                         {"dial_seconds", row.dial_seconds},
                         {"active", row.active},
                         {"exchanges_per_second", row.exchanges.a_second},
                         {"slowest_run", row.slowest},
                         {"fastest_run", row.fastest},
                         {"p50_us", row.exchanges.p50_us},
                         {"p99_us", row.exchanges.p99_us},
                         {"end_seconds", row.end_seconds}};
  if (row.kib) json["kib_per_caller"] = *row.kib;
  if (!row.loss.empty()) json["loss"] = row.loss;
  return json;
}

std::string crowd_table(const std::vector<CrowdRow>& rows) {
  Rows table({"", tr("held", "接通"), tr("threads", "线程"), tr("KiB each", "KiB/人"),
              tr("exchanges/s", "交互/秒"), "p50 " + micro("s"), "p99 " + micro("s"),
              tr("dialled", "拨通用时")});
  for (const CrowdRow& row : rows)
    table.add({row.name, figure(static_cast<double>(row.held)),
               figure(static_cast<double>(row.footprint.threads)),
               row.kib ? figure(*row.kib, 1) : std::string(dialtone::glyph("–", "-")),
               figure(row.exchanges.a_second), figure(row.exchanges.p50_us),
               figure(row.exchanges.p99_us), figure(row.dial_seconds, 2) + " s"});
  return table.text();
}

}  // namespace switchboard_demo
