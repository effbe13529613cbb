#include "users.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>

#include "callers.hpp"
#include "random.hpp"
#include "tables.hpp"
#include "terminal.hpp"

namespace switchboard_demo {
namespace {

constexpr Seconds cycle{0.1};  ///< of thinking and running, on average

/// An exponential draw, cut at five times its mean so that no single draw is the whole play.
Clock::duration draw(dialtone::Random& random, Seconds mean) {
  const double uniform = static_cast<double>(random.between(1, 1'000'000)) / 1e6;
  return std::chrono::duration_cast<Clock::duration>(mean * std::min(-std::log(uniform), 5.0));
}

double thinking_share(const UsersOptions& options) {
  return static_cast<double>(options.thinking) / static_cast<double>(options.users);
}

class User {
 public:
  User(const Address& server, const UsersOptions& options, std::uint64_t number,
       Clock::time_point start)
      : server_(server),
        random_(options.seed * 1000 + number),
        line_("echo " + std::to_string(number) + '\n'),
        answer_(std::to_string(number) + '\n'),
        start_(start),
        slice_(options.time / static_cast<double>(options.slices)),
        slices_(options.slices),
        mean_thinking_(cycle * thinking_share(options)),
        mean_running_(cycle - mean_thinking_),
        since_(start) {
    const bool thinks = random_.chance(thinking_share(options));
    until_ = start + (thinks ? draw(random_, mean_thinking_) : Clock::duration());
  }

  int descriptor() const { return doing_ == Doing::thinking ? -1 : socket_.get(); }

  /// When it wants to be looked at again, unless it is answered before.
  Clock::time_point next(Clock::time_point end) const {
    return doing_ == Doing::thinking ? until_ : end;
  }

  void look(Clock::time_point now, bool readable) {
    if (doing_ == Doing::thinking && now >= until_) request(now);
    if (doing_ != Doing::thinking && readable) hear(now);
  }

  void finish(Clock::time_point now) {
    turn(doing_, now);
    if (doing_ == Doing::waiting) responses_.push_back(milliseconds_since_request(now));
    socket_ = Descriptor();
  }

  std::size_t requests() const { return requests_; }
  std::size_t answered() const { return answered_; }
  const std::vector<float>& responses() const { return responses_; }
  Seconds time_of(Doing doing) const {
    Seconds sum{0};
    for (const auto& slice : slices_) sum += slice[static_cast<std::size_t>(doing)];
    return sum;
  }
  std::vector<Doing> drawing() const {
    std::vector<Doing> all;
    for (const auto& slice : slices_)
      all.push_back(static_cast<Doing>(std::ranges::max_element(slice) - slice.begin()));
    return all;
  }

 private:
  float milliseconds_since_request(Clock::time_point now) const {
    return std::chrono::duration<float, std::milli>(now - asked_).count();
  }

  /// Books what it did until now, and does something else from now on.
  void turn(Doing doing, Clock::time_point now) {
    while (since_ < now) {
      const auto index = static_cast<std::size_t>(Seconds(since_ - start_) / slice_);
      if (index >= slices_.size()) break;
      const auto slice_end =
          start_ + std::chrono::ceil<Clock::duration>(slice_ * static_cast<double>(index + 1));
      const auto part = std::min(now, slice_end);
      slices_[index][static_cast<std::size_t>(doing_)] += part - since_;
      since_ = part;
    }
    doing_ = doing;
    since_ = now;
  }

  void request(Clock::time_point now) {
    turn(Doing::waiting, now);
    asked_ = now;
    ++requests_;
    if (!socket_) {
      requests_left_ = random_.between(3, 6);
      dial();
    }
    say();
  }

