#include "loop.hpp"

#include "call.hpp"

namespace ftp::server {

std::unique_ptr<Buffer> Loop::borrow() {
  if (spare_.empty()) return std::unique_ptr<Buffer>(new Buffer);  // not cleared
  std::unique_ptr<Buffer> buffer = std::move(spare_.back());
  spare_.pop_back();
  return buffer;
}

void Loop::give_back(std::unique_ptr<Buffer> buffer) {
  if (buffer && spare_.size() < most_spare) spare_.push_back(std::move(buffer));
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
