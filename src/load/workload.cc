#include "load/workload.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <random>
#include <tuple>
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
constexpr std::string_view kDeclarations = "/api/v1/intents";
constexpr std::string_view kOvnOfOthers = "Available from USS";

constexpr double kMetresPerDegree = 111'000;
constexpr double kCountryWidthM = 1'000'000;
constexpr double kCountryHeightM = 800'000;
constexpr double kCityRadiusM = 10'000;
constexpr double kBandM = 30;
constexpr double kDurationS = 600;
constexpr double kFirstStartS = 300;  // nothing ends while it is being written
constexpr double kHorizonS = 12 * 3600;
constexpr size_t kVertices = 8;

constexpr double kAreaRadiusM = 1'000;  // of what is queried, subscribed to, or a service area
constexpr double kAreaLowerM = 50;
constexpr double kAreaUpperM = 350;

// Where overlapping intents gather: in each place, layer above layer, a chain of intents of which each starts a step
// after the one before and so meets those that have not ended. Places and layers are so far apart that no DSS finds
// intents of different chains relevant to each other.
constexpr double kChainPlaceM = 3'000;
constexpr double kChainLayerM = 50;
constexpr double kChainTopM = 10'000;
constexpr double kChainJitterM = 100;

// The day of kMixed: of 100 operations; the rest are deletes.
constexpr size_t kMixedQueries = 60;
constexpr size_t kMixedCreates = 25;
constexpr size_t kMixedUpdates = 10;
constexpr size_t kMixedCities = 20;
constexpr size_t kMixedInCities = 80;  // of 100 places; the rest lie anywhere in the country
constexpr double kUpdateDelayS = 60;   // by how much an update postpones an intent

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

struct Point {
  double latitude = 0;
  double longitude = 0;
};

// A volume as the workloads make them.
struct Place {
  Point center;
  double radius_m = 0;
  double lower_m = 0;
  double upper_m = 0;
  double start_s = 0;  // after WorkloadOptions::now
  double end_s = 0;
  bool polygon = false;
};

// Metres per degree of longitude there.
double WidthOfDegree(double latitude) { return kMetresPerDegree * std::cos(latitude * std::numbers::pi / 180); }

Point Moved(Point from, double north_m, double east_m) {
  const double latitude = from.latitude + north_m / kMetresPerDegree;
  return {latitude, std::remainder(from.longitude + east_m / WidthOfDegree(latitude), 360)};
}

std::array<Point, kVertices> CornersOf(const Place& place) {
  static const auto kDirections = [] {
    std::array<std::pair<double, double>, kVertices> directions;
    for (size_t i = 0; i < kVertices; ++i) {
      const double direction = 2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(kVertices);
      directions[i] = {std::cos(direction), std::sin(direction)};
    }
    return directions;
  }();
  const double high = place.radius_m / kMetresPerDegree;
  const double wide = place.radius_m / WidthOfDegree(place.center.latitude);
  std::array<Point, kVertices> corners;
  for (size_t i = 0; i < kVertices; ++i) {
    corners[i] = {place.center.latitude + kDirections[i].first * high,
                  std::remainder(place.center.longitude + kDirections[i].second * wide, 360)};
  }
  return corners;
}

constexpr std::array<int64_t, 8> kPowersOfTen{1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000};

// Appends `value` with `digits` after the point; much cheaper than to find out how many a double needs.
void AppendDecimal(std::string& text, double value, size_t digits) {
  const int64_t unit = kPowersOfTen[digits];
  const int64_t scaled = std::llround(std::abs(value) * static_cast<double>(unit));
  if (value < 0) text += '-';
  const fmt::format_int whole(scaled / unit);
  text.append(whole.data(), whole.size());
  const fmt::format_int rest(unit + scaled % unit);  // its first digit keeps the zeros after the point
  text += '.';
  text.append(rest.data() + 1, rest.size() - 1);
}

