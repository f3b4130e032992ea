#ifndef WIDEBERTH_GEO_BOUNDS_H_
#define WIDEBERTH_GEO_BOUNDS_H_

#include "geo/outline.h"

namespace wideberth::geo {

// The least rectangle that holds a ring's vertices. `east_deg` - `west_deg` counts the way round without a jump at the
// antimeridian, so either may leave -180..180.
struct LooseBounds {
  double south_deg;
  double north_deg;
  double west_deg;
  double east_deg;
  bool around_pole;  // the ring goes round a pole: all longitudes are in
};

// The rectangle that holds every point within `margin_m` of the region of such a ring, whose edges are geodesics of at
// most `edge_max_m` each and so bend beyond their ends towards a pole. Rounded outward. REQUIRES: margin_m <= 1e7.
BoundsE7 Enlarge(const LooseBounds& loose, double margin_m, double edge_max_m);

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_BOUNDS_H_
