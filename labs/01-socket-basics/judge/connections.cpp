// Dialling, listening and answering, with the judge at the other end, and the waits that must end.
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "cases.hpp"
#include "language.hpp"

namespace lab01 {
namespace {

using dialtone::ample_time;
using dialtone::Bound;
using dialtone::FileDescriptor;
using dialtone::LoopbackFamily;
using dialtone::Message;
using dialtone::milliseconds;
using dialtone::printable;
using dialtone::tr;
using dialtone::Trial;
using dialtone::with_deadline;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

// --- the judge's own unix sockets ---

struct UnixName {
  json fields;
  std::string text;
  sockaddr_un address{};
  socklen_t length = 0;
};

/// A path. What an abstract name takes is played in addresses_for_the_system.
UnixName draw_unix_name(Trial& trial) {
  const std::string path =
      (std::filesystem::temp_directory_path() / fresh_name(trial.random)).string();
  UnixName drawn;
  drawn.address.sun_family = AF_UNIX;
  drawn.fields = address_fields(unix_path, path);
  drawn.text = "unix:" + path;
  std::memcpy(drawn.address.sun_path, path.data(), path.size());
  drawn.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return drawn;
}

const sockaddr* pointer(const UnixName& name) {
  return reinterpret_cast<const sockaddr*>(&name.address);
}

/// Removes the file of a unix path, where there is one, when a case ends.
struct PathGuard {
  const UnixName& name;
  ~PathGuard() { unlink(name.address.sun_path); }
};

FileDescriptor unix_socket() {
  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) throw std::runtime_error("judge: cannot make a unix socket");
  return socket;
}

// --- requests ---

Message dial(Trial& trial, const json& fields, const std::string& text,
             milliseconds time = ample_time) {
  trial.input("dial(" + text + ")");
  trial.step(trial.input());
  return trial.student.ask(with_deadline({{"call", "dial"}, {"address", fields}}, time));
}

Message listen_on(Trial& trial, const json& fields, const std::string& text, int backlog = 5) {
  trial.input("listen_on(" + text + ", " + std::to_string(backlog) + ")");
  trial.step(trial.input());
  return trial.student.ask({{"call", "listen_on"}, {"address", fields}, {"backlog", backlog}});
}

json slot_of(const Message& answer) {
  return answer.body.at("value").at("slot");
}

void drop(Trial& trial, const Message& answer) {
  trial.student.ask({{"call", "drop"}, {"slot", slot_of(answer)}});
}

json address_of_end(Trial& trial, const json& slot, bool local) {
  trial.step(local ? "local_address" : "peer_address");
  const Message answer = trial.student.ask({{"call", "address"}, {"slot", slot}, {"local", local}});
  expect_success(trial, answer, local ? "local_address" : "peer_address");
  return answer.body.at("value");
}

/// Where a socket that the student opened is bound, seen from outside.
std::string bound_at(Trial& trial, const Message& opened) {
  const std::string number = std::to_string(opened.body.at("value").value("number", -1)) + " ";
  for (const std::string& line : trial.student.open_descriptors())
    if (line.rfind(number, 0) == 0) return dialtone::local_end_in_proc(line.substr(number.size()));
  return "";
}

void expect_beginning(Trial& trial, const Message& answer, const std::string& beginning) {
  const std::string message = answer.body.at("error").value("message", "");
  trial.expect(tr("the message says what was tried on what", "消息说明对什么做了什么"),
               message.rfind(beginning, 0) == 0 && message.size() > beginning.size(),
               beginning + "…", printable(message, 200));
}

// --- dial ---

void dial_reaches_whoever_listens(Trial& trial) {
  FileDescriptor listener;
  json fields;
  std::string text;
  const UnixName name = draw_unix_name(trial);
  const PathGuard guard{name};
  if (trial.random.chance(0.4)) {
    listener = unix_socket();
    if (bind(listener.get(), pointer(name), name.length) != 0 || listen(listener.get(), 5) != 0)
      throw std::runtime_error("judge: cannot listen on " + name.text);
    fields = name.fields;
    text = name.text;
  } else {
    const LoopbackFamily family = draw_family(trial.random);
    Bound bound = dialtone::listen_loopback(family);
    listener = std::move(bound.socket);
    fields = loopback_fields(family, bound.port);
    text = loopback_text(family, bound.port);
  }
  trial.step(tr("somebody listens on ", "有人在监听 ") + text);
  const Message answer = dial(trial, fields, text);
  expect_success(trial, answer, "dial");
  const FileDescriptor call = dialtone::accept_within(listener.get(), ample_time);
  trial.expect(tr("the call arrives", "电话打到了"), bool(call), tr("a call", "一个来电"),
               tr("none", "没有"));
  const std::string words = trial.random.bytes(trial.random.between(1, 100));
  dialtone::write_within(call.get(), words, ample_time);
  const Message heard = trial.student.ask(with_deadline(
      {{"call", "receive_exactly"}, {"size", words.size()}, {"slot", slot_of(answer)}}));
  expect_success(trial, heard, "receive_exactly");
  expect_bytes(trial, tr("what is heard over the connection", "从连接里听到的内容"), heard.payload,
               words);
  drop(trial, answer);
}

void dial_to_nobody_is_refused(Trial& trial) {
  const UnixName name = draw_unix_name(trial);
  json fields = name.fields;
  std::string text = name.text;
  Bound nobody;  // bound and not listening: the port stays free of others
  if (trial.random.chance(0.7)) {
    const LoopbackFamily family = draw_family(trial.random);
    nobody = dialtone::bind_loopback(family, SOCK_STREAM);
    fields = loopback_fields(family, nobody.port);
    text = loopback_text(family, nobody.port);
  }
  trial.step(tr("nobody listens there", "那里没有人在听"));
  const Message answer = dial(trial, fields, text);
  expect_kind(trial, answer, "refused", "dial");
  expect_beginning(trial, answer, "dial " + text + ": ");
}

// --- listen_on and answer ---

std::uint16_t port_in(const std::string& place) {
  const auto colon = place.rfind(':');
  return colon == std::string::npos
             ? std::uint16_t{0}
             : static_cast<std::uint16_t>(std::stoul(place.substr(colon + 1)));
}

void listen_on_takes_calls(Trial& trial) {
  if (trial.random.chance(0.4)) {
    const UnixName name = draw_unix_name(trial);
    const PathGuard guard{name};
    const Message opened = listen_on(trial, name.fields, name.text);
    expect_success(trial, opened, "listen_on");
    const FileDescriptor caller = unix_socket();
    trial.expect(tr("a caller gets through", "来电能接通"),
                 connect(caller.get(), pointer(name), name.length) == 0, tr("connected", "接通"),
                 std::strerror(errno));
    drop(trial, opened);
    return;
  }
  const LoopbackFamily family = draw_family(trial.random);
  const Message opened = listen_on(trial, loopback_fields(family, 0), loopback_text(family, 0));
  expect_success(trial, opened, "listen_on");
  const std::string host = loopback_text(family, 0);
  const std::string place = bound_at(trial, opened);
  const std::uint16_t port = port_in(place);
  trial.expect(tr("it is bound to that host, and to a free port (/proc/net/tcp)",
                  "它绑定到该主机的一个空闲端口（/proc/net/tcp）"),
               port != 0 && place == loopback_text(family, port),
               host.substr(0, host.size() - 1) + "1–65535", place);
  const FileDescriptor caller = dialtone::call_loopback(family, port);
  trial.expect(tr("a caller gets through", "来电能接通"), bool(caller), tr("connected", "接通"),
               std::strerror(errno));
  drop(trial, opened);
}

void listen_on_makes_room_for_callers(Trial& trial) {
  const UnixName name = draw_unix_name(trial);
  const PathGuard guard{name};
  const int backlog = static_cast<int>(trial.random.between(1, 12));
  const Message opened = listen_on(trial, name.fields, name.text, backlog);
  expect_success(trial, opened, "listen_on");
  trial.step(tr("callers come until the queue is full", "来电不断，直到队列排满"));
  std::vector<FileDescriptor> callers;
  int waiting = 0;
  for (; waiting <= 20; ++waiting) {
    callers.push_back(unix_socket());
    if (connect(callers.back().get(), pointer(name), name.length) != 0) break;
  }
  // The kernel lets one more in than the backlog says (unix(7) sockets: queue length > backlog).
  trial.expect_equal(tr("callers that found room (backlog + 1)", "排上队的来电数（backlog + 1）"),
                     waiting, backlog + 1);
  drop(trial, opened);
}

void listen_on_a_busy_port_fails(Trial& trial) {
  const LoopbackFamily family = draw_family(trial.random);
  const Bound taken = dialtone::listen_loopback(family);
  const std::string text = loopback_text(family, taken.port);
  trial.step(tr("somebody listens there already", "那里已经有人在听"));
  const Message answer = listen_on(trial, loopback_fields(family, taken.port), text);
  expect_kind(trial, answer, "system", "listen_on");
  expect_beginning(trial, answer, "listen on " + text + ": ");
}

/// A port with a connection in TIME-WAIT: the listening side closed it first.
std::uint16_t lingering_port(LoopbackFamily family) {
  Bound listener = dialtone::listen_loopback(family);
  FileDescriptor caller = dialtone::call_loopback(family, listener.port);
  FileDescriptor call = dialtone::accept_within(listener.socket.get(), ample_time);
  call.reset();
  dialtone::read_within(caller.get(), 1, ample_time);  // its FIN has come
  return listener.port;
}

void listen_on_rebinds_a_lingering_port(Trial& trial) {
  const LoopbackFamily family = draw_family(trial.random);
  const std::uint16_t port = lingering_port(family);
  trial.step(tr("the port's last connection is in TIME-WAIT", "该端口上一个连接处于 TIME-WAIT"));
  const Message answer =
      listen_on(trial, loopback_fields(family, port), loopback_text(family, port));
  expect_success(trial, answer, "listen_on");
  drop(trial, answer);
}

void answer_takes_the_next_call(Trial& trial) {
  const LoopbackFamily family = draw_family(trial.random);
  const Bound listener = dialtone::listen_loopback(family);
  fcntl(listener.socket.get(), F_SETFL, O_NONBLOCK);
  const bool before = trial.random.chance(0.5);
  FileDescriptor first;
  FileDescriptor second;
  if (before) {
    trial.step(tr("two callers wait already", "已有两个来电在等"));
    first = dialtone::call_loopback(family, listener.port);
    second = dialtone::call_loopback(family, listener.port);
  }
  trial.input("answer");
  trial.step("answer");
  trial.student.send(with_deadline({{"call", "answer"}}), "", {listener.socket.get()});
  if (!before) {
    trial.step(tr("a caller comes a moment later", "稍后来了一个电话"));
    poll(nullptr, 0, static_cast<int>(trial.random.between(0, 10)));
    first = dialtone::call_loopback(family, listener.port);
  }
  const Message answer = trial.student.receive();
  expect_success(trial, answer, "answer");
  const std::string words = trial.random.bytes(8);
  dialtone::write_within(first.get(), words, ample_time);
  const Message heard = trial.student.ask(with_deadline(
      {{"call", "receive_exactly"}, {"size", words.size()}, {"slot", slot_of(answer)}}));
  expect_success(trial, heard, "receive_exactly");
  expect_bytes(trial, tr("what the first caller says", "第一个来电者说的话"), heard.payload, words);
  drop(trial, answer);
}

void both_ends_have_addresses(Trial& trial) {
  const LoopbackFamily family = draw_family(trial.random);
  const Bound listener = dialtone::listen_loopback(family);
  const Message answer =
      dial(trial, loopback_fields(family, listener.port), loopback_text(family, listener.port));
  expect_success(trial, answer, "dial");
  const FileDescriptor call = dialtone::accept_within(listener.socket.get(), ample_time);
  const json there = address_of_end(trial, slot_of(answer), false);
  trial.expect("peer_address", there == loopback_fields(family, listener.port),
               loopback_fields(family, listener.port).dump(), there.dump());
  sockaddr_storage from{};
  socklen_t length = sizeof from;
  getpeername(call.get(), reinterpret_cast<sockaddr*>(&from), &length);
  std::uint16_t port = 0;
  std::memcpy(&port, reinterpret_cast<const char*>(&from) + 2, sizeof port);
  const json expected = loopback_fields(family, ntohs(port));
  const json here = address_of_end(trial, slot_of(answer), true);
  trial.expect("local_address", here == expected, expected.dump(), here.dump());
  drop(trial, answer);
}

// --- rules for the whole file ---

/// The octal flags that /proc/PID/fdinfo shows of a descriptor of the student's.
unsigned long flags_of(Trial& trial, const Message& opened) {
  const int number = opened.body.at("value").value("number", -1);
  const std::string info = trial.student.descriptor_info(number);
  const auto at = info.find("flags:");
  return at == std::string::npos ? 0 : std::strtoul(info.c_str() + at + 6, nullptr, 8);
}

void sockets_are_nonblocking_and_close_on_exec(Trial& trial) {
  const LoopbackFamily family = draw_family(trial.random);
  const Bound listener = dialtone::listen_loopback(family);
  fcntl(listener.socket.get(), F_SETFL, O_NONBLOCK);
  const Message opened[] = {
      dial(trial, loopback_fields(family, listener.port), loopback_text(family, listener.port)),
      listen_on(trial, loopback_fields(family, 0), loopback_text(family, 0)),
      trial.student.ask(with_deadline({{"call", "answer"}}), "", {listener.socket.get()})};
  const char* const names[] = {"dial", "listen_on", "answer"};
  for (int i = 0; i < 3; ++i) {
    expect_success(trial, opened[i], names[i]);
    trial.step(std::string(names[i]) +
               tr(": its socket's flags in /proc/PID/fdinfo", "：查看 /proc/PID/fdinfo 中的标志"));
    const unsigned long flags = flags_of(trial, opened[i]);
    trial.expect_equal("O_NONBLOCK", (flags & O_NONBLOCK) != 0, true);
    trial.expect_equal("O_CLOEXEC", (flags & O_CLOEXEC) != 0, true);
    drop(trial, opened[i]);
  }
}

/// A unix listener whose queue is full would answer EAGAIN at once; only TCP makes a caller wait.
struct FullListener {
  Bound listener;
  std::vector<FileDescriptor> callers;
};

FullListener full_listener() {
  FullListener full{dialtone::listen_loopback(LoopbackFamily::ipv4, 0), {}};
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  getsockname(full.listener.socket.get(), reinterpret_cast<sockaddr*>(&address), &length);
  for (int i = 0; i < 4; ++i) {  // those that find no room stay in SYN-SENT
    full.callers.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (connect(full.callers.back().get(), reinterpret_cast<const sockaddr*>(&address), length) !=
            0 &&
        errno != EINPROGRESS)
      throw std::runtime_error("judge: cannot fill a listener's queue");
  }
  return full;
}

void every_wait_ends_at_its_deadline(Trial& trial) {
  const milliseconds deadline(trial.random.between(30, 90));
  dialtone::Line line = dialtone::tight_line(trial.random.chance(0.5));
  const FullListener full = full_listener();
  fcntl(full.listener.socket.get(), F_SETFL, O_NONBLOCK);
  const Bound quiet = dialtone::listen_loopback(LoopbackFamily::ipv4);
  fcntl(quiet.socket.get(), F_SETFL, O_NONBLOCK);
  struct Wait {
    const char* what;
    json request;
    std::string payload;
    int socket;
    bool dripping;
  };
  const Wait waits[] = {
      {"send_all", {{"call", "send_all"}}, std::string(100000, 'x'), line.theirs.get(), false},
      {"receive_exactly",
       {{"call", "receive_exactly"}, {"size", 100000}},
       "",
       line.theirs.get(),
       true},
      {"answer", {{"call", "answer"}}, "", quiet.socket.get(), false},
      {"dial",
       {{"call", "dial"}, {"address", loopback_fields(LoopbackFamily::ipv4, full.listener.port)}},
       "",
       -1,
       false},
      {"wait_ready", {{"call", "wait_ready"}, {"readable", true}}, "", quiet.socket.get(), false}};
  const Wait& wait = waits[trial.index % 5];
  trial.input(std::string(wait.what) + ", " + std::to_string(deadline.count()) + " ms");
  trial.step(wait.dripping ? tr("the peer drips one byte at a time", "对端一次只滴一个字节")
                           : tr("the peer does nothing", "对端毫无动静"));
  trial.step(trial.input());
  const auto start = Clock::now();
  std::vector<int> descriptors;
  if (wait.socket >= 0) descriptors.push_back(wait.socket);
  trial.student.send(with_deadline(wait.request, deadline), wait.payload, descriptors);
  const auto too_late = start + deadline + dialtone::grace;
  while (wait.dripping && !trial.student.has_answered() && Clock::now() < too_late) {
    dialtone::write_within(line.ours.get(), "x", milliseconds(0));
    poll(nullptr, 0, 5);
  }
  const auto left = std::chrono::ceil<milliseconds>(too_late - Clock::now());
  const Message answer = trial.student.receive(std::max(left, milliseconds(1)));
  const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - start);
  expect_kind(trial, answer, "timed_out", wait.what);
  trial.expect(tr("it waited until the deadline", "一直等到时限"), took >= deadline,
               ">= " + std::to_string(deadline.count()) + " ms",
               std::to_string(took.count()) + " ms");
}

