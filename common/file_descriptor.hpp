// A move-only owner of a file descriptor, for the workbook's own programs. (Lab 01 has the student
// write one; trusted code cannot stand on a student's.)
#pragma once

#include <unistd.h>

#include <utility>

namespace dialtone {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~FileDescriptor() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

  /// Gives it up without closing it.
  int release() { return std::exchange(fd_, -1); }

  /// Closes what is held, if anything, and holds `fd` from now on.
  void reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace dialtone
