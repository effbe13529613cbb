#include "call.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <functional>
#include <iostream>
#include <optional>

#include "failure.hpp"
#include "file_descriptor.hpp"
#include "glimpse.hpp"
#include "language.hpp"
#include "process.hpp"
#include "todo.hpp"

namespace tracing {

namespace {

using dialtone::Failure;
using dialtone::FileDescriptor;
using dialtone::tr;
using phone_call::Address;
using phone_call::Deadline;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds for_the_closing{2000};
constexpr std::size_t most_heard = 65536;  // bytes that an end reports

/// What an end of the call reports to us: a message each, its first character says what it is.
namespace report {
constexpr char listens = 'a';  // the address
constexpr char heard = 'h';    // what it heard: it is done
constexpr char failed = 'f';   // why
}  // namespace report

class Reporter {
 public:
  explicit Reporter(int channel) : channel_(channel) {}

  void say(char kind, const std::string& text) const {
    const std::string message = kind + text.substr(0, most_heard);
    if (send(channel_, message.data(), message.size(), MSG_NOSIGNAL) < 0) _exit(1);
  }

 private:
  int channel_;
};

/// The value, or the error's message as a Failure.
template <class T>
T need(phone_call::Result<T> result) {
  if (!result) throw Failure(result.error().message);
  return std::move(*result);
}

/// One end of the call in a process of its own: what a student's code does there, to itself or for
/// ever, harms nobody else. It ends with its parent, and is waited for.
class EndProcess {
 public:
  EndProcess(std::string name, const std::function<void(const Reporter&)>& play)
      : name_(std::move(name)) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
      fail(std::strerror(errno));
    channel_.reset(ends[0]);
    FileDescriptor theirs(ends[1]);
    std::cout.flush();
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ < 0) fail(std::strerror(errno));
    if (pid_ > 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    const Reporter reporter(theirs.get());
    try {
      play(reporter);
    } catch (const dialtone::Todo& unwritten) {
      reporter.say(report::failed, unwritten.text);
    } catch (const std::exception& failure) {
      reporter.say(report::failed, failure.what());
    } catch (...) {
      reporter.say(report::failed, "?");
    }
    _exit(0);
  }
  EndProcess(const EndProcess&) = delete;
  EndProcess& operator=(const EndProcess&) = delete;
  ~EndProcess() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  int channel() const { return channel_.get(); }
  const std::optional<std::string>& heard() const { return heard_; }

  /// The next message where there is one: takes what it heard, throws where it failed.
  std::optional<std::string> read_report() {
    std::string message(most_heard + 1, '\0');
    const ssize_t length = recv(channel_.get(), message.data(), message.size(), MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
    if (length <= 0) fail(how_it_ended());
    const std::string text = message.substr(1, static_cast<std::size_t>(length) - 1);
    if (message[0] == report::failed) fail(text);
    if (message[0] == report::heard) heard_ = text;
    return text;
  }

  [[noreturn]] void fail(const std::string& reason) const {
    throw Failure(name_ + tr(": ", "：") + reason);
  }

 private:
  /// It closed its channel before it was done: a crash, mostly.
  std::string how_it_ended() {
    int status = 0;
    kill(pid_, SIGKILL);  // changes nothing where it has ended
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return tr("broke down: ", "中途崩溃：") +
           dialtone::describe({WIFEXITED(status) ? WEXITSTATUS(status) : 0,
                               WIFSIGNALED(status) ? WTERMSIG(status) : 0});
  }

  std::string name_;
  FileDescriptor channel_;
  pid_t pid_ = -1;
  std::optional<std::string> heard_;
};

// --- the address, as a message: the family, the port, the name ---

std::string to_message(const Address& address) {
  return std::string{static_cast<char>('0' + static_cast<int>(address.family))} +
         std::to_string(address.port) + " " + address.name;
}

Address from_message(const std::string& message) {
  const std::size_t space = message.find(' ');
  return {static_cast<Address::Family>(message.at(0) - '0'), message.substr(space + 1),
          static_cast<std::uint16_t>(std::stoul(message.substr(1, space - 1)))};
}

// --- the call ---

/// The packets of the one connection that the call is.
class CallsPackets {
 public:
  CallsPackets(std::uint16_t port, const PacketSink& sink) : port_(port), sink_(sink) {}

