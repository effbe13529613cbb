// The four switchboards, and Python's asyncio beside them for scale, with 1, 20, 1,000 and 10,000
// callers of whom at most 20 talk: one table, one picture, and the figures as JSON.
//
// What bounds the figures: two processes on one machine. The callers' process (epoll, one thread)
// takes about as much time for an exchange as the server does, so that with a processor for each of
// them the slower one sets the rate. With one caller the rate is that of the way there and back:
// two wake-ups of a sleeping process. poll hands the kernel the whole list of callers each time, so
// its cost grows with those who are silent.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "command_line.hpp"
#include "demo/crowd.hpp"
#include "demo/tables.hpp"
#include "picture.hpp"

namespace {

using namespace switchboard_demo;

struct Options {
  std::string program;
  std::string peer;
  std::string folder;
  std::vector<std::size_t> callers = {1, 20, 1000, 10'000};
  double seconds = 0.4;
  std::size_t runs = 5;
};

struct Served {
  std::string name;
  std::vector<std::string> command;
};

std::vector<Served> all_served(const Options& options) {
  std::vector<Served> all;
  const std::size_t most = std::ranges::max(options.callers);
  for (const Variant& variant : variants)
    all.push_back({variant.name, serve_command(options.program, variant.name, most)});
  if (!options.peer.empty()) all.push_back({"asyncio", {"python3", options.peer}});
  return all;
}

std::string table_of(const std::vector<CrowdRow>& rows) {
  dialtone::Table table({"", "callers", "held", "threads", "KiB each", "exchanges/s",
                         "slowest-fastest run", "p50 us", "p99 us", "dialled", "ended"},
                        {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  for (const CrowdRow& row : rows)
    table.add(
        {row.name, figure(static_cast<double>(row.callers)), figure(static_cast<double>(row.held)),
         figure(static_cast<double>(row.footprint.threads)), row.kib ? figure(*row.kib, 1) : "-",
         figure(row.exchanges.a_second), figure(row.slowest) + "-" + figure(row.fastest),
         figure(row.exchanges.p50_us), figure(row.exchanges.p99_us),
         figure(row.dial_seconds, 2) + " s", figure(row.end_seconds, 2) + " s"});
  return table.text(200);
}

void write(const std::string& path, const std::string& text) {
  dialtone::write_file(path, text);
  std::cout << path << '\n';
}

int measure(const Options& options) {
  const std::size_t descriptors = raise_descriptor_limit();
  std::vector<CrowdRow> rows;
  bool all_well = true;
  for (const auto& [name, command] : all_served(options))
    for (const std::size_t wanted : options.callers) {
      CrowdOptions crowd;
      crowd.callers = callers_that_fit(wanted, descriptors);
      if (crowd.callers < wanted)
        std::cerr << wanted << " callers do not fit " << descriptors
                  << " descriptors: " << crowd.callers << " instead\n";
      crowd.time = Seconds(options.seconds);
      crowd.runs = options.runs;
      try {
        rows.push_back(measure_crowd(name, command, crowd));
        std::cerr << '.' << std::flush;
      } catch (const Failure& failure) {
        std::cerr << failure.what() << '\n';
        all_well = false;
      }
    }
  std::cerr << '\n';

  const std::string table = table_of(rows);
  std::cout
      << table << "Medians of " << options.runs << " runs of " << options.seconds
      << " s; at most 20 callers talk, the others are idle. KiB each: the server's own\n"
         "resident memory by caller, without the kernel's (socket buffers, and a stack of some\n"
         "16 KiB for each thread). one: the callers beyond the first stay in the kernel's queue.\n"
         "Server and callers share the machine: the slower of the two sets the rate; with one\n"
         "caller, two wake-ups do; with poll, the list of callers that each call of it walks.\n";
  std::filesystem::create_directories(options.folder);
  nlohmann::json json = nlohmann::json::array();
  for (const CrowdRow& row : rows) json.push_back(to_json(row));
  write(options.folder + "/switchboard.txt", table);
  write(options.folder + "/switchboard.json", json.dump(2) + "\n");
  write(options.folder + "/switchboard.svg", switchboard_bench::picture(rows));
  return all_well ? dialtone::exit_success : dialtone::exit_failure;
}

}  // namespace

int main(int argc, char** argv) {
  dialtone::CommandLine app(
      "Measures the switchboards: connections, memory, exchanges a second, p99.",
      "switchboard-bench");
  Options options;
  app.add_option("program", options.program, "the switchboard program").required();
  app.add_option("folder", options.folder, "where table, figures and picture go").required();
  app.add_option("--peer", options.peer, "a Python program that serves the same exchange");
  app.add_option("--callers", options.callers, "how many, each number in turn").delimiter(',');
  app.add_option("--seconds", options.seconds, "of one run").capture_default_str();
  app.add_option("--runs", options.runs, "of which the medians are given").capture_default_str();
  return dialtone::run_program(app, argc, argv, [&] { return measure(options); });
}
