#include "geo/bounds.h"

#include <algorithm>
#include <cmath>

#include "geo/ellipsoid.h"
#include "geo/predicates.h"

namespace wideberth::geo {
namespace {

constexpr int32_t kLatitudeMaxE7 = 900'000'000;
constexpr int32_t kLongitudeMaxE7 = 1'800'000'000;

int32_t DownE7(double degrees, int32_t limit) {
  return static_cast<int32_t>(std::max(std::floor(degrees * 1e7) - 1, -static_cast<double>(limit)));
}

int32_t UpE7(double degrees, int32_t limit) {
  return static_cast<int32_t>(std::min(std::ceil(degrees * 1e7) + 1, static_cast<double>(limit)));
}

}  // namespace

BoundsE7 Enlarge(const LooseBounds& loose, double margin_m, double edge_max_m) {
  constexpr double kNearPoleDeg = 89;
  const double latitude_max_deg = std::max(std::abs(loose.south_deg), std::abs(loose.north_deg));
  const double latitude_max = latitude_max_deg * kRadiansPerDegree;
  // How far an edge reaches poleward of both its ends: its sagitta over the parallel, L^2 tan(latitude) / 8 R, with a
  // tenth to spare for the ellipsoid and the higher terms; near the pole, half its length at the most.
  const double bend_m = latitude_max_deg > kNearPoleDeg
                            ? edge_max_m / 2
                            : 1.1 * edge_max_m * edge_max_m * std::tan(latitude_max) / (8 * kCurvatureRadiusMinM);
  // Metres on the ground as the angle between normals: at the least radius, the angle is greatest. What holds on the
  // sphere of normals then holds for latitude and longitude.
  const double bend = bend_m / kCurvatureRadiusMinM;
  const double margin = margin_m / kCurvatureRadiusMinM;
  const double widen_deg = (bend + margin) / kRadiansPerDegree;
  double south_deg = loose.south_deg - widen_deg;
  double north_deg = loose.north_deg + widen_deg;

  BoundsE7 bounds;
  bounds.south = DownE7(south_deg, kLatitudeMaxE7);
  bounds.north = UpE7(north_deg, kLatitudeMaxE7);
  bool all_longitudes = loose.around_pole || bounds.south == -kLatitudeMaxE7 || bounds.north == kLatitudeMaxE7;
  if (!all_longitudes) {
    // A cap of angular radius r around latitude p touches the meridians asin(sin r / cos p) away.
    const double turn_deg =
        std::asin(std::min(1.0, std::sin(margin) / std::cos(latitude_max + bend))) / kRadiansPerDegree;
    double west_deg = loose.west_deg - turn_deg;
    double east_deg = loose.east_deg + turn_deg;
    constexpr double kSlackDeg = 1e-6;
    if (east_deg - west_deg >= 360 - kSlackDeg) {
      all_longitudes = true;
    } else {
      while (west_deg < -180) west_deg += 360;
      while (west_deg > 180) west_deg -= 360;
      while (east_deg < -180) east_deg += 360;
      while (east_deg > 180) east_deg -= 360;
      bounds.west = DownE7(west_deg, kLongitudeMaxE7);
      bounds.east = UpE7(east_deg, kLongitudeMaxE7);
    }
  }
  if (all_longitudes) {
    bounds.west = -kLongitudeMaxE7;
    bounds.east = kLongitudeMaxE7;
  }
  return bounds;
}

BoundingRectangles BoundsOf(const Outline& outline, double margin_m) {
  BoundsE7 bounds = outline.bounds();
  if (margin_m > 0) {
    const bool across = bounds.west > bounds.east;
    const bool all_longitudes = bounds.west == -kLongitudeMaxE7 && bounds.east == kLongitudeMaxE7;
    constexpr double kDegrees = 1e-7;
    bounds = Enlarge({bounds.south * kDegrees, bounds.north * kDegrees, bounds.west * kDegrees,
                      bounds.east * kDegrees + (across ? 360 : 0), all_longitudes},
                     margin_m, 0);
  }
  if (bounds.west <= bounds.east) return {1, {bounds, {}}};
  BoundsE7 western = bounds;  // of the antimeridian: ends at +180
  BoundsE7 eastern = bounds;  // begins at -180
  western.east = kLongitudeMaxE7;
  eastern.west = -kLongitudeMaxE7;
  return {2, {western, eastern}};
}

}  // namespace wideberth::geo
