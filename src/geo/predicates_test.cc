#include "geo/predicates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "geo/ellipsoid.h"

namespace wideberth::geo {
namespace {

Outline Polygon(const std::vector<LatLng>& ring) {
  const Result<Outline> made = Outline::MakePolygon(ring);
  EXPECT_TRUE(made) << made.error().message;
  return *made;
}

Outline Circle(LatLng center, double radius_m) { return *Outline::MakeCircle(center, radius_m); }

// From (south, west) to (north, east), in degrees.
Outline Box(double south, double west, double north, double east) {
  return Polygon({{south, west}, {south, east}, {north, east}, {north, west}});
}

Outline Any(std::mt19937_64& random, LatLng near, double size_m) {
  std::uniform_real_distribution<double> unit(0, 1);
  const LatLng middle = PointAt(near, 360 * unit(random), 2 * size_m * unit(random));
  if (unit(random) < 0.3) return Circle(middle, size_m * (0.1 + 0.9 * unit(random)));
  std::vector<LatLng> ring;
  const int n = 3 + static_cast<int>(9 * unit(random));
  for (int i = 0; i < n; ++i)
    ring.push_back(PointAt(middle, 360 * (i + 0.4 * unit(random)) / n, size_m * (0.3 + 0.7 * unit(random))));
  return Polygon(ring);
}

// Calls check(a, b) for many pairs that are near each other, everywhere and of every size.
template <typename Check>
void ForPairs(uint64_t seed, int count, Check check) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> unit(0, 1);
  for (int i = 0; i < count; ++i) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", pair " + std::to_string(i));
    const LatLng near{i % 10 == 0 ? 90.0 : 180 * unit(random) - 90, i % 7 == 0 ? 180.0 : 360 * unit(random) - 180};
    const double size_m = 10 * std::pow(1e4, unit(random));
    const Outline a = Any(random, near, size_m);
    check(a, Any(random, near, size_m));
  }
}

TEST(WithinDistance, TouchingOutlinesMeet) {
  const Outline box = Box(47, 8, 47.01, 8.01);
  EXPECT_TRUE(WithinDistance(box, Box(47, 8.01, 47.01, 8.02), 0)) << "a shared edge";
  EXPECT_TRUE(WithinDistance(box, Box(47.01, 8.01, 47.02, 8.02), 0)) << "a shared vertex";
  EXPECT_TRUE(WithinDistance(box, Polygon({{47.01, 8.01}, {47.02, 8.02}, {47.03, 8}}), 0));
  EXPECT_FALSE(WithinDistance(box, Box(47, 8.0100002, 47.01, 8.02), 0)) << "15 mm apart";
}

TEST(WithinDistance, NestedAndCrossingOutlinesMeet) {
  const Outline outer = Box(40, 0, 50, 15);
  EXPECT_TRUE(WithinDistance(outer, Box(45, 7, 45.001, 7.001), 0));
  EXPECT_TRUE(WithinDistance(outer, Circle({45, 7}, 1), 0));
  EXPECT_TRUE(WithinDistance(Circle({45, 7}, 1e5), Circle({45, 7}, 1), 0));
  EXPECT_TRUE(WithinDistance(Box(47, 8, 47.001, 8.1), Box(46.95, 8.05, 47.05, 8.051), 0)) << "a plus sign";
}

TEST(WithinDistance, CirclesMeetByTheSumOfTheirRadii) {
  const LatLng center{60, 20};
  for (const double radius_m : {3.0, 1e3, 8e4, 1e6}) {
    const LatLng other = PointAt(center, 50, 2 * radius_m);
    EXPECT_TRUE(WithinDistance(Circle(center, radius_m), Circle(other, radius_m), 0));
    EXPECT_FALSE(WithinDistance(Circle(center, radius_m - 2 * kOutlineBoundM), Circle(other, radius_m), 0));
    EXPECT_TRUE(WithinDistance(Circle(center, radius_m - 1), Circle(other, radius_m), 1));
    EXPECT_FALSE(WithinDistance(Circle(center, radius_m - 1), Circle(other, radius_m), 0.99));
  }
}

