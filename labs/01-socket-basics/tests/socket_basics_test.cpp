// Practice for lab 01. Calls that fail on purpose (FaultyCalls) and a clock that only tests move
// (ManualClock) bring about here what a real network brings about once in a while.
#include "socket_basics.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>

#include "faulty_calls.hpp"
#include "file_descriptor.hpp"
#include "manual_clock.hpp"
#include "practice.hpp"

namespace {

using namespace socket_basics;
using dialtone::Fault;
using dialtone::FaultyCalls;
using dialtone::FileDescriptor;
using dialtone::ManualClock;
using dialtone::printable;
using dialtone::Random;
using dialtone::SeenCall;
using dialtone::Story;
using std::chrono::milliseconds;
using Kind = Error::Kind;
using Family = Address::Family;

/// A deadline by the real clock that no test should meet.
Deadline ample() {
  return Deadline::after(std::chrono::seconds(5));
}

/// A deadline by the clock that stands still.
Deadline in(milliseconds time) {
  return Deadline::after(time, ManualClock::now);
}

// --- telling what came ---

const char* name_of(Kind kind) {
  constexpr const char* names[] = {"bad_address",   "refused", "timed_out",
                                   "end_of_stream", "broken",  "system"};
  return names[static_cast<int>(kind)];
}

const char* name_of(Family family) {
  constexpr const char* names[] = {"ipv4", "ipv6", "unix_path", "unix_abstract"};
  return names[static_cast<int>(family)];
}

std::string told(const Address& address) {
  return std::string(name_of(address.family)) + ", name " + printable(address.name) + ", port " +
         std::to_string(address.port);
}

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

Result<void> receive_into(int socket, std::string& buffer, Deadline deadline) {
  return receive_exactly(socket, std::as_writable_bytes(std::span(buffer)), deadline);
}

template <class T>
void expect_success(Story& s, std::string_view what, const Result<T>& result) {
  if (!result)
    s.fail(what, "success",
           std::string(name_of(result.error().kind)) + ": " + result.error().message);
}

template <class T>
const Error& expect_failure(Story& s, const std::string& what, const Result<T>& result, Kind kind) {
  if (result) s.fail(what, std::string("a failure: ") + name_of(kind), "success");
  s.expect_equal(what + ": kind of the error", name_of(result.error().kind),
                 std::string_view(name_of(kind)));
  return result.error();
}

void expect_address(Story& s, std::string_view what, const Address& got, const Address& expected) {
  s.expect(what, got == expected, told(expected), told(got));
}

/// The part of an error's message that every reader needs.
void expect_in(Story& s, std::string_view what, const std::string& message,
               const std::string& part) {
  s.expect(what, message.find(part) != std::string::npos, "…" + part + "…", printable(message));
}

// --- the tests' own ends ---

/// Two connected sockets: one that the student's code works on, one for the test to be the peer.
struct Line {
  Line() {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    ours.reset(ends[0]);
    theirs.reset(ends[1]);
  }
  int socket() const { return theirs.get(); }
  FileDescriptor ours;
  FileDescriptor theirs;
};

void say(int socket, std::string_view words) {
  REQUIRE(::send(socket, words.data(), words.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(words.size()));
}

/// What lies in the socket now, without waiting.
std::string hear(int socket) {
  std::string heard;
  char buffer[4096];
  for (;;) {
    const ssize_t count = ::recv(socket, buffer, sizeof buffer, MSG_DONTWAIT);
    if (count <= 0) return heard;
    heard.append(buffer, static_cast<std::size_t>(count));
  }
}

bool is_open(int fd) {
  return fcntl(fd, F_GETFD) != -1;
}

/// A descriptor that nobody but the student's code closes.
int open_one() {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(fd >= 0);
  return fd;
}

/// A name that no other process has taken.
std::string fresh_name() {
  static int count = 0;
  return "dialtone-practice-" + std::to_string(getpid()) + "-" + std::to_string(++count);
}

Address fresh_address() {
  return {Family::unix_abstract, fresh_name(), 0};
}

const Address any_local_port{Family::ipv4, "127.0.0.1", 0};

bool has_ipv6() {
  const FileDescriptor socket(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  return socket && ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

/// A TCP port where nobody listens, kept from others: bound, and no more.
struct Nobody {
  Nobody() : socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof in;
    REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&in), length) == 0);
    REQUIRE(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&in), &length) == 0);
    address.port = ntohs(in.sin_port);
  }
  FileDescriptor socket;
  Address address = any_local_port;
};

/// How often a descriptor was closed while the script watched.
std::size_t times_closed(const FaultyCalls& calls, int fd) {
  const auto closed = calls.seen("close");
  return static_cast<std::size_t>(std::count_if(
      closed.begin(), closed.end(), [fd](const SeenCall& call) { return call.descriptor == fd; }));
}

/// Every descriptor that socket(2) or accept(2) gave while the script watched was closed again.
void expect_nothing_left_open(Story& s, const FaultyCalls& calls) {
  std::map<int, int> balance;
  int opened = 0;
  for (const SeenCall& call : calls.seen()) {
    if ((call.name == "socket" || call.name == "accept") && call.result >= 0) {
      ++balance[static_cast<int>(call.result)];
      ++opened;
    }
    if (call.name == "close") --balance[call.descriptor];
  }
  const auto left = std::count_if(balance.begin(), balance.end(),
                                  [](const auto& entry) { return entry.second > 0; });
  s.expect("what it opened is closed again", left == 0,
           "0 of " + std::to_string(opened) + " left open", std::to_string(left) + " left open");
}

int time_waited(const FaultyCalls& calls) {
  int total = 0;
  for (const SeenCall& call : calls.seen("poll")) total += call.milliseconds;
  return total;
}

