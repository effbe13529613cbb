// One deck of jobs on the machines of four generations, as simulations on one time axis.
//
// A tick is a second. The devices are the same in all generations (a reader of 800 cards and a
// printer of 600 lines a minute, as IBM's 1402 and 1403), and so is the CPU, so that what differs
// is how the work is organised and nothing else. What a job's bursts name `terminal` is its user,
// who thinks: only in generations 1, 3c and 4 is he there to do so, in the others he has punched
// beforehand what he would have typed. Simplified: copying from tape to memory, and the system's
// own work, take no time.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "multiprogramming.hpp"
#include "simulation/deck.hpp"
#include "simulation/timeline.hpp"

namespace generations {

using multiprogramming::Address;
using multiprogramming::Fit;
using simulation::Deck;
using simulation::Time;

enum class Generation { exclusive, batch, spooling, multiprogramming, time_sharing, many_cpus };

/// "1", "2", "3a", "3b", "3c", "4", as on the command line.
inline constexpr std::array<std::string_view, 6> generation_names = {"1",  "2",  "3a",
                                                                     "3b", "3c", "4"};
/// In the language of this process.
std::string title_of(Generation generation);

/// How memory is divided in generation 3b. Sizes in KiB.
struct MemoryRules {
  Address size = 64;
  std::vector<Address> partitions;  ///< fixed ones; empty: variable ones
  bool queue_each = false;          ///< a queue for each fixed partition, else one for all
  Fit fit = Fit::first;
  bool compaction = false;  ///< move programs when that makes room for one that waits
};

struct Settings {
  MemoryRules memory;
  int cores = 4;           ///< of generation 4
  Time quantum = 1;        ///< of generations 3c and 4
  Time booking = 30 * 60;  ///< one line of the wall calendar
  Time set_up = 10 * 60;   ///< plugging boards, winding tapes: of each booking
  Time carry = 5 * 60;     ///< rewinding a tape, carrying it, mounting it
  std::size_t batch = 4;   ///< jobs on a tape; an hour after its first it is carried anyway
  Time batch_wait = 60 * 60;
};

Time reading_time(int cards);   ///< 800 cards a minute, in whole seconds
Time printing_time(int lines);  ///< 600 lines a minute

/// What came of one job.
struct Outcome {
  Time arrival = 0;
  Time done = -1;             ///< its user has all that he wanted
  Time work = 0;              ///< what it would take on a machine that does nothing else for it
  std::vector<Time> answers;  ///< how long each answer took that its user waited for
  bool gave_up = false;       ///< one of them took longer than he had patience

  Time turnaround() const { return done - arrival; }
  Time waiting() const { return turnaround() - work; }
};

struct Device {
  std::string name;
  Time busy = 0;
};

struct Played {
  Generation generation = Generation::exclusive;
  std::vector<Outcome> jobs;
  Time first = 0;  ///< when the first job came
  Time end = 0;    ///< when the last one was done
  int cores = 1;
  Time cpu = 0;       ///< ticks in which a CPU computed something that counted
  Time cpu_lost = 0;  ///< computed, and thrown away when a booking was over
  std::vector<Device> devices;
  simulation::Timeline timeline;
  int bookings = 0;       ///< generation 1
  int batches = 0;        ///< generation 2
  int most_programs = 0;  ///< in memory at a time, generation 3b
  int compactions = 0;
  std::uint64_t switches = 0;

  Time span() const { return end - first; }
  double utilisation() const;
  double jobs_an_hour() const;
};

template <class T>
using Result = tl::expected<T, std::string>;

/// What is wrong with the deck for these settings, with its JSON path or the option; empty when
/// nothing is.
std::string complaint(const Deck& deck, const Settings& settings);

/// Plays the deck. Precondition: no complaint. An error where it takes more than 2^31 ticks.
Result<Played> play(const Deck& deck, const Settings& settings, Generation generation);

// --- for the files that play ---------------------------------------------------------------------

inline constexpr int nobody = -1;

bool is_terminal(const Deck& deck, const simulation::Burst& burst);

/// The bursts of a job.
std::vector<simulation::Burst> bursts_of(const Deck& deck, std::size_t job);

/// Times, titles and names that are the same in every generation.
Played begin(const Deck& deck, Generation generation);

/// Fills in what follows from the jobs: the end, and who gave up.
Result<Played> finish(const Deck& deck, Played played);

Result<Played> play_exclusive(const Deck& deck, const Settings& settings);
Result<Played> play_batch(const Deck& deck, const Settings& settings);
Result<Played> play_spooling(const Deck& deck, const Settings& settings, bool many_programs);
Result<Played> play_sharing(const Deck& deck, const Settings& settings, int cores);

}  // namespace generations
