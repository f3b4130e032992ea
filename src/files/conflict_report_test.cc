#include "files/conflict_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace wideberth::files {
namespace {

constexpr int64_t kStartNs = 1'772'359'200 * kNsPerSecond;  // 2026-03-01T10:00:00Z

geo::Volume4D Circle(double longitude_deg, int64_t lower_m, int64_t upper_m, int64_t start_s, int64_t end_s) {
  return {*geo::Outline::MakeCircle({0, longitude_deg}, 1000),
          *geo::AltitudeBand::Make({lower_m * 1000}, {upper_m * 1000}),
          *geo::TimeInterval::Make({kStartNs + start_s * kNsPerSecond}, {kStartNs + end_s * kNsPerSecond})};
}

struct Made {
  conflict::PlanSet plans;
  std::vector<conflict::Meeting> meetings;
  std::vector<conflict::Conflict> conflicts;
};

// Two circles that overlap on the equator, of parties whose names are hard to write.
Made Two(const std::string& party, const geo::Volume4D& a, const geo::Volume4D& b,
         const conflict::MeetingOptions& options = {}) {
  Made made;
  made.plans.Add(made.plans.IntentNumber(made.plans.PartyNumber(party), "r1"), a);
  made.plans.Add(made.plans.IntentNumber(made.plans.PartyNumber("blue"), "b1"), b);
  made.meetings = conflict::FindMeetings(made.plans, options)->meetings;
  made.conflicts = conflict::GroupByIntents(made.plans, made.meetings);
  return made;
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

const geo::Volume4D kLow = Circle(0, 100, 200, 0, 600);
const geo::Volume4D kHigh = Circle(0.01, 150, 300, 300, 900);

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

TEST(ConflictReport, EveryFormatEscapesNames) {
  const std::string hard = "a \"quoted\", \\ name <b>\xE9\xA3\x9E\xE8\xA1\x8C";
  const Made made = Two(hard, kLow, kHigh);
  EXPECT_EQ(nlohmann::json::parse(Write(made, ReportFormat::kJson))["conflicts"][0]["intents"][0]["party"], hard);
  EXPECT_EQ(nlohmann::json::parse(Write(made, ReportFormat::kGeoJson))["features"][0]["properties"]["party_a"], hard);
  EXPECT_NE(Write(made, ReportFormat::kCsv).find("\"a \"\"quoted\"\", \\ name <b>\xE9\xA3\x9E\xE8\xA1\x8C\""),
            std::string::npos);
  EXPECT_NE(Write(made, ReportFormat::kTable).find("\xE9\xA3\x9E\xE8\xA1\x8C"), std::string::npos);
}

TEST(ConflictReport, NothingFoundIsStillAReport) {
  const Made made = Two("red", kLow, Circle(10, 0, 1, 0, 1));
  EXPECT_TRUE(nlohmann::json::parse(Write(made, ReportFormat::kJson))["conflicts"].empty());
  EXPECT_TRUE(nlohmann::json::parse(Write(made, ReportFormat::kGeoJson))["features"].empty());
  const std::string csv = Write(made, ReportFormat::kCsv);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1);
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
  const Made made = Two("red", kLow, kHigh);
  const Result<void> written =
      WriteConflictReport({made.plans, made.meetings, made.conflicts}, ReportFormat::kCsv,
                          [](std::string_view) -> Result<void> { return Error{Code::kIo, "full"}; }, {});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "full");
}

TEST(ReportFormatNamed, KnowsTheFourWords) {
  EXPECT_EQ(ReportFormatNamed("csv"), ReportFormat::kCsv);
  EXPECT_EQ(ReportFormatNamed("table"), ReportFormat::kTable);
  EXPECT_FALSE(ReportFormatNamed("xml"));
}

}  // namespace
}  // namespace wideberth::files
