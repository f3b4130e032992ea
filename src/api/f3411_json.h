#ifndef WIDEBERTH_API_F3411_JSON_H_
#define WIDEBERTH_API_F3411_JSON_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/command.h"

// The bodies, versions and areas of F3411's two DSS interfaces: text to values and back. Members that the standard does
// not know are ignored, and `null` is the same as absent. An Error names the member at fault. Altitudes are checked and
// forgotten.
//
// F3411-19 writes the URL of flights in full ("https://uss/v1/uss/flights") and that of notices too
// (".../uss/identification_service_areas"); F3411-22a writes the base that these paths follow. Read through the
// interface that it was written through, a URL is as it was written. Through the other, the path is added or taken off;
// a URL of F3411-19 that ends otherwise stays as it is, because nobody knows its base.
namespace wideberth::api {

// ---- Requests. The ids, the caller and the version are for the caller to fill in.
Result<model::PutIdentificationServiceArea> ParsePutServiceArea(std::string_view body, model::RidInterface through,
                                                                bool allow_http);
Result<model::PutRidSubscription> ParsePutRidSubscription(std::string_view body, model::RidInterface through,
                                                          bool allow_http);
// `area` of a search, "lat,lng,lat,lng,lat,lng" in degrees, as extents without times. kTooLarge for more area than
// kOutlineAreaMaxM2.
Result<model::Extents> ParseArea(std::string_view area);

// A version is the nanoseconds since 1970 to base 32 (0-9a-v). kInvalid for what no entity can have; only the one text
// of a number is its version.
Result<TimeNs> ParseRidVersion(std::string_view text);
std::string FormatRidVersion(TimeNs version);

// ---- Answers.
std::string RenderServiceArea(const model::IdentificationServiceArea& area, model::RidInterface through);
std::string RenderServiceAreas(const std::vector<model::IdentificationServiceArea>& areas, model::RidInterface through);
std::string RenderServiceAreaChanged(const model::IdentificationServiceAreaChanged& changed,
                                     model::RidInterface through);
std::string RenderRidSubscription(const model::RidSubscription& subscription, model::RidInterface through);
std::string RenderRidSubscriptions(const std::vector<model::RidSubscription>& subscriptions,
                                   model::RidInterface through);
std::string RenderRidSubscriptionChanged(const model::RidSubscriptionChanged& changed, model::RidInterface through);

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_F3411_JSON_H_
