// Any bytes and any salt: Python's text is what an independent writer makes of them and can be read
// back; the digest taken in pieces is MD5 over that text and the salt, whole.
//
// Input: one byte for the cuts, one for the salt's length, the salt, then the bytes.
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <string>

#include "fuzz_support.hpp"

namespace {

/// bytes.__repr__, written a character at a time.
std::string written(std::string_view bytes) {
  const bool doubled = bytes.find('\'') != bytes.npos && bytes.find('"') == bytes.npos;
  const char quote = doubled ? '"' : '\'';
  std::string text = std::string("b") + quote;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == quote || c == '\\') {
      text += '\\';
      text += c;
    } else if (c == '\t' || c == '\n' || c == '\r') {
      text += c == '\t' ? "\\t" : c == '\n' ? "\\n" : "\\r";
    } else if (byte < 0x20 || byte >= 0x7f) {
      std::array<char, 8> hex{};
      std::snprintf(hex.data(), hex.size(), "\\x%02x", static_cast<unsigned>(byte));
      text += hex.data();
    } else {
      text += c;
    }
  }
  return text + quote;
}

/// The bytes that a Python literal means.
std::string read_back(std::string_view text) {
  fuzz::require(text.size() >= 3 && text[0] == 'b' && text[1] == text.back(), "b and two quotes");
  const char quote = text[1];
  text = text.substr(2, text.size() - 3);
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    fuzz::require(text[i] >= 0x20 && text[i] < 0x7f, "the text is printable ASCII");
    fuzz::require(text[i] != quote, "the literal does not end before its end");
    if (text[i] != '\\') {
      bytes += text[i];
      continue;
    }
    fuzz::require(++i < text.size(), "something follows a backslash");
    if (text[i] == 'x') {
      bytes += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      bytes += text[i] == 't' ? '\t' : text[i] == 'n' ? '\n' : text[i] == 'r' ? '\r' : text[i];
    }
  }
  return bytes;
}

std::string md5(const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_md5(), nullptr);
  std::string hex;
  for (unsigned i = 0; i < length; ++i) {
    std::array<char, 4> two{};
    std::snprintf(two.data(), two.size(), "%02x", static_cast<unsigned>(digest[i]));
    hex += two.data();
  }
  return hex;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto input = std::as_bytes(std::span(data, size));
  const unsigned cuts = fuzz::take_byte(input);
  const std::size_t salt_size = std::min<std::size_t>(fuzz::take_byte(input) % 40, input.size());
  const std::string salt(fuzz::text_of(input.first(salt_size)));
  input = input.subspan(salt_size);

  const std::string text = framing::python_text(input);
  fuzz::require(text == written(fuzz::text_of(input)), "the text is Python's");
  fuzz::require(read_back(text) == fuzz::text_of(input), "the text can be read back");

  framing::CourseDigest digest;
  fuzz::in_cuts(input, cuts, [&](std::span<const std::byte> piece) { digest.update(piece); });
  fuzz::require(digest.finish(salt) == md5(text + salt),
                "the digest in pieces is the digest whole");
  return 0;
}
