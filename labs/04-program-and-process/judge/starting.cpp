// spawn: the program, its words, its environment, its signals; and that it was really forked.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <set>

#include "cases.hpp"
#include "process.hpp"
#include "tracing.hpp"

namespace lab04 {
namespace {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;

/// Bytes as exec takes them: any but NUL.
std::string draw_bytes(dialtone::Random& random, std::size_t count) {
  std::string text = random.bytes(count);
  std::replace(text.begin(), text.end(), '\0', ' ');
  return text;
}

/// A list of words as a story shows it.
std::string shown(const Strings& words) {
  std::string text = std::to_string(words.size()) + ":";
  for (std::size_t i = 0; i < words.size() && i < 12; ++i)
    text += " " + dialtone::printable(words[i], 40);
  return text + (words.size() > 12 ? " …" : "");
}

/// Where two lists part.
void expect_list(Trial& trial, std::string_view what, const Strings& got, const Strings& expected) {
  if (got == expected) return;
  const auto part = std::mismatch(got.begin(), got.end(), expected.begin(), expected.end());
  const auto from = [&](const Strings& list) {
    const auto place = part.first - got.begin();
    return std::to_string(list.size()) + tr(", from number ", " 个，自第 ") +
           std::to_string(place) + tr(" on ", " 个起 ") +
           shown(Strings(list.begin() + std::min(place, std::ssize(list)), list.end()));
  };
  trial.fail(what, from(expected), from(got));
}

// --- words ---

std::string draw_word(dialtone::Random& random) {
  const Strings odd = {"",     " ",    "two words", "\"", "'",    "$HOME", "*",  "a;b",
                       "\\",   "\n",   "-",         "--", "`ls`", "|",     "&&", "> /dev/null",
                       "\xff", "汉字", "#",         "~",  "%s",   "\t",    "!"};
  return random.chance(0.5) ? random.pick(odd) : draw_bytes(random, random.between(0, 40));
}

void runs_with_its_words(Trial& trial) {
  if (trial.index == 1) {
    const json error = failed(trial, ask_spawn(trial, {}), "system",
                              tr("spawn without any word", "没有任何词的 spawn"));
    trial.expect_equal("Error::code", error.at("code").get<int>(), EINVAL);
    return;
  }
  const Reports reports;
  Program program{reports.words(), {}, {}};
  switch (trial.index) {
    case 0:
      for (const char* word : {"one", "", "two words", "$HOME *; echo", "\n"})
        program.arguments.emplace_back(word);
      break;
    case 2:
      program.arguments.resize(2000, "x");
      break;
    case 3:
      program.arguments.push_back(draw_bytes(trial.random, 100'000));
      break;
    default:
      for (std::uint64_t i = trial.random.between(0, 12); i > 0; --i)
        program.arguments.push_back(draw_word(trial.random));
  }
  const pid_t pid = spawn(trial, program);
  const Report report = next_report(trial, reports);
  trial.expect_equal(tr("the number of the process that runs it", "运行它的进程号"), pid,
                     report.pid);
  expect_list(trial, tr("the words that the program gets", "程序得到的词"), report.arguments,
              program.arguments);
}

// --- fork and exec ---

std::string count_text(std::size_t count) {
  return std::to_string(count);
}

void forks_and_execs(Trial& trial) {
  const Reports reports;
  Program program{reports.words(), {}, {}};
  if (trial.index % 3 == 1) program.environment = Strings{"A=1"};
  if (trial.index % 3 == 2) program.redirections = {{0, 1}};
  const Traced traced = ask_traced(
      trial, "spawn(" + story_of(program) + ")" + tr(", traced by ptrace", "，用 ptrace 跟踪"),
      {{"call", "spawn"}, {"program", fields_of(program)}});
  succeeded(trial, traced.answer, "spawn");
  const auto pid = traced.answer.body.at("value").get<pid_t>();
  const Trace& seen = traced.seen;
  trial.expect(tr("the process forks", "进程调用了 fork"), seen.by_vfork + seen.by_clone == 0,
               tr("a process made by fork", "由 fork 产生的进程"),
               tr("one made by vfork or clone, as posix_spawn does",
                  "由 vfork 或 clone 产生的进程，posix_spawn 就是这样"));
  trial.expect_equal(tr("how many processes it forks", "它 fork 出的进程数"),
                     count_text(seen.forked.size()), count_text(1));
  trial.expect_equal(
      tr("what spawn returns, and the process that was forked", "spawn 的返回值，与 fork 出的进程"),
      pid, seen.forked.front());
  trial.expect_equal(tr("how many processes the forked one makes", "子进程又产生的进程数"),
                     seen.by_others, 0);
  trial.expect_equal(tr("how many programs are executed", "执行的程序个数"),
                     count_text(seen.execs.size()), count_text(1));
  trial.expect(tr("the forked process executes the program itself", "子进程直接执行该程序"),
               seen.execs.front().process == pid && seen.execs.front().is_witness,
               tr("the program that was asked for", "所要求的程序"),
               tr("another program, or another process", "别的程序，或别的进程"));
  const Report report = next_report(trial, reports);
  trial.expect_equal(tr("the parent of the new process", "新进程的父进程"), report.parent,
                     trial.student.pid());
}

// --- PATH ---

void write_file_at(const fs::path& path, const std::string& text, bool executable) {
  dialtone::write_file(path, text);
  fs::permissions(path, executable ? fs::perms::owner_all : fs::perms::owner_read);
}

/// Folders in which a name is looked up.
class SearchPath {
 public:
  explicit SearchPath(std::string name) : name_(std::move(name)) {}

  /// A folder that holds the witness under that name.
  fs::path right() {
    fs::path folder = add();
    fs::create_symlink(own_path(), folder / name_);
    return folder;
  }

  /// A place where the search finds no program that can be run.
  void wrong(std::uint64_t kind) {
    fs::path folder = add();
    if (kind == 1) fs::remove(folder);
    if (kind == 2) {  // a file in a folder's place
      fs::remove(folder);
      dialtone::write_file(folder, "");
    }
    if (kind >= 3) blocked(folder, kind == 4);
  }

  /// One that holds a file of that name that may not be run, or a folder of that name.
  fs::path blocked(bool as_folder) {
    fs::path folder = add();
    blocked(folder, as_folder);
    return folder;
  }

  /// A folder that is not in the path.
  fs::path outside() { return root_.path() / "outside"; }

  void empty_part() {
    if (parts_++ > 0) text_ += ":";
  }

  const std::string& name() const { return name_; }
  std::string variable() const { return "PATH=" + text_; }

 private:
  fs::path add() {
    fs::path folder = root_.path() / ("part " + std::to_string(parts_));
    fs::create_directory(folder);
    text_ += (parts_++ > 0 ? ":" : "") + folder.string();
    return folder;
  }

  void blocked(const fs::path& folder, bool as_folder) const {
    if (as_folder)
      fs::create_directory(folder / name_);
    else
      write_file_at(folder / name_, "#!/bin/sh\n", false);
  }

  dialtone::TemporaryFolder root_;
  std::string name_;
  std::string text_;
  int parts_ = 0;
};

void set_environment(Trial& trial, const Strings& variables) {
  json list = json::array();
  std::string told;
  for (const std::string& one : variables) {
    list.push_back(to_hex(one));
    if (list.size() <= 4) told += " " + dialtone::printable(one, 200);
  }
  trial.step(tr("the process's environment:", "进程的环境变量：") + told);
  trial.student.ask({{"call", "set_environment"}, {"environment", list}});
}

void expect_folder(Trial& trial, const Reports& reports, const fs::path& expected) {
  const Report report = next_report(trial, reports);
  trial.expect_equal(tr("the folder of the program that runs", "运行的程序所在的目录"),
                     report.folder, fs::canonical(expected).string());
}

/// The search finds only files that may not be run: the failure is that of such a file.
void nothing_but_blocked(Trial& trial, SearchPath& path) {
  const fs::path folder = path.blocked(trial.random.chance(0.5));
  path.wrong(trial.random.between(0, 2));
  set_environment(trial, {path.variable()});
  const Message alone = ask_spawn(trial, {{(folder / path.name()).string()}, {}, {}});
  if (!alone.body.contains("error")) return;  // another case's matter
  const json& direct = alone.body.at("error");
  const json by_name = failed(trial, ask_spawn(trial, {{path.name()}, {}, {}}),
                              tr("a name that PATH has only as a file that may not be run",
                                 "PATH 中只有不可执行的同名文件"));
  trial.expect_equal(
      tr("Error::kind, as for the file itself", "Error::kind，与直接给出该文件时相同"),
      by_name.at("kind").get<std::string>(), direct.at("kind").get<std::string>());
  trial.expect_equal(
      tr("Error::code, as for the file itself", "Error::code，与直接给出该文件时相同"),
      by_name.at("code").get<int>(), direct.at("code").get<int>());
}

/// A name with a slash is not looked up.
void name_with_a_slash(Trial& trial, SearchPath& path, const Reports& reports) {
  const fs::path here = path.outside();
  for (const fs::path& folder : {path.right(), here}) {
    fs::create_directories(folder / "below");
    fs::create_symlink(own_path(), folder / "below" / path.name());
  }
  set_environment(trial, {path.variable()});
  trial.step(tr("its working directory: ", "工作目录：") + here.string());
  trial.student.ask({{"call", "set_directory"}, {"directory", here.string()}});
  spawn(trial, {{(trial.random.chance(0.5) ? "below/" : "./below/") + path.name()}, {}, {}});
  trial.student.ask({{"call", "set_directory"}, {"directory", "/"}});
  expect_folder(trial, reports, here / "below");
}

void looked_up_in_path(Trial& trial) {
  const Reports reports;
  SearchPath path("witness-" + reports.name());
  if (trial.index % 6 == 3) return nothing_but_blocked(trial, path);
  if (trial.index % 6 == 4) return name_with_a_slash(trial, path, reports);

  for (std::uint64_t i = trial.index == 0 ? 0 : trial.random.between(0, 5); i > 0; --i)
    path.wrong(trial.random.between(0, 4));
  if (trial.index == 1) path.wrong(3);
  fs::path right;
  if (trial.index % 6 == 5) {
    right = path.outside();
    fs::create_directory(right);
    fs::create_symlink(own_path(), right / path.name());
    path.empty_part();
    trial.step(
        tr("an empty part of PATH is the working directory: ", "PATH 中的空段就是工作目录：") +
        right.string());
    trial.student.ask({{"call", "set_directory"}, {"directory", right.string()}});
  } else {
    right = path.right();
  }
  path.right();  // a later one is not used
  set_environment(trial, {path.variable()});
  Program program{{path.name()}, {}, {}};
  dialtone::TemporaryFolder decoy;
  if (trial.index % 2 == 0) {  // the PATH that the child will have is another matter
    fs::create_symlink(own_path(), decoy.path() / path.name());
    program.environment = Strings{"PATH=" + decoy.path().string()};
  }
  spawn(trial, program);
  trial.student.ask({{"call", "set_directory"}, {"directory", "/"}});
  expect_folder(trial, reports, right);
}

// --- environment ---

std::string draw_variable(dialtone::Random& random, std::size_t number) {
  const std::string name = "V" + std::to_string(number) + random.text(3, "ABCXYZ_");
  return name + "=" + (random.chance(0.2) ? "" : draw_bytes(random, random.between(0, 30)));
}

Strings draw_environment(dialtone::Random& random) {
  Strings variables;
  for (std::uint64_t i = random.between(0, 30); i > 0; --i)
    variables.push_back(draw_variable(random, i));
  if (random.chance(0.5)) variables.emplace_back("PATH=/usr/bin:/bin");
  return variables;
}

void expect_environment(Trial& trial, const Reports& reports, Strings expected) {
  Strings got = next_report(trial, reports).environment;
  std::sort(got.begin(), got.end());
  std::sort(expected.begin(), expected.end());
  expect_list(trial, tr("the environment of the program, sorted", "程序的环境变量（排序后）"), got,
              expected);
}

void environment_is_replaced_or_inherited(Trial& trial) {
  const Reports reports;
  const Strings own = trial.index == 0 ? Strings{"A=1", "B=2"} : draw_environment(trial.random);
  set_environment(trial, own);
  Strings given = trial.index == 0 ? Strings{} : draw_environment(trial.random);
  if (trial.index == 1) given = {"B=other", "A=", "C=a=b"};
  for (const bool replaced : {true, false}) {  // the second still has what the process had
    Program program{reports.words(), {}, {}};
    if (replaced) program.environment = given;
    spawn(trial, program);
    expect_environment(trial, reports, replaced ? given : own);
  }
}

// --- signals ---

std::uint64_t bit(int signal) {
  return std::uint64_t{1} << static_cast<unsigned>(signal - 1);
}

/// The line of /proc/PID/status of the student's process.
std::uint64_t signals_of(const Trial& trial, const std::string& line) {
  const std::string status = trial.student.proc_file("status");
  const std::size_t at = status.find("\n" + line + ":");
  return at == std::string::npos
             ? 0
             : std::strtoull(status.c_str() + at + line.size() + 2, nullptr, 16);
}

std::string signals_text(std::uint64_t mask) {
  std::string text;
  for (int signal = 1; signal <= 64; ++signal) {
    if ((mask & bit(signal)) == 0) continue;
    const char* name = sigabbrev_np(signal);
    text += (text.empty() ? "" : " ") +
            (name != nullptr ? "SIG" + std::string(name) : std::to_string(signal));
  }
  return text.empty() ? tr("none", "没有") : text;
}

void signals_are_as_new(Trial& trial) {
  std::vector<int> blocked;
  std::vector<int> ignored;
  std::vector<int> handled;
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGUSR2, SIGWINCH, SIGURG,
                           SIGTSTP, SIGTTOU, SIGRTMIN + 1, SIGRTMAX}) {
    if (trial.random.chance(0.4)) blocked.push_back(signal);
    if (trial.random.chance(0.3)) handled.push_back(signal);
  }
  if (trial.index == 0) blocked = {SIGTERM};
  if (trial.index == 1) blocked = handled = {};
  if (trial.index % 2 == 1) ignored = {SIGPIPE};
  trial.step(tr("the process blocks: ", "进程阻塞的信号：") + list_of(blocked) +
             tr("; handles: ", "；设有处理函数：") + list_of(handled) +
             tr("; ignores: ", "；忽略：") + list_of(ignored));
  trial.student.ask(
      {{"call", "set_signals"}, {"blocked", blocked}, {"ignored", ignored}, {"handled", handled}});
  const auto own = [&](const char* line) { return signals_of(trial, line); };
  const std::uint64_t before[] = {own("SigBlk"), own("SigIgn"), own("SigCgt")};

  const Reports reports;
  if (trial.index % 4 == 3) {  // it stays so after a failure, too
    ask_spawn(trial, {{"/nowhere/at-all"}, {}, {}});
  } else {
    spawn(trial, {reports.words(), {}, {}});
    const Report report = next_report(trial, reports);
    trial.expect_equal(tr("signals blocked in the child", "子进程阻塞的信号"),
                       signals_text(report.blocked), signals_text(0));
    trial.expect_equal(tr("SIGPIPE ignored in the child", "子进程忽略 SIGPIPE"),
                       (report.ignored & bit(SIGPIPE)) != 0, false);
  }
  const std::string rules[] = {
      tr("signals blocked in this process afterwards", "之后本进程阻塞的信号"),
      tr("signals ignored in this process afterwards", "之后本进程忽略的信号"),
      tr("signals handled in this process afterwards", "之后本进程设有处理函数的信号")};
  const std::uint64_t after[] = {own("SigBlk"), own("SigIgn"), own("SigCgt")};
  for (std::size_t i = 0; i < std::size(after); ++i)
    trial.expect_equal(rules[i], signals_text(after[i]), signals_text(before[i]));
}

}  // namespace

std::vector<Case> starting_cases() {
  return {{"spawn_runs_the_program_with_its_words", 30, runs_with_its_words},
          {"spawn_forks_and_execs", 10, forks_and_execs},
          {"names_are_looked_up_in_path", 24, looked_up_in_path},
          {"environment_is_replaced_or_inherited", 20, environment_is_replaced_or_inherited},
          {"the_childs_signals_are_as_new", 20, signals_are_as_new}};
}

}  // namespace lab04
