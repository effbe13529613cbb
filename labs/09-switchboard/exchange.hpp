// What every switchboard needs and what is no lesson of this one: lines out of a stream of bytes,
// the queue of one caller, what callers are told, what accept's failures mean. Given; the variants
// of given.cpp stand on it, and yours may.
#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "switchboard.hpp"

namespace switchboard {

// --- last words: what a caller is told before it is hung up ----------------------------------

inline constexpr std::string_view busy_words = "busy\n";
inline constexpr std::string_view idle_words = "idle\n";
inline constexpr std::string_view time_is_up_words = "time is up\n";
inline constexpr std::string_view line_too_long_words = "error line too long\n";

/// The text of an exception that was caught.
inline std::string fault_text(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& known) {
    return known.what();
  } catch (...) {
    return "unknown exception";
  }
}

inline std::string fault_words(const std::string& text) {
  return "error " + text + "\n";
}

// --- lines out of a stream -------------------------------------------------------------------

/// Memory that is kept for the next bytes; more than that is given back when it is empty, so that a
/// caller who says nothing costs next to nothing.
inline constexpr std::size_t kept_while_empty = 256;

/// Cuts a stream of bytes into lines, however it arrives. Holds what was taken and not yet cut:
/// take little at a time.
class LineCutter {
 public:
  explicit LineCutter(std::size_t longest) : longest_(longest) {}

  void take(std::string_view bytes) {
    bytes_.erase(0, cut_);
    cut_ = 0;
    bytes_ += bytes;
  }

  /// The next whole line, without its end. Nothing while none is whole, and nothing from a line on
  /// that is too long.
  std::optional<std::string> next() {
    if (too_long()) return std::nullopt;
    const std::string_view line = next_bytes();
    if (cut_ + line.size() == bytes_.size()) {  // its end is still to come
      if (line.empty()) give_back();
      return std::nullopt;
    }
    cut_ += line.size() + 1;
    return std::string(without_return(line));
  }

  /// Whether the next line has more bytes than are allowed; its end need not have come.
  bool too_long() const { return without_return(next_bytes()).size() > longest_; }

 private:
  /// Up to the next '\n', or to the end of what there is.
  std::string_view next_bytes() const {
    const std::string_view rest = std::string_view(bytes_).substr(cut_);
    return rest.substr(0, rest.find('\n'));
  }

  static std::string_view without_return(std::string_view line) {
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line;
  }

  void give_back() {
    bytes_.clear();
    cut_ = 0;
    if (bytes_.capacity() > kept_while_empty) bytes_.shrink_to_fit();
  }

  std::size_t longest_;
  std::string bytes_;
  std::size_t cut_ = 0;  ///< bytes at the front that were cut already
};

// --- what waits for one caller ---------------------------------------------------------------

/// Bytes that a caller has not taken yet.
class Outbox {
 public:
  explicit Outbox(std::size_t limit) : limit_(limit) {}

  /// No further line of the caller's is answered while this holds.
  bool full() const { return size() >= limit_; }

  /// Puts in what must be told (a reply, last words). Call it for a reply only while it is not
  /// full: one reply may then go over the limit, for it is there already.
  void add(std::string_view words) { bytes_ += words; }

  /// Puts in a chat line where there is room for the whole of it; false, and nothing, where not.
  bool offer(std::string_view chat) {
    if (size() + chat.size() > limit_) return false;
    bytes_ += chat;
    return true;
  }

  bool empty() const { return size() == 0; }

  /// All that waits. Good until the outbox is touched again.
  std::string_view waiting() const { return std::string_view(bytes_).substr(taken_); }

  /// The caller's socket took this many bytes of it.
  void taken(std::size_t count) {
    taken_ += count;
    if (empty()) {
      bytes_.clear();
      taken_ = 0;
      if (bytes_.capacity() > kept_while_empty) bytes_.shrink_to_fit();
    } else if (taken_ > limit_) {  // seldom, so that a long queue is not moved for every send
      bytes_.erase(0, taken_);
      taken_ = 0;
    }
  }

  /// The caller is gone: nothing waits for it any more.
  void drop() { taken(size()); }

 private:
  std::size_t size() const { return bytes_.size() - taken_; }

  std::size_t limit_;
  std::string bytes_;
  std::size_t taken_ = 0;  ///< bytes at the front that are gone already
};

// --- the listener and its calls --------------------------------------------------------------

/// Fails where this is no listening socket.
inline Result<void> expect_listener(int descriptor) {
  int listens = 0;
  socklen_t length = sizeof listens;
  int code = 0;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) != 0)
    code = errno;
  else if (listens == 0)
    code = EINVAL;
  if (code == 0) return {};
  return tl::unexpected(Error{Error::Kind::system, code, 0,
                              std::string("serve: no listener: ") + std::strerror(code)});
}

/// What a failed accept means.
enum class AcceptFailure {
  nobody,              ///< that waits: go back to sleep
  caller_gone,         ///< before it was answered: try the next one
  out_of_descriptors,  ///< nobody can be answered for now, and the listener stays readable
  listener_broken,     ///< nobody will ever be answered again
};

/// From accept's errno, as accept(2) tells it: errors of the new call's network are not the
/// listener's.
inline AcceptFailure accept_failure(int code) {
  switch (code) {
    case EAGAIN:
      return AcceptFailure::nobody;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return AcceptFailure::out_of_descriptors;
    case EBADF:
    case EINVAL:
    case ENOTSOCK:
      return AcceptFailure::listener_broken;
    default:
      return AcceptFailure::caller_gone;
  }
}

/// How long to leave the listener alone after out_of_descriptors, unless a caller leaves before.
inline constexpr milliseconds descriptor_pause{100};

/// Sets up a call that was answered: closed on exec, and its short lines sent at once rather than
/// gathered (TCP_NODELAY; of no meaning, and no harm, on a unix socket).
inline void set_up_call(int call) {
  const int yes = 1;
  ::setsockopt(call, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  ::fcntl(call, F_SETFD, FD_CLOEXEC);
}

}  // namespace switchboard
