#include "cmd/deliveries.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "api/provider_messages.h"
#include "api/token_maker.h"
#include "api/webhooks.h"
#include "cmd/diagnostics.h"
#include "outbound/bearer_transport.h"
#include "outbound/postman.h"
#include "outbound/sender.h"
#include "outbound/target.h"
#include "outbound/token_client.h"
#include "outbound/token_source.h"

namespace wideberth::cmd {

namespace {

// One line a minute of a kind, however often it happens. Thread-safe.
class SeldomWarning {
 public:
  SeldomWarning(const Clock& clock, std::string what) : clock_(clock), what_(std::move(what)) {}

  void operator()(nlohmann::ordered_json fields) {
    constexpr int64_t kPauseNs = 60 * kNsPerSecond;
    const int64_t now_ns = clock_.Now().value;
    {
      const std::lock_guard lock(mutex_);
      if (last_ns_ && now_ns >= *last_ns_ && now_ns - *last_ns_ < kPauseNs) {
        ++not_shown_;
        return;
      }
      last_ns_ = now_ns;
      if (not_shown_ > 0) fields["not_shown_before"] = std::exchange(not_shown_, 0);
    }
    diagnostics::Warn(what_, fields);
  }

 private:
  const Clock& clock_;
  const std::string what_;
  std::mutex mutex_;
  std::optional<int64_t> last_ns_;
  int64_t not_shown_ = 0;
};

// Tokens that the service signs itself.
class SignedTokens final : public outbound::TokenSource {
 public:
  SignedTokens(const Clock& clock, std::string uss_id, std::string key_pem, bool allow_http)
      : clock_(clock), uss_id_(std::move(uss_id)), key_pem_(std::move(key_pem)), allow_http_(allow_http) {}

  void Get(const std::string& url, const std::string& scope, Done done) override { done(Make(url, scope)); }
  void Refused(const std::string&, const std::string&, const std::string&) override {}  // each is new

 private:
  Result<std::string> Make(const std::string& url, const std::string& scope) const {
    const int64_t now_s = clock_.Now().value / kNsPerSecond;
    constexpr int64_t kLifeSeconds = 600;
    WB_TRY(const outbound::Target target, outbound::TargetOf(url, allow_http_));
    return api::MakeToken(key_pem_, {.issuer = uss_id_,
                                     .subject = uss_id_,
                                     .audiences = {target.host},
                                     .scope = scope,
                                     .issued_s = now_s,
                                     .expires_s = now_s + kLifeSeconds});
  }

  const Clock& clock_;
  const std::string uss_id_;
  const std::string key_pem_;
  const bool allow_http_;
};

}  // namespace

struct Deliveries::Parts {
  Parts(node::Node& a_node, api::NoticeBoard& board, const Clock& a_clock, Rng& a_rng,
        const crypto::PrivateKey& webhook_key, std::unique_ptr<outbound::Sender> a_sender,
        std::unique_ptr<outbound::TokenSource> a_tokens)
      : node(a_node),
        given_up(std::make_shared<SeldomWarning>(a_clock, "a USS was not told in time")),
        sender(std::move(a_sender)),
        tokens(std::move(a_tokens)),
        webhooks(a_node, board, webhook_key),
        providers(a_node,
                  [warn = given_up](const std::string& url, const std::string& reason) {
                    (*warn)({{"url", url}, {"reason", reason}});
                  }),
        webhook_postman(webhooks, *sender, a_clock, a_rng, {}) {
    outbound::Transport* transport = sender.get();
    if (tokens) transport = &bearer.emplace(*sender, *tokens);
    provider_postman.emplace(providers, *transport, a_clock, a_rng, outbound::PostmanOptions());
  }

