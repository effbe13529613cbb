// A start after which no other program can be started: a seccomp filter that refuses execve, with
// one hole for the start itself.
#pragma once

#include <cstddef>

#include "file_descriptor.hpp"

namespace dialtone {

/// Prepared by the parent, used by the child between fork and exec.
///
/// The filter must be in force before the program runs, and yet let the program be started. So
/// execve is refused always, and execveat unless its argument list and its environment lie at two
/// addresses that were drawn at random for this one start (seccomp sees pointers as numbers). The
/// exec itself removes what lay there: the program that runs afterwards neither knows the two
/// addresses nor can read the filter, and 2^70 of them are too many to try.
class ExecFilter {
 public:
  /// Copies of the argument list and the environment (each ends with a null pointer) are laid at
  /// the drawn addresses. Throws std::runtime_error where the program cannot be opened.
  ExecFilter(const char* program, char* const* arguments, char* const* environment);
  ExecFilter(const ExecFilter&) = delete;
  ExecFilter& operator=(const ExecFilter&) = delete;
  ~ExecFilter();

  /// Installs the filter; false where the kernel takes none (errno tells). Async-signal-safe.
  bool install() const;

  /// Starts the program; returns only where that fails. Async-signal-safe.
  void exec() const;

 private:
  struct Place {
    void* page = nullptr;
    std::size_t size = 0;
    char** list = nullptr;
  };
  static Place lay_out(char* const* list);

  FileDescriptor program_;
  Place arguments_;
  Place environment_;
};

}  // namespace dialtone
