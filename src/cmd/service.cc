#include "cmd/service.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "api/api.h"
#include "api/call.h"
#include "api/f3548_json.h"
#include "api/ledger_head.h"
#include "api/notice_board.h"
#include "base/name_rule.h"
#include "cmd/build_version.h"
#include "cmd/deliveries.h"
#include "cmd/diagnostics.h"
#include "cmd/durable_file.h"
#include "cmd/jwks_refresher.h"
#include "cmd/metrics.h"
#include "cmd/party_key.h"
#include "cmd/trust.h"
#include "cmd/witness_collector.h"
#include "http/server.h"
#include "node/node.h"
#include "os/system.h"
#include "outbound/standard_webhook.h"
#include "outbound/target.h"
#include "outbound/token_client.h"
#include "store/sqlite_store.h"

namespace wideberth::cmd {
namespace {

Result<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return Error{Code::kIo, path + ": cannot read it"};
  return text.str();
}

Result<crypto::PrivateKey> ReadOrMakeKey(const std::string& path, Rng& rng) {
  if (std::filesystem::exists(path)) return ReadPartyKey(path);
  crypto::PrivateKey key = crypto::PrivateKey::Generate(rng);
  WB_TRY_OK(WriteNewFile(path, key.ToPem(), 0600));
  return key;
}

Error NoKeys() {
  return {
      Code::kInvalid,
      "no key to verify tokens with: give --public-key FILE.pem of your OAuth server, or --jwks URL-or-FILE; or, for "
      "parties that sign their own, --operator NAME=FILE with a public key that `wideberth keygen` makes; for a "
      "test, `wideberth token --key test` makes a pair (test.pem, test.pub.pem) and tokens"};
}

Result<void> WriteIfNew(const std::string& path, const std::string& text) {
  if (std::filesystem::exists(path)) return {};
  return WriteNewFile(path, text, 0644);
}

// Who signs the ledger: the key in the store's folder, made the first time.
Result<node::LedgerLog::Sealing> ReadSealing(const ServiceOptions& options, Rng& rng) {
  const std::string origin = options.ledger_origin.empty() ? options.audiences[0] + "/ledger" : options.ledger_origin;
  const std::string key_file = options.data + "/ledger.key";
  const std::string public_file = options.data + "/" + kLedgerPublicFile;
  const bool new_key = !std::filesystem::exists(public_file);
  if (!new_key && !std::filesystem::exists(key_file)) {
    return Error{Code::kIo, key_file +
                                ": is missing, but the ledger was signed with it: put it back from a backup. If it is "
                                "lost, tell those who check the ledger, remove " +
                                public_file + ", and a new one is made"};
  }
  WB_TRY(const crypto::PrivateKey key, ReadOrMakeKey(key_file, rng));
  const auto verifier = ledger::VerifierKey::Make(origin, ledger::SignatureType::kEd25519, key.public_key());
  if (!verifier) return Error{Code::kInvalid, "--ledger-origin: " + verifier.error().message};
  if (!new_key) {
    WB_TRY(const std::string known, ReadFile(public_file));
    if (known != verifier->ToText() + "\n") {
      return Error{Code::kInvalid, public_file + ": names another key or ledger (" + known.substr(0, known.find('\n')) +
                                       ") than this would be (" + verifier->ToText() +
                                       "): give the --ledger-origin and --data of before; those who follow the ledger "
                                       "would take it for another"};
    }
  }
  // Whose key is known nowhere may begin a ledger of a new name beside the head of an older one.
  const auto published = ReadStoreHead(options.data, new_key ? nullptr : &*verifier);
  if (!published) return published.error();
  const bool of_this_ledger = *published && (*published)->origin == verifier->name();
  return node::LedgerLog::Sealing{ledger::Signer{*verifier, key}, new_key,
                                  of_this_ledger ? *published : std::optional<ledger::Checkpoint>()};
}

// The parties that the settings name: those that differ from what is registered are registered anew.
Result<void> RegisterParties(node::Node& node, const ServiceOptions& options) {
  std::map<std::string, model::PutParty> parties;
  for (const auto& [list, is_operator] : {std::pair(&options.parties, false), std::pair(&options.operators, true)}) {
    const char* option = is_operator ? "--operator" : "--party";
    for (const std::string& text : *list) {
      const size_t equals = text.find('=');
      if (equals == std::string::npos)
        return Error{Code::kInvalid, std::string(option) + ": " + Shown(text, true) + " is not NAME=FILE"};
      if (const auto wrong = WrongWithName(std::string_view(text).substr(0, equals)))
        return Error{Code::kInvalid, std::string(option) + ": NAME of NAME=FILE " + *wrong};
      const std::string path = text.substr(equals + 1);
      WB_TRY(const std::string pem, ReadFile(path));
      const auto key = crypto::PublicKey::FromPem(pem);
      if (!key) return Error{Code::kInvalid, path + ": " + key.error().message};
      model::PutParty& party = parties[text.substr(0, equals)];
      party.by = "settings";
      party.name = text.substr(0, equals);
      party.is_operator |= is_operator;
      party.keys.push_back(key->bytes());
    }
  }
  for (auto& [name, party] : parties) {
    std::sort(party.keys.begin(), party.keys.end());
    party.keys.erase(std::unique(party.keys.begin(), party.keys.end()), party.keys.end());
    std::promise<Result<void>> done;
    WB_TRY_OK(node.Submit("", party, [&](const model::Outcome& outcome) {
      const Error* error = std::get_if<Error>(&outcome);
      done.set_value(error == nullptr ? Result<void>() : *error);
    }));
    if (const Result<void> put = done.get_future().get(); !put)
      return Error{put.error().code, "--party " + name + ": " + put.error().message};
  }
  return {};
}

Result<std::string> ReadSecret(const std::string& path) {
  constexpr size_t kSecretBytesMax = 4096;
  const Result<std::string> read = ReadFile(path);
  std::string secret = read ? *read : "";
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
  const auto wrong = [&](const std::string& reason) {
    return Error{Code::kInvalid, "--uss-client-secret-file " + path + ": " + reason +
                                     ": put the secret that the OAuth server gave for --uss-client-id in it, alone on "
                                     "one line"};
  };
  if (!read) return wrong("cannot be read");
  if (secret.empty()) return wrong("is empty");
  if (secret.size() > kSecretBytesMax) return wrong("has more than " + std::to_string(kSecretBytesMax) + " bytes");
  if (!std::all_of(secret.begin(), secret.end(), [](char c) { return c >= 0x20 && c <= 0x7e; }))
    return wrong("has several lines, or characters that no secret has (RFC 6749, appendix A.2)");
  return secret;
}

// The OAuth server that gives the tokens for other USSs, if the settings name one.
Result<std::optional<outbound::TokenClientOptions>> ReadTokenClient(const ServiceOptions& options) {
  const std::pair<const char*, const std::string*> needed[] = {
      {"--uss-token-url", &options.uss_token_url},
      {"--uss-client-id", &options.uss_client_id},
      {"--uss-client-secret-file", &options.uss_client_secret_file}};
  const std::pair<const char*, const std::string*> further[] = {
      {"--uss-client-authentication", &options.uss_client_authentication},
      {"--uss-token-audience-parameter", &options.uss_token_audience_parameter}};
  const char* given = nullptr;
  std::string missing;
  for (const auto& [name, value] : further)
    if (!value->empty()) given = name;
  for (const auto& [name, value] : needed) {
    if (!value->empty())
      given = name;
    else
      missing += (missing.empty() ? "" : ", ") + std::string(name);
  }
  if (given == nullptr) return std::optional<outbound::TokenClientOptions>();
  if (!options.uss_token_key.empty())
    return Error{Code::kInvalid, std::string(given) +
                                     " and --uss-token-key exclude each other: either an OAuth server gives the tokens "
                                     "for other USSs, or this service signs them"};
  if (!missing.empty()) return Error{Code::kInvalid, std::string(given) + " needs " + missing + " as well"};
  if (const auto target = outbound::TargetOf(options.uss_token_url, options.allow_http_uss); !target)
    return Error{Code::kInvalid, "--uss-token-url: " + target.error().message +
                                     (outbound::TargetOf(options.uss_token_url, true)
                                          ? "; for a test, --allow-http-uss allows it to show the secret to the network"
                                          : "")};
  outbound::TokenClientOptions client;
  client.token_url = options.uss_token_url;
  client.client_id = options.uss_client_id;
  WB_TRY(client.client_secret, ReadSecret(options.uss_client_secret_file));
  if (options.uss_client_authentication == "post") client.authentication = outbound::ClientAuthentication::kPost;
  if (!options.uss_token_audience_parameter.empty())
    client.token_audience_parameter = options.uss_token_audience_parameter;
  client.allow_http = options.allow_http_uss;
  if (const Result<void> checked = outbound::Check(client); !checked) {
    // It names the member, which differs from the option in how words are joined.
    std::string message = checked.error().message;
    std::replace(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(message.find(':')), '_', '-');
    return Error{Code::kInvalid, "--uss-" + message};
  }
  return std::optional(std::move(client));
}

}  // namespace

