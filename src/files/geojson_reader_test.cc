#include "files/geojson_reader.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "base/rfc3339.h"
#include "files/test_features.h"

namespace wideberth::files {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

GeoJsonOptions Lines() {
  GeoJsonOptions options;
  options.format = InputFormat::kGeoJsonLines;
  return options;
}

std::string Collection(const std::vector<std::string>& features) {
  std::string text = R"({"type":"FeatureCollection","features":[)";
  for (size_t i = 0; i < features.size(); ++i) text += (i == 0 ? "\n" : ",\n") + features[i];
  return text + "\n]}\n";
}

std::string Quoted(const std::string& text) { return std::string("\"") + text + "\""; }
std::string Multi(const std::string& rings) { return R"({"type":"MultiPolygon","coordinates":)" + rings + "}"; }
std::string Polygon(const std::string& rings) { return R"({"type":"Polygon","coordinates":)" + rings + "}"; }

// Reads a text as lines, as a document, and in small chunks by several threads; all must say the same.
Read ReadEveryWay(const std::string& text) {
  const Read read = ReadText(text, Lines());
  for (const InputFormat format : {InputFormat::kGeoJsonLines, InputFormat::kGeoJson}) {
    for (const size_t chunk_bytes : {size_t{1}, size_t{97}, size_t{1} << 20}) {
      for (const unsigned threads : {1u, 3u}) {
        GeoJsonOptions options;
        options.format = format;
        options.chunk_bytes = chunk_bytes;
        options.threads = threads;
        const Read other = ReadText(text, options);
        EXPECT_EQ(other.error, read.error) << chunk_bytes << " bytes a chunk, threads " << threads;
        EXPECT_TRUE(SamePlans(other.plans, read.plans));
      }
    }
  }
  return read;
}

TEST(ReadVolumesGeoJson, ReadsAPolygon) {
  const Read read = ReadEveryWay(Feature() + "\n");
  ASSERT_EQ(read.error, "");
  ASSERT_EQ(read.plans.volumes().size(), 1u);
  const geo::Volume4D& volume = read.plans.volumes()[0];
  ASSERT_EQ(volume.outline.vertices().size(), 4u);
  EXPECT_EQ(volume.outline.vertices()[1], (geo::LatLng{47, 8.01}));
  EXPECT_EQ(volume.altitudes.lower(), AltitudeMm{100'000});
  EXPECT_EQ(volume.altitudes.upper(), AltitudeMm{200'000});
  EXPECT_EQ(FormatRfc3339(volume.times.start()), "2026-03-01T10:00:00Z");
  EXPECT_EQ(FormatRfc3339(volume.times.end()), "2026-03-01T11:00:00Z");
  EXPECT_EQ(read.plans.parties()[0], "A");
  EXPECT_EQ(read.plans.intents()[0].name, "i1");
}

TEST(ReadVolumesGeoJson, ReadsAPointWithARadiusAsACircle) {
  const std::string properties = Replaced(kProperties, "{", R"({"radius_m":250.5,)");
  const Read read = ReadEveryWay(Feature(properties, R"({"type":"Point","coordinates":[8,47,400]})"));
  ASSERT_EQ(read.error, "");
  const geo::Outline& outline = read.plans.volumes()[0].outline;
  EXPECT_TRUE(outline.is_circle());
  EXPECT_EQ(outline.radius_m(), 250.5);
  EXPECT_EQ(outline.center(), (geo::LatLng{47, 8}));
}

TEST(ReadVolumesGeoJson, ReadsEachPolygonOfAMultiPolygonAsAVolumeOfOneIntent) {
  const Read read = ReadEveryWay(
      Feature(kProperties, Multi("[[[[8,47],[9,47],[9,48],[8,47]]],[[[18,47],[19,47],[19,48],[18,47]]]]")));
  ASSERT_EQ(read.error, "");
  EXPECT_EQ(read.plans.volumes().size(), 2u);
  EXPECT_EQ(read.plans.intents().size(), 1u);
  EXPECT_EQ(read.plans.volumes()[1].outline.vertices()[0].longitude_deg, 18);
}

TEST(ReadVolumesGeoJson, TakesMembersInAnyOrderAndIgnoresWhatItDoesNotKnow) {
  const std::string geometry =
      R"({"bbox":[1,2,{"a":[]}],"coordinates":[[[8,47,1,null],[8.01,47],[8.01,47.01],[8,47.01],[8,47]]],"type":"Polygon"})";
  const std::string odd = R"({"geometry":)" + geometry +
                          R"(,"id":17,"x":{"type":"no","y":[1,[2],"\u00e9\n",true,false,null]},)" + R"("properties":)" +
                          Replaced(kProperties, "{", R"({"name":null,"radius_m":null,"z":-0.5e3,)") +
                          R"(,"type":"Feature"})";
  const Read read = ReadEveryWay(odd);
  ASSERT_EQ(read.error, "");
  EXPECT_TRUE(SamePlans(read.plans, ReadText(Feature()).plans));
}

TEST(ReadVolumesGeoJson, UnescapesKeysAndNames) {
  std::string feature = Feature(Replaced(kProperties, R"("A")", R"("\u00c4\"\\")"));
  feature = Replaced(feature, R"("geometry")", R"("g\u0065ometry")");
  const Read read = ReadEveryWay(feature);
  ASSERT_EQ(read.error, "");
  EXPECT_EQ(read.plans.parties()[0], "\u00c4\"\\");
}

TEST(ReadVolumesGeoJson, TakesANumberForAnIntentByItsText) {
  EXPECT_EQ(ReadEveryWay(Feature(Replaced(kProperties, R"("i1")", "1.50 "))).plans.intents()[0].name, "1.50");
  EXPECT_EQ(ReadEveryWay(Feature(Replaced(kProperties, R"("i1")", "12345678901234567890123"))).plans.intents()[0].name,
            "12345678901234567890123");
}

TEST(ReadVolumesGeoJson, RoundsTimesOutward) {
  std::string properties = Replaced(kProperties, "10:00:00Z", "10:00:00.0000000019Z");
  properties = Replaced(properties, "11:00:00Z", "11:00:00.0000000011Z");
  const Read read = ReadEveryWay(Feature(properties));
  ASSERT_EQ(read.error, "");
  EXPECT_EQ(FormatRfc3339(read.plans.volumes()[0].times.start()), "2026-03-01T10:00:00.000000001Z");
  EXPECT_EQ(FormatRfc3339(read.plans.volumes()[0].times.end()), "2026-03-01T11:00:00.000000002Z");
}

TEST(ReadVolumesGeoJson, KeepsEveryBitOfACoordinate) {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> unit(0, 1);
  for (int i = 0; i < 2'000; ++i) {
    const double longitude = 8 + unit(random) / (1 << (i % 30));
    char text[80];
    std::snprintf(text, sizeof text, "%.*g", 15 + i % 25, longitude);
    const Read read =
        ReadText(Feature(kProperties, Polygon(std::string("[[[") + std::string(text) + ",47],[9.5,47],[9.5,48],[" +
                                              std::string(text) + ",47]]]")));
    ASSERT_EQ(read.error, "");
    ASSERT_EQ(read.plans.volumes()[0].outline.vertices()[0].longitude_deg, std::strtod(text, nullptr)) << text;
  }
}

TEST(ReadVolumesGeoJson, ReadsLinesWithSpacesBlankLinesByteOrderMarkAndRecordSeparators) {
  const std::string second = Feature(Replaced(kProperties, "i1", "i2"));
  const Read plain = ReadText(Feature() + "\n" + second + "\n", Lines());
  ASSERT_EQ(plain.error, "");
  ASSERT_EQ(plain.plans.volumes().size(), 2u);
  for (const std::string& text :
       {Feature() + "\n" + second, std::string("\xef\xbb\xbf") + Feature() + "\r\n\r\n \t\n" + second + " \r\n",
        std::string("\x1e") + Feature() + "\n\x1e" + second + "\n"}) {
    const Read read = ReadEveryWay(text);
    EXPECT_EQ(read.error, "");
    EXPECT_TRUE(SamePlans(read.plans, plain.plans));
  }
}

TEST(ReadVolumesGeoJson, ReadsTheSameFromLinesAndFromCollectionsOfAnyLayout) {
  const std::string second = Feature(Replaced(kProperties, "i1", "i{[\\\"]}2"));
  const Read lines = ReadText(Feature() + "\n" + second + "\n");
  ASSERT_EQ(lines.error, "");
  ASSERT_EQ(lines.plans.volumes().size(), 2u);
  const std::string spread = Replaced(Replaced(second, ",", "\n  ,\n"), ":[[", ": [\n[");
  for (const std::string& text :
       {Collection({Feature(), second}),
        R"({"features":[)" + Feature() + "," + spread + R"(],"type":"FeatureCollection"})",
        R"({"name":"features","a":{"features":[1]},"type":"FeatureCollection", "features" : [ )" + Feature() + " , " +
            spread + R"( ] ,"crs":{"x":[[]]},"bbox":[1,2,3,4]} )",
        Collection({Feature()}) + Collection({}) + "\x1e" + spread}) {
    for (const size_t chunk_bytes : {size_t{1}, size_t{7}, size_t{100}, size_t{1} << 20}) {
      GeoJsonOptions options;
      options.chunk_bytes = chunk_bytes;
      const Read read = ReadText(text, options);
      EXPECT_EQ(read.error, "") << text;
      EXPECT_TRUE(SamePlans(read.plans, lines.plans));
    }
  }
}

TEST(ReadVolumesGeoJson, AddsToWhatThePlansHave) {
  conflict::PlanSet plans;
  for (int i = 0; i < 2; ++i) {
    const std::string text = Feature();
    const auto source = FromMemory("a", text);
    ASSERT_TRUE(ReadVolumesGeoJson(*source, {}, plans));
  }
  EXPECT_EQ(plans.volumes().size(), 2u);
  EXPECT_EQ(plans.intents().size(), 1u);
}

TEST(ReadVolumesGeoJson, ReadsNothingFromEmptyLinesAndRefusesAnEmptyDocument) {
  EXPECT_EQ(ReadText("", Lines()).error, "");
  EXPECT_EQ(ReadText("\n\n", Lines()).error, "");
  EXPECT_EQ(ReadText("\n\n").error, "plans.geojson:3: JSON: there is nothing here; a FeatureCollection is expected");
  EXPECT_EQ(ReadText(Collection({})).error, "");
}

struct Bad {
  std::string feature;
  std::string message;  // after FILE:LINE:
};

std::vector<Bad> BadFeatures() {
  const auto property = [](std::string_view from, std::string_view to) {
    return Feature(Replaced(kProperties, from, to));
  };
  const auto geometry = [](const std::string& text) { return Feature(kProperties, text); };
  const std::string triangle = "[[8,47],[9,47],[9,48],[8,47]]";
  const std::string long_name(257, 'x');
  return {
      {property(R"("i1")", R"("")"), "properties.intent: is empty; give it a name"},
      {property(R"("i1")", "true"), "properties.intent: true is not a string"},
      {property(R"("i1")", "1e999"), "properties.intent: 1e999 is not a finite number"},
      {property(R"("i1")", R"("a\u0007b")"), R"(properties.intent: "a?b" has a control character at byte 1)"},
      {property(R"("i1")", R"("a\ud800b")"), R"(properties.intent: JSON: a string has a wrong escape in "a\ud800b")"},
      {property(R"("i1")", Quoted(long_name)), "properties.intent: has 257 bytes; a name has at most 256"},
      {property(R"("intent":"i1",)", ""),
       "properties.intent: is missing; give the operational intent's name, a string"},
      {property(R"("i1")", "null"), "properties.intent: is missing; give the operational intent's name, a string"},
      {property(R"("i1")", R"("i1","intent":"i2")"), "properties.intent: given twice"},
      {property(R"("i1")", R"(null,"intent":"i2")"), "properties.intent: given twice"},
      {property(R"("A")", "17"), "properties.party: 17 is not a string"},
      {property(R"("A")", R"(["A"])"), "properties.party: an array is not a string"},
      {property(R"("A")", "\"A\xc2\x85\""), R"(properties.party: "A?" has a control character at byte 1)"},
      {property(":100,", R"(:"100",)"), R"(properties.altitude_lower_m: "100" is not a number)"},
      {property(":100,", ":NaN,"), "properties.altitude_lower_m: NaN is not a number"},
      {property(":100,", ":-Infinity,"), "properties.altitude_lower_m: -Infinity is not a finite number"},
      {property(":100,", ":1e999,"), "properties.altitude_lower_m: 1e999 is not a finite number"},
      {property(":100,", ":0100,"), "properties.altitude_lower_m: 0100 is not a finite number"},
      {property(":100,", ":1e9,"),
       "properties.altitude_lower_m: altitude 1000000000.000 m is outside -100000.000 to 1000000.000 m"},
      {property(":200,", ":50,"),
       "properties.altitude_upper_m: lower altitude 100.000 m is above upper altitude 50.000 m"},
      {property(":200,", ":{},"), "properties.altitude_upper_m: an object is not a number"},
      {property(R"("2026-03-01T11:00:00Z")", R"("yesterday")"),
       R"(properties.time_end: "yesterday" is not an RFC 3339 date-time such as 2026-03-01T10:00:00Z: the year is missing)"},
      {property(R"("2026-03-01T11:00:00Z")", "17"), "properties.time_end: 17 is not a string"},
      {property("T11:00:00Z", "T09:00:00Z"),
       "properties.time_end: start 2026-03-01T10:00:00Z is after end 2026-03-01T09:00:00Z"},
      {property(R"("time_start":"2026-03-01T10:00:00Z",)", ""),
       "properties.time_start: is missing; give an RFC 3339 date-time such as 2026-03-01T10:00:00Z"},
      {property("{", R"({"radius_m":5,)"),
       "properties.radius_m: given with a polygon; it belongs to a Point, the centre of a circle"},
      {geometry(R"({"type":"Point","coordinates":[8,47]})"),
       "properties.radius_m: is missing; a Point is the centre of a circle: give its radius in metres, a number"},
      {Feature(Replaced(kProperties, "{", R"({"radius_m":0,)"), R"({"type":"Point","coordinates":[8,47]})"),
       "properties.radius_m: radius 0 m is not above 0"},
      {Feature("null"), "properties.intent: is missing; give the operational intent's name, a string"},
      {Feature("[1]"), "properties: an array is not an object"},
      {Feature(kProperties, "null"), "geometry: is missing or null; give a Polygon, a MultiPolygon or a Point"},
      {geometry("[]"), "geometry: an array is not an object"},
      {geometry("{}"), "geometry.type: is missing; it must be Polygon, MultiPolygon or Point"},
      {geometry(R"({"type":"Polygon"})"), "geometry.coordinates: is missing"},
      {geometry(R"({"type":"LineString","coordinates":[]})"),
       R"(geometry.type: "LineString" is not Polygon, MultiPolygon or Point (with radius_m))"},
      {geometry(Polygon("17")), "geometry.coordinates: found 17 where an array of rings is expected"},
      {geometry(Polygon("[]")), "geometry.coordinates: has no ring"},
      {geometry(Polygon("[[]]")),
       "geometry.coordinates[0]: has 0 positions; a closed ring has at least 4, the last equal to the first"},
      {geometry(Polygon("[[[8,47],[9,47],[9,48],[8,48]]]")),
       "geometry.coordinates[0]: is not closed; repeat the first position at the end (RFC 7946 section 3.1.6)"},
      {geometry(Polygon("[[[8,47],[9,47],[9],[8,47]]]")),
       "geometry.coordinates[0][2]: has 1 numbers; a position is [longitude, latitude]"},
      {geometry(Polygon(R"([[[8,47],["9",47],[9,48],[8,47]]])")),
       R"(geometry.coordinates[0][1][0]: "9" is not a number)"},
      {geometry(Polygon("[[[8,47],[9,1e400],[9,48],[8,47]]]")),
       "geometry.coordinates[0][1][1]: 1e400 is not a finite number"},
      {geometry(Polygon("[8,47]")), "geometry.coordinates[0]: found 8 where a ring, an array of positions is expected"},
      {geometry(Polygon(std::string("[") + triangle + "," + triangle + "]")),
       "geometry.coordinates[1]: a polygon with a hole; a volume has one ring: split it into polygons without holes"},
      {geometry(Polygon("[[[8,47],[9,48],[9,47],[8,48],[8,47]]]")), "geometry.coordinates: edges 0 and 2 cross"},
      {geometry(Multi("[]")), "geometry.coordinates: has no polygon"},
      {geometry(Multi("[[" + triangle + "],[[[8,47],[9,48],[9,47],[8,48],[8,47]]]]")),
       "geometry.coordinates[1]: edges 0 and 2 cross"},
      {geometry(Multi("[[" + triangle + "," + triangle + "]]")),
       "geometry.coordinates[0][1]: a polygon with a hole; a volume has one ring: split it into polygons without "
       "holes"},
      {geometry(R"({"coordinates":[1],"type":"Polygon"})"),
       "geometry.coordinates[0]: found 1 where a ring, an array of positions is expected"},
      {geometry(R"({"coordinates":[1],"type":"Polygon","coordinates":[1]})"), "geometry.coordinates: given twice"},
      {geometry(R"({"type":"Polygon","type":"Polygon"})"), "geometry.type: given twice"},
      {Replaced(Feature(), R"("Feature")", R"("feature")"), R"(type: "feature" is not "Feature")"},
      {Replaced(Feature(), R"("type":"Feature",)", ""), R"(type: is missing; it must be "Feature")"},
      {Replaced(Feature(), R"("type":"Feature",)", R"("type":"Feature","type":"Feature",)"), "type: given twice"},
      {Replaced(Feature(), R"("properties":)", R"("properties":{},"properties":)"), "properties: given twice"},
      {Replaced(Feature(), R"("geometry":)", R"("geometry":null,"geometry":)"), "geometry: given twice"},
      {Replaced(Feature(), R"("type":"Feature",)", R"("type":"Feature","x":tru,)"), "JSON: tru is no value"},
      {Replaced(Feature(), R"("type":"Feature",)", R"("type":"Feature","x":1e999,)"),
       "JSON: 1e999 is not a finite number"},
      {"{}", R"(type: is missing; it must be "Feature")"},
  };
}

TEST(ReadVolumesGeoJson, NamesFileLineFieldAndReasonOfEveryBadFeature) {
  for (const Bad& bad : BadFeatures()) {
    const Read read = ReadEveryWay(Feature() + "\n" + bad.feature + "\n" + Feature() + "\n");
    EXPECT_EQ(read.error, "plans.geojson:2: " + bad.message);
    EXPECT_EQ(read.code, Code::kInvalid);
    // In a collection the same, with the number of the feature.
    const Read collected = ReadText(Collection({Feature(), bad.feature, Feature()}));
    EXPECT_EQ(collected.error, "plans.geojson:3: features[1]." + bad.message);
  }
}

TEST(ReadVolumesGeoJson, NamesTheLineOfTheMemberInAFeatureOverSeveralLines) {
  const std::string spread =
      Replaced(Replaced(Feature(), R"("altitude_lower_m":100)", "\n\"altitude_lower_m\":\n\"x\"\n"), R"("geometry")",
               "\n\"geometry\"");
  EXPECT_EQ(ReadText(Collection({Feature(), spread})).error,
            R"(plans.geojson:5: features[1].properties.altitude_lower_m: "x" is not a number)");
}

TEST(ReadVolumesGeoJson, RefusesWhatIsNoJson) {
  const std::string good = Feature();
  const auto error = [&](const std::string& line) { return ReadText(good + "\n" + line + "\n" + good, Lines()).error; };
  EXPECT_THAT(error("17"), StartsWith("plans.geojson:2: JSON: found 17 where a GeoJSON Feature"));
  EXPECT_THAT(error("[]"), StartsWith("plans.geojson:2: JSON: found an array where a GeoJSON Feature"));
  EXPECT_THAT(error("\xff"), StartsWith("plans.geojson:2: JSON: is not valid UTF-8"));
  EXPECT_THAT(error(Replaced(good, "i1", "\xc0\xaf")), StartsWith("plans.geojson:2: JSON: is not valid UTF-8"));
  EXPECT_THAT(error(good + good), StartsWith("plans.geojson:2: JSON: found {\"type\":"));
  EXPECT_THAT(error(good + "]"), StartsWith("plans.geojson:2: JSON: "));
  EXPECT_THAT(error(good.substr(0, good.size() - 1)), StartsWith("plans.geojson:2: JSON: a bracket or brace is not"));
  EXPECT_THAT(error(Replaced(good, ",\"party\"", "\"party\"")),
              StartsWith("plans.geojson:2: JSON: a comma, a colon, a quote or a bracket is missing"));
  EXPECT_THAT(error(Replaced(good, "\"i1\"", "\"i1")), StartsWith("plans.geojson:2: JSON: "));
  EXPECT_THAT(error(Replaced(good, "i1", "a\tb")), StartsWith("plans.geojson:2: JSON: a control character"));
  EXPECT_THAT(error(Collection({}).substr(0, 40) + "]}"),
              AllOf(StartsWith("plans.geojson:2: type: \"FeatureCollection\" is not \"Feature\""),
                    HasSubstr("not mixed with features one a line")));
}

TEST(ReadVolumesGeoJson, RefusesEveryProperPrefixOfAFeatureAndOfACollection) {
  const std::string feature = Feature();
  const std::string collection = Collection({feature, feature});
  for (size_t i = 1; i < feature.size(); ++i) {
    EXPECT_THAT(ReadText(feature.substr(0, i), Lines()).error, StartsWith("plans.geojson:1: ")) << i;
    EXPECT_THAT(ReadText(feature.substr(0, i)).error, StartsWith("plans.geojson:1: ")) << i;
  }
  for (size_t i = 1; i + 2 < collection.size(); ++i)
    EXPECT_THAT(ReadText(collection.substr(0, i)).error, StartsWith("plans.geojson:")) << i;
}

TEST(ReadVolumesGeoJson, RefusesBadCollections) {
  const auto error = [](const std::string& text) { return ReadText(text).error; };
  EXPECT_EQ(error(R"({"type":"FeatureCollection","features":[)" + Feature() + ",]}"),
            R"(plans.geojson:1: features[1]: found "]" where a Feature, an object in braces, is expected)");
  EXPECT_EQ(error(R"({"type":"FeatureCollection","features":[)" + Feature() + Feature() + "]}"),
            R"(plans.geojson:1: features[1]: found "{" where a comma or ] is expected)");
  EXPECT_EQ(error("{\"type\":\"FeatureCollection\",\"features\":[\n17]}"),
            R"(plans.geojson:2: features[0]: found "1" where a Feature, an object in braces, is expected)");
  EXPECT_EQ(error(R"({"features":[]})"), R"(plans.geojson:1: type: is missing; it must be "FeatureCollection")");
  EXPECT_EQ(
      error(std::string("\n") + Replaced(Collection({Feature()}), "FeatureCollection", "Feature")),
      R"(plans.geojson:2: type: "Feature" is not "FeatureCollection", which an object with the array features must be)");
  EXPECT_EQ(error(R"({"features":[],"features":[],"type":"FeatureCollection"})"),
            "plans.geojson:1: features: given twice in one FeatureCollection");
  EXPECT_THAT(error(R"({"features":[],"type":"FeatureCollection",})"), StartsWith("plans.geojson:1: JSON: "));
  EXPECT_THAT(error(R"({"features":[]"x","type":"FeatureCollection"})"), StartsWith("plans.geojson:1: JSON: "));
  EXPECT_THAT(error(R"({"type":"FeatureCollection"})"), HasSubstr("a FeatureCollection has an array features"));
  EXPECT_EQ(
      error(Collection({Feature()}) + "x"),
      R"(plans.geojson:4: JSON: found "x" where a FeatureCollection or a Feature, an object in braces, is expected)");
  EXPECT_EQ(
      error(std::string("[") + Feature() + "]"),
      R"(plans.geojson:1: JSON: found "[" where a FeatureCollection or a Feature, an object in braces, is expected)");
  EXPECT_EQ(
      error(Collection({Feature()}).substr(0, 60)),
      "plans.geojson:2: features[0]: the text ends inside the feature that begins here: is it cut off, or a brace or "
      "quote missing?");
}

TEST(ReadVolumesGeoJson, NamesEachLimitThatIsReached) {
  GeoJsonOptions options;
  options.volumes_max = 2;
  Read read = ReadText(Feature() + "\n" + Feature() + "\n", options);
  EXPECT_EQ(read.error, "");
  read = ReadText(Feature() + "\n" + Feature() + "\n" + Feature(), options);
  EXPECT_EQ(read.code, Code::kTooLarge);
  EXPECT_EQ(read.error,
            "plans.geojson:3: feature: brings more than 2 volumes (limit volumes_max); raise it (--volumes-max) or "
            "check fewer at a "
            "time");

  options = {};
  options.input_bytes_max = 2 * Feature().size() + 1;
  EXPECT_EQ(ReadText(Feature() + "\n" + Feature(), options).error, "");
  read = ReadText(Feature() + "\n" + Feature() + "\n", options);
  EXPECT_EQ(read.code, Code::kTooLarge);
  EXPECT_THAT(read.error, HasSubstr("(limit input_bytes_max)"));

  options = {};
  options.feature_bytes_max = Feature().size();
  EXPECT_EQ(ReadText(Feature() + "\n" + Feature(), options).error, "");
  const std::string longer = Replaced(Feature(), ",", ", ");
  for (const size_t chunk_bytes : {size_t{1}, size_t{100}, size_t{1} << 20}) {
    options.chunk_bytes = chunk_bytes;
    read = ReadText(Feature() + "\n" + longer + "\n", options);
    EXPECT_EQ(read.code, Code::kTooLarge);
    EXPECT_EQ(read.error, "plans.geojson:2: feature: the line is longer than " + std::to_string(Feature().size()) +
                              " bytes (limit feature_bytes_max); split it into several features");
    read = ReadText(Collection({Feature(), longer}), options);
    EXPECT_EQ(read.code, Code::kTooLarge);
    EXPECT_THAT(read.error, AllOf(StartsWith("plans.geojson:3: features[1]: begins here and is longer than "),
                                  HasSubstr("(limit feature_bytes_max)")));
  }
}

TEST(ReadVolumesGeoJson, StopsAtTheSameFeatureWhenOutlinesTakeTooMuchMemory) {
  // A triangle of a hundred kilometres and more is kept in many pieces, so that a short text takes much memory.
  const std::string large = Feature(kProperties, Polygon("[[[8,47],[10,47],[10,49],[8,47]]]"));
  std::string text;
  for (int i = 0; i < 60; ++i) text += large + "\n";
  const size_t each = ReadText(large).plans.volumes()[0].outline.heap_bytes();
  for (const unsigned threads : {1u, 2u, 4u}) {
    for (const size_t chunk_bytes : {size_t{1'000}, size_t{10'000}, size_t{1} << 20}) {
      GeoJsonOptions options;
      options.threads = threads;
      options.chunk_bytes = chunk_bytes;
      options.outline_bytes_max = 40 * each;
      Read read = ReadText(text, options);
      EXPECT_EQ(read.code, Code::kTooLarge);
      EXPECT_THAT(read.error, AllOf(StartsWith("plans.geojson:41: feature: "), HasSubstr("(limit outline_bytes_max)")));
      // What is wrong before the limit is what is reported.
      std::string broken = text;
      broken[large.size() * 20] = '!';
      read = ReadText(broken, options);
      EXPECT_EQ(read.code, Code::kInvalid) << read.error;
      options.outline_bytes_max = 60 * each;
      EXPECT_EQ(ReadText(text, options).error, "");
    }
  }
}

TEST(ReadVolumesGeoJson, RefusesBombsOfNesting) {
  const std::string deep(100'000, '[');
  EXPECT_THAT(ReadText(deep).error, StartsWith("plans.geojson:1: JSON: found \"[\""));
  EXPECT_THAT(ReadText(R"({"a":)" + deep).error, StartsWith("plans.geojson:1: JSON: "));
  EXPECT_THAT(ReadText(R"({"a":)" + deep, Lines()).error, StartsWith("plans.geojson:1: JSON: "));
  const std::string closed = R"({"a":)" + deep + std::string(100'000, ']') + "}";
  for (const auto& options : {GeoJsonOptions{}, Lines()}) {
    const Read read = ReadText(closed, options);
    EXPECT_EQ(read.code, Code::kTooLarge);
    EXPECT_EQ(read.error, "plans.geojson:1: JSON: arrays and objects are nested more than 64 deep (limit nesting_max)");
  }
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += R"({"a":)";
  EXPECT_THAT(ReadText(objects).error, StartsWith("plans.geojson:1: JSON: "));
  EXPECT_EQ(ReadText(Feature(kProperties, Polygon(deep + std::string(100'000, ']')))).error,
            "plans.geojson:1: geometry.coordinates[0][0][0]: an array is not a number");
}

// The same bytes for ever, counted.
class EndlessSource final : public ByteSource {
 public:
  EndlessSource(std::string first, std::string repeated)
      : ByteSource("endless", 0), bytes_(std::move(first)), repeated_(std::move(repeated)) {}
  uint64_t given() const { return given_; }

 private:
  Result<size_t> ReadSome(std::span<char> into) override {
    for (char& c : into) {
      if (at_ == bytes_.size()) {
        bytes_ = repeated_;
        at_ = 0;
      }
      c = bytes_[at_++];
    }
    given_ += into.size();
    return into.size();
  }

  std::string bytes_;
  std::string repeated_;
  size_t at_ = 0;
  uint64_t given_ = 0;
};

TEST(ReadVolumesGeoJson, ReadsNoMoreOfAnEndlessStreamThanItsLimitsAllow) {
  const auto expect_bounded = [](std::string first, std::string repeated, const GeoJsonOptions& options,
                                 uint64_t bytes_max) {
    EndlessSource source(std::move(first), std::move(repeated));
    conflict::PlanSet plans;
    const Result<void> result = ReadVolumesGeoJson(source, options, plans);
    ASSERT_FALSE(result);
    EXPECT_LE(source.given(), bytes_max) << result.error().message;
  };
  GeoJsonOptions options = Lines();
  options.feature_bytes_max = size_t{1} << 20;
  options.chunk_bytes = size_t{64} << 10;
  const uint64_t line = options.feature_bytes_max + options.chunk_bytes;
  expect_bounded("", std::string(1, '\0'), options, line);
  expect_bounded("", "[", options, line);
  expect_bounded(R"({"type":"Feature",)", R"("x":1,)", options, line);
  const uint64_t in_flight = (2 * GeoJsonOptions::kThreadsMax + 2) * options.chunk_bytes;
  expect_bounded("17\n", Feature() + "\n", options, in_flight);
  options.volumes_max = 1'000;
  expect_bounded("", Feature() + "\n", options, 1'000 * Feature().size() + in_flight);

  options.format = InputFormat::kGeoJson;
  expect_bounded("", std::string(1, '\0'), options, line);
  expect_bounded(R"({"type":"Feature",)", R"("x":[],)", options, 2 * line);
  expect_bounded(R"({"features":[{)", "[", options, 2 * line);
  expect_bounded(R"({"features":[)", Feature() + ",", options, 1'000 * Feature().size() + in_flight);
  options.input_bytes_max = 10'000'000;
  expect_bounded("", "\n", options, options.input_bytes_max + 1);
}

TEST(ReadVolumesGeoJson, RefusesALineOfTwoGigabytesAfterItsLimitAndSoThroughAPipe) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const auto former = std::signal(SIGPIPE, SIG_IGN);
  std::atomic<uint64_t> written = 0;
  std::thread writer([&] {
    const std::string block(size_t{1} << 20, '7');
    while (written < uint64_t{2} << 30) {
      const ssize_t count = ::write(ends[1], block.data(), block.size());
      if (count <= 0) break;  // the reader has closed its end
      written += static_cast<uint64_t>(count);
    }
    ::close(ends[1]);
  });
  const auto source = OpenFile("/dev/fd/" + std::to_string(ends[0]));
  ASSERT_TRUE(source);
  ::close(ends[0]);
  conflict::PlanSet plans;
  const GeoJsonOptions options = Lines();
  Result<void> result = ReadVolumesGeoJson(**source, options, plans);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kTooLarge);
  EXPECT_THAT(result.error().message, HasSubstr(":1: feature: the line is longer than 16777216 bytes"));
  const_cast<std::unique_ptr<ByteSource>&>(*source).reset();
  writer.join();
  EXPECT_LE(written, options.feature_bytes_max + options.chunk_bytes + (2u << 20));
  std::signal(SIGPIPE, former);
}

TEST(ReadVolumesGeoJson, RefusesWhatCannotBeRead) {
  const auto zero = OpenFile("/dev/zero");
  ASSERT_TRUE(zero);
  conflict::PlanSet plans;
  const Result<void> result = ReadVolumesGeoJson(**zero, {}, plans);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message,
            "/dev/zero:1: JSON: found \"?\" where a FeatureCollection or a Feature, an object in braces, is expected");
}

// Files of hundreds of features, some of them wrong.
TEST(ReadVolumesGeoJson, SaysTheSameForAnyNumberOfThreadsAndAnySizeOfChunk) {
  const std::vector<Bad> bad = BadFeatures();
  for (unsigned seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    std::vector<std::string> features;
    for (int i = 0; i < 400; ++i) {
      const std::string name = std::to_string(random() % 50);
      std::string properties = Replaced(kProperties, "i1", "i" + name);
      properties = Replaced(properties, "\"A\"", Quoted(std::string("p") + name.substr(0, 1)));
      const std::string west = std::string("7.9") + std::to_string(random() % 1'000'000);
      features.push_back(Feature(properties, Replaced(kSquare, "[8,47.01]", std::string("[") + west + ",47.01]")));
      if (seed % 3 != 0 && random() % 300 == 0) features.back() = bad[random() % bad.size()].feature;
    }
    std::string lines;
    for (const std::string& feature : features) lines += feature + "\n";
    for (const std::string& text : {lines, Collection(features)}) {
      GeoJsonOptions options;
      options.threads = 1;
      const Read expected = ReadText(text, options);
      if (seed % 3 == 0) {
        EXPECT_EQ(expected.error, "");
      }
      for (const unsigned threads : {2u, 5u}) {
        for (const size_t chunk_bytes : {size_t{100}, size_t{3'000}, size_t{100'000}}) {
          options.threads = threads;
          options.chunk_bytes = chunk_bytes;
          const Read read = ReadText(text, options);
          EXPECT_EQ(read.error, expected.error);
          EXPECT_TRUE(SamePlans(read.plans, expected.plans));
        }
      }
    }
  }
}

// simdjson says something else of a text that is out of balance when a closing brace follows it.
TEST(ReadVolumesGeoJson, SaysTheSameOfABadTextWhateverFollows) {
  const std::string text = R"({"features":[{"type":"+","x":[}}]})";
  for (const size_t chunk_bytes : {size_t{1}, text.size() - 4, text.size() - 3, size_t{1} << 20}) {
    GeoJsonOptions options;
    options.chunk_bytes = chunk_bytes;
    EXPECT_EQ(ReadText(text, options).error, R"(plans.geojson:1: features[0].type: "+" is not "Feature")");
  }
}

TEST(ReadVolumesGeoJson, TellsItsProgress) {
  const std::string text = Feature() + "\n" + Feature() + "\n";
  uint64_t last = 0;
  GeoJsonOptions options;
  options.chunk_bytes = 100;
  options.progress = [&](uint64_t bytes_read, uint64_t bytes_total) {
    EXPECT_GE(bytes_read, last);
    EXPECT_EQ(bytes_total, text.size());
    last = bytes_read;
  };
  EXPECT_EQ(ReadText(text, options).error, "");
  EXPECT_EQ(last, text.size());
}

TEST(ReadVolumesGeoJson, ReportsAReadThatFailsAfterAllThatCameBefore) {
  class Failing final : public ByteSource {
   public:
    explicit Failing(std::string bytes) : ByteSource("failing", 0), bytes_(std::move(bytes)) {}

   private:
    Result<size_t> ReadSome(std::span<char> into) override {
      if (bytes_.empty()) return Error{Code::kIo, "failing: cannot be read: Input/output error"};
      const size_t count = std::min(into.size(), bytes_.size());
      std::memcpy(into.data(), bytes_.data(), count);
      bytes_.erase(0, count);
      return count;
    }
    std::string bytes_;
  };
  for (const InputFormat format : {InputFormat::kGeoJson, InputFormat::kGeoJsonLines}) {
    GeoJsonOptions options;
    options.format = format;
    conflict::PlanSet plans;
    Failing source(Feature() + "\n" + Feature() + "\n{\"type\":");
    EXPECT_EQ(ReadVolumesGeoJson(source, options, plans).error().message,
              "failing: cannot be read: Input/output error");
    Failing broken(Feature() + "\n{}\n{\"type\":");
    EXPECT_THAT(ReadVolumesGeoJson(broken, options, plans).error().message, StartsWith("failing:2: type: is missing"));
  }
}

}  // namespace
}  // namespace wideberth::files
