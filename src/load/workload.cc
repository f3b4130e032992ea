#include "load/workload.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "base/rfc3339.h"
#include "model/uuid.h"

namespace wideberth::load {
namespace {

using model::Uuid;

constexpr std::string_view kIntents = "/dss/v1/operational_intent_references/";
constexpr std::string_view kSubscriptions = "/dss/v1/subscriptions/";
constexpr std::string_view kServiceAreas = "/rid/v2/dss/identification_service_areas";
constexpr std::string_view kOvnOfOthers = "Available from USS";

// Random numbers that are the same on every machine: distributions of the standard library are not.
class Chance final : public Rng {
 public:
  explicit Chance(uint64_t seed) : bits_(seed) {}
  double Uniform(double lower, double upper) {
    return lower + (upper - lower) * (static_cast<double>(bits_() >> 11) * 0x1p-53);
  }
  size_t Below(size_t bound) { return static_cast<size_t>(bits_() % bound); }
  void Fill(std::span<std::byte> bytes) override {
    for (size_t i = 0; i < bytes.size(); i += sizeof(uint64_t)) {
      const uint64_t word = bits_();
      std::memcpy(bytes.data() + i, &word, std::min(sizeof(word), bytes.size() - i));
    }
  }

 private:
  std::mt19937_64 bits_;
};

// A volume as the workloads make them.
struct Place {
  double latitude = 0;
  double longitude = 0;
  double radius_m = 0;
  double lower_m = 0;
  double upper_m = 0;
  double start_s = 0;  // after WorkloadOptions::now
  double end_s = 0;
  bool polygon = false;
};

constexpr double kMetresPerDegree = 111'000;
constexpr double kCountryWidthM = 1'000'000;
constexpr double kCountryHeightM = 800'000;
constexpr double kCityRadiusM = 10'000;
constexpr double kBandM = 30;
constexpr double kDurationS = 600;
constexpr double kFirstStartS = 300;  // nothing ends while it is being written
constexpr double kHorizonS = 12 * 3600;
constexpr size_t kVertices = 8;

// Where overlapping intents gather: in each place, layer above layer, a chain of intents of which each starts a step
// after the one before and so meets those that have not ended. Places and layers are so far apart that no DSS finds
// intents of different chains relevant to each other.
constexpr double kChainPlaceM = 3'000;
constexpr double kChainLayerM = 50;
constexpr double kChainTopM = 20'000;
constexpr double kChainJitterM = 100;

}  // namespace

std::string_view NameOf(RequestKind kind) {
  switch (kind) {
    case RequestKind::kCreate:
      return "create intent";
    case RequestKind::kCreateWithKey:
      return "create intent with key";
    case RequestKind::kUpdate:
      return "update intent";
    case RequestKind::kUpdateWithKey:
      return "update intent with key";
    case RequestKind::kDelete:
      return "delete intent";
    case RequestKind::kQuery:
      return "query intents";
    case RequestKind::kSubscribe:
      return "create subscription";
    case RequestKind::kPutServiceArea:
      return "create service area";
    case RequestKind::kSearchServiceAreas:
      return "search service areas";
  }
  return "";
}

struct Workload::State {
  WorkloadOptions options;
  bool filling = false;
  Counts counts;
  Chance chance;
  Chance ids;
  uint64_t turn = 0;  // of the parties
  std::string base_time;
  std::vector<std::string> heads;  // what follows the target, up to the length of the body: for each token
  simdjson::dom::parser parser;

  struct Entity {
    Uuid id;
    uint32_t party = 0;
    uint32_t live_at = 0;  // its place in `live`
    std::string ovn;       // empty: no answer yet
    Place place;
  };
  std::vector<Entity> entities;
  std::unordered_map<Uuid, size_t, model::UuidHash> entity_of;
  std::vector<size_t> live;  // entities that nobody is writing

