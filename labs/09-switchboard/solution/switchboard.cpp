#include "switchboard.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <asio.hpp>
#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <set>
#include <unordered_set>
#include <utility>
#include <vector>

#include "exchange.hpp"

namespace switchboard {
namespace {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;

/// Bytes that are read at once, and so what one caller may say before the others have their turn:
/// in a crowd each chat line of it is told ten thousand times.
constexpr std::size_t mouthful = std::size_t{4} << 10U;

tl::unexpected<Error> failure(const std::string& what, int code) {
  return tl::unexpected(Error{Error::Kind::system, code, 0, what + ": " + std::strerror(code)});
}

// --- what both switchboards know and do ------------------------------------------------------

/// A caller, however it is waited for.
struct Caller {
  explicit Caller(const Limits& limits)
      : lines(limits.line),
        queue(limits.queue),
        idle_end(Clock::now() + limits.idle),
        total_end(Clock::now() + limits.total) {}

  std::uint64_t number = 0;  ///< 0: it was told "busy"
  LineCutter lines;
  Outbox queue;
  Time idle_end;
  Time total_end;
  Time closing_end = Time::max();  ///< set when it is hung up, and when the stop is pulled
  std::size_t unheard = 0;         ///< bytes that had arrived when the stop was pulled
  bool heard_all = false;  ///< nothing more is read: the end of its stream, or unheard is used up
  bool at_end = false;     ///< it has hung up, at least its half
  bool parting = false;    ///< it is being hung up: no further line is answered
  bool gone = false;       ///< its connection is broken

  /// When this caller must be looked at even if nothing happens.
  Time due() const { return std::min({idle_end, total_end, closing_end}); }
};

/// Who is there, what they say to each other, and what is counted.
class Switchboard {
 protected:
  Switchboard(const Limits& limits, const Exchange& exchange)
      : limits_(limits), exchange_(exchange) {}
  ~Switchboard() = default;

  /// Sends of the caller's queue what its socket takes at once.
  virtual void send_now(Caller& caller) = 0;

  /// Sees to it that the queue is sent as soon as its socket takes it.
  virtual void send_later(Caller& caller) = 0;

  void welcome(Caller& caller) {
    if (there_.size() >= limits_.callers) {
      ++tally_.turned_away;
      caller.queue.add(busy_words);
      part(caller);
      return;
    }
    caller.number = ++tally_.callers;
    there_.insert(&caller);
    tally_.most_at_once = std::max(tally_.most_at_once, there_.size());
  }

  /// From now on the caller is only sent what is queued.
  void part(Caller& caller) {
    caller.parting = true;
    caller.idle_end = caller.total_end = Time::max();
    caller.closing_end = std::min(caller.closing_end, Clock::now() + limits_.closing);
    there_.erase(&caller);
  }

  bool has_room(Caller& caller) {
    if (caller.queue.full()) send_now(caller);
    return !caller.queue.full();
  }

  //! [answer_lines]
  /// Answers the caller's whole lines as long as there is room for the replies. True when the call
  /// ends with one of them. Lets out what the exchange throws.
  bool answer_lines(Caller& caller) {
    while (has_room(caller)) {
      const auto line = caller.lines.next();
      if (!line) {
        if (!caller.lines.too_long()) return false;
        caller.queue.add(line_too_long_words);
        return true;
      }
      if (!stopping_) caller.idle_end = Clock::now() + limits_.idle;
      const Reply reply = exchange_(*line, caller.number, there_.size());
      ++tally_.lines;
      caller.queue.add(reply.line);
      if (!reply.chat.empty()) tell_others(caller, reply.chat);
      if (reply.hang_up) return true;
    }
    return false;  // the rest waits, and so does the caller (back-pressure)
  }
  //! [answer_lines]

