#ifndef WIDEBERTH_API_API_H_
#define WIDEBERTH_API_API_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/ledger_head.h"
#include "api/notice_board.h"
#include "api/rate_limiter.h"
#include "api/token.h"
#include "base/clock.h"
#include "base/rng.h"
#include "http/message.h"
#include "node/node.h"

namespace wideberth::api {

// How a party's webhook does.
struct WebhookState {
  size_t waiting = 0;   // notices to be sent
  size_t attempts = 0;  // of the first of these
  size_t given_up = 0;
  std::string last_error;
  std::optional<TimeNs> last_attempt;
  std::optional<TimeNs> next_attempt;
};

struct ApiOptions {
  bool allow_http_uss = false;  // uss_base_url may be http: for pools of tests
  double party_rate_max = 0;    // requests a second of each party; 0: any
  std::string version;          // of this program
  // The pool that this instance is, for the auxiliary interface.
  std::string dar_id;           // names the airspace representation
  std::string instance_id;      // names this instance
  std::string public_endpoint;  // where it is reached; empty: not told
  // The service's own USS, which stands for what parties declare here.
  std::string uss_id;
  std::string uss_base_url;
  bool allow_http_webhooks = false;
  bool allow_private_webhooks = false;  // else none whose host is an address that is not public
  std::string webhook_public_key;
  std::function<WebhookState(std::string_view party)> webhook_state;  // thread-safe; may be empty
};

// The HTTP interface: finds the route, asks who the caller is and whether he may, reads the body, lets the node do it,
// and answers. In this order: 404 or 405, 401, 429 or 503 where there is too much
// to do, 403, 400, then what the airspace says. Thread-safe.
class Api {
 public:
  // All outlive it.
  // `ledger_head` is null where no ledger is kept.
  Api(node::Node& node, TokenVerifier& verifier, NoticeBoard& board, LedgerHead* ledger_head, const Clock& clock,
      Rng& rng, ApiOptions options)
      : node_(node),
        verifier_(verifier),
        board_(board),
        ledger_head_(ledger_head),
        clock_(clock),
        rng_(rng),
        options_(std::move(options)),
        rate_limiter_(options_.party_rate_max) {}

  using Respond = std::function<void(http::Response)>;
  // Answers once, perhaps on another thread. Does not block.
  void Handle(http::Request request, Respond respond);

  // The pattern of the route that a path belongs to, for metrics: "PUT /dss/v1/subscriptions/{id}"; "" for none.
  static std::string_view RouteOf(const http::Request& request);

 private:
  node::Node& node_;
  TokenVerifier& verifier_;
  NoticeBoard& board_;
  LedgerHead* ledger_head_;
  const Clock& clock_;
  Rng& rng_;
  const ApiOptions options_;
  RateLimiter rate_limiter_;
};

// The status for an Error; the body of each is RenderError's.
int StatusOf(Code code);

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_API_H_
