#include "interruption.hpp"

#include <unistd.h>

#include <csignal>
#include <map>
#include <mutex>
#include <thread>

namespace dialtone {
namespace {

std::mutex lock;
std::map<std::size_t, std::function<void()>> clean_ups;  // guarded by lock
std::size_t next_key = 0;                                // guarded by lock

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  return set;
}

void wait_for_signal() {
  const sigset_t set = ending_signals();
  int number = 0;
  if (sigwait(&set, &number) != 0) return;
  const std::lock_guard guard(lock);
  for (const auto& [key, clean_up] : clean_ups) clean_up();
  std::signal(number, SIG_DFL);
  kill(getpid(), number);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);  // it is delivered to this thread
  _exit(128 + number);
}

}  // namespace

void clean_up_on_interruption() {
  const sigset_t set = ending_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::thread(wait_for_signal).detach();
}

OnInterruption::OnInterruption(std::function<void()> clean_up) {
  const std::lock_guard guard(lock);
  key_ = next_key++;
  clean_ups.emplace(key_, std::move(clean_up));
}

OnInterruption::~OnInterruption() {
  const std::lock_guard guard(lock);
  clean_ups.erase(key_);
}

}  // namespace dialtone