void AppendPoint(std::string& text, Point point) {
  text += R"({"lat":)";
  AppendDecimal(text, point.latitude, 7);
  text += R"(,"lng":)";
  AppendDecimal(text, point.longitude, 7);
  text += '}';
}

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
    case RequestKind::kDeclare:
      return "declare intent";
    case RequestKind::kDeclareWithKey:
      return "declare intent with key";
  }
  return "";
}

struct Workload::State {
  WorkloadOptions options;
  bool filling = false;
  Counts counts;
  Chance chance;
  Chance ids;
  uint64_t turn = 0;               // of the parties
  std::vector<std::string> heads;  // what follows the target, up to the length of the body: for each token
  simdjson::dom::parser parser;

  struct Entity {
    Uuid id;
    uint32_t party = 0;
    std::string ovn;  // empty: no answer yet
    Place place;
    bool overrides = false;  // was declared over another
  };
  std::vector<Entity> entities;
  std::unordered_map<Uuid, size_t, model::UuidHash>
      entity_of;             // those deleted, too: an answer on its way may name them
  std::vector<size_t> live;  // entities that are there and that nobody is writing

  struct Chain {
    Point center;
    double lower_m = 0;
    double next_start_s = 0;
  };
  std::vector<Chain> chains;
  std::vector<Point> chain_places;
  size_t chains_made = 0;
  bool full = false;
  size_t next_chain = 0;
  std::vector<Point> cities;

  explicit State(WorkloadOptions given);
  Point Center() const { return {options.center_latitude, options.center_longitude}; }
  Point InCity(Point center);
  Point InCountry();
  Point InPlace();
  bool MakeChain(Chain& chain);
  Result<Place> NextInChain();
  Result<Place> NextPlace();
  Place NextArea();

  void AppendTime(std::string& text, double after_s) const;
  void AppendVolume(std::string& text, const Place& place) const;
  void AppendFeature(std::string& text, const Place& place) const;
  void Assemble(Operation& operation, std::string_view method, std::string_view tail) const;
  void WriteIntent(Operation& operation, const Place& place) const;
  size_t TakeLive();
  void NextParty(Operation& operation) { operation.party = turn++ % heads.size(); }

  Result<void> Begin(Operation& operation);
  Result<void> BeginCreate(Operation& operation);
  Result<void> BeginDeclare(Operation& operation);
  void BeginUpdate(Operation& operation);
  void BeginDelete(Operation& operation);
  void BeginQuery(Operation& operation);
  void BeginSubscribe(Operation& operation);
  void BeginPutServiceArea(Operation& operation);
  void BeginSearchServiceAreas(Operation& operation);

  Judgement Judge(Operation& operation, int status, const std::string& body);
  Judgement JudgeWrite(Operation& operation, int status, const std::string& body);
  Judgement JudgeDeclare(Operation& operation, int status, const std::string& body);
  Judgement JudgeList(int status, const std::string& body, const char* member);
  bool LearnKey(Operation& operation, simdjson::dom::array missing, Judgement& judgement);
};

Workload::State::State(WorkloadOptions given)
    : options(std::move(given)),
      chance(options.seed),
      // Ids differ from run to run, so that the same seed can be used again on the same DSS.
      ids(options.seed ^ static_cast<uint64_t>(options.now.value)) {
  WB_CHECK(!options.tokens.empty());
  WB_CHECK(options.override_share == 0 || options.tokens.size() > 1);
  for (const std::string& token : options.tokens) {
    heads.push_back(fmt::format(
        " HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: ",
        options.host, token));
  }
  for (double north = -kCityRadiusM; north <= kCityRadiusM; north += kChainPlaceM) {
    for (double east = -kCityRadiusM; east <= kCityRadiusM; east += kChainPlaceM) {
      if (std::hypot(north, east) <= kCityRadiusM) chain_places.push_back(Moved(Center(), north, east));
    }
  }
  for (size_t i = 0; i < kMixedCities; ++i) cities.push_back(InCountry());
}

Point Workload::State::InCity(Point center) {
  const double distance = kCityRadiusM * std::sqrt(chance.Uniform(0, 1));
  const double direction = chance.Uniform(0, 2 * std::numbers::pi);
  return Moved(center, distance * std::cos(direction), distance * std::sin(direction));
}

