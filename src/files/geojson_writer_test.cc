#include "files/geojson_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "files/test_features.h"

namespace wideberth::files {
namespace {

std::string Written(const conflict::PlanSet& plans) {
  std::string text;
  const Result<void> result = WriteVolumesGeoJson(plans, [&](std::string_view part) -> Result<void> {
    text += part;
    return {};
  });
  EXPECT_TRUE(result);
  return text;
}

TEST(WriteVolumesGeoJson, WritesAFeatureALine) {
  EXPECT_EQ(Written({}), "{\"type\":\"FeatureCollection\",\"features\":[\n]}\n");
  const std::string circle = Feature(Replaced(Replaced(kProperties, "{", R"({"radius_m":0.1,)"), ":100,", ":-0.001,"),
                                     R"({"type":"Point","coordinates":[8,-47]})");
  const Read read = ReadText(Feature(Replaced(kProperties, "i1", "a\\\"\\\\b")) + "\n" + circle);
  ASSERT_EQ(read.error, "");
  EXPECT_EQ(
      Written(read.plans),
      "{\"type\":\"FeatureCollection\",\"features\":[\n"
      R"({"type":"Feature","properties":{"intent":"a\"\\b","party":"A","altitude_lower_m":100,"altitude_upper_m":200,)"
      R"("time_start":"2026-03-01T10:00:00Z","time_end":"2026-03-01T11:00:00Z"},)"
      R"("geometry":{"type":"Polygon","coordinates":[[[8,47],[8.01,47],[8.01,47.01],[8,47.01],[8,47]]]}})"
      ",\n"
      R"({"type":"Feature","properties":{"intent":"i1","party":"A","altitude_lower_m":-0.001,"altitude_upper_m":200,)"
      R"("time_start":"2026-03-01T10:00:00Z","time_end":"2026-03-01T11:00:00Z","radius_m":0.1},)"
      R"("geometry":{"type":"Point","coordinates":[8,-47]}})"
      "\n]}\n");
}

// What is written reads back bit for bit, names, orders and numbers too.
TEST(WriteVolumesGeoJson, IsReadBackToEqualVolumes) {
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> unit(0, 1);
  const auto integer = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
  const std::vector<std::string> letters = {"a", "\"", "\\", "/", " ", "\u00fc", "\u6771", "\U0001f681", "{", "]", "n"};
  const auto name = [&] {
    std::string text;
    for (int64_t i = integer(1, 20); i > 0; --i) text += letters[static_cast<size_t>(integer(0, 10))];
    return text;
  };
  for (int round = 0; round < 50; ++round) {
    conflict::PlanSet plans;
    for (int i = 0; i < 40; ++i) {
      const geo::LatLng center{178 * unit(random) - 89, 359 * unit(random) - 179.5};
      std::vector<geo::LatLng> ring;
      const double size = std::pow(10, -6 + 5 * unit(random));
      for (int k = 0; k < 7; ++k) {
        ring.push_back(
            {center.latitude_deg + size * std::sin(k * 0.897), center.longitude_deg + size * std::cos(k * 0.897)});
      }
      const Result<geo::Outline> outline =
          i % 4 == 0 ? geo::Outline::MakeCircle(center, 1e6 * unit(random)) : geo::Outline::MakePolygon(ring);
      if (!outline) continue;
      const int64_t lower = integer(geo::AltitudeBand::kAltitudeMin.value, geo::AltitudeBand::kAltitudeMax.value);
      const int64_t upper = integer(lower, geo::AltitudeBand::kAltitudeMax.value);
      const int64_t start = integer(geo::TimeInterval::kTimeMin.value, geo::TimeInterval::kTimeMax.value);
      const int64_t end = integer(start, geo::TimeInterval::kTimeMax.value);
      const uint32_t intent = plans.IntentNumber(plans.PartyNumber(i % 3 == 0 ? "A" : name()), name());
      plans.Add(intent, {*outline, *geo::AltitudeBand::Make(AltitudeMm{lower}, AltitudeMm{upper}),
                         *geo::TimeInterval::Make(TimeNs{start}, TimeNs{end})});
    }
    ASSERT_GT(plans.volumes().size(), 20u);
    const std::string text = Written(plans);
    GeoJsonOptions options;
    options.chunk_bytes = 1'000;
    const Read read = ReadText(text, options);
    ASSERT_EQ(read.error, "");
    EXPECT_TRUE(SamePlans(read.plans, plans));
    EXPECT_EQ(Written(read.plans), text);
  }
}

TEST(WriteVolumesGeoJson, RefusesNamesThatItCouldNotReadBack) {
  for (const std::string& name : {std::string(), std::string(257, 'x'), std::string("\xff"), std::string("a\nb")}) {
    conflict::PlanSet plans;
    plans.IntentNumber(plans.PartyNumber("A"), name);
    EXPECT_FALSE(WriteVolumesGeoJson(plans, [](std::string_view) -> Result<void> { return {}; }));
  }
}

TEST(WriteVolumesGeoJson, PassesOnWhatTheSinkSays) {
  EXPECT_EQ(WriteVolumesGeoJson({}, [](std::string_view) -> Result<void> { return Error{Code::kIo, "disk full"}; })
                .error()
                .message,
            "disk full");
}

}  // namespace
}  // namespace wideberth::files
