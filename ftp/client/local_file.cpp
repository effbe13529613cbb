#include "local_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "language.hpp"

namespace ftp::client {

namespace fs = std::filesystem;
using dialtone::tr;

namespace {

constexpr std::size_t block = std::size_t{256} << 10U;

/// The path of the one temporary that a signal has to remove, or empty. The handler reads it; it
/// changes only while signals are held.
std::array<char, 4096> temporary_path{};
std::atomic<bool> bar_drawn{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void clean_up_and_die(int signal) {  // async-signal-safe calls only
  if (temporary_path.front() != '\0') ::unlink(temporary_path.data());
  constexpr char clear[] = "\r\x1b[K";
  if (bar_drawn.load()) [[maybe_unused]]
    const auto done = ::write(STDERR_FILENO, clear, sizeof clear - 1);
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

/// No signal ends the program while this lives.
class SignalsHeld {
 public:
  SignalsHeld() {
    sigset_t ending;
    ::sigemptyset(&ending);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&ending, signal);
    ::pthread_sigmask(SIG_BLOCK, &ending, &before_);
  }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;
  ~SignalsHeld() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

/// Remembers what to unlink; nothing where the path is empty (or longer than any the system takes).
void note_temporary(const std::string& path) {
  const SignalsHeld held;
  temporary_path.fill('\0');
  if (path.size() < temporary_path.size())
    std::copy(path.begin(), path.end(), temporary_path.begin());
}

std::string doing(const char* english, const char* chinese, const fs::path& path) {
  return tr(english, chinese) + " " + path.string();
}

std::string read_from(int fd, std::size_t most, const std::string& path) {
  std::string bytes(most, '\0');
  for (;;) {
    const ssize_t count = ::read(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw LocalTrouble(doing("read", "读取", path), errno);
    bytes.resize(static_cast<std::size_t>(count));
    return bytes;
  }
}

void write_to(int fd, std::span<const std::byte> bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw LocalTrouble(doing("write", "写入", path), errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

}  // namespace

// --- what is sent ------------------------------------------------------------------------------

Source::Source(const std::string& path) : path_(path) {
  if (path == "-") {
    path_ = tr("standard input", "标准输入");
    fd_ = STDIN_FILENO;
  } else {
    owned_.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    fd_ = owned_.get();
  }
  struct stat status {};
  if (fd_ < 0 || ::fstat(fd_, &status) != 0)
    throw LocalTrouble(doing("open", "打开", path_), errno);
  if (S_ISDIR(status.st_mode)) throw LocalTrouble(doing("open", "打开", path_), EISDIR);
  // Standard input may stand in the middle of a file: it is a stream, whatever it is.
  if (S_ISREG(status.st_mode) && owned_) size_ = static_cast<std::uint64_t>(status.st_size);
}

std::string Source::read(std::size_t most) {
  return read_from(fd_, most, path_);
}

void Source::go_to(std::uint64_t offset) {
  if (::lseek(fd_, static_cast<off_t>(offset), SEEK_SET) < 0)
    throw LocalTrouble(doing("read", "读取", path_), errno);
}

void Source::read_to(std::uint64_t length, const Sink& sink) {
  go_to(0);
  while (length > 0) {
    const std::string piece =
        read(static_cast<std::size_t>(std::min<std::uint64_t>(length, block)));
    if (piece.empty()) changed_meanwhile();
    sink(bytes_of(piece));
    length -= piece.size();
  }
}

void Source::spool() {
  const char* configured = std::getenv("TMPDIR");
  std::string name = std::string(configured != nullptr ? configured : "/tmp") + "/ftp-XXXXXX";
  dialtone::FileDescriptor spooled(::mkostemp(name.data(), O_CLOEXEC));
  if (!spooled) throw LocalTrouble(doing("make", "创建", name), errno);
  ::unlink(name.c_str());
  std::uint64_t length = 0;
  for (std::string piece = read(block); !piece.empty(); piece = read(block)) {
    write_to(spooled.get(), bytes_of(piece), name);
    length += piece.size();
  }
  owned_ = std::move(spooled);
  fd_ = owned_.get();
  size_ = length;
}

void Source::changed_meanwhile() const {
  throw LocalTrouble(visible(path_) +
                     tr(" was changed while it was sent; try again", " 在发送途中被改动；请重试"));
}

// --- what comes in -----------------------------------------------------------------------------

Incoming Incoming::temporary(const fs::path& target) {
  Incoming incoming;
  incoming.target_ = target;
  std::string name = (target.parent_path() / ".ftp-XXXXXX").string();
  const SignalsHeld held;  // the temporary is there and noted, or neither
  incoming.owned_.reset(::mkostemp(name.data(), O_CLOEXEC));
  if (!incoming.owned_) throw LocalTrouble(doing("make", "创建", target), errno);
  incoming.partial_ = name;
  note_temporary(name);
  const mode_t mask = ::umask(0);
  ::umask(mask);
  ::fchmod(incoming.owned_.get(), 0666 & ~mask);  // as any new file
  return incoming;
}

Incoming Incoming::resumable(const fs::path& target, const fs::path& partial) {
  Incoming incoming;
  incoming.kind_ = Kind::resumable;
  incoming.target_ = target;
  incoming.partial_ = partial;
  std::error_code none;
  if (fs::exists(fs::symlink_status(partial, none))) incoming.open();
  return incoming;
}

Incoming Incoming::to_standard_output() {
  Incoming incoming;
  incoming.kind_ = Kind::standard_output;
  incoming.target_ = tr("standard output", "标准输出");
  return incoming;
}

Incoming::Incoming(Incoming&& other) noexcept
    : kind_(other.kind_),
      target_(std::move(other.target_)),
      partial_(std::move(other.partial_)),
      owned_(std::move(other.owned_)),
      length_(other.length_),
      finished_(std::exchange(other.finished_, true)) {}

Incoming::~Incoming() {
  if (finished_ || kind_ != Kind::temporary) return;
  ::unlink(partial_.c_str());
  note_temporary({});
}

void Incoming::open() {
  owned_.reset(::open(partial_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666));
  struct stat status {};
  if (!owned_ || ::fstat(owned_.get(), &status) != 0)
    throw LocalTrouble(doing("open", "打开", partial_), errno);
  if (!S_ISREG(status.st_mode))
    throw LocalTrouble(visible(partial_.string()) +
                       tr(": not a plain file; move it away", "：不是普通文件；请移走它"));
  if (::flock(owned_.get(), LOCK_EX | LOCK_NB) != 0)
    throw LocalTrouble(visible(partial_.string()) +
                       tr(": another download of this file is at work; wait for it",
                          "：另一个下载正在写它；请等它结束"));
  length_ = static_cast<std::uint64_t>(status.st_size);
  ::lseek(owned_.get(), 0, SEEK_END);
}

void Incoming::read_back(const Sink& sink) const {
  std::string piece(block, '\0');
  for (std::uint64_t at = 0; at < length_;) {
    const ssize_t count =
        ::pread(owned_.get(), piece.data(),
                static_cast<std::size_t>(std::min<std::uint64_t>(length_ - at, block)),
                static_cast<off_t>(at));
    if (count <= 0) throw LocalTrouble(doing("read", "读取", partial_), count < 0 ? errno : EIO);
    sink(bytes_of(piece).first(static_cast<std::size_t>(count)));
    at += static_cast<std::uint64_t>(count);
  }
}

void Incoming::start_anew() {
  if (!owned_) return;
  if (::ftruncate(owned_.get(), 0) != 0 || ::lseek(owned_.get(), 0, SEEK_SET) < 0)
    throw LocalTrouble(doing("write", "写入", partial_), errno);
  length_ = 0;
}

void Incoming::write(std::span<const std::byte> bytes) {
  if (kind_ == Kind::standard_output) return write_to(STDOUT_FILENO, bytes, target_);
  if (!owned_) open();
  write_to(owned_.get(), bytes, partial_);
  length_ += bytes.size();
}

void Incoming::commit() {
  if (kind_ == Kind::standard_output) return;
  if (!owned_) open();  // an empty file
  if (::rename(partial_.c_str(), target_.c_str()) != 0)
    throw LocalTrouble(doing("write", "写入", target_), errno);
  finished_ = true;
  if (kind_ == Kind::temporary) note_temporary({});
}

void Incoming::discard() {
  if (kind_ == Kind::standard_output || finished_) return;
  if (owned_) ::unlink(partial_.c_str());
  finished_ = true;
  if (kind_ == Kind::temporary) note_temporary({});
}

// --- paths -------------------------------------------------------------------------------------

fs::path partial_beside(const fs::path& target) {
  constexpr std::string_view ending = ".part";
  constexpr std::size_t longest = 255;  // NAME_MAX
  std::string name = target.filename().string();
  if (name.size() + ending.size() > longest) {
    name.resize(longest - ending.size());
    while (!name.empty() && (static_cast<unsigned char>(name.back()) & 0xc0U) == 0x80U)
      name.pop_back();  // not in the middle of a character
    if (!name.empty()) name.pop_back();
  }
  return target.parent_path() / (name + std::string(ending));
}

std::string digest_of_file(const fs::path& path, DigestKind kind) {
  Source source(path.string());
  Digester digester(kind);
  for (std::string piece = source.read(block); !piece.empty(); piece = source.read(block))
    digester.update(bytes_of(piece));
  return digester.so_far();
}

void make_folders(const fs::path& folder) {
  std::error_code failed;
  if (!folder.empty()) fs::create_directories(folder, failed);
  if (failed) throw LocalTrouble(doing("make the folder", "创建文件夹", folder), failed.value());
}

// --- signals -----------------------------------------------------------------------------------

void prepare_for_signals() {
  struct sigaction action {};
  action.sa_handler = clean_up_and_die;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before {};
    ::sigaction(signal, nullptr, &before);
    if (before.sa_handler != SIG_IGN) ::sigaction(signal, &action, nullptr);  // nohup stays so
  }
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
}

void note_drawn_bar(bool drawn) {
  bar_drawn = drawn;
}

}  // namespace ftp::client