  //! [tell_others]
  void tell_others(const Caller& speaker, std::string_view chat) {
    for (Caller* hearer : there_) {
      if (hearer == &speaker) continue;
      bool heard = hearer->queue.offer(chat);
      if (!heard) {
        send_now(*hearer);
        heard = hearer->queue.offer(chat);
      }
      if (heard)
        send_later(*hearer);
      else
        ++tally_.left_out;
    }
  }
  //! [tell_others]

  void note_fault(Caller& caller, const std::exception_ptr& thrown) {
    const std::string text = fault_text(thrown);
    if (tally_.faults++ == 0) tally_.first_fault = text;
    if (!caller.parting) caller.queue.add(fault_words(text));
  }

  void time_out(Caller& caller) {
    ++tally_.timed_out;
    caller.queue.add(caller.total_end <= caller.idle_end ? time_is_up_words : idle_words);
    part(caller);
  }

  /// The stop is pulled: what has arrived from this caller up to now, it is still answered.
  void hear_no_more(Caller& caller, std::size_t arrived) {
    caller.closing_end = std::min(caller.closing_end, stop_end_);
    caller.idle_end = caller.total_end = Time::max();
    caller.unheard = arrived;
    caller.heard_all = caller.heard_all || arrived == 0;
  }

  /// How much to read from the caller now.
  std::size_t readable_bytes(const Caller& caller) const {
    return stopping_ ? std::min(caller.unheard, mouthful) : mouthful;
  }

  /// `count` bytes have come into the buffer: 0 at the end of the stream.
  void heard(Caller& caller, std::size_t count) {
    caller.lines.take({buffer_.data(), count});
    caller.at_end = caller.at_end || count == 0;
    if (stopping_) caller.unheard -= count;
    caller.heard_all = caller.at_end || (stopping_ && caller.unheard == 0);
  }

  void lose(Caller& caller) {
    caller.gone = caller.heard_all = caller.at_end = true;
    caller.queue.drop();
  }

  const Limits& limits_;
  const Exchange& exchange_;
  Tally tally_;
  std::unordered_set<Caller*> there_;  ///< those that are served
  bool stopping_ = false;
  Time stop_end_ = Time::max();
  std::vector<char> buffer_ = std::vector<char>(mouthful);  ///< one for all: nobody waits with it
};

// --- (c) poll --------------------------------------------------------------------------------

class PollSwitchboard final : Switchboard {
 public:
  PollSwitchboard(Descriptor listener, const Limits& limits, const Stop& stop,
                  const Exchange& exchange)
      : Switchboard(limits, exchange), listener_(std::move(listener)) {
    waits_.push_back({stop.descriptor(), POLLIN, 0});
    waits_.push_back({listener_.get(), POLLIN, 0});
  }

  Result<Tally> serve();

 private:
  struct PollCaller : Caller {
    using Caller::Caller;
    Descriptor call;
    std::size_t place = 0;  ///< of its pollfd in waits_
    Time alarm;             ///< its place in alarms_; never later than due()
    bool said_goodbye = false;
  };

  static constexpr std::size_t stop_place = 0, listener_place = 1, first_caller = 2;

  int time_left() const;
  void answer_callers();
  void add(Descriptor call);
  void attend(PollCaller& caller, short events);
  bool converse(PollCaller& caller, bool readable);
  void listen(PollCaller& caller);
  void see_off(PollCaller& caller);
  void watch(PollCaller& caller);
  void set_alarm(PollCaller& caller);
  void look_at_deadlines();
  void begin_to_stop();
  void hang_up(PollCaller& caller);
  void send_now(Caller& caller) override;
  void send_later(Caller& caller) override {
    waits_[static_cast<PollCaller&>(caller).place].events |= POLLOUT;
  }

  PollCaller& caller_at(std::size_t place) { return *callers_[place - first_caller]; }