  void take(CapturedPacket packet) {
    const auto segment = glimpse(packet);
    if (!segment || segment->part_of_segment) return;
    const bool to_callee = segment->destination.port == port_;
    if (!to_callee && segment->source.port != port_) return;
    const Endpoint& caller = to_callee ? segment->source : segment->destination;
    if (!caller_) caller_ = caller;
    if (*caller_ != caller) return;
    packet.number = ++count_;
    sink_(packet);
    progress_.take(*segment, to_callee);
  }

  bool over() const { return progress_.over(); }

 private:
  std::uint16_t port_;
  const PacketSink& sink_;
  std::optional<Endpoint> caller_;
  Progress progress_;
  std::uint64_t count_ = 0;
};

void play_callee(const CallOptions& options, const Reporter& reporter) {
  const auto listener = need(phone_call::wait_for_calls(options.address));
  reporter.say(report::listens, to_message(need(socket_basics::local_address(listener.get()))));
  const auto talk =
      need(phone_call::answer_tcp(listener.get(), options.reply, Deadline::after(options.time)));
  reporter.say(report::heard, talk.heard);
}

void play_caller(const CallOptions& options, const Address& callee, const Reporter& reporter) {
  const auto talk = need(phone_call::call_tcp(callee, options.say, Deadline::after(options.time)));
  reporter.say(report::heard, talk.heard);
}

Address wait_until_it_listens(EndProcess& callee, Moment deadline) {
  while (steady_clock::now() < deadline) {
    pollfd wait{callee.channel(), POLLIN, 0};
    poll(&wait, 1, 100);
    if (const auto message = callee.read_report()) return from_message(*message);
  }
  callee.fail(tr("does not listen in time", "未能按时开始监听"));
}

}  // namespace

TracedCall trace_call(const CallOptions& options, const PacketSink& sink) {
  LiveCapture capture(LiveCapture::Where::loopback);
  // The ends have deadlines of their own; that one keeps them is not certain.
  const Moment call_deadline = steady_clock::now() + options.time + milliseconds(1000);
  EndProcess callee(tr("the callee", "服务端"),
                    [&](const Reporter& reporter) { play_callee(options, reporter); });
  TracedCall call;
  call.callee = wait_until_it_listens(callee, call_deadline);
  EndProcess caller(tr("the caller", "客户端"),
                    [&](const Reporter& reporter) { play_caller(options, call.callee, reporter); });

  CallsPackets packets(call.callee.port, sink);
  Moment deadline = call_deadline;
  bool done = false;
  while (!done || !packets.over()) {
    if (steady_clock::now() >= deadline) {
      if (done) break;
      (callee.heard() ? caller : callee).fail(tr("is not done in time", "未能按时完成"));
    }
    std::array<pollfd, 3> waits{{{capture.descriptor(), POLLIN, 0},
                                 {callee.heard() ? -1 : callee.channel(), POLLIN, 0},
                                 {caller.heard() ? -1 : caller.channel(), POLLIN, 0}}};
    poll(waits.data(), waits.size(), 100);
    CapturedPacket packet;
    while (capture.next(packet, {})) packets.take(packet);
    for (EndProcess* end : {&callee, &caller})
      if (!end->heard()) end->read_report();
    if (!done && callee.heard() && caller.heard()) {
      done = true;
      deadline = steady_clock::now() + for_the_closing;
    }
  }
  call.callee_heard = *callee.heard();
  call.caller_heard = *caller.heard();
  call.closing_seen = packets.over();
  call.drops = capture.drops();
  return call;
}

}  // namespace tracing
