#include "api/f3548_json.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "base/rfc3339.h"
#include "geo/altitude_band.h"
#include "geo/area.h"
#include "geo/outline.h"

namespace wideberth::api {

using model::Extents;
using model::Uuid;

namespace {

using dom = simdjson::dom::element;

// A member and where it stands, for messages.
class Member {
 public:
  Member(dom element, std::string path) : element_(element), path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  Error Wrong(const std::string& reason) const { return {Code::kInvalid, path_ + ": " + reason}; }
  dom element() const { return element_; }

  bool is_object() const { return element_.is_object(); }

  // A member of this object; nothing if it is absent or null.
  Result<std::optional<Member>> Optional(std::string_view name) const {
    simdjson::dom::object object;
    if (element_.get_object().get(object) != simdjson::SUCCESS) return Wrong("is not an object");
    dom found;
    if (object.at_key(name).get(found) != simdjson::SUCCESS || found.is_null()) return std::optional<Member>();
    return std::optional<Member>(Member(found, PathOf(name)));
  }
  Result<Member> Required(std::string_view name) const {
    WB_TRY(std::optional<Member> found, Optional(name));
    if (!found) return Error{Code::kInvalid, PathOf(name) + ": is missing"};
    return *std::move(found);
  }
  Result<std::string> String() const {
    std::string_view text;
    if (element_.get_string().get(text) != simdjson::SUCCESS) return Wrong("is not a string");
    return std::string(text);
  }
  Result<double> Number() const {
    double number = 0;
    if (!element_.is_number() || element_.get_double().get(number) != simdjson::SUCCESS)
      return Wrong("is not a number");
    return number;
  }
  Result<bool> Bool() const {
    bool value = false;
    if (element_.get_bool().get(value) != simdjson::SUCCESS) return Wrong("is not true or false");
    return value;
  }
  Result<simdjson::dom::array> Array() const {
    simdjson::dom::array array;
    if (element_.get_array().get(array) != simdjson::SUCCESS) return Wrong("is not an array");
    return array;
  }
  Result<Uuid> Id(int version = 4) const {
    WB_TRY(const std::string text, String());
    Result<Uuid> id = Uuid::Parse(text, version);
    if (!id) return Wrong(id.error().message);
    return id;
  }
  // One of an array's.
  Member At(dom element, size_t index) const { return {element, path_ + "[" + std::to_string(index) + "]"}; }

 private:
  std::string PathOf(std::string_view name) const {
    return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
  }

