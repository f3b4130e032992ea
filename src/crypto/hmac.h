#ifndef WIDEBERTH_CRYPTO_HMAC_H_
#define WIDEBERTH_CRYPTO_HMAC_H_

#include <string_view>

#include "crypto/sha256.h"

namespace wideberth::crypto {

// HMAC-SHA-256 (RFC 2104) under a key of any length; libsodium's.
Digest HmacSha256(std::string_view key, std::string_view message);

}  // namespace wideberth::crypto

#endif  // WIDEBERTH_CRYPTO_HMAC_H_