void failed_calls_leave_nothing_open(Trial& trial) {
  const auto before = trial.student.open_descriptors();
  const LoopbackFamily family = draw_family(trial.random);
  const Bound nobody = dialtone::bind_loopback(family, SOCK_STREAM);  // and not listening
  expect_error(
      trial, dial(trial, loopback_fields(family, nobody.port), loopback_text(family, nobody.port)),
      "dial");
  const Bound taken = dialtone::listen_loopback(family);
  expect_error(
      trial,
      listen_on(trial, loopback_fields(family, taken.port), loopback_text(family, taken.port)),
      "listen_on");
  const UnixName name = draw_unix_name(trial);
  expect_error(trial, dial(trial, name.fields, name.text), "dial");
  const auto after = trial.student.open_descriptors();
  const auto list = [](const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += (text.empty() ? "" : ", ") + line;
    return text;
  };
  trial.expect(
      tr("its descriptors in /proc/PID/fd, as before", "/proc/PID/fd 中的描述符与先前相同"),
      before == after, list(before), list(after));
}

}  // namespace

std::vector<Case> connection_cases() {
  return {
      {"dial_reaches_whoever_listens", 100, dial_reaches_whoever_listens},
      {"dial_to_nobody_is_refused", 100, dial_to_nobody_is_refused},
      {"listen_on_takes_calls", 100, listen_on_takes_calls},
      {"listen_on_makes_room_for_callers", 100, listen_on_makes_room_for_callers},
      {"listen_on_a_busy_port_fails", 100, listen_on_a_busy_port_fails},
      {"listen_on_rebinds_a_lingering_port", 100, listen_on_rebinds_a_lingering_port},
      {"answer_takes_the_next_call", 100, answer_takes_the_next_call},
      {"both_ends_have_addresses", 100, both_ends_have_addresses},
      {"sockets_are_nonblocking_and_close_on_exec", 100, sockets_are_nonblocking_and_close_on_exec},
      {"every_wait_ends_at_its_deadline", 15, every_wait_ends_at_its_deadline},
      {"failed_calls_leave_nothing_open", 100, failed_calls_leave_nothing_open}};
}

}  // namespace lab01
