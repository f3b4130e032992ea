#include "api/volume_json.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "api/url.h"
#include "geo/altitude_band.h"
#include "geo/area.h"

namespace wideberth::api {

using model::Extents;

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
  for (const JsonElement element : array) {
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
  WB_TRY(const std::string_view unit, units.Text());
  if (unit != "M") return units.Wrong("is not \"M\"");
  Result<geo::Outline> outline = geo::Outline::MakeCircle(point, radius_m);
  if (!outline) return value.Wrong(outline.error().message);
  return outline;
}

Result<double> ParseAltitude(const Member& altitude) {
  WB_TRY(const Member reference, altitude.Required("reference"));
  WB_TRY(const std::string_view datum, reference.Text());
  if (datum != "W84") return reference.Wrong("is not \"W84\"");
  WB_TRY(const Member units, altitude.Required("units"));
  WB_TRY(const std::string_view unit, units.Text());
  if (unit != "M") return units.Wrong("is not \"M\"");
  WB_TRY(const Member value, altitude.Required("value"));
  WB_TRY(const double metres, value.Number());
  if (!geo::AltitudeBand::MakeMetres(metres, metres)) return value.Wrong("is not within -100000 to 1000000");
  return metres;
}

Result<TimeNs> ParseTime(const Member& time, Round round) {
  WB_TRY(const Member format, time.Required("format"));
  WB_TRY(const std::string_view name, format.Text());
  if (name != "RFC3339") return format.Wrong("is not \"RFC3339\"");
  WB_TRY(const Member value, time.Required("value"));
  WB_TRY(const std::string_view text, value.Text());
  Result<TimeNs> parsed = ParseRfc3339(text, round);
  if (!parsed) return value.Wrong(parsed.error().message);
  return parsed;
}

Result<void> ReadTime(const http::QueryParameters& parameters, const char* name, Round round, TimeNs& time) {
  WB_TRY(const std::optional<std::string> text, parameters.Find(name));
  if (!text) return {};
  const Result<TimeNs> parsed = ParseRfc3339(*text, round);
  if (!parsed) return Error{Code::kInvalid, std::string(name) + ": " + parsed.error().message};
  time = *parsed;
  return {};
}

Result<index::CellCover> CoverWithin(const geo::Outline& outline, const std::string& path, Budget& budget) {
  if (geo::AreaM2(outline) > kOutlineAreaMaxM2)
    return Error{Code::kTooLarge, path + ": has more than 2500 km² of area"};
  index::CellCover cover = index::CoverOf(outline);
  if (cover.cells.size() > budget.cells) {
    return Error{Code::kInvalid,
                 path + ": the request covers too much in too fine detail: give fewer or smaller volumes"};
  }
  budget.cells -= cover.cells.size();
  return cover;
}

namespace {

// Where it is, with the extents' other bounds.
Result<std::pair<geo::Outline, Extents>> ParseOutlineAndBounds(const Member& volume4d, const Needs& needs,
                                                               Budget& budget) {
  WB_TRY(const Member volume, volume4d.Required("volume"));
  WB_TRY(const std::optional<Member> polygon, volume.Optional("outline_polygon"));
  WB_TRY(const std::optional<Member> circle, volume.Optional("outline_circle"));
  if (polygon && circle) return volume.Wrong("has both outline_polygon and outline_circle");
  if (!polygon && !circle) return volume.Wrong("has neither outline_polygon nor outline_circle");
  WB_TRY(const geo::Outline outline, polygon ? ParsePolygon(*polygon, budget.vertices) : ParseCircle(*circle));
  Extents extents;
  WB_TRY(extents.cover, CoverWithin(outline, (polygon ? polygon : circle)->path(), budget));
  WB_TRY(const std::optional<Member> lower, volume.Optional("altitude_lower"));
  WB_TRY(const std::optional<Member> upper, volume.Optional("altitude_upper"));
  if (needs.altitudes && !lower) return volume.Missing("altitude_lower");
  if (needs.altitudes && !upper) return volume.Missing("altitude_upper");
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
  if (needs.times && !start) return volume4d.Missing("time_start");
  if (needs.times && !end) return volume4d.Missing("time_end");
  if (start) {
    WB_TRY(extents.start, ParseTime(*start, Round::kDown));
  }
  if (end) {
    WB_TRY(extents.end, ParseTime(*end, Round::kUp));
  }
  if (extents.start > extents.end) return volume4d.Wrong("time_start is after time_end");
  return std::pair(outline, std::move(extents));
}

}  // namespace

Result<geo::Volume4D> ParseExactVolume(const Member& volume4d, Budget& budget) {
  WB_TRY(auto parsed, ParseOutlineAndBounds(volume4d, {}, budget));
  const Extents& extents = parsed.second;
  const auto band = geo::AltitudeBand::Make(std::max(extents.lower, geo::AltitudeBand::kAltitudeMin),
                                            std::min(extents.upper, geo::AltitudeBand::kAltitudeMax));
  if (!band) return volume4d.Wrong("altitude_lower, altitude_upper: " + band.error().message);
  const auto times = geo::TimeInterval::Make(std::max(extents.start, geo::TimeInterval::kTimeMin),
                                             std::min(extents.end, geo::TimeInterval::kTimeMax));
  if (!times) return volume4d.Wrong("time_start, time_end: " + times.error().message);
  return geo::Volume4D{std::move(parsed.first), *band, *times};
}

Result<Extents> ParseVolume(const Member& volume4d, const Needs& needs, Budget& budget) {
  WB_TRY(auto parsed, ParseOutlineAndBounds(volume4d, needs, budget));
  return std::move(parsed.second);
}

Result<Extents> ParseExtents(const Member& extents, const Needs& needs) {
  WB_TRY(const simdjson::dom::array array, extents.Array());
  if (array.size() == 0) return extents.Wrong("is empty");
  if (array.size() > kVolumesMax) return extents.Wrong("has more than " + std::to_string(kVolumesMax) + " volumes");
  Budget budget;
  std::optional<Extents> all;
  index::CellCover cover;
  size_t number = 0;
  for (const JsonElement element : array) {
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

Result<std::string> ParseUrl(const Member& root, const char* name, bool allow_http) {
  WB_TRY(const Member member, root.Required(name));
  WB_TRY(const std::string url, member.String());
  if (const Result<void> good = CheckUrl(url, allow_http); !good) return member.Wrong(good.error().message);
  return url;
}

}  // namespace wideberth::api
