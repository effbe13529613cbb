// The program's command line, and what its options mean. Contradictions end it as wrong usage.
#pragma once

#include <string>
#include <vector>

#include "command_line.hpp"
#include "generations/plan.hpp"
#include "generations/terminals.hpp"

namespace generations {

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

/// The deck's own options, and the subcommands with theirs.
void add_options(dialtone::CommandLine& app, Options& options);

/// What is about decks has no meaning for a subcommand.
void refuse_deck_options(const dialtone::CommandLine& app);

MemoryRules memory_rules(const Options& options);
std::vector<Generation> generations_of(const std::string& only);
Room room_of(const Options& options);

}  // namespace generations
