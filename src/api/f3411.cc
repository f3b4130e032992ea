#include "api/f3411.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "api/f3411_json.h"
#include "api/volume_json.h"
#include "http/query.h"

namespace wideberth::api {

using model::Outcome;
using model::RidInterface;
using model::Uuid;

namespace {

// F3411-19's scopes, and F3411-22a's.
constexpr std::string_view kRead = "dss.read.identification_service_areas";
constexpr std::string_view kWrite = "dss.write.identification_service_areas";
constexpr std::string_view kDisplay = "rid.display_provider";
constexpr std::string_view kService = "rid.service_provider";

// The path's id and version; none if the path has no place for one.
struct Named {
  Uuid id;
  std::optional<TimeNs> version;
};

Result<Named> ParseNamed(const Call& call) {
  Named named;
  WB_TRY(named.id, call.Id(0, "id"));
  if (call.arguments.size() > 1) {
    WB_TRY(named.version, ParseRidVersion(call.arguments[1]));
  }
  return named;
}

Result<model::Extents> ParseAreaOf(const http::QueryParameters& parameters) {
  WB_TRY(const std::optional<std::string> area, parameters.Find("area"));
  if (!area) return Error{Code::kInvalid, "area: is missing from the query"};
  return ParseArea(*area);
}

Result<model::Extents> ParseSearch(const std::string& query) {
  WB_TRY(const http::QueryParameters parameters, http::QueryParameters::Parse(query));
  WB_TRY(model::Extents extents, ParseAreaOf(parameters));
  WB_TRY_OK(ReadTime(parameters, "earliest_time", Round::kDown, extents.start));
  WB_TRY_OK(ReadTime(parameters, "latest_time", Round::kUp, extents.end));
  if (extents.start > extents.end) return Error{Code::kInvalid, "latest_time: it lies before earliest_time"};
  return extents;
}

// ---- Identification service areas.

template <RidInterface kThrough>
void PutServiceArea(const CallPtr& call) {
  const Result<Named> named = ParseNamed(*call);
  if (!named) return call->Fail(named.error());
  Result<model::PutIdentificationServiceArea> put =
      ParsePutServiceArea(call->request.body, kThrough, call->options.allow_http_uss);
  if (!put) return call->Fail(PlainlyInvalid(put.error()));
  put->id = named->id;
  put->owner = call->caller.subject;
  put->version = named->version;
  Submit(call, *std::move(put), [](const Outcome& outcome) {
    return Json(200, RenderServiceAreaChanged(std::get<model::IdentificationServiceAreaChanged>(outcome), kThrough));
  });
}

template <RidInterface kThrough>
void DeleteServiceArea(const CallPtr& call) {
  const Result<Named> named = ParseNamed(*call);
  if (!named) return call->Fail(named.error());
  Submit(call, model::DeleteIdentificationServiceArea{named->id, call->caller.subject, *named->version},
         [](const Outcome& outcome) {
           return Json(200,
                       RenderServiceAreaChanged(std::get<model::IdentificationServiceAreaChanged>(outcome), kThrough));
         });
}

template <RidInterface kThrough>
void GetServiceArea(const CallPtr& call) {
  const Result<Named> named = ParseNamed(*call);
  if (!named) return call->Fail(named.error());
  Read(call, [&](const airspace::Airspace& airspace, TimeNs) {
    const auto area = airspace.FindServiceArea(named->id);
    if (!area) return Failed(404, "there is no such identification service area");
    return Json(200, RenderServiceArea(*area, kThrough));
  });
}

template <RidInterface kThrough>
void SearchServiceAreas(const CallPtr& call) {
  Result<model::Extents> search = ParseSearch(call->request.query);
  if (!search) return call->Fail(search.error());
  Read(call, [&](const airspace::Airspace& airspace, TimeNs now) {
    // What is over is not found, however early the search begins: the query sees to it, and the clamp spares it the
    // past. A client that asks for its own present, earliest and latest time alike, is some milliseconds late and finds
    // what is now.
    search->start = std::max(search->start, std::min(now, search->end));
    return Json(200, RenderServiceAreas(airspace.QueryServiceAreas(*search, now), kThrough));
  });
}

// ---- Subscriptions.

template <RidInterface kThrough>
void PutSubscription(const CallPtr& call) {
  const Result<Named> named = ParseNamed(*call);
  if (!named) return call->Fail(named.error());
  Result<model::PutRidSubscription> put =
      ParsePutRidSubscription(call->request.body, kThrough, call->options.allow_http_uss);
  if (!put) return call->Fail(PlainlyInvalid(put.error()));
  put->id = named->id;
  put->owner = call->caller.subject;
  put->version = named->version;
  Submit(call, *std::move(put), [](const Outcome& outcome) {
    return Json(200, RenderRidSubscriptionChanged(std::get<model::RidSubscriptionChanged>(outcome), kThrough));
  });
}

template <RidInterface kThrough>
void DeleteSubscription(const CallPtr& call) {
  const Result<Named> named = ParseNamed(*call);
  if (!named) return call->Fail(named.error());
  Submit(call, model::DeleteRidSubscription{named->id, call->caller.subject, *named->version},
         [](const Outcome& outcome) {
           return Json(200,
                       RenderRidSubscription(std::get<model::RidSubscriptionChanged>(outcome).subscription, kThrough));
         });
}

template <RidInterface kThrough>
void GetSubscription(const CallPtr& call) {
  const Result<Named> named = ParseNamed(*call);
  if (!named) return call->Fail(named.error());
  Read(call, [&](const airspace::Airspace& airspace, TimeNs) {
    const auto subscription = airspace.FindRidSubscription(named->id);
    if (!subscription) return Failed(404, "there is no such subscription");
    if (subscription->owner != call->caller.subject) return Failed(403, "this subscription belongs to another owner");
    return Json(200, RenderRidSubscription(*subscription, kThrough));
  });
}

template <RidInterface kThrough>
void SearchSubscriptions(const CallPtr& call) {
  const Result<http::QueryParameters> parameters = http::QueryParameters::Parse(call->request.query);
  if (!parameters) return call->Fail(parameters.error());
  const Result<model::Extents> area = ParseAreaOf(*parameters);
  if (!area) return call->Fail(area.error());
  Read(call, [&](const airspace::Airspace& airspace, TimeNs now) {
    return Json(200,
                RenderRidSubscriptions(airspace.QueryRidSubscriptions(*area, call->caller.subject, now), kThrough));
  });
}

}  // namespace

const std::vector<Route>& F3411Routes() {
  constexpr RidInterface kV19 = RidInterface::kV19;
  constexpr RidInterface kV22a = RidInterface::kV22a;
  static const std::vector<Route> kRoutes = {
      {"GET", "/v1/dss/identification_service_areas", {kRead}, SearchServiceAreas<kV19>},
      {"GET", "/v1/dss/identification_service_areas/{}", {kRead}, GetServiceArea<kV19>},
      {"PUT", "/v1/dss/identification_service_areas/{}", {kWrite}, PutServiceArea<kV19>, true},
      {"PUT", "/v1/dss/identification_service_areas/{}/{}", {kWrite}, PutServiceArea<kV19>, true},
      {"DELETE", "/v1/dss/identification_service_areas/{}/{}", {kWrite}, DeleteServiceArea<kV19>, true},
      {"GET", "/v1/dss/subscriptions", {kRead}, SearchSubscriptions<kV19>},
      {"GET", "/v1/dss/subscriptions/{}", {kRead, kWrite}, GetSubscription<kV19>},
      {"PUT", "/v1/dss/subscriptions/{}", {kRead}, PutSubscription<kV19>, true},
      {"PUT", "/v1/dss/subscriptions/{}/{}", {kRead}, PutSubscription<kV19>, true},
      {"DELETE", "/v1/dss/subscriptions/{}/{}", {kRead}, DeleteSubscription<kV19>, true},

      {"GET", "/rid/v2/dss/identification_service_areas", {kDisplay}, SearchServiceAreas<kV22a>},
      {"GET", "/rid/v2/dss/identification_service_areas/{}", {kDisplay, kService}, GetServiceArea<kV22a>},
      {"PUT", "/rid/v2/dss/identification_service_areas/{}", {kService}, PutServiceArea<kV22a>, true},
      {"PUT", "/rid/v2/dss/identification_service_areas/{}/{}", {kService}, PutServiceArea<kV22a>, true},
      {"DELETE", "/rid/v2/dss/identification_service_areas/{}/{}", {kService}, DeleteServiceArea<kV22a>, true},
      {"GET", "/rid/v2/dss/subscriptions", {kDisplay}, SearchSubscriptions<kV22a>},
      {"GET", "/rid/v2/dss/subscriptions/{}", {kDisplay, kService}, GetSubscription<kV22a>},
      {"PUT", "/rid/v2/dss/subscriptions/{}", {kDisplay}, PutSubscription<kV22a>, true},
      {"PUT", "/rid/v2/dss/subscriptions/{}/{}", {kDisplay}, PutSubscription<kV22a>, true},
      {"DELETE", "/rid/v2/dss/subscriptions/{}/{}", {kDisplay}, DeleteSubscription<kV22a>, true},
  };
  return kRoutes;
}

}  // namespace wideberth::api
