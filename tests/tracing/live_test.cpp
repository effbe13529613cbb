// Live captures: lab 02's call, and commands. Runs as whoever starts it, where it can in the
// network that it is in, else in a private one; which of the two it has to be is found out here
// apart from the code under test, so that falling back is a failure.
#include <poll.h>
#include <pty.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <vector>

#include "../../labs/03-handshake-trace/capture/connections.hpp"
#include "../../labs/03-handshake-trace/live/call.hpp"
#include "../../labs/03-handshake-trace/live/command.hpp"
#include "../../labs/03-handshake-trace/live/privilege.hpp"
#include "failure.hpp"
#include "file_descriptor.hpp"
#include "practice.hpp"
#include "process.hpp"
#include "socket_basics.hpp"

namespace {

using namespace tracing;
using dialtone::FileDescriptor;
using handshake_trace::Kind;
using std::chrono::milliseconds;

constexpr int not_possible_here = 77;  // what CTest's SKIP_RETURN_CODE looks for

/// What this machine allows this user, found by other means than gain_capture()'s.
Access expected_access() {
  if (FileDescriptor(socket(AF_PACKET, SOCK_RAW, 0))) return Access::shared_network;
  const auto tried =
      dialtone::run({{PRIVATE_NETWORK, "true"}, {}, {}, {}, {}}, milliseconds(10000));
  if (tried.succeeded()) return Access::private_network;
  std::cerr << tried.err;
  return Access::none;
}

/// The right to capture, got once for all tests; ends the program where there is none.
Access access_here() {
  static const Access access = [] {
    const Access expected = expected_access();
    const Privilege gained = gain_capture();
    if (expected == Access::none) {
      std::cerr << "SKIPPED: nobody may capture here: " << gained.why_not << '\n';
      std::_Exit(not_possible_here);
    }
    INFO(gained.why_not);
    REQUIRE(gained.access == expected);
    return gained.access;
  }();
  return access;
}

/// What the lab makes of the packets that a capture gave.
struct Heard {
  Connections connections;
  std::map<Kind, int> kinds;
  int packets = 0;

  PacketSink sink() {
    return [this](const CapturedPacket& packet) {
      CHECK(packet.number == static_cast<std::uint64_t>(++packets));
      Dissected dissected;
      dissect(packet.link_type, packet.bytes, dissected);
      REQUIRE(dissected.outcome == Dissected::Outcome::segment);
      ++kinds[connections.take(dissected, packet.time).note.kind];
    };
  }
};

constexpr const char* both_ends = R"(
import socket
l = socket.socket(); l.bind(("127.0.0.1", 0)); l.listen()
c = socket.create_connection(l.getsockname()); s, _ = l.accept()
c.send(b"hello"); s.recv(9)
s.close(); c.recv(9); c.close()
)";

/// The same, but the connection stands until its first packet has come to the sink, or 5 s: so
/// whoever looks up whose it is finds it there.
class HeldConnection {
 public:
  std::string program() const {
    return R"(
import os, socket, time
l = socket.socket(); l.bind(("127.0.0.1", 0)); l.listen()
c = socket.create_connection(l.getsockname()); s, _ = l.accept()
until = time.monotonic() + 5
while not os.path.exists(")" +
           seen_.string() + R"(") and time.monotonic() < until: time.sleep(0.005)
c.send(b"hello"); s.recv(9); s.close(); c.recv(9); c.close()
)";
  }

  PacketSink sink(PacketSink next) const {
    return [this, next = std::move(next)](const CapturedPacket& packet) {
      if (!std::filesystem::exists(seen_)) dialtone::write_file(seen_, "");
      next(packet);
    };
  }

 private:
  dialtone::TemporaryFolder folder_;
  std::filesystem::path seen_ = folder_.path() / "seen";
};

std::vector<std::string> python(const std::string& program) {
  return {"python3", "-c", program};
}

/// A listener on loopback and a call to it, both of this process.
struct OwnConnection {
  socket_basics::Descriptor listener =
      *socket_basics::listen_on({socket_basics::Address::Family::ipv4, "127.0.0.1", 0}, 1);
  socket_basics::Descriptor call =
      *socket_basics::dial(*socket_basics::local_address(listener.get()),
                           socket_basics::Deadline::after(milliseconds(5000)));
};

std::string read_until(int from, const std::string& end) {
  std::string text;
  while (text.find(end) == std::string::npos) {
    pollfd wait{from, POLLIN, 0};
    char buffer[256];
    if (poll(&wait, 1, 20000) <= 0) break;
    const ssize_t length = read(from, buffer, sizeof buffer);
    if (length <= 0) break;
    text.append(buffer, static_cast<std::size_t>(length));
  }
  return text;
}

