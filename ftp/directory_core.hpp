// What the parts of a directory store share: its folders, its accounts of bytes, its lock.
//
//   ROOT/img, ROOT/video, ROOT/file   the files, each a regular file under its name
//   ROOT/.incoming/INSTANCE.NUMBER    an upload on its way, of one opened store (INSTANCE)
//   ROOT/.incoming/kept/...           partials; all that is known of one is its name (struct Kept)
#pragma once

#include <sys/stat.h>

#include <array>
#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "beneath.hpp"
#include "digest_cache.hpp"
#include "ledger.hpp"
#include "spellings.hpp"
#include "store.hpp"

namespace ftp {

inline constexpr std::int64_t kept_for = std::int64_t{24} * 60 * 60 * 1000;  ///< milliseconds

/// A partial, as the name of its file tells it: TARGET.ACCOUNT.LENGTH.DIGEST.TIME. Being a name, it
/// is there whole or not at all, needs no room on a full disk, and the file is the bytes alone.
struct Kept {
  std::string target;   ///< the first half of SHA-256 of TYPE/NAME, in NFC
  std::string account;  ///< the same of the account's name
  std::uint64_t length = 0;
  std::string digest;     ///< XXH3-128
  std::int64_t time = 0;  ///< when it was kept, milliseconds

  std::string name() const;
  static std::optional<Kept> parse(std::string_view name);
};

std::string hash_of(const Target& target);
std::string hash_of(std::string_view account);

/// A stored file: how its name is spelt, and what fstat(2) says of it.
struct Found {
  std::string spelling;
  struct stat status {};
};

Entry entry_of(Type type, const Found& found);

/// What errno means for a write. Names were checked before, so where a folder or a temporary
/// vanished, or a folder lies on another disk, it is the machine that failed, not the name.
Error write_error(int code, std::string_view tried);

class Core {
 public:
  Core(dialtone::FileDescriptor folder, StoreOptions store_options);

  std::int64_t now() const;
  std::string temporary_name();

  /// Room in the quota. Where it is refused, what people took out by hand since is looked for, at
  /// most every ten seconds; that (and what they put in) is not noticed otherwise.
  Result<void> reserve(std::uint64_t bytes, std::string_view tried);

  /// The regular file of this name, by whatever spelling. `lock` is of `names`: taken where it is
  /// needed, and kept.
  Result<std::optional<Found>> find(int folder, Type type, const std::string& name,
                                    std::unique_lock<std::mutex>& lock, std::string_view tried);

  // The lock `names` is held by the caller of what follows.

  /// Counts all files; with `clean`, removes what expired.
  Result<void> count(bool clean);

  /// The account's partial of the target, if it did not expire.
  std::optional<Kept> find_partial(const Target& target, std::string_view account);
  void drop_partials(const Target& target);
  /// Makes a temporary the partial, in the place of one that was.
  Result<void> keep_partial(int incoming, const std::string& temporary, const Kept& kept,
                            std::string_view tried);
  void remove_partial(int folder, const Kept& kept);

  const StoreOptions options;
  const mode_t file_mode;  ///< of stored files: 0644 less the umask
  Root root;
  Ledger ledger;
  DigestCache digests;
  std::mutex names;                    ///< held while a name gets, changes or loses its file
  std::array<Spellings, 3> spellings;  ///< by type; under `names`

 private:
  std::vector<Kept> partials(int folder);
  bool is_expired(std::int64_t time) const;

  const std::string instance_;
  std::atomic<std::uint64_t> temporaries_{0};
  std::int64_t counted_ = 0;  ///< when; under `names`
};

/// Begins an upload: see Store::create. The target's name was checked.
Result<std::unique_ptr<Writing>> begin_upload(std::shared_ptr<Core> core, const Target& target,
                                              const Beginning& beginning);

/// Opens for reading; the target's name was checked.
Result<std::unique_ptr<Reading>> open_reading(std::shared_ptr<Core> core, const Target& target);

}  // namespace ftp
