// One player for each published tool, and what they share.
#pragma once

#include "options.hpp"
#include "ostep.hpp"

namespace simulation::ostep {

using Played = tl::expected<Outcome, Message>;
using Words = std::vector<std::string>;

/// Each reads its tool's options and plays. The header of each file states the tool's rules.
Played play_scheduler(const Words& words);
Played play_mlfq(const Words& words);
Played play_lottery(const Words& words);
Played play_multi(const Words& words);
Played play_process_run(const Words& words);
Played play_malloc(const Words& words);
Played play_relocation(const Words& words);

/// A player goes tick by tick, so it must refuse what would take too long. (The event engine under
/// the labs has no such need.)
inline constexpr std::int64_t most_jobs = 100'000;
inline constexpr std::int64_t most_steps = 100'000'000;
inline constexpr std::size_t most_records = 1'000'000;

/// The elementary steps that a player may still take.
class Budget {
 public:
  /// False when there are not so many left.
  bool spend(std::int64_t steps = 1) { return (left_ -= steps) >= 0; }

 private:
  std::int64_t left_ = most_steps;
};

/// The two reasons for which a player gives up.
tl::unexpected<Message> too_long();
tl::unexpected<Message> too_many_records();

/// Who had which CPU when, touching stretches joined.
class Trace {
 public:
  /// False when there are too many slices. Precondition: times on one CPU never go back.
  bool add(std::size_t cpu, std::size_t job, double start, double end);

  std::vector<Slice> take() { return std::move(slices_); }

 private:
  std::vector<Slice> slices_;
  std::vector<std::size_t> last_;  ///< By CPU: one more than the index of its last slice.
};

}  // namespace simulation::ostep
