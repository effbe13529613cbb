// The machines before there was an operating system worth the name: one program at a time, and
// people who set up, carry and wait.
#include <algorithm>
#include <queue>

#include "generations/plan.hpp"
#include "language.hpp"

namespace generations {

using dialtone::tr;
using simulation::append;
using simulation::Burst;
using simulation::last_tick;
using simulation::Mark;
using simulation::Track;

namespace {

std::vector<std::size_t> by_arrival(const Deck& deck) {
  std::vector<std::size_t> order(deck.workload.jobs.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return deck.workload.jobs[a].arrival < deck.workload.jobs[b].arrival;
  });
  return order;
}

// --- generation 1 ---

/// A line that somebody has written into the calendar on the wall.
struct Booking {
  Time made = 0;
  std::size_t order = 0;  ///< of those made at the same time
  std::size_t job = 0;
  Time slots = 1;
};

struct Later {
  bool operator()(const Booking& a, const Booking& b) const {
    return a.made != b.made ? a.made > b.made : a.order > b.order;
  }
};

/// One step of what happens during a booking.
struct Step {
  enum Kind { set_up, cards, cpu, device, think, lines };
  Kind kind = set_up;
  Time length = 0;
};

std::vector<Step> steps_of(const Deck& deck, const Settings& settings, std::size_t job) {
  std::vector<Step> steps = {{Step::set_up, settings.set_up},
                             {Step::cards, reading_time(deck.orders[job].cards)}};
  for (const Burst& burst : bursts_of(deck, job))
    steps.push_back({burst.device == Burst::cpu ? Step::cpu
                     : is_terminal(deck, burst) ? Step::think
                                                : Step::device,
                     burst.length});
  steps.push_back({Step::lines, printing_time(deck.orders[job].lines)});
  return steps;
}

Time length_of(const std::vector<Step>& steps) {
  Time length = 0;
  for (const Step& step : steps) length += step.length;
  return length;
}

/// The machine belongs to one user from `start` until `end`.
class Hour {
 public:
  Hour(Played& played, std::size_t job, Time start, Time end)
      : played_(played), outcome_(played.jobs[job]), job_(job), now_(start), end_(end) {}

  /// Whether the job got done. Its answers count only then.
  bool play(const std::vector<Step>& steps) {
    std::vector<Time> answers;
    Time computed = 0;
    Time asked = outcome_.arrival;
    for (const Step& step : steps) {
      if (step.kind == Step::think) answers.push_back(now_ - asked);
      const Time done = take(step);
      if (step.kind == Step::cpu) computed += done;
      if (step.kind == Step::think) asked = now_;
      if (done == step.length) continue;
      played_.cpu_lost += computed;
      return false;
    }
    played_.cpu += computed;
    for (const Step& step : steps) outcome_.work += step.kind == Step::set_up ? 0 : step.length;
    answers.push_back(now_ - asked);
    outcome_.answers = std::move(answers);
    outcome_.done = now_;
    return true;
  }

 private:
  Time take(const Step& step) {
    const Time length = std::min(step.length, end_ - now_);
    if (length <= 0) return 0;
    Mark mark = Mark::blocked;
    if (step.kind == Step::cpu) mark = Mark::running;
    if (step.kind == Step::set_up) mark = Mark::setup;
    append(played_.timeline.tracks[0], {now_, now_ + length, static_cast<int>(job_), mark});
    if (step.kind == Step::cards) played_.devices[0].busy += length;
    if (step.kind == Step::lines) played_.devices[1].busy += length;
    now_ += length;
    return length;
  }

  Played& played_;
  Outcome& outcome_;
  std::size_t job_;
  Time now_;
  Time end_;
};

}  // namespace

/// Hours are booked in the order in which people come to the calendar; a booking begins with a line
/// of it (a multiple of its length). Who is not done when his time is over books twice as long, at
/// the end of what is booked then, and begins anew: there is nothing that could have kept his
/// state.
Result<Played> play_exclusive(const Deck& deck, const Settings& settings) {
  Played played = begin(deck, Generation::exclusive);
  played.timeline.tracks = {{tr("machine", "机器"), {}}};
  played.devices = {{tr("reader", "读卡机"), 0}, {tr("printer", "打印机"), 0}};
  std::priority_queue<Booking, std::vector<Booking>, Later> wall;
  std::size_t made = 0;
  for (const std::size_t job : by_arrival(deck))
    wall.push({deck.workload.jobs[job].arrival, made++, job, 1});
  Time free_line = 0;
  while (!wall.empty()) {
    const Booking booking = wall.top();
    wall.pop();
    free_line = std::max(free_line, (booking.made + settings.booking - 1) / settings.booking);
    const Time start = free_line * settings.booking;
    free_line += booking.slots;
    const Time end = free_line * settings.booking;
    ++played.bookings;
    const auto steps = steps_of(deck, settings, booking.job);
    if (end > last_tick || length_of(steps) > last_tick) {
      played.jobs[booking.job].done = last_tick + 1;
      break;
    }
    if (!Hour(played, booking.job, start, end).play(steps))
      wall.push({end, made++, booking.job, booking.slots * 2});
  }
  return finish(deck, std::move(played));
}

