// One caller of the server under judgement: a socket of the judge's.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "file_descriptor.hpp"
#include "frames.hpp"

namespace ftp_judge {

using dialtone::FileDescriptor;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

/// How long the judge waits for what a right server does at once, or for its next bytes.
inline constexpr milliseconds patience{6000};

milliseconds since(Clock::time_point begin);
void pause(milliseconds time);

class Caller {
 public:
  Caller(Input& trial, FileDescriptor socket, std::string name)
      : trial_(&trial), socket_(std::move(socket)), name_(std::move(name)) {}

  const std::string& name() const { return name_; }
  int get() const { return socket_.get(); }

  /// Sends it all; `what` tells it in the story. The story fails where the server does not take it.
  void say(std::string_view bytes, const std::string& what);
  /// As much as is taken at once, without waiting.
  std::size_t say_what_is_taken(std::string_view bytes);

  /// Until the server has read what was said, as the kernel's table of sockets tells it (proc(5)):
  /// what is said next is another read's. Not an obligation of the server's, so the wait is short.
  void wait_until_read() const;

  void ask(const Frame& request);
  /// The next frame; the story fails where none comes, or one that is none.
  Frame hear(const std::string& what = "");
  Frame answer_to(const Frame& request);

  /// The next frame's header alone.
  json hear_head(const std::string& what = "");
  /// Then the payload, in pieces.
  void hear_payload(std::uint64_t length, const std::function<void(std::string_view)>& piece);

  /// Hears no more but the end of the stream. A reset counts as well where `resets` is set.
  void expect_hung_up(const std::string& what, bool resets = false);

  bool hears_something(milliseconds time) const;
  void finish_speaking();
  void hang_up() { socket_.reset(); }
  void break_off();

 private:
  std::string hear_bytes(std::size_t count, const std::string& what);
  [[noreturn]] void not_heard(const std::string& what, std::size_t heard, std::size_t wanted,
                              const std::string& why) const;

  Input* trial_;
  FileDescriptor socket_;
  std::string name_;
};

}  // namespace ftp_judge