/// Notes a SIGPIPE instead of dying of it.
class SigpipeWatch {
 public:
  SigpipeWatch() {
    came_ = 0;
    struct sigaction action {};
    action.sa_handler = [](int) { came_ = 1; };
    sigaction(SIGPIPE, &action, &before_);
  }
  ~SigpipeWatch() { sigaction(SIGPIPE, &before_, nullptr); }
  SigpipeWatch(const SigpipeWatch&) = delete;
  SigpipeWatch& operator=(const SigpipeWatch&) = delete;
  bool came() const { return came_ != 0; }

 private:
  static inline volatile std::sig_atomic_t came_ = 0;
  struct sigaction before_ {};
};

}  // namespace

// --- addresses ---

TEST_CASE("an_address_is_read_and_printed_alike") {
  const std::pair<const char*, Address> samples[] = {
      {"127.0.0.1:9696", {Family::ipv4, "127.0.0.1", 9696}},
      {"255.255.255.255:65535", {Family::ipv4, "255.255.255.255", 65535}},
      {"0.0.0.0:0", {Family::ipv4, "0.0.0.0", 0}},
      {"[::1]:9696", {Family::ipv6, "::1", 9696}},
      {"unix:/tmp/x.sock", {Family::unix_path, "/tmp/x.sock", 0}},
      {"unix:a:b", {Family::unix_path, "a:b", 0}},
      {"unix:@abstract", {Family::unix_abstract, "abstract", 0}},
  };
  for (const auto& [text, expected] : samples) {
    Story s;
    s.step(std::string("parse_address(\"") + text + "\")");
    const auto address = parse_address(text);
    expect_success(s, "the address is read", address);
    expect_address(s, "its fields", *address, expected);
    s.step("to_string of it");
    s.expect_equal("the text", to_string(*address), text);
  }
}

TEST_CASE("an_ipv6_address_is_printed_in_its_shortest_form") {
  Story s;
  s.step("to_string of ipv6 0:0:0:0:0:0:0:1, port 80");
  s.expect_equal("the text", to_string(Address{Family::ipv6, "0:0:0:0:0:0:0:1", 80}), "[::1]:80");
  s.step("the same of a name that is no IPv6 address");
  s.expect_equal("the text, as it stands", to_string(Address{Family::ipv6, "nobody", 80}),
                 "[nobody]:80");
}

TEST_CASE("what_is_no_address_is_refused_with_the_text_and_the_reason") {
  // One line each would say no more.
  // clang-format off
  for (const std::string text :
       {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:000080", "127.0.0.1:+80",
        "127.0.0.1:8x", "127.0.0.1: 80", " 127.0.0.1:80", "127.0.0.256:80", "127.0.0.01:80",
        "127.1:80", "localhost:80", "::1:80", "[::1]", "[::1]80", "[::g]:80", "[127.0.0.1]:80",
        "unix:", "unix:@"}) {
    // clang-format on
    Story s;
    s.step("parse_address(" + printable(text) + ")");
    const auto address = parse_address(text);
    const Error& error = expect_failure(s, "it is refused", address, Kind::bad_address);
    expect_in(s, "the message holds the text", error.message, text);
    s.expect("the message says why", error.message.size() > text.size() + 5, "a reason",
             printable(error.message));
  }
}

TEST_CASE("a_unix_name_has_at_most_107_bytes") {
  for (const std::string prefix : {"unix:", "unix:@"}) {
    Story s;
    const std::string longest(107, 'n');
    s.step("parse_address of " + prefix + " and 107 bytes");
    const auto address = parse_address(prefix + longest);
    expect_success(s, "it is read", address);
    s.expect_equal("its name", address->name, longest);
    s.step("the same with one byte more");
    expect_failure(s, "it is refused", parse_address(prefix + longest + "n"), Kind::bad_address);
  }
}

TEST_CASE("a_sockaddr_carries_the_port_in_network_order") {
  Story s;
  s.step("to_system(127.0.0.1:258)");
  const auto v4 = to_system(Address{Family::ipv4, "127.0.0.1", 258});
  expect_success(s, "it is turned into a sockaddr", v4);
  sockaddr_in in{};
  s.expect_equal("its length", v4->length, sizeof in);
  std::memcpy(&in, &v4->storage, sizeof in);
  s.expect_equal("sin_family", in.sin_family, AF_INET);
  s.expect_equal("sin_port, byte by byte",
                 std::string(reinterpret_cast<const char*>(&in.sin_port), 2), "\1\2");
  s.expect_equal("sin_addr, byte by byte",
                 std::string(reinterpret_cast<const char*>(&in.sin_addr), 4),
                 std::string("\x7f\0\0\1", 4));

  s.step("to_system([::1]:258)");
  const auto v6 = to_system(Address{Family::ipv6, "::1", 258});
  expect_success(s, "it is turned into a sockaddr", v6);
  sockaddr_in6 in6{};
  s.expect_equal("its length", v6->length, sizeof in6);
  std::memcpy(&in6, &v6->storage, sizeof in6);
  s.expect_equal("sin6_family", in6.sin6_family, AF_INET6);
  s.expect_equal("sin6_port, byte by byte",
                 std::string(reinterpret_cast<const char*>(&in6.sin6_port), 2), "\1\2");
  s.expect_equal("sin6_addr, byte by byte",
                 std::string(reinterpret_cast<const char*>(&in6.sin6_addr), 16),
                 std::string(15, '\0') + '\1');
}

TEST_CASE("a_path_ends_with_its_nul_and_an_abstract_name_where_the_length_says") {
  constexpr std::size_t start = offsetof(sockaddr_un, sun_path);
  Story s;
  for (const Family family : {Family::unix_path, Family::unix_abstract}) {
    s.step(std::string("to_system of a ") + name_of(family) + " named \"ab\"");
    const auto system = to_system(Address{family, "ab", 0});
    expect_success(s, "it is turned into a sockaddr", system);
    s.expect_equal("its length: the family, the name, and one NUL", system->length, start + 3);
    const std::string path(reinterpret_cast<const char*>(&system->storage) + start, 3);
    s.expect_equal("sun_path", path,
                   family == Family::unix_path ? std::string("ab\0", 3) : std::string("\0ab", 3));
  }
}

