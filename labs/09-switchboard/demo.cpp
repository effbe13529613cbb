// switchboard: one of the four switchboards to talk to (serve); the course's twenty users against
// each of them (users); ten thousand silent callers held on each of them (crowd); and, without a
// word, a tour of the last two.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <iostream>

#include "command_line.hpp"
#include "demo/crowd.hpp"
#include "demo/server_process.hpp"
#include "demo/users.hpp"
#include "language.hpp"
#include "terminal.hpp"

namespace {

using namespace switchboard_demo;
using dialtone::Colour;
using dialtone::coloured;
using dialtone::glyph;

struct Options {
  std::vector<std::string> variants = variant_names();
  std::string variant = "coroutines";
  std::string listen = "127.0.0.1:0";
  switchboard::Limits limits;
  double idle = 30;
  double total = 600;
  double seconds = 1;
  UsersOptions users;
  CrowdOptions crowd;
  bool json = false;
};

void say(const std::string& words) {
  for (const std::string& line : dialtone::wrap(words, dialtone::terminal_columns()))
    std::cout << line << '\n';
}

void heading(const std::string& words) {
  std::cout << '\n' << coloured(Colour::bold, words) << std::endl;
}

// --- serve ---

const switchboard::Stop* cord = nullptr;  ///< what the signal handler pulls

void pull_cord(int) {
  cord->pull();
}

nlohmann::json to_json(const switchboard::Tally& tally) {
  return {{"callers", tally.callers},
          {"turned_away", tally.turned_away},
          {"most_at_once", tally.most_at_once},
          {"lines", tally.lines},
          {"left_out", tally.left_out},
          {"timed_out", tally.timed_out},
          {"faults", tally.faults},
          {"first_fault", tally.first_fault}};
}

std::string tally_table(const switchboard::Tally& tally) {
  dialtone::Table table({tr("in all", "总计"), ""}, {1});
  const auto add = [&table](const std::string& name, std::uint64_t value) {
    table.add({name, std::to_string(value)});
  };
  add(tr("callers served", "接通的来电"), tally.callers);
  add(tr("told \"busy\"", "被告知 busy"), tally.turned_away);
  add(tr("most at once", "同时最多"), tally.most_at_once);
  add(tr("lines answered", "回应的行"), tally.lines);
  add(tr("chat lines left out", "漏发的聊天行"), tally.left_out);
  add(tr("calls timed out", "超时的通话"), tally.timed_out);
  add(tr("calls ended by a fault", "因异常结束的通话"), tally.faults);
  return table.text();
}

int serve(Options options) {
  const auto seconds = [](double value) { return milliseconds(static_cast<long>(value * 1000)); };
  options.limits.idle = seconds(options.idle);
  options.limits.total = seconds(options.total);
  const auto address = socket_basics::parse_address(options.listen);
  if (!address) throw dialtone::UsageFailure("--listen: " + address.error().message);
  raise_descriptor_limit();

  static const switchboard::Stop stop;
  cord = &stop;
  struct sigaction action {};
  action.sa_handler = pull_cord;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);

  Descriptor listener = need(socket_basics::listen_on(*address, 4096));
  const Address here = need(socket_basics::local_address(listener.get()));
  std::cout << tr("listening on ", "正在监听 ") << to_string(here) << std::endl;
  if (isatty(STDOUT_FILENO) == 1) {
    if (here.family == Address::Family::ipv4)
      say(tr("Talk to it from other terminals: nc ", "在别的终端里跟它说话：nc ") + here.name +
          ' ' + std::to_string(here.port));
    say(tr("Lines: echo TEXT, say TEXT, who, fault TEXT, bye. Ctrl-C ends it.",
           "可说的行：echo 文字、say 文字、who、fault 文字、bye。按 Ctrl-C 结束。"));
    std::cout << std::flush;
  }
  const auto tally =
      need(variant_named(options.variant)
               .serve(std::move(listener), options.limits, stop, switchboard::respond));
  if (options.json)
    std::cout << to_json(tally).dump(2) << '\n';
  else
    std::cout << '\n' << tally_table(tally);
  if (!options.json && !tally.first_fault.empty())
    say(tr("the first fault: ", "第一个异常：") + tally.first_fault);
  return dialtone::exit_success;
}

/// Plays a part with each of the variants. One that fails is told in a line, and the others go on.
bool with_each(const Options& options, const std::function<void(const Variant&)>& part) {
  bool all_well = true;
  for (const Variant& variant : variants) {
    if (std::ranges::find(options.variants, variant.name) == options.variants.end()) continue;
    try {
      part(variant);
    } catch (const Failure& failure) {
      std::cout.flush();
      std::cerr << "switchboard: " << failure.what() << std::endl;
      all_well = false;
    }
  }
  return all_well;
}

// --- users ---

