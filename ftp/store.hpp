// The files that a server keeps: one interface, so that every door (the course's protocol, version
// 2, later standard FTP) stands on the same rules.
//
// Rules for every store:
// - A file has a type, which is the folder it lies in, and a name. A name is one path component of
//   valid UTF-8, at most 255 bytes; it is never empty, "." or "..", and holds no '/', no NUL and no
//   other control character. Nothing outside the store is ever reached, by whatever name.
// - Names that differ only in how Unicode composes them are one name (compared in NFC); a file
//   keeps the spelling that it was first stored under.
// - A reader sees a file as it was when it was opened, whole, whatever is stored meanwhile. A name
//   holds the old file or the new one, never a mix; of several writers of one name the last that
//   commits wins.
// - Calls block, for as long as a disk takes; they may come from many threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "error.hpp"

namespace ftp {

enum class Type { img, video, file };

/// "img", "video" or "file": the folder's name.
std::string_view folder_of(Type type);
/// The type whose folder is spelt so, exactly.
std::optional<Type> type_spelt(std::string_view text);
/// The type that a header's file_type means: every text but "img" and "video" is a plain file.
Type type_named(std::string_view text);
/// The type by a name's extension, as the course's lists have it (".jpg", ".mp4", ...); the case of
/// the letters does not count.
Type type_of_name(std::string_view name);

/// Refuses (bad_name, with the reason) what no store takes as a name.
Result<void> check_name(std::string_view name);
/// The name in NFC, by which names are compared.
std::string normalised(std::string_view name);

/// Which file.
struct Target {
  Type type = Type::file;
  std::string name;
  bool operator==(const Target&) const = default;
};

/// "img/NAME", as replies and messages show it.
std::string shown(const Target& target);

/// The digests that a file can have; both as small hexadecimal digits.
enum class DigestKind { xxh3_128, sha_256 };

/// A digest over bytes given piece by piece. XXH3-128 finds accidents, SHA-256 is for comparing
/// with a digest that came another way; neither, travelling with the data, stops a forger.
class Digester {
 public:
  explicit Digester(DigestKind kind);
  Digester(Digester&&) noexcept;
  Digester& operator=(Digester&&) noexcept;
  ~Digester();
  void update(std::span<const std::byte> bytes);
  /// The digest of what was given so far; more may follow. XXH3-128 as its canonical form (high
  /// half first), 32 digits; SHA-256 64 digits.
  std::string so_far() const;
  DigestKind kind() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct Entry {
  Target target;
  std::uint64_t size = 0;
  std::int64_t modified = 0;  ///< milliseconds since 1970, UTC
};

/// The part of an interrupted upload that is kept for a resume.
struct Partial {
  std::uint64_t length = 0;
  std::string digest;  ///< XXH3-128 of these bytes
};

/// A file opened for reading. Stays what it was, even when the name gets another file or none.
class Reading {
 public:
  virtual ~Reading() = default;
  virtual const Entry& entry() const = 0;
  /// For sendfile(2) and pread(2); owned by this object.
  virtual int descriptor() const = 0;
  /// Of the whole file. Computed at first need, which reads all of it, and remembered for as long
  /// as the file has the same size, time and inode.
  virtual Result<std::string> digest(DigestKind kind) = 0;
};

/// Gives the file's first `most` bytes to `take`, in pieces of some hundred kilobytes, and says how
/// many there were.
Result<std::uint64_t> read_pieces(const Reading& file, std::uint64_t most,
                                  const std::function<void(std::span<const std::byte>)>& take);

/// A file on its way in. Destroyed before commit() it leaves nothing behind, neither a file nor a
/// reserved byte, unless keep_partial() was called.
class Writing {
 public:
  virtual ~Writing() = default;
  /// Appends. too_large, no_space and read_only tell what the store has no room for; after a
  /// failure only destruction is left.
  virtual Result<void> write(std::span<const std::byte> bytes) = 0;
  virtual std::uint64_t length() const = 0;  ///< bytes so far; what a resume began with counts
  /// XXH3-128 of all bytes so far.
  virtual std::string digest() const = 0;
  /// The bytes become the file of that name, at once and whole. With `durable` they are on the disk
  /// before (fsync), and so is the name. Call it once.
  virtual Result<Entry> commit() = 0;
  /// The bytes so far stay, hidden, for a resume of the same target by the same account: for 24
  /// hours, or until the file is replaced. One per account and target: the last one kept.
  virtual Result<void> keep_partial() = 0;
};

/// How an upload begins.
struct Beginning {
  /// Of the whole file, where it is known: room is reserved.
  std::optional<std::uint64_t> size = {};
  std::uint64_t offset = 0;  ///< of a resume: bytes of the partial to go on from
  std::string account = {};  ///< whose partial; "" is the anonymous caller
};

class Store {
 public:
  virtual ~Store() = default;

  /// Files of one type, by name (bytes compared), those after `after` (exclusive, "" is from the
  /// start), at most `limit`.
  virtual Result<std::vector<Entry>> list(Type type, std::string_view after, std::size_t limit) = 0;
  virtual Result<Entry> stat(const Target& target) = 0;
  virtual Result<std::unique_ptr<Reading>> open(const Target& target) = 0;

  /// Begins an upload. Quota, largest file and the disk's free space are asked before the first
  /// byte. An offset asks for the kept partial: changed where there is none of exactly that length
  /// (it stays), else the partial's bytes are in the new Writing, and the partial is used up.
  virtual Result<std::unique_ptr<Writing>> create(const Target& target,
                                                  const Beginning& beginning) = 0;
  /// What is kept for a resume, if anything.
  virtual Result<std::optional<Partial>> partial(const Target& target,
                                                 std::string_view account) = 0;

  virtual Result<void> remove(const Target& target) = 0;
  /// The type may change as well. exists where the new name is taken, unless `replace`.
  virtual Result<void> rename(const Target& from, const Target& to, bool replace) = 0;

  struct Usage {
    std::uint64_t used = 0;                ///< bytes of files and partials, and what is reserved
    std::optional<std::uint64_t> quota;    ///< where there is one
    std::optional<std::uint64_t> largest;  ///< the largest file that is taken
    std::uint64_t free = 0;                ///< of the disk
  };
  virtual Usage usage() = 0;
};

struct StoreOptions {
  std::optional<std::uint64_t> quota = {};    ///< bytes of all files together
  std::optional<std::uint64_t> largest = {};  ///< bytes of one file
  bool durable = false;                       ///< fsync before a commit is told
  /// Where openat2(2) is not there (or forced off, for tests), each component is opened with
  /// O_NOFOLLOW instead.
  bool use_openat2 = true;
  /// Milliseconds since 1970; the system's clock when empty.
  std::function<std::int64_t()> now = {};
};

/// A store in a folder, which must exist: ROOT/img, ROOT/video and ROOT/file are made when they are
/// needed; what is on its way lies in ROOT/.incoming. Removes partials and temporaries that are
/// older than 24 hours, and no others: another server may be at work in the same folder.
/// Fails (one line) where the folder is none or cannot be read. A read-only folder can be opened:
/// writes tell it.
Result<std::unique_ptr<Store>> open_directory_store(const std::string& root,
                                                    const StoreOptions& options);

}  // namespace ftp