  dom element_;
  std::string path_;
};

// Parses a body and gives its root to `use`; the JSON lives as long as that.
template <typename T, typename Use>
Result<T> WithBody(std::string_view body, Use use) {
  thread_local simdjson::dom::parser parser;
  dom root;
  const auto error = parser.parse(body.data(), body.size()).get(root);
  if (error != simdjson::SUCCESS)
    return Error{Code::kInvalid, std::string("body: is not JSON: ") + simdjson::error_message(error)};
  if (!root.is_object()) return Error{Code::kInvalid, "body: is not an object"};
  return use(Member(root, ""));
}

Result<geo::LatLng> ParsePoint(const Member& point) {
  WB_TRY(const Member lat, point.Required("lat"));
  WB_TRY(const double latitude, lat.Number());
  WB_TRY(const Member lng, point.Required("lng"));
  WB_TRY(const double longitude, lng.Number());
  if (!(std::abs(latitude) <= 90)) return lat.Wrong("is not within -90 to 90");
  if (!(std::abs(longitude) <= 180)) return lng.Wrong("is not within -180 to 180");
  return geo::LatLng{latitude, longitude};
}

Result<geo::Outline> ParsePolygon(const Member& polygon, size_t& vertices_left) {
  WB_TRY(const Member vertices, polygon.Required("vertices"));
  WB_TRY(const simdjson::dom::array array, vertices.Array());
  std::vector<geo::LatLng> ring;
  for (const dom element : array) {
    WB_TRY(const geo::LatLng point, ParsePoint(vertices.At(element, ring.size())));
    if (vertices_left == 0)
      return vertices.Wrong("the request has more than " + std::to_string(kVerticesMax) + " vertices");
    --vertices_left;
    ring.push_back(point);
  }
  Result<geo::Outline> outline = geo::Outline::MakePolygon(ring);
  if (!outline) return vertices.Wrong(outline.error().message);
  return outline;
}

Result<geo::Outline> ParseCircle(const Member& circle) {
  WB_TRY(const Member center, circle.Required("center"));
  WB_TRY(const geo::LatLng point, ParsePoint(center));
  WB_TRY(const Member radius, circle.Required("radius"));
  WB_TRY(const Member value, radius.Required("value"));
  WB_TRY(const double radius_m, value.Number());
  WB_TRY(const Member units, radius.Required("units"));
  WB_TRY(const std::string unit, units.String());
  if (unit != "M") return units.Wrong("is not \"M\"");
  Result<geo::Outline> outline = geo::Outline::MakeCircle(point, radius_m);
  if (!outline) return value.Wrong(outline.error().message);
  return outline;
}

Result<double> ParseAltitude(const Member& altitude) {
  WB_TRY(const Member reference, altitude.Required("reference"));
  WB_TRY(const std::string datum, reference.String());
  if (datum != "W84") return reference.Wrong("is not \"W84\"");
  WB_TRY(const Member units, altitude.Required("units"));
  WB_TRY(const std::string unit, units.String());
  if (unit != "M") return units.Wrong("is not \"M\"");
  WB_TRY(const Member value, altitude.Required("value"));
  WB_TRY(const double metres, value.Number());
  if (!geo::AltitudeBand::MakeMetres(metres, metres)) return value.Wrong("is not within -100000 to 1000000");
  return metres;
}

Result<TimeNs> ParseTime(const Member& time, Round round) {
  WB_TRY(const Member format, time.Required("format"));
  WB_TRY(const std::string name, format.String());
  if (name != "RFC3339") return format.Wrong("is not \"RFC3339\"");
  WB_TRY(const Member value, time.Required("value"));
  WB_TRY(const std::string text, value.String());
  Result<TimeNs> parsed = ParseRfc3339(text, round);
  if (!parsed) return value.Wrong(parsed.error().message);
  return parsed;
}

// What a Volume4D must say of itself.
struct Needs {
  bool times = false;
  bool altitudes = false;
};

struct Budget {
  size_t vertices = kVerticesMax;
  size_t cells = kCoverCellsMax;
};

Result<Extents> ParseVolume(const Member& volume4d, const Needs& needs, Budget& budget) {
  WB_TRY(const Member volume, volume4d.Required("volume"));
  WB_TRY(const std::optional<Member> polygon, volume.Optional("outline_polygon"));
  WB_TRY(const std::optional<Member> circle, volume.Optional("outline_circle"));
  if (polygon && circle) return volume.Wrong("has both outline_polygon and outline_circle");
  if (!polygon && !circle) return volume.Wrong("has neither outline_polygon nor outline_circle");
  WB_TRY(const geo::Outline outline, polygon ? ParsePolygon(*polygon, budget.vertices) : ParseCircle(*circle));
  if (geo::AreaM2(outline) > kOutlineAreaMaxM2)
    return Error{Code::kTooLarge, (polygon ? polygon : circle)->path() + ": has more than 2500 km² of area"};

  Extents extents;
  WB_TRY(const std::optional<Member> lower, volume.Optional("altitude_lower"));
  WB_TRY(const std::optional<Member> upper, volume.Optional("altitude_upper"));
  if (needs.altitudes && !lower) return volume.Wrong("altitude_lower is missing");
  if (needs.altitudes && !upper) return volume.Wrong("altitude_upper is missing");
  if (lower) {
    WB_TRY(const double metres, ParseAltitude(*lower));
    extents.lower = geo::AltitudeBand::MakeMetres(metres, metres)->lower();
  }
  if (upper) {
    WB_TRY(const double metres, ParseAltitude(*upper));
    extents.upper = geo::AltitudeBand::MakeMetres(metres, metres)->upper();
  }
  if (extents.lower > extents.upper) return volume.Wrong("altitude_lower is above altitude_upper");

  WB_TRY(const std::optional<Member> start, volume4d.Optional("time_start"));
  WB_TRY(const std::optional<Member> end, volume4d.Optional("time_end"));
  if (needs.times && !start) return volume4d.Wrong("time_start is missing");
  if (needs.times && !end) return volume4d.Wrong("time_end is missing");
  if (start) {
    WB_TRY(extents.start, ParseTime(*start, Round::kDown));
  }
  if (end) {
    WB_TRY(extents.end, ParseTime(*end, Round::kUp));
  }
  if (extents.start > extents.end) return volume4d.Wrong("time_start is after time_end");

  extents.cover = index::CoverOf(outline);
  if (extents.cover.cells.size() > budget.cells)
    return volume4d.Wrong("the request covers too much in too fine detail: give fewer or smaller volumes");
  budget.cells -= extents.cover.cells.size();
  return extents;
}

// All volumes as one (F3548's DSS compares unions).
Result<Extents> ParseExtents(const Member& extents, const Needs& needs) {
  WB_TRY(const simdjson::dom::array array, extents.Array());
  if (array.size() == 0) return extents.Wrong("is empty");
  if (array.size() > kVolumesMax) return extents.Wrong("has more than " + std::to_string(kVolumesMax) + " volumes");
  Budget budget;
  std::optional<Extents> all;
  index::CellCover cover;
  size_t number = 0;
  for (const dom element : array) {
    WB_TRY(Extents one, ParseVolume(extents.At(element, number++), needs, budget));
    if (!all) {
      all = std::move(one);
      continue;
    }
    cover.cells.insert(cover.cells.end(), one.cover.cells.begin(), one.cover.cells.end());
    all->lower = std::min(all->lower, one.lower);
    all->upper = std::max(all->upper, one.upper);
    all->start = std::min(all->start, one.start);
    all->end = std::max(all->end, one.end);
  }
  if (!cover.cells.empty()) all->cover = index::Union(all->cover, cover);
  return *std::move(all);
}

Result<std::string> ParseUrl(const Member& root, const ParseOptions& options) {
  WB_TRY(const Member member, root.Required("uss_base_url"));
  WB_TRY(const std::string url, member.String());
  const bool https = url.starts_with("https://");
  const bool http = url.starts_with("http://");
  if (!https && !(http && options.allow_http_uss)) return member.Wrong(http ? "is not https" : "is not an https URL");
  const size_t host = https ? 8 : 7;
  if (url.size() <= host || url[host] == '/' || url[host] == ':') return member.Wrong("names no host");
  if (url.size() > kUrlBytesMax) return member.Wrong("has more than " + std::to_string(kUrlBytesMax) + " bytes");
  if (std::any_of(url.begin(), url.end(),
                  [](char c) { return c <= ' ' || c == 0x7f || c == '"' || c == '<' || c == '>'; }))
    return member.Wrong("has characters that no URL has");
  return url;
}

Result<bool> ParseFlag(const Member& root, std::string_view name) {
  WB_TRY(const std::optional<Member> flag, root.Optional(name));
  if (!flag) return false;
  return flag->Bool();
}

Result<model::IntentState> ParseState(const Member& root) {
  WB_TRY(const Member member, root.Required("state"));
  WB_TRY(const std::string state, member.String());
  if (state == "Accepted") return model::IntentState::kAccepted;
  if (state == "Activated") return model::IntentState::kActivated;
  if (state == "Nonconforming") return model::IntentState::kNonconforming;
  if (state == "Contingent") return model::IntentState::kContingent;
  return member.Wrong("is not Accepted, Activated, Nonconforming or Contingent");
}

}  // namespace

Result<model::PutOperationalIntent> ParsePutOperationalIntent(std::string_view body, const ParseOptions& options) {
  return WithBody<model::PutOperationalIntent>(body, [&](const Member& root) -> Result<model::PutOperationalIntent> {
    model::PutOperationalIntent put;
    WB_TRY(const Member extents, root.Required("extents"));
    WB_TRY(put.extents, ParseExtents(extents, {.times = true, .altitudes = true}));
    WB_TRY(put.state, ParseState(root));
    WB_TRY(put.uss_base_url, ParseUrl(root, options));
    WB_TRY(const std::optional<Member> key, root.Optional("key"));
    if (key) {
      WB_TRY(const simdjson::dom::array ovns, key->Array());
      for (const dom element : ovns) {
        const Member ovn = key->At(element, put.key.size());
        if (put.key.size() >= kKeyOvnsMax) return key->Wrong("has more than " + std::to_string(kKeyOvnsMax) + " OVNs");
        WB_TRY(std::string text, ovn.String());
        put.key.push_back(std::move(text));
      }
    }
    WB_TRY(const std::optional<Member> subscription_id, root.Optional("subscription_id"));
    // An empty id is what some clients send for none.
    if (subscription_id && subscription_id->element().get_string().error() == simdjson::SUCCESS &&
        std::string_view(subscription_id->element().get_string()).empty()) {
      put.subscription_id.reset();
    } else if (subscription_id) {
      WB_TRY(put.subscription_id, subscription_id->Id());
    }
    WB_TRY(const std::optional<Member> new_subscription, root.Optional("new_subscription"));
    if (new_subscription && put.subscription_id)
      return new_subscription->Wrong("must not be given together with subscription_id");
    if (new_subscription) {
      put.new_subscription.emplace();
      WB_TRY(put.new_subscription->uss_base_url, ParseUrl(*new_subscription, options));
      WB_TRY(put.new_subscription->notify_for_constraints, ParseFlag(*new_subscription, "notify_for_constraints"));
    }
    if (put.state != model::IntentState::kAccepted && !put.subscription_id && !put.new_subscription)
      return Error{Code::kInvalid,
                   "subscription_id: is missing, and so is new_subscription: this state needs one of them"};
    WB_TRY(const std::optional<Member> suffix, root.Optional("requested_ovn_suffix"));
    if (suffix) {
      WB_TRY(put.requested_ovn_suffix, suffix->Id(7));
    }
    return put;
  });
}

Result<model::PutConstraint> ParsePutConstraint(std::string_view body, const ParseOptions& options) {
  return WithBody<model::PutConstraint>(body, [&](const Member& root) -> Result<model::PutConstraint> {
    model::PutConstraint put;
    WB_TRY(const Member extents, root.Required("extents"));
    WB_TRY(put.extents, ParseExtents(extents, {.times = true}));
    WB_TRY(put.uss_base_url, ParseUrl(root, options));
    return put;
  });
}

Result<model::PutSubscription> ParsePutSubscription(std::string_view body, const ParseOptions& options) {
  return WithBody<model::PutSubscription>(body, [&](const Member& root) -> Result<model::PutSubscription> {
    model::PutSubscription put;
    WB_TRY(const Member extents, root.Required("extents"));
    Budget budget;
    WB_TRY(put.extents, ParseVolume(extents, {}, budget));
    WB_TRY(put.uss_base_url, ParseUrl(root, options));
    WB_TRY(put.notify_for_operational_intents, ParseFlag(root, "notify_for_operational_intents"));
    WB_TRY(put.notify_for_constraints, ParseFlag(root, "notify_for_constraints"));
    if (!put.notify_for_operational_intents && !put.notify_for_constraints)
      return Error{
          Code::kInvalid,
          "notify_for_operational_intents: is false, and so is notify_for_constraints: one of them must be true"};
    return put;
  });
}

Result<Extents> ParseQuery(std::string_view body) {
  return WithBody<Extents>(body, [&](const Member& root) -> Result<Extents> {
    WB_TRY(const Member area, root.Required("area_of_interest"));
    Budget budget;
    return ParseVolume(area, {}, budget);
  });
}

Result<model::SetAvailability> ParseSetAvailability(std::string_view body) {
  return WithBody<model::SetAvailability>(body, [&](const Member& root) -> Result<model::SetAvailability> {
    model::SetAvailability set;
    WB_TRY(const Member member, root.Required("availability"));
    WB_TRY(std::string word, member.String());
    std::transform(word.begin(), word.end(), word.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (word == "normal") {
      set.availability = model::Availability::kNormal;
    } else if (word == "down") {
      set.availability = model::Availability::kDown;
    } else if (word == "unknown" || word.empty()) {
      set.availability = model::Availability::kUnknown;
    } else {
      return member.Wrong("is not Unknown, Normal or Down");
    }
    WB_TRY(const std::optional<Member> old_version, root.Optional("old_version"));
    if (old_version) {
      WB_TRY(set.old_version, old_version->String());
    }
    return set;
  });
}

Result<std::string> ParseReport(std::string_view body, const std::string& report_id) {
  return WithBody<std::string>(body, [&](const Member& root) -> Result<std::string> {
    WB_TRY(const Member exchange, root.Required("exchange"));
    for (const char* name : {"url", "method", "recorder_role"}) {
      WB_TRY(const Member member, exchange.Required(name));
      WB_TRY(const std::string text, member.String());
      if (text.empty()) return member.Wrong("is empty");
    }
    WB_TRY(const Member request_time, exchange.Required("request_time"));
    WB_TRY(const TimeNs parsed, ParseTime(request_time, Round::kDown));
    static_cast<void>(parsed);
    WB_TRY(const std::optional<Member> headers, exchange.Optional("headers"));
    if (headers) {
      WB_TRY(const simdjson::dom::array ignored, headers->Array());
      static_cast<void>(ignored);
    }
    nlohmann::ordered_json report = nlohmann::ordered_json::parse(simdjson::minify(root.element()), nullptr, false);
    if (report.is_discarded()) return Error{Code::kInvalid, "body: is not JSON"};
    report["report_id"] = report_id;
    return report.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  });
}

// ---- Answers.

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kOvnOfOthers = "Available from USS";
// What the answer says for an intent without a subscription: the interface demands an id.
constexpr const char* kNoSubscription = "00000000-0000-4000-8000-000000000000";

std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

const char* NameOf(model::Availability availability) {
  switch (availability) {
    case model::Availability::kUnknown:
      return "Unknown";
    case model::Availability::kNormal:
      return "Normal";
    case model::Availability::kDown:
      return "Down";
  }
  return "Unknown";
}

const char* NameOf(model::IntentState state) {
  switch (state) {
    case model::IntentState::kAccepted:
      return "Accepted";
    case model::IntentState::kActivated:
      return "Activated";
    case model::IntentState::kNonconforming:
      return "Nonconforming";
    case model::IntentState::kContingent:
      return "Contingent";
  }
  return "Accepted";
}

Json ToJson(TimeNs time) { return {{"value", FormatRfc3339(time)}, {"format", "RFC3339"}}; }

Json ToJson(const model::IntentSeen& seen, std::string_view viewer) {
  const model::OperationalIntentReference& intent = seen.reference;
  return {{"id", intent.id.ToString()},
          {"manager", intent.manager},
          {"uss_availability", NameOf(seen.availability)},
          {"version", intent.version},
          {"state", NameOf(intent.state)},
          {"ovn", intent.manager == viewer ? intent.ovn : kOvnOfOthers},
          {"time_start", ToJson(intent.extents.start)},
          {"time_end", ToJson(intent.extents.end)},
          {"uss_base_url", intent.uss_base_url},
          {"subscription_id", intent.subscription_id ? intent.subscription_id->ToString() : kNoSubscription}};
}

Json ToJson(const model::ConstraintReference& constraint, std::string_view viewer) {
  return {{"id", constraint.id.ToString()},
          {"manager", constraint.manager},
          {"uss_availability", NameOf(model::Availability::kUnknown)},
          {"version", constraint.version},
          {"ovn", constraint.manager == viewer ? constraint.ovn : kOvnOfOthers},
          {"time_start", ToJson(constraint.extents.start)},
          {"time_end", ToJson(constraint.extents.end)},
          {"uss_base_url", constraint.uss_base_url}};
}

Json ToJson(const model::SubscriptionSeen& seen) {
  const model::Subscription& subscription = seen.subscription;
  Json dependents = Json::array();
  for (const Uuid& id : seen.dependent_intents) dependents.push_back(id.ToString());
  return {{"id", subscription.id.ToString()},
          {"version", subscription.version},
          {"notification_index", subscription.notification_index},
          {"time_start", ToJson(subscription.extents.start)},
          {"time_end", ToJson(subscription.extents.end)},
          {"uss_base_url", subscription.uss_base_url},
          {"notify_for_operational_intents", subscription.notify_for_operational_intents},
          {"notify_for_constraints", subscription.notify_for_constraints},
          {"implicit_subscription", subscription.implicit},
          {"dependent_operational_intents", dependents}};
}

// A subscriber for each URL, with all its subscriptions. They come in the order of URLs.
Json ToJson(const std::vector<model::Notified>& notified) {
  Json subscribers = Json::array();
  for (const model::Notified& one : notified) {
    if (subscribers.empty() || subscribers.back()["uss_base_url"] != one.uss_base_url)
      subscribers.push_back({{"subscriptions", Json::array()}, {"uss_base_url", one.uss_base_url}});
    subscribers.back()["subscriptions"].push_back(
        {{"subscription_id", one.subscription_id.ToString()}, {"notification_index", one.notification_index}});
  }
  return subscribers;
}

template <typename T>
Json ListOf(const std::vector<T>& entities, std::string_view viewer) {
  Json list = Json::array();
  for (const T& entity : entities) list.push_back(ToJson(entity, viewer));
  return list;
}

}  // namespace

std::string RenderIntent(const model::IntentSeen& intent, std::string_view viewer) {
  return Dump({{"operational_intent_reference", ToJson(intent, viewer)}});
}

std::string RenderIntents(const std::vector<model::IntentSeen>& intents, std::string_view viewer) {
  return Dump({{"operational_intent_references", ListOf(intents, viewer)}});
}

std::string RenderIntentChanged(const model::OperationalIntentChanged& changed, std::string_view viewer) {
  return Dump({{"subscribers", ToJson(changed.notified)},
               {"operational_intent_reference", ToJson({changed.reference, changed.availability}, viewer)}});
}

std::string RenderKeyMissing(const model::KeyMissing& missing, std::string_view viewer) {
  Json answer{
      {"message",
       "the key lacks the OVNs of what the operational intent is relevant to; ask the USSs, then try again with them"}};
  if (!missing.intents.empty()) answer["missing_operational_intents"] = ListOf(missing.intents, viewer);
  if (!missing.constraints.empty()) answer["missing_constraints"] = ListOf(missing.constraints, viewer);
  return Dump(answer);
}

std::string RenderConstraint(const model::ConstraintReference& constraint, std::string_view viewer) {
  return Dump({{"constraint_reference", ToJson(constraint, viewer)}});
}

std::string RenderConstraints(const std::vector<model::ConstraintReference>& constraints, std::string_view viewer) {
  return Dump({{"constraint_references", ListOf(constraints, viewer)}});
}

std::string RenderConstraintChanged(const model::ConstraintChanged& changed, std::string_view viewer) {
  return Dump({{"subscribers", ToJson(changed.notified)}, {"constraint_reference", ToJson(changed.reference, viewer)}});
}

std::string RenderSubscription(const model::SubscriptionSeen& subscription) {
  return Dump({{"subscription", ToJson(subscription)}});
}

std::string RenderSubscriptions(const std::vector<model::SubscriptionSeen>& subscriptions) {
  Json list = Json::array();
  for (const model::SubscriptionSeen& subscription : subscriptions) list.push_back(ToJson(subscription));
  return Dump({{"subscriptions", list}});
}

std::string RenderSubscriptionChanged(const model::SubscriptionChanged& changed, std::string_view viewer) {
  Json answer{{"subscription", ToJson(changed.seen)}};
  if (changed.seen.subscription.notify_for_operational_intents)
    answer["operational_intent_references"] = ListOf(changed.intents, viewer);
  if (changed.seen.subscription.notify_for_constraints)
    answer["constraint_references"] = ListOf(changed.constraints, viewer);
  return Dump(answer);
}

std::string RenderAvailability(const model::UssAvailability& availability) {
  return Dump({{"version", availability.version},
               {"status", {{"uss", availability.uss_id}, {"availability", NameOf(availability.availability)}}}});
}

std::string RenderError(int status, const std::string& message) {
  return Dump({{status >= 500 ? "error_message" : "message", message}});
}

}  // namespace wideberth::api
