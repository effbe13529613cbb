// One shape for every program's command line: --help, --version, --lang, exit codes 0, 1 and 2.
// CLI11 does the work. Its headers take a compiler eight seconds, and are read in command_line.cpp
// alone.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "failure.hpp"
#include "language.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace dialtone {

/// An option, a flag or a positional argument, to be described further. What is called as in CLI11
/// does the same.
class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}

  Option required();
  Option expected(int least, int most);
  Option excludes(const Option& other);
  Option delimiter(char between);
  Option allow_extra_args(bool allowed);
  Option type_name(const std::string& name);
  Option capture_default_str();
  Option hidden();  ///< not in the help

  /// A number from `low` to `high`, both included. For Value see add_option().
  template <class Value>
  Option between(Value low, Value high);
  Option one_of(const std::vector<std::string>& words);
  Option existing_file();
  Option byte_size();  ///< 2000, 64KiB, 1GB
  /// `wrong` returns what is wrong with a text, or nothing.
  Option check(const std::function<std::string(const std::string& text)>& wrong);

 private:
  CLI::Option* option_;
};

/// A program's command line or one of its subcommands. Copies are the same one.
class CommandLine {
 public:
  /// `name` is the program's. There are --help, --version and --lang.
  CommandLine(const std::string& what, const std::string& name);

  /// Value is a text, a number, an optional or a list of them: one of those at the end of
  /// command_line.cpp, or the linker misses it.
  template <class Value>
  Option add_option(const std::string& name, Value& value, const std::string& help = "");
  Option add_flag(const std::string& name, bool& value, const std::string& help);
  CommandLine add_subcommand(const std::string& name, const std::string& help);

  void require_subcommand(std::size_t least, std::size_t most);
  void fallthrough();  ///< the program's options may follow the subcommand
  void footer(const std::string& text);
  void callback(const std::function<void()>& once_parsed);
  void help_flag();  ///< --help of a subcommand, in the language chosen
  void hidden();     ///< not in the help

  std::string name() const;
  std::string help() const;
  bool asked() const;  ///< for a subcommand, once parsed
  bool asked(const std::string& subcommand) const;
  std::string asked_subcommand() const;  ///< its name; empty where there is none
  std::size_t count(const std::string& option) const;

 private:
  explicit CommandLine(std::shared_ptr<CLI::App> app) : app_(std::move(app)) {}
  std::shared_ptr<CLI::App> app_;

  friend int run_program(const CommandLine& line, int argc, char** argv,
                         const std::function<int()>& body);
};

/// Parses the command line, runs `body`, and turns whatever ends it into an exit code; a usage
/// error and a Failure are one line on stderr each.
int run_program(const CommandLine& line, int argc, char** argv, const std::function<int()>& body);

}  // namespace dialtone
