#include "generations/options.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "generations/report.hpp"
#include "language.hpp"

namespace generations {

using dialtone::tr;
using dialtone::UsageFailure;

namespace {

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

}  // namespace

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

Room room_of(const Options& options) {
  Room room;
  room.users = options.users;
  room.think = std::lround(options.think * 100);
  room.request = std::lround(options.request * 100);
  room.quantum = std::lround(options.slice * 100);
  if (options.long_jobs >= options.users)
    throw UsageFailure(tr("--long: there must be a user who asks little, and there are only ",
                          "--long：至少要有一个请求小的用户，而总共只有 ") +
                       std::to_string(options.users));
  return room;
}

/// What is about decks has no meaning for a subcommand.
void refuse_deck_options(const dialtone::CommandLine& app) {
  if (app.asked_subcommand().empty()) return;
  for (const char* name : {"deck", "--jobs", "--only", "--cores", "--queues", "--csv",
                           "--partitions", "--fit", "--compact", "--memory"})
    if (app.count(name) > 0)
      throw UsageFailure(std::string(name) + tr(": not with ", "：不能与 ") +
                         app.asked_subcommand() + tr("", " 同用"));
}

namespace {

void add_memory_options(dialtone::CommandLine& command, Options& options) {
  command.add_option("--memory", options.memory, tr("size of the memory in KiB", "内存大小（KiB）"))
      .between(std::int64_t{1}, std::int64_t{1'000'000})
      .type_name("KIB");
  command
      .add_option("--partitions", options.partitions,
                  tr("fixed partitions, as 8,8,16 (KiB)", "固定分区，例如 8,8,16（KiB）"))
      .type_name("SIZES");
  command
      .add_option("--fit", options.fit,
                  tr("variable partitions, and how a hole is chosen", "可变分区，以及如何选空洞"))
      .one_of({"first", "next", "best", "worst"});
  command.add_flag("--compact", options.compaction,
                   tr("move programs together when that makes room", "需要时紧缩内存"));
}

void add_json(dialtone::CommandLine& command, Options& options) {
  command.add_flag("--json", options.json, tr("as JSON", "以 JSON 输出"));
}

void add_seed(dialtone::CommandLine& command, Options& options) {
  command.add_option("--seed", options.seed, tr("what is random is drawn from it", "随机数的种子"))
      .capture_default_str();
}

void add_svg(dialtone::CommandLine& command, Options& options) {
  command.add_option("--svg", options.svg, tr("also write a picture (SVG)", "同时写出图形（SVG）"))
      .type_name("FILE");
}

void add_deck_options(dialtone::CommandLine& app, Options& options) {
  app.add_option("deck", options.deck,
                 tr("a deck of jobs (JSON); - is standard input; default: the lab's own",
                    "作业卡叠（JSON）；- 表示标准输入；默认用本实验自带的"))
      .type_name("DECK.json");
  app.add_option("--jobs", options.jobs,
                 tr("so many jobs drawn by --seed, in place of a deck",
                    "不用卡叠，由 --seed 随机生成这么多作业"))
      .between(std::size_t{1}, std::size_t{200});
  app.add_option("--only", options.only,
                 tr("some generations, as 2,3a,3b", "只看某几代，例如 2,3a,3b"))
      .type_name("LIST");
  app.add_option("--cores", options.cores, tr("CPUs of generation 4", "第 4 代的 CPU 数"))
      .between(1, 64)
      .capture_default_str();
  app.add_option("--quantum", options.quantum,
                 tr("time slice of 3c and 4, in seconds", "3c 与 4 的时间片（秒）"))
      .between(std::int64_t{1}, std::int64_t{simulation::last_tick})
      .capture_default_str();
  app.add_option("--queues", options.queues,
                 tr("fixed partitions: one queue, or one for each", "固定分区：一个队列，或各一个"))
      .one_of({"one", "each"});
  app.add_option("--as", options.as,
                 tr("ostep:malloc or ostep:relocation, with that tool's options behind --",
                    "ostep:malloc 或 ostep:relocation，该工具的选项写在 -- 之后"))
      .type_name("TOOL");
  app.add_flag("--csv", options.csv, tr("the time lines as CSV", "以 CSV 输出时间线"));
  add_memory_options(app, options);
  add_seed(app, options);
  add_json(app, options);
  add_svg(app, options);
}

void add_subcommands(dialtone::CommandLine& app, Options& options) {
  dialtone::CommandLine memory = app.add_subcommand(
      "memory",
      tr("programs come and go; memory and its fragmentation, drawn", "程序来去，画出内存与碎片"));
  add_memory_options(memory, options);
  memory.add_option("--programs", options.programs, tr("how many come", "来多少个程序"))
      .between(std::size_t{1}, std::size_t{10'000})
      .capture_default_str();
  dialtone::CommandLine trespass = app.add_subcommand(
      "trespass", tr("a program reaches for another's memory", "一个程序去碰别人的内存"));
  trespass.add_flag("--no-protection", options.no_protection,
                    tr("only the machine without base and limit", "只看没有基址界限的机器"));
  dialtone::CommandLine utilisation =
      app.add_subcommand("utilisation", tr("how busy the CPU is with 1, 2, … programs in memory",
                                           "内存里有 1、2、… 个程序时 CPU 有多忙"));
  utilisation
      .add_option("--wait", options.wait,
                  tr("share of its time that a program waits for I/O", "程序等待 I/O 的时间比例"))
      .between(0.1, 0.98)
      .capture_default_str();
  utilisation.add_option("--programs", options.most_programs, tr("up to how many", "最多几个"))
      .between(1, 50)
      .capture_default_str();
  dialtone::CommandLine terminals = app.add_subcommand(
      "terminals", tr("twenty users at terminals, served in order or in time slices",
                      "二十个终端用户：按序服务，或时间片轮转"));
  terminals.add_option("--users", options.users, tr("how many terminals", "终端数"))
      .between(1, 100)
      .capture_default_str();
  terminals
      .add_option("--long", options.long_jobs,
                  tr("of them with jobs of a minute", "其中提交一分钟长作业的人数"))
      .between(0, 20)
      .capture_default_str();
  terminals.add_option("--think", options.think, tr("seconds, on average", "平均思考秒数"))
      .between(0.1, 40.0)
      .capture_default_str();
  terminals
      .add_option("--request", options.request,
                  tr("seconds of CPU, on average", "每次请求平均占用 CPU 秒数"))
      .between(0.05, 10.0)
      .capture_default_str();
  terminals.add_option("--quantum", options.slice, tr("time slice in seconds", "时间片（秒）"))
      .between(0.01, 60.0)
      .capture_default_str();
  for (dialtone::CommandLine command : {memory, utilisation, terminals}) add_seed(command, options);
  for (dialtone::CommandLine command : {memory, trespass, utilisation, terminals})
    add_json(command, options);
  add_svg(utilisation, options);
}

}  // namespace

void add_options(dialtone::CommandLine& app, Options& options) {
  add_deck_options(app, options);
  add_subcommands(app, options);
}

}  // namespace generations
