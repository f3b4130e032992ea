#ifndef WIDEBERTH_CRYPTO_SHA256_H_
#define WIDEBERTH_CRYPTO_SHA256_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace wideberth::crypto {

using Digest = std::array<uint8_t, 32>;

// SHA-256 (FIPS 180-4) of bytes that come in parts; OpenSSL's. Thread-compatible.
class Sha256 {
 public:
  Sha256();
  void Update(std::string_view bytes);
  // Of all bytes so far. Not to be used again.
  Digest Finish();

  static Digest Of(std::string_view bytes);

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

// Lower-case hexadecimal digits, two a byte.
std::string ToHex(const Digest& digest);

}  // namespace wideberth::crypto

#endif  // WIDEBERTH_CRYPTO_SHA256_H_
