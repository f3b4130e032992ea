#ifndef WIDEBERTH_GEO_PREDICATES_H_
#define WIDEBERTH_GEO_PREDICATES_H_

#include <cstdint>
#include <vector>

#include "geo/outline.h"
#include "geo/volume4d.h"

namespace wideberth::geo {

// The stated bound: horizontally, an answer below may differ from the truth on the ellipsoid only for outlines whose
// distance lies within this of the limit asked for, and then it says "meets". Derived in docs/geometry.md, "The bound".
inline constexpr double kOutlineBoundM = 5e-3;

// Whether two outlines come within `limit_m` of each other on the ellipsoid (0: whether they share a point).
// True whenever their distance is <= limit_m; false whenever it is > limit_m + kOutlineBoundM.
//   (1) WithinDistance(a, b, d) == WithinDistance(b, a, d)    (2) WithinDistance(a, a, 0)
//   (3) WithinDistance(a, b, d) implies WithinDistance(a, b, e) for e >= d
// REQUIRES: 0 <= limit_m <= Separation::kHorizontalMaxM. Small convex outlines far from touching cost tens of
// nanoseconds; the worst case is O(n m) in the vertices.
bool WithinDistance(const Outline& a, const Outline& b, double limit_m);

// Whether two volumes share a point of space and time, all bounds in; or, with a separation, come that near. Never
// misses; what it reports without need lies within kOutlineBoundM horizontally. Altitudes and times are exact.
bool Intersects(const Volume4D& a, const Volume4D& b, const Separation& separation = {});

// What answers cost, for whoever has to bound that: counted from what was compared, so that the same questions add the
// same everywhere; in about nanoseconds of one core of these years, within a factor of three.
struct Effort {
  int64_t count = 0;
};

// The same as Intersects, and adds to the effort.
bool Intersects(const Volume4D& a, const Volume4D& b, Effort& effort);

// Whether every point of `inner` is one of `outer`, all bounds in. True whenever that is so; false whenever a point of
// `inner` lies more than kOutlineBoundM outside `outer`.   (4) Contains(a, a)   (5) Contains(a, b) implies
// Intersects(a, b)
bool Contains(const Outline& outer, const Outline& inner);
bool Contains(const Volume4D& outer, const Volume4D& inner);

// The shortest way between two outlines.
struct ClosestPoints {
  double distance_m = 0;  // geodesic; 0 when they share a point. Within kOutlineBoundM of the truth.
  LatLng on_a;            // ends of the shortest way; the same point when they touch or overlap
  LatLng on_b;
};
ClosestPoints FindClosestPoints(const Outline& a, const Outline& b);

// Where two outlines overlap, as rings in counter-clockwise order, the first vertex not repeated: for a map, with a
// circle drawn as a polygon around it. Empty when they only touch (then FindClosestPoints says where) or are apart.
std::vector<std::vector<LatLng>> SharedRegion(const Outline& a, const Outline& b);
// About what it takes, and FindClosestPoints with it, known before. O(1).
Effort EffortOfSharedRegion(const Outline& a, const Outline& b);

// One or two rectangles, none across the antimeridian (west <= east in each), which together hold every point within
// `margin_m` + kOutlineBoundM of the outline. REQUIRES: 0 <= margin_m <= Separation::kHorizontalMaxM.
struct BoundingRectangles {
  int count;
  BoundsE7 rectangles[2];
};
BoundingRectangles BoundsOf(const Outline& outline, double margin_m = 0);

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_PREDICATES_H_
