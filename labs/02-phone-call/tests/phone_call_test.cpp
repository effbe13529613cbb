// Practice for lab 02. Where calls fail on purpose (FaultyCalls), all of this process's calls meet
// the script: what the peer has to say is said before, and it is looked at afterwards.
#include "phone_call.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>

#include "faulty_calls.hpp"
#include "file_descriptor.hpp"
#include "practice.hpp"

namespace {

using namespace phone_call;
using dialtone::Fault;
using dialtone::FaultyCalls;
using dialtone::FileDescriptor;
using dialtone::Random;
using dialtone::Story;
using Kind = Error::Kind;

Deadline soon() {
  return Deadline::after(std::chrono::seconds(5));
}

Deadline now() {
  return Deadline::after(std::chrono::milliseconds(0));
}

const char* name_of(Kind kind) {
  constexpr const char* names[] = {"bad_address",   "refused", "timed_out",
                                   "end_of_stream", "broken",  "system"};
  return names[static_cast<int>(kind)];
}

template <class T>
void expect_success(Story& s, std::string_view what, const Result<T>& result) {
  if (!result) s.fail(what, "success", result.error().message);
}

template <class T>
void expect_failure(Story& s, std::string_view what, const Result<T>& result, Kind kind) {
  if (result) s.fail(what, name_of(kind), "success");
  s.expect_equal(std::string(what) + ": kind of the error", name_of(result.error().kind),
                 std::string_view(name_of(kind)));
}

// --- the tests' own ends ---

const sockaddr_in anywhere_local = [] {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}();

/// A socket of the test's on a free loopback port; it listens when it is a stream socket.
struct Bound {
  explicit Bound(int type) : socket(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    bind(socket.get(), reinterpret_cast<const sockaddr*>(&anywhere_local), sizeof anywhere_local);
    if (type == SOCK_STREAM) listen(socket.get(), 5);
    address = address_of(socket.get());
  }
  static Address address_of(int fd) {
    sockaddr_in in{};
    socklen_t length = sizeof in;
    getsockname(fd, reinterpret_cast<sockaddr*>(&in), &length);
    return {Address::Family::ipv4, "127.0.0.1", ntohs(in.sin_port)};
  }
  FileDescriptor socket;
  Address address;
};

sockaddr_in system_form(const Address& address) {
  sockaddr_in in = anywhere_local;
  in.sin_port = htons(address.port);
  return in;
}

void post(int socket, const Address& to, std::string_view bytes) {
  const sockaddr_in in = system_form(to);
  sendto(socket, bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&in), sizeof in);
}

/// A port where nobody is, kept from others: a bound stream socket that does not listen, or a
/// datagram socket that is connected elsewhere.
struct Nobody {
  explicit Nobody(int type) : socket(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    bind(socket.get(), reinterpret_cast<const sockaddr*>(&anywhere_local), sizeof anywhere_local);
    address = Bound::address_of(socket.get());
    const sockaddr_in elsewhere = system_form({Address::Family::ipv4, "127.0.0.1", 1});
    if (type == SOCK_DGRAM)
      connect(socket.get(), reinterpret_cast<const sockaddr*>(&elsewhere), sizeof elsewhere);
  }
  FileDescriptor socket;
  Address address;
};

