#include "geo/local_plane.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "geo/ellipsoid.h"

namespace wideberth::geo {
namespace {

double Distance(PlanePoint a, PlanePoint b) { return std::hypot(a.x_m - b.x_m, a.y_m - b.y_m); }

double DistanceFromLine(PlanePoint p, PlanePoint a, PlanePoint b) {
  const double length = Distance(a, b);
  return std::abs((b.x_m - a.x_m) * (p.y_m - a.y_m) - (b.y_m - a.y_m) * (p.x_m - a.x_m)) / length;
}

// The bound of ErrorM against GeographicLib: distances between points anywhere in reach, and how far the map of a
// geodesic leaves the straight line. The worst seen is printed as a share of the bound, which leaves half in reserve.
TEST(LocalPlane, ErrsByNoMoreThanItSays) {
  std::mt19937_64 random(75);
  std::uniform_real_distribution<double> unit(0, 1);
  double worst_distance = 0;
  double worst_line = 0;
  for (int i = 0; i < 60'000; ++i) {
    const LatLng origin{(2 * unit(random) - 1) * LocalPlane::kLatitudeMaxDeg, 360 * unit(random) - 180};
    const LocalPlane plane(origin);
    const double reach = 50 * std::pow(LocalPlane::kReachMaxM / 50, unit(random));
    // Often at the very edge of the reach, where the error is greatest.
    const auto any = [&] {
      return PointAt(origin, 360 * unit(random), reach * (unit(random) < 0.5 ? 1.0 : std::sqrt(unit(random))));
    };
    const LatLng a = any();
    const LatLng b = any();
    const double error = plane.ErrorM(reach);
    const PlanePoint plane_a = plane.Project(a);
    const PlanePoint plane_b = plane.Project(b);
    worst_distance = std::max(worst_distance, std::abs(Distance(plane_a, plane_b) - GeodesicDistanceM(a, b)) / error);
    if (Distance(plane_a, plane_b) < 1) continue;
    for (const double share : {0.25, 0.5, 0.75}) {
      const LatLng between = PointTowards(a, b, share * GeodesicDistanceM(a, b));
      worst_line = std::max(worst_line, DistanceFromLine(plane.Project(between), plane_a, plane_b) / error);
    }
  }
  RecordProperty("worst_distance_share_of_bound", std::to_string(worst_distance));
  RecordProperty("worst_line_share_of_bound", std::to_string(worst_line));
  EXPECT_LE(worst_distance, 0.5);
  EXPECT_LE(worst_line, 0.5);
  EXPECT_GT(worst_distance, 0.05) << "the bound is far too wide to be of use";
}

TEST(LocalPlane, CrossesTheAntimeridian) {
  const LocalPlane plane(LatLng{-17.0, 179.9999});
  const PlanePoint p = plane.Project(LatLng{-17.0, -179.9999});
  EXPECT_NEAR(p.x_m, GeodesicDistanceM({-17.0, 179.9999}, {-17.0, -179.9999}), 1e-6);
}

}  // namespace
}  // namespace wideberth::geo
