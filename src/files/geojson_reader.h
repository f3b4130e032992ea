#ifndef WIDEBERTH_FILES_GEOJSON_READER_H_
#define WIDEBERTH_FILES_GEOJSON_READER_H_

#include <cstddef>
#include <cstdint>
#include <functional>

#include "base/result.h"
#include "conflict/plan_set.h"
#include "files/byte_source.h"
#include "files/input_format.h"

namespace wideberth::files {

struct GeoJsonOptions {
  static constexpr unsigned kThreadsMax = 8;

  // kGeoJson, kGeoJsonLines, or kAuto to find out (anything that is not GeoJSON is refused then as it would be).
  InputFormat format = InputFormat::kAuto;
  // Threads that parse; 1: only the caller's; 0: as many as the machine has processors, at most kThreadsMax. The
  // result and the first error are the same for any number.
  unsigned threads = 0;

  // The limits. Memory stays within those of volumes and outlines, and some 10 times feature_bytes_max a thread.
  size_t feature_bytes_max = size_t{16} << 20;     // of one feature, or one line
  uint64_t input_bytes_max = uint64_t{64} << 30;   // of one source
  size_t volumes_max = 20'000'000;                 // of the set, with those it had; at most PlanSet::kVolumesMax
  uint64_t outline_bytes_max = uint64_t{8} << 30;  // that outlines of this source take in memory (heap_bytes)

  // Read at once, and parsed by one thread.
  size_t chunk_bytes = size_t{4} << 20;

  // Called now and then on the caller's thread: bytes read so far, and in all (0: nobody can tell).
  std::function<void(uint64_t bytes_read, uint64_t bytes_total)> progress;
};

// Reads volumes (docs/formats/geojson-volumes.md) and adds them to `plans` in the order of the source. On an error,
// which is the first one in the source, `plans` holds what came before it in whole or in part, and is of no use. The
// message is "FILE:LINE: FIELD: reason"; kInvalid for what breaks a rule, kTooLarge for a limit, kIo for the source.
Result<void> ReadVolumesGeoJson(ByteSource& source, const GeoJsonOptions& options, conflict::PlanSet& plans);

}  // namespace wideberth::files

#endif  // WIDEBERTH_FILES_GEOJSON_READER_H_
