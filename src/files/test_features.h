#ifndef WIDEBERTH_FILES_TEST_FEATURES_H_
#define WIDEBERTH_FILES_TEST_FEATURES_H_

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "conflict/plan_set.h"
#include "files/byte_source.h"
#include "files/geojson_reader.h"

// What the tests of readers and writers share.
namespace wideberth::files {

inline const std::string kSquare =
    R"({"type":"Polygon","coordinates":[[[8,47],[8.01,47],[8.01,47.01],[8,47.01],[8,47]]]})";
inline const std::string kProperties = R"({"intent":"i1","party":"A","altitude_lower_m":100,"altitude_upper_m":200,)"
                                       R"("time_start":"2026-03-01T10:00:00Z","time_end":"2026-03-01T11:00:00Z"})";

// `text` with the one place of `from` in it replaced.
inline std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

inline std::string Feature(const std::string& properties = kProperties, const std::string& geometry = kSquare) {
  return R"({"type":"Feature","properties":)" + properties + R"(,"geometry":)" + geometry + "}";
}

struct Read {
  conflict::PlanSet plans;
  std::string error;  // "" when there is none
  Code code = Code::kInvalid;
};

inline Read ReadText(std::string_view text, const GeoJsonOptions& options = {},
                     const std::string& name = "plans.geojson") {
  Read read;
  const auto source = FromMemory(name, text);
  const Result<void> result = ReadVolumesGeoJson(*source, options, read.plans);
  if (!result) {
    read.error = result.error().message;
    read.code = result.error().code;
  }
  return read;
}

inline bool SamePlans(const conflict::PlanSet& a, const conflict::PlanSet& b) {
  if (a.parties() != b.parties() || a.volumes() != b.volumes() || a.intent_of() != b.intent_of()) return false;
  if (a.intents().size() != b.intents().size()) return false;
  for (size_t i = 0; i < a.intents().size(); ++i) {
    if (a.intents()[i].name != b.intents()[i].name || a.intents()[i].party != b.intents()[i].party) return false;
  }
  return true;
}

}  // namespace wideberth::files

#endif  // WIDEBERTH_FILES_TEST_FEATURES_H_
