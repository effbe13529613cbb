// The capstone's reference: version 1, one thread, a coroutine a caller.
#include "server.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <asio.hpp>
#include <cerrno>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <unordered_set>

#include "exchange.hpp"
#include "framing.hpp"
#include "wire.hpp"

namespace ftp_server {
namespace {

using asio::awaitable;
using asio::redirect_error;
using asio::use_awaitable;
using framing::Event;
using framing::Header;
using Clock = std::chrono::steady_clock;
using Protocol = asio::generic::stream_protocol;
using Socket = Protocol::socket;
using Acceptor = asio::basic_socket_acceptor<Protocol>;
namespace course = ftp::course;

constexpr std::size_t piece_size = std::size_t{32} << 10U;

/// A caller, and the request that is on its way from it.
struct Session {
  explicit Session(Socket socket) : call(std::move(socket)), alarm(call.get_executor()) {}

  Socket call;
  asio::steady_timer alarm;  ///< rings when it may have been idle for too long, or closing is over
  Clock::time_point moved = Clock::now();  ///< when the last byte was
  std::optional<Clock::time_point> end;    ///< nothing is waited for any longer than that

  framing::Decoder decoder{ftp::frame_limits};
  std::array<std::byte, piece_size> buffer;
  std::span<const std::byte> arrived;  ///< of the buffer, what the decoder has not taken yet
  bool busy = false;                   ///< a byte of a request is here, its reply is not out yet

  framing::CourseDigest digest;           ///< of the payload so far
  std::unique_ptr<ftp::Writing> writing;  ///< an upload's
  std::optional<ftp::Error> refused;      ///< why the request will not be carried out
};
using SessionPtr = std::shared_ptr<Session>;

class Server {
 public:
  Server(Descriptor listener, ftp::Store& store, const Limits& limits, Descriptor cord);

  ftp::Result<void> serve();

 private:
  awaitable<void> answer_callers();
  awaitable<void> wait_for_stop();
  awaitable<void> converse(SessionPtr session);
  awaitable<void> see_off(SessionPtr session);
  awaitable<void> watch_the_time(SessionPtr session);

  awaitable<framing::Result<std::optional<Event>>> next_event(Session& session);
  awaitable<bool> receive(Session& session);
  void begin(Session& session);
  void take(Session& session, std::span<const std::byte> piece);
  awaitable<void> answer(Session& session);
  awaitable<void> send_list(Session& session);
  awaitable<void> send_file(Session& session);
  awaitable<void> store_upload(Session& session);
  awaitable<void> refuse(Session& session, std::string_view command, const ftp::Error& error);
  awaitable<void> reply(Session& session, Header header, std::string_view payload);
  awaitable<void> send(Session& session, std::string_view bytes);

  void add(Socket call);
  void hang_up(const SessionPtr& session);
  void begin_to_stop();
  void close_by(Session& session, Clock::time_point end);

  /// The one place where coroutines are started: `end` looks at how each ended.
  void spawn(awaitable<void> story, std::function<void(std::exception_ptr)> end) {
    asio::co_spawn(context_, std::move(story), std::move(end));
  }

  std::function<void(std::exception_ptr)> or_fail(const char* what) {
    return [this, what](const std::exception_ptr& thrown) {
      if (!thrown) return;
      broken_ = ftp::Error{ftp::Error::Code::system,
                           std::string(what) + ": " + switchboard::fault_text(thrown)};
      begin_to_stop();
    };
  }

