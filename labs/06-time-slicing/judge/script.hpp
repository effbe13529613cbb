// What happens to processes under a policy, step by step: played by the model while it is written
// down, and then by the student's code.
#pragma once

#include "model.hpp"

namespace lab06 {

/// What of a pick a case is about, and compares.
struct Look {
  bool who = false;
  bool length = false;
  bool level = false;
};
namespace look {
inline constexpr Look nothing{};
inline constexpr Look who{true, false, false};
inline constexpr Look length{false, true, false};
inline constexpr Look level{false, false, true};
inline constexpr Look who_and_length{true, true, false};
inline constexpr Look who_and_level{true, false, true};
inline constexpr Look length_and_level{false, true, true};
inline constexpr Look all{true, true, true};
}  // namespace look

class Script {
 public:
  /// One policy, or more of the same rules for what is about moving between them.
  Script(Trial& trial, const Rules& rules, std::size_t policies = 1);

  // Steps of the interface. Time goes on by a tick with each, but within `at_once`.
  void enqueue(int pid, Why why, std::size_t policy = 0);
  int pick(Look look, std::size_t policy = 0);
  void charge(int pid, Ticks ticks, std::size_t policy = 0);
  void gone(int pid, Out why, std::size_t policy = 0);
  void boost(std::size_t policy = 0);
  void ask_best();  ///< and pick: it must be the same
  void ask_ready(std::size_t policy = 0);
  void ask_outranks(int one, int other);
  void ask_next_boost(Ticks now);
  template <class Steps>
  void at_once(const Steps& steps) {
    ++now_;
    held_ = true;
    steps();
    held_ = false;
  }

  // What happens in a machine, as such steps.
  int arrive(std::size_t policy = 0);                ///< the next number, which is returned
  void bring_in(int count);                          ///< each is picked before the next one arrives
  void use_up(int pid, std::size_t policy = 0);      ///< it runs to its turn's end, and expires
  void run_a_part(int pid, std::size_t policy = 0);  ///< not to its turn's end; left is 2 or more
  void run_and_block(int pid);                       ///< a part of its turn
  void wake(int pid) { enqueue(pid, Why::woke); }
  void preempt(int pid) { enqueue(pid, Why::preempted); }
  void empty(Look look, std::size_t policy = 0);  ///< picks whoever is ready; each ends

  /// The next number comes from elsewhere, at this level with a whole quantum and allotment: the
  /// short way to a level, which no rule but that for moving stands on. Returned is the number.
  int stand_at(int level, std::size_t policy = 0);
  int run_at(int level, std::size_t policy = 0);  ///< and is picked. Precondition: nobody is ready

  Model& model(std::size_t policy = 0) { return models_[policy]; }
  const Rules& rules() const { return rules_; }
  const Standing& standing(int pid) const { return models_[0].standing(pid); }
  Random& random() { return trial_.random; }

  /// Plays it with the student's code: each answer as the model gives it.
  void play();

 private:
  struct Step {
    json asked;
    json expected;
    Look look;
  };

  void add(const char* name, std::size_t policy, std::vector<json> arguments, json expected = {},
           Look look = {});
  std::string told(const Step& step) const;
  void check(std::size_t number, const json& answers);

  Trial& trial_;
  Rules rules_;
  std::vector<Model> models_;
  std::vector<Step> steps_;
  Ticks now_ = -1;
  bool held_ = false;
  int processes_ = 0;
};

Rules draw_round_robin(Trial& trial, int least_quantum = 1);

struct Wishes {
  int least_levels = 1;
  int most_levels = 4;
  int most_quanta = 3;    ///< of an allotment
  int least_quantum = 1;  ///< 2 where a part of one is to be run
};
Rules draw_mlfq(Trial& trial, const Wishes& wishes);

}  // namespace lab06
