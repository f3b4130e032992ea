#include "conflict/meetings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "geo/ellipsoid.h"
#include "geo/predicates.h"

namespace wideberth::conflict {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

geo::Volume4D Box(geo::LatLng center, double radius_m, double lower_m, double upper_m, int64_t start_s, int64_t end_s) {
  return {*geo::Outline::MakeCircle(center, radius_m), *geo::AltitudeBand::MakeMetres(lower_m, upper_m),
          *geo::TimeInterval::Make(TimeNs{start_s * kNsPerSecond}, TimeNs{end_s * kNsPerSecond})};
}

geo::Volume4D Polygon(geo::LatLng center, double radius_m, int vertices, double turn_deg, double lower_m,
                      double upper_m, int64_t start_s, int64_t end_s) {
  std::vector<geo::LatLng> ring;
  for (int i = 0; i < vertices; ++i) ring.push_back(geo::PointAt(center, turn_deg + 360.0 * i / vertices, radius_m));
  return {*geo::Outline::MakePolygon(ring), *geo::AltitudeBand::MakeMetres(lower_m, upper_m),
          *geo::TimeInterval::Make(TimeNs{start_s * kNsPerSecond}, TimeNs{end_s * kNsPerSecond})};
}

// A plan of one volume for each (party, intent, volume).
struct Row {
  const char* party;
  const char* intent;
  geo::Volume4D volume;
};
PlanSet Plans(const std::vector<Row>& rows) {
  PlanSet plans;
  for (const Row& row : rows) plans.Add(plans.IntentNumber(plans.PartyNumber(row.party), row.intent), row.volume);
  return plans;
}

const geo::LatLng kHere{38.5, -121.5};

TEST(FindMeetings, TouchingIsMeetingInEveryDimension) {
  const auto base = Box(kHere, 100, 100, 200, 0, 600);
  const auto pairs = [&](const geo::Volume4D& other) {
    return FindMeetings(Plans({{"A", "1", base}, {"B", "1", other}}), {})->meetings.size();
  };
  EXPECT_EQ(pairs(Box(kHere, 100, 200, 300, 0, 600)), 1u);
  EXPECT_EQ(pairs(Box(kHere, 100, 200.001, 300, 0, 600)), 0u);
  EXPECT_EQ(pairs(Box(kHere, 100, 100, 200, 600, 700)), 1u);
  EXPECT_EQ(pairs(Box(kHere, 100, 100, 200, 601, 700)), 0u);
  EXPECT_EQ(pairs(Box(geo::PointAt(kHere, 45, 199.999), 100, 100, 200, 0, 600)), 1u);
  EXPECT_EQ(pairs(Box(geo::PointAt(kHere, 45, 200.010), 100, 100, 200, 0, 600)), 0u);
}

TEST(FindMeetings, OnePartyMeetsItselfOnlyIfAskedAndAnIntentNever) {
  const auto volume = Box(kHere, 100, 100, 200, 0, 600);
  const PlanSet plans = Plans({{"A", "1", volume}, {"A", "1", volume}, {"A", "2", volume}});
  EXPECT_THAT(FindMeetings(plans, {})->meetings, IsEmpty());
  EXPECT_THAT(FindMeetings(plans, {.within_party = true})->meetings, ElementsAre(Meeting{0, 2}, Meeting{1, 2}));
}

TEST(FindMeetings, TheSameIntentNameOfTwoPartiesIsTwoIntents) {
  const auto volume = Box(kHere, 100, 100, 200, 0, 600);
  EXPECT_THAT(FindMeetings(Plans({{"A", "1", volume}, {"B", "1", volume}}), {})->meetings, ElementsAre(Meeting{0, 1}));
}

TEST(FindMeetings, VolumesAreCheckedOneByOneAndNotByTheirUnion) {
  // A flies low here and high there; B flies high here: nobody meets, though the unions overlap.
  const geo::LatLng there = geo::PointAt(kHere, 90, 5000);
  EXPECT_THAT(FindMeetings(Plans({{"A", "1", Box(kHere, 100, 0, 50, 0, 600)},
                                  {"A", "1", Box(there, 100, 200, 300, 0, 600)},
                                  {"B", "1", Box(kHere, 100, 200, 300, 0, 600)}}),
                           {})
                  ->meetings,
              IsEmpty());
}

TEST(FindMeetings, SeparationAsksForADistance) {
  const PlanSet plans = Plans({{"A", "1", Box(kHere, 100, 100, 200, 0, 600)},
                               {"B", "1", Box(geo::PointAt(kHere, 200, 1200), 100, 250, 300, 660, 900)}});
  geo::Separation separation{1000.0, AltitudeMm{50'000}, 60 * kNsPerSecond};
  EXPECT_THAT(FindMeetings(plans, {.separation = separation})->meetings, ElementsAre(Meeting{0, 1}));
  separation.horizontal_m = 999.99;
  EXPECT_THAT(FindMeetings(plans, {.separation = separation})->meetings, IsEmpty());
  separation = {1000.0, AltitudeMm{49'999}, 60 * kNsPerSecond};
  EXPECT_THAT(FindMeetings(plans, {.separation = separation})->meetings, IsEmpty());
  separation = {1000.0, AltitudeMm{50'000}, 60 * kNsPerSecond - 1};
  EXPECT_THAT(FindMeetings(plans, {.separation = separation})->meetings, IsEmpty());
}

TEST(FindMeetings, RefusesASeparationOutOfRange) {
  const PlanSet plans;
  for (const geo::Separation& separation :
       {geo::Separation{-1, {}, 0}, geo::Separation{std::nan(""), {}, 0}, geo::Separation{1e7, {}, 0},
        geo::Separation{0, AltitudeMm{-1}, 0}, geo::Separation{0, {}, -1}, geo::Separation{0, {}, INT64_MAX}}) {
    const Result<Meetings> found = FindMeetings(plans, {.separation = separation});
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Code::kInvalid);
  }
}

TEST(FindMeetings, NeverCutsAListShort) {
  std::vector<Row> rows;
  for (int i = 0; i < 20; ++i) rows.push_back({i % 2 == 0 ? "A" : "B", "x", Box(kHere, 100, 0, 100, 0, 600)});
  EXPECT_EQ(FindMeetings(Plans(rows), {.meetings_max = 100})->meetings.size(), 100u);
  const Result<Meetings> cut = FindMeetings(Plans(rows), {.meetings_max = 99});
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, Code::kTooLarge);
  EXPECT_NE(cut.error().message.find("99"), std::string::npos);
}

TEST(FindMeetings, AcrossTheAntimeridianAPairIsReportedOnce) {
  const auto a = Box({-17, 179.9999}, 500, 0, 100, 0, 600);
  const auto b = Box({-17, -179.9999}, 500, 0, 100, 0, 600);
  EXPECT_THAT(FindMeetings(Plans({{"A", "1", a}, {"B", "1", b}}), {})->meetings, ElementsAre(Meeting{0, 1}));
}

// Reference: all pairs, one by one, without an index.
TEST(FindMeetings, AgreesWithAllPairsOneByOne) {
  for (const uint64_t seed : {1u, 2u, 3u, 4u, 5u, 6u}) {
    std::mt19937_64 random(seed);
    std::uniform_real_distribution<double> unit(0, 1);
    const geo::LatLng middles[] = {{48, 11}, {-17, 180}, {89.99, 0}, {-90, 0}, {0, -180}, {64, 20}};
    const geo::LatLng middle = middles[seed - 1];
    PlanSet plans;
    const uint32_t parties[] = {plans.PartyNumber("A"), plans.PartyNumber("B"), plans.PartyNumber("C")};
    for (int i = 0; i < 400; ++i) {
      const uint32_t intent = plans.IntentNumber(parties[random() % 3], std::to_string(random() % 40));
      const geo::LatLng center = geo::PointAt(middle, 360 * unit(random), 8000 * std::sqrt(unit(random)));
      const double radius_m = i % 50 == 0 ? 3000 + 200'000 * unit(random) : 50 + 900 * unit(random);
      const double lower_m = 300 * unit(random);
      const auto start_s = static_cast<int64_t>(7200 * unit(random));
      const int64_t end_s = start_s + (i % 30 == 0 ? 1'000'000 : 600);
      plans.Add(intent, i % 2 == 0 ? Box(center, radius_m, lower_m, lower_m + 60, start_s, end_s)
                                   : Polygon(center, radius_m, 3 + static_cast<int>(random() % 9), 360 * unit(random),
                                             lower_m, lower_m + 60, start_s, end_s));
    }
    for (const bool within_party : {false, true}) {
      for (const double separation_m : {0.0, 700.0}) {
        const MeetingOptions options{.separation = {separation_m, AltitudeMm{static_cast<int64_t>(separation_m * 20)},
                                                    static_cast<int64_t>(separation_m) * kNsPerSecond / 10},
                                     .within_party = within_party};
        std::vector<Meeting> expected;
        for (uint32_t a = 0; a < plans.volumes().size(); ++a) {
          for (uint32_t b = a + 1; b < plans.volumes().size(); ++b) {
            if (plans.intent_of()[a] == plans.intent_of()[b]) continue;
            if (!within_party && plans.party_of_volume(a) == plans.party_of_volume(b)) continue;
            if (geo::Intersects(plans.volumes()[a], plans.volumes()[b], options.separation)) expected.push_back({a, b});
          }
        }
        ASSERT_FALSE(expected.empty());
        const Result<Meetings> found = FindMeetings(plans, options);
        ASSERT_TRUE(found);
        EXPECT_EQ(found->meetings, expected) << "seed " << seed << " separation " << separation_m;
        EXPECT_GE(found->candidates, expected.size());
      }
    }
  }
}

TEST(GroupByIntents, PutsTheMeetingsOfTwoIntentsTogetherInOrderOfTime) {
  const auto at = [](int64_t start_s) { return Box(kHere, 100, 0, 100, start_s, start_s + 10); };
  const PlanSet plans = Plans({{"A", "late", at(1000)},
                               {"B", "both", at(1005)},
                               {"B", "both", at(100)},
                               {"A", "early", at(105)},
                               {"A", "late", at(1012)}});
  std::vector<Meeting> meetings = FindMeetings(plans, {})->meetings;
  const std::vector<Conflict> conflicts = GroupByIntents(plans, meetings);
  ASSERT_EQ(conflicts.size(), 2u);
  EXPECT_EQ(plans.intents()[conflicts[0].intent_b].name, "early");
  EXPECT_EQ(plans.intents()[conflicts[0].intent_a].name, "both");
  EXPECT_EQ(conflicts[0].count, 1u);
  EXPECT_EQ(plans.intents()[conflicts[1].intent_a].name, "late");
  ASSERT_EQ(conflicts[1].count, 2u);
  EXPECT_EQ(meetings[conflicts[1].first], (Meeting{0, 1}));
  EXPECT_EQ(meetings[conflicts[1].first + 1], (Meeting{4, 1}));
}

}  // namespace
}  // namespace wideberth::conflict
