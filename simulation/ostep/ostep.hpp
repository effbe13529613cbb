// Players of the homework simulators of "Operating Systems: Three Easy Pieces" (R. and A.
// Arpaci-Dusseau): they take a published tool's own options and give the same figures.
//
// The rules and the order of random draws are those of
// github.com/remzi-arpacidusseau/ostep-homework at 6c6cfc7e82c2 under Python 3.11; the code, the
// structures and all words are this project's own. Each player goes tick by tick as its tool does,
// so that it is also an independent check of the event engine. Time is in the tool's own units
// ("ticks").
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "language.hpp"

namespace simulation::ostep {

enum class Tool { scheduler, mlfq, lottery, multi, process_run, malloc, relocation };

/// The tools in the order of the enumeration, as they are named on a command line.
inline constexpr std::array<std::string_view, 7> tool_names = {
    "scheduler", "mlfq", "lottery", "multi", "process-run", "malloc", "relocation"};

/// "process-run" and the like; nothing for any other text.
std::optional<Tool> parse_tool(std::string_view name);

/// A stretch of time in which one job had one CPU. Touching stretches are one; empty ones are left
/// out. A lottery's clock advances by whole quanta, and so do its slices.
struct Slice {
  std::size_t cpu = 0;
  std::size_t job = 0;  ///< The tool's number of the job, from 0.
  double start = 0;
  double end = 0;
};

/// What a tool reports of one job; nothing where it does not report it.
struct JobFigures {
  std::size_t job = 0;
  std::optional<double> response;
  std::optional<double> turnaround;
  std::optional<double> waiting;
  std::optional<double> completion;
};

struct Averages {
  std::optional<double> response;
  std::optional<double> turnaround;
  std::optional<double> waiting;
};

/// Percentages of the whole time: busy, and busy with a warm cache.
struct CpuFigures {
  double utilisation = 0;
  double warm = 0;
};

struct Hole {
  std::int64_t address = 0;
  std::int64_t size = 0;
};

/// One request to the heap and the free list after it.
struct HeapStep {
  enum class Kind {
    alloc,
    free,
    skipped,  ///< A free of a number never given out: the tool says so and goes on.
  };
  Kind kind = Kind::alloc;
  std::int64_t size = 0;    ///< alloc: as asked for, before rounding up and header.
  std::size_t pointer = 0;  ///< The number of the allocation.
  std::int64_t returned =
      0;                     ///< alloc: an address, or -1 for none; free: 0, or -1 for a wrong one.
  std::size_t searched = 0;  ///< alloc: holes looked at.
  std::vector<Hole> free;
};

struct Access {
  std::int64_t virtual_address = 0;
  std::optional<std::int64_t> physical_address;  ///< Nothing: out of bounds.
};

/// All that a tool reports. What it does not report is empty.
struct Outcome {
  Tool tool = Tool::scheduler;
  std::vector<std::string> job_names;  ///< Only where jobs have names (multi).
  std::vector<Slice> slices;           ///< By start, then by CPU.
  std::vector<JobFigures> jobs;        ///< In the order in which the tool lists them.
  Averages average;
  std::vector<CpuFigures> cpus;
  std::optional<std::int64_t> total_time;
  std::optional<std::int64_t> cpu_busy;
  std::optional<std::int64_t> io_busy;
  std::vector<HeapStep> steps;
  std::vector<Access> accesses;
  std::int64_t base = 0;  ///< relocation
  std::int64_t limit = 0;
};

/// What a tool gives for its options, short or long, as on its own command line; with or without
/// -c, everything is computed. Options that only choose what is printed are taken and change
/// nothing. Errors are one line in the language asked for: an unknown tool or option, a malformed
/// or absurd value, and whatever would make the published tool crash or run for ever. Work is
/// bounded: at most some seconds and some hundred megabytes.
tl::expected<Outcome, std::string> play(std::string_view tool,
                                        const std::vector<std::string>& options,
                                        dialtone::Language language);

/// The figures, fields in the order: slices, jobs, average, cpus, total_time, cpu_busy, io_busy; or
/// steps; or accesses. A job is its name where jobs have names and else its number; whole numbers
/// are JSON integers.
nlohmann::ordered_json to_json(const Outcome& outcome);

/// The figures as tables for a person. In the library dialtone_ostep_text.
std::string to_text(const Outcome& outcome, dialtone::Language language);

}  // namespace simulation::ostep