void draw_users(const UsersPlay& play, Seconds time) {
  std::cout << '\n' << coloured(Colour::bold, play.name) << '\n' << users_drawing(play);
  char length[32];
  std::snprintf(length, sizeof length, "%.1f s", time.count());
  say("      " + std::string(glyph("·", ".")) + tr(" thinks  ", " 思考  ") +
      std::string(glyph("█", "#")) + tr(" runs  ", " 运行  ") + std::string(glyph("▒", "w")) +
      tr(" waits  (", " 等待（") + length + tr(")", "）"));
  std::cout << std::flush;
}

int users(const Options& options) {
  UsersOptions play = options.users;
  play.time = Seconds(options.seconds);
  if (play.thinking > play.users)
    throw dialtone::UsageFailure(
        tr("--thinking: no more than the users", "--thinking：不能多于用户数"));
  play.slices = std::clamp<std::size_t>(dialtone::terminal_columns(), 20, 66) - 6;
  const std::string number = std::to_string(play.users);
  if (!options.json) {
    heading(number + tr(" users, of whom ", " 个用户，其中 ") + std::to_string(play.thinking) +
            tr(" think", " 个在思考") + tr(" and ", "，") +
            std::to_string(play.users - play.thinking) + tr(" run", " 个在运行"));
    say(
        tr("Simplified: an answer takes microseconds, so how long a user runs is drawn; the user "
           "says line after line meanwhile.",
           "有所简化：回应一行只要几微秒，所以运行多久由抽签决定，其间用户一行接一行地说。"));
  }
  std::vector<UsersPlay> plays;
  const bool all_well = with_each(options, [&](const Variant& variant) {
    plays.push_back(
        play_users(variant.title(), serve_command(own_program(), variant.name, play.users), play));
    const bool drawn = plays.size() == 1 || variant.name == options.variants.back();
    if (!options.json && drawn) draw_users(plays.back(), play.time);
  });
  if (options.json) {
    nlohmann::json rows = nlohmann::json::array();
    for (const UsersPlay& one : plays) rows.push_back(switchboard_demo::to_json(one));
    std::cout << rows.dump(2) << '\n';
  } else if (!plays.empty()) {
    std::cout << '\n' << users_table(plays);
    say(tr("Users on average, measured. p50, p99: from a request to its first answer; one that had "
           "none in the end counts with what it had waited. Seed ",
           "用户数是实测的平均值。p50、p99：从提出请求到第一个回应的时间；到结束也没有回应的，按已"
           "等的时间计。种子 ") +
        std::to_string(play.seed) + tr(".", "。"));
  }
  return all_well ? dialtone::exit_success : dialtone::exit_failure;
}

// --- crowd ---

void explain_crowd(const std::vector<CrowdRow>& rows, const CrowdOptions& asked) {
  for (const CrowdRow& row : rows)
    if (row.held < row.callers) {
      std::string words = row.name + tr(": held ", "：接通 ") + std::to_string(row.held) +
                          tr(" of ", " 人，共 ") + std::to_string(row.callers) + tr("", " 人");
      if (row.unanswered > 0)
        words += tr("; after them ", "；之后 ") + std::to_string(row.unanswered) +
                 tr(" waited in the kernel's queue, and when nothing had moved for a second nobody "
                    "else dialled",
                    " 人在内核的队列里等着，一秒没有动静，其余的就不再拨了");
      else if (!row.loss.empty())
        words += tr("; the first of the others: ", "；其余的第一个：") + row.loss;
      say(words);
    }
  say(
      tr("KiB each: growth of the server's own resident memory by caller. What the kernel keeps is "
         "not in it: socket buffers, and a stack of some 16 KiB for each thread.",
         "KiB/人：服务端自己的常驻内存按来电数平均的增长。内核里的不算在内：套接字缓冲区，"
         "以及每个线程约 16 KiB 的内核栈。"));
  say(std::to_string(asked.active) +
      tr(" callers at most talk, the others are idle; server and callers share this machine's "
         "processors.",
         " 个来电者在说话，其余的沉默；服务端与来电者共用本机的处理器。"));
}

int crowd(const Options& options) {
  CrowdOptions asked = options.crowd;
  asked.time = Seconds(options.seconds);
  const std::size_t descriptors = raise_descriptor_limit();
  asked.callers = callers_that_fit(options.crowd.callers, descriptors);
  if (!options.json)
    heading(std::to_string(asked.callers) +
            tr(" callers, nearly all of them silent", " 个来电者，几乎都不说话"));
  if (asked.callers < options.crowd.callers)
    std::cerr << "switchboard: " << options.crowd.callers
              << tr(" callers do not fit: a process may open ", " 个来电放不下：一个进程最多打开 ")
              << descriptors << tr(" descriptors here; held: ", " 个描述符；改为 ") << asked.callers
              << std::endl;
  std::vector<CrowdRow> rows;
  const bool all_well = with_each(options, [&](const Variant& variant) {
    rows.push_back(measure_crowd(variant.title(),
                                 serve_command(own_program(), variant.name, asked.callers), asked));
  });
  if (options.json) {
    nlohmann::json json = nlohmann::json::array();
    for (const CrowdRow& row : rows) json.push_back(switchboard_demo::to_json(row));
    std::cout << json.dump(2) << '\n';
  } else if (!rows.empty()) {
    std::cout << crowd_table(rows);
    explain_crowd(rows, asked);
  }
  return all_well ? dialtone::exit_success : dialtone::exit_failure;
}

