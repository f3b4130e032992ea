#include "plan/convex_polygon.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <tuple>
#include <utility>

#include "base/check.h"

namespace wideberth::plan {
namespace {

double Cross(PlanePoint a, PlanePoint b) { return a.x * b.y - a.y * b.x; }
double Dot(PlanePoint a, PlanePoint b) { return a.x * b.x + a.y * b.y; }
double Length(PlanePoint a) { return std::sqrt(Dot(a, a)); }

double DistanceToSegment(PlanePoint p, PlanePoint a, PlanePoint b) {
  const PlanePoint along = b - a;
  const double length2 = Dot(along, along);
  const double t = length2 > 0 ? std::clamp(Dot(p - a, along) / length2, 0.0, 1.0) : 0;
  return Length(p - PlanePoint{a.x + t * along.x, a.y + t * along.y});
}

// What is added when the edge b-c goes and the edges before and after it, a-b and c-d, grow until they meet.
struct Removal {
  double area_m2 = std::numeric_limits<double>::infinity();
  PlanePoint corner;
};

Removal RemovalOf(PlanePoint a, PlanePoint b, PlanePoint c, PlanePoint d, double radius_m) {
  const PlanePoint before = b - a;
  const PlanePoint edge = c - b;
  const PlanePoint after = d - c;
  // Neighbours that are almost parallel have no sure meeting point; and one that would grow by more than this many
  // times its length would take the rounding of its ends (1e-11 m) too far.
  constexpr double kTurnMin = 1e-9;
  constexpr double kGrowthMax = 1e4;
  const double turn = Cross(before, after);
  if (turn <= kTurnMin * Length(before) * Length(after)) return {};
  const double grow_before = std::max(Cross(edge, after), 0.0) / turn;  // in units of `before`, beyond b
  const double grow_after = std::max(Cross(before, edge), 0.0) / turn;  // in units of `after`, before c
  if (grow_before > kGrowthMax || grow_after > kGrowthMax) return {};
  const PlanePoint corner{b.x + grow_before * before.x, b.y + grow_before * before.y};
  if (!(Length(corner) <= radius_m)) return {};
  return {0.5 * grow_before * grow_after * turn, corner};
}

}  // namespace

std::vector<uint32_t> ConvexHull(std::span<const PlanePoint> points) {
  WB_CHECK(points.size() < Corner::kNew);
  std::vector<uint32_t> order(points.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto before = [&](uint32_t a, uint32_t b) {
    return std::tuple(points[a].x, points[a].y, a) < std::tuple(points[b].x, points[b].y, b);
  };
  std::sort(order.begin(), order.end(), before);
  const auto same = [&](uint32_t a, uint32_t b) { return points[a] == points[b]; };
  order.erase(std::unique(order.begin(), order.end(), same), order.end());
  if (order.size() < 3) return order;

  // Andrew's monotone chain: the lower side from left to right, then the upper side back.
  std::vector<uint32_t> hull;
  const auto add = [&](uint32_t index, size_t side_start) {
    while (hull.size() >= side_start + 2) {
      const PlanePoint a = points[hull[hull.size() - 2]];
      const PlanePoint b = points[hull.back()];
      if (Cross(b - a, points[index] - a) > 0) break;
      hull.pop_back();
    }
    hull.push_back(index);
  };
  for (const uint32_t index : order) add(index, 0);
  const size_t upper_start = hull.size() - 1;
  for (size_t i = order.size() - 1; i-- > 0;) add(order[i], upper_start);
  hull.pop_back();  // the first again
  return hull;
}

std::vector<uint32_t> ThinHull(std::span<const PlanePoint> points, std::span<const uint32_t> hull, double tolerance_m) {
  WB_CHECK(tolerance_m > 0);
  const size_t n = hull.size();
  if (n < 2) return {hull.begin(), hull.end()};
  // The corner furthest from the first halves the ring; each half keeps what is too far from its chord, and so on.
  size_t furthest = 0;
  double furthest_m = 0;
  for (size_t i = 1; i < n; ++i) {
    const double distance_m = Length(points[hull[i]] - points[hull[0]]);
    if (distance_m > furthest_m) {
      furthest = i;
      furthest_m = distance_m;
    }
  }
  if (furthest_m <= tolerance_m) return {hull[0]};

  std::vector<bool> keep(n, false);
  keep[0] = keep[furthest] = true;
  std::vector<std::pair<size_t, size_t>> open{{0, furthest}, {furthest, n}};
  while (!open.empty()) {
    const auto [from, to] = open.back();
    open.pop_back();
    size_t worst = from;
    double worst_m = tolerance_m;
    for (size_t i = from + 1; i < to; ++i) {
      const double distance_m = DistanceToSegment(points[hull[i]], points[hull[from]], points[hull[to % n]]);
      if (distance_m > worst_m) {
        worst = i;
        worst_m = distance_m;
      }
    }
    if (worst == from) continue;
    keep[worst] = true;
    open.emplace_back(from, worst);
    open.emplace_back(worst, to);
  }
  std::vector<uint32_t> kept;
  for (size_t i = 0; i < n; ++i)
    if (keep[i]) kept.push_back(hull[i]);
  return kept;
}

void RemoveEdges(std::vector<Corner>& polygon, size_t corners_max, double radius_m, double free_m2) {
  // removals[i] is that of the edge from corner i to the next.
  std::vector<Removal> removals(polygon.size());
  const auto update = [&](size_t i) {
    const size_t n = polygon.size();
    removals[i] = RemovalOf(polygon[(i + n - 1) % n].point, polygon[i].point, polygon[(i + 1) % n].point,
                            polygon[(i + 2) % n].point, radius_m);
  };
  for (size_t i = 0; i < polygon.size(); ++i) update(i);
  while (polygon.size() > 4) {
    const auto least = std::min_element(removals.begin(), removals.end(),
                                        [](const Removal& a, const Removal& b) { return a.area_m2 < b.area_m2; });
    if (!std::isfinite(least->area_m2)) return;
    if (polygon.size() <= corners_max && least->area_m2 > free_m2) return;
    const auto at = static_cast<size_t>(least - removals.begin());
    polygon[at] = {least->corner, Corner::kNew};
    const size_t gone = (at + 1) % polygon.size();
    polygon.erase(polygon.begin() + static_cast<std::ptrdiff_t>(gone));
    removals.erase(removals.begin() + static_cast<std::ptrdiff_t>(gone));
    const size_t n = polygon.size();
    const size_t corner = gone == 0 ? at - 1 : at;
    // The edges that end or begin at the new corner, and their other neighbours.
    for (const size_t back : {size_t{2}, size_t{1}, size_t{0}}) update((corner + n - back) % n);
    update((corner + 1) % n);
  }
}

}  // namespace wideberth::plan