namespace {

// That the store has what was published, before it is opened to be written: what is left of a file that lost its end is
// then still as it was found.
Result<void> CheckPublished(const std::string& directory) {
  const auto published = ReadStoreHead(directory, nullptr);
  if (!published) return published.error();
  // Of another ledger that has begun in this folder it says nothing; that is found when the key is read.
  if (!*published || !std::filesystem::exists(directory + "/" + kLedgerPublicFile)) return {};
  const auto store = store::SqliteStore::Open(directory, {.read_only = true});
  if (!store) return {};  // said when it is opened to be written
  auto reader = (*store)->OpenLedger();
  if (!reader) return {};
  const auto log = node::LedgerLog::Open(*std::move(reader), {.published = *published});
  if (!log) return Error{log.error().code, (*store)->path() + ": " + log.error().message};
  return {};
}

// One failure is told once, until it is over.
api::LedgerHead::Keep KeeperOf(const std::string& directory) {
  return [path = directory + "/" + kLedgerHeadFile, failed = false](const std::string& note) mutable -> Result<void> {
    const Result<void> kept = ReplaceFile(path, note);
    if (!kept && !failed)
      diagnostics::Warn("the ledger's head cannot be kept; that of before is served",
                        {{"reason", kept.error().message}});
    failed = !kept;
    return kept;
  };
}

}  // namespace

