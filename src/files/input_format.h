#ifndef WIDEBERTH_FILES_INPUT_FORMAT_H_
#define WIDEBERTH_FILES_INPUT_FORMAT_H_

#include <cstdint>
#include <string_view>

namespace wideberth::files {

enum class InputFormat : uint8_t {
  kAuto,          // to be found out
  kGeoJson,       // FeatureCollections and Features, laid out in any way
  kGeoJsonLines,  // one Feature a line
  kTracksCsv,     // recorded tracks
};

// The format of an input of which `first_bytes` are known (ByteSource::Peek), never kAuto. The ending .csv decides;
// for .geojson, .json, .geojsonl, .geojsons, .ndjson and .jsonl the content decides between kGeoJson and
// kGeoJsonLines; for all else, such as "-", the content decides: an object in braces (or an array) is GeoJSON, the
// rest CSV. kGeoJson reads whatever kGeoJsonLines reads; kGeoJsonLines is faster and, where a line is broken, says so
// of that line: it is the answer when the first line is a whole Feature and more follows.
InputFormat DetectFormat(std::string_view path, std::string_view first_bytes);

}  // namespace wideberth::files

#endif  // WIDEBERTH_FILES_INPUT_FORMAT_H_
