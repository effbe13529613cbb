// Digests that were computed before, so that a file is not read again for each who asks.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "store.hpp"

namespace ftp {

/// What a file's bytes are known by: whoever changes them changes one of these. (Except within one
/// tick of the kernel's clock, some milliseconds, where a file keeps its size: nobody but a person
/// with an editor changes stored files in place, and newer kernels tick finer.)
struct FileKey {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified = 0;  ///< nanoseconds
  std::int64_t changed = 0;   ///< nanoseconds
  DigestKind kind = DigestKind::xxh3_128;
  bool operator==(const FileKey&) const = default;
};

FileKey key_of(const struct stat& status, DigestKind kind);

/// The least recently used are forgotten first. From many threads.
class DigestCache {
 public:
  explicit DigestCache(std::size_t most = 100'000) : most_(most) {}
  std::optional<std::string> find(const FileKey& key);
  void remember(const FileKey& key, const std::string& digest);

 private:
  struct Hash {
    std::size_t operator()(const FileKey& key) const;
  };
  struct Known {
    FileKey key;
    std::string digest;
  };
  std::size_t most_;
  std::mutex mutex_;
  std::list<Known> by_use_;  ///< the latest first; under mutex_
  std::unordered_map<FileKey, std::list<Known>::iterator, Hash> by_key_;  ///< under mutex_
};

}  // namespace ftp
