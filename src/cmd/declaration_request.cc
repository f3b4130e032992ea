#include "cmd/declaration_request.h"

#include <fmt/format.h>

#include <array>
#include <set>
#include <utility>

#include "cmd/bounded_json.h"

namespace wideberth::cmd {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kNumbers{"altitude_lower_m", "altitude_upper_m"};
constexpr std::array kTimes{"time_start", "time_end"};
constexpr std::array kMembers{"priority", "disclosure", "visible_to", "key", "state"};

std::string Quoted(const Json& value) {
  static constexpr size_t kShownBytes = 60;
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > kShownBytes) text = text.substr(0, kShownBytes) + "...";
  return text;
}

// Makes the volumes of a file, one after another.
class Volumes {
 public:
  Volumes(std::string name, const DeclarationChoices& choices) : name_(std::move(name)), choices_(choices) {}

  Result<void> Add(const Json& feature, const std::string& at) {
    if (!feature.is_object() || feature.value("type", Json()) != "Feature")
      return Wrong(at, Quoted(feature) + " is no GeoJSON Feature");
    const Json properties = feature.value("properties", Json());
    if (!properties.is_object()) return Wrong(at + ".properties", "is missing; it says altitudes and times");
    const Json intent = properties.value("intent", Json());
    if (choices_.intent && intent != *choices_.intent) return {};
    if (intent.is_string()) intents_.insert(intent.get<std::string>());
    const Json geometry = feature.value("geometry", Json());
    if (!geometry.is_object()) return Wrong(at + ".geometry", "is missing; it is a Polygon, a MultiPolygon or a Point");
    const Json type = geometry.value("type", Json());
    const bool circle = type == "Point";
    if (!circle && type != "Polygon" && type != "MultiPolygon")
      return Wrong(at + ".geometry.type", Quoted(type) + " is not Polygon, MultiPolygon or Point (with radius_m)");
    const Json coordinates = geometry.value("coordinates", Json());
    if (!coordinates.is_array()) return Wrong(at + ".geometry.coordinates", "is missing");
    WB_TRY(const Json sent, Properties(properties, circle, at + ".properties"));
    if (type != "MultiPolygon") return Push(type, coordinates, sent, at + ".geometry.coordinates");
    if (coordinates.empty()) return Wrong(at + ".geometry.coordinates", "has no polygon");
    for (size_t i = 0; i < coordinates.size(); ++i)
      WB_TRY_OK(Push("Polygon", coordinates[i], sent, fmt::format("{}.geometry.coordinates[{}]", at, i)));
    return {};
  }

  Result<Json> Take() {
    if (intents_.size() > 1)
      return Wrong("features",
                   fmt::format("are of {} intents, {} and others; a declaration is one: pick it with --intent",
                               intents_.size(), Quoted(*intents_.begin())));
    if (features_.empty())
      return Wrong("features", choices_.intent ? "none has the name of --intent"
                                               : "has none; a declaration has at least one volume");
    return std::move(features_);
  }

  Error Wrong(const std::string& at, const std::string& reason, Code code = Code::kInvalid) const {
    return {code, name_ + ": " + at + ": " + reason};
  }

 private:
  Result<Json> Properties(const Json& given, bool circle, const std::string& at) const {
    Json sent = Json::object();
    const auto take = [&](const char* member, bool good, const char* what) -> Result<void> {
      if (!given.contains(member) || given[member].is_null())
        return Wrong(at + "." + member, std::string("is missing; it is ") + what);
      if (!good) return Wrong(at + "." + member, Quoted(given[member]) + " is not " + what);
      sent[member] = given[member];
      return {};
    };
    for (const char* member : kNumbers)
      WB_TRY_OK(take(member, given.value(member, Json()).is_number(), "a number of metres above the WGS84 ellipsoid"));
    for (const char* member : kTimes)
      WB_TRY_OK(take(member, given.value(member, Json()).is_string(), "a time as 2026-03-01T10:00:00Z"));
    if (circle) WB_TRY_OK(take("radius_m", given.value("radius_m", Json()).is_number(), "a number of metres"));
    return sent;
  }

  Result<void> Push(const Json& type, const Json& coordinates, const Json& properties, const std::string& at) {
    if (type == "Polygon" && coordinates.size() > 1)
      return Wrong(at, "a polygon with a hole; a volume has one ring: split it into polygons without holes");
    if (features_.size() == kDeclarationVolumesMax)
      return Wrong(at, fmt::format("more than {} volumes; declare several intents", kDeclarationVolumesMax),
                   Code::kTooLarge);
    features_.push_back(Json{{"type", "Feature"},
                             {"geometry", Json{{"type", type}, {"coordinates", coordinates}}},
                             {"properties", properties}});
    return {};
  }

  std::string name_;
  const DeclarationChoices& choices_;
  Json features_ = Json::array();
  std::set<std::string> intents_;
};

}  // namespace

Result<Json> DeclarationRequest(std::string_view text, const std::string& name, const DeclarationChoices& choices) {
  const Result<Json> parsed = ParseJson(text);
  if (!parsed) return Error{parsed.error().code, name + ": is no JSON that serves: " + parsed.error().message};
  const Json& file = *parsed;
  Volumes volumes(name, choices);
  const Json type = file.is_object() ? file.value("type", Json()) : Json();
  Json request{{"type", "FeatureCollection"}};
  if (type == "Feature") {
    WB_TRY_OK(volumes.Add(file, "feature"));
  } else if (type == "FeatureCollection" && file.contains("features") && file["features"].is_array()) {
    for (const char* member : kMembers) {
      if (file.contains(member)) request[member] = file[member];
    }
    const Json& features = file["features"];
    for (size_t i = 0; i < features.size(); ++i) WB_TRY_OK(volumes.Add(features[i], fmt::format("features[{}]", i)));
  } else {
    return volumes.Wrong("type", "this is no GeoJSON FeatureCollection or Feature");
  }
  if (choices.constraint) {
    // A keep-clear zone has neither.
    for (const char* member : {"priority", "state"}) {
      if (request.contains(member)) return volumes.Wrong(member, "a keep-clear zone has none; take it out");
    }
    if (choices.priority || choices.state)
      return Error{Code::kInvalid, "--priority and --state: a keep-clear zone has none"};
  }
  if (choices.priority) request["priority"] = *choices.priority;
  if (choices.disclosure) request["disclosure"] = *choices.disclosure;
  if (choices.state) request["state"] = *choices.state;
  if (!choices.visible_to.empty()) request["visible_to"] = choices.visible_to;
  if (!choices.key.empty()) request["key"] = choices.key;
  WB_TRY(request["features"], volumes.Take());
  return request;
}

}  // namespace wideberth::cmd
