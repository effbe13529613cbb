#include "mirror.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <vector>

#include "fetch.hpp"
#include "language.hpp"
#include "local_file.hpp"
#include "offer.hpp"
#include "one_shot.hpp"

namespace ftp::client {

namespace fs = std::filesystem;
using dialtone::tr;

namespace {

/// Both sides' files of one type, by the name in NFC: the spelling under which they are compared.
using Local = std::map<std::string, fs::path>;
using Remote = std::map<std::string, RemoteFile>;

/// What lies in the folder of a type itself: a link there could lead out of DIR.
void refuse_link(const fs::path& folder) {
  std::error_code none;
  const auto status = fs::symlink_status(folder, none);
  if (fs::exists(status) && !fs::is_directory(status))
    throw LocalTrouble(visible(folder.string()) + tr(": not a folder of its own; move it away",
                                                     "：不是独立的文件夹；请移走它"));
}

Local local_files(const fs::path& folder) {
  refuse_link(folder);
  Local files;
  std::error_code failed;
  if (!fs::exists(folder, failed)) return files;
  for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end;
       entry.increment(failed))
    if (entry->symlink_status().type() == fs::file_type::regular)
      files.emplace(normalised(entry->path().filename().string()), entry->path());
  if (failed) throw LocalTrouble(tr("read ", "读取 ") + folder.string(), failed.value());
  return files;
}

bool same(const fs::path& local, const RemoteFile& remote) {
  std::error_code failed;
  if (fs::file_size(local, failed) != remote.size || failed || !remote.digest) return false;
  return digest_of_file(local, remote.digest->kind) == remote.digest->digits;
}

class Mirror {
 public:
  Mirror(Session& session, Report& report, const MirrorOptions& options)
      : session_(session), report_(report), options_(options), folder_(options.folder) {}

  void run() {
    if (options_.up && !fs::is_directory(folder_))
      throw LocalTrouble(visible(options_.folder) +
                         tr(": no such folder; it should hold img, video and file",
                            "：没有这个文件夹；其中应有 img、video 和 file"));
    if (!options_.up) make_folders(folder_);
    for (const Type type : {Type::img, Type::video, Type::file}) compare(type);
    if (options_.up)
      offer_all(session_, report_, offers_, DigestKind::xxh3_128);
    else
      fetch();
    remove_surplus();
    report_.done({{"folder", options_.folder},
                  {"action", "mirrored"},
                  {"direction", options_.up ? "up" : "down"},
                  {"unchanged", unchanged_},
                  {"different", offers_.size() + fetches_.size()},
                  {"removed", removed_}},
                 tr("unchanged: ", "未变：") + std::to_string(unchanged_) +
                     tr(", different: ", "，不同：") +
                     std::to_string(offers_.size() + fetches_.size()) +
                     tr(", removed: ", "，删除：") + std::to_string(removed_));
  }

 private:
  fs::path folder_for(Type type) const { return folder_ / folder_of(type); }

  Remote remote_files(Type type, bool digests) {
    Remote files;
    const auto kind = digests ? std::optional(DigestKind::xxh3_128) : std::nullopt;
    for (RemoteFile& file : session_.two().list(type, kind)) {
      if (const auto good = check_name(file.target.name); good)
        files.emplace(normalised(file.target.name), std::move(file));
      else
        report_.failed(shown(file.target), Refused(good.error()));
    }
    return files;
  }

  /// Sorts out what is the same, what has to move and what is left over.
  void compare(Type type) {
    const Local local = local_files(folder_for(type));
    const Remote remote = remote_files(type, !local.empty());
    for (const auto& [name, path] : local) {
      const auto there = remote.find(name);
      const bool unchanged = there != remote.end() && same(path, there->second);
      unchanged_ += unchanged ? 1 : 0;
      if (unchanged) continue;
      if (options_.up)
        offer(type, path, there == remote.end() ? nullptr : &there->second);
      else if (there != remote.end())
        fetch_later(there->second.target, path);
      else
        surplus_here_.push_back({{type, path.filename().string()}, path});
    }
    for (const auto& [name, file] : remote) {
      if (local.find(name) != local.end()) continue;
      if (options_.up)
        surplus_there_.push_back(file.target);
      else
        fetch_later(file.target, folder_for(type) / file.target.name);
    }
  }

  void offer(Type type, const fs::path& path, const RemoteFile* there) {
    const std::string name = there != nullptr ? there->target.name : path.filename().string();
    if (const auto good = check_name(name); good)
      offers_.push_back({path.string(), {type, name}});
    else
      report_.failed(path.string(), Refused(good.error()));
  }

  /// Parts lie in a folder of their own, so that none of them is taken for one of the files.
  void fetch_later(const Target& target, const fs::path& to) {
    fetches_.push_back({target, to, parts() / folder_of(target.type) / target.name});
  }

  fs::path parts() const { return folder_ / ".incoming"; }

  void fetch() {
    if (fetches_.empty()) return;
    refuse_link(parts());
    for (const Fetch& file : fetches_) {
      refuse_link(file.partial.parent_path());
      make_folders(file.to.parent_path());
      make_folders(file.partial.parent_path());
    }
    fetch_all(session_, report_, fetches_);
    std::error_code none;  // what is not empty stays, for a resume
    for (const Type type : {Type::img, Type::video, Type::file})
      fs::remove(parts() / folder_of(type), none);
    fs::remove(parts(), none);
  }

  void remove_surplus() {
    if (!options_.remove || surplus_here_.size() + surplus_there_.size() == 0) return;
    if (report_.exit_code() != dialtone::exit_success)
      return report_.note(tr("nothing was removed, because not everything was transferred",
                             "有文件未能传输，因此未删除任何文件"));
    for (const auto& [target, path] : surplus_here_) {
      std::error_code failed;
      fs::remove(path, failed);
      if (failed)
        report_.failed(shown(target),
                       LocalTrouble(tr("remove ", "删除 ") + path.string(), failed.value()));
      else
        tell_removed(target);
    }
    for (const Target& target : surplus_there_) {
      try {
        session_.two().remove(target);
        tell_removed(target);
      } catch (const Refused& refused) {
        report_.failed(shown(target), refused);
      }
    }
  }

  void tell_removed(const Target& target) {
    ++removed_;
    report_.done({{"file", shown(target)}, {"action", "removed"}},
                 tr("removed ", "已删除 ") + visible(shown(target)));
  }

  struct Surplus {
    Target target;
    fs::path path;
  };

  Session& session_;
  Report& report_;
  const MirrorOptions& options_;
  fs::path folder_;
  std::vector<Fetch> fetches_;
  std::vector<Offer> offers_;
  std::vector<Surplus> surplus_here_;
  std::vector<Target> surplus_there_;
  std::size_t unchanged_ = 0;
  std::size_t removed_ = 0;
};

}  // namespace

void run_mirror(Session& session, Report& report, const MirrorOptions& options) {
  need_version_2(session);
  Mirror(session, report, options).run();
}

}  // namespace ftp::client
