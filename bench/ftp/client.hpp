// The one client of every row: plain blocking sockets, one fixed buffer, bytes counted and thrown
// away. It is a process of its own, so that what it costs is not the server's.
//
// Requests and replies are frames of lab 08. The raw peers answer in such frames, too, so that
// ours and theirs are asked by the same code.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "file_descriptor.hpp"
#include "framing.hpp"
#include "store.hpp"
#include "wire.hpp"

namespace ftp_bench {

/// Random bytes that every large payload repeats: they stay in the processor's cache, so that the
/// client costs as little as can be.
inline constexpr std::size_t block_size = std::size_t{1} << 20U;
const std::string& block();

/// What one session says, and what it waits for.
struct Talk {
  std::string head;           ///< the bytes to be sent: one frame's beginning, or many frames
  std::uint64_t payload = 0;  ///< bytes of the block, again and again, that follow
  std::uint64_t replies = 1;  ///< frames that come back
  /// Payload bytes in all of them; not looked at where replies hold sentences.
  std::optional<std::uint64_t> coming = 0;
  std::string announced = {};  ///< stands in the last reply's header: a digest
};

/// Opens a session for each talk, holds all at once, and gives the seconds from the first byte sent
/// until the last reply was whole. A reply that is cut off or not ok is a Failure. `meanwhile` is
/// called in this process, again and again, until the client is done.
double seconds_of_talks(std::uint16_t port, const std::vector<Talk>& talks,
                        const std::function<void()>& meanwhile = {});

/// A connection to a server on this machine.
dialtone::FileDescriptor connect_to(std::uint16_t port);

/// Sends what the talk says over a connection and reads the replies.
void hold(int socket, const Talk& talk);

/// The head of a frame whose payload follows.
std::string head_of(const framing::Header& header);

/// The digest of that many bytes of the block.
std::string digest_of_blocks(std::uint64_t length);

ftp::Target plain_file(std::string name);

// Version 2.
Talk hello();
Talk stat(const ftp::Target& target);
Talk get(const ftp::Target& target, std::uint64_t size);
Talk put(const ftp::Target& target, std::uint64_t size, const std::string& digest);

// The raw peers (see raw.hpp).
Talk raw_get(const std::string& path, std::uint64_t size);
Talk raw_put(const std::string& path, std::uint64_t size);

}  // namespace ftp_bench
