#include "command.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <optional>

#include "failure.hpp"
#include "file_descriptor.hpp"
#include "language.hpp"
#include "owners.hpp"
#include "process.hpp"

namespace tracing {

namespace {

using dialtone::FileDescriptor;
using dialtone::tr;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds after_its_end{300};  // how long its connections may take to end
constexpr milliseconds to_obey{2000};       // from SIGTERM to SIGKILL
constexpr int packets_at_a_time = 512;      // between two looks at everything else

/// While it lives, Ctrl-C and its kin are read from a descriptor instead of ending this process.
class Signals {
 public:
  Signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
    sigprocmask(SIG_BLOCK, &set, &before_);
    descriptor_.reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals() { sigprocmask(SIG_SETMASK, &before_, nullptr); }

  int descriptor() const { return descriptor_.get(); }

  std::optional<signalfd_siginfo> next() const {
    signalfd_siginfo signal{};
    if (read(descriptor_.get(), &signal, sizeof signal) != sizeof signal) return std::nullopt;
    return signal;
  }

 private:
  sigset_t before_{};
  FileDescriptor descriptor_;
};

/// While it lives, this process is the parent of all descendants that lose theirs.
class Adoption {
 public:
  Adoption() { prctl(PR_SET_CHILD_SUBREAPER, 1); }
  Adoption(const Adoption&) = delete;
  Adoption& operator=(const Adoption&) = delete;
  ~Adoption() { prctl(PR_SET_CHILD_SUBREAPER, 0); }

  /// Collects those that have ended, but for `command`, which somebody else waits for.
  static void collect(pid_t command) {
    for (;;) {
      siginfo_t ended{};
      if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0) return;
      if (ended.si_pid == 0 || ended.si_pid == command) return;
      waitpid(ended.si_pid, nullptr, 0);
    }
  }

  /// Ends all descendants; whoever starts new ones faster than that is left after 2 s.
  static void end_all() {
    const Moment deadline = steady_clock::now() + to_obey;
    while (steady_clock::now() < deadline) {
      bool complete = true;
      const auto left = descendants(complete);
      if (left.empty()) return;
      for (const std::string& pid : left) kill(static_cast<pid_t>(std::stol(pid)), SIGKILL);
      poll(nullptr, 0, 1);
      collect(-1);
    }
  }
};

int milliseconds_until(Moment moment, Moment now) {
  const auto left = std::chrono::ceil<milliseconds>(moment - now).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1000));
}

/// A command that is traced, from its start to the end of its connections.
class Run {
 public:
  Run(const std::vector<std::string>& command, Access access, const PacketSink& sink)
      : access_(access),
        sink_(sink),
        capture_(access == Access::private_network ? LiveCapture::Where::loopback
                                                   : LiveCapture::Where::everywhere),
        selection_(access == Access::private_network ? nullptr : &owners_),
        child_(start(command)),
        end_(static_cast<int>(syscall(SYS_pidfd_open, child_.pid(), 0U))) {}

  TracedCommand to_the_end() {
    for (;;) {
      const bool drained = take_packets();
      const Moment now = steady_clock::now();
      const bool all_seen = drained && now >= ended_at_ + LiveCapture::at_hand;
      if (ending_ && ((all_seen && selection_.quiet()) || now >= deadline_)) break;
      if (!ending_ && ends_by_force_ && now >= deadline_) child_.kill_now();
      wait(drained ? now : Moment{});
      take_signals();
      Adoption::collect(child_.pid());
      notice_end();
    }
    if (access_ == Access::private_network) Adoption::end_all();
    traced_.exit_code = ending_->signal != 0 ? 128 + ending_->signal : ending_->exit_code;
    traced_.counts = selection_.counts();
    traced_.drops = capture_.drops();
    return traced_;
  }

 private:
  static dialtone::Child start(const std::vector<std::string>& command) {
    dialtone::Command what;
    what.arguments = command;
    what.descriptors = {{0, 0}, {1, 1}, {2, 2}};
    what.own_group = false;
    try {
      return dialtone::Child(what);
    } catch (const std::exception& failure) {
      throw dialtone::Failure(tr("--live: ", "--live：") + failure.what());
    }
  }

  /// Whether none is left for now.
  bool take_packets() {
    CapturedPacket packet;
    for (int i = 0; i < packets_at_a_time; ++i) {
      if (!capture_.next(packet, {})) return true;
      if (!selection_.wanted(packet)) continue;
      packet.number = selection_.counts().packets;
      sink_(packet);
    }
    return false;
  }

  /// Waits for a packet, a signal or the command's end; with `now` of 0 it only looks.
  void wait(Moment now) {
    int time = 0;
    if (now != Moment{}) {
      time = 1000;
      if (ending_ && now < ended_at_ + LiveCapture::at_hand)
        time = milliseconds_until(ended_at_ + LiveCapture::at_hand, now);
      else if (ending_ || ends_by_force_)
        time = milliseconds_until(deadline_, now);
    }
    std::array<pollfd, 3> waits{{{capture_.descriptor(), POLLIN, 0},
                                 {signals_.descriptor(), POLLIN, 0},
                                 {ending_ ? -1 : end_.get(), POLLIN, 0}}};
    poll(waits.data(), waits.size(), time);
  }

  void take_signals() {
    while (const auto signal = signals_.next()) {
      traced_.interrupted = true;
      const Moment now = steady_clock::now();
      if (ending_) {
        deadline_ = now;
      } else if (signal->ssi_signo == SIGINT) {
        if (++interruptions_ > 1)
          child_.kill_now();
        else if (signal->ssi_code != SI_KERNEL)  // not the terminal's, which tells the command too
          kill(child_.pid(), SIGINT);
      } else {
        kill(child_.pid(), SIGTERM);
        if (!ends_by_force_) deadline_ = now + to_obey;
        ends_by_force_ = true;
      }
    }
  }

  void notice_end() {
    if (ending_) return;
    ending_ = child_.wait_for(milliseconds(0));
    if (!ending_) return;
    ended_at_ = steady_clock::now();
    deadline_ = ended_at_ + after_its_end;
  }

  Access access_;
  const PacketSink& sink_;
  TracedCommand traced_;
  const Signals signals_;
  const Adoption adoption_;
  SocketOwners owners_;
  LiveCapture capture_;
  Selection selection_;
  dialtone::Child child_;  ///< started last: the capture is running
  FileDescriptor end_;     ///< readable when it has
  std::optional<dialtone::Ending> ending_;
  Moment ended_at_{};
  int interruptions_ = 0;
  bool ends_by_force_ = false;
  Moment deadline_{};  ///< of what is left of it, once it has ended; before, of its obedience
};

}  // namespace

TracedCommand trace_command(const std::vector<std::string>& command, Access access,
                            const PacketSink& sink) {
  return Run(command, access, sink).to_the_end();
}

std::string diagnosis(const TracedCommand& traced, Access access) {
  const bool found_nobody = traced.counts.refused > 0 || traced.counts.packets == 0;
  if (access != Access::private_network || traced.exit_code == 0 || traced.interrupted ||
      !found_nobody)
    return {};
  return tr("the command ran in a private network, where there is nobody but itself: start both "
            "ends in one command, or trace it in this machine's network with sudo, or after: sudo "
            "setcap cap_net_raw+ep ",
            "该命令运行在私有网络里，那里除它自己之外没有别人：请在同一条命令里启动两端，或用 sudo "
            "在本机的网络里追踪，或先执行：sudo setcap cap_net_raw+ep ") +
         this_program();
}

}  // namespace tracing
