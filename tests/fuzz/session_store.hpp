// A store in memory for fuzz_session: fast, small, and it fails where a name asks it to.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store.hpp"

namespace fuzz {

/// The bytes of video/large. No upload can be as long.
const std::string& large_file();

/// What a run is about, as far as the store has a part in it.
struct Troubles {
  bool little_room = false;  ///< a quota, and a limit to each file
  bool cannot_list = false;  ///< lists fail
};

/// Keeps the rules of store.hpp but one: it is for one session, and locks nothing.
///
/// Fails on purpose by names: what is done with "commit:no-space" goes well up to its commit, which
/// fails as no-space; in front of the colon may stand open, digest, create, write, commit, keep,
/// partial, stat, remove and rename, behind it a code's spelling or a number of errno. A file whose
/// name begins with "shrunk" has a byte less than its entry says.
class MemoryStore final : public ftp::Store {
 public:
  /// With img/a.png, video/large and two that have shrunk.
  explicit MemoryStore(const Troubles& troubles);

  ftp::Result<std::vector<ftp::Entry>> list(ftp::Type type, std::string_view after,
                                            std::size_t limit) override;
  ftp::Result<ftp::Entry> stat(const ftp::Target& target) override;
  ftp::Result<std::unique_ptr<ftp::Reading>> open(const ftp::Target& target) override;
  ftp::Result<std::unique_ptr<ftp::Writing>> create(const ftp::Target& target,
                                                    const ftp::Beginning& beginning) override;
  ftp::Result<std::optional<ftp::Partial>> partial(const ftp::Target& target,
                                                   std::string_view account) override;
  ftp::Result<void> remove(const ftp::Target& target) override;
  ftp::Result<void> rename(const ftp::Target& from, const ftp::Target& to, bool replace) override;
  Usage usage() override;

  /// Every upload that was committed, in that order.
  struct Stored {
    ftp::Target target;
    std::string bytes;
  };
  const std::vector<Stored>& stored() const { return stored_; }
  /// Uploads that have neither ended nor been given up.
  int under_way() const { return under_way_; }
  bool showed_a_shrunk_file() const { return showed_shrunk_; }

 private:
  class Memory;
  class Opened;
  class Upload;
  using Bytes = std::shared_ptr<const std::string>;
  struct File {
    ftp::Entry entry;
    Bytes bytes;
    std::shared_ptr<const Memory> memory;  ///< where it was opened already
  };
  using Key = std::pair<ftp::Type, std::string>;  ///< the name in NFC

  static Key key_of(const ftp::Target& target);
  ftp::Result<File*> find(const ftp::Target& target);
  ftp::Entry keep(const ftp::Target& target, Bytes bytes);
  ftp::Result<void> has_room(std::uint64_t size) const;

  Troubles troubles_;
  std::map<Key, File> files_;
  std::map<Key, std::string> partials_;
  std::vector<Stored> stored_;
  std::int64_t clock_ = 0;
  std::uint64_t opened_bytes_ = 0;
  int under_way_ = 0;
  bool showed_shrunk_ = false;
};

}  // namespace fuzz
