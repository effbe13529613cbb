// The given half of lab 09: what a line comes to, and the two switchboards that sleep in the middle
// of a caller's story, which yours never do. Both hold a call by the same code (given_call.cpp);
// they differ in who has to wait meanwhile.
#include <poll.h>
#include <sys/socket.h>

#include <list>
#include <map>
#include <memory>
#include <stdexcept>
#include <system_error>

#include "exchange.hpp"
#include "given_call.hpp"
#include "switchboard.hpp"

namespace switchboard {

// --- what a line comes to --------------------------------------------------------------------

Reply respond(std::string_view line, std::uint64_t caller, std::size_t callers) {
  const auto asks_to = [&line](std::string_view verb) {
    return line.substr(0, verb.size()) == verb;
  };
  const auto text = [&line] { return std::string(line.substr(line.find(' ') + 1)); };
  if (asks_to("echo ")) return {text() + "\n", ""};
  if (asks_to("say ")) return {"said\n", std::to_string(caller) + " says " + text() + "\n"};
  if (line == "who") return {std::to_string(callers) + " callers\n", ""};
  if (asks_to("fault ")) throw std::runtime_error(text());
  if (line == "bye") return {"bye\n", "", true};
  return {"error unknown: " + std::string(line) + "\n", ""};
}

namespace {

// --- who answers ---

/// Waits for callers and for the stop, and lets the listener rest when descriptors have run out.
class Reception {
 public:
  Reception(Descriptor listener, const Stop& stop) : listener_(std::move(listener)), stop_(stop) {}

  void close() { listener_ = Descriptor(); }

