// What a server could do that did nothing else: sendfile(2) from a file to a socket, and recv(2)
// from a socket with write(2) to a file, a blocking thread a connection, in a process of its own.
#pragma once

#include <cstdint>
#include <optional>

#include "process.hpp"

namespace ftp_bench {

/// Listens on a free port of this machine. One request a connection (raw_get, raw_put), answered in
/// a frame; whatever goes wrong ends the connection.
class RawPeer {
 public:
  RawPeer();
  std::uint16_t port() const { return port_; }
  pid_t pid() const { return process_->pid(); }

 private:
  std::uint16_t port_ = 0;
  std::optional<Forked> process_;
};

}  // namespace ftp_bench