  Descriptor listener_;
  std::vector<pollfd> waits_;                         ///< the stop, the listener, the callers
  std::vector<std::unique_ptr<PollCaller>> callers_;  ///< in the order of waits_
  std::set<std::pair<Time, PollCaller*>> alarms_;     ///< the next one first
  Time listener_rests_until_ = Time::max();           ///< set while descriptors are out
  std::optional<Error> broken_;                       ///< why nobody will be answered again
};

//! [poll_loop]
Result<Tally> PollSwitchboard::serve() {
  while (!stopping_ || !callers_.empty()) {
    const int ready = ::poll(waits_.data(), waits_.size(), time_left());
    if (ready < 0 && errno != EINTR) return failure("poll", errno);
    if (ready > 0) {
      // Backwards: whoever leaves is replaced by the last, who has had its turn already.
      for (std::size_t place = waits_.size(); place-- > first_caller;)
        if (waits_[place].revents != 0) attend(caller_at(place), waits_[place].revents);
      if (waits_[listener_place].revents != 0) answer_callers();
      if (waits_[stop_place].revents != 0) begin_to_stop();
    }
    look_at_deadlines();
  }
  if (broken_) return tl::unexpected(*broken_);
  return tally_;
}

/// Until the next deadline, as poll takes it: rounded up, so that it is over when poll comes back.
int PollSwitchboard::time_left() const {
  const Time next = alarms_.empty() ? listener_rests_until_
                                    : std::min(listener_rests_until_, alarms_.begin()->first);
  if (next == Time::max()) return -1;
  const auto left = std::chrono::ceil<milliseconds>(next - Clock::now()).count();
  return static_cast<int>(std::clamp<milliseconds::rep>(left, 0, 3'600'000));
}
//! [poll_loop]

//! [poll_accept_loop]
void PollSwitchboard::answer_callers() {
  for (;;) {
    Descriptor call(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (call) {
      add(std::move(call));
      continue;
    }
    switch (const int code = errno; accept_failure(code)) {
      case AcceptFailure::caller_gone:
        continue;
      case AcceptFailure::nobody:
        return;
      case AcceptFailure::out_of_descriptors:  // it stays readable: poll would not sleep any more
        waits_[listener_place].fd = -1;
        listener_rests_until_ = Clock::now() + descriptor_pause;
        return;
      case AcceptFailure::listener_broken:
        broken_ = failure("accept", code).value();
        begin_to_stop();
        return;
    }
  }
}
//! [poll_accept_loop]

void PollSwitchboard::add(Descriptor call) {
  set_up_call(call.get());
  auto caller = std::make_unique<PollCaller>(limits_);
  caller->call = std::move(call);
  caller->place = waits_.size();
  waits_.push_back({caller->call.get(), POLLIN, 0});
  callers_.push_back(std::move(caller));
  PollCaller& added = *callers_.back();
  welcome(added);
  added.alarm = added.due();
  alarms_.emplace(added.alarm, &added);
  if (added.parting) attend(added, 0);
}

/// Something happened to a caller: goes on with its story as far as that goes without waiting.
/// Afterwards the caller may be no more.
void PollSwitchboard::attend(PollCaller& caller, short events) {
  send_now(caller);
  if (!caller.parting) {
    try {
      if (converse(caller, (events & ~POLLOUT) != 0)) part(caller);
    } catch (...) {
      note_fault(caller, std::current_exception());
      part(caller);
    }
    send_now(caller);
  }
  if (caller.parting) see_off(caller);
  if (caller.gone || (caller.said_goodbye && caller.at_end))
    hang_up(caller);
  else
    watch(caller);
}

/// Answers what has come. True when the call is over.
bool PollSwitchboard::converse(PollCaller& caller, bool readable) {
  for (;;) {
    if (answer_lines(caller)) return true;
    if (caller.queue.full()) return false;
    if (caller.heard_all) return true;
    if (!readable) return false;
    listen(caller);
    readable = false;  // the others have their turn first, and the deadlines are looked at
  }
}

void PollSwitchboard::listen(PollCaller& caller) {
  const ssize_t count =
      ::recv(caller.call.get(), buffer_.data(), readable_bytes(caller), MSG_DONTWAIT);
  if (count >= 0)
    heard(caller, static_cast<std::size_t>(count));
  else if (errno != EAGAIN && errno != EINTR)
    lose(caller);
}

/// The last words go out, then a FIN; then we listen until the caller has hung up too. Closed with
/// bytes unread, the connection would end in a RST, which can overtake the last words.
void PollSwitchboard::see_off(PollCaller& caller) {
  if (!caller.queue.empty()) return;
  if (!caller.said_goodbye) ::shutdown(caller.call.get(), SHUT_WR);
  caller.said_goodbye = true;
  if (caller.at_end) return;
  const ssize_t count = ::recv(caller.call.get(), buffer_.data(), mouthful, MSG_DONTWAIT);
  if (count == 0) caller.at_end = true;
  if (count < 0 && errno != EAGAIN && errno != EINTR) lose(caller);
}

/// What poll is to wait for, now that the caller's state has changed.
void PollSwitchboard::watch(PollCaller& caller) {
  const bool listens =
      caller.parting ? caller.said_goodbye : !caller.heard_all && !caller.queue.full();
  const int events = (listens ? POLLIN : 0) | (caller.queue.empty() ? 0 : POLLOUT);
  waits_[caller.place].events = static_cast<short>(events);
  if (caller.due() < caller.alarm) set_alarm(caller);  // a later one is looked at when it rings
}

void PollSwitchboard::set_alarm(PollCaller& caller) {
  alarms_.erase({caller.alarm, &caller});
  caller.alarm = caller.due();
  alarms_.emplace(caller.alarm, &caller);
}

void PollSwitchboard::look_at_deadlines() {
  const Time now = Clock::now();
  if (listener_rests_until_ <= now) {
    listener_rests_until_ = Time::max();
    waits_[listener_place].fd = listener_.get();
  }
  while (!alarms_.empty() && alarms_.begin()->first <= now) {
    PollCaller& caller = *alarms_.begin()->second;
    if (caller.due() > now) {  // it has said something meanwhile
      set_alarm(caller);
    } else if (caller.closing_end <= now) {
      hang_up(caller);
    } else {
      time_out(caller);
      attend(caller, 0);
    }
  }
}

//! [poll_orderly_stop]
void PollSwitchboard::begin_to_stop() {
  if (std::exchange(stopping_, true)) return;
  stop_end_ = Clock::now() + limits_.closing;
  listener_ = Descriptor();
  listener_rests_until_ = Time::max();
  waits_[listener_place].fd = waits_[stop_place].fd = -1;
  for (std::size_t place = waits_.size(); place-- > first_caller;) {
    PollCaller& caller = caller_at(place);
    int arrived = 0;
    ::ioctl(caller.call.get(), FIONREAD, &arrived);
    hear_no_more(caller, static_cast<std::size_t>(arrived));
    attend(caller, POLLIN);
  }
}
//! [poll_orderly_stop]

void PollSwitchboard::hang_up(PollCaller& caller) {
  there_.erase(&caller);
  alarms_.erase({caller.alarm, &caller});
  const std::size_t place = caller.place;
  waits_[place] = waits_.back();
  callers_[place - first_caller].swap(callers_.back());
  caller_at(place).place = place;
  waits_.pop_back();
  callers_.pop_back();  // closes the call
  if (listener_rests_until_ != Time::max()) listener_rests_until_ = Clock::now();
}

void PollSwitchboard::send_now(Caller& caller) {
  const int call = static_cast<PollCaller&>(caller).call.get();
  while (!caller.queue.empty()) {
    const std::string_view waiting = caller.queue.waiting();
    const ssize_t count = ::send(call, waiting.data(), waiting.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0)
      caller.queue.taken(static_cast<std::size_t>(count));
    else if (errno == EAGAIN)
      return;
    else if (errno != EINTR)
      lose(caller);
  }
}

// --- (d) coroutines --------------------------------------------------------------------------

using asio::awaitable;
using asio::use_awaitable;
using Protocol = asio::generic::stream_protocol;
using Socket = Protocol::socket;
using Acceptor = asio::basic_socket_acceptor<Protocol>;

/// The socket had nothing to give, or no room; the next wait tells when it has.
bool is_for_later(const asio::error_code& error) {
  return error == asio::error::would_block || error == asio::error::interrupted;
}

class CoroutineSwitchboard final : Switchboard {
 public:
  CoroutineSwitchboard(Descriptor listener, Descriptor cord, const Limits& limits,
                       const Exchange& exchange);

  Result<Tally> serve();

 private:
  struct AsioCaller : Caller, std::enable_shared_from_this<AsioCaller> {
    AsioCaller(Socket socket, const Limits& limits)
        : Caller(limits),
          call(std::move(socket)),
          alarm(call.get_executor()),
          room(call.get_executor(), Time::max()) {}
    Socket call;
    asio::steady_timer alarm;
    asio::steady_timer room;  ///< never rings: it is cancelled when there is room in a full queue
    bool has_writer = false;
  };
  using CallerPtr = std::shared_ptr<AsioCaller>;

  awaitable<void> answer_callers();
  awaitable<void> converse(CallerPtr caller);
  awaitable<void> write(CallerPtr caller);
  awaitable<void> write_later(CallerPtr caller);
  awaitable<void> see_off(CallerPtr caller);
  awaitable<void> watch_the_time(CallerPtr caller);
  awaitable<void> wait_for_stop();

  void add(Socket call);
  void end(const CallerPtr& caller, const std::exception_ptr& thrown);
  void interrupt(AsioCaller& caller);
  void listen(AsioCaller& caller);
  void hang_up(const CallerPtr& caller);
  void begin_to_stop();
  void send_now(Caller& caller) override;
  void send_later(Caller& caller) override;

  /// What is done with the exception that a coroutine ended with, or none.
  using End = std::function<void(std::exception_ptr)>;

  /// The one place where coroutines are started: none without somebody who looks at how it ended.
  void spawn(awaitable<void> story, End end) {
    asio::co_spawn(context_, std::move(story), std::move(end));
  }

  /// For coroutines beside a call: their exception ends the call, and is counted.
  End or_hang_up(CallerPtr caller) {
    return [this, caller = std::move(caller)](const std::exception_ptr& thrown) {
      if (!thrown) return;
      note_fault(*caller, thrown);
      hang_up(caller);
    };
  }

  /// For coroutines that the switchboard cannot do without.
  End or_fail(const char* what) {
    return [this, what](const std::exception_ptr& thrown) {
      if (!thrown) return;
      broken_ = Error{Error::Kind::system, 0, 0, std::string(what) + ": " + fault_text(thrown)};
      begin_to_stop();
    };
  }

  asio::io_context context_{1};
  Acceptor listener_;
  asio::posix::stream_descriptor stop_;
  asio::steady_timer descriptor_free_;
  std::unordered_set<CallerPtr> callers_;
  std::optional<Error> broken_;
};

/// The family of a socket's address, for Asio's protocol.
int family_of(int socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length);
  return address.ss_family;
}

/// Throws asio::system_error where there is no epoll to be had.
CoroutineSwitchboard::CoroutineSwitchboard(Descriptor listener, Descriptor cord,
                                           const Limits& limits, const Exchange& exchange)
    : Switchboard(limits, exchange),
      listener_(context_, Protocol(family_of(listener.get()), 0), listener.get()),
      stop_(context_, cord.get()),
      descriptor_free_(context_) {
  listener.release();
  cord.release();
}

Result<Tally> CoroutineSwitchboard::serve() {
  spawn(answer_callers(), or_fail("answer callers"));
  spawn(wait_for_stop(), or_fail("wait for the stop"));
  context_.run();  // until the last coroutine has ended
  if (broken_) return tl::unexpected(*broken_);
  return tally_;
}

//! [accept_loop]
awaitable<void> CoroutineSwitchboard::answer_callers() {
  while (!stopping_) {
    asio::error_code error;
    Socket call = co_await listener_.async_accept(asio::redirect_error(use_awaitable, error));
    if (stopping_) break;
    if (!error) {
      add(std::move(call));
    } else if (accept_failure(error.value()) == AcceptFailure::out_of_descriptors) {
      descriptor_free_.expires_after(descriptor_pause);  // or until a caller leaves
      co_await descriptor_free_.async_wait(asio::redirect_error(use_awaitable, error));
    } else if (accept_failure(error.value()) == AcceptFailure::listener_broken) {
      throw asio::system_error(error);
    }
  }
}
//! [accept_loop]

void CoroutineSwitchboard::add(Socket call) {
  set_up_call(call.native_handle());
  call.non_blocking(true);
  auto caller = std::make_shared<AsioCaller>(std::move(call), limits_);
  callers_.insert(caller);
  welcome(*caller);
  spawn(watch_the_time(caller), or_hang_up(caller));
  if (caller->parting)
    spawn(see_off(caller), or_hang_up(caller));
  else
    spawn(converse(caller),
          [this, caller](const std::exception_ptr& thrown) { end(caller, thrown); });
}

//! [caller_coroutine]
awaitable<void> CoroutineSwitchboard::converse(CallerPtr caller) {
  asio::error_code interrupted;  // whatever woke us: the caller's state tells what to do
  while (!caller->parting) {
    if (answer_lines(*caller)) co_return;
    send_now(*caller);
    send_later(*caller);
    if (caller->queue.full()) {
      co_await caller->room.async_wait(asio::redirect_error(use_awaitable, interrupted));
    } else if (caller->heard_all) {
      co_return;
    } else {
      // Waits for readiness rather than for bytes: who sleeps needs no buffer.
      co_await caller->call.async_wait(Socket::wait_read,
                                       asio::redirect_error(use_awaitable, interrupted));
      listen(*caller);
    }
  }
}

/// The caller's coroutine is over; an exception is looked at here, and nowhere lost.
void CoroutineSwitchboard::end(const CallerPtr& caller, const std::exception_ptr& thrown) {
  if (thrown) note_fault(*caller, thrown);
  if (!caller->parting) part(*caller);
  caller->alarm.cancel();  // it has another deadline now
  spawn(see_off(caller), or_hang_up(caller));
}
//! [caller_coroutine]

void CoroutineSwitchboard::listen(AsioCaller& caller) {
  if (caller.parting || caller.heard_all) return;
  asio::error_code error;
  const std::size_t count =
      caller.call.read_some(asio::buffer(buffer_.data(), readable_bytes(caller)), error);
  if (!error || error == asio::error::eof)
    heard(caller, count);
  else if (!is_for_later(error))
    lose(caller);
}

/// Sends what is queued, as fast as the caller takes it.
awaitable<void> CoroutineSwitchboard::write(CallerPtr caller) {
  asio::error_code interrupted;
  for (;;) {
    send_now(*caller);
    if (!caller->queue.full()) caller->room.cancel();
    if (caller->queue.empty()) co_return;
    co_await caller->call.async_wait(Socket::wait_write,
                                     asio::redirect_error(use_awaitable, interrupted));
  }
}

/// The writer of a caller, while something waits for it and its own coroutine sleeps.
awaitable<void> CoroutineSwitchboard::write_later(CallerPtr caller) {
  co_await asio::post(context_, use_awaitable);  // what else is said meanwhile goes with it
  co_await write(caller);
  caller->has_writer = false;
}

/// The last words go out, then a FIN; then we listen until the caller has hung up too. Closed with
/// bytes unread, the connection would end in a RST, which can overtake the last words.
awaitable<void> CoroutineSwitchboard::see_off(CallerPtr caller) {
  co_await write(caller);
  asio::error_code error;
  caller->call.shutdown(Socket::shutdown_send, error);
  while (!caller->at_end) {
    co_await caller->call.async_wait(Socket::wait_read, asio::redirect_error(use_awaitable, error));
    caller->call.read_some(asio::buffer(buffer_), error);
    if (error && !is_for_later(error)) lose(*caller);
  }
  hang_up(caller);
}

awaitable<void> CoroutineSwitchboard::watch_the_time(CallerPtr caller) {
  asio::error_code interrupted;
  while (caller->call.is_open()) {
    caller->alarm.expires_at(caller->due());
    co_await caller->alarm.async_wait(asio::redirect_error(use_awaitable, interrupted));
    const Time now = Clock::now();
    if (!caller->call.is_open() || now < caller->due()) continue;
    if (caller->closing_end <= now) {
      hang_up(caller);
    } else {
      time_out(*caller);
      interrupt(*caller);
    }
  }
}

//! [orderly_stop]
awaitable<void> CoroutineSwitchboard::wait_for_stop() {
  asio::error_code interrupted;
  co_await stop_.async_wait(asio::posix::stream_descriptor::wait_read,
                            asio::redirect_error(use_awaitable, interrupted));
  begin_to_stop();
}

void CoroutineSwitchboard::begin_to_stop() {
  if (std::exchange(stopping_, true)) return;
  stop_end_ = Clock::now() + limits_.closing;
  asio::error_code ignored;
  listener_.close(ignored);
  stop_.close(ignored);
  descriptor_free_.cancel();
  for (const CallerPtr& caller : callers_) {
    hear_no_more(*caller, caller->call.available(ignored));
    interrupt(*caller);
  }
}
//! [orderly_stop]

/// Wakes the caller's coroutines, so that they look at what has changed.
void CoroutineSwitchboard::interrupt(AsioCaller& caller) {
  asio::error_code ignored;
  caller.call.cancel(ignored);
  caller.room.cancel();
  caller.alarm.cancel();
}

void CoroutineSwitchboard::hang_up(const CallerPtr& caller) {
  if (!caller->call.is_open()) return;
  part(*caller);
  lose(*caller);
  interrupt(*caller);
  asio::error_code ignored;
  caller->call.close(ignored);
  descriptor_free_.cancel();
  callers_.erase(caller);
}

void CoroutineSwitchboard::send_now(Caller& caller) {
  Socket& call = static_cast<AsioCaller&>(caller).call;
  while (!caller.queue.empty()) {
    asio::error_code error;
    const std::string_view waiting = caller.queue.waiting();
    caller.queue.taken(call.write_some(asio::buffer(waiting.data(), waiting.size()), error));
    if (error == asio::error::would_block) return;
    if (error && error != asio::error::interrupted) lose(caller);
  }
}

void CoroutineSwitchboard::send_later(Caller& caller) {
  auto& hearer = static_cast<AsioCaller&>(caller);
  if (hearer.has_writer || hearer.queue.empty()) return;
  hearer.has_writer = true;
  const CallerPtr kept = hearer.shared_from_this();
  spawn(write_later(kept), or_hang_up(kept));
}

}  // namespace

// --- what the header promises ----------------------------------------------------------------

Result<Tally> serve_by_poll(Descriptor listener, const Limits& limits, const Stop& stop,
                            const Exchange& exchange) {
  if (auto usable = expect_listener(listener.get()); !usable) return tl::unexpected(usable.error());
  return PollSwitchboard(std::move(listener), limits, stop, exchange).serve();
}

Result<Tally> serve_by_coroutines(Descriptor listener, const Limits& limits, const Stop& stop,
                                  const Exchange& exchange) {
  if (auto usable = expect_listener(listener.get()); !usable) return tl::unexpected(usable.error());
  // Asio closes what it watches: it gets a descriptor of its own for the stop.
  Descriptor cord(::fcntl(stop.descriptor(), F_DUPFD_CLOEXEC, 0));
  if (!cord) return failure("dup", errno);
  try {
    return CoroutineSwitchboard(std::move(listener), std::move(cord), limits, exchange).serve();
  } catch (const asio::system_error& thrown) {
    return failure(thrown.what(), thrown.code().value());
  }
}

}  // namespace switchboard
