// A check told as a story: the steps taken, the step that failed, what was expected and what came.
// The practice tests and the judge both fail this way.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "terminal.hpp"

namespace dialtone {

/// Thrown by the step that failed.
struct StoryFailed {
  std::vector<std::string> steps;  ///< what went well before
  std::string failed;              ///< the rule or step that did not hold
  std::string expected;
  std::string got;
};

/// A value as a story shows it: bytes made printable, figures as they are.
inline std::string show(std::string_view text) {
  return printable(text);
}
inline std::string show(const char* text) {
  return printable(text);
}
inline std::string show(bool value) {
  return value ? "true" : "false";
}
template <class T>
requires(std::integral<T> && !std::same_as<T, bool>) std::string show(T value) {
  return std::to_string(value);
}

class Story {
 public:
  /// Records a step that is about to be taken.
  void step(std::string_view what) {
    if (steps_.size() < most_steps) steps_.emplace_back(what);
  }

  [[noreturn]] void fail(std::string_view what, std::string expected, std::string got) {
    throw StoryFailed{steps_, std::string(what), std::move(expected), std::move(got)};
  }

  void expect(std::string_view what, bool holds, std::string expected, std::string got) {
    if (!holds) fail(what, std::move(expected), std::move(got));
  }

  template <class A, class B>
  void expect_equal(std::string_view what, const A& got, const B& expected) {
    if (!(got == expected)) fail(what, show(expected), show(got));
  }

 private:
  static constexpr std::size_t most_steps = 40;
  std::vector<std::string> steps_;
};

}  // namespace dialtone
