#include "crypto/ed25519.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sodium.h>

#include <algorithm>
#include <memory>
#include <span>

#include "crypto/base64.h"
#include "crypto/sha256.h"
#include "crypto/unambiguous_json.h"

namespace wideberth::crypto {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(PKCS8_PRIV_KEY_INFO* info) const { PKCS8_PRIV_KEY_INFO_free(info); }
};
using EvpKey = std::unique_ptr<EVP_PKEY, Free>;
using Bio = std::unique_ptr<BIO, Free>;

const unsigned char* Unsigned(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

void StartSodium() {
  static const bool started = sodium_init() >= 0;
  WB_CHECK(started);
}

// One block of a PEM text; wiped when it ends.
struct PemBlock {
  PemBlock() = default;
  ~PemBlock() {
    OPENSSL_free(label);
    OPENSSL_free(header);
    OPENSSL_clear_free(bytes, static_cast<size_t>(length));
  }
  PemBlock(const PemBlock&) = delete;
  PemBlock& operator=(const PemBlock&) = delete;

  char* label = nullptr;
  char* header = nullptr;
  unsigned char* bytes = nullptr;
  long length = 0;
};

// Reads the only block of `pem`. OpenSSL's own readers would ask for a pass phrase on the terminal.
Result<void> ReadOnlyBlock(std::string_view pem, const char* expected, PemBlock& block) {
  if (pem.size() > kPemBytesMax)
    return Error{Code::kTooLarge, "a PEM text of more than " + std::to_string(kPemBytesMax) + " bytes"};
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  WB_CHECK(bio != nullptr);
  const auto read = [&bio](PemBlock& into) {
    const bool found = PEM_read_bio(bio.get(), &into.label, &into.header, &into.bytes, &into.length) == 1;
    ERR_clear_error();
    return found;
  };
  const std::string begin = std::string("-----BEGIN ") + expected + "-----";
  if (!read(block)) return Error{Code::kInvalid, "there is no key in PEM in it (" + begin + ")"};
  PemBlock second;
  if (read(second)) return Error{Code::kInvalid, "there is more than one key or certificate in it; give one key"};
  const std::string_view label = block.label;
  if (label == expected) return {};
  if (label == "PUBLIC KEY") return Error{Code::kInvalid, "this is a public key; give the private one (" + begin + ")"};
  if (label == "ENCRYPTED PRIVATE KEY")
    return Error{Code::kInvalid, "this is an encrypted private key; `openssl pkey -in FILE` decrypts it"};
  if (label.find("PRIVATE KEY") != std::string_view::npos && expected == std::string_view("PUBLIC KEY"))
    return Error{Code::kInvalid, "this is a private key; give the public one (" + begin + ")"};
  return Error{Code::kInvalid, "a PEM text of another kind (" + std::string(label) + "); " + begin + " is expected"};
}

Result<void> CheckIsEd25519(const EvpKey& key) {
  ERR_clear_error();
  if (!key) return Error{Code::kInvalid, "the key in it cannot be read"};
  if (EVP_PKEY_get_id(key.get()) == EVP_PKEY_ED25519) return {};
  const char* name = EVP_PKEY_get0_type_name(key.get());
  return Error{Code::kInvalid, std::string("a key of another kind (") + (name == nullptr ? "unknown" : name) +
                                   "); Ed25519 is expected, as `wideberth keygen` makes"};
}

std::string TextOf(const Bio& bio) {
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<size_t>(length)};
}

}  // namespace

Result<PublicKey> PublicKey::FromBytes(std::string_view bytes) {
  StartSodium();
  if (bytes.size() != kBytes)
    return Error{Code::kInvalid, "a public key of Ed25519 has 32 bytes, not " + std::to_string(bytes.size())};
  if (crypto_core_ed25519_is_valid_point(Unsigned(bytes)) != 1)
    return Error{Code::kInvalid, "these 32 bytes are no public key of Ed25519"};
  std::array<uint8_t, kBytes> array;
  std::copy_n(Unsigned(bytes), kBytes, array.begin());
  return PublicKey(array);
}

Result<PublicKey> PublicKey::FromBase64Url(std::string_view text) {
  constexpr size_t kCharacters = 43;
  if (text.size() != kCharacters)
    return Error{Code::kInvalid, "a public key of Ed25519 is 43 characters of base64url without padding"};
  const std::optional<std::string> bytes = crypto::FromBase64Url(text);
  if (!bytes) return Error{Code::kInvalid, "the public key is not base64url without padding"};
  return FromBytes(*bytes);
}

