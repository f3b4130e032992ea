#include "geo/bounds.h"

#include <gtest/gtest.h>

#include <GeographicLib/GeodesicExact.hpp>
#include <GeographicLib/GeodesicLineExact.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "geo/predicates.h"

namespace wideberth::geo {
namespace {

using GeographicLib::GeodesicExact;
using GeographicLib::GeodesicLineExact;

constexpr int32_t kPole = 900'000'000;
constexpr int32_t kAntimeridian = 1'800'000'000;

bool Holds(const BoundsE7& bounds, LatLng p) {
  const double latitude = p.latitude_deg * 1e7;
  if (latitude < bounds.south || latitude > bounds.north) return false;
  const auto holds = [&](double longitude) {
    if (bounds.west <= bounds.east) return longitude >= bounds.west && longitude <= bounds.east;
    return longitude >= bounds.west || longitude <= bounds.east;
  };
  // The antimeridian has two names, a pole has all.
  return holds(p.longitude_deg * 1e7) || (std::abs(p.longitude_deg) == 180 && holds(-p.longitude_deg * 1e7)) ||
         std::abs(p.latitude_deg) == 90;
}

bool Holds(const BoundingRectangles& rectangles, LatLng p) {
  return Holds(rectangles.rectangles[0], p) || (rectangles.count == 2 && Holds(rectangles.rectangles[1], p));
}

std::string Shown(const BoundsE7& bounds) {
  return "south " + std::to_string(bounds.south) + " north " + std::to_string(bounds.north) + " west " +
         std::to_string(bounds.west) + " east " + std::to_string(bounds.east);
}

std::string Shown(LatLng p) {
  char buffer[80];
  std::snprintf(buffer, sizeof buffer, "{%.17g, %.17g}", p.latitude_deg, p.longitude_deg);
  return buffer;
}

LatLng ExactAt(LatLng from, double azimuth_deg, double distance_m) {
  LatLng p;
  GeodesicExact::WGS84().Direct(from.latitude_deg, from.longitude_deg, azimuth_deg, distance_m, p.latitude_deg,
                                p.longitude_deg);
  return p;
}

LatLng ExactBetween(LatLng a, LatLng b, double share) {
  const GeodesicLineExact line =
      GeodesicExact::WGS84().InverseLine(a.latitude_deg, a.longitude_deg, b.latitude_deg, b.longitude_deg);
  LatLng p;
  line.Position(share * line.Distance(), p.latitude_deg, p.longitude_deg);
  return p;
}

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  double Between(double low, double high) { return std::uniform_real_distribution<double>(low, high)(engine_); }
  double Log(double low, double high) { return low * std::pow(high / low, Between(0, 1)); }
  bool OneIn(int n) { return std::uniform_int_distribution<int>(1, n)(engine_) == 1; }
  double Sign() { return OneIn(2) ? 1 : -1; }
  // The four winds, where bounds are touched, more often than others.
  double Azimuth() { return OneIn(2) ? 90 * std::floor(Between(-2, 2)) : Between(-180, 180); }

  LatLng Place() {
    LatLng p{std::asin(Between(-1, 1)) * 57.295779513082320877, Between(-180, 180)};
    if (OneIn(3)) p.latitude_deg = Sign() * (90 - (OneIn(5) ? 0 : Log(1e-9, 5)));
    if (OneIn(8)) p.latitude_deg = OneIn(2) ? 0 : Sign() * Log(1e-9, 1);
    if (OneIn(3)) p.longitude_deg = Sign() * (180 - (OneIn(3) ? 0 : Log(1e-9, 1)));
    return p;
  }