  ftp::Store& store_;
  Limits limits_;
  asio::io_context context_{1};
  Acceptor listener_;
  asio::posix::stream_descriptor stop_;
  asio::steady_timer room_;  ///< for another session; cancelled when one is over
  std::unordered_set<SessionPtr> sessions_;
  bool stopping_ = false;
  std::optional<ftp::Error> broken_;
};

int family_of(int socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length);
  return address.ss_family;
}

/// Throws asio::system_error where there is no epoll to be had.
Server::Server(Descriptor listener, ftp::Store& store, const Limits& limits, Descriptor cord)
    : store_(store),
      limits_(limits),
      listener_(context_, Protocol(family_of(listener.get()), 0), listener.get()),
      stop_(context_, cord.get()),
      room_(context_) {
  listener.release();
  cord.release();
}

ftp::Result<void> Server::serve() {
  spawn(answer_callers(), or_fail("answer callers"));
  spawn(wait_for_stop(), or_fail("wait for the stop"));
  context_.run();  // until the last coroutine has ended
  if (broken_) return tl::unexpected(*broken_);
  return {};
}

// --- callers come and go ---------------------------------------------------------------------

awaitable<void> Server::answer_callers() {
  while (!stopping_) {
    asio::error_code error;
    if (sessions_.size() >= limits_.sessions) {
      room_.expires_at(Clock::time_point::max());
      co_await room_.async_wait(redirect_error(use_awaitable, error));
      continue;
    }
    Socket call = co_await listener_.async_accept(redirect_error(use_awaitable, error));
    if (stopping_) break;
    if (!error) {
      add(std::move(call));
    } else if (switchboard::accept_failure(error.value()) ==
               switchboard::AcceptFailure::out_of_descriptors) {
      room_.expires_after(switchboard::descriptor_pause);
      co_await room_.async_wait(redirect_error(use_awaitable, error));
    } else if (switchboard::accept_failure(error.value()) ==
               switchboard::AcceptFailure::listener_broken) {
      throw asio::system_error(error);
    }
  }
}

void Server::add(Socket call) {
  switchboard::set_up_call(call.native_handle());
  call.non_blocking(true);
  const auto session = std::make_shared<Session>(std::move(call));
  sessions_.insert(session);
  const auto tell = [this, session](const std::exception_ptr& thrown) {
    if (!thrown) return;
    std::cerr << "session: " << switchboard::fault_text(thrown) << '\n';
    hang_up(session);
  };
  spawn(watch_the_time(session), tell);
  spawn(converse(session), [this, session, tell](const std::exception_ptr& thrown) {
    session->writing.reset();
    tell(thrown);
    if (!thrown) spawn(see_off(session), tell);
  });
}

/// What is sent already goes out, then a FIN; then we listen until the caller has hung up too.
/// Closed with bytes unread, the connection would end in a RST, which can overtake the last reply.
awaitable<void> Server::see_off(SessionPtr session) {
  close_by(*session, Clock::now() + limits_.closing);
  asio::error_code error;
  session->call.shutdown(Socket::shutdown_send, error);
  while (!error)
    co_await session->call.async_read_some(asio::buffer(session->buffer),
                                           redirect_error(use_awaitable, error));
  hang_up(session);
}

void Server::hang_up(const SessionPtr& session) {
  asio::error_code ignored;
  session->call.close(ignored);
  session->alarm.cancel();
  sessions_.erase(session);
  room_.cancel();
}

/// Sets the time after which the session is waited for no longer; an earlier one stays.
void Server::close_by(Session& session, Clock::time_point end) {
  session.end = std::min(end, session.end.value_or(end));
  session.alarm.cancel();  // it has another deadline now
}

awaitable<void> Server::watch_the_time(SessionPtr session) {
  asio::error_code interrupted;
  while (session->call.is_open()) {
    const auto due = session->end.value_or(session->moved + limits_.idle);
    if (Clock::now() >= due) {
      hang_up(session);
      break;
    }
    session->alarm.expires_at(due);
    co_await session->alarm.async_wait(redirect_error(use_awaitable, interrupted));
  }
}

awaitable<void> Server::wait_for_stop() {
  asio::error_code interrupted;
  co_await stop_.async_wait(asio::posix::stream_descriptor::wait_read,
                            redirect_error(use_awaitable, interrupted));
  begin_to_stop();
}

void Server::begin_to_stop() {
  if (std::exchange(stopping_, true)) return;
  asio::error_code ignored;
  listener_.close(ignored);
  stop_.close(ignored);
  room_.cancel();
  for (const SessionPtr& session : sessions_) {
    close_by(*session, Clock::now() + limits_.closing);
    if (!session->busy && session->call.available(ignored) == 0) session->call.cancel(ignored);
  }
}

// --- a caller's story ------------------------------------------------------------------------

awaitable<void> Server::converse(SessionPtr session) {
  while (session->call.is_open()) {
    const auto event = co_await next_event(*session);
    if (!event) {
      const ftp::Error error{ftp::Error::Code::bad_request, event.error().message};
      co_await refuse(*session, "error", error);  // nobody knows which command it was to be
      break;
    }
    if (!*event) break;
    switch ((*event)->kind) {
      case Event::Kind::header:
        begin(*session);
        break;
      case Event::Kind::payload:
        take(*session, (*event)->piece);
        break;
      case Event::Kind::end:
        co_await answer(*session);
        session->busy = !session->arrived.empty();
        break;
      case Event::Kind::need_more:
        break;
    }
  }
}

/// The next of the stream's events; none when the caller has nothing more to say, or is gone.
awaitable<framing::Result<std::optional<Event>>> Server::next_event(Session& session) {
  for (;;) {
    const auto event = session.decoder.next(session.arrived);
    if (!event) co_return tl::unexpected(event.error());
    if (event->kind != Event::Kind::need_more) co_return *event;
    asio::error_code ignored;
    const bool ends = stopping_ && !session.busy && session.call.available(ignored) == 0;
    if (ends || !co_await receive(session)) co_return std::nullopt;
    session.busy = true;
  }
}

/// False at the end of the stream, however it ended.
awaitable<bool> Server::receive(Session& session) {
  asio::error_code error;
  const std::size_t count = co_await session.call.async_read_some(
      asio::buffer(session.buffer), redirect_error(use_awaitable, error));
  session.arrived = std::span(session.buffer).first(count);
  session.moved = Clock::now();
  co_return !error;
}

ftp::Result<ftp::Target> target_of(const Header& header) {
  if (!header.file_name) return ftp::failure(ftp::Error::Code::bad_request, "no file_name");
  return ftp::Target{ftp::type_named(header.file_type.value_or("")), *header.file_name};
}

void Server::begin(Session& session) {
  const Header& header = session.decoder.header();
  session.digest = {};
  session.refused.reset();
  if (header.command != course::upload_command) return;
  auto writing = target_of(header).and_then([&](const ftp::Target& target) {
    return store_.create(target, {.size = header.data_length, .account = ""});
  });
  if (writing)
    session.writing = std::move(*writing);
  else
    session.refused = writing.error();
}

void Server::take(Session& session, std::span<const std::byte> piece) {
  session.digest.update(piece);
  if (!session.writing) return;
  if (const auto written = session.writing->write(piece); !written) {
    session.refused = written.error();
    session.writing.reset();
  }
}

awaitable<void> Server::answer(Session& session) {
  static const ftp::Error unknown_command{ftp::Error::Code::unknown_command, ""};
  const Header& header = session.decoder.header();
  const std::string digest = session.digest.finish(course::salt_of(header));
  if (!course::fits(header, digest))
    session.refused = ftp::Error{ftp::Error::Code::damaged, "the digest does not fit"};
  if (session.refused)
    co_await refuse(session, header.command, *session.refused);
  else if (header.command == course::upload_command)
    co_await store_upload(session);
  else if (header.command == course::download_command)
    co_await send_file(session);
  else if (header.command == course::list_command)
    co_await send_list(session);
  else
    co_await refuse(session, header.command, unknown_command);
  session.writing.reset();
}

awaitable<void> Server::send_list(Session& session) {
  const Header& asked = session.decoder.header();
  const ftp::Type type = ftp::type_named(asked.file_type.value_or(""));
  std::string names;
  std::string last;
  for (bool more = true; more;) {
    const auto page = store_.list(type, last, ftp::page_entries);
    if (!page) co_return co_await refuse(session, asked.command, page.error());
    for (const ftp::Entry& entry : *page) {
      if (!names.empty()) names += ',';
      names += last = entry.target.name;
    }
    more = page->size() == ftp::page_entries;
  }
  Header header = course::header_for(asked.command, names);
  header.file_type = asked.file_type;
  co_await reply(session, std::move(header), names);
}

/// Fills the buffer from the file. Throws where the disk fails: it is too late for another reply.
std::size_t read_piece(const ftp::Reading& file, std::uint64_t offset, std::span<char> buffer) {
  const std::uint64_t left = file.entry().size - offset;
  const ssize_t count =
      ::pread(file.descriptor(), buffer.data(),
              static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size())),
              static_cast<off_t>(offset));
  if (count <= 0) throw std::runtime_error("read " + ftp::shown(file.entry().target));
  return static_cast<std::size_t>(count);
}

