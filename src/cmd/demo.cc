#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "api/token_maker.h"
#include "base/rfc3339.h"
#include "cmd/diagnostics.h"
#include "cmd/exit_status.h"
#include "cmd/inputs.h"
#include "cmd/output.h"
#include "cmd/progress.h"
#include "cmd/service.h"
#include "cmd/subcommands.h"
#include "conflict/meetings.h"
#include "files/conflict_report.h"
#include "model/uuid.h"
#include "os/system.h"

namespace wideberth::cmd {
namespace {

using Json = nlohmann::json;

struct DemoOptions {
  InputOptions inputs;
  std::string listen = "127.0.0.1:8082";
  std::string data;
  bool once = false;
};

// A client of the DSS, as each party's provider has one: keep-alive, a token for each party. Thread-compatible.
class Client {
 public:
  explicit Client(std::string base) : base_(std::move(base)), curl_(curl_easy_init()) {}
  ~Client() { curl_easy_cleanup(curl_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  struct Answer {
    long status;
    Json body;
  };
  Result<Answer> Put(const std::string& path, const std::string& token, const std::string& body) {
    std::string text;
    const std::string url = base_ + path;
    curl_slist* headers = curl_slist_append(nullptr, ("Authorization: Bearer " + token).c_str());
    headers = curl_slist_append(headers, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:");
    curl_easy_setopt(curl_, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl_, CURLOPT_CUSTOMREQUEST, "PUT");
    curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, body.c_str());
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(curl_, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl_, CURLOPT_TIMEOUT, 30L);
    curl_easy_setopt(curl_, CURLOPT_WRITEDATA, &text);
    curl_easy_setopt(
        curl_, CURLOPT_WRITEFUNCTION, +[](char* bytes, size_t size, size_t count, void* to) -> size_t {
          static_cast<std::string*>(to)->append(bytes, size * count);
          return size * count;
        });
    const CURLcode done = curl_easy_perform(curl_);
    curl_slist_free_all(headers);
    if (done != CURLE_OK) return Error{Code::kIo, url + ": " + curl_easy_strerror(done)};
    Answer answer{0, Json::parse(text, nullptr, false)};
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &answer.status);
    return answer;
  }

 private:
  const std::string base_;
  CURL* curl_;
};

Json AltitudeJson(double metres) { return {{"value", metres}, {"reference", "W84"}, {"units", "M"}}; }

Json VolumeJson(const geo::Volume4D& volume, int64_t shift_ns) {
  Json outline;
  if (volume.outline.is_circle()) {
    const geo::LatLng center = volume.outline.center();
    outline["outline_circle"] = {{"center", {{"lat", center.latitude_deg}, {"lng", center.longitude_deg}}},
                                 {"radius", {{"value", volume.outline.radius_m()}, {"units", "M"}}}};
  } else {
    Json& vertices = outline["outline_polygon"]["vertices"];
    for (const geo::LatLng& p : volume.outline.vertices())
      vertices.push_back({{"lat", p.latitude_deg}, {"lng", p.longitude_deg}});
  }
  outline["altitude_lower"] = AltitudeJson(volume.altitudes.lower_m());
  outline["altitude_upper"] = AltitudeJson(volume.altitudes.upper_m());
  const auto time = [&](TimeNs at) {
    return Json{{"value", FormatRfc3339({at.value + shift_ns})}, {"format", "RFC3339"}};
  };
  return {{"volume", outline}, {"time_start", time(volume.times.start())}, {"time_end", time(volume.times.end())}};
}

// What the parties did with the DSS.
struct Declared {
  size_t accepted = 0;
  size_t after_conflict = 0;                     // accepted once the key had what the DSS named
  std::set<std::pair<uint32_t, uint32_t>> told;  // intents of which one was named to the other, smaller first
};

// Each intent is declared by its party, in the order of first instants, through the interface of F3548. Where the DSS
// names others, the party asks their USSs for volumes and OVNs (here: `ovns`), looks at them, and declares again with
// the key.
Result<Declared> Declare(const conflict::PlanSet& plans, const std::string& url, const api::KeyPair& keys,
                         int64_t shift_ns, Progress& progress) {
  std::vector<std::vector<size_t>> volumes_of(plans.intents().size());
  for (size_t i = 0; i < plans.volumes().size(); ++i) volumes_of[plans.intent_of()[i]].push_back(i);
  std::vector<uint32_t> order(plans.intents().size());
  std::iota(order.begin(), order.end(), 0u);
  const auto first = [&](uint32_t intent) {
    TimeNs earliest = geo::TimeInterval::kTimeMax;
    for (const size_t volume : volumes_of[intent]) earliest = std::min(earliest, plans.volumes()[volume].times.start());
    return earliest;
  };
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return first(a) < first(b); });

