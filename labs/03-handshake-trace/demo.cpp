// handshake-trace: a phone call as the wire sees it, segment by segment.
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

#include "capture/session.hpp"
#include "command_line.hpp"
#include "drawing/json.hpp"
#include "drawing/ladder.hpp"
#include "drawing/table.hpp"
#include "language.hpp"
#include "live/call.hpp"
#include "live/command.hpp"
#include "live/privilege.hpp"
#include "terminal.hpp"
#include "text_files.hpp"
#include "wire/scenarios.hpp"

namespace {

using namespace tracing;
using dialtone::Failure;
using dialtone::tr;
using dialtone::UsageFailure;
using nlohmann::json;

/// The command line, as it was typed.
struct Request {
  std::string call;
  std::string read;
  std::string scenario;
  bool live = false;
  std::vector<std::string> command;
  std::uint64_t follow = 0;  ///< 0: not asked for
  std::string svg, html, write;
  bool as_json = false;
  bool absolute = false;
  bool must_be_produced = false;
};

constexpr int picture_width = 900;  // pixels

void say(const std::string& line) {
  std::cout.flush();
  std::cerr << "handshake-trace: " << line << '\n';
}

/// One JSON object a line; bytes that are not UTF-8 are replaced.
void print_json(const json& object) {
  std::cout << object.dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
}

/// What the packets pass through: the session, and a copy where one is asked for.
class Passage {
 public:
  Passage(const Request& request, std::uint64_t follow)
      : session_(follow, request.as_json && request.follow == 0 ? print_segment : nullptr) {
    if (request.write.empty()) return;
    name_ = request.write;
    copy_.open(name_, std::ios::binary | std::ios::trunc);
    if (!copy_) fail();
    writer_.emplace([this](std::string_view bytes) {
      if (!copy_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()))) fail();
    });
  }

  PacketSink sink() {
    return [this](const CapturedPacket& packet) {
      if (writer_) writer_->add(packet);
      session_.take(packet);
    };
  }

  void finish() {
    if (writer_ && !copy_.flush()) fail();
  }

  const Session& session() const { return session_; }

 private:
  static void print_segment(const TracedSegment& segment, const Connection& connection) {
    print_json(to_json(segment, connection));
  }

  [[noreturn]] void fail() const {
    throw Failure(tr("cannot write ", "无法写入 ") + name_ + tr(": ", "：") + std::strerror(errno));
  }

  Session session_;
  std::string name_;
  std::ofstream copy_;
  std::optional<CaptureWriter> writer_;
};

// --- what comes out ---

void print_connections(const Session& session, const std::vector<Connection>& rows) {
  std::cout << connection_table(rows);
  if (rows.size() < session.connections().count())
    std::cout << session.connections().count() - rows.size()
              << tr(" more connections are only counted", " 条更晚的连接只计了数") << '\n';
}

void print_all_as_json(const Request& request, const Session& session,
                       const std::vector<Connection>& rows) {
  if (const auto trace = session.trace(); trace && request.follow != 0)
    for (const TracedSegment& segment : trace->segments)
      print_json(to_json(segment, trace->connection));
  for (const Connection& row : rows) print_json(to_json(row));
  print_json({{"type", "end"},
              {"packets", session.packets()},
              {"segments", session.segments()},
              {"connections", session.connections().count()},
              {"left_out", session.left_out()}});
}

