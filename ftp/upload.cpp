// A file on its way into a directory store.
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "directory_core.hpp"

namespace ftp {

using dialtone::FileDescriptor;

namespace {

constexpr std::size_t block = std::size_t{256} * 1024;  // bytes read at once

class Upload final : public Writing {
 public:
  Upload(std::shared_ptr<Core> core, Target target, std::string account, std::uint64_t reserved)
      : core_(std::move(core)),
        target_(std::move(target)),
        account_(std::move(account)),
        tried_("store " + shown(target_)),
        reserved_(reserved) {}

  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;
  ~Upload() override {
    if (!temporary_.empty()) unlinkat(incoming_->get(), temporary_.c_str(), 0);
    core_->ledger.release(reserved_);
  }

  Result<void> begin(Folder incoming);
  Result<void> resume(Folder incoming, std::uint64_t offset);

  Result<void> write(std::span<const std::byte> bytes) override {
    if (state_ != State::open) return misused();
    Result<void> done = append(bytes);
    if (!done) state_ = State::failed;
    return done;
  }

  std::uint64_t length() const override { return length_; }
  std::string digest() const override { return digester_.so_far(); }

  Result<Entry> commit() override {
    if (state_ != State::open) return tl::unexpected(misused().error());
    state_ = State::failed;
    Result<Entry> entry = place();
    if (entry) state_ = State::done;
    return entry;
  }

  Result<void> keep_partial() override;

 private:
  enum class State { open, failed, done };

  Result<void> misused() const {
    return failure(
        Error::Code::system,
        tried_ + (state_ == State::done ? ": it has ended already" : ": it has failed already"));
  }
  Result<void> append(std::span<const std::byte> bytes);
  Result<void> read_again();
  Result<Entry> place();
  Result<Entry> rename_into(const Folder& folder);

