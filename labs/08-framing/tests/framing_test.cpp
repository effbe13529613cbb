// Practice for lab 08. Nothing here needs a network: bytes go in, frames come out, and where the
// bytes are cut is the test's choice.
#include "framing.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>

#include "practice.hpp"
#include "scripted_stream.hpp"

namespace {

using namespace framing;
using dialtone::printable;
using dialtone::Random;
using dialtone::Story;
using nlohmann::json;
using Kind = Error::Kind;

// --- telling what came ---

const char* name_of(Kind kind) {
  constexpr const char* names[] = {"bad_length", "too_large",     "bad_json",   "duplicate_key",
                                   "too_deep",   "missing_field", "wrong_type", "bad_value",
                                   "truncated",  "not_encodable"};
  return names[static_cast<int>(kind)];
}

template <class T>
void expect_success(Story& s, std::string_view what, const Result<T>& result) {
  if (!result)
    s.fail(what, "success",
           std::string(name_of(result.error().kind)) + ": " + result.error().message);
}

template <class T>
const Error& expect_failure(Story& s, const std::string& what, const Result<T>& result, Kind kind) {
  if (result) s.fail(what, std::string("a failure: ") + name_of(kind), "success");
  s.expect_equal(what + ": kind of the error", name_of(result.error().kind),
                 std::string_view(name_of(kind)));
  return result.error();
}

void expect_in(Story& s, std::string_view what, const std::string& message,
               const std::string& part) {
  s.expect(what, message.find(part) != std::string::npos, "…" + part + "…", printable(message));
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The header as one line.
std::string told(const Header& header) {
  json fields = {
      {"command", header.command}, {"data_length", header.data_length}, {"others", header.others}};
  if (header.encrypted) fields["encrypted"] = *header.encrypted;
  if (header.salt) fields["salt"] = *header.salt;
  if (header.file_type) fields["file_type"] = *header.file_type;
  if (header.file_name) fields["file_name"] = *header.file_name;
  return fields.dump(-1, ' ', false, json::error_handler_t::replace);
}

void expect_header(Story& s, std::string_view what, const Header& got, const Header& expected) {
  s.expect(what, got == expected, told(expected), told(got));
}

Header say(std::size_t length) {
  Header header;
  header.command = "say";
  header.data_length = length;
  return header;
}

/// A frame as the tests lay it down themselves.
std::string frame_of(const std::string& header, const std::string& payload = "") {
  std::string frame(4, '\0');
  for (std::size_t i = 0; i < 4; ++i) frame[i] = static_cast<char>(header.size() >> 8 * i & 0xffU);
  return frame + header + payload;
}

std::string say_frame(const std::string& words) {
  return frame_of("{\"command\":\"say\",\"data_length\":" + std::to_string(words.size()) + "}",
                  words);
}

/// What a decoder tells of a stream in these pieces: "say(3) abc end say(0) end", the pieces of a
/// payload put together again.
std::string heard(const std::string& stream, const std::vector<std::size_t>& cuts) {
  Decoder decoder;
  std::string story;
  std::size_t begin = 0;
  const auto hear = [&](std::size_t end) {
    const std::string part = stream.substr(begin, end - begin);  // its own bytes, and no more
    auto rest = bytes_of(part);
    begin = end;
    for (std::size_t calls = 0; calls < 3 * part.size() + 4; ++calls) {
      const auto event = decoder.next(rest);
      if (!event) {
        story += " refused: " + event.error().message;
        return;
      }
      if (event->kind == Event::Kind::need_more) {
        if (!rest.empty()) story += " need_more with bytes left";
        return;
      }
      if (event->kind == Event::Kind::header)
        story +=
            decoder.header().command + "(" + std::to_string(decoder.header().data_length) + ") ";
      if (event->kind == Event::Kind::payload) story += text_of(event->piece);
      if (event->kind == Event::Kind::end) story += " end ";
    }
    story += " never said need_more";
  };
  for (const std::size_t cut : cuts) hear(cut);
  hear(stream.size());
  return story;
}

void expect_heard(Story& s, const std::string& stream, const std::vector<std::size_t>& cuts,
                  const std::string& expected) {
  const std::string story = heard(stream, cuts);
  if (story == expected) return;
  std::string places;
  for (std::size_t i = 0; i < cuts.size() && i < 12; ++i) places += " " + std::to_string(cuts[i]);
  s.step("the stream " + printable(stream, 120) + " is cut at" + places);
  s.fail("the frames are the same as without a cut", printable(expected, 300),
         printable(story, 300));
}

}  // namespace

// --- the length in front ---

TEST_CASE("a_length_is_written_least_byte_first") {
  Story s;
  const std::pair<std::int32_t, std::string> samples[] = {{1, std::string("\1\0\0\0", 4)},
                                                          {258, std::string("\2\1\0\0", 4)},
                                                          {0x01020304, "\4\3\2\1"},
                                                          {-2, "\xfe\xff\xff\xff"}};
  for (const auto& [length, bytes] : samples) {
    s.step("to_prefix(" + std::to_string(length) + ")");
    s.expect_equal("the four bytes", text_of(to_prefix(length)), bytes);
  }
}

TEST_CASE("a_length_is_read_up_to_its_limit_and_no_further") {
  Story s;
  const std::string bytes("\0\2\0\0", 4);
  s.step("read_prefix of 00 02 00 00, limit 512");
  const auto length = read_prefix(bytes_of(bytes).first<4>(), 512);
  expect_success(s, "it is read", length);
  s.expect_equal("the length", *length, std::size_t{512});
  s.step("the same with limit 511");
  const auto beyond = read_prefix(bytes_of(bytes).first<4>(), 511);
  const Error& error = expect_failure(s, "it is refused", beyond, Kind::too_large);
  expect_in(s, "the message names the length", error.message, "512");
  expect_in(s, "the message names the limit", error.message, "511");
}

TEST_CASE("a_length_of_zero_or_less_is_refused_whatever_the_limit") {
  for (const std::string& bytes : {std::string(4, '\0'), std::string(4, '\xff'),
                                   std::string("\0\0\0\x80", 4), std::string("\1\0\0\xff", 4)}) {
    Story s;
    s.step("read_prefix of " + printable(bytes));
    const auto length =
        read_prefix(bytes_of(bytes).first<4>(), std::numeric_limits<std::size_t>::max());
    expect_failure(s, "it is refused", length, Kind::bad_length);
  }
}

// --- the header, read ---

TEST_CASE("a_header_is_read_field_by_field") {
  Story s;
  const std::string text =
      " {\"data_length\" : 12,\n\"command\":\"up\\u006coad\", \"salt\":\"\\u5b57 \\ud83d\\ude00\","
      "\"encrypted\":\"00ff\", \"file_type\":\"txt\",\"file_name\":\"a \\\"b\\\"\\n\"}\t";
  s.step("parse_header(" + printable(text, 300) + ")");
  const auto header = parse_header(text);
  expect_success(s, "it is read", header);
  Header expected = say(12);
  expected.command = "upload";
  expected.salt = "字 😀";
  expected.encrypted = "00ff";
  expected.file_type = "txt";
  expected.file_name = "a \"b\"\n";
  expect_header(s, "its fields", *header, expected);
}

TEST_CASE("other_fields_are_kept_and_null_is_as_good_as_absent") {
  Story s;
  const std::string text =
      R"({"command":"say","data_length":0,"salt":null,"file_name":null,
          "x":null,"version":2,"list":[1,2.5,{"a":{}},[]],"Command":"other"})";
  s.step("parse_header(" + printable(text, 300) + ")");
  const auto header = parse_header(text);
  expect_success(s, "it is read", header);
  Header expected = say(0);
  expected.others = {{"x", nullptr},
                     {"version", 2},
                     {"list", {1, 2.5, {{"a", json::object()}}, json::array()}},
                     {"Command", "other"}};
  expect_header(s, "its fields", *header, expected);
}

