#include "api/token.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "api/token_maker.h"
#include "crypto/base64.h"
#include "crypto/hmac.h"
#include "crypto/jws.h"

namespace wideberth::api {
namespace {

using crypto::PrivateKey;
using nlohmann::json;

constexpr int64_t kNowS = 1'800'000'000;
constexpr TimeNs kNow{kNowS * kNsPerSecond};

PrivateKey KeyOf(char letter) { return *PrivateKey::FromSeed(std::string(PrivateKey::kSeedBytes, letter)); }

// Parties: "medevac" and "survey" with keys of their own, "both" with both keys, "chief" an operator.
class PartyTokens : public testing::Test {
 protected:
  PartyTokens() : verifier_({}, {.audiences = {"localhost"}, .issuers = {"https://oauth.example"}}) {
    keys_.Add(KeyOf('m').public_key(), "medevac", false);
    keys_.Add(KeyOf('m').public_key(), "both", false);
    keys_.Add(KeyOf('s').public_key(), "survey", false);
    keys_.Add(KeyOf('s').public_key(), "both", false);
    keys_.Add(KeyOf('c').public_key(), "chief", true);
    verifier_.ReplaceParties(keys_);
  }

  static json Claims(const std::string& party) {
    return {{"iss", party}, {"sub", party}, {"aud", "localhost"}, {"iat", kNowS}, {"exp", kNowS + 600}};
  }
  static std::string Sign(const json& claims, char key) { return SignCompact(KeyOf(key), claims.dump(), "JWT"); }
  Result<Caller> Verify(const std::string& token) { return verifier_.Verify("Bearer " + token, kNow); }

