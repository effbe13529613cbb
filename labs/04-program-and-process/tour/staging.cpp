#include "staging.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <iostream>
#include <map>
#include <mutex>

#include "failure.hpp"
#include "language.hpp"

namespace process_tour {
namespace {

using dialtone::Failure;
using dialtone::tr;

std::mutex stage;                // held for ever once an interruption has begun to clean up
std::map<pid_t, bool> on_stage;  // guarded by stage; whether it leads a group

std::string reason(const std::string& tried, int code) {
  return tried + ": " + std::strerror(code);
}

void kill_one(pid_t pid, bool group) {
  if (group) ::kill(-pid, SIGKILL);
  ::kill(pid, SIGKILL);
}

/// Collects all children; those who do not end within 10 s are left.
void collect_all() {
  const Deadline deadline = Deadline::after(std::chrono::seconds(10));
  while (deadline.milliseconds_left() > 0) {
    const pid_t collected = ::waitpid(-1, nullptr, WNOHANG | __WALL);
    if (collected < 0 && errno == ECHILD) return;
    if (collected == 0) ::poll(nullptr, 0, 1);
  }
}

/// waitid that no signal interrupts; nothing is collected.
void look(pid_t pid, int what) {
  siginfo_t seen{};
  int found = 0;
  do found = ::waitid(P_PID, static_cast<id_t>(pid), &seen, what | WNOWAIT);
  while (found != 0 && errno == EINTR);
  if (found != 0) fail(reason("waitid " + std::to_string(pid), errno));
}

}  // namespace

void fail(const std::string& line) {
  // Ctrl-C goes to all on stage. Where it was one of them that failed because of it, this process's
  // own interruption, already on its way, comes first.
  ::poll(nullptr, 0, 20);
  const std::lock_guard guard(stage);
  throw Failure(line);
}

void fail(const Error& error) {
  using Kind = Error::Kind;
  std::string advice;
  if (error.kind == Kind::not_found)
    advice = tr("; is it installed, and its folder in PATH?", "；装了吗？它的目录在 PATH 里吗？");
  if (error.kind == Kind::not_executable)
    advice = tr("; is it a program, and may you run it (chmod +x)?",
                "；它是程序吗？有执行权限吗（chmod +x）？");
  if (error.kind == Kind::gone)
    advice = tr("; there is no such process, or not any more", "；没有这个进程，或者它已经不在了");
  fail(error.message + advice);
}

std::string this_program() {
  std::array<char, PATH_MAX> name{};
  const ssize_t length = ::readlink("/proc/self/exe", name.data(), name.size());
  const std::string file(name.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  const bool runs = ::access(file.c_str(), X_OK) == 0;  // not after a new build took its place
  return runs ? file : "/proc/self/exe";
}

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail(reason("pipe", errno));
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

void tell(const Descriptor& to) {
  const char byte = '.';
  while (::write(to.get(), &byte, 1) < 0) {
    if (errno == EINTR) continue;
    fail(reason(tr("write to a process on stage", "写给台上的进程"), errno));
  }
}

bool hear(const Descriptor& from, void* bytes, std::size_t count) {
  const Deadline deadline = Deadline::after(patience);
  auto* into = static_cast<char*>(bytes);
  while (count > 0) {
    pollfd wait{from.get(), POLLIN, 0};
    const int ready = ::poll(&wait, 1, deadline.milliseconds_left());
    if (ready == 0)
      fail(tr("a process on stage did not answer within 20 s; is the machine that busy?",
              "台上的进程 20 秒内没有回答；机器这么忙吗？"));
    if (ready < 0) continue;
    const ssize_t got = ::read(from.get(), into, count);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    into += got;
    count -= static_cast<std::size_t>(got);
  }
  return true;
}

Result<Actor> Actor::try_spawn(const Program& program) {
  const std::lock_guard guard(stage);
  const auto started = program_and_process::spawn(program);
  if (!started) return tl::unexpected(started.error());
  on_stage[*started] = false;
  return Actor(*started, false);
}

std::vector<Actor> Actor::pipeline(std::span<const Program> programs, int in, int out) {
  auto children = [&] {
    const std::lock_guard guard(stage);
    auto started = program_and_process::start_pipeline(programs, in, out);
    if (started)
      for (const pid_t pid : *started) on_stage[pid] = false;
    return started;
  }();
  std::vector<Actor> actors;
  const auto pids = must(std::move(children));
  for (const pid_t pid : pids) actors.push_back(Actor(pid, false));
  return actors;
}

Actor Actor::forked(const std::function<void()>& part) {
  pid_t child = -1;
  int code = 0;
  {
    const std::lock_guard guard(stage);
    std::cout.flush();
    const pid_t parent = ::getpid();
    child = ::fork();
    code = errno;
    if (child == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::setpgid(0, 0);
      if (::getppid() == parent) part();
      ::_exit(0);
    }
    if (child > 0) {
      ::setpgid(child, child);
      on_stage[child] = true;
    }
  }
  if (child < 0) fail(reason("fork", code));
  return {child, true};
}

Actor Actor::adopted(pid_t pid) {
  const std::lock_guard guard(stage);
  on_stage[pid] = false;
  return {pid, false};
}

Actor::~Actor() {
  if (collected_) return;
  kill_one(pid_, group_);
  // Not by the lab's function: this also tidies up where that one is not written yet.
  while (::waitpid(pid_, nullptr, __WALL) < 0 && errno == EINTR) {
  }
  const std::lock_guard guard(stage);
  on_stage.erase(pid_);
}

Ending Actor::wait(std::chrono::milliseconds time) {
  auto ending = program_and_process::wait_for(pid_, Deadline::after(time));
  if (!ending) fail(ending.error());
  const std::lock_guard guard(stage);
  on_stage.erase(pid_);
  collected_ = true;
  return *ending;
}

void Actor::wait_until_ended() const {
  const Descriptor end = open_end(pid_);
  pollfd wait{end.get(), POLLIN, 0};
  const Deadline deadline = Deadline::after(patience);
  while (::poll(&wait, 1, deadline.milliseconds_left()) < 0 && errno == EINTR) {
  }
  if (wait.revents == 0)
    fail(tr("a process on stage did not end within 20 s", "台上的进程 20 秒内没有结束"));
  look(pid_, WEXITED);
}

void Actor::stop() const {
  ::kill(pid_, SIGSTOP);
  look(pid_, WSTOPPED | WEXITED);
}

void Actor::kill() const {
  kill_one(pid_, group_);
}

Player play(const std::vector<std::string>& part, const std::vector<Redirection>& more) {
  Pipe to = make_pipe();
  Pipe from = make_pipe();
  Program program;
  program.arguments = {this_program(), "--role"};
  program.arguments.insert(program.arguments.end(), part.begin(), part.end());
  program.redirections = {{0, to.reads.get()}, {1, from.writes.get()}};
  program.redirections.insert(program.redirections.end(), more.begin(), more.end());
  return {Actor::spawned(program), std::move(to.writes), std::move(from.reads)};
}

Descriptor open_end(pid_t pid) {
  const auto number = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U));
  if (number < 0) fail(reason("pidfd_open " + std::to_string(pid), errno));
  return Descriptor(number);
}

void end_all() {
  stage.lock();  // and never unlocked: nobody goes on with what is ending
  for (const auto& [pid, group] : on_stage) kill_one(pid, group);
  collect_all();
}

Adoption::Adoption() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

Adoption::~Adoption() {
  collect_all();
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

}  // namespace process_tour