  struct Chain {
    double latitude = 0;
    double longitude = 0;
    double lower_m = 0;
    double next_start_s = 0;
  };
  std::vector<Chain> chains;
  std::vector<std::pair<double, double>> chain_places;
  size_t chains_made = 0;
  size_t next_chain = 0;

  explicit State(WorkloadOptions given);
  std::pair<double, double> Offset(double north_m, double east_m) const;
  std::pair<double, double> InCity();
  std::pair<double, double> InCountry();
  bool MakeChain(Chain& chain);
  Result<Place> NextPlace();
  void AppendVolume(std::string& text, const Place& place);
  void AppendTime(std::string& text, double after_s) const;
  void Assemble(Operation& operation, std::string_view method, std::string_view tail) const;

  Result<void> BeginCreate(Operation& operation);
  void BeginQuery(Operation& operation);
  Judgement JudgeWrite(Operation& operation, int status, const std::string& body);
  bool LearnKey(Operation& operation, simdjson::dom::array missing, Judgement& judgement);
};

Workload::State::State(WorkloadOptions given)
    : options(std::move(given)),
      chance(options.seed),
      // Ids differ from run to run, so that the same seed can be used again on the same DSS.
      ids(options.seed ^ static_cast<uint64_t>(options.now.value)) {
  WB_CHECK(!options.tokens.empty());
  for (const std::string& token : options.tokens) {
    heads.push_back(fmt::format(
        " HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: ",
        options.host, token));
  }
  for (double north = -kCityRadiusM; north <= kCityRadiusM; north += kChainPlaceM) {
    for (double east = -kCityRadiusM; east <= kCityRadiusM; east += kChainPlaceM) {
      if (std::hypot(north, east) <= kCityRadiusM) chain_places.push_back(Offset(north, east));
    }
  }
}

std::pair<double, double> Workload::State::Offset(double north_m, double east_m) const {
  const double latitude = options.center_latitude + north_m / kMetresPerDegree;
  const double shrink = std::cos(latitude * std::numbers::pi / 180);
  return {latitude, std::remainder(options.center_longitude + east_m / (kMetresPerDegree * shrink), 360)};
}

std::pair<double, double> Workload::State::InCity() {
  const double distance = kCityRadiusM * std::sqrt(chance.Uniform(0, 1));
  const double direction = chance.Uniform(0, 2 * std::numbers::pi);
  return Offset(distance * std::cos(direction), distance * std::sin(direction));
}

std::pair<double, double> Workload::State::InCountry() {
  const double north = chance.Uniform(-kCountryHeightM / 2, kCountryHeightM / 2);
  const double east = chance.Uniform(-kCountryWidthM / 2, kCountryWidthM / 2);
  return Offset(north, east);
}

bool Workload::State::MakeChain(Chain& chain) {
  const size_t layer = chains_made / chain_places.size();
  const auto& [latitude, longitude] = chain_places[chains_made % chain_places.size()];
  const double lower = kChainLayerM * (1 + static_cast<double>(layer));
  if (lower > kChainTopM) return false;
  ++chains_made;
  chain = {latitude, longitude, lower, kFirstStartS + chance.Uniform(0, kDurationS)};
  return true;
}

Result<Place> Workload::State::NextPlace() {
  Place place;
  place.polygon = chance.Below(2) == 0;
  place.radius_m = chance.Uniform(200, 300);
  if (options.kind == WorkloadKind::kOverlapping) {
    if (chains.size() < options.chains) {
      chains.emplace_back();
      if (!MakeChain(chains.back())) return Error{Code::kTooMany, "the city is full of overlapping intents"};
      next_chain = chains.size() - 1;
    }
    Chain& chain = chains[next_chain++ % chains.size()];
    if (chain.next_start_s > kHorizonS && !MakeChain(chain))
      return Error{Code::kTooMany, "the city is full of overlapping intents"};
    // With `overlap` and a half steps in a duration, the intents that started up to `overlap` steps ago have not ended.
    const double step_s = kDurationS / (options.overlap + 0.5);
    const auto degrees = [&] { return chance.Uniform(-kChainJitterM, kChainJitterM) / kMetresPerDegree; };
    place.latitude = chain.latitude + degrees();
    place.longitude = chain.longitude + degrees();
    place.lower_m = chain.lower_m;
    place.start_s = chain.next_start_s + step_s * chance.Uniform(-0.2, 0.2);
    chain.next_start_s += step_s;
  } else {
    const bool city = options.kind == WorkloadKind::kCity || options.kind == WorkloadKind::kQuery;
    if (city) place.radius_m = chance.Uniform(50, 100);
    std::tie(place.latitude, place.longitude) = city ? InCity() : InCountry();
    place.lower_m = chance.Uniform(50, 320);
    place.start_s = chance.Uniform(kFirstStartS, kHorizonS);
  }
  place.upper_m = place.lower_m + kBandM;
  place.end_s = place.start_s + kDurationS;
  return place;
}

void Workload::State::AppendTime(std::string& text, double after_s) const {
  text += R"({"value":")";
  text += FormatRfc3339({options.now.value + static_cast<int64_t>(after_s * 1e3) * 1'000'000});
  text += R"(","format":"RFC3339"})";
}

