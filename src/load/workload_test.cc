#include "load/workload.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <numbers>
#include <set>
#include <string>
#include <vector>

#include "base/rfc3339.h"
#include "model/uuid.h"

namespace wideberth::load {
namespace {

using Json = nlohmann::json;

constexpr TimeNs kNow{1'772'359'200'000'000'000};  // 2026-03-01T10:00:00Z

WorkloadOptions Options(WorkloadKind kind) {
  WorkloadOptions options;
  options.kind = kind;
  options.host = "dss.example:8082";
  options.path_prefix = "/pool";
  options.tokens = {"token-one"};
  options.now = kNow;
  return options;
}

struct Parsed {
  std::string method;
  std::string target;
  std::map<std::string, std::string> fields;
  std::string body;
};

Parsed Parse(const std::string& request) {
  Parsed parsed;
  const size_t end = request.find("\r\n\r\n");
  EXPECT_NE(end, std::string::npos);
  parsed.body = request.substr(end + 4);
  size_t at = request.find("\r\n");
  const std::string line = request.substr(0, at);
  parsed.method = line.substr(0, line.find(' '));
  parsed.target = line.substr(line.find(' ') + 1, line.rfind(' ') - line.find(' ') - 1);
  EXPECT_EQ(line.substr(line.rfind(' ') + 1), "HTTP/1.1");
  while (at < end) {
    const size_t next = request.find("\r\n", at + 2);
    const std::string field = request.substr(at + 2, next - at - 2);
    parsed.fields[field.substr(0, field.find(": "))] = field.substr(field.find(": ") + 2);
    at = next;
  }
  EXPECT_EQ(parsed.fields["Content-Length"], std::to_string(parsed.body.size()));
  EXPECT_EQ(parsed.fields["Host"], "dss.example:8082");
  return parsed;
}

constexpr double kMetresPerDegree = 111'000;

// A volume as a DSS that knows circles alone would see it.
struct Volume {
  double latitude = 0;
  double longitude = 0;
  double radius_m = 0;
  double lower = 0;
  double upper = 0;
  int64_t start = 0;
  int64_t end = 0;

  double DistanceM(double other_latitude, double other_longitude) const {
    return std::hypot(other_latitude - latitude,
                      (other_longitude - longitude) * std::cos(latitude * std::numbers::pi / 180)) *
           kMetresPerDegree;
  }
  bool Meets(const Volume& other) const {
    return lower <= other.upper && other.lower <= upper && start <= other.end && other.start <= end &&
           DistanceM(other.latitude, other.longitude) <= radius_m + other.radius_m;
  }
};

Volume ReadVolume(const Json& json) {
  Volume volume;
  const Json& shape = json.at("volume");
  if (shape.contains("outline_circle")) {
    EXPECT_FALSE(shape.contains("outline_polygon"));
    volume.latitude = shape["outline_circle"]["center"]["lat"];
    volume.longitude = shape["outline_circle"]["center"]["lng"];
    volume.radius_m = shape["outline_circle"]["radius"]["value"];
    EXPECT_EQ(shape["outline_circle"]["radius"]["units"], "M");
  } else {
    const Json& vertices = shape.at("outline_polygon").at("vertices");
    EXPECT_EQ(vertices.size(), 8u);
    std::set<std::string> distinct;
    for (const Json& vertex : vertices) {
      volume.latitude += vertex["lat"].get<double>() / 8;
      volume.longitude += vertex["lng"].get<double>() / 8;
      distinct.insert(vertex.dump());
    }
    EXPECT_EQ(distinct.size(), 8u);
    volume.radius_m = volume.DistanceM(vertices[0]["lat"], vertices[0]["lng"]);
  }
  for (const char* bound : {"altitude_lower", "altitude_upper"}) {
    EXPECT_EQ(shape[bound]["reference"], "W84");
    EXPECT_EQ(shape[bound]["units"], "M");
  }
  volume.lower = shape["altitude_lower"]["value"];
  volume.upper = shape["altitude_upper"]["value"];
  for (const char* time : {"time_start", "time_end"}) EXPECT_EQ(json[time]["format"], "RFC3339");
  volume.start = ParseRfc3339(json["time_start"]["value"].get<std::string>()).operator*().value;
  volume.end = ParseRfc3339(json["time_end"]["value"].get<std::string>()).operator*().value;
  return volume;
}

constexpr const char* kIntents = "/pool/dss/v1/operational_intent_references/";

// A DSS for the workloads: it checks what it is sent, by brute force.
class SlowDss {
 public:
  explicit SlowDss(bool shows_ovns) : shows_ovns_(shows_ovns) {}

