#include "roles.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>

#ifdef __SANITIZE_ADDRESS__
/// The leak sanitizer traces its own process, which another one of ours may be tracing.
extern "C" int __lsan_is_turned_off();
extern "C" int __lsan_is_turned_off() {
  return 1;
}
#endif

namespace process_tour {
namespace {

/// A byte from standard input; false at its end.
bool next_byte() {
  char byte = 0;
  ssize_t got = 0;
  do got = ::read(STDIN_FILENO, &byte, 1);
  while (got < 0 && errno == EINTR);
  return got == 1;
}

void write_whole(int to, const void* bytes, std::size_t count) {
  while (::write(to, bytes, count) < 0 && errno == EINTR) {
  }
}

void be_called(const char* name) {
  ::prctl(PR_SET_NAME, name);
}

int count() {
  std::uint64_t counter = 0;
  while (next_byte()) {
    ++counter;
    write_whole(STDOUT_FILENO, &counter, sizeof counter);
  }
  return 0;
}

int rest(const char* name, int threads) {
  be_called(name);
  for (int i = 1; i < threads; ++i)
    std::thread([] {
      for (;;) ::pause();
    }).detach();
  write_whole(STDOUT_FILENO, ".", 1);
  next_byte();
  ::_exit(0);
}

int family() {
  be_called("parent");
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) return 0;
    return rest("grandchild", 1);
  }
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return 0;
}

/// A piece of work of less than a millisecond: the same for all who work.
void compute() {
  volatile std::uint64_t sum = 1;
  for (int i = 0; i < 100'000; ++i) sum = sum * 6364136223846793005U + 1442695040888963407U;
}

/// A device that takes a millisecond for what it is asked.
class Device {
 public:
  Device() : timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)) {}

  void wait() const {
    const itimerspec in_a_millisecond{{0, 0}, {0, 1'000'000}};
    ::timerfd_settime(timer_, 0, &in_a_millisecond, nullptr);
    std::uint64_t times = 0;
    [[maybe_unused]] const ssize_t got = ::read(timer_, &times, sizeof times);
  }

 private:
  int timer_;
};

int work(const char* kind, int core) {
  be_called(kind);
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(static_cast<unsigned>(core), &only);
  const bool pinned = ::sched_setaffinity(0, sizeof only, &only) == 0;
  write_whole(STDOUT_FILENO, pinned ? "p" : "-", 1);
  if (!next_byte()) return 0;
  const bool waits = std::string_view(kind) == "waits";
  const Device device;
  for (;;) {
    compute();
    if (waits) device.wait();
  }
}

int become(char** command) {
  ::fcntl(3, F_SETFD, FD_CLOEXEC);
  write_whole(3, ".", 1);
  if (!next_byte()) return 0;
  ::execvp(command[0], command);
  return 127;
}

/// The calls of getppid are marks for whoever traces this: main begins, printf is done.
int say(long count) {
  ::getppid();
  for (long i = 0; i < count; ++i) std::printf("hello\n");
  ::getppid();
  return 0;
}

/// How long it lives at most: `seconds`, or as long as its parent. Ctrl-C and its kin are the
/// parent's business.
void live_no_longer_than_the_parent(unsigned seconds) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(number, SIG_IGN);
  ::alarm(seconds);
}

}  // namespace

std::optional<int> play_role(int argc, char** argv) {
  if (argc < 3) return std::nullopt;
  const std::string_view option = argv[1];
  if (option == "--say") return say(std::strtol(argv[2], nullptr, 10));
  if (option != "--role") return std::nullopt;
  const std::string_view part = argv[2];
  live_no_longer_than_the_parent(part == "work" ? 150 : 60);
  const auto number = [&](int at) {
    return at < argc ? static_cast<int>(std::strtol(argv[at], nullptr, 10)) : 0;
  };
  if (part == "count") return count();
  if (part == "rest" && argc > 4) return rest(argv[3], std::clamp(number(4), 1, 16));
  if (part == "family") return family();
  if (part == "work" && argc > 4) return work(argv[3], std::clamp(number(4), 0, CPU_SETSIZE - 1));
  if (part == "become" && argc > 3) return become(argv + 3);
  return 2;
}

}  // namespace process_tour