/// Shows what was captured: one connection as a drawing, several as a table.
void report(const Request& request, const Session& session, bool with_table) {
  const std::vector<Connection> rows = session.connections().rows();
  const auto trace = session.trace();
  if (request.follow > session.connections().count())
    throw UsageFailure(
        "--follow " + std::to_string(request.follow) + tr(": there are ", "：这里的连接只有 ") +
        std::to_string(session.connections().count()) +
        tr(" connections here; the table lists them", " 条；不带 --follow 会列出它们"));
  // Unless one was asked for, several are too many to draw.
  const bool drawn = trace && (request.follow != 0 || !with_table || rows.size() == 1);
  if (!drawn && !(request.svg.empty() && request.html.empty()))
    throw UsageFailure(rows.empty()
                           ? tr("there is no connection to draw", "没有可画的连接")
                           : tr("which connection shall be drawn? add --follow and its number",
                                "要画哪一条连接？请加 --follow 和它的编号"));
  if (!request.svg.empty()) dialtone::write_text(request.svg, ladder_svg(*trace, picture_width));
  if (!request.html.empty()) dialtone::write_text(request.html, ladder_html(*trace, rows));
  if (request.as_json) return print_all_as_json(request, session, rows);

  if (drawn)
    std::cout << ladder_text(*trace, {.columns = dialtone::terminal_columns(),
                                      .absolute = request.absolute})
              << '\n';
  if (drawn && rows.size() == 1) {
    // The drawing's last line says what its row would.
  } else if (rows.empty())
    std::cout << tr("no TCP connection was seen", "没有看到 TCP 连接") << '\n';
  else
    print_connections(session, rows);
  if (!drawn && !rows.empty())
    std::cout << tr("--follow N draws connection N, segment by segment",
                    "--follow N 会逐段画出第 N 条连接")
              << '\n';
  for (const std::string& line : session.left_out()) std::cout << line << '\n';
  for (const std::string& file : {request.svg, request.html, request.write})
    if (!file.empty()) std::cout << tr("written: ", "已写入：") << file << '\n';
}

void tell_drops(const Drops& drops) {
  if (drops.packets > 0)
    say(std::to_string(drops.packets) +
        tr(" packets found the capture's buffer full: the trace has gaps",
           " 个包没能放进抓包缓冲区：追踪有缺口"));
}

// --- where the packets come from ---

int play_call(const Request& request) {
  Passage passage(request, std::max<std::uint64_t>(request.follow, 1));
  const Privilege privilege = gain_capture();
  if (privilege.access == Access::none) {
    say(privilege.why_not + tr("; what follows is a recorded call", "；下面是一次录下来的通话"));
    play_recording("call-tcp", passage.sink());
  } else {
    tell_drops(trace_call({}, passage.sink()).drops);
  }
  passage.finish();
  report(request, passage.session(), false);
  return dialtone::exit_success;
}

int list_scenarios() {
  dialtone::Table table({tr("name", "名称"), tr("what happens", "情形")});
  for (const Scenario& scenario : scenarios()) table.add({scenario.name, scenario.title()});
  std::cout << table.text();
  return dialtone::exit_success;
}

int play_one_scenario(const Request& request) {
  if (request.scenario == "-") return list_scenarios();
  const Scenario* scenario = find_scenario(request.scenario);
  if (scenario == nullptr) {
    std::string names;
    for (const Scenario& known : scenarios())
      names += std::string(names.empty() ? "" : ", ") + known.name;
    throw UsageFailure("--scenario " + request.scenario + tr(": use one of ", "：可用的有 ") +
                       names);
  }
  const std::uint64_t follow = request.follow != 0 ? request.follow : scenario->follow;
  Passage passage(request, follow);
  if (!request.as_json) {
    std::cout << coloured(dialtone::Colour::bold, scenario->title()) << '\n';
    for (const std::string& line : dialtone::wrap(
             scenario->explanation(), std::min<std::size_t>(dialtone::terminal_columns(), 100)))
      std::cout << line << '\n';
    std::cout << std::endl;
  }
  const Production production = play_scenario(*scenario, passage.sink(), request.must_be_produced);
  if (!production.produced)
    say(production.why_not + tr("; what follows is a recording", "；下面是录像"));
  passage.finish();
  report(request, passage.session(), false);
  return dialtone::exit_success;
}

int run_command(const Request& request) {
  if (request.command.empty())
    throw UsageFailure(tr("--live: say which command, behind --: handshake-trace --live -- curl …",
                          "--live：请在 -- 之后写上命令：handshake-trace --live -- curl …"));
  const Privilege privilege = gain_capture();
  if (privilege.access == Access::none) throw Failure(privilege.why_not);
  Passage passage(request, std::max<std::uint64_t>(request.follow, 1));
  const TracedCommand traced = trace_command(request.command, privilege.access, passage.sink());
  passage.finish();
  tell_drops(traced.drops);
  if (const std::string why = diagnosis(traced, privilege.access); !why.empty()) say(why);
  report(request, passage.session(), true);
  return traced.exit_code;
}

