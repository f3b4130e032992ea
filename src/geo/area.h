#ifndef WIDEBERTH_GEO_AREA_H_
#define WIDEBERTH_GEO_AREA_H_

#include "geo/outline.h"

namespace wideberth::geo {

// The area on the ellipsoid, in square metres; of a circle within 0.1 % up to 100 km of radius. O(vertices).
double AreaM2(const Outline& outline);

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_AREA_H_
