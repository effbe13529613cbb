#include "spellings.hpp"

#include <algorithm>

namespace ftp {

bool has_other_spellings(std::string_view name) {
  return std::any_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x80 || c == 'K' || c == ';' || c == '`';
  });
}

std::optional<Spellings::Stamp> Spellings::stamp_of(int folder) {
  struct stat status {};
  if (fstat(folder, &status) != 0) return std::nullopt;
  return Stamp{status.st_dev, status.st_ino, status.st_mtim};
}

bool Spellings::is_current(int folder) const {
  if (!stamp_) return false;
  const auto now = stamp_of(folder);
  return now && now->device == stamp_->device && now->inode == stamp_->inode &&
         now->modified.tv_sec == stamp_->modified.tv_sec &&
         now->modified.tv_nsec == stamp_->modified.tv_nsec;
}

Result<std::optional<std::string>> Spellings::find(const Root& root, int folder,
                                                   const std::string& composed,
                                                   std::string_view tried) {
  if (!is_current(folder)) {
    stamp_ = stamp_of(folder);
    others_.clear();
    const int problem =
        root.each_name(folder, [this](std::string_view name, unsigned char /*type*/) {
          std::string spelling(name);
          std::string nfc = normalised(spelling);
          if (nfc != spelling) others_.emplace(std::move(nfc), std::move(spelling));
        });
    if (problem != 0) {
      stamp_.reset();
      return tl::unexpected(system_error(problem, tried));
    }
  }
  const auto found = others_.lower_bound({composed, ""});
  if (found == others_.end() || found->first != composed) return std::nullopt;
  return found->second;
}

void Spellings::before_change(int folder) {
  if (!is_current(folder)) stamp_.reset();
}

void Spellings::after_change(int folder, const std::string& gone, const std::string& come) {
  if (!stamp_) return;
  if (has_other_spellings(gone)) others_.erase({normalised(gone), gone});
  if (has_other_spellings(come))
    if (std::string nfc = normalised(come); nfc != come) others_.emplace(std::move(nfc), come);
  stamp_ = stamp_of(folder);
}

}  // namespace ftp
