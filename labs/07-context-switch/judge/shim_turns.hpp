// Threads of the student's core that do not yield: they are interrupted by a timer, or by signals
// of the judge's. Nothing here allocates while they run.
#pragma once

#include <array>
#include <atomic>

#include "context_switch.hpp"
#include "shim_answers.hpp"

namespace shim07 {

inline constexpr int most_spinners = 16;

/// What the threads of one run share. All of it is lock-free.
struct Spinning {
  Core* core = nullptr;
  Clock::time_point until;
  int threads = 0;
  int wanted_turns = 0;
  microseconds hold{0};  ///< how long a critical section takes
  std::array<std::atomic<int>, most_spinners> turns{};
  std::array<std::atomic<int>, most_spinners> turns_over{};  ///< as told
  std::array<std::atomic<int>, most_spinners> wrong_errno{};
  std::atomic<int> last = -1;  ///< who ran last
  std::atomic<bool> slept = true;
  std::atomic<bool> waited = true;
  int descriptor = -1;

  std::atomic<std::int64_t> first = 0;  ///< as many as `second`, outside a critical section
  std::atomic<std::int64_t> second = 0;
  std::atomic<int> torn = 0;  ///< how often they were found not to be
  std::atomic<int> switched_inside = 0;
  std::atomic<int> sections = 0;
  context_switch::Channel* channel = nullptr;
  std::atomic<int> senders = 0;             ///< that have not sent their last number
  std::atomic<std::int64_t> under_way = 0;  ///< numbers sent, or about to be, and not received
  std::array<std::atomic<std::int64_t>, most_spinners> sums{};  ///< what each sent or received
};
inline Spinning* spinning = nullptr;

/// Until it takes that long by the clock, whoever runs meanwhile.
inline void spin(microseconds time) {
  const auto until = Clock::now() + time;
  while (Clock::now() < until) {
  }
}

/// Counts its turns until everybody had as many as is wanted.
inline void take_turns(int self) {
  Spinning& all = *spinning;
  const auto goes_on = [&all] {
    for (int i = 0; i < all.threads; ++i)
      if (all.turns[static_cast<std::size_t>(i)] < all.wanted_turns) return true;
    return !all.slept || !all.waited;
  };
  const auto at = static_cast<std::size_t>(self);
  errno = 1000 + self;
  while (goes_on() && Clock::now() < all.until) {
    if (all.last != self) ++all.turns[at];
    all.last = self;
    if (errno != 1000 + self) ++all.wrong_errno[at];
    errno = 1000 + self;
  }
}

/// The critical sections of one thread, short ones and long ones, until the time is over.
inline void take_care(int self) {
  Spinning& all = *spinning;
  const auto long_one = 3 * all.hold;
  for (int round = self; Clock::now() < all.until; ++round) {
    const Critical whole;
    if (all.first != all.second) ++all.torn;
    const std::uint64_t before = all.core->switches();
    all.first = all.first + 1;
    spin(round % 4 == 0 ? long_one : all.hold / 8);
    {
      const Critical nested;
      spin(all.hold / 16);
    }
    spin(all.hold / 16);
    all.second = all.second + 1;
    if (all.core->switches() != before) ++all.switched_inside;
    ++all.sections;
  }
}

/// The last number that a receiver gets.
inline constexpr std::int64_t no_more = -1;

/// The even ones send numbers through a channel until the time is over, the others receive. When
/// all was received, the last sender ends the receivers: nobody closes the channel, nor does it
/// matter in which order the numbers come; these have cases of their own.
inline void send_or_receive(int self) {
  Spinning& all = *spinning;
  const auto at = static_cast<std::size_t>(self);
  if (self % 2 == 1) {
    while (const auto number = all.channel->receive()) {
      if (*number == no_more) return;
      all.sums[at] += *number;
      --all.under_way;
    }
    return;
  }
  for (int i = 0; Clock::now() < all.until; ++i) {
    ++all.under_way;
    if (!all.channel->send(self + i)) return;
    all.sums[at] += self + i;
  }
  if (--all.senders > 0) return;
  while (all.under_way > 0 && Clock::now() < all.until + milliseconds(1000)) all.core->yield();
  for (int i = 0; i < all.threads; i += 2) static_cast<void>(all.channel->send(no_more));
}

inline Options options_that_tell(const Message& request) {
  Options options = options_of(request.body.at("options"));
  options.tell = [](const Event& event) {
    if (event.what != Event::What::turn_over || event.thread >= most_spinners) return;
    ++spinning->turns_over[event.thread];
  };
  return options;
}

template <std::size_t N>
json counts_of(const std::array<std::atomic<int>, N>& counts, int threads) {
  json all = json::array();
  for (int i = 0; i < threads; ++i) all.push_back(int{counts[static_cast<std::size_t>(i)].load()});
  return all;
}

/// The body of the first thread of a run: it spawns the others and is one of them. All it hands on
/// is small enough for std::function and std::string to need no memory of their own.
inline void spawn_and(void (*be)(int)) {
  for (int i = 1; i < spinning->threads; ++i)
    static_cast<void>(spinning->core->spawn("spinner", guarded([be, i] { be(i); })));
  be(0);
}

inline void sleep_a_little() {
  spinning->core->sleep_until(Clock::now() + milliseconds(2));
  spinning->slept = true;
}

inline void wait_a_little() {
  const auto ready = spinning->core->wait_ready(
      spinning->descriptor, context_switch::Direction::readable, spinning->until);
  if (ready) spinning->waited = true;
}

/// Threads that never let go. With "others", a thread that sleeps and one that waits for a
/// descriptor (sent along) have to get in between.
inline Answer spin_in_turns(Message& request) {
  Spinning all;
  // cppcheck-suppress danglingLifetime
  spinning = &all;
  all.threads = request.body.at("threads").get<int>();
  all.wanted_turns = request.body.at("turns").get<int>();
  Core core(options_that_tell(request));
  all.core = &core;
  const bool others = !request.descriptors.empty();
  if (others) all.descriptor = request.descriptors[0].get();
  all.slept = !others;
  all.waited = !others;
  all.until = Clock::now() + milliseconds(request.body.at("milliseconds").get<int>());
  const auto result = core.run("spinner", guarded([others] {
                                 if (others) {
                                   static_cast<void>(spinning->core->spawn("s", sleep_a_little));
                                   static_cast<void>(spinning->core->spawn("w", wait_a_little));
                                 }
                                 spawn_and(take_turns);
                               }));
  return value({{"run", outcome_of(result)},
                {"turns", counts_of(all.turns, all.threads)},
                {"turns over", counts_of(all.turns_over, most_spinners)},
                {"wrong errno", counts_of(all.wrong_errno, all.threads)},
                {"slept", all.slept.load()},
                {"waited", all.waited.load()}});
}

/// Threads whose critical sections are interrupted by nobody.
inline Answer guard_sections(Message& request) {
  Spinning all;
  // cppcheck-suppress danglingLifetime
  spinning = &all;
  all.threads = request.body.at("threads").get<int>();
  all.hold = microseconds(request.body.at("hold").get<int>());
  Core core(options_that_tell(request));
  all.core = &core;
  all.until = Clock::now() + milliseconds(request.body.at("milliseconds").get<int>());
  const auto result = core.run("guard", guarded([] { spawn_and(take_care); }));
  return value({{"run", outcome_of(result)},
                {"sections", all.sections.load()},
                {"torn", all.torn.load()},
                {"switched inside", all.switched_inside.load()},
                {"sum", all.first.load()}});
}

/// Numbers through a channel, while turns end anywhere in the student's functions.
inline Answer send_numbers(Message& request) {
  Spinning all;
  // cppcheck-suppress danglingLifetime
  spinning = &all;
  all.threads = request.body.at("threads").get<int>();
  Core core(options_that_tell(request));
  context_switch::Channel channel(core, request.body.at("capacity").get<std::size_t>());
  all.core = &core;
  all.channel = &channel;
  all.senders = all.threads / 2;
  all.until = Clock::now() + milliseconds(request.body.at("milliseconds").get<int>());
  const auto result = core.run("sender", guarded([] { spawn_and(send_or_receive); }));
  std::int64_t sums[2] = {0, 0};
  for (int i = 0; i < all.threads; ++i) sums[i % 2] += all.sums[static_cast<std::size_t>(i)];
  return value({{"run", outcome_of(result)}, {"sent", sums[0]}, {"received", sums[1]}});
}

}  // namespace shim07
