#include "api/token.h"

#include <cjose/cjose.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "crypto/jws.h"
#include "crypto/unambiguous_json.h"

namespace wideberth::api {

using crypto::UnambiguousObject;
using nlohmann::json;

struct KeySet::Key {
  explicit Key(cjose_jwk_t* given) : jwk(given) {}
  ~Key() { cjose_jwk_release(jwk); }
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;

  cjose_jwk_t* jwk;
};

namespace {

constexpr int kRsaBitsMin = 2048;

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct FreeNumber {
  void operator()(BIGNUM* number) const { BN_free(number); }
};
struct FreeJws {
  void operator()(cjose_jws_t* jws) const { cjose_jws_release(jws); }
};
using EvpKey = std::unique_ptr<EVP_PKEY, FreeKey>;

std::string NumberOf(EVP_PKEY* key, const char* name) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) return "";
  const std::unique_ptr<BIGNUM, FreeNumber> number(raw);
  std::string bytes(static_cast<size_t>(BN_num_bytes(raw)), '\0');
  BN_bn2bin(raw, reinterpret_cast<unsigned char*>(bytes.data()));
  return bytes;
}

Error Refused(std::string reason) { return {Code::kUnauthenticated, std::move(reason)}; }

// The first part of a token, decoded; "" if it is not base64url.
std::string HeaderOf(std::string_view token) {
  const std::string_view part = token.substr(0, token.find('.'));
  uint8_t* bytes = nullptr;
  size_t size = 0;
  cjose_err error{};
  if (!cjose_base64url_decode(part.data(), part.size(), &bytes, &size, &error)) return "";
  std::string text(reinterpret_cast<const char*>(bytes), size);
  cjose_get_dealloc()(bytes);
  return text;
}

bool IsBase64UrlCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

// cjose ends the process when padding stands within base64url: it is given none.
bool IsBase64Url(const json& value) {
  if (!value.is_string()) return false;
  const std::string& text = value.get_ref<const std::string&>();
  return std::all_of(text.begin(), text.end(), IsBase64UrlCharacter);
}

// A whole number of seconds since 1970 in a claim; nothing if it is none.
std::optional<int64_t> Seconds(const json& claims, const char* name) {
  const auto at = claims.find(name);
  if (at == claims.end() || !at->is_number()) return std::nullopt;
  const double seconds = at->get<double>();
  if (!(seconds >= 0 && seconds < 1e12)) return std::nullopt;
  return static_cast<int64_t>(seconds);
}

}  // namespace

Result<void> KeySet::AddPem(std::string_view pem, const std::string& name) {
  const std::unique_ptr<BIO, FreeBio> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  size_t found = 0;
  while (bio) {
    char* label = nullptr;
    char* header = nullptr;
    unsigned char* bytes = nullptr;
    long length = 0;
    if (PEM_read_bio(bio.get(), &label, &header, &bytes, &length) != 1) break;
    const std::string kind = label;
    const unsigned char* at = bytes;
    EvpKey key;
    if (kind == "PUBLIC KEY") {
      key.reset(d2i_PUBKEY(nullptr, &at, length));
    } else if (kind == "CERTIFICATE") {
      const std::unique_ptr<X509, FreeCertificate> certificate(d2i_X509(nullptr, &at, length));
      if (certificate) key.reset(X509_get_pubkey(certificate.get()));
    } else if (kind == "RSA PUBLIC KEY") {
      key.reset(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, length));
    }
    OPENSSL_free(label);
    OPENSSL_free(header);
    OPENSSL_free(bytes);
    if (kind.find("PRIVATE") != std::string::npos)
      return Error{Code::kInvalid, name + ": this is a private key; give the public one"};
    if (!key) continue;
    if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA || EVP_PKEY_get_bits(key.get()) < kRsaBitsMin)
      return Error{Code::kInvalid, name + ": not an RSA key of at least 2048 bits"};
    const std::string n = NumberOf(key.get(), OSSL_PKEY_PARAM_RSA_N);
    const std::string e = NumberOf(key.get(), OSSL_PKEY_PARAM_RSA_E);
    cjose_jwk_rsa_keyspec spec{};
    spec.n = reinterpret_cast<uint8_t*>(const_cast<char*>(n.data()));  // cjose copies; it only forgot to say const
    spec.nlen = n.size();
    spec.e = reinterpret_cast<uint8_t*>(const_cast<char*>(e.data()));
    spec.elen = e.size();
    cjose_err error{};
    cjose_jwk_t* jwk = cjose_jwk_create_RSA_spec(&spec, &error);
    if (jwk == nullptr)
      return Error{Code::kInvalid, name + ": " + (error.message != nullptr ? error.message : "no usable key")};
    keys_.emplace_back("", std::make_shared<Key>(jwk));
    ++found;
  }
  if (found == 0)
    return Error{Code::kInvalid, name + ": there is no PEM public key in it (-----BEGIN PUBLIC KEY-----)"};
  return {};
}

