#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "api/token_maker.h"
#include "cmd/exit_status.h"
#include "cmd/subcommands.h"
#include "load/driver.h"
#include "load/workload.h"
#include "os/system.h"

namespace wideberth::cmd {
namespace {

struct HttpOptions {
  std::string base;
  std::vector<std::string> tokens;
  std::vector<std::string> token_files;
  std::string token_key;
  std::vector<std::string> subjects{"uss1"};
  std::vector<std::string> audiences;
  std::string workload = "spread";
  size_t clients = 16;
  double duration_s = 10;
  double warmup_s = 1;
  uint64_t requests = 0;
  double rate = 0;
  double overlap = 5;
  bool subscribe = false;
  bool insecure = false;
  uint64_t seed = 1;
};

constexpr const char* kAllScopes = "utm.strategic_coordination rid.service_provider rid.display_provider";

Result<std::string> ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return Error{Code::kIo, path + ": cannot read it"};
  return text.str();
}

Result<std::vector<std::string>> Tokens(const HttpOptions& options, const load::Target& target) {
  std::vector<std::string> tokens = options.tokens;
  for (const std::string& path : options.token_files) {
    WB_TRY(std::string text, ReadWhole(path));
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.pop_back();
    tokens.push_back(text);
  }
  if (!options.token_key.empty()) {
    WB_TRY(const std::string pem, ReadWhole(options.token_key));
    const int64_t now_s = os::SystemClock().Now().value / kNsPerSecond;
    for (const std::string& subject : options.subjects) {
      const std::vector<std::string> audiences =
          options.audiences.empty() ? std::vector<std::string>{target.host} : options.audiences;
      WB_TRY(std::string token, api::MakeToken(pem, {.issuer = "wideberth-bench",
                                                     .subject = subject,
                                                     .audiences = audiences,
                                                     .scope = kAllScopes,
                                                     .issued_s = now_s,
                                                     .expires_s = now_s + 3600}));
      tokens.push_back(std::move(token));
    }
  }
  if (tokens.empty()) return Error{Code::kInvalid, "no token: give --token, --token-file or --token-key"};
  return tokens;
}

int RunHttp(const HttpOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);
  const Result<load::Target> target = load::Target::Parse(options.base);
  if (!target) return Fail({target.error().code, "--base: " + target.error().message}, kExitBadInput);
  const Result<std::vector<std::string>> tokens = Tokens(options, *target);
  if (!tokens) return Fail(tokens.error(), kExitBadInput);
  load::WorkloadOptions work;
  if (options.workload == "city") work.kind = load::WorkloadKind::kCity;
  if (options.workload == "overlapping") work.kind = load::WorkloadKind::kOverlapping;
  work.host = target->host_header;
  work.path_prefix = target->path_prefix;
  work.tokens = *tokens;
  work.seed = options.seed;
  work.now = os::SystemClock().Now();
  work.subscribe = options.subscribe;
  work.overlap = options.overlap;
  work.chains = 2 * options.clients;
  load::Workload workload(work);
  load::DriverOptions drive;
  drive.target = *target;
  drive.insecure = options.insecure;
  drive.clients = options.clients;
  const auto duration = [](double seconds) {
    return std::chrono::duration_cast<load::Duration>(std::chrono::duration<double>(seconds));
  };
  drive.warmup = duration(options.warmup_s);
  if (options.requests > 0) {
    drive.requests = options.requests;
  } else {
    drive.duration = duration(options.duration_s);
  }
  if (options.rate > 0) drive.rate = options.rate;
  const bool terminal = isatty(STDERR_FILENO) == 1;
  const auto ms = [](load::Duration latency) { return static_cast<double>(latency.count()) * 1e-6; };
  const Result<load::Figures> figures = load::Driver::Run(drive, workload, [&](const load::Second& second) {
    if (!terminal) return;
    fmt::print(stderr, "{:5.0f} s  {:8.0f} requests/s  p50 {:.2f} ms  p99 {:.2f} ms\n", second.at_s,
               static_cast<double>(second.requests) / second.length_s, ms(second.p50), ms(second.p99));
  });
  if (!figures) return Fail(figures.error(), kExitCannotWrite);
  fmt::print("{:<24} {:>9} {:>10} {:>9} {:>9} {:>9} {:>9} {:>9}  {}\n", "request", "count", "per s", "p50 ms", "p90 ms",
             "p99 ms", "p99.9 ms", "max ms", "statuses");
  const auto line = [&](std::string_view name, const load::LatencyHistogram& latency, const std::string& rest) {
    if (latency.count() == 0) return;
    fmt::print("{:<24} {:>9} {:>10.0f} {:>9.3f} {:>9.3f} {:>9.3f} {:>9.3f} {:>9.3f}  {}\n", name, latency.count(),
               static_cast<double>(latency.count()) / figures->seconds, ms(latency.Percentile(0.5)),
               ms(latency.Percentile(0.9)), ms(latency.Percentile(0.99)), ms(latency.Percentile(0.999)),
               ms(latency.longest()), rest);
  };
  load::LatencyHistogram all;
  for (size_t i = 0; i < load::kRequestKinds; ++i) {
    const load::KindFigures& kind = figures->kinds[i];
    std::string statuses;
    for (const auto& [status, count] : kind.statuses) statuses += fmt::format("{}: {} ", status, count);
    line(load::NameOf(static_cast<load::RequestKind>(i)), kind.latency, statuses);
    all.Add(kind.latency);
  }
  line("all requests", all, "");
  line("intents accepted", figures->accepted, "from the first request to the last");
  for (const auto& [what, failure] : figures->failures)
    fmt::print("failed: {} x {}: {}\n", failure.count, what, failure.example);
  if (!figures->stopped.empty()) fmt::print("stopped early: {}\n", figures->stopped);
  fmt::print("the driver used {:.2f} us of CPU a request ({:.2f} s user, {:.2f} s system)\n",
             1e6 * (figures->user_cpu_s + figures->system_cpu_s) / static_cast<double>(figures->requests()),
             figures->user_cpu_s, figures->system_cpu_s);
  return figures->failed() == 0 && figures->stopped.empty() ? kExitDone : kExitCannotWrite;
}

}  // namespace