TEST_CASE("what_is_wrong_in_a_header_is_refused_by_name") {
  const std::string start = R"({"command":"say","data_length":3)";
  const std::pair<std::string, Kind> samples[] = {
      {"{}", Kind::missing_field},
      {R"({"command":"say"})", Kind::missing_field},
      {R"({"data_length":3})", Kind::missing_field},
      {R"({"command":7,"data_length":3})", Kind::wrong_type},
      {R"({"command":"say","data_length":3.0})", Kind::wrong_type},
      {R"({"command":"say","data_length":"3"})", Kind::wrong_type},
      {R"({"command":"say","data_length":true})", Kind::wrong_type},
      {start + R"(,"salt":5})", Kind::wrong_type},
      {start + R"(,"file_name":["a"]})", Kind::wrong_type},
      {R"({"command":"","data_length":3})", Kind::bad_value},
      {R"({"command":"say","data_length":-3})", Kind::bad_value},
      {R"({"command":"say","data_length":4294967297})", Kind::too_large},
      {start + R"(,"x":1,"x":1})", Kind::duplicate_key},
      {start + R"(,"command":"say"})", Kind::duplicate_key},
      {start + R"(,"salt":null,"sal\u0074":null})", Kind::duplicate_key},
      {start + R"(,"x":[{"a":1,"b":2,"a":3}]})", Kind::duplicate_key},
      {"", Kind::bad_json},
      {"[]", Kind::bad_json},
      {"3", Kind::bad_json},
      {start, Kind::bad_json},
      {start + "} x", Kind::bad_json},
      {start + ",}", Kind::bad_json},
      {start + std::string("}\0", 2), Kind::bad_json},
      {"\xef\xbb\xbf" + start + "}", Kind::bad_json},
      {start + ",\"x\":\"\xff\"}", Kind::bad_json},
      {start + ",\"x\":\"\xed\xa0\x80\"}", Kind::bad_json},
      {start + ",\"\xc0\x80\":1}", Kind::bad_json},
  };
  for (const auto& [text, kind] : samples) {
    Story s;
    s.step("parse_header(" + printable(text, 200) + ")");
    expect_failure(s, "it is refused", parse_header(text), kind);
  }
}