/// The digest stands in front of the file: so it is read twice, and held never.
awaitable<void> Server::send_file(Session& session) {
  const Header& asked = session.decoder.header();
  const auto file =
      target_of(asked).and_then([this](const ftp::Target& target) { return store_.open(target); });
  if (!file) co_return co_await refuse(session, asked.command, file.error());
  const std::uint64_t size = (*file)->entry().size;
  std::array<char, piece_size> piece;
  framing::CourseDigest digest;
  for (std::uint64_t offset = 0; offset < size && session.call.is_open();) {
    const std::size_t count = read_piece(**file, offset, piece);
    digest.update(std::as_bytes(std::span(piece).first(count)));
    offset += count;
    session.moved = Clock::now();
    co_await asio::post(context_, use_awaitable);  // the others have their turn
  }
  Header header;
  header.command = asked.command;
  header.data_length = size;
  header.file_type = asked.file_type;
  header.salt = course::fresh_salt();
  header.encrypted = digest.finish(*header.salt);
  co_await reply(session, std::move(header), "");
  for (std::uint64_t offset = 0; offset < size && session.call.is_open();) {
    const std::size_t count = read_piece(**file, offset, piece);
    co_await send(session, {piece.data(), count});
    offset += count;
  }
}

awaitable<void> Server::store_upload(Session& session) {
  const std::string command = session.decoder.header().command;
  const auto stored = session.writing->commit();
  if (!stored) co_return co_await refuse(session, command, stored.error());
  const std::string words = course::uploaded_words(stored->target);
  co_await reply(session, course::header_for(command, words), words);
}

