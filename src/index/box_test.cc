#include "index/box.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "geo/ellipsoid.h"
#include "geo/predicates.h"

namespace wideberth::index {
namespace {

constexpr int64_t kEpochS = 1'577'836'800;  // 2020-01-01T00:00:00Z

geo::Volume4D Circle(geo::LatLng center, double radius_m, int64_t start_ns, int64_t end_ns) {
  return {*geo::Outline::MakeCircle(center, radius_m), *geo::AltitudeBand::MakeMetres(-10, 120.5),
          *geo::TimeInterval::Make(TimeNs{start_ns}, TimeNs{end_ns})};
}

TEST(Box, TimesAreRoundedOutward) {
  EXPECT_EQ(TimeToSecondsDown(TimeNs{kEpochS * kNsPerSecond}), 0);
  EXPECT_EQ(TimeToSecondsUp(TimeNs{kEpochS * kNsPerSecond}), 0);
  EXPECT_EQ(TimeToSecondsDown(TimeNs{kEpochS * kNsPerSecond - 1}), -1);
  EXPECT_EQ(TimeToSecondsUp(TimeNs{kEpochS * kNsPerSecond + 1}), 1);
  EXPECT_EQ(TimeToSecondsDown(geo::TimeInterval::kTimeMin), std::numeric_limits<int32_t>::min());
  EXPECT_EQ(TimeToSecondsUp(geo::TimeInterval::kTimeMax), std::numeric_limits<int32_t>::max());
}

TEST(Box, AcrossTheAntimeridianThereAreTwo) {
  const auto volume = Circle({-17, 179.999}, 5000, 0, 1);
  EXPECT_EQ(BoxesOf(volume).count, 2);
  EXPECT_EQ(BoxesOf(Circle({-17, 170}, 5000, 0, 1)).count, 1);
}

// Property: the boxes hold the volume; and of two volumes that come within a separation, boxes made with it meet.
TEST(Box, BoxesOfVolumesWithinASeparationMeet) {
  std::mt19937_64 random(4);
  std::uniform_real_distribution<double> unit(0, 1);
  for (int i = 0; i < 20'000; ++i) {
    const geo::LatLng center{std::asin(2 * unit(random) - 1) / geo::kRadiansPerDegree, 360 * unit(random) - 180};
    const double radius_m = std::pow(10.0, 5.5 * unit(random));
    const double other_m = std::pow(10.0, 5.5 * unit(random));
    const double gap_m = i % 2 == 0 ? 0 : std::pow(10.0, 5 * unit(random));
    const int64_t time_gap_ns = i % 2 == 0 ? 0 : static_cast<int64_t>(1e13 * unit(random));
    const geo::Separation separation{gap_m, AltitudeMm{}, time_gap_ns};
    const geo::LatLng beside = geo::PointAt(center, 360 * unit(random), radius_m + other_m + gap_m);
    const auto start_ns = static_cast<int64_t>(4e18 * (unit(random) - 0.5));
    const auto a = Circle(center, radius_m, start_ns, start_ns + 1000);
    const auto b = Circle(beside, other_m, start_ns + 1000 + time_gap_ns, start_ns + 2'000'000'000 + time_gap_ns);
    bool meet = false;
    for (const Box& box_a : BoxesOf(a, separation).span()) {
      ASSERT_TRUE(box_a.valid());
      for (const Box& box_b : BoxesOf(b, separation).span()) meet |= box_a.Intersects(box_b);
    }
    ASSERT_TRUE(meet) << i << ": " << center.latitude_deg << " " << center.longitude_deg << " " << radius_m << " "
                      << other_m << " " << gap_m;
  }
}

}  // namespace
}  // namespace wideberth::index
