#include <fmt/format.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "api/token_maker.h"
#include "base/rfc3339.h"
#include "cmd/bench_events.h"
#include "cmd/between.h"
#include "cmd/exit_status.h"
#include "cmd/output.h"
#include "cmd/party_key.h"
#include "cmd/subcommands.h"
#include "load/driver.h"
#include "load/report.h"
#include "load/workload.h"
#include "os/system.h"

namespace wideberth::cmd {
namespace {

const std::map<std::string, load::WorkloadKind> kWorkloads{{"spread", load::WorkloadKind::kSpread},
                                                           {"city", load::WorkloadKind::kCity},
                                                           {"overlapping", load::WorkloadKind::kOverlapping},
                                                           {"query", load::WorkloadKind::kQuery},
                                                           {"subscribe", load::WorkloadKind::kSubscribe},
                                                           {"rid", load::WorkloadKind::kRid},
                                                           {"mixed", load::WorkloadKind::kMixed},
                                                           {"declare", load::WorkloadKind::kDeclare}};

constexpr double kTokenLifeS = 3600;   // the longest that a DSS accepts
constexpr double kTokenMarginS = 120;  // of it, for filling and for the end

struct HttpOptions {
  std::string base;
  std::vector<std::string> tokens;
  std::vector<std::string> token_files;
  std::string token_key;
  std::vector<std::string> parties;
  std::vector<std::string> subjects;
  std::vector<std::string> audiences;
  std::string issuer = "wideberth-bench";
  std::string workload = "spread";
  size_t clients = 16;
  std::optional<double> duration_s;
  std::optional<double> warmup_s;
  std::optional<uint64_t> requests;
  std::optional<double> rate;
  uint64_t fill = 0;
  double overlap = 5;
  double override_share = 0;
  std::vector<double> center;
  std::string uss_base_url = "https://uss.example";
  bool subscribe = false;
  bool insecure = false;
  std::optional<uint64_t> seed;
  std::string json;
  std::string svg;
  std::string commit;
};

constexpr double kDurationS = 10;
constexpr double kCenterLatitudeMax = 80;  // the country reaches 400 km further
constexpr double kWarmupS = 2;

Result<std::string> ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || !file.good()) return Error{Code::kIo, path + ": cannot read it"};
  return text.str();
}

Result<std::vector<std::string>> Tokens(const HttpOptions& options, const load::Target& target) {
  std::vector<std::string> tokens = options.tokens;
  for (const std::string& path : options.token_files) {
    WB_TRY(std::string text, ReadWhole(path));
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.pop_back();
    tokens.push_back(text);
  }
  for (const std::string& token : tokens) {
    for (const char c : token) {
      if (c <= ' ' || c >= 127) return Error{Code::kInvalid, "a token has characters that no token has"};
    }
    if (token.empty()) return Error{Code::kInvalid, "a token is empty"};
  }
  const std::vector<std::string> audiences =
      options.audiences.empty() ? std::vector<std::string>{target.host} : options.audiences;
  for (const std::string& text : options.parties) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return Error{Code::kInvalid, "--party: \"" + text + "\" is not NAME=FILE"};
    WB_TRY(const crypto::PrivateKey key, ReadPartyKey(text.substr(equals + 1)));
    tokens.push_back(
        MakePartyToken(key, {.party = text.substr(0, equals), .audiences = audiences}, os::SystemClock().Now()));
  }
  if (!options.token_key.empty()) {
    WB_TRY(const std::string pem, ReadWhole(options.token_key));
    const int64_t now_s = os::SystemClock().Now().value / kNsPerSecond;
    const char* scope = options.workload == "rid"       ? "rid.service_provider rid.display_provider"
                        : options.workload == "declare" ? "wideberth.party"
                                                        : "utm.strategic_coordination";
    for (const std::string& subject : options.subjects.empty() ? std::vector<std::string>{"uss1"} : options.subjects) {
      const Result<std::string> token = api::MakeToken(pem, {.issuer = options.issuer,
                                                             .subject = subject,
                                                             .audiences = audiences,
                                                             .scope = scope,
                                                             .issued_s = now_s,
                                                             .expires_s = now_s + static_cast<int64_t>(kTokenLifeS)});
      if (!token) return Error{token.error().code, options.token_key + ": " + token.error().message};
      tokens.push_back(*token);
    }
  } else if (!options.subjects.empty()) {
    return Error{Code::kInvalid, "--subject says whom tokens are made for: it needs --token-key"};
  } else if (!options.audiences.empty() && options.parties.empty()) {
    return Error{Code::kInvalid, "--audience says what tokens are made for: it needs --token-key or --party"};
  }
  if (tokens.empty()) return Error{Code::kInvalid, "no token: give --token, --token-file, --token-key or --party"};
  if (options.override_share > 0 && tokens.size() < 2)
    return Error{Code::kInvalid, "--override-share: it takes two parties or more"};
  return tokens;
}

