// Opening what lies beneath the store's folder, and nothing else, whatever a name or a symbolic
// link says. A path is walked one component at a time, each opened relative to the one before; a
// symbolic link on the way is a failure.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "file_descriptor.hpp"
#include "store.hpp"

namespace ftp {

/// The store's folders: the three types', ROOT/.incoming and ROOT/.incoming/kept.
enum class Place { img, video, file, incoming, kept };

Place place_of(Type type);

/// An opened folder. Shared, so that many uploads at once cost no further descriptors.
using Folder = std::shared_ptr<const dialtone::FileDescriptor>;

class Root {
 public:
  Root(dialtone::FileDescriptor root, bool use_openat2, bool durable);

  int descriptor() const { return root_.get(); }

  /// Opens one component in a folder; -1 and errno like open(2). Never follows a symbolic link,
  /// closes at exec. `name` holds no '/' and is not "..".
  int open_in(int folder, const std::string& name, int flags, mode_t mode = 0) const;

  /// The folder of that place, as it is now: kept open from one call to the next for as long as it
  /// is the same. Made where it is absent, if `make`; else not_found. `tried` begins the failure's
  /// text. From many threads.
  Result<Folder> folder(Place place, bool make, std::string_view tried);

  /// Calls `visit(name, d_type)` for all names but "." and "..", in no order; 0, or an errno.
  int each_name(int folder,
                const std::function<void(std::string_view, unsigned char)>& visit) const;

 private:
  struct Opened {
    Folder folder;
    dev_t device = 0;
    ino_t inode = 0;
  };
  Result<Folder> opened(Place place, int parent, const std::string& name, bool make,
                        std::string_view tried);

  dialtone::FileDescriptor root_;
  bool use_openat2_;
  bool durable_;
  std::mutex mutex_;
  std::array<Opened, 5> opened_;  ///< by place; under mutex_
};

/// Looks at a name itself, not at what a symbolic link there points to; 0, or an errno.
int look_at(int folder, const std::string& name, struct stat& status);

std::int64_t milliseconds(const timespec& time);

/// Reads from `offset` until the buffer is full or the file ends; -1 and errno on failure.
ssize_t read_fully(int fd, std::span<std::byte> buffer, std::uint64_t offset);

}  // namespace ftp
