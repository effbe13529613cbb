// Plays a lab's graded cases against a student's program and says what came of each, as JSON.
//
// The judge never links a student's code. It holds its own answer to every input (an oracle), sends
// one seeded input at a time, and believes nothing but one well-formed answer in time and what it
// sees from outside.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "random.hpp"
#include "story.hpp"
#include "student.hpp"

namespace dialtone {

/// One input of a case: what the case plays with.
class Trial : public Story {
 public:
  Trial(Student& answering, std::uint64_t seed, std::size_t number)
      : student(answering), random(seed), index(number) {}

  Student& student;
  Random random;      ///< seeded by the run's seed, the case and the input's number
  std::size_t index;  ///< the input's number, from 0: fixed corner cases come first

  /// Names the input for the story, should it fail.
  void input(std::string text) { input_ = std::move(text); }
  const std::string& input() const { return input_; }

 private:
  std::string input_;
};

struct Case {
  std::string id;                    ///< as in lab.json
  std::size_t inputs;                ///< how many are drawn
  std::function<void(Trial&)> play;  ///< throws StoryFailed or StudentFault when it does not pass
};

/// The judge's program: --student PROGRAM [--seed S] [--case ID]... [--lang en|zh].
/// Prints one JSON object: {"lab", "seed", "cases": [{"id", "status", "inputs", "story"?}]} with
/// status passed, failed, todo, or fault (of the infrastructure; it never lowers a score).
/// Exit code 0 whatever the score; 1 when it could not judge; 2 for wrong usage.
int judge_main(int argc, char** argv, const std::string& lab, const std::vector<Case>& cases);

}  // namespace dialtone
