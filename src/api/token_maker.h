#ifndef WIDEBERTH_API_TOKEN_MAKER_H_
#define WIDEBERTH_API_TOKEN_MAKER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace wideberth::api {

struct KeyPair {
  std::string private_pem;  // PKCS #8
  std::string public_pem;   // SubjectPublicKeyInfo
};

// A new RSA key pair of 2048 bits.
Result<KeyPair> MakeKeyPair();

struct TokenClaims {
  std::string issuer;
  std::string subject;
  std::vector<std::string> audiences;
  std::string scope;  // words with spaces between them
  int64_t issued_s = 0;
  int64_t expires_s = 0;
};

// A JWT signed with RS256. For tests and demonstrations: in production an OAuth server makes tokens.
Result<std::string> MakeToken(std::string_view private_pem, const TokenClaims& claims);

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_TOKEN_MAKER_H_
