#include "generations/terminals.hpp"

#include <algorithm>
#include <cmath>

#include "generations/in_memory.hpp"
#include "generations/utilisation.hpp"
#include "random.hpp"
#include "simulation/machine.hpp"
#include "time_slicing.hpp"

namespace generations {

using dialtone::Random;
using simulation::Burst;
using simulation::Happening;
using simulation::Workload;

namespace {

Time exponential(Random& random, Time mean) {
  const double uniform = (static_cast<double>(random.bits() >> 11U) + 0.5) * 0x1.0p-53;
  return std::max<Time>(1, std::llround(-static_cast<double>(mean) * std::log(uniform)));
}

/// Notes each answer of an ordinary user, and how many wait.
class Clock : public simulation::Observer {
 public:
  Clock(const Workload& workload, int ordinary)
      : workload_(workload),
        ordinary_(ordinary),
        asked_(workload.jobs.size(), 0),
        burst_(workload.jobs.size(), 1) {}

  void happened(const simulation::Event& event, const simulation::ProcessControlBlock&,
                const simulation::Policy&) override {
    if (event.pid < 0) return;
    const auto pid = static_cast<std::size_t>(event.pid);
    if (event.what == Happening::woke) asked_[pid] = event.time;
    if (event.what != Happening::blocked && event.what != Happening::finished) return;
    const Time answer = event.time - asked_[pid];
    waited_ += static_cast<double>(answer);
    const Time needed =
        workload_.bursts[workload_.jobs[pid].first_burst + static_cast<std::size_t>(burst_[pid])]
            .length;
    burst_[pid] += 2;
    if (event.pid >= ordinary_) return;
    add(all_, answer);
    if (needed <= 10) add(short_, answer);
    if (needed >= 200) add(long_, answer);
    longest_ = std::max(longest_, answer);
  }

  void fill(RoomFigures& figures, Time end) const {
    figures.answer = all_.mean();
    figures.short_ones = short_.mean();
    figures.long_ones = long_.mean();
    figures.longest = longest_;
    figures.waiting = waited_ / static_cast<double>(end);
    figures.thinking = static_cast<double>(workload_.jobs.size()) - figures.waiting;
  }

 private:
  struct Sum {
    double sum = 0;
    double count = 0;
    double mean() const { return count > 0 ? sum / count : 0; }
  };
  static void add(Sum& sum, Time time) {
    sum.sum += static_cast<double>(time);
    sum.count += 1;
  }

  const Workload& workload_;
  int ordinary_;
  std::vector<Time> asked_;
  std::vector<std::uint32_t> burst_;  ///< the CPU burst that each asks for now
  Sum all_, short_, long_;
  Time longest_ = 0;
  double waited_ = 0;
};

/// So many that all the work stays well below 2^31 ticks.
std::size_t requests_each(const Room& room) {
  constexpr Time most_work = 1'000'000'000;
  const Time request =
      room.long_jobs > 0 ? std::max(room.request, room.long_request) : room.request;
  const auto most = static_cast<std::size_t>(most_work / (room.think + request));
  return std::max<std::size_t>(
      1, std::min(room.requests, most) / static_cast<std::size_t>(room.users));
}

}  // namespace

RoomFigures play_room(const Room& room, bool slices, std::uint64_t seed) {
  Random random(seed);
  Workload workload;
  const int ordinary = room.users - room.long_jobs;
  const std::size_t each = requests_each(room);
  std::vector<Burst> bursts;
  Time shortest = simulation::never;  // until the first user has nothing more to ask
  for (int user = 0; user < room.users; ++user) {
    bursts.clear();
    Time length = 0;
    for (std::size_t i = 0; i < each; ++i) {
      bursts.push_back({exponential(random, room.think), 0});
      bursts.push_back({user < ordinary ? exponential(random, room.request) : room.long_request});
      length += bursts[bursts.size() - 2].length + bursts.back().length;
    }
    shortest = std::min(shortest, length);
    workload.add({}, bursts);
  }
  simulation::Options options;
  options.devices = {{"terminal", 0}};
  options.horizon = shortest;  // nobody can be done sooner than if he were alone
  Clock clock(workload, ordinary);
  options.observer = &clock;
  const auto figures = simulation::run(
      workload,
      [&]() -> std::unique_ptr<simulation::Policy> {
        if (slices) return std::make_unique<time_slicing::RoundRobin>(room.quantum);
        return std::make_unique<SwitchOnIo>();
      },
      options);
  RoomFigures result;
  result.slices = slices;
  result.long_jobs = room.long_jobs;
  result.utilisation = static_cast<double>(figures.cores[0].busy) /
                       static_cast<double>(std::max<Time>(1, figures.end));
  clock.fill(result, std::max<Time>(1, figures.end));
  return result;
}

double exact_answer(const Room& room) {
  const double think = static_cast<double>(room.think);
  const double request = static_cast<double>(room.request);
  const double busy = repairman(room.users, think / (think + request));
  return room.users * request / busy - think;
}

nlohmann::ordered_json json_of(const Room& room, const std::vector<RoomFigures>& all,
                               std::uint64_t seed) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const RoomFigures& one : all)
    list.push_back({{"policy", one.slices ? "time slices" : "first come first served"},
                    {"long_jobs", one.long_jobs},
                    {"answer", one.answer / 100},
                    {"short_requests", one.short_ones / 100},
                    {"long_requests", one.long_ones / 100},
                    {"longest", static_cast<double>(one.longest) / 100},
                    {"thinking", one.thinking},
                    {"waiting", one.waiting},
                    {"utilisation", one.utilisation}});
  return {{"users", room.users},
          {"think", static_cast<double>(room.think) / 100},
          {"request", static_cast<double>(room.request) / 100},
          {"quantum", static_cast<double>(room.quantum) / 100},
          {"exact_answer", exact_answer(room) / 100},
          {"seed", seed},
          {"rooms", std::move(list)}};
}

}  // namespace generations
