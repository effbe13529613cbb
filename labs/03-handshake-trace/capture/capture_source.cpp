// Where a capture's bytes come from.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "capture_file.hpp"
#include "failure.hpp"
#include "file_descriptor.hpp"
#include "language.hpp"

namespace tracing {

using dialtone::FileDescriptor;
using dialtone::tr;

namespace {

[[noreturn]] void cannot_read(const std::string& name, int error) {
  throw dialtone::Failure(tr("cannot read ", "无法读取 ") + name + tr(": ", "：") +
                          std::strerror(error));
}

std::size_t read_some(int fd, const std::string& name, std::span<std::byte> room) {
  for (;;) {
    const ssize_t got = ::read(fd, room.data(), room.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) cannot_read(name, errno);
  }
}

}  // namespace

ByteSource open_source(const std::string& name) {
  if (name == "-") {
    return [](std::span<std::byte> room) {
      return read_some(STDIN_FILENO, tr("standard input", "标准输入"), room);
    };
  }
  // A std::function must be able to be copied.
  const auto file = std::make_shared<FileDescriptor>(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat about = {};
  if (!*file || ::fstat(file->get(), &about) != 0) cannot_read(name, errno);
  if (S_ISDIR(about.st_mode)) cannot_read(name, EISDIR);
  return [file, name](std::span<std::byte> room) { return read_some(file->get(), name, room); };
}

ByteSource source_of(Bytes bytes) {
  return [bytes](std::span<std::byte> room) mutable {
    const std::size_t count = std::min(room.size(), bytes.size());
    std::copy_n(bytes.begin(), count, room.begin());
    bytes = bytes.subspan(count);
    return count;
  };
}

}  // namespace tracing
