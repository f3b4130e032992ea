#ifndef WIDEBERTH_FILES_GEOJSON_WRITER_H_
#define WIDEBERTH_FILES_GEOJSON_WRITER_H_

#include <functional>
#include <string_view>

#include "base/result.h"
#include "conflict/plan_set.h"

namespace wideberth::files {

// Takes bytes, one piece after the other; an Error stops the writer, which returns it.
using ByteSink = std::function<Result<void>(std::string_view)>;

// Writes plans as one FeatureCollection with a Feature for each volume, a line each, in the order of the set
// (docs/formats/geojson-volumes.md). ReadVolumesGeoJson reads the same volumes back, bit for bit. kInvalid for a name
// that the format does not allow.
Result<void> WriteVolumesGeoJson(const conflict::PlanSet& plans, const ByteSink& sink);

}  // namespace wideberth::files

#endif  // WIDEBERTH_FILES_GEOJSON_WRITER_H_
