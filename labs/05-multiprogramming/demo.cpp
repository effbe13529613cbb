// generations: one deck of jobs on four generations of computers, and memory divided among
// programs.
#include <iostream>

#include "default_deck.hpp"
#include "generations/draw.hpp"
#include "generations/memory_show.hpp"
#include "generations/options.hpp"
#include "generations/report.hpp"
#include "generations/show.hpp"
#include "generations/terminals.hpp"
#include "generations/trespass.hpp"
#include "generations/utilisation.hpp"
#include "language.hpp"
#include "ostep.hpp"
#include "simulation/timeline.hpp"
#include "text_files.hpp"

namespace {

using namespace generations;
using dialtone::tr;
using dialtone::UsageFailure;
using nlohmann::ordered_json;

void print(const ordered_json& json) {
  std::cout << json.dump(-1, ' ', false, ordered_json::error_handler_t::replace) << '\n';
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
  auto deck = simulation::read_deck(options.deck.empty() ? default_deck
                                                         : dialtone::read_text(options.deck));
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
  if (!options.svg.empty())
    dialtone::write_text(options.svg, simulation::timeline_svg(timelines_of(all)));
  if (options.json)
    print(json_of(all, deck));
  else if (options.csv)
    std::cout << csv_of(all);
  else
    show(all);
  return dialtone::exit_success;
}

// --- memory ---

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

int trespassing(const Options& options) {
  if (options.json) {
    print(json_of(trespass(!options.no_protection), !options.no_protection));
    return dialtone::exit_success;
  }
  show_trespass(!options.no_protection);
  return dialtone::exit_success;
}

// --- utilisation ---

int utilisation_of(const Options& options) {
  const auto figures = utilisation(options.most_programs, options.wait, options.seed);
  if (!options.svg.empty()) dialtone::write_text(options.svg, curve_svg(figures, options.wait));
  if (options.json) {
    print(json_of(figures, options.wait, options.seed));
    return dialtone::exit_success;
  }
  show_utilisation(figures, options.wait);
  return dialtone::exit_success;
}

// --- terminals ---

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
  show_terminals(room, all);
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

int run(const dialtone::CommandLine& app, const Options& options) {
  if (!options.as.empty()) return play_tool(options);
  if (!options.tool_options.empty())
    throw UsageFailure(tr("what follows -- is for a tool: name it with --as ostep:malloc",
                          "-- 之后是工具的选项：请用 --as ostep:malloc 指明工具"));
  refuse_deck_options(app);
  if (app.asked("memory")) return memory(options);
  if (app.asked("trespass")) return trespassing(options);
  if (app.asked("utilisation")) return utilisation_of(options);
  if (app.asked("terminals")) return terminals(options);
  return play_deck(options);
}

}  // namespace

int main(int argc, char** argv) {
  dialtone::choose_language(argc, argv);
  dialtone::CommandLine app(
      tr("Lab 05: one deck of jobs on four generations of computers. Times are in seconds.",
         "实验 05：同一叠作业在四代计算机上。时间单位是秒。"),
      "generations");
  app.require_subcommand(0, 1);
  app.fallthrough();  // --lang may follow the subcommand
  Options options;
  add_options(app, options);
  int own = 1;  // what lies behind -- is another tool's, and not ours to parse
  while (own < argc && std::string_view(argv[own]) != "--") ++own;
  for (int i = own + 1; i < argc; ++i) options.tool_options.emplace_back(argv[i]);
  return dialtone::run_program(app, own, argv, [&] { return run(app, options); });
}
