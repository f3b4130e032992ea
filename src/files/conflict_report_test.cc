#include "files/conflict_report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace wideberth::files {
namespace {

constexpr int64_t kStartNs = 1'772'359'200 * kNsPerSecond;  // 2026-03-01T10:00:00Z

geo::Volume4D Volume(const geo::Outline& outline, int64_t lower_mm, int64_t upper_mm, int64_t start_s, int64_t end_s) {
  return {outline, *geo::AltitudeBand::Make({lower_mm}, {upper_mm}),
          *geo::TimeInterval::Make({kStartNs + start_s * kNsPerSecond}, {kStartNs + end_s * kNsPerSecond})};
}

geo::Volume4D Circle(double longitude_deg, int64_t lower_m, int64_t upper_m, int64_t start_s, int64_t end_s) {
  return Volume(*geo::Outline::MakeCircle({0, longitude_deg}, 1000), lower_m * 1000, upper_m * 1000, start_s, end_s);
}

geo::Outline Polygon(const std::vector<geo::LatLng>& ring) { return *geo::Outline::MakePolygon(ring); }

// From (south, west) to (north, east), in degrees.
geo::Outline Box(double south, double west, double north, double east) {
  return Polygon({{south, west}, {south, east}, {north, east}, {north, west}});
}

struct Made {
  conflict::PlanSet plans;
  std::vector<conflict::Meeting> meetings;
  std::vector<conflict::Conflict> conflicts;
};

struct Row {
  std::string party;
  std::string intent;
  geo::Volume4D volume;
};

Made Make(const std::vector<Row>& rows, const conflict::MeetingOptions& options = {}) {
  Made made;
  for (const Row& row : rows)
    made.plans.Add(made.plans.IntentNumber(made.plans.PartyNumber(row.party), row.intent), row.volume);
  made.meetings = conflict::FindMeetings(made.plans, options)->meetings;
  made.conflicts = conflict::GroupByIntents(made.plans, made.meetings);
  return made;
}

Made Two(const std::string& party, const geo::Volume4D& a, const geo::Volume4D& b,
         const conflict::MeetingOptions& options = {}) {
  return Make({{party, "r1", a}, {"blue", "b1", b}}, options);
}

std::string Write(const Made& made, ReportFormat format) {
  std::string written;
  EXPECT_TRUE(WriteConflictReport({made.plans, made.meetings, made.conflicts}, format,
                                  [&](std::string_view bytes) -> Result<void> {
                                    written += bytes;
                                    return {};
                                  },
                                  {}));
  return written;
}

// Two circles that overlap on the equator.
const geo::Volume4D kLow = Circle(0, 100, 200, 0, 600);
const geo::Volume4D kHigh = Circle(0.01, 150, 300, 300, 900);

// Boxes that share a corner and nothing else: red's first volume and blue's third.
Made Touching() {
  const geo::Volume4D elsewhere = Volume(Box(10, 20, 10.01, 20.01), 0, 1000, -9000, -8000);
  const geo::Volume4D red = Volume(Box(47.99, 10.99, 48, 11), 100'000, 120'000, 0, 360);
  const geo::Volume4D blue = Volume(Box(48, 11, 48.01, 11.01), 90'000, 150'000, 300, 900);
  const geo::Volume4D further = Volume(Box(30, 20, 30.01, 20.01), 0, 1000, -9000, -8000);
  return Make({{"red", "r1", red},
               {"red", "r1", elsewhere},
               {"blue", "b7", further},
               {"blue", "b7", further},
               {"blue", "b7", blue}});
}

// A box inside another, with altitudes that are no whole metres.
Made Nested() {
  return Two("red", Volume(Box(48, 11, 48.02, 11.02), 0, 100'500, 0, 600),
             Volume(Box(48.005, 11.005, 48.01, 11.01), -250, 50'125, 60, 600));
}

// A bar across both legs of a U.
Made TwoRegions() {
  const geo::Outline legs =
      Polygon({{1, 1}, {1, 1.03}, {1.02, 1.03}, {1.02, 1.02}, {1.01, 1.02}, {1.01, 1.01}, {1.02, 1.01}, {1.02, 1}});
  return Two("red", Volume(legs, 0, 100'000, 0, 600), Volume(Box(1.012, 0.99, 1.018, 1.04), 0, 50'000, 60, 600));
}

// Two boxes whose nearest corners are 133.911 m apart; 10.25 m above each other; sharing one instant.
Made Apart() {
  return Two("red", Volume(Box(47.99, 10.99, 48, 11), 0, 100'000, 0, 600),
             Volume(Box(48.001, 11.001, 48.01, 11.01), 110'250, 250'000, 600, 900),
             {.separation = {200, {20'000}, 60 * kNsPerSecond}});
}

TEST(ConflictReport, JsonReadsLikeTheExampleInItsPage) {
  EXPECT_EQ(Write(Touching(), ReportFormat::kJson),
            R"({"conflicts":[
{"intents":[{"party":"red","intent":"r1"},{"party":"blue","intent":"b7"}],"meetings":[
  {"volumes":[0,2],"time_start":"2026-03-01T10:05:00Z","time_end":"2026-03-01T10:06:00Z","altitude_lower_m":100.0,)"
            R"("altitude_upper_m":120.0,"distance_m":0.0,"outline":{"type":"Point","coordinates":[11.0,48.0]}}]}
],"summary":{"parties":2,"intents":2,"volumes":5,"conflicts":1,"meetings":1}}
)");
}

TEST(ConflictReport, JsonPutsTheMeetingsOfAConflictInOneList) {
  const geo::Volume4D elsewhere = Volume(Box(10, 20, 10.01, 20.01), 0, 1000, 0, 600);
  const geo::Volume4D corner = Volume(Box(9.99, 19.99, 10, 20), 0, 1000, 30, 60);
  const geo::Volume4D early = Volume(Box(10.01, 20.01, 10.02, 20.02), 1000, 2000, 0, 10);
  EXPECT_EQ(
      Write(Make({{"red", "r1", elsewhere}, {"blue", "b1", corner}, {"blue", "b1", early}, {"blue", "b2", corner}}),
            ReportFormat::kJson),
      R"({"conflicts":[
{"intents":[{"party":"red","intent":"r1"},{"party":"blue","intent":"b1"}],"meetings":[
  {"volumes":[0,1],"time_start":"2026-03-01T10:00:00Z","time_end":"2026-03-01T10:00:10Z","altitude_lower_m":1.0,)"
      R"("altitude_upper_m":1.0,"distance_m":0.0,"outline":{"type":"Point","coordinates":[20.01,10.01]}},
  {"volumes":[0,0],"time_start":"2026-03-01T10:00:30Z","time_end":"2026-03-01T10:01:00Z","altitude_lower_m":0.0,)"
      R"("altitude_upper_m":1.0,"distance_m":0.0,"outline":{"type":"Point","coordinates":[20.0,10.0]}}]},
{"intents":[{"party":"red","intent":"r1"},{"party":"blue","intent":"b2"}],"meetings":[
  {"volumes":[0,0],"time_start":"2026-03-01T10:00:30Z","time_end":"2026-03-01T10:01:00Z","altitude_lower_m":0.0,)"
      R"("altitude_upper_m":1.0,"distance_m":0.0,"outline":{"type":"Point","coordinates":[20.0,10.0]}}]}
],"summary":{"parties":2,"intents":3,"volumes":4,"conflicts":2,"meetings":3}}
)");
}

TEST(ConflictReport, GeoJsonIsAFeatureForEachMeeting) {
  EXPECT_EQ(Write(Nested(), ReportFormat::kGeoJson),
            R"({"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"party_a":"red","intent_a":"r1","volume_a":0,"party_b":"blue","intent_b":"b1",)"
            R"("volume_b":0,"time_start":"2026-03-01T10:01:00Z","time_end":"2026-03-01T10:10:00Z",)"
            R"("altitude_lower_m":0.0,"altitude_upper_m":50.125,"distance_m":0.0},"geometry":{"type":"Polygon",)"
            R"("coordinates":[[[11.005,48.005],[11.01,48.005],[11.01,48.01],[11.005,48.01],[11.005,48.005]]]}}
]}
)");
}

TEST(ConflictReport, GeoJsonSaysTheGapAndDrawsTheShortestLine) {
  EXPECT_EQ(Write(Apart(), ReportFormat::kGeoJson),
            R"({"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"party_a":"red","intent_a":"r1","volume_a":0,"party_b":"blue","intent_b":"b1",)"
            R"("volume_b":0,"time_start":"2026-03-01T10:10:00Z","time_end":"2026-03-01T10:10:00Z",)"
            R"("gap_altitude_lower_m":100.0,"gap_altitude_upper_m":110.25,"distance_m":133.911},)"
            R"("geometry":{"type":"LineString","coordinates":[[11.0,48.0],[11.001,48.001]]}}
]}
)");
}

constexpr const char* kCsvHeader =
    "party_a,intent_a,volume_a,party_b,intent_b,volume_b,shared_start,shared_end,shared_lower_m,shared_upper_m,"
    "distance_m,latitude,longitude,outline\n";

TEST(ConflictReport, CsvIsARowForEachMeetingWithItsOutlineAsWellKnownText) {
  EXPECT_EQ(Write(Touching(), ReportFormat::kCsv),
            std::string(kCsvHeader) +
                "red,r1,0,blue,b7,2,2026-03-01T10:05:00Z,2026-03-01T10:06:00Z,100,120,0.000,48,11,\"POINT (11 48)\"\n");
  EXPECT_EQ(Write(Nested(), ReportFormat::kCsv),
            std::string(kCsvHeader) +
                "red,r1,0,blue,b1,0,2026-03-01T10:01:00Z,2026-03-01T10:10:00Z,0,50.125,0.000,48.0075,11.0075,"
                "\"POLYGON ((11.005 48.005, 11.01 48.005, 11.01 48.01, 11.005 48.01, 11.005 48.005))\"\n");
  EXPECT_EQ(Write(Apart(), ReportFormat::kCsv),
            std::string(kCsvHeader) +
                "red,r1,0,blue,b1,0,2026-03-01T10:10:00Z,2026-03-01T10:10:00Z,110.25,100,133.911,48.0005,11.0005,"
                "\"LINESTRING (11 48, 11.001 48.001)\"\n");
}

TEST(ConflictReport, SeveralSharedRegionsAreOneOutline) {
  const std::string csv = Write(TwoRegions(), ReportFormat::kCsv);
  const size_t at = csv.find("\"MULTIPOLYGON (((");
  ASSERT_NE(at, std::string::npos) << csv;
  EXPECT_EQ(csv.substr(csv.size() - 5), ")))\"\n");
  const auto report = nlohmann::json::parse(Write(TwoRegions(), ReportFormat::kJson));
  const auto& outline = report["conflicts"][0]["meetings"][0]["outline"];
  EXPECT_EQ(outline["type"], "MultiPolygon");
  ASSERT_EQ(outline["coordinates"].size(), 2u);
  for (const auto& polygon : outline["coordinates"]) {
    ASSERT_EQ(polygon.size(), 1u) << "no holes";
    EXPECT_EQ(polygon[0].front(), polygon[0].back());
    double doubled_area = 0;
    for (size_t i = 0; i + 1 < polygon[0].size(); ++i) {
      const double x0 = polygon[0][i][0], y0 = polygon[0][i][1], x1 = polygon[0][i + 1][0], y1 = polygon[0][i + 1][1];
      doubled_area += (x0 - 1) * (y1 - 1) - (x1 - 1) * (y0 - 1);
      EXPECT_TRUE((x0 > 0.9999 && x0 < 1.0101) || (x0 > 1.0199 && x0 < 1.0301)) << "a leg of the U: " << x0;
      EXPECT_TRUE(y0 > 1.0119 && y0 < 1.0181) << "the bar: " << y0;
    }
    EXPECT_NEAR(doubled_area, 2 * 0.01 * 0.006, 1e-8) << "counter-clockwise, and a leg wide by a bar high";
  }
}

TEST(ConflictReport, TheTableSpansAllMeetingsOfAConflictAndCounts) {
  const geo::Volume4D base = Volume(Box(10, 20, 10.01, 20.01), 0, 120'000, 0, 90'000);
  const geo::Volume4D low = Volume(Box(9.99, 19.99, 10, 20), 0, 20'000, 30, 60);
  const geo::Volume4D high = Volume(Box(9.99, 19.99, 10, 20), 100'000, 200'000, 50, 86'400);
  EXPECT_EQ(
      Write(Make({{"red", "r1", base}, {"blue", "b1", low}, {"blue", "b1", high}, {"Zo\xC3\xAB", "z", low}}),
            ReportFormat::kTable),
      "from (UTC)                         until  who       meets     altitude m  latitude  longitude  volumes\n"
      "2026-03-01 10:00:30  2026-03-02 10:00:00  red  r1   blue  b1    0 to 120  10.00000   20.00000        2\n"
      "2026-03-01 10:00:30             10:01:00  red  r1   Zo\xC3\xAB  z       0 to 20  10.00000   20.00000        1\n"
      "2026-03-01 10:00:30             10:01:00  blue  b1  Zo\xC3\xAB  z       0 to 20   9.99500   19.99500        1\n"
      "\n"
      "3 conflicts between the 3 intents of 3 parties: 4 pairs of their 4 volumes meet\n");
  const geo::Volume4D late = Volume(Box(9.99, 19.99, 10, 20), 30'000, 40'000, 70, 80);
  const std::string ended =
      Write(Make({{"red", "r1", base}, {"blue", "b1", high}, {"blue", "b1", late}}), ReportFormat::kTable);
  EXPECT_NE(ended.find("\n2026-03-01 10:00:50  2026-03-02 10:00:00  red  r1  blue  b1   30 to 120"), std::string::npos)
      << "the one that begins last ends first: " << ended;
  const std::string one = Write(Touching(), ReportFormat::kTable);
  EXPECT_NE(one.find("\n1 conflict between the 2 intents of 2 parties: 1 pair of their 5 volumes meet\n"),
            std::string::npos)
      << one;
}

TEST(ConflictReport, TheTableShowsAGapFromItsEarlierAndLowerEnd) {
  const geo::Volume4D low = Volume(Box(47.99, 10.99, 48, 11), 0, 100'000, 0, 600);
  const geo::Volume4D high = Volume(Box(48.001, 11.001, 48.01, 11.01), 110'250, 250'000, 630, 900);
  EXPECT_EQ(Write(Two("red", low, high, {.separation = {200, {20'000}, 60 * kNsPerSecond}}), ReportFormat::kTable),
            "from (UTC)              until  who      meets     altitude m  latitude  longitude  volumes\n"
            "2026-03-01 10:10:00  10:10:30  red  r1  blue  b1  100 to 110  48.00050   11.00050        1\n"
            "\n"
            "1 conflict between the 2 intents of 2 parties: 1 pair of their 2 volumes meet\n");
}

TEST(ConflictReport, JsonSaysWhatBothShare) {
  const auto report = nlohmann::json::parse(Write(Two("red", kLow, kHigh), ReportFormat::kJson));
  ASSERT_EQ(report["conflicts"].size(), 1u);
  const auto& meeting = report["conflicts"][0]["meetings"][0];
  EXPECT_EQ(meeting["time_start"], "2026-03-01T10:05:00Z");
  EXPECT_EQ(meeting["time_end"], "2026-03-01T10:10:00Z");
  EXPECT_EQ(meeting["altitude_lower_m"], 150.0);
  EXPECT_EQ(meeting["altitude_upper_m"], 200.0);
  EXPECT_EQ(meeting["distance_m"], 0.0);
  EXPECT_EQ(meeting["outline"]["type"], "Polygon");
  // The lens of two circles of 1 km, 1.113 km apart, lies between their middles.
  for (const auto& position : meeting["outline"]["coordinates"][0]) {
    EXPECT_GT(position[0].get<double>(), 0.0009);
    EXPECT_LT(position[0].get<double>(), 0.0091);
  }
  EXPECT_EQ(report["summary"]["conflicts"], 1);
}

// Each field of RFC 4180 in turn, read by its rules; '\n' ends a row.
std::vector<std::vector<std::string>> CsvRows(const std::string& text) {
  std::vector<std::vector<std::string>> rows(1, {""});
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (quoted) {
      if (text[i] != '"') {
        rows.back().back() += text[i];
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        rows.back().back() += text[i++];
      } else {
        quoted = false;
      }
    } else if (text[i] == '"') {
      EXPECT_EQ(rows.back().back(), "") << "a quote inside a field that does not begin with one";
      quoted = true;
    } else if (text[i] == ',') {
      rows.back().emplace_back();
    } else if (text[i] == '\n') {
      rows.push_back({""});
    } else {
      EXPECT_NE(text[i], '\r') << "a line break outside quotes";
      rows.back().back() += text[i];
    }
  }
  EXPECT_FALSE(quoted);
  rows.pop_back();  // the text ends with a row's end
  return rows;
}

// Names that a format may stumble over. A name holds no control character (name_rule.h), but much that looks like one.
const std::vector<std::string> kHardNames = {
    "a, b",
    "\"",
    "\"\"",
    "say \"no\", twice",
    "\\",
    "\\\"",
    "\\n is no newline",
    "\\u0041",
    " blanks ",
    "</script>",
    "{}[]:",
    "'; --",
    "Zo\xC3\xAB",                                                           // two bytes
    "\xE9\xA3\x9E\xE8\xA1\x8C",                                             // three; twice as wide as a letter
    "\xF0\x9F\x9A\x81\xEF\xB8\x8F",                                         // four, and a variation selector
    "\xE2\x80\xA8line separator\xE2\x80\xA9",                               // ends a line to JavaScript
    "\xE2\x80\xAEright to left",                                            // turns what follows round
    "\xEF\xBB\xBFmark",                                                     // a byte order mark
    "\xC2\xA0no break\xE2\x80\x8B",                                         // white space that is none to isspace()
    "\xEF\xBF\xBD\xEF\xBF\xBF",                                             // replacement and non-character
    "\xF4\x8F\xBF\xBF",                                                     // the last code point
    "C2 in a name: \xC2\xA1, and 2C in another: \xE2\xB0\xAC\xE2\x88\xA2",  // bytes that look like a comma's
};

TEST(ConflictReport, JsonAndGeoJsonKeepEveryName) {
  for (const std::string& hard : kHardNames) {
    const Made made = Make({{hard, "an " + hard, kLow}, {"blue", hard, kHigh}});
    const auto json = nlohmann::json::parse(Write(made, ReportFormat::kJson));
    const auto& intents = json["conflicts"][0]["intents"];
    EXPECT_EQ(intents[0]["party"], hard);
    EXPECT_EQ(intents[0]["intent"], "an " + hard);
    EXPECT_EQ(intents[1]["party"], "blue");
    EXPECT_EQ(intents[1]["intent"], hard);
    const auto geojson = nlohmann::json::parse(Write(made, ReportFormat::kGeoJson));
    const auto& properties = geojson["features"][0]["properties"];
    EXPECT_EQ(properties["party_a"], hard);
    EXPECT_EQ(properties["intent_a"], "an " + hard);
    EXPECT_EQ(properties["party_b"], "blue");
    EXPECT_EQ(properties["intent_b"], hard);
  }
}

TEST(ConflictReport, CsvKeepsEveryName) {
  std::vector<std::string> names = kHardNames;
  for (const char* ending : {"\n", "\r", "\r\n"})
    names.push_back(std::string("no reader lets") + ending + "this through");
  for (const std::string& hard : names) {
    const auto rows = CsvRows(Write(Make({{hard, "an " + hard, kLow}, {"blue", hard, kHigh}}), ReportFormat::kCsv));
    ASSERT_EQ(rows.size(), 2u) << hard;
    ASSERT_EQ(rows[0].size(), 14u);
    ASSERT_EQ(rows[1].size(), 14u) << hard;
    EXPECT_EQ(rows[1][0], hard);
    EXPECT_EQ(rows[1][1], "an " + hard);
    EXPECT_EQ(rows[1][3], "blue");
    EXPECT_EQ(rows[1][4], hard);
    EXPECT_EQ(rows[1][13].compare(0, 8, "POLYGON "), 0) << rows[1][13];
  }
}

TEST(ConflictReport, CsvQuotesOnlyWhatNeedsIt) {
  const std::string csv = Write(Make({{"a, \"b\"", "\\ c", kLow}, {"blue", "Zo\xC3\xAB", kHigh}}), ReportFormat::kCsv);
  EXPECT_NE(csv.find("\n\"a, \"\"b\"\"\",\\ c,0,blue,Zo\xC3\xAB,0,"), std::string::npos) << csv;
}

// Characters, not bytes, are counted: columns after a name begin where their heads do.
TEST(ConflictReport, TheTableShowsNamesAsTheyAreAndStaysAligned) {
  const auto characters = [](const std::string& text) {
    return std::count_if(text.begin(), text.end(),
                         [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  };
  for (const std::string& hard : kHardNames) {
    const std::string table = Write(Make({{hard, "i", kLow}, {"blue", hard, kHigh}}), ReportFormat::kTable);
    const std::string head = table.substr(0, table.find('\n'));
    const std::string row = table.substr(head.size() + 1, table.find('\n', head.size() + 1) - head.size() - 1);
    EXPECT_NE(row.find("  " + hard + "  i  "), std::string::npos) << table;
    EXPECT_NE(row.find("  blue  " + hard + "  "), std::string::npos) << table;
    EXPECT_EQ(characters(row), characters(head)) << table;
    const size_t meets = row.find("  blue  ") + 2;
    EXPECT_EQ(characters(row.substr(0, meets)), characters(head.substr(0, head.find("meets")))) << table;
  }
}

TEST(ConflictReport, NothingFoundIsStillAReport) {
  const Made made = Two("red", kLow, Circle(10, 0, 1, 0, 1));
  EXPECT_TRUE(nlohmann::json::parse(Write(made, ReportFormat::kJson))["conflicts"].empty());
  EXPECT_TRUE(nlohmann::json::parse(Write(made, ReportFormat::kGeoJson))["features"].empty());
  const std::string csv = Write(made, ReportFormat::kCsv);
  EXPECT_EQ(csv, kCsvHeader);
  EXPECT_EQ(
      Write(made, ReportFormat::kJson),
      "{\"conflicts\":[\n],\"summary\":{\"parties\":2,\"intents\":2,\"volumes\":2,\"conflicts\":0,\"meetings\":0}}\n");
  EXPECT_EQ(Write(made, ReportFormat::kTable),
            "0 conflicts between the 2 intents of 2 parties: 0 pairs of their 2 volumes meet\n");
}

TEST(ConflictReport, NoPlansAreStillAReport) {
  const Made made = Make({});
  EXPECT_EQ(nlohmann::json::parse(Write(made, ReportFormat::kJson))["summary"]["parties"], 0);
  EXPECT_EQ(Write(made, ReportFormat::kGeoJson), "{\"type\":\"FeatureCollection\",\"features\":[\n]}\n");
  EXPECT_EQ(Write(made, ReportFormat::kCsv), kCsvHeader);
  EXPECT_EQ(Write(made, ReportFormat::kTable),
            "0 conflicts between the 0 intents of 0 parties: 0 pairs of their 0 volumes meet\n");
}

TEST(ConflictReport, TheMiddleLiesAcrossTheAntimeridianToo) {
  const Made made = Two("red", Volume(Box(-17, 179.99, -16.99, -179.97), 0, 1000, 0, 1),
                        Volume(Box(-17.01, 179.98, -16.98, -179.96), 0, 1000, 0, 1));
  const auto rows = CsvRows(Write(made, ReportFormat::kCsv));
  EXPECT_NEAR(std::stod(rows[1][11]), -16.995, 1e-5);
  EXPECT_NEAR(std::stod(rows[1][12]), -179.99, 1e-5);
  // And seen from either side.
  const geo::Volume4D west = Volume(Box(-17, 179.98, -16.99, 179.99), 0, 1000, 0, 1);
  const geo::Volume4D east = Volume(Box(-17.01, -179.98, -16.98, -179.96), 0, 1000, 0, 1);
  const conflict::MeetingOptions near{.separation = {5000, {0}, 0}};
  EXPECT_NEAR(std::stod(CsvRows(Write(Two("red", west, east, near), ReportFormat::kCsv))[1][12]), -179.995, 1e-5);
  EXPECT_NEAR(std::stod(CsvRows(Write(Two("red", east, west, near), ReportFormat::kCsv))[1][12]), -179.995, 1e-5);
}

// Longer than one piece of text, so that the pieces' seams are seen.
Made Many() {
  std::vector<Row> rows(1, {"red", "r1", kLow});
  for (int i = 0; i < 200; ++i) rows.push_back({"blue", "b" + std::to_string(i), kHigh});
  return Make(rows);
}

TEST(ConflictReport, LongReportsComeInPieces) {
  const Made made = Many();
  const std::string json = Write(made, ReportFormat::kJson);
  ASSERT_GT(json.size(), size_t{1} << 18);
  EXPECT_EQ(nlohmann::json::parse(json)["conflicts"].size(), 200u);
  EXPECT_EQ(nlohmann::json::parse(Write(made, ReportFormat::kGeoJson))["features"].size(), 200u);
  EXPECT_EQ(CsvRows(Write(made, ReportFormat::kCsv)).size(), 201u);
}

TEST(ConflictReport, TellsHowManyMeetingsAreWritten) {
  const Made made = Many();
  for (const ReportFormat format :
       {ReportFormat::kTable, ReportFormat::kJson, ReportFormat::kGeoJson, ReportFormat::kCsv}) {
    std::vector<size_t> told;
    EXPECT_TRUE(WriteConflictReport(
        {made.plans, made.meetings, made.conflicts}, format, [](std::string_view) -> Result<void> { return {}; },
        [&](size_t written) { told.push_back(written); }));
    ASSERT_FALSE(told.empty());
    EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
    EXPECT_EQ(told.back(), made.meetings.size());
  }
}

TEST(ConflictReport, CirclesThatAreApartAreNotDrawnAsOverlapping) {
  // Their drawings, polygons around them, overlap.
  const geo::Volume4D one = Volume(*geo::Outline::MakeCircle({48, 11}, 100'000), 0, 1, 0, 1);
  const geo::Volume4D other = Volume(*geo::Outline::MakeCircle({49.7993, 11}, 100'000), 0, 1, 0, 1);
  const Made made = Two("red", one, other, {.separation = {100, {0}, 0}});
  const auto report = nlohmann::json::parse(Write(made, ReportFormat::kJson));
  const auto& meeting = report["conflicts"][0]["meetings"][0];
  EXPECT_NEAR(meeting["distance_m"].get<double>(), 96.161, 0.005);
  EXPECT_EQ(meeting["outline"]["type"], "LineString");
}

TEST(ConflictReport, SaysTheGapWhereASeparationWasAskedFor) {
  const conflict::MeetingOptions near{.separation = {3000, {200'000}, 1000 * kNsPerSecond}};
  const Made made = Two("red", kLow, Circle(0.03, 300, 400, 700, 900), near);
  const auto report = nlohmann::json::parse(Write(made, ReportFormat::kJson));
  const auto& meeting = report["conflicts"][0]["meetings"][0];
  EXPECT_EQ(meeting["gap_time_start"], "2026-03-01T10:10:00Z");
  EXPECT_EQ(meeting["gap_time_end"], "2026-03-01T10:11:40Z");
  EXPECT_EQ(meeting["gap_altitude_lower_m"], 200.0);
  EXPECT_EQ(meeting["gap_altitude_upper_m"], 300.0);
  EXPECT_FALSE(meeting.contains("time_start"));
  EXPECT_EQ(meeting["outline"]["type"], "LineString");
  EXPECT_NEAR(meeting["distance_m"].get<double>(), 0.03 * 111'319.49 - 2000, 0.01);
}

TEST(ConflictReport, AFailingSinkEndsIt) {
  const Made made = Many();
  for (const ReportFormat format :
       {ReportFormat::kTable, ReportFormat::kJson, ReportFormat::kGeoJson, ReportFormat::kCsv}) {
    int calls = 0;
    const Result<void> written = WriteConflictReport({made.plans, made.meetings, made.conflicts}, format,
                                                     [&](std::string_view) -> Result<void> {
                                                       ++calls;
                                                       return Error{Code::kIo, "full"};
                                                     },
                                                     {});
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error(), (Error{Code::kIo, "full"}));
    EXPECT_EQ(calls, 1) << "nothing is written after a failure";
  }
}

TEST(ReportFormatNamed, KnowsTheFourWords) {
  EXPECT_EQ(ReportFormatNamed("table"), ReportFormat::kTable);
  EXPECT_EQ(ReportFormatNamed("json"), ReportFormat::kJson);
  EXPECT_EQ(ReportFormatNamed("geojson"), ReportFormat::kGeoJson);
  EXPECT_EQ(ReportFormatNamed("csv"), ReportFormat::kCsv);
  for (const char* other : {"", "xml", "CSV", "json ", "geo"}) EXPECT_FALSE(ReportFormatNamed(other)) << other;
}

}  // namespace
}  // namespace wideberth::files