TEST_CASE("each_limit_of_a_header_is_exact") {
  const std::string text = R"({"command":"say","data_length":100,"x":[[{}]]})";
  const auto with = [](std::size_t header, std::uint64_t payload, std::size_t depth) {
    Limits limits;
    limits.header = header;
    limits.payload = payload;
    limits.depth = depth;
    return limits;
  };
  Story s;
  s.step("parse_header(" + printable(text) + "), with limits that it just keeps");
  expect_success(s, "it is read", parse_header(text, with(text.size(), 100, 4)));
  s.step("one byte of header less");
  expect_failure(s, "it is refused", parse_header(text, with(text.size() - 1, 100, 4)),
                 Kind::too_large);
  s.step("one byte of payload less");
  expect_failure(s, "it is refused", parse_header(text, with(text.size(), 99, 4)), Kind::too_large);
  s.step("one level less");
  expect_failure(s, "it is refused", parse_header(text, with(text.size(), 100, 3)), Kind::too_deep);
}

// --- the header, written ---

TEST_CASE("a_header_is_written_compact_and_in_order") {
  Header header = say(5);
  header.others = {{"a list", {1, nullptr}}};
  header.file_name = "字\n";
  Story s;
  s.step("header_text(" + told(header) + ")");
  const auto text = header_text(header);
  expect_success(s, "it is written", text);
  s.expect_equal(
      "the text", *text,
      "{\"command\":\"say\",\"data_length\":5,\"file_name\":\"字\\n\",\"a list\":[1,null]}");
  s.step("parse_header of it");
  const auto read = parse_header(*text);
  expect_success(s, "it is read back", read);
  expect_header(s, "its fields", *read, header);
}

TEST_CASE("a_header_that_would_be_refused_is_not_written") {
  std::vector<std::pair<std::string, Header>> samples(8, {"", say(5)});
  samples[0].first = "an empty command";
  samples[0].second.command.clear();
  samples[1].first = "a command that is not UTF-8";
  samples[1].second.command = "\xff";
  samples[2].first = "a name that is not UTF-8";
  samples[2].second.file_name = "caf\xe9";
  samples[3].first = "another field's name that is not UTF-8";
  samples[3].second.others["\x80"] = 1;
  samples[4].first = "others that are no object";
  samples[4].second.others = json::array();
  samples[5].first = "others that name a known field";
  samples[5].second.others["salt"] = "x";
  samples[6].first = "a text above the limit";
  samples[6].second.salt = std::string(std::size_t{64} << 10U, 's');
  samples[7].first = "a payload above the limit";
  samples[7].second.data_length = (std::uint64_t{4} << 30U) + 1;
  for (const auto& [what, header] : samples) {
    Story s;
    s.step("header_text of a header with " + what);
    expect_failure(s, "it is not written", header_text(header), Kind::not_encodable);
    s.step("encode_head of the same");
    expect_failure(s, "it is not encoded", encode_head(header), Kind::not_encodable);
  }
}

