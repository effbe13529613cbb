// The simulators' speed, each figure beside a peer or a bound:
//   events a second                beside ns-3's default scheduler and a plain heap
//   round robin, a slice           beside a Python simulator that writes the same lines
//   a decision among n ready jobs  from 10² to 10⁶, with a picture
//   a million jobs with I/O        time and memory
#include <fstream>

#include "command_line.hpp"
#include "events.hpp"
#include "growth_picture.hpp"
#include "language.hpp"
#include "slices.hpp"

int main(int argc, char** argv) {
  using namespace dialtone;
  choose_language(argc, argv);
  CommandLine app("Measures the simulators of labs 05 and 06.", "simulation_bench");
  std::size_t runs = 5;
  std::string peer;
  std::string published;
  std::string picture;
  bool json = false;
  bool quick = false;
  app.add_option("--runs", runs, "runs of each figure (5)").between(1, 99);
  app.add_option("--peer", peer, "the Python simulator, bench/simulation/round_robin.py")
      .required()
      .existing_file();
  app.add_option("--published", published, "a copy of OSTEP's cpu-sched/scheduler.py")
      .existing_file();
  app.add_option("--picture", picture, "where the picture of the costs goes (SVG)");
  app.add_flag("--json", json, "a line of JSON for each report");
  app.add_flag("--quick", quick, "small numbers: to see that it works");
  return run_program(app, argc, argv, [&] {
    using namespace simulation_bench;
    bench::tell(compare_engines(runs, quick), json);
    bench::tell(round_robin(runs, peer, published, quick), json);
    const std::vector<Growth> curves = growth(runs, quick);
    bench::tell(growth_report(curves), json);
    if (!picture.empty()) {
      std::ofstream file(picture);
      file << growth_picture(curves);
      file.close();
      if (!file) throw Failure("cannot write " + picture);
    }
    bench::tell(million(quick), json);
    return exit_success;
  });
}
