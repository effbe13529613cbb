#include "course_digests.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "wire.hpp"

namespace ftp::server {
namespace {

constexpr std::size_t piece_size = std::size_t{256} << 10U;

Result<CourseDigestOfFile> read_through(const Reading& file) {
  std::vector<std::byte> piece(piece_size);
  framing::CourseDigest digest;
  off_t place = 0;
  for (;;) {
    const ssize_t count = ::pread(file.descriptor(), piece.data(), piece.size(), place);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return tl::unexpected(system_error(errno, "read " + shown(file.entry().target)));
    if (count == 0) break;
    digest.update(std::span(piece).first(static_cast<std::size_t>(count)));
    place += count;
  }
  if (static_cast<std::uint64_t>(place) != file.entry().size)
    return failure(Error::Code::changed, "read " + shown(file.entry().target) + ": it has changed");
  CourseDigestOfFile made;
  made.salt = course::fresh_salt();
  made.encrypted = digest.finish(made.salt);
  return made;
}

}  // namespace

Result<CourseDigestOfFile> CourseDigests::of(const Reading& file) {
  struct stat status {};
  if (::fstat(file.descriptor(), &status) != 0)
    return tl::unexpected(system_error(errno, "read " + shown(file.entry().target)));
  const Key key{status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size),
                status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec,
                status.st_ctim.tv_sec * 1'000'000'000 + status.st_ctim.tv_nsec};
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = known_.find(key); found != known_.end()) {
      recent_.splice(recent_.begin(), recent_, found->second);
      return found->second->second;
    }
  }
  auto made = read_through(file);
  if (!made) return made;
  const std::lock_guard lock(mutex_);
  if (known_.contains(key)) return made;  // another thread was faster
  recent_.emplace_front(key, *made);
  known_[key] = recent_.begin();
  if (recent_.size() > most) {
    known_.erase(recent_.back().first);
    recent_.pop_back();
  }
  return made;
}

}  // namespace ftp::server