  node::Node& node;
  std::shared_ptr<SeldomWarning> given_up;
  std::unique_ptr<outbound::Sender> sender;
  std::unique_ptr<outbound::TokenSource> tokens;  // null to send none
  std::optional<outbound::BearerTransport> bearer;
  api::Webhooks webhooks;
  api::ProviderMessages providers;
  outbound::Postman webhook_postman;
  std::optional<outbound::Postman> provider_postman;
};

Deliveries::Deliveries(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<Deliveries>> Deliveries::Start(node::Node& node, api::NoticeBoard& board, const Clock& clock,
                                                      Rng& rng, const crypto::PrivateKey& webhook_key,
                                                      const DeliveryOptions& options) {
  outbound::SenderOptions sending;
  sending.allow_http = options.allow_http;
  sending.allow_private_addresses = options.allow_private_addresses;
  sending.ca_file = options.ca_file;
  sending.on_no_public_address = [warn = std::make_shared<SeldomWarning>(
                                      clock, "a host that is to be sent something has no public address")](
                                     const std::string& host, const std::string& reason) {
    (*warn)({{"host", host}, {"reason", reason}, {"remedy", "--allow-private-webhooks if it may have a private one"}});
  };
  WB_TRY(auto sender, outbound::Sender::Start(sending));
  std::unique_ptr<outbound::TokenSource> tokens;
  if (options.oauth) {
    outbound::TokenClientOptions oauth = *options.oauth;
    oauth.on_failure = [warn = std::make_shared<SeldomWarning>(clock, "no token for another USS")](
                           const std::string& reason) { (*warn)({{"reason", reason}}); };
    WB_TRY(tokens, outbound::TokenClient::Make(std::move(oauth), *sender, clock));
  } else if (!options.token_key_pem.empty()) {
    tokens = std::make_unique<SignedTokens>(clock, options.uss_id, options.token_key_pem, options.allow_http);
  }
  std::unique_ptr<Deliveries> made(new Deliveries(
      std::make_unique<Parts>(node, board, clock, rng, webhook_key, std::move(sender), std::move(tokens))));
  made->parts_->webhook_postman.Start();
  made->parts_->provider_postman->Start();
  made->ReadWebhooks();
  for (const auto& [party, url] : made->webhooks_) WB_TRY_OK(made->parts_->webhook_postman.Wake(party));
  for (const std::string& url : made->parts_->providers.Collect()) WB_TRY_OK(made->parts_->provider_postman->Wake(url));
  return made;
}

Deliveries::~Deliveries() { Stop(); }

std::set<std::string> Deliveries::ReadWebhooks() {
  std::map<std::string, std::string> found;
  parts_->node.Read(
      [&](const airspace::Airspace& airspace, TimeNs) {
        for (const auto& [name, party] : airspace.parties()) {
          if (!party.webhook.empty()) found.emplace(name, party.webhook);
        }
      },
      [] {});
  std::set<std::string> changed;
  const std::lock_guard lock(mutex_);
  for (const auto& [party, url] : found) {
    const auto before = webhooks_.find(party);
    if (before == webhooks_.end() || before->second != url) changed.insert(party);
  }
  for (const auto& [party, url] : webhooks_) {
    if (!found.contains(party)) changed.insert(party);
  }
  webhooks_ = std::move(found);
  return changed;
}

void Deliveries::OnCommitted(const node::Committed& committed) {
  if (committed.webhooks_changed) {
    // A webhook that is new, or another, gets what waits, however it went with the one before.
    for (const std::string& party : ReadWebhooks()) {
      parts_->webhooks.Renew(party);
      if (const Result<void> renewed = parts_->webhook_postman.Renew(party); !renewed)
        diagnostics::Warn("a webhook is left behind", {{"party", party}, {"reason", renewed.error().message}});
    }
  }
  for (const model::NoticePosted& posted : committed.notices) {
    bool wanted = false;
    {
      const std::lock_guard lock(mutex_);
      wanted = webhooks_.contains(posted.party);
    }
    if (!wanted) continue;
    if (const Result<void> woken = parts_->webhook_postman.Wake(posted.party); !woken)
      diagnostics::Warn("a webhook is left behind", {{"party", posted.party}, {"reason", woken.error().message}});
  }
  if (committed.messages_to_send) {
    for (const std::string& url : parts_->providers.Collect()) {
      if (const Result<void> woken = parts_->provider_postman->Wake(url); !woken)
        diagnostics::Warn("a USS is left untold", {{"url", url}, {"reason", woken.error().message}});
    }
  }
}

api::WebhookState Deliveries::StateOfWebhook(const std::string& party) const {
  return parts_->webhooks.StateOf(party, parts_->webhook_postman);
}

size_t Deliveries::WaitingForWebhooks() const { return parts_->webhooks.Waiting(); }

void Deliveries::Stop() {
  parts_->webhook_postman.Stop();
  parts_->provider_postman->Stop();
  parts_->sender->Stop();
}

}  // namespace wideberth::cmd
