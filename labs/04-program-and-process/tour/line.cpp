#include "line.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "decimals.hpp"
#include "drawn_text.hpp"
#include "failure.hpp"
#include "language.hpp"
#include "staging.hpp"

namespace process_tour {
namespace {

using dialtone::tr;
using std::chrono::steady_clock;

double milliseconds_since(steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(steady_clock::now() - start).count();
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + safe(word);
  return text;
}

/// Waits until one of those that run has ended; how many milliseconds it may take: -1 for ever.
void wait_for_any(std::vector<pollfd>& ends, int milliseconds) {
  for (pollfd& end : ends) end.revents = 0;
  while (::poll(ends.data(), ends.size(), milliseconds) < 0 && errno == EINTR) {
  }
}

}  // namespace

Line run_line(const std::vector<std::vector<std::string>>& programs, int out, double seconds) {
  std::vector<Program> line;
  for (const auto& words : programs) line.push_back({words, std::nullopt, {}});
  Line seen;
  seen.seconds = seconds;
  const auto start = steady_clock::now();
  std::vector<Actor> actors = Actor::pipeline(line, -1, out);
  std::vector<Descriptor> opened;
  std::vector<pollfd> ends;
  for (std::size_t i = 0; i < actors.size(); ++i) {
    seen.parts.push_back({programs[i], actors[i].pid(), 0, {}});
    opened.push_back(open_end(actors[i].pid()));
    ends.push_back({opened.back().get(), POLLIN, 0});
  }
  for (std::size_t running = actors.size(); running > 0;) {
    const double left = seconds * 1000 - milliseconds_since(start);
    const bool bounded = seconds > 0 && !seen.timed_out;
    wait_for_any(ends, bounded ? std::max(static_cast<int>(left) + 1, 0) : -1);
    for (std::size_t i = 0; i < actors.size(); ++i) {
      if (ends[i].fd < 0 || ends[i].revents == 0) continue;
      seen.parts[i].ended_at = milliseconds_since(start);
      seen.parts[i].ending = actors[i].wait();
      ends[i].fd = -1;  // poll passes over it
      --running;
    }
    if (!bounded || running == 0 || milliseconds_since(start) < seconds * 1000) continue;
    seen.timed_out = true;
    for (std::size_t i = 0; i < actors.size(); ++i)
      if (ends[i].fd >= 0) actors[i].kill();
  }
  return seen;
}

Line run_and_catch(const std::vector<std::vector<std::string>>& programs) {
  Pipe caught = make_pipe();
  Line line = run_line(programs, caught.writes.get(), 20);
  caught.writes = Descriptor();
  std::array<char, 4096> text{};
  for (;;) {
    const ssize_t got = ::read(caught.reads.get(), text.data(), text.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return line;
    line.output.append(text.data(), static_cast<std::size_t>(got));
  }
}

std::vector<std::string> endings(const Line& line, std::size_t columns) {
  double longest = 0;
  std::size_t widest = 4;
  for (const Part& part : line.parts) {
    longest = std::max(longest, part.ended_at);
    widest = std::max(widest, dialtone::display_width(joined(part.words)));
  }
  widest = std::min(widest, columns / 4);
  std::size_t times = 0;
  std::size_t told = 0;
  for (const Part& part : line.parts) {
    times = std::max(times, dialtone::display_width(time_text(part.ended_at)));
    told = std::max(told, dialtone::display_width(how_it_ended(part.ending)));
  }
  const std::size_t taken = widest + times + told + 6;
  const std::size_t room = columns > taken ? std::min<std::size_t>(columns - taken, 40) : 0;
  std::vector<std::string> lines;
  for (const Part& part : line.parts) {
    const std::string time = time_text(part.ended_at);
    std::string text = dialtone::pad(dialtone::clip(joined(part.words), widest), widest) + "  ";
    if (room >= 4)
      text += dialtone::pad(bar(longest > 0 ? part.ended_at / longest : 0, room), room) + "  ";
    text += std::string(times - std::min(times, time.size()), ' ') + time + "  " +
            how_it_ended(part.ending);
    lines.push_back(dialtone::clip(text, columns));
  }
  if (line.timed_out)
    lines.push_back(
        dialtone::with_decimals(line.seconds, 1) +
        tr(" s were over: those that still ran were killed", " 秒已到：仍在运行的都被杀死"));
  return lines;
}

std::vector<std::vector<std::string>> programs_of(const std::vector<std::string>& words) {
  std::vector<std::vector<std::string>> programs(1);
  for (const std::string& word : words) {
    if (word == "--pipe")
      programs.emplace_back();
    else
      programs.back().push_back(word);
  }
  for (const auto& program : programs)
    if (program.empty())
      throw dialtone::UsageFailure(
          tr("run: a program is missing: process-tour run -- ls -l --pipe sort --pipe head",
             "run：缺少程序：process-tour run -- ls -l --pipe sort --pipe head"));
  return programs;
}

Line play_line() {
  return run_and_catch({{"yes", "dialtone"}, {"head", "-n", "200000"}, {"sort"}, {"uniq", "-c"}});
}

void show(const Line& line, Page& page) {
  page.heading(tr("5. A pipeline, and when each of its programs ended",
                  "5. 一条流水线，以及其中各程序何时结束"));
  page.explain(
      tr("All run at once, joined by pipes. Each ends when its input does; who writes where "
         "nobody reads any more is killed by SIGPIPE.",
         "所有程序同时运行，由管道相连。输入结束，程序就结束；往没人再读的管道里写，"
         "会被 SIGPIPE 杀死。"));
  for (const std::string& each : endings(line, page.columns())) page.line(each);
  std::string output =
      line.output.substr(std::min(line.output.find_first_not_of(' '), line.output.size()));
  output.erase(output.find_last_not_of(" \n") + 1);
  page.wrapped(tr("the last one wrote: ", "最后一个写出：") + safe(output));
  page.gap();
}

Json to_json(const Line& line) {
  Json parts = Json::array();
  for (const Part& part : line.parts) {
    Json words = Json::array();
    for (const std::string& word : part.words) words.push_back(dialtone::clean(word));
    Json json{{"words", words}, {"pid", part.pid}, {"ended_at_ms", part.ended_at}};
    const bool exited = part.ending.how == Ending::How::exited;
    json[exited ? "exit_code" : "signal"] = part.ending.value;
    if (part.ending.core) json["core"] = true;
    parts.push_back(std::move(json));
  }
  Json json{{"programs", parts}, {"timed_out", line.timed_out}};
  if (!line.output.empty()) json["output"] = dialtone::clean(line.output);
  return json;
}

}  // namespace process_tour
