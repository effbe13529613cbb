// The digests that version 1 sends with its downloads, made once a file.
#pragma once

#include <optional>
#include <string>

#include "digest_cache.hpp"
#include "store.hpp"

namespace ftp::server {

/// Salt and digest of one file's bytes. The salt of a reply is the server's to choose, and need not
/// be fresh: it protects nothing. So one digest serves every download of a file.
struct CourseDigestOfFile {
  std::string salt;
  std::string encrypted;
};

/// Remembers them for as long as a file stays what it is. May be used from many threads.
class CourseDigests {
 public:
  /// From memory alone.
  std::optional<CourseDigestOfFile> known(const Reading& file);
  /// By reading the whole file; remembered from then on.
  Result<CourseDigestOfFile> made(const Reading& file);

 private:
  FileCache<CourseDigestOfFile> cache_{10'000};
};

}  // namespace ftp::server
