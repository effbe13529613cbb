#include "demo/share.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "context_switch.hpp"
#include "decimals.hpp"
#include "demo/screen.hpp"
#include "failure.hpp"
#include "language.hpp"
#include "terminal.hpp"

namespace switch_demo {

namespace {

using namespace context_switch;
using dialtone::Colour;
using dialtone::coloured;
using dialtone::Failure;
using dialtone::tr;

/// A figure of /proc/self/status, such as "Threads:"; 0 where there is none.
std::int64_t status_figure(std::string_view field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (std::string_view(line).substr(0, field.size()) == field)
      return std::strtoll(line.c_str() + field.size(), nullptr, 10);
  return 0;
}

Options options_for(std::size_t threads) {
  Options options;
  options.stack_bytes = std::size_t{16} << 10U;
  options.most_threads = threads + 2;  // thread 0, and who draws
  return options;
}

/// Throws what went wrong as a line for a person.
template <class T>
void expect(const Result<T>& result) {
  if (result) return;
  std::string line = result.error().message;
  if (result.error().kind == Error::Kind::no_room)
    line += tr("; each stack is two mappings, and vm.max_map_count limits them: take fewer threads",
               "；每个栈是两段映射，总数受 vm.max_map_count 限制：请减少线程");
  throw Failure(line);
}

void run_or_throw(Core& core, const std::function<void()>& body) {
  expect(core.run("main", body));
}

/// Spawns them all or throws; within a thread, where it would end the run as `threw`, so it is
/// kept for afterwards.
bool spawn_all(Core& core, std::size_t threads, Result<ThreadId>& last,
               const std::function<void(std::size_t)>& body) {
  for (std::size_t i = 0; i < threads && last; ++i)
    last = core.spawn("worker", [i, &body] { body(i); });
  return last.has_value();
}

// --- a crowd with work of different lengths ---

/// How far each thread is, as a picture of a few lines; where there are more threads than cells, a
/// cell stands for several.
class Crowd {
 public:
  explicit Crowd(std::size_t threads) : wanted_(threads), done_(threads) {
    std::uint64_t scatter = 1;
    for (std::uint32_t& steps : wanted_) {
      scatter = scatter * 6364136223846793005U + 1442695040888963407U;
      steps = 12 + static_cast<std::uint32_t>((scatter >> 33U) % 37);
      total_ += steps;
    }
  }

  std::uint64_t total() const { return total_; }
  std::uint32_t wanted(std::size_t thread) const { return wanted_[thread]; }
  bool half_way() const { return steps_ * 2 >= total_; }
  bool finished() const { return steps_ == total_; }
  void step(std::size_t thread) {
    ++done_[thread];
    ++steps_;
  }

  std::vector<std::string> picture() const {
    const std::size_t columns = std::max<std::size_t>(10, dialtone::terminal_columns() - 2);
    const std::size_t cells = std::min(wanted_.size(), columns * 6);
    const std::size_t each = (wanted_.size() + cells - 1) / cells;
    std::vector<std::string> lines(1);
    for (std::size_t first = 0, column = 0; first < wanted_.size(); first += each, ++column) {
      if (column == columns) {
        lines.emplace_back();
        column = 0;
      }
      lines.back() += cell(first, std::min(first + each, wanted_.size()));
    }
    return lines;
  }

 private:
  std::string cell(std::size_t first, std::size_t end) const {
    std::uint64_t done = 0;
    std::uint64_t wanted = 0;
    for (; first < end; ++first) {
      done += done_[first];
      wanted += wanted_[first];
    }
    constexpr std::array<std::string_view, 8> unicode = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    constexpr std::array<std::string_view, 8> ascii = {".", ":", "-", "=", "+", "*", "%", "#"};
    const std::size_t level = wanted == 0 ? 0 : done * 7 / wanted;
    return coloured(done == wanted ? Colour::green : Colour::cyan,
                    dialtone::glyph(unicode[level], ascii[level]));
  }

