#ifndef WIDEBERTH_OUTBOUND_STANDARD_WEBHOOK_H_
#define WIDEBERTH_OUTBOUND_STANDARD_WEBHOOK_H_

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "crypto/ed25519.h"
#include "outbound/transport.h"

// Standard Webhooks 1.0.0, with the asymmetric signature `v1a` (Ed25519) alone: who receives a webhook can check it and
// cannot make one.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

namespace wideberth::outbound {

inline constexpr size_t kWebhookIdBytesMax = 256;
inline constexpr size_t kWebhookSignaturesMax = 16;  // that a verifier looks at
inline constexpr std::chrono::seconds kWebhookTolerance{300};

// The headers webhook-id, webhook-timestamp and webhook-signature of a body that is sent `now`. `id` is the message's,
// the same for each attempt. kInvalid unless it is visible ASCII without "." (which separates what is signed), and for
// a time before 1970.
Result<Headers> SignWebhook(const crypto::PrivateKey& key, std::string_view id, TimeNs now, std::string_view body);

// As a receiver checks it, who got these three headers with `body`. The time is to lie within kWebhookTolerance of
// `now`, and one of the signatures (they are separated by a space) to be `key`'s. kUnauthenticated with the reason.
Result<void> VerifyWebhook(const crypto::PublicKey& key, std::string_view id, std::string_view timestamp,
                           std::string_view signature, std::string_view body, TimeNs now);

// "whpk_" and the key in base64: how receivers are told the key.
std::string WebhookKeyText(const crypto::PublicKey& key);
Result<crypto::PublicKey> ParseWebhookKey(std::string_view text);

}  // namespace wideberth::outbound

#endif  // WIDEBERTH_OUTBOUND_STANDARD_WEBHOOK_H_
