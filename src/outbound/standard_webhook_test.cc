#include "outbound/standard_webhook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

#include "crypto/base64.h"

namespace wideberth::outbound {
namespace {

using testing::HasSubstr;

constexpr int64_t kSeconds = 1674087231;
constexpr TimeNs kNow{kSeconds * kNsPerSecond + 999'999'999};
constexpr const char* kId = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W";
constexpr const char* kBody = R"({"type":"conflict.new","data":{"id":"1f81eb52"}})";
constexpr const char* kKeyText = "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
// openssl pkeyutl -sign -rawin -inkey KEY -in TEXT | base64, where TEXT is ID.TIMESTAMP.BODY.
constexpr const char* kSignature =
    "v1a,xAhBfRUTEHtaOYFTCEXq6ON27tHrg7I3eQSrxGF2+2kMfxFuhBeqcF/kXlO2s+3sjdnp92zKBiR6HHQZLunVCQ==";

// RFC 8032, section 7.1, test 1.
crypto::PrivateKey Key() {
  constexpr unsigned char kSeed[] = {0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a,
                                     0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32,
                                     0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};
  return *crypto::PrivateKey::FromSeed(std::string(std::begin(kSeed), std::end(kSeed)));
}

// Another library's opinion.
bool OpenSslVerifies(std::string_view key, std::string_view text, std::string_view signature) {
  const auto bytes = [](std::string_view view) { return reinterpret_cast<const unsigned char*>(view.data()); };
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> loaded(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(key), key.size()), EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, loaded.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(text), text.size()) == 1;
}

TEST(StandardWebhook, SignsAsOpenSslDoes) {
  const Result<Headers> headers = SignWebhook(Key(), kId, kNow, kBody);
  ASSERT_TRUE(headers);
  EXPECT_EQ(*headers,
            (Headers{{"webhook-id", kId}, {"webhook-timestamp", "1674087231"}, {"webhook-signature", kSignature}}));
  EXPECT_EQ((*SignWebhook(Key(), "n-1", TimeNs{0}, ""))[2].second,
            "v1a,Ex9bFdrIdkDosVjI08HCskd/5TosxjMClDNbZ5WpACSMy4Z3rV66Fv3c64IjZdg9nCFhjTlZbC2TSo3KwJIODA==");
}

TEST(StandardWebhook, AnyBodyIsVerifiedByOpenSsl) {
  const std::string public_key = *crypto::FromBase64(std::string_view(kKeyText).substr(5));
  for (const std::string& body : {std::string(), std::string(1, '\0'), std::string(100'000, 'x'), std::string("a.b")}) {
    const Headers headers = *SignWebhook(Key(), kId, kNow, body);
    const std::string text = std::string(kId) + ".1674087231." + body;
    const std::string signature = *crypto::FromBase64(headers[2].second.substr(4));
    EXPECT_TRUE(OpenSslVerifies(public_key, text, signature)) << body.size();
    EXPECT_FALSE(OpenSslVerifies(public_key, text + " ", signature)) << body.size();
    EXPECT_TRUE(VerifyWebhook(Key().public_key(), kId, "1674087231", headers[2].second, body, kNow)) << body.size();
  }
}

TEST(StandardWebhook, RefusesWhatItCannotSign) {
  for (const std::string& id : {std::string(), std::string("a.b"), std::string("a b"), std::string("a\r\nX: y"),
                                std::string("\xc3\xa4"), std::string(kWebhookIdBytesMax + 1, 'a')}) {
    const Result<Headers> headers = SignWebhook(Key(), id, kNow, kBody);
    ASSERT_FALSE(headers) << id;
    EXPECT_EQ(headers.error().code, Code::kInvalid);
    EXPECT_THAT(headers.error().message, HasSubstr("webhook-id"));
  }
  EXPECT_TRUE(SignWebhook(Key(), std::string(kWebhookIdBytesMax, 'a'), kNow, kBody));
  EXPECT_FALSE(SignWebhook(Key(), kId, TimeNs{-1}, kBody));
}

TEST(StandardWebhook, VerifiesWhatWasSentAndNothingElse) {
  const crypto::PublicKey key = Key().public_key();
  const auto verify = [&](std::string_view id, std::string_view timestamp, std::string_view signature,
                          std::string_view body, int64_t now) {
    const Result<void> verified = VerifyWebhook(key, id, timestamp, signature, body, TimeNs{now * kNsPerSecond});
    return verified ? std::string() : verified.error().message;
  };
  EXPECT_EQ(verify(kId, "1674087231", kSignature, kBody, kSeconds), "");
  EXPECT_EQ(verify(kId, "1674087231", std::string("v1,AAAA v1a,AAAA ") + kSignature, kBody, kSeconds), "");
  EXPECT_EQ(verify(kId, "1674087231", std::string(kSignature) + " v1a,", kBody, kSeconds), "");
  EXPECT_EQ(verify(kId, "1674087231", kSignature, kBody, kSeconds + 300), "");
  EXPECT_EQ(verify(kId, "1674087231", kSignature, kBody, kSeconds - 300), "");

  EXPECT_THAT(verify(kId, "1674087231", kSignature, kBody, kSeconds + 301), HasSubstr("300 s"));
  EXPECT_THAT(verify(kId, "1674087231", kSignature, kBody, kSeconds - 301), HasSubstr("300 s"));
  EXPECT_THAT(verify(kId, "1674087232", kSignature, kBody, kSeconds), HasSubstr("webhook-signature"));
  EXPECT_THAT(verify("msg_3", "1674087231", kSignature, kBody, kSeconds), HasSubstr("webhook-signature"));
  EXPECT_THAT(verify(kId, "1674087231", kSignature, "{}", kSeconds), HasSubstr("webhook-signature"));
  EXPECT_THAT(verify("", "1674087231", kSignature, kBody, kSeconds), HasSubstr("webhook-id"));
  for (const char* timestamp : {"", "now", "1674087231 ", " 1674087231", "-1", "99999999999999999999"})
    EXPECT_THAT(verify(kId, timestamp, kSignature, kBody, kSeconds), HasSubstr("webhook-timestamp")) << timestamp;
  const std::string bare = std::string(kSignature).substr(4);
  for (const std::string& signature : {std::string(), bare, "v1," + bare, "v1a;" + bare, std::string("v1a,"),
                                       std::string(kSignature).substr(0, 80), std::string(200'000, ' ')})
    EXPECT_THAT(verify(kId, "1674087231", signature, kBody, kSeconds), HasSubstr("webhook-signature")) << signature;
}

TEST(StandardWebhook, KeysHaveATextForm) {
  EXPECT_EQ(WebhookKeyText(Key().public_key()), kKeyText);
  EXPECT_EQ(*ParseWebhookKey(kKeyText), Key().public_key());
  for (const std::string& text : {std::string(), std::string("whsk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="),
                                  std::string("whpk_"), std::string("whpk_11qYAYKx"), std::string(kKeyText) + "=",
                                  std::string("whpk_11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")})
    EXPECT_FALSE(ParseWebhookKey(text)) << text;
}

}  // namespace
}  // namespace wideberth::outbound
