#include "outbound/standard_webhook.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <system_error>

#include "crypto/base64.h"

namespace wideberth::outbound {
namespace {

constexpr std::string_view kSignaturePrefix = "v1a,";
constexpr std::string_view kKeyPrefix = "whpk_";

bool IsId(std::string_view id) {
  return !id.empty() && id.size() <= kWebhookIdBytesMax &&
         std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c <= '~' && c != '.'; });
}

std::string Signed(std::string_view id, std::string_view timestamp, std::string_view body) {
  std::string text;
  text.reserve(id.size() + timestamp.size() + body.size() + 2);
  return text.append(id).append(1, '.').append(timestamp).append(1, '.').append(body);
}

}  // namespace

Result<Headers> SignWebhook(const crypto::PrivateKey& key, std::string_view id, TimeNs now, std::string_view body) {
  if (!IsId(id))
    return Error{Code::kInvalid, "webhook-id is not 1 to " + std::to_string(kWebhookIdBytesMax) +
                                     " visible characters of ASCII without \".\""};
  if (now.value < 0) return Error{Code::kInvalid, "webhook-timestamp is before 1970"};
  const std::string timestamp = std::to_string(now.value / kNsPerSecond);
  const std::string signature = key.Sign(Signed(id, timestamp, body));
  return Headers{{"webhook-id", std::string(id)},
                 {"webhook-timestamp", timestamp},
                 {"webhook-signature", std::string(kSignaturePrefix) + crypto::ToBase64(signature)}};
}

Result<void> VerifyWebhook(const crypto::PublicKey& key, std::string_view id, std::string_view timestamp,
                           std::string_view signature, std::string_view body, TimeNs now) {
  if (!IsId(id)) return Error{Code::kUnauthenticated, "webhook-id is missing or malformed"};
  int64_t time = 0;
  const auto [end, error] = std::from_chars(timestamp.data(), timestamp.data() + timestamp.size(), time);
  if (error != std::errc() || end != timestamp.data() + timestamp.size() || time < 0)
    return Error{Code::kUnauthenticated, "webhook-timestamp is not a time in seconds"};
  const int64_t here = now.value / kNsPerSecond;
  if (time > here + kWebhookTolerance.count() || time < here - kWebhookTolerance.count())
    return Error{Code::kUnauthenticated,
                 "webhook-timestamp is more than " + std::to_string(kWebhookTolerance.count()) + " s away"};

  const std::string text = Signed(id, timestamp, body);
  for (size_t i = 0; i < kWebhookSignaturesMax && !signature.empty(); ++i) {
    const std::string_view one = signature.substr(0, signature.find(' '));
    signature.remove_prefix(std::min(one.size() + 1, signature.size()));
    if (!one.starts_with(kSignaturePrefix)) continue;
    const std::optional<std::string> bytes = crypto::FromBase64(one.substr(kSignaturePrefix.size()));
    if (bytes && key.Verify(text, *bytes)) return {};
  }
  return Error{Code::kUnauthenticated, "webhook-signature holds no signature (v1a) of this key"};
}

std::string WebhookKeyText(const crypto::PublicKey& key) {
  return std::string(kKeyPrefix) + crypto::ToBase64(key.ToBytes());
}

Result<crypto::PublicKey> ParseWebhookKey(std::string_view text) {
  if (!text.starts_with(kKeyPrefix)) return Error{Code::kInvalid, "the key of a webhook does not begin with whpk_"};
  const std::optional<std::string> bytes = crypto::FromBase64(text.substr(kKeyPrefix.size()));
  if (!bytes) return Error{Code::kInvalid, "the key of a webhook is not base64 after whpk_"};
  return crypto::PublicKey::FromBytes(*bytes);
}

}  // namespace wideberth::outbound
