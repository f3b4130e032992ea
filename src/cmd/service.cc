#include "cmd/service.h"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

#include "api/api.h"
#include "api/f3548_json.h"
#include "cmd/build_version.h"
#include "cmd/diagnostics.h"
#include "cmd/jwks_refresher.h"
#include "cmd/metrics.h"
#include "http/server.h"
#include "node/node.h"
#include "os/system.h"
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

}  // namespace

struct Service::Parts {
  os::SystemClock clock;
  os::SystemRng rng;
  Metrics metrics;
  std::unique_ptr<store::SqliteStore> store;
  std::unique_ptr<node::Node> node;
  std::unique_ptr<api::TokenVerifier> verifier;
  std::unique_ptr<JwksRefresher> jwks;
  std::unique_ptr<api::Api> api;
  std::unique_ptr<http::Server> server;
  std::unique_ptr<http::Server> metrics_server;
  std::string url;
  std::string metrics_url;

  void Answer(http::Request request, http::Server::Respond respond);
};

void Service::Parts::Answer(http::Request request, http::Server::Respond respond) {
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

  api::KeySet keys;
  for (const std::string& path : options.public_keys) {
    WB_TRY(const std::string pem, ReadFile(path));
    WB_TRY_OK(keys.AddPem(pem, path));
  }
  if (!options.public_key_pem.empty()) WB_TRY_OK(keys.AddPem(options.public_key_pem, "the public key"));
  if (keys.empty() && options.jwks.empty()) {
    return Error{
        Code::kInvalid,
        "no key to verify tokens with: give --public-key FILE.pem of your OAuth server, or --jwks URL-or-FILE; for a "
        "test, `wideberth token --key test` makes a pair (test.pem, test.pub.pem) and tokens"};
  }
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
  WB_TRY(parts->node, node::Node::Start(*parts->store, parts->clock, parts->rng, std::move(node_options)));
  parts->api = std::make_unique<api::Api>(
      *parts->node, *parts->verifier, parts->clock, parts->rng,
      api::ApiOptions{.allow_http_uss = options.allow_http_uss,
                      .party_rate_max = options.party_rate_max,
                      .version = BuildVersion(),
                      .dar_id = options.dar_id.empty() ? options.audiences[0] : options.dar_id,
                      .instance_id = options.instance_id.empty() ? options.audiences[0] : options.instance_id,
                      .public_endpoint = options.public_endpoint});

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

  if (!options.metrics_listen.empty()) {
    http::ServerOptions metrics;
    metrics.listen = options.metrics_listen;
    WB_TRY(parts->metrics_server,
           http::Server::Start(
               metrics,
               [raw = parts.get()](const http::Request& request, const http::Server::Respond& respond) {
                 if (request.path != "/metrics")
                   return respond({404, "text/plain", "the metrics are at /metrics\n", {}});
                 respond(
                     {200, "text/plain; version=0.0.4", raw->metrics.Text(*raw->node, raw->server->connections()), {}});
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
  if (parts_->server) parts_->server->Stop(std::chrono::seconds(10));
  if (parts_->jwks) parts_->jwks->Stop();
  if (parts_->node) parts_->node->Stop();
}

const std::string& Service::url() const { return parts_->url; }
const std::string& Service::metrics_url() const { return parts_->metrics_url; }

}  // namespace wideberth::cmd
