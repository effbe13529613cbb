#include "recipe.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "compiler_output.hpp"
#include "failure.hpp"
#include "language.hpp"
#include "words.hpp"

namespace dialtone {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr std::chrono::minutes compile_time{3};  // on however busy a machine
constexpr std::chrono::minutes build_time{20};

/// This process's environment, with tools that speak English and do not colour what is parsed.
std::vector<std::string> tool_environment() {
  std::vector<std::string> kept;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    const std::string_view name = variable.substr(0, variable.find('='));
    if (name != "LC_ALL" && name != "LANGUAGE" && name != "GCC_COLORS" &&
        name != "CLICOLOR_FORCE" && name != "NINJA_STATUS" && name != "GCC_URLS")
      kept.emplace_back(variable);
  }
  kept.emplace_back("LC_ALL=C.UTF-8");
  return kept;
}

std::string ninja_of(const Tree& tree) {
  std::string tool = cached_setting(tree.build, "CMAKE_MAKE_PROGRAM");
  if (cached_setting(tree.build, "CMAKE_GENERATOR") != "Ninja" || tool.empty())
    throw Failure(tr("the build folder " + tree.build.string() +
                         " was not made with Ninja: configure it with cmake -S . -B build -G Ninja",
                     "构建目录 " + tree.build.string() +
                         " 不是用 Ninja 生成的：请用 cmake -S . -B build -G Ninja 配置"));
  return tool;
}

/// The starter's archive, from the build folder: an add_lab()'s lies in labs/.
std::string archive_of(const Lab& lab) {
  return (lab.is_capstone() ? lab.directory() : fs::path("labs")).string() + "/lib" +
         lab.identifier() + "_starter.a";
}

/// Drops a compiler cache or the like from the front of a command.
void drop_launcher(std::vector<std::string>& words, const std::string& compiler) {
  const auto found = std::find(words.begin(), words.end(), compiler);
  if (found != words.end()) words.erase(words.begin(), found);
}

/// Puts `value` after `option` ("-o").
void set_option(std::vector<std::string>& words, const std::string& option,
                const std::string& value) {
  const auto found = std::find(words.begin(), words.end(), option);
  if (found != words.end() && found + 1 != words.end()) *(found + 1) = value;
}

Outcome run_tool(std::vector<std::string> arguments, const fs::path& directory) {
  Command command;
  command.arguments = std::move(arguments);
  command.directory = directory;
  command.environment = tool_environment();
  command.limits.cpu_seconds = 60;
  command.limits.memory_bytes = std::uint64_t{4} << 30U;
  command.limits.file_bytes = std::uint64_t{256} << 20U;
  return run(command, compile_time);
}

}  // namespace

const std::vector<std::string> sanitizer_flags = {
    "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"};

std::vector<std::string> shell_words(const std::string& command) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = '\0';
  for (std::size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    if (quote != '\0' && c == quote) {
      quote = '\0';
    } else if (c == '\\' && quote != '\'' && i + 1 < command.size() &&
               (quote == '\0' ||
                std::string_view("\\\"$`").find(command[i + 1]) != std::string_view::npos)) {
      word += command[++i];
      in_word = true;
    } else if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
      in_word = true;
    } else if (quote == '\0' && (c == ' ' || c == '\t' || c == '\n')) {
      if (in_word) words.push_back(std::exchange(word, {}));
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != '\0') throw Failure("a quote is not closed in the command: " + command);
  if (in_word) words.push_back(word);
  return words;
}

Outcome build(const Tree& tree, const std::vector<std::string>& targets) {
  Command command;
  command.arguments = {ninja_of(tree)};
  command.arguments.insert(command.arguments.end(), targets.begin(), targets.end());
  command.directory = tree.build;
  command.environment = tool_environment();
  command.own_group = false;  // Ctrl-C reaches the compilers, too
  return run(command, build_time);
}

Outcome ask_ninja(const Tree& tree, const std::vector<std::string>& arguments) {
  Command command;
  command.arguments = {ninja_of(tree)};
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  command.directory = tree.build;
  return run(command, std::chrono::minutes(1), std::size_t{64} << 20U);
}

void build_or_fail(const Tree& tree, const std::vector<std::string>& targets) {
  const Outcome outcome = build(tree, targets);
  if (outcome.succeeded()) return;
  const auto lines = lines_of(build_excerpt(outcome.out + outcome.err));
  const auto error = std::find_if(lines.begin(), lines.end(), [](const std::string& line) {
    return line.find("error") != std::string::npos;
  });
  const std::string first = error == lines.end() ? describe(outcome.ending) : trimmed(*error);
  throw Failure(tr("the workbook's own part of the build failed: ", "教程自身的构建失败：") +
                first + tr("; see the whole with: ninja -C ", "；完整输出：ninja -C ") +
                tree.build.string() + " " + join(targets, " "));
}