  struct Answer {
    int status;
    std::string body;
    size_t missing = 0;
  };
  Answer Ask(const std::string& request) {
    const Parsed parsed = Parse(request);
    EXPECT_TRUE(parsed.target.starts_with(kIntents)) << parsed.target;
    std::string id = parsed.target.substr(std::string(kIntents).size());
    const std::string ovn = id.size() > 36 ? id.substr(37) : "";
    if (parsed.method == "POST") {
      EXPECT_EQ(id, "query");
      ReadVolume(Json::parse(parsed.body).at("area_of_interest"));
      return {200, R"({"operational_intent_references":[]})"};
    }
    id.resize(36);
    EXPECT_TRUE(model::Uuid::Parse(id)) << id;
    const auto at = there_.find(id);
    EXPECT_EQ(at != there_.end(), !ovn.empty()) << "create what is not there, change what is there";
    if (at != there_.end()) {
      EXPECT_EQ(ovn, at->second.ovn);
    }
    if (parsed.method == "DELETE") {
      there_.erase(at);
      return {200, R"({"subscribers":[]})"};
    }
    EXPECT_EQ(parsed.method, "PUT");
    const Json body = Json::parse(parsed.body);
    EXPECT_EQ(body.at("state"), "Accepted");
    EXPECT_EQ(body.at("uss_base_url"), "https://uss.example");
    EXPECT_EQ(body.at("extents").size(), 1u);
    const Volume volume = ReadVolume(body["extents"][0]);
    const auto key = body.at("key").get<std::set<std::string>>();
    Json missing = Json::array();
    for (const auto& [other_id, other] : there_) {
      if (other_id != id && volume.Meets(other.volume) && !key.contains(other.ovn))
        missing.push_back({{"id", other_id}, {"ovn", shows_ovns_ ? other.ovn : "Available from USS"}});
    }
    if (!missing.empty())
      return {409, Json{{"message", "m"}, {"missing_operational_intents", missing}}.dump(), missing.size()};
    const std::string made = "ovn-" + std::to_string(++ovns_);
    there_[id] = {volume, made};
    return {at == there_.end() ? 201 : 200, Json{{"operational_intent_reference", {{"id", id}, {"ovn", made}}}}.dump()};
  }
  size_t size() const { return there_.size(); }

