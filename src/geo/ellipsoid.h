#ifndef WIDEBERTH_GEO_ELLIPSOID_H_
#define WIDEBERTH_GEO_ELLIPSOID_H_

#include <vector>

#include "geo/lat_lng.h"

namespace wideberth::geo {

// The WGS84 ellipsoid (NIMA TR8350.2, table 3.1) and its geodesics (Karney, "Algorithms for geodesics", 2013, by
// GeographicLib: errors of some 15 nm).
inline constexpr double kPi = 3.14159265358979323846;
inline constexpr double kRadiansPerDegree = kPi / 180.0;
inline constexpr double kSemiMajorAxisM = 6378137.0;
inline constexpr double kFlattening = 1.0 / 298.257223563;
inline constexpr double kEccentricitySquared = kFlattening * (2.0 - kFlattening);

// The least and the greatest radius of curvature anywhere, in any direction: along the meridian at the equator,
// a(1-e^2), rounded down, and at the poles, a/sqrt(1-e^2), rounded up. A way on the ellipsoid is that many metres for
// each radian that the surface's normal turns: at least kCurvatureRadiusMinM, at most kCurvatureRadiusMaxM.
inline constexpr double kCurvatureRadiusMinM = 6335439.3;
inline constexpr double kCurvatureRadiusMaxM = 6399593.7;

// The geodesic distance.
double GeodesicDistanceM(LatLng a, LatLng b);

// Points that cut the geodesic from a to b into the fewest equal pieces of at most `piece_m`: those strictly between
// a and b, appended to `out`. Returns the geodesic's length. Whoever must not run out of memory limits the length.
// Nothing is appended when the length is over `length_max_m`.
double CutGeodesic(LatLng a, LatLng b, double piece_m, double length_max_m, std::vector<LatLng>& out);

// The point at `distance_m` from `from` along the geodesic towards `to`.
LatLng PointTowards(LatLng from, LatLng to, double distance_m);

// The point at `distance_m` from `from` in the direction `azimuth_deg` (clockwise from north).
LatLng PointAt(LatLng from, double azimuth_deg, double distance_m);

// The point of the geodesic from a to b that is nearest to p, and how far it is, to within 10 micrometres.
// REQUIRES: a and b at most 20 km apart; p at most 9,000 km from them.
struct NearestOnGeodesic {
  double distance_m;
  LatLng point;
};
NearestOnGeodesic NearestPointOnGeodesic(LatLng p, LatLng a, LatLng b);

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_ELLIPSOID_H_
