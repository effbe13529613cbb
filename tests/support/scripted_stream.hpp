// A byte stream that does what a script says: hands out its bytes in given cuts, is interrupted,
// would block, breaks or ends at any byte, takes only so much of a write. For code that is given
// its stream; code that calls the system itself is tested with faulty_calls.hpp.
#pragma once

#include <sys/types.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dialtone {

class ScriptedStream {
 public:
  /// What is to be read. It ends after the last byte, unless the script says otherwise.
  explicit ScriptedStream(std::string bytes) : bytes_(std::move(bytes)) {}

  /// No read goes past these places (bytes from the beginning), as if a segment ended there.
  ScriptedStream& cut_at(const std::vector<std::size_t>& places) {
    for (const std::size_t place : places) cuts_.push_back(place);
    std::sort(cuts_.begin(), cuts_.end());
    return *this;
  }

  /// No read gives more than this.
  ScriptedStream& at_most(std::size_t bytes) {
    most_read_ = bytes;
    return *this;
  }

  /// The read that would begin at this byte fails `times` times with this errno (EINTR, EAGAIN,
  /// ECONNRESET); reads before it stop there.
  ScriptedStream& fail_at(std::size_t place, int code, std::size_t times = 1) {
    failures_[place] = {code, times};
    return cut_at({place});
  }

  /// The stream ends here, whatever bytes there are behind.
  ScriptedStream& end_at(std::size_t place) {
    bytes_.resize(std::min(place, bytes_.size()));
    return *this;
  }

  /// Writes take at most `each` bytes, and from `broken_after` bytes on fail with EPIPE.
  ScriptedStream& take(std::size_t each, std::size_t broken_after = std::string::npos) {
    most_written_ = each;
    broken_after_ = broken_after;
    return *this;
  }

  /// As read(2): how many bytes came, 0 at the end, -1 with errno.
  ssize_t read(std::span<std::byte> into) {
    ++reads_;
    if (const auto failure = failures_.find(at_);
        failure != failures_.end() && failure->second.times > 0) {
      --failure->second.times;
      return failed(failure->second.code);
    }
    std::size_t end = std::min({bytes_.size(), at_ + into.size(), at_ + most_read_});
    const auto cut = std::upper_bound(cuts_.begin(), cuts_.end(), at_);
    if (cut != cuts_.end()) end = std::min(end, *cut);
    std::memcpy(into.data(), bytes_.data() + at_, end - at_);
    return static_cast<ssize_t>(end - std::exchange(at_, end));
  }

  /// As write(2): how many bytes were taken, -1 with errno.
  ssize_t write(std::string_view bytes) {
    if (written_.size() >= broken_after_) return failed(EPIPE);
    const std::size_t room = broken_after_ - written_.size();
    bytes = bytes.substr(0, std::min(most_written_, room));
    written_ += bytes;
    return static_cast<ssize_t>(bytes.size());
  }

  std::size_t reads() const { return reads_; }
  const std::string& written() const { return written_; }

 private:
  struct Failure {
    int code;
    std::size_t times;
  };

  static ssize_t failed(int code) {
    errno = code;
    return -1;
  }

  std::string bytes_;
  std::size_t at_ = 0;
  std::size_t reads_ = 0;
  std::vector<std::size_t> cuts_;
  std::map<std::size_t, Failure> failures_;
  std::size_t most_read_ = static_cast<std::size_t>(-1) / 2;
  std::string written_;
  std::size_t most_written_ = static_cast<std::size_t>(-1);
  std::size_t broken_after_ = static_cast<std::size_t>(-1);
};

}  // namespace dialtone