  os::SystemRng rng;
  Client client(url);
  std::map<std::string, std::string> tokens;
  std::map<std::string, std::string> ovns;  // id -> OVN, as USSs tell each other
  std::map<std::string, uint32_t> intent_of_id;
  Declared declared;
  const int64_t now_s = os::SystemClock().Now().value / kNsPerSecond;
  for (const uint32_t intent : order) {
    const std::string& party = plans.parties()[plans.intents()[intent].party];
    if (!tokens.contains(party)) {
      WB_TRY(tokens[party], api::MakeToken(keys.private_pem, {.issuer = "wideberth-demo",
                                                              .subject = party,
                                                              .audiences = {"wideberth-demo"},
                                                              .scope = "utm.strategic_coordination",
                                                              .issued_s = now_s,
                                                              .expires_s = now_s + 3600}));
    }
    const std::string id = model::Uuid::Random(rng).ToString();
    const std::string uss = "https://uss.example/" + std::to_string(plans.intents()[intent].party);
    Json body{{"extents", Json::array()},
              {"key", Json::array()},
              {"state", "Accepted"},
              {"uss_base_url", uss},
              {"new_subscription", {{"uss_base_url", uss}}}};
    for (const size_t volume : volumes_of[intent])
      body["extents"].push_back(VolumeJson(plans.volumes()[volume], shift_ns));
    for (int attempt = 0;; ++attempt) {
      WB_TRY(const Client::Answer answer,
             client.Put("/dss/v1/operational_intent_references/" + id, tokens[party], body.dump()));
      if (answer.status == 201) {
        ovns[id] = answer.body["operational_intent_reference"]["ovn"].get<std::string>();
        intent_of_id[id] = intent;
        ++declared.accepted;
        declared.after_conflict += attempt > 0 ? size_t{1} : size_t{0};
        break;
      }
      if (answer.status != 409 || attempt > 0 || !answer.body.contains("missing_operational_intents"))
        return Error{Code::kIo, fmt::format("{}: intent {} of {}: the DSS answered {}: {}", url,
                                            plans.intents()[intent].name, party, answer.status, answer.body.dump())};
      for (const Json& missing : answer.body["missing_operational_intents"]) {
        const std::string other = missing["id"].get<std::string>();
        body["key"].push_back(ovns[other]);
        declared.told.insert(std::minmax(intent, intent_of_id[other]));
      }
    }
    progress.Share("declaring", static_cast<double>(declared.accepted) / static_cast<double>(order.size()));
  }
  return declared;
}

int RunDemo(const DemoOptions& options) {
  diagnostics::Configure(false, "warn");
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  std::signal(SIGPIPE, SIG_IGN);
  Progress progress(options.inputs.progress);
  const Result<conflict::PlanSet> plans = ReadPlans(options.inputs, progress);
  if (!plans) {
    progress.Clear();
    return Fail(plans.error(), kExitBadInput);
  }

  // A recording lies in the past, and nobody may declare the past: it is declared as many whole days later as it takes.
  constexpr int64_t kDayNs = 86'400 * kNsPerSecond;
  int64_t shift_ns = 0;
  TimeNs earliest = geo::TimeInterval::kTimeMax;
  for (const geo::Volume4D& volume : plans->volumes()) earliest = std::min(earliest, volume.times.start());
  const TimeNs now = os::SystemClock().Now();
  if (earliest < now) shift_ns = ((now.value - earliest.value) / kDayNs + 1) * kDayNs;

  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // inherited by the service's threads
  std::string folder = options.data;
  const bool own_folder = folder.empty();
  if (own_folder) {
    std::string pattern = (std::filesystem::temp_directory_path() / "wideberth-demo-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr)
      return Fail({Code::kIo, pattern + ": cannot make a folder"}, kExitCannotWrite);
    folder = pattern;
  }
  const auto done = [&](int status) {
    std::error_code ignored;
    if (own_folder) std::filesystem::remove_all(folder, ignored);
    return status;
  };
  const Result<api::KeyPair> keys = api::MakeKeyPair();
  if (!keys) return done(Fail(keys.error(), kExitCannotWrite));
  ServiceOptions service_options;
  service_options.listen = options.listen;
  service_options.data = folder;
  service_options.public_key_pem = keys->public_pem;
  service_options.audiences = {"wideberth-demo"};
  Result<std::unique_ptr<Service>> service = Service::Start(service_options);
  if (!service) {
    progress.Clear();
    return done(Fail(service.error(), kExitCannotWrite));
  }

  const Result<Declared> declared = Declare(*plans, (*service)->url(), *keys, shift_ns, progress);
  progress.Clear();
  if (!declared) return done(Fail(declared.error(), kExitCannotWrite));

  // What the parties see when they look at each other's volumes, exactly.
  Result<conflict::Meetings> found = conflict::FindMeetings(*plans, {});
  if (!found) return done(Fail(found.error(), kExitBadInput));
  const std::vector<conflict::Conflict> conflicts = conflict::GroupByIntents(*plans, found->meetings);
  size_t named = 0;
  for (const conflict::Conflict& conflict : conflicts)
    named += declared->told.count(std::minmax(conflict.intent_a, conflict.intent_b));
  Result<Output> output = Output::Open("-");
  const Result<void> written =
      files::WriteConflictReport({*plans, found->meetings, conflicts}, files::ReportFormat::kTable, output->sink(), {});
  if (!written) return done(Fail(written.error(), kExitCannotWrite));
  fmt::print(
      "\nDeclared by {} parties to the DSS at {}: {} intents, {} of them once their keys had the OVNs of what the DSS "
      "named.\n"
      "It named {} pairs by their covers, among them all {} of the conflicts above.\n",
      plans->parties().size(), (*service)->url(), declared->accepted, declared->after_conflict, declared->told.size(),
      conflicts.size());
  std::fflush(stdout);
  if (named != conflicts.size())
    return done(Fail({Code::kIo, fmt::format("the DSS did not name {} of the conflicts: this must never be",
                                             conflicts.size() - named)},
                     kExitCannotWrite));
  if (!options.once) {
    fmt::print(stderr,
               "wideberth: the DSS goes on serving at {} until Ctrl-C (tokens for it: see `wideberth serve --help`)\n",
               (*service)->url());
    int signal = 0;
    sigwait(&signals, &signal);
  }
  (*service)->Stop();
  service = Error{Code::kUnavailable, "stopped"};  // closes the store before its folder goes
  return done(kExitDone);
}

}  // namespace

void AddDemo(CLI::App& app, int& status) {
  CLI::App* demo = app.add_subcommand("demo", "Declare recorded flights to a DSS of its own, and print who meets whom");
  const auto options = std::make_shared<DemoOptions>();
  AddInputOptions(*demo, options->inputs);
  demo->add_option("--listen", options->listen, "HOST:PORT where the DSS answers")->capture_default_str();
  demo->add_option("--data", options->data, "The folder of its store; without it a temporary one, removed at the end");
  demo->add_flag("--once", options->once, "End after the table instead of serving until Ctrl-C");
  demo->footer(
      R"(Each party declares its intents through the interface of ASTM F3548-21, in the order of time; a recording is declared as
many whole days later as it takes to lie in the future. The table shows the recorded times.

Examples:
  wideberth demo tracks.csv
  wideberth demo plans.geojson --once --listen 127.0.0.1:0)");
  demo->callback([options, &status] { status = RunDemo(*options); });
}

}  // namespace wideberth::cmd