/// A TCP socket connected to a listener.
FileDescriptor caller_of(int listener) {
  FileDescriptor caller(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in in = system_form(Bound::address_of(listener));
  connect(caller.get(), reinterpret_cast<const sockaddr*>(&in), sizeof in);
  return caller;
}

void say(int socket, std::string_view words) {
  send(socket, words.data(), words.size(), MSG_NOSIGNAL);
}

/// All that comes until the end of the stream; "(reset)" follows where a RST ended it.
std::string hear(int socket) {
  std::string heard;
  for (;;) {
    char buffer[4096];
    pollfd wait{socket, POLLIN, 0};
    if (poll(&wait, 1, 3000) != 1) return heard + "(silence)";
    const ssize_t count = recv(socket, buffer, sizeof buffer, MSG_DONTWAIT);
    if (count == 0) return heard;
    if (count < 0) return heard + "(reset)";
    heard.append(buffer, static_cast<std::size_t>(count));
  }
}

std::string next_datagram(int socket) {
  char buffer[4096];
  pollfd wait{socket, POLLIN, 0};
  if (poll(&wait, 1, 3000) != 1) return "(silence)";
  const ssize_t count = recv(socket, buffer, sizeof buffer, MSG_DONTWAIT);
  return std::string(buffer, static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
}

/// Two connected stream sockets.
struct Line {
  Line() {
    const Bound listener(SOCK_STREAM);
    ours = caller_of(listener.socket.get());
    theirs = FileDescriptor(accept(listener.socket.get(), nullptr, nullptr));
  }
  FileDescriptor ours;
  FileDescriptor theirs;
};

/// The other party of a call, in a thread of its own, which gives up when the test is over.
class Peer {
 public:
  /// `role` is called once the socket has something to read.
  template <class Role>
  Peer(int socket, Role role)
      : thread_([this, socket, role] {
          for (int i = 0; i < 500 && !over_; ++i) {
            pollfd wait{socket, POLLIN, 0};
            if (poll(&wait, 1, 10) == 1) return role();
          }
        }) {}
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() {
    over_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> over_{false};
  std::thread thread_;
};

/// A steady clock that moves on by a millisecond whenever somebody looks at it.
std::chrono::steady_clock::time_point impatient_clock() {
  static std::atomic<int> looks{0};
  return std::chrono::steady_clock::time_point(std::chrono::milliseconds(++looks));
}

const char* name_of(Step step) {
  constexpr const char* names[] = {"phone",  "sim",   "dial",   "wait",
                                   "answer", "speak", "listen", "hang_up"};
  return names[static_cast<int>(step)];
}

/// Writes down the steps that it is told.
struct Notes {
  std::string order;
  std::string last_result;
  Narrator narrator() {
    return [this](const Event& event) {
      order += (order.empty() ? "" : " ") + std::string(name_of(event.step));
      last_result = event.result;
    };
  }
};

}  // namespace

// --- hearing ---

TEST_CASE("short_read_is_not_end_of_file") {
  Story s;
  const Line line;
  s.step("the peer says \"hello, world\" and hangs up; each recv gives one byte or two");
  say(line.ours.get(), "hello, world");
  shutdown(line.ours.get(), SHUT_WR);
  FaultyCalls faults;
  faults.script("recv", {Fault::at_most(1), Fault::at_most(2), Fault::at_most(1)});
  const auto heard = hear_all(line.theirs.get(), 100, soon());
  expect_success(s, "hear_all", heard);
  s.expect_equal("what was heard", *heard, std::string("hello, world"));
}

TEST_CASE("interrupted_and_empty_handed_reads_are_tried_again") {
  Story s;
  const Line line;
  say(line.ours.get(), "hello");
  s.step("recv fails with EINTR, then with EAGAIN, then works");
  FaultyCalls faults;
  faults.script("recv", {Fault::error(EINTR), Fault::error(EAGAIN), Fault::pass()});
  faults.script("poll", {Fault::error(EINTR)});
  const auto heard = hear_once(line.theirs.get(), 100, soon());
  expect_success(s, "hear_once", heard);
  s.expect_equal("what was heard", *heard, std::string("hello"));
}

TEST_CASE("reset_is_not_end_of_stream") {
  Story s;
  const Line line;
  say(line.ours.get(), "half a sent");
  s.step("the peer says \"half a sent\"; then recv fails with ECONNRESET");
  FaultyCalls faults;
  faults.script("recv", {Fault::pass(), Fault::error(ECONNRESET)});
  const auto heard = hear_all(line.theirs.get(), 100, soon());
  expect_failure(s, "hear_all", heard, Kind::broken);
  s.expect_equal("Error::moved", heard.error().moved, std::size_t{11});
}

TEST_CASE("full_to_the_brim_is_not_too_long") {
  Story s;
  Random random(dialtone::test_seed());
  const std::string words = random.bytes(random.between(1, 2000));
  for (const bool one_more : {false, true}) {
    Line line;
    say(line.ours.get(), words + (one_more ? "!" : ""));
    line.ours.reset();
    s.step("the peer says " + std::to_string(words.size() + one_more) + " bytes; the limit is " +
           std::to_string(words.size()));
    const auto heard = hear_all(line.theirs.get(), words.size(), soon());
    if (!one_more) {
      expect_success(s, "hear_all", heard);
      s.expect_equal("what was heard", *heard, words);
    } else {
      expect_failure(s, "hear_all", heard, Kind::system);
      s.expect_equal("Error::code", heard.error().code, EMSGSIZE);
    }
  }
}

TEST_CASE("hear_once_does_not_wait_for_more") {
  Story s;
  const Line line;
  say(line.ours.get(), "hello");
  s.step("5 bytes are there, and the limit is 1000");
  const auto all = hear_once(line.theirs.get(), 1000, soon());
  expect_success(s, "hear_once", all);
  s.expect_equal("what was heard", *all, std::string("hello"));
  s.step("5 bytes are there, and the limit is 2");
  say(line.ours.get(), "hello");
  const auto some = hear_once(line.theirs.get(), 2, soon());
  expect_success(s, "hear_once", some);
  s.expect_equal("what was heard", *some, std::string("he"));
}

TEST_CASE("empty_text_means_hung_up") {
  Story s;
  Line line;
  s.step("the peer hangs up");
  line.ours.reset();
  const auto heard = hear_once(line.theirs.get(), 100, soon());
  expect_success(s, "hear_once", heard);
  s.expect_equal("what was heard", *heard, std::string());
}

TEST_CASE("who_finished_speaking_still_hears") {
  Story s;
  Line line;
  s.step("finish_speaking");
  expect_success(s, "finish_speaking", finish_speaking(line.theirs.get()));
  s.expect_equal("what the peer hears", hear(line.ours.get()), std::string());
  s.step("the peer talks on and hangs up");
  say(line.ours.get(), "one more thing");
  line.ours.reset();
  const auto heard = hear_all(line.theirs.get(), 100, soon());
  expect_success(s, "hear_all", heard);
  s.expect_equal("what was heard", *heard, std::string("one more thing"));
}

TEST_CASE("silence_ends_at_the_deadline") {
  Story s;
  const Line line;
  const Bound socket(SOCK_DGRAM);
  s.step("nobody says anything, and the deadline is over");
  expect_failure(s, "hear_once", hear_once(line.theirs.get(), 10, now()), Kind::timed_out);
  expect_failure(s, "hear_all", hear_all(line.theirs.get(), 10, now()), Kind::timed_out);
  expect_failure(s, "receive_datagram", receive_datagram(socket.socket.get(), 10, now()),
                 Kind::timed_out);
}

TEST_CASE("dripping_peer_does_not_stretch_the_deadline") {
  Story s;
  const Line line;
  say(line.ours.get(), std::string(5000, 'x'));
  s.step("each byte must be waited for, and each look at the clock takes a millisecond");
  FaultyCalls faults;
  std::deque<Fault> drip;
  for (int i = 0; i < 5000; ++i) {
    drip.push_back(Fault::error(EAGAIN));
    drip.push_back(Fault::at_most(1));
  }
  faults.script("recv", drip);
  const auto deadline = Deadline::after(std::chrono::milliseconds(100), impatient_clock);
  const auto heard = hear_all(line.theirs.get(), 10'000, deadline);
  expect_failure(s, "hear_all", heard, Kind::timed_out);
  s.expect("bytes that came before the deadline", heard.error().moved < 200, "fewer than 200",
           std::to_string(heard.error().moved));
}

// --- TCP ---

TEST_CASE("caller_hears_until_the_callee_hangs_up") {
  Story s;
  const Bound server(SOCK_STREAM);
  std::string asked;
  Result<Talk> talk;
  {
    const Peer callee(server.socket.get(), [&] {
      const FileDescriptor call(accept(server.socket.get(), nullptr, nullptr));
      asked = next_datagram(call.get());  // what one recv gives
      say(call.get(), "I am ");
      poll(nullptr, 0, 1);  // the pieces travel apart
      say(call.get(), "the server");
    });
    s.step("call_tcp says \"I am the client\"; the reply comes in two pieces");
    talk = call_tcp(server.address, "I am the client", soon());
  }
  expect_success(s, "call_tcp", talk);
  s.expect_equal("what the callee heard", asked, std::string("I am the client"));
  s.expect_equal("Talk::heard", talk->heard, std::string("I am the server"));
  s.expect_equal("Talk::peer", to_string(talk->peer), to_string(server.address));
  s.expect_equal("Talk::full_length", talk->full_length, std::size_t{15});
}

TEST_CASE("nobody_there_is_refused") {
  Story s;
  const Nobody nobody(SOCK_STREAM);
  s.step("call_tcp, where nobody listens");
  Notes notes;
  const auto talk = call_tcp(nobody.address, "?", soon(), notes.narrator());
  expect_failure(s, "call_tcp", talk, Kind::refused);
  s.expect_equal("the last step's result", notes.last_result, talk.error().message);
}

TEST_CASE("five_callers_find_room") {
  Story s;
  FaultyCalls calls;
  s.step("wait_for_calls");
  const auto listener = wait_for_calls({Address::Family::ipv4, "127.0.0.1", 0});
  expect_success(s, "wait_for_calls", listener);
  const auto seen = calls.seen("listen");
  s.expect_equal("calls of listen", seen.size(), std::size_t{1});
  s.expect_equal("its backlog", seen.front().flags, 5);
}

TEST_CASE("callee_answers_in_order") {
  Story s;
  const Bound listener(SOCK_STREAM);
  const FileDescriptor caller = caller_of(listener.socket.get());
  say(caller.get(), "hello");
  shutdown(caller.get(), SHUT_WR);
  s.step("a caller says \"hello\"; answer_tcp");
  Notes notes;
  const auto talk = answer_tcp(listener.socket.get(), "hi", soon(), notes.narrator());
  expect_success(s, "answer_tcp", talk);
  s.expect_equal("Talk::heard", talk->heard, std::string("hello"));
  s.expect_equal("Talk::peer", to_string(talk->peer), to_string(Bound::address_of(caller.get())));
  s.expect_equal("what the caller hears", hear(caller.get()), std::string("hi"));
  s.expect_equal("the steps told", notes.order, std::string("answer listen speak hang_up"));
}

TEST_CASE("aborted_caller_is_passed_over") {
  Story s;
  const Bound listener(SOCK_STREAM);
  const FileDescriptor caller = caller_of(listener.socket.get());
  say(caller.get(), "hello");
  shutdown(caller.get(), SHUT_WR);
  s.step("accept fails with ECONNABORTED, then works");
  FaultyCalls faults;
  faults.script("accept", {Fault::error(ECONNABORTED), Fault::pass()});
  const auto talk = answer_tcp(listener.socket.get(), "hi", soon());
  expect_success(s, "answer_tcp", talk);
  s.expect_equal("Talk::heard", talk->heard, std::string("hello"));
}

TEST_CASE("caller_without_a_word_is_end_of_stream") {
  Story s;
  const Bound listener(SOCK_STREAM);
  caller_of(listener.socket.get()).reset();
  s.step("a caller hangs up without a word; answer_tcp");
  Notes notes;
  const auto talk = answer_tcp(listener.socket.get(), "hi", soon(), notes.narrator());
  expect_failure(s, "answer_tcp", talk, Kind::end_of_stream);
  s.expect_equal("the steps told", notes.order, std::string("answer listen"));
  s.expect_equal("the last step's result", notes.last_result, talk.error().message);
}

TEST_CASE("no_reset_overtakes_the_reply") {
  Story s;
  const Bound listener(SOCK_STREAM);
  const FileDescriptor caller = caller_of(listener.socket.get());
  say(caller.get(), std::string(3000, 'x'));
  shutdown(caller.get(), SHUT_WR);
  s.step("a caller says 3000 bytes, of which only 1024 are listened to");
  const auto talk = answer_tcp(listener.socket.get(), "hi", soon());
  expect_success(s, "answer_tcp", talk);
  s.expect_equal("bytes heard", talk->heard.size(), usual_limit);
  s.expect_equal("what the caller hears", hear(caller.get()), std::string("hi"));
}

TEST_CASE("interrupted_and_short_sends_are_finished") {
  Story s;
  const Bound listener(SOCK_STREAM);
  const FileDescriptor caller = caller_of(listener.socket.get());
  say(caller.get(), "hello");
  shutdown(caller.get(), SHUT_WR);
  s.step("send is interrupted, then takes 3 bytes, then none, then the rest");
  {
    FaultyCalls faults;
    faults.script("send", {Fault::error(EINTR), Fault::at_most(3), Fault::error(EAGAIN)});
    expect_success(s, "answer_tcp", answer_tcp(listener.socket.get(), "good morning", soon()));
  }
  s.expect_equal("what the caller hears", hear(caller.get()), std::string("good morning"));
}

// --- UDP ---

TEST_CASE("udp_caller_hears_its_server_and_no_stranger") {
  Story s;
  const Bound server(SOCK_DGRAM);
  const Bound stranger(SOCK_DGRAM);
  std::string asked;
  Result<Talk> talk;
  Notes notes;
  {
    const Peer callee(server.socket.get(), [&] {
      sockaddr_in from{};
      socklen_t length = sizeof from;
      char buffer[100];
      const ssize_t count = recvfrom(server.socket.get(), buffer, sizeof buffer, 0,
                                     reinterpret_cast<sockaddr*>(&from), &length);
      asked.assign(buffer, static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
      const Address caller{Address::Family::ipv4, "127.0.0.1", ntohs(from.sin_port)};
      post(stranger.socket.get(), caller, "I am the server, believe me");
      post(server.socket.get(), caller, "I am the server");
    });
    s.step("call_udp; a stranger's datagram arrives before the reply");
    talk = call_udp(server.address, "I am the client", soon(), notes.narrator());
  }
  expect_success(s, "call_udp", talk);
  s.expect_equal("what the callee heard", asked, std::string("I am the client"));
  s.expect_equal("Talk::heard", talk->heard, std::string("I am the server"));
  s.expect_equal("Talk::peer", to_string(talk->peer), to_string(server.address));
  s.expect_equal("the steps told", notes.order, std::string("phone sim speak listen"));
}

TEST_CASE("udp_to_nobody_is_refused") {
  Story s;
  const Nobody nobody(SOCK_DGRAM);
  s.step("call_udp, where nobody has the port");
  expect_failure(s, "call_udp", call_udp(nobody.address, "?", soon()), Kind::refused);
}

TEST_CASE("reply_goes_to_the_sender") {
  Story s;
  const Bound socket(SOCK_DGRAM);
  const Bound callers[] = {Bound(SOCK_DGRAM), Bound(SOCK_DGRAM)};
  for (const Bound& caller : callers) {
    s.step("a datagram from " + to_string(caller.address) + "; answer_udp");
    post(caller.socket.get(), socket.address, "hello");
    const auto talk = answer_udp(socket.socket.get(), "hi", soon());
    expect_success(s, "answer_udp", talk);
    s.expect_equal("Talk::peer", to_string(talk->peer), to_string(caller.address));
    s.expect_equal("what that caller hears", next_datagram(caller.socket.get()), std::string("hi"));
  }
}

TEST_CASE("empty_datagram_is_a_message") {
  Story s;
  const Bound here(SOCK_DGRAM);
  const Bound there(SOCK_DGRAM);
  s.step("datagrams \"one\", \"\" and \"two\" are sent");
  for (const char* words : {"one", "", "two"})
    expect_success(s, "send_datagram",
                   send_datagram(here.socket.get(), words, there.address, soon()));
  for (const char* words : {"one", "", "two"}) {
    const auto datagram = receive_datagram(there.socket.get(), 100, soon());
    expect_success(s, "receive_datagram", datagram);
    s.expect_equal("Datagram::bytes", datagram->bytes, std::string(words));
  }
}

TEST_CASE("cut_datagram_says_its_length") {
  Story s;
  const Bound here(SOCK_DGRAM);
  const Bound there(SOCK_DGRAM);
  s.step("one datagram of 3000 bytes; the limit is 1024");
  post(here.socket.get(), there.address, std::string(3000, 'x'));
  const auto datagram = receive_datagram(there.socket.get(), 1024, soon());
  expect_success(s, "receive_datagram", datagram);
  s.expect_equal("bytes", datagram->bytes.size(), std::size_t{1024});
  s.expect_equal("full_length", datagram->full_length, std::size_t{3000});
}

TEST_CASE("interrupted_datagrams_are_tried_again") {
  Story s;
  const Bound here(SOCK_DGRAM);
  const Bound there(SOCK_DGRAM);
  FaultyCalls faults;
  for (const char* call : {"send", "sendto", "recv", "recvfrom", "recvmsg"})
    faults.script(call, {Fault::error(EINTR), Fault::error(EAGAIN)});
  s.step("each call fails with EINTR, then with EAGAIN, then works");
  expect_success(s, "send_datagram",
                 send_datagram(here.socket.get(), "hello", there.address, soon()));
  const auto datagram = receive_datagram(there.socket.get(), 100, soon());
  expect_success(s, "receive_datagram", datagram);
  s.expect_equal("Datagram::bytes", datagram->bytes, std::string("hello"));
}

TEST_CASE("too_long_for_a_datagram_is_an_error") {
  Story s;
  const Bound here(SOCK_DGRAM);
  const Bound there(SOCK_DGRAM);
  s.step("send_datagram of 70,000 bytes");
  const auto sent =
      send_datagram(here.socket.get(), std::string(70'000, 'x'), there.address, soon());
  expect_failure(s, "send_datagram", sent, Kind::system);
  s.expect_equal("Error::code", sent.error().code, EMSGSIZE);
}

TEST_CASE("lost_datagrams_are_counted") {
  Story s;
  const auto phone = open_udp({Address::Family::ipv4, "127.0.0.1", 0});
  expect_success(s, "open_udp", phone);
  const int smallest = 1;  // the kernel raises it to its minimum
  setsockopt(phone->get(), SOL_SOCKET, SO_RCVBUF, &smallest, sizeof smallest);
  const Bound peer(SOCK_DGRAM);
  const Address to = Bound::address_of(phone->get());
  s.step("20 datagrams are sent to a queue with room for few");
  for (int i = 0; i < 20; ++i) post(peer.socket.get(), to, std::string(500, 'x'));
  std::uint32_t received = 0;
  for (int waiting = 1;; ++received) {
    ioctl(phone->get(), FIONREAD, &waiting);
    if (waiting == 0) break;
    expect_success(s, "receive_datagram", receive_datagram(phone->get(), 1000, soon()));
  }
  s.step(std::to_string(received) + " of them were received; now one more is sent");
  post(peer.socket.get(), to, "last");
  const auto last = receive_datagram(phone->get(), 1000, soon());
  expect_success(s, "receive_datagram", last);
  s.expect_equal("Datagram::dropped", last->dropped, 20 - received);
}

TEST_CASE("unix_address_is_none_for_udp") {
  Story s;
  s.step("open_udp(unix:@x)");
  expect_failure(s, "open_udp", open_udp({Address::Family::unix_abstract, "x", 0}),
                 Kind::bad_address);
}

TEST_CASE("failed_bind_leaves_no_socket_open") {
  Story s;
  FaultyCalls faults;
  faults.script("bind", {Fault::error(EADDRINUSE)});
  s.step("open_udp, and bind fails with EADDRINUSE");
  expect_failure(s, "open_udp", open_udp({Address::Family::ipv4, "127.0.0.1", 0}), Kind::system);
  s.expect_equal("sockets closed", faults.seen("close").size(), faults.seen("socket").size());
}
