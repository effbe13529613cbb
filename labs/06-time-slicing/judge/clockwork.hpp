// A machine of the judge's own, which looks at every tick: slow, and written from the sentences of
// simulation/machine.hpp alone.
#pragma once

#include "model.hpp"

namespace lab06 {

/// CPU and I/O ticks in turn, CPU first and last. I/O waits for nobody.
struct Program {
  Ticks arrival = 0;
  std::vector<Ticks> bursts;
};

struct Slice {
  int core = 0;
  int pid = 0;
  Ticks start = 0;
  Ticks end = 0;

  friend bool operator==(const Slice& a, const Slice& b) {
    return a.core == b.core && a.pid == b.pid && a.start == b.start && a.end == b.end;
  }
};

struct Outcome {
  std::vector<Slice> slices;  ///< by core, then by time; touching ones of one process are one
  struct Job {
    Ticks first_run = -1;
    Ticks completion = -1;
    Ticks waiting = 0;
  };
  std::vector<Job> jobs;
};

/// Plays the programs to their end.
Outcome play_every_tick(const std::vector<Program>& programs, const Rules& rules, int cores);

}  // namespace lab06
