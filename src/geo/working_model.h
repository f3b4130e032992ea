#ifndef WIDEBERTH_GEO_WORKING_MODEL_H_
#define WIDEBERTH_GEO_WORKING_MODEL_H_

#include <s2/s2point.h>

#include <span>
#include <vector>

#include "geo/lat_lng.h"

// The working model, for the sources of this module only: S2 on geodetic latitude and longitude. A position is the
// unit vector along the ellipsoid's normal there, and an edge the great circle between two of them, which on the
// ellipsoid is a great ellipse (docs/geometry.md, "Edges").
namespace wideberth::geo {

inline constexpr double kRightAngle = 1.57079632679489661923;

S2Point ToModel(LatLng p);
LatLng FromModel(const S2Point& p);
std::vector<S2Point> ToModel(std::span<const LatLng> ring);

// The angle between two unit vectors, in radians; good to some 1e-15 for small ones too.
double ModelAngle(const S2Point& a, const S2Point& b);

// The cap around a ring's mean direction.
struct ModelCap {
  S2Point center;
  double angle;  // radians
};

// No polygon may reach further than this around its middle: beyond, which side is inside would be anybody's guess.
inline constexpr double kCapAngleMax = 80.0 / 180.0 * 3.14159265358979323846;

// The cap, by the mean of the vertices. Its angle is above kCapAngleMax where the ring has no middle.
ModelCap CapOf(std::span<const S2Point> ring);

// Whether p lies inside the ring: on the side that lies in the cap. Exact in the model, by the parity of crossings of
// an arc from a point outside; of a point on the boundary, consistently one or the other. O(vertices).
bool InsideRing(const S2Point& p, std::span<const S2Point> ring, const ModelCap& cap);

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_WORKING_MODEL_H_
