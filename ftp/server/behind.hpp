// Work that follows the bytes: a worker digests what has come while the loop receives what comes
// next.
#pragma once

#include <exception>
#include <functional>
#include <memory>

#include "call.hpp"

namespace ftp::server {

/// Pieces of work on the workers, one after the other, in order. Lives in one call's coroutine.
class Behind {
 public:
  Behind(Call& call, asio::any_io_executor home);
  Behind(const Behind&) = delete;
  Behind& operator=(const Behind&) = delete;
  /// Blocks where work is under way: only where an exception ends the coroutine before `rest`.
  ~Behind();

  /// Adds a piece of work. What it refers to must live until it has been waited for; the buffer
  /// goes back to the loop then.
  void start(std::function<void()> work, std::unique_ptr<Buffer> buffer);

  /// Waits until at most so many pieces are waiting or under way. Throws what one of them threw.
  awaitable<void> rest(std::size_t at_most = 0);

 private:
  struct State;
  Call& call_;
  asio::any_io_executor home_;
  asio::strand<asio::thread_pool::executor_type> order_;
  std::shared_ptr<State> state_;
};

}  // namespace ftp::server
