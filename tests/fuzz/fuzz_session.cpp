// A whole conversation with the capstone's server, on a socket pair and a store in memory: whatever
// is said, in whatever pieces, and whatever happens meanwhile, the rules of session_rules.hpp hold,
// and the session ends with its caller. Its memory is bounded by the fuzzer's -malloc_limit_mb.
//
// Input: four bytes (pieces, event, when, circumstances: see Plan), then what the caller says.
// session_mutator.cpp knows the form of frames and keeps most of them right.
#include <sys/socket.h>

#include <algorithm>
#include <csignal>

#include "file_descriptor.hpp"
#include "fuzz_support.hpp"
#include "session.hpp"
#include "session_rules.hpp"

namespace {

using namespace ftp::server;
using dialtone::FileDescriptor;
using namespace std::chrono_literals;

enum class Event { none, stop, closing_over, time_over, silence, hang_up, count };

/// What happens, but for the words.
struct Plan {
  explicit Plan(std::span<const std::byte>& input)
      : pieces(fuzz::take_byte(input)),
        event(static_cast<Event>(fuzz::take_byte(input) % static_cast<unsigned>(Event::count))),
        when(fuzz::take_byte(input)),
        circumstances(fuzz::take_byte(input)) {}

  bool has(unsigned bit) const { return (circumstances >> bit & 1U) == 1; }
  bool no_room() const { return has(0) && has(1); }
  bool listens_late() const { return has(2); }  ///< only when nothing more can be said
  bool small_buffers() const { return has(3); }
  fuzz::Troubles troubles() const {
    return {.little_room = has(4), .cannot_list = has(5) && has(6)};
  }

  unsigned pieces;
  Event event;
  unsigned when;  ///< in 256ths of what is said
  unsigned circumstances;
};

/// Every time limit is longer than a run: time passes when the plan says so.
constexpr Limits unhurried{.idle = 3600s, .closing = 3600s, .parting = 3'600'000ms};
constexpr auto too_long = 7200s;

/// One caller and its session.
class Conversation {
 public:
  Conversation(const Plan& plan, ftp::Store& store)
      : plan_(plan), services_(store, unhurried, log(), 0), loop_(services_) {
    int ends[2];
    fuzz::require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "a socket pair");
    caller_.reset(ends[0]);
    const int small = 1;  // the kernel makes it some kilobytes
    if (plan.small_buffers()) ::setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    Socket socket(loop_.context, asio::generic::stream_protocol(AF_UNIX, 0), ends[1]);
    call_ = std::make_shared<Call>(std::move(socket), loop_, "caller", unhurried.idle);
    asio::co_spawn(loop_.context, plan.no_room() ? turn_away(call_) : converse(call_),
                   [this](const std::exception_ptr& thrown) {
                     fuzz::require(!thrown, "no exception leaves a session");
                     is_over_ = true;
                   });
    settle();
  }
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  fuzz::Talk hold(std::span<const std::byte> words) {
    const std::size_t before = words.size() * plan_.when / 256;
    say(words.first(before));
    happen();
    say(words.subspan(before));
    end();
    return {fuzz::text_of(words), std::move(heard_), before, ending(), plan_.no_room()};
  }

 private:
  static Log& log() {
    static Log nowhere("/dev/null");
    return nowhere;
  }

  /// Lets the session go on until it waits for its caller, or is over.
  void settle() {
    go_on();
    if (is_silent_) let_time_pass();
  }

  /// The pools have no threads: what they have to do is done here, in its turn, so that a run has
  /// but one course (and is faster). Asio has no public name for that.
  void go_on() {
    const auto work_of = [](asio::thread_pool& pool) {
      asio::error_code ignored;
      return asio::use_service<asio::detail::scheduler>(pool).poll(ignored);
    };
    while (loop_.context.poll() + work_of(services_.workers) + work_of(services_.readers) > 0)
      continue;
    if (is_over_) call_.reset();  // closes the socket
  }

  void let_time_pass() {
    if (call_) call_->look_at_time(Clock::now() + too_long);
    go_on();
  }

  void say(std::span<const std::byte> words) {
    constexpr std::size_t longest[] = {1, 5, 40, 300, 5'000, 1'000'000};
    std::size_t most = longest[plan_.pieces % std::size(longest)];
    most = std::max(most, words.size() / 200);  // a run is short
    while (!words.empty() && caller_) {
      const auto piece = words.first(std::min(most, words.size()));
      const ssize_t count =
          ::send(caller_.get(), piece.data(), piece.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (count > 0)
        words = words.subspan(static_cast<std::size_t>(count));
      else if (errno != EAGAIN)
        return;  // the server is gone
      settle();
      const bool has_heard = (count > 0 && plan_.listens_late()) || listen();
      fuzz::require(count > 0 || has_heard, "a caller that listens is listened to");
    }
  }

  /// Whether there was something to hear.
  bool listen() {
    static std::array<char, std::size_t{64} << 10U> buffer;
    bool has_heard = false;
    for (;;) {
      const ssize_t count = ::recv(caller_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (count <= 0) return has_heard;
      has_heard = true;
      heard_.append(buffer.data(), static_cast<std::size_t>(count));
      settle();
    }
  }

  void happen() {
    switch (plan_.event) {
      case Event::stop:
        loop_.stop();
        break;
      case Event::closing_over:
        if (call_) call_->interrupt(ftp::Error::Code::disconnected);
        break;
      case Event::time_over:
        let_time_pass();
        break;
      case Event::silence:  // from now on, whenever it is waited for the caller
        is_silent_ = true;
        break;
      case Event::hang_up:
        caller_.reset();
        break;
      default:
        break;
    }
    settle();
  }

  fuzz::Ending ending() const {
    switch (plan_.event) {
      case Event::none:
        return fuzz::Ending::calm;
      case Event::stop:
        return fuzz::Ending::stopped;
      case Event::time_over:
        return fuzz::Ending::out_of_time;
      default:
        return fuzz::Ending::cut;
    }
  }

  void end() {
    if (caller_) {
      ::shutdown(caller_.get(), SHUT_WR);
      settle();
      listen();
    }
    fuzz::require(is_over_, "a session ends with its caller");
  }

  const Plan& plan_;
  Services services_;
  Loop loop_;
  FileDescriptor caller_;
  std::shared_ptr<Call> call_;
  std::string heard_;
  bool is_over_ = false;
  bool is_silent_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  std::signal(SIGPIPE, SIG_IGN);  // as the program does
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto input = std::as_bytes(std::span(data, size));
  const Plan plan(input);
  fuzz::MemoryStore store(plan.troubles());
  fuzz::must_hold(Conversation(plan, store).hold(input), store);
  return 0;
}
