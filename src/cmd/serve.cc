#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <map>
#include <memory>
#include <string>

#include "cmd/diagnostics.h"
#include "cmd/exit_status.h"
#include "cmd/service.h"
#include "cmd/subcommands.h"

namespace wideberth::cmd {
namespace {

struct ServeOptions {
  ServiceOptions service;
  std::string log_format = "text";
  std::string log_level = "info";
  std::string config;
};

// Settings from a file, for options that the command line does not give.
Result<void> ReadConfig(CLI::App& serve, const std::string& path) {
  if (path.empty()) return {};
  std::ifstream file(path);
  if (!file) return Error{Code::kIo, path + ": cannot read it"};
  try {
    for (const CLI::ConfigItem& item : CLI::ConfigTOML().from_config(file)) {
      if (item.name == "++" || item.name == "--") continue;  // begins and ends a section
      CLI::Option* option = nullptr;
      if (item.parents.empty() && item.name != "config") option = serve.get_option_no_throw("--" + item.name);
      if (option == nullptr) return Error{Code::kInvalid, path + ": there is no setting \"" + item.fullname() + "\""};
      if (option->count() > 0) continue;
      if (option->get_expected_min() == 0) {  // a flag
        option->add_result(option->get_flag_value(item.name, item.inputs.empty() ? "true" : item.inputs[0]));
      } else {
        option->add_result(item.inputs);
      }
      option->run_callback();
    }
  } catch (const CLI::Error& error) {
    return Error{Code::kInvalid, path + ": " + error.what()};
  }
  return {};
}

int RunServe(CLI::App& serve, ServeOptions& options) {
  if (const Result<void> read = ReadConfig(serve, options.config); !read) return Fail(read.error(), kExitBadInput);
  if (options.service.data.empty())
    return Fail({Code::kInvalid, "no folder for the store: give --data DIR"}, kExitBadInput);
  diagnostics::Configure(options.log_format == "json", options.log_level);
  // Every thread inherits this: the signals wait for sigwait below.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file size limit is to be an error of the store, with its message

  // As many connections as the system lets this process have.
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }

