// Which names in a folder are spelt otherwise than in NFC: so that a name of another spelling is
// found without reading the folder each time.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <set>
#include <string>
#include <utility>

#include "beneath.hpp"

namespace ftp {

/// Whether another spelling of this name can exist. ASCII is mostly its own only spelling: only
/// 'K', ';' and '`' are also what other characters (U+212A, U+037E, U+1FEF) are in NFC.
bool has_other_spellings(std::string_view name);

/// Of one folder; the caller locks. What the store itself changes is followed; where anyone else
/// changed the folder (its time tells) it is read again. Another server's change in the same tick
/// of the kernel's clock as one of ours can be missed: then a name may lie there in two spellings,
/// each reachable by its own.
class Spellings {
 public:
  /// A stored name that is not in NFC and whose NFC is `composed`.
  Result<std::optional<std::string>> find(const Root& root, int folder, const std::string& composed,
                                          std::string_view tried);

  /// Brackets a change by the store: the names that go and come, "" for none.
  void before_change(int folder);
  void after_change(int folder, const std::string& gone, const std::string& come);

 private:
  struct Stamp {
    dev_t device = 0;
    ino_t inode = 0;
    timespec modified{};
  };
  static std::optional<Stamp> stamp_of(int folder);
  bool is_current(int folder) const;

  std::optional<Stamp> stamp_;                            ///< nothing: not known
  std::set<std::pair<std::string, std::string>> others_;  ///< NFC, spelling
};

}  // namespace ftp
