#include "api/token_maker.h"

#include <cjose/cjose.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <memory>
#include <nlohmann/json.hpp>

namespace wideberth::api {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(BIGNUM* number) const { BN_clear_free(number); }
  void operator()(cjose_jwk_t* jwk) const { cjose_jwk_release(jwk); }
  void operator()(cjose_jws_t* jws) const { cjose_jws_release(jws); }
  void operator()(cjose_header_t* header) const { cjose_header_release(header); }
};

std::string TextOf(BIO* bio) {
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(bio, &bytes);
  return {bytes, static_cast<size_t>(length)};
}

}  // namespace

Result<KeyPair> MakeKeyPair() {
  const std::unique_ptr<EVP_PKEY, Free> key(EVP_RSA_gen(2048));
  const std::unique_ptr<BIO, Free> secret(BIO_new(BIO_s_mem()));
  const std::unique_ptr<BIO, Free> open(BIO_new(BIO_s_mem()));
  if (!key || !secret || !open ||
      PEM_write_bio_PKCS8PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      PEM_write_bio_PUBKEY(open.get(), key.get()) != 1) {
    return Error{Code::kIo, "OpenSSL could not make a key pair"};
  }
  return KeyPair{TextOf(secret.get()), TextOf(open.get())};
}

Result<std::string> MakeToken(std::string_view private_pem, const TokenClaims& claims) {
  const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(private_pem.data(), static_cast<int>(private_pem.size())));
  const std::unique_ptr<EVP_PKEY, Free> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA)
    return Error{Code::kInvalid, "not a PEM private RSA key"};
  constexpr std::array<const char*, 8> kNames{OSSL_PKEY_PARAM_RSA_E,         OSSL_PKEY_PARAM_RSA_N,
                                              OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
                                              OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
                                              OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1};
  std::array<std::string, 8> numbers;
  for (size_t i = 0; i < kNames.size(); ++i) {
    BIGNUM* raw = nullptr;
    if (EVP_PKEY_get_bn_param(key.get(), kNames[i], &raw) != 1)
      return Error{Code::kInvalid, "not a whole private RSA key"};
    const std::unique_ptr<BIGNUM, Free> number(raw);
    numbers[i].resize(static_cast<size_t>(BN_num_bytes(raw)));
    BN_bn2bin(raw, reinterpret_cast<unsigned char*>(numbers[i].data()));
  }
  const auto bytes = [&](size_t i) { return reinterpret_cast<uint8_t*>(numbers[i].data()); };
  cjose_jwk_rsa_keyspec spec{bytes(0), numbers[0].size(), bytes(1), numbers[1].size(), bytes(2), numbers[2].size(),
                             bytes(3), numbers[3].size(), bytes(4), numbers[4].size(), bytes(5), numbers[5].size(),
                             bytes(6), numbers[6].size(), bytes(7), numbers[7].size()};
  cjose_err error{};
  const std::unique_ptr<cjose_jwk_t, Free> jwk(cjose_jwk_create_RSA_spec(&spec, &error));
  const std::unique_ptr<cjose_header_t, Free> header(cjose_header_new(&error));
  if (!jwk || !header || !cjose_header_set(header.get(), CJOSE_HDR_ALG, CJOSE_HDR_ALG_RS256, &error) ||
      !cjose_header_set(header.get(), "typ", "JWT", &error))
    return Error{Code::kInvalid, "cannot sign with this key"};
  nlohmann::ordered_json payload{{"iss", claims.issuer},
                                 {"sub", claims.subject},
                                 {"scope", claims.scope},
                                 {"iat", claims.issued_s},
                                 {"exp", claims.expires_s}};
  if (claims.audiences.size() == 1) {
    payload["aud"] = claims.audiences[0];
  } else {
    payload["aud"] = claims.audiences;
  }
  const std::string text = payload.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  const std::unique_ptr<cjose_jws_t, Free> jws(
      cjose_jws_sign(jwk.get(), header.get(), reinterpret_cast<const uint8_t*>(text.data()), text.size(), &error));
  const char* compact = nullptr;
  if (!jws || !cjose_jws_export(jws.get(), &compact, &error)) return Error{Code::kInvalid, "cannot sign with this key"};
  return std::string(compact);
}

}  // namespace wideberth::api
