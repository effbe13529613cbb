// Frames over one socket, in blocking style: lab 01 moves the bytes, lab 08 finds the frames.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "socket_basics.hpp"
#include "trouble.hpp"
#include "wire.hpp"

namespace ftp::client {

/// Where the server is, and how long to wait for it.
struct Server {
  std::string host = "127.0.0.1";              ///< an IPv4 or IPv6 literal, or "localhost"
  std::uint16_t port = 8002;                   ///< the course's
  std::chrono::milliseconds patience{30'000};  ///< how long no byte may move
};

using Sink = std::function<void(std::span<const std::byte>)>;

/// Every function waits for as long as bytes move, and throws ConnectionLost where none has moved
/// for the server's patience, where the other end is gone, or where what came is no frame.
class Connection {
 public:
  /// Dials. A host that is none is a UsageFailure; nobody there is a ConnectionLost.
  explicit Connection(const Server& server);

  /// A whole frame. Head and payload leave together, as far as the system takes them in one call:
  /// the course's server reads a header with one recv and would take half of one for all of it.
  void send(const framing::Header& header, std::string_view payload = {});

  /// More of the payload that the header sent last announced.
  void send_piece(std::span<const std::byte> bytes);

  /// The next frame's header. The frame before must have been received to its end. Valid until the
  /// next call.
  const framing::Header& receive_header();

  /// The frame's payload, piece by piece, up to its end. What `sink` throws goes through; the
  /// connection is of no more use then.
  void receive_payload(const Sink& sink);

  /// A payload that is small by its nature; one of more than `at_most` bytes is no such payload.
  std::string receive_text(std::size_t at_most);

  /// The end of a frame that has no payload.
  void receive_nothing() { receive_text(0); }

  /// Whether something has come from the server and was not received yet; does not wait.
  bool something_waits() const;

  /// Ends it for what the server sent: not the protocol.
  [[noreturn]] void nonsense(const std::string& what) const;

  const std::string& peer() const { return peer_; }

 private:
  /// Waits for bytes.
  void fill();
  framing::Event next_event();
  socket_basics::Deadline deadline() const;
  [[noreturn]] void lost(const socket_basics::Error& error) const;

  std::chrono::milliseconds patience_;
  std::string peer_;
  socket_basics::Descriptor socket_;
  framing::Decoder decoder_{frame_limits};
  std::vector<std::byte> buffer_;
  std::span<const std::byte> unread_;  ///< of buffer_
};

}  // namespace ftp::client
