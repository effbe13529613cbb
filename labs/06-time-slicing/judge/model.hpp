// The judge's own policies, written from the contract's sentences and not for speed: lines are
// deques, and who is blocked is remembered in a set.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cases.hpp"

namespace lab06 {

using Ticks = std::int64_t;

enum class Why { arrived, woke, expired, preempted, moved };
enum class Out { blocked, finished, moved };

const char* name_of(Why why);
const char* name_of(Out why);

/// What a policy knows of a process, wherever it is: two policies that processes move between share
/// one table of these.
struct Standing {
  int level = 0;
  Ticks left = 0;  ///< of the quantum
  int quanta = 0;  ///< of the allotment that are not used up
};
using Standings = std::map<int, Standing>;

struct Pick {
  int pid = -1;
  Ticks length = 0;
  int level = 0;
};

/// Either policy's parameters, with `quantum` 0 for a multilevel feedback queue.
struct Rules {
  Ticks quantum = 0;
  std::vector<Ticks> quanta;
  std::vector<int> allotments;
  Ticks boost = 0;
  bool stay = false;
  bool bump = false;

  bool is_mlfq() const { return quantum == 0; }
  int top() const { return static_cast<int>(quanta.size()) - 1; }
  Ticks quantum_of(int level) const { return quanta[static_cast<std::size_t>(level)]; }
  int allotment_of(int level) const { return allotments[static_cast<std::size_t>(level)]; }
  json as_request() const;
  std::string told() const;
};

class Model {
 public:
  Model(Rules rules, std::shared_ptr<Standings> standings);

  void enqueue(int pid, Why why);
  void enqueue_moved(int pid, const Standing& with);
  Pick pick();
  void charge(int pid, Ticks ticks) { at(pid).left -= ticks; }
  void gone(int pid, Out why);
  void boost();

  int best() const;
  bool outranks(int one, int other) const { return at(one).level > at(other).level; }
  int ready() const;
  bool is_ready(int pid) const;
  const Standing& standing(int pid) const { return at(pid); }
  const Rules& rules() const { return rules_; }

 private:
  Standing& at(int pid) { return (*standings_)[pid]; }
  const Standing& at(int pid) const { return standings_->at(pid); }
  std::deque<int>& line_of(int pid) { return lines_[static_cast<std::size_t>(at(pid).level)]; }
  void begin_level(int pid, int level);
  void use_up_quantum(int pid);

  Rules rules_;
  std::shared_ptr<Standings> standings_;
  std::vector<std::deque<int>> lines_;  ///< one for each level
  std::set<int> blocked_;
};

}  // namespace lab06
