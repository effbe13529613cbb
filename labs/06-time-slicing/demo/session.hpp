// One run with everything that was asked to be kept of it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "choice.hpp"
#include "simulation/deck.hpp"
#include "simulation/recording.hpp"
#include "simulation/summary.hpp"

namespace time_slicing_demo {

/// What happened at one tick, in words.
struct Line {
  simulation::Time time = 0;
  std::string text;
};

/// Explains every decision while it is taken.
class Decisions {
 public:
  Decisions(const simulation::Deck& deck, const Choice& choice, int cores);

  void happened(const simulation::Event& event, const simulation::ProcessControlBlock& process,
                const simulation::Policy& policy);

  const std::vector<Line>& lines() const { return lines_; }

 private:
  std::string name(int pid) const;
  std::string core(int number) const;
  std::string standing(const simulation::ProcessControlBlock& process,
                       const simulation::Policy& policy) const;

  const simulation::Deck& deck_;
  const Choice& choice_;
  int cores_;
  std::vector<Line> lines_;
};

/// A finished run.
struct Run {
  Choice choice;
  simulation::Figures figures;
  simulation::Summary summary;
  simulation::Timeline by_core;
  simulation::Timeline by_process;
  simulation::Timeline by_device;
  std::vector<Line> decisions;  ///< where they were asked for
};

/// At most so many decisions are explained.
inline constexpr std::size_t most_decisions = 200'000;

Run play(const simulation::Deck& deck, const Choice& choice, simulation::Options options,
         bool explain);

}  // namespace time_slicing_demo
