#ifndef WIDEBERTH_PLAN_CONVEX_POLYGON_H_
#define WIDEBERTH_PLAN_CONVEX_POLYGON_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace wideberth::plan {

// A point of a plane, in metres; or the way from one to another.
struct PlanePoint {
  double x = 0;
  double y = 0;

  friend PlanePoint operator-(PlanePoint a, PlanePoint b) { return {a.x - b.x, a.y - b.y}; }
  friend bool operator==(const PlanePoint&, const PlanePoint&) = default;
};

// Convex hulls of points in a plane, in floating point: every promise below holds to within kPlaneErrorM for
// coordinates of up to 1,000 km, which whoever needs certainty adds to a margin.
inline constexpr double kPlaneErrorM = 1e-6;

// The indices of the points on the corners of the convex hull, counter-clockwise from the one with the least (x, y).
// One index if all are equal, none if there are none. O(n log n).
std::vector<uint32_t> ConvexHull(std::span<const PlanePoint> points);

// Leaves corners out of a hull: every point of the hull is within `tolerance_m` of the convex hull of those that are
// left, and neighbours among these are more than `tolerance_m` apart. REQUIRES: tolerance_m > 0.
std::vector<uint32_t> ThinHull(std::span<const PlanePoint> points, std::span<const uint32_t> hull, double tolerance_m);

// A corner of a polygon: one of the points that it was made of, or a new one.
struct Corner {
  static constexpr uint32_t kNew = UINT32_MAX;

  PlanePoint point;
  uint32_t index = kNew;  // which of the points it is
};

// Removes edges from a convex polygon, counter-clockwise: the two neighbours of an edge grow until they meet, so that
// the result contains the polygon. Each time it is the edge that adds the least area, among those whose new corner is
// within `radius_m` of the origin, and among 5 edges or more; until there are `corners_max` corners or fewer and the
// next edge would add more than `free_m2`, or there is none. O(n^2).
// REQUIRES: a disc of 1 mm radius fits in the polygon: of slivers, rounding alone decides where edges point.
void RemoveEdges(std::vector<Corner>& polygon, size_t corners_max, double radius_m, double free_m2 = 0);

}  // namespace wideberth::plan

#endif  // WIDEBERTH_PLAN_CONVEX_POLYGON_H_
