#include "index/box.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "geo/ellipsoid.h"
#include "geo/predicates.h"

namespace wideberth::index {
namespace {

constexpr int64_t kEpochSeconds = 1'577'836'800;
constexpr TimeNs Seconds(int64_t since_2020) { return {(kEpochSeconds + since_2020) * kNsPerSecond}; }

geo::Volume4D Volume(geo::Outline outline, int64_t lower_mm, int64_t upper_mm, TimeNs start, TimeNs end) {
  return {std::move(outline), *geo::AltitudeBand::Make({lower_mm}, {upper_mm}), *geo::TimeInterval::Make(start, end)};
}

geo::Volume4D Circle(geo::LatLng center, double radius_m, int64_t start_ns, int64_t end_ns) {
  return {*geo::Outline::MakeCircle(center, radius_m), *geo::AltitudeBand::MakeMetres(-10, 120.5),
          *geo::TimeInterval::Make(TimeNs{start_ns}, TimeNs{end_ns})};
}

bool AnyIntersect(const Boxes& a, const Boxes& b) {
  return std::ranges::any_of(a, [&](const Box& box) {
    return std::ranges::any_of(b, [&](const Box& other) { return box.Intersects(other); });
  });
}

bool AnyHolds(const Boxes& boxes, const geo::LatLng& point) {
  return std::ranges::any_of(boxes, [&](const Box& box) {
    return box.lower[kLatitude] <= point.latitude_deg * 1e7 && point.latitude_deg * 1e7 <= box.upper[kLatitude] &&
           box.lower[kLongitude] <= point.longitude_deg * 1e7 && point.longitude_deg * 1e7 <= box.upper[kLongitude];
  });
}

TEST(Box, TouchingBoxesIntersectOnEveryAxis) {
  const Box box = {{0, 0, 0, 0}, {10, 10, 10, 10}};
  EXPECT_TRUE(box.Intersects(box));
  for (size_t axis = 0; axis < kAxes; ++axis) {
    Box other = box;
    other.lower[axis] = 10, other.upper[axis] = 20;
    EXPECT_TRUE(box.Intersects(other));
    EXPECT_TRUE(other.Intersects(box));
    other.lower[axis] = 11;
    EXPECT_FALSE(box.Intersects(other));
    EXPECT_FALSE(other.Intersects(box));
  }
}

TEST(Box, AUnionIsTheLeastBoxThatContainsBoth) {
  const Box a = {{0, -5, 3, 4}, {1, 2, 3, 4}};
  const Box b = {{-1, 0, 9, 0}, {0, 7, 9, 9}};
  EXPECT_EQ(Union(a, b), (Box{{-1, -5, 3, 0}, {1, 7, 9, 9}}));
  EXPECT_TRUE(Union(a, b).Contains(a));
  EXPECT_TRUE(Union(a, b).Contains(b));
  EXPECT_FALSE(a.Contains(b));
  EXPECT_TRUE(a.Contains(a));
}

TEST(Box, IsValidUnlessAnyLowerBoundIsAboveTheUpper) {
  EXPECT_TRUE((Box{{1, 2, 3, 4}, {1, 2, 3, 4}}.valid()));
  for (size_t axis = 0; axis < kAxes; ++axis) {
    Box box = {{1, 2, 3, 4}, {1, 2, 3, 4}};
    box.lower[axis] += 1;
    EXPECT_FALSE(box.valid());
  }
}

TEST(TimeToSeconds, RoundsOutward) {
  EXPECT_EQ(TimeToSecondsDown(Seconds(0)), 0);
  EXPECT_EQ(TimeToSecondsUp(Seconds(0)), 0);
  EXPECT_EQ(TimeToSecondsDown({Seconds(5).value + 1}), 5);
  EXPECT_EQ(TimeToSecondsUp({Seconds(5).value + 1}), 6);
  EXPECT_EQ(TimeToSecondsDown({Seconds(-5).value - 1}), -6);
  EXPECT_EQ(TimeToSecondsUp({Seconds(-5).value - 1}), -5);
  EXPECT_EQ(TimeToSecondsDown({-1}), static_cast<int32_t>(-kEpochSeconds - 1)) << "before 1970";
  EXPECT_EQ(TimeToSecondsUp({-1}), static_cast<int32_t>(-kEpochSeconds));
}

TEST(TimeToSeconds, StaysAtTheEndsBeyondThem) {
  EXPECT_EQ(TimeToSecondsDown(Seconds(INT32_MAX)), INT32_MAX);
  EXPECT_EQ(TimeToSecondsUp({Seconds(INT32_MAX).value + 1}), INT32_MAX);
  EXPECT_EQ(TimeToSecondsDown({INT64_MAX}), INT32_MAX);
  EXPECT_EQ(TimeToSecondsUp({INT64_MIN}), INT32_MIN);
  EXPECT_EQ(TimeToSecondsDown(geo::TimeInterval::kTimeMin), INT32_MIN);
}

TEST(BoxesOf, IsOneBoxThatHoldsTheVolume) {
  const auto outline = *geo::Outline::MakePolygon(std::vector<geo::LatLng>{{48, 11}, {48, 11.01}, {48.01, 11}});
  const Boxes boxes = BoxesOf(Volume(outline, 100'000, 120'000, Seconds(60), {Seconds(120).value + 1}));
  ASSERT_EQ(boxes.count, 1);
  const Box& box = boxes.boxes[0];
  EXPECT_TRUE(box.valid());
  for (const geo::LatLng& vertex : outline.vertices()) EXPECT_TRUE(AnyHolds(boxes, vertex));
  EXPECT_NEAR(box.lower[kLatitude], 480'000'000, 100);
  EXPECT_NEAR(box.upper[kLongitude], 110'100'000, 100);
  EXPECT_EQ(box.lower[kAltitude], 100'000);
  EXPECT_EQ(box.upper[kAltitude], 120'000);
  EXPECT_EQ(box.lower[kTime], 60);
  EXPECT_EQ(box.upper[kTime], 121);
}

TEST(BoxesOf, IsEnlargedByHalfOfTheSeparationRoundedUp) {
  const auto volume = Volume(*geo::Outline::MakeCircle({0, 0}, 100), 100'000, 120'000, Seconds(60), Seconds(120));
  const Box plain = BoxesOf(volume).boxes[0];
  const Box wide = BoxesOf(volume, {.horizontal_m = 200, .altitude = {3}, .time_ns = 3 * kNsPerSecond}).boxes[0];
  EXPECT_EQ(wide.lower[kAltitude], plain.lower[kAltitude] - 2);
  EXPECT_EQ(wide.upper[kAltitude], plain.upper[kAltitude] + 2);
  EXPECT_EQ(wide.lower[kTime], 58);
  EXPECT_EQ(wide.upper[kTime], 122);
  EXPECT_NEAR(plain.lower[kLatitude] - wide.lower[kLatitude], 100 / 0.01106, 100);
  EXPECT_NEAR(wide.upper[kLongitude] - plain.upper[kLongitude], 100 / 0.01113, 100);
}

TEST(BoxesOf, AreTwoAcrossTheAntimeridian) {
  const auto volume = Volume(*geo::Outline::MakeCircle({10, 179.9999}, 1000), 0, 1, Seconds(0), Seconds(1));
  const Boxes boxes = BoxesOf(volume);
  ASSERT_EQ(boxes.count, 2);
  EXPECT_TRUE(AnyHolds(boxes, {10, 179.9999}));
  EXPECT_TRUE(AnyHolds(boxes, {10, 180}));
  EXPECT_TRUE(AnyHolds(boxes, {10, -180}));
  EXPECT_TRUE(AnyHolds(boxes, {10, -179.995}));
  EXPECT_FALSE(AnyHolds(boxes, {10, 0}));
}

TEST(BoxesOf, AroundAPoleHoldEveryLongitude) {
  const auto volume = Volume(*geo::Outline::MakeCircle({89.9999, 20}, 1000), 0, 1, Seconds(0), Seconds(1));
  const Boxes boxes = BoxesOf(volume);
  for (int longitude = -180; longitude <= 180; ++longitude) {
    EXPECT_TRUE(AnyHolds(boxes, {90, static_cast<double>(longitude)}));
  }
}

TEST(BoxesOf, HoldVolumesAtTheEndsOfWhatVolumesMayBe) {
  const auto volume =
      Volume(*geo::Outline::MakeCircle({-90, 0}, 5e6), geo::AltitudeBand::kAltitudeMin.value,
             geo::AltitudeBand::kAltitudeMax.value, geo::TimeInterval::kTimeMin, geo::TimeInterval::kTimeMax);
  const Boxes boxes = BoxesOf(volume, {.horizontal_m = geo::Separation::kHorizontalMaxM,
                                       .altitude = {geo::Separation::kAltitudeMaxMm},
                                       .time_ns = geo::TimeInterval::kSeparationNsMax});
  for (const Box& box : boxes) {
    EXPECT_TRUE(box.valid());
    EXPECT_EQ(box.lower[kAltitude], -600'000'000);
    EXPECT_EQ(box.upper[kAltitude], 1'500'000'000);
    EXPECT_EQ(box.lower[kTime], INT32_MIN);
    EXPECT_EQ(box.upper[kTime], INT32_MAX);
  }
}

// Law (1), near the limit of the separation on every axis, at the antimeridian and near a pole too.
TEST(BoxesOf, OfVolumesThatMeetSomeIntersect) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const auto uniform = [&](double low, double high) {
      return low + (high - low) * static_cast<double>(random() >> 11) * 0x1p-53;
    };
    const auto whole = [&](int64_t most) { return static_cast<int64_t>(random() % static_cast<uint64_t>(most + 1)); };
    constexpr geo::LatLng kPlaces[] = {{48, 11}, {10, 180}, {-60, -180}, {89.999, 30}, {-90, 0}, {0, 0}};
    int meetings = 0;
    for (int round = 0; round < 300; ++round) {
      const geo::LatLng place = kPlaces[random() % 6];
      const auto random_volume = [&] {
        double longitude = place.longitude_deg + uniform(-0.01, 0.01);
        if (longitude > 180) longitude -= 360;
        if (longitude < -180) longitude += 360;
        const geo::LatLng center = {std::clamp(place.latitude_deg + uniform(-0.01, 0.01), -90.0, 90.0), longitude};
        const int64_t lower = whole(1000);
        const int64_t start = Seconds(0).value + whole(5 * kNsPerSecond);
        return Volume(*geo::Outline::MakeCircle(center, uniform(1, 500)), lower, lower + whole(1000), {start},
                      {start + whole(2 * kNsPerSecond)});
      };
      const geo::Separation separation = {
          .horizontal_m = uniform(0, 800), .altitude = {whole(500)}, .time_ns = whole(3 * kNsPerSecond)};
      const geo::Volume4D a = random_volume();
      const geo::Volume4D b = random_volume();
      if (geo::Intersects(a, b, separation)) {
        ++meetings;
        ASSERT_TRUE(AnyIntersect(BoxesOf(a, separation), BoxesOf(b, separation)));
      }
    }
    EXPECT_GT(meetings, 10);
  }
}

// Law (1), at exactly the separation, anywhere on earth and at any size.
TEST(BoxesOf, VolumesAtExactlyASeparationMeet) {
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
    for (const Box& box_a : BoxesOf(a, separation)) {
      ASSERT_TRUE(box_a.valid());
      for (const Box& box_b : BoxesOf(b, separation)) meet |= box_a.Intersects(box_b);
    }
    ASSERT_TRUE(meet) << i << ": " << center.latitude_deg << " " << center.longitude_deg << " " << radius_m << " "
                      << other_m << " " << gap_m;
  }
}

}  // namespace
}  // namespace wideberth::index
