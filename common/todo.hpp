// How a starter says that a part is not written yet, so that a TODO fails as a TODO.
#pragma once

#include <atomic>
#include <string>

namespace dialtone {

/// Thrown by a function that the student has not written yet.
struct Todo {
  std::string text;  ///< "TODO(lab 01): send_all"
};

/// Names the unwritten functions that were called but must not throw (destructors, moves).
/// The harness reads the first one when a step fails: it is what the step ran into.
inline std::atomic<const char*> first_noted_todo{nullptr};

/// Stands for the body of an unwritten function.
[[noreturn]] inline void todo(const char* lab, const char* function) {
  throw Todo{std::string("TODO(lab ") + lab + "): " + function};
}

/// Stands for the body of an unwritten function that must not throw.
/// `text` is a literal: "TODO(lab 01): Descriptor::~Descriptor".
inline void note_todo(const char* text) noexcept {
  const char* none = nullptr;
  first_noted_todo.compare_exchange_strong(none, text);
}

}  // namespace dialtone
