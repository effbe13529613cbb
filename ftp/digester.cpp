#include <openssl/evp.h>
#include <xxhash.h>
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h>  // the same functions, with what the processor has: twice as fast
#endif

#include <array>
#include <new>

#include "store.hpp"

namespace ftp {
namespace {

struct Free {
  void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

/// OpenSSL's SHA-256 fails only where there is no memory.
void require(bool done) {
  if (!done) throw std::bad_alloc();
}

std::string hexadecimal(std::span<const unsigned char> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const unsigned char byte : bytes) {
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

}  // namespace

struct Digester::State {
  DigestKind kind;
  std::unique_ptr<XXH3_state_t, Free> xxh3;  ///< one of the two, by the kind
  std::unique_ptr<EVP_MD_CTX, Free> sha;
};

Digester::Digester(DigestKind kind) : state_(new State{kind, nullptr, nullptr}) {
  if (kind == DigestKind::xxh3_128) {
    state_->xxh3.reset(XXH3_createState());
    require(state_->xxh3 != nullptr && XXH3_128bits_reset(state_->xxh3.get()) == XXH_OK);
  } else {
    state_->sha.reset(EVP_MD_CTX_new());
    require(state_->sha != nullptr &&
            EVP_DigestInit_ex(state_->sha.get(), EVP_sha256(), nullptr) == 1);
  }
}

Digester::Digester(Digester&&) noexcept = default;
Digester& Digester::operator=(Digester&&) noexcept = default;
Digester::~Digester() = default;

void Digester::update(std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  if (state_->xxh3 != nullptr)
    require(XXH3_128bits_update(state_->xxh3.get(), bytes.data(), bytes.size()) == XXH_OK);
  else
    require(EVP_DigestUpdate(state_->sha.get(), bytes.data(), bytes.size()) == 1);
}

std::string Digester::so_far() const {
  if (state_->xxh3 != nullptr) {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_->xxh3.get()));
    return hexadecimal(canonical.digest);
  }
  // Finishing spends a context, so a copy is finished.
  const std::unique_ptr<EVP_MD_CTX, Free> copy(EVP_MD_CTX_new());
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  require(copy != nullptr && EVP_MD_CTX_copy_ex(copy.get(), state_->sha.get()) == 1 &&
          EVP_DigestFinal_ex(copy.get(), digest.data(), &length) == 1);
  return hexadecimal(std::span(digest).first(length));
}

DigestKind Digester::kind() const {
  return state_->kind;
}

}  // namespace ftp