// --- frames, written ---

TEST_CASE("a_frame_is_length_header_and_payload") {
  Story s;
  s.step("encode(say, \"hi\")");
  const auto frame = encode(say(2), "hi");
  expect_success(s, "it is encoded", frame);
  s.expect_equal("the frame", *frame, say_frame("hi"));
  s.step("encode_head of the same header");
  const auto head = encode_head(say(2));
  expect_success(s, "it is encoded", head);
  s.expect_equal("the frame without its payload", *head + "hi", *frame);
}

TEST_CASE("a_payload_of_another_length_is_not_encoded") {
  Story s;
  for (const char* words : {"", "h", "hi!"}) {
    s.step(std::string("encode(a header that says 2 bytes, \"") + words + "\")");
    expect_failure(s, "it is not encoded", encode(say(2), words), Kind::not_encodable);
  }
}

// --- frames, read ---

TEST_CASE("every_cut_in_two_or_three_gives_the_same_frames") {
  const std::string stream = say_frame("ab") + say_frame("") + say_frame("c");
  const std::string expected = "say(2) ab end say(0)  end say(1) c end ";
  Story s;
  s.step("the stream " + printable(stream, 200) + " in one piece");
  s.expect_equal("what the decoder tells", heard(stream, {}), expected);
  for (std::size_t one = 0; one <= stream.size(); ++one)
    for (std::size_t two = one; two <= stream.size(); ++two)
      expect_heard(s, stream, {one, two}, expected);
}

TEST_CASE("a_long_stream_may_be_cut_anywhere") {
  Random random(dialtone::test_seed());
  for (int round = 0; round < 20; ++round) {
    Story s;
    std::string stream;
    std::string expected;
    for (auto left = random.between(1, 8); left > 0; --left) {
      const std::string words = random.bytes(random.between(0, 2000));
      stream += say_frame(words);
      expected += "say(" + std::to_string(words.size()) + ") " + words + " end ";
    }
    std::vector<std::size_t> cuts;
    for (auto left = random.between(0, 50); left > 0; --left)
      cuts.push_back(random.between(0, stream.size()));
    std::sort(cuts.begin(), cuts.end());
    expect_heard(s, stream, cuts, expected);
    std::vector<std::size_t> everywhere;
    for (std::size_t i = 1; i < stream.size(); ++i) everywhere.push_back(i);
    expect_heard(s, stream, everywhere, expected);
  }
}

TEST_CASE("a_connection_that_breaks_off_anywhere_leaves_whole_frames_and_a_truncated_one") {
  Random random(dialtone::test_seed());
  const std::string frame = say_frame("0123456789");
  for (std::size_t place = 0; place <= 3 * frame.size(); ++place) {
    Story s;
    s.step("three frames of " + std::to_string(frame.size()) +
           " bytes; interrupted now and then, " + "the stream breaks off at byte " +
           std::to_string(place));
    dialtone::ScriptedStream stream(frame + frame + frame);
    stream.at_most(random.between(1, 20))
        .fail_at(random.between(0, 3 * frame.size()), EINTR, 2)
        .fail_at(place, ECONNRESET);
    Decoder decoder;
    std::size_t ends = 0;
    std::array<std::byte, 32> buffer{};
    for (;;) {
      const ssize_t count = stream.read(buffer);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) break;
      std::span<const std::byte> rest(buffer.data(), static_cast<std::size_t>(count));
      for (int calls = 0; calls < 100; ++calls) {
        const auto event = decoder.next(rest);
        expect_success(s, "next()", event);
        if (event->kind == Event::Kind::need_more) break;
        if (event->kind == Event::Kind::end) ++ends;
      }
    }
    s.expect_equal("whole frames", ends, place / frame.size());
    if (place % frame.size() == 0)
      expect_success(s, "it broke off between two frames", decoder.finish());
    else
      expect_failure(s, "it broke off inside a frame", decoder.finish(), Kind::truncated);
  }
}

