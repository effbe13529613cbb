// generations: one deck of jobs on four generations of computers, and memory divided among
// programs.
#include <algorithm>
#include <functional>
#include <iostream>

#include "command_line.hpp"
#include "default_deck.hpp"
#include "generations/draw.hpp"
#include "generations/files.hpp"
#include "generations/memory_show.hpp"
#include "generations/report.hpp"
#include "generations/terminals.hpp"
#include "generations/trespass.hpp"
#include "generations/utilisation.hpp"
#include "language.hpp"
#include "ostep.hpp"
#include "simulation/timeline.hpp"
#include "terminal.hpp"

namespace {

using namespace generations;
using dialtone::Colour;
using dialtone::coloured;
using dialtone::Failure;
using dialtone::tr;
using dialtone::UsageFailure;
using nlohmann::ordered_json;

struct Options {
  std::string deck;
  std::size_t jobs = 0;  ///< 0: those of the deck
  std::string only;
  std::string partitions;
  std::string fit;
  std::string queues;
  std::string svg;
  std::string as;
  std::vector<std::string> tool_options;  ///< behind "--"
  std::int64_t memory = 0;                ///< KiB; 0: not given
  std::int64_t quantum = 1;
  int cores = 4;
  bool compaction = false;
  bool json = false;
  bool csv = false;
  std::uint64_t seed = 5;
  // memory
  std::size_t programs = 12;
  // trespass
  bool no_protection = false;
  // utilisation
  double wait = 0.8;
  int most_programs = 10;
  // terminals
  int users = 20;
  int long_jobs = 2;
  double think = 17;
  double request = 0.83;
  double slice = 0.2;
};

void print(const ordered_json& json) {
  std::cout << json.dump(-1, ' ', false, ordered_json::error_handler_t::replace) << '\n';
}

void heading(std::string_view english, std::string_view chinese) {
  for (const std::string& line : dialtone::wrap(tr(english, chinese), dialtone::terminal_columns()))
    std::cout << coloured(Colour::bold, line) << '\n';
}

void say(const std::string& text) {
  for (const std::string& line : dialtone::wrap(text, dialtone::terminal_columns()))
    std::cout << line << '\n';
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ',')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

// --- what the options mean ---

std::vector<Address> partitions_of(const std::string& text) {
  std::vector<Address> sizes;
  for (const std::string& part : split(text)) {
    const bool digits =
        !part.empty() && part.size() <= 7 &&
        std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
    const Address size = digits ? std::stoull(part) : 0;
    if (size < 1 || size > 1'000'000)
      throw UsageFailure("--partitions: '" + part +
                         tr("' is not a size from 1 to 1000000 (KiB); write sizes as 8,8,16",
                            "' 不是 1 到 1000000 之间的大小（KiB）；请写成 8,8,16"));
    sizes.push_back(size);
  }
  if (sizes.size() > 64)
    throw UsageFailure(tr("--partitions: more than 64", "--partitions：超过 64 个"));
  return sizes;
}

MemoryRules memory_rules(const Options& options) {
  MemoryRules rules;
  if (options.memory > 0) rules.size = static_cast<Address>(options.memory);
  constexpr const char* fits[] = {"first", "next", "best", "worst"};
  for (std::size_t i = 0; i < std::size(fits); ++i)
    if (options.fit == fits[i]) rules.fit = static_cast<Fit>(i);
  rules.compaction = options.compaction;
  rules.queue_each = options.queues == "each";
  if (options.partitions.empty()) {
    if (!options.queues.empty())
      throw UsageFailure(tr("--queues is about fixed partitions: give --partitions too",
                            "--queues 针对固定分区：请同时给出 --partitions"));
    return rules;
  }
  if (!options.fit.empty() || options.compaction)
    throw UsageFailure(
        tr("--partitions are fixed, --fit and --compact are for variable ones: give one or the "
           "other",
           "--partitions 是固定分区，--fit 和 --compact 用于可变分区：二者选一"));
  rules.partitions = partitions_of(options.partitions);
  rules.size = 0;
  for (const Address size : rules.partitions) rules.size += size;
  if (options.memory > 0 && rules.size != static_cast<Address>(options.memory))
    throw UsageFailure(tr("--memory says ", "--memory 是 ") + std::to_string(options.memory) +
                       tr(" KiB, the --partitions make ", " KiB，而 --partitions 合计 ") +
                       std::to_string(rules.size) + tr(": leave one out", "：请去掉一个"));
  return rules;
}

std::vector<Generation> generations_of(const std::string& only) {
  std::vector<Generation> chosen;
  for (std::size_t i = 0; i < generation_names.size(); ++i) {
    const auto parts = split(only);
    if (only.empty() || std::find(parts.begin(), parts.end(), generation_names[i]) != parts.end())
      chosen.push_back(static_cast<Generation>(i));
  }
  if (!only.empty())
    for (const std::string& part : split(only))
      if (std::find(generation_names.begin(), generation_names.end(), part) ==
          generation_names.end())
        throw UsageFailure(
            "--only: '" + part +
            tr("' is none of 1, 2, 3a, 3b, 3c, 4", "' 不是 1、2、3a、3b、3c、4 之一"));
  return chosen;
}

// --- the deck on every machine ---

void show(const std::vector<Played>& all) {
  const std::size_t columns = dialtone::terminal_columns();
  heading("One deck on every machine, on one time axis (in seconds)",
          "同一叠作业在每一代机器上，同一条时间轴（秒）");
  std::cout << simulation::timeline_text(timelines_of(all), {columns, dialtone::locale_is_utf8(),
                                                             dialtone::stdout_is_lively()})
            << '\n';
  heading("Who waited how long", "谁等了多久");
  std::cout << people_table(all, columns) << '\n';
  heading("How busy the machines were", "机器有多忙");
  std::cout << machine_table(all, columns) << '\n';
  for (const Played& one : all) {
    std::cout << coloured(Colour::bold, title_of(one.generation)) << '\n';
    for (const std::string& line : verdicts(all, one)) say(line);
  }
}

struct NamedDeck {
  std::string name;  ///< for messages
  simulation::Deck deck;
};

NamedDeck deck_of(const Options& options) {
  if (options.jobs > 0 && !options.deck.empty())
    throw UsageFailure(
        tr("--jobs draws a deck: give no other", "--jobs 会随机生成作业：不要再给文件"));
  if (options.jobs > 0) return {"--jobs", draw_deck(options.seed, options.jobs)};
  const std::string name =
      options.deck.empty() ? tr("the deck of this lab", "本实验的作业卡叠") : options.deck;
  auto deck = simulation::read_deck(options.deck.empty() ? default_deck : read_text(options.deck));
  if (!deck) throw UsageFailure(name + ": " + deck.error());
  return {name, std::move(*deck)};
}

int play_deck(const Options& options) {
  if (options.json && options.csv)
    throw UsageFailure(tr("--json and --csv: one output at a time", "--json 与 --csv 只能选一个"));
  Settings settings;
  settings.memory = memory_rules(options);
  settings.cores = options.cores;
  settings.quantum = options.quantum;
  const auto chosen = generations_of(options.only);
  const auto [where, deck] = deck_of(options);
  if (const std::string said = complaint(deck, settings); !said.empty())
    throw UsageFailure(where + ": " + said);
  std::vector<Played> all;
  for (const Generation generation : chosen) {
    auto played = play(deck, settings, generation);
    if (!played) throw UsageFailure(where + ": " + played.error());
    all.push_back(std::move(*played));
  }
  if (!options.svg.empty()) write_text(options.svg, simulation::timeline_svg(timelines_of(all)));
  if (options.json)
    print(json_of(all, deck));
  else if (options.csv)
    std::cout << csv_of(all);
  else
    show(all);
  return dialtone::exit_success;
}

// --- memory ---

std::string percent(double share) {
  return with_decimals(100 * share, 1);
}

void show_memory(const MemoryRules& rules, const std::vector<MemoryStep>& steps,
                 const std::vector<Fullness>& compared) {
  const std::size_t columns = dialtone::terminal_columns();
  const bool unicode = dialtone::locale_is_utf8();
  std::size_t words = 0;
  for (const MemoryStep& step : steps) words = std::max(words, dialtone::display_width(told(step)));
  std::cout << coloured(Colour::bold, tr("Memory of ", "内存 ") + std::to_string(rules.size) +
                                          " K, " + title_of(rules))
            << '\n';
  const std::size_t figures = 22;
  const std::size_t width =
      std::max<std::size_t>(16, columns > words + figures + 6 ? columns - words - figures - 6 : 16);
  for (const MemoryStep& step : steps)
    std::cout << dialtone::pad(told(step), words) << ' ' << bar(rules, step, width, unicode)
              << tr(" inside ", " 内部 ") << step.usage.internal << tr(", outside ", "，外部 ")
              << step.usage.external << '\n';
  say(
      tr("Inside: wasted in partitions (internal fragmentation). Outside: free, but not in the "
         "largest hole (external fragmentation).",
         "内部：分区里浪费的（内部碎片）。外部：空闲但不在最大空洞里的（外部碎片）。"));
  std::cout << '\n';
  heading(
      "The same stream of programs in other memories: how full they are when one finds no room, %",
      "同一串程序放进别的内存：放不下时内存有多满，%");
  dialtone::Table table({tr("division", "划分"), tr("no room", "放不下"), tr("programs", "程序"),
                         tr("inside", "内部碎片"), tr("holes", "空闲"), tr("K moved", "搬移 K")},
                        {1, 2, 3, 4, 5});
  for (const Fullness& one : compared)
    table.add({one.rules, std::to_string(one.refusals), percent(one.allocated),
               percent(one.internal), percent(one.external), std::to_string(one.moved)});
  std::cout << table.text(columns);
}

int memory(const Options& options) {
  const MemoryRules rules = memory_rules(options);
  const auto steps = play_memory(rules, options.seed, options.programs);
  const auto compared = compare_memories(rules.size, options.seed, 2000);
  if (options.json)
    print(json_of(rules, steps, compared));
  else
    show_memory(rules, steps, compared);
  return dialtone::exit_success;
}

// --- trespass ---

void show_trespass(bool protection) {
  const Trespass story = trespass(protection);
  heading(protection ? "With base and limit" : "Without protection",
          protection ? "有基址和界限" : "没有保护");
  for (const Trespass::Event& event : story.events)
    say(tr("tick ", "时刻 ") + std::to_string(event.tick) + tr(": ", "：") + event.text);
  const std::size_t row = dialtone::terminal_columns() >= 72 ? 64 : 32;
  std::cout << picture(story.events.back().memory, row);
  say(std::string(tr("Checksums: the neighbour's memory ", "校验和：邻居的内存")) +
      (story.neighbour_intact ? tr("as written", "完好") : tr("CHANGED", "被改了")) +
      tr(", the system's ", "，系统的") +
      (story.system_intact ? tr("as written.", "完好。") : tr("CHANGED.", "被改了。")));
  std::cout << '\n';
}

int trespassing(const Options& options) {
  if (options.json) {
    print(json_of(trespass(!options.no_protection), !options.no_protection));
    return dialtone::exit_success;
  }
  if (!options.no_protection) show_trespass(true);
  show_trespass(false);
  say(
      tr("Each letter is a byte (t: the system's table, s: the system); a capital was not written "
         "by its owner.",
         "一个字母一个字节（t：系统的表，s：系统）；大写的不是主人写的。"));
  return dialtone::exit_success;
}

// --- utilisation ---

int utilisation_of(const Options& options) {
  const auto figures = utilisation(options.most_programs, options.wait, options.seed);
  if (!options.svg.empty()) write_text(options.svg, curve_svg(figures, options.wait));
  if (options.json) {
    print(json_of(figures, options.wait, options.seed));
    return dialtone::exit_success;
  }
  std::cout << coloured(Colour::bold, tr("CPU utilisation, programs that wait for I/O a share p = ",
                                         "CPU 利用率，程序等待 I/O 的比例 p = ") +
                                          with_decimals(options.wait, 2))
            << '\n';
  dialtone::Table table({tr("programs", "程序数"), tr("simulated, %", "模拟，%"),
                         tr("exact, %", "精确，%"), "1 - p^n, %"},
                        {0, 1, 2, 3});
  for (const DegreeFigures& one : figures)
    table.add({std::to_string(one.programs), with_decimals(100 * one.simulated, 2),
               with_decimals(100 * one.exact, 2), with_decimals(100 * one.simple, 2)});
  std::cout << table.text() << '\n'
            << curve(figures, dialtone::terminal_columns(), dialtone::locale_is_utf8());
  say(tr(
      "Full dot: simulated, 0 to 100 %; ring: 1 - p^n, which forgets that programs queue for the "
      "CPU and so are not in I/O. Exact: one CPU, a device each (machine repairman).",
      "实点：模拟值，0 到 100 %；圆圈：1 - p^n，它忘了程序也要排队等 CPU，那时并不在做 "
      "I/O。精确值：一个 CPU，每个程序一台设备（机器维修模型）。"));
  return dialtone::exit_success;
}

// --- terminals ---

Room room_of(const Options& options) {
  Room room;
  room.users = options.users;
  room.think = static_cast<Time>(options.think * 100 + 0.5);
  room.request = static_cast<Time>(options.request * 100 + 0.5);
  room.quantum = static_cast<Time>(options.slice * 100 + 0.5);
  if (options.long_jobs >= options.users)
    throw UsageFailure(tr("--long: there must be a user who asks little, and there are only ",
                          "--long：至少要有一个请求小的用户，而总共只有 ") +
                       std::to_string(options.users));
  return room;
}

int terminals(const Options& options) {
  Room room = room_of(options);
  std::vector<RoomFigures> all;
  for (const int long_jobs : {0, options.long_jobs}) {
    room.long_jobs = long_jobs;
    for (const bool slices : {false, true}) all.push_back(play_room(room, slices, options.seed));
    if (options.long_jobs == 0) break;
  }
  room.long_jobs = options.long_jobs;
  if (options.json) {
    print(json_of(room, all, options.seed));
    return dialtone::exit_success;
  }
  std::cout << coloured(Colour::bold,
                        std::to_string(room.users) +
                            tr(" terminals; answers in seconds", " 个终端；应答时间（秒）"))
            << '\n';
  dialtone::Table table({tr("who is served", "服务次序"), tr("mean", "平均"), tr("short", "短请求"),
                         tr("long", "长请求"), tr("longest", "最长"), tr("thinking", "思考"),
                         tr("waiting", "等待"), "CPU %"},
                        {1, 2, 3, 4, 5, 6, 7});
  for (const RoomFigures& one : all) {
    std::string name = one.slices ? tr("time slices", "时间片") : tr("first come", "先来先服务");
    if (one.long_jobs > 0) name += tr(", long jobs: ", "，长作业 ") + std::to_string(one.long_jobs);
    table.add({name, with_decimals(one.answer / 100, 2), with_decimals(one.short_ones / 100, 2),
               with_decimals(one.long_ones / 100, 2),
               with_decimals(static_cast<double>(one.longest) / 100, 1),
               with_decimals(one.thinking, 1), with_decimals(one.waiting, 1),
               percent(one.utilisation)});
  }
  std::cout << table.text();
  say(tr("Little's law gives ", "按利特尔定律，平均 ") +
      with_decimals(exact_answer(room) / 100, 2) +
      tr(" s on average without long jobs. Short: requests of 0.1 s or less; long: 2 s or more. "
         "The "
         "users of long jobs (60 s each) are not counted in the answers.",
         " 秒（没有长作业时）。短请求：不超过 0.1 秒；长请求：2 秒以上。长作业（每个 60 "
         "秒）用户的应答不计在内。"));
  return dialtone::exit_success;
}

// --- a published tool's figures ---

int play_tool(Options options) {
  const std::string prefix = "ostep:";
  const std::string tool =
      options.as.rfind(prefix, 0) == 0 ? options.as.substr(prefix.size()) : std::string();
  if (tool != "malloc" && tool != "relocation")
    throw UsageFailure("--as: '" + options.as +
                       tr("': use ostep:malloc or ostep:relocation, then -- and its options",
                          "'：请用 ostep:malloc 或 ostep:relocation，再接 -- 和它的选项"));
  auto& given = options.tool_options;
  if (!given.empty() && given.back() == "--json") {
    options.json = true;
    given.pop_back();
  }
  const auto outcome = simulation::ostep::play(tool, given, dialtone::language());
  if (!outcome) throw UsageFailure(options.as + ": " + outcome.error());
  if (options.json)
    print(simulation::ostep::to_json(*outcome));
  else
    std::cout << simulation::ostep::to_text(*outcome, dialtone::language());
  return dialtone::exit_success;
}

// --- the command line ---

/// As CLI::Range, which lets "nan" through.
std::function<std::string(const std::string&)> within(double low, double high) {
  return [=](const std::string& text) {
    double value = 0;
    const bool is_number = CLI::detail::lexical_cast(text, value);
    if (is_number && value >= low && value <= high) return std::string();
    return "'" + text + tr("' is not from ", "' 不在 ") + with_decimals(low, 2) +
           tr(" to ", " 到 ") + with_decimals(high, 2) + tr("", " 之间");
  };
}

void add_memory_options(CLI::App& command, Options& options) {
  command
      .add_option("--memory", options.memory, tr("size of the memory in KiB", "内存大小（KiB）"))
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}))
      ->type_name("KIB");
  command
      .add_option("--partitions", options.partitions,
                  tr("fixed partitions, as 8,8,16 (KiB)", "固定分区，例如 8,8,16（KiB）"))
      ->type_name("SIZES");
  command
      .add_option("--fit", options.fit,
                  tr("variable partitions, and how a hole is chosen", "可变分区，以及如何选空洞"))
      ->check(CLI::IsMember({"first", "next", "best", "worst"}));
  command.add_flag("--compact", options.compaction,
                   tr("move programs together when that makes room", "需要时紧缩内存"));
}