Result<PublicKey> PublicKey::FromJwk(std::string_view text) {
  const std::optional<nlohmann::json> jwk = UnambiguousObject(text);
  if (!jwk) return Error{Code::kInvalid, "the JWK is no JSON object of members with names of their own"};
  if (jwk->contains("d")) return Error{Code::kInvalid, "the JWK has a private key in it (d); give the public part"};
  if (jwk->value("kty", nlohmann::json()) != "OKP") return Error{Code::kInvalid, "the JWK's kty is not \"OKP\""};
  if (jwk->value("crv", nlohmann::json()) != "Ed25519")
    return Error{Code::kInvalid, "the JWK's crv is not \"Ed25519\""};
  const nlohmann::json x = jwk->value("x", nlohmann::json());
  if (!x.is_string()) return Error{Code::kInvalid, "the JWK has no public key (x)"};
  return FromBase64Url(x.get_ref<const std::string&>());
}

Result<PublicKey> PublicKey::FromPem(std::string_view pem) {
  PemBlock block;
  WB_TRY_OK(ReadOnlyBlock(pem, "PUBLIC KEY", block));
  const unsigned char* at = block.bytes;
  const EvpKey key(d2i_PUBKEY(nullptr, &at, block.length));
  WB_TRY_OK(CheckIsEd25519(key));
  std::string bytes(kBytes, '\0');
  size_t size = bytes.size();
  if (EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(bytes.data()), &size) != 1)
    return Error{Code::kInvalid, "the key in it cannot be read"};
  return FromBytes(bytes);
}

std::string PublicKey::ToBase64Url() const { return crypto::ToBase64Url(ToBytes()); }

std::string PublicKey::ToJwk() const { return R"({"crv":"Ed25519","kty":"OKP","x":")" + ToBase64Url() + "\"}"; }

std::string PublicKey::ToPem() const {
  const EvpKey key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_.data(), bytes_.size()));
  const Bio bio(BIO_new(BIO_s_mem()));
  WB_CHECK(key && bio && PEM_write_bio_PUBKEY(bio.get(), key.get()) == 1);
  return TextOf(bio);
}

std::string PublicKey::Thumbprint() const {
  const Digest digest = Sha256::Of(ToJwk());
  return crypto::ToBase64Url({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

bool PublicKey::Verify(std::string_view message, std::string_view signature) const {
  return signature.size() == kSignatureBytes &&
         crypto_sign_ed25519_verify_detached(Unsigned(signature), Unsigned(message), message.size(), bytes_.data()) ==
             0;
}

PrivateKey::~PrivateKey() { sodium_memzero(secret_.data(), secret_.size()); }

PrivateKey PrivateKey::Generate(Rng& rng) {
  std::string seed(kSeedBytes, '\0');
  rng.Fill(std::as_writable_bytes(std::span(seed)));
  Result<PrivateKey> key = FromSeed(seed);
  sodium_memzero(seed.data(), seed.size());
  return *std::move(key);
}

Result<PrivateKey> PrivateKey::FromSeed(std::string_view seed) {
  StartSodium();
  if (seed.size() != kSeedBytes)
    return Error{Code::kInvalid, "a private key of Ed25519 has 32 bytes, not " + std::to_string(seed.size())};
  PrivateKey key;
  std::array<uint8_t, PublicKey::kBytes> unused;  // the secret ends with it
  crypto_sign_ed25519_seed_keypair(unused.data(), key.secret_.data(), Unsigned(seed));
  return key;
}

Result<PrivateKey> PrivateKey::FromPem(std::string_view pem) {
  PemBlock block;
  WB_TRY_OK(ReadOnlyBlock(pem, "PRIVATE KEY", block));
  const unsigned char* at = block.bytes;
  const std::unique_ptr<PKCS8_PRIV_KEY_INFO, Free> info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, block.length));
  const EvpKey key(info ? EVP_PKCS82PKEY(info.get()) : nullptr);
  WB_TRY_OK(CheckIsEd25519(key));
  std::array<uint8_t, kSeedBytes> seed;
  size_t size = seed.size();
  if (EVP_PKEY_get_raw_private_key(key.get(), seed.data(), &size) != 1)
    return Error{Code::kInvalid, "the key in it cannot be read"};
  Result<PrivateKey> read = FromSeed({reinterpret_cast<const char*>(seed.data()), size});
  sodium_memzero(seed.data(), seed.size());
  return read;
}

std::string PrivateKey::ToPem() const {
  const EvpKey key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, secret_.data(), kSeedBytes));
  const Bio bio(BIO_new(BIO_s_secmem()));
  WB_CHECK(key && bio &&
           PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return TextOf(bio);
}

PublicKey PrivateKey::public_key() const {
  std::array<uint8_t, PublicKey::kBytes> bytes;
  std::copy_n(secret_.begin() + kSeedBytes, PublicKey::kBytes, bytes.begin());
  return PublicKey(bytes);
}

std::string PrivateKey::Sign(std::string_view message) const {
  std::string signature(kSignatureBytes, '\0');
  WB_CHECK(crypto_sign_ed25519_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr, Unsigned(message),
                                        message.size(), secret_.data()) == 0);
  return signature;
}

}  // namespace wideberth::crypto
