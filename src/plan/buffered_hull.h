#ifndef WIDEBERTH_PLAN_BUFFERED_HULL_H_
#define WIDEBERTH_PLAN_BUFFERED_HULL_H_

#include <cstddef>
#include <span>
#include <vector>

#include "geo/lat_lng.h"

namespace wideberth::plan {

inline constexpr double kHullReachMaxM = 60e3;
inline constexpr double kHullBufferMaxM = 100e3;

// The corners, counter-clockwise, of a convex polygon with geodesic edges on WGS84 that contains every point within
// `buffer_m` of any of the points, and of any geodesic between two of them. At most `corners_max` of them, neighbours
// apart from each other. It stays within 1.03 buffer_m + 5 cm of the points' convex hull but where corners were
// saved. How and why: docs/tracks.md, "The outline of a stretch".
// REQUIRES: points, all valid and within kHullReachMaxM of the first; 0 < buffer_m <= kHullBufferMaxM;
// corners_max >= 24. O(n log n).
std::vector<geo::LatLng> BufferedHull(std::span<const geo::LatLng> points, double buffer_m, size_t corners_max);

}  // namespace wideberth::plan

#endif  // WIDEBERTH_PLAN_BUFFERED_HULL_H_
