#ifndef WIDEBERTH_API_DECLARATION_JSON_H_
#define WIDEBERTH_API_DECLARATION_JSON_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.h"
#include "base/result.h"
#include "geo/outline.h"
#include "model/command.h"
#include "model/declaration.h"

// What parties declare, as GeoJSON (RFC 7946), and what they are answered (api/wideberth.yaml). An Error names the
// member at fault.
namespace wideberth::api {

// What a body says of an intent or a constraint. `party`, `id`, `ovn` and what is drawn by chance are not of it.
Result<model::PutDeclaration> ParseDeclaration(std::string_view body, model::DeclarationKind kind);

// {"key": [...]}, or nothing at all.
Result<std::vector<std::string>> ParseKey(std::string_view body);

// The volumes as GeoJSON features: an array.
std::string RenderFeatures(const model::DeclaredVolumes& volumes);

// A FeatureCollection with what the viewer may see.
void WriteDeclaration(JsonWriter& to, const model::DeclarationSeen& seen, bool own);

// What `own` conflicts with, volume by volume: where, and how far it would have to move to be clear. Of an object that
// is open, the members that say that. `effort` is what the answer has taken so far: beyond a bound, a rectangle stands
// for the place.
void WriteConflictMembers(JsonWriter& to, const model::Declaration& own, const model::ConflictSeen& conflict,
                          geo::Effort& effort);

// {"intent" or "constraint": ..., "conflicts": [...]}, as its own party sees it.
std::string RenderDeclarationChanged(const model::DeclarationChanged& changed);
// {"message": ..., "conflicts": [...]}.
std::string RenderDeclarationRefused(const model::DeclarationRefused& refused);

// A box of latitudes and longitudes, altitudes and times, to search in.
struct SearchBox {
  std::optional<geo::BoundsE7> bounds;  // west > east: across the antimeridian
  AltitudeMm lower = model::Extents::kNoLower;
  AltitudeMm upper = model::Extents::kNoUpper;
  TimeNs start = model::Extents::kNoStart;
  TimeNs end = model::Extents::kNoEnd;

  // Whether one of the volumes may share a point with it: exact in altitude and time, and by their rectangles in
  // place.
  bool MayMeet(const model::Declaration& declaration) const;
  bool MayMeet(const model::DeclaredVolume& one) const;
};

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_DECLARATION_JSON_H_