Point Workload::State::InCountry() {
  const double north = chance.Uniform(-kCountryHeightM / 2, kCountryHeightM / 2);
  const double east = chance.Uniform(-kCountryWidthM / 2, kCountryWidthM / 2);
  return Moved(Center(), north, east);
}

Point Workload::State::InPlace() {
  switch (options.kind) {
    case WorkloadKind::kSpread:
    case WorkloadKind::kSubscribe:
    case WorkloadKind::kRid:
    case WorkloadKind::kDeclare:
      return InCountry();
    case WorkloadKind::kCity:
    case WorkloadKind::kOverlapping:
    case WorkloadKind::kQuery:
      return InCity(Center());
    case WorkloadKind::kMixed:
      break;
  }
  return chance.Below(100) < kMixedInCities ? InCity(cities[chance.Below(cities.size())]) : InCountry();
}

bool Workload::State::MakeChain(Chain& chain) {
  const size_t layer = chains_made / chain_places.size();
  const double lower = kChainLayerM * (1 + static_cast<double>(layer));
  if (lower > kChainTopM) return false;
  chain = {chain_places[chains_made % chain_places.size()], lower, kFirstStartS + chance.Uniform(0, kDurationS)};
  ++chains_made;
  return true;
}

Result<Place> Workload::State::NextInChain() {
  const Error error{Code::kTooMany, "the city is full of overlapping intents, up to its highest layer"};
  if (full) return error;
  if (chains.size() < options.chains) {
    Chain made;
    full = !MakeChain(made);
    if (full) return error;
    chains.push_back(made);
    next_chain = chains.size() - 1;
  }
  Chain& chain = chains[next_chain++ % chains.size()];
  full = chain.next_start_s > kHorizonS && !MakeChain(chain);
  if (full) return error;
  // With `overlap` and a half steps in a duration, the intents that started up to `overlap` steps ago have not ended.
  const double step_s = kDurationS / (options.overlap + 0.5);
  Place place{.lower_m = chain.lower_m, .start_s = chain.next_start_s + step_s * chance.Uniform(-0.2, 0.2)};
  const double north = chance.Uniform(-kChainJitterM, kChainJitterM);
  const double east = chance.Uniform(-kChainJitterM, kChainJitterM);
  place.center = Moved(chain.center, north, east);
  chain.next_start_s += step_s;
  return place;
}

Result<Place> Workload::State::NextPlace() {
  Place place;
  if (options.kind == WorkloadKind::kOverlapping) {
    WB_TRY(place, NextInChain());
  } else {
    place.center = InPlace();
    place.lower_m = chance.Uniform(50, 320);
    place.start_s = chance.Uniform(kFirstStartS, kHorizonS);
  }
  const bool small = options.kind == WorkloadKind::kCity || options.kind == WorkloadKind::kQuery;
  place.radius_m = small ? chance.Uniform(50, 100) : chance.Uniform(200, 300);
  place.polygon = chance.Below(2) == 0;
  place.upper_m = place.lower_m + kBandM;
  place.end_s = place.start_s + kDurationS;
  return place;
}

Place Workload::State::NextArea() {
  Place area{.radius_m = kAreaRadiusM, .lower_m = kAreaLowerM, .upper_m = kAreaUpperM};
  area.center = InPlace();
  area.start_s = chance.Uniform(kFirstStartS, kHorizonS);
  area.end_s = area.start_s + kDurationS;
  return area;
}

void Workload::State::AppendTime(std::string& text, double after_s) const {
  text += R"({"value":")";
  text += FormatRfc3339({options.now.value + static_cast<int64_t>(after_s * 1e3) * 1'000'000});
  text += R"(","format":"RFC3339"})";
}

