// Volumes as GeoJSON: whatever the bytes, the reader answers; it answers the same for any cut into chunks; and what it
// accepts is written and read back to the same volumes.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "conflict/plan_set.h"
#include "files/byte_source.h"
#include "files/geojson_reader.h"
#include "files/geojson_writer.h"

namespace wideberth {
namespace {

struct Read {
  conflict::PlanSet plans;
  Result<void> result;
};

Read ReadText(std::string_view text, files::InputFormat format, size_t chunk_bytes) {
  files::GeoJsonOptions options;
  options.format = format;
  options.threads = 1;
  options.chunk_bytes = chunk_bytes;
  options.feature_bytes_max = 4'000;
  options.volumes_max = 100;
  options.outline_bytes_max = 4'000'000;  // some polygons of continents, which are slow to make
  Read read;
  const auto source = files::FromMemory("fuzz", text);
  read.result = files::ReadVolumesGeoJson(*source, options, read.plans);
  return read;
}

void CheckSame(const conflict::PlanSet& a, const conflict::PlanSet& b) {
  WB_CHECK(a.volumes() == b.volumes());
  WB_CHECK(a.intent_of().size() == b.intent_of().size());
  for (size_t i = 0; i < a.volumes().size(); ++i) {
    WB_CHECK(a.intents()[a.intent_of()[i]].name == b.intents()[b.intent_of()[i]].name);
    WB_CHECK(a.parties()[a.party_of_volume(i)] == b.parties()[b.party_of_volume(i)]);
  }
}

void Check(std::string_view text, files::InputFormat format) {
  const Read read = ReadText(text, format, size_t{1} << 20);
  for (const size_t chunk_bytes : {size_t{1}, size_t{37}}) {
    const Read cut = ReadText(text, format, chunk_bytes);
    WB_CHECK(bool(cut.result) == bool(read.result));
    WB_CHECK(read.result || (cut.result.error() == read.result.error() && !read.result.error().message.empty()));
    CheckSame(cut.plans, read.plans);
  }
  if (!read.result) return;
  std::string written;
  WB_CHECK(bool(files::WriteVolumesGeoJson(read.plans, [&](std::string_view part) -> Result<void> {
    written += part;
    return {};
  })));
  files::GeoJsonOptions options;
  options.threads = 1;
  conflict::PlanSet again;
  const auto source = files::FromMemory("again", written);
  WB_CHECK(bool(files::ReadVolumesGeoJson(*source, options, again)));
  CheckSame(again, read.plans);
}

}  // namespace
}  // namespace wideberth

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using wideberth::files::InputFormat;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const InputFormat format : {InputFormat::kAuto, InputFormat::kGeoJson, InputFormat::kGeoJsonLines})
    wideberth::Check(text, format);
  return 0;
}
