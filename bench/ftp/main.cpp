// How fast the capstone's server is, in one run beside its peers: large files beside a raw pair of
// system calls, small files, many sessions, idle sessions, and the course's version beside MD5.
// Server, raw peer and client are processes of their own.
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "command_line.hpp"
#include "language.hpp"
#include "process.hpp"
#include "sections.hpp"
#include "terminal.hpp"

namespace ftp_bench {

using dialtone::Failure;
using dialtone::tr;

switchboard_demo::ServerProcess start_server(const Setting& setting,
                                             const std::vector<std::string>& options) {
  stop_if_asked();
  std::vector<std::string> command = {
      setting.program, "--root", setting.root().string(), "--port", "0", "--lang", "en"};
  command.insert(command.end(), options.begin(), options.end());
  return {"ftp-server", command};
}

std::string size_text(std::uint64_t bytes) {
  for (const auto& [shift, unit] : {std::pair{30U, " GiB"}, {20U, " MiB"}, {10U, " KiB"}})
    if (bytes >> shift > 0) return std::to_string(bytes >> shift) + unit;
  return std::to_string(bytes) + " B";
}

namespace {

struct Section {
  std::string name;
  bench::Report (*measured)(const Setting&);
};

const std::vector<Section> sections = {{"large", large_down},    {"large", large_up},
                                       {"many", many_down},      {"many", many_up},
                                       {"small", small_files},   {"idle", idle_sessions},
                                       {"course", course_speed}, {"course", course_answers}};

struct Options {
  std::string program;
  std::string folder = "/dev/shm";
  std::size_t runs = 5;
  std::vector<std::string> only;
  bool quick = false;
  bool json = false;
};

bool is_in_memory(const std::string& folder) {
  struct statfs system {};
  constexpr long tmpfs = 0x01021994;
  if (::statfs(folder.c_str(), &system) != 0)
    throw Failure(tr("no folder ", "目录不存在：") + folder +
                  tr("; --folder names another", "；可用 --folder 另指一个"));
  return system.f_type == tmpfs;
}

/// What the figures depend on.
std::string machine(const Options& options) {
  std::ifstream loadavg("/proc/loadavg");
  std::string load;
  loadavg >> load;
  return std::to_string(std::thread::hardware_concurrency()) +
         tr(" processors, load ", " 个处理器，负载 ") + load +
         tr("; loopback; files on ", "；本机回环；文件在 ") + options.folder +
         (is_in_memory(options.folder)
              ? tr(" (tmpfs)", "（tmpfs）")
              : tr(" (not tmpfs: its disk is measured, too)", "（不是 tmpfs：磁盘也算在内）")) +
         tr("; without --fsync, the server's default; ", "；不加 --fsync，即服务器的缺省设置；") +
         std::to_string(options.runs) +
         (options.runs == 1 ? tr(" run", " 次")
                            : tr(" runs, taken in turns", " 次，轮流进行，取中位数"));
}

void expect_room(const Setting& setting) {
  struct statvfs disk {};
  const std::uint64_t need =
      2 * std::max(setting.sizes.large, setting.sizes.sessions * setting.sizes.session_size) +
      (std::uint64_t{256} << 20U);
  if (::statvfs(setting.folder.c_str(), &disk) == 0 &&
      std::uint64_t{disk.f_bavail} * disk.f_frsize < need)
    throw Failure(setting.folder.parent_path().string() + tr(": less than ", "：空余不足 ") +
                  size_text(need) + tr(" free; --quick needs less", "；--quick 所需较少"));
}

int run(Options options) {
  take_signals();
  Setting setting;
  setting.program = options.program;
  if (options.quick) {
    options.runs = 1;
    setting.sizes = {std::uint64_t{16} << 20U, 100, 4096, 8, 1U << 20U, {100, 200},
                     std::uint64_t{4} << 20U};
  }
  setting.runs = options.runs;
  const std::string told = machine(options);
  ::setenv("TMPDIR", options.folder.c_str(), 1);
  const dialtone::TemporaryFolder folder;
  setting.folder = folder.path();
  std::filesystem::create_directory(setting.root());
  expect_room(setting);

  if (options.json)
    std::cout << nlohmann::json{{"machine", told}}.dump() << std::endl;
  else
    for (const std::string& line : dialtone::wrap(told + "\n", dialtone::terminal_columns()))
      std::cout << line << std::endl;
  for (const Section& section : sections) {
    if (!options.only.empty() &&
        std::ranges::find(options.only, section.name) == options.only.end())
      continue;
    stop_if_asked();
    bench::tell(section.measured(setting), options.json);
  }
  return dialtone::exit_success;
}

}  // namespace
}  // namespace ftp_bench

int main(int argc, char** argv) {
  dialtone::choose_language(argc, argv);
  using dialtone::tr;
  dialtone::CommandLine app(tr("Measures the capstone's server, beside what bounds it.",
                               "测量综合项目的服务器，各与其瓶颈对照。"),
                            "ftp_bench");
  ftp_bench::Options options;
  app.add_option("program", options.program, tr("the server's program", "服务器程序"))
      .required()
      .existing_file();
  app.add_option("--folder", options.folder,
                 tr("where files go while it runs: a tmpfs", "运行期间存放文件的目录，应为 tmpfs"))
      .capture_default_str();
  app.add_option("--runs", options.runs,
                 tr("runs of each; the median counts", "各测几次，取中位数"))
      .between(1, 99)
      .capture_default_str();
  app.add_flag(
      "--quick", options.quick,
      tr("small sizes, one run: whether it works at all", "小数据量，只测一次：看能否运行"));
  app.add_option("--only", options.only, tr("not all, but these", "只测这几项"))
      .one_of({"large", "many", "small", "idle", "course"})
      .delimiter(',');
  app.add_flag("--json", options.json, tr("a line of JSON a comparison", "每项对照一行 JSON"));
  return dialtone::run_program(app, argc, argv, [&] { return ftp_bench::run(options); });
}