  Result<std::unique_ptr<Service>> service = Service::Start(options.service);
  if (!service) return Fail(service.error(), service.error().code == Code::kIo ? kExitCannotWrite : kExitBadInput);
  nlohmann::ordered_json where{{"url", (*service)->url()}, {"data", options.service.data}};
  if (!(*service)->metrics_url().empty()) where["metrics"] = (*service)->metrics_url();
  diagnostics::Info("listening", where);
  int signal = 0;
  sigwait(&signals, &signal);
  diagnostics::Info("stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
  (*service)->Stop();
  return kExitDone;
}

}  // namespace

void AddServe(CLI::App& app, int& status) {
  CLI::App* serve = app.add_subcommand(
      "serve",
      "Serve as a DSS: the interfaces of ASTM F3548-21 and F3411 for providers (USSs), and one for parties "
      "without a provider");
  const auto options = std::make_shared<ServeOptions>();
  ServiceOptions& service = options->service;
  serve->add_option("--config", options->config,
                    "Read settings from a TOML file, by the names of these options; the command line goes first");
  serve->add_option("--listen", service.listen, "HOST:PORT to answer on; [HOST]:PORT for IPv6")->capture_default_str();
  serve->add_option("--data", service.data, "The folder of the store; made if it is not there");
  serve->add_option("--threads", service.threads, "Threads that read and answer requests")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  const std::string tokens = "Tokens";
  serve
      ->add_option("--public-key", service.public_keys,
                   "PEM file with a public RSA key that tokens may be signed with; may repeat")
      ->group(tokens);
  serve
      ->add_option("--jwks", service.jwks,
                   "JSON Web Key Set, URL or file; read again every 5 minutes and when a token names an unknown key")
      ->group(tokens);
  serve
      ->add_option("--audience", service.audiences,
                   "What tokens must be for (aud): the host of the URL that clients call; may repeat")
      ->group(tokens);
  serve->add_option("--issuer", service.issuers, "Accept tokens of this issuer (iss) only; may repeat")->group(tokens);
  serve->add_option("--algorithm", service.algorithms, "Accept signatures of this algorithm; may repeat")
      ->check(CLI::IsMember({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}))
      ->group(tokens)
      ->capture_default_str();
  const std::string tls = "TLS";
  CLI::Option* certificate =
      serve->add_option("--tls-cert", service.tls_certificate, "PEM file with the certificate and its chain")
          ->group(tls);
  CLI::Option* key = serve->add_option("--tls-key", service.tls_key, "PEM file with its private key")->group(tls);
  certificate->needs(key);
  key->needs(certificate);
  const std::string rules = "Rules";
  serve
      ->add_flag("--allow-http-uss", service.allow_http_uss,
                 "Accept a uss_base_url, and a --uss-token-url, without TLS: for pools of tests")
      ->group(rules);
  serve
      ->add_option("--strict-availability", service.strict_availability,
                   "on: a USS marked Down may not accept, activate or delete intents (412)")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, bool>{{"on", true}, {"off", false}}).description("{on,off}"))
      ->default_str("on")
      ->group(rules);
  serve
      ->add_option("--party-rate-max", service.party_rate_max,
                   "Requests a second that each party may make on average, and at once (429 beyond it); 0: any")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str()
      ->group(rules);
  const std::string pool = "Pool, as /aux/v1 tells of it";
  serve->add_option("--dar-id", service.dar_id, "Name of the airspace representation; the first --audience without it")
      ->group(pool);
  serve->add_option("--instance-id", service.instance_id, "Name of this instance; the first --audience without it")
      ->group(pool);
  serve->add_option("--public-endpoint", service.public_endpoint, "URL at which this instance is reached")->group(pool);
  serve
      ->add_option(
          "--queue-max", service.queue_max,
          "Writes of one party that may wait, shared by the parties that have some waiting (429 beyond it): more "
          "bears larger bursts, less keeps one party's flood from the others")
      ->check(CLI::Range(size_t{8}, size_t{100'000}))
      ->capture_default_str()
      ->group(rules);
  const std::string parties = "Parties that declare here";
  serve
      ->add_option("--party", service.parties,
                   "NAME=FILE: a party and its public key (of `wideberth keygen`); may repeat, also for further keys")
      ->group(parties);
  serve
      ->add_option("--operator", service.operators,
                   "NAME=FILE: likewise, of one who may register parties and groups; may repeat")
      ->group(parties);
  serve
      ->add_option("--uss-id", service.uss_id,
                   "The manager of the references that stand for what parties declare, among those of F3548")
      ->capture_default_str()
      ->group(parties);
  serve
      ->add_option("--uss-base-url", service.uss_base_url,
                   "URL at which other USSs reach this service; without it, where it listens")
      ->group(parties);
  serve
      ->add_option("--uss-token-key", service.uss_token_key,
                   "PEM file with a private RSA key: signs the tokens for other USSs that trust it (a pool without an "
                   "OAuth server); without it and --uss-token-url they are sent none")
      ->group(parties);
  const std::string oauth = "OAuth server that gives the tokens for other USSs (client credentials, RFC 6749)";
  serve->add_option("--uss-token-url", service.uss_token_url, "URL of its token endpoint")->group(oauth);
  serve->add_option("--uss-client-id", service.uss_client_id, "What it knows this service as")->group(oauth);
  serve
      ->add_option("--uss-client-secret-file", service.uss_client_secret_file,
                   "File with the secret that it gave, alone on one line")
      ->group(oauth);
  serve
      ->add_option("--uss-client-authentication", service.uss_client_authentication,
                   "How id and secret are shown: basic (in the header Authorization; without this option) or post (in "
                   "the body)")
      ->check(CLI::IsMember({"basic", "post"}))
      ->group(oauth);
  serve
      ->add_option("--uss-token-audience-parameter", service.uss_token_audience_parameter,
                   "Parameter of the request that names whom the token is for, the host of the USS: audience (without "
                   "this option), intended_audience, or another; with resource (RFC 8707) it is https://HOST")
      ->group(oauth);
  serve
      ->add_flag(
          "--allow-private-webhooks", service.allow_private_webhooks,
          "Send webhooks, notifications to other USSs, and requests for their tokens to addresses of private networks "
          "and this machine")
      ->group(parties);
  serve->add_flag("--allow-http-webhooks", service.allow_http_webhooks, "Accept webhooks without TLS: for tests")
      ->group(parties);
  serve
      ->add_option("--outbound-ca", service.outbound_ca,
                   "PEM file with certificates that receivers may have, besides the system's")
      ->group(parties);
  const std::string ledger = "Ledger";
  serve
      ->add_option("--ledger", service.ledger,
                   "on: what happens is kept in a tamper-evident ledger. off: what happens meanwhile is in none")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, bool>{{"on", true}, {"off", false}}).description("{on,off}"))
      ->default_str("on")
      ->group(ledger);
  serve
      ->add_option("--ledger-origin", service.ledger_origin,
                   "The ledger's name in its checkpoints, which should never change; without it the first --audience "
                   "with \"/ledger\"")
      ->group(ledger);
  serve
      ->add_option("--witness", service.witnesses,
                   "KEY=URL: a witness that signs checkpoints too, with the key that `wideberth witness` prints; may "
                   "repeat")
      ->group(ledger);
  const std::string operations = "Operations";
  serve
      ->add_option("--metrics-listen", service.metrics_listen,
                   "HOST:PORT for Prometheus, path /metrics; none without it")
      ->group(operations);
  serve->add_option("--log-format", options->log_format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str()
      ->group(operations);
  serve->add_option("--log-level", options->log_level, "debug (a line a request), info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str()
      ->group(operations);
  serve->footer(
      "Exit status: 0 after SIGTERM or SIGINT, 1 when the store or the address cannot be used, 2 for bad settings.\n\n"
      "Examples:\n"
      "  wideberth token --key test --subject uss1 --audience localhost --scope utm.strategic_coordination\n"
      "  wideberth serve --data ./data --public-key test.pub.pem --audience localhost\n"
      "  wideberth keygen rescue.key && wideberth serve --data ./data --audience localhost --operator "
      "rescue=rescue.key.pub\n"
      "  wideberth serve --listen 0.0.0.0:443 --data /var/lib/wideberth --tls-cert chain.pem --tls-key key.pem \\\n"
      "      --jwks https://auth.example/.well-known/jwks.json --issuer auth.example --audience dss.example\n"
      "  wideberth serve --config wideberth.toml --uss-base-url https://sky.example --uss-id sky \\\n"
      "      --uss-token-url https://auth.example/token --uss-client-id sky --uss-client-secret-file "
      "/run/secrets/sky");
  serve->callback([serve, options, &status] { status = RunServe(*serve, *options); });
}

}  // namespace wideberth::cmd
