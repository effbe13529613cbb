// The digests that version 1 sends with its downloads, made once a file.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <tuple>

#include "store.hpp"

namespace ftp::server {

/// Salt and digest of one file's bytes. The salt of a reply is the server's to choose, and need not
/// be fresh: it protects nothing. So one digest serves every download of a file.
struct CourseDigestOfFile {
  std::string salt;
  std::string encrypted;
};

/// Remembers them for as long as a file stays what it is (device, inode, size, time of change).
/// May be used from many threads.
class CourseDigests {
 public:
  /// From memory, or by reading the whole file.
  Result<CourseDigestOfFile> of(const Reading& file);

 private:
  using Key = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, std::int64_t, std::int64_t>;
  static constexpr std::size_t most = 10'000;

  std::mutex mutex_;
  std::list<std::pair<Key, CourseDigestOfFile>> recent_;  ///< the last used first; under mutex_
  std::map<Key, decltype(recent_)::iterator> known_;      ///< under mutex_
};

}  // namespace ftp::server