TEST(WithinDistance, ABayIsNotInside) {
  const Outline horseshoe =
      Polygon({{0, 0}, {0, 0.03}, {0.03, 0.03}, {0.03, 0.02}, {0.01, 0.02}, {0.01, 0.01}, {0.03, 0.01}, {0.03, 0}});
  EXPECT_FALSE(WithinDistance(horseshoe, Box(0.015, 0.012, 0.02, 0.018), 0));
  EXPECT_TRUE(WithinDistance(horseshoe, Box(0.015, 0.012, 0.02, 0.018), 250));
}

TEST(WithinDistance, CrossesTheAntimeridianAndThePoles) {
  const Outline fiji = Polygon({{-18, 179}, {-18, -179}, {-16, -179}, {-16, 179}});
  EXPECT_TRUE(WithinDistance(fiji, Circle({-17, 180}, 10), 0));
  EXPECT_TRUE(WithinDistance(fiji, Circle({-17, -180}, 10), 0));
  EXPECT_FALSE(WithinDistance(fiji, Circle({-17, 0}, 10), 0));
  const Outline cap = Polygon({{-85, 0}, {-85, 90}, {-85, 180}, {-85, -90}});
  EXPECT_TRUE(WithinDistance(cap, Circle({-90, 77}, 1), 0));
  EXPECT_TRUE(WithinDistance(cap, Polygon({{-90, 0}, {-89.9, 10}, {-89.9, 50}}), 0));
  EXPECT_FALSE(WithinDistance(cap, Circle({90, 77}, 1), 0));
}

// A great circle on degrees would pass tens of metres beside this geodesic.
TEST(WithinDistance, LongEdgesAreGeodesics) {
  const LatLng from{45, 0};
  const LatLng to{50, 15};
  const Outline wide = Polygon({from, to, {40, 15}});
  const double length_m = GeodesicDistanceM(from, to);
  for (const double share : {0.1, 0.37, 0.5, 0.8}) {
    const LatLng on = PointTowards(from, to, share * length_m);
    const LatLng ahead = PointTowards(from, to, share * length_m + 100);
    const LatLng outside =
        PointAt({(on.latitude_deg + ahead.latitude_deg) / 2, (on.longitude_deg + ahead.longitude_deg) / 2}, -30, 1);
    EXPECT_TRUE(WithinDistance(wide, Circle(on, 1e-3), 0));
    EXPECT_FALSE(WithinDistance(wide, Circle(outside, 0.1), 0));
  }
}

TEST(WithinDistance, KeepsItsLaws) {
  ForPairs(1, 4000, [](const Outline& a, const Outline& b) {
    bool before = false;
    for (const double limit_m : {0.0, 1.0, 100.0, 1e4, 1e5}) {
      const bool within = WithinDistance(a, b, limit_m);
      EXPECT_EQ(within, WithinDistance(b, a, limit_m));
      EXPECT_TRUE(within || !before);
      before = within;
    }
    EXPECT_TRUE(WithinDistance(a, a, 0));
  });
}

TEST(FindClosestPoints, AgreesWithWithinDistance) {
  ForPairs(2, 1500, [](const Outline& a, const Outline& b) {
    const ClosestPoints closest = FindClosestPoints(a, b);
    // Each of the two may err by the bound.
    if (closest.distance_m > 2 * kOutlineBoundM + 1e-3) {
      EXPECT_FALSE(WithinDistance(a, b, closest.distance_m - 2 * kOutlineBoundM - 1e-3));
    }
    EXPECT_TRUE(WithinDistance(a, b, closest.distance_m + kOutlineBoundM));
    EXPECT_NEAR(GeodesicDistanceM(closest.on_a, closest.on_b), closest.distance_m, 1e-3);
    EXPECT_TRUE(WithinDistance(a, Circle(closest.on_a, 1e-3), kOutlineBoundM));
    EXPECT_TRUE(WithinDistance(b, Circle(closest.on_b, 1e-3), kOutlineBoundM));
  });
}

