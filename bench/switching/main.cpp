// What labs 04 and 07 take, beside others in the same run: a switch of registers, from a
// coroutine's to the kernel's between processes; threads made and joined; programs started.
#include "command_line.hpp"
#include "language.hpp"
#include "sections.hpp"

using dialtone::tr;

int main(int argc, char** argv) {
  dialtone::choose_language(argc, argv);
  dialtone::CommandLine app(
      tr("Switches, threads and processes beside their peers.", "切换、线程和进程，与同类相比。"),
      "switching_bench");
  std::size_t runs = 7;
  bool json = false;
  app.add_option("--runs", runs, tr("runs of each figure", "每个数字测几遍")).between(1, 99);
  app.add_flag("--json", json, tr("one line of JSON for each table", "每张表输出一行 JSON"));
  return dialtone::run_program(app, argc, argv, [&] {
    for (const auto section :
         {switching_bench::switches, switching_bench::threads, switching_bench::programs})
      bench::tell(section(runs), json);
    return 0;
  });
}