void AddBench(CLI::App& app, int& status) {
  CLI::App* bench = app.add_subcommand("bench", "Measure how much a DSS bears");
  bench->require_subcommand(1);
  CLI::App* http = bench->add_subcommand("http", "Put load on a DSS of ASTM F3548-21, ours or another");
  const auto options = std::make_shared<HttpOptions>();
  http->add_option("--base", options->base, "URL of the DSS: http(s)://HOST[:PORT][/PATH]")->required();
  http->add_option("--token", options->tokens, "A token; may repeat");
  http->add_option("--token-file", options->token_files, "A file with a token; may repeat");
  http->add_option("--token-key", options->token_key, "PEM file of a private RSA key to sign tokens with");
  http->add_option("--subject", options->subjects, "With --token-key: whom a token is of; may repeat");
  http->add_option("--audience", options->audiences, "With --token-key: whom tokens are for");
  http->add_option("--workload", options->workload, "What to ask")
      ->check(CLI::IsMember({"spread", "city", "overlapping"}));
  http->add_option("--clients", options->clients, "Connections")->check(CLI::Range(1, 10'000));
  http->add_option("--duration-s", options->duration_s, "Seconds to measure");
  http->add_option("--warmup-s", options->warmup_s, "Seconds before that");
  http->add_option("--requests", options->requests, "Operations instead of a duration");
  http->add_option("--rate", options->rate, "Operations a second at fixed instants");
  http->add_option("--overlap", options->overlap, "How many earlier intents a new one meets");
  http->add_flag("--subscribe", options->subscribe, "Intents come with a subscription");
  http->add_flag("--insecure", options->insecure, "Take any TLS certificate");
  http->add_option("--seed", options->seed, "Of what is random");
  http->callback([options, &status] { status = RunHttp(*options); });
}

}  // namespace wideberth::cmd