  /// The next call; none when the stop is pulled, when `until` is over or when one of `others` is
  /// ready. Fails when nobody can ever be answered again.
  Result<Descriptor> next(std::vector<pollfd> others = {}, Time until = Time::max()) {
    const bool rests = Clock::now() < rests_until_;
    others.push_back({rests ? -1 : listener_.get(), POLLIN, 0});
    others.push_back({stop_.descriptor(), POLLIN, 0});
    if (rests) until = std::min(until, rests_until_);
    const int ready =
        ::poll(others.data(), others.size(), until == Time::max() ? -1 : milliseconds_until(until));
    if (ready > 0 && others.back().revents != 0) stopped_ = true;
    if (ready <= 0 || stopped_ || others[others.size() - 2].revents == 0) return Descriptor();
    Descriptor call(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (call) {
      set_up_call(call.get());
      return call;
    }
    const int code = errno;
    if (accept_failure(code) == AcceptFailure::listener_broken)
      return tl::unexpected(
          Error{Error::Kind::system, code, 0, std::string("accept: ") + std::strerror(code)});
    if (accept_failure(code) == AcceptFailure::out_of_descriptors)
      rests_until_ = Clock::now() + descriptor_pause;
    return call;
  }

  bool stopped() const { return stopped_; }

 private:
  Descriptor listener_;
  const Stop& stop_;
  Time rests_until_{};
  bool stopped_ = false;
};

void admit(Floor& floor, Call& call) {
  ++floor.tally.callers;
  floor.there.insert(&call);
  floor.tally.most_at_once = std::max(floor.tally.most_at_once, floor.there.size());
}

}  // namespace

// --- (a) one at a time -----------------------------------------------------------------------

Result<Tally> serve_one_at_a_time(Descriptor listener, const Limits& limits, const Stop& stop,
                                  const Exchange& exchange) {
  if (auto usable = expect_listener(listener.get()); !usable) return tl::unexpected(usable.error());
  Floor floor(limits, stop, exchange);
  Reception reception(std::move(listener), stop);
  floor.at_stop = [&reception] { reception.close(); };
  while (!reception.stopped()) {
    auto answered = reception.next();
    if (!answered) return tl::unexpected(answered.error());
    if (!*answered) continue;
    Call call(std::move(*answered), floor.tally.callers + 1, floor);
    admit(floor, call);
    call.hold();  // and everybody else waits
    floor.over.clear();
  }
  return floor.tally;
}

// --- (b) a thread a caller -------------------------------------------------------------------

namespace {

/// The callers that were told "busy". The thread that answers sees them off beside its own work:
/// a thread for each would be just what the limit is to prevent.
class TurnedAway {
 public:
  void add(Descriptor call, milliseconds closing) {
    ::send(call.get(), busy_words.data(), busy_words.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::shutdown(call.get(), SHUT_WR);
    calls_.push_back({std::move(call), Clock::now() + closing});
  }

  std::vector<pollfd> waits() const {
    std::vector<pollfd> all;
    for (const auto& one : calls_) all.push_back({one.call.get(), POLLIN, 0});
    return all;
  }

  Time next_end() const { return calls_.empty() ? Time::max() : calls_.front().end; }
  bool empty() const { return calls_.empty(); }

  /// Forgets those that have gone and those whose time is over.
  void look() {
    calls_.remove_if([](const Leaving& one) {
      char unwanted[4096];
      const ssize_t count = ::recv(one.call.get(), unwanted, sizeof unwanted, MSG_DONTWAIT);
      const bool gone = count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
      return gone || Clock::now() >= one.end;
    });
  }

 private:
  struct Leaving {
    Descriptor call;
    Time end;
  };
  std::list<Leaving> calls_;  ///< in the order of their ends
};

/// A call and the thread that holds it.
struct Held {
  std::unique_ptr<Call> call;
  std::thread thread;
};

/// Collects the threads of calls that are over.
void collect(Floor& floor, std::map<std::uint64_t, Held>& held) {
  std::vector<std::uint64_t> over;
  {
    const std::lock_guard lock(floor.guard);
    over.swap(floor.over);
  }
  for (const std::uint64_t number : over) {
    held.at(number).thread.join();
    held.erase(number);
  }
}

/// Gives the call a thread of its own. False, and the call given back, where none is to be had.
bool give_thread(Floor& floor, std::map<std::uint64_t, Held>& held, Descriptor& call) {
  const std::lock_guard lock(floor.guard);
  const std::uint64_t number = floor.tally.callers + 1;
  if (floor.there.size() >= floor.limits.callers) return false;
  Held& one = held[number];
  one.call = std::make_unique<Call>(std::move(call), number, floor);
  try {
    one.thread = std::thread([&holder = *one.call] { holder.hold(); });
  } catch (const std::system_error&) {
    call = one.call->give_back();
    held.erase(number);
    return false;
  }
  admit(floor, *one.call);  // in time: with the lock held, it can neither answer a line nor leave
  return true;
}

}  // namespace

Result<Tally> serve_by_threads(Descriptor listener, const Limits& limits, const Stop& stop,
                               const Exchange& exchange) {
  if (auto usable = expect_listener(listener.get()); !usable) return tl::unexpected(usable.error());
  const Stop all_calls;  // pulled when the listener is closed, and not before
  Floor floor(limits, all_calls, exchange);
  Reception reception(std::move(listener), stop);
  TurnedAway turned_away;
  std::map<std::uint64_t, Held> held;
  Result<Descriptor> answered;
  while (!reception.stopped() && answered) {
    collect(floor, held);
    answered = reception.next(turned_away.waits(), turned_away.next_end());
    turned_away.look();
    if (!answered || !*answered || give_thread(floor, held, *answered)) continue;
    ++floor.tally.turned_away;
    turned_away.add(std::move(*answered), limits.closing);
  }
  reception.close();
  all_calls.pull();
  while (!turned_away.empty()) {
    auto waits = turned_away.waits();
    ::poll(waits.data(), waits.size(), milliseconds_until(turned_away.next_end()));
    turned_away.look();
  }
  for (auto& [number, one] : held) one.thread.join();
  if (!answered) return tl::unexpected(answered.error());
  return floor.tally;
}

}  // namespace switchboard
