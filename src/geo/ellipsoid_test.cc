#include "geo/ellipsoid.h"

#include <gtest/gtest.h>

#include <GeographicLib/Ellipsoid.hpp>
#include <GeographicLib/GeodesicExact.hpp>
#include <GeographicLib/GeodesicLineExact.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <vector>

// The truth is GeographicLib's other solver, of elliptic integrals; the code under test uses the one of series.
namespace wideberth::geo {
namespace {

using GeographicLib::GeodesicExact;
using GeographicLib::GeodesicLineExact;

constexpr double kBothM = 1e-7;             // both solvers' errors, with reserve
constexpr double kQuarterM = 10'001'965.7;  // from the equator to a pole

double ExactM(LatLng a, LatLng b) {
  double distance_m = 0;
  GeodesicExact::WGS84().Inverse(a.latitude_deg, a.longitude_deg, b.latitude_deg, b.longitude_deg, distance_m);
  return distance_m;
}

GeodesicLineExact ExactLine(LatLng a, LatLng b) {
  return GeodesicExact::WGS84().InverseLine(a.latitude_deg, a.longitude_deg, b.latitude_deg, b.longitude_deg);
}

LatLng Along(const GeodesicLineExact& line, double distance_m) {
  LatLng p;
  line.Position(distance_m, p.latitude_deg, p.longitude_deg);
  return p;
}

LatLng ExactAt(LatLng from, double azimuth_deg, double distance_m) {
  LatLng p;
  GeodesicExact::WGS84().Direct(from.latitude_deg, from.longitude_deg, azimuth_deg, distance_m, p.latitude_deg,
                                p.longitude_deg);
  return p;
}

bool InRange(LatLng p) { return std::abs(p.latitude_deg) <= 90 && std::abs(p.longitude_deg) <= 180; }

std::string Shown(LatLng p) {
  char buffer[80];
  std::snprintf(buffer, sizeof buffer, "{%.17g, %.17g}", p.latitude_deg, p.longitude_deg);
  return buffer;
}

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  double Between(double low, double high) { return std::uniform_real_distribution<double>(low, high)(engine_); }
  // Each order of magnitude as likely as another.
  double Log(double low, double high) { return low * std::pow(high / low, Between(0, 1)); }
  bool OneIn(int n) { return std::uniform_int_distribution<int>(1, n)(engine_) == 1; }
  double Sign() { return OneIn(2) ? 1 : -1; }

  // Anywhere; often on or near a pole, the antimeridian or the equator.
  LatLng Place() {
    LatLng p{std::asin(Between(-1, 1)) / kRadiansPerDegree, Between(-180, 180)};
    if (OneIn(5)) p.latitude_deg = Sign() * (90 - (OneIn(2) ? 0 : Log(1e-9, 5)));
    if (OneIn(8)) p.latitude_deg = OneIn(2) ? 0 : Sign() * Log(1e-9, 1);
    if (OneIn(4)) p.longitude_deg = Sign() * (180 - (OneIn(2) ? 0 : Log(1e-9, 1)));
    return p;
  }

