#ifndef WIDEBERTH_API_TOKEN_H_
#define WIDEBERTH_API_TOKEN_H_

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "crypto/ed25519.h"

namespace wideberth::api {

// Who asks, and what for.
struct Caller {
  std::string subject;  // the token's `sub`: F3548's manager
  std::set<std::string, std::less<>> scopes;

  bool has(std::string_view scope) const { return scopes.contains(scope); }
};

// Public keys that tokens are signed with. A value; immutable once made.
class KeySet {
 public:
  // Adds every public key of a PEM text (SubjectPublicKeyInfo, or a certificate), without an id.
  Result<void> AddPem(std::string_view pem, const std::string& name);
  // Adds the RSA keys of a JSON Web Key Set (RFC 7517). kInvalid if there is none that serves.
  Result<void> AddJwks(std::string_view text, const std::string& name);

  bool empty() const { return keys_.empty(); }
  size_t size() const { return keys_.size(); }

 private:
  friend class TokenVerifier;
  struct Key;
  std::vector<std::pair<std::string, std::shared_ptr<Key>>> keys_;  // id, "" where it has none
};

// The keys that parties are registered with (docs/parties.md), which sign tokens of their own. A value.
class PartyKeys {
 public:
  // What a token of a party lets it do.
  static constexpr std::string_view kPartyScope = "wideberth.party";
  static constexpr std::string_view kOperatorScope = "wideberth.operator";

  void Add(const crypto::PublicKey& key, const std::string& party, bool is_operator);
  bool empty() const { return keys_.empty(); }

 private:
  friend class TokenVerifier;
  struct Registered {
    crypto::PublicKey key;
    std::map<std::string, bool, std::less<>> parties;  // by name: whether it is an operator
  };
  std::map<std::string, Registered, std::less<>> keys_;  // by thumbprint
};

struct TokenRules {
  std::set<std::string> audiences;                         // `aud` is, or has, one of these, exactly
  std::set<std::string> issuers;                           // `iss` is one of these; empty: any
  std::set<std::string, std::less<>> algorithms{"RS256"};  // of RS256, RS384, RS512, PS256, PS384, PS512
};

// Verifies bearer tokens (RFC 6750): JWTs (RFC 7519) as F3548 has them, and those that parties sign themselves with the
// algorithm EdDSA (RFC 8037): their `kid` is the thumbprint of a registered key, `iss` and `sub` are the party's name,
// and what they allow comes from the registration, of which a `scope` can only take away. A token that was verified is
// remembered until it expires, or keys change. Thread-safe.
class TokenVerifier {
 public:
  static constexpr size_t kTokenBytesMax = 8 * 1024;
  static constexpr int64_t kLifeSecondsMax = 3600;  // how far `exp` may lie ahead
  static constexpr int64_t kSkewSecondsMax =
      5;  // F3548 GEN0100: clocks are within 5 s; for `nbf`, `iat`, and the above
  static constexpr size_t kRememberedMax = 20'000;

  TokenVerifier(KeySet keys, TokenRules rules);

  // What `Authorization` says of the caller. kUnauthenticated with the reason, which is for the caller to read and
  // holds nothing of the token.
  Result<Caller> Verify(std::string_view authorization, TimeNs now);

  // Puts other keys in the place of those from a JWKS; what was remembered is forgotten.
  void ReplaceJwks(KeySet keys);
  // Likewise of parties.
  void ReplaceParties(PartyKeys keys);
  // Called, from Verify, when a token names a key id that is not known; it is to return at once.
  void OnUnknownKey(std::function<void()> told) { on_unknown_key_ = std::move(told); }

 private:
  struct Remembered {
    Caller caller;
    int64_t expires_s;
  };
  Result<Remembered> Check(std::string_view token, int64_t now_s);
  Result<Remembered> CheckOfParty(std::string_view token, int64_t now_s);
  // What every token has: times, audience, names. `text` is its payload.
  Result<Remembered> CheckClaims(std::string_view text, int64_t now_s, std::string& issuer, bool& has_scope) const;

  const TokenRules rules_;
  std::function<void()> on_unknown_key_;
  std::mutex mutex_;
  KeySet keys_;       // from files
  KeySet jwks_keys_;  // from a JWKS
  PartyKeys party_keys_;
  uint64_t keys_changed_ = 0;  // how often: what was checked with keys of before is not remembered
  std::unordered_map<std::string, Remembered> remembered_;
};

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_TOKEN_H_
