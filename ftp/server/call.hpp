// One caller on the line: frames in, frames out, and the time that both may take.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "framing.hpp"
#include "loop.hpp"
#include "wire.hpp"

namespace ftp::server {

/// Lives on one loop. Replies are gathered while more requests are waiting, and go out before the
/// call waits for anything.
class Call {
 public:
  /// The socket is made non-blocking.
  Call(Socket socket, Loop& loop, std::string peer, Clock::duration idle);
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call();

  /// The next frame's header, good until the next one is asked for; none where the caller hung up
  /// between two frames, or the server is stopping. What was not read of the last payload is
  /// skipped. bad_request: not a frame, and nothing further can be read.
  awaitable<Result<const framing::Header*>> next_header();

  /// The next piece of the payload, good until anything further is read; empty at its end.
  awaitable<Result<std::span<const std::byte>>> next_piece();

  /// Gives up the buffer in which the last piece lies, so that the piece stays good while more is
  /// read; nothing where the buffer holds more than that. To be given back.
  std::unique_ptr<Buffer> give_up_buffer();
  void give_back(std::unique_ptr<Buffer> buffer) { loop_.give_back(std::move(buffer)); }

  /// Reads and forgets the rest of the payload.
  awaitable<Result<void>> skip_payload();

  /// A whole frame to be sent.
  awaitable<Result<void>> send(const framing::Header& header, std::string_view payload = {});

  /// A frame whose payload is a part of a file: data_length bytes from the offset.
  awaitable<Result<void>> send_file(const framing::Header& header, int file, std::uint64_t offset);

  /// Sends what was gathered.
  awaitable<Result<void>> flush();

  /// Sends what was gathered, says that nothing more will come, and waits for the caller to hang up
  /// as well: closed with bytes unread, the connection would end in a RST, which can overtake the
  /// last reply.
  awaitable<void> hang_up();

  /// Ends the wait that is going on, if any, and every later one.
  void interrupt(Error::Code why);
  /// Takes no new request; one of which a byte has come is no new one.
  void finish();
  /// Ends a wait that is longer than the idle limit.
  void look_at_time(Clock::time_point now);

  const std::string& peer() const { return peer_; }
  Services& services() { return loop_.services; }
  std::uint64_t bytes_in() const { return bytes_in_; }
  std::uint64_t bytes_out() const { return bytes_out_; }

 private:
  enum class Come { bytes, nothing_more };

  awaitable<Result<Come>> fill();
  /// Not a byte of a further frame has come.
  bool is_between_frames() const { return decoder_.finish().has_value(); }
  awaitable<Result<void>> wait(Socket::wait_type what);
  Result<void> gather(const framing::Header& header);
  awaitable<Result<void>> send_bytes(std::string_view& waiting);
  awaitable<Result<void>> send_large_file(const framing::Header& header, int file,
                                          std::uint64_t offset);
  tl::unexpected<Error> lost(int code) const;
  tl::unexpected<Error> shrank() const;

  Socket socket_;
  Loop& loop_;
  std::string peer_;
  framing::Decoder decoder_{frame_limits};
  std::unique_ptr<Buffer> buffer_;
  std::span<const std::byte> unread_;  ///< in the buffer
  std::size_t in_a_row_ = 0;           ///< bytes read since others had their turn
  std::string outbox_;
  Clock::duration idle_;
  std::optional<Clock::time_point> waiting_since_;
  std::optional<Error::Code> interrupted_;
  bool finishing_ = false;
  bool parting_ = false;
  bool cut_off_ = false;  ///< within a file's bytes: no word can follow
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
};

}  // namespace ftp::server
