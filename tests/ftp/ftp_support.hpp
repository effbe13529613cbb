// What the capstone's tests share: a running ftp-server, and a caller that speaks frames.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "file_descriptor.hpp"
#include "framing.hpp"
#include "process.hpp"

namespace ftp_test {

namespace fs = std::filesystem;

/// How long a test waits for what must come, on however busy a machine.
inline constexpr std::chrono::seconds patience{30};

/// A program that says "listening on 127.0.0.1:PORT", for as long as it lives: ftp-server on a free
/// port, or another.
class ServerProcess {
 public:
  explicit ServerProcess(const fs::path& root, const std::vector<std::string>& options = {},
                         dialtone::ResourceLimits limits = {},
                         const std::string& program = DIALTONE_BUILD "/bin/ftp-server");
  explicit ServerProcess(const std::vector<std::string>& arguments,
                         dialtone::ResourceLimits limits = {});

  std::uint16_t port() const { return port_; }
  /// Where it was started with --console.
  std::uint16_t console_port() const { return port_after("console on 127.0.0.1:").value(); }
  pid_t pid() const { return child_.pid(); }
  /// SIGTERM, and the exit code; fails the test where it does not end in time.
  int stop();
  void signal(int number) const { ::kill(child_.pid(), number); }
  /// What it wrote to standard output and standard error so far.
  std::string output() const;
  /// A figure of /proc/PID/status in bytes or as it is ("VmHWM", "Threads").
  std::uint64_t status(const std::string& field) const;
  std::size_t open_descriptors() const;

 private:
  /// The number behind these words in its output, once the line is whole.
  std::optional<std::uint16_t> port_after(std::string_view words) const;
  dialtone::FileDescriptor output_;
  dialtone::Child child_;
  std::uint16_t port_ = 0;
};

/// A frame that came.
struct Frame {
  framing::Header header;
  std::string payload;
};

/// A caller on a blocking socket whose waits all end after `patience`. Throws where something that
/// must come does not; may be used on any thread.
class Caller {
 public:
  explicit Caller(std::uint16_t port, std::optional<int> receive_buffer = {});
  /// On a connection that is there already.
  explicit Caller(dialtone::FileDescriptor socket);

  /// False where the server hung up.
  bool send_bytes(std::string_view bytes) const;
  bool send(const framing::Header& header, std::string_view payload = {}) const;
  /// The next whole frame; nothing at the end of the stream.
  std::optional<Frame> receive();
  Frame ask(const framing::Header& header, std::string_view payload = {});

  void finish_sending() const { ::shutdown(socket_.get(), SHUT_WR); }
  void reset();
  /// Reads at most so many bytes, as they come; empty at the end.
  std::string read_some(std::size_t most) const;

 private:
  dialtone::FileDescriptor socket_;
  framing::Decoder decoder_;
  std::string unread_;
};

/// A header of version 1, with salt and digest of the payload.
framing::Header course_request(std::string_view command, std::string_view payload,
                               std::string_view type, std::string_view name = {});
/// The code of the error that a reply of either version tells; empty where it tells none.
std::string code_of(const Frame& reply);
/// Whether salt and digest of a frame fit its payload.
bool digest_fits(const Frame& frame);

/// A header of version 2.
framing::Header request_2(std::string_view command, std::uint64_t id, nlohmann::json fields,
                          std::string_view payload = {});

/// The bytes of a file, or nothing where there is none.
std::optional<std::string> stored(const fs::path& file);

/// Seeded bytes.
std::string random_bytes(std::size_t size, std::uint64_t seed);

}  // namespace ftp_test