bool GnuplotIsThere() {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (access((folder + "/gnuplot").c_str(), X_OK) == 0) return true;
  }
  return false;
}

// What gnuplot writes for the script.
Result<std::string> Plot(const std::string& script) {
  std::string path = "/tmp/wideberth-gnuplot-XXXXXX";
  const int fd = mkstemp(path.data());
  if (fd < 0) return Error{Code::kIo, path + ": cannot make it"};
  const bool whole = write(fd, script.data(), script.size()) == static_cast<ssize_t>(script.size());
  close(fd);
  std::string svg;
  int ended = -1;
  if (std::FILE* pipe = whole ? popen(("gnuplot " + path).c_str(), "r") : nullptr; pipe != nullptr) {
    std::array<char, 4096> bytes{};
    for (size_t got = 0; (got = fread(bytes.data(), 1, bytes.size(), pipe)) > 0;) svg.append(bytes.data(), got);
    ended = pclose(pipe);
  }
  unlink(path.c_str());
  if (ended != 0 || svg.find("</svg>") == std::string::npos) return Error{Code::kIo, "gnuplot failed"};
  return svg;
}

std::string CpuModel() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(std::min(line.size(), line.find(':') + 2));
  }
  return "unknown";
}

load::RunDescription Describe(const HttpOptions& options, const load::DriverOptions& drive,
                              const load::WorkloadOptions& work) {
  utsname system{};
  uname(&system);
  const double memory_gb =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE)) / 1e9;
  const auto seconds = [](load::Duration duration) {
    return fmt::format("{}", std::chrono::duration<double>(duration).count());
  };
  load::RunDescription run{
      .workload = options.workload,
      .started = FormatRfc3339(work.now),
      .version = WB_VERSION,
      .commit = options.commit,
      .machine = {{"cpu", CpuModel()},
                  {"cores", std::to_string(std::thread::hardware_concurrency())},
                  {"memory_gb", fmt::format("{:.1f}", memory_gb)},
                  {"system", fmt::format("{} {} {}", system.sysname, system.release, system.machine)}},
      .options = {{"base", options.base},
                  {"parties", std::to_string(work.tokens.size())},
                  {"clients", std::to_string(drive.clients)},
                  {"warmup_s", seconds(drive.warmup)},
                  {"fill", std::to_string(options.fill)},
                  {"subscribe", work.subscribe ? "true" : "false"},
                  {"center", fmt::format("{},{}", work.center_latitude, work.center_longitude)},
                  {"seed", std::to_string(work.seed)}}};
  if (drive.duration) run.options.emplace_back("duration_s", seconds(*drive.duration));
  if (drive.requests) run.options.emplace_back("requests", std::to_string(*drive.requests));
  if (drive.rate) run.options.emplace_back("rate", fmt::format("{}", *drive.rate));
  if (work.kind == load::WorkloadKind::kOverlapping)
    run.options.emplace_back("overlap", fmt::format("{}", work.overlap));
  if (work.kind == load::WorkloadKind::kDeclare)
    run.options.emplace_back("override_share", fmt::format("{}", work.override_share));
  return run;
}

