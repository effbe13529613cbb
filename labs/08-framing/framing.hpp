// Lab 08: frames on a stream. This header is the assignment; starter/framing.cpp is where you work.
//
// A byte stream has no messages: what one end sends in three pieces may arrive in one, or in seven.
// Here you write the messages that the course's ftp program, and later your own, lay on the stream:
//
//   4 bytes          length of the header, a signed 32-bit number, least significant byte first
//   length bytes     the header: one JSON object in UTF-8 (RFC 8259)
//   data_length bytes   the payload: any bytes; how many, the header says
//
// Rules for the whole file:
// - Nothing here reads or writes a socket: bytes go in, frames come out. Whoever owns the socket
//   decides how to wait.
// - The peer is not to be trusted. Every length is held against a limit before a byte of memory is
//   spent on it, and no input makes the code crash, hang, or hold more than one header.
// - A failure is a value. No function throws, whatever bytes it is given.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "md5.hpp"

namespace framing {

// --- given -----------------------------------------------------------------------------------

/// What was refused, as a value.
struct Error {
  enum class Kind {
    bad_length,     ///< a header's length that is zero or negative
    too_large,      ///< a header or a payload above its limit
    bad_json,       ///< not one JSON object in valid UTF-8
    duplicate_key,  ///< the same key twice in one object, at whatever depth
    too_deep,       ///< objects and arrays nested deeper than the limit
    missing_field,  ///< `command` or `data_length` is not there
    wrong_type,     ///< a known field is there, with a value of a type that it cannot have
    bad_value,      ///< the right type, and a value that it cannot have: a negative data_length
    truncated,      ///< the stream ended inside a frame
    not_encodable,  ///< encode and header_text only: what would be sent is not a right frame
  };
  Kind kind = Kind::bad_json;
  std::string message;  ///< what was refused, and why: "header: 70000 bytes, at most 65536"
};

template <class T>
using Result = tl::expected<T, Error>;

/// What is refused before it costs anything.
struct Limits {
  std::size_t header = std::size_t{64} << 10U;      ///< bytes of a header's text
  std::uint64_t payload = std::uint64_t{4} << 30U;  ///< bytes of a payload
  std::size_t depth = 16;  ///< nested objects and arrays; the header itself is the first
};

/// What stands in front of a payload. The named fields are the course's; all others are kept in
/// `others`, so that whoever passes a header on loses nothing.
struct Header {
  std::string command;                   ///< required
  std::uint64_t data_length = 0;         ///< required: bytes of the payload that follows
  std::optional<std::string> encrypted;  ///< the payload's digest (the course's name for it)
  std::optional<std::string> salt;
  std::optional<std::string> file_type;
  std::optional<std::string> file_name;
  nlohmann::json others = nlohmann::json::object();  ///< every other field, by name
  bool operator==(const Header&) const = default;
};

// --- the length in front ---------------------------------------------------------------------

inline constexpr std::size_t prefix_size = 4;

/// The length as Python's struct.pack('<i', length) writes it: least significant byte first.
std::array<std::byte, prefix_size> to_prefix(std::int32_t length);

/// The length that these bytes mean: 1 to `limit`. Zero or negative: bad_length. Above the limit:
/// too_large; the message names both numbers.
Result<std::size_t> read_prefix(std::span<const std::byte, prefix_size> bytes, std::size_t limit);

// --- the header ------------------------------------------------------------------------------

/// Reads a header's text: exactly one JSON object, in UTF-8, with nothing but white space around
/// it.
/// - `command` is a string that is not empty (else wrong_type, bad_value); `data_length` is a whole
///   number (wrong_type for 1.0, "1" or true), not negative (bad_value), and at most limits.payload
///   (too_large). Where one of them is not there: missing_field.
/// - `encrypted`, `salt`, `file_type` and `file_name` are strings (else wrong_type). Python's None
///   arrives as null and counts as not there.
/// - Every other field is kept in `others` as it is, whatever its type.
/// - The text itself is held against limits.header (too_large), the nesting against limits.depth
///   (too_deep), and no object has a key twice (duplicate_key). Where several of these are wrong,
///   any one of them may be told.
Result<Header> parse_header(std::string_view text, const Limits& limits = {});

/// The text that parse_header reads back as the same header: compact JSON in UTF-8, `command` and
/// `data_length` first, fields that are not there left out. not_encodable where parse_header would
/// refuse it: an empty command, a string that is not UTF-8, `others` that is no object or names a
/// known field, or a text above limits.header.
Result<std::string> header_text(const Header& header, const Limits& limits = {});

// --- frames ----------------------------------------------------------------------------------

/// Prefix and header, ready to be sent; the payload follows by itself, so that a large one need not
/// be in memory.
Result<std::string> encode_head(const Header& header, const Limits& limits = {});

/// A whole frame. not_encodable where the payload is not just data_length bytes long.
Result<std::string> encode(const Header& header, std::string_view payload,
                           const Limits& limits = {});

/// What the decoder has found.
struct Event {
  enum class Kind {
    need_more,  ///< all bytes are taken; the frame goes on in the next ones
    header,     ///< a header is whole: see Decoder::header()
    payload,    ///< a piece of the payload, not empty, in `piece`
    end,        ///< the frame is over; comes once a frame, also where the payload is empty
  };
  Kind kind = Kind::need_more;
  std::span<const std::byte> piece;  ///< lies in the bytes that were given: nothing is copied
};

/// Takes a stream in whatever cuts it comes and tells the frames in it, one event at a time:
/// header, payload pieces, end; header, ... Where the cuts lie changes nothing but the pieces.
/// It holds at most the bytes of one unfinished header, and never a payload.
class Decoder {
 public:
  explicit Decoder(Limits limits = {}) : limits_(limits) {}