void Workload::State::AppendVolume(std::string& text, const Place& place) const {
  if (place.polygon) {
    text += R"({"volume":{"outline_polygon":{"vertices":[)";
    const char* separator = "";
    for (const Point& corner : CornersOf(place)) {
      text += separator;
      AppendPoint(text, corner);
      separator = ",";
    }
    text += "]}";
  } else {
    text += R"({"volume":{"outline_circle":{"center":)";
    AppendPoint(text, place.center);
    text += R"(,"radius":{"value":)";
    AppendDecimal(text, place.radius_m, 1);
    text += R"(,"units":"M"}})";
  }
  text += R"(,"altitude_lower":{"value":)";
  AppendDecimal(text, place.lower_m, 2);
  text += R"(,"reference":"W84","units":"M"},"altitude_upper":{"value":)";
  AppendDecimal(text, place.upper_m, 2);
  text += R"(,"reference":"W84","units":"M"}},"time_start":)";
  AppendTime(text, place.start_s);
  text += R"(,"time_end":)";
  AppendTime(text, place.end_s);
  text += '}';
}

// The same volume in GeoJSON.
void Workload::State::AppendFeature(std::string& text, const Place& place) const {
  const auto position = [&](Point point) {
    text += '[';
    AppendDecimal(text, point.longitude, 7);
    text += ',';
    AppendDecimal(text, point.latitude, 7);
    text += ']';
  };
  const auto time = [&](const char* name, double after_s) {
    text += name;
    text += FormatRfc3339({options.now.value + static_cast<int64_t>(after_s * 1e3) * 1'000'000});
    text += '"';
  };
  if (place.polygon) {
    const std::array<Point, kVertices> corners = CornersOf(place);
    text += R"({"type":"Feature","geometry":{"type":"Polygon","coordinates":[[)";
    for (const Point& corner : corners) {
      position(corner);
      text += ',';
    }
    position(corners[0]);
    text += R"(]]},"properties":{)";
  } else {
    text += R"({"type":"Feature","geometry":{"type":"Point","coordinates":)";
    position(place.center);
    text += R"(},"properties":{"radius_m":)";
    AppendDecimal(text, place.radius_m, 1);
    text += ',';
  }
  text += R"("altitude_lower_m":)";
  AppendDecimal(text, place.lower_m, 2);
  text += R"(,"altitude_upper_m":)";
  AppendDecimal(text, place.upper_m, 2);
  time(R"(,"time_start":")", place.start_s);
  time(R"(,"time_end":")", place.end_s);
  text += "}}";
}

void Workload::State::Assemble(Operation& operation, std::string_view method, std::string_view tail) const {
  std::string& request = operation.request;
  request.assign(method);
  request += ' ';
  request += options.path_prefix;
  request += operation.target;
  request += heads[operation.party];
  const fmt::format_int length(operation.body.size() + tail.size());
  request.append(length.data(), length.size());
  request += "\r\n\r\n";
  request += operation.body;
  request += tail;
}

void Workload::State::WriteIntent(Operation& operation, const Place& place) const {
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
}

size_t Workload::State::TakeLive() {
  std::swap(live[chance.Below(live.size())], live.back());
  const size_t entity = live.back();
  live.pop_back();
  return entity;
}

Result<void> Workload::State::BeginCreate(Operation& operation) {
  if (entities.size() >= kEntitiesMax)
    return Error{Code::kTooMany, fmt::format("a run remembers {} entities and no more", kEntitiesMax)};
  WB_TRY(const Place place, NextPlace());
  operation.kind = RequestKind::kCreate;
  NextParty(operation);
  operation.entity = entities.size();
  const Uuid id = Uuid::Random(ids);
  entities.push_back({id, static_cast<uint32_t>(operation.party), {}, place});
  entity_of.emplace(id, operation.entity);
  operation.target.assign(kIntents);
  operation.target += id.ToString();
  WriteIntent(operation, place);
  return {};
}