TEST_CASE("a_name_of_another_family_has_no_sockaddr") {
  Story s;
  for (const Address& wrong :
       {Address{Family::ipv4, "::1", 80}, Address{Family::ipv6, "127.0.0.1", 80},
        Address{Family::unix_path, "", 0}, Address{Family::unix_path, std::string(108, 'n'), 0},
        Address{Family::unix_abstract, std::string(108, 'n'), 0}}) {
    s.step("to_system(" + told(wrong) + ")");
    expect_failure(s, "it is refused", to_system(wrong), Kind::bad_address);
  }
}

TEST_CASE("from_system_reads_what_to_system_wrote") {
  Story s;
  for (const Address& address :
       {Address{Family::ipv4, "10.1.2.3", 40000}, Address{Family::ipv6, "2001:db8::7", 40000},
        Address{Family::unix_path, "/tmp/x.sock", 0},
        Address{Family::unix_abstract, std::string("a\0b", 3), 0}}) {
    s.step("from_system(to_system(" + told(address) + "))");
    const auto system = to_system(address);
    expect_success(s, "to_system", system);
    const auto back = from_system(*system);
    expect_success(s, "from_system", back);
    expect_address(s, "the address", *back, address);
  }
}

TEST_CASE("a_socket_bound_to_nothing_is_a_path_with_an_empty_name") {
  Story s;
  SystemAddress system;
  system.storage.ss_family = AF_UNIX;
  system.length = sizeof(sa_family_t);
  s.step("from_system of AF_UNIX, two bytes long");
  const auto address = from_system(system);
  expect_success(s, "it is read", address);
  expect_address(s, "the address", *address, Address{Family::unix_path, "", 0});
}

TEST_CASE("a_family_that_is_none_of_the_four_is_a_system_failure") {
  Story s;
  SystemAddress system;
  system.storage.ss_family = AF_NETLINK;
  s.step("from_system of AF_NETLINK");
  expect_failure(s, "it is refused", from_system(system), Kind::system);
}

// --- byte order ---

TEST_CASE("the_most_significant_of_2_bytes_travels_first") {
  Story s;
  s.step("to_wire(0x1234), 16 bits");
  s.expect_equal("the bytes", text_of(to_wire(std::uint16_t{0x1234})), "\x12\x34");
}

TEST_CASE("the_most_significant_of_4_bytes_travels_first") {
  Story s;
  s.step("to_wire(0x12345678), 32 bits");
  s.expect_equal("the bytes", text_of(to_wire(std::uint32_t{0x12345678})), "\x12\x34\x56\x78");
}

TEST_CASE("the_most_significant_of_8_bytes_travels_first") {
  Story s;
  s.step("to_wire(0x123456789abcdef0), 64 bits");
  s.expect_equal("the bytes", text_of(to_wire(std::uint64_t{0x123456789abcdef0})),
                 "\x12\x34\x56\x78\x9a\xbc\xde\xf0");
}

TEST_CASE("2_bytes_from_the_wire_have_no_sign") {
  constexpr std::array bytes{std::byte{0x80}, std::byte{0xff}};
  Story s;
  s.step("from_wire of 80 ff");
  s.expect_equal("the number", from_wire(std::span<const std::byte, 2>(bytes)), 0x80ffU);
}

TEST_CASE("4_bytes_from_the_wire_have_no_sign") {
  constexpr std::array bytes{std::byte{0x80}, std::byte{0xff}, std::byte{0}, std::byte{0x81}};
  Story s;
  s.step("from_wire of 80 ff 00 81");
  s.expect_equal("the number", from_wire(std::span<const std::byte, 4>(bytes)), 0x80ff0081U);
}

TEST_CASE("8_bytes_from_the_wire_have_no_sign") {
  constexpr std::array bytes{std::byte{0x80}, std::byte{0xff}, std::byte{0}, std::byte{0x81},
                             std::byte{0xfe}, std::byte{0x80}, std::byte{0}, std::byte{0xff}};
  Story s;
  s.step("from_wire of 80 ff 00 81 fe 80 00 ff");
  s.expect_equal("the number", from_wire(std::span<const std::byte, 8>(bytes)),
                 0x80ff0081fe8000ffU);
}

TEST_CASE("a_number_comes_back_as_it_was_sent") {
  Random random(dialtone::test_seed());
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t number = random.bits() >> random.between(0, 63);
    Story s;
    s.step("from_wire(to_wire(" + std::to_string(number) + ")), each width");
    const auto n16 = static_cast<std::uint16_t>(number);
    const auto n32 = static_cast<std::uint32_t>(number);
    s.expect_equal("16 bits", from_wire(std::span<const std::byte, 2>(to_wire(n16))), n16);
    s.expect_equal("32 bits", from_wire(std::span<const std::byte, 4>(to_wire(n32))), n32);
    s.expect_equal("64 bits", from_wire(std::span<const std::byte, 8>(to_wire(number))), number);
  }
}

// --- a descriptor that closes itself ---

TEST_CASE("a_descriptor_is_closed_by_its_owner_exactly_once") {
  Story s;
  const int fd = open_one();
  FaultyCalls calls;
  s.step("Descriptor a(fd), and its scope ends");
  { const Descriptor a(fd); }
  s.expect_equal("calls of close(fd)", times_closed(calls, fd), 1U);
}

TEST_CASE("descriptor_0_is_a_descriptor_like_any_other") {
  Story s;
  FaultyCalls calls;
  calls.script("close", {Fault::end_of_stream()});  // called done, and done by nobody
  s.step("Descriptor a(0), and its scope ends");
  { const Descriptor a(0); }
  s.expect_equal("calls of close(0)", times_closed(calls, 0), 1U);
}

