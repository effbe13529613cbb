#include "scripts.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <exception>
#include <memory>
#include <thread>

#include "failure.hpp"
#include "language.hpp"
#include "phone_call.hpp"

namespace tracing {
namespace {

using dialtone::Failure;
using dialtone::tr;
using phone_call::Address;
using phone_call::Deadline;
using phone_call::Descriptor;
using phone_call::Result;
namespace flag = handshake_trace::flag;

// What is said is the course's.
constexpr std::string_view callers_words = "我是客户端";
constexpr std::string_view callees_words = "我是服务端";
constexpr std::string_view first_half = "我是";
constexpr std::string_view second_half = "服务端";

const Address callee = {Address::Family::ipv4, server_host, 9696};

template <class T>
T need(Result<T> result) {
  if (!result) throw Failure(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// A scenario under way.
struct Stage {
  Wire& wire;
  Deadline deadline;

  void carry_until(const std::function<bool()>& done) const {
    if (!wire.carry(done, deadline))
      throw Failure(tr("the scenario did not come to its end in time", "场景没有在时限内演完"));
  }
};

/// Something that one host does on a thread of its own, there, while the wire carries what comes of
/// it. What fails on the one side leaves the other waiting, so nobody waits for the thread: it
/// holds what it needs, and ends with the process.
class Party {
 public:
  Party(const Wire& wire, End host, std::function<void()> act) : state_(std::make_shared<State>()) {
    std::thread([&wire, host, act = std::move(act), state = state_] {
      try {
        wire.move_to(host);
        act();
      } catch (...) {
        state->failure = std::current_exception();
      }
      state->ended = true;
    }).detach();
  }

  /// Throws what the party failed with.
  bool ended() const {
    if (!state_->ended) return false;
    if (state_->failure) std::rethrow_exception(state_->failure);
    return true;
  }

 private:
  struct State {
    std::exception_ptr failure;  ///< written before `ended`
    std::atomic<bool> ended = false;
  };
  std::shared_ptr<State> state_;
};

// --- whole calls, as lab 02 makes them ---

void call(const Stage& stage) {
  const auto listener = std::make_shared<const Descriptor>(
      stage.wire.at(End::server, [] { return need(phone_call::wait_for_calls(callee)); }));
  const Deadline deadline = stage.deadline;
  const Party answering(stage.wire, End::server, [listener, deadline] {
    need(phone_call::answer_tcp(listener->get(), callees_words, deadline));
  });
  const Party calling(stage.wire, End::client,
                      [deadline] { need(phone_call::call_tcp(callee, callers_words, deadline)); });
  stage.carry_until([&] {
    const bool callee_ended = answering.ended();  // both are asked, so that either may throw
    return calling.ended() && callee_ended && stage.wire.hung_up();
  });
}

/// Loses the first segment that has these of the two flags SYN and ACK, and no other.
void lose_the_first(Wire& wire, std::uint8_t flags) {
  wire.lose([flags, lost = false](const WireSegment& segment) mutable {
    if (lost || (segment.flags & (flag::syn | flag::ack)) != flags) return false;
    lost = true;
    return true;
  });
}

void syn_lost(const Stage& stage) {
  lose_the_first(stage.wire, flag::syn);
  call(stage);
}

void syn_ack_lost(const Stage& stage) {
  lose_the_first(stage.wire, flag::syn | flag::ack);
  call(stage);
}

void refused(const Stage& stage) {
  const Deadline deadline = stage.deadline;
  const Party calling(stage.wire, End::client, [deadline] {
    const auto talk = phone_call::call_tcp(callee, callers_words, deadline);
    if (talk) throw Failure("nobody listens, and the call was answered");
    if (talk.error().kind != phone_call::Error::Kind::refused) throw Failure(talk.error().message);
  });
  stage.carry_until([&] { return calling.ended(); });
}

// --- calls whose every step is taken by hand: one thread plays both hosts ---

Descriptor listen_at_the_callee(const Stage& stage, int backlog) {
  return stage.wire.at(End::server,
                       [backlog] { return need(socket_basics::listen_on(callee, backlog)); });
}

/// Sends the SYN and does not wait for what becomes of it.
Descriptor begin_call(const Stage& stage) {
  return stage.wire.at(End::client, [] {
    Descriptor call(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const auto address = need(socket_basics::to_system(callee));
    if (!call ||
        (::connect(call.get(), address.get(), address.length) != 0 && errno != EINPROGRESS))
      throw Failure(std::string("dial: ") + std::strerror(errno));
    return call;
  });
}

short events_of(const Descriptor& socket) {
  pollfd look{socket.get(), POLLIN | POLLOUT | POLLRDHUP, 0};
  return poll(&look, 1, 0) == 1 ? look.revents : short{0};
}

bool has_event(const Descriptor& socket, int event) {
  return (events_of(socket) & event) != 0;
}

/// Carries until the text has come and all of it was acknowledged.
void say(const Stage& stage, const Descriptor& from, const Descriptor& to, std::string_view text) {
  const auto asked = [](const Descriptor& socket, unsigned long what) {
    int count = 0;
    ioctl(socket.get(), what, &count);
    return static_cast<std::size_t>(count);
  };
  need(socket_basics::send_all(from.get(), std::as_bytes(std::span(text)), stage.deadline));
  stage.carry_until(
      [&] { return asked(to, FIONREAD) == text.size() && asked(from, TIOCOUTQ) == 0; });
}

void listen_to(const Stage& stage, const Descriptor& call) {
  need(phone_call::hear_once(call.get(), phone_call::usual_limit, stage.deadline));
}

/// A call that stands.
struct Standing {
  Descriptor caller;
  Descriptor callee;
};

Standing answered(const Stage& stage, Descriptor caller, const Descriptor& listener) {
  stage.carry_until([&] { return has_event(listener, POLLIN) && has_event(caller, POLLOUT); });
  return {std::move(caller), need(socket_basics::answer(listener.get(), stage.deadline))};
}

void half_open(const Stage& stage) {
  const Descriptor listener = listen_at_the_callee(stage, 5);
  // As net.ipv4.tcp_synack_retries, for this listener alone: it need not try for a minute.
  const int repetitions = 2;
  setsockopt(listener.get(), IPPROTO_TCP, TCP_SYNCNT, &repetitions, sizeof repetitions);
  bool dialled = false;
  int answers = 0;
  stage.wire.lose([&](const WireSegment& segment) {
    if (segment.from == End::client) {
      dialled = true;
      return false;
    }
    ++answers;  // to a host that is gone
    return true;
  });
  {
    const Descriptor caller = begin_call(stage);
    stage.carry_until([&] { return dialled; });
  }
  stage.carry_until([&] { return answers == 1 + repetitions; });
}

void broken_off(const Stage& stage) {
  const Descriptor listener = listen_at_the_callee(stage, 5);
  Standing call = answered(stage, begin_call(stage), listener);
  say(stage, call.caller, call.callee, callers_words);
  say(stage, call.callee, call.caller, first_half);
  call.callee = Descriptor();  // with the caller's words unread: that is what makes it a RST
  stage.carry_until([&] { return has_event(call.caller, POLLERR); });
}

void simultaneous_close(const Stage& stage) {
  const Descriptor listener = listen_at_the_callee(stage, 5);
  const Standing call = answered(stage, begin_call(stage), listener);
  say(stage, call.caller, call.callee, callers_words);
  say(stage, call.callee, call.caller, callees_words);
  listen_to(stage, call.callee);
  listen_to(stage, call.caller);
  // Nothing is carried between these two: the FINs cross, however busy the machine is.
  need(phone_call::finish_speaking(call.caller.get()));
  need(phone_call::finish_speaking(call.callee.get()));
  stage.carry_until([&] { return stage.wire.hung_up(); });
}

void slow_close(const Stage& stage) {
  const Descriptor listener = listen_at_the_callee(stage, 5);
  const Standing call = answered(stage, begin_call(stage), listener);
  say(stage, call.caller, call.callee, callers_words);
  need(phone_call::finish_speaking(call.caller.get()));
  listen_to(stage, call.callee);
  stage.carry_until([&] { return has_event(call.callee, POLLRDHUP); });
  for (const std::string_view words : {first_half, second_half}) {
    const Deadline pause = Deadline::after(std::chrono::milliseconds(500));
    stage.carry_until([&] { return pause.milliseconds_left() == 0; });
    say(stage, call.callee, call.caller, words);
    listen_to(stage, call.caller);
  }
  need(phone_call::finish_speaking(call.callee.get()));
  stage.carry_until([&] { return stage.wire.hung_up(); });
}

void backlog_full(const Stage& stage) {
  const Descriptor listener = listen_at_the_callee(stage, 0);  // Linux keeps one more than that
  int requests = 0;
  stage.wire.lose([&](const WireSegment& segment) {
    if (segment.has(flag::syn) && segment.from == End::client) ++requests;
    return false;
  });
  Descriptor first = begin_call(stage);
  stage.carry_until([&] { return has_event(listener, POLLIN) && has_event(first, POLLOUT); });
  Descriptor second = begin_call(stage);
  stage.carry_until([&] { return requests == 3; });  // the first's, and two of the second's
  const Standing before = answered(stage, std::move(first), listener);
  const Standing call = answered(stage, std::move(second), listener);
  say(stage, call.caller, call.callee, callers_words);
  listen_to(stage, call.callee);
  say(stage, call.callee, call.caller, callees_words);
  need(phone_call::finish_speaking(call.callee.get()));
  stage.carry_until([&] { return has_event(call.caller, POLLRDHUP); });
  need(phone_call::finish_speaking(call.caller.get()));
  stage.carry_until([&] { return stage.wire.hung_up(); });
}

struct Script {
  std::string_view name;
  void (*play)(const Stage&);
};

constexpr std::array scripts = {
    Script{"call", call},
    Script{"refused", refused},
    Script{"half-open", half_open},
    Script{"syn-lost", syn_lost},
    Script{"syn-ack-lost", syn_ack_lost},
    Script{"rst", broken_off},
    Script{"simultaneous-close", simultaneous_close},
    Script{"slow-close", slow_close},
    Script{"backlog-full", backlog_full},
};

}  // namespace

void play_script(std::string_view name, Wire& wire, Deadline deadline) {
  for (const Script& script : scripts)
    if (script.name == name) return script.play({wire, deadline});
  throw Failure("no such scenario: " + std::string(name));
}

}  // namespace tracing
