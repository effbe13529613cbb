#include "beneath.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace ftp {

using dialtone::FileDescriptor;

namespace {

int openat2_in(int folder, const char* name, int flags, mode_t mode) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  int fd = -1;
  // EAGAIN: a rename elsewhere was in the way of the kernel's walk.
  for (int attempt = 0; attempt < 16; ++attempt) {
    fd = static_cast<int>(syscall(SYS_openat2, folder, name, &how, sizeof how));
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) break;
  }
  return fd;
}

const std::string& name_of(Place place) {
  static const std::array<std::string, 5> names{"img", "video", "file", ".incoming", "kept"};
  return names[static_cast<std::size_t>(place)];
}

}  // namespace

Place place_of(Type type) {
  switch (type) {
    case Type::img:
      return Place::img;
    case Type::video:
      return Place::video;
    case Type::file:
      break;
  }
  return Place::file;
}

Root::Root(FileDescriptor root, bool use_openat2, bool durable)
    : root_(std::move(root)), use_openat2_(use_openat2), durable_(durable) {
  if (use_openat2_) {  // an old kernel says ENOSYS, an old container's filter EPERM
    const FileDescriptor probe(openat2_in(root_.get(), ".", O_PATH | O_CLOEXEC, 0));
    use_openat2_ = static_cast<bool>(probe);
  }
}

int Root::open_in(int folder, const std::string& name, int flags, mode_t mode) const {
  flags |= O_NOFOLLOW | O_CLOEXEC;
  if (use_openat2_) return openat2_in(folder, name.c_str(), flags, mode);
  int fd = -1;
  do {
    fd = openat(folder, name.c_str(), flags, mode);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

Result<Folder> Root::folder(Place place, bool make, std::string_view tried) {
  if (place != Place::kept) return opened(place, root_.get(), name_of(place), make, tried);
  Result<Folder> above = folder(Place::incoming, make, tried);
  if (!above) return above;
  return opened(place, (*above)->get(), name_of(place), make, tried);
}

Result<Folder> Root::opened(Place place, int parent, const std::string& name, bool make,
                            std::string_view tried) {
  int problem = ENOENT;
  for (int attempt = 0; attempt < 3; ++attempt) {  // others may make and remove it meanwhile
    struct stat status {};
    problem = look_at(parent, name, status);
    if (problem == ENOENT && make) {
      const bool is_private = place == Place::incoming || place == Place::kept;
      if (mkdirat(parent, name.c_str(), is_private ? 0700 : 0777) != 0) {
        problem = errno;
        if (problem != EEXIST) break;
      } else if (durable_ && fsync(parent) != 0) {
        problem = errno;
        break;
      }
      continue;
    }
    if (problem != 0) break;
    if (!S_ISDIR(status.st_mode))
      return failure(Error::Code::system, std::string(tried) + ": the store's \"" + name +
                                              "\" is not a folder, and links are not followed");
    const std::lock_guard lock(mutex_);
    Opened& known = opened_[static_cast<std::size_t>(place)];
    if (known.folder && known.device == status.st_dev && known.inode == status.st_ino)
      return known.folder;
    FileDescriptor fd(open_in(parent, name, O_RDONLY | O_DIRECTORY));
    if (fd && fstat(fd.get(), &status) == 0) {
      known = {std::make_shared<const FileDescriptor>(std::move(fd)), status.st_dev, status.st_ino};
      return known.folder;
    }
    problem = errno;
    if (problem != ENOENT) break;
  }
  return tl::unexpected(system_error(problem, tried));
}

int Root::each_name(int folder,
                    const std::function<void(std::string_view, unsigned char)>& visit) const {
  // Opened anew: a duplicate would share its position with everybody else's.
  FileDescriptor fd(open_in(folder, ".", O_RDONLY | O_DIRECTORY));
  if (!fd) return errno;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(fdopendir(fd.get()), &closedir);
  if (!directory) return errno;
  fd.release();
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(directory.get());
    if (entry == nullptr) return errno;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") visit(name, entry->d_type);
  }
}

int look_at(int folder, const std::string& name, struct stat& status) {
  return fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : errno;
}

std::int64_t milliseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1000 + time.tv_nsec / 1'000'000;
}

ssize_t read_fully(int fd, std::span<std::byte> buffer, std::uint64_t offset) {
  std::size_t done = 0;
  while (done < buffer.size()) {
    const ssize_t got =
        pread(fd, buffer.data() + done, buffer.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return static_cast<ssize_t>(done);
}

}  // namespace ftp