TEST(Contains, BoundariesAreIn) {
  const Outline box = Box(47, 8, 47.01, 8.01);
  EXPECT_TRUE(Contains(box, Polygon({{47, 8}, {47.01, 8.01}, {47.01, 8}})));
  EXPECT_FALSE(Contains(box, Polygon({{47, 8}, {47.01, 8.01}, {47.0101, 8}})));
  EXPECT_TRUE(Contains(Circle({47, 8}, 1000), Circle(PointAt({47, 8}, 77, 400), 600)));
  EXPECT_FALSE(Contains(Circle({47, 8}, 1000), Circle(PointAt({47, 8}, 77, 400), 600.02)));
  EXPECT_FALSE(Contains(Circle({47, 8}, 100), Circle({47, 8}, 1000)));
}

TEST(Contains, KeepsItsLaws) {
  int contained = 0;
  ForPairs(3, 3000, [&](const Outline& a, const Outline& b) {
    EXPECT_TRUE(Contains(a, a));
    if (!Contains(a, b)) return;
    ++contained;
    EXPECT_TRUE(WithinDistance(a, b, 0));
  });
  EXPECT_GT(contained, 10) << "the pairs say little";
}

TEST(Intersects, CountsAltitudeAndTimeExactly) {
  const Outline box = Box(47, 8, 47.01, 8.01);
  const auto volume = [&](int64_t low_mm, int64_t high_mm, int64_t start_ns, int64_t end_ns) {
    return Volume4D{box, *AltitudeBand::Make({low_mm}, {high_mm}), *TimeInterval::Make({start_ns}, {end_ns})};
  };
  const Volume4D base = volume(0, 1000, 0, 1000);
  EXPECT_TRUE(Intersects(base, volume(1000, 2000, 1000, 2000)));
  EXPECT_FALSE(Intersects(base, volume(1001, 2000, 1000, 2000)));
  EXPECT_FALSE(Intersects(base, volume(1000, 2000, 1001, 2000)));
  const Separation separation{0, {500}, 500};
  EXPECT_TRUE(Intersects(base, volume(1500, 2000, 1500, 2000), separation));
  EXPECT_FALSE(Intersects(base, volume(1501, 2000, 1500, 2000), separation));
  EXPECT_FALSE(Intersects(volume(1500, 2000, 1501, 2000), base, separation));
}

TEST(SharedRegion, IsThereWhenOutlinesOverlapAndOnlyThen) {
  EXPECT_EQ(SharedRegion(Box(47, 8, 47.02, 8.02), Box(47.01, 8.01, 47.03, 8.03)).size(), 1u);
  EXPECT_TRUE(SharedRegion(Box(47, 8, 47.01, 8.01), Box(47.02, 8.02, 47.03, 8.03)).empty());
}

TEST(SharedRegion, LiesInBothAndHoldsWhatIsInBoth) {
  std::mt19937_64 random(12);
  std::uniform_real_distribution<double> unit(0, 1);
  int overlapping = 0;
  ForPairs(11, 2'000, [&](const Outline& a, const Outline& b) {
    const auto rings = SharedRegion(a, b);
    const double reach_m = a.outer_radius_m() + b.outer_radius_m();
    // A circle is drawn as a polygon around it.
    const double slack_m = 1e-3 * reach_m + 0.01;
    std::vector<Outline> regions;
    for (const auto& ring : rings) {
      ASSERT_GE(ring.size(), 3u);
      for (const LatLng& vertex : ring) {
        for (const Outline* outline : {&a, &b})
          EXPECT_TRUE(WithinDistance(Circle(vertex, 1e-3), *outline, slack_m))
              << vertex.latitude_deg << "," << vertex.longitude_deg;
      }
      if (auto region = Outline::MakePolygon(ring)) regions.push_back(*std::move(region));
    }
    if (regions.size() < rings.size()) return;  // a sliver
    for (int i = 0; i < 20; ++i) {
      const Outline probe =
          Circle(PointAt(a.center(), 360 * unit(random), a.outer_radius_m() * unit(random)), 1e-3 * reach_m + 0.01);
      // Well inside both: nothing of the boundary is near.
      if (probe.radius_m() + GeodesicDistanceM(probe.center(), a.center()) > a.inner_radius_m()) continue;
      if (probe.radius_m() + GeodesicDistanceM(probe.center(), b.center()) > b.inner_radius_m()) continue;
      ++overlapping;
      EXPECT_TRUE(std::any_of(regions.begin(), regions.end(),
                              [&](const Outline& region) { return WithinDistance(probe, region, 0); }));
    }
  });
  EXPECT_GT(overlapping, 500);
}