std::vector<std::string> Recipe::link_command(const std::string& target) const {
  const Outcome outcome = ask_ninja(Tree{"", directory_}, {"-t", "commands", target});
  const auto lines = lines_of(outcome.out);
  if (!outcome.succeeded() || lines.empty())
    throw Failure(tr("the build has no target ", "构建中没有目标 ") + target + ": " +
                  trimmed(outcome.err));
  std::vector<std::string> words_found = shell_words(lines.back());
  drop_launcher(words_found,
                cached_setting(directory_, "CMAKE_CXX_COMPILER"));  // and the leading ": &&"
  const auto end = std::find(words_found.begin(), words_found.end(), "&&");
  words_found.erase(end, words_found.end());
  if (std::find(words_found.begin(), words_found.end(), library_) == words_found.end())
    throw Failure(tr("the link command of " + target + " does not name " + library_,
                     target + " 的链接命令中没有 " + library_));
  return words_found;
}

Recipe::Recipe(const Tree& tree, const Lab& lab)
    : directory_(tree.build),
      starter_((tree.root / lab.starter()).string()),
      library_(archive_of(lab)) {
  const std::string compiler = cached_setting(tree.build, "CMAKE_CXX_COMPILER");
  const json entries = json::parse(read_file(tree.build / "compile_commands.json"));
  // Where other labs are to run on it, it is compiled for them too.
  const std::string target = lab.identifier() + "_starter.dir/";
  for (const json& entry : entries) {
    const auto command = entry.at("command").get<std::string>();
    if (entry.at("file").get<std::string>() != starter_ ||
        command.find(target) == std::string::npos)
      continue;
    compile_ = shell_words(command);
    drop_launcher(compile_, compiler);
    break;
  }
  if (compile_.empty())
    throw Failure(tr("the build does not compile ", "构建中没有编译 ") + starter_ +
                  tr(": configure it again (cmake -S . -B build -G Ninja)",
                     "：请重新配置（cmake -S . -B build -G Ninja）"));
  link_shim_ = link_command(lab.identifier() + "_shim_starter");
  if (!lab.is_capstone()) link_practice_ = link_command(lab.identifier() + "_practice_starter");
  std::vector<std::string> targets = parts();
  targets.push_back(lab.identifier() + "_kit");
  build_or_fail(tree, targets);
}

std::vector<std::string> Recipe::parts() const {
  std::vector<std::string> targets;
  std::string before;
  for (const std::string& word : compile_) {
    if (word.ends_with("cmake_pch.hxx.pch"))  // clang's is named
      targets.push_back(fs::path(word).lexically_relative(directory_).string());
    if (word.ends_with("cmake_pch.hxx") && before == "-include")  // GCC finds its own beside it
      targets.push_back(fs::path(word + ".gch").lexically_relative(directory_).string());
    before = word;
  }
  for (const auto& command : {link_practice_, link_shim_})
    for (const std::string& word : command)
      if (word.size() > 2 && word[0] != '/' && word[0] != '-' && word != library_ &&
          (word.ends_with(".a") || word.ends_with(".o")))
        targets.push_back(word);
  return targets;
}

Outcome Recipe::compile(const fs::path& source, const fs::path& object,
                        const std::vector<std::string>& extra_flags) const {
  std::vector<std::string> arguments = compile_;
  std::replace(arguments.begin(), arguments.end(), starter_, fs::absolute(source).string());
  set_option(arguments, "-o", fs::absolute(object).string());
  arguments.insert(arguments.begin() + 1, extra_flags.begin(), extra_flags.end());
  return run_tool(arguments, directory_);
}

Outcome Recipe::link(const fs::path& object, const fs::path& program, Program which,
                     const std::vector<std::string>& extra_flags) const {
  std::vector<std::string> arguments = which == Program::practice ? link_practice_ : link_shim_;
  std::replace(arguments.begin(), arguments.end(), library_, fs::absolute(object).string());
  set_option(arguments, "-o", fs::absolute(program).string());
  arguments.insert(arguments.begin() + 1, extra_flags.begin(), extra_flags.end());
  return run_tool(arguments, directory_);
}

fs::path lab_program(const Tree& tree, const Lab& lab, const std::string& which) {
  return tree.build / lab.directory() / (lab.identifier() + "_" + which);
}

}  // namespace dialtone