Result<void> Workload::State::BeginDeclare(Operation& operation) {
  if (entities.size() >= kEntitiesMax)
    return Error{Code::kTooMany, fmt::format("a run remembers {} entities and no more", kEntitiesMax)};
  operation.kind = RequestKind::kDeclare;
  operation.entity = entities.size();
  Entity entity;
  entity.overrides = !live.empty() && chance.Uniform(0, 1) < options.override_share;
  if (entity.overrides) {
    const Entity& below = entities[TakeLive()];
    entity.place = below.place;
    operation.party = (below.party + 1 + chance.Below(heads.size() - 1)) % heads.size();
  } else {
    WB_TRY(entity.place, NextPlace());
    NextParty(operation);
  }
  entity.party = static_cast<uint32_t>(operation.party);
  operation.target.assign(kDeclarations);
  operation.body.assign(R"({"type":"FeatureCollection","disclosure":"full","priority":)");
  operation.body += entity.overrides ? '1' : '0';
  operation.body += R"(,"features":[)";
  AppendFeature(operation.body, entity.place);
  operation.body += R"(],"key":[)";
  entities.push_back(std::move(entity));
  Assemble(operation, "POST", "]}");
  return {};
}

void Workload::State::BeginUpdate(Operation& operation) {
  operation.kind = RequestKind::kUpdate;
  operation.entity = TakeLive();
  Entity& entity = entities[operation.entity];
  operation.party = entity.party;
  entity.place.start_s += kUpdateDelayS;
  entity.place.end_s += kUpdateDelayS;
  operation.target.assign(kIntents);
  operation.target += entity.id.ToString();
  operation.target += '/';
  operation.target += entity.ovn;
  WriteIntent(operation, entity.place);
}

void Workload::State::BeginDelete(Operation& operation) {
  operation.kind = RequestKind::kDelete;
  operation.entity = TakeLive();
  const Entity& entity = entities[operation.entity];
  operation.party = entity.party;
  operation.target.assign(kIntents);
  operation.target += entity.id.ToString();
  operation.target += '/';
  operation.target += entity.ovn;
  operation.body.clear();
  Assemble(operation, "DELETE", "");
}

void Workload::State::BeginQuery(Operation& operation) {
  operation.kind = RequestKind::kQuery;
  NextParty(operation);
  operation.target.assign(kIntents);
  operation.target += "query";
  operation.body.assign(R"({"area_of_interest":)");
  AppendVolume(operation.body, NextArea());
  Assemble(operation, "POST", "}");
}

void Workload::State::BeginSubscribe(Operation& operation) {
  operation.kind = RequestKind::kSubscribe;
  NextParty(operation);
  operation.target.assign(kSubscriptions);
  operation.target += Uuid::Random(ids).ToString();
  operation.body.assign(R"({"extents":)");
  AppendVolume(operation.body, NextArea());
  operation.body += R"(,"notify_for_operational_intents":true,"uss_base_url":")";
  operation.body += options.uss_base_url;
  Assemble(operation, "PUT", R"("})");
}

void Workload::State::BeginPutServiceArea(Operation& operation) {
  operation.kind = RequestKind::kPutServiceArea;
  operation.target.assign(kServiceAreas);
  operation.target += '/';
  operation.target += Uuid::Random(ids).ToString();
  operation.body.assign(R"({"extents":)");
  AppendVolume(operation.body, NextArea());
  operation.body += R"(,"uss_base_url":")";
  operation.body += options.uss_base_url;
  Assemble(operation, "PUT", R"("})");
}

void Workload::State::BeginSearchServiceAreas(Operation& operation) {
  operation.kind = RequestKind::kSearchServiceAreas;
  const Place area = NextArea();
  operation.target.assign(kServiceAreas);
  operation.target += "?area=";
  const char* separator = "";
  for (const auto& [north, east] : {std::pair{-1, -1}, {-1, 1}, {1, 1}, {1, -1}}) {
    const Point corner = Moved(area.center, north * area.radius_m, east * area.radius_m);
    operation.target += separator;
    AppendDecimal(operation.target, corner.latitude, 7);
    operation.target += ',';
    AppendDecimal(operation.target, corner.longitude, 7);
    separator = ",";
  }
  const auto time = [&](double after_s) {
    return FormatRfc3339({options.now.value + static_cast<int64_t>(after_s * 1e3) * 1'000'000});
  };
  operation.target += "&earliest_time=" + time(area.start_s) + "&latest_time=" + time(area.end_s);
  operation.body.clear();
  Assemble(operation, "GET", "");
}

