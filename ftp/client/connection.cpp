#include "connection.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "language.hpp"

namespace ftp::client {

using dialtone::tr;
using socket_basics::Deadline;
using socket_basics::Direction;
using SocketError = socket_basics::Error;

namespace {

constexpr std::size_t buffer_size = std::size_t{256} << 10U;
constexpr std::size_t together = std::size_t{64} << 10U;  ///< head and payload in one call

std::vector<socket_basics::Address> addresses_of(const Server& server) {
  std::vector<std::string> names{server.host};
  if (server.host == "localhost") names = {"127.0.0.1", "::1"};
  std::vector<socket_basics::Address> addresses;
  for (std::string name : names) {
    if (name.find(':') != std::string::npos && name.front() != '[') name.insert(0, "[").append("]");
    name.append(":").append(std::to_string(server.port));
    const auto address = socket_basics::parse_address(name);
    using Family = socket_basics::Address::Family;
    if (!address || (address->family != Family::ipv4 && address->family != Family::ipv6))
      throw dialtone::UsageFailure(
          "--host '" + visible(server.host) +
          tr("': give an IPv4 or IPv6 address, as in 127.0.0.1 or ::1, or localhost",
             "'：请给出 IPv4 或 IPv6 地址，如 127.0.0.1、::1，或 localhost"));
    addresses.push_back(*address);
  }
  return addresses;
}

std::string why(const SocketError& error) {
  switch (error.kind) {
    case SocketError::Kind::refused:
      return tr("nobody listens there; start the server, or give its --host and --port",
                "无人监听；请先启动服务端，或用 --host 和 --port 指定它");
    case SocketError::Kind::timed_out:
      return tr("no answer in time; check --host and --port, or give a longer --timeout",
                "等不到回应；请检查 --host 和 --port，或加大 --timeout");
    default:
      return std::strerror(error.code) +
             tr("; check --host and --port", "；请检查 --host 和 --port");
  }
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

}  // namespace

Connection::Connection(const Server& server) : patience_(server.patience), buffer_(buffer_size) {
  const auto addresses = addresses_of(server);
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    auto dialled = socket_basics::dial(addresses[i], Deadline::after(patience_));
    if (dialled) {
      peer_ = to_string(addresses[i]);
      socket_ = std::move(*dialled);
      return;
    }
    if (i + 1 == addresses.size())
      throw ConnectionLost(Error::Code::disconnected, tr("cannot reach ", "无法连接 ") +
                                                          to_string(addresses[0]) + tr(": ", "：") +
                                                          why(dialled.error()));
  }
}

Deadline Connection::deadline() const {
  return Deadline::after(patience_);
}

void Connection::lost(const SocketError& error) const {
  if (error.kind == SocketError::Kind::timed_out)
    throw ConnectionLost(
        Error::Code::timed_out,
        peer_ + tr(": no byte moved for ", "：已有 ") +
            std::to_string(std::chrono::duration_cast<std::chrono::seconds>(patience_).count()) +
            tr(" seconds; try again, or give a longer --timeout",
               " 秒没有任何数据；请重试，或加大 --timeout"));
  throw ConnectionLost(
      Error::Code::disconnected,
      tr("the connection to ", "与 ") + peer_ + tr(" is lost", " 的连接已断开") +
          (error.code != 0 ? tr(" (", "（") + std::strerror(error.code) + tr(")", "）")
                           : std::string()) +
          tr("; check that the server runs, then try again", "；请确认服务端在运行后重试"));
}

void Connection::nonsense(const std::string& what) const {
  throw ConnectionLost(Error::Code::bad_request,
                       tr("what came from ", "来自 ") + peer_ +
                           tr(" is not the protocol (", " 的数据不符合协议（") + excerpt(what) +
                           tr("); check --host and --port", "）；请检查 --host 和 --port"));
}

void Connection::send(const framing::Header& header, std::string_view payload) {
  const auto head = framing::encode_head(header, frame_limits);
  if (!head)
    throw Trouble(Error::Code::bad_request,
                  tr("cannot be asked for: ", "无法发出请求：") + excerpt(head.error().message));
  const std::size_t first = std::min(payload.size(), together);
  send_piece(bytes_of(*head + std::string(payload.substr(0, first))));
  if (first < payload.size()) send_piece(bytes_of(payload.substr(first)));
}

void Connection::send_piece(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto sent = socket_basics::send_all(socket_.get(), bytes, deadline());
    if (sent) return;
    bytes = bytes.subspan(sent.error().moved);
    const bool slow = sent.error().kind == SocketError::Kind::timed_out && sent.error().moved > 0;
    if (slow) continue;
    // A server that refuses may have said why before it hung up: then receiving tells more.
    if (sent.error().kind == SocketError::Kind::broken && something_waits()) return;
    lost(sent.error());
  }
}

void Connection::fill() {
  for (;;) {
    if (const auto ready = wait_ready(socket_.get(), Direction::readable, deadline()); !ready)
      lost(ready.error());
    const ssize_t count = ::recv(socket_.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (count > 0) {
      unread_ = std::span(buffer_).first(static_cast<std::size_t>(count));
      return;
    }
    if (count == 0) {
      const auto whole = decoder_.finish();
      SocketError end;
      end.kind = SocketError::Kind::end_of_stream;
      if (whole) lost(end);
      throw ConnectionLost(Error::Code::disconnected,
                           peer_ + tr(" hung up in the middle (", " 中途断开（") +
                               excerpt(whole.error().message) + tr("); try again", "）；请重试"));
    }
    if (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK) continue;
    SocketError broken;
    broken.kind = SocketError::Kind::broken;
    broken.code = errno;
    lost(broken);
  }
}

framing::Event Connection::next_event() {
  for (;;) {
    const auto event = decoder_.next(unread_);
    if (!event) nonsense(event.error().message);
    if (event->kind != framing::Event::Kind::need_more) return *event;
    fill();
  }
}

const framing::Header& Connection::receive_header() {
  if (next_event().kind != framing::Event::Kind::header)
    throw std::logic_error("a frame was not received to its end");
  return decoder_.header();
}

void Connection::receive_payload(const Sink& sink) {
  for (;;) {
    const framing::Event event = next_event();
    if (event.kind == framing::Event::Kind::end) return;
    sink(event.piece);
  }
}

std::string Connection::receive_text(std::size_t at_most) {
  const std::uint64_t length = decoder_.header().data_length;
  if (length > at_most)
    nonsense("a payload of " + std::to_string(length) + " bytes, at most " +
             std::to_string(at_most));
  std::string text;
  receive_payload([&](std::span<const std::byte> piece) {
    text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  });
  return text;
}

bool Connection::something_waits() const {
  if (!unread_.empty()) return true;
  std::byte one{};
  return ::recv(socket_.get(), &one, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

}  // namespace ftp::client
