#include "tracing.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "cases.hpp"
#include "hex.hpp"

namespace lab04 {
namespace {

using Clock = std::chrono::steady_clock;

constexpr long options =
    PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;

/// ptrace, whose third and fourth arguments are numbers in every request made here.
long trace(__ptrace_request request, pid_t process, long data = 0) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): that is how ptrace takes them
  return ::ptrace(request, process, nullptr, reinterpret_cast<void*>(data));
}

/// The next stop of a tracee, as wait(2) codes it: a signal's number, and above bit 8 an event.
/// An end is collected where `ends` is set (the tracer must, before the parent can) and is -1.
/// 0: there is none yet.
int next_stop(pid_t process, bool ends) {
  siginfo_t info{};
  const int wanted = WSTOPPED | WNOHANG | __WALL | (ends ? WEXITED : 0);
  if (::waitid(P_PID, static_cast<id_t>(process), &info, wanted) != 0)
    return errno == ECHILD && ends ? -1 : 0;
  if (info.si_pid == 0) return 0;
  if (info.si_code == CLD_TRAPPED || info.si_code == CLD_STOPPED) return info.si_status;
  return -1;
}

pid_t thread_group_of(pid_t thread) {
  const std::string status = dialtone::proc_file(thread, "status");
  const std::size_t at = status.find("\nTgid:");
  return at == std::string::npos ? 0 : number_at(std::string_view(status).substr(at + 6));
}

}  // namespace

Tracer::Tracer(dialtone::Student& student)
    : student_(student), main_(student.pid()), before_(student.open_descriptors()) {
  if (trace(PTRACE_SEIZE, main_, options) != 0)
    throw std::runtime_error(std::string("judge: a process cannot be traced here (ptrace): ") +
                             std::strerror(errno));
  traced_.push_back(main_);
}

Tracer::~Tracer() {
  // A tracee can be left only while it is stopped.
  for (const pid_t process : traced_) trace(PTRACE_INTERRUPT, process);
  const auto until = Clock::now() + std::chrono::seconds(2);
  while (!traced_.empty() && Clock::now() < until) {
    const std::vector<pid_t> waiting = traced_;
    bool moved = false;
    for (const pid_t process : waiting) {
      const int stop = next_stop(process, process != main_);
      const auto seen = look_at(process);
      if (stop == 0 && seen && seen->state != 'Z') continue;
      moved = true;
      const int signal = stop > 0 && stop >> 8 == 0 ? stop : 0;
      if (stop > 0 && trace(PTRACE_DETACH, process, signal) != 0) continue;
      std::erase(traced_, process);
    }
    if (!moved) ::poll(nullptr, 0, 1);
  }
}

dialtone::Message Tracer::receive() {
  // An exec closes the pipe to the parent before it is told here: it may come after the answer.
  constexpr milliseconds after_answer{500};
  auto until = Clock::now() + dialtone::Student::answer_time;
  bool answered = false;
  while (Clock::now() < until) {
    if (step()) continue;
    if (!answered && student_.has_answered()) {
      answered = true;
      until = Clock::now() + after_answer;
    }
    if (answered && children_ == 0) break;
    const auto seen = look_at(main_);
    if (!seen || seen->state == 'Z') break;
    if (held_ != 0) interrupt_or_release();
    ::poll(nullptr, 0, 1);
  }
  if (!answered && Clock::now() >= until)
    throw dialtone::StudentFault{dialtone::StudentFault::Kind::timed_out,
                                 tr("no answer within ", "没有按时回答，时限 ") +
                                     std::to_string(dialtone::Student::answer_time.count()) +
                                     " ms"};
  return student_.receive(milliseconds(100));
}

/// Looks once at every tracee; whether any of them had stopped.
bool Tracer::step() {
  bool moved = false;
  const std::vector<pid_t> now = traced_;
  for (const pid_t process : now) {
    const int stop = next_stop(process, process != main_);
    if (stop == 0) continue;
    moved = true;
    if (stop < 0)
      forget(process);
    else
      stopped(process, stop);
  }
  return moved;
}

void Tracer::stopped(pid_t process, int status) {
  const int event = status >> 8;
  const int signal = status & 0xff;
  switch (event) {
    case 0:  // a signal is about to be delivered
      trace(PTRACE_CONT, process, signal);
      return;
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE:
      made(process, event);
      break;
    case PTRACE_EVENT_EXEC:
      trace_.execs.push_back({process, is_own_program(process)});
      if (process != main_) {
        let_go(process);
        return;
      }
      break;
    case PTRACE_EVENT_STOP:
      if (process == held_) return;
      if (signal != SIGTRAP) {  // a stop of the whole group
        trace(PTRACE_LISTEN, process);
        return;
      }
      break;
    default:
      break;
  }
  trace(PTRACE_CONT, process);
}

void Tracer::made(pid_t maker, int event) {
  unsigned long number = 0;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg)
  ::ptrace(PTRACE_GETEVENTMSG, maker, nullptr, &number);
  const auto child = static_cast<pid_t>(number);
  traced_.push_back(child);
  ++children_;
  if (maker != main_ && thread_group_of(maker) != main_) {
    ++trace_.by_others;
  } else if (event == PTRACE_EVENT_VFORK) {
    ++trace_.by_vfork;
  } else if (event == PTRACE_EVENT_CLONE) {
    if (thread_group_of(child) == main_) {
      threads_.push_back(child);
      --children_;
    } else {
      ++trace_.by_clone;
    }
  } else {
    trace_.forked.push_back(child);
    look_at_new_descriptors();
    if (interruptions_ > 0) held_ = child;
    if (at_first_fork_ && trace_.forked.size() == 1) at_first_fork_();
  }
}

void Tracer::look_at_new_descriptors() {
  for (const std::string& one : dialtone::descriptors_of(main_)) {
    if (std::find(before_.begin(), before_.end(), one) != before_.end()) continue;
    const std::string info = student_.descriptor_info(number_at(one));
    const std::size_t at = info.find("flags:");
    if (at == std::string::npos) continue;
    if ((std::strtoul(info.c_str() + at + 6, nullptr, 8) & O_CLOEXEC) == 0)
      trace_.kept_by_exec.push_back(one);
  }
}

/// The child is held; the parent is to be interrupted while it waits for what it will say.
void Tracer::interrupt_or_release() {
  constexpr int longest_wait = 300;  // looks
  const auto seen = look_at(main_);
  if (seen && seen->state == 'S' && interruptions_ > 0) {
    --interruptions_;
    student_.interrupt();
    return;
  }
  if (interruptions_ > 0 && ++waited_ < longest_wait) return;
  const pid_t child = std::exchange(held_, 0);
  trace(PTRACE_CONT, child);
}

/// Who is killed at this moment cannot be left any more: its end is collected, or its parent would
/// wait for it in vain.
void Tracer::let_go(pid_t process) {
  if (trace(PTRACE_DETACH, process) == 0) forget(process);
}

void Tracer::forget(pid_t process) {
  if (std::erase(traced_, process) > 0 && std::erase(threads_, process) == 0) --children_;
}

Traced ask_traced(Trial& trial, const std::string& told, const json& request, int interruptions,
                  const std::function<void()>& at_first_fork) {
  if (trial.input().empty()) trial.input(told);
  trial.step(told);
  Tracer tracer(trial.student);
  tracer.interrupt_before_exec(interruptions);
  tracer.at_first_fork(at_first_fork);
  trial.student.send(request);
  dialtone::Message answer = tracer.receive();
  return {std::move(answer), tracer.seen()};
}

}  // namespace lab04
