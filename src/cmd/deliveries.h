#ifndef WIDEBERTH_CMD_DELIVERIES_H_
#define WIDEBERTH_CMD_DELIVERIES_H_

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "api/api.h"
#include "api/notice_board.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/rng.h"
#include "crypto/ed25519.h"
#include "node/node.h"
#include "outbound/token_client.h"

namespace wideberth::cmd {

struct DeliveryOptions {
  bool allow_private_addresses = false;
  bool allow_http = false;
  std::string ca_file;        // PEM; "" for the system's certificates alone
  std::string uss_id;         // `sub` of the tokens for other USSs
  std::string token_key_pem;  // that these are signed with; "" to send none, or those of `oauth`
  // Whom they are asked of, in place of `token_key_pem`.
  std::optional<outbound::TokenClientOptions> oauth;
};

// What the service sends of its own accord: notices to the webhooks of parties, and notifications to other USSs.
// Thread-safe.
class Deliveries {
 public:
  // All outlive it. Begins with what was not delivered before.
  static Result<std::unique_ptr<Deliveries>> Start(node::Node& node, api::NoticeBoard& board, const Clock& clock,
                                                   Rng& rng, const crypto::PrivateKey& webhook_key,
                                                   const DeliveryOptions& options);
  ~Deliveries();

  // For Node's on_committed.
  void OnCommitted(const node::Committed& committed);
  api::WebhookState StateOfWebhook(const std::string& party) const;
  // Notices that wait to be sent to webhooks.
  size_t WaitingForWebhooks() const;
  void Stop();

 private:
  struct Parts;
  explicit Deliveries(std::unique_ptr<Parts> parts);
  // Reads which parties have webhooks, and where; gives those whose webhook is another, new or gone since it was read
  // before.
  std::set<std::string> ReadWebhooks();

  std::unique_ptr<Parts> parts_;
  std::mutex mutex_;
  std::map<std::string, std::string> webhooks_;  // URLs by party
};

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_DELIVERIES_H_
