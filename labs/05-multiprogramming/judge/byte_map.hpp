// The judge's memory: who has each byte, and nothing else. All that it says it finds by looking at
// every byte anew.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "script.hpp"

namespace lab05 {

enum class Fit { first, next, best, worst };

struct Span {
  std::size_t address = 0;
  std::size_t size = 0;
};

class ByteMap {
 public:
  ByteMap(std::size_t size, Fit fit);

  // Each asks the student's memory and does the same here.
  std::optional<std::size_t> allocate(std::uint64_t size);  ///< where it is, if anywhere
  void release(std::uint64_t address);
  void look_at_holes();
  void look_at_usage();
  /// The moves that are right in ascending order; what the student gives is looked at by the case.
  std::vector<json> compact();

  std::vector<Span> holes() const { return runs(true); }
  std::vector<Span> programs() const { return runs(false); }
  std::size_t size() const { return owners_.size(); }
  const std::vector<int>& owners() const { return owners_; }  ///< of each byte; 0: nobody
  json play(Trial& trial) const { return script_.play(trial); }

 private:
  std::vector<Span> runs(bool free) const;
  std::optional<std::size_t> choose(std::size_t size) const;

  Script script_;
  Fit fit_;
  std::vector<int> owners_;
  int last_owner_ = 0;
  std::size_t rover_ = 0;
};

Fit draw_fit(Random& random);

/// Memory that is full of programs of these sizes, from address 0; some of them have ended. No two
/// that lie side by side end, so that holes never touch.
ByteMap with_holes(Fit fit, const std::vector<std::size_t>& sizes, const std::vector<bool>& ends);

/// The same of drawn sizes; at least one hole, and a program at either end unless drawn otherwise.
ByteMap draw_with_holes(Random& random, Fit fit);

}  // namespace lab05
