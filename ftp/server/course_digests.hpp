// The digests that version 1 sends with its downloads, made once a file.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "digest_cache.hpp"
#include "store.hpp"

namespace ftp::server {

/// Salt and digest of one file's bytes. The salt of a reply is the server's to choose, and need not
/// be fresh: it protects nothing. So one digest serves every download of a file.
struct CourseDigestOfFile {
  std::string salt;
  std::string encrypted;
};

/// Salts longer than this are not worth the memory; the course's have 32 digits.
inline constexpr std::size_t longest_salt_kept = 64;

/// Remembers them for as long as a file stays what it is. May be used from many threads.
class CourseDigests {
 public:
  /// From memory alone.
  std::optional<CourseDigestOfFile> known(const Reading& file);
  /// By reading the whole file, where it is not known; remembered from then on.
  Result<CourseDigestOfFile> made(const Reading& file);
  /// The digest of an upload that fitted, so that its first download need not make one. `stored` is
  /// XXH3-128 of the same bytes: the file may have been replaced by now.
  void learn(Reading& file, std::string_view stored, CourseDigestOfFile digest);

 private:
  FileCache<CourseDigestOfFile> cache_{10'000};
};

}  // namespace ftp::server
