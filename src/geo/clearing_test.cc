#include "geo/clearing.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "geo/ellipsoid.h"
#include "geo/predicates.h"

namespace wideberth::geo {
namespace {

Outline Polygon(const std::vector<LatLng>& ring) { return *Outline::MakePolygon(ring); }

// The ways that people move an outline.
Outline AlongGeodesics(const Outline& outline, const Move& move) {
  if (outline.is_circle())
    return *Outline::MakeCircle(PointAt(outline.center(), move.bearing_deg, move.distance_m), outline.radius_m());
  std::vector<LatLng> ring;
  for (const LatLng& p : outline.vertices()) ring.push_back(PointAt(p, move.bearing_deg, move.distance_m));
  return Polygon(ring);
}

Outline ByDegrees(const Outline& outline, const Move& move) {
  const LatLng to = PointAt(outline.center(), move.bearing_deg, move.distance_m);
  const double north = to.latitude_deg - outline.center().latitude_deg;
  const double east = to.longitude_deg - outline.center().longitude_deg;
  if (outline.is_circle()) return *Outline::MakeCircle(to, outline.radius_m());
  std::vector<LatLng> ring;
  for (const LatLng& p : outline.vertices()) ring.push_back({p.latitude_deg + north, p.longitude_deg + east});
  return Polygon(ring);
}

TEST(Clearing, IsTheLeastForSquaresAndStrips) {
  // 761 m wide and 1,112 m high: the way aside is the shorter one.
  const Outline square = Polygon({{47, 8}, {47, 8.01}, {47.01, 8.01}, {47.01, 8}});
  const Move aside = FindClearing(square, square);
  EXPECT_NEAR(aside.distance_m, GeodesicDistanceM({47, 8}, {47, 8.01}), 1);
  EXPECT_NEAR(std::abs(std::remainder(aside.bearing_deg, 180)), 90, 0.01);

  // A strip of 4,000 by 20 m over the middle of a circle of 100 m.
  const LatLng middle{10, 20};
  const Outline strip =
      Polygon({PointAt(PointAt(middle, 90, 2'000), 0, 10), PointAt(PointAt(middle, 270, 2'000), 0, 10),
               PointAt(PointAt(middle, 270, 2'000), 180, 10), PointAt(PointAt(middle, 90, 2'000), 180, 10)});
  const Outline circle = *Outline::MakeCircle(middle, 100);
  EXPECT_NEAR(FindClearing(strip, circle).distance_m, 110, 0.2);
  EXPECT_NEAR(FindClearing(circle, strip).distance_m, 110, 0.2);
}

TEST(Clearing, OfCirclesIsStraightAway) {
  const Outline own = *Outline::MakeCircle({47, 8}, 300);
  const LatLng west = PointAt({47, 8}, 270, 100);
  const Move move = FindClearing(own, *Outline::MakeCircle(west, 200));
  EXPECT_NEAR(move.distance_m, 400, 0.2);
  EXPECT_NEAR(move.bearing_deg, 90, 0.01);
  EXPECT_NEAR(FindClearing(own, own).distance_m, 600, 0.2) << "any way from where both are";
}

TEST(Clearing, OfACircleAtACornerIsAwayFromTheCorner) {
  const Outline square = Polygon({{47, 8}, {47, 8.01}, {47.01, 8.01}, {47.01, 8}});
  const LatLng corner = PointAt({47.01, 8.01}, 45, 60);
  const Outline circle = *Outline::MakeCircle(corner, 100);
  const Move move = FindClearing(circle, square);
  EXPECT_NEAR(move.distance_m, 40, 0.1);
  EXPECT_NEAR(move.bearing_deg, 45, 0.1);
  const Move back = FindClearing(square, circle);
  EXPECT_NEAR(back.distance_m, 40, 0.2);
  EXPECT_NEAR(back.bearing_deg, 225, 0.1);
}

// Whatever the outlines: who moves so far is clear, whichever way he moves; and, where both are convex, who moves a
// good deal less in any direction is not.
TEST(Clearing, IsEnoughForAllAndNoMoreThanNeededForConvexOnes) {
  std::mt19937_64 rng(4'711);
  const auto uniform = [&](double from, double to) { return std::uniform_real_distribution(from, to)(rng); };
  int convex = 0;
  int met = 0;
  for (int round = 0; round < 3'000; ++round) {
    const LatLng middle{uniform(-80, 80), uniform(-179, 179)};
    const double size_m = std::pow(10, uniform(1, 3.7));
    const auto some = [&] {
      const LatLng at = PointAt(middle, uniform(0, 360), uniform(0, size_m));
      if (rng() % 3 == 0) return *Outline::MakeCircle(at, size_m * uniform(0.05, 1));
      const bool is_convex = rng() % 2 == 0;
      std::vector<LatLng> ring;
      const int corners = 3 + static_cast<int>(rng() % 8);
      for (int i = 0; i < corners; ++i)
        ring.push_back(PointAt(at, -360.0 * i / corners, size_m * (is_convex ? 0.7 : uniform(0.2, 1))));
      return Polygon(ring);
    };
    const Outline own = some();
    const Outline other = some();
    if (!WithinDistance(own, other, 0)) continue;
    ++met;
    const Move move = FindClearing(own, other);
    ASSERT_GE(move.bearing_deg, 0);
    ASSERT_LT(move.bearing_deg, 360);
    EXPECT_FALSE(WithinDistance(AlongGeodesics(own, move), other, 0)) << round << " " << move.distance_m;
    EXPECT_FALSE(WithinDistance(ByDegrees(own, move), other, 0)) << round << " " << move.distance_m;
    const bool both_convex = (own.is_circle() || own.is_convex()) && (other.is_circle() || other.is_convex());
    if (!both_convex || std::abs(middle.latitude_deg) > 74 || size_m > 5'000) continue;
    ++convex;
    for (int bearing = 0; bearing < 360; bearing += 15) {
      const Move less{move.distance_m * 0.99 - 0.05, static_cast<double>(bearing)};
      if (less.distance_m <= 0) break;
      EXPECT_TRUE(WithinDistance(AlongGeodesics(own, less), other, 0)) << round << " " << bearing;
    }
  }
  EXPECT_GT(met, 1'000);
  EXPECT_GT(convex, 300);
}

TEST(Clearing, FarAndLargeOutlinesAreClearedToo) {
  for (const double latitude : {-88.0, 0.0, 60.0, 82.0}) {
    const Outline large = *Outline::MakeCircle({latitude, 179.9}, 28'000);
    const Outline small = *Outline::MakeCircle(PointAt({latitude, 179.9}, 100, 20'000), 500);
    for (const auto& [own, other] : {std::pair(large, small), std::pair(small, large)}) {
      const Move move = FindClearing(own, other);
      EXPECT_FALSE(WithinDistance(AlongGeodesics(own, move), other, 0)) << latitude;
      EXPECT_NEAR(move.distance_m, 8'500, 300) << latitude;
    }
  }
}

}  // namespace
}  // namespace wideberth::geo
