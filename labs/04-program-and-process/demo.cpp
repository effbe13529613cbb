// process-tour: from a program to processes, in eight stops, all of them real.
#include <csignal>
#include <iostream>

#include "command_line.hpp"
#include "interruption.hpp"
#include "language.hpp"
#include "terminal.hpp"
#include "text_files.hpp"
#include "tour/calls.hpp"
#include "tour/line.hpp"
#include "tour/lives.hpp"
#include "tour/roles.hpp"
#include "tour/staging.hpp"
#include "tour/switches.hpp"
#include "tour/tree.hpp"

namespace {

using namespace process_tour;
using dialtone::tr;
using dialtone::UsageFailure;

/// The command line, as it was typed.
struct Request {
  bool brief = false, json = false;
  Choice tree;
  bool follow = false;
  std::string from, svg;
  double seconds = 1;
  std::vector<std::string> words;
  double limit = 0;  ///< seconds that a line of programs may take; 0: none
};

void print(const Json& json) {
  put(json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n');
}

/// Each stop is printed when it has been played.
template <class Play>
void stop(const Request& request, Json& all, const char* name, Play play) {
  const auto seen = play();
  if (request.json) {
    all[name] = to_json(seen);
    return;
  }
  Page page(request.brief);
  show(seen, page);
  put(page.text());
}

void switches_stop(const Request& request, Json& all) {
  const double seconds = request.brief ? 0.5 : 1.5;
  if (request.json) {
    all["switches"] = to_json(play_switches(seconds));
    return;
  }
  Page before(request.brief);
  before.heading(tr("7. Two reasons for a switch", "7. 切换的两种原因"));
  before.explain(
      tr("The same loop, once with a wait for a device in each turn and once without. The "
         "kernel counts for each process why it left the core.",
         "同一个循环，一个每圈等一次设备，一个不等。内核替每个进程记着它为什么离开核。"));
  put(before.text());
  const Switches seen = watch_switches(seconds);
  Page page(request.brief);
  show(seen, page);
  page.gap();
  put(page.text());
}

void next_steps() {
  const std::string text =
      tr("Next: process-tour tree --follow, switches, calls, run -- ls --pipe wc, --help",
         "接着试：process-tour tree --follow、switches、calls、run -- ls --pipe wc、--help");
  for (const std::string& line : dialtone::wrap(text, dialtone::terminal_columns()))
    put(line + '\n');
}

void write_picture(const std::string& file, const std::string& picture) {
  if (file == "-")
    put(picture);
  else if (!file.empty())
    dialtone::write_text(file, picture);
}

int tour(const Request& request) {
  const Adoption adoption;
  Json all;
  stop(request, all, "twins", play_twins);
  stop(request, all, "fork", play_fork);
  stop(request, all, "ends", play_ends);
  stop(request, all, "exec", play_exec);
  stop(request, all, "pipeline", play_line);
  stop(request, all, "tree", play_tree);
  switches_stop(request, all);
  stop(request, all, "calls", play_calls);
  if (request.json)
    print(all);
  else if (!request.brief)
    next_steps();
  return dialtone::exit_success;
}

int tree(const Request& request) {
  if (request.follow) {
    if (request.json || !request.svg.empty() || !request.from.empty())
      throw UsageFailure(tr("--follow is live on the terminal: leave out --json, --svg and --from",
                            "--follow 在终端上实时显示：请去掉 --json、--svg、--from"));
    follow(request.tree);
    return dialtone::exit_success;
  }
  Arranged arranged(request.from.empty()
                        ? read_table()
                        : table_from_json(dialtone::read_text(request.from), request.from),
                    request.tree);
  if (arranged.tree.empty() && request.tree.root)
    fail(tr("process ", "进程 ") + std::to_string(*request.tree.root) +
         tr(": there is none, or not any more; process-tour tree lists all",
            "：没有这个进程，或者已经不在了；process-tour tree 列出全部"));
  if (!request.svg.empty()) write_picture(request.svg, tree_svg(arranged.tree));
  if (request.svg == "-") return dialtone::exit_success;
  if (request.json) {
    ProcessTable shown;
    for (const Branch& branch : arranged.tree) shown.rows.push_back(*branch.row);
    shown.vanished = arranged.table.vanished;
    print(to_json(shown));
    return dialtone::exit_success;
  }
  const std::size_t columns = dialtone::terminal_columns();
  std::string text;
  for (const std::string& line : tree_lines(arranged.tree, columns)) text += line + '\n';
  Page below(false);
  below.items("", state_legend(arranged.tree), "   ");
  for (const std::string& line : footnotes(arranged)) below.wrapped(line);
  put(text + below.text());
  return dialtone::exit_success;
}

/// What was seen, as JSON or as a page.
template <class Seen>
int tell(const Request& request, const Seen& seen) {
  if (request.json) {
    print(to_json(seen));
    return dialtone::exit_success;
  }
  Page page(false);
  show(seen, page);
  put(page.text());
  return dialtone::exit_success;
}

int switches(const Request& request) {
  const Switches seen = !request.from.empty()
                            ? switches_from_json(dialtone::read_text(request.from), request.from)
                        : request.json || request.svg == "-" ? play_switches(request.seconds)
                                                             : watch_switches(request.seconds);
  if (!request.svg.empty()) write_picture(request.svg, switches_svg(seen));
  if (request.svg == "-") return dialtone::exit_success;
  return tell(request, seen);
}

int calls(const Request& request) {
  const Calls seen = play_calls();
  if (!seen.why_not.empty()) fail(seen.why_not);
  return tell(request, seen);
}

/// Runs a line of programs. With --json standard output is ours, and theirs goes to standard error.
int run(const Request& request) {
  const auto programs = programs_of(request.words);
  const Line line = run_line(programs, request.json ? STDERR_FILENO : -1, request.limit);
  if (request.json)
    print(to_json(line));
  else
    for (const std::string& each : endings(line, dialtone::terminal_columns()))
      std::cerr << each << '\n';
  const Part& last = line.parts.back();
  if (last.ending == Ending{}) return dialtone::exit_success;
  fail(safe(last.words.front()) + tr(": ", "：") +
       (line.timed_out && last.ending.how == Ending::How::killed
            ? tr("did not end in time and was killed", "没有按时结束，已被杀死")
            : how_it_ended(last.ending)));
}

}  // namespace

int main(int argc, char** argv) {
  if (const auto code = play_role(argc, argv)) return *code;
  dialtone::choose_language(argc, argv);
  std::signal(SIGPIPE, SIG_IGN);  // a process on stage may have gone; put() ends us quietly
  dialtone::clean_up_on_interruption();
  const dialtone::OnInterruption nothing_stays(end_all);
  dialtone::CommandLine app(
      tr("Lab 04: a program is text on a disk, a process is alive. A tour in eight stops, all "
         "of them real.",
         "实验 04：程序是磁盘上的文字，进程是活的。八站参观，全是真的。"),
      "process-tour");
  Request request;
  const auto json = [&](dialtone::CommandLine to) {
    to.add_flag("--json", request.json, tr("print what was seen as JSON", "以 JSON 输出所见"));
  };
  const auto figure = [&](dialtone::CommandLine to) {
    to.add_option("--svg", request.svg,
                  tr("write a picture (- is standard output)", "写成图（- 为标准输出）"))
        .type_name("FILE");
    to.add_option("--from", request.from,
                  tr("show what --json wrote (- is standard input) instead of what is now",
                     "显示 --json 写下的内容（- 为标准输入），而不是此刻的"))
        .type_name("FILE");
  };
  json(app);
  app.add_flag("--brief", request.brief, tr("the tour, in a second or two", "一两秒走完"));
  app.require_subcommand(0, 1);

  dialtone::CommandLine tree_command =
      app.add_subcommand("tree", tr("the process table as a tree", "进程表，画成树"));
  tree_command
      .add_option("PID", request.tree.root,
                  tr("only this process and its descendants", "只看这个进程及其后代"))
      .between(1, std::numeric_limits<int>::max());
  tree_command.add_flag("--follow", request.follow,
                        tr("live, until q or Ctrl-C", "实时显示，按 q 或 Ctrl-C 退出"));
  tree_command.add_flag("--all", request.tree.kernel_threads,
                        tr("the kernel's own threads, too", "连同内核自己的线程"));
  dialtone::CommandLine switches_command =
      app.add_subcommand("switches", tr("why processes leave the core, as the kernel counts it",
                                        "进程为什么离开核：内核自己的计数"));
  switches_command
      .add_option("--seconds", request.seconds, tr("how long they work (1)", "让它们运行多久（1）"))
      .between(0.1, 60.0)
      .type_name("S");
  dialtone::CommandLine calls_command = app.add_subcommand(
      "calls", tr("the system calls behind one printf", "一次 printf 背后的系统调用"));
  dialtone::CommandLine run_command = app.add_subcommand(
      "run", tr("run programs joined by pipes: run -- ls -l --pipe sort --pipe head",
                "运行由管道相连的程序：run -- ls -l --pipe sort --pipe head"));
  run_command.add_option("WORDS", request.words,
                         tr("behind --: programs with their words, --pipe between them",
                            "写在 -- 之后：各程序及其参数，以 --pipe 相隔"));
  run_command
      .add_option("--limit", request.limit,
                  tr("kill what still runs after so many seconds", "这么多秒后杀死仍在运行的"))
      .between(0.01, 1e6)
      .type_name("S");
  const auto commands = {tree_command, switches_command, calls_command, run_command};
  for (const dialtone::CommandLine& command : commands) json(command);
  for (const dialtone::CommandLine& command : {tree_command, switches_command}) figure(command);
  for (dialtone::CommandLine command : commands) {
    command.help_flag();
    command.fallthrough();  // --lang
  }
  return dialtone::run_program(app, argc, argv, [&] {
    if (tree_command.asked()) return tree(request);
    if (switches_command.asked()) return switches(request);
    if (calls_command.asked()) return calls(request);
    if (run_command.asked()) return run(request);
    return tour(request);
  });
}