  std::vector<std::uint32_t> wanted_;  ///< steps of each thread
  std::vector<std::uint32_t> done_;
  std::uint64_t total_ = 0;
  std::uint64_t steps_ = 0;
};

void draw(const Crowd& crowd, bool again) {
  const auto lines = crowd.picture();
  if (again) std::cout << "\x1b[" << lines.size() << 'A';
  for (const std::string& line : lines) std::cout << ' ' << line << '\n';
  std::cout.flush();
}

void play_crowd(std::size_t threads, double seconds) {
  Crowd crowd(threads);
  const bool live = dialtone::stdout_is_lively();
  const auto step = std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(seconds / static_cast<double>(crowd.total())));
  Core core(options_for(threads));
  Result<ThreadId> last = 0;
  bool drawn = false;
  const std::function<void(std::size_t)> work = [&](std::size_t self) {
    for (std::uint32_t i = 0; i < crowd.wanted(self); ++i) {
      for (const auto end = Clock::now() + step; Clock::now() < end;) {
      }
      crowd.step(self);
      if (!live && !drawn && crowd.half_way()) draw(crowd, std::exchange(drawn, true));
      core.yield();
    }
  };
  const auto artist = [&] {
    for (draw(crowd, false); !crowd.finished(); draw(crowd, true))
      core.sleep_until(Clock::now() + std::chrono::milliseconds(40));
  };
  run_or_throw(core, [&] {
    if (!spawn_all(core, threads, last, work)) return;
    if (live) last = core.spawn("artist", artist);
  });
  expect(last);
}

}  // namespace

Share share(std::size_t threads) {
  Share result;
  result.threads = threads;
  const int rounds = static_cast<int>(std::max<std::size_t>(10, 300'000 / threads));
  Core core(options_for(threads));
  Result<ThreadId> last = 0;
  const std::int64_t before = status_figure("VmRSS:");
  Clock::time_point start;
  std::size_t there = 0;
  const std::function<void(std::size_t)> body = [&](std::size_t self) {
    volatile std::size_t own = self;  // on its stack, where nobody else may come
    if (++there == threads) {
      result.kernel_threads = static_cast<int>(status_figure("Threads:"));
      result.bytes_each = static_cast<double>(status_figure("VmRSS:") - before) * 1024 /
                          static_cast<double>(threads);
      result.switches = core.switches();
      start = Clock::now();
    }
    for (int i = 0; i < rounds; ++i) {
      own = own + 1;
      core.yield();
    }
    if (own == self + static_cast<std::size_t>(rounds)) ++result.right;
    if (--there > 0) return;
    result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    result.switches = core.switches() - result.switches;
  };
  run_or_throw(core, [&] { spawn_all(core, threads, last, body); });
  expect(last);
  return result;
}

Share show_share(std::size_t threads, double seconds) {
  const Share result = share(threads);
  say(grouped(static_cast<std::int64_t>(threads)) +
      tr(" threads are alive; Linux counts ", " 个线程同时存在，Linux 眼里只有 ") +
      std::to_string(result.kernel_threads) +
      tr(" (/proc/self/status, Threads). Each takes ",
         " 个（/proc/self/status 的 Threads）。每个占内存 ") +
      dialtone::with_decimals(result.bytes_each / 1024, 1) +
      tr(" KiB of memory, as only the touched pages of its stack count. ",
         " KiB，因为栈里只有碰过的页才算数。") +
      dialtone::with_decimals(result.rate() / 1e6, 1) +
      tr(" million switches a second, and ", " 百万次切换每秒；") +
      grouped(static_cast<std::int64_t>(result.right)) + tr(" of ", " / ") +
      grouped(static_cast<std::int64_t>(threads)) +
      tr(" numbers on their stacks were right.", " 个线程栈上的数都对。"));
  say(dialtone::stdout_is_lively() ? tr("How far each is with work of its own:", "各自的进度：")
                                   : tr("How far each is with work of its own, half-way through:",
                                        "全部工作过半时各自的进度："));
  play_crowd(threads, seconds);
  return result;
}

nlohmann::ordered_json json_of(const Share& share) {
  return {{"threads", share.threads},
          {"kernel_threads", share.kernel_threads},
          {"bytes_each", std::llround(share.bytes_each)},
          {"switches", share.switches},
          {"seconds", share.seconds},
          {"switches_a_second", std::llround(share.rate())},
          {"right", share.right}};
}

}  // namespace switch_demo
