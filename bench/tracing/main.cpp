// How fast lab 03 reads a capture and follows its connections, beside others on the same file:
//   a bare libpcap loop           which only hands out the packets
//   tcpdump -nr FILE              which prints a line a packet (to /dev/null)
//   tshark -q -z conv,tcp         which follows connections too
// by the processor's time; and how much memory a file of 1 GiB takes (--large).
#include "command_line.hpp"
#include "language.hpp"
#include "measure.hpp"
#include "passes.hpp"
#include "process.hpp"

namespace {

using namespace tracing_bench;
using bench::Contest;
using bench::measure;
using bench::mebi;
using bench::must;
using bench::number;
using bench::percent;
using bench::Report;
using bench::share;
using bench::tell;
using bench::Verdict;
using dialtone::tr;

struct Choice {
  std::size_t runs = 5;
  std::size_t slow_runs = 3;  ///< of tcpdump and tshark, which take seconds
  std::uint64_t packets = 300000;
};

/// As bench::rate_of, by the processor's time.
Contest rate_of(std::string what, std::string unit, double amount, std::function<void()> work) {
  return {{std::move(what), std::move(unit), {}},
          [amount, work = std::move(work)] { return amount / processor_seconds_of(work); }};
}

void must_be_found(const Made& found, const Made& made) {
  must(found == made, tr("what was found is not what was written", "读出的与写入的不符"));
}

std::string title_of(const std::string& what, const Made& made) {
  const std::string packets = number(static_cast<double>(made.packets));
  const std::string connections = number(static_cast<double>(made.connections));
  const std::string size = number(static_cast<double>(made.file_bytes) / mebi) + " MiB";
  return what + tr(": " + packets + " packets, " + connections + " connections, " + size,
                   "：" + packets + " 个包，" + connections + " 个连接，" + size);
}

Verdict faster(const std::string& than, double ratio, int goal) {
  const std::string times = number(ratio);
  const std::string aim = std::to_string(goal);
  return {tr(times + " times " + than + "'s speed (goal: " + aim + ")",
             "速度是 " + than + " 的 " + times + " 倍（目标：" + aim + " 倍）"),
          ratio >= goal};
}

/// Adds a peer that may be missing, whose runs are its own: it is far slower than the rest.
void compare_with(Report& report, const std::vector<std::string>& command, const std::string& name,
                  double amount, std::size_t runs, int goal) {
  if (!is_installed(command.front())) {
    report.verdicts.push_back(
        {command.front() + tr(" is not installed: left out", " 未安装，略去"), {}});
    return;
  }
  auto theirs = measure(
      {rate_of(name, report.figures.front().unit, amount, [&] { run_peer(command); })}, runs);
  const double ratio = report.figures.front().median() / theirs.front().median();
  report.figures.push_back(std::move(theirs.front()));
  report.verdicts.push_back(faster(command.front(), ratio, goal));
}

/// Ours and the bare loop in turns, then the others.
Report compare(const Choice& choice, std::uint32_t snap, const std::string& what) {
  const dialtone::TemporaryFolder folder;
  const std::string file = (folder.path() / "capture.pcap").string();
  const Made made = write_conversations(file, {.packets = choice.packets, .snap = snap});
  const std::string unit = tr("packets/CPU s", "包/CPU 秒");
  const auto amount = static_cast<double>(made.packets);
  Report report;
  report.title = title_of(what, made);
  follow(file);  // the file is in memory, and the processor at its speed
  report.figures =
      measure({rate_of(tr("read, dissect, follow", "读取、解析、跟踪"), unit, amount,
                       [&] { must_be_found(follow(file), made); }),
               rate_of(tr("a bare libpcap loop", "只用 libpcap 循环读取"), unit, amount,
                       [&] { must(bare_loop(file) == made.packets, "libpcap"); })},
              choice.runs);
  const double part = share(report.figures[0], report.figures[1]);
  report.verdicts.push_back(
      {percent(part) + tr(" of the bare loop (goal: 50 %)", "（与只读循环之比；目标 50 %）"),
       part >= 0.5});
  compare_with(report, {"tcpdump", "-nr", file}, "tcpdump -nr", amount, choice.slow_runs, 1);
  compare_with(report, {"tshark", "-q", "-z", "conv,tcp", "-r", file}, "tshark -q -z conv,tcp",
               amount, choice.slow_runs, 100);
  report.bound =
      tr("each byte is copied once, out of the page cache; the bare loop copies it twice "
         "and looks at none",
         "每个字节都要从页缓存中复制一次；只读循环要复制两次，但不解析");
  return report;
}

/// A gigabyte, in a process of its own.
Report large(bool flood) {
  constexpr std::uint64_t size = std::uint64_t{1} << 30U;
  constexpr double most = 64 * mebi;
  const dialtone::TemporaryFolder folder;
  const std::string file = (folder.path() / "capture.pcap").string();
  const Made made = flood ? write_flood(file, size) : write_conversations(file, {.bytes = size});
  double peak = 0;
  Made found;
  const double seconds = processor_seconds_of([&] { found = follow_apart(file, peak); });
  must_be_found(found, made);
  Report report;
  report.title = title_of(flood ? tr("SYNs, each of another caller", "个个来自不同呼叫方的 SYN")
                                : tr("Large", "大文件"),
                          made);
  report.figures = {{tr("peak resident memory", "常驻内存峰值"), "MiB", {peak / mebi}},
                    {tr("read, dissect, follow", "读取、解析、跟踪"),
                     tr("packets/CPU s", "包/CPU 秒"),
                     {static_cast<double>(made.packets) / seconds}}};
  report.verdicts = {
      {number(peak / mebi) + tr(" MiB (goal: below 64)", " MiB（目标：低于 64）"), peak < most}};
  report.bound =
      tr("memory grows with the connections that are followed at a time, up to their limit",
         "内存随同时跟踪的连接数增长，且有上限");
  return report;
}

}  // namespace

int main(int argc, char** argv) {
  dialtone::choose_language(argc, argv);
  dialtone::CommandLine app(tr("Measures lab 03: captures are read and their connections followed.",
                               "测量实验 03：读取抓包文件并跟踪其中的连接。"),
                            "tracing_bench");
  Choice choice;
  bool json = false;
  bool with_large = false;
  std::string followed;
  app.add_option("--runs", choice.runs, tr("runs of each; the median counts", "各测几次，取中位数"))
      .between(1, 99)
      .capture_default_str();
  app.add_option("--slow-runs", choice.slow_runs,
                 tr("runs of tcpdump and tshark", "tcpdump 与 tshark 各测几次"))
      .between(1, 99)
      .capture_default_str();
  app.add_option("--packets", choice.packets,
                 tr("in a capture, at least", "抓包文件至少有多少个包"))
      .between(1000, 100000000)
      .capture_default_str();
  app.add_flag("--large", with_large,
               tr("also two files of 1 GiB, for memory", "另测两个 1 GiB 文件的内存"));
  app.add_flag("--json", json, tr("a line of JSON a comparison", "每项对照一行 JSON"));
  app.add_option("--follow", followed).hidden();  // what --large starts
  return dialtone::run_program(app, argc, argv, [&] {
    if (!followed.empty()) {
      follow_and_tell(followed);
      return dialtone::exit_success;
    }
    tell(compare(choice, 262144, tr("Whole frames", "完整的帧")), json);
    tell(compare(choice, 96, tr("The first 96 bytes of each frame", "每帧只留前 96 字节")), json);
    if (with_large) {
      tell(large(false), json);
      tell(large(true), json);
    }
    return dialtone::exit_success;
  });
}