  std::shared_ptr<Core> core_;
  Target target_;
  std::string account_;
  std::string tried_;
  std::uint64_t reserved_;  ///< in the ledger; what was written counts
  Folder incoming_;
  std::string temporary_;  ///< empty where there is none (any more)
  FileDescriptor fd_;
  Digester digester_{DigestKind::xxh3_128};
  std::uint64_t length_ = 0;
  State state_ = State::open;
};

Result<void> Upload::begin(Folder incoming) {
  incoming_ = std::move(incoming);
  std::string name = core_->temporary_name();
  fd_.reset(
      core_->root.open_in(incoming_->get(), name, O_RDWR | O_CREAT | O_EXCL, core_->file_mode));
  if (!fd_) return tl::unexpected(write_error(errno, tried_));
  temporary_ = std::move(name);
  return {};
}

Result<void> Upload::resume(Folder incoming, std::uint64_t offset) {
  incoming_ = std::move(incoming);
  const auto changed = [this](const char* why) {
    return failure(Error::Code::changed, "resume " + shown(target_) + ": " + why);
  };
  Kept kept;
  {
    // From here on the partial is a temporary of this upload: a second resume does not find it.
    const std::lock_guard lock(core_->names);
    const auto found = core_->find_partial(target_, account_);
    if (!found) return changed("no part of it is kept");
    if (found->length != offset) return changed("the part that is kept has another length");
    kept = *found;
    const auto folder = core_->root.folder(Place::kept, false, tried_);
    if (!folder) return tl::unexpected(folder.error());
    std::string name = core_->temporary_name();
    if (renameat((*folder)->get(), kept.name().c_str(), incoming_->get(), name.c_str()) != 0) {
      if (errno == ENOENT) return changed("the part that was kept is gone");  // another server
      return tl::unexpected(write_error(errno, tried_));
    }
    fd_.reset(core_->root.open_in(incoming_->get(), name, O_RDWR | O_NONBLOCK));
    if (!fd_ || fchmod(fd_.get(), core_->file_mode) != 0) {
      const int problem = errno;
      renameat(incoming_->get(), name.c_str(), (*folder)->get(), kept.name().c_str());
      return tl::unexpected(write_error(problem, tried_));
    }
    temporary_ = std::move(name);
    core_->ledger.resume(kept.length);
    reserved_ += kept.length;
  }
  Result<void> read = read_again();
  if (!read) return read;
  if (length_ != kept.length || digester_.so_far() != kept.digest)
    return changed("the part that was kept was damaged");
  return {};
}

/// The digest's state is rebuilt from the bytes that are there.
Result<void> Upload::read_again() {
  struct stat status {};
  if (fstat(fd_.get(), &status) != 0) return tl::unexpected(write_error(errno, tried_));
  if (!S_ISREG(status.st_mode)) return {};  // put there by hand: nothing that could be gone on from
  std::vector<std::byte> buffer(block);
  for (;;) {
    const ssize_t got = read_fully(fd_.get(), buffer, length_);
    if (got < 0) return tl::unexpected(write_error(errno, tried_));
    digester_.update(std::span(buffer).first(static_cast<std::size_t>(got)));
    length_ += static_cast<std::uint64_t>(got);
    if (static_cast<std::size_t>(got) < buffer.size()) return {};
  }
}

Result<void> Upload::append(std::span<const std::byte> bytes) {
  const auto& largest = core_->options.largest;
  if (largest && (length_ > *largest || bytes.size() > *largest - length_))
    return failure(Error::Code::too_large,
                   tried_ + ": larger than " + std::to_string(*largest) + " bytes");
  if (length_ + bytes.size() > reserved_) {  // of unknown size, or more than was announced
    const std::uint64_t more = length_ + bytes.size() - reserved_;
    Result<void> room = core_->reserve(more, tried_);
    if (!room) return room;
    reserved_ += more;
  }
  while (!bytes.empty()) {
    const ssize_t wrote =
        pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(length_));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return tl::unexpected(write_error(wrote < 0 ? errno : EIO, tried_));
    const auto count = static_cast<std::size_t>(wrote);
    digester_.update(bytes.first(count));
    length_ += count;
    bytes = bytes.subspan(count);
  }
  return {};
}

//! [place]
Result<Entry> Upload::place() {
  // Bytes first, then the name: a power cut never leaves the name on bytes that are not there.
  if (core_->options.durable && fsync(fd_.get()) != 0)
    return tl::unexpected(write_error(errno, tried_));
  const Result<Folder> folder = core_->root.folder(place_of(target_.type), true, tried_);
  if (!folder) return tl::unexpected(folder.error());
  Result<Entry> entry = rename_into(*folder);
  if (entry && core_->options.durable && fsync((*folder)->get()) != 0)
    return tl::unexpected(write_error(errno, tried_));
  return entry;
}
//! [place]

Result<Entry> Upload::rename_into(const Folder& folder) {
  FileDescriptor replaced;  // the old file's pages are freed when the lock is free: it takes long
  std::unique_lock lock(core_->names);
  const auto old = core_->find(folder->get(), target_.type, target_.name, lock, tried_);
  if (!old) return tl::unexpected(old.error());
  if (*old) replaced.reset(core_->root.open_in(folder->get(), (*old)->spelling, O_PATH));
  Found stored;
  stored.spelling = *old ? (*old)->spelling : target_.name;
  Spellings& spellings = core_->spellings[static_cast<std::size_t>(target_.type)];
  spellings.before_change(folder->get());
  if (renameat(incoming_->get(), temporary_.c_str(), folder->get(), stored.spelling.c_str()) != 0)
    return tl::unexpected(write_error(errno, tried_));
  temporary_.clear();
  spellings.after_change(folder->get(), "", stored.spelling);
  if (*old) core_->ledger.forget(static_cast<std::uint64_t>((*old)->status.st_size));
  core_->ledger.keep(std::exchange(reserved_, 0), length_);
  core_->drop_partials(target_);
  // After the rename, which changes the file's ctime.
  if (fstat(fd_.get(), &stored.status) != 0) return tl::unexpected(write_error(errno, tried_));
  lock.unlock();
  core_->digests.remember(key_of(stored.status, DigestKind::xxh3_128), digester_.so_far());
  return entry_of(target_.type, stored);
}

Result<void> Upload::keep_partial() {
  if (state_ != State::open) return misused();
  state_ = State::failed;
  if (length_ > 0) {  // no byte is nothing to go on from, and no reason to drop an earlier part
    if (core_->options.durable && fsync(fd_.get()) != 0)
      return tl::unexpected(write_error(errno, tried_));
    const Kept kept{hash_of(target_), hash_of(account_), length_, digester_.so_far(), core_->now()};
    const std::lock_guard lock(core_->names);
    Result<void> done =
        core_->keep_partial(incoming_->get(), temporary_, kept, "keep a part of " + shown(target_));
    if (!done) return done;
    temporary_.clear();
    core_->ledger.keep(std::exchange(reserved_, 0), length_);
  }
  state_ = State::done;
  return {};
}

/// What is asked before the first byte, but for the quota.
Result<void> check_room(Core& core, const Beginning& beginning, const std::string& tried) {
  const auto& size = beginning.size;
  if (!size) return {};
  if (core.options.largest && *size > *core.options.largest)
    return failure(Error::Code::too_large,
                   tried + ": larger than " + std::to_string(*core.options.largest) + " bytes");
  if (beginning.offset > *size)
    return failure(Error::Code::bad_request, tried + ": goes on behind its end");
  struct statvfs disk {};
  if (fstatvfs(core.root.descriptor(), &disk) != 0)
    return tl::unexpected(write_error(errno, tried));
  if (*size - beginning.offset > std::uint64_t{disk.f_bavail} * disk.f_frsize)
    return failure(Error::Code::no_space, tried + ": the disk is full");
  return {};
}

}  // namespace

Result<std::unique_ptr<Writing>> begin_upload(std::shared_ptr<Core> core, const Target& target,
                                              const Beginning& beginning) {
  const std::string tried = "store " + shown(target);
  const Result<Folder> folder = core->root.folder(place_of(target.type), true, tried);
  if (!folder) return tl::unexpected(folder.error());
  Result<Folder> incoming = core->root.folder(Place::incoming, true, tried);
  if (!incoming) return tl::unexpected(incoming.error());
  struct stat status {};
  const int looked = look_at((*folder)->get(), target.name, status);
  if (looked != 0 && looked != ENOENT) return tl::unexpected(write_error(looked, tried));
  if (looked == 0 && S_ISDIR(status.st_mode)) return tl::unexpected(write_error(EISDIR, tried));

  Result<void> room = check_room(*core, beginning, tried);
  const std::uint64_t need = beginning.size ? *beginning.size - beginning.offset : 0;
  if (room) room = core->reserve(need, tried);
  if (!room) return tl::unexpected(room.error());
  auto upload = std::make_unique<Upload>(std::move(core), target, beginning.account, need);
  const Result<void> begun = beginning.offset == 0
                                 ? upload->begin(std::move(*incoming))
                                 : upload->resume(std::move(*incoming), beginning.offset);
  if (!begun) return tl::unexpected(begun.error());
  return upload;
}

}  // namespace ftp