void Workload::State::AppendVolume(std::string& text, const Place& place) {
  const auto out = std::back_inserter(text);
  if (place.polygon) {
    static const auto kCorners = [] {
      std::array<std::pair<double, double>, kVertices> corners;
      for (size_t i = 0; i < kVertices; ++i) {
        const double direction = 2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(kVertices);
        corners[i] = {std::cos(direction) / kMetresPerDegree, std::sin(direction) / kMetresPerDegree};
      }
      return corners;
    }();
    const double shrink = std::cos(place.latitude * std::numbers::pi / 180);
    text += R"({"volume":{"outline_polygon":{"vertices":[)";
    for (size_t i = 0; i < kVertices; ++i) {
      fmt::format_to(out, R"({}{{"lat":{:.7f},"lng":{:.7f}}})", i == 0 ? "" : ",",
                     place.latitude + kCorners[i].first * place.radius_m,
                     place.longitude + kCorners[i].second * place.radius_m / shrink);
    }
    text += "]}";
  } else {
    fmt::format_to(
        out,
        R"({{"volume":{{"outline_circle":{{"center":{{"lat":{:.7f},"lng":{:.7f}}},"radius":{{"value":{:.1f},"units":"M"}}}})",
        place.latitude, place.longitude, place.radius_m);
  }
  fmt::format_to(
      out,
      R"(,"altitude_lower":{{"value":{:.2f},"reference":"W84","units":"M"}},"altitude_upper":{{"value":{:.2f},"reference":"W84","units":"M"}}}},"time_start":)",
      place.lower_m, place.upper_m);
  AppendTime(text, place.start_s);
  text += R"(,"time_end":)";
  AppendTime(text, place.end_s);
  text += '}';
}

void Workload::State::Assemble(Operation& operation, std::string_view method, std::string_view tail) const {
  std::string& request = operation.request;
  request.assign(method);
  request += ' ';
  request += options.path_prefix;
  request += operation.target;
  request += heads[operation.party];
  fmt::format_to(std::back_inserter(request), "{}\r\n\r\n", operation.body.size() + tail.size());
  request += operation.body;
  request += tail;
}

Result<void> Workload::State::BeginCreate(Operation& operation) {
  if (entities.size() >= kEntitiesMax)
    return Error{Code::kTooMany, fmt::format("a run remembers at most {} entities", kEntitiesMax)};
  WB_TRY(const Place place, NextPlace());
  operation.kind = RequestKind::kCreate;
  operation.attempts = 1;
  operation.party = turn++ % heads.size();
  operation.entity = entities.size();
  const Uuid id = Uuid::Random(ids);
  entities.push_back({id, static_cast<uint32_t>(operation.party), 0, {}, place});
  entity_of.emplace(id, operation.entity);
  operation.target.assign(kIntents);
  operation.target += id.ToString();
  operation.body.assign(R"({"extents":[)");
  AppendVolume(operation.body, place);
  operation.body += R"(],"state":"Accepted","uss_base_url":")";
  operation.body += options.uss_base_url;
  if (options.subscribe) {
    operation.body += R"(","new_subscription":{"uss_base_url":")";
    operation.body += options.uss_base_url;
    operation.body += R"("},"key":[)";
  } else {
    operation.body += R"(","key":[)";
  }
  Assemble(operation, "PUT", "]}");
  return {};
}