/// Traces in a process with a terminal of its own; what came of it is one line.
struct OnTerminal {
  FileDescriptor terminal;
  FileDescriptor result;
  pid_t pid = -1;

  explicit OnTerminal(const std::vector<std::string>& command) {
    const Access access = access_here();
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    int master = -1;
    pid = forkpty(&master, nullptr, nullptr, nullptr);
    REQUIRE(pid >= 0);
    if (pid == 0) {
      const auto traced = trace_command(command, access, [](const CapturedPacket&) {});
      const std::string line = "exit " + std::to_string(traced.exit_code) +
                               (traced.interrupted ? " interrupted " : " ") +
                               std::to_string(traced.counts.packets) + "\n";
      _exit(write(ends[1], line.data(), line.size()) > 0 ? 0 : 1);
    }
    terminal.reset(master);
    result.reset(ends[0]);
    close(ends[1]);
    INFO("the command does not come up");
    REQUIRE(read_until(master, "ready").find("ready") != std::string::npos);
  }
  OnTerminal(const OnTerminal&) = delete;
  OnTerminal& operator=(const OnTerminal&) = delete;
  ~OnTerminal() {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }

  std::string end() const { return read_until(result.get(), "\n"); }
};

const std::string calls_and_waits = std::string(both_ends) + R"(
import signal, time
signal.signal(signal.SIGINT, signal.SIG_DFL)
print("ready", flush=True)
time.sleep(60)
)";

bool is_gone(pid_t pid) {
  return kill(pid, 0) != 0 && errno == ESRCH;
}

}  // namespace

TEST_CASE("a_call_shows_each_segment_once") {
  access_here();
  const char* address = GENERATE("127.0.0.1", "::1");
  CAPTURE(address);
  CallOptions options;
  options.address.name = address;
  if (options.address.name == "::1") options.address.family = phone_call::Address::Family::ipv6;
  if (!FileDescriptor(::socket(AF_INET6, SOCK_STREAM, 0))) options = {};  // no IPv6 here
  Heard heard;
  const TracedCall call = trace_call(options, heard.sink());
  CHECK(call.callee_heard == "我是客户端");
  CHECK(call.caller_heard == "我是服务端");
  CHECK(call.closing_seen);
  CHECK(call.drops.packets == 0);
  CHECK(heard.kinds[Kind::syn] == 1);
  CHECK(heard.kinds[Kind::syn_ack] == 1);
  CHECK(heard.kinds[Kind::data] == 2);
  CHECK(heard.kinds[Kind::fin] == 2);
  CHECK(heard.kinds[Kind::ack] >= 3);
  CHECK(heard.kinds[Kind::retransmission] == 0);
  CHECK(heard.kinds[Kind::out_of_order] == 0);
  REQUIRE(heard.connections.count() == 1);
  const Connection connection = heard.connections.rows().at(0);
  CHECK(connection.handshake == Handshake::complete);
  CHECK(connection.ending == Ending::both_fins);
  CHECK(connection.server.port == call.callee.port);
}

TEST_CASE("a_call_on_a_busy_port_fails_in_one_line") {
  access_here();
  const OwnConnection own;
  CallOptions options;
  options.address = *socket_basics::local_address(own.listener.get());
  std::string failure;
  try {
    trace_call(options, [](const CapturedPacket&) {});
  } catch (const dialtone::Failure& told) {
    failure = told.what();
  }
  CHECK(failure.find("Address already in use") != std::string::npos);
  CHECK(failure.find('\n') == std::string::npos);
  CHECK(waitpid(-1, nullptr, WNOHANG) == -1);  // no child is left
}

TEST_CASE("a_commands_connections_are_traced_and_others_are_not") {
  const Access access = access_here();
  Heard heard;
  std::vector<OwnConnection> others;
  const HeldConnection held;
  const auto take = held.sink(heard.sink());
  const auto traced =
      trace_command(python(held.program()), access, [&](const CapturedPacket& packet) {
        if (access == Access::shared_network && others.size() < 3) others.emplace_back();
        take(packet);
      });
  CHECK(traced.exit_code == 0);
  CHECK(traced.counts.left_out == others.size());
  CHECK(traced.counts.connections == 1);
  CHECK(traced.drops.packets == 0);
  CHECK(heard.kinds[Kind::syn] == 1);
  CHECK(heard.kinds[Kind::data] == 1);
  CHECK(heard.kinds[Kind::fin] == 2);
  REQUIRE(heard.connections.count() == 1);
  CHECK(heard.connections.rows().at(0).ending == Ending::both_fins);
  CHECK(diagnosis(traced, access).empty());
}

