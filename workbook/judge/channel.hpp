// Messages between the judge and a student's process: a JSON text, bytes, and descriptors.
//
// On the wire (a connected AF_UNIX stream socket): two 4-byte lengths in the host's order, the JSON
// text, the bytes. Descriptors travel beside the first byte (SCM_RIGHTS).
#pragma once

#include <chrono>
#include <cstddef>
#include <stdexcept>

namespace dialtone {

/// Messages come from a student's process: a part that they lack must not stop whoever reads them.
[[noreturn]] inline void missing_part() {
  throw std::out_of_range("a part of the answer is missing");
}

}  // namespace dialtone

#define JSON_ASSERT(condition) ((condition) ? void() : dialtone::missing_part())
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "file_descriptor.hpp"

namespace dialtone {

struct Message {
  nlohmann::json body;
  std::string payload;
  std::vector<FileDescriptor> descriptors;
};

inline constexpr int channel_number = 3;  ///< the descriptor of the channel in a student's process
inline constexpr std::size_t largest_body = std::size_t{1} << 20U;
inline constexpr std::size_t largest_payload = std::size_t{16} << 20U;
inline constexpr std::size_t most_descriptors = 8;

enum class ChannelState { message, timed_out, closed, malformed };

class Channel {
 public:
  explicit Channel(FileDescriptor socket) : socket_(std::move(socket)) {}

  /// False when the other end is gone or does not read in time.
  bool send(const nlohmann::json& body, std::string_view payload = {},
            const std::vector<int>& descriptors = {},
            std::chrono::milliseconds time = std::chrono::seconds(10));

  /// Waits for one whole message. `into` is meaningful when the result is `message`.
  ChannelState receive(Message& into, std::chrono::milliseconds time);

  /// Whether anything lies unread: an answer that nobody asked for.
  bool has_unread() const;

  int get() const { return socket_.get(); }

 private:
  FileDescriptor socket_;
};

/// The two ends of a new channel. Throws std::runtime_error when there are no descriptors left.
std::pair<Channel, Channel> make_channel();

}  // namespace dialtone