void add_json(CLI::App& command, Options& options) {
  command.add_flag("--json", options.json, tr("as JSON", "以 JSON 输出"));
}

void add_seed(CLI::App& command, Options& options) {
  command.add_option("--seed", options.seed, tr("what is random is drawn from it", "随机数的种子"))
      ->capture_default_str();
}

void add_svg(CLI::App& command, Options& options) {
  command.add_option("--svg", options.svg, tr("also write a picture (SVG)", "同时写出图形（SVG）"))
      ->type_name("FILE");
}

void add_deck_options(CLI::App& app, Options& options) {
  app.add_option("deck", options.deck,
                 tr("a deck of jobs (JSON); - is standard input; default: the lab's own",
                    "作业卡叠（JSON）；- 表示标准输入；默认用本实验自带的"))
      ->type_name("DECK.json");
  app.add_option("--jobs", options.jobs,
                 tr("so many jobs drawn by --seed, in place of a deck",
                    "不用卡叠，由 --seed 随机生成这么多作业"))
      ->check(CLI::Range(std::size_t{1}, std::size_t{200}));
  app.add_option("--only", options.only,
                 tr("some generations, as 2,3a,3b", "只看某几代，例如 2,3a,3b"))
      ->type_name("LIST");
  app.add_option("--cores", options.cores, tr("CPUs of generation 4", "第 4 代的 CPU 数"))
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--quantum", options.quantum,
                 tr("time slice of 3c and 4, in seconds", "3c 与 4 的时间片（秒）"))
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{simulation::last_tick}))
      ->capture_default_str();
  app.add_option("--queues", options.queues,
                 tr("fixed partitions: one queue, or one for each", "固定分区：一个队列，或各一个"))
      ->check(CLI::IsMember({"one", "each"}));
  app.add_option("--as", options.as,
                 tr("ostep:malloc or ostep:relocation, with that tool's options behind --",
                    "ostep:malloc 或 ostep:relocation，该工具的选项写在 -- 之后"))
      ->type_name("TOOL");
  app.add_flag("--csv", options.csv, tr("the time lines as CSV", "以 CSV 输出时间线"));
  add_memory_options(app, options);
  add_seed(app, options);
  add_json(app, options);
  add_svg(app, options);
}