  PartyKeys keys_;
  TokenVerifier verifier_;
};

using Scopes = std::set<std::string, std::less<>>;

TEST_F(PartyTokens, LetAPartyInWithTheRightsOfItsRegistration) {
  const auto party = Verify(Sign(Claims("medevac"), 'm'));
  ASSERT_TRUE(party) << party.error().message;
  EXPECT_EQ(party->subject, "medevac");
  EXPECT_EQ(party->scopes, Scopes{"wideberth.party"});
  EXPECT_EQ(Verify(Sign(Claims("chief"), 'c'))->scopes, (Scopes{"wideberth.operator", "wideberth.party"}));
  EXPECT_EQ(Verify(Sign(Claims("both"), 'm'))->subject, "both");
  EXPECT_EQ(Verify(Sign(Claims("both"), 's'))->subject, "both");
}

TEST_F(PartyTokens, AScopeTakesAwayAndAddsNothing) {
  json claims = Claims("chief");
  claims["scope"] = "wideberth.party utm.strategic_coordination";
  EXPECT_EQ(Verify(Sign(claims, 'c'))->scopes, Scopes{"wideberth.party"});
  claims["scope"] = "";
  EXPECT_EQ(Verify(Sign(claims, 'c'))->scopes, Scopes{});
  claims["scope"] = json::array({"wideberth.party"});
  EXPECT_EQ(Verify(Sign(claims, 'c'))->scopes, Scopes{});
  json other = Claims("medevac");
  other["scope"] = "wideberth.operator wideberth.party utm.strategic_coordination";
  EXPECT_EQ(Verify(Sign(other, 'm'))->scopes, Scopes{"wideberth.party"});
}

TEST_F(PartyTokens, ThatAreForgedExpiredForeignOrConfusedAreRefused) {
  const std::string good = Sign(Claims("medevac"), 'm');
  const std::string payload = good.substr(0, good.rfind('.'));
  const auto with = [](const char* member, const json& value) {
    json claims = Claims("medevac");
    claims[member] = value;
    return Sign(claims, 'm');
  };
  const auto without = [](const char* member) {
    json claims = Claims("medevac");
    claims.erase(member);
    return Sign(claims, 'm');
  };
  // The same claims, signed with what a confused verifier would take for a key.
  const auto confused = [](const std::string& algorithm, const std::string& key) {
    const std::string header =
        json{{"alg", algorithm}, {"kid", KeyOf('m').public_key().Thumbprint()}, {"typ", "JWT"}}.dump();
    const std::string input = crypto::ToBase64Url(header) + "." + crypto::ToBase64Url(Claims("medevac").dump());
    const crypto::Digest hmac = crypto::HmacSha256(key, input);
    return input + "." + crypto::ToBase64Url({reinterpret_cast<const char*>(hmac.data()), hmac.size()});
  };
  const KeyPair rsa = *MakeKeyPair();
  const std::pair<const char*, std::string> tokens[] = {
      {"of another party's key", Sign(Claims("medevac"), 's')},
      {"of a key that nobody registered", Sign(Claims("medevac"), 'x')},
      {"of nobody", Sign(Claims("nobody"), 'm')},
      {"of an issuer that is another party", with("iss", "both")},
      {"of an issuer that is the OAuth server", with("iss", "https://oauth.example")},
      {"for another audience", with("aud", "elsewhere")},
      {"for no audience", without("aud")},
      {"expired", with("exp", kNowS)},
      {"without an end", without("exp")},
      {"for longer than an hour", with("exp", kNowS + 3700)},
      {"from the future", with("iat", kNowS + 60)},
      {"not valid yet", with("nbf", kNowS + 60)},
      {"without a subject", without("sub")},
      {"without an issuer", without("iss")},
      {"with a subject that is no text", with("sub", 5)},
      {"without a signature", payload + "."},
      {"with another's signature", payload + Sign(Claims("survey"), 's').substr(good.rfind('.'))},
      {"with claims changed", Sign(Claims("both"), 'm').substr(0, payload.size()) + good.substr(good.rfind('.'))},
      {"of no algorithm", confused("none", "")},
      {"HS256 under the public key", confused("HS256", KeyOf('m').public_key().ToBytes())},
      {"HS256 under its PEM", confused("HS256", KeyOf('m').public_key().ToPem())},
      {"RS256 by name alone", confused("RS256", KeyOf('m').public_key().ToBytes())},
      {"RS256 of a stranger's RSA key",
       *MakeToken(rsa.private_pem, {"medevac", "medevac", {"localhost"}, "", kNowS, kNowS + 600})},
      {"of a claim twice", SignCompact(KeyOf('m'),
                                       R"({"iss":"medevac","sub":"medevac","sub":"medevac","aud":"localhost","exp":)" +
                                           std::to_string(kNowS + 60) + "}",
                                       "JWT")},
  };
  ASSERT_TRUE(Verify(good));
  for (const auto& [name, token] : tokens) {
    const auto read = Verify(token);
    ASSERT_FALSE(read) << name;
    EXPECT_EQ(read.error().code, Code::kUnauthenticated) << name;
  }
}

// What an OAuth server signs opens what it says, and a party's key is none of its keys.
TEST_F(PartyTokens, AndThoseOfAnOAuthServerStayApart) {
  const KeyPair rsa = *MakeKeyPair();
  KeySet trusted;
  ASSERT_TRUE(trusted.AddPem(rsa.public_pem, "key"));
  TokenVerifier verifier(trusted, {.audiences = {"localhost"}});
  verifier.ReplaceParties(keys_);
  const std::string token = *MakeToken(
      rsa.private_pem, {"oauth", "medevac", {"localhost"}, "utm.strategic_coordination", kNowS, kNowS + 600});
  EXPECT_EQ(verifier.Verify("Bearer " + token, kNow)->scopes, Scopes{"utm.strategic_coordination"});
  EXPECT_EQ(verifier.Verify("Bearer " + Sign(Claims("medevac"), 'm'), kNow)->scopes, Scopes{"wideberth.party"});
}

TEST_F(PartyTokens, AKeyThatIsTakenAwayOpensNothingAnyMore) {
  const std::string token = Sign(Claims("medevac"), 'm');
  ASSERT_TRUE(Verify(token));
  PartyKeys fewer;
  fewer.Add(KeyOf('s').public_key(), "survey", false);
  verifier_.ReplaceParties(fewer);
  EXPECT_FALSE(Verify(token)) << "though it was remembered";
  verifier_.ReplaceParties(keys_);
  ASSERT_TRUE(Verify(token));
  EXPECT_FALSE(verifier_.Verify("Bearer " + token, {(kNowS + 600) * kNsPerSecond})) << "it has expired";
}

}  // namespace
}  // namespace wideberth::api