TEST_CASE("what_an_orphan_of_the_command_does_is_the_commands") {
  const Access access = access_here();
  Heard heard;
  const HeldConnection held;
  // The one who calls loses its parent at once; cat waits for it.
  const auto traced = trace_command({"sh", "-c", "(python3 -c \"$0\" &) | cat", held.program()},
                                    access, held.sink(heard.sink()));
  CHECK(traced.exit_code == 0);
  CHECK(heard.kinds[Kind::syn] == 1);
  CHECK(heard.kinds[Kind::fin] == 2);
}

TEST_CASE("a_commands_exit_code_is_kept") {
  const Access access = access_here();
  CHECK(trace_command({"sh", "-c", "exit 7"}, access, {}).exit_code == 7);
  CHECK(trace_command({"sh", "-c", "kill -9 $$"}, access, {}).exit_code == 128 + SIGKILL);
}

TEST_CASE("a_command_that_is_not_there_fails_in_one_line") {
  const Access access = access_here();
  std::string failure;
  try {
    trace_command({"no-such-program-here"}, access, {});
  } catch (const dialtone::Failure& told) {
    failure = told.what();
  }
  CHECK(failure.find("no-such-program-here: No such file or directory") != std::string::npos);
  CHECK(failure.find('\n') == std::string::npos);
  CHECK(waitpid(-1, nullptr, WNOHANG) == -1);
}

TEST_CASE("a_server_that_is_not_in_the_private_network_is_explained") {
  const Access access = access_here();
  Heard heard;
  const auto traced = trace_command(python(R"(
import socket, sys
s = socket.socket(); s.bind(("127.0.0.1", 0))
sys.exit(3 if socket.socket().connect_ex(s.getsockname()) else 0)
)"),
                                    access, heard.sink());
  CHECK(traced.exit_code == 3);
  CHECK(traced.counts.refused == 1);
  CHECK(heard.kinds[Kind::rst] == 1);
  const std::string explained = diagnosis(traced, Access::private_network);
  CHECK(explained.find("sudo") != std::string::npos);
  CHECK(explained.find("setcap cap_net_raw+ep") != std::string::npos);
  CHECK(explained.find('\n') == std::string::npos);
  CHECK(diagnosis(traced, Access::shared_network).empty());
}

TEST_CASE("ctrl_c_ends_the_command_and_keeps_what_was_captured") {
  const OnTerminal traced(python(calls_and_waits));
  REQUIRE(write(traced.terminal.get(), "\x03", 1) == 1);
  const std::string end = traced.end();
  CHECK(end.find("exit 130 interrupted ") == 0);
  CHECK(end != "exit 130 interrupted 0\n");
}

TEST_CASE("a_signal_to_us_alone_reaches_the_command") {
  const auto [signal, line] = GENERATE(table<int, std::string>(
      {{SIGINT, "exit 130 interrupted "}, {SIGTERM, "exit 143 interrupted "}}));
  CAPTURE(signal);
  const OnTerminal traced(python(calls_and_waits));
  REQUIRE(kill(traced.pid, signal) == 0);
  CHECK(traced.end().find(line) == 0);
}

TEST_CASE("a_command_that_does_not_obey_is_ended") {
  const int signal = GENERATE(SIGINT, SIGTERM);
  CAPTURE(signal);
  const OnTerminal traced(python(R"(
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, lambda *_: print("not now", flush=True))
print("ready", flush=True)
while True: time.sleep(60)
)"));
  REQUIRE(kill(traced.pid, signal) == 0);
  if (signal == SIGINT) {  // the second one ends it
    REQUIRE(read_until(traced.terminal.get(), "not now").find("not now") != std::string::npos);
    REQUIRE(kill(traced.pid, signal) == 0);
  }
  CHECK(traced.end().find("exit 137 interrupted ") == 0);
}

TEST_CASE("what_a_command_leaves_running_ends_with_a_private_network_alone") {
  const Access access = access_here();
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const FileDescriptor from(ends[0]);
  const int output = dup(1);
  dup2(ends[1], 1);
  close(ends[1]);
  const auto traced = trace_command({"sh", "-c", "sleep 600 >&2 & echo $!"}, access, {});
  dup2(output, 1);
  close(output);
  CHECK(traced.exit_code == 0);
  const pid_t left = static_cast<pid_t>(std::stol(read_until(from.get(), "\n")));
  CHECK(is_gone(left) == (access == Access::private_network));
  kill(left, SIGKILL);
  waitpid(left, nullptr, 0);
  CHECK(waitpid(-1, nullptr, WNOHANG) == -1);
}
