// One shape for every program's command line: --help, --version, --lang, exit codes 0, 1 and 2.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <stdexcept>
#include <string>

namespace dialtone {

inline constexpr int exit_success = 0;
inline constexpr int exit_failure = 1;  ///< a failure that one line on stderr explains
inline constexpr int exit_usage = 2;    ///< the command line itself is wrong

/// A failure to be told to the person in one line: what, where, why, what to do.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A command line that parsed but asks for something impossible; ends with exit code 2.
class UsageFailure : public Failure {
 public:
  using Failure::Failure;
};

/// Adds --version and --lang to the program's options. Call before adding subcommands.
void add_standard_options(CLI::App& app);

/// The value of a --lang among the arguments takes effect before any help text is made.
void choose_language(int argc, char** argv);

/// Parses the command line, runs `body`, and turns whatever ends it into an exit code; a usage
/// error and a Failure are one line on stderr each.
int run_program(CLI::App& app, int argc, char** argv, const std::function<int()>& body);

}  // namespace dialtone
