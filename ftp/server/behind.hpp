// Work that follows the bytes: a worker digests or stores what has come while the loop receives
// what comes next.
#pragma once

#include <exception>
#include <functional>
#include <memory>

#include "call.hpp"

namespace ftp::server {

/// Pieces that have come and are not done with: enough that the worker never waits for one.
inline constexpr std::size_t most_behind = 1;

/// Pieces of work on the workers, one after the other, in order. Lives in one call's coroutine.
class Behind {
 public:
  Behind(Call& call, asio::any_io_executor home);
  Behind(const Behind&) = delete;
  Behind& operator=(const Behind&) = delete;
  /// Blocks where work is under way: only where an exception ends the coroutine before `rest`.
  ~Behind();

  /// Adds work on the call's last piece, which stays good until it has been waited for: its buffer
  /// is kept as long, or, where that holds more than the piece, the work is waited for here.
  awaitable<void> follow(std::function<Result<void>()> work);

  /// Waits until at most so many pieces are waiting or under way. Throws what one of them threw,
  /// and gives the first failure of those that have ended.
  awaitable<Result<void>> rest(std::size_t at_most = 0);

 private:
  struct State;
  void start(std::function<Result<void>()> work, std::unique_ptr<Buffer> buffer);

  Call& call_;
  asio::any_io_executor home_;
  std::shared_ptr<State> state_;  ///< made with the first piece
};

}  // namespace ftp::server
