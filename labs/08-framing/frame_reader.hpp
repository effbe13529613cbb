// Frames gathered from a stream, to be shown: a part of the demo.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "framing.hpp"
#include "language.hpp"
#include "terminal.hpp"

namespace frames_demo {

using dialtone::Colour;
using dialtone::coloured;
using dialtone::glyph;
using dialtone::tr;

// --- text from outside -------------------------------------------------------------------------

/// Bytes of the UTF-8 character in front, 0 where there is none: overlong forms, surrogates and
/// what lies above U+10FFFF are none (RFC 3629).
inline std::size_t character_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (text.empty()) return 0;
  if (byte(0) < 0x80) return 1;
  const std::size_t size = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((byte(i) & 0xc0U) != 0x80) return 0;
  const bool wrong = (byte(0) == 0xe0 && byte(1) < 0xa0) || (byte(0) == 0xed && byte(1) > 0x9f) ||
                     (byte(0) == 0xf0 && byte(1) < 0x90) || (byte(0) == 0xf4 && byte(1) > 0x8f);
  return wrong ? 0 : size;
}

/// Whether these bytes read as text; where they are only the beginning of more, a character may be
/// cut at their end.
inline bool is_text(std::string_view bytes, bool goes_on) {
  while (!bytes.empty()) {
    const std::size_t size = character_size(bytes);
    if (size == 0) return goes_on && bytes.size() < 4 && (bytes[0] & '\xc0') == '\xc0';
    const auto byte = static_cast<unsigned char>(bytes[0]);
    if (byte == 0x7f || (byte < 0x20 && byte != '\n' && byte != '\t' && byte != '\r')) return false;
    bytes.remove_prefix(size);
  }
  return true;
}

/// The text in quotes, safe for any terminal: no control characters, and pure ASCII where the
/// locale is no UTF-8.
inline std::string in_quotes(std::string_view text, std::size_t limit = 256) {
  if (dialtone::locale_is_utf8()) return dialtone::printable(text, limit);
  std::string escaped;
  for (const char c : dialtone::printable(text, limit)) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto value = static_cast<unsigned char>(c);
    if (value < 0x80)
      escaped += c;
    else
      escaped += {'\\', 'x', digits[value >> 4U], digits[value & 15U]};
  }
  return escaped;
}

inline std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto value = static_cast<unsigned char>(c);
    if (!text.empty()) text += ' ';
    text += {digits[value >> 4U], digits[value & 15U]};
  }
  return text;
}

inline std::string kind_name(framing::Error::Kind kind) {
  constexpr std::pair<const char*, const char*> names[] = {
      {"bad length", "长度不对"},   {"too large", "太大"},    {"bad JSON", "JSON 不对"},
      {"duplicate key", "键重复"},  {"too deep", "嵌套太深"}, {"missing field", "缺少字段"},
      {"wrong type", "类型不对"},   {"bad value", "值不对"},  {"truncated", "流在帧内就结束了"},
      {"not encodable", "无法编码"}};
  const auto& [english, chinese] = names[static_cast<int>(kind)];
  return tr(english, chinese);
}

inline std::string told(const framing::Error& error) {
  return kind_name(error.kind) + tr(": ", "：") + error.message;
}

// --- frames from a stream ----------------------------------------------------------------------

/// One frame, or what came of it.
struct Frame {
  std::uint64_t offset = 0;  ///< of its first byte in the stream
  std::string head;          ///< prefix and header as they came
  bool has_header = false;
  framing::Header header;
  std::string begins;         ///< the payload's first bytes
  std::uint64_t payload = 0;  ///< bytes of it that came
  bool whole = false;
  std::string digest;  ///< of the payload, where the frame is whole

  enum class Check { none, ok, differs };
  Check check() const {
    if (!whole || !header.encrypted) return Check::none;
    return digest == *header.encrypted ? Check::ok : Check::differs;
  }
};

/// Where a stream went wrong.
struct Problem {
  std::uint64_t offset = 0;
  framing::Error error;
};

/// Gathers frames from a stream; holds one head and the first bytes of one payload, however long
/// both stream and payload are.
class FrameReader {
 public:
  explicit FrameReader(std::size_t shown = 128) : shown_(shown) {}

  /// Gives every frame that becomes whole to `take`.
  template <class Take>
  tl::expected<void, Problem> read(std::span<const std::byte> bytes, Take&& take) {
    for (;;) {
      const auto before = bytes;
      auto event = decoder_.next(bytes);
      const std::size_t taken = before.size() - bytes.size();
      if (!event) {
        if (!frame_.has_header)
          frame_.head += text_of(before.first(std::min(before.size(), room())));
        return tl::unexpected(Problem{place(), event.error()});
      }
      at_ += taken;
      using Kind = framing::Event::Kind;
      if (!frame_.has_header) frame_.head += text_of(before.first(taken));
      if (event->kind == Kind::need_more) return {};
      if (event->kind == Kind::header) {
        frame_.has_header = true;
        frame_.header = decoder_.header();
      } else if (event->kind == Kind::payload) {
        add_payload(event->piece);
      } else {
        frame_.whole = true;
        // Where the header has no salt, the course's program appends Python's str(None).
        frame_.digest = digest_.finish(frame_.header.salt.value_or("None"));
        take(std::as_const(frame_));
        start_frame();
      }
    }
  }

  /// To be asked when the stream has ended.
  tl::expected<void, Problem> finish() const {
    if (auto ended = decoder_.finish(); !ended)
      return tl::unexpected(Problem{at_, std::move(ended.error())});
    return {};
  }

  /// What has come of the frame that is not whole yet.
  const Frame& unfinished() const { return frame_; }
  std::uint64_t offset() const { return at_; }

 private:
  static std::string_view text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  std::size_t room() const {
    const std::size_t most = framing::prefix_size + framing::Limits{}.header;
    return most - std::min(most, frame_.head.size());
  }

  /// Where the refused thing begins: the prefix, or the header behind it.
  std::uint64_t place() const {
    if (frame_.head.size() < framing::prefix_size) return frame_.offset;
    const auto prefix = std::as_bytes(std::span(frame_.head)).first<framing::prefix_size>();
    const bool length_is_fine = framing::read_prefix(prefix, framing::Limits{}.header).has_value();
    return frame_.offset + (length_is_fine ? framing::prefix_size : 0);
  }

  void add_payload(std::span<const std::byte> piece) {
    frame_.payload += piece.size();
    const std::size_t more = std::min(piece.size(), shown_ - frame_.begins.size());
    frame_.begins += text_of(piece.first(more));
    digest_.update(piece);
  }

  void start_frame() {
    frame_ = Frame{};
    frame_.offset = at_;
    digest_ = framing::CourseDigest();
  }

  std::size_t shown_;
  std::uint64_t at_ = 0;  ///< bytes that the decoder has taken
  framing::Decoder decoder_;
  framing::CourseDigest digest_;
  Frame frame_;
};

}  // namespace frames_demo
