#include "course_digest.hpp"

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <stdexcept>

namespace dialtone {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

char quote_of(std::string_view bytes) {
  const bool has_single = bytes.find('\'') != std::string_view::npos;
  const bool has_double = bytes.find('"') != std::string_view::npos;
  return has_single && !has_double ? '"' : '\'';
}

std::string escaped(std::string_view bytes, char quote) {
  std::string text;
  text.reserve(bytes.size());
  for (const char c : bytes) {
    const auto number = static_cast<unsigned char>(c);
    if (c == '\t')
      text += "\\t";
    else if (c == '\n')
      text += "\\n";
    else if (c == '\r')
      text += "\\r";
    else if (c == '\\' || c == quote)
      text.append("\\").append(1, c);
    else if (number < 0x20 || number >= 0x7f)
      text.append("\\x").append(1, hex_digits[number >> 4U]).append(1, hex_digits[number & 15U]);
    else
      text += c;
  }
  return text;
}

/// MD5 over `times` times the text between a beginning and an end.
std::string md5(std::string_view begin, std::string_view text, std::size_t times,
                std::string_view end) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  if (!context || EVP_DigestInit_ex(context.get(), EVP_md5(), nullptr) != 1)
    throw std::runtime_error("judge: no MD5 here");
  const auto add = [&](std::string_view bytes) {
    EVP_DigestUpdate(context.get(), bytes.data(), bytes.size());
  };
  add(begin);
  for (std::size_t i = 0; i < times; ++i) add(text);
  add(end);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  EVP_DigestFinal_ex(context.get(), digest.data(), nullptr);
  std::string hex;
  for (std::size_t i = 0; i < 16; ++i)
    hex.append(1, hex_digits[digest[i] >> 4U]).append(1, hex_digits[digest[i] & 15U]);
  return hex;
}

}  // namespace

std::string python_text(std::string_view bytes) {
  const char quote = quote_of(bytes);
  return std::string("b") + quote + escaped(bytes, quote) + quote;
}

std::string course_digest(std::string_view bytes, std::string_view salt, std::size_t times) {
  const char quote = quote_of(bytes);
  std::string end(1, quote);
  end += salt;
  return md5(std::string("b") + quote, escaped(bytes, quote), times, end);
}

}  // namespace dialtone