void ShowProgress(const char* what, const load::Second& second) {
  const auto ms = [](load::Duration latency) { return static_cast<double>(latency.count()) * 1e-6; };
  fmt::print(stderr, "{} {:6.1f} s  {:8.0f} requests/s  {:8.0f} accepted/s  p50 {:8.3f} ms  p99 {:8.3f} ms\n",
             second.at_s <= 0 ? "warm-up" : what, second.at_s, static_cast<double>(second.requests) / second.length_s,
             static_cast<double>(second.accepted) / second.length_s, ms(second.p50), ms(second.p99));
}

bool AllWell(const load::Figures& figures) { return figures.failed() == 0 && figures.stopped.empty(); }

ExitStatus ExitStatusOf(const Error& error) {
  return error.code == Code::kTooLarge ? kExitBadInput : kExitCannotWrite;  // too many clients; no connection
}

int RunHttp(const HttpOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto bad = [](const std::string& reason) { return Fail({Code::kInvalid, reason}, kExitBadInput); };
  const Result<load::Target> target = load::Target::Parse(options.base);
  if (!target) return bad("--base: " + target.error().message);
  if (!options.center.empty() &&
      !(std::abs(options.center[0]) <= kCenterLatitudeMax && std::abs(options.center[1]) <= 180))
    return bad(fmt::format("--center: the latitude lies within {0} and -{0} degrees, the longitude within 180 and -180",
                           kCenterLatitudeMax));
  const Result<std::vector<std::string>> tokens = Tokens(options, *target);
  if (!tokens) return Fail(tokens.error(), kExitBadInput);

  load::WorkloadOptions work;
  work.kind = kWorkloads.at(options.workload);
  work.host = target->host_header;
  work.path_prefix = target->path_prefix;
  work.tokens = *tokens;
  work.uss_base_url = options.uss_base_url;
  work.now = os::SystemClock().Now();
  if (options.seed) {
    work.seed = *options.seed;
  } else {
    os::SystemRng().Fill(std::as_writable_bytes(std::span(&work.seed, 1)));
  }
  work.subscribe = options.subscribe || work.kind == load::WorkloadKind::kMixed;
  work.overlap = options.overlap;
  work.override_share = options.override_share;
  work.chains = 2 * options.clients;  // so that two clients seldom write into the same one at once
  if (!options.center.empty()) {
    work.center_latitude = options.center[0];
    work.center_longitude = options.center[1];
  }

  const auto duration = [](double seconds) {
    return std::chrono::duration_cast<load::Duration>(std::chrono::duration<double>(seconds));
  };
  load::DriverOptions drive{.target = *target, .insecure = options.insecure, .clients = options.clients};
  drive.requests = options.requests;
  drive.rate = options.rate;
  drive.warmup = duration(options.warmup_s.value_or(options.requests ? 0 : kWarmupS));
  if (options.duration_s || !options.requests) drive.duration = duration(options.duration_s.value_or(kDurationS));
  if ((!options.token_key.empty() || !options.parties.empty()) && drive.duration &&
      *drive.duration + drive.warmup > duration(kTokenLifeS - kTokenMarginS))
    return bad(
        "--duration-s: tokens of --token-key and --party live one hour, so a run with them is at most 3480 s long");

  // Whatever would spoil the end is found before the beginning.
  std::optional<Output> json;
  std::optional<Output> svg;
  if (!options.svg.empty() && !GnuplotIsThere())
    return bad("--svg: there is no gnuplot here; to install it on Debian: apt-get install gnuplot-nox");
  for (auto [path, output] : {std::pair(&options.json, &json), std::pair(&options.svg, &svg)}) {
    if (path->empty()) continue;
    Result<Output> opened = Output::Open(*path);
    if (!opened) return Fail(opened.error(), kExitBadInput);
    output->emplace(*std::move(opened));
  }

  load::Workload workload(work);
  const bool terminal = isatty(STDERR_FILENO) == 1;
  const auto progress_of = [&](const char* what) -> load::Driver::Progress {
    if (!terminal) return {};
    return [what](const load::Second& second) { ShowProgress(what, second); };
  };
  if (options.fill > 0) {
    load::DriverOptions fill = drive;
    fill.requests = options.fill;
    fill.rate.reset();
    fill.duration.reset();
    fill.warmup = load::Duration(0);
    workload.Fill(true);
    const Result<load::Figures> filled = load::Driver::Run(fill, workload, progress_of("filling"));
    if (!filled) return Fail(filled.error(), ExitStatusOf(filled.error()));
    if (!AllWell(*filled)) {
      fmt::print("Filling failed:\n{}", load::TextReport(*filled, workload.counts(), fill));
      return kExitCannotWrite;
    }
    workload.Fill(false);
    workload.ClearCounts();
  }

  const Result<load::Figures> figures = load::Driver::Run(drive, workload, progress_of("measure"));
  if (!figures) return Fail(figures.error(), ExitStatusOf(figures.error()));
  const load::RunDescription run = Describe(options, drive, work);
  fmt::print("workload {} on {}, {} {}, seed {}\n{}", options.workload, options.base, tokens->size(),
             tokens->size() == 1 ? "party" : "parties", work.seed,
             load::TextReport(*figures, workload.counts(), drive));
  if (json) {
    Result<void> written = json->sink()(load::JsonReport(*figures, workload.counts(), drive, run));
    if (written) written = json->Close();
    if (!written) return Fail(written.error(), kExitCannotWrite);
  }
  if (svg) {
    const Result<std::string> plot = Plot(load::GnuplotScript(*figures, run));
    if (!plot) return Fail(plot.error(), kExitCannotWrite);
    Result<void> written = svg->sink()(*plot);
    if (written) written = svg->Close();
    if (!written) return Fail(written.error(), kExitCannotWrite);
  }
  return AllWell(*figures) ? kExitDone : kExitCannotWrite;
}

}  // namespace

