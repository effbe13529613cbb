// Threads of lab 07 that a random timer interrupts, for as long as is asked for:
// `preemption_run SECONDS [SEED]`. Whatever the moment, nothing of a thread's may be lost:
// - bookkeepers move amounts between accounts, whose sum never changes;
// - calculators repeat a computation in registers, each with a rounding mode of its own;
// - a producer and a consumer count through a channel, and a reader waits for a pipe's bytes;
// - a parent spawns threads that end at once, and joins them.
// The signals come from a thread of the kernel, at random distances, beside the core's own quantum.
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cfenv>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <random>
#include <string>
#include <thread>

#include "context_switch.hpp"
#include "random.hpp"

namespace {

using namespace context_switch;
using dialtone::Random;
using std::chrono::microseconds;

/// Ends the program with what went wrong: a run that lost something is not to go on.
[[noreturn]] void fail(const std::string& what) {
  const Critical until_told;
  std::fprintf(stderr, "preemption_run: %s\n", what.c_str());
  std::_Exit(1);
}

void must(bool holds, const char* what) {
  if (!holds) fail(what);
}

/// Sends the signal of the turn's end to one thread of the kernel, until it is destroyed.
class RandomTimer {
 public:
  explicit RandomTimer(std::uint64_t seed)
      : thread_([this, seed, process = ::getpid(), target = ::gettid()] {
          Random random(seed);
          while (!over_.load()) {
            const auto distance =
                random.chance(0.9) ? random.between(5, 300) : random.between(300, 5'000);
            std::this_thread::sleep_for(microseconds(distance));
            ::syscall(SYS_tgkill, process, target, turn_over_signal);
            ++sent_;
          }
        }) {}
  RandomTimer(const RandomTimer&) = delete;
  RandomTimer& operator=(const RandomTimer&) = delete;
  ~RandomTimer() {
    over_ = true;
    thread_.join();
  }
  std::uint64_t sent() const { return sent_.load(); }

 private:
  std::atomic<bool> over_ = false;
  std::atomic<std::uint64_t> sent_ = 0;
  std::thread thread_;
};

struct Run {
  Core& core;
  Clock::time_point end;
  std::uint64_t seed;
  std::array<std::int64_t, 64> accounts{};
  std::uint64_t transfers = 0;
  std::uint64_t computations = 0;
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::uint64_t children = 0;

