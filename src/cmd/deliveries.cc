#include "cmd/deliveries.h"

#include <utility>
#include <vector>

#include "api/provider_messages.h"
#include "api/token_maker.h"
#include "api/webhooks.h"
#include "cmd/diagnostics.h"
#include "outbound/postman.h"
#include "outbound/sender.h"
#include "outbound/target.h"

namespace wideberth::cmd {

struct Deliveries::Parts {
  Parts(node::Node& a_node, api::NoticeBoard& board, const Clock& a_clock, Rng& a_rng,
        const crypto::PrivateKey& webhook_key, api::ProviderMessages::TokenFor token_for,
        std::unique_ptr<outbound::Sender> a_sender)
      : node(a_node),
        sender(std::move(a_sender)),
        webhooks(a_node, board, webhook_key),
        providers(a_node, std::move(token_for)),
        webhook_postman(webhooks, *sender, a_clock, a_rng, {}),
        provider_postman(providers, *sender, a_clock, a_rng, {}) {}

  node::Node& node;
  std::unique_ptr<outbound::Sender> sender;
  api::Webhooks webhooks;
  api::ProviderMessages providers;
  outbound::Postman webhook_postman;
  outbound::Postman provider_postman;
};

Deliveries::Deliveries(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<Deliveries>> Deliveries::Start(node::Node& node, api::NoticeBoard& board, const Clock& clock,
                                                      Rng& rng, const crypto::PrivateKey& webhook_key,
                                                      const DeliveryOptions& options) {
  outbound::SenderOptions sending;
  sending.allow_http = options.allow_http;
  sending.allow_private_addresses = options.allow_private_addresses;
  sending.ca_file = options.ca_file;
  WB_TRY(auto sender, outbound::Sender::Start(sending));
  const auto token_for = [options, &clock](const std::string& url, std::string_view scope) -> Result<std::string> {
    if (options.token_key_pem.empty()) return std::string();
    const int64_t now_s = clock.Now().value / kNsPerSecond;
    constexpr int64_t kLifeSeconds = 600;
    WB_TRY(const outbound::Target target, outbound::TargetOf(url, options.allow_http));
    return api::MakeToken(options.token_key_pem, {.issuer = options.uss_id,
                                                  .subject = options.uss_id,
                                                  .audiences = {target.host},
                                                  .scope = std::string(scope),
                                                  .issued_s = now_s,
                                                  .expires_s = now_s + kLifeSeconds});
  };
  std::unique_ptr<Deliveries> made(
      new Deliveries(std::make_unique<Parts>(node, board, clock, rng, webhook_key, token_for, std::move(sender))));
  made->parts_->webhook_postman.Start();
  made->parts_->provider_postman.Start();
  made->ReadWebhooks();
  for (const std::string& party : made->with_webhooks_) WB_TRY_OK(made->parts_->webhook_postman.Wake(party));
  for (const std::string& url : made->parts_->providers.Collect()) WB_TRY_OK(made->parts_->provider_postman.Wake(url));
  return made;
}

Deliveries::~Deliveries() { Stop(); }

void Deliveries::ReadWebhooks() {
  std::set<std::string> found;
  parts_->node.Read(
      [&](const airspace::Airspace& airspace, TimeNs) {
        for (const auto& [name, party] : airspace.parties()) {
          if (!party.webhook.empty()) found.insert(name);
        }
      },
      [] {});
  const std::lock_guard lock(mutex_);
  with_webhooks_ = std::move(found);
}

void Deliveries::OnCommitted(const node::Committed& committed) {
  if (committed.webhooks_changed) {
    ReadWebhooks();
    // A webhook that is new, or another, gets what waits.
    std::set<std::string> all;
    {
      const std::lock_guard lock(mutex_);
      all = with_webhooks_;
    }
    for (const std::string& party : all) static_cast<void>(parts_->webhook_postman.Wake(party));
  }
  for (const model::NoticePosted& posted : committed.notices) {
    bool wanted = false;
    {
      const std::lock_guard lock(mutex_);
      wanted = with_webhooks_.contains(posted.party);
    }
    if (!wanted) continue;
    if (const Result<void> woken = parts_->webhook_postman.Wake(posted.party); !woken)
      diagnostics::Warn("a webhook is left behind", {{"party", posted.party}, {"reason", woken.error().message}});
  }
  if (committed.messages_to_send) {
    for (const std::string& url : parts_->providers.Collect()) {
      if (const Result<void> woken = parts_->provider_postman.Wake(url); !woken)
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
  parts_->provider_postman.Stop();
  parts_->sender->Stop();
}

}  // namespace wideberth::cmd
