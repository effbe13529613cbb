#include "switches.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <thread>

#include "decimals.hpp"
#include "failure.hpp"
#include "language.hpp"
#include "staging.hpp"

namespace process_tour {
namespace {

using dialtone::tr;
using dialtone::with_decimals;
using program_and_process::parse_stat;
using program_and_process::parse_status;
using program_and_process::read_proc;
using std::chrono::steady_clock;

/// The last core that this process may run on.
int last_core() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 0;
  for (int core = CPU_SETSIZE; core-- > 0;)
    if (CPU_ISSET(static_cast<unsigned>(core), &allowed)) return core;
  return 0;
}

Switches::Worker count(const std::string& kind, pid_t pid) {
  const auto status = must(parse_status(must(read_proc(pid, "status"))));
  const auto stat = must(parse_stat(must(read_proc(pid, "stat"))));
  const double ticks = static_cast<double>(stat.user_ticks + stat.system_ticks);
  return {kind, pid, status.voluntary_switches, status.involuntary_switches,
          ticks / static_cast<double>(::sysconf(_SC_CLK_TCK))};
}

}  // namespace

std::string worker_words(const std::string& kind) {
  if (kind == "computes") return tr("computes only", "只计算");
  if (kind == "waits") return tr("computes, then waits", "计算，再等待");
  if (kind == "competes") return tr("wants the core, too", "也来争这个核");
  return safe(kind);
}

std::string circumstances(const Switches& switches) {
  const std::string time = with_decimals(switches.seconds, 1) + tr(" s", " 秒");
  if (!switches.pinned)
    return time + tr("; the kernel does not let them be pinned to one core, so quanta may not end",
                     "；内核不允许把它们绑在一个核上，时间片可能不会用完");
  return tr("all on core ", "都在 ") + std::to_string(switches.core) + tr(", for ", " 号核上，") +
         time;
}

Switches play_switches(double seconds, const std::function<void(const Switches&)>& watch) {
  Switches seen;
  seen.core = last_core();
  std::vector<Player> players;
  std::vector<Switches::Worker> before;
  for (const char* kind : {"computes", "waits", "competes"}) {
    players.push_back(play({"work", kind, std::to_string(seen.core)}));
    char answer = 0;
    if (!hear(players.back().from, &answer, 1))
      fail(tr("a process on stage ended too early", "台上的进程过早结束"));
    seen.pinned = seen.pinned && answer == 'p';
    before.push_back(count(kind, players.back().actor.pid()));
  }
  const auto start = steady_clock::now();
  for (const Player& player : players) tell(player.to);
  for (double passed = 0; passed < seconds;) {
    const double step = std::min(seconds - passed, 0.1);
    std::this_thread::sleep_for(std::chrono::duration<double>(step));
    passed = std::chrono::duration<double>(steady_clock::now() - start).count();
    seen.seconds = passed;
    seen.workers.clear();
    for (const Switches::Worker& one : before) {
      Switches::Worker worker = count(one.kind, one.pid);
      worker.voluntary -= one.voluntary;
      worker.involuntary -= one.involuntary;
      worker.cpu_seconds -= one.cpu_seconds;
      seen.workers.push_back(worker);
    }
    if (watch) watch(seen);
  }
  return seen;
}

