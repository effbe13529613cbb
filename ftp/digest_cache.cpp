#include "digest_cache.hpp"

namespace ftp {
namespace {

std::int64_t nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

FileKey key_of(const struct stat& status, DigestKind kind) {
  return {status.st_dev,
          status.st_ino,
          static_cast<std::uint64_t>(status.st_size),
          nanoseconds(status.st_mtim),
          nanoseconds(status.st_ctim),
          kind};
}

std::size_t FileKeyHash::operator()(const FileKey& key) const {
  std::uint64_t mixed = 0;
  for (const std::uint64_t part :
       {key.device, key.inode, key.size, static_cast<std::uint64_t>(key.modified),
        static_cast<std::uint64_t>(key.changed), static_cast<std::uint64_t>(key.kind)}) {
    mixed = (mixed ^ part) * 0x9e3779b97f4a7c15U;
    mixed ^= mixed >> 32U;
  }
  return mixed;
}

}  // namespace ftp