TEST_CASE("who_is_moved_from_owns_nothing") {
  Story s;
  const int fd = open_one();
  FaultyCalls calls;
  {
    Descriptor a(fd);
    s.step("Descriptor b(std::move(a))");
    const Descriptor b(std::move(a));
    s.expect_equal("b.get()", b.get(), fd);
    s.expect_equal("a.get()", a.get(), -1);  // NOLINT(bugprone-use-after-move): the contract
    s.step("both scopes end");
  }
  s.expect_equal("calls of close(fd)", times_closed(calls, fd), 1U);
}

TEST_CASE("assignment_closes_what_was_owned_before") {
  Story s;
  const int old = open_one();
  const int fd = open_one();
  FaultyCalls calls;
  {
    Descriptor a(old);
    Descriptor b(fd);
    s.step("a = std::move(b)");
    a = std::move(b);
    s.expect_equal("calls of close(a's old one)", times_closed(calls, old), 1U);
    s.expect_equal("a.get()", a.get(), fd);
    s.expect_equal("b.get()", b.get(), -1);  // NOLINT(bugprone-use-after-move): the contract
    s.step("both scopes end");
  }
  s.expect_equal("calls of close(b's old one)", times_closed(calls, fd), 1U);
}

TEST_CASE("moving_to_itself_changes_nothing") {
  Story s;
  const int fd = open_one();
  FaultyCalls calls;
  {
    Descriptor a(fd);
    Descriptor& same = a;
    s.step("a = std::move(a)");
    a = std::move(same);
    s.expect_equal("a.get()", a.get(), fd);
    s.expect_equal("calls of close(fd)", times_closed(calls, fd), 0U);
    s.step("a's scope ends");
  }
  s.expect_equal("calls of close(fd)", times_closed(calls, fd), 1U);
}

TEST_CASE("what_is_released_stays_open") {
  Story s;
  const FileDescriptor mine(open_one());
  {
    Descriptor a(mine.get());
    s.step("a.release()");
    s.expect_equal("what it gives", a.release(), mine.get());
    s.expect_equal("a.get()", a.get(), -1);
    s.step("a's scope ends");
  }
  s.expect_equal("the descriptor is open", is_open(mine.get()), true);
}

// --- waiting ---

TEST_CASE("poll_looks_once_although_the_time_is_over") {
  Story s;
  const Line line;
  say(line.ours.get(), "x");
  FaultyCalls calls;
  s.step("a byte is waiting; wait_ready(readable, 0 ms)");
  expect_success(s, "it is ready", wait_ready(line.socket(), Direction::readable, in({})));
  s.expect_equal("calls of poll", calls.seen("poll").size(), 1U);
  s.expect_equal("poll's time limit", calls.seen("poll")[0].milliseconds, 0);
}

TEST_CASE("poll_waits_for_the_direction_that_was_asked_for") {
  Story s;
  const Line line;
  s.step("nothing to read; wait_ready(readable, 0 ms)");
  expect_failure(s, "it is not ready", wait_ready(line.socket(), Direction::readable, in({})),
                 Kind::timed_out);
  s.step("wait_ready(writable, 0 ms)");
  expect_success(s, "it is ready", wait_ready(line.socket(), Direction::writable, in({})));
}

TEST_CASE("a_hang_up_counts_as_ready") {
  Story s;
  Line line;
  s.step("the peer hangs up");
  line.ours.reset();
  for (const Direction direction : {Direction::readable, Direction::writable}) {
    s.step(direction == Direction::readable ? "wait_ready(readable)" : "wait_ready(writable)");
    expect_success(s, "it is ready", wait_ready(line.socket(), direction, in({})));
  }
}

TEST_CASE("a_wait_ends_at_its_deadline") {
  Story s;
  const Line line;
  FaultyCalls calls;
  calls.always("poll", Fault::timed_out());
  s.step("nothing comes; wait_ready(readable, 100 ms)");
  expect_failure(s, "it gives up",
                 wait_ready(line.socket(), Direction::readable, in(milliseconds(100))),
                 Kind::timed_out);
  s.expect_equal("poll's time limits, added up", time_waited(calls), 100);
}

TEST_CASE("after_an_interruption_poll_waits_only_for_the_rest") {
  Story s;
  const Line line;
  FaultyCalls calls;
  calls.script("poll", {Fault::error(EINTR).taking(milliseconds(30)), Fault::timed_out()});
  s.step("wait_ready(readable, 100 ms); a signal comes after 30 ms, then nothing");
  expect_failure(s, "it gives up at the deadline",
                 wait_ready(line.socket(), Direction::readable, in(milliseconds(100))),
                 Kind::timed_out);
  const auto polls = calls.seen("poll");
  s.expect_equal("calls of poll", polls.size(), 2U);
  s.expect_equal("the first one's time limit", polls[0].milliseconds, 100);
  s.expect_equal("the second one's time limit", polls[1].milliseconds, 70);
}

TEST_CASE("a_poll_that_fails_is_a_system_failure") {
  Story s;
  const Line line;
  FaultyCalls calls;
  calls.script("poll", {Fault::error(ENOMEM)});
  s.step("wait_ready; poll fails with ENOMEM");
  const auto ready = wait_ready(line.socket(), Direction::readable, ample());
  s.expect_equal("its errno", expect_failure(s, "wait_ready", ready, Kind::system).code, ENOMEM);
}

// --- whole sends ---

TEST_CASE("send_all_goes_on_after_a_short_write") {
  Story s;
  const Line line;
  FaultyCalls calls;
  calls.script("send", {Fault::at_most(1), Fault::at_most(4), Fault::at_most(2)});
  s.step("send_all of 14 bytes; the kernel takes 1, then 4, then 2, then what is left");
  expect_success(s, "send_all", send_all(line.socket(), bytes_of("Mr Watson come"), ample()));
  s.expect_equal("what the peer hears", hear(line.ours.get()), "Mr Watson come");
}

