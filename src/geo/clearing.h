#ifndef WIDEBERTH_GEO_CLEARING_H_
#define WIDEBERTH_GEO_CLEARING_H_

#include "geo/outline.h"
#include "geo/predicates.h"

namespace wideberth::geo {

// A way to move an outline as a whole.
struct Move {
  double distance_m = 0;
  double bearing_deg = 0;  // clockwise from north, at the outline's centre; in [0, 360)
};

// A move of `own` after which it does not meet `other`, in whatever way its points are moved so far: along geodesics,
// by the same degrees, or on a map. The shortest, but for the difference between those ways and kOutlineBoundM (some
// centimetres for outlines of 1 km), if both are circles or convex. Of other polygons it is that of their convex hulls;
// where the outlines reach further than LocalPlane does, or beyond its latitudes, that of the circles around them: both
// are enough and may be more than is needed.
Move FindClearing(const Outline& own, const Outline& other);
// About what it takes, known before. O(1).
Effort EffortOfClearing(const Outline& own, const Outline& other);

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_CLEARING_H_
