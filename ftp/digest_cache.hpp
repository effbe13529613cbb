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
#include <utility>

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

/// The key of a file's bytes; the kind is of no meaning to who remembers one thing a file.
FileKey key_of(const struct stat& status, DigestKind kind = DigestKind::xxh3_128);

struct FileKeyHash {
  std::size_t operator()(const FileKey& key) const;
};

/// What is remembered of files. The least recently used are forgotten first. From many threads.
template <class Value>
class FileCache {
 public:
  explicit FileCache(std::size_t most) : most_(most) {}

  std::optional<Value> find(const FileKey& key) {
    const std::lock_guard lock(mutex_);
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return std::nullopt;
    by_use_.splice(by_use_.begin(), by_use_, found->second);
    return found->second->value;
  }

  void remember(const FileKey& key, Value value) {
    const std::lock_guard lock(mutex_);
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
      found->second->value = std::move(value);
      by_use_.splice(by_use_.begin(), by_use_, found->second);
      return;
    }
    by_use_.push_front({key, std::move(value)});
    by_key_.emplace(key, by_use_.begin());
    if (by_key_.size() > most_) {
      by_key_.erase(by_use_.back().key);
      by_use_.pop_back();
    }
  }

 private:
  struct Known {
    FileKey key;
    Value value;
  };
  using Place = typename std::list<Known>::iterator;
  std::size_t most_;
  std::mutex mutex_;
  std::list<Known> by_use_;                                 ///< the latest first; under mutex_
  std::unordered_map<FileKey, Place, FileKeyHash> by_key_;  ///< under mutex_
};

/// Digests, as their digits.
class DigestCache : public FileCache<std::string> {
 public:
  explicit DigestCache(std::size_t most = 100'000) : FileCache(most) {}
};

}  // namespace ftp
