#include "geo/time_interval.h"

#include <gtest/gtest.h>

namespace wideberth::geo {
namespace {

TimeInterval Interval(int64_t start_ns, int64_t end_ns) { return *TimeInterval::Make({start_ns}, {end_ns}); }

TEST(TimeInterval, TouchingIntervalsIntersect) {
  EXPECT_TRUE(Interval(0, 10).Intersects(Interval(10, 20)));
  EXPECT_TRUE(Interval(10, 20).Intersects(Interval(0, 10)));
  EXPECT_FALSE(Interval(0, 10).Intersects(Interval(11, 20)));
  EXPECT_FALSE(Interval(11, 20).Intersects(Interval(0, 10)));
}

TEST(TimeInterval, ASeparationIsClosedTooAndDoesNotOverflow) {
  EXPECT_TRUE(Interval(0, 10).Intersects(Interval(15, 20), 5));
  EXPECT_FALSE(Interval(0, 10).Intersects(Interval(15, 20), 4));
  const TimeInterval all = *TimeInterval::Make(TimeInterval::kTimeMin, TimeInterval::kTimeMax);
  EXPECT_TRUE(all.Intersects(all, TimeInterval::kSeparationNsMax));
}

TEST(TimeInterval, AnInstantIsAnInterval) {
  EXPECT_TRUE(Interval(5, 5).Intersects(Interval(5, 5)));
  EXPECT_TRUE(Interval(0, 9).Contains(Interval(9, 9)));
  EXPECT_FALSE(Interval(0, 9).Contains(Interval(9, 10)));
}

TEST(TimeInterval, RefusesWrongOrderAndWhatIsOutOfRange) {
  EXPECT_EQ(TimeInterval::Make({1}, {0}).error().code, Code::kInvalid);
  EXPECT_FALSE(TimeInterval::Make({TimeInterval::kTimeMin.value - 1}, {0}));
  EXPECT_FALSE(TimeInterval::Make({0}, {TimeInterval::kTimeMax.value + 1}));
}

}  // namespace
}  // namespace wideberth::geo
