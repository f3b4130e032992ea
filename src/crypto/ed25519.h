#ifndef WIDEBERTH_CRYPTO_ED25519_H_
#define WIDEBERTH_CRYPTO_ED25519_H_

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/rng.h"

namespace wideberth::crypto {

inline constexpr size_t kSignatureBytes = 64;
inline constexpr size_t kPemBytesMax = 64 * 1024;  // of a PEM text that is read

// A public key of Ed25519 (RFC 8032): a point of the group of prime order, in its one encoding. A value.
class PublicKey {
 public:
  static constexpr size_t kBytes = 32;

  // Each refuses what is no such point: kInvalid with the reason.
  static Result<PublicKey> FromBytes(std::string_view bytes);
  static Result<PublicKey> FromBytes(const std::array<uint8_t, kBytes>& bytes) {
    return FromBytes(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }
  // base64url without padding: 43 characters.
  static Result<PublicKey> FromBase64Url(std::string_view text);
  // A JWK (RFC 8037: kty OKP, crv Ed25519, x). Other members are not read, but one with the private part is refused.
  static Result<PublicKey> FromJwk(std::string_view text);
  // One SubjectPublicKeyInfo (RFC 8410): -----BEGIN PUBLIC KEY-----, as `openssl pkey -pubout` writes.
  static Result<PublicKey> FromPem(std::string_view pem);

  std::string ToBytes() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }
  const std::array<uint8_t, kBytes>& bytes() const { return bytes_; }
  std::string ToBase64Url() const;
  // Its members are those that its thumbprint is of, in that order and without white space.
  std::string ToJwk() const;
  std::string ToPem() const;
  // RFC 7638 with SHA-256, as base64url: the id of a key (`kid`).
  std::string Thumbprint() const;

  // Whether `signature` (64 bytes) is this key's of `message`. One that is not in its one encoding is refused.
  bool Verify(std::string_view message, std::string_view signature) const;

  friend auto operator<=>(const PublicKey&, const PublicKey&) = default;

 private:
  friend class PrivateKey;
  explicit PublicKey(const std::array<uint8_t, kBytes>& bytes) : bytes_(bytes) {}

  std::array<uint8_t, kBytes> bytes_;
};

// A private key of Ed25519. A value; what it holds is wiped when it ends.
class PrivateKey {
 public:
  static constexpr size_t kSeedBytes = 32;

  static PrivateKey Generate(Rng& rng);
  // kInvalid unless `seed` (the private key of RFC 8032) has 32 bytes.
  static Result<PrivateKey> FromSeed(std::string_view seed);
  // One PKCS #8 (RFC 8410) that is not encrypted: -----BEGIN PRIVATE KEY-----, as `openssl pkey` reads and writes.
  static Result<PrivateKey> FromPem(std::string_view pem);

  PrivateKey(const PrivateKey&) = default;
  PrivateKey& operator=(const PrivateKey&) = default;
  ~PrivateKey();

  // PKCS #8, not encrypted.
  std::string ToPem() const;
  PublicKey public_key() const;

  // 64 bytes; the same for the same message.
  std::string Sign(std::string_view message) const;

 private:
  PrivateKey() = default;

  std::array<uint8_t, 64> secret_;  // the seed, then the public key: libsodium's form
};

}  // namespace wideberth::crypto

#endif  // WIDEBERTH_CRYPTO_ED25519_H_
