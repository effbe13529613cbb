#include "framing.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

namespace framing {
namespace {

using nlohmann::json;

tl::unexpected<Error> failure(Error::Kind kind, std::string message) {
  return tl::unexpected(Error{kind, std::move(message)});
}

std::string count_of(std::uint64_t bytes) {
  return std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
}

tl::unexpected<Error> header_above_limit(std::size_t size, std::size_t limit) {
  return failure(Error::Kind::too_large,
                 "header: " + count_of(size) + ", at most " + std::to_string(limit));
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

// --- the length in front ---

std::array<std::byte, prefix_size> to_prefix(std::int32_t length) {
  std::array<std::byte, prefix_size> bytes{};
  auto rest = static_cast<std::uint32_t>(length);
  for (std::byte& byte : bytes) {
    byte = static_cast<std::byte>(rest & 0xffU);
    rest >>= 8U;
  }
  return bytes;
}

//! [read_prefix]
Result<std::size_t> read_prefix(std::span<const std::byte, prefix_size> bytes, std::size_t limit) {
  std::uint32_t bits = 0;
  for (std::size_t i = prefix_size; i-- > 0;)
    bits = bits << 8U | std::to_integer<std::uint32_t>(bytes[i]);
  const auto length = static_cast<std::int32_t>(bits);
  if (length <= 0)
    return failure(Error::Kind::bad_length, "header: a length of " + std::to_string(length));
  const auto size = static_cast<std::size_t>(length);
  if (size > limit) return header_above_limit(size, limit);
  return size;
}
//! [read_prefix]

// --- the header ---

namespace {

enum class Field { command, data_length, encrypted, salt, file_type, file_name, other };

constexpr std::array<std::string_view, 6> field_names = {"command", "data_length", "encrypted",
                                                         "salt",    "file_type",   "file_name"};

Field field_of(std::string_view name) {
  return static_cast<Field>(std::find(field_names.begin(), field_names.end(), name) -
                            field_names.begin());
}

/// A peer's key as a message may hold it: not long, and nothing that a terminal would obey.
std::string quoted(std::string_view key) {
  const bool plain = key.size() <= 60 && std::all_of(key.begin(), key.end(),
                                                     [](char c) { return c >= ' ' && c <= '~'; });
  return plain ? '"' + std::string(key) + '"' : "a key of " + count_of(key.size());
}

/// Takes the parser's events (nlohmann's SAX interface) and fills in a header while it parses. A
/// tree of the whole would have lost what must be refused: of two equal keys it keeps one.
/// Returning false stops the parser.
class HeaderReader {
 public:
  explicit HeaderReader(const Limits& limits) : limits_(limits) {}

  Result<Header> take() {
    if (error_) return tl::unexpected(std::move(*error_));
    for (const Field field : {Field::command, Field::data_length})
      if (!has(field))
        return failure(Error::Kind::missing_field, "header: no " + quoted(name_of(field)));
    return std::move(header_);
  }

  bool key(std::string& name) {
    if (!open_.empty()) {
      const auto [place, fresh] = open_.back()->get_ptr<json::object_t*>()->emplace(name, nullptr);
      slot_ = &place->second;
      return fresh || twice(name);
    }
    field_ = field_of(name);
    if (field_ == Field::other) {
      const auto [place, fresh] = header_.others.get_ptr<json::object_t*>()->emplace(name, nullptr);
      slot_ = &place->second;
      return fresh || twice(name);
    }
    if (has(field_)) return twice(name);
    seen_ |= bit(field_);
    return true;
  }

  bool start_object(std::size_t /*elements*/) {
    if (begun_) return open(json::object());
    begun_ = true;
    return limits_.depth > 0 || too_deep();
  }
  bool start_array(std::size_t /*elements*/) { return open(json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool string(std::string& text) {
    if (!is_named()) return put(text);
    switch (field_) {
      case Field::command:
        header_.command = text;
        return !text.empty() || refuse(Error::Kind::bad_value, "\"command\" is empty");
      case Field::encrypted:
        header_.encrypted = text;
        return true;
      case Field::salt:
        header_.salt = text;
        return true;
      case Field::file_type:
        header_.file_type = text;
        return true;
      case Field::file_name:
        header_.file_name = text;
        return true;
      default:
        return wrong_type();
    }
  }

  bool number_unsigned(std::uint64_t number) {
    if (!is_named()) return put(number);
    if (field_ != Field::data_length) return wrong_type();
    header_.data_length = number;
    return number <= limits_.payload || payload_above_limit(count_of(number));
  }
  bool number_integer(std::int64_t number) {  // the parser's choice where there is a minus sign
    if (!is_named()) return put(number);
    if (field_ != Field::data_length) return wrong_type();
    return number == 0 || negative();
  }
  bool number_float(double number, const std::string& spelling) {
    if (!is_named()) return put(number);
    const bool whole = spelling.find_first_of(".eE") == std::string::npos;  // but above 64 bits
    if (field_ != Field::data_length || !whole) return wrong_type();
    return spelling.front() == '-' ? negative()
                                   : payload_above_limit("more than 64 bits can count");
  }

  bool boolean(bool value) { return is_named() ? wrong_type() : put(value); }
  bool null() {
    if (!is_named()) return put(nullptr);
    return (field_ != Field::command && field_ != Field::data_length) || wrong_type();
  }
  bool binary(json::binary_t& /*bytes*/) { return wrong_type(); }  // JSON has none

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*why*/) {
    return refuse(Error::Kind::bad_json, "no JSON in UTF-8 at byte " + std::to_string(position));
  }

 private:
  static unsigned bit(Field field) { return 1U << static_cast<unsigned>(field); }
  static std::string_view name_of(Field field) {
    return field_names[static_cast<std::size_t>(field)];
  }
  bool has(Field field) const { return (seen_ & bit(field)) != 0; }

  /// Whether the value that comes now is that of a named field.
  bool is_named() const { return begun_ && open_.empty() && field_ != Field::other; }

  /// Puts a value of `others` where it belongs; refuses it where there is no object around it.
  bool put(json value) {
    if (!begun_) return refuse(Error::Kind::bad_json, "no object");
    if (!open_.empty() && open_.back()->is_array()) {
      auto& array = *open_.back()->get_ptr<json::array_t*>();
      array.push_back(std::move(value));
      slot_ = &array.back();
    } else {
      *slot_ = std::move(value);
    }
    return true;
  }

  bool open(json container) {
    if (is_named()) return wrong_type();
    if (open_.size() + 1 >= limits_.depth && begun_) return too_deep();
    if (!put(std::move(container))) return false;
    open_.push_back(slot_);
    return true;
  }

  bool close() {
    if (!open_.empty()) open_.pop_back();
    return true;
  }

  bool refuse(Error::Kind kind, const std::string& why) {
    error_ = Error{kind, "header: " + why};
    return false;
  }
  bool twice(std::string_view key) {
    return refuse(Error::Kind::duplicate_key, quoted(key) + " twice in one object");
  }
  bool wrong_type() {
    return refuse(Error::Kind::wrong_type,
                  quoted(name_of(field_)) +
                      (field_ == Field::data_length ? " is no whole number" : " is no string"));
  }
  bool payload_above_limit(const std::string& size) {
    error_ = Error{Error::Kind::too_large,
                   "payload: " + size + ", at most " + std::to_string(limits_.payload)};
    return false;
  }
  bool negative() { return refuse(Error::Kind::bad_value, "\"data_length\" is negative"); }
  bool too_deep() {
    return refuse(Error::Kind::too_deep,
                  "nested deeper than " + std::to_string(limits_.depth) + " levels");
  }

  const Limits& limits_;
  Header header_;
  bool begun_ = false;          ///< the header's own object has been opened
  unsigned seen_ = 0;           ///< the named fields that came, one bit each
  Field field_ = Field::other;  ///< of the header's object, the key that came last
  std::vector<json*> open_;     ///< the objects and arrays within `others` that are open
  json* slot_ = nullptr;        ///< where the last key's value goes, or where a value went
  std::optional<Error> error_;
};

}  // namespace

//! [parse_header]
Result<Header> parse_header(std::string_view text, const Limits& limits) {
  if (text.size() > limits.header) return header_above_limit(text.size(), limits.header);
  // The parser is kinder than the contract: it skips a byte order mark, and a NUL is its end.
  if (text.substr(0, 3) == "\xEF\xBB\xBF" || text.find('\0') != std::string_view::npos)
    return failure(Error::Kind::bad_json, "header: a byte order mark or a NUL is no JSON");
  HeaderReader reader(limits);
  json::sax_parse(text.begin(), text.end(), &reader);
  return reader.take();
}
//! [parse_header]

namespace {

/// Looks no further than one level below `limit`, so that no depth exhausts the stack.
bool is_deeper(const json& value, std::size_t limit) {
  if (!value.is_structured()) return false;
  return limit == 0 || std::any_of(value.begin(), value.end(), [limit](const json& inner) {
           return is_deeper(inner, limit - 1);
         });
}

/// A byte that is not UTF-8 becomes U+FFFD: no exception, but no longer the same text.
std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

void append_field(std::string& text, Field field, const std::optional<std::string>& value) {
  if (!value) return;
  text += ",\"";
  text += field_names[static_cast<std::size_t>(field)];
  text += "\":";
  text += dump(*value);
}

tl::unexpected<Error> not_encodable(const std::string& why) {
  return failure(Error::Kind::not_encodable, "cannot be sent: " + why);
}

}  // namespace

Result<std::string> header_text(const Header& header, const Limits& limits) {
  if (!header.others.is_object()) return not_encodable("header: the other fields are no object");
  if (is_deeper(header.others, limits.depth)) return not_encodable("header: nested too deep");
  std::string text = "{\"command\":" + dump(header.command) +
                     ",\"data_length\":" + std::to_string(header.data_length);
  append_field(text, Field::encrypted, header.encrypted);
  append_field(text, Field::salt, header.salt);
  append_field(text, Field::file_type, header.file_type);
  append_field(text, Field::file_name, header.file_name);
  if (header.others.empty()) {
    text += '}';
  } else {
    text += ',';
    text.append(dump(header.others), 1);
  }

  // What the peer will make of it is the one thing that counts: read it back.
  const auto read = parse_header(text, limits);
  if (!read) return not_encodable(read.error().message);
  if (!(*read == header))
    return not_encodable(
        "header: a named field among the others, a string that is not UTF-8, "
        "or a value that JSON does not have");
  return text;
}

// --- frames ---

Result<std::string> encode_head(const Header& header, const Limits& limits) {
  auto text = header_text(header, limits);
  if (!text) return text;
  if (text->size() > std::numeric_limits<std::int32_t>::max())
    return not_encodable("header: " + count_of(text->size()) + ", more than a prefix can say");
  const auto prefix = to_prefix(static_cast<std::int32_t>(text->size()));
  return std::string(text_of(prefix)) + *text;
}

Result<std::string> encode(const Header& header, std::string_view payload, const Limits& limits) {
  if (payload.size() != header.data_length)
    return not_encodable("payload: " + count_of(payload.size()) + ", but data_length says " +
                         std::to_string(header.data_length));
  auto frame = encode_head(header, limits);
  if (frame) frame->append(payload);
  return frame;
}

namespace {

/// The next `size` bytes of the stream once all of them are there: where they lie, if none had to
/// wait for the others, or put together in `held`. Takes them from `bytes`.
std::optional<std::string_view> gather(std::string& held, std::span<const std::byte>& bytes,
                                       std::size_t size) {
  const auto part = text_of(bytes.first(std::min(size - held.size(), bytes.size())));
  bytes = bytes.subspan(part.size());
  if (part.size() == size) return part;
  held += part;
  if (held.size() < size) return std::nullopt;
  return held;
}

}  // namespace

//! [decoder_next]
Result<Event> Decoder::next(std::span<const std::byte>& bytes) {
  if (refused_) return tl::unexpected(*refused_);
  const auto refuse = [this](Error error) {
    refused_ = std::move(error);
    held_ = std::string();
    return tl::unexpected(*refused_);
  };

  if (part_ == Part::prefix) {
    const auto prefix = gather(held_, bytes, prefix_size);
    if (!prefix) return Event{Event::Kind::need_more, {}};
    const auto length =
        read_prefix(std::as_bytes(std::span(*prefix)).first<prefix_size>(), limits_.header);
    if (!length) return refuse(length.error());
    held_.clear();
    length_ = *length;
    part_ = Part::header;
  }

  if (part_ == Part::header) {
    const auto text = gather(held_, bytes, length_);
    if (!text) return Event{Event::Kind::need_more, {}};
    auto header = parse_header(*text, limits_);
    if (!header) return refuse(std::move(header.error()));
    held_ = std::string();  // gives the memory back: a caller may be silent for long
    header_ = std::move(*header);
    left_ = header_.data_length;
    part_ = left_ > 0 ? Part::payload : Part::end;
    return Event{Event::Kind::header, {}};
  }

  if (part_ == Part::end) {
    part_ = Part::prefix;
    return Event{Event::Kind::end, {}};
  }

  const auto piece = bytes.first(std::min<std::uint64_t>(left_, bytes.size()));
  if (piece.empty()) return Event{Event::Kind::need_more, {}};
  bytes = bytes.subspan(piece.size());
  left_ -= piece.size();
  if (left_ == 0) part_ = Part::end;
  return Event{Event::Kind::payload, piece};
}
//! [decoder_next]

Result<void> Decoder::finish() const {
  if (refused_) return tl::unexpected(*refused_);
  const auto truncated = [](const char* what, std::uint64_t came, std::uint64_t of) {
    return failure(Error::Kind::truncated, std::string(what) + ": " + std::to_string(came) +
                                               " of " + count_of(of) + " had come");
  };
  switch (part_) {
    case Part::prefix:
      if (held_.empty()) return {};
      return truncated("length", held_.size(), prefix_size);
    case Part::header:
      return truncated("header", held_.size(), length_);
    case Part::payload:
      return truncated("payload", header_.data_length - left_, header_.data_length);
    default:
      return {};
  }
}

// --- the course's digest ---

namespace {

/// How a byte is spelt within the quotes. All four characters are always copied: one store of a
/// fixed size is cheaper than asking how many are meant.
struct Spelling {
  std::array<char, 4> text{};
  unsigned char length = 1;
};

using Spellings = std::array<Spelling, 256>;

constexpr Spellings spellings_within(char quote) {
  constexpr std::string_view digits = "0123456789abcdef";
  Spellings all{};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const char c = static_cast<char>(i);
    if (i < 0x20 || i >= 0x7f)
      all[i] = {{'\\', 'x', digits[i >> 4U], digits[i & 15U]}, 4};
    else if (c == '\\' || c == quote)
      all[i] = {{'\\', c}, 2};
    else
      all[i] = {{c}, 1};
  }
  all['\t'] = {{'\\', 't'}, 2};
  all['\n'] = {{'\\', 'n'}, 2};
  all['\r'] = {{'\\', 'r'}, 2};
  return all;
}

constexpr Spellings in_single_quotes = spellings_within('\'');
constexpr Spellings in_double_quotes = spellings_within('"');

/// Room for `longest` bytes, spelt; a few kilobytes stay in the processor's nearest cache.
constexpr std::size_t longest = 1024;
using Room = std::array<char, longest * 4>;

/// Calls `use` with the spelling of the bytes, a part at a time.
template <class Use>
void spell(std::span<const std::byte> bytes, const Spellings& spellings, Use use) {
  Room room;
  while (!bytes.empty()) {
    const auto part = bytes.first(std::min(bytes.size(), longest));
    bytes = bytes.subspan(part.size());
    char* end = room.data();
    for (const std::byte byte : part) {
      const Spelling& spelling = spellings[std::to_integer<std::size_t>(byte)];
      std::memcpy(end, spelling.text.data(), spelling.text.size());
      end += spelling.length;
    }
    use(std::string_view(room.data(), static_cast<std::size_t>(end - room.data())));
  }
}

bool has(std::span<const std::byte> bytes, char c) {
  return text_of(bytes).find(c) != std::string_view::npos;
}

}  // namespace

std::string python_text(std::span<const std::byte> bytes) {
  const bool doubled = has(bytes, '\'') && !has(bytes, '"');
  const char quote = doubled ? '"' : '\'';
  std::string text = {'b', quote};
  spell(bytes, doubled ? in_double_quotes : in_single_quotes,
        [&text](std::string_view part) { text += part; });
  return text + quote;
}

//! [course_digest]
void CourseDigest::update(std::span<const std::byte> bytes) {
  if (!started_) {
    single_.update("b'");
    double_.update("b\"");
    started_ = true;
  }
  spell(bytes, in_single_quotes, [this](std::string_view part) { single_.update(part); });
  if (seen_double_) return;  // single quotes it is, whatever comes
  seen_double_ = has(bytes, '"');
  if (seen_double_) return;
  seen_single_ = seen_single_ || has(bytes, '\'');
  spell(bytes, in_double_quotes, [this](std::string_view part) { double_.update(part); });
}

std::string CourseDigest::finish(std::string_view salt) {
  if (!started_) update({});
  const bool doubled = seen_single_ && !seen_double_;
  Md5& digest = doubled ? double_ : single_;
  digest.update(doubled ? "\"" : "'");
  digest.update(salt);
  return digest.finish();
}
//! [course_digest]

}  // namespace framing
