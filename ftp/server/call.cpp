#include "call.hpp"

#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace ftp::server {
namespace {

using Kind = framing::Event::Kind;
using namespace std::chrono_literals;

/// Replies that are gathered before they are sent although more requests are waiting.
constexpr std::size_t most_gathered = std::size_t{64} << 10U;

/// Bytes of a file between two looks at the other callers.
constexpr std::size_t sending_turn = std::size_t{1} << 20U;

/// Bytes received between two such looks: some milliseconds. Shorter turns keep more callers' bytes
/// waiting in the kernel at once, which then fall out of the processor's cache.
constexpr std::size_t receiving_turn = std::size_t{4} << 20U;

/// Bytes that are listened to after a hang-up.
constexpr std::size_t most_afterwards = std::size_t{16} << 20U;

}  // namespace

Call::Call(Socket socket, Loop& loop, std::string peer, Clock::duration idle)
    : socket_(std::move(socket)), loop_(loop), peer_(std::move(peer)), idle_(idle) {
  socket_.non_blocking(true);
  loop_.enter(*this);
}

Call::~Call() {
  loop_.give_back(std::move(buffer_));
  loop_.leave(*this);
}

// --- reading ---------------------------------------------------------------------------------

awaitable<Result<const framing::Header*>> Call::next_header() {
  for (;;) {
    const auto event = decoder_.next(unread_);
    if (!event) co_return failure(Error::Code::bad_request, event.error().message);
    switch (event->kind) {
      case Kind::header:
        co_return &decoder_.header();
      case Kind::payload:  // left over from the last frame
      case Kind::end:
        break;
      case Kind::need_more: {
        const auto come = co_await fill();
        if (!come) co_return tl::unexpected(come.error());
        if (*come == Come::bytes) break;
        const auto whole = decoder_.finish();
        if (whole) co_return nullptr;
        co_return failure(Error::Code::disconnected, whole.error().message);
      }
    }
  }
}

awaitable<Result<std::span<const std::byte>>> Call::next_piece() {
  for (;;) {
    const auto event = decoder_.next(unread_);
    if (!event) co_return failure(Error::Code::bad_request, event.error().message);
    if (event->kind == Kind::payload) co_return event->piece;
    if (event->kind == Kind::end) {
      if (unread_.empty()) loop_.give_back(std::move(buffer_));  // the answer may take its time
      co_return std::span<const std::byte>{};
    }
    const auto come = co_await fill();
    if (!come) co_return tl::unexpected(come.error());
    if (*come == Come::nothing_more)
      co_return failure(Error::Code::disconnected, decoder_.finish().error().message);
  }
}

std::unique_ptr<Buffer> Call::give_up_buffer() {
  return unread_.empty() ? std::move(buffer_) : nullptr;
}

awaitable<Result<void>> Call::skip_payload() {
  for (;;) {
    const auto piece = co_await next_piece();
    if (!piece) co_return tl::unexpected(piece.error());
    if (piece->empty()) co_return Result<void>{};
  }
}

/// More bytes to decode. Before it waits for the caller, the caller gets what is waiting for it;
/// and who is waited for holds no buffer.
awaitable<Result<Call::Come>> Call::fill() {
  for (;;) {
    if (in_a_row_ >= receiving_turn) {  // a caller who is faster than this loop must not keep it
      loop_.give_back(std::exchange(buffer_, nullptr));
      in_a_row_ = 0;
      co_await asio::post(co_await asio::this_coro::executor, use_awaitable);
    }
    if (!buffer_) buffer_ = loop_.borrow();
    const ssize_t count = ::recv(socket_.native_handle(), buffer_->memory.get(), buffer_->size, 0);
    if (count > 0) {
      unread_ = std::span(buffer_->memory.get(), static_cast<std::size_t>(count));
      bytes_in_ += unread_.size();
      in_a_row_ += unread_.size();
      co_return Come::bytes;
    }
    if (count == 0) co_return Come::nothing_more;
    if (errno == EINTR) continue;
    if (errno != EAGAIN) co_return lost(errno);
    loop_.give_back(std::move(buffer_));
    const bool had_words = !outbox_.empty();
    if (const auto sent = co_await flush(); !sent) co_return tl::unexpected(sent.error());
    if (finishing_ && is_between_frames()) {
      if (had_words) continue;  // while they were sent, a request may have come
      co_return Come::nothing_more;
    }
    if (const auto ready = co_await wait(Socket::wait_read); !ready)
      co_return tl::unexpected(ready.error());
  }
}

awaitable<Result<void>> Call::wait(Socket::wait_type what) {
  waiting_since_ = Clock::now();
  in_a_row_ = 0;
  asio::error_code woken;
  if (!interrupted_) co_await socket_.async_wait(what, asio::redirect_error(use_awaitable, woken));
  waiting_since_.reset();
  if (interrupted_) co_return failure(*interrupted_, peer_ + ": no byte moved");
  co_return Result<void>{};
}

tl::unexpected<Error> Call::lost(int code) const {
  return failure(Error::Code::disconnected, peer_ + ": " + std::strerror(code));
}

