// The store in a folder: what is asked of it as a whole. An upload is in upload.cpp.
#include <dirent.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "directory_core.hpp"

namespace ftp {

using dialtone::FileDescriptor;

namespace {

/// Where the disk cannot refuse an existing name by itself, it was looked for just before.
int rename_name(int from_folder, const std::string& from, int to_folder, const std::string& to,
                bool replace) {
  if (!replace) {
    if (renameat2(from_folder, from.c_str(), to_folder, to.c_str(), RENAME_NOREPLACE) == 0)
      return 0;
    if (errno != EINVAL && errno != ENOSYS) return errno;
  }
  return renameat(from_folder, from.c_str(), to_folder, to.c_str()) == 0 ? 0 : errno;
}

class DirectoryStore final : public Store {
 public:
  explicit DirectoryStore(std::shared_ptr<Core> core) : core_(std::move(core)) {}

  Result<std::vector<Entry>> list(Type type, std::string_view after, std::size_t limit) override;

  Result<Entry> stat(const Target& target) override {
    const std::string tried = "look at " + shown(target);
    if (const auto checked = check_name(target.name); !checked)
      return tl::unexpected(checked.error());
    const Result<Folder> folder = core_->root.folder(place_of(target.type), false, tried);
    if (!folder) return tl::unexpected(folder.error());
    std::unique_lock lock(core_->names, std::defer_lock);
    const auto found = core_->find((*folder)->get(), target.type, target.name, lock, tried);
    if (!found) return tl::unexpected(found.error());
    if (!*found) return tl::unexpected(system_error(ENOENT, tried));
    return entry_of(target.type, **found);
  }

  Result<std::unique_ptr<Reading>> open(const Target& target) override {
    if (const auto checked = check_name(target.name); !checked)
      return tl::unexpected(checked.error());
    return open_reading(core_, target);
  }

  Result<std::unique_ptr<Writing>> create(const Target& target,
                                          const Beginning& beginning) override {
    if (const auto checked = check_name(target.name); !checked)
      return tl::unexpected(checked.error());
    return begin_upload(core_, target, beginning);
  }

  Result<std::optional<Partial>> partial(const Target& target, std::string_view account) override {
    if (const auto checked = check_name(target.name); !checked)
      return tl::unexpected(checked.error());
    const std::lock_guard lock(core_->names);
    const auto kept = core_->find_partial(target, account);
    if (!kept) return std::nullopt;
    return Partial{kept->length, kept->digest};
  }

  Result<void> remove(const Target& target) override;
  Result<void> rename(const Target& from, const Target& to, bool replace) override;

  Usage usage() override {
    Usage usage{core_->ledger.used(), core_->options.quota, core_->options.largest, 0};
    struct statvfs disk {};
    if (fstatvfs(core_->root.descriptor(), &disk) == 0)
      usage.free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
    return usage;
  }

 private:
  Spellings& spellings(Type type) { return core_->spellings[static_cast<std::size_t>(type)]; }

  /// With `durable`: what a folder's names are now is on the disk.
  Result<void> settle(const Folder& folder, const std::string& tried) {
    if (core_->options.durable && fsync(folder->get()) != 0)
      return tl::unexpected(write_error(errno, tried));
    return {};
  }