  /// The next event. Takes from the front of `bytes` what belongs to it, and shortens `bytes` by
  /// that. Call it again until it says need_more; then read from the stream. A refusal is for ever:
  /// the decoder cannot know where the next frame would begin, takes no byte any more, and gives
  /// the same error again.
  Result<Event> next(std::span<const std::byte>& bytes);

  /// The header of the frame that is being decoded, or was decoded last; valid until the next
  /// header event. Before the first one: an empty header.
  const Header& header() const { return header_; }

  /// To be asked when the stream has ended: fine between two frames; inside one: truncated, and the
  /// message says how many bytes of how many had come ("payload: 10 of 1024 bytes"). After a
  /// refusal: that refusal.
  Result<void> finish() const;

 private:
  enum class Part { prefix, header, payload, end };

  Limits limits_;
  Part part_ = Part::prefix;
  std::string held_;        ///< of the prefix or header, the bytes that came so far
  std::size_t length_ = 0;  ///< of the header
  std::uint64_t left_ = 0;  ///< bytes of the payload that have not come yet
  Header header_;
  std::optional<Error> refused_;
};

// --- the course's digest ---------------------------------------------------------------------

/// What Python's str(data) gives for bytes: b'...' with \t, \n, \r, \\ and the quote escaped so,
/// and every byte below 0x20 or from 0x7f up as \xNN in small digits (bytes.__repr__). The quotes
/// are single, unless there is a single quote among the bytes and no double one.
std::string python_text(std::span<const std::byte> bytes);

/// The course's digest of a payload: MD5 over python_text(payload) followed by the salt, as 32
/// small hexadecimal digits. Given a piece at a time, so that a file of any size is digested in a
/// few kilobytes: neither payload nor text is ever held whole. It is no protection: it travels with
/// the data, so whoever changes these can change it as well.
class CourseDigest {
 public:
  /// The next piece; where the cuts lie changes nothing.
  void update(std::span<const std::byte> bytes);

  /// The digest, after the last piece. Call it once.
  std::string finish(std::string_view salt);

 private:
  // Which quotes Python takes is known only when all bytes have been seen, and the text begins with
  // one: so there are two texts to digest, until the bytes decide.
  Md5 single_;  ///< of the text in single quotes
  Md5 double_;  ///< of the text in double quotes
  bool started_ = false;
  bool seen_single_ = false;  ///< a ' was among the bytes
  bool seen_double_ = false;  ///< a " was among the bytes
};

}  // namespace framing
