// A file of a directory store, opened for reading.
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "directory_core.hpp"

namespace ftp {

using dialtone::FileDescriptor;

namespace {

constexpr std::size_t block = std::size_t{256} * 1024;  // bytes read at once

class OpenedFile final : public Reading {
 public:
  OpenedFile(std::shared_ptr<Core> core, FileDescriptor fd, Entry entry)
      : core_(std::move(core)), fd_(std::move(fd)), entry_(std::move(entry)) {}

  const Entry& entry() const override { return entry_; }
  int descriptor() const override { return fd_.get(); }

  Result<std::string> digest(DigestKind kind) override {
    const std::string tried = "read " + shown(entry_.target);
    struct stat before {};
    if (fstat(fd_.get(), &before) != 0) return tl::unexpected(system_error(errno, tried));
    const FileKey key = key_of(before, kind);
    if (auto known = core_->digests.find(key)) return *known;
    // Two threads may come here for one file at once: both read it, and both are right.
    Digester digester(kind);
    const auto read =
        read_pieces(*this, std::numeric_limits<std::uint64_t>::max(),
                    [&](std::span<const std::byte> piece) { digester.update(piece); });
    if (!read) return tl::unexpected(read.error());
    struct stat after {};
    if (fstat(fd_.get(), &after) != 0) return tl::unexpected(system_error(errno, tried));
    std::string digest = digester.so_far();
    // A rename meanwhile changes the ctime alone: the digest holds, but is found under no key.
    if (*read != key.size || key_of(after, kind).modified != key.modified)
      return failure(Error::Code::changed, tried + ": somebody wrote into it meanwhile");
    if (key_of(after, kind) == key) core_->digests.remember(key, digest);
    return digest;
  }

 private:
  std::shared_ptr<Core> core_;
  FileDescriptor fd_;
  Entry entry_;
};

}  // namespace

Result<std::uint64_t> read_pieces(const Reading& file, std::uint64_t most,
                                  const std::function<void(std::span<const std::byte>)>& take) {
  std::vector<std::byte> buffer(static_cast<std::size_t>(std::min<std::uint64_t>(most, block)));
  std::uint64_t at = 0;
  while (at < most) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), most - at));
    const ssize_t count = read_fully(file.descriptor(), std::span(buffer).first(wanted), at);
    if (count < 0) return tl::unexpected(system_error(errno, "read " + shown(file.entry().target)));
    const auto got = static_cast<std::size_t>(count);
    take(std::span(buffer).first(got));
    at += got;
    if (got < wanted) break;
  }
  return at;
}

Result<std::unique_ptr<Reading>> open_reading(std::shared_ptr<Core> core, const Target& target) {
  const std::string tried = "read " + shown(target);
  const Result<Folder> folder = core->root.folder(place_of(target.type), false, tried);
  if (!folder) return tl::unexpected(folder.error());
  std::unique_lock lock(core->names, std::defer_lock);
  auto found = core->find((*folder)->get(), target.type, target.name, lock, tried);
  if (!found) return tl::unexpected(found.error());
  if (!*found) return tl::unexpected(system_error(ENOENT, tried));
  // Looked at before it is opened, for opening a device can do things; and again after, for it may
  // have been replaced in between. O_NONBLOCK: a fifo would wait for its other end.
  FileDescriptor fd(
      core->root.open_in((*folder)->get(), (*found)->spelling, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  if (!fd) {
    const int problem = errno == ELOOP ? ENOENT : errno;
    return tl::unexpected(system_error(problem, tried));
  }
  Found opened{(*found)->spelling, {}};
  if (fstat(fd.get(), &opened.status) != 0) return tl::unexpected(system_error(errno, tried));
  if (!S_ISREG(opened.status.st_mode)) return tl::unexpected(system_error(ENOENT, tried));
  return std::make_unique<OpenedFile>(std::move(core), std::move(fd),
                                      entry_of(target.type, opened));
}

}  // namespace ftp