// --- sending ---------------------------------------------------------------------------------

awaitable<Result<void>> Call::send(const framing::Header& header, std::string_view payload) {
  if (const auto gathered = gather(header); !gathered) co_return gathered;
  outbox_ += payload;
  if (outbox_.size() >= most_gathered) co_return co_await flush();
  co_return Result<void>{};
}

Result<void> Call::gather(const framing::Header& header) {
  const auto head = framing::encode_head(header, frame_limits);
  // What makes a reply too long is the text that it repeats of the request.
  if (!head) return failure(Error::Code::bad_request, "a reply: " + head.error().message);
  if (cut_off_) return failure(Error::Code::disconnected, peer_ + ": cut off within a file");
  outbox_ += *head;
  return {};
}

awaitable<Result<void>> Call::flush() {
  std::string_view waiting = outbox_;
  auto sent = co_await send_bytes(waiting);
  // The rest stays where the caller was waited for in vain: last words may follow it.
  outbox_.erase(0, outbox_.size() - waiting.size());
  if (outbox_.capacity() > 1024) outbox_.shrink_to_fit();
  co_return sent;
}

/// Shortens the bytes by what was sent.
awaitable<Result<void>> Call::send_bytes(std::string_view& waiting) {
  while (!waiting.empty()) {
    const ssize_t count =
        ::send(socket_.native_handle(), waiting.data(), waiting.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      waiting.remove_prefix(static_cast<std::size_t>(count));
      bytes_out_ += static_cast<std::uint64_t>(count);
    } else if (errno == EAGAIN) {
      if (const auto ready = co_await wait(Socket::wait_write); !ready)
        co_return tl::unexpected(ready.error());
    } else if (errno != EINTR) {
      co_return lost(errno);
    }
  }
  co_return Result<void>{};
}

awaitable<Result<void>> Call::send_file(const framing::Header& header, int file,
                                        std::uint64_t offset) {
  if (header.data_length > most_gathered) co_return co_await send_large_file(header, file, offset);
  // Small files go out together, as long as there are requests.
  std::string bytes(static_cast<std::size_t>(header.data_length), '\0');
  const ssize_t count = ::pread(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
  if (count != static_cast<ssize_t>(bytes.size()))  // it must not go out as a file that it is not
    co_return shrank();
  co_return co_await send(header, bytes);
}

awaitable<Result<void>> Call::send_large_file(const framing::Header& header, int file,
                                              std::uint64_t offset) {
  if (const auto gathered = gather(header); !gathered) co_return gathered;
  cut_off_ = true;  // until it is over: nothing but the file is in its frame
  if (const auto sent = co_await flush(); !sent) co_return sent;
  std::uint64_t left = header.data_length;
  auto place = static_cast<off_t>(offset);
  while (left > 0) {
    const ssize_t count =
        ::sendfile(socket_.native_handle(), file, &place,
                   static_cast<std::size_t>(std::min<std::uint64_t>(left, sending_turn)));
    if (count > 0) {
      left -= static_cast<std::uint64_t>(count);
      bytes_out_ += static_cast<std::uint64_t>(count);
      if (static_cast<std::size_t>(count) == sending_turn)  // others have their turn
        co_await asio::post(co_await asio::this_coro::executor, use_awaitable);
    } else if (count == 0) {
      co_return shrank();
    } else if (errno == EAGAIN) {
      if (const auto ready = co_await wait(Socket::wait_write); !ready)
        co_return tl::unexpected(ready.error());
    } else if (errno != EINTR) {
      co_return lost(errno);
    }
  }
  cut_off_ = false;
  co_return Result<void>{};
}

tl::unexpected<Error> Call::shrank() const {
  return failure(Error::Code::disconnected, peer_ + ": a file shrank while it was sent");
}

// --- the end ---------------------------------------------------------------------------------

awaitable<void> Call::hang_up() {
  interrupted_.reset();
  idle_ = std::min<Clock::duration>(idle_, loop_.services.limits.parting);
  if (const auto sent = co_await flush(); !sent) co_return;
  asio::error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  const auto end = Clock::now() + loop_.services.limits.parting;
  const std::uint64_t most = bytes_in_ + most_afterwards;
  finishing_ = false;
  parting_ = true;  // from now on only the caller's own end is waited for
  while (Clock::now() < end && bytes_in_ < most) {
    const auto come = co_await fill();
    if (!come || *come == Come::nothing_more) co_return;
  }
}

void Call::interrupt(Error::Code why) {
  if (interrupted_) return;
  interrupted_ = why;
  asio::error_code ignored;
  socket_.cancel(ignored);
}

void Call::finish() {
  if (parting_) return;
  finishing_ = true;
  asio::error_code ignored;
  if (is_between_frames()) socket_.cancel(ignored);
}

void Call::look_at_time(Clock::time_point now) {
  if (waiting_since_ && now - *waiting_since_ > idle_) interrupt(Error::Code::timed_out);
}

}  // namespace ftp::server