void AddBench(CLI::App& app, int& status) {
  CLI::App* bench = app.add_subcommand("bench", "Measure how much a DSS bears");
  bench->require_subcommand(1);
  CLI::App* http = bench->add_subcommand("http", "Put load on a DSS of ASTM F3548-21, ours or another");
  const auto options = std::make_shared<HttpOptions>();
  constexpr double kSecondsMax = 7 * 86'400;
  http->add_option("--base", options->base, "URL of the DSS: http(s)://HOST[:PORT][/PATH]")->required();

  const std::string parties = "Parties (one token at least; several take turns)";
  http->add_option("--token", options->tokens, "A token; may repeat")->group(parties);
  http->add_option("--token-file", options->token_files, "A file with a token; may repeat")->group(parties);
  http->add_option("--token-key", options->token_key, "PEM file of a private RSA key: tokens are made with it")
      ->group(parties);
  http->add_option("--party", options->parties,
                   "NAME=FILE: a party of the service's own interface, and its private key (of `wideberth keygen`); "
                   "may repeat")
      ->group(parties);
  http->add_option("--subject", options->subjects, "With --token-key: a party (sub); may repeat (uss1)")
      ->group(parties);
  http->add_option("--audience", options->audiences,
                   "With --token-key and --party: whom tokens are for (the host of --base)")
      ->group(parties);
  http->add_option("--issuer", options->issuer, "With --token-key: who made them (iss)")
      ->capture_default_str()
      ->group(parties);

  const std::string what = "What is asked";
  std::vector<std::string> names;
  for (const auto& [name, kind] : kWorkloads) names.push_back(name);
  http->add_option("--workload", options->workload, "Described below")
      ->check(CLI::IsMember(names))
      ->capture_default_str()
      ->group(what);
  http->add_option("--fill", options->fill, "Create so many intents first, outside the measurement")
      ->check(CLI::Range(uint64_t{1}, uint64_t{load::Workload::kEntitiesMax}))
      ->group(what);
  http->add_option("--overlap", options->overlap,
                   "overlapping: how many earlier intents a new one meets, about, on average")
      ->check(Between(1.0, 100.0))
      ->capture_default_str()
      ->group(what);
  http->add_option("--override-share", options->override_share,
                   "declare: of 1, how many lie over an earlier intent of another party, which is told; the others are "
                   "spread")
      ->check(Between(0.0, 0.5))
      ->capture_default_str()
      ->group(what);
  http->add_flag("--subscribe", options->subscribe, "Intents come with a new subscription (mixed: always)")
      ->group(what);
  http->add_option("--center", options->center, "LATITUDE,LONGITUDE of city and country (47,8)")
      ->delimiter(',')
      ->expected(2)
      ->group(what);
  http->add_option("--uss-base-url", options->uss_base_url, "The uss_base_url of what is written")
      ->check(CLI::Validator(
          [](const std::string& url) {
            return url.find_first_of("\"\\ \t\r\n") == std::string::npos ? std::string() : "not a URL";
          },
          "URL"))
      ->capture_default_str()
      ->group(what);
  http->add_option("--seed", options->seed,
                   "Of places, times and shares; printed, and random without it. Ids always differ")
      ->group(what);

  const std::string how = "How";
  http->add_option("--clients", options->clients, "Connections, kept alive")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str()
      ->group(how);
  http->add_option("--duration-s", options->duration_s, "Seconds to measure (10)")
      ->check(Between(0.1, kSecondsMax))
      ->group(how);
  http->add_option("--warmup-s", options->warmup_s, "Seconds before that (2; with --requests 0)")
      ->check(Between(0.0, kSecondsMax))
      ->group(how);
  http->add_option("--requests", options->requests, "End after so many operations; a PUT and its second try are one")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1'000'000'000}))
      ->group(how);
  http->add_option("--rate", options->rate,
                   "Operations a second at fixed instants, whether or not the server keeps up; latencies count from "
                   "those instants. Without it each client asks again when it is answered")
      ->check(Between(0.01, 1'000'000.0))
      ->group(how);
  http->add_flag("--insecure", options->insecure, "https: take any certificate")->group(how);

  const std::string results = "Results";
  http->add_option("--json", options->json, "Write all figures, with histograms, to this file")->group(results);
  http->add_option("--svg", options->svg, "Write a plot of latencies and throughput to this file (needs gnuplot)")
      ->group(results);
  http->add_option("--commit", options->commit, "Noted in the JSON: what was measured")->group(results);
  http->footer(
      R"(Workloads, all with circles and octagons, altitude bands of 30 m and 10 minutes within the coming 12 hours:
  spread       PUT of new intents of 200 to 300 m radius over a country of 1,000 km by 800 km
  city         ... of 50 to 100 m within 10 km: some of them meet
  overlapping  ... within 10 km, each meeting --overlap earlier ones: answered 409, then sent again with the OVNs
  query        queries of 1 km circles, 300 m of altitude and 10 minutes within 10 km; --fill first
  subscribe    PUT of new subscriptions for such circles over the country
  rid          PUT of identification service areas and searches for them, in turn (ASTM F3411-22a)
  declare      POST of new intents of parties, as spread, to the service's own interface (/api/v1/intents)
  mixed        60 % queries, 25 % new intents with subscriptions, 10 % updates, 5 % deletes; 80 % in 20 cities

Wherever a PUT or POST is answered 409 for missing OVNs, it is sent again with them. What is written stays in the DSS.
Exit status: 0; 1 when anything failed (no connection, 5xx, an unexpected status: they are counted); 2 for bad options.

Examples:
  wideberth bench http --base http://127.0.0.1:8082 --token-key test.pem --audience localhost
  wideberth bench http --base http://127.0.0.1:8082 --token-key test.pem --workload overlapping --clients 64 --duration-s 60
  wideberth bench http --base https://dss.example --token-file token --workload mixed --rate 500 --json out.json --svg out.svg
  wideberth bench http --base http://127.0.0.1:8082 --token-key test.pem --workload query --fill 100000)");
  http->callback([options, &status] { status = RunHttp(*options); });
  AddBenchEvents(*bench, status);
}

}  // namespace wideberth::cmd
