// How many bytes the store holds and has promised, against the quota.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <optional>

namespace ftp {

/// From many threads. A new file needs room of its own until the one that it replaces is gone: with
/// the quota nearly full, 10 MB are not replaced by another 10 MB.
class Ledger {
 public:
  explicit Ledger(std::optional<std::uint64_t> quota) : quota_(quota) {}

  /// Promises room to an upload, if the quota has it.
  bool reserve(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t used = stored_ + reserved_;
    if (quota_ && bytes > *quota_ - std::min(*quota_, used)) return false;
    reserved_ += bytes;
    return true;
  }

  void release(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    take(reserved_, bytes);
  }

  /// An upload that held `reserved` bytes became `length` stored ones.
  void keep(std::uint64_t reserved, std::uint64_t length) {
    const std::lock_guard lock(mutex_);
    take(reserved_, reserved);
    stored_ += length;
  }

  /// Stored bytes are an upload's again: a resume.
  void resume(std::uint64_t length) {
    const std::lock_guard lock(mutex_);
    take(stored_, length);
    reserved_ += length;
  }

  /// Stored bytes are gone: a file removed or replaced, a partial dropped.
  void forget(std::uint64_t length) {
    const std::lock_guard lock(mutex_);
    take(stored_, length);
  }

  void recount(std::uint64_t stored) {
    const std::lock_guard lock(mutex_);
    stored_ = stored;
  }

  std::uint64_t used() const {
    const std::lock_guard lock(mutex_);
    return stored_ + reserved_;
  }

 private:
  /// Never below zero: somebody may have put files in by hand that were not counted.
  static void take(std::uint64_t& from, std::uint64_t bytes) { from -= std::min(from, bytes); }

  const std::optional<std::uint64_t> quota_;
  mutable std::mutex mutex_;
  std::uint64_t stored_ = 0;    ///< files, partials, others' temporaries; under mutex_
  std::uint64_t reserved_ = 0;  ///< uploads on their way; under mutex_
};

}  // namespace ftp
