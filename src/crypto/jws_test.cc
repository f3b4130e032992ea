#include "crypto/jws.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "crypto/base64.h"
#include "crypto/hmac.h"

namespace wideberth::crypto {
namespace {

using testing::HasSubstr;

// RFC 8037, appendix A.
PrivateKey Key() { return *PrivateKey::FromSeed(*FromBase64Url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")); }
const char* const kKeyId = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
constexpr const char* kPayload = "Example of Ed25519 signing";

std::optional<PublicKey> Find(std::string_view key_id) {
  return key_id == kKeyId ? std::optional(Key().public_key()) : std::nullopt;
}

// A signature of `header`, whatever it is, and `payload` with nothing wrong in it.
std::string Detached(const std::string& header, const PrivateKey& key = Key()) {
  const std::string part = ToBase64Url(header);
  return part + ".." + ToBase64Url(key.Sign(part + "." + ToBase64Url(kPayload)));
}

std::string With(const std::string& members) {
  return R"({"alg":"EdDSA","kid":")" + std::string(kKeyId) + "\"" + members + "}";
}

// The standard's own example has no kid, which is asked for here; its signature is looked at by itself.
TEST(Jws, SignsAsTheStandardsExample) {
  const std::string input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
  EXPECT_EQ(ToBase64Url(R"({"alg":"EdDSA"})") + "." + ToBase64Url(kPayload), input);
  EXPECT_EQ(ToBase64Url(Key().Sign(input)),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
}

TEST(Jws, VerifiesWhatItSigns) {
  const std::string detached = SignDetached(Key(), kPayload);
  EXPECT_EQ(detached.substr(0, detached.find('.')), ToBase64Url(With("")));
  EXPECT_EQ(*VerifyDetached(detached, kPayload, Find), kKeyId);
  EXPECT_EQ(*VerifyDetached(SignDetached(Key(), ""), "", Find), kKeyId);
  const std::string bytes("\0\xff.\n", 4);
  EXPECT_EQ(*VerifyDetached(SignDetached(Key(), bytes), bytes, Find), kKeyId);
  EXPECT_EQ(*VerifyDetached(Detached(With(R"(,"typ":"JOSE","cty":"x")")), kPayload, Find), kKeyId);

  const std::string compact = SignCompact(Key(), bytes, "JWT");
  EXPECT_EQ(compact.substr(0, compact.find('.')), ToBase64Url(With(R"(,"typ":"JWT")")));
  const auto read = VerifyCompact(compact, Find);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->key_id, kKeyId);
  EXPECT_EQ(read->payload, bytes);
  // Each is refused as the other, also with the payload in its place.
  EXPECT_FALSE(VerifyCompact(detached, Find));
  EXPECT_FALSE(VerifyDetached(compact, bytes, Find));
}

TEST(Jws, RefusesEveryHeaderOfAnotherForm) {
  const std::string kid = R"("kid":")" + std::string(kKeyId) + "\"";
  const std::pair<const char*, std::string> headers[] = {{"no alg", "{" + kid + "}"},
                                                         {"alg none", R"({"alg":"none",)" + kid + "}"},
                                                         {"alg in lower case", R"({"alg":"eddsa",)" + kid + "}"},
                                                         {"alg Ed25519", R"({"alg":"Ed25519",)" + kid + "}"},
                                                         {"alg RS256", R"({"alg":"RS256",)" + kid + "}"},
                                                         {"alg HS256", R"({"alg":"HS256",)" + kid + "}"},
                                                         {"alg with a space", R"({"alg":"EdDSA ",)" + kid + "}"},
                                                         {"alg a list", R"({"alg":["EdDSA"],)" + kid + "}"},
                                                         {"alg null", R"({"alg":null,)" + kid + "}"},
                                                         {"alg twice", With(R"(,"alg":"EdDSA")")},
                                                         {"no kid", R"({"alg":"EdDSA"})"},
                                                         {"kid empty", R"({"alg":"EdDSA","kid":""})"},
                                                         {"kid a number", R"({"alg":"EdDSA","kid":5})"},
                                                         {"kid twice", With("," + kid)},
                                                         {"kid unknown", R"({"alg":"EdDSA","kid":"x"})"},
                                                         {"crit", With(R"(,"crit":["b64"],"b64":false)")},
                                                         {"crit empty", With(R"(,"crit":[])")},
                                                         {"b64 false", With(R"(,"b64":false)")},
                                                         {"b64 true", With(R"(,"b64":true)")},
                                                         {"jwk", With(R"(,"jwk":)" + Key().public_key().ToJwk())},
                                                         {"jku", With(R"(,"jku":"https://evil.example")")},
                                                         {"x5u", With(R"(,"x5u":"https://evil.example")")},
                                                         {"x5c", With(R"(,"x5c":["AAAA"])")},
                                                         {"anything else", With(R"(,"x":"y")")},
                                                         {"typ a number", With(R"(,"typ":5)")},
                                                         {"typ twice", With(R"(,"typ":"a","typ":"b")")},
                                                         {"an array", "[" + With("") + "]"},
                                                         {"a text", "\"EdDSA\""},
                                                         {"not JSON", "{"},
                                                         {"more after it", With("") + "{}"},
                                                         {"a byte that is no UTF-8", With(",\"typ\":\"\xff\"")},
                                                         {"empty", ""},
                                                         {"huge", With(R"(,"typ":")" + std::string(2000, 'x') + "\"")}};
  ASSERT_TRUE(VerifyDetached(Detached(With("")), kPayload, Find));
  for (const auto& [name, header] : headers) {
    const auto read = VerifyDetached(Detached(header), kPayload, Find);
    ASSERT_FALSE(read) << name;
    EXPECT_FALSE(read.error().message.empty()) << name;
  }
}

TEST(Jws, RefusesEverySignatureOfAnotherForm) {
  const std::string good = Detached(With(""));
  const std::string header = good.substr(0, good.find('.'));
  const std::string signature = good.substr(good.rfind('.') + 1);
  const PrivateKey other = *PrivateKey::FromSeed(std::string(32, 'x'));
  const Digest hmac = HmacSha256(Key().public_key().ToBytes(), header + "." + ToBase64Url(kPayload));
  const std::pair<const char*, std::string> texts[] = {
      {"none", header + ".."},
      {"another key", Detached(With(""), other)},
      {"another header", ToBase64Url(With(R"(,"typ":"x")")) + ".." + signature},
      {"the payload in its place", header + "." + ToBase64Url(kPayload) + "." + signature},
      {"two parts", header + "." + signature},
      {"four parts", good + ".AA"},
      {"three dots", header + "..." + signature},
      {"an HMAC under the public key", header + ".." + ToBase64Url({reinterpret_cast<const char*>(hmac.data()), 32})},
      {"padded", good + "=="},
      {"shorter", good.substr(0, good.size() - 4)},
      {"longer", good + "AAAA"},
      {"stray bits", good.substr(0, good.size() - 1) + (good.back() == 'h' ? "i" : "h")},
      {"a newline after it", good + "\n"},
      {"a space before it", " " + good},
      {"header padded", header + "=.." + signature},
      {"all zeros", header + ".." + ToBase64Url(std::string(64, '\0'))},
      {"dots", ".."},
      {"empty", ""}};
  ASSERT_TRUE(VerifyDetached(good, kPayload, Find));
  for (const auto& [name, text] : texts) EXPECT_FALSE(VerifyDetached(text, kPayload, Find)) << name;
  EXPECT_FALSE(VerifyDetached(good, std::string(kPayload) + "x", Find));
  EXPECT_FALSE(VerifyDetached(good, "", Find));
}

TEST(Jws, TellsAStrangersSignatureFromWhatIsNone) {
  const PrivateKey other = *PrivateKey::FromSeed(std::string(32, 'x'));
  EXPECT_EQ(VerifyDetached(SignDetached(other, kPayload), kPayload, Find).error().code, Code::kUnauthenticated);
  EXPECT_EQ(VerifyDetached(Detached(With(""), other), kPayload, Find).error().code, Code::kUnauthenticated);
  EXPECT_EQ(VerifyDetached("x", kPayload, Find).error().code, Code::kInvalid);
  EXPECT_THAT(VerifyDetached(Detached(With(R"(,"b64":false)")), kPayload, Find).error().message,
              HasSubstr("not accepted"));
}

}  // namespace
}  // namespace wideberth::crypto
