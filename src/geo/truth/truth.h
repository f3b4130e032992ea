#ifndef WIDEBERTH_GEO_TRUTH_TRUTH_H_
#define WIDEBERTH_GEO_TRUTH_TRUTH_H_

#include <vector>

#include "geo/lat_lng.h"

// What is so on the WGS84 ellipsoid, for tests: GeographicLib and plain arithmetic, and nothing of what is tested (of
// ours, only the pair LatLng). Slow, and built otherwise: no plane, no sphere of normals, no great ellipses.
namespace wideberth::geo::truth {

// A ring of geodesics with its inside, or, with one vertex, a circle.
struct Shape {
  std::vector<LatLng> ring;
  double radius_m = 0;
};

double Distance(LatLng a, LatLng b);
LatLng Go(LatLng from, double azimuth_deg, double distance_m);
double Azimuth(LatLng from, LatLng to);
// The point a share 0..1 of the way along the geodesic from a to b, and the azimuth of the geodesic there.
struct Place {
  LatLng point;
  double azimuth_deg;
};
Place Between(LatLng a, LatLng b, double share);

// The distance from p to the geodesic from a to b. REQUIRES: p within 9,000 km of it or so.
double DistanceToEdge(LatLng p, LatLng a, LatLng b);

// Whether p lies inside the ring, by the sum of the azimuths under which p sees its edges. REQUIRES: p is not on the
// ring, which lies in a hemisphere.
bool Inside(LatLng p, const std::vector<LatLng>& ring);

// The distance of p from the shape, 0 inside.
double DistanceTo(LatLng p, const Shape& shape);

// The distance between two shapes: 0 when they meet, right to 0.1 micrometre or so; where it is above `cap_m`, any
// number above that. REQUIRES: the cores, circles without their radius, lie within 9,000 km of each other.
double Gap(const Shape& a, const Shape& b, double cap_m);

}  // namespace wideberth::geo::truth

#endif  // WIDEBERTH_GEO_TRUTH_TRUTH_H_