  bool over() const { return Clock::now() >= end; }
};

constexpr std::int64_t deposit = 1'000;

/// Within a critical section the accounts are out of balance for a while.
void keep_books(Run& run, std::uint64_t seed) {
  std::minstd_rand random(static_cast<std::uint32_t>(seed));
  while (!run.over()) {
    const Critical transfer;
    std::int64_t& from = run.accounts[random() % run.accounts.size()];
    std::int64_t& to = run.accounts[random() % run.accounts.size()];
    const auto amount = static_cast<std::int64_t>(random() % 100);
    from -= amount;
    for (unsigned i = 0; i < random() % 200; ++i) asm volatile("" ::: "memory");
    to += amount;
    if (++run.transfers % 64 == 0)
      must(std::accumulate(run.accounts.begin(), run.accounts.end(), std::int64_t{0}) ==
               deposit * static_cast<std::int64_t>(run.accounts.size()),
           "the sum of the accounts has changed");
  }
}

struct Computed {
  std::uint64_t whole = 0;
  double rounded = 0;
  long double extended = 0;
  bool operator==(const Computed&) const = default;
};

/// Long enough to be interrupted; integers in registers, SSE and x87 beside one another.
[[gnu::noinline]] Computed compute(std::uint64_t seed) {
  Computed result{seed, 1.0, 1.0L};
  std::uint64_t a = seed;
  std::uint64_t b = ~seed;
  std::uint64_t c = seed * 3;
  std::uint64_t d = seed ^ 0x5555555555555555U;
  for (int i = 0; i < 2'000; ++i) {
    a = a * 6364136223846793005U + b;
    b = (b << 13U | b >> 51U) ^ c;
    c += a ^ d;
    d = d * 3 + (a >> 7U);
    result.rounded = result.rounded / 3.0 + static_cast<double>(a >> 40U);
    result.extended = result.extended / 7.0L + static_cast<long double>(b >> 40U);
  }
  result.whole = a ^ b ^ c ^ d;
  return result;
}

void calculate(Run& run, std::uint64_t seed, int rounding) {
  must(std::fesetround(rounding) == 0, "fesetround");
  errno = static_cast<int>(seed % 100 + 1);
  const int error = errno;
  const Computed first = compute(seed);
  while (!run.over()) {
    must(compute(seed) == first, "a computation came to something else");
    must(std::fegetround() == rounding, "a rounding mode was lost");
    must(errno == error, "errno is another thread's");
    const Critical counted;
    ++run.computations;
  }
}

void produce(Run& run, Channel& channel) {
  for (std::int64_t number = 0; !run.over(); ++number)
    must(channel.send(number).has_value(), "send failed");
  channel.close();
}

void consume(Run& run, Channel& channel) {
  for (std::int64_t next = 0;; ++next) {
    const Critical until_freed;  // what the answer holds at the end is allocated
    const auto number = channel.receive();
    if (!number) return;
    must(*number == next, "the channel lost its order");
    ++run.messages;
  }
}

void write_to(Run& run, int pipe) {
  while (!run.over()) {
    must(::write(pipe, "x", 1) == 1, "write failed");
    run.core.sleep_until(Clock::now() + microseconds(500));
  }
  ::close(pipe);
}

void read_from(Run& run, int pipe) {
  for (;;) {
    const auto ready =
        run.core.wait_ready(pipe, Direction::readable, run.end + std::chrono::seconds(60));
    must(ready.has_value(), "the pipe was not ready in time");
    char bytes[64];
    const ssize_t count = ::read(pipe, bytes, sizeof bytes);
    if (count == 0) break;
    must(count > 0, "read failed");
    run.bytes += static_cast<std::uint64_t>(count);
  }
  ::close(pipe);
}

/// What allocates stands in a Critical: so does the join, which frees its thread.
void raise(Run& run) {
  while (!run.over()) {
    bool ran = false;
    Result<ThreadId> child;
    {
      const Critical making;
      child = run.core.spawn("child", [&ran] { ran = true; });
    }
    must(child.has_value(), "a thread cannot be spawned");
    must(run.core.join(*child).has_value() && ran, "a child did not run");
    ++run.children;
  }
}

void start_all(Run& run, Channel& channel, const std::array<int, 2>& pipe) {
  const Critical making;
  const auto start = [&run](const char* name, std::function<void()> body) {
    must(run.core.spawn(name, std::move(body)).has_value(), "a thread cannot be spawned");
  };
  constexpr int modes[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};
  for (std::uint64_t i = 0; i < 8; ++i) {
    start("bookkeeper", [&run, i] { keep_books(run, run.seed + i); });
    start("calculator", [&run, i, mode = modes[i % 4]] { calculate(run, run.seed + i, mode); });
  }
  start("producer", [&] { produce(run, channel); });
  start("consumer", [&] { consume(run, channel); });
  start("writer", [&run, end = pipe[1]] { write_to(run, end); });
  start("reader", [&run, end = pipe[0]] { read_from(run, end); });
  start("parent", [&run] { raise(run); });
}

unsigned long long number(const char* text) {
  unsigned long long value = 0;
  const auto [end, error] = std::from_chars(text, text + std::strlen(text), value);
  if (error != std::errc() || *end != '\0') fail(std::string("not a number: ") + text);
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: preemption_run SECONDS [SEED]\n");
    return 2;
  }
  const std::chrono::seconds seconds(number(argv[1]));
  const char* const set = std::getenv("DIALTONE_SEED");
  const std::uint64_t seed = argc == 3        ? number(argv[2])
                             : set != nullptr ? number(set)
                                              : std::random_device()();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));

  Options options;
  options.quantum = microseconds(1'000);
  Core core(options);
  Run run{core, Clock::now() + seconds, seed};
  run.accounts.fill(deposit);
  Channel channel(core, 16);
  std::array<int, 2> pipe{};
  must(::pipe(pipe.data()) == 0, "pipe failed");
  std::uint64_t sent = 0;
  Result<void> ran;
  {
    const RandomTimer timer(seed);
    ran = core.run("main", [&] { start_all(run, channel, pipe); });
    sent = timer.sent();
  }
  if (!ran) fail(ran.error().message);
  must(run.messages > 0 && run.bytes > 0 && run.children > 0 && run.computations > 0,
       "somebody never had a turn");
  std::printf(
      "%llu signals, %llu switches: %llu transfers, %llu computations, %llu messages, %llu "
      "bytes, %llu children\n",
      static_cast<unsigned long long>(sent), static_cast<unsigned long long>(core.switches()),
      static_cast<unsigned long long>(run.transfers),
      static_cast<unsigned long long>(run.computations),
      static_cast<unsigned long long>(run.messages), static_cast<unsigned long long>(run.bytes),
      static_cast<unsigned long long>(run.children));
  return 0;
}
