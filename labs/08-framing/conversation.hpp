// The course's ftp conversation, version 1, played live: a part of the demo. A client and a server,
// each a process of its own, talk through a third one in the middle that sees every byte.
#pragma once

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <functional>
#include <map>

#include "failure.hpp"
#include "file_descriptor.hpp"
#include "frame_reader.hpp"
#include "random.hpp"
#include "socket_basics.hpp"
#include "todo.hpp"

namespace frames_demo {

using dialtone::Failure;
using dialtone::FileDescriptor;
using socket_basics::Deadline;

inline Deadline soon() {
  return Deadline::after(std::chrono::seconds(5));
}

/// The value, or the end of the program with the error's message.
template <class T, class Error>
T need(tl::expected<T, Error> result) {
  if (!result) throw Failure(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

inline std::string digest_of(std::string_view payload, std::string_view salt) {
  framing::CourseDigest digest;
  digest.update(bytes_of(payload));
  return digest.finish(salt);
}

// --- what both ends do ---------------------------------------------------------------------------

struct Message {
  framing::Header header;
  std::string payload;
};

/// A message as the course's program makes it: its digest beside it, with a new salt.
inline Message make_message(std::string command, std::string payload, dialtone::Random& random) {
  Message message;
  message.header.command = std::move(command);
  message.header.data_length = payload.size();
  message.header.salt = random.text(32, "0123456789abcdef");
  message.header.encrypted = digest_of(payload, *message.header.salt);
  message.payload = std::move(payload);
  return message;
}

inline void send_message(int socket, const Message& message) {
  need(socket_basics::send_all(socket, bytes_of(need(framing::encode_head(message.header))),
                               soon()));
  need(socket_basics::send_all(socket, bytes_of(message.payload), soon()));
}

/// The next message; nothing where the peer has hung up between two of them.
inline std::optional<Message> receive_message(int socket) {
  framing::Limits limits;
  limits.payload = std::uint64_t{1} << 20U;  // it is held in memory here
  std::array<std::byte, framing::prefix_size> prefix{};
  if (const auto came = socket_basics::receive_exactly(socket, prefix, soon()); !came) {
    if (came.error().kind == socket_basics::Error::Kind::end_of_stream && came.error().moved == 0)
      return std::nullopt;
    throw Failure(came.error().message);
  }
  std::string text(need(framing::read_prefix(prefix, limits.header)), '\0');
  need(socket_basics::receive_exactly(socket, std::as_writable_bytes(std::span(text)), soon()));
  Message message{need(framing::parse_header(text, limits)), ""};
  message.payload.resize(message.header.data_length);
  need(socket_basics::receive_exactly(socket, std::as_writable_bytes(std::span(message.payload)),
                                      soon()));
  return message;
}

// --- the server ----------------------------------------------------------------------------------

inline std::string small_picture() {
  using namespace std::string_literals;
  return "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\x02\0\0\0\x90\x91h6\0\0\0\x19IDAT"s;
}

inline void serve(int socket, dialtone::Random random) {
  std::map<std::string, std::string> files = {{"moon.png", small_picture()},
                                              {"鱼.txt", "水里的鱼\n"}};
  while (const auto request = receive_message(socket)) {
    const framing::Header& asked = request->header;
    std::string said = asked.command + " is not exist";
    if (asked.command == "show_file_name_list") {
      said.clear();
      for (const auto& [name, content] : files) said += (said.empty() ? "" : ",") + name;
    } else if (asked.command == "download_file") {
      const auto found = files.find(asked.file_name.value_or(""));
      said = found == files.end() ? "" : found->second;
    } else if (asked.command == "upload") {
      const std::string name = asked.file_name.value_or("");
      files[name] = request->payload;
      said = "当前文件 " + name.substr(0, name.find('.')) + " 上传成功!保存至 :>>>> server_data/" +
             asked.file_type.value_or("") + "/" + name + "!";
    }
    Message reply = make_message(asked.command, said, random);
    if (asked.command != "upload") reply.header.file_type = asked.file_type;
    send_message(socket, reply);
  }
}

// --- the client ----------------------------------------------------------------------------------

/// What the client asks for, in order: which files are there, one of them, and to keep a new one.
inline std::vector<Message> requests(dialtone::Random& random) {
  std::vector<Message> all;
  all.push_back(make_message("show_file_name_list", "", random));
  all.push_back(make_message("download_file", "moon.png", random));
  all.back().header.file_name = "moon.png";
  all.push_back(
      make_message("upload", "<svg><title>湖</title><path d=\"M0 8 h16\"/></svg>\n", random));
  all.back().header.file_name = "湖.svg";
  all.back().header.others["file_path"] = "client_data/img";
  for (Message& message : all) message.header.file_type = "img";
  return all;
}

inline void ask(int socket, dialtone::Random random) {
  for (const Message& request : requests(random)) {
    send_message(socket, request);
    if (!receive_message(socket))
      throw Failure(tr("the server hung up before it replied", "服务端没有回话就挂断了"));
  }
}

// --- processes -----------------------------------------------------------------------------------

struct Line {
  FileDescriptor here;
  FileDescriptor there;
};

inline Line new_line() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw Failure(std::string("socketpair: ") + std::strerror(errno));
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

/// A process that plays one end. It ends with its parent, and is waited for.
class Role {
 public:
  /// `play` gets the role's end of the line; what ends it too early goes to `report` as a text.
  Role(Line& line, Line& other, int report, const std::function<void(int)>& play) {
    std::cout.flush();
    pid_ = fork();
    if (pid_ < 0) throw Failure(std::string("fork: ") + std::strerror(errno));
    if (pid_ > 0) {
      line.there.reset();
      return;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    line.here.reset();  // else nobody would ever see the end of a stream
    other = Line{};
    std::string failed;
    try {
      play(line.there.get());
    } catch (const std::exception& failure) {
      failed = failure.what();
    } catch (const dialtone::Todo& unwritten) {
      failed = unwritten.text;
    }
    const bool told = ::write(report, failed.data(), failed.size()) >= 0;
    _exit(told && failed.empty() ? 0 : 1);
  }
  Role(const Role&) = delete;
  Role& operator=(const Role&) = delete;
  ~Role() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_ = -1;
};

/// Which way bytes went.
enum class Way { to_server, to_client };

/// Takes what has come on one line, lets it be seen and passes it on; false once that way is over.
inline bool pass_on(Way way, int from, int to,
                    const std::function<void(Way, std::span<const std::byte>)>& see) {
  std::array<std::byte, std::size_t{16} << 10U> buffer;
  const ssize_t count = ::recv(from, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  const auto came = std::span(buffer).first(static_cast<std::size_t>(count));
  if (!came.empty()) see(way, came);
  if (came.empty() || !socket_basics::send_all(to, came, soon())) {
    shutdown(to, SHUT_WR);
    return false;
  }
  return true;
}

/// Plays the conversation; `see` gets every piece of it as it passes by.
inline void converse(std::uint64_t seed,
                     const std::function<void(Way, std::span<const std::byte>)>& see) {
  Line client = new_line();
  Line server = new_line();
  Line failures = new_line();
  const Role asking(client, server, failures.there.get(),
                    [&](int socket) { ask(socket, dialtone::Random(seed)); });
  const Role serving(server, client, failures.there.get(),
                     [&](int socket) { serve(socket, dialtone::Random(seed + 1)); });
  failures.there.reset();

  bool client_speaks = true;
  bool server_speaks = true;
  const Deadline deadline = Deadline::after(std::chrono::seconds(15));
  while (client_speaks || server_speaks) {
    pollfd waits[] = {{client_speaks ? client.here.get() : -1, POLLIN, 0},
                      {server_speaks ? server.here.get() : -1, POLLIN, 0}};
    if (poll(waits, 2, deadline.milliseconds_left()) == 0)
      throw Failure(tr("the conversation does not end", "对话没有在时限内结束"));
    if (waits[0].revents != 0)
      client_speaks = pass_on(Way::to_server, client.here.get(), server.here.get(), see);
    if (waits[1].revents != 0)
      server_speaks = pass_on(Way::to_client, server.here.get(), client.here.get(), see);
  }
  char failed[1024];
  const ssize_t length = ::recv(failures.here.get(), failed, sizeof failed, MSG_DONTWAIT);
  if (length > 0) throw Failure(std::string(failed, static_cast<std::size_t>(length)));
}

}  // namespace frames_demo