awaitable<void> Server::refuse(Session& session, std::string_view command,
                               const ftp::Error& error) {
  std::string words(ftp::explain(error.code).zh);
  if (error.code == ftp::Error::Code::damaged) words = course::damaged_words;
  if (error.code == ftp::Error::Code::unknown_command)
    words = course::unknown_command_words(command);
  Header header = course::header_for(command, words);
  header.others["error"] = ftp::spelling(error.code);
  session.writing.reset();
  co_await reply(session, std::move(header), words);
}

awaitable<void> Server::reply(Session& session, Header header, std::string_view payload) {
  const auto head = framing::encode_head(header, ftp::frame_limits);
  if (!head) throw std::runtime_error("reply: " + head.error().message);
  co_await send(session, *head + std::string(payload));
}

/// Where the caller is gone, the next wait for it tells.
awaitable<void> Server::send(Session& session, std::string_view bytes) {
  asio::error_code error;
  while (!bytes.empty() && !error) {
    bytes.remove_prefix(co_await session.call.async_write_some(
        asio::buffer(bytes.data(), bytes.size()), redirect_error(use_awaitable, error)));
    session.moved = Clock::now();
  }
  // cppcheck-suppress missingReturn ; a coroutine
  if (error) session.call.close(error);
}

}  // namespace

ftp::Result<void> serve(Descriptor listener, ftp::Store& store, const Limits& limits,
                        const Stop& stop) {
  if (const auto usable = switchboard::expect_listener(listener.get()); !usable)
    return ftp::failure(ftp::Error::Code::system, usable.error().message);
  // Asio closes what it watches: it gets a descriptor of its own for the stop.
  Descriptor cord(::fcntl(stop.descriptor(), F_DUPFD_CLOEXEC, 0));
  if (!cord) return tl::unexpected(ftp::system_error(errno, "dup"));
  try {
    return Server(std::move(listener), store, limits, std::move(cord)).serve();
  } catch (const asio::system_error& thrown) {
    return ftp::failure(ftp::Error::Code::system, thrown.what());
  }
}

}  // namespace ftp_server
