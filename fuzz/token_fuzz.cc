// Tokens: whatever the bytes, nobody gets in without a signature of ours; what a signed token says is read or refused,
// and who gets in has a name that can be kept, until the token expires and no longer; key sets are read or refused.
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "api/token.h"
#include "api/token_maker.h"
#include "base/check.h"
#include "model/record.h"

namespace wideberth {
namespace {

constexpr TimeNs kNow{1'800'000'000 * kNsPerSecond};

const api::KeyPair& Keys() {
  static const api::KeyPair keys = *api::MakeKeyPair();
  return keys;
}

api::KeySet TrustedKeys() {
  api::KeySet keys;
  WB_CHECK(bool(keys.AddPem(Keys().public_pem, "key")));
  return keys;
}

std::string Base64Url(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(length));
  while (text.ends_with('=')) text.pop_back();
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

// A token with any header and claims, signed as RS256 does.
std::string Sign(std::string_view header, std::string_view claims) {
  static EVP_PKEY* const key = [] {
    BIO* bio = BIO_new_mem_buf(Keys().private_pem.data(), static_cast<int>(Keys().private_pem.size()));
    EVP_PKEY* read = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
    BIO_free(bio);
    return read;
  }();
  const std::string text = Base64Url(header) + "." + Base64Url(claims);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  std::string signature(512, '\0');
  size_t length = signature.size();
  WB_CHECK(EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key) == 1);
  WB_CHECK(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &length,
                          reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1);
  EVP_MD_CTX_free(context);
  return text + "." + Base64Url(signature.substr(0, length));
}

void CheckUnsigned(const std::string& text) {
  static api::TokenVerifier verifier(TrustedKeys(), {.audiences = {"localhost"}});
  for (const std::string& header : {text, "Bearer " + text}) {
    const Result<api::Caller> caller = verifier.Verify(header, kNow);
    WB_CHECK(!caller && caller.error().code == Code::kUnauthenticated && !caller.error().message.empty());
  }
}

// `text` is the header, a newline, and the claims, under a good signature.
void CheckSigned(const std::string& text) {
  const size_t newline = std::min(text.find('\n'), text.size());
  const std::string token =
      "Bearer " + Sign(text.substr(0, newline), newline < text.size() ? text.substr(newline + 1) : "");
  api::TokenVerifier verifier(TrustedKeys(), {.audiences = {"localhost"}});
  const Result<api::Caller> caller = verifier.Verify(token, kNow);
  if (!caller) {
    WB_CHECK(caller.error().code == Code::kUnauthenticated && !caller.error().message.empty());
    return;
  }
  WB_CHECK(!caller->subject.empty());
  // Remembered, it is the same; but not for longer than an hour.
  WB_CHECK(verifier.Verify(token, kNow)->subject == caller->subject);
  WB_CHECK(!verifier.Verify(token, TimeNs{kNow.value + 3'606 * kNsPerSecond}));
  const model::Report kept{{}, caller->subject, kNow, "{}"};
  WB_CHECK(bool(model::Decode(model::KeyOf(kept), model::Encode(kept))));
}

}  // namespace
}  // namespace wideberth

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace wideberth;  // NOLINT(google-build-using-namespace): one function
  const std::string text(reinterpret_cast<const char*>(data), size);
  CheckUnsigned(text);
  CheckSigned(text);
  api::KeySet keys;
  if (const auto read = keys.AddJwks(text, "fuzz"); !read) WB_CHECK(!read.error().message.empty());
  if (const auto read = keys.AddPem(text, "fuzz"); !read) WB_CHECK(!read.error().message.empty());
  return 0;
}
