// A server that a test plays: on a thread, a script for each call that comes, in frames.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "socket_basics.hpp"
#include "wire.hpp"

namespace ftp_test {

/// One frame that came.
struct Heard {
  framing::Header header;
  std::string payload;
};

/// One call, from the server's end. It ends when the script returns; a caller that hangs up, or is
/// silent for long, ends it too.
class Talk {
 public:
  explicit Talk(socket_basics::Descriptor socket) : socket_(std::move(socket)) {}

  Heard receive();
  void send(framing::Header header, std::string_view payload = {});
  void send_bytes(std::string_view bytes);
  /// A reply of version 2 with these fields.
  void reply(const framing::Header& request, nlohmann::json fields, std::string_view payload = {});
  /// Nothing was sent that was not received yet.
  bool nothing_waits();

  struct Over {};  ///< thrown where the caller hung up

 private:
  socket_basics::Descriptor socket_;
  framing::Decoder decoder_{ftp::frame_limits};
  std::string unread_;
};

class PlayedServer {
 public:
  using Script = std::function<void(Talk&)>;
  /// Every call gets the script, one call after the other.
  explicit PlayedServer(Script script);
  ~PlayedServer();
  std::uint16_t port() const { return port_; }

 private:
  Script script_;
  socket_basics::Descriptor listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

/// What is kept, and how it is told; a test looks at it when no client is at work.
struct Files {
  std::map<std::string, std::string> files;     ///< "img/a.png" and its bytes
  std::map<std::string, std::string> partials;  ///< what interrupted uploads left
  std::vector<framing::Header> requests;        ///< all that came
  bool version_2 = true;
  bool damage = false;                         ///< a bit of what is sent is turned over
  std::optional<std::size_t> hang_up_after{};  ///< bytes of a file that is sent, once
  std::size_t page = 1000;
};

/// Answers for these files as PROTOCOL.md says; with `version_2` off as the course's server does.
PlayedServer::Script keeper_of(Files& files);

std::string xxh3(std::string_view bytes);

}  // namespace ftp_test