Result<void> KeySet::AddJwks(std::string_view text, const std::string& name) {
  const json set = json::parse(text, nullptr, false);
  if (!set.is_object() || !set.contains("keys") || !set["keys"].is_array())
    return Error{Code::kInvalid, name + ": not a JSON Web Key Set"};
  size_t found = 0;
  for (const json& key : set["keys"]) {
    if (!key.is_object() || key.value("kty", json()) != "RSA" || key.value("use", json("sig")) != "sig") continue;
    if (!IsBase64Url(key.value("n", json())) || !IsBase64Url(key.value("e", json()))) continue;
    const std::string text_of_key =
        json{{"kty", "RSA"}, {"n", key.value("n", json())}, {"e", key.value("e", json())}}.dump();
    cjose_err error{};
    cjose_jwk_t* jwk = cjose_jwk_import(text_of_key.data(), text_of_key.size(), &error);
    if (jwk == nullptr) continue;
    const auto owned = std::make_shared<Key>(jwk);
    if (cjose_jwk_get_keysize(jwk, &error) < kRsaBitsMin) continue;
    const json id = key.value("kid", json(""));
    keys_.emplace_back(id.is_string() ? id.get<std::string>() : "", owned);
    ++found;
  }
  if (found == 0)
    return Error{Code::kInvalid, name + ": there is no RSA key for signatures of at least 2048 bits in it"};
  return {};
}

TokenVerifier::TokenVerifier(KeySet keys, TokenRules rules) : rules_(std::move(rules)), keys_(std::move(keys)) {}

void PartyKeys::Add(const crypto::PublicKey& key, const std::string& party, bool is_operator) {
  keys_.try_emplace(key.Thumbprint(), Registered{key, {}}).first->second.parties[party] = is_operator;
}

void TokenVerifier::ReplaceJwks(KeySet keys) {
  const std::lock_guard lock(mutex_);
  jwks_keys_ = std::move(keys);
  remembered_.clear();
  ++keys_changed_;
}

void TokenVerifier::ReplaceParties(PartyKeys keys) {
  const std::lock_guard lock(mutex_);
  party_keys_ = std::move(keys);
  remembered_.clear();
  ++keys_changed_;
}

