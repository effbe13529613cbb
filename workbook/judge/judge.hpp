// Plays a lab's graded cases against a student's program and says what came of each, as JSON.
//
// The judge never links a student's code. It holds its own answer to every input (an oracle), sends
// one seeded input at a time, and believes nothing but one well-formed answer in time and what it
// sees from outside.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "random.hpp"
#include "story.hpp"
#include "student.hpp"

namespace dialtone {

/// One input of a case.
class Input : public Story {
 public:
  Input(std::uint64_t seed, std::size_t number) : random(seed), index(number) {}

  Random random;      ///< seeded by the run's seed, the case and the input's number
  std::size_t index;  ///< the input's number, from 0: fixed corner cases come first

  /// Names the input for the story, should it fail.
  void input(std::string text) { input_ = std::move(text); }
  const std::string& input() const { return input_; }

 private:
  std::string input_;
};

/// One that a student's process behind a channel is asked: what most cases play with.
class Trial : public Input {
 public:
  Trial(Student& answering, std::uint64_t seed, std::size_t number)
      : Input(seed, number), student(answering) {}

  Student& student;
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

/// What is judged by cases that start it themselves, each time anew: a student's program, or a
/// command of whoever runs the judge.
struct Subject {
  std::filesystem::path student;     ///< empty where it is a command
  std::vector<std::string> command;  ///< its words; empty where it is a student's
  bool is_students() const { return command.empty(); }
};

struct SubjectCase {
  std::string id;
  std::size_t inputs;
  std::function<void(Input&, const Subject&)> play;
  bool students_only = false;  ///< needs what only a student's program has: left out for a command
};

/// The same program for such cases; it takes either --student PROGRAM or --server=WORD for each
/// word of a command. A case that is not for commands has then the status "left out".
int judge_main_for_subjects(int argc, char** argv, const std::string& lab,
                            const std::vector<SubjectCase>& cases);

}  // namespace dialtone
