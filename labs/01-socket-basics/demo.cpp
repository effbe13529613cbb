// socket-basics: the same conversation over AF_UNIX, IPv4 and IPv6, measured; a descriptor handed
// to another process; and what happens to a program that takes one send and one recv for whole.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>

#include "command_line.hpp"
#include "language.hpp"
#include "socket_basics.hpp"
#include "terminal.hpp"
#include "todo.hpp"

namespace {

using namespace socket_basics;
using dialtone::Colour;
using dialtone::coloured;
using dialtone::Failure;
using dialtone::tr;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using Seconds = std::chrono::duration<double>;

Deadline soon() {
  return Deadline::after(milliseconds(5000));
}

/// The value, or the end of the program with the error's message.
template <class T>
T need(Result<T> result) {
  if (!result) throw Failure(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// Another process that runs `role` with one descriptor of ours and ends. Waited for, or killed.
class OtherProcess {
 public:
  OtherProcess(int inherited, const std::function<void(int)>& role) {
    std::cout.flush();
    pid_ = fork();
    if (pid_ < 0) throw Failure(std::string("fork: ") + std::strerror(errno));
    if (pid_ > 0) return;
    alarm(60);  // a child that nobody waits for any more ends all the same
    int code = 0;
    try {
      role(inherited);
    } catch (const std::exception& failure) {
      std::fprintf(stderr, "socket-basics: %s\n", failure.what());
      code = 1;
    } catch (const dialtone::Todo& unwritten) {
      std::fprintf(stderr, "socket-basics: %s\n", unwritten.text.c_str());
      code = 1;
    }
    std::fflush(nullptr);
    _exit(code);
  }
  OtherProcess(const OtherProcess&) = delete;
  OtherProcess& operator=(const OtherProcess&) = delete;
  ~OtherProcess() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }

 private:
  pid_t pid_ = -1;
};

// --- one conversation, three families ---

struct Family {
  const char* name;
  Address here;
};

std::vector<Family> families() {
  const std::string unique = "dialtone-demo-" + std::to_string(getpid());
  return {{"AF_UNIX", {Address::Family::unix_abstract, unique, 0}},
          {"AF_INET", {Address::Family::ipv4, "127.0.0.1", 0}},
          {"AF_INET6", {Address::Family::ipv6, "::1", 0}}};
}

/// Answers one call and sends back all that it hears, a message of `size` bytes at a time.
void echo_server(int listener, std::size_t size) {
  const Descriptor call = need(answer(listener, soon()));
  std::vector<std::byte> message(size);
  for (;;) {
    const auto heard = receive_exactly(call.get(), message, soon());
    if (!heard && heard.error().moved == 0) return;  // the caller hung up between two messages
    need(heard);
    need(send_all(call.get(), message, soon()));
  }
}

/// The caller's address; where it has none of its own, the process and the user that the kernel
/// vouches for (SO_PEERCRED, unix(7)).
std::string who_calls(int call) {
  const Address there = need(peer_address(call));
  ucred peer{};
  socklen_t length = sizeof peer;
  if (there.family != Address::Family::unix_path ||
      getsockopt(call, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0)
    return to_string(there);
  return "pid " + std::to_string(peer.pid) + ", uid " + std::to_string(peer.uid);
}

std::string hear(int call, std::size_t size) {
  std::string words(size, '\0');
  need(receive_exactly(call, std::as_writable_bytes(std::span(words)), soon()));
  return words;
}

void say(int call, std::string_view words) {
  need(send_all(call, std::as_bytes(std::span(words)), soon()));
}

void converse(const Family& family) {
  const auto listener = listen_on(family.here, 5);
  if (!listener) {  // a machine without IPv6, for one
    std::cout << "  " << dialtone::pad(family.name, 10) << listener.error().message << '\n';
    return;
  }
  const std::string words(tr("Hello, is anybody there?", "喂，有人吗？"));
  const OtherProcess caller(listener->get(), [&](int fd) {
    const Descriptor call = need(dial(need(local_address(fd)), soon()));
    say(call.get(), words);
    if (hear(call.get(), words.size()) != words) throw Failure("the echo is not what was said");
    say(call.get(), ".");
  });
  const Descriptor call = need(answer(listener->get(), soon()));
  const std::string heard = hear(call.get(), words.size());
  say(call.get(), heard);
  hear(call.get(), 1);  // the caller has compared
  std::cout << "  " << dialtone::pad(family.name, 10) << tr("heard and echoed: ", "听到并回应：")
            << heard << '\n'
            << "            " << tr("who called: ", "来电者：") << who_calls(call.get()) << '\n';
}

// --- an open file handed across ---

void send_descriptor(int line, int descriptor) {
  char byte = '!';
  iovec part{&byte, 1};
  alignas(cmsghdr) char room[CMSG_SPACE(sizeof descriptor)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = room;
  message.msg_controllen = sizeof room;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof descriptor);
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  if (sendmsg(line, &message, MSG_NOSIGNAL) != 1)
    throw Failure(std::string("sendmsg: ") + std::strerror(errno));
}

Descriptor receive_descriptor(int line) {
  char byte = 0;
  iovec part{&byte, 1};
  alignas(cmsghdr) char room[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = room;
  message.msg_controllen = sizeof room;
  need(wait_ready(line, Direction::readable, soon()));
  const ssize_t count = recvmsg(line, &message, MSG_CMSG_CLOEXEC);
  const cmsghdr* header = count == 1 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS)
    throw Failure("no descriptor came along");
  int descriptor = -1;
  std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
  return Descriptor(descriptor);
}

void hand_a_file_across() {
  const Descriptor listener = need(listen_on(families()[0].here, 1));
  const OtherProcess receiver(listener.get(), [](int fd) {
    const Descriptor call = need(answer(fd, soon()));
    const Descriptor file = receive_descriptor(call.get());
    char text[64] = {};
    const ssize_t count = pread(file.get(), text, sizeof text - 1, 0);
    std::cout << tr("  the other process (pid ", "  另一个进程（pid ") << getpid()
              << tr(") never opened a file, yet reads from descriptor ",
                    "）从未打开过文件，却能从描述符 ")
              << file.get() << tr(": ", " 读到：")
              << std::string(text, static_cast<std::size_t>(std::max<ssize_t>(count, 0)))
              << std::endl;
    need(send_all(call.get(), std::as_bytes(std::span("k", 1)), soon()));
  });
  const Descriptor file(memfd_create("note", MFD_CLOEXEC));
  const std::string text(tr("written before the call was made", "这行字写于拨号之前"));
  if (::write(file.get(), text.data(), text.size()) < 0)
    throw Failure(std::string("write: ") + std::strerror(errno));
  std::cout << tr("  this process (pid ", "  本进程（pid ") << getpid()
            << tr(") opened a file as descriptor ", "）打开了一个文件，描述符为 ") << file.get()
            << std::endl;
  const Descriptor call = need(dial(need(local_address(listener.get())), soon()));
  send_descriptor(call.get(), file.get());
  std::byte done{};
  need(receive_exactly(call.get(), std::span(&done, 1), soon()));
}

// --- measured ---

struct Speed {
  double round_trips = 0;  ///< a second, of 64 bytes each way
  double megabytes = 0;    ///< a second, one way, in sends of 64 KiB
};

double round_trips(const Descriptor& call, Seconds time) {
  std::array<std::byte, 64> message{};
  std::size_t trips = 0;
  const auto start = Clock::now();
  do {
    need(send_all(call.get(), message, soon()));
    need(receive_exactly(call.get(), message, soon()));
    ++trips;
  } while (Clock::now() - start < time);
  return static_cast<double>(trips) / Seconds(Clock::now() - start).count();
}

constexpr std::size_t block = 65536;

void sink_server(int listener) {
  const Descriptor call = need(answer(listener, soon()));
  std::vector<std::byte> bytes(block);
  while (receive_exactly(call.get(), bytes, soon())) {
  }
  need(send_all(call.get(), std::span(bytes).first(1), soon()));
}

double megabytes(const Descriptor& call, Seconds time) {
  const std::vector<std::byte> bytes(block);
  std::size_t sent = 0;
  const auto start = Clock::now();
  do {
    need(send_all(call.get(), bytes, soon()));
    sent += block;
  } while (Clock::now() - start < time);
  shutdown(call.get(), SHUT_WR);
  std::byte done{};  // comes when all has been read
  need(receive_exactly(call.get(), std::span(&done, 1), soon()));
  return static_cast<double>(sent) / 1e6 / Seconds(Clock::now() - start).count();
}

std::optional<Speed> measure(const Family& family, Seconds time) {
  Speed speed;
  const auto trips = listen_on(family.here, 1);
  if (!trips) return std::nullopt;
  {
    const OtherProcess server(trips->get(), [](int fd) { echo_server(fd, 64); });
    speed.round_trips = round_trips(need(dial(need(local_address(trips->get())), soon())), time);
  }
  Address again = family.here;
  again.name += family.here.family == Address::Family::unix_abstract ? "-2" : "";
  const Descriptor bulk = need(listen_on(again, 1));
  const OtherProcess server(bulk.get(), sink_server);
  speed.megabytes = megabytes(need(dial(need(local_address(bulk.get())), soon())), time);
  return speed;
}

nlohmann::json measure_all(Seconds time) {
  nlohmann::json rows = nlohmann::json::array();
  for (const Family& family : families())
    if (const auto speed = measure(family, time))
      rows.push_back({{"family", family.name},
                      {"round_trips_per_second", speed->round_trips},
                      {"megabytes_per_second", speed->megabytes}});
  return rows;
}

void print_speeds(const nlohmann::json& rows) {
  dialtone::Table table({tr("family", "地址族"), tr("round trips/s", "往返/秒"), "MB/s"}, {1, 2});
  for (const auto& row : rows) {
    char trips[32];
    char rate[32];
    std::snprintf(trips, sizeof trips, "%.0f", row["round_trips_per_second"].get<double>());
    std::snprintf(rate, sizeof rate, "%.0f", row["megabytes_per_second"].get<double>());
    table.add({row["family"].get<std::string>(), trips, rate});
  }
  std::cout << table.text();
}

// --- break it ---

/// How many of `total` bytes arrive when a slow reader is at the other end and the sender trusts
/// one send, or the reader one recv.
struct Loss {
  std::size_t taken_by_one_send;
  std::size_t given_by_one_recv;
  std::size_t moved_by_the_loops;
};

Loss lose_bytes(std::size_t total) {
  const std::vector<std::byte> bytes(total, std::byte{'x'});
  std::vector<std::byte> buffer(total);
  const auto connect_pair = [](Descriptor& one, Descriptor& other) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
      throw Failure(std::string("socketpair: ") + std::strerror(errno));
    one = Descriptor(ends[0]);
    other = Descriptor(ends[1]);
  };
  Loss loss{};
  Descriptor here;
  Descriptor there;
  connect_pair(here, there);
  loss.taken_by_one_send = static_cast<std::size_t>(std::max<ssize_t>(
      ::send(here.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), 0));  // nobody reads yet

  connect_pair(here, there);
  const OtherProcess sender(here.get(), [&bytes](int fd) {
    const std::span<const std::byte> all(bytes);
    const std::size_t early = all.size() / 10;
    need(send_all(fd, all.first(early), soon()));
    hear(fd, 1);  // the rest is still on its way when the reader looks
    need(send_all(fd, all.subspan(early), soon()));
  });
  need(wait_ready(there.get(), Direction::readable, soon()));
  const ssize_t given = ::recv(there.get(), buffer.data(), buffer.size(), 0);
  loss.given_by_one_recv = static_cast<std::size_t>(std::max<ssize_t>(given, 0));
  say(there.get(), ".");
  need(receive_exactly(there.get(), std::span(buffer).subspan(loss.given_by_one_recv), soon()));
  loss.moved_by_the_loops = buffer.size();
  return loss;
}

void break_it() {
  constexpr std::size_t total = 1000000;
  const Loss loss = lose_bytes(total);
  const auto line = [](std::string_view what, std::size_t bytes) {
    std::string figure = std::to_string(bytes);
    figure.insert(0, figure.size() < 9 ? 9 - figure.size() : 0, ' ');
    const bool whole = bytes == total;
    std::cout << "  " << coloured(whole ? Colour::green : Colour::red, figure) << "  " << what
              << '\n';
  };
  line(tr("bytes to be sent to a slow reader", "字节要发给一个慢吞吞的读者"), total);
  line(tr("were taken by one send(): without a loop the rest is lost",
          "字节被一次 send() 收下：没有循环，其余就丢了"),
       loss.taken_by_one_send);
  line(tr("came back from one recv(): what had arrived by then",
          "字节由一次 recv() 取回：那时只到了这些"),
       loss.given_by_one_recv);
  line(tr("arrived by send_all and receive_exactly", "字节经 send_all 与 receive_exactly 全部到达"),
       loss.moved_by_the_loops);
}

void heading(std::string_view text) {
  std::cout << '\n' << coloured(Colour::bold, text) << '\n';
}

void tour(Seconds time) {
  heading(tr("The same conversation over three families of addresses", "同一段对话，三种地址族"));
  for (const Family& family : families()) converse(family);
  heading(tr("An open file, handed to another process (AF_UNIX only)",
             "把打开的文件递给另一个进程（仅限 AF_UNIX）"));
  hand_a_file_across();
  heading(tr("How fast, on this machine, just now", "此刻这台机器上有多快"));
  print_speeds(measure_all(time));
  heading(
      tr("Break it: one send, one recv, and no loop", "弄坏它：一次 send，一次 recv，没有循环"));
  break_it();
}

}  // namespace

int main(int argc, char** argv) {
  dialtone::choose_language(argc, argv);
  dialtone::CommandLine app(tr("Lab 01: sockets over AF_UNIX, IPv4 and IPv6, seen and measured.",
                               "实验 01：看一看、量一量 AF_UNIX、IPv4、IPv6 三种套接字。"),
                            "socket-basics");
  double seconds = 0.2;
  bool json = false;
  app.add_option("--seconds", seconds,
                 tr("how long each measurement takes", "每项测量的时长（秒）"))
      .between(0.01, 4.0)
      .capture_default_str();
  app.add_flag("--json", json,
               tr("print only the measurements, as JSON", "只输出测量结果（JSON）"));
  return dialtone::run_program(app, argc, argv, [&] {
    if (json)
      std::cout << measure_all(Seconds(seconds)).dump(2) << '\n';
    else
      tour(Seconds(seconds));
    return dialtone::exit_success;
  });
}
