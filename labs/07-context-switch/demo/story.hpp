// One workload in theory and in practice: in lab 06's simulator and on this lab's Core. Both leave
// a list of what happened, and one piece of code makes timelines of either.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "context_switch.hpp"
#include "simulation/deck.hpp"
#include "simulation/timeline.hpp"

namespace switch_demo {

using simulation::Time;  ///< here in microseconds

/// Something that happened to a thread.
struct Moment {
  Time when = 0;
  int thread = 0;  ///< an index of the deck's jobs
  context_switch::Event::What what = context_switch::Event::What::runs;
};

/// What a run was, from the first turn on.
struct Story {
  std::vector<Moment> moments;
  Time cpu = 0;  ///< processor time that the kernel gave for it
};

/// A run and what it was a run of.
struct Recording {
  Time quantum = 10'000;
  simulation::Deck deck;
  nlohmann::ordered_json deck_text;
  Story theory, practice;
  int runs = 1;  ///< for real; the practice kept is the one that was disturbed least
};

/// What one thread came to.
struct Result {
  Time end = 0;
  Time ready = 0;      ///< waiting for the core
  int waits = 0;       ///< switches because it waited for I/O
  int turns_over = 0;  ///< switches because its quantum had ended
};

/// Two that compute and two that wait for I/O, with bursts in microseconds.
nlohmann::ordered_json usual_deck();

/// Plays the deck in the simulator, under round robin.
Story in_theory(const simulation::Deck& deck, Time quantum);

/// Plays the deck for real: threads of a Core with a quantum compute and wait for descriptors.
/// Takes as long as it says. Throws Failure.
Story in_practice(const simulation::Deck& deck, Time quantum);

/// A recording of both, of the usual deck. Where other processes take the core, practice is played
/// anew: `most_runs` times at most, and no more once a second has been played.
Recording record(Time quantum, int most_runs);

/// How long other processes had the core while threads of this run thought they had it.
Time taken_away(const simulation::Deck& deck, const Story& story);

/// Tracks: the core, then each thread.
simulation::Timeline timeline_of(const simulation::Deck& deck, const Story& story);

std::vector<Result> results_of(const simulation::Deck& deck, const Story& story);

nlohmann::ordered_json json_of(const Recording& recording);

/// Reads what json_of wrote; theory is played anew. `name` is for messages. Throws UsageFailure.
Recording read_recording(const std::string& name, const std::string& text);

}  // namespace switch_demo
