#ifndef WIDEBERTH_GEO_LOCAL_PLANE_H_
#define WIDEBERTH_GEO_LOCAL_PLANE_H_

#include "geo/lat_lng.h"

namespace wideberth::geo {

struct PlanePoint {
  double x_m;  // east
  double y_m;  // north
};

// A flat map of the ellipsoid around an origin, good enough to decide all but the closest calls without trigonometry:
// Riemann normal coordinates of the WGS84 metric to second order (docs/geometry.md, "The local plane"). A value.
class LocalPlane {
 public:
  static constexpr double kLatitudeMaxDeg = 75;
  static constexpr double kReachMaxM = 30'000;

  // Whether a plane may have its origin there.
  static bool Supports(LatLng origin) {
    return origin.latitude_deg <= kLatitudeMaxDeg && origin.latitude_deg >= -kLatitudeMaxDeg;
  }

  // REQUIRES: Supports(origin).
  explicit LocalPlane(LatLng origin);

  PlanePoint Project(LatLng p) const {
    constexpr double kRadians = 3.14159265358979323846 / 180.0;
    const double north = (p.latitude_deg - origin_.latitude_deg) * kRadians;
    double east_deg = p.longitude_deg - origin_.longitude_deg;
    if (east_deg > 180) east_deg -= 360;
    if (east_deg < -180) east_deg += 360;
    const double east = east_deg * kRadians;
    return {east * (east_m_ - shrink_m_ * north), north * (north_m_ + widen_m_ * north) + rise_m_ * east * east};
  }

  // For points within `reach_m` of the origin, or whose map lies within `reach_m` of it: the map of a geodesic between
  // two of them stays this near to the straight line between their maps, and distances on the map, of points or of
  // regions, differ from the true ones by at most this. REQUIRES: 0 <= reach_m <= kReachMaxM.
  double ErrorM(double reach_m) const { return reach_m * reach_m * reach_m * error_per_cubic_m_ + kRoundingM; }

 private:
  static constexpr double kRoundingM = 1e-6;

  LatLng origin_;
  double east_m_;    // per radian of longitude, at the origin
  double shrink_m_;  // less, per radian of latitude north of it
  double north_m_;   // per radian of latitude
  double widen_m_;   // more, per radian squared: the meridian's radius grows towards the poles
  double rise_m_;    // per radian of longitude squared: parallels bend away from the geodesic
  double error_per_cubic_m_;
};

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_LOCAL_PLANE_H_