TEST_CASE("send_all_waits_while_the_window_is_full") {
  Story s;
  const Line line;
  FaultyCalls calls;
  calls.script("send", {Fault::at_most(3), Fault::error(EAGAIN), Fault::error(EAGAIN)});
  s.step("send_all of 9 bytes; after 3 there is no room, twice (EAGAIN)");
  expect_success(s, "send_all", send_all(line.socket(), bytes_of("come here"), ample()));
  s.expect_equal("what the peer hears", hear(line.ours.get()), "come here");
  s.expect("it waits by poll, and does not ask over and over", calls.seen("poll").size() >= 2,
           "2 calls of poll", std::to_string(calls.seen("poll").size()));
}

TEST_CASE("an_interrupted_send_goes_on") {
  Story s;
  const Line line;
  FaultyCalls calls;
  calls.script("send", {Fault::error(EINTR), Fault::at_most(2), Fault::error(EINTR)});
  s.step("send_all of 9 bytes; signals come before the first and after the second byte (EINTR)");
  expect_success(s, "send_all", send_all(line.socket(), bytes_of("come here"), ample()));
  s.expect_equal("what the peer hears", hear(line.ours.get()), "come here");
}

TEST_CASE("a_peer_that_is_gone_is_broken_and_no_sigpipe") {
  Story s;
  Line line;
  s.step("the peer hangs up");
  line.ours.reset();
  const SigpipeWatch watch;
  s.step("send_all of 5 bytes");
  const auto sent = send_all(line.socket(), bytes_of("hello"), ample());
  s.expect_equal("SIGPIPE came", watch.came(), false);
  const Error& error = expect_failure(s, "send_all", sent, Kind::broken);
  s.expect_equal("its errno", error.code, EPIPE);
}

TEST_CASE("a_failed_send_says_how_much_had_gone") {
  for (const auto& [code, kind] :
       {std::pair{EPIPE, Kind::broken}, {ECONNRESET, Kind::broken}, {ENOBUFS, Kind::system}}) {
    Story s;
    const Line line;
    FaultyCalls calls;
    calls.script("send", {Fault::at_most(2), Fault::at_most(3), Fault::error(code)});
    s.step("send_all of 9 bytes; the kernel takes 2, then 3, then fails: " +
           std::string(std::strerror(code)));
    const auto sent = send_all(line.socket(), bytes_of("come here"), ample());
    const Error& error = expect_failure(s, "send_all", sent, kind);
    s.expect_equal("its errno", error.code, code);
    s.expect_equal("`moved`", error.moved, 5U);
  }
}

TEST_CASE("one_deadline_covers_all_the_waits_of_a_send") {
  Story s;
  const Line line;
  FaultyCalls calls;
  calls.script("send", {Fault::at_most(4), Fault::error(EAGAIN), Fault::error(EAGAIN)});
  calls.always("send", Fault::error(EAGAIN));
  calls.script("poll", {Fault::pass().taking(milliseconds(30))});
  calls.always("poll", Fault::timed_out());
  s.step("send_all of 9 bytes within 100 ms; 4 go, room seems to come after 30 ms, and does not");
  const auto sent = send_all(line.socket(), bytes_of("come here"), in(milliseconds(100)));
  const Error& error = expect_failure(s, "send_all", sent, Kind::timed_out);
  s.expect_equal("`moved`", error.moved, 4U);
  s.expect_equal("the second poll's time limit", calls.seen("poll").at(1).milliseconds, 70);
}

// --- exact receives ---

TEST_CASE("short_read_is_not_end_of_file") {
  Story s;
  const Line line;
  say(line.ours.get(), "come here");
  FaultyCalls calls;
  calls.script("recv", {Fault::at_most(1), Fault::at_most(3), Fault::at_most(2)});
  std::string buffer(9, '?');
  s.step("receive_exactly of 9 bytes; 1 comes, then 3, then 2, then the rest");
  expect_success(s, "receive_exactly", receive_into(line.socket(), buffer, ample()));
  s.expect_equal("what is in the buffer", buffer, "come here");
}

TEST_CASE("end_of_stream_may_come_at_any_byte") {
  const std::string words = "come here";
  for (std::size_t came = 0; came < words.size(); ++came) {
    Story s;
    Line line;
    say(line.ours.get(), words.substr(0, came) + "?");  // send(2) of nothing would be no send
    FaultyCalls calls;
    std::deque<Fault> faults(came, Fault::at_most(1));
    faults.push_back(Fault::end_of_stream());
    calls.script("recv", faults);
    std::string buffer(words.size(), '-');
    s.step("receive_exactly of 9 bytes; the peer hangs up after " + std::to_string(came));
    const auto received = receive_into(line.socket(), buffer, ample());
    const Error& error = expect_failure(s, "receive_exactly", received, Kind::end_of_stream);
    s.expect_equal("`moved`", error.moved, came);
    s.expect_equal("what is in the buffer", buffer.substr(0, came), words.substr(0, came));
    expect_in(s, "the message says how many came", error.message, std::to_string(came));
    expect_in(s, "the message says of how many", error.message, "9");
  }
}

TEST_CASE("receive_exactly_takes_not_one_byte_more") {
  Story s;
  const Line line;
  say(line.ours.get(), "come here, I want you");
  std::string buffer(9, '?');
  FaultyCalls calls;
  calls.script("recv", {Fault::at_most(4)});
  s.step("21 bytes are there; receive_exactly of 9, of which 4 come first");
  expect_success(s, "receive_exactly", receive_into(line.socket(), buffer, ample()));
  s.expect_equal("what is in the buffer", buffer, "come here");
  s.expect_equal("what is left on the stream", hear(line.socket()), ", I want you");
}