TEST_CASE("a_piece_of_payload_lies_in_the_bytes_that_were_given") {
  Story s;
  Decoder decoder;
  const std::string stream = say_frame("hello");
  s.step("next() on a whole frame, twice");
  auto rest = bytes_of(stream);
  expect_success(s, "the header comes", decoder.next(rest));
  const auto event = decoder.next(rest);
  expect_success(s, "the payload comes", event);
  s.expect_equal("the piece", text_of(event->piece), "hello");
  s.expect("its place", event->piece.data() == bytes_of(stream).data() + stream.size() - 5,
           "the last 5 bytes of the frame", "elsewhere");
}

TEST_CASE("a_header_stays_until_the_next_one") {
  Story s;
  Decoder decoder;
  expect_header(s, "before the first", decoder.header(), Header());
  std::string stream = say_frame("a");
  auto rest = bytes_of(stream);
  s.step("next() until need_more, on the frame of say(1)");
  for (int i = 0; i < 4; ++i) expect_success(s, "it goes on", decoder.next(rest));
  expect_header(s, "after the frame", decoder.header(), say(1));
  s.step("next() on half of another frame");
  rest = bytes_of(stream).first(10);
  expect_success(s, "it goes on", decoder.next(rest));
  expect_header(s, "before the next is whole", decoder.header(), say(1));
}

TEST_CASE("a_refusal_is_for_ever") {
  const std::pair<std::string, Kind> samples[] = {
      {std::string(4, '\0'), Kind::bad_length},
      {std::string("\0\0\0\x7f", 4), Kind::too_large},
      {frame_of("{]"), Kind::bad_json},
      {frame_of("{}"), Kind::missing_field},
  };
  for (const auto& [bytes, kind] : samples) {
    Story s;
    Decoder decoder;
    s.step("next() on " + printable(bytes));
    auto rest = bytes_of(bytes);
    const Error error = expect_failure(s, "it is refused", decoder.next(rest), kind);
    s.step("next() on a frame in which nothing is wrong");
    const std::string good = say_frame("hi");
    rest = bytes_of(good);
    const auto again = decoder.next(rest);
    expect_failure(s, "it is refused", again, kind);
    s.expect_equal("in the same words", again.error().message, error.message);
    s.expect_equal("bytes left", rest.size(), good.size());
    s.step("finish()");
    expect_failure(s, "it is refused", decoder.finish(), kind);
  }
}

TEST_CASE("a_decoder_keeps_the_limits_it_was_given") {
  Limits limits;
  limits.header = 40;
  limits.payload = 4;
  Story s;
  Decoder decoder(limits);
  std::string stream = say_frame("1234");
  auto rest = bytes_of(stream);
  s.step("next() on a frame of 4 bytes, limit 4");
  expect_success(s, "its header comes", decoder.next(rest));
  Decoder another(limits);
  stream = say_frame("12345");
  rest = bytes_of(stream);
  s.step("next() on a frame of 5 bytes");
  expect_failure(s, "it is refused", another.next(rest), Kind::too_large);
  Decoder third(limits);
  stream = std::string("\x29\0\0\0", 4);
  rest = bytes_of(stream);
  s.step("next() on the length of a header of 41 bytes, limit 40, and nothing of the header");
  expect_failure(s, "it is refused at once", third.next(rest), Kind::too_large);
}

TEST_CASE("a_stream_that_ends_in_a_frame_is_truncated") {
  const std::string stream = say_frame("0123456789");
  const std::size_t head = stream.size() - 10;
  const std::string header = std::to_string(head - 4);
  const std::pair<std::size_t, std::vector<std::string>> samples[] = {
      {3, {"3", "4"}},
      {4, {"0", header}},
      {head - 1, {std::to_string(head - 5), header}},
      {head, {"0", "10"}},
      {head + 7, {"7", "10"}}};
  for (const auto& [came, numbers] : samples) {
    Story s;
    Decoder decoder;
    s.step("finish() after " + std::to_string(came) + " of " + std::to_string(stream.size()) +
           " bytes");
    auto rest = bytes_of(stream).first(came);
    for (int i = 0; i < 3 && !rest.empty(); ++i) expect_success(s, "next()", decoder.next(rest));
    const auto finished = decoder.finish();
    const Error& error = expect_failure(s, "it is truncated", finished, Kind::truncated);
    for (const std::string& number : numbers)
      expect_in(s, "the message names what came of what", error.message, number);
  }
}