int read_file(const Request& request) {
  Passage passage(request, std::max<std::uint64_t>(request.follow, 1));
  CaptureReader reader(open_source(request.read));
  const PacketSink sink = passage.sink();
  for (CapturedPacket packet; reader.next(packet);) sink(packet);
  passage.finish();
  const std::string trouble =
      reader.trouble().empty() ? "" : request.read + tr(": ", "：") + reader.trouble();
  if (!trouble.empty() && passage.session().packets() == 0) throw Failure(trouble);
  report(request, passage.session(), true);
  if (trouble.empty()) return dialtone::exit_success;
  say(trouble);
  return dialtone::exit_failure;
}

int run(const Request& request) {
  const int sources =
      !request.call.empty() + !request.read.empty() + !request.scenario.empty() + request.live;
  if (sources > 1)
    throw UsageFailure(tr("--call, --live, --read and --scenario: take one of them",
                          "--call、--live、--read、--scenario 只能选一个"));
  if (!request.live && !request.command.empty())
    throw UsageFailure("'" + request.command.front() +
                       tr("': a command needs --live in front of it; a file --read",
                          "'：命令前要有 --live，文件前要有 --read"));
  if (request.live) return run_command(request);
  if (!request.read.empty()) return read_file(request);
  if (!request.scenario.empty()) return play_one_scenario(request);
  return play_call(request);
}

}  // namespace

int main(int argc, char** argv) {
  dialtone::choose_language(argc, argv);
  dialtone::CommandLine app(
      tr("Lab 03: a TCP connection as the wire sees it, segment by segment. Without "
         "options: --call tcp.",
         "实验 03：从线路上看一条 TCP 连接，逐段画出。不带选项时等于 --call tcp。"),
      "handshake-trace");
  Request request;
  app.add_option("--call", request.call,
                 tr("capture lab 02's phone call while it happens", "抓下实验 02 的通话并画出来"))
      .one_of({"tcp"});
  app.add_flag("--live", request.live,
               tr("run the command behind -- and trace its connections",
                  "运行 -- 之后的命令，追踪它的连接"));
  app.add_option("--read", request.read,
                 tr("read a capture, pcap or pcapng; - is standard input",
                    "读抓包文件（pcap 或 pcapng）；- 表示标准输入"));
  app.add_option("--scenario", request.scenario,
                 tr("what goes wrong, really produced: refused, syn-lost, … (- lists them)",
                    "把出错的情形真演一遍：refused、syn-lost……（- 列出全部）"));
  app.add_option("--follow", request.follow,
                 tr("draw the connection of this number", "画出这个编号的连接"))
      .between(std::uint64_t{1}, std::uint64_t{1} << 62U);
  app.add_option("--svg", request.svg, tr("write the drawing as SVG", "把图写成 SVG 文件"));
  app.add_option("--html", request.html,
                 tr("write the drawing and the tables as one page", "把图和表写成一个网页"));
  app.add_flag("--json", request.as_json,
               tr("print segments and connections as JSON, an object a line",
                  "逐行输出 JSON：各报文段和各连接"));
  app.add_option("--write", request.write,
                 tr("keep the packets: a pcapng file, for Wireshark too",
                    "保存抓到的包：pcapng 文件，Wireshark 也能读"));
  app.add_flag("--absolute", request.absolute,
               tr("show the numbers as they stand in the segments", "显示报文段里的原始序号"));
  app.add_flag("--must-be-produced", request.must_be_produced,
               tr("fail rather than fall back on a recording", "不能真演就报错，不用录像代替"));
  app.add_option("command", request.command, tr("with --live: the command", "配合 --live：命令"));
  return dialtone::run_program(app, argc, argv, [&] { return run(request); });
}
