// time-slicing: the same jobs under any policy, on one core or many, with every decision explained.
#include <iostream>

#include "command_line.hpp"
#include "demo/report.hpp"
#include "demo/session.hpp"
#include "demo/stepper.hpp"
#include "demo/workloads.hpp"
#include "interruption.hpp"
#include "language.hpp"
#include "simulation/ostep/ostep.hpp"
#include "terminal.hpp"
#include "text_files.hpp"
#include "time_slicing.hpp"

namespace {

using namespace dialtone;
using namespace time_slicing_demo;
using simulation::Deck;
using simulation::Time;
using simulation::Timeline;

/// The command line, as it was typed.
struct Request {
  std::vector<std::string> words;  ///< a file, or the options of a published tool
  std::string policy;
  std::string compare;
  std::string as;
  std::string ties = "arrivals-first";
  std::string broken;
  std::string svg, csv, trace;
  std::size_t generate = 0;
  int cores = 1;
  bool per_core = false, steal = false;
  Time switch_cost = 0;
  simulation::Caches caches;
  Settings settings;
  std::string allotments;
  bool why = false, step = false, json = false, list = false;
};

// --- a switch that is broken on purpose ---

/// Keeps where the program is, but not what it has computed.
void save_without_accumulator(const simulation::Core& core,
                              simulation::ProcessControlBlock& process) {
  process.saved.program_counter = core.registers.program_counter;
  process.saved.stack_pointer = core.registers.stack_pointer;
  process.saved.step = core.registers.step;
}

/// Keeps nothing: whoever was taken off begins again.
void save_nothing(const simulation::Core&, simulation::ProcessControlBlock&) {}

/// What a policy gives to whoever begins at a level, for the switch below.
std::vector<Time> fresh_quanta;

/// Keeps the registers and forgets what was left of the quantum: whoever leaves the core before
/// its end has a whole one when it comes back, and never sinks.
void save_without_counters(const simulation::Core& core, simulation::ProcessControlBlock& process) {
  time_slicing::save(core, process);
  const auto level = static_cast<std::size_t>(process.level);
  if (level < fresh_quanta.size()) process.quantum_left = fresh_quanta[level];
}

// --- the request made whole ---

[[noreturn]] void refuse(const std::string& line) {
  throw UsageFailure(line);
}

std::vector<int> parse_allotments(const std::string& text) {
  if (text.empty()) return {};
  const auto numbers = parse_numbers(text, 1);
  if (!numbers)
    refuse("--allotments " + text +
           tr(": write numbers of 1 or more, the highest level first: 1/2/4",
              "：写不小于 1 的数，从最高级起：1/2/4"));
  return {numbers->begin(), numbers->end()};
}

Deck read_deck_file(const std::string& name) {
  auto deck = simulation::read_deck(read_text(name));
  if (!deck) refuse(name + ": " + deck.error());
  return *std::move(deck);
}

Deck deck_of(const Request& request) {
  if (request.words.size() > 1)
    refuse(tr("one deck at a time: '", "一次只能用一份作业：'") + request.words[1] +
           tr("' is one too many", "' 多余"));
  if (!request.words.empty() && request.generate > 0)
    refuse(tr("a deck and --generate: take one of them", "作业文件与 --generate 只能选一个"));
  if (!request.words.empty()) return read_deck_file(request.words[0]);
  if (request.generate > 0) return drawn_deck(request.generate, request.settings.seed);
  return usual_deck();
}

simulation::Options options_of(const Request& request, const Choice& choice, const Deck& deck) {
  simulation::Options options;
  options.cores = request.cores;
  options.queue_per_core = request.per_core;
  options.steal = request.steal;
  options.switch_cost = request.switch_cost;
  options.caches = request.caches;
  options.devices = deck.devices;
  options.ties = request.ties == "arrivals-first" ? simulation::Ties::arrivals_first
                                                  : simulation::Ties::expired_first;
  options.context_switch = {time_slicing::save, time_slicing::restore};
  if (request.broken == "accumulator") options.context_switch.save = save_without_accumulator;
  if (request.broken == "registers") options.context_switch.save = save_nothing;
  if (request.broken == "counters") {
    if (choice.quanta.empty())
      refuse(choice.name + tr(" has no counters to forget: use rr or mlfq",
                              " 没有可忘的计数器：请用 rr 或 mlfq"));
    fresh_quanta = choice.quanta;
    options.context_switch.save = save_without_counters;
  }
  if (std::string wrong = simulation::complaint(deck.workload, options); !wrong.empty())
    refuse(wrong);
  if (!request.broken.empty()) {  // it may never end otherwise
    Time work = 0;
    for (const simulation::Burst& burst : deck.workload.bursts) work += burst.length;
    for (const simulation::Job& job : deck.workload.jobs) work = std::max(work, job.arrival + work);
    options.horizon = std::min(simulation::last_tick, 4 * work);
  }
  return options;
}

void check(const Request& request, const std::vector<Choice>& choices) {
  const auto with_mlfq = [&] {
    for (const Choice& choice : choices)
      if (choice.name.substr(0, 4) == "mlfq") return true;
    return false;
  };
  const Settings& settings = request.settings;
  if ((settings.boost > 0 || settings.stay || settings.bump || !settings.allotments.empty()) &&
      !with_mlfq())
    refuse(tr("--boost, --stay, --bump and --allotments are the MLFQ's: add --policy mlfq",
              "--boost、--stay、--bump、--allotments 只用于 MLFQ：请加上 --policy mlfq"));
  if (choices.size() > 1 &&
      (request.why || request.step || !request.trace.empty() || !request.csv.empty()))
    refuse(tr("--why, --step, --trace and --csv are for one policy: use --policy, not --compare",
              "--why、--step、--trace、--csv 只看一个策略：请用 --policy，不用 --compare"));
}

// --- what is shown ---

simulation::TextStyle text_style() {
  return {terminal_columns(), locale_is_utf8(), stdout_is_lively()};
}

void put(const std::string& name, const std::string& text) {
  if (name == "-")
    std::cout << text;
  else
    write_text(name, text);
}

/// One core: a track for each policy. Many: a timeline for each.
std::vector<Timeline> side_by_side(const std::vector<Run>& runs) {
  if (runs.front().by_core.tracks.size() > 1) {
    std::vector<Timeline> timelines;
    for (const Run& run : runs) {
      timelines.push_back(run.by_core);
      timelines.back().title = run.choice.name + tr(": ", "：") + run.choice.title;
    }
    return timelines;
  }
  Timeline all = runs.front().by_core;
  all.tracks.clear();
  for (const Run& run : runs) {
    all.tracks.push_back(run.by_core.tracks.front());
    all.tracks.back().name = run.choice.name;
    all.end = std::max(all.end, run.by_core.end);
  }
  return {all};
}

std::vector<Timeline> all_views(const Run& run) {
  std::vector<Timeline> views = {run.by_core, run.by_process};
  views[0].title = run.choice.name + tr(": ", "：") + run.choice.title;
  if (!run.by_device.tracks.empty()) views.push_back(run.by_device);
  return views;
}

void heading(const std::string& text) {
  std::cout << coloured(Colour::bold, text) << "\n";
}

void show_decisions(const Run& run) {
  std::size_t width = 1;
  for (const Line& line : run.decisions) width = std::max(width, std::to_string(line.time).size());
  Time last = -1;
  for (const Line& line : run.decisions) {
    const std::string time = line.time == last ? "" : std::to_string(line.time);
    last = line.time;
    bool first = true;
    for (const std::string& piece : wrap(line.text, terminal_columns() - width - 2)) {
      const std::string number = first ? time : "";
      std::cout << std::string(width - number.size(), ' ') << number << "  " << piece << "\n";
      first = false;
    }
  }
  if (run.decisions.size() == most_decisions)
    std::cout << tr("… more decisions than are explained\n", "……决策太多，不再解释\n");
}

void show_one(const Request& request, const Deck& deck, const Run& run,
              const simulation::Options& options) {
  if (request.why) show_decisions(run);
  std::cout << timeline_text(all_views(run), text_style());
  std::cout << job_table(deck, run, terminal_columns()) << core_lines(run, options);
}

void show_compared(const std::vector<Run>& runs) {
  std::cout << timeline_text(side_by_side(runs), text_style())
            << comparison(runs, terminal_columns());
}

/// What `time-slicing` shows by itself.
void tour(const Request& request) {
  const Deck deck = deck_of(request);
  const auto choices = choose_all("fifo,srtf,rr:2,mlfq,eevdf", request.settings);
  const simulation::Options options = options_of(request, choices->front(), deck);
  heading(tr("1. Five jobs that want one core", "1. 五个作业争一个核"));
  std::cout << deck_text(deck, terminal_columns()) << "\n";
  heading(tr("2. The same jobs under five policies", "2. 同样的作业，五种策略"));
  std::vector<Run> runs;
  for (const Choice& choice : *choices) runs.push_back(play(deck, choice, options, false));
  show_compared(runs);
  std::cout << "\n";
  heading(tr("3. Why: the first decisions of the MLFQ", "3. 为什么：MLFQ 的头几个决定"));
  Run explained = play(deck, (*choices)[3], options, true);
  explained.decisions.resize(std::min<std::size_t>(explained.decisions.size(), 12));
  show_decisions(explained);
  std::cout << "\n";
  heading(
      tr("4. A switch that forgets what the program had computed", "4. 一次丢掉计算结果的切换"));
  Request broken = request;
  broken.broken = "accumulator";
  const Run spoilt = play(deck, (*choices)[2], options_of(broken, (*choices)[2], deck), false);
  std::cout << job_table(deck, spoilt, terminal_columns());
  std::cout
      << "\n"
      << tr("Next: time-slicing --policy mlfq --why, --step, --cores 4, --compare …, --help\n",
            "接着试：time-slicing --policy mlfq --why、--step、--cores 4、--compare …、--help\n");
}

int play_published(const Request& request) {
  if (request.as.substr(0, 6) != "ostep:")
    refuse("--as " + request.as +
           tr(": write ostep:TOOL, TOOL one of scheduler, mlfq, lottery, multi, process-run",
              "：写成 ostep:工具，工具为 scheduler、mlfq、lottery、multi、process-run 之一"));
  const std::string tool = request.as.substr(6);
  if (tool == "malloc" || tool == "relocation")
    refuse("ostep:" + tool +
           tr(" is lab 05's: generations --as ostep:", " 属于实验 05：generations --as ostep:") +
           tool);
  const auto outcome = simulation::ostep::play(tool, request.words, language());
  if (!outcome) refuse(outcome.error());
  if (request.json)
    std::cout << to_json(*outcome).dump() << "\n";
  else
    std::cout << to_text(*outcome, language());
  return exit_success;
}

int go(const Request& typed) {
  Request request = typed;
  if (request.list) {
    std::cout << choices();
    return exit_success;
  }
  if (!request.as.empty()) return play_published(request);
  request.settings.allotments = parse_allotments(request.allotments);
  if (!request.policy.empty() && !request.compare.empty())
    refuse(tr("--policy and --compare: take one of them", "--policy 与 --compare 只能选一个"));
  const bool asked = !request.policy.empty() || !request.compare.empty() || request.json ||
                     request.why || request.step || !request.words.empty() ||
                     request.generate > 0 || !request.svg.empty() || !request.csv.empty() ||
                     !request.trace.empty() || !request.broken.empty() || request.cores > 1;
  if (!asked) {
    tour(request);
    return exit_success;
  }
  std::string names = request.compare.empty() ? request.policy : request.compare;
  if (names.empty()) names = "rr:2";
  const auto choices = choose_all(names, request.settings);
  if (!choices) refuse(choices.error());
  if (request.compare.empty() && choices->size() > 1)
    refuse(tr("--policy takes one policy: use --compare ",
              "--policy 只能给一个策略：请用 --compare ") +
           names);
  check(request, *choices);
  const Deck deck = deck_of(request);
  const simulation::Options options = options_of(request, choices->front(), deck);
  std::vector<Run> runs;
  for (const Choice& choice : *choices)
    runs.push_back(play(deck, choice, options, request.why || request.step));
  if (request.step) {
    step_through(runs.front());
    return exit_success;
  }
  if (!request.svg.empty())
    put(request.svg, timeline_svg(runs.size() > 1 ? side_by_side(runs) : all_views(runs.front())));
  if (!request.csv.empty()) put(request.csv, timeline_csv(runs.front().by_core));
  if (!request.trace.empty()) put(request.trace, timeline_trace(runs.front().by_core));
  if (request.json) {
    nlohmann::ordered_json json = to_json(deck, runs.front());
    if (!request.compare.empty()) {
      json = {{"runs", nlohmann::ordered_json::array()}};
      for (const Run& run : runs) json["runs"].push_back(to_json(deck, run));
    }
    std::cout << json.dump() << "\n";
    return exit_success;
  }
  const bool to_stdout = request.svg == "-" || request.csv == "-" || request.trace == "-";
  if (to_stdout) return exit_success;
  if (runs.size() > 1)
    show_compared(runs);
  else
    show_one(request, deck, runs.front(), options);
  return exit_success;
}

}  // namespace