  /// The server is on this machine: the kernel makes the connection at once, answered or not.
  void dial() {
    const auto there = need(socket_basics::to_system(server_));
    socket_ = Descriptor(::socket(there.get()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int yes = 1;
    const timeval bound{5, 0};
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof bound);
    if (::connect(socket_.get(), there.get(), there.length) != 0)
      throw Failure(std::string("connect: ") + std::strerror(errno));
  }

  void say() const {
    if (::send(socket_.get(), line_.data(), line_.size(), MSG_NOSIGNAL) < 0)
      throw Failure(std::string("send: ") + std::strerror(errno));
  }

  void hear(Clock::time_point now) {
    char buffer[64];
    const ssize_t count = ::recv(socket_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (std::string_view(buffer, static_cast<std::size_t>(std::max<ssize_t>(count, 0))) != answer_)
      throw Failure(tr("a user was hung up", "有用户被挂断"));
    if (doing_ == Doing::waiting) {
      ++answered_;
      responses_.push_back(milliseconds_since_request(now));
      turn(Doing::running, now);
      until_ = now + draw(random_, mean_running_);
    }
    if (now < until_) {
      say();
      return;
    }
    turn(Doing::thinking, now);
    until_ = now + draw(random_, mean_thinking_);
    if (--requests_left_ == 0) socket_ = Descriptor();
  }

  Address server_;
  dialtone::Random random_;
  std::string line_;
  std::string answer_;
  Clock::time_point start_;
  Seconds slice_;
  std::vector<std::array<Seconds, 3>> slices_;  ///< time spent on each Doing
  Seconds mean_thinking_;
  Seconds mean_running_;
  Descriptor socket_;
  Doing doing_ = Doing::thinking;
  Clock::time_point since_;    ///< when it began to
  Clock::time_point until_;    ///< when it will have thought, or run
  Clock::time_point asked_{};  ///< when the last request was made
  std::size_t requests_left_ = 0;
  std::size_t requests_ = 0;
  std::size_t answered_ = 0;
  std::vector<float> responses_;
};

void let_play(std::vector<User>& users, Clock::time_point end) {
  std::vector<pollfd> waits(users.size());
  for (auto now = Clock::now(); now < end; now = Clock::now()) {
    auto next = end;
    for (std::size_t i = 0; i < users.size(); ++i) {
      waits[i] = {users[i].descriptor(), POLLIN, 0};
      next = std::min(next, users[i].next(end));
    }
    const auto left = std::chrono::ceil<milliseconds>(next - now).count();
    ::poll(waits.data(), waits.size(), static_cast<int>(std::max<long>(left, 0)));
    for (std::size_t i = 0; i < users.size(); ++i)
      users[i].look(Clock::now(), waits[i].revents != 0);
  }
}

UsersPlay sum_up(const std::string& name, const std::vector<User>& users, Seconds time) {
  UsersPlay play;
  play.name = name;
  std::vector<float> responses;
  for (const User& user : users) {
    play.requests += user.requests();
    play.answered += user.answered();
    if (user.requests() > 0 && user.answered() == 0) ++play.never_answered;
    play.thinking += user.time_of(Doing::thinking) / time;
    play.running += user.time_of(Doing::running) / time;
    play.waiting += user.time_of(Doing::waiting) / time;
    responses.insert(responses.end(), user.responses().begin(), user.responses().end());
    play.drawing.push_back(user.drawing());
  }
  play.p50_ms = percentile(responses, 0.5);
  play.p99_ms = percentile(responses, 0.99);
  return play;
}

}  // namespace

UsersPlay play_users(const std::string& name, const std::vector<std::string>& server,
                     const UsersOptions& options) {
  ServerProcess process(name, server);
  const auto start = Clock::now();
  const auto end = start + std::chrono::duration_cast<Clock::duration>(options.time);
  std::vector<User> users;
  for (std::size_t i = 0; i < options.users; ++i)
    users.emplace_back(process.address(), options, i + 1, start);
  try {
    let_play(users, end);
  } catch (const Failure& failure) {
    process.expect_alive();
    throw Failure(name + ": " + failure.what());
  }
  for (User& user : users) user.finish(end);
  process.ask_to_end();
  process.ended(Deadline::after(milliseconds(5000)));
  return sum_up(name, users, options.time);
}

nlohmann::json to_json(const UsersPlay& play) {
  return {{"variant", play.name},          {"requests", play.requests},
          {"answered", play.answered},     {"users_never_answered", play.never_answered},
          {"thinking", play.thinking},     {"running", play.running},
          {"waiting", play.waiting},       {"response_p50_ms", play.p50_ms},
          {"response_p99_ms", play.p99_ms}};
}

std::string users_drawing(const UsersPlay& play) {
  std::string lines;
  for (std::size_t i = 0; i < play.drawing.size(); ++i) {
    const std::string number = std::to_string(i + 1);
    lines.append(number.size() < 4 ? 4 - number.size() : 0, ' ').append(number).append("  ");
    for (const Doing doing : play.drawing[i])
      lines += doing == Doing::thinking  ? dialtone::glyph("·", ".")
               : doing == Doing::running ? dialtone::glyph("█", "#")
                                         : dialtone::glyph("▒", "w");
    lines += '\n';
  }
  return lines;
}

std::string users_table(const std::vector<UsersPlay>& plays) {
  Rows rows({"", tr("thinking", "思考"), tr("running", "运行"), tr("waiting", "等待"),
             tr("requests", "请求"), tr("p50 ms", "p50 ms"), tr("p99 ms", "p99 ms"),
             tr("unserved", "没轮到")});
  for (const UsersPlay& play : plays)
    rows.add({play.name, figure(play.thinking, 1), figure(play.running, 1), figure(play.waiting, 1),
              figure(static_cast<double>(play.requests)), figure(play.p50_ms, 2),
              figure(play.p99_ms, 2), figure(static_cast<double>(play.never_answered))});
  return rows.text();
}

}  // namespace switchboard_demo
