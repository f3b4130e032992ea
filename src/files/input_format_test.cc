#include "files/input_format.h"

#include <gtest/gtest.h>

#include "files/test_features.h"

namespace wideberth::files {
namespace {

TEST(DetectFormat, TakesCsvByItsEndingAndWhateverIsNoJsonWithoutOne) {
  EXPECT_EQ(DetectFormat("a.csv", "{"), InputFormat::kTracksCsv);
  EXPECT_EQ(DetectFormat("dir.geojson/A.CSV", ""), InputFormat::kTracksCsv);
  EXPECT_EQ(DetectFormat("-", "flight,party,time"), InputFormat::kTracksCsv);
  EXPECT_EQ(DetectFormat("-", ""), InputFormat::kTracksCsv);
  EXPECT_EQ(DetectFormat("dir.geojson/tracks",
                         "\xef\xbb\xbf"
                         "flight"),
            InputFormat::kTracksCsv);
}

TEST(DetectFormat, TellsLinesFromDocumentsByTheirContent) {
  const std::string two = Feature() + "\n" + Feature() + "\n";
  const std::string collection = R"({"type":"FeatureCollection","features":[)";
  std::string two_collections;
  for (int i = 0; i < 2; ++i) two_collections.append(collection).append("]}\n");
  for (const char* name : {"-", "stdin", "a.geojson", "a.JSON", "a.geojsonl", "a.ndjson"}) {
    EXPECT_EQ(DetectFormat(name, two), InputFormat::kGeoJsonLines);
    EXPECT_EQ(DetectFormat(name, "\xef\xbb\xbf\n \x1e" + two), InputFormat::kGeoJsonLines);
    EXPECT_EQ(DetectFormat(name, collection + "\n" + Feature()), InputFormat::kGeoJson);
    EXPECT_EQ(DetectFormat(name, collection + Feature()), InputFormat::kGeoJson);
    EXPECT_EQ(DetectFormat(name, two_collections), InputFormat::kGeoJson);
    EXPECT_EQ(DetectFormat(name, "{\n  \"type\": \"Feature\","), InputFormat::kGeoJson);
    EXPECT_EQ(DetectFormat(name, "{\"type\": \"Feature\",\r\n"), InputFormat::kGeoJson);
  }
}

TEST(DetectFormat, FollowsTheEndingWhenTheContentDoesNotTell) {
  for (const char* name : {"-", "a.geojson", "a.json"}) {
    EXPECT_EQ(DetectFormat(name, Feature()), InputFormat::kGeoJson);
    EXPECT_EQ(DetectFormat(name, Feature() + "\n"), InputFormat::kGeoJson);
    EXPECT_EQ(DetectFormat(name, Feature().substr(0, 100)), InputFormat::kGeoJson);
    EXPECT_EQ(DetectFormat(name, "[1]"), InputFormat::kGeoJson);
  }
  EXPECT_EQ(DetectFormat("a.geojson", "x"), InputFormat::kGeoJson);
  EXPECT_EQ(DetectFormat("a.geojson", ""), InputFormat::kGeoJson);
  for (const char* name : {"a.geojsonl", "a.jsonl", "a.geojsons", "a.ndjson"}) {
    EXPECT_EQ(DetectFormat(name, Feature()), InputFormat::kGeoJsonLines);
    EXPECT_EQ(DetectFormat(name, Feature().substr(0, 100)), InputFormat::kGeoJsonLines);
    EXPECT_EQ(DetectFormat(name, Feature().substr(0, 97) + "\n" + Feature()), InputFormat::kGeoJsonLines);
    EXPECT_EQ(DetectFormat(name, ""), InputFormat::kGeoJsonLines);
    EXPECT_EQ(DetectFormat(name, "x"), InputFormat::kGeoJsonLines);
  }
}

}  // namespace
}  // namespace wideberth::files
