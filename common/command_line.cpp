#include "command_line.hpp"

#include <exception>
#include <iostream>
#include <string_view>

#include "language.hpp"
#include "todo.hpp"

namespace dialtone {

void choose_language(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    std::optional<Language> asked;
    if (argument == "--") return;
    if (argument == "--lang" && i + 1 < argc) asked = parse_language(argv[i + 1]);
    if (argument.substr(0, 7) == "--lang=") asked = parse_language(argument.substr(7));
    if (asked) set_language(*asked);
  }
}

void add_standard_options(CLI::App& app) {
  app.set_help_flag("-h,--help", tr("show this help and exit", "显示帮助并退出"));
  app.set_version_flag("--version", app.get_name() + " " DIALTONE_VERSION,
                       tr("show the version and exit", "显示版本并退出"));
  app.add_option_function<std::string>(
         "--lang",
         [](const std::string& text) {
           const auto asked = parse_language(text);
           if (!asked) throw CLI::ValidationError("--lang", "'" + text + "': use en or zh");
           set_language(*asked);
         },
         tr("language of messages: en or zh (default: the locale's)",
            "消息语言：en 或 zh（默认取自 locale）"))
      ->type_name("LANG");
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

int run_program(CLI::App& app, int argc, char** argv, const std::function<int()>& body) {
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
    std::string line = error.what();
    line.erase(line.find_last_not_of('\n') + 1);
    for (char& c : line)
      if (c == '\n') c = ' ';
    say(line + tr(" (see --help)", "（参见 --help）"));
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

}  // namespace dialtone
