#include "behind.hpp"

namespace ftp::server {

/// Shared with the work, whose last step, on the loop, may come after the coroutine's end.
struct Behind::State {
  State(Call& of, const asio::any_io_executor& home)
      : call(&of),
        order(of.services().workers.get_executor()),
        bell(home, Clock::time_point::max()) {}

  Call* call;  ///< nothing once the coroutine is over
  asio::strand<asio::thread_pool::executor_type> order;
  asio::steady_timer bell;  ///< rung (cancelled) after each piece; on the loop alone, as the next
  std::size_t started = 0;
  std::size_t ended = 0;
  std::exception_ptr thrown;
  Result<void> result;                    ///< the first failure
  std::atomic<std::size_t> on_worker{0};  ///< pieces that may still use what they refer to
};

Behind::Behind(Call& call, asio::any_io_executor home) : call_(call), home_(std::move(home)) {}

Behind::~Behind() {
  if (!state_) return;
  while (const std::size_t left = state_->on_worker) state_->on_worker.wait(left);
  state_->call = nullptr;
}

awaitable<void> Behind::follow(std::function<Result<void>()> work) {
  auto buffer = call_.give_up_buffer();
  const bool stays_good = buffer != nullptr;
  start(std::move(work), std::move(buffer));
  if (!stays_good) co_await rest();
  co_return;
}

void Behind::start(std::function<Result<void>()> work, std::unique_ptr<Buffer> buffer) {
  if (!state_) state_ = std::make_shared<State>(call_, home_);
  ++state_->started;
  ++state_->on_worker;
  asio::post(state_->order,
             [state = state_, work = std::move(work), buffer = std::move(buffer),
              home = asio::prefer(home_, asio::execution::outstanding_work.tracked)]() mutable {
               std::exception_ptr thrown;
               Result<void> result;
               try {
                 result = work();
               } catch (...) {
                 thrown = std::current_exception();
               }
               --state->on_worker;
               state->on_worker.notify_all();
               asio::post(home, [state = std::move(state), buffer = std::move(buffer), thrown,
                                 result = std::move(result)]() mutable {
                 ++state->ended;
                 if (thrown) state->thrown = thrown;
                 if (state->result) state->result = std::move(result);
                 if (state->call != nullptr) state->call->give_back(std::move(buffer));
                 state->bell.cancel();
               });
             });
}

awaitable<Result<void>> Behind::rest(std::size_t at_most) {
  Result<void> result;
  if (state_) {
    while (state_->started - state_->ended > at_most) {
      asio::error_code rung;
      co_await state_->bell.async_wait(asio::redirect_error(use_awaitable, rung));
    }
    if (state_->thrown) std::rethrow_exception(std::exchange(state_->thrown, nullptr));
    result = state_->result;
  }
  co_return result;
}

}  // namespace ftp::server