 private:
  struct There {
    Volume volume;
    std::string ovn;
  };
  bool shows_ovns_;
  std::map<std::string, There> there_;
  int ovns_ = 0;
};

std::vector<std::string> FirstRequests(const WorkloadOptions& options, int count) {
  Workload workload(options);
  std::vector<std::string> requests;
  for (int i = 0; i < count; ++i) {
    Operation operation;
    EXPECT_TRUE(workload.Begin(operation));
    requests.push_back(operation.request);
  }
  return requests;
}

TEST(Workload, TheSameSeedAsksTheSame) {
  for (const WorkloadKind kind :
       {WorkloadKind::kSpread, WorkloadKind::kCity, WorkloadKind::kOverlapping, WorkloadKind::kQuery,
        WorkloadKind::kSubscribe, WorkloadKind::kRid, WorkloadKind::kMixed}) {
    WorkloadOptions options = Options(kind);
    const auto requests = FirstRequests(options, 50);
    EXPECT_EQ(requests, FirstRequests(options, 50));
    options.seed = 2;
    EXPECT_NE(requests, FirstRequests(options, 50));
  }
}

TEST(Workload, IdsDifferBetweenRunsOfOneSeed) {
  WorkloadOptions options = Options(WorkloadKind::kSpread);
  const std::string before = Parse(FirstRequests(options, 1)[0]).target;
  options.now.value += kNsPerSecond;
  EXPECT_NE(before, Parse(FirstRequests(options, 1)[0]).target);
}

TEST(Workload, SpreadLiesInTheCountryAndInTheComingHours) {
  Workload workload(Options(WorkloadKind::kSpread));
  size_t polygons = 0;
  double west = 180;
  double east = -180;
  for (int i = 0; i < 2000; ++i) {
    Operation operation;
    ASSERT_TRUE(workload.Begin(operation));
    const Parsed request = Parse(operation.request);
    EXPECT_EQ(request.method, "PUT");
    EXPECT_EQ(request.fields.at("Authorization"), "Bearer token-one");
    const Json body = Json::parse(request.body);
    EXPECT_TRUE(body.at("key").empty());
    EXPECT_FALSE(body.contains("new_subscription"));
    polygons += body["extents"][0]["volume"].contains("outline_polygon") ? size_t{1} : size_t{0};
    const Volume volume = ReadVolume(body["extents"][0]);
    EXPECT_LE(std::abs(volume.latitude - 47) * kMetresPerDegree, 400'001);
    EXPECT_LE(volume.DistanceM(volume.latitude, 8), 500'001);
    EXPECT_GE(volume.radius_m, 199.5);
    EXPECT_LE(volume.radius_m, 300.5);
    EXPECT_NEAR(volume.upper - volume.lower, 30, 0.02);
    EXPECT_GE(volume.start, kNow.value);
    EXPECT_LE(volume.start, kNow.value + 12 * 3600 * kNsPerSecond);
    EXPECT_NEAR(static_cast<double>(volume.end - volume.start) * 1e-9, 600, 0.01);
    west = std::min(west, volume.longitude);
    east = std::max(east, volume.longitude);
  }
  EXPECT_GT(east - west, 12);
  EXPECT_NEAR(static_cast<double>(polygons), 1000, 120);
}

TEST(Workload, PartiesTakeTurnsAndMaySubscribe) {
  WorkloadOptions options = Options(WorkloadKind::kCity);
  options.tokens = {"one", "two", "three"};
  options.subscribe = true;
  std::vector<std::string> said;
  for (const std::string& text : FirstRequests(options, 6)) {
    const Parsed request = Parse(text);
    said.push_back(request.fields.at("Authorization"));
    EXPECT_EQ(Json::parse(request.body).at("new_subscription").at("uss_base_url"), "https://uss.example");
  }
  EXPECT_EQ(said, (std::vector<std::string>{"Bearer one", "Bearer two", "Bearer three", "Bearer one", "Bearer two",
                                            "Bearer three"}));
}

// With `shows_ovns` off, as for tokens of several parties, only what the workload remembers can help.
void ExpectOverlaps(double overlap, bool shows_ovns) {
  WorkloadOptions options = Options(WorkloadKind::kOverlapping);
  options.overlap = overlap;
  options.chains = 8;
  Workload workload(options);
  SlowDss dss(shows_ovns);
  constexpr size_t kIntentsMade = 1500;
  const size_t beginning = options.chains * (static_cast<size_t>(overlap) + 1);  // of the chains
  size_t met = 0;
  size_t counted = 0;
  for (size_t i = 0; i < kIntentsMade; ++i) {
    Operation operation;
    ASSERT_TRUE(workload.Begin(operation));
    SlowDss::Answer answer = dss.Ask(operation.request);
    if (i >= beginning) {
      EXPECT_EQ(answer.status, 409) << i;
      met += answer.missing;
      ++counted;
    }
    Judgement judgement = workload.Judge(operation, answer.status, answer.body);
    EXPECT_TRUE(judgement.expected);
    EXPECT_EQ(judgement.again, answer.status == 409);
    if (!judgement.again) continue;
    EXPECT_EQ(operation.kind, RequestKind::kCreateWithKey);
    answer = dss.Ask(operation.request);
    EXPECT_EQ(answer.status, 201) << answer.body;
    judgement = workload.Judge(operation, answer.status, answer.body);
    EXPECT_TRUE(judgement.accepted && judgement.expected && !judgement.again);
  }
  EXPECT_EQ(dss.size(), kIntentsMade);
  EXPECT_EQ(workload.counts().accepted, kIntentsMade);
  EXPECT_NEAR(static_cast<double>(met) / static_cast<double>(counted), overlap, 0.1 * overlap);
}

TEST(Workload, OverlappingOnesMeetAsManyAsAskedForAndTheSecondTryIsAccepted) {
  ExpectOverlaps(5, true);
  ExpectOverlaps(5, false);
  ExpectOverlaps(3, true);
  ExpectOverlaps(10, false);
}

TEST(Workload, ChainsGoOnInAnotherPlaceAndEndWithAnError) {
  WorkloadOptions options = Options(WorkloadKind::kOverlapping);
  options.overlap = 1;
  options.chains = 2;
  Workload workload(options);
  std::set<std::pair<int, int>> layers_and_latitudes;
  size_t made = 0;
  for (Operation operation; workload.Begin(operation); ++made) {
    if (made % 97 != 0) continue;
    const Volume volume = ReadVolume(Json::parse(Parse(operation.request).body)["extents"][0]);
    EXPECT_LE(volume.start, kNow.value + 13 * 3600 * kNsPerSecond);
    layers_and_latitudes.insert({static_cast<int>(volume.lower), static_cast<int>(volume.latitude * 40)});
  }
  EXPECT_GT(made, 500'000u);
  EXPECT_GT(layers_and_latitudes.size(), 1000u);
  Operation operation;
  const Result<void> begun = workload.Begin(operation);
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().code, Code::kTooMany);
}

TEST(Workload, GivesUpWhatMeetsEntitiesOfStrangers) {
  Workload workload(Options(WorkloadKind::kSpread));
  Operation operation;
  ASSERT_TRUE(workload.Begin(operation));
  const Judgement judgement = workload.Judge(
      operation, 409,
      R"({"message":"m","missing_operational_intents":[{"id":"2f8343be-6482-4d1b-a474-16847e01af1e","ovn":"Available from USS"}]})");
  EXPECT_FALSE(judgement.again);
  EXPECT_FALSE(judgement.expected);
  EXPECT_TRUE(judgement.fatal.empty());
  EXPECT_EQ(workload.counts().strangers, 1u);
}

TEST(Workload, GivesUpAfterTheStatedNumberOfTries) {
  Workload workload(Options(WorkloadKind::kSpread));
  Operation operation;
  ASSERT_TRUE(workload.Begin(operation));
  int tries = 1;
  const std::string conflict =
      R"({"missing_operational_intents":[{"id":"2f8343be-6482-4d1b-a474-16847e01af1e","ovn":"an-ovn-of-ours"}]})";
  while (workload.Judge(operation, 409, conflict).again && tries < 100) ++tries;
  EXPECT_EQ(tries, Workload::kAttemptsMax);
  EXPECT_EQ(workload.counts().exhausted, 1u);
}

TEST(Workload, SaysWhatIsNotAsItShouldBe) {
  Workload workload(Options(WorkloadKind::kSpread));
  Operation operation;
  ASSERT_TRUE(workload.Begin(operation));
  for (const int status : {400, 409, 412, 429, 500, 503}) {
    const Judgement judgement = workload.Judge(operation, status, R"({"message":"no"})");
    EXPECT_FALSE(judgement.expected || judgement.again || judgement.accepted) << status;
    EXPECT_EQ(judgement.fatal, "") << status;
  }
  for (const int status : {401, 403, 404}) EXPECT_NE(workload.Judge(operation, status, "{}").fatal, "") << status;
  for (const char* body : {"", "no JSON", "{}", R"({"operational_intent_reference":{"ovn":7}})"})
    EXPECT_NE(workload.Judge(operation, 201, body).fatal, "") << body;
  for (const char* body : {"", "no JSON", "{}", R"({"missing_operational_intents":{}})"})
    EXPECT_FALSE(workload.Judge(operation, 409, body).expected) << body;
}

TEST(Workload, AServerWithoutRemoteIdIsNamedAsSuch) {
  Workload workload(Options(WorkloadKind::kRid));
  for (int i = 0; i < 2; ++i) {
    Operation operation;
    ASSERT_TRUE(workload.Begin(operation));
    const Judgement judgement = workload.Judge(operation, 404, R"({"message":"there is no such path"})");
    EXPECT_NE(judgement.fatal.find("F3411"), std::string::npos);
  }
}

TEST(Workload, RemoteIdPutsAndSearchesInTurn) {
  Workload workload(Options(WorkloadKind::kRid));
  for (int i = 0; i < 20; ++i) {
    Operation operation;
    ASSERT_TRUE(workload.Begin(operation));
    const Parsed request = Parse(operation.request);
    if (i % 2 == 0) {
      EXPECT_EQ(request.method, "PUT");
      const Json body = Json::parse(request.body);
      EXPECT_EQ(body.at("uss_base_url"), "https://uss.example");
      EXPECT_NEAR(ReadVolume(body.at("extents")).radius_m, 1000, 0.01);
      EXPECT_TRUE(workload.Judge(operation, 200, "{}").expected);
    } else {
      EXPECT_EQ(request.method, "GET");
      EXPECT_TRUE(request.body.empty());
      EXPECT_EQ(std::count(request.target.begin(), request.target.end(), ','), 7) << request.target;
      EXPECT_TRUE(workload.Judge(operation, 200, R"({"service_areas":[{},{}]})").expected);
    }
  }
  EXPECT_EQ(workload.counts().results, 20u);
}

TEST(Workload, ADaysMixHasItsSharesAndChangesOnlyWhatIsThere) {
  WorkloadOptions options = Options(WorkloadKind::kMixed);
  options.tokens = {"one", "two"};
  Workload workload(options);
  SlowDss dss(false);
  std::map<RequestKind, int> begun;
  constexpr int kOperations = 4000;
  // Eight at a time, so that answers come while others are being asked.
  std::vector<Operation> operations(8);
  for (int i = 0; i < kOperations; ++i) {
    Operation& operation = operations[static_cast<size_t>(i) % operations.size()];
    ASSERT_TRUE(workload.Begin(operation));
    ++begun[operation.kind];
    for (bool again = true; again;) {
      const SlowDss::Answer answer = dss.Ask(operation.request);
      const Judgement judgement = workload.Judge(operation, answer.status, answer.body);
      EXPECT_TRUE(judgement.expected) << answer.body;
      again = judgement.again;
    }
  }
  EXPECT_NEAR(begun[RequestKind::kQuery], 0.60 * kOperations, 100);
  EXPECT_NEAR(begun[RequestKind::kCreate], 0.25 * kOperations, 90);
  EXPECT_NEAR(begun[RequestKind::kUpdate], 0.10 * kOperations, 60);
  EXPECT_NEAR(begun[RequestKind::kDelete], 0.05 * kOperations, 50);
  EXPECT_EQ(dss.size(), static_cast<size_t>(begun[RequestKind::kCreate] - begun[RequestKind::kDelete]));
}

TEST(Workload, FillingOnlyCreates) {
  Workload workload(Options(WorkloadKind::kQuery));
  Operation operation;
  workload.Fill(true);
  ASSERT_TRUE(workload.Begin(operation));
  EXPECT_EQ(operation.kind, RequestKind::kCreate);
  workload.Fill(false);
  ASSERT_TRUE(workload.Begin(operation));
  EXPECT_EQ(operation.kind, RequestKind::kQuery);
  EXPECT_NEAR(ReadVolume(Json::parse(Parse(operation.request).body).at("area_of_interest")).radius_m, 1000, 0.01);
}

Json DeclareAnswer(bool needs_key) {
  return {{"conflicts", {{{"other", {{"ovn", "of-the-other"}}}, {"in_key", false}, {"needs_key", needs_key}}}}};
}

TEST(Workload, DeclarationsAreSpreadAsReferencesAre) {
  WorkloadOptions options = Options(WorkloadKind::kDeclare);
  Workload declare(options);
  options.kind = WorkloadKind::kSpread;
  Workload spread(options);
  for (int i = 0; i < 200; ++i) {
    Operation ours;
    Operation theirs;
    ASSERT_TRUE(declare.Begin(ours));
    ASSERT_TRUE(spread.Begin(theirs));
    const Parsed request = Parse(ours.request);
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/pool/api/v1/intents");
    const Json body = Json::parse(request.body);
    EXPECT_EQ(body["type"], "FeatureCollection");
    EXPECT_EQ(body["priority"], 0);
    EXPECT_TRUE(body["key"].empty());
    ASSERT_EQ(body["features"].size(), 1u);
    const Json& feature = body["features"][0];
    const Json& properties = feature["properties"];
    const Json extent = Json::parse(Parse(theirs.request).body)["extents"][0];
    EXPECT_EQ(properties["altitude_lower_m"], extent["volume"]["altitude_lower"]["value"]);
    EXPECT_EQ(properties["altitude_upper_m"], extent["volume"]["altitude_upper"]["value"]);
    EXPECT_EQ(properties["time_start"], extent["time_start"]["value"]);
    EXPECT_EQ(properties["time_end"], extent["time_end"]["value"]);
    if (feature["geometry"]["type"] == "Point") {
      const Json& circle = extent["volume"]["outline_circle"];
      EXPECT_EQ(feature["geometry"]["coordinates"], Json({circle["center"]["lng"], circle["center"]["lat"]}));
      EXPECT_EQ(properties["radius_m"], circle["radius"]["value"]);
    } else {
      EXPECT_EQ(feature["geometry"]["type"], "Polygon");
      const Json& ring = feature["geometry"]["coordinates"][0];
      const Json& vertices = extent["volume"]["outline_polygon"]["vertices"];
      ASSERT_EQ(ring.size(), vertices.size() + 1);
      EXPECT_EQ(ring.front(), ring.back());
      for (size_t v = 0; v < vertices.size(); ++v) EXPECT_EQ(ring[v], Json({vertices[v]["lng"], vertices[v]["lat"]}));
    }
  }
}

TEST(Workload, AShareOfDeclarationsLiesOverThoseOfOthersAndEachIsMetOnce) {
  WorkloadOptions options = Options(WorkloadKind::kDeclare);
  options.tokens = {"token-one", "token-two", "token-three"};
  options.override_share = 0.3;
  Workload workload(options);
  std::map<std::string, std::string> below;  // by features: the token
  int over = 0;
  for (int i = 0; i < 1'000; ++i) {
    Operation operation;
    ASSERT_TRUE(workload.Begin(operation));
    const Parsed request = Parse(operation.request);
    const Json body = Json::parse(request.body);
    const std::string features = body["features"].dump();
    const std::string token = request.fields.at("Authorization");
    Json answer{{"conflicts", Json::array()}};
    if (body["priority"] == 1) {
      ++over;
      const auto at = below.find(features);
      ASSERT_NE(at, below.end()) << "nothing lies below it, or it was met before";
      EXPECT_NE(at->second, token);
      below.erase(at);
      answer = DeclareAnswer(false);
    } else {
      EXPECT_TRUE(below.emplace(features, token).second);
    }
    const Judgement judgement = workload.Judge(operation, 201, answer.dump());
    EXPECT_TRUE(judgement.expected && judgement.accepted && !judgement.again) << judgement.fatal;
  }
  EXPECT_NEAR(over, 300, 60);
  EXPECT_EQ(workload.counts().overridden, static_cast<uint64_t>(over));
  EXPECT_EQ(workload.counts().accepted, 1'000u);
}

TEST(Workload, ARefusedDeclarationIsSentAgainWithTheOvnsThatItLacks) {
  Workload workload(Options(WorkloadKind::kDeclare));
  Operation operation;
  ASSERT_TRUE(workload.Begin(operation));
  Judgement judgement = workload.Judge(operation, 409, DeclareAnswer(true).dump());
  EXPECT_TRUE(judgement.again && judgement.expected && !judgement.accepted);
  EXPECT_EQ(operation.kind, RequestKind::kDeclareWithKey);
  EXPECT_EQ(Json::parse(Parse(operation.request).body)["key"], Json({"of-the-other"}));
  judgement = workload.Judge(operation, 201, R"({"conflicts":[]})");
  EXPECT_TRUE(judgement.accepted);

  Operation stranger;
  ASSERT_TRUE(workload.Begin(stranger));
  Json answer = DeclareAnswer(true);
  answer["conflicts"][0]["other"].erase("ovn");  // as of another provider's reference
  judgement = workload.Judge(stranger, 409, answer.dump());
  EXPECT_FALSE(judgement.again || judgement.expected);
  EXPECT_EQ(workload.counts().strangers, 1u);

  Operation elsewhere;
  ASSERT_TRUE(workload.Begin(elsewhere));
  EXPECT_NE(workload.Judge(elsewhere, 404, "{}").fatal, "");
  EXPECT_NE(workload.Judge(elsewhere, 201, "[]").fatal, "");
}

}  // namespace
}  // namespace wideberth::load