// --- generation 2 ---

namespace {

/// One who does one thing after the other: a machine, or the operator of one door.
class Worker {
 public:
  explicit Worker(Track& track) : track_(track) {}

  /// Begins at `ready` or when it is free, whichever is later. Gives back the end.
  Time work(Time ready, Time length, int who, Mark mark) {
    const Time start = std::max(ready, free_);
    free_ = start + length;
    if (length > 0) append(track_, {start, free_, who, mark});
    return free_;
  }

 private:
  Track& track_;
  Time free_ = 0;
};

struct OnTape {
  std::size_t job = 0;
  Time copied = 0;
};

/// The jobs of one tape, and when it was taken off the 1401.
struct Batch {
  std::vector<std::size_t> jobs;
  Time closed = 0;
};

/// A tape is carried when it holds settings.batch jobs, or batch_wait after its first.
std::vector<Batch> gather(const std::vector<OnTape>& decks, const Settings& settings) {
  std::vector<Batch> batches;
  Time first = 0;
  for (const OnTape& deck : decks) {
    const bool open = !batches.empty() && batches.back().jobs.size() < settings.batch &&
                      deck.copied <= first + settings.batch_wait;
    if (!open) {
      batches.emplace_back();
      first = deck.copied;
    }
    Batch& batch = batches.back();
    batch.jobs.push_back(deck.job);
    batch.closed = batch.jobs.size() == settings.batch ? deck.copied : first + settings.batch_wait;
  }
  return batches;
}

}  // namespace

/// Cards are copied to tape on one 1401 as they come, the 7094 runs the jobs of a tape one after
/// the other, and another 1401 prints from the tape of the results.
Result<Played> play_batch(const Deck& deck, const Settings& settings) {
  Played played = begin(deck, Generation::batch);
  played.timeline.tracks = {{tr("1401, cards", "1401 读卡"), {}},
                            {tr("operator", "操作员"), {}},
                            {"7094", {}},
                            {tr("operator", "操作员"), {}},
                            {tr("1401, paper", "1401 打印"), {}}};
  std::vector<Track>& tracks = played.timeline.tracks;
  Worker reader(tracks[0]), carrier(tracks[1]), computer(tracks[2]), returner(tracks[3]),
      printer(tracks[4]);
  played.devices = {{tr("reader", "读卡机"), 0}, {tr("printer", "打印机"), 0}};

  std::vector<OnTape> decks;
  for (const std::size_t job : by_arrival(deck)) {
    const Time length = reading_time(deck.orders[job].cards);
    played.devices[0].busy += length;
    decks.push_back({job, reader.work(deck.workload.jobs[job].arrival, length,
                                      static_cast<int>(job), Mark::running)});
  }
  for (const Batch& batch : gather(decks, settings)) {
    ++played.batches;
    Time ready = carrier.work(batch.closed, settings.carry, nobody, Mark::setup);
    for (const std::size_t job : batch.jobs)
      for (const Burst& burst : bursts_of(deck, job)) {
        if (is_terminal(deck, burst)) continue;
        const bool computes = burst.device == Burst::cpu;
        ready = computer.work(ready, burst.length, static_cast<int>(job),
                              computes ? Mark::running : Mark::blocked);
        played.jobs[job].work += burst.length;
        if (computes) played.cpu += burst.length;
      }
    const Time carried = returner.work(ready, settings.carry, nobody, Mark::setup);
    for (const std::size_t job : batch.jobs) {
      const Time length = printing_time(deck.orders[job].lines);
      Outcome& outcome = played.jobs[job];
      outcome.done = printer.work(carried, length, static_cast<int>(job), Mark::running);
      outcome.work += reading_time(deck.orders[job].cards) + length;
      outcome.answers = {outcome.turnaround()};
      played.devices[1].busy += length;
    }
  }
  return finish(deck, std::move(played));
}

}  // namespace generations
