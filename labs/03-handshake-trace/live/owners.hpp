// Whose a connection is: the command's that is traced, or another program's on this machine.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "capture/connections.hpp"
#include "file_descriptor.hpp"

namespace tracing {

/// All processes that descend from this one, by number, as far as they can be found; `complete` is
/// set to false where some may be missing.
std::vector<std::string> descendants(bool& complete);

/// Looks up who owns the ends of connections. The command is all that descends from this process:
/// whoever wants to count what lost its parent adopts orphans (prctl(2), PR_SET_CHILD_SUBREAPER).
///
/// Bounded: looking through the command's descriptors takes at most a fourth of the time; what
/// comes more often than that is not looked up.
class SocketOwners {
 public:
  SocketOwners();

  enum class Owner {
    command,    ///< one of its processes has the socket open
    others,     ///< none has, and the socket is there; or the address is another machine's
    not_known,  ///< it was gone before it was looked up, or may not be looked up
  };

  /// Who has the socket of the end `here` of a connection with `there`: where nobody has accepted
  /// it yet, who listens.
  Owner owner(const Endpoint& here, const Endpoint& there);

 private:
  using Clock = std::chrono::steady_clock;

  struct Socket {
    std::uint8_t state = 0;   ///< as the kernel numbers them (TCP_LISTEN, ...)
    std::uint32_t inode = 0;  ///< 0: no program has it open
  };
  std::optional<Socket> find(const Endpoint& here, const Endpoint& there) const;
  std::optional<std::uint32_t> find_inode(const Endpoint& here, const Endpoint& there) const;
  Owner look_through_command(std::uint32_t inode, const Endpoint& here, const Endpoint& there);
  void scan();
  void scan_descriptors(const std::string& process);

  dialtone::FileDescriptor diagnosis_;
  std::unordered_map<std::uint32_t, Owner> known_;  ///< by inode; an inode does not come again soon
  bool complete_ = true;                            ///< the last scan could look at everything
  Clock::time_point began_ = Clock::now();
  Clock::duration spent_{};
};

}  // namespace tracing