void add_subcommands(CLI::App& app, Options& options) {
  CLI::App* memory = app.add_subcommand(
      "memory",
      tr("programs come and go; memory and its fragmentation, drawn", "程序来去，画出内存与碎片"));
  add_memory_options(*memory, options);
  memory->add_option("--programs", options.programs, tr("how many come", "来多少个程序"))
      ->check(CLI::Range(std::size_t{1}, std::size_t{10'000}))
      ->capture_default_str();
  CLI::App* trespass = app.add_subcommand(
      "trespass", tr("a program reaches for another's memory", "一个程序去碰别人的内存"));
  trespass->add_flag("--no-protection", options.no_protection,
                     tr("only the machine without base and limit", "只看没有基址界限的机器"));
  CLI::App* utilisation =
      app.add_subcommand("utilisation", tr("how busy the CPU is with 1, 2, … programs in memory",
                                           "内存里有 1、2、… 个程序时 CPU 有多忙"));
  utilisation
      ->add_option("--wait", options.wait,
                   tr("share of its time that a program waits for I/O", "程序等待 I/O 的时间比例"))
      ->check(within(0.1, 0.98))
      ->capture_default_str();
  utilisation->add_option("--programs", options.most_programs, tr("up to how many", "最多几个"))
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  CLI::App* terminals = app.add_subcommand(
      "terminals", tr("twenty users at terminals, served in order or in time slices",
                      "二十个终端用户：按序服务，或时间片轮转"));
  terminals->add_option("--users", options.users, tr("how many terminals", "终端数"))
      ->check(CLI::Range(1, 500))
      ->capture_default_str();
  terminals
      ->add_option("--long", options.long_jobs,
                   tr("of them with jobs of a minute", "其中提交一分钟长作业的人数"))
      ->check(CLI::Range(0, 499))
      ->capture_default_str();
  terminals->add_option("--think", options.think, tr("seconds, on average", "平均思考秒数"))
      ->check(within(0.1, 40))
      ->capture_default_str();
  terminals
      ->add_option("--request", options.request,
                   tr("seconds of CPU, on average", "每次请求平均占用 CPU 秒数"))
      ->check(within(0.05, 10))
      ->capture_default_str();
  terminals->add_option("--quantum", options.slice, tr("time slice in seconds", "时间片（秒）"))
      ->check(within(0.01, 60))
      ->capture_default_str();
  for (CLI::App* command : {memory, utilisation, terminals}) add_seed(*command, options);
  for (CLI::App* command : {memory, trespass, utilisation, terminals}) add_json(*command, options);
  add_svg(*utilisation, options);
}

int run(const CLI::App& app, const Options& options) {
  if (!options.as.empty()) return play_tool(options);
  if (!options.tool_options.empty())
    throw UsageFailure(tr("what follows -- is for a tool: name it with --as ostep:malloc",
                          "-- 之后是工具的选项：请用 --as ostep:malloc 指明工具"));
  if (app.got_subcommand("memory")) return memory(options);
  if (app.got_subcommand("trespass")) return trespassing(options);
  if (app.got_subcommand("utilisation")) return utilisation_of(options);
  if (app.got_subcommand("terminals")) return terminals(options);
  return play_deck(options);
}

}  // namespace

int main(int argc, char** argv) {
  dialtone::choose_language(argc, argv);
  CLI::App app(
      tr("Lab 05: one deck of jobs on four generations of computers. Times are in seconds.",
         "实验 05：同一叠作业在四代计算机上。时间单位是秒。"),
      "generations");
  dialtone::add_standard_options(app);
  app.require_subcommand(0, 1);
  Options options;
  add_deck_options(app, options);
  add_subcommands(app, options);
  int own = 1;  // what lies behind -- is another tool's, and not ours to parse
  while (own < argc && std::string_view(argv[own]) != "--") ++own;
  for (int i = own + 1; i < argc; ++i) options.tool_options.emplace_back(argv[i]);
  return dialtone::run_program(app, own, argv, [&] { return run(app, options); });
}