Result<Caller> TokenVerifier::Verify(std::string_view authorization, TimeNs now) {
  if (authorization.empty()) return Refused("there is no Authorization header with a bearer token");
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size()) return Refused("the Authorization header is not \"Bearer TOKEN\"");
  for (size_t i = 0; i < kScheme.size(); ++i) {
    const char c = authorization[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != kScheme[i])
      return Refused("the Authorization header is not \"Bearer TOKEN\"");
  }
  const std::string_view token = authorization.substr(kScheme.size());
  if (token.size() > kTokenBytesMax) return Refused("the token has more than 8 KiB");
  // Also refuses a second scheme, and a second header, which comes after a comma; and padding (see IsBase64Url).
  if (!std::all_of(token.begin(), token.end(), [](char c) { return c == '.' || IsBase64UrlCharacter(c); }))
    return Refused("the Authorization header is not one \"Bearer TOKEN\" with a JWT");
  const int64_t now_s = now.value / kNsPerSecond;
  const std::string text(token);
  uint64_t keys_changed = 0;
  {
    const std::lock_guard lock(mutex_);
    keys_changed = keys_changed_;
    const auto at = remembered_.find(text);
    if (at != remembered_.end()) {
      if (now_s < at->second.expires_s) return at->second.caller;
      remembered_.erase(at);
      return Refused("the token has expired");
    }
  }
  WB_TRY(Remembered checked, Check(text, now_s));
  const std::lock_guard lock(mutex_);
  if (keys_changed != keys_changed_) return checked.caller;
  if (remembered_.size() >= kRememberedMax)
    std::erase_if(remembered_, [&](const auto& one) { return one.second.expires_s <= now_s; });
  if (remembered_.size() >= kRememberedMax) remembered_.clear();
  Caller caller = checked.caller;
  remembered_.emplace(text, std::move(checked));
  return caller;
}

Result<TokenVerifier::Remembered> TokenVerifier::Check(std::string_view token, int64_t now_s) {
  const std::optional<json> plain_header = UnambiguousObject(HeaderOf(token));
  if (!plain_header) return Refused("the token's header is no object of members with names of their own");
  if (plain_header->value("alg", json()) == "EdDSA") return CheckOfParty(token, now_s);
  cjose_err error{};
  const std::unique_ptr<cjose_jws_t, FreeJws> jws(cjose_jws_import(token.data(), token.size(), &error));
  if (!jws) return Refused("the token is no signed JWT");
  cjose_header_t* header = cjose_jws_get_protected(jws.get());
  const auto header_value = [&](const char* name) -> std::string {
    cjose_err ignored{};
    const char* value = header == nullptr ? nullptr : cjose_header_get(header, name, &ignored);
    return value == nullptr ? "" : value;
  };
  if (!rules_.algorithms.contains(header_value(CJOSE_HDR_ALG)))
    return Refused("the token's signature is of an algorithm that is not accepted here");
  char* critical = header == nullptr ? nullptr : cjose_header_get_raw(header, "crit", &error);
  if (critical != nullptr) {
    cjose_get_dealloc()(critical);
    return Refused("the token's header demands what is not understood here (crit)");
  }

  const std::string key_id = header_value(CJOSE_HDR_KID);
  std::vector<std::shared_ptr<KeySet::Key>> candidates;
  bool known_id = key_id.empty();
  {
    const std::lock_guard lock(mutex_);
    for (const KeySet* set : {&keys_, &jwks_keys_}) {
      for (const auto& [id, key] : set->keys_) {
        if (id == key_id) known_id = true;
        // A key without an id serves for any; one with an id for a token that names it or none.
        if (id.empty() || key_id.empty() || id == key_id) candidates.push_back(key);
      }
    }
  }
  if (!known_id && on_unknown_key_) on_unknown_key_();
  bool verified = false;
  for (const auto& key : candidates) {
    // Each look needs a fresh import: cjose remembers a failure.
    const std::unique_ptr<cjose_jws_t, FreeJws> fresh(cjose_jws_import(token.data(), token.size(), &error));
    if (fresh && cjose_jws_verify(fresh.get(), key->jwk, &error)) {
      verified = true;
      break;
    }
  }
  if (!verified) return Refused("the token's signature is not of a key that is trusted here");

  uint8_t* bytes = nullptr;
  size_t length = 0;
  if (!cjose_jws_get_plaintext(jws.get(), &bytes, &length, &error)) return Refused("the token has no claims");
  const std::string payload(reinterpret_cast<const char*>(bytes), length);
  std::string issuer;
  bool has_scope = false;
  WB_TRY(Remembered checked, CheckClaims(payload, now_s, issuer, has_scope));
  if (!rules_.issuers.empty() && !rules_.issuers.contains(issuer))
    return Refused("the token's issuer is not accepted here (iss)");
  return checked;
}

