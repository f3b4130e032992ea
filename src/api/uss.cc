#include "api/uss.h"

#include <optional>
#include <utility>

#include "api/f3548_json.h"
#include "api/volume_json.h"
#include "base/json_writer.h"
#include "base/rfc3339.h"

namespace wideberth::api {

using model::Declaration;
using model::DeclarationKind;
using model::Outcome;
using model::Uuid;

namespace {

constexpr std::string_view kCoordination = "utm.strategic_coordination";
constexpr std::string_view kConstraintManagement = "utm.constraint_management";
constexpr std::string_view kConstraintProcessing = "utm.constraint_processing";
constexpr std::string_view kConformance = "utm.conformance_monitoring_sa";

void WriteTime(JsonWriter& to, const char* name, TimeNs time) {
  to.Key(name).Object([&] {
    to.Key("value").String(FormatRfc3339(time));
    to.Key("format").String("RFC3339");
  });
}

void WriteAltitude(JsonWriter& to, const char* name, AltitudeMm altitude) {
  to.Key(name).Object([&] {
    to.Key("value").Number(static_cast<double>(altitude.value) / 1000.0);
    to.Key("reference").String("W84");
    to.Key("units").String("M");
  });
}

void WritePoint(JsonWriter& to, geo::LatLng point) {
  to.Object([&] {
    to.Key("lat").Number(point.latitude_deg);
    to.Key("lng").Number(point.longitude_deg);
  });
}

void WriteVolume4D(JsonWriter& to, const geo::Volume4D& volume) {
  to.Object([&] {
    to.Key("volume").Object([&] {
      if (volume.outline.is_circle()) {
        to.Key("outline_circle").Object([&] {
          to.Key("center");
          WritePoint(to, volume.outline.vertices()[0]);
          to.Key("radius").Object([&] {
            to.Key("value").Number(volume.outline.radius_m());
            to.Key("units").String("M");
          });
        });
      } else {
        to.Key("outline_polygon").Object([&] {
          to.Key("vertices").Array(volume.outline.vertices(), [&](geo::LatLng vertex) { WritePoint(to, vertex); });
        });
      }
      WriteAltitude(to, "altitude_lower", volume.altitudes.lower());
      WriteAltitude(to, "altitude_upper", volume.altitudes.upper());
    });
    WriteTime(to, "time_start", volume.times.start());
    WriteTime(to, "time_end", volume.times.end());
  });
}

// "operational_intent" or "constraint" with its reference and its details; false, and nothing is written, for what is
// not there.
bool WriteDetails(JsonWriter& to, DeclarationKind kind, const Uuid& reference_id, const airspace::Airspace& airspace) {
  const Declaration* declaration = airspace.BehindReference(reference_id);
  if (declaration == nullptr || declaration->kind != kind) return false;
  std::string reference;
  if (kind == DeclarationKind::kIntent) {
    const auto intent = airspace.FindIntent(reference_id);
    if (!intent) return false;
    reference = RenderOwnReference(*intent);
  } else {
    const auto constraint = airspace.FindConstraint(reference_id);
    if (!constraint) return false;
    reference = RenderOwnReference(*constraint);
  }
  to.Key(kind == DeclarationKind::kIntent ? "operational_intent" : "constraint").Object([&] {
    to.Key("reference").Raw(reference);
    to.Key("details").Object([&] {
      to.Key("volumes").Array(declaration->volumes,
                              [&](const model::DeclaredVolume& volume) { WriteVolume4D(to, volume.volume()); });
      if (kind == DeclarationKind::kConstraint) return;
      to.Key("off_nominal_volumes").Array(std::initializer_list<int>{}, [](int) {});
      to.Key("priority").Int(declaration->priority);
    });
  });
  return true;
}

template <DeclarationKind kKind>
void GetDetails(const CallPtr& call) {
  const Result<Uuid> id = call->Id(0, "entityid");
  if (!id) return call->Fail(id.error());
  Read(call, [&](const airspace::Airspace& airspace, TimeNs) {
    JsonWriter to;
    bool found = false;
    to.Object([&] { found = WriteDetails(to, kKind, *id, airspace); });
    return found ? Json(200, to.Take()) : Failed(404, "this USS has no such entity");
  });
}

// What parties declare has no telemetry in the states that it may be in here.
void GetTelemetry(const CallPtr& call) {
  const Result<Uuid> id = call->Id(0, "entityid");
  if (!id) return call->Fail(id.error());
  Read(call, [&](const airspace::Airspace& airspace, TimeNs) {
    const Declaration* declaration = airspace.BehindReference(*id);
    if (declaration == nullptr || declaration->kind != DeclarationKind::kIntent)
      return Failed(404, "this USS has no such entity");
    return Failed(409, "an operational intent gives no telemetry while it is Accepted or Activated");
  });
}

// ---- What others tell.

Result<std::vector<model::DeclaredVolume>> ParseVolumes(const Member& details, const char* name, Budget& budget) {
  WB_TRY(const std::optional<Member> list, details.Optional(name));
  std::vector<model::DeclaredVolume> volumes;
  if (!list) return volumes;
  WB_TRY(const simdjson::dom::array array, list->Array());
  if (array.size() > Declaration::kVolumesMax)
    return list->Wrong("has more than " + std::to_string(Declaration::kVolumesMax) + " volumes");
  for (const JsonElement element : array) {
    WB_TRY(geo::Volume4D volume, ParseExactVolume(list->At(element, volumes.size()), budget));
    volumes.emplace_back(std::move(volume));
  }
  return volumes;
}

Result<int32_t> ParseWhole(const Member& member) {
  WB_TRY(const double number, member.Number());
  if (!(number >= 0 && number <= INT32_MAX) || number != static_cast<double>(static_cast<int32_t>(number)))
    return member.Wrong("is not a whole number from 0 to 2147483647");
  return static_cast<int32_t>(number);
}

}  // namespace

Result<model::RecordProviderNotice> ParseNotification(std::string_view body, DeclarationKind kind, bool allow_http) {
  const bool is_intent = kind == DeclarationKind::kIntent;
  return WithBody<model::RecordProviderNotice>(body, [&](const Member& root) -> Result<model::RecordProviderNotice> {
    model::RecordProviderNotice told{.kind = kind};
    WB_TRY(const Member id, root.Required(is_intent ? "operational_intent_id" : "constraint_id"));
    WB_TRY(told.reference_id, id.Id());
    WB_TRY(const Member subscriptions, root.Required("subscriptions"));
    WB_TRY(const simdjson::dom::array array, subscriptions.Array());
    if (array.size() == 0) return subscriptions.Wrong("is empty");
    size_t number = 0;
    for (const JsonElement element : array) {
      const Member one = subscriptions.At(element, number++);
      WB_TRY(const Member subscription_id, one.Required("subscription_id"));
      WB_TRY_OK(subscription_id.Id());
      WB_TRY(const Member index, one.Required("notification_index"));
      WB_TRY_OK(ParseWhole(index));
    }
    WB_TRY(const std::optional<Member> entity, root.Optional(is_intent ? "operational_intent" : "constraint"));
    told.deleted = !entity;
    if (!entity) return told;
    WB_TRY(const Member reference, entity->Required("reference"));
    WB_TRY(const Member reference_id, reference.Required("id"));
    WB_TRY(const Uuid same, reference_id.Id());
    if (same != told.reference_id) return reference_id.Wrong("is not what the notification says that it is about");
    WB_TRY(told.uss_base_url, ParseUrl(reference, "uss_base_url", allow_http));
    WB_TRY(const std::optional<Member> manager, reference.Optional("manager"));
    if (manager) {
      WB_TRY(told.manager, manager->String());
    }
    WB_TRY(const Member version, reference.Required("version"));
    WB_TRY(told.version, ParseWhole(version));
    WB_TRY(const std::optional<Member> ovn, reference.Optional("ovn"));
    if (ovn) {
      WB_TRY(told.ovn, ovn->String());
    }
    WB_TRY(const Member details, entity->Required("details"));
    Budget budget;
    WB_TRY(std::vector<model::DeclaredVolume> volumes, ParseVolumes(details, "volumes", budget));
    if (is_intent) {
      WB_TRY(std::vector<model::DeclaredVolume> off_nominal, ParseVolumes(details, "off_nominal_volumes", budget));
      for (model::DeclaredVolume& volume : off_nominal) volumes.push_back(std::move(volume));
      if (volumes.size() > Declaration::kVolumesMax) return details.Wrong("has more than 1000 volumes");
    }
    told.volumes = std::move(volumes);
    return told;
  });
}

namespace {

template <DeclarationKind kKind>
void Notify(const CallPtr& call) {
  Result<model::RecordProviderNotice> told = ParseNotification(call->request.body, kKind, call->options.allow_http_uss);
  if (!told) return call->Fail(PlainlyInvalid(told.error()));
  // Of a reference tells who says to be its manager; the airspace compares with whom the DSS has.
  if (!told->manager.empty() && told->manager != call->caller.subject)
    return call->Fail({Code::kForbidden, "manager: the reference is not that of the token's sub, who tells of it"});
  told->manager = call->caller.subject;
  Submit(call, *std::move(told), [](const Outcome&) { return http::Response{204, "", "", {}}; });
}

}  // namespace

std::string RenderProviderMessage(const model::ProviderMessage& message, const airspace::Airspace& airspace) {
  JsonWriter to;
  to.Object([&] {
    to.Key(message.kind == DeclarationKind::kIntent ? "operational_intent_id" : "constraint_id")
        .String(message.reference_id.ToString());
    if (!message.deleted) WriteDetails(to, message.kind, message.reference_id, airspace);
    to.Key("subscriptions").Array(message.subscriptions, [&](const model::ProviderMessage::Subscription& one) {
      to.Object([&] {
        to.Key("subscription_id").String(one.id.ToString());
        to.Key("notification_index").Int(one.notification_index);
      });
    });
  });
  return to.Take();
}

std::vector<Route> UssRoutes() {
  constexpr auto kIntent = DeclarationKind::kIntent;
  constexpr auto kConstraint = DeclarationKind::kConstraint;
  return {
      {"GET", "/uss/v1/operational_intents/{}", {kCoordination, kConformance}, GetDetails<kIntent>},
      {"GET", "/uss/v1/operational_intents/{}/telemetry", {kConformance}, GetTelemetry},
      {"POST", "/uss/v1/operational_intents", {kCoordination}, Notify<kIntent>, true},
      {"GET", "/uss/v1/constraints/{}", {kConstraintProcessing}, GetDetails<kConstraint>},
      {"POST", "/uss/v1/constraints", {kConstraintManagement}, Notify<kConstraint>, true},
  };
}

}  // namespace wideberth::api