std::vector<std::string> switch_lines(const Switches& switches, std::size_t columns) {
  std::uint64_t most = 1;
  std::size_t name_width = 8;
  std::size_t digits = 1;
  for (const Switches::Worker& worker : switches.workers) {
    most = std::max({most, worker.voluntary, worker.involuntary});
    name_width = std::max(name_width, dialtone::display_width(worker_words(worker.kind)));
    for (const std::uint64_t number : {worker.voluntary, worker.involuntary})
      digits = std::max(digits, count_text(number).size());
  }
  const std::string left = tr("voluntary: it waited", "自愿：它在等待");
  const std::string right = tr("involuntary: quantum ended", "被迫：时间片用完");
  const std::size_t figures = digits + 1;
  const auto cell = [&](std::uint64_t number, std::size_t width, dialtone::Colour colour) {
    const std::string text = count_text(number);
    const std::size_t room = width > figures ? width - figures : 0;
    const std::string drawn = bar(static_cast<double>(number) / static_cast<double>(most), room);
    return std::string(digits - std::min(digits, text.size()), ' ') + text + ' ' +
           coloured(colour, drawn) +
           std::string(room - std::min(room, dialtone::display_width(drawn)), ' ');
  };
  std::vector<std::string> lines;
  using dialtone::Colour;
  const bool beside = columns >= name_width + 2 * std::max<std::size_t>(figures + 8, 22) + 4;
  if (beside) {
    const std::size_t width = std::min<std::size_t>((columns - name_width - 4) / 2, 40);
    lines.push_back(dialtone::pad("", name_width + 2) +
                    dialtone::pad(dialtone::clip(left, width), width) + "  " +
                    dialtone::clip(right, width));
    for (const Switches::Worker& worker : switches.workers)
      lines.push_back(dialtone::pad(worker_words(worker.kind), name_width) + "  " +
                      cell(worker.voluntary, width, Colour::cyan) + "  " +
                      cell(worker.involuntary, width, Colour::yellow));
  } else {
    for (const Switches::Worker& worker : switches.workers) {
      lines.push_back(worker_words(worker.kind));
      const std::string waited = tr("  waited  ", "  自愿 ");
      const std::string expired = tr("  expired ", "  被迫 ");
      const std::size_t taken = dialtone::display_width(expired);
      const std::size_t width = columns > taken ? columns - taken : 1;
      lines.push_back(waited + cell(worker.voluntary, width, Colour::cyan));
      lines.push_back(expired + cell(worker.involuntary, width, Colour::yellow));
    }
  }
  for (std::string& line : lines) {
    line.erase(line.find_last_not_of(' ') + 1);
    line = dialtone::clip(line, columns);
  }
  return lines;
}

void show(const Switches& switches, Page& page) {
  for (const std::string& line : switch_lines(switches, page.columns())) page.line(line);
  page.wrapped(circumstances(switches));
  std::vector<std::string> shares;
  for (const Switches::Worker& worker : switches.workers)
    shares.push_back(worker_words(worker.kind) + ' ' + with_decimals(worker.cpu_seconds, 2) +
                     tr(" s", " 秒"));
  page.items(tr("time on the core: ", "占用核的时间："), shares, tr("; ", "；"));
}

Json to_json(const Switches& switches) {
  Json workers = Json::array();
  for (const Switches::Worker& worker : switches.workers)
    workers.push_back({{"kind", worker.kind},
                       {"pid", worker.pid},
                       {"voluntary", worker.voluntary},
                       {"involuntary", worker.involuntary},
                       {"cpu_seconds", worker.cpu_seconds}});
  return {{"core", switches.core},
          {"pinned", switches.pinned},
          {"seconds", switches.seconds},
          {"workers", workers}};
}

Switches switches_from_json(const std::string& text, const std::string& name) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto refuse = [&name] {
    throw dialtone::UsageFailure(name + tr(": not what process-tour switches --json writes",
                                           "：不是 process-tour switches --json 写出的内容"));
  };
  const auto has = [](const nlohmann::json& object, const char* key, auto is) {
    return object.is_object() && object.contains(key) && (object.at(key).*is)();
  };
  using Value = nlohmann::json;
  if (!has(json, "core", &Value::is_number_unsigned) || !has(json, "pinned", &Value::is_boolean) ||
      !has(json, "seconds", &Value::is_number) || !has(json, "workers", &Value::is_array) ||
      json["workers"].size() > 20)
    refuse();
  Switches read;
  read.core = json["core"].get<int>();
  read.pinned = json["pinned"].get<bool>();
  read.seconds = json["seconds"].get<double>();
  for (const auto& one : json["workers"]) {
    if (!has(one, "kind", &Value::is_string) || !has(one, "pid", &Value::is_number_unsigned) ||
        !has(one, "voluntary", &Value::is_number_unsigned) ||
        !has(one, "involuntary", &Value::is_number_unsigned) ||
        !has(one, "cpu_seconds", &Value::is_number))
      refuse();
    read.workers.push_back({one["kind"].get<std::string>(), one["pid"].get<pid_t>(),
                            one["voluntary"].get<std::uint64_t>(),
                            one["involuntary"].get<std::uint64_t>(),
                            one["cpu_seconds"].get<double>()});
  }
  return read;
}

Switches watch_switches(double seconds) {
  if (!dialtone::stdout_is_lively()) return play_switches(seconds);
  std::size_t drawn = 0;
  const auto erase = [&drawn] {
    if (drawn > 0) std::cout << "\x1b[" << drawn << "A\x1b[J";
    drawn = 0;
  };
  Switches seen = play_switches(seconds, [&](const Switches& so_far) {
    Page page(true);
    show(so_far, page);
    erase();
    std::cout << page.text() << std::flush;
    drawn = static_cast<std::size_t>(std::count(page.text().begin(), page.text().end(), '\n'));
  });
  erase();
  return seen;
}

}  // namespace process_tour
