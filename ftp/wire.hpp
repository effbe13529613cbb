// What the frames of both versions say: the words and headers that server and client share.
// The protocol itself is in PROTOCOL.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "framing.hpp"
#include "store.hpp"

namespace ftp {

/// Headers as the protocol bounds them; payloads of any length, for they are never held.
inline constexpr framing::Limits frame_limits{
    .header = 65'536, .payload = std::uint64_t{1} << 62U, .depth = 16};

/// Entries of one page of a list, at most.
inline constexpr std::size_t page_entries = 1000;

// --- version 1 -------------------------------------------------------------------------------

namespace course {

inline constexpr std::string_view list_command = "show_file_name_list";
inline constexpr std::string_view download_command = "download_file";
inline constexpr std::string_view upload_command = "upload";

inline constexpr std::string_view damaged_words = "数据被篡改!";

/// "COMMAND is not exist"
std::string unknown_command_words(std::string_view command);
/// "当前文件 STEM 上传成功!保存至 :>>>> img/NAME!"
std::string uploaded_words(const Target& stored);

/// A salt as the course's program makes it: 32 small hexadecimal digits, drawn anew.
std::string fresh_salt();

/// The digest of a payload that is whole in memory.
std::string digest_of(std::string_view payload, std::string_view salt);

/// A header with salt and digest of this payload; nothing but these, command and length.
framing::Header header_for(std::string_view command, std::string_view payload);

/// Whether the digest that a header announces is the one that was computed with `salt_of(header)`.
/// A header without one announces none that fits.
bool fits(const framing::Header& header, std::string_view computed);

/// The header's salt; where there is none, what the course's program appends: "None".
std::string salt_of(const framing::Header& header);

}  // namespace course

// --- version 2 -------------------------------------------------------------------------------

inline constexpr std::uint64_t largest_id = (std::uint64_t{1} << 53U) - 1;

/// Whether a header is of version 2 (`version` is the number 2).
bool is_version_2(const framing::Header& header);

/// A request, or a `data` frame, of version 2; the fields are those of PROTOCOL.md.
struct Request {
  std::string command;
  std::uint64_t id = 0;
  std::uint64_t data_length = 0;
  std::optional<Target> target;           ///< file_type and file_name
  std::optional<Type> type;               ///< file_type alone: list
  std::string after;                      ///< list
  std::size_t limit = page_entries;       ///< list
  std::optional<DigestKind> digest_kind;  ///< list, stat, get: the kind that is asked for
  std::optional<std::string> digest;      ///< put, data: "xxh3-128:…" of the whole file
  std::optional<std::uint64_t> size;      ///< put
  std::uint64_t offset = 0;               ///< get, put
  std::optional<std::string> prefix_digest;
  bool more = false;         ///< put, data
  std::optional<Target> to;  ///< rename
  bool replace = false;      ///< rename
  std::string client;        ///< hello
};

/// Reads a request. bad_request names the field that is missing or wrong; unknown_command names
/// the command. `id` is told in both cases as far as it can be read (0 where not).
struct RefusedRequest {
  std::uint64_t id = 0;
  Error error;
};
tl::expected<Request, RefusedRequest> parse_request(const framing::Header& header);

/// The header of a request, as parse_request reads it.
framing::Header header_of(const Request& request);

/// A reply's beginning: version, id, status ok; further fields go into `others`.
framing::Header reply_header(const Request& request, std::uint64_t data_length = 0);
/// A reply with status error.
framing::Header error_header(std::string_view command, std::uint64_t id, const Error& error);
/// The error that a reply of version 2 tells, or nothing where its status is ok. A reply that is
/// none is a bad_request.
std::optional<Error> error_in(const framing::Header& reply);

/// "xxh3-128", "sha-256"
std::string_view spelling(DigestKind kind);
std::optional<DigestKind> digest_kind_of(std::string_view spelling);
/// "xxh3-128:…" from kind and digits.
std::string tagged(DigestKind kind, std::string_view digits);
/// Kind and digits of such a text, where it is well-formed.
struct TaggedDigest {
  DigestKind kind = DigestKind::xxh3_128;
  std::string digits;
};
std::optional<TaggedDigest> parse_digest(std::string_view text);

}  // namespace ftp