// Adds to the key what the answer says is missing. False: of one of them nobody here knows the OVN.
bool Workload::State::LearnKey(Operation& operation, simdjson::dom::array missing, Judgement& judgement) {
  for (const simdjson::dom::element one : missing) {
    std::string_view id_text;
    std::string_view ovn;
    if (one["id"].get(id_text) != simdjson::SUCCESS || one["ovn"].get(ovn) != simdjson::SUCCESS) {
      judgement.fatal = "an answer names a missing operational intent without id or ovn";
      return false;
    }
    ++counts.conflicts_met;
    if (ovn == kOvnOfOthers) {
      const Result<Uuid> id = Uuid::Parse(id_text);
      const auto at = id ? entity_of.find(*id) : entity_of.end();
      if (at == entity_of.end()) return false;
      // Accepted, but its answer is still on its way here: the next 409 will find it.
      ovn = entities[at->second].ovn;
      if (ovn.empty()) continue;
    }
    if (operation.body.back() != '[') operation.body += ',';
    operation.body += '"';
    operation.body += ovn;
    operation.body += '"';
  }
  return true;
}

Judgement Workload::State::JudgeWrite(Operation& operation, int status, const std::string& body) {
  Judgement judgement;
  if (status == 200 || status == 201) {
    simdjson::dom::element root;
    std::string_view ovn;
    if (parser.parse(body).get(root) != simdjson::SUCCESS ||
        root["operational_intent_reference"]["ovn"].get(ovn) != simdjson::SUCCESS) {
      judgement.fatal = "an answer of " + std::to_string(status) + " to " + operation.target + " has no OVN";
      return judgement;
    }
    Entity& entity = entities[operation.entity];
    entity.ovn.assign(ovn);
    entity.live_at = static_cast<uint32_t>(live.size());
    live.push_back(operation.entity);
    ++counts.accepted;
    judgement.expected = true;
    judgement.accepted = true;
    return judgement;
  }
  if (status != 409) return judgement;
  simdjson::dom::element root;
  simdjson::dom::array missing;
  if (parser.parse(body).get(root) != simdjson::SUCCESS ||
      root["missing_operational_intents"].get(missing) != simdjson::SUCCESS)
    return judgement;
  ++counts.conflicts;
  if (operation.attempts >= kAttemptsMax) {
    ++counts.exhausted;
    return judgement;
  }
  if (!LearnKey(operation, missing, judgement)) {
    if (judgement.fatal.empty()) ++counts.strangers;
    return judgement;
  }
  ++operation.attempts;
  operation.kind = RequestKind::kCreateWithKey;
  Assemble(operation, "PUT", "]}");
  judgement.again = true;
  judgement.expected = true;
  return judgement;
}

Workload::Workload(WorkloadOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Workload::~Workload() = default;

void Workload::Fill(bool on) { state_->filling = on; }

Result<void> Workload::Begin(Operation& operation) { return state_->BeginCreate(operation); }

Judgement Workload::Judge(Operation& operation, int status, const std::string& body) {
  Judgement judgement = state_->JudgeWrite(operation, status, body);
  if (status == 401 || status == 403)
    judgement.fatal = fmt::format("{} to {}: the token is not accepted: {}", status, operation.target, body);
  return judgement;
}

const Workload::Counts& Workload::counts() const { return state_->counts; }
void Workload::ClearCounts() { state_->counts = {}; }
size_t Workload::entities() const { return state_->live.size(); }

}  // namespace wideberth::load
