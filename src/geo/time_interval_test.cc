#include "geo/time_interval.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "base/rfc3339.h"

namespace wideberth::geo {
namespace {

TimeInterval Interval(int64_t start_ns, int64_t end_ns) { return *TimeInterval::Make({start_ns}, {end_ns}); }

TEST(TimeInterval, TouchingIntervalsIntersect) {
  EXPECT_TRUE(Interval(0, 10).Intersects(Interval(10, 20)));
  EXPECT_TRUE(Interval(10, 20).Intersects(Interval(0, 10)));
  EXPECT_FALSE(Interval(0, 10).Intersects(Interval(11, 20)));
  EXPECT_FALSE(Interval(11, 20).Intersects(Interval(0, 10)));
}

TEST(TimeInterval, ASeparationIsClosedToo) {
  EXPECT_TRUE(Interval(0, 10).Intersects(Interval(15, 20), 5));
  EXPECT_FALSE(Interval(0, 10).Intersects(Interval(15, 20), 4));
  EXPECT_TRUE(Interval(15, 20).Intersects(Interval(0, 10), 5));
  EXPECT_FALSE(Interval(15, 20).Intersects(Interval(0, 10), 4));
}

TEST(TimeInterval, ASeparationDoesNotOverflowAtTheEndsOfTime) {
  constexpr int64_t kMost = TimeInterval::kSeparationNsMax;
  constexpr int64_t kFirst = TimeInterval::kTimeMin.value;
  constexpr int64_t kLast = TimeInterval::kTimeMax.value;
  const TimeInterval all = Interval(kFirst, kLast);
  EXPECT_TRUE(all.Intersects(all, kMost));
  EXPECT_TRUE(Interval(kFirst, kFirst).Intersects(Interval(kFirst + kMost, kLast), kMost));
  EXPECT_FALSE(Interval(kFirst, kFirst).Intersects(Interval(kFirst + kMost + 1, kLast), kMost));
  EXPECT_TRUE(Interval(kLast, kLast).Intersects(Interval(kFirst, kLast - kMost), kMost));
  EXPECT_FALSE(Interval(kLast, kLast).Intersects(Interval(kFirst, kLast - kMost - 1), kMost));
  EXPECT_FALSE(Interval(kFirst, kFirst).Intersects(Interval(kLast, kLast), kMost));
}

TEST(TimeInterval, AnInstantIsAnInterval) {
  EXPECT_TRUE(Interval(5, 5).Intersects(Interval(5, 5)));
  EXPECT_FALSE(Interval(5, 5).Intersects(Interval(6, 6)));
  EXPECT_TRUE(Interval(0, 9).Contains(Interval(9, 9)));
  EXPECT_FALSE(Interval(0, 9).Contains(Interval(9, 10)));
}

// Every pair of short intervals, instant by instant.
TEST(TimeInterval, AgreesWithItsDefinitionOnEveryShortPair) {
  constexpr int64_t kFirst = -3;
  constexpr int64_t kLast = 3;
  std::vector<TimeInterval> intervals;
  for (int64_t start = kFirst; start <= kLast; ++start) {
    for (int64_t end = start; end <= kLast; ++end) intervals.push_back(Interval(start, end));
  }
  for (const TimeInterval& a : intervals) {
    for (const TimeInterval& b : intervals) {
      int64_t nearest = kLast - kFirst + 1;
      bool contains = true;
      for (int64_t in_b = b.start().value; in_b <= b.end().value; ++in_b) {
        bool is_in_a = false;
        for (int64_t in_a = a.start().value; in_a <= a.end().value; ++in_a) {
          nearest = std::min(nearest, std::abs(in_a - in_b));
          is_in_a = is_in_a || in_a == in_b;
        }
        contains = contains && is_in_a;
      }
      for (int64_t separation = 0; separation <= kLast - kFirst; ++separation)
        ASSERT_EQ(a.Intersects(b, separation), nearest <= separation)
            << a.start().value << ".." << a.end().value << " and " << b.start().value << ".." << b.end().value << " at "
            << separation;
      ASSERT_EQ(a.Contains(b), contains);
      ASSERT_EQ(a == b, a.Contains(b) && b.Contains(a));
    }
  }
}

TEST(TimeInterval, HoldsTheYears1678To2261) {
  EXPECT_EQ(FormatRfc3339(TimeInterval::kTimeMin), "1678-01-01T00:00:00Z");
  EXPECT_EQ(FormatRfc3339(TimeInterval::kTimeMax), "2262-01-01T00:00:00Z");
  EXPECT_TRUE(TimeInterval::Make(TimeInterval::kTimeMin, TimeInterval::kTimeMax));
  EXPECT_TRUE(TimeInterval::Make(TimeInterval::kTimeMin, TimeInterval::kTimeMin));
  EXPECT_TRUE(TimeInterval::Make(TimeInterval::kTimeMax, TimeInterval::kTimeMax));
}

// Of what a text says, rounded as its readers do, nothing is left out.
TEST(TimeInterval, FractionsOfANanosecondGoOutward) {
  const auto make = [](const std::string& start, const std::string& end) {
    return *TimeInterval::Make(*ParseRfc3339(start, Round::kDown), *ParseRfc3339(end, Round::kUp));
  };
  EXPECT_EQ(make("1970-01-01T00:00:00.0000000019Z", "1970-01-01T00:00:00.0000000021Z"), Interval(1, 3));
  EXPECT_EQ(make("1969-12-31T23:59:59.9999999981Z", "1969-12-31T23:59:59.9999999989Z"), Interval(-2, -1));
  EXPECT_EQ(make("1970-01-01T00:00:00.000000002000Z", "1970-01-01T00:00:00.000000002000Z"), Interval(2, 2));
  EXPECT_TRUE(make("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.0000000005Z")
                  .Intersects(make("1970-01-01T00:00:00.0000000005Z", "1970-01-01T00:00:01Z")))
      << "they touch between two nanoseconds";
}

TEST(TimeInterval, RefusesWrongOrderAndWhatIsOutOfRangeWithTheReason) {
  const auto reason = [](int64_t start_ns, int64_t end_ns) {
    const Result<TimeInterval> made = TimeInterval::Make({start_ns}, {end_ns});
    EXPECT_FALSE(made) << start_ns << ".." << end_ns;
    if (made) return std::string();
    EXPECT_EQ(made.error().code, Code::kInvalid);
    return made.error().message;
  };
  EXPECT_EQ(reason(1, 0), "start 1970-01-01T00:00:00.000000001Z is after end 1970-01-01T00:00:00Z");
  EXPECT_EQ(reason(1'772'359'200 * kNsPerSecond, 0), "start 2026-03-01T10:00:00Z is after end 1970-01-01T00:00:00Z");
  const std::string outside = "time is outside the years 1678 to 2261";
  constexpr int64_t kFirst = TimeInterval::kTimeMin.value;
  constexpr int64_t kLast = TimeInterval::kTimeMax.value;
  EXPECT_EQ(reason(kFirst - 1, 0), outside);
  EXPECT_EQ(reason(kFirst - 1, kFirst - 1), outside);
  EXPECT_EQ(reason(0, kLast + 1), outside);
  EXPECT_EQ(reason(kLast + 1, kLast + 1), outside);
  EXPECT_EQ(reason(std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()), outside);
  EXPECT_EQ(reason(std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()), outside);
}

}  // namespace
}  // namespace wideberth::geo
