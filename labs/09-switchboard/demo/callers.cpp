#include "callers.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>

namespace switchboard_demo {
namespace {

constexpr std::string_view line = "echo hello\n";
constexpr std::string_view answer = "hello\n";

/// One source address has some 28,000 ports for one server; further callers take another.
constexpr std::size_t callers_of_an_address = 20'000;

bool say_line(int socket) {
  return ::send(socket, line.data(), line.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(line.size());
}

/// What has come, or how the call ended: "" at its end, nothing where nothing came.
std::optional<std::string> hear(int socket) {
  char buffer[256];
  const ssize_t count = ::recv(socket, buffer, sizeof buffer, 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
  return std::string(buffer, static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
}

}  // namespace

double percentile(std::vector<float>& values, double share) {
  if (values.empty()) return 0;
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

Callers::Callers(const Address& server, std::size_t count)
    : server_(server), epoll_(::epoll_create1(EPOLL_CLOEXEC)), callers_(count) {
  if (!epoll_) throw Failure(std::string("epoll_create1: ") + std::strerror(errno));
}

void Callers::watch(std::size_t number, std::uint32_t events, int operation) const {
  epoll_event event{};
  event.events = events;
  event.data.u64 = number;
  if (::epoll_ctl(epoll_.get(), operation, callers_[number].socket.get(), &event) != 0)
    throw Failure(std::string("epoll_ctl: ") + std::strerror(errno));
}

std::size_t Callers::wait(std::vector<epoll_event>& events, Deadline deadline) const {
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                 deadline.milliseconds_left());
  if (count < 0 && errno != EINTR)
    throw Failure(std::string("epoll_wait: ") + std::strerror(errno));
  return static_cast<std::size_t>(std::max(count, 0));
}

void Callers::dial(std::size_t number) {
  const auto there = need(socket_basics::to_system(server_));
  const int family = there.get()->sa_family;
  Caller& caller = callers_[number];
  caller.socket = Descriptor(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!caller.socket) throw Failure(std::string("socket: ") + std::strerror(errno));
  const int yes = 1;
  ::setsockopt(caller.socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (number >= callers_of_an_address && family == AF_INET) {
    const std::string source = "127.0.0." + std::to_string(1 + number / callers_of_an_address);
    const auto here = need(socket_basics::to_system({Address::Family::ipv4, source, 0}));
    ::setsockopt(caller.socket.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    if (::bind(caller.socket.get(), here.get(), here.length) != 0)
      throw Failure("bind " + source + ": " + std::strerror(errno));
  }
  if (::connect(caller.socket.get(), there.get(), there.length) != 0 && errno != EINPROGRESS) {
    lose(number, std::string("connect: ") + std::strerror(errno));
    return;
  }
  caller.state = State::dialling;
  ++in_progress_;
  watch(number, EPOLLOUT, EPOLL_CTL_ADD);
}

void Callers::lose(std::size_t number, const std::string& why) {
  Caller& caller = callers_[number];
  if (caller.state == State::held) --held_;
  if (caller.state == State::dialling || caller.state == State::asked) --in_progress_;
  caller.state = State::gone;
  caller.socket = Descriptor();
  if (first_loss_.empty()) first_loss_ = why;
}

void Callers::connected(std::size_t number) {
  int code = 0;
  socklen_t length = sizeof code;
  ::getsockopt(callers_[number].socket.get(), SOL_SOCKET, SO_ERROR, &code, &length);
  if (code != 0 || !say_line(callers_[number].socket.get())) {
    lose(number, std::string("connect: ") + std::strerror(code != 0 ? code : errno));
    return;
  }
  callers_[number].state = State::asked;
  watch(number, EPOLLIN, EPOLL_CTL_MOD);
}

void Callers::heard(std::size_t number) {
  Caller& caller = callers_[number];
  const auto words = hear(caller.socket.get());
  if (!words) return;
  if (caller.state == State::asked && *words == answer) {
    caller.state = State::held;
    --in_progress_;
    ++held_;
  } else {
    lose(number, words->empty() ? tr("hung up", "被挂断") : tr("was told ", "听到 ") + *words);
  }
}

std::size_t Callers::dial_all(milliseconds patience, Deadline deadline) {
  std::vector<epoll_event> events(window);
  Deadline progress = Deadline::after(patience);
  while (progress.milliseconds_left() > 0 && deadline.milliseconds_left() > 0) {
    while (in_progress_ < window && dialled_ < callers_.size()) dial(dialled_++);
    if (in_progress_ == 0) break;
    const std::size_t count = wait(events, progress);
    const std::size_t before = held_;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t number = events[i].data.u64;
      if (callers_[number].state == State::dialling)
        connected(number);
      else
        heard(number);
    }
    if (held_ > before) progress = Deadline::after(patience);
  }
  return held_;
}

std::size_t Callers::unanswered() const {
  return static_cast<std::size_t>(std::ranges::count(callers_, State::asked, &Caller::state));
}

Exchanges Callers::exchange(std::size_t active, Seconds time) {
  std::vector<std::size_t> held;
  for (std::size_t number = 0; number < callers_.size(); ++number)
    if (callers_[number].state == State::held) held.push_back(number);
  active = std::min(active, held.size());
  std::vector<Clock::time_point> asked(callers_.size());
  const auto ask = [&](std::size_t number) {
    asked[number] = Clock::now();
    if (!say_line(callers_[number].socket.get()))
      throw Failure(std::string("send: ") + std::strerror(errno));
  };

  const auto start = Clock::now();
  for (std::size_t i = 0; i < active; ++i) ask(held[i * held.size() / active]);
  std::size_t waiting = active;
  std::vector<float> latencies;  // some 100,000 a second at most
  std::size_t in_time = 0;
  std::vector<epoll_event> events(window);
  while (waiting > 0) {
    const std::size_t count = wait(events, Deadline::after(milliseconds(10'000)));
    if (count == 0) throw Failure(tr("no answer in 10 s", "10 秒没有回应"));
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t number = events[i].data.u64;
      const auto words = hear(callers_[number].socket.get());
      if (!words) continue;
      if (*words != answer) throw Failure(tr("hung up in the middle", "中途被挂断"));
      const auto now = Clock::now();
      latencies.push_back(std::chrono::duration<float, std::micro>(now - asked[number]).count());
      --waiting;
      if (now - start >= time) continue;
      ++in_time;
      ask(number);
      ++waiting;
    }
  }
  return {static_cast<double>(in_time) / time.count(), percentile(latencies, 0.5),
          percentile(latencies, 0.99)};
}

bool Callers::wait_for_hang_up(Deadline deadline) {
  std::vector<epoll_event> events(1024);
  while (held_ + in_progress_ > 0) {
    const std::size_t count = wait(events, deadline);
    if (count == 0 && deadline.milliseconds_left() == 0) return false;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t number = events[i].data.u64;
      const auto words = hear(callers_[number].socket.get());
      if (words && words->empty()) lose(number, "");
    }
  }
  return true;
}

}  // namespace switchboard_demo
