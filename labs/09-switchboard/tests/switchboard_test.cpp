// Practice for lab 09. Each rule is played with the given switchboards as well as with yours: all
// of them tell their callers the same. Callers are plain sockets that wait no longer than a few
// seconds; where calls fail on purpose (FaultyCalls), those of the switchboard and of its callers
// alike meet the script.
#include "switchboard.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <exception>
#include <thread>

#include "faulty_calls.hpp"
#include "file_descriptor.hpp"
#include "practice.hpp"

namespace {

using namespace switchboard;
using dialtone::Fault;
using dialtone::FaultyCalls;
using dialtone::FileDescriptor;
using dialtone::Random;
using dialtone::Story;
using Clock = std::chrono::steady_clock;

constexpr milliseconds patience{3000};

struct Variant {
  const char* name;
  Serve serve;
};
constexpr Variant one_at_a_time{"serve_one_at_a_time", serve_one_at_a_time};
constexpr Variant by_threads{"serve_by_threads", serve_by_threads};
constexpr Variant by_poll{"serve_by_poll", serve_by_poll};
constexpr Variant by_coroutines{"serve_by_coroutines", serve_by_coroutines};

// --- a switchboard at work ---

/// Serves in a thread of its own, on a free loopback port, until it is finished or destroyed.
class Board {
 public:
  Board(Story& story, const Variant& variant, const Limits& limits, const Exchange& exchange)
      : story_(story), limits_(limits), exchange_(exchange) {
    story.step(std::string(variant.name) + "(listener, limits, stop)");
    auto listener =
        socket_basics::listen_on({socket_basics::Address::Family::ipv4, "127.0.0.1", 0}, 64);
    if (!listener) story.fail("listen_on", "a listener", listener.error().message);
    port_ = socket_basics::local_address(listener->get())->port;
    const int small = 32 << 10;  // the calls inherit it
    setsockopt(listener->get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    setsockopt(listener->get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    thread_ = std::thread([this, variant, here = std::move(*listener)]() mutable {
      try {
        result_ = variant.serve(std::move(here), limits_, stop_, exchange_);
      } catch (...) {
        thrown_ = std::current_exception();
      }
      over_ = true;
    });
  }
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;
  ~Board() { end(); }  // what was thrown: see rethrow

  std::uint16_t port() const { return port_; }
  bool over() const { return over_; }

  void pull_stop() {
    story_.step("the stop is pulled");
    stop_.pull();
  }

  /// Pulls the stop and takes what came of it.
  Tally finish() {
    pull_stop();
    rethrow();
    if (!result_) story_.fail("serve", "a tally", result_.error().message);
    return *result_;
  }

  /// Pulls the stop, and throws what came out of the switchboard, if anything: it tells more than
  /// what a caller noticed of it.
  void rethrow() {
    end();
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  void end() {
    stop_.pull();
    if (thread_.joinable()) thread_.join();
  }

  Story& story_;
  Limits limits_;
  Exchange exchange_;
  Stop stop_;
  std::uint16_t port_ = 0;
  std::atomic<bool> over_{false};
  Result<Tally> result_;
  std::exception_ptr thrown_;
  std::thread thread_;
};

// --- a caller ---

class Caller {
 public:
  Caller(Story& story, const Board& board, std::string name)
      : story_(story), name_(std::move(name)), socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    story.step(name_ + " dials");
    const int small = 32 << 10;
    setsockopt(get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    setsockopt(get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(board.port());
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    refused_ = ::connect(get(), reinterpret_cast<const sockaddr*>(&in), sizeof in) != 0;
  }

  int get() const { return socket_.get(); }
  bool was_refused() const { return refused_; }

  /// Says as much as is taken while it waits this long; all of it, where the switchboard listens.
  std::size_t say(std::string_view words, milliseconds wait = patience) {
    story_.step(name_ + " says " + dialtone::show(words.substr(0, 60)));
    std::size_t said = 0;
    while (said < words.size()) {
      const ssize_t count =
          ::send(get(), words.data() + said, words.size() - said, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (count > 0)
        said += static_cast<std::size_t>(count);
      else if (errno != EAGAIN || !ready(POLLOUT, wait))
        break;
    }
    return said;
  }

  /// The next bytes, up to this many or to the end of the stream.
  std::string hear(std::size_t count) {
    std::string heard;
    while (heard.size() < count && ready(POLLIN, patience)) {
      char buffer[4096];
      const std::size_t most = std::min(sizeof buffer, count - heard.size());
      const ssize_t got = ::recv(get(), buffer, most, MSG_DONTWAIT);
      if (got <= 0) return heard + (got == 0 ? "(end)" : "(reset)");
      heard.append(buffer, static_cast<std::size_t>(got));
    }
    return heard;
  }

  void expect(std::string_view words) {
    const std::string heard = hear(words.size());
    if (heard != words)
      story_.fail(name_ + " hears", dialtone::show(words.substr(0, 500)),
                  dialtone::show(heard.substr(0, 500)));
  }

  void expect_hung_up() {
    const std::string heard = hear(100);
    if (heard != "(end)") story_.fail(name_ + " is hung up", "(end)", dialtone::show(heard));
  }

  void finish_speaking() {
    story_.step(name_ + " finishes speaking (shutdown)");
    ::shutdown(get(), SHUT_WR);
  }

  void hang_up() {
    story_.step(name_ + " hangs up");
    socket_.reset();
  }

  void break_off() {
    story_.step(name_ + " breaks off (RST)");
    const linger at_once{1, 0};
    setsockopt(get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    socket_.reset();
  }

 private:
  bool ready(short events, milliseconds wait) const {
    const auto until = Clock::now() + wait;
    for (;;) {
      const auto left = std::chrono::ceil<milliseconds>(until - Clock::now()).count();
      pollfd one{get(), events, 0};
      const int count = ::poll(&one, 1, static_cast<int>(std::max<long>(left, 0)));
      if (count != -1 || errno != EINTR) return count == 1;
    }
  }

  Story& story_;
  std::string name_;
  FileDescriptor socket_;
  bool refused_ = false;
};

using Rule = void (*)(Story&, Board&);

void play(Rule rule, const Variant& variant, const Limits& limits,
          const Exchange& exchange = respond) {
  Story story;
  Board board(story, variant, limits, exchange);
  try {
    rule(story, board);
  } catch (const dialtone::StoryFailed&) {
    board.rethrow();  // it may be unwritten
    throw;
  }
  board.rethrow();
}

/// The given switchboards first: they show that it can be done.
void play_poll(Rule rule, const Limits& limits, bool alone = false) {
  if (alone) play(rule, one_at_a_time, limits);
  play(rule, by_threads, limits);
  play(rule, by_poll, limits);
}

template <class A, class B>
void expect_figure(Story& s, const char* name, const A& got, const B& expected) {
  s.expect_equal(std::string("Tally::") + name, got, A(expected));
}

// --- the rules ---

void lines_arrive_in_any_cut(Story& s, Board& board) {
  Random random(dialtone::test_seed());
  Caller anna(s, board, "Anna");
  const std::string said = "echo one\necho two\r\nwho\n\nwhat is this\necho \n";
  const std::string answers =
      "one\ntwo\n1 callers\nerror unknown: \nerror unknown: what is this\n\n";
  for (std::size_t most : {std::size_t{1}, said.size(), std::size_t{7}}) {
    for (std::size_t at = 0; at < said.size();) {
      const std::string part = said.substr(at, random.between(1, most));
      anna.say(part);
      at += part.size();
    }
    anna.expect(answers);
  }
}

void long_line_ends_the_call(Story& s, Board& board) {
  const std::string longest(20, 'x');  // limits.line is 20
  Caller anna(s, board, "Anna");
  anna.say(longest + "\r\n" + longest + "y\necho after\n");
  anna.expect("error unknown: " + longest + "\nerror line too long\n");
  anna.expect_hung_up();
  anna.hang_up();
  Caller bert(s, board, "Bert");
  bert.say(longest + "without an end");
  bert.expect("error line too long\n");
  bert.expect_hung_up();
}

void chat_goes_to_the_others(Story& s, Board& board) {
  Caller anna(s, board, "Anna");
  anna.say("who\n");
  anna.expect("1 callers\n");
  Caller bert(s, board, "Bert");
  bert.say("who\n");
  bert.expect("2 callers\n");
  anna.say("say hello\n");
  anna.expect("said\n");
  bert.expect("1 says hello\n");
  bert.say("say hello to you\nbye\n");
  bert.expect("said\nbye\n");
  bert.expect_hung_up();
  anna.expect("2 says hello to you\n");
  anna.say("who\n");
  anna.expect("1 callers\n");
}

void chat_without_room_is_left_out(Story& s, Board& board) {
  Caller anna(s, board, "Anna, who does not listen,");
  anna.say("who\n");
  anna.expect("1 callers\n");
  Caller bert(s, board, "Bert");
  const std::string text(900, 'b');
  std::uint64_t lines = 0;
  for (; lines < 1000; ++lines) {
    bert.say("say " + text + "\n");
    bert.expect("said\n");
  }
  anna.say("echo that is all\n");
  const std::string line = "2 says " + text + "\n";
  std::uint64_t heard = 0;
  for (std::string next = anna.hear(12); next != "that is all\n"; next = anna.hear(12)) {
    next += anna.hear(line.size() - 12);
    s.expect_equal("Anna hears whole lines", next, line);
    ++heard;
  }
  anna.hang_up();
  bert.hang_up();
  expect_figure(s, "left_out", board.finish().left_out, lines - heard);
}

void who_does_not_listen_is_not_heard(Story& s, Board& board) {
  Caller anna(s, board, "Anna, who does not listen,");
  const std::string text(500, 'a');
  std::string flood;
  while (flood.size() < (std::size_t{4} << 20U)) flood += "echo " + text + "\n";
  const std::size_t said = anna.say(flood, milliseconds(100));
  s.expect("no more is read from her", said < 1'000'000, "less than 1 MB",
           std::to_string(said) + " bytes");
  if (board.over()) return;
  Caller bert(s, board, "Bert");
  bert.say("echo meanwhile\n");
  bert.expect("meanwhile\n");
  for (std::size_t i = 0; i < said / (text.size() + 6); ++i) anna.expect(text + "\n");
}

void one_more_is_told_busy(Story& s, Board& board) {
  Caller anna(s, board, "Anna");  // limits.callers is 1
  anna.say("who\n");
  anna.expect("1 callers\n");
  Caller bert(s, board, "Bert");
  bert.expect("busy\n");
  bert.expect_hung_up();
  anna.say("bye\n");
  anna.expect("bye\n");
  anna.expect_hung_up();
  Caller carl(s, board, "Carl");
  carl.say("who\n");
  carl.expect("1 callers\n");
  for (Caller* caller : {&anna, &bert, &carl}) caller->hang_up();
  const Tally tally = board.finish();
  expect_figure(s, "callers", tally.callers, 2U);
  expect_figure(s, "turned_away", tally.turned_away, 1U);
  expect_figure(s, "most_at_once", tally.most_at_once, 1U);
  expect_figure(s, "lines", tally.lines, 3U);
}

void silence_is_ended(Story& s, Board& board) {
  const auto begin = Clock::now();
  Caller anna(s, board, "Anna");  // limits.idle is 50 ms
  anna.say("echo no end");
  anna.expect("idle\n");
  s.expect("not before limits.idle", Clock::now() - begin >= milliseconds(50), ">= 50 ms",
           "sooner");
  anna.expect_hung_up();
  anna.hang_up();
  expect_figure(s, "timed_out", board.finish().timed_out, 1U);
}

void talk_without_end_is_ended(Story& s, Board& board) {
  Caller anna(s, board, "Anna");  // limits.total is 50 ms
  const auto begin = Clock::now();
  std::string heard;
  do {
    ::send(anna.get(), "who\n", 4, MSG_NOSIGNAL);
    heard = anna.hear(1);
    if (heard == "1") heard += anna.hear(9);
  } while (heard == "1 callers\n" && Clock::now() - begin < patience);
  s.expect_equal("Anna hears", heard, std::string("t"));
  anna.expect("ime is up\n");
  anna.hang_up();
  expect_figure(s, "timed_out", board.finish().timed_out, 1U);
}

void fault_ends_its_call_alone(Story& s, Board& board) {
  Caller anna(s, board, "Anna");
  anna.say("who\n");
  anna.expect("1 callers\n");
  for (const std::string text : {"the first", "the second"}) {
    Caller bert(s, board, "Bert");
    bert.say("fault " + text + "\necho after\n");
    bert.expect("error " + text + "\n");
    bert.expect_hung_up();
  }
  anna.say("who\n");
  anna.expect("1 callers\n");
  anna.hang_up();
  const Tally tally = board.finish();
  expect_figure(s, "faults", tally.faults, 2U);
  expect_figure(s, "first_fault", tally.first_fault, "the first");
}

void half_close_is_answered(Story& s, Board& board) {
  Caller anna(s, board, "Anna");
  anna.say("echo one\necho two\necho no end");
  anna.finish_speaking();
  anna.expect("one\ntwo\n");
  anna.expect_hung_up();
}

void broken_call_just_goes(Story& s, Board& board) {
  Caller anna(s, board, "Anna");
  anna.say("who\n");
  anna.expect("1 callers\n");
  anna.say("echo half a li");
  anna.break_off();
  Caller bert(s, board, "Bert");
  const auto begin = Clock::now();
  std::string callers;
  while (callers != "1 callers\n" && Clock::now() - begin < patience) {
    bert.say("who\n");
    callers = bert.hear(10);
  }
  s.expect_equal("who is left", callers, std::string("1 callers\n"));
  bert.hang_up();
  expect_figure(s, "faults", board.finish().faults, 0U);
}

void hang_up_is_in_order(Story& s, Board& board) {
  Caller anna(s, board, "Anna");
  const std::string text(800, 'a');
  std::string said;
  for (int i = 0; i < 300; ++i) said += "echo " + text + "\n";
  anna.say(said + "bye\necho unread\n");
  for (int i = 0; i < 300; ++i) anna.expect(text + "\n");
  anna.expect("bye\n");
  anna.expect_hung_up();
}

void stop_is_orderly(Story& s, Board& board) {
  Caller anna(s, board, "Anna");
  anna.say("echo here\n");
  anna.expect("here\n");
  anna.say("echo in flight\necho no end");
  board.pull_stop();
  anna.expect("in flight\n");
  anna.expect_hung_up();
  Caller bert(s, board, "Bert");  // Anna is still waited for
  s.expect_equal("Bert is refused", bert.was_refused(), true);
}

void stop_waits_no_longer_than_closing(Story& s, Board& board) {
  Caller anna(s, board, "Anna, who does not hang up,");  // limits.closing is 50 ms
  anna.say("echo here\n");
  anna.expect("here\n");
  const auto begin = Clock::now();
  board.finish();
  s.expect("it ends", Clock::now() - begin < patience, "in 50 ms, or not much later", "too late");
}

void descriptors_run_out(Story& s, Board& board) {
  FaultyCalls calls;
  calls.script("accept", {Fault::error(EMFILE)});
  s.step("the next accept fails: EMFILE");
  Caller anna(s, board, "Anna");
  anna.say("echo here\n");
  anna.expect("here\n");
  s.expect("the listener is left alone for a while", calls.seen("poll").size() < 50,
           "a few calls of poll", std::to_string(calls.seen("poll").size()));
}

void caller_is_gone_before_it_is_answered(Story& s, Board& board) {
  FaultyCalls calls;
  calls.script("accept", {Fault::error(ECONNABORTED), Fault::error(EINTR)});
  s.step("accept fails twice: ECONNABORTED, EINTR");
  Caller anna(s, board, "Anna");
  anna.say("echo here\n");
  anna.expect("here\n");
}

void short_sends_and_interruptions(Story& s, Board& board) {
  Caller anna(s, board, "Anna");
  anna.say("echo here\n");
  anna.expect("here\n");
  FaultyCalls calls;
  std::deque<Fault> faults;
  for (int i = 0; i < 30; ++i) {
    faults.push_back(Fault::at_most(1));
    if (i % 5 == 0) faults.push_back(Fault::error(EINTR));
  }
  s.step("sends take a byte at a time, polls and receives are interrupted");
  calls.script("poll", {Fault::error(EINTR), Fault::pass(), Fault::error(EINTR)});
  calls.script("recv", {Fault::error(EINTR)});
  ::write(anna.get(), "echo a line in many pieces\n", 27);
  calls.script("send", faults);
  std::string heard;
  const auto begin = Clock::now();
  while (heard.size() < 22 && Clock::now() - begin < patience) {
    char byte = 0;
    pollfd wait{anna.get(), POLLIN, 0};
    if (::poll(&wait, 1, 50) == 1 && ::read(anna.get(), &byte, 1) == 1) heard += byte;
  }
  s.expect_equal("Anna hears", heard, std::string("a line in many pieces\n"));
}

/// The rules above are played with `respond`; this one with words of its own.
void exchange_that_is_given_answers(const Variant& variant) {
  const Exchange counting = [](std::string_view line, std::uint64_t caller, std::size_t callers) {
    const std::string who = std::to_string(caller) + "/" + std::to_string(callers);
    return Reply{who + " " + std::string(line) + "\n", "", line == "over"};
  };
  const Rule rule = [](Story& s, Board& board) {
    Caller anna(s, board, "Anna");
    anna.say("who\nover\n");
    anna.expect("1/1 who\n1/1 over\n");
    anna.expect_hung_up();
  };
  play(rule, variant, Limits{}, counting);
}

void fails_without_a_listener(Serve serve) {
  Story s;
  const Stop stop;
  stop.pull();
  const auto result = serve(Descriptor(), Limits{}, stop, respond);
  if (result) s.fail("serve(no listener)", "a failure", "success");
  s.expect("the message says what was wrong", !result.error().message.empty(), "a text", "none");
}

Limits limits_with(std::size_t line, std::size_t callers, std::size_t queue = 16U << 10U) {
  Limits limits;
  limits.line = line;
  limits.callers = callers;
  limits.queue = queue;
  return limits;
}

Limits times(int idle, int total, int closing) {
  Limits limits;
  limits.idle = milliseconds(idle);
  limits.total = milliseconds(total);
  limits.closing = milliseconds(closing);
  return limits;
}

}  // namespace

// Each rule makes two tests, so that you can finish one switchboard before you begin the other.
#define FOR_BOTH(rule, limits, alone)  \
  TEST_CASE("poll_" #rule) {           \
    play_poll(rule, limits, alone);    \
  }                                    \
  TEST_CASE("coroutines_" #rule) {     \
    play(rule, by_coroutines, limits); \
  }

FOR_BOTH(lines_arrive_in_any_cut, Limits{}, true)
FOR_BOTH(long_line_ends_the_call, limits_with(20, 10), true)
FOR_BOTH(chat_goes_to_the_others, Limits{}, false)
FOR_BOTH(fault_ends_its_call_alone, Limits{}, false)
FOR_BOTH(half_close_is_answered, Limits{}, true)
FOR_BOTH(broken_call_just_goes, Limits{}, true)
FOR_BOTH(chat_without_room_is_left_out, limits_with(1024, 10), false)
FOR_BOTH(who_does_not_listen_is_not_heard, limits_with(1024, 10), false)
FOR_BOTH(one_more_is_told_busy, limits_with(1024, 1), false)
FOR_BOTH(silence_is_ended, times(50, 60'000, 2000), true)
FOR_BOTH(talk_without_end_is_ended, times(30'000, 50, 2000), true)
FOR_BOTH(hang_up_is_in_order, limits_with(1024, 10, std::size_t{1} << 20U), true)
FOR_BOTH(stop_is_orderly, Limits{}, true)
FOR_BOTH(stop_waits_no_longer_than_closing, times(30'000, 60'000, 50), true)
FOR_BOTH(descriptors_run_out, Limits{}, true)
FOR_BOTH(short_sends_and_interruptions, Limits{}, true)

// (Asio tries again by itself.)
TEST_CASE("poll_caller_is_gone_before_it_is_answered") {
  play_poll(caller_is_gone_before_it_is_answered, Limits{}, true);
}

TEST_CASE("poll_exchange_that_is_given_answers") {
  exchange_that_is_given_answers(one_at_a_time);
  exchange_that_is_given_answers(by_threads);
  exchange_that_is_given_answers(by_poll);
}

TEST_CASE("coroutines_exchange_that_is_given_answers") {
  exchange_that_is_given_answers(by_coroutines);
}

TEST_CASE("poll_fails_without_a_listener") {
  fails_without_a_listener(serve_by_poll);
  fails_without_a_listener(serve_one_at_a_time);
  fails_without_a_listener(serve_by_threads);
}

TEST_CASE("coroutines_fails_without_a_listener") {
  fails_without_a_listener(serve_by_coroutines);
}