  // From 0.1 mm to half way round, or none.
  LatLng From(LatLng p, double distance_max_m) {
    return OneIn(20)
               ? p
               : ExactAt(p, OneIn(4) ? 90 * std::floor(Between(-2, 3)) : Between(-180, 180), Log(1e-4, distance_max_m));
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

TEST(Ellipsoid, ItsConstantsAreThoseOfWgs84) {
  const GeographicLib::Ellipsoid& truth = GeographicLib::Ellipsoid::WGS84();
  EXPECT_EQ(kSemiMajorAxisM, truth.EquatorialRadius());
  EXPECT_EQ(kFlattening, truth.Flattening());
  EXPECT_NEAR(kEccentricitySquared, truth.EccentricitySq(), 1e-17);
  EXPECT_EQ(kRadiansPerDegree, std::acos(-1.0) / 180);
}

TEST(Ellipsoid, NoDirectionAnywhereCurvesOutsideItsRadii) {
  const GeographicLib::Ellipsoid& truth = GeographicLib::Ellipsoid::WGS84();
  double least_m = std::numeric_limits<double>::infinity();
  double most_m = 0;
  for (int latitude = -900; latitude <= 900; ++latitude) {
    for (int azimuth = 0; azimuth <= 90; azimuth += 15) {
      const double radius_m = truth.NormalCurvatureRadius(latitude / 10.0, azimuth);
      least_m = std::min(least_m, radius_m);
      most_m = std::max(most_m, radius_m);
    }
  }
  EXPECT_LE(kCurvatureRadiusMinM, least_m);
  EXPECT_GE(kCurvatureRadiusMaxM, most_m);
  EXPECT_NEAR(kCurvatureRadiusMinM, least_m, 0.1) << "rounded, not loose";
  EXPECT_NEAR(kCurvatureRadiusMaxM, most_m, 0.1);
}

TEST(GeodesicDistanceM, KnowsTheWorldsOwnLengths) {
  EXPECT_NEAR(GeodesicDistanceM({0, 0}, {90, 0}), 10'001'965.729, 1e-3) << "a quarter of a meridian";
  EXPECT_NEAR(GeodesicDistanceM({-90, 0}, {90, 0}), 20'003'931.459, 1e-3) << "pole to pole";
  EXPECT_NEAR(GeodesicDistanceM({0, 0}, {0, 1}), kSemiMajorAxisM * kRadiansPerDegree, 1e-6) << "along the equator";
  EXPECT_NEAR(GeodesicDistanceM({0, 0}, {0, 180}), 20'003'931.459, 1e-3) << "over a pole is shorter";
  EXPECT_NEAR(GeodesicDistanceM({0, 0}, {0.5, 179.5}), 19'936'288.579, 1e-3) << "Vincenty's iteration is slow here";
}

TEST(GeodesicDistanceM, IsZeroOnlyBetweenEqualPlaces) {
  EXPECT_EQ(GeodesicDistanceM({47, 8}, {47, 8}), 0);
  EXPECT_EQ(GeodesicDistanceM({-17, 180}, {-17, -180}), 0) << "the antimeridian has two names";
  EXPECT_EQ(GeodesicDistanceM({90, 10}, {90, -100}), 0) << "a pole has many";
  EXPECT_EQ(GeodesicDistanceM({-90, 10}, {-90, -100}), 0);
  EXPECT_GT(GeodesicDistanceM({47, 8}, {47, std::nextafter(8.0, 9.0)}), 0);
  EXPECT_GT(GeodesicDistanceM({0, 0}, {1e-12, 0}), 0);
}

TEST(GeodesicDistanceM, AgreesWithTheExactSolver) {
  ForSeeds(20'000, [](Random& random) {
    const LatLng a = random.Place();
    LatLng b = random.OneIn(2) ? random.Place() : random.From(a, 2 * kQuarterM);
    if (random.OneIn(10))  // close to the antipode
      b = random.From({-a.latitude_deg, a.longitude_deg > 0 ? a.longitude_deg - 180 : a.longitude_deg + 180}, 5e4);
    const double distance_m = GeodesicDistanceM(a, b);
    ASSERT_NEAR(distance_m, ExactM(a, b), kBothM) << Shown(a) << " " << Shown(b);
    ASSERT_NEAR(distance_m, GeodesicDistanceM(b, a), kBothM) << Shown(a) << " " << Shown(b);
  });
}

TEST(CutGeodesic, CutsIntoTheFewestPieces) {
  const LatLng a{0, 0};
  const LatLng b{0, 1};  // 111,319.49 m along the equator
  const struct {
    double piece_m;
    size_t cuts;
  } cases[] = {{1e9, 0}, {111'320, 0}, {111'319, 1}, {55'660, 1}, {55'659, 2}, {1'000, 111}, {3'800, 29}};
  for (const auto& [piece_m, cuts] : cases) {
    std::vector<LatLng> out;
    EXPECT_NEAR(CutGeodesic(a, b, piece_m, 1e9, out), 111'319.4908, 1e-4);
    EXPECT_EQ(out.size(), cuts) << piece_m;
  }
}

TEST(CutGeodesic, AppendsAndLeavesWhatIsThere) {
  std::vector<LatLng> out = {{1, 2}, {3, 4}};
  CutGeodesic({10, 10}, {11, 10}, 50'000, 1e9, out);
  ASSERT_EQ(out.size(), 4u);
  EXPECT_EQ(out[0], (LatLng{1, 2}));
  EXPECT_EQ(out[1], (LatLng{3, 4}));
  EXPECT_LT(out[2].latitude_deg, out[3].latitude_deg) << "from a to b";
}

TEST(CutGeodesic, AppendsNothingOverItsLimit) {
  const LatLng a{0, 0};
  const LatLng b{0, 1};
  std::vector<LatLng> out;
  const double length_m = CutGeodesic(a, b, 1'000, 111'319, out);
  EXPECT_NEAR(length_m, 111'319.4908, 1e-4) << "the length is said all the same";
  EXPECT_TRUE(out.empty());
  CutGeodesic(a, b, 1'000, length_m, out);
  EXPECT_EQ(out.size(), 111u) << "the limit itself is allowed";
}

TEST(CutGeodesic, HasNothingToCutBetweenEqualPlaces) {
  for (const LatLng p : {LatLng{47, 8}, LatLng{90, 0}, LatLng{-90, 77}, LatLng{0, 180}}) {
    std::vector<LatLng> out;
    EXPECT_EQ(CutGeodesic(p, p, 1, 1e9, out), 0);
    EXPECT_TRUE(out.empty());
  }
  std::vector<LatLng> out;
  EXPECT_EQ(CutGeodesic({5, 180}, {5, -180}, 1, 1e9, out), 0);
  EXPECT_EQ(CutGeodesic({90, 0}, {90, 120}, 1, 1e9, out), 0);
  EXPECT_TRUE(out.empty());
}

TEST(CutGeodesic, AgreesWithTheExactLine) {
  ForSeeds(3'000, [](Random& random) {
    const LatLng a = random.Place();
    const LatLng b = random.From(a, 0.9 * 2 * kQuarterM);  // further on another way may be shorter
    const double truth_m = ExactM(a, b);
    const double piece_m = std::max(truth_m, 1e-4) / random.Log(0.5, 100);
    std::vector<LatLng> out;
    const double length_m = CutGeodesic(a, b, piece_m, 2.1 * kQuarterM, out);
    const std::string what = Shown(a) + " " + Shown(b) + " " + std::to_string(piece_m);
    ASSERT_NEAR(length_m, truth_m, kBothM) << what;
    const double pieces = static_cast<double>(out.size() + 1);
    ASSERT_LE(length_m / pieces, piece_m * (1 + 1e-15)) << what;
    if (!out.empty()) {
      ASSERT_GT(length_m / (pieces - 1), piece_m) << "fewer would do: " << what;
    }
    const GeodesicLineExact line = ExactLine(a, b);
    for (size_t i = 0; i < out.size(); ++i) {
      ASSERT_TRUE(InRange(out[i])) << what << " " << Shown(out[i]);
      const double along_m = truth_m * static_cast<double>(i + 1) / pieces;
      ASSERT_LE(ExactM(out[i], Along(line, along_m)), 2 * kBothM) << what << " cut " << i;
    }
  });
}

TEST(PointTowards, StartsAtItsStartAndArrives) {
  const LatLng jfk{40.6, -73.8};
  const LatLng lhr{51.6, -0.5};
  const double distance_m = ExactM(jfk, lhr);
  EXPECT_LE(ExactM(PointTowards(jfk, lhr, 0), jfk), kBothM);
  EXPECT_LE(ExactM(PointTowards(jfk, lhr, distance_m), lhr), kBothM);
  EXPECT_LE(ExactM(PointTowards(jfk, lhr, distance_m / 2), Along(ExactLine(jfk, lhr), distance_m / 2)), kBothM);
  const LatLng beyond = PointTowards(jfk, lhr, distance_m + 1000);
  EXPECT_NEAR(ExactM(jfk, beyond), distance_m + 1000, kBothM);
  EXPECT_NEAR(ExactM(lhr, beyond), 1000, kBothM);
}

TEST(PointTowards, CrossesPolesAndTheAntimeridian) {
  const LatLng over = PointTowards({89, 10}, {89, -170}, 2 * ExactM({89, 10}, {90, 0}) - 1);
  EXPECT_NEAR(ExactM(over, {89, -170}), 1, kBothM);
  EXPECT_LE(ExactM(PointTowards({89, 10}, {89, -170}, ExactM({89, 10}, {90, 0})), {90, 0}), kBothM);
  const LatLng west = PointTowards({0, 179.5}, {0, -179.5}, kSemiMajorAxisM * kRadiansPerDegree * 0.75);
  EXPECT_NEAR(west.longitude_deg, -179.75, 1e-12);
  EXPECT_EQ(west.latitude_deg, 0);
}

TEST(PointTowards, StaysWhereEqualPlacesAre) {
  for (const LatLng p : {LatLng{47, 8}, LatLng{90, 0}, LatLng{-90, 77}, LatLng{0, 180}}) {
    EXPECT_LE(ExactM(PointTowards(p, p, 0), p), kBothM) << Shown(p);
    EXPECT_NEAR(ExactM(PointTowards(p, p, 5), p), 5, kBothM) << "some direction: " << Shown(p);
  }
}

TEST(PointTowards, AgreesWithTheExactLine) {
  ForSeeds(20'000, [](Random& random) {
    const LatLng a = random.Place();
    // Near places do not tell a direction well enough to follow it far; near the antipode many ways are equal.
    const LatLng b = random.From(a, 0.9 * 2 * kQuarterM);
    const double length_m = ExactM(a, b);
    const double along_m = length_m * random.Between(0, 1);
    const LatLng p = PointTowards(a, b, along_m);
    ASSERT_TRUE(InRange(p)) << Shown(p);
    ASSERT_LE(ExactM(p, Along(ExactLine(a, b), along_m)), 2 * kBothM) << Shown(a) << " " << Shown(b) << " " << along_m;
  });
}

TEST(PointAt, GoesWhereTheCompassPoints) {
  EXPECT_LE(ExactM(PointAt({0, 0}, 90, kSemiMajorAxisM * kRadiansPerDegree), {0, 1}), kBothM);
  EXPECT_LE(ExactM(PointAt({0, 0}, -90, kSemiMajorAxisM * kRadiansPerDegree), {0, -1}), kBothM);
  EXPECT_LE(ExactM(PointAt({0, 7}, 0, ExactM({0, 0}, {90, 0})), {90, 0}), kBothM);
  EXPECT_LE(ExactM(PointAt({0, 7}, 180, ExactM({0, 0}, {90, 0})), {-90, 0}), kBothM);
  EXPECT_LE(ExactM(PointAt({0, 7}, 540, ExactM({0, 0}, {90, 0})), {-90, 0}), kBothM) << "a turn more is none";
  EXPECT_LE(ExactM(PointAt({47, 8}, 33, 0), {47, 8}), kBothM);
  EXPECT_LE(ExactM(PointAt({47, 180}, 90, 1000), PointAt({47, -180}, 90, 1000)), kBothM);
}

// From a pole every way leads along a meridian, and a longitude says which is north's.
TEST(PointAt, LeavesAPoleAlongAMeridian) {
  for (const double longitude_deg : {-180.0, -30.0, 0.0, 120.0}) {
    for (const double azimuth_deg : {0.0, 45.0, 180.0}) {
      const LatLng p = PointAt({90, longitude_deg}, azimuth_deg, 1000);
      EXPECT_NEAR(ExactM(p, {90, 0}), 1000, kBothM);
      EXPECT_LE(ExactM(p, ExactAt({90, longitude_deg}, azimuth_deg, 1000)), kBothM);
      const double meridian_deg = std::remainder(longitude_deg + 180 - azimuth_deg - p.longitude_deg, 360.0);
      EXPECT_NEAR(meridian_deg, 0, 1e-9) << longitude_deg << " " << azimuth_deg;
    }
  }
}

TEST(PointAt, AgreesWithTheExactSolver) {
  ForSeeds(20'000, [](Random& random) {
    const LatLng from = random.Place();
    const double azimuth_deg = random.OneIn(4) ? 90 * std::floor(random.Between(-4, 5)) : random.Between(-360, 360);
    const double distance_m = random.OneIn(20) ? 0 : random.Log(1e-4, 4 * kQuarterM);
    const LatLng p = PointAt(from, azimuth_deg, distance_m);
    ASSERT_TRUE(InRange(p)) << Shown(p);
    ASSERT_LE(ExactM(p, ExactAt(from, azimuth_deg, distance_m)), kBothM)
        << Shown(from) << " " << azimuth_deg << " " << distance_m;
  });
}

constexpr double kNearestM = 1e-5;  // what the header promises

// The least distance from p to the geodesic, by narrowing it down without any derivative.
double LeastM(LatLng p, LatLng a, LatLng b) {
  const GeodesicLineExact line = ExactLine(a, b);
  constexpr int kSamples = 8;
  const double length_m = line.Distance();
  double best_m = std::numeric_limits<double>::infinity();
  int best = 0;
  for (int i = 0; i <= kSamples; ++i) {
    const double sample_m = ExactM(p, Along(line, length_m * i / kSamples));
    if (sample_m < best_m) {
      best_m = sample_m;
      best = i;
    }
  }
  double low_m = length_m * std::max(0, best - 1) / kSamples;
  double high_m = length_m * std::min(kSamples, best + 1) / kSamples;
  while (high_m - low_m > 1e-7) {
    const double left_m = low_m + (high_m - low_m) / 3;
    const double right_m = high_m - (high_m - low_m) / 3;
    const double left = ExactM(p, Along(line, left_m));
    const double right = ExactM(p, Along(line, right_m));
    best_m = std::min({best_m, left, right});
    (left < right ? high_m : low_m) = left < right ? right_m : left_m;
  }
  return best_m;
}

void ExpectNearest(LatLng p, LatLng a, LatLng b) {
  const NearestOnGeodesic found = NearestPointOnGeodesic(p, a, b);
  const std::string what = Shown(p) + " " + Shown(a) + " " + Shown(b);
  ASSERT_NEAR(found.distance_m, LeastM(p, a, b), kNearestM) << what;
  ASSERT_NEAR(found.distance_m, ExactM(p, found.point), 2 * kBothM) << "the point is that far away: " << what;
  const double along_m = std::min(ExactM(a, found.point), ExactM(a, b));
  ASSERT_LE(ExactM(found.point, Along(ExactLine(a, b), along_m)), 3 * kBothM) << "the point is on the line: " << what;
}

TEST(NearestPointOnGeodesic, IsAnEndWhereTheFootIsBeyond) {
  const LatLng a{47, 8};
  const LatLng b{47.1, 8.1};
  EXPECT_EQ(NearestPointOnGeodesic({46, 7}, a, b).distance_m, GeodesicDistanceM({46, 7}, a));
  EXPECT_NEAR(NearestPointOnGeodesic({48, 9}, a, b).distance_m, ExactM({48, 9}, b), kNearestM);
  EXPECT_LE(ExactM(NearestPointOnGeodesic({46, 7}, a, b).point, a), kBothM);
  EXPECT_LE(ExactM(NearestPointOnGeodesic({48, 9}, a, b).point, b), kBothM);
}

TEST(NearestPointOnGeodesic, IsThePlaceItselfWhereBothEndsAreOne) {
  for (const LatLng a : {LatLng{47, 8}, LatLng{90, 0}, LatLng{-90, 77}, LatLng{0, 180}}) {
    const NearestOnGeodesic found = NearestPointOnGeodesic({1, 2}, a, a);
    EXPECT_EQ(found.distance_m, GeodesicDistanceM({1, 2}, a));
    EXPECT_LE(ExactM(found.point, a), kBothM);
    EXPECT_EQ(NearestPointOnGeodesic(a, a, a).distance_m, 0);
  }
}

TEST(NearestPointOnGeodesic, IsNoWayAtAllFromTheLineItself) {
  const LatLng a{60, 179.95};
  const LatLng b{60.05, -179.95};
  EXPECT_LE(NearestPointOnGeodesic(a, a, b).distance_m, kBothM);
  EXPECT_LE(NearestPointOnGeodesic(b, a, b).distance_m, kBothM);
  for (const double share : {0.01, 0.3, 0.5, 0.999})
    EXPECT_LE(NearestPointOnGeodesic(Along(ExactLine(a, b), share * ExactM(a, b)), a, b).distance_m, kNearestM);
}

TEST(NearestPointOnGeodesic, FindsItAcrossPolesAndTheAntimeridian) {
  ExpectNearest({90, 0}, {89.95, 0}, {89.95, 120});
  ExpectNearest({90, 0}, {89.95, 0}, {89.95, 180});
  ExpectNearest({89.99, 90}, {89.95, 0}, {89.95, 180});
  ExpectNearest({89.99, 90}, {90, 17}, {89.9, 20});
  ExpectNearest({-89.99, 90}, {-89.9, 20}, {-90, 17});
  ExpectNearest({0.05, 180}, {0, 179.95}, {0, -179.95});
  ExpectNearest({0, 180}, {-0.05, 180}, {0.05, -180});
  ExpectNearest({0, 0}, {0, -0.05}, {0, 0.05});
}

TEST(NearestPointOnGeodesic, AgreesWithASearchAlongTheExactLine) {
  ForSeeds(3'000, [](Random& random) {
    const LatLng a = random.Place();
    const LatLng b = random.From(a, 20'000);
    const LatLng near = random.OneIn(2) ? a : Along(ExactLine(a, b), ExactM(a, b) * random.Between(0, 1));
    // Up to the longest limit or radius that anybody asks for.
    ExpectNearest(random.From(near, 8e6), a, b);
  });
}

// The foot is close to an end, or the place is close to the line's continuation, or to the line.
TEST(NearestPointOnGeodesic, AgreesWithASearchInNarrowCases) {
  ForSeeds(3'000, [](Random& random) {
    const LatLng a = random.Place();
    const LatLng b = ExactAt(a, random.Between(-180, 180), random.Log(1e-3, 20'000));
    const GeodesicLineExact line = ExactLine(a, b);
    const double length_m = line.Distance();
    const double off_m = random.OneIn(3) ? 0 : random.Sign() * random.Log(1e-7, 1);
    double latitude_deg = 0, longitude_deg = 0, azimuth_deg = 0;
    line.Position(random.OneIn(2) ? off_m : length_m + off_m, latitude_deg, longitude_deg, azimuth_deg);
    const double turn_deg = random.OneIn(4) ? random.Log(1e-9, 1) : 90;
    const double away_m = random.Log(1e-6, 5e6);
    ExpectNearest(ExactAt({latitude_deg, longitude_deg}, azimuth_deg + random.Sign() * turn_deg, away_m), a, b);
  });
}

}  // namespace
}  // namespace wideberth::geo
