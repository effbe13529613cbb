// Very many callers in one process, most of whom say nothing: a part of the demo and of the bench.
#pragma once

#include <sys/epoll.h>

#include <cstddef>
#include <string>
#include <vector>

#include "server_process.hpp"

namespace switchboard_demo {

/// How it went for callers who said line after line, each once the one before was answered.
struct Exchanges {
  double a_second = 0;
  double p50_us = 0;
  double p99_us = 0;
};

/// The value that this share of the values does not exceed; 0 where there is none. Reorders them.
double percentile(std::vector<float>& values, double share);

/// Callers who each dial, say one line and have it answered; from then on they are held.
class Callers {
 public:
  Callers(const Address& server, std::size_t count);

  /// Dials, at most `window` at a time, until all are answered, nothing has come of it for as long
  /// as `patience`, or the deadline is over. How many are held.
  std::size_t dial_all(milliseconds patience, Deadline deadline);

  std::size_t held() const { return held_; }

  /// Callers whose connection stands and whose line is unanswered: the kernel's queue holds them.
  std::size_t unanswered() const;

  /// The caller that was turned away or broken off first, in words; empty where none was.
  const std::string& first_loss() const { return first_loss_; }

  /// Lets `active` of those held, spread evenly, exchange lines; the others stay idle. Fails where
  /// one of them is hung up or waits for more than 10 s.
  Exchanges exchange(std::size_t active, Seconds time);

  /// Until the server has hung up all of them; whether it has by the deadline.
  bool wait_for_hang_up(Deadline deadline);

 private:
  enum class State : char { not_dialled, dialling, asked, held, gone };
  struct Caller {
    Descriptor socket;
    State state = State::not_dialled;
  };

  static constexpr std::size_t window = 100;  ///< the shortest queue of listen(2) in use is 128

  void dial(std::size_t number);
  void connected(std::size_t number);
  void heard(std::size_t number);
  void lose(std::size_t number, const std::string& why);
  void watch(std::size_t number, std::uint32_t events, int operation) const;
  std::size_t wait(std::vector<epoll_event>& events, Deadline deadline) const;

  Address server_;
  Descriptor epoll_;
  std::vector<Caller> callers_;
  std::size_t dialled_ = 0;
  std::size_t held_ = 0;
  std::size_t in_progress_ = 0;
  std::string first_loss_;
};

}  // namespace switchboard_demo