int main(int argc, char** argv) {
  choose_language(argc, argv);
  clean_up_on_interruption();
  CommandLine app(
      tr("Who runs next: the same jobs under any scheduling policy, on one core or many.",
         "下一个轮到谁：同样的作业，任选调度策略，单核或多核。"),
      "time-slicing");
  Request request;
  const auto text = [&](const char* flag, std::string& into, const std::string& help,
                        const char* type) {
    return app.add_option(flag, into, help).type_name(type);
  };
  app.add_option("DECK", request.words,
                 tr("jobs as JSON (- is standard input); without one, five jobs that ship with it",
                    "JSON 作业文件（- 为标准输入）；不给则用自带的五个作业"))
      .type_name("FILE");
  text("-p,--policy", request.policy,
       tr("one policy, such as rr:2 (see --policies)", "一个策略，例如 rr:2（见 --policies）"),
       "POLICY");
  text("--compare", request.compare,
       tr("several, on the same jobs: rr:2,mlfq,eevdf", "多个策略，同样的作业：rr:2,mlfq,eevdf"),
       "POLICIES");
  app.add_flag("--policies", request.list, tr("list the policies", "列出全部策略"));
  app.add_flag("--why", request.why, tr("explain every decision", "解释每个决定"));
  app.add_flag("--step", request.step,
               tr("go through the run step by step, forwards and back", "逐步播放，可前可后"));
  app.add_option("--cores", request.cores, tr("1 to 64 cores", "核数，1 到 64")).type_name("N");
  app.add_flag("--queue-per-core", request.per_core,
               tr("each core has a queue of its own (else all share one)",
                  "每个核有自己的队列（默认共用一个）"));
  app.add_flag("--steal", request.steal,
               tr("an idle core takes from the longest other queue", "空闲的核从最长的别的队列拿"));
  app.add_option("--switch-cost", request.switch_cost,
                 tr("ticks of a switch to another process", "切换到另一进程所花的刻"))
      .between(Time{0}, Time{1'000'000})
      .type_name("TICKS");
  text("--ties", request.ties,
       tr("what comes first at one tick: arrivals-first or expired-first",
          "同一刻谁在前：arrivals-first 或 expired-first"),
       "ORDER")
      .one_of({"arrivals-first", "expired-first"});
  app.add_option("--warm-up", request.caches.warm_up,
                 tr("ticks until a core's cache is warm for a job (0: no caches)",
                    "作业在某核上缓存变热所需的刻（0：没有缓存）"))
      .between(Time{0}, Time{1'000'000})
      .type_name("TICKS");
  app.add_option("--cache", request.caches.size,
                 tr("memory of jobs that a cache holds at once (100)",
                    "一个缓存同时容得下的作业内存（100）"))
      .between(1, 1'000'000'000)
      .type_name("SIZE");
  app.add_option(
         "--boost", request.settings.boost,
         tr("MLFQ: all to the highest level every so many ticks", "MLFQ：每隔多少刻全部回到最高级"))
      .between(Time{1}, Time{1'000'000'000})
      .type_name("TICKS");
  app.add_flag("--stay", request.settings.stay,
               tr("MLFQ: who blocks gets its quantum anew", "MLFQ：阻塞者重新得到时间片"));
  app.add_flag("--bump", request.settings.bump,
               tr("MLFQ: who wakes goes to the head of its line", "MLFQ：醒来者排到队首"));
  text("--allotments", request.allotments,
       tr("MLFQ: quanta at a level before it goes down, such as 1/2/2, the highest level first",
          "MLFQ：在一级用完几个时间片才降级，例如 1/2/2，从最高级起"),
       "N/N/N");
  text("--broken-switch", request.broken,
       tr("a switch that forgets: accumulator, registers or counters",
          "一次会忘事的切换：accumulator、registers 或 counters"),
       "WHAT")
      .one_of({"accumulator", "registers", "counters"});
  app.add_option("--generate", request.generate,
                 tr("draw so many jobs instead of reading them", "随机生成这么多作业"))
      .between(1, 1'000'000)
      .type_name("N");
  app.add_option("--seed", request.settings.seed,
                 tr("of --generate and of the lottery (1)", "--generate 与彩票的种子（1）"));
  text("--svg", request.svg, tr("write the timelines as a picture", "把时间线写成图"), "FILE");
  text("--csv", request.csv, tr("write the pieces as a table", "把时间段写成表"), "FILE");
  text("--trace", request.trace,
       tr("write a trace for Perfetto or chrome://tracing",
          "写成 Perfetto 或 chrome://tracing 的轨迹"),
       "FILE");
  app.add_flag("--json", request.json, tr("print the run as JSON", "以 JSON 输出"));
  text("--as", request.as,
       tr("play a published tool's own options: --as ostep:TOOL -- OPTIONS",
          "按已发表工具自己的选项运行：--as ostep:工具 -- 选项"),
       "ostep:TOOL");
  return run_program(app, argc, argv, [&] { return go(request); });
}
