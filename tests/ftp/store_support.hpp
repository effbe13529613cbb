// What the tests of the store stand on: a store in a folder of its own, and what lies there.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "practice.hpp"
#include "process.hpp"
#include "store.hpp"

namespace store_test {

using Code = ftp::Error::Code;
using ftp::Target;
using ftp::Type;

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// A folder with a store in it, whose clock stands where the test puts it: at first, now.
class Place {
 public:
  explicit Place(ftp::StoreOptions options = {});

  const std::filesystem::path& root() const { return folder_.path(); }
  ftp::Store& store() { return *store_; }
  /// As another start of the server would find it.
  void open_again();
  void open_again(const ftp::StoreOptions& options);
  void hours_pass(int hours) { *clock_ += std::int64_t{hours} * 3'600'000; }
  void seconds_pass(int seconds) { *clock_ += std::int64_t{seconds} * 1000; }

  /// All regular files beneath, as "img/a", sorted; those on their way as ".incoming/...".
  std::vector<std::string> files() const;
  std::size_t on_their_way() const;

 private:
  dialtone::TemporaryFolder folder_;
  ftp::StoreOptions options_;
  std::shared_ptr<std::atomic<std::int64_t>> clock_;
  std::unique_ptr<ftp::Store> store_;
};

/// "" where it went well, else the code's spelling and the detail.
template <class T>
std::string problem(const ftp::Result<T>& result) {
  if (result) return "";
  return std::string(ftp::spelling(result.error().code)) + ": " + result.error().detail;
}

template <class T>
bool failed_as(const ftp::Result<T>& result, Code code) {
  return !result && result.error().code == code;
}

/// Stores a file in pieces of at most `piece` bytes.
ftp::Result<ftp::Entry> put(ftp::Store& store, const Target& target, std::string_view bytes,
                            const ftp::Beginning& beginning = {}, std::size_t piece = 1U << 16U);

/// The whole file, or "<code: detail>".
std::string get(ftp::Store& store, const Target& target);
std::string read_all(ftp::Reading& reading);

std::string digest_of(std::string_view bytes, ftp::DigestKind kind = ftp::DigestKind::xxh3_128);

std::vector<std::string> names_in(ftp::Store& store, Type type);

/// A small disk of its own, seen by nobody else; gone with this object.
class SmallDisk {
 public:
  /// Whether there is one: a mount needs a privileged user.
  explicit SmallDisk(std::size_t bytes);
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk();
  explicit operator bool() const { return mounted_; }
  const std::filesystem::path& path() const { return folder_.path(); }
  bool make_read_only() const;

 private:
  dialtone::TemporaryFolder folder_;
  bool mounted_ = false;
};

/// Says on the output that a test could not be made here.
void skipped(std::string_view why);

}  // namespace store_test