struct Service::Parts {
  os::SystemClock clock;
  os::SystemRng rng;
  Metrics metrics;
  std::unique_ptr<store::SqliteStore> store;
  api::NoticeBoard board;
  std::unique_ptr<node::Node> node;
  std::unique_ptr<api::LedgerHead> ledger_head;
  std::unique_ptr<Deliveries> deliveries;
  std::unique_ptr<WitnessCollector> witnesses;
  std::unique_ptr<api::TokenVerifier> verifier;
  std::unique_ptr<JwksRefresher> jwks;
  std::unique_ptr<api::Api> api;
  std::unique_ptr<http::Server> server;
  std::unique_ptr<http::Server> metrics_server;
  std::atomic<bool> ready{false};
  std::atomic<bool> delivering{false};
  std::string url;
  std::string metrics_url;

  void Answer(http::Request request, http::Server::Respond respond);
  void OnCommitted(const node::Committed& committed);
  // Gives the verifier the keys of all parties; whether there are any.
  bool ReadPartyKeys();
};

void Service::Parts::OnCommitted(const node::Committed& committed) {
  // The start reads them all once, when those of the settings are registered.
  if (committed.keys_changed && ready) ReadPartyKeys();
  board.Post(committed.notices);
  if (delivering) deliveries->OnCommitted(committed);
}

bool Service::Parts::ReadPartyKeys() {
  api::PartyKeys keys;
  node->Read(
      [&](const airspace::Airspace& airspace, TimeNs) {
        for (const auto& [name, party] : airspace.parties()) {
          for (const model::Party::Key& bytes : party.keys) {
            const auto key = crypto::PublicKey::FromBytes(bytes);
            if (key) keys.Add(*key, name, party.is_operator);
          }
        }
      },
      [] {});
  const bool any = !keys.empty();
  verifier->ReplaceParties(std::move(keys));
  return any;
}

void Service::Parts::Answer(http::Request request, http::Server::Respond respond) {
  if (!ready) {  // the first instants: it listens, and the rest is being put together
    http::Response response = api::Failed({Code::kUnavailable, "the service is starting; try again"});
    response.headers.emplace_back("Retry-After", "1");
    return respond(std::move(response));
  }
  const auto start = std::chrono::steady_clock::now();
  std::string method = request.method;
  const std::string_view route = api::Api::RouteOf(request);
  api->Handle(std::move(request), [this, start, method = std::move(method), route,
                                   respond = std::move(respond)](http::Response response) {
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    metrics.CountRequest(method, route, response.status, seconds);
    if (diagnostics::DebugIsOn())
      diagnostics::Debug("request",
                         {{"method", method}, {"route", route}, {"status", response.status}, {"seconds", seconds}});
    respond(std::move(response));
  });
}