TEST_CASE("an_empty_buffer_asks_for_nothing") {
  Story s;
  const Line line;
  s.step("nothing has come; receive_exactly of 0 bytes");
  expect_success(s, "receive_exactly", receive_exactly(line.socket(), {}, in(milliseconds(0))));
}

TEST_CASE("an_interrupted_receive_goes_on") {
  Story s;
  const Line line;
  say(line.ours.get(), "hello");
  FaultyCalls calls;
  calls.script("recv",
               {Fault::error(EINTR), Fault::at_most(2), Fault::error(EAGAIN), Fault::error(EINTR)});
  std::string buffer(5, '?');
  s.step("receive_exactly of 5 bytes; a signal, 2 bytes, nothing for a while, a signal, the rest");
  expect_success(s, "receive_exactly", receive_into(line.socket(), buffer, ample()));
  s.expect_equal("what is in the buffer", buffer, "hello");
}

TEST_CASE("a_reset_is_broken_and_says_how_much_had_come") {
  Story s;
  const Line line;
  say(line.ours.get(), "hello");
  FaultyCalls calls;
  calls.script("recv", {Fault::at_most(1), Fault::at_most(2), Fault::error(ECONNRESET)});
  std::string buffer(5, '?');
  s.step("receive_exactly of 5 bytes; 3 come, then the connection is reset");
  const auto received = receive_into(line.socket(), buffer, ample());
  const Error& error = expect_failure(s, "receive_exactly", received, Kind::broken);
  s.expect_equal("its errno", error.code, ECONNRESET);
  s.expect_equal("`moved`", error.moved, 3U);
}

TEST_CASE("a_peer_that_drips_does_not_put_off_the_deadline") {
  Story s;
  const Line line;
  say(line.ours.get(), "dripping");
  FaultyCalls calls;
  calls.script("recv", {Fault::error(EAGAIN), Fault::at_most(1), Fault::error(EAGAIN),
                        Fault::at_most(1), Fault::error(EAGAIN)});
  calls.always("recv", Fault::error(EAGAIN));
  calls.script("poll",
               {Fault::pass().taking(milliseconds(40)), Fault::pass().taking(milliseconds(40))});
  calls.always("poll", Fault::timed_out());
  std::string buffer(8, '?');
  s.step("receive_exactly of 8 bytes within 100 ms; one comes every 40 ms");
  const auto received = receive_into(line.socket(), buffer, in(milliseconds(100)));
  const Error& error = expect_failure(s, "receive_exactly", received, Kind::timed_out);
  s.expect_equal("`moved`", error.moved, 2U);
  s.expect_equal("the third poll's time limit", calls.seen("poll").at(2).milliseconds, 20);
}

TEST_CASE("many_short_writes_and_reads_are_no_reason_to_give_up") {
  Story s;
  const Line line;
  const std::string words = Random(dialtone::test_seed()).bytes(120);
  FaultyCalls calls;
  calls.always("send", Fault::at_most(1)).always("recv", Fault::at_most(1));
  s.step("send_all of 120 bytes; the kernel takes one at a time");
  expect_success(s, "send_all", send_all(line.ours.get(), bytes_of(words), ample()));
  std::string buffer(120, '?');
  s.step("receive_exactly of them; one comes at a time");
  expect_success(s, "receive_exactly", receive_into(line.socket(), buffer, ample()));
  s.expect_equal("what is in the buffer", buffer, words);
}

TEST_CASE("streams_survive_cuts_at_random") {
  Random random(dialtone::test_seed());
  for (int round = 0; round < 200; ++round) {
    Story s;
    const Line line;
    const std::string words = random.bytes(random.between(1, 60));
    const auto cuts = [&random] {
      std::deque<Fault> faults;
      for (auto left = random.between(0, 40); left > 0; --left)
        faults.push_back(random.chance(0.2) ? Fault::error(EINTR)
                         : random.chance(0.2)
                             ? Fault::error(EAGAIN)
                             : Fault::at_most(static_cast<int>(random.between(1, 9))));
      return faults;
    };
    FaultyCalls calls;
    calls.script("send", cuts()).script("recv", cuts());
    s.step("send_all of " + printable(words) + ", in short writes");
    expect_success(s, "send_all", send_all(line.ours.get(), bytes_of(words), ample()));
    std::string buffer(words.size(), '\0');
    s.step("receive_exactly of them, in short reads");
    expect_success(s, "receive_exactly", receive_into(line.socket(), buffer, ample()));
    s.expect_equal("what is in the buffer", buffer, words);
  }
}

// --- connections ---

TEST_CASE("who_dials_reaches_who_listens_in_every_family") {
  std::vector<Address> places{any_local_port, fresh_address()};
  if (has_ipv6()) places.push_back({Family::ipv6, "::1", 0});
  for (const Address& place : places) {
    Story s;
    s.step("listen_on " + told(place));
    const auto listener = listen_on(place, 5);
    expect_success(s, "listen_on", listener);
    const auto here = local_address(listener->get());
    expect_success(s, "local_address", here);
    s.step("dial " + told(*here));
    const auto caller = dial(*here, ample());
    expect_success(s, "dial", caller);
    s.step("answer");
    const auto called = answer(listener->get(), ample());
    expect_success(s, "answer", called);
    s.step("the caller says hello");
    say(caller->get(), "hello");
    std::string heard(5, '?');
    expect_success(s, "receive_exactly", receive_into(called->get(), heard, ample()));
    s.expect_equal("what is heard", heard, "hello");
  }
}

