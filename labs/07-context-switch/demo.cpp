// context-switch: what a switch costs, hundreds of threads on one core, theory beside practice, and
// what happens when a part is missing.
#include <algorithm>
#include <iostream>

#include "command_line.hpp"
#include "demo/broken.hpp"
#include "demo/compare.hpp"
#include "demo/cost.hpp"
#include "demo/screen.hpp"
#include "demo/share.hpp"
#include "demo/story.hpp"
#include "language.hpp"
#include "terminal.hpp"
#include "text_files.hpp"
#include "todo.hpp"

namespace {

using namespace switch_demo;
using dialtone::tr;
using nlohmann::ordered_json;

/// The command line, as it was typed.
struct Request {
  bool brief = false, json = false;
  std::size_t threads = 300;
  Time quantum = 10'000;
  std::string svg, csv, trace, recorded;
  std::string broken;
};

void print(const ordered_json& json) {
  std::cout << json.dump(-1, ' ', false, ordered_json::error_handler_t::replace) << '\n';
}

void put(const std::string& name, const std::string& text) {
  if (name == "-")
    std::cout << text;
  else
    dialtone::write_text(name, text);
}

// --- the parts ---

int cost(const Request& request) {
  if (request.json)
    print(json_of(costs(request.brief)));
  else
    show_costs(request.brief);
  return dialtone::exit_success;
}

int sharing(const Request& request) {
  if (request.json)
    print(json_of(share(request.threads)));
  else
    show_share(request.threads, request.brief ? 0.3 : 1.5);
  return dialtone::exit_success;
}

int timeline(const Request& request) {
  const Recording recording =
      request.recorded.empty()
          ? record(request.quantum, request.brief ? 2 : 4)
          : read_recording(request.recorded, dialtone::read_text(request.recorded));
  const auto timelines = timelines_of(recording);
  if (!request.svg.empty()) put(request.svg, timeline_svg(timelines));
  if (!request.csv.empty()) put(request.csv, timeline_csv(timelines[1]));
  if (!request.trace.empty()) put(request.trace, timeline_trace(timelines[1]));
  if (request.json)
    print(json_of(recording));
  else if (request.svg != "-" && request.csv != "-" && request.trace != "-")
    show_comparison(recording);
  return dialtone::exit_success;
}

int breaking(const Request& request) {
  std::vector<Breakage> all;
  for (const std::string& name : breakage_names()) {
    if (!request.broken.empty() && request.broken != name) continue;
    all.push_back(play_broken(name));
    if (!request.json) show(all.back());
  }
  if (!request.json) return dialtone::exit_success;
  ordered_json list = ordered_json::array();
  for (const Breakage& one : all) list.push_back(json_of(one));
  print(list);
  return dialtone::exit_success;
}

// --- the tour ---

int tour(const Request& request) {
  if (request.json) {
    ordered_json broken = ordered_json::array();
    for (const std::string& name : breakage_names()) broken.push_back(json_of(play_broken(name)));
    print({{"cost", json_of(costs(request.brief))},
           {"share", json_of(share(request.threads))},
           {"timeline", json_of(record(request.quantum, request.brief ? 2 : 4))},
           {"broken", std::move(broken)}});
    return dialtone::exit_success;
  }
  struct Stop {
    std::string title;
    int (*play)(const Request&);
  };
  const std::vector<Stop> stops = {
      {tr("1. What it costs to hand the core on", "1. 把核交出去要多久"), cost},
      {tr("2. Hundreds of threads, one core", "2. 几百个线程，一个核"), sharing},
      {tr("3. Theory and practice", "3. 理论与实际"), timeline},
      {tr("4. What happens without", "4. 少了会怎样"), breaking},
  };
  int code = dialtone::exit_success;
  for (const Stop& stop : stops) {
    if (&stop != &stops.front()) std::cout << '\n';
    heading(stop.title);
    try {
      stop.play(request);
    } catch (const dialtone::Todo& unwritten) {  // it stands on a student's code, who is not so far
      say(unwritten.text);
      code = dialtone::exit_failure;
    }
  }
  say("");
  say(tr(
      "Next: context-switch share --threads 5000, timeline --quantum 2000, broken no-rbx, --help",
      "接着试：context-switch share --threads 5000、timeline --quantum 2000、broken "
      "no-rbx、--help"));
  return code;
}

// --- the command line ---

void add_subcommands(dialtone::CommandLine& app, Request& request) {
  app.add_subcommand("cost", tr("nanoseconds a switch, beside system calls and kernel threads",
                                "一次切换的纳秒数，与系统调用、内核线程对照"));
  dialtone::CommandLine share =
      app.add_subcommand("share", tr("many threads share one core", "许多线程共用一个核"));
  share.add_option("--threads", request.threads, tr("how many", "线程数"))
      .between(std::size_t{1}, most_threads)
      .capture_default_str()
      .type_name("N");
  dialtone::CommandLine timeline =
      app.add_subcommand("timeline", tr("the same workload in the simulator and on real threads",
                                        "同样的作业，在模拟器里和真实线程上"));
  dialtone::Option quantum =
      timeline
          .add_option("--quantum", request.quantum,
                      tr("microseconds until a turn is over", "一轮多少微秒"))
          .between(Time{100}, Time{1'000'000})
          .capture_default_str()
          .type_name("US");
  const auto file = [&timeline](const char* flag, std::string& into, const std::string& help) {
    return timeline.add_option(flag, into, help).type_name("FILE");
  };
  file("--svg", request.svg, tr("also write a picture (SVG)", "同时写出图形（SVG）"));
  file("--csv", request.csv, tr("also write the real run as a table", "同时把真实运行写成表格"));
  file("--trace", request.trace,
       tr("also write it for Perfetto and chrome://tracing",
          "同时写成 Perfetto、chrome://tracing 能打开的文件"));
  file("--recorded", request.recorded,
       tr("draw a run that --json recorded; - is standard input",
          "画出 --json 录下的运行；- 为标准输入"))
      .excludes(quantum);
  app.add_subcommand("broken", tr("what happens without a part: no-rbx, no-critical, "
                                  "no-guard-page, no-yield",
                                  "少了一部分会怎样：no-rbx、no-critical、no-guard-page、no-yield"))
      .add_option("name", request.broken, tr("one of them (default: all)", "其中之一（默认全部）"))
      .one_of(breakage_names())
      .type_name("NAME");
}

int run(const dialtone::CommandLine& app, const Request& request) {
  if (app.asked("cost")) return cost(request);
  if (app.asked("share")) return sharing(request);
  if (app.asked("timeline")) return timeline(request);
  if (app.asked("broken")) return breaking(request);
  return tour(request);
}

}  // namespace

int main(int argc, char** argv) {
  dialtone::choose_language(argc, argv);
  dialtone::CommandLine app(tr("Lab 07: the state of a program is saved and restored, for real.",
                               "实验 07：真的保存并恢复一个程序的状态。"),
                            "context-switch");
  app.require_subcommand(0, 1);
  app.fallthrough();  // --lang and --json may follow the subcommand
  Request request;
  app.add_flag("--brief", request.brief, tr("shorter measurements", "缩短测量时间"));
  app.add_flag("--json", request.json, tr("as JSON", "以 JSON 输出"));
  add_subcommands(app, request);
  return dialtone::run_program(app, argc, argv, [&] { return run(app, request); });
}
