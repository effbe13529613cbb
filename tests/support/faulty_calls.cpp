#include "faulty_calls.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>

#include "manual_clock.hpp"
#include "story.hpp"

namespace {

using dialtone::Fault;
using dialtone::SeenCall;

struct Script {
  std::map<std::string, std::deque<Fault>> next;
  std::map<std::string, Fault> always;
  std::map<std::string, int> times;  // how often each of these was met
  std::vector<SeenCall> seen;
};

/// A loop that does not end by itself is ended here.
constexpr int most_times = 1000;

std::mutex guard;  // guards current
Script* current = nullptr;
std::atomic<bool> scripted{false};  // whether there is one: without it, no call takes the guard

/// After a fork the guard may be held by a thread that the child has not got, and what the child
/// does is its own: its calls are real.
bool in_child = false;

Fault next_fault(const char* name) {
  const std::lock_guard lock(guard);
  if (current == nullptr) return Fault::pass();
  if (auto found = current->next.find(name);
      found != current->next.end() && !found->second.empty()) {
    const Fault fault = found->second.front();
    found->second.pop_front();
    return fault;
  }
  const auto found = current->always.find(name);
  if (found == current->always.end()) return Fault::pass();
  if (++current->times[name] > most_times)
    throw dialtone::StoryFailed{{},
                                std::string("it goes on calling ") + name,
                                "an end",
                                std::to_string(most_times) + " calls that met the same"};
  return found->second;
}

void note(const char* name, int descriptor, std::size_t bytes, int flags, long result, int limit) {
  if (in_child) return;
  const int code = errno;
  const std::lock_guard lock(guard);
  if (current != nullptr) current->seen.push_back({name, descriptor, bytes, flags, result, limit});
  errno = code;
}

/// How long a poll with this limit waits for nothing. One without a limit waits for ever, so that
/// any deadline is over by then.
std::chrono::milliseconds whole_wait(int limit) {
  return limit < 0 ? std::chrono::hours(24) : std::chrono::milliseconds(limit);
}

/// Meets the next fault of `name`; `real` does the system call with at most the given bytes.
/// `limit` is poll's.
template <class Real>
long meet(const char* name, int descriptor, std::size_t bytes, int flags, Real real,
          int limit = 0) {
  if (in_child || !scripted) return real(bytes);
  const Fault fault = next_fault(name);
  dialtone::ManualClock::advance(fault.time);
  long result = 0;
  switch (fault.kind) {
    case Fault::Kind::error:
      errno = fault.value;
      result = -1;
      break;
    case Fault::Kind::at_most:
      result = real(std::min(bytes, static_cast<std::size_t>(fault.value)));
      break;
    case Fault::Kind::done_but:
      real(bytes);
      errno = fault.value;
      result = -1;
      break;
    case Fault::Kind::timed_out:
      dialtone::ManualClock::advance(whole_wait(limit));
      result = 0;
      break;
    case Fault::Kind::end_of_stream:
      result = 0;
      break;
    case Fault::Kind::gives:
      result = real(static_cast<std::size_t>(fault.value));
      break;
    case Fault::Kind::pass:
      result = real(bytes);
      break;
  }
  note(name, descriptor, bytes, flags, result, limit);
  return result;
}

}  // namespace

namespace dialtone {

FaultyCalls::FaultyCalls() {
  const std::lock_guard lock(guard);
  current = new Script;
  scripted = true;
}

FaultyCalls::~FaultyCalls() {
  const std::lock_guard lock(guard);
  scripted = false;
  delete current;
  current = nullptr;
}

FaultyCalls& FaultyCalls::script(const std::string& name, std::deque<Fault> faults) {
  const std::lock_guard lock(guard);
  current->next[name] = std::move(faults);
  return *this;
}

FaultyCalls& FaultyCalls::always(const std::string& name, Fault fault) {
  const std::lock_guard lock(guard);
  current->always.insert_or_assign(name, fault);
  return *this;
}

std::vector<SeenCall> FaultyCalls::seen(const std::string& name) const {
  const std::lock_guard lock(guard);
  std::vector<SeenCall> calls;
  std::copy_if(current->seen.begin(), current->seen.end(), std::back_inserter(calls),
               [&](const SeenCall& call) { return name.empty() || call.name == name; });
  return calls;
}

std::size_t FaultyCalls::unmet() const {
  const std::lock_guard lock(guard);
  std::size_t count = 0;
  for (const auto& [name, faults] : current->next) count += faults.size();
  return count;
}

}  // namespace dialtone