TEST_CASE("both_ends_know_where_they_are") {
  Story s;
  s.step("listen_on, dial, answer");
  const auto listener = listen_on(any_local_port, 5);
  expect_success(s, "listen_on", listener);
  const auto here = local_address(listener->get());
  expect_success(s, "local_address of the listener", here);
  s.expect("port 0 picks a free one", here->port != 0, "1–65535", "0");
  const auto caller = dial(*here, ample());
  expect_success(s, "dial", caller);
  const auto called = answer(listener->get(), ample());
  expect_success(s, "answer", called);
  const auto callers_peer = peer_address(caller->get());
  expect_success(s, "peer_address of the caller", callers_peer);
  expect_address(s, "whom the caller sees", *callers_peer, *here);
  const auto callers_own = local_address(caller->get());
  const auto calleds_peer = peer_address(called->get());
  expect_success(s, "local_address of the caller", callers_own);
  expect_success(s, "peer_address of the called", calleds_peer);
  expect_address(s, "whom the called sees", *calleds_peer, *callers_own);
}

TEST_CASE("the_system_tells_where_a_socket_is_bound") {
  Story s;
  const Nobody bound;
  s.step("local_address of a socket bound to " + told(bound.address));
  const auto here = local_address(bound.socket.get());
  expect_success(s, "local_address", here);
  expect_address(s, "the address", *here, bound.address);
  s.step("local_address of what is no socket");
  const FileDescriptor file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  s.expect_equal("its errno",
                 expect_failure(s, "local_address", local_address(file.get()), Kind::system).code,
                 ENOTSOCK);
}

TEST_CASE("a_socket_without_a_peer_has_no_peer_address") {
  Story s;
  const FileDescriptor lone(open_one());
  s.step("peer_address of a socket that is not connected");
  s.expect_equal("its errno",
                 expect_failure(s, "peer_address", peer_address(lone.get()), Kind::system).code,
                 ENOTCONN);
}

TEST_CASE("sockets_do_not_block_and_do_not_outlive_exec") {
  Story s;
  s.step("listen_on, dial, answer");
  const auto listener = listen_on(fresh_address(), 5);
  expect_success(s, "listen_on", listener);
  const auto here = local_address(listener->get());
  expect_success(s, "local_address", here);
  const auto caller = dial(*here, ample());
  expect_success(s, "dial", caller);
  const auto called = answer(listener->get(), ample());
  expect_success(s, "answer", called);
  for (const auto& [name, fd] : {std::pair{"listen_on", listener->get()},
                                 {"dial", caller->get()},
                                 {"answer", called->get()}}) {
    s.expect_equal(std::string(name) + ": O_NONBLOCK", (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0,
                   true);
    s.expect_equal(std::string(name) + ": FD_CLOEXEC", (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0,
                   true);
  }
}

TEST_CASE("nobody_there_is_refused") {
  Story s;
  const Nobody nobody;
  for (const Address& place : {nobody.address, fresh_address(),
                               Address{Family::unix_path, "/nowhere/" + fresh_name(), 0}}) {
    s.step("nobody listens on " + told(place) + "; dial");
    const auto call = dial(place, ample());
    const Error& error = expect_failure(s, "dial", call, Kind::refused);
    const std::string beginning = "dial " + to_string(place) + ": ";
    s.expect("the message begins with what was tried", error.message.rfind(beginning, 0) == 0,
             beginning + "…", printable(error.message));
  }
}

TEST_CASE("the_socket_tells_how_a_call_in_progress_ended") {
  for (const auto& [code, kind] : {std::pair{ECONNREFUSED, Kind::refused},
                                   {ETIMEDOUT, Kind::timed_out},
                                   {ENETUNREACH, Kind::system}}) {
    Story s;
    const Nobody nobody;
    FaultyCalls calls;
    calls.script("connect", {Fault::error(EINPROGRESS)});
    calls.script("getsockopt", {Fault::gives(code)});
    s.step("dial; connect goes on (EINPROGRESS), and SO_ERROR says: " +
           std::string(std::strerror(code)));
    const auto call = dial(nobody.address, ample());
    s.expect_equal("its errno", expect_failure(s, "dial", call, kind).code, code);
    expect_nothing_left_open(s, calls);
  }
}

TEST_CASE("an_interrupted_connect_goes_on") {
  Story s;
  s.step("listen_on");
  const auto listener = listen_on(any_local_port, 5);
  expect_success(s, "listen_on", listener);
  const auto here = local_address(listener->get());
  expect_success(s, "local_address", here);
  FaultyCalls calls;
  calls.script("connect", {Fault::done_but(EINTR)});
  s.step("dial; a signal interrupts connect, and the handshake goes on by itself");
  const auto caller = dial(*here, ample());
  expect_success(s, "dial", caller);
  const auto called = answer(listener->get(), ample());
  expect_success(s, "the call arrives", called);
}

TEST_CASE("a_call_that_nobody_takes_ends_at_its_deadline") {
  Story s;
  const Nobody nobody;
  FaultyCalls calls;
  calls.script("connect", {Fault::error(EINPROGRESS)});
  calls.always("poll", Fault::timed_out());
  s.step("dial within 100 ms; no answer comes");
  const auto call = dial(nobody.address, in(milliseconds(100)));
  const Error& error = expect_failure(s, "dial", call, Kind::timed_out);
  expect_in(s, "the message", error.message, "dial " + to_string(nobody.address) + ": ");
  s.expect_equal("poll's time limits, added up", time_waited(calls), 100);
  expect_nothing_left_open(s, calls);
}

TEST_CASE("a_full_queue_of_a_unix_listener_is_a_system_failure_at_once") {
  Story s;
  FaultyCalls calls;
  calls.script("connect", {Fault::error(EAGAIN)});
  s.step("dial; connect says EAGAIN: the listener's queue is full");
  const auto call = dial(fresh_address(), in(milliseconds(100)));
  s.expect_equal("its errno", expect_failure(s, "dial", call, Kind::system).code, EAGAIN);
  s.expect_equal("calls of poll", calls.seen("poll").size(), 0U);
}

TEST_CASE("dial_leaves_nothing_open_whichever_call_fails") {
  for (const char* const failing : {"socket", "connect", "poll", "getsockopt"}) {
    Story s;
    const Nobody nobody;
    FaultyCalls calls;
    calls.script("connect", {Fault::error(EINPROGRESS)});
    calls.script(failing, {Fault::error(ENOBUFS)});
    s.step(std::string("dial; ") + failing + " fails with ENOBUFS");
    const auto call = dial(nobody.address, ample());
    s.expect_equal("its errno", expect_failure(s, "dial", call, Kind::system).code, ENOBUFS);
    expect_nothing_left_open(s, calls);
  }
}

TEST_CASE("listen_on_leaves_nothing_open_whichever_call_fails") {
  for (const char* const failing : {"socket", "bind", "listen"}) {
    Story s;
    FaultyCalls calls;
    calls.script(failing, {Fault::error(ENOBUFS)});
    s.step(std::string("listen_on; ") + failing + " fails with ENOBUFS");
    const Address place = fresh_address();
    const auto listener = listen_on(place, 5);
    const Error& error = expect_failure(s, "listen_on", listener, Kind::system);
    s.expect_equal("its errno", error.code, ENOBUFS);
    const std::string beginning = "listen on " + to_string(place) + ": ";
    s.expect("the message begins with what was tried", error.message.rfind(beginning, 0) == 0,
             beginning + "…", printable(error.message));
    expect_nothing_left_open(s, calls);
  }
}

TEST_CASE("what_is_no_address_opens_nothing") {
  Story s;
  const Address wrong{Family::ipv4, "localhost", 80};
  FaultyCalls calls;
  s.step("dial " + told(wrong));
  const auto call = dial(wrong, ample());
  const Error& error = expect_failure(s, "dial", call, Kind::bad_address);
  expect_in(s, "the message", error.message, "dial localhost:80: ");
  s.step("listen_on " + told(wrong));
  const auto listener = listen_on(wrong, 5);
  expect_failure(s, "listen_on", listener, Kind::bad_address);
  expect_nothing_left_open(s, calls);
}

TEST_CASE("a_busy_port_is_a_failure_that_names_it") {
  Story s;
  const auto first = listen_on(any_local_port, 5);
  expect_success(s, "listen_on", first);
  const auto here = local_address(first->get());
  expect_success(s, "local_address", here);
  s.step("somebody listens on " + to_string(*here) + "; listen_on the same");
  const auto second = listen_on(*here, 5);
  const Error& error = expect_failure(s, "listen_on", second, Kind::system);
  s.expect_equal("its errno", error.code, EADDRINUSE);
  expect_in(s, "the message", error.message, "listen on " + to_string(*here) + ": ");
}

TEST_CASE("a_listener_may_take_a_lingering_port_and_has_the_room_asked_for") {
  Story s;
  FaultyCalls calls;
  s.step("listen_on 127.0.0.1, with room for 7");
  const auto listener = listen_on(any_local_port, 7);
  expect_success(s, "listen_on", listener);
  int reuse = 0;
  socklen_t length = sizeof reuse;
  REQUIRE(::getsockopt(listener->get(), SOL_SOCKET, SO_REUSEADDR, &reuse, &length) == 0);
  s.expect_equal("SO_REUSEADDR is set", reuse != 0, true);
  s.expect_equal("calls of listen", calls.seen("listen").size(), 1U);
  s.expect_equal("its backlog", calls.seen("listen")[0].flags, 7);
}

TEST_CASE("who_called_first_is_answered_first") {
  Story s;
  const FileDescriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  REQUIRE(::listen(listener.get(), 5) == 0);  // without bind, the system picks a port
  sockaddr_in place{};
  socklen_t length = sizeof place;
  REQUIRE(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&place), &length) == 0);
  place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::vector<FileDescriptor> callers;
  for (const char* const words : {"first", "later"}) {
    callers.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::connect(callers.back().get(), reinterpret_cast<sockaddr*>(&place), length) == 0);
    say(callers.back().get(), words);
  }
  s.step("two callers wait; answer");
  const auto called = answer(listener.get(), ample());
  expect_success(s, "answer", called);
  s.expect_equal("what the caller says", hear(called->get()), "first");
}