Result<void> Workload::State::Begin(Operation& operation) {
  operation.attempts = 1;
  if (filling) return options.kind == WorkloadKind::kDeclare ? BeginDeclare(operation) : BeginCreate(operation);
  switch (options.kind) {
    case WorkloadKind::kSpread:
    case WorkloadKind::kCity:
    case WorkloadKind::kOverlapping:
      return BeginCreate(operation);
    case WorkloadKind::kDeclare:
      return BeginDeclare(operation);
    case WorkloadKind::kQuery:
      BeginQuery(operation);
      return {};
    case WorkloadKind::kSubscribe:
      BeginSubscribe(operation);
      return {};
    case WorkloadKind::kRid: {
      const bool put = turn % 2 == 0;
      operation.party = turn++ / 2 % heads.size();
      put ? BeginPutServiceArea(operation) : BeginSearchServiceAreas(operation);
      return {};
    }
    case WorkloadKind::kMixed:
      break;
  }
  const size_t roll = chance.Below(100);
  if (roll < kMixedQueries) {
    BeginQuery(operation);
    return {};
  }
  // With nothing there to change, one more is made.
  if (roll < kMixedQueries + kMixedCreates || live.empty()) return BeginCreate(operation);
  roll < kMixedQueries + kMixedCreates + kMixedUpdates ? BeginUpdate(operation) : BeginDelete(operation);
  return {};
}

// Adds to the key what the answer says is missing. False: of one of them nobody here knows the OVN, or `fatal` is set.
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
      ovn = entities[at->second].ovn;
      if (ovn.empty()) continue;  // its answer is still on its way here: the next 409 names it again
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
  const bool create = operation.kind == RequestKind::kCreate || operation.kind == RequestKind::kCreateWithKey;
  simdjson::dom::element root;
  // The interface says 201; a 200 for a new one is seen, too.
  if (status == 200 || (create && status == 201)) {
    std::string_view ovn;
    if (parser.parse(body).get(root) != simdjson::SUCCESS ||
        root["operational_intent_reference"]["ovn"].get(ovn) != simdjson::SUCCESS) {
      judgement.fatal = fmt::format("an answer of {} to {} has no OVN", status, operation.target);
      return judgement;
    }
    entities[operation.entity].ovn.assign(ovn);
    live.push_back(operation.entity);
    ++counts.accepted;
    judgement.expected = true;
    judgement.accepted = true;
    return judgement;
  }
  if (status != 409) return judgement;
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
  operation.kind = create ? RequestKind::kCreateWithKey : RequestKind::kUpdateWithKey;
  Assemble(operation, "PUT", "]}");
  judgement.again = true;
  judgement.expected = true;
  return judgement;
}

Judgement Workload::State::JudgeDeclare(Operation& operation, int status, const std::string& body) {
  Judgement judgement;
  if (status != 201 && status != 409) return judgement;
  simdjson::dom::element root;
  simdjson::dom::array conflicts;
  if (parser.parse(body).get(root) != simdjson::SUCCESS || root["conflicts"].get(conflicts) != simdjson::SUCCESS) {
    judgement.fatal = fmt::format("an answer of {} has no array \"conflicts\"", status);
    return judgement;
  }
  if (status == 201) {
    for (const simdjson::dom::element one : conflicts) {
      bool needs_key = true;
      if (one["needs_key"].get(needs_key) == simdjson::SUCCESS && !needs_key) ++counts.overridden;
    }
    if (!entities[operation.entity].overrides) live.push_back(operation.entity);
    ++counts.accepted;
    judgement.expected = true;
    judgement.accepted = true;
    return judgement;
  }
  ++counts.conflicts;
  if (operation.attempts >= kAttemptsMax) {
    ++counts.exhausted;
    return judgement;
  }
  for (const simdjson::dom::element one : conflicts) {
    bool in_key = false;
    bool needs_key = true;
    if (one["in_key"].get(in_key) != simdjson::SUCCESS || one["needs_key"].get(needs_key) != simdjson::SUCCESS) {
      judgement.fatal = "an answer names a conflict without in_key or needs_key";
      return judgement;
    }
    if (in_key || !needs_key) continue;
    ++counts.conflicts_met;
    std::string_view ovn;
    if (one["other"]["ovn"].get(ovn) != simdjson::SUCCESS) {  // a reference of another provider
      ++counts.strangers;
      return judgement;
    }
    if (operation.body.back() != '[') operation.body += ',';
    operation.body += '"';
    operation.body += ovn;
    operation.body += '"';
  }
  ++operation.attempts;
  operation.kind = RequestKind::kDeclareWithKey;
  Assemble(operation, "POST", "]}");
  judgement.again = true;
  judgement.expected = true;
  return judgement;
}