TEST(SharedRegion, OfTheSameOutlineIsThatOutline) {
  const auto circle = SharedRegion(Circle({47, 8}, 300), Circle({47, 8}, 300));
  ASSERT_EQ(circle.size(), 1u);
  EXPECT_EQ(circle[0].size(), 96u);
  const Outline box = Box(47, 8, 47.01, 8.02);
  const auto same = SharedRegion(box, box);
  ASSERT_EQ(same.size(), 1u);
  ASSERT_EQ(same[0].size(), 4u);
  for (const LatLng& corner : same[0]) {
    EXPECT_TRUE(std::any_of(box.vertices().begin(), box.vertices().end(), [&](const LatLng& vertex) {
      return std::abs(vertex.latitude_deg - corner.latitude_deg) < 1e-12 &&
             std::abs(vertex.longitude_deg - corner.longitude_deg) < 1e-12;
    }));
  }
}

TEST(SharedRegion, OfOneInsideTheOtherIsTheInnerOne) {
  const auto ring = SharedRegion(Box(47, 8, 47.1, 8.1), Circle({47.05, 8.05}, 200));
  ASSERT_EQ(ring.size(), 1u);
  EXPECT_EQ(ring[0].size(), 96u);
  EXPECT_TRUE(SharedRegion(Box(47, 8, 47.01, 8.01), Box(47, 8.01, 47.01, 8.02)).empty()) << "they only touch";
}

TEST(SharedRegion, TurnsCounterClockwise) {
  ForPairs(13, 500, [](const Outline& a, const Outline& b) {
    for (const auto& ring : SharedRegion(a, b)) {
      const double scale = std::cos(ring[0].latitude_deg * 3.14159265358979 / 180);
      if (std::abs(ring[0].latitude_deg) > 80) continue;
      double twice = 0;
      for (size_t i = 1; i + 1 < ring.size(); ++i) {
        const auto x = [&](size_t k) {
          return std::remainder(ring[k].longitude_deg - ring[0].longitude_deg, 360) * scale;
        };
        const auto y = [&](size_t k) { return ring[k].latitude_deg - ring[0].latitude_deg; };
        twice += x(i) * y(i + 1) - y(i) * x(i + 1);
      }
      EXPECT_GT(twice, -1e-12);
    }
  });
}

TEST(BoundsOf, HoldsTheMarginAndSplitsAtTheAntimeridian) {
  const BoundingRectangles across = BoundsOf(Circle({-17, 180}, 1000), 500);
  EXPECT_EQ(across.count, 2);
  ForPairs(4, 1000, [](const Outline& a, const Outline&) {
    const BoundingRectangles bounds = BoundsOf(a, 3000);
    for (const LatLng& vertex : a.vertices()) {
      for (int k = 0; k < 8; ++k) {
        const LatLng p = PointAt(vertex, 45.0 * k, a.radius_m() + 3000);
        bool in = false;
        for (int i = 0; i < bounds.count; ++i) {
          const BoundsE7& r = bounds.rectangles[i];
          EXPECT_LE(r.west, r.east);
          in = in || (p.latitude_deg * 1e7 >= r.south && p.latitude_deg * 1e7 <= r.north &&
                      p.longitude_deg * 1e7 >= r.west && p.longitude_deg * 1e7 <= r.east);
        }
        EXPECT_TRUE(in) << p.latitude_deg << "," << p.longitude_deg;
      }
    }
  });
}

}  // namespace
}  // namespace wideberth::geo
