// What the sessions of one server stand on: the services that all share, and the event loop (one
// thread) that each session stays with from its first byte to its last.
#pragma once

#include <array>
#include <asio.hpp>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

#include "course_digests.hpp"
#include "log.hpp"
#include "store.hpp"

namespace ftp::server {

using asio::awaitable;
using asio::use_awaitable;
using Clock = std::chrono::steady_clock;
using Socket = asio::generic::stream_protocol::socket;

struct Limits {
  std::size_t sessions = 10'000;             ///< at once; one more is told busy
  std::chrono::seconds idle{300};            ///< in which a caller that is waited for moves no byte
  std::chrono::seconds closing{10};          ///< for what is in flight when the server is stopped
  std::chrono::milliseconds parting{2'000};  ///< for the last words of a session
};

/// What all sessions share. Two kinds of work are done off the loops, which keep answering: what
/// follows the bytes of an upload, and whole files that are read for their digest. These take long,
/// so they have threads of their own: nobody's upload waits behind somebody's digest.
struct Services {
  Services(Store& files, const Limits& bounds, Log& journal, std::size_t count)
      : store(files),
        limits(bounds),
        log(journal),
        threads(count),
        workers(count),
        readers(count) {}

  Store& store;
  const Limits limits;
  Log& log;
  CourseDigests course_digests;
  std::atomic<std::size_t> sessions{0};
  std::atomic<std::size_t> turned_away{0};  ///< that are being told busy just now
  std::atomic<std::uint64_t> answered{0};   ///< requests that were done
  std::atomic<std::uint64_t> refused{0};    ///< and those that came to an error
  const std::size_t threads;                ///< of the workers, the readers, and the loops
  std::atomic<std::size_t> uploads{0};      ///< of version 2 that are under way
  asio::thread_pool workers;
  asio::thread_pool readers;  ///< of whole files
};

/// What one read from a socket can fill. Not cleared.
struct Buffer {
  explicit Buffer(std::size_t bytes) : memory(new std::byte[bytes]), size(bytes) {}
  std::unique_ptr<std::byte[]> memory;
  std::size_t size;
};

class Call;

/// One thread's event loop. Everything in it happens on that thread.
class Loop {
 public:
  explicit Loop(Services& shared) : services(shared) {}
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  Services& services;
  asio::io_context context{1};

  /// Buffers are lent to sessions that have bytes to read, and to no idle one: a few large ones,
  /// which make of a large upload few calls of the system, and then small ones.
  std::unique_ptr<Buffer> borrow();
  void give_back(std::unique_ptr<Buffer> buffer);

  void enter(Call& call) { calls_.insert(&call); }
  void leave(Call& call) { calls_.erase(&call); }

  /// Looks at every call's time, until the loop is stopped and the last call is gone.
  awaitable<void> watch();
  /// No new requests; what is in flight may end in limits.closing.
  void stop();

 private:
  static constexpr std::size_t large_buffer = std::size_t{1} << 20U;
  static constexpr std::size_t small_buffer = std::size_t{64} << 10U;
  static constexpr std::size_t most_large = 4;
  static constexpr std::size_t most_spare = 32;
  static constexpr std::chrono::milliseconds tick{250};

  std::unordered_set<Call*> calls_;
  std::vector<std::unique_ptr<Buffer>> spare_large_;
  std::vector<std::unique_ptr<Buffer>> spare_small_;
  std::size_t large_ = 0;  ///< that there are, lent and spare
  asio::steady_timer timer_{context};
  Clock::time_point closing_end_ = Clock::time_point::max();
};

/// Does the work on a thread of the pool while the loop goes on, and comes back to the loop with
/// what it gave. What the work refers to must outlive it: the awaiting coroutine does.
template <class Work>
awaitable<std::invoke_result_t<Work>> elsewhere(asio::thread_pool& pool, Work work) {
  using Value = std::invoke_result_t<Work>;
  const auto home =
      asio::prefer(co_await asio::this_coro::executor, asio::execution::outstanding_work.tracked);
  co_return co_await asio::async_initiate<decltype(use_awaitable), void(std::exception_ptr, Value)>(
      [&](auto handler) {
        asio::post(pool, [work = std::move(work), home, handler = std::move(handler)]() mutable {
          std::exception_ptr thrown;
          Value value{};
          try {
            value = work();
          } catch (...) {
            thrown = std::current_exception();
          }
          asio::post(home,
                     [handler = std::move(handler), thrown, value = std::move(value)]() mutable {
                       std::move(handler)(thrown, std::move(value));
                     });
        });
      },
      use_awaitable);
}

}  // namespace ftp::server