// The linker sends every call of NAME to __wrap_NAME; __real_NAME is the system's.
extern "C" {

ssize_t __real_send(int fd, const void* data, size_t size, int flags);
ssize_t __real_recv(int fd, void* data, size_t size, int flags);
ssize_t __real_sendto(int fd, const void* data, size_t size, int flags, const sockaddr* to,
                      socklen_t length);
ssize_t __real_recvfrom(int fd, void* data, size_t size, int flags, sockaddr* from,
                        socklen_t* length);
ssize_t __real_recvmsg(int fd, msghdr* message, int flags);
int __real_poll(pollfd* waits, nfds_t count, int milliseconds);
int __real_socket(int domain, int type, int protocol);
int __real_bind(int fd, const sockaddr* address, socklen_t length);
int __real_listen(int fd, int backlog);
int __real_connect(int fd, const sockaddr* address, socklen_t length);
int __real_accept(int fd, sockaddr* address, socklen_t* length);
int __real_accept4(int fd, sockaddr* address, socklen_t* length, int flags);
int __real_shutdown(int fd, int how);
int __real_close(int fd);
int __real_getsockopt(int fd, int level, int option, void* value, socklen_t* length);
pid_t __real_fork();
int __real_pipe2(int ends[2], int flags);
pid_t __real_waitpid(pid_t child, int* status, int options);
int __real_open(const char* path, int flags, mode_t mode);
ssize_t __real_read(int fd, void* data, size_t size);

ssize_t __wrap_send(int fd, const void* data, size_t size, int flags) {
  return meet("send", fd, size, flags,
              [&](size_t allowed) { return __real_send(fd, data, allowed, flags); });
}

ssize_t __wrap_recv(int fd, void* data, size_t size, int flags) {
  return meet("recv", fd, size, flags,
              [&](size_t allowed) { return __real_recv(fd, data, allowed, flags); });
}

ssize_t __wrap_sendto(int fd, const void* data, size_t size, int flags, const sockaddr* to,
                      socklen_t length) {
  return meet("sendto", fd, size, flags,
              [&](size_t allowed) { return __real_sendto(fd, data, allowed, flags, to, length); });
}

ssize_t __wrap_recvfrom(int fd, void* data, size_t size, int flags, sockaddr* from,
                        socklen_t* length) {
  return meet("recvfrom", fd, size, flags, [&](size_t allowed) {
    return __real_recvfrom(fd, data, allowed, flags, from, length);
  });
}

ssize_t __wrap_recvmsg(int fd, msghdr* message, int flags) {
  return meet("recvmsg", fd, 0, flags, [&](size_t) { return __real_recvmsg(fd, message, flags); });
}

int __wrap_poll(pollfd* waits, nfds_t count, int milliseconds) {
  const int fd = count > 0 ? waits[0].fd : -1;
  const int events = count > 0 ? waits[0].events : 0;
  return static_cast<int>(meet(
      "poll", fd, 0, events, [&](size_t) { return __real_poll(waits, count, milliseconds); },
      milliseconds));
}

int __wrap_socket(int domain, int type, int protocol) {
  return static_cast<int>(meet("socket", domain, 0, type,
                               [&](size_t) { return __real_socket(domain, type, protocol); }));
}

int __wrap_bind(int fd, const sockaddr* address, socklen_t length) {
  return static_cast<int>(
      meet("bind", fd, 0, 0, [&](size_t) { return __real_bind(fd, address, length); }));
}

int __wrap_listen(int fd, int backlog) {
  return static_cast<int>(
      meet("listen", fd, 0, backlog, [&](size_t) { return __real_listen(fd, backlog); }));
}

int __wrap_connect(int fd, const sockaddr* address, socklen_t length) {
  return static_cast<int>(
      meet("connect", fd, 0, 0, [&](size_t) { return __real_connect(fd, address, length); }));
}

int __wrap_accept(int fd, sockaddr* address, socklen_t* length) {
  return static_cast<int>(
      meet("accept", fd, 0, 0, [&](size_t) { return __real_accept(fd, address, length); }));
}

int __wrap_accept4(int fd, sockaddr* address, socklen_t* length, int flags) {
  return static_cast<int>(meet("accept", fd, 0, flags,
                               [&](size_t) { return __real_accept4(fd, address, length, flags); }));
}

int __wrap_shutdown(int fd, int how) {
  return static_cast<int>(
      meet("shutdown", fd, 0, how, [&](size_t) { return __real_shutdown(fd, how); }));
}

int __wrap_close(int fd) {
  return static_cast<int>(meet("close", fd, 0, 0, [&](size_t) { return __real_close(fd); }));
}

int __wrap_getsockopt(int fd, int level, int option, void* value, socklen_t* length) {
  return static_cast<int>(meet("getsockopt", fd, 0, option, [&](size_t given) {
    const int result = __real_getsockopt(fd, level, option, value, length);
    const int number = static_cast<int>(given);  // 0: what the system says stands
    if (result == 0 && number != 0 && *length >= sizeof number)
      std::memcpy(value, &number, sizeof number);
    return result;
  }));
}

pid_t __wrap_fork() {
  return static_cast<pid_t>(meet("fork", -1, 0, 0, [](size_t) {
    const pid_t child = __real_fork();
    if (child == 0) in_child = true;
    return child;
  }));
}

int __wrap_pipe2(int ends[2], int flags) {
  return static_cast<int>(
      meet("pipe2", -1, 0, flags, [&](size_t) { return __real_pipe2(ends, flags); }));
}

pid_t __wrap_waitpid(pid_t child, int* status, int options) {
  return static_cast<pid_t>(meet("waitpid", child, 0, options,
                                 [&](size_t) { return __real_waitpid(child, status, options); }));
}

int __wrap_open(const char* path, int flags, mode_t mode) {  // a mode that is not given is ignored
  return static_cast<int>(
      meet("open", -1, 0, flags, [&](size_t) { return __real_open(path, flags, mode); }));
}

ssize_t __wrap_read(int fd, void* data, size_t size) {
  return meet("read", fd, size, 0, [&](size_t allowed) { return __real_read(fd, data, allowed); });
}

}  // extern "C"
