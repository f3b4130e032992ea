#ifndef WIDEBERTH_API_VOLUME_JSON_H_
#define WIDEBERTH_API_VOLUME_JSON_H_

#include <cstddef>
#include <string>

#include "api/json_member.h"
#include "base/result.h"
#include "base/rfc3339.h"
#include "base/units.h"
#include "geo/outline.h"
#include "geo/volume4d.h"
#include "http/query.h"
#include "model/extents.h"

// Volumes as ASTM F3548-21 and F3411 write them. An Error names the member at fault.
namespace wideberth::api {

// Limits of one request besides the size of its body, and of every outline (geo/outline.h).
inline constexpr double kOutlineAreaMaxM2 = 2.5e9;  // 2,500 km², of each outline
inline constexpr size_t kVolumesMax = 1'000;        // in `extents`
inline constexpr size_t kVerticesMax = 10'000;      // in all of them together (F3548's limit for an intent)
inline constexpr size_t kCoverCellsMax = 200'000;   // before they are united

// What a Volume4D must say of itself.
struct Needs {
  bool times = false;
  bool altitudes = false;
};

struct Budget {
  size_t vertices = kVerticesMax;
  size_t cells = kCoverCellsMax;
};

// {"lat", "lng"} in degrees.
Result<geo::LatLng> ParsePoint(const Member& point);
// {"vertices"}: as many at most as are left.
Result<geo::Outline> ParsePolygon(const Member& polygon, size_t& vertices_left);
// {"center", "radius": {"value", "units": "M"}}.
Result<geo::Outline> ParseCircle(const Member& circle);
// {"value", "units": "M", "reference": "W84"}: metres.
Result<double> ParseAltitude(const Member& altitude);
// {"value", "format": "RFC3339"}.
Result<TimeNs> ParseTime(const Member& time, Round round);

// Reads a parameter of a query into `time`, which stays as it is if there is none.
Result<void> ReadTime(const http::QueryParameters& parameters, const char* name, Round round, TimeNs& time);

// The cover of an outline that the request gives at `path`. kTooLarge for more area than kOutlineAreaMaxM2.
Result<index::CellCover> CoverWithin(const geo::Outline& outline, const std::string& path, Budget& budget);

// A Volume4D as it is; a bound that it lacks is the farthest that there is.
Result<geo::Volume4D> ParseExactVolume(const Member& volume4d, Budget& budget);

// A Volume4D as extents: its outline becomes a cover. kTooLarge for more area than kOutlineAreaMaxM2.
Result<model::Extents> ParseVolume(const Member& volume4d, const Needs& needs, Budget& budget);
// All volumes of an array as one (F3548's DSS compares unions).
Result<model::Extents> ParseExtents(const Member& extents, const Needs& needs);

// `uss_base_url` of an object: https, or http where that is allowed.
Result<std::string> ParseUrl(const Member& root, const char* name, bool allow_http);

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_VOLUME_JSON_H_