Judgement Workload::State::JudgeList(int status, const std::string& body, const char* member) {
  Judgement judgement;
  if (status != 200) return judgement;
  simdjson::dom::element root;
  simdjson::dom::array list;
  if (parser.parse(body).get(root) != simdjson::SUCCESS || root[member].get(list) != simdjson::SUCCESS) {
    judgement.fatal = fmt::format("an answer of 200 has no array \"{}\"", member);
    return judgement;
  }
  counts.results += list.size();
  judgement.expected = true;
  return judgement;
}

Judgement Workload::State::Judge(Operation& operation, int status, const std::string& body) {
  switch (operation.kind) {
    case RequestKind::kCreate:
    case RequestKind::kCreateWithKey:
    case RequestKind::kUpdate:
    case RequestKind::kUpdateWithKey:
      return JudgeWrite(operation, status, body);
    case RequestKind::kDelete:
      return {.expected = status == 200};
    case RequestKind::kQuery:
      return JudgeList(status, body, "operational_intent_references");
    case RequestKind::kSubscribe:
    case RequestKind::kPutServiceArea:
      return {.expected = status == 200 || status == 201};
    case RequestKind::kSearchServiceAreas:
      return JudgeList(status, body, "service_areas");
    case RequestKind::kDeclare:
    case RequestKind::kDeclareWithKey:
      return JudgeDeclare(operation, status, body);
  }
  return {};
}

Workload::Workload(WorkloadOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Workload::~Workload() = default;

void Workload::Fill(bool on) { state_->filling = on; }

Result<void> Workload::Begin(Operation& operation) { return state_->Begin(operation); }

Judgement Workload::Judge(Operation& operation, int status, const std::string& body) {
  Judgement judgement = state_->Judge(operation, status, body);
  if (judgement.expected || !judgement.fatal.empty()) return judgement;
  const bool service_areas =
      operation.kind == RequestKind::kPutServiceArea || operation.kind == RequestKind::kSearchServiceAreas;
  if (status == 401 || status == 403) {
    judgement.fatal =
        fmt::format("the server answers {}: the token is not good for \"{}\"", status, NameOf(operation.kind));
  } else if (status == 404 && operation.kind == RequestKind::kDeclare) {
    judgement.fatal = fmt::format("the server answers 404 at {}: parties cannot declare there", kDeclarations);
  } else if (status == 404 && service_areas) {
    judgement.fatal =
        fmt::format("the server answers 404 at {}: it does not serve remote ID (ASTM F3411-22a)", kServiceAreas);
  } else if (status == 404 && (operation.kind == RequestKind::kCreate || operation.kind == RequestKind::kQuery ||
                               operation.kind == RequestKind::kSubscribe)) {
    judgement.fatal = "the server answers 404: it does not serve ASTM F3548-21 at this URL";
  }
  return judgement;
}

const Workload::Counts& Workload::counts() const { return state_->counts; }
void Workload::ClearCounts() { state_->counts = {}; }

}  // namespace wideberth::load