TEST_CASE("a_caller_who_hung_up_before_the_answer_is_passed_over") {
  Story s;
  const auto listener = listen_on(fresh_address(), 5);
  expect_success(s, "listen_on", listener);
  const auto here = local_address(listener->get());
  expect_success(s, "local_address", here);
  const auto caller = dial(*here, ample());
  expect_success(s, "dial", caller);
  FaultyCalls calls;
  calls.script("accept", {Fault::error(ECONNABORTED), Fault::error(EINTR), Fault::error(EAGAIN)});
  s.step("answer; the first caller has gone (ECONNABORTED), then a signal, then the next caller");
  const auto called = answer(listener->get(), ample());
  expect_success(s, "answer", called);
  s.expect_equal("faults left", calls.unmet(), 0U);
}

TEST_CASE("an_answer_waits_until_its_deadline_and_no_longer") {
  Story s;
  const auto listener = listen_on(fresh_address(), 5);
  expect_success(s, "listen_on", listener);
  FaultyCalls calls;
  calls.script("poll", {Fault::error(EINTR).taking(milliseconds(60))});
  calls.always("poll", Fault::timed_out());
  s.step("answer within 100 ms; a signal comes after 60 ms, and nobody calls");
  const auto called = answer(listener->get(), in(milliseconds(100)));
  expect_failure(s, "answer", called, Kind::timed_out);
  s.expect_equal("the last poll's time limit", calls.seen("poll").back().milliseconds, 40);
}

TEST_CASE("an_answer_without_descriptors_left_is_a_system_failure") {
  Story s;
  const auto listener = listen_on(fresh_address(), 5);
  expect_success(s, "listen_on", listener);
  FaultyCalls calls;
  calls.always("accept", Fault::error(EMFILE));
  s.step("answer; accept fails with EMFILE");
  const auto called = answer(listener->get(), ample());
  s.expect_equal("its errno", expect_failure(s, "answer", called, Kind::system).code, EMFILE);
}