TEST_CASE("a_stream_may_end_between_two_frames") {
  Story s;
  Decoder decoder;
  s.step("finish() before the first byte");
  expect_success(s, "that is fine", decoder.finish());
  const std::string stream = say_frame("0123456789");
  auto rest = bytes_of(stream);
  for (int i = 0; i < 4; ++i) expect_success(s, "next()", decoder.next(rest));
  s.step("finish() after a whole frame");
  expect_success(s, "that is fine", decoder.finish());
}

// --- the digest ---

namespace {

std::string all_bytes() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  return bytes;
}

std::string digest_of(std::string_view bytes, std::size_t piece, std::string_view salt) {
  CourseDigest digest;
  auto rest = bytes_of(bytes);
  while (!rest.empty()) {
    const auto part = rest.first(std::min(piece, rest.size()));
    digest.update(part);
    rest = rest.subspan(part.size());
  }
  return digest.finish(salt);
}

/// What Python says: hashlib.md5((str(data) + salt).encode()).hexdigest()
struct Known {
  std::string bytes;
  std::string salt;
  const char* digest;
};

const std::vector<Known>& known() {
  static const std::vector<Known> all = {
      {"", "", "7190692ccc4a7c51944b16d5cd65af63"},
      {"", "abc", "deac7a42bb2947624ca9d9d3379339d3"},
      {"hello", "a1b2", "8c9b6ef4939613a3efee7a56cd8ad96c"},
      {"it's", "salt", "32c1ee5ca54756eece1bc9d43324a8fc"},
      {"say \"hi\"", "salt", "03cd6082d6b0263951ccd2f2bc0c5519"},
      {"\"it's\"", "salt", "cb4ed519ef6f7ffa31b6c288c8580e9e"},
      {std::string("a\tb\nc\rd\\e\0\x7f\xff", 12), "", "1f677104150f6bec5095d3fa3ff3d093"},
      {all_bytes(), "0123", "93dd515e153f56bfebd266a146d7c167"},
      {std::string(100'000, 'x'), "s", "92da3d427f08e0bbed9961b42cd9a892"}};
  return all;
}

}  // namespace

TEST_CASE("bytes_become_the_text_that_python_gives") {
  const std::pair<std::string, std::string> samples[] = {
      {"", "b''"},
      {"it's", "b\"it's\""},
      {"say \"hi\"", "b'say \"hi\"'"},
      {"\"it's\"", "b'\"it\\'s\"'"},
      {std::string("a\tb\nc\rd\\e\0\x7f\xff", 12), "b'a\\tb\\nc\\rd\\\\e\\x00\\x7f\\xff'"},
      {"\x1f ~\x80\v\f", "b'\\x1f ~\\x80\\x0b\\x0c'"},
      {"字", "b'\\xe5\\xad\\x97'"}};
  for (const auto& [bytes, text] : samples) {
    Story s;
    s.step("python_text of " + printable(bytes));
    s.expect_equal("the text", python_text(bytes_of(bytes)), text);
  }
}

TEST_CASE("a_digest_is_what_python_computes") {
  for (const Known& one : known()) {
    Story s;
    s.step("the digest of " + printable(one.bytes) + " with salt " + printable(one.salt));
    s.expect_equal("the digest", digest_of(one.bytes, one.bytes.size(), one.salt), one.digest);
  }
}

TEST_CASE("a_digest_in_pieces_is_the_same") {
  for (const Known& one : known())
    for (const std::size_t piece : {1, 2, 3, 7, 1000}) {
      Story s;
      s.step("the digest of " + printable(one.bytes) + " in pieces of " + std::to_string(piece));
      s.expect_equal("the digest", digest_of(one.bytes, piece, one.salt), one.digest);
    }
}
