// A scenario is played by a child process, which enters networks of its own, and tells us what
// passes.
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <optional>

#include "failure.hpp"
#include "file_descriptor.hpp"
#include "interruption.hpp"
#include "language.hpp"
#include "scenarios.hpp"
#include "scripts.hpp"
#include "todo.hpp"

namespace tracing {
namespace {

using dialtone::Failure;
using dialtone::FileDescriptor;
using dialtone::tr;
using socket_basics::Deadline;
using std::chrono::milliseconds;

constexpr Nanoseconds wire_delay = 20'000'000;
constexpr milliseconds time_for_the_script{15'000};
constexpr milliseconds time_for_the_child = time_for_the_script + milliseconds(3'000);

/// A message of the child's: this, then the packet's bytes or the text of what went wrong. A
/// SOCK_SEQPACKET socket keeps messages apart.
struct Told {
  enum class Kind : std::uint8_t { packet, ended, impossible, failed, unwritten };
  Kind kind = Kind::ended;
  std::uint32_t comment_length = 0;  ///< the packet's comment, behind its bytes
  std::uint64_t number = 0;
  Nanoseconds time = 0;
};
constexpr std::size_t longest_message = 4096;

void tell(int to, const Told& told, std::string_view bytes, std::string_view comment = {}) {
  std::array<iovec, 3> pieces = {
      iovec{const_cast<Told*>(&told), sizeof told},
      iovec{const_cast<char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 3000)},
      iovec{const_cast<char*>(comment.data()), comment.size()}};
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  if (sendmsg(to, &message, MSG_NOSIGNAL) < 0) _exit(1);  // nobody listens any more
}

[[noreturn]] void play_in_child(const Scenario& scenario, int to, pid_t parent) {
  const auto tell_trouble = [to](Told::Kind kind, std::string_view text) {
    Told told;
    told.kind = kind;
    tell(to, told, text);
  };
  try {
    const auto sink = [to](const CapturedPacket& packet) {
      Told told;
      told.kind = Told::Kind::packet;
      told.comment_length = static_cast<std::uint32_t>(packet.comment.size());
      told.number = packet.number;
      told.time = packet.time;
      tell(to, told, {reinterpret_cast<const char*>(packet.bytes.data()), packet.bytes.size()},
           packet.comment);
    };
    // Never destroyed: threads may stand on it until the process is gone.
    Wire& wire = *new Wire(wire_delay, sink);
    // Behind the wire's making, because a change of user takes it back.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    play_script(scenario.name, wire, Deadline::after(time_for_the_script));
    tell_trouble(Told::Kind::ended, {});
  } catch (const Wire::Impossible& impossible) {
    tell_trouble(Told::Kind::impossible, impossible.what());
  } catch (const dialtone::Todo& unwritten) {
    tell_trouble(Told::Kind::unwritten, unwritten.text);
  } catch (const std::exception& failure) {
    tell_trouble(Told::Kind::failed, failure.what());
  }
  _exit(0);
}

/// The wire's process. Its end is the end of its networks and of all that is in them.
class WireProcess {
 public:
  explicit WireProcess(const Scenario& scenario) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
      throw Failure(std::string("socketpair: ") + std::strerror(errno));
    told_.reset(ends[0]);
    const FileDescriptor childs(ends[1]);
    const pid_t self = getpid();
    pid_ = fork();
    if (pid_ < 0) throw Failure(std::string("fork: ") + std::strerror(errno));
    if (pid_ == 0) play_in_child(scenario, childs.get(), self);
    on_interruption_.emplace([pid = pid_] { end(pid); });
  }
  WireProcess(const WireProcess&) = delete;
  WireProcess& operator=(const WireProcess&) = delete;
  ~WireProcess() {
    on_interruption_.reset();
    end(pid_);
  }

  /// The next message, in `room`; empty where the child is gone without one.
  std::span<const std::byte> next(std::span<std::byte> room, Deadline deadline) const {
    for (;;) {
      pollfd wait{told_.get(), POLLIN, 0};
      const int ready = poll(&wait, 1, deadline.milliseconds_left());
      if (ready < 0 && errno == EINTR) continue;
      if (ready <= 0)
        throw Failure(tr("the scenario did not come to its end in time", "场景没有在时限内演完"));
      const ssize_t count = recv(told_.get(), room.data(), room.size(), 0);
      if (count < 0 && errno == EINTR) continue;
      return room.first(count > 0 ? static_cast<std::size_t>(count) : 0);
    }
  }

 private:
  static void end(pid_t pid) {
    kill(pid, SIGKILL);
    while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  FileDescriptor told_;
  pid_t pid_ = -1;
  std::optional<dialtone::OnInterruption> on_interruption_;
};

CapturedPacket packet_of(const Told& told, std::span<const std::byte> rest) {
  CapturedPacket packet;
  packet.number = told.number;
  packet.time = told.time;
  packet.link_type = link::ethernet;
  packet.bytes = rest.first(rest.size() - told.comment_length);
  packet.length = packet.bytes.size();
  packet.comment = {reinterpret_cast<const char*>(packet.bytes.data() + packet.bytes.size()),
                    told.comment_length};
  return packet;
}

/// Plays it; the reason, where the machine does not allow it.
std::optional<std::string> produce(const Scenario& scenario, const PacketSink& sink) {
  const WireProcess child(scenario);
  const Deadline deadline = Deadline::after(time_for_the_child);
  alignas(Told) std::array<std::byte, longest_message> room;
  for (;;) {
    const auto message = child.next(room, deadline);
    Told told;
    if (message.size() < sizeof told)
      throw Failure(
          tr("the wire's process ended before the scenario did", "模拟线路的进程提前结束了"));
    std::memcpy(&told, message.data(), sizeof told);
    const auto rest = message.subspan(sizeof told);
    const std::string text(reinterpret_cast<const char*>(rest.data()), rest.size());
    switch (told.kind) {
      case Told::Kind::packet:
        sink(packet_of(told, rest));
        break;
      case Told::Kind::ended:
        return {};
      case Told::Kind::impossible:
        return text;
      case Told::Kind::failed:
        throw Failure(text);
      case Told::Kind::unwritten:
        throw dialtone::Todo{text};
    }
  }
}

std::string why_not(const std::string& reason) {
  if (geteuid() == 0)
    return tr("root here may not make networks of its own (", "这里的 root 不能建立自己的网络（") +
           reason + tr(")", "）");
  return tr("an ordinary user here may not make networks of their own (",
            "这里的普通用户不能建立自己的网络（") +
         reason + tr("), sudo may", "），用 sudo 可以");
}

}  // namespace

Production play_scenario(const Scenario& scenario, const PacketSink& sink, bool must_be_produced) {
  Production production;
  production.follow = scenario.follow;
  const auto impossible = produce(scenario, sink);
  production.produced = !impossible;
  if (!impossible) return production;
  production.why_not = why_not(*impossible);
  if (must_be_produced) throw Failure(production.why_not);
  play_recording(scenario.name, sink);
  return production;
}

std::filesystem::path recording_path(std::string_view name) {
  return std::filesystem::path(HANDSHAKE_TRACE_RECORDINGS) / (std::string(name) + ".pcapng");
}

void play_recording(std::string_view name, const PacketSink& sink) {
  const std::string path = recording_path(name).string();
  CaptureReader reader(open_source(path));
  CapturedPacket packet;
  while (reader.next(packet)) sink(packet);
  if (!reader.trouble().empty()) throw Failure(path + ": " + reader.trouble());
}

}  // namespace tracing
