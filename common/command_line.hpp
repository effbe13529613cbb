// One shape for every program's command line: --help, --version, --lang, exit codes 0, 1 and 2.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "failure.hpp"

namespace dialtone {

/// Adds --version and --lang to the program's options. Call before adding subcommands.
void add_standard_options(CLI::App& app);

/// The value of a --lang among the arguments takes effect before any help text is made.
void choose_language(int argc, char** argv);

/// Parses the command line, runs `body`, and turns whatever ends it into an exit code; a usage
/// error and a Failure are one line on stderr each.
int run_program(CLI::App& app, int argc, char** argv, const std::function<int()>& body);

}  // namespace dialtone
