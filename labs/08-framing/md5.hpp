// MD5 a piece at a time (RFC 1321), on OpenSSL. Given to the student: the lab is about what goes
// into the digest. MD5 finds accidents; it has not stopped a forger since 2004 (RFC 6151).
#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace framing {

class Md5 {
 public:
  Md5() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    EVP_DigestInit_ex(context_.get(), EVP_md5(), nullptr);
  }

  /// Takes the next piece of the text; where it is cut makes no difference.
  void update(std::string_view text) { EVP_DigestUpdate(context_.get(), text.data(), text.size()); }

  /// The digest as 32 small hexadecimal digits. Call it once, after the last piece.
  std::string finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    EVP_DigestFinal_ex(context_.get(), digest.data(), &length);
    std::string text;
    for (std::size_t i = 0; i < length; ++i) {
      constexpr std::string_view digits = "0123456789abcdef";
      text += digits[digest[i] >> 4U];
      text += digits[digest[i] & 15U];
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace framing
