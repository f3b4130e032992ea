#ifndef WIDEBERTH_PLAN_GEODESIC_TRUTH_H_
#define WIDEBERTH_PLAN_GEODESIC_TRUTH_H_

// For tests: what is so on the ellipsoid, by GeographicLib alone, without our predicates.

#include <GeographicLib/Geodesic.hpp>
#include <GeographicLib/GeodesicLine.hpp>
#include <GeographicLib/Gnomonic.hpp>
#include <GeographicLib/PolygonArea.hpp>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
#include <span>
#include <string>

#include "geo/lat_lng.h"

namespace wideberth::plan::truth {

inline geo::LatLng PointAt(geo::LatLng from, double azimuth_deg, double distance_m) {
  geo::LatLng p;
  GeographicLib::Geodesic::WGS84().Direct(from.latitude_deg, from.longitude_deg, azimuth_deg, distance_m,
                                          p.latitude_deg, p.longitude_deg);
  return p;
}

inline double DistanceM(geo::LatLng a, geo::LatLng b) {
  double distance_m = 0;
  GeographicLib::Geodesic::WGS84().Inverse(a.latitude_deg, a.longitude_deg, b.latitude_deg, b.longitude_deg,
                                           distance_m);
  return distance_m;
}

// The point of the geodesic from a to b that is at this share of its length.
inline geo::LatLng Between(geo::LatLng a, geo::LatLng b, double fraction) {
  const auto line =
      GeographicLib::Geodesic::WGS84().InverseLine(a.latitude_deg, a.longitude_deg, b.latitude_deg, b.longitude_deg);
  geo::LatLng p;
  line.Position(line.Distance() * fraction, p.latitude_deg, p.longitude_deg);
  return p;
}

// How deep p lies inside the polygon, whose corners run counter-clockwise: its distance to the nearest edge; negative
// outside. In the gnomonic projection with its centre at p.
inline double DepthM(std::span<const geo::LatLng> corners, geo::LatLng p) {
  static const GeographicLib::Gnomonic gnomonic;
  double nearest_m = std::numeric_limits<double>::infinity();
  double turn = 0;  // of the boundary around p
  double x_before = 0, y_before = 0;
  for (size_t i = 0; i <= corners.size(); ++i) {
    const geo::LatLng corner = corners[i % corners.size()];
    double x = 0, y = 0;
    gnomonic.Forward(p.latitude_deg, p.longitude_deg, corner.latitude_deg, corner.longitude_deg, x, y);
    if (i > 0) {
      const double along_x = x - x_before, along_y = y - y_before;
      const double t = -(x_before * along_x + y_before * along_y) / (along_x * along_x + along_y * along_y);
      const double in = std::clamp(t, 0.0, 1.0);
      nearest_m = std::min(nearest_m, std::hypot(x_before + in * along_x, y_before + in * along_y));
      turn += std::atan2(x_before * y - y_before * x, x_before * x + y_before * y);
    }
    x_before = x;
    y_before = y;
  }
  return turn > 3 ? nearest_m : -nearest_m;
}

// The polygon's area, positive if its corners run counter-clockwise.
inline double AreaM2(std::span<const geo::LatLng> corners) {
  GeographicLib::PolygonArea polygon(GeographicLib::Geodesic::WGS84());
  for (const geo::LatLng& corner : corners) polygon.AddPoint(corner.latitude_deg, corner.longitude_deg);
  double perimeter_m = 0, area_m2 = 0;
  polygon.Compute(false, true, perimeter_m, area_m2);
  return area_m2;
}

// Chance for tests. A failure's seed is in its message; WB_TEST_SEED sets the first one.
class Chance {
 public:
  explicit Chance(uint64_t seed) : engine_(seed) {}
  double Between(double low, double high) { return std::uniform_real_distribution<double>(low, high)(engine_); }
  // Each order of magnitude as likely as another.
  double Magnitude(double low, double high) { return std::exp(Between(std::log(low), std::log(high))); }
  int Int(int low, int high) { return std::uniform_int_distribution<int>(low, high)(engine_); }
  bool OneIn(int n) { return Int(1, n) == 1; }

  // Anywhere on earth; often near a pole, the antimeridian or the equator, or on one of them.
  geo::LatLng Position() {
    switch (Int(0, 9)) {
      case 0:
        return {OneIn(2) ? 90.0 : -90.0, Between(-180, 180)};
      case 1:
        return {(OneIn(2) ? 1 : -1) * (90 - Magnitude(1e-9, 5)), Between(-180, 180)};
      case 2:
        return {Between(-85, 85), (OneIn(2) ? 1 : -1) * 180.0};
      case 3:
        return {Between(-85, 85), (OneIn(2) ? 1 : -1) * (180 - Magnitude(1e-9, 2))};
      case 4:
        return {(OneIn(2) ? 1 : -1) * Magnitude(1e-9, 1), Between(-180, 180)};
      case 5:
        return {0, Between(-180, 180)};
      default:
        return {std::asin(Between(-1, 1)) * 57.295779513082320877, Between(-180, 180)};
    }
  }

 private:
  std::mt19937_64 engine_;
};

inline uint64_t FirstSeed() {
  const char* text = std::getenv("WB_TEST_SEED");
  return text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
}

// `count`, or as many as WB_TEST_ROUNDS says.
inline uint64_t Rounds(uint64_t count) {
  const char* text = std::getenv("WB_TEST_ROUNDS");
  return text == nullptr ? count : std::strtoull(text, nullptr, 10);
}

}  // namespace wideberth::plan::truth

#endif  // WIDEBERTH_PLAN_GEODESIC_TRUTH_H_
