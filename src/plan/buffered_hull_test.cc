#include "plan/buffered_hull.h"

#include <gtest/gtest.h>

#include "geo/outline.h"
#include "geo/predicates.h"
#include "plan/geodesic_truth.h"

namespace wideberth::plan {
namespace {

constexpr double kPi = 3.14159265358979323846;

struct Case {
  std::vector<geo::LatLng> points;
  double buffer_m;
};

// Points within reach of the first: scattered, on a line, along a turn, in one place.
Case RandomCase(truth::Chance& chance) {
  Case result;
  result.buffer_m = chance.Magnitude(chance.OneIn(10) ? 1e-6 : 1, kHullBufferMaxM);
  const geo::LatLng first = chance.Position();
  result.points.push_back(first);
  const int count = chance.OneIn(5) ? chance.Int(100, 1000) : chance.Int(1, 20);
  const double reach_m = chance.Magnitude(1e-3, 0.49 * kHullReachMaxM);
  const int kind = chance.Int(0, 3);
  const double azimuth_deg = chance.Between(-180, 180);
  const geo::LatLng turn_center = truth::PointAt(first, azimuth_deg + 180, reach_m);
  for (int i = 1; i < count; ++i) {
    const double share = static_cast<double>(i) / count;
    if (kind == 0)
      result.points.push_back(truth::PointAt(first, chance.Between(-180, 180), chance.Between(0, 2) * reach_m));
    if (kind == 1) result.points.push_back(truth::PointAt(first, azimuth_deg, 2 * share * reach_m));
    if (kind == 2) result.points.push_back(truth::PointAt(turn_center, azimuth_deg + 400 * share, reach_m));
    if (kind == 3) result.points.push_back(first);
  }
  return result;
}

TEST(BufferedHull, ContainsEveryPointWithinTheBufferOfTheHullsLegs) {
  double least_depth_m = 1e9;
  for (uint64_t seed = truth::FirstSeed(), end = seed + truth::Rounds(1500); seed < end; ++seed) {
    truth::Chance chance(seed);
    const Case c = RandomCase(chance);
    const std::vector<geo::LatLng> corners = BufferedHull(c.points, c.buffer_m, 24);
    ASSERT_LE(corners.size(), 24U) << "seed " << seed;
    const auto outline = geo::Outline::MakePolygon(corners);
    ASSERT_TRUE(outline) << "seed " << seed << ": " << outline.error().message;
    const auto any = [&] {
      return c.points[static_cast<size_t>(chance.Int(0, static_cast<int>(c.points.size()) - 1))];
    };
    for (int sample = 0; sample < 60; ++sample) {
      const geo::LatLng on_leg = truth::Between(any(), any(), chance.OneIn(4) ? 0 : chance.Between(0, 1));
      const geo::LatLng p = truth::PointAt(on_leg, chance.Between(-180, 180), c.buffer_m);
      const double depth_m = truth::DepthM(corners, p);
      least_depth_m = std::min(least_depth_m, depth_m);
      ASSERT_GE(depth_m, 0) << "seed " << seed;
      if (sample > 10) continue;
      const auto disc = geo::Outline::MakeCircle(on_leg, c.buffer_m);
      ASSERT_TRUE(disc);
      ASSERT_TRUE(geo::Contains(*outline, *disc)) << "seed " << seed;
    }
  }
  RecordProperty("least_depth_m", std::to_string(least_depth_m));
}

TEST(BufferedHull, OfOnePointIsAlmostADisc) {
  double worst = 0;
  for (uint64_t seed = truth::FirstSeed(), end = seed + truth::Rounds(300); seed < end; ++seed) {
    truth::Chance chance(seed);
    const geo::LatLng p = chance.Position();
    const double buffer_m = chance.Magnitude(1, kHullBufferMaxM);
    const std::vector<geo::LatLng> corners = BufferedHull(std::span(&p, 1), buffer_m, 24);
    EXPECT_EQ(corners.size(), 16U) << "seed " << seed;
    for (const geo::LatLng& corner : corners)
      EXPECT_LE(truth::DistanceM(corner, p), 1.03 * buffer_m + 0.05) << "seed " << seed;
    const double ratio = truth::AreaM2(corners) / (kPi * buffer_m * buffer_m);
    worst = std::max(worst, ratio);
    EXPECT_LE(ratio, 1.03) << "seed " << seed;
  }
  RecordProperty("worst_ratio", std::to_string(worst));
}

TEST(BufferedHull, OfAStraightLineIsATightCapsule) {
  double worst = 0;
  for (uint64_t seed = truth::FirstSeed(), end = seed + truth::Rounds(300); seed < end; ++seed) {
    truth::Chance chance(seed);
    const geo::LatLng first = chance.Position();
    const double azimuth_deg = chance.Between(-180, 180);
    const double length_m = chance.Magnitude(1, 0.99 * kHullReachMaxM);
    const double buffer_m = chance.Magnitude(1, kHullBufferMaxM);
    std::vector<geo::LatLng> points;
    for (int i = 0; i <= 30; ++i) points.push_back(truth::PointAt(first, azimuth_deg, length_m * i / 30));
    const std::vector<geo::LatLng> corners = BufferedHull(points, buffer_m, 24);
    const double capsule_m2 = 2 * buffer_m * length_m + kPi * buffer_m * buffer_m;
    const double ratio = truth::AreaM2(corners) / capsule_m2;
    worst = std::max(worst, ratio);
    EXPECT_LE(ratio, 1.03) << "seed " << seed << ", length " << length_m << ", buffer " << buffer_m;
  }
  RecordProperty("worst_ratio", std::to_string(worst));
}

TEST(BufferedHull, OfATurnIsTheTurnsHullAndLittleMore) {
  double worst = 0;
  for (uint64_t seed = truth::FirstSeed(), end = seed + truth::Rounds(200); seed < end; ++seed) {
    truth::Chance chance(seed);
    const geo::LatLng center = chance.Position();
    const double radius_m = chance.Magnitude(10, 0.49 * kHullReachMaxM);
    const double buffer_m = chance.Magnitude(1, 10e3);
    std::vector<geo::LatLng> points;
    for (int i = 0; i < 500; ++i) points.push_back(truth::PointAt(center, 360.0 * i / 500, radius_m));
    const std::vector<geo::LatLng> corners = BufferedHull(points, buffer_m, 24);
    EXPECT_LE(corners.size(), 24U);
    const double disc_m2 = kPi * (radius_m + buffer_m) * (radius_m + buffer_m);
    worst = std::max(worst, truth::AreaM2(corners) / disc_m2);
    EXPECT_LE(truth::AreaM2(corners) / disc_m2, 1.04) << "seed " << seed;
  }
  RecordProperty("worst_ratio", std::to_string(worst));
}

}  // namespace
}  // namespace wideberth::plan