int tour(Options options) {
  options.seconds = 0.8;
  const int played = users(options);
  options.seconds = 0.5;
  const int held = crowd(options);
  return std::max(played, held);
}

// --- the command line ---

void add_seconds(dialtone::CommandLine& command, Options& options) {
  command
      .add_option("--seconds", options.seconds,
                  tr("how long each variant is measured", "每种方式测多久（秒）"))
      .between(0.05, 60.0)
      .capture_default_str();
}

void add_variants(dialtone::CommandLine& command, Options& options) {
  command
      .add_option("--variants", options.variants,
                  tr("which to play, parted by commas", "用哪几种方式，用逗号分开"))
      .delimiter(',')
      .one_of(variant_names())
      .capture_default_str();
}

void add_json(dialtone::CommandLine& command, Options& options) {
  command.add_flag("--json", options.json, tr("print JSON", "输出 JSON"));
}

dialtone::CommandLine add_serve(dialtone::CommandLine& app, Options& options) {
  dialtone::CommandLine serve = app.add_subcommand(
      "serve",
      tr("serve callers until Ctrl-C, then print the tally", "接待来电直到 Ctrl-C，然后给出总计"));
  serve.add_option("--variant", options.variant, tr("how", "用哪种方式"))
      .one_of(variant_names())
      .capture_default_str();
  serve
      .add_option("--listen", options.listen,
                  tr("where; port 0: any free one", "监听的地址；端口 0：任选一个空闲的"))
      .capture_default_str();
  serve.add_option("--callers", options.limits.callers, tr("at once", "同时最多几个来电"))
      .between(1, 1'000'000)
      .capture_default_str();
  serve
      .add_option("--idle", options.idle,
                  tr("seconds that a caller may be silent", "来电者最多沉默几秒"))
      .between(0.05, 86'400.0)
      .capture_default_str();
  serve.add_option("--total", options.total, tr("seconds that a call may last", "一通电话最长几秒"))
      .between(0.05, 86'400.0)
      .capture_default_str();
  serve
      .add_option("--queue", options.limits.queue,
                  tr("bytes that wait for one caller", "每个来电者排队的字节上限"))
      .between(1, 1 << 30)
      .capture_default_str();
  add_json(serve, options);
  return serve;
}

dialtone::CommandLine add_users(dialtone::CommandLine& app, Options& options) {
  dialtone::CommandLine users = app.add_subcommand(
      "users",
      tr("the course's users, who think most of the time", "课上的那些用户：大部分时间在思考"));
  users.add_option("--users", options.users.users, tr("how many", "用户数"))
      .between(1, 200)
      .capture_default_str();
  users
      .add_option("--thinking", options.users.thinking,
                  tr("of whom think, on average", "平均有几个在思考"))
      .between(0, 200)
      .capture_default_str();
  users.add_option("--seed", options.users.seed, tr("of all that is drawn", "抽签的种子"))
      .capture_default_str();
  add_variants(users, options);
  add_seconds(users, options);
  add_json(users, options);
  return users;
}

dialtone::CommandLine add_crowd(dialtone::CommandLine& app, Options& options) {
  dialtone::CommandLine crowd = app.add_subcommand(
      "crowd", tr("very many callers, nearly all of them idle", "非常多的来电，几乎都闲着"));
  crowd.add_option("--callers", options.crowd.callers, tr("how many", "来电数"))
      .between(1, 1'000'000)
      .capture_default_str();
  crowd
      .add_option("--active", options.crowd.active,
                  tr("of whom talk while the others are idle", "其中几个在说话"))
      .between(1, 10'000)
      .capture_default_str();
  add_variants(crowd, options);
  add_seconds(crowd, options);
  add_json(crowd, options);
  return crowd;
}

}  // namespace

int main(int argc, char** argv) {
  dialtone::choose_language(argc, argv);
  dialtone::CommandLine app(
      tr("Lab 09: from one caller at a time to ten thousand. Without a subcommand: a tour.",
         "实验 09：从一次接一个来电，到同时一万个。不带子命令则依次演示。"),
      "switchboard");
  app.require_subcommand(0, 1);
  app.fallthrough();
  Options options;
  dialtone::CommandLine serve_asked = add_serve(app, options);
  dialtone::CommandLine users_asked = add_users(app, options);
  dialtone::CommandLine crowd_asked = add_crowd(app, options);
  return dialtone::run_program(app, argc, argv, [&] {
    if (serve_asked.asked()) return serve(options);
    if (users_asked.asked()) return users(options);
    if (crowd_asked.asked()) return crowd(options);
    return tour(options);
  });
}
