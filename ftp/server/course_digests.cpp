#include "course_digests.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <limits>

#include "wire.hpp"

namespace ftp::server {

std::optional<CourseDigestOfFile> CourseDigests::known(const Reading& file) {
  struct stat status {};
  if (::fstat(file.descriptor(), &status) != 0) return std::nullopt;
  return cache_.find(key_of(status));
}

Result<CourseDigestOfFile> CourseDigests::made(const Reading& file) {
  if (auto found = known(file)) return *std::move(found);  // somebody was quicker
  const std::string tried = "read " + shown(file.entry().target);
  struct stat status {};
  if (::fstat(file.descriptor(), &status) != 0) return tl::unexpected(system_error(errno, tried));
  framing::CourseDigest digest;
  const auto read = read_pieces(file, std::numeric_limits<std::uint64_t>::max(),
                                [&](std::span<const std::byte> piece) { digest.update(piece); });
  if (!read) return tl::unexpected(read.error());
  if (*read != file.entry().size) return failure(Error::Code::changed, tried + ": it has changed");
  CourseDigestOfFile made;
  made.salt = course::fresh_salt();
  made.encrypted = digest.finish(made.salt);
  cache_.remember(key_of(status), made);
  return made;
}

void CourseDigests::learn(Reading& file, std::string_view stored, CourseDigestOfFile digest) {
  if (digest.salt.size() > longest_salt_kept) return;
  struct stat status {};
  if (::fstat(file.descriptor(), &status) != 0) return;
  const auto there = file.digest(DigestKind::xxh3_128);  // remembered since the upload
  if (there && *there == stored) cache_.remember(key_of(status), std::move(digest));
}

}  // namespace ftp::server
