#include "loop.hpp"

#include "call.hpp"

namespace ftp::server {

std::unique_ptr<Buffer> Loop::borrow() {
  for (auto* spare : {&spare_large_, &spare_small_})
    if (!spare->empty() && (spare == &spare_large_ || large_ >= most_large)) {
      std::unique_ptr<Buffer> buffer = std::move(spare->back());
      spare->pop_back();
      return buffer;
    }
  if (large_ >= most_large) return std::make_unique<Buffer>(small_buffer);
  ++large_;
  return std::make_unique<Buffer>(large_buffer);
}

void Loop::give_back(std::unique_ptr<Buffer> buffer) {
  if (!buffer) return;
  auto& spare = buffer->size == large_buffer ? spare_large_ : spare_small_;
  if (spare.size() < most_spare) spare.push_back(std::move(buffer));
}

awaitable<void> Loop::watch() {
  while (closing_end_ == Clock::time_point::max() || !calls_.empty()) {
    timer_.expires_after(tick);
    asio::error_code woken;
    co_await timer_.async_wait(asio::redirect_error(use_awaitable, woken));
    const Clock::time_point now = Clock::now();
    for (Call* call : calls_) {
      call->look_at_time(now);
      if (now >= closing_end_) call->interrupt(Error::Code::disconnected);
    }
  }
}

void Loop::stop() {
  closing_end_ = Clock::now() + services.limits.closing;
  for (Call* call : calls_) call->finish();
  timer_.cancel();
}

}  // namespace ftp::server
