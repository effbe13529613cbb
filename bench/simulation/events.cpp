#include "events.hpp"

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "random.hpp"
#include "simulation/event_queue.hpp"

#ifdef HAVE_NS3
#include <ns3/map-scheduler.h>
#endif

namespace simulation_bench {
namespace {

using namespace bench;
using simulation::Time;

/// Waits until the next event, drawn beforehand, so that drawing is not measured.
std::vector<Time> drawn_waits() {
  dialtone::Random random(1);
  std::vector<Time> waits(1U << 16U);
  for (Time& wait : waits) wait = static_cast<Time>(random.between(1, 1000));
  return waits;
}

const std::vector<Time>& waits() {
  static const std::vector<Time> drawn = drawn_waits();
  return drawn;
}

Time wait_number(std::size_t number) {
  return waits()[number & 0xffffU];
}

void hold_ours(std::size_t pending, std::size_t events) {
  simulation::EventQueue<std::uint64_t> queue;
  for (std::size_t i = 0; i < pending; ++i) queue.push(wait_number(i), 0, i);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < events; ++i) {
    const auto event = queue.take();
    sum += event.payload;
    queue.push(event.time + wait_number(i + pending), 0, i);
  }
  must(sum != 1, "the events of our own queue");
}

struct Call {
  Time time;
  std::uint64_t number;
  std::function<void()> work;
  bool operator<(const Call& other) const {
    return time != other.time ? time > other.time : number > other.number;
  }
};

/// What one writes first: the library's heap of function objects.
void hold_standard(std::size_t pending, std::size_t events) {
  std::priority_queue<Call> queue;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < pending; ++i)
    queue.push({wait_number(i), i, [&sum, i] { sum += i; }});
  for (std::size_t i = 0; i < events; ++i) {
    const Call call = queue.top();
    queue.pop();
    call.work();
    queue.push({call.time + wait_number(i + pending), i + pending, [&sum, i] { sum += i; }});
  }
  must(sum != 1, "the events of the standard heap");
}

#ifdef HAVE_NS3
/// ns-3's default scheduler by itself, with nothing behind an event.
void hold_ns3(std::size_t pending, std::size_t events) {
  ns3::MapScheduler scheduler;
  ns3::MapScheduler* const queue = &scheduler;
  const auto plan = [&](Time time, std::size_t number) {
    ns3::Scheduler::Event event;
    event.impl = nullptr;
    event.key.m_ts = static_cast<std::uint64_t>(time);
    event.key.m_uid = static_cast<std::uint32_t>(number);
    event.key.m_context = 0;
    queue->Insert(event);
  };
  for (std::size_t i = 0; i < pending; ++i) plan(wait_number(i), i);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < events; ++i) {
    const ns3::Scheduler::Event event = queue->RemoveNext();
    sum += event.key.m_uid;
    plan(static_cast<Time>(event.key.m_ts) + wait_number(i + pending), i + pending);
  }
  must(sum != 1, "ns-3's events");
}
#endif

}  // namespace

Report compare_engines(std::size_t runs, bool quick) {
  Report report;
  report.title = "events, million a second";
  const double events = quick ? 1e5 : 2e6;
  const auto count = static_cast<std::size_t>(events);
  for (const std::size_t pending : {20UL, 1'000UL, 100'000UL}) {
    const std::string with = ", " + number(static_cast<double>(pending)) + " pending";
    std::vector<Contest> contests;
    contests.push_back(
        rate_of("ours" + with, "M/s", events / 1e6, [=] { hold_ours(pending, count); }));
    contests.push_back(rate_of("standard heap of std::function" + with, "M/s", events / 1e6,
                               [=] { hold_standard(pending, count); }));
#ifdef HAVE_NS3
    contests.push_back(rate_of("ns-3's default scheduler" + with, "M/s", events / 1e6,
                               [=] { hold_ns3(pending, count); }));
#endif
    const std::vector<Figure> figures = measure(std::move(contests), runs);
    report.figures.insert(report.figures.end(), figures.begin(), figures.end());
    if (figures.size() == 3) {
      const double times = share(figures[0], figures[2]);
      report.verdicts.push_back(
          {"ours is " + number(times) + " times ns-3's" + with + " (2 are asked for)", times >= 2});
    }
  }
#ifndef HAVE_NS3
  report.verdicts.push_back(
      {"ns-3 is not installed: apt install libns3-dev, then configure again", {}});
#endif
  report.bound =
      "With few events the branches that compare times; with many the memory that the heap lies "
      "in.";
  return report;
}

}  // namespace simulation_bench
