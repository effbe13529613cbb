#include "process.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <iostream>

#include "failure.hpp"
#include "language.hpp"

namespace ftp_bench {
namespace {

volatile std::sig_atomic_t asked_to_stop = 0;

constexpr int ending_signals[] = {SIGINT, SIGTERM, SIGHUP};

}  // namespace

Forked::Forked(const std::function<void()>& story) : pid_(::fork()) {
  if (pid_ < 0) throw dialtone::Failure(std::string("fork: ") + std::strerror(errno));
  if (pid_ > 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const int number : ending_signals) std::signal(number, SIG_DFL);
  try {
    story();
  } catch (...) {
    _exit(1);
  }
  _exit(0);
}

Forked::~Forked() {
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

double processor_seconds(pid_t process) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(process, &clock) != 0 || ::clock_gettime(clock, &time) != 0)
    throw dialtone::Failure("the processor time of process " + std::to_string(process) +
                            " cannot be read");
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void take_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { asked_to_stop = 1; };  // without SA_RESTART: waits end
  for (const int number : ending_signals) ::sigaction(number, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // who reads the figures may go
}

void stop_if_asked() {
  if (asked_to_stop != 0 || !std::cout) throw dialtone::Failure(dialtone::tr("stopped", "已中止"));
}

}  // namespace ftp_bench