Result<TokenVerifier::Remembered> TokenVerifier::CheckOfParty(std::string_view token, int64_t now_s) {
  std::map<std::string, bool, std::less<>> parties;
  const Result<crypto::SignedPayload> read =
      crypto::VerifyCompact(token, [&](std::string_view key_id) -> std::optional<crypto::PublicKey> {
        const std::lock_guard lock(mutex_);
        const auto at = party_keys_.keys_.find(key_id);
        if (at == party_keys_.keys_.end()) return std::nullopt;
        parties = at->second.parties;
        return at->second.key;
      });
  if (!read) return Refused(read.error().message);
  std::string issuer;
  bool has_scope = false;
  WB_TRY(Remembered checked, CheckClaims(read->payload, now_s, issuer, has_scope));
  const auto party = parties.find(checked.caller.subject);
  if (issuer != checked.caller.subject || party == parties.end())
    return Refused("the token is not of the party whose key signed it (iss, sub)");
  std::set<std::string, std::less<>> rights{std::string(PartyKeys::kPartyScope)};
  if (party->second) rights.emplace(PartyKeys::kOperatorScope);
  if (has_scope) std::erase_if(rights, [&](const std::string& right) { return !checked.caller.has(right); });
  checked.caller.scopes = std::move(rights);
  return checked;
}

Result<TokenVerifier::Remembered> TokenVerifier::CheckClaims(std::string_view text, int64_t now_s, std::string& issuer,
                                                             bool& has_scope) const {
  const std::optional<json> read = UnambiguousObject(text);
  if (!read) return Refused("the token's claims are no object of members with names of their own");
  const json& claims = *read;

  const std::optional<int64_t> expires = Seconds(claims, "exp");
  if (!expires) return Refused("the token does not say when it expires (exp)");
  if (*expires <= now_s) return Refused("the token has expired");
  if (*expires > now_s + kLifeSecondsMax + kSkewSecondsMax)
    return Refused("the token expires more than an hour from now (exp)");
  for (const char* name : {"nbf", "iat"}) {
    if (!claims.contains(name)) continue;
    const std::optional<int64_t> since = Seconds(claims, name);
    if (!since || *since > now_s + kSkewSecondsMax)
      return Refused(std::string("the token is not valid yet (") + name + ")");
  }
  const json given_issuer = claims.value("iss", json());
  if (!given_issuer.is_string() || given_issuer.get_ref<const std::string&>().empty())
    return Refused("the token has no issuer (iss)");
  issuer = given_issuer.get<std::string>();
  const json subject = claims.value("sub", json());
  if (!subject.is_string() || subject.get_ref<const std::string&>().empty())
    return Refused("the token has no subject (sub)");
  const json audience = claims.value("aud", json());
  bool ours = false;
  for (const json& one : audience.is_array() ? audience : json::array({audience}))
    ours |= one.is_string() && rules_.audiences.contains(one.get<std::string>());
  if (!ours) return Refused("the token is for another audience (aud)");

  Remembered remembered{{subject.get<std::string>(), {}}, *expires};
  const json scope = claims.value("scope", json(""));
  has_scope = claims.contains("scope");
  if (scope.is_string()) {
    const std::string& scopes = scope.get_ref<const std::string&>();
    for (size_t begin = 0; begin < scopes.size();) {
      const size_t end = std::min(scopes.find(' ', begin), scopes.size());
      if (end > begin) remembered.caller.scopes.insert(scopes.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  return remembered;
}

}  // namespace wideberth::api