 private:
  std::mt19937_64 engine_;
};

// Calls check(random) once for each seed: from 1, or from WB_TEST_SEED; `count` times, or WB_TEST_ROUNDS.
template <typename Check>
void ForSeeds(uint64_t count, Check check) {
  const auto setting = [](const char* name, uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
  };
  const uint64_t first = setting("WB_TEST_SEED", 1);
  const uint64_t end = first + setting("WB_TEST_ROUNDS", count);
  for (uint64_t seed = first; seed < end && !testing::Test::HasFatalFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    check(random);
  }
}

LooseBounds Point(LatLng p) { return {p.latitude_deg, p.latitude_deg, p.longitude_deg, p.longitude_deg, false}; }

// Of an edge, whose longitudes are followed without a jump.
LooseBounds Edge(LatLng a, LatLng b) {
  const double turn_deg = std::remainder(b.longitude_deg - a.longitude_deg, 360.0);
  return {std::min(a.latitude_deg, b.latitude_deg), std::max(a.latitude_deg, b.latitude_deg),
          std::min(a.longitude_deg, a.longitude_deg + turn_deg), std::max(a.longitude_deg, a.longitude_deg + turn_deg),
          false};
}

TEST(Enlarge, RoundsOutward) {
  EXPECT_EQ(Enlarge(Point({47, 8}), 0, 0), (BoundsE7{469'999'999, 470'000'001, 79'999'999, 80'000'001}));
  EXPECT_EQ(Enlarge({-1.00000005, 2.00000005, -3.00000005, 4.00000005, false}, 0, 0),
            (BoundsE7{-10'000'002, 20'000'002, -30'000'002, 40'000'002}));
}

TEST(Enlarge, AddsTheMarginOnEverySide) {
  // 6,335.4393 m are 1/1000 of the least radius of curvature: an angle of 0.0572957795 degrees.
  const BoundsE7 bounds = Enlarge({-1, 1, 10, 20, false}, 6'335.4393, 0);
  EXPECT_NEAR(bounds.south, -10'572'957, 2);
  EXPECT_NEAR(bounds.north, 10'572'957, 2);
  // asin(sin(0.001) / cos(1 degree)) is 0.0573045 degrees.
  EXPECT_NEAR(bounds.west, 99'426'954, 3);
  EXPECT_NEAR(bounds.east, 200'573'046, 3);
}

TEST(Enlarge, AddsTheBendOfEdgesTowardsThePole) {
  const LatLng a{60, 10};
  const LatLng b{60, 10.068};  // 3.79 km to the east
  const LatLng highest = ExactBetween(a, b, 0.5);
  ASSERT_GT(highest.latitude_deg, 60 + 4e-6) << "half a metre north of its ends";
  EXPECT_TRUE(Holds(Enlarge(Edge(a, b), 0, 3'800), highest));
  EXPECT_FALSE(Holds(Enlarge(Edge(a, b), 0, 0), highest)) << "without edges there is no bend";
}

// At each latitude, an edge that is as long as they come and has both ends equally far north.
TEST(Enlarge, HoldsTheHighestPointOfAnEdgeAtEveryLatitude) {
  for (int i = 1; i < 900; ++i) {
    const LatLng highest{i / 10.0, 10};
    const LatLng a = ExactAt(highest, 90, 0.4999999 * Outline::kEdgePieceM);
    const LatLng b = ExactAt(highest, -90, 0.4999999 * Outline::kEdgePieceM);
    ASSERT_LT(a.latitude_deg, highest.latitude_deg);
    const BoundsE7 bounds = Enlarge(Edge(a, b), 0, Outline::kEdgePieceM);
    ASSERT_TRUE(Holds(bounds, highest)) << highest.latitude_deg << ": " << Shown(bounds);
  }
}

TEST(Enlarge, ReachesAcrossTheAntimeridian) {
  const BoundsE7 east = Enlarge({0, 1, 179.9, 180.1, false}, 0, 0);
  EXPECT_NEAR(east.west, 1'799'000'000, 2);
  EXPECT_NEAR(east.east, -1'799'000'000, 2);
  const BoundsE7 west = Enlarge({0, 1, -180.1, -179.9, false}, 0, 0);
  EXPECT_NEAR(west.west, 1'799'000'000, 2);
  EXPECT_NEAR(west.east, -1'799'000'000, 2);
  const BoundsE7 margin = Enlarge({0, 1, 179, 179.9999, false}, 1000, 0);
  EXPECT_GT(margin.west, margin.east);
  EXPECT_TRUE(Holds(margin, {0.5, 180}));
  EXPECT_TRUE(Holds(margin, {0.5, -179.9915}));
  EXPECT_FALSE(Holds(margin, {0.5, -179.98}));
}

TEST(Enlarge, HoldsAllLongitudesAroundAPole) {
  for (const LooseBounds& loose :
       {LooseBounds{80, 90, -20, 340, true}, LooseBounds{89, 89.9999, 5, 6, false}, LooseBounds{70, 90, 5, 6, false}}) {
    const BoundsE7 bounds = Enlarge(loose, 100, 0);
    EXPECT_EQ(bounds.north, kPole);
    EXPECT_EQ(bounds.west, -kAntimeridian);
    EXPECT_EQ(bounds.east, kAntimeridian);
    EXPECT_GT(bounds.south, 699'000'000);
  }
  const BoundsE7 ring = Enlarge({80, 85, 5, 6, true}, 0, 0);
  EXPECT_EQ(ring, (BoundsE7{799'999'999, 850'000'001, -kAntimeridian, kAntimeridian})) << "it goes round, it was said";
  const BoundsE7 south = Enlarge(Point({-89.9999, 77}), 100, 0);
  EXPECT_EQ(south, (BoundsE7{-kPole, south.north, -kAntimeridian, kAntimeridian}));
  const BoundsE7 short_of_it = Enlarge(Point({89.9, 77}), 1000, 0);
  EXPECT_LT(short_of_it.north, kPole) << "11 km from the pole";
  EXPECT_LT(short_of_it.east, 900'000'000);
}

TEST(Enlarge, HoldsAllLongitudesOfARingRoundTheWorld) {
  for (const double east_deg : {180.0, 179.9999999, 300.0}) {
    const BoundsE7 bounds = Enlarge({-1, 1, -180, east_deg, false}, 0, 0);
    EXPECT_EQ(bounds.west, -kAntimeridian);
    EXPECT_EQ(bounds.east, kAntimeridian);
  }
  for (const double gap_deg : {0.0, 1e-7, -1.0}) {
    const BoundsE7 bounds = Enlarge({-1, 1, -100, 260 - gap_deg, false}, 0, 0);
    EXPECT_EQ(bounds.west, -kAntimeridian) << gap_deg;
    EXPECT_EQ(bounds.east, kAntimeridian) << gap_deg;
  }
  const BoundsE7 all = Enlarge(Point({0, 0}), 1e7, 0);
  EXPECT_EQ(all, (BoundsE7{-kPole, kPole, -kAntimeridian, kAntimeridian}));
}

TEST(Enlarge, HoldsWhatLiesWithinTheMarginOfAnEdge) {
  ForSeeds(30'000, [](Random& random) {
    const LatLng a = random.Place();
    const double edge_max_m = random.OneIn(5) ? 0 : random.Log(1e-3, Outline::kEdgePieceM);
    const LatLng b = edge_max_m == 0 ? a : ExactAt(a, random.Azimuth(), edge_max_m * 0.999999);
    // Every outline has the bound for a margin; without one, rounding alone may step over the antimeridian.
    const double margin_m = random.Log(1e-3, random.OneIn(3) ? 1e7 : 1e4);
    const BoundsE7 bounds = Enlarge(Edge(a, b), margin_m, edge_max_m);
    ASSERT_LE(bounds.south, bounds.north);
    for (int i = 0; i < 12; ++i) {
      const LatLng on = ExactBetween(a, b, i < 3 ? i / 2.0 : random.Between(0, 1));
      const double away_m = (margin_m - 1e-7) * (random.OneIn(3) ? random.Between(0, 1) : 1);
      const LatLng p = ExactAt(on, random.Azimuth(), away_m);
      ASSERT_TRUE(Holds(bounds, p)) << Shown(p) << " of " << Shown(a) << " " << Shown(b) << " edge " << edge_max_m
                                    << " margin " << margin_m << ": " << Shown(bounds);
    }
  });
}

// 2 % more than was asked for, and some units of rounding, are outside: bounds are of use.
TEST(Enlarge, IsNotMuchLargerThanItMustBe) {
  ForSeeds(5'000, [](Random& random) {
    const LatLng p{random.Between(-80, 80), random.Between(-180, 180)};
    const double margin_m = random.Log(1, 1e5);
    const BoundsE7 bounds = Enlarge(Point(p), margin_m, 0);
    for (const double azimuth_deg : {0.0, 90.0, 180.0, -90.0})
      ASSERT_FALSE(Holds(bounds, ExactAt(p, azimuth_deg, 1.02 * margin_m + 0.05)))
          << Shown(p) << " margin " << margin_m << " azimuth " << azimuth_deg << ": " << Shown(bounds);
  });
}

TEST(BoundsOf, IsOneRectangleWhereOneWillDo) {
  const BoundingRectangles one = BoundsOf(*Outline::MakePolygon(std::vector<LatLng>{{47, 8}, {47, 9}, {48, 9}}));
  EXPECT_EQ(one.count, 1);
  EXPECT_NEAR(one.rectangles[0].south, 470'000'000, 100);
  EXPECT_NEAR(one.rectangles[0].west, 80'000'000, 100);
  const BoundingRectangles all = BoundsOf(*Outline::MakeCircle({90, 0}, 1000), 500);
  EXPECT_EQ(all.count, 1);
  EXPECT_EQ(all.rectangles[0].west, -kAntimeridian);
  EXPECT_EQ(all.rectangles[0].east, kAntimeridian);
  EXPECT_EQ(all.rectangles[0].north, kPole);
}

TEST(BoundsOf, IsTwoRectanglesAcrossTheAntimeridian) {
  const BoundingRectangles two = BoundsOf(*Outline::MakeCircle({-17, 179.999}, 1000));
  ASSERT_EQ(two.count, 2);
  EXPECT_EQ(two.rectangles[0].east, kAntimeridian);
  EXPECT_EQ(two.rectangles[1].west, -kAntimeridian);
  EXPECT_LE(two.rectangles[0].west, two.rectangles[0].east);
  EXPECT_LE(two.rectangles[1].west, two.rectangles[1].east);
  EXPECT_EQ(BoundsOf(*Outline::MakeCircle({-17, 179.9}, 1000)).count, 1);
  EXPECT_EQ(BoundsOf(*Outline::MakeCircle({-17, 179.9}, 1000), 20'000).count, 2) << "with the margin";
}

TEST(BoundsOf, HoldsWhatLiesWithinTheMarginOfAnOutline) {
  ForSeeds(4'000, [](Random& random) {
    const LatLng middle = random.Place();
    const double size_m = random.Log(1, 1e6);
    const bool round = random.OneIn(3);
    std::vector<LatLng> ring;
    for (int i = 0; i < 5; ++i)
      ring.push_back(ExactAt(middle, 72 * i + random.Between(0, 40), size_m * random.Between(0.4, 1)));
    const Result<Outline> outline = round ? Outline::MakeCircle(middle, size_m) : Outline::MakePolygon(ring);
    ASSERT_TRUE(outline) << outline.error().message;
    const double margin_m = random.OneIn(3) ? 0 : random.Log(1e-3, Separation::kHorizontalMaxM);
    const BoundingRectangles rectangles = BoundsOf(*outline, margin_m);
    for (int i = 0; i < rectangles.count; ++i)
      ASSERT_LE(rectangles.rectangles[i].west, rectangles.rectangles[i].east) << "across the antimeridian";
    for (size_t i = 0; i < 10; ++i) {
      const LatLng on = round
                            ? ExactAt(middle, random.Azimuth(), size_m)
                            : ExactBetween(ring[i % 5], ring[(i + 1) % 5], random.OneIn(3) ? 0 : random.Between(0, 1));
      const LatLng p = ExactAt(on, random.Azimuth(), (margin_m + kOutlineBoundM) * (1 - 1e-6));
      ASSERT_TRUE(Holds(rectangles, p)) << Shown(p) << " of " << (round ? "circle " : "polygon ") << Shown(middle)
                                        << " size " << size_m << " margin " << margin_m << ": "
                                        << Shown(rectangles.rectangles[0]);
    }
  });
}

}  // namespace
}  // namespace wideberth::geo
