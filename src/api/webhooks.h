#ifndef WIDEBERTH_API_WEBHOOKS_H_
#define WIDEBERTH_API_WEBHOOKS_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "api/api.h"
#include "api/notice_board.h"
#include "crypto/ed25519.h"
#include "node/node.h"
#include "outbound/postman.h"

namespace wideberth::api {

// How long one notice is tried at a webhook before the next has its turn; it stays in the other ways to get it.
inline constexpr std::chrono::hours kWebhookTriedFor{24};

// The notices of parties that have a webhook, for a postman: a destination is a party. How far each party is, is not
// kept beyond the process: a service that starts again begins with what its party has not acknowledged, so that one may
// arrive twice, with the same id, and none is lost. Thread-safe.
class Webhooks final : public outbound::Source {
 public:
  // All outlive it.
  Webhooks(node::Node& node, NoticeBoard& board, const crypto::PrivateKey& key)
      : node_(node), board_(board), key_(key) {}

  Result<std::optional<Message>> Peek(const std::string& party, TimeNs now) override;
  Result<void> Delivered(const std::string& party, const std::string& id, TimeNs now) override;
  Result<void> GaveUp(const std::string& party, const std::string& id, const std::string& last_error,
                      TimeNs now) override;

  // The party's webhook is another: what waits begins with the first notice that is not acknowledged.
  void Renew(const std::string& party);

  // Notices that wait to be sent to the webhooks of their parties.
  size_t Waiting() const;
  WebhookState StateOf(const std::string& party, const outbound::Postman& postman) const;

 private:
  struct Progress {
    int64_t after = 0;  // the number of the last one that was delivered or given up
    // The one that is being delivered.
    std::string id;
    int64_t number = 0;
    bool delivered_before = false;
    TimeNs deadline;
    size_t given_up = 0;
    std::optional<TimeNs> last_attempt;
  };

  node::Node& node_;
  NoticeBoard& board_;
  const crypto::PrivateKey key_;
  mutable std::mutex mutex_;
  std::map<std::string, Progress> progress_;  // by party
};

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_WEBHOOKS_H_