  std::shared_ptr<Core> core_;
};

Result<std::vector<Entry>> DirectoryStore::list(Type type, std::string_view after,
                                                std::size_t limit) {
  const std::string tried = "list " + std::string(folder_of(type));
  std::vector<Entry> page;
  const Result<Folder> folder = core_->root.folder(place_of(type), false, tried);
  if (!folder) {
    if (folder.error().code == Error::Code::not_found) return page;  // made when it is needed
    return tl::unexpected(folder.error());
  }
  std::vector<std::string> names;
  const int fd = (*folder)->get();
  const int problem = core_->root.each_name(fd, [&](std::string_view name, unsigned char kind) {
    if (name > after && (kind == DT_REG || kind == DT_UNKNOWN)) names.emplace_back(name);
  });
  if (problem != 0) return tl::unexpected(system_error(problem, tried));

  // Only the page is sorted and looked at. What went meanwhile, or is no file, or has a name that
  // was put there by hand and that no caller can use, gives its place to the next.
  auto next = names.begin();
  while (page.size() < limit && next != names.end()) {
    const auto left = static_cast<std::size_t>(names.end() - next);
    const auto end = next + static_cast<std::ptrdiff_t>(std::min(limit - page.size(), left));
    std::partial_sort(next, end, names.end());
    for (; next != end; ++next) {
      Found found{std::move(*next), {}};
      if (!check_name(found.spelling) || look_at(fd, found.spelling, found.status) != 0 ||
          !S_ISREG(found.status.st_mode))
        continue;
      page.push_back(entry_of(type, found));
    }
  }
  return page;
}

Result<void> DirectoryStore::remove(const Target& target) {
  const std::string tried = "remove " + shown(target);
  if (const auto checked = check_name(target.name); !checked)
    return tl::unexpected(checked.error());
  const Result<Folder> folder = core_->root.folder(place_of(target.type), false, tried);
  if (!folder) return tl::unexpected(folder.error());
  const int fd = (*folder)->get();
  {
    std::unique_lock lock(core_->names);
    const auto found = core_->find(fd, target.type, target.name, lock, tried);
    if (!found) return tl::unexpected(found.error());
    if (!*found) return tl::unexpected(system_error(ENOENT, tried));
    spellings(target.type).before_change(fd);
    if (unlinkat(fd, (*found)->spelling.c_str(), 0) != 0)
      return tl::unexpected(system_error(errno, tried));
    spellings(target.type).after_change(fd, (*found)->spelling, "");
    core_->ledger.forget(static_cast<std::uint64_t>((*found)->status.st_size));
    core_->drop_partials(target);
  }
  return settle(*folder, tried);
}

Result<void> DirectoryStore::rename(const Target& from, const Target& to, bool replace) {
  const std::string tried = "rename " + shown(from) + " to " + shown(to);
  for (const Target* target : {&from, &to})
    if (const auto checked = check_name(target->name); !checked)
      return tl::unexpected(checked.error());
  const Result<Folder> from_folder = core_->root.folder(place_of(from.type), false, tried);
  if (!from_folder) return tl::unexpected(from_folder.error());
  const int from_fd = (*from_folder)->get();

  std::unique_lock lock(core_->names);
  const auto found = core_->find(from_fd, from.type, from.name, lock, tried);
  if (!found) return tl::unexpected(found.error());
  if (!*found) return tl::unexpected(system_error(ENOENT, tried));
  const Result<Folder> to_folder = core_->root.folder(place_of(to.type), true, tried);
  if (!to_folder) return tl::unexpected(to_folder.error());
  const int to_fd = (*to_folder)->get();
  const auto old = core_->find(to_fd, to.type, to.name, lock, tried);
  if (!old) return tl::unexpected(old.error());
  const std::string& old_name = (*found)->spelling;
  // In another spelling of its own name a file has that name already, and keeps its spelling.
  if (*old && from.type == to.type && (*old)->spelling == old_name) return {};
  if (*old && !replace) return failure(Error::Code::exists, tried + ": the name is taken");
  const std::string& new_name = *old ? (*old)->spelling : to.name;

  spellings(from.type).before_change(from_fd);
  spellings(to.type).before_change(to_fd);
  const int problem = rename_name(from_fd, old_name, to_fd, new_name, replace);
  if (problem == EEXIST) return failure(Error::Code::exists, tried + ": the name is taken");
  if (problem != 0) return tl::unexpected(write_error(problem, tried));
  // Two names of one inode (made by hand): to rename(2) that is nothing to do.
  if (*old && (*old)->status.st_ino == (*found)->status.st_ino &&
      (*old)->status.st_dev == (*found)->status.st_dev)
    unlinkat(from_fd, old_name.c_str(), 0);
  if (from.type == to.type) {
    spellings(to.type).after_change(to_fd, old_name, new_name);
  } else {
    spellings(from.type).after_change(from_fd, old_name, "");
    spellings(to.type).after_change(to_fd, "", new_name);
  }
  if (*old) core_->ledger.forget(static_cast<std::uint64_t>((*old)->status.st_size));
  core_->drop_partials(to);
  lock.unlock();
  const Result<void> settled = settle(*to_folder, tried);
  return settled ? settle(*from_folder, tried) : settled;
}

}  // namespace

Result<std::unique_ptr<Store>> open_directory_store(const std::string& root,
                                                    const StoreOptions& options) {
  const std::string tried = "open the store " + root;
  FileDescriptor fd(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return tl::unexpected(system_error(errno, tried));
  auto core = std::make_shared<Core>(std::move(fd), options);
  {
    const std::lock_guard lock(core->names);
    const Result<void> counted = core->count(true);
    if (!counted) return tl::unexpected(counted.error());
  }
  return std::make_unique<DirectoryStore>(std::move(core));
}

}  // namespace ftp
