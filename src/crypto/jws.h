#ifndef WIDEBERTH_CRYPTO_JWS_H_
#define WIDEBERTH_CRYPTO_JWS_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/ed25519.h"

// JSON Web Signatures (RFC 7515) with EdDSA (RFC 8037), in the compact form, by keys that have an id. What is read is
// held to one form: the header is a JSON object of members with names of their own and has `alg`, exactly "EdDSA",
// `kid`, a text that is not empty, and perhaps `typ` and `cty`, texts; nothing else, so that no header can bring a key
// of its own (jwk, jku, x5c, x5u) or another meaning (crit, b64). Errors hold nothing of what was read.
namespace wideberth::crypto {

inline constexpr size_t kJwsHeaderBytesMax = 1024;  // in base64url

// The key with the id of a header's `kid`; nothing if there is none.
using FindKey = std::function<std::optional<PublicKey>(std::string_view key_id)>;

// "header.payload.signature"; the header has `alg`, `kid` (the key's thumbprint) and, unless it is empty, `typ`.
std::string SignCompact(const PrivateKey& key, std::string_view payload, std::string_view type);

struct SignedPayload {
  std::string key_id;
  std::string payload;
};
// Who signed what. kInvalid for what is no such JWS; kUnauthenticated for a key that is not known or a wrong signature.
Result<SignedPayload> VerifyCompact(std::string_view jws, const FindKey& find);

// RFC 7515, appendix F: "header..signature"; the payload goes by another way.
std::string SignDetached(const PrivateKey& key, std::string_view payload);
// The id of the key that signed `payload`. Errors as of VerifyCompact.
Result<std::string> VerifyDetached(std::string_view jws, std::string_view payload, const FindKey& find);

}  // namespace wideberth::crypto

#endif  // WIDEBERTH_CRYPTO_JWS_H_
