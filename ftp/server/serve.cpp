#include "serve.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "exchange.hpp"
#include "session.hpp"

namespace ftp::server {
namespace {

using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;

/// Callers that are told busy at the same time; further ones are just hung up.
constexpr std::size_t most_turned_away = 64;

std::string peer_of(int socket) {
  const auto address = socket_basics::peer_address(socket);
  return address ? socket_basics::to_string(*address) : "unknown";
}

/// Counts a caller for as long as it lives.
class Place {
 public:
  explicit Place(std::atomic<std::size_t>& count) : count_(&count) { ++count; }
  Place(Place&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
  Place& operator=(Place&&) = delete;
  ~Place() {
    if (count_ != nullptr) --*count_;
  }

 private:
  std::atomic<std::size_t>* count_;
};

class Server {
 public:
  Server(socket_basics::Descriptor listener, int cord, Services& services, std::size_t threads)
      : services_(services) {
    for (std::size_t i = 0; i < threads; ++i) loops_.push_back(std::make_unique<Loop>(services));
    listener_.emplace(main_loop().context, asio::generic::stream_protocol(AF_INET, 0),
                      listener.get());
    listener.release();
    stop_.emplace(main_loop().context, cord);
  }

  void run() {
    spawn(main_loop(), answer_callers(), "answer callers");
    spawn(main_loop(), wait_for_stop(), "wait for the stop");
    for (auto& loop : loops_) spawn(*loop, loop->watch(), "watch the time");
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < loops_.size(); ++i)
      threads.emplace_back([this, i] { loops_[i]->context.run(); });
    main_loop().context.run();
    for (std::thread& thread : threads) thread.join();
    services_.workers.join();
    services_.readers.join();
  }

 private:
  Loop& main_loop() { return *loops_.front(); }

  /// The one place where coroutines are started: no exception is lost.
  void spawn(Loop& loop, awaitable<void> story, std::string what) {
    asio::co_spawn(loop.context, std::move(story),
                   [this, what = std::move(what)](const std::exception_ptr& thrown) {
                     if (thrown)
                       services_.log.warn("{}: {}", what, for_log(switchboard::fault_text(thrown)));
                   });
  }

  awaitable<void> answer_callers() {
    asio::steady_timer pause(main_loop().context);
    while (!stopping_) {
      Loop& loop = *loops_[next_loop_++ % loops_.size()];
      asio::error_code error;
      Socket socket = co_await listener_->async_accept(loop.context,
                                                       asio::redirect_error(use_awaitable, error));
      if (stopping_) break;
      if (!error) {
        welcome(loop, std::move(socket));
        continue;
      }
      switch (switchboard::accept_failure(error.value())) {
        case switchboard::AcceptFailure::out_of_descriptors:  // callers wait in the kernel's queue
          services_.log.warn("answer callers: {}", error.message());
          pause.expires_after(switchboard::descriptor_pause);
          co_await pause.async_wait(asio::redirect_error(use_awaitable, error));
          break;
        case switchboard::AcceptFailure::listener_broken:
          throw asio::system_error(error);
        default:
          break;
      }
    }
  }

  void welcome(Loop& loop, Socket socket) {
    switchboard::set_up_call(socket.native_handle());
    const bool has_room = services_.sessions < services_.limits.sessions;
    if (!has_room && services_.turned_away >= most_turned_away) return;
    Place place(has_room ? services_.sessions : services_.turned_away);
    spawn(loop, attend(loop, std::move(socket), std::move(place), has_room), "session");
  }

  awaitable<void> attend(Loop& loop, Socket socket, Place place, bool has_room) {
    const Place held(std::move(place));
    std::string peer = peer_of(socket.native_handle());
    const Clock::duration idle =
        has_room ? Clock::duration(services_.limits.idle) : services_.limits.parting;
    const auto call = std::make_shared<Call>(std::move(socket), loop, std::move(peer), idle);
    if (has_room)
      co_await converse(call);
    else
      co_await turn_away(call);
  }

  awaitable<void> wait_for_stop() {
    co_await stop_->async_wait(asio::posix::stream_descriptor::wait_read, use_awaitable);
    stopping_ = true;
    listener_->close();
    for (auto& loop : loops_) asio::post(loop->context, [&loop = *loop] { loop.stop(); });
  }

  Services& services_;
  std::vector<std::unique_ptr<Loop>> loops_;  ///< the first one answers callers, too
  std::optional<Acceptor> listener_;
  std::optional<asio::posix::stream_descriptor> stop_;
  std::size_t next_loop_ = 0;
  bool stopping_ = false;  ///< on the first loop alone
};

}  // namespace

Result<void> serve(socket_basics::Descriptor listener, Services& services, std::size_t threads,
                   const switchboard::Stop& stop) {
  if (const auto usable = switchboard::expect_listener(listener.get()); !usable)
    return failure(Error::Code::system, usable.error().message);
  socket_basics::Descriptor cord(::fcntl(stop.descriptor(), F_DUPFD_CLOEXEC, 0));
  if (!cord) return tl::unexpected(system_error(errno, "serve"));
  try {
    Server server(std::move(listener), cord.get(), services, threads);
    cord.release();
    server.run();
  } catch (const std::exception& error) {
    return failure(Error::Code::system, std::string("serve: ") + error.what());
  }
  return {};
}

}  // namespace ftp::server
