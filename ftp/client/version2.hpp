// Version 2, as a client has it: requests may be sent ahead, replies come in their order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connection.hpp"

namespace ftp::client {

/// A file as the server tells it. The name is a stranger's.
struct RemoteFile {
  Target target;
  std::optional<std::uint64_t> size;  ///< not there where only an interrupted upload is
  std::int64_t time = 0;              ///< milliseconds since 1970, UTC
  std::optional<TaggedDigest> digest;
  std::optional<Partial> partial;  ///< stat only: what is kept of this caller's upload
};

/// Errors of the server's are thrown as Refused; a reply that is none of the protocol, or is the
/// reply to another request, as ConnectionLost.
class Version2 {
 public:
  explicit Version2(Connection& connection) : connection_(connection) {}

  /// Whether the server speaks version 2.
  bool hello();

  /// All files of a type, a page at a time, by name in the order of its bytes.
  std::vector<RemoteFile> list(Type type, std::optional<DigestKind> digest);
  RemoteFile stat(const Target& target, std::optional<DigestKind> digest);
  void remove(const Target& target);
  void rename(const Target& from, const Target& to, bool replace);

  /// Sends a request with a fresh id, which is returned; its reply is taken later, in turn.
  std::uint64_t ask(Request request, std::string_view payload = {});

  /// What stands in front of a file's bytes. These follow: Connection::receive_payload.
  struct Coming {
    std::uint64_t size = 0;  ///< of the whole file
    std::uint64_t left = 0;  ///< bytes that follow
    TaggedDigest digest;     ///< of the whole file
  };
  Coming take_get(std::uint64_t id, std::uint64_t offset);

  /// The reply that ends a put.
  struct Stored {
    std::uint64_t size = 0;
    TaggedDigest digest;
  };
  Stored take_put(std::uint64_t id);

  /// A further frame of the put with this id.
  void send_data(std::uint64_t id, std::string_view payload, bool more,
                 const std::optional<std::string>& digest = {});

 private:
  /// The header of the reply to this request.
  framing::Header reply_to(std::uint64_t id);

  Connection& connection_;
  std::uint64_t next_id_ = 1;
};

}  // namespace ftp::client