Result<std::unique_ptr<Service>> Service::Start(const ServiceOptions& options) {
  auto parts = std::make_unique<Parts>();
  WB_TRY(std::optional<outbound::TokenClientOptions> oauth, ReadTokenClient(options));

  api::KeySet keys;
  for (const std::string& path : options.public_keys) {
    WB_TRY(const std::string pem, ReadFile(path));
    WB_TRY_OK(keys.AddPem(pem, path));
  }
  if (!options.public_key_pem.empty()) WB_TRY_OK(keys.AddPem(options.public_key_pem, "the public key"));
  const bool no_oauth_keys = keys.empty() && options.jwks.empty();
  // A store may know parties from before.
  if (no_oauth_keys && options.parties.empty() && options.operators.empty() &&
      !std::filesystem::exists(std::filesystem::path(options.data) / store::SqliteStore::kFileName))
    return NoKeys();
  if (options.audiences.empty())
    return Error{Code::kInvalid,
                 "no audience that tokens must be for: give --audience HOST, the host of the URL that clients call"};
  api::TokenRules rules;
  rules.audiences = {options.audiences.begin(), options.audiences.end()};
  rules.issuers = {options.issuers.begin(), options.issuers.end()};
  rules.algorithms = {options.algorithms.begin(), options.algorithms.end()};
  parts->verifier = std::make_unique<api::TokenVerifier>(std::move(keys), rules);
  if (!options.jwks.empty()) {
    WB_TRY(parts->jwks, JwksRefresher::Start(options.jwks, *parts->verifier));
  }

  if (options.ledger) WB_TRY_OK(CheckPublished(options.data));
  WB_TRY(parts->store, store::SqliteStore::Open(options.data));
  node::NodeOptions node_options;
  node_options.strict_availability = options.strict_availability;
  node_options.queue_max = options.queue_max;
  node_options.on_fatal = [](const Error& error) {
    // What is in memory is no longer what is durable: nothing more may be answered from it.
    diagnostics::Fatal("the store failed; stopping", {{"reason", error.message}});
    _exit(1);
  };
  node_options.on_batch = [metrics = &parts->metrics](size_t commands, double commit_s) {
    metrics->CountBatch(commands, commit_s);
  };
  node_options.ledger = options.ledger;
  node_options.on_committed = [raw = parts.get()](const node::Committed& committed) { raw->OnCommitted(committed); };
  if (options.ledger) {
    WB_TRY(node_options.sealing, ReadSealing(options, parts->rng));
  }
  const std::optional<ledger::Signer> signer = node_options.sealing.signer;
  Result<std::unique_ptr<node::Node>> node =
      node::Node::Start(*parts->store, parts->clock, parts->rng, std::move(node_options));
  if (!node) {
    const std::string& path = parts->store->path();
    const std::string& why = node.error().message;
    return Error{node.error().code, why.starts_with(path) ? why : path + ": " + why};
  }
  parts->node = *std::move(node);
  parts->board.Attach(*parts->node);
  WB_TRY_OK(RegisterParties(*parts->node, options));
  const bool has_party_keys = parts->ReadPartyKeys();
  if (no_oauth_keys && !has_party_keys) return NoKeys();
  if (options.ledger) {
    const auto publishing =
        options.witnesses.empty() ? api::LedgerHead::Publishing::kAtOnce : api::LedgerHead::Publishing::kRounds;
    WB_TRY(parts->ledger_head,
           api::LedgerHead::Start(*parts->node->ledger(), *signer, publishing, KeeperOf(options.data)));
    // Once seal and head are of this key.
    WB_TRY_OK(WriteIfNew(options.data + "/" + kLedgerPublicFile, signer->verifier.ToText() + "\n"));
  }

  const auto error_body = [](int status, const std::string& reason) { return api::RenderError(status, reason); };
  http::ServerOptions server;
  server.listen = options.listen;
  server.tls_certificate_file = options.tls_certificate;
  server.tls_key_file = options.tls_key;
  server.threads = options.threads;
  WB_TRY(parts->server, http::Server::Start(
                            server,
                            [raw = parts.get()](http::Request request, http::Server::Respond respond) {
                              raw->Answer(std::move(request), std::move(respond));
                            },
                            error_body));
  const auto url_of = [](const std::string& listen, uint16_t port, bool tls) {
    std::string host = listen.substr(0, listen.rfind(':'));
    if (host.empty() || host == "0.0.0.0") host = "127.0.0.1";
    return (tls ? "https://" : "http://") + host + ":" + std::to_string(port);
  };
  parts->url = url_of(options.listen, parts->server->port(), !options.tls_certificate.empty());

  DeliveryOptions delivery;
  delivery.allow_private_addresses = options.allow_private_webhooks;
  delivery.allow_http = options.allow_http_webhooks || options.allow_http_uss;
  delivery.ca_file = options.outbound_ca;
  delivery.uss_id = options.uss_id;
  if (!options.uss_token_key.empty()) {
    WB_TRY(delivery.token_key_pem, ReadFile(options.uss_token_key));
  }
  delivery.oauth = std::move(oauth);
  WB_TRY(const crypto::PrivateKey webhook_key, ReadOrMakeKey(options.data + "/webhook.key", parts->rng));
  const std::string webhook_public_key = outbound::WebhookKeyText(webhook_key.public_key());
  WB_TRY(parts->deliveries,
         Deliveries::Start(*parts->node, parts->board, parts->clock, parts->rng, webhook_key, delivery));
  parts->delivering = true;
  parts->deliveries->OnCommitted(
      {.webhooks_changed = true, .messages_to_send = true});  // what came while it was put together
  if (!options.witnesses.empty()) {
    if (!parts->ledger_head)
      return Error{Code::kInvalid, "--witness: there is no ledger to be witnessed (--ledger off)"};
    WB_TRY(parts->witnesses, WitnessCollector::Start(*parts->ledger_head, options.witnesses, delivery));
  }

  parts->api = std::make_unique<api::Api>(
      *parts->node, *parts->verifier, parts->board, parts->ledger_head.get(), parts->clock, parts->rng,
      api::ApiOptions{.allow_http_uss = options.allow_http_uss,
                      .party_rate_max = options.party_rate_max,
                      .version = BuildVersion(),
                      .dar_id = options.dar_id.empty() ? options.audiences[0] : options.dar_id,
                      .instance_id = options.instance_id.empty() ? options.audiences[0] : options.instance_id,
                      .public_endpoint = options.public_endpoint,
                      .uss_id = options.uss_id,
                      .uss_base_url = options.uss_base_url.empty() ? parts->url : options.uss_base_url,
                      .allow_http_webhooks = options.allow_http_webhooks,
                      .allow_private_webhooks = options.allow_private_webhooks,
                      .webhook_public_key = webhook_public_key,
                      .webhook_state = [raw = parts->deliveries.get()](std::string_view party) {
                        return raw->StateOfWebhook(std::string(party));
                      }});
  parts->ready = true;

  if (!options.metrics_listen.empty()) {
    http::ServerOptions metrics;
    metrics.listen = options.metrics_listen;
    WB_TRY(
        parts->metrics_server,
        http::Server::Start(
            metrics,
            [raw = parts.get()](const http::Request& request, const http::Server::Respond& respond) {
              if (request.path != "/metrics") return respond({404, "text/plain", "the metrics are at /metrics\n", {}});
              respond({200,
                       "text/plain; version=0.0.4",
                       raw->metrics.Text(*raw->node, raw->deliveries->WaitingForWebhooks(), raw->server->connections()),
                       {}});
            },
            error_body));
    parts->metrics_url = url_of(options.metrics_listen, parts->metrics_server->port(), false) + "/metrics";
  }
  return std::unique_ptr<Service>(new Service(std::move(parts)));
}

Service::Service(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Service::~Service() { Stop(); }

void Service::Stop() {
  if (parts_->metrics_server) parts_->metrics_server->Stop(std::chrono::milliseconds(0));
  if (parts_->witnesses) parts_->witnesses->Stop();
  if (parts_->server) parts_->server->Stop(std::chrono::seconds(10));
  if (parts_->jwks) parts_->jwks->Stop();
  if (parts_->ledger_head) parts_->ledger_head->Stop();
  if (parts_->deliveries) parts_->deliveries->Stop();
  parts_->board.Stop();
  if (parts_->node) parts_->node->Stop();
}

const std::string& Service::url() const { return parts_->url; }
const std::string& Service::metrics_url() const { return parts_->metrics_url; }

}  // namespace wideberth::cmd
