#include "command_line.hpp"

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string_view>

#include "todo.hpp"

namespace dialtone {

Option Option::required() {
  return Option(option_->required());
}
Option Option::expected(int least, int most) {
  return Option(option_->expected(least, most));
}
Option Option::excludes(const Option& other) {
  return Option(option_->excludes(other.option_));
}
Option Option::delimiter(char between) {
  return Option(option_->delimiter(between));
}
Option Option::allow_extra_args(bool allowed) {
  return Option(option_->allow_extra_args(allowed));
}
Option Option::type_name(const std::string& name) {
  return Option(option_->type_name(name));
}
Option Option::capture_default_str() {
  return Option(option_->capture_default_str());
}
Option Option::hidden() {
  return Option(option_->group(""));
}

template <class Value>
Option Option::between(Value low, Value high) {
  option_->check(CLI::Range(low, high));
  if constexpr (std::is_floating_point_v<Value>)
    option_->check([](const std::string& text) {  // which is in every range of CLI11's
      Value value{};
      return CLI::detail::lexical_cast(text, value) && std::isnan(value)
                 ? text + tr(" is not a number", " 不是数")
                 : std::string();
    });
  return *this;
}

Option Option::one_of(const std::vector<std::string>& words) {
  return Option(option_->check(CLI::IsMember(words)));
}

Option Option::existing_file() {
  return Option(option_->check(CLI::ExistingFile));
}
Option Option::byte_size() {
  return Option(option_->transform(CLI::AsSizeValue(false)));
}

Option Option::check(const std::function<std::string(const std::string& text)>& wrong) {
  return Option(option_->check(wrong));
}

CommandLine::CommandLine(const std::string& what, const std::string& name)
    : app_(std::make_shared<CLI::App>(what, name)) {
  help_flag();
  app_->set_version_flag("--version", name + " " DIALTONE_VERSION,
                         tr("show the version and exit", "显示版本并退出"));
  const auto choose = [](const std::string& text) {
    const auto asked = parse_language(text);
    if (!asked) throw CLI::ValidationError("--lang", "'" + text + "': use en or zh");
    set_language(*asked);
  };
  app_->add_option_function<std::string>(
          "--lang", choose,
          tr("language of messages: en or zh (default: the locale's)",
             "消息语言：en 或 zh（默认取自 locale）"))
      ->type_name("LANG");
}

template <class Value>
Option CommandLine::add_option(const std::string& name, Value& value, const std::string& help) {
  return Option(app_->add_option(name, value, help));
}

Option CommandLine::add_flag(const std::string& name, bool& value, const std::string& help) {
  return Option(app_->add_flag(name, value, help));
}

CommandLine CommandLine::add_subcommand(const std::string& name, const std::string& help) {
  return CommandLine(std::shared_ptr<CLI::App>(app_, app_->add_subcommand(name, help)));
}

void CommandLine::require_subcommand(std::size_t least, std::size_t most) {
  app_->require_subcommand(least, most);
}

void CommandLine::fallthrough() {
  app_->fallthrough();
}
void CommandLine::footer(const std::string& text) {
  app_->footer(text);
}
void CommandLine::callback(const std::function<void()>& once_parsed) {
  app_->callback(once_parsed);
}
void CommandLine::hidden() {
  app_->group("");
}

void CommandLine::help_flag() {
  app_->set_help_flag("-h,--help", tr("show this help and exit", "显示帮助并退出"));
}

std::string CommandLine::name() const {
  return app_->get_name();
}
std::string CommandLine::help() const {
  return app_->help();
}
bool CommandLine::asked() const {
  return app_->parsed();
}

bool CommandLine::asked(const std::string& subcommand) const {
  return app_->got_subcommand(subcommand);
}

std::string CommandLine::asked_subcommand() const {
  const auto found = app_->get_subcommands();
  return found.empty() ? "" : found.front()->get_name();
}

std::size_t CommandLine::count(const std::string& option) const {
  return app_->count(option);
}

namespace {

/// CLI11 takes -1 for the largest number of an unsigned type.
void refuse_negatives(CLI::App& app) {
  for (CLI::Option* option : app.get_options())
    if (option->get_type_name().starts_with("UINT"))
      option->check([](const std::string& text) {
        return text.starts_with('-') ? text + tr(": use 0 or more", "：请用 0 或更大的数") : "";
      });
  for (CLI::App* command : app.get_subcommands(nullptr)) refuse_negatives(*command);
}

}  // namespace

int run_program(const CommandLine& line, int argc, char** argv, const std::function<int()>& body) {
  CLI::App& app = *line.app_;
  const std::string name = app.get_name();
  const auto say = [&name](std::string_view text) {
    std::cout.flush();
    std::cerr << name << ": " << text << '\n';
  };
  try {
    refuse_negatives(app);
    app.parse(argc, argv);
    const int code = body();
    std::cout.flush();
    if (!std::cout) {
      say(tr("cannot write to standard output", "无法写入标准输出"));
      return exit_failure;
    }
    return code;
  } catch (const CLI::Success& asked) {  // --help and --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    std::string trouble = error.what();
    trouble.erase(trouble.find_last_not_of('\n') + 1);
    for (char& c : trouble)
      if (c == '\n') c = ' ';
    say(trouble + tr(" (see --help)", "（参见 --help）"));
    return exit_usage;
  } catch (const UsageFailure& failure) {
    say(failure.what());
    return exit_usage;
  } catch (const Todo& unwritten) {  // the program stands on a student's code (MINE)
    say(unwritten.text);
    return exit_failure;
  } catch (const std::exception& failure) {
    say(failure.what());
    return exit_failure;
  }
}

// --- the values that there are ---

template Option CommandLine::add_option(const std::string&, std::string&, const std::string&);
template Option CommandLine::add_option(const std::string&, std::filesystem::path&,
                                        const std::string&);
template Option CommandLine::add_option(const std::string&, int&, const std::string&);
template Option CommandLine::add_option(const std::string&, unsigned&, const std::string&);
template Option CommandLine::add_option(const std::string&, std::int64_t&, const std::string&);
template Option CommandLine::add_option(const std::string&, std::uint16_t&, const std::string&);
template Option CommandLine::add_option(const std::string&, std::uint64_t&, const std::string&);
template Option CommandLine::add_option(const std::string&, double&, const std::string&);
template Option CommandLine::add_option(const std::string&, std::optional<int>&,
                                        const std::string&);
template Option CommandLine::add_option(const std::string&, std::optional<std::uint16_t>&,
                                        const std::string&);
template Option CommandLine::add_option(const std::string&, std::optional<std::uint64_t>&,
                                        const std::string&);
template Option CommandLine::add_option(const std::string&, std::vector<std::string>&,
                                        const std::string&);
template Option CommandLine::add_option(const std::string&, std::vector<std::uint64_t>&,
                                        const std::string&);

template Option Option::between(int, int);
template Option Option::between(unsigned, unsigned);
template Option Option::between(std::int64_t, std::int64_t);
template Option Option::between(std::uint64_t, std::uint64_t);
template Option Option::between(double, double);

}  // namespace dialtone
