#include "geo/predicates.h"

#include <s2/mutable_s2shape_index.h>
#include <s2/s2closest_edge_query.h>
#include <s2/s2edge_crosser.h>
#include <s2/s2edge_crossings.h>
#include <s2/s2edge_distances.h>
#include <s2/s2lax_polyline_shape.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "geo/ellipsoid.h"
#include "geo/local_plane.h"
#include "geo/working_model.h"

namespace wideberth::geo {
namespace {

// A polygon is its ring; a circle is its centre, grown by its radius. So every question here is one about the distance
// of two cores, a ring with its inside or a point, against a limit to which the radii have been added.

// What the exact form adds to a limit before it compares: each ring of pieces may lie that far from its geodesics.
constexpr double kModelSlackM = 2 * Outline::kEdgeDeviationM;
// Where a distance in the model leaves a doubt no larger than this, it is settled as "within".
constexpr double kSettledM = 0.5e-3;
// Rounding: unit vectors and chords err by 1e-15 radians or so, some 10 nm on the ground.
constexpr double kRoundingM = 1e-6;
static_assert(kModelSlackM + kModelSlackM + kSettledM + kRoundingM < kOutlineBoundM);

// What they cost (Effort): a question, a vertex or an edge that is prepared, a pair of these compared, a true geodesic.
constexpr int64_t kQuestionEffort = 20;
constexpr int64_t kFlatVertexEffort = 20;
constexpr int64_t kFlatPairEffort = 8;
constexpr int64_t kEdgeEffort = 150;
constexpr int64_t kEdgePairEffort = 80;
constexpr int64_t kIndexedEdgeEffort = 2'000;
constexpr int64_t kGeodesicEffort = 1'500;

int64_t Count(size_t count) { return static_cast<int64_t>(count); }

// ---- Filter 1: discs. Filter 2: the plane. Either decides surely or says "unsure".

enum class Verdict { kWithin, kBeyond, kUnsure };

struct FlatRing {
  static constexpr size_t kVerticesMax = 64;
  std::array<double, kVerticesMax + 1> x;  // the first vertex again at the end
  std::array<double, kVerticesMax + 1> y;
  size_t size = 0;

  void Project(const Outline& outline, const LocalPlane& plane) {
    for (const LatLng& vertex : outline.vertices()) {
      const PlanePoint p = plane.Project(vertex);
      x[size] = p.x_m;
      y[size] = p.y_m;
      ++size;
    }
    x[size] = x[0];
    y[size] = y[0];
  }
};

// +1 for a ring in counter-clockwise order, -1 for the other.
double Direction(const FlatRing& ring) {
  double area2 = 0;
  for (size_t i = 0; i < ring.size; ++i) area2 += ring.x[i] * ring.y[i + 1] - ring.x[i + 1] * ring.y[i];
  return area2 > 0 ? 1 : -1;
}

// What the vertices of one ring see of another.
struct Sight {
  double nearest2_m2 = 1e300;  // the least squared distance of a vertex of `from` to an edge of `to`
  double deepest2_m2 = -1;     // the same for the vertex that lies deepest inside `to`; -1: none inside
  bool separated = false;      // the line of an edge of `to` has `from` all on its outer side, `clear_m` away or more
};

// Looks from every vertex of `from` at every edge of `to`, a polygon.
Sight Look(const FlatRing& from, const FlatRing& to, bool to_convex, double clear_m) {
  const double to_direction = to_convex ? Direction(to) : 0;
  Sight sight;
  std::array<double, FlatRing::kVerticesMax> nearest2;
  std::array<uint32_t, FlatRing::kVerticesMax> crossings;
  for (size_t i = 0; i < from.size; ++i) {
    nearest2[i] = 1e300;
    crossings[i] = 0;
  }
  for (size_t j = 0; j < to.size; ++j) {
    const double ax = to.x[j];
    const double ay = to.y[j];
    const double bx = to.x[j + 1];
    const double by = to.y[j + 1];
    const double ex = bx - ax;
    const double ey = by - ay;
    const double length2 = ex * ex + ey * ey;
    const double inverse2 = 1 / length2;
    double innermost = -1e300;  // times the edge's length: how far on its inner side the most inner vertex is
    for (size_t i = 0; i < from.size; ++i) {
      const double px = from.x[i] - ax;
      const double py = from.y[i] - ay;
      const double cross = ex * py - ey * px;
      const double along = std::min(std::max((px * ex + py * ey) * inverse2, 0.0), 1.0);
      const double dx = px - along * ex;
      const double dy = py - along * ey;
      nearest2[i] = std::min(nearest2[i], dx * dx + dy * dy);
      // Whether the edge crosses the ray that goes east from the vertex.
      const bool above_a = ay > from.y[i];
      const bool above_b = by > from.y[i];
      crossings[i] += static_cast<uint32_t>((above_a != above_b) & ((cross > 0) == above_b));
      innermost = std::max(innermost, cross * to_direction);
    }
    if (to_convex && innermost < 0 && innermost * innermost > clear_m * clear_m * length2) {
      sight.separated = true;
      return sight;
    }
  }
  for (size_t i = 0; i < from.size; ++i) {
    sight.nearest2_m2 = std::min(sight.nearest2_m2, nearest2[i]);
    if ((crossings[i] & 1) != 0) sight.deepest2_m2 = std::max(sight.deepest2_m2, nearest2[i]);
  }
  return sight;
}

// Edges that cross: surely when every end lies more than `error_m` off the other's line; perhaps, when any might.
enum class Crossing { kSure, kMaybe, kNone };

Crossing FindCrossing(const FlatRing& a, const FlatRing& b, double error_m) {
  Crossing found = Crossing::kNone;
  for (size_t i = 0; i < a.size; ++i) {
    const double ax = a.x[i];
    const double ay = a.y[i];
    const double ex = a.x[i + 1] - ax;
    const double ey = a.y[i + 1] - ay;
    const double tolerance = error_m * std::sqrt(ex * ex + ey * ey);
    for (size_t j = 0; j < b.size; ++j) {
      const double from = ex * (b.y[j] - ay) - ey * (b.x[j] - ax);
      const double to = ex * (b.y[j + 1] - ay) - ey * (b.x[j + 1] - ax);
      if ((from > tolerance && to > tolerance) || (from < -tolerance && to < -tolerance)) continue;
      const double gx = b.x[j + 1] - b.x[j];
      const double gy = b.y[j + 1] - b.y[j];
      const double other_tolerance = error_m * std::sqrt(gx * gx + gy * gy);
      const double start = gx * (ay - b.y[j]) - gy * (ax - b.x[j]);
      const double end = gx * (a.y[i + 1] - b.y[j]) - gy * (a.x[i + 1] - b.x[j]);
      if ((start > other_tolerance && end > other_tolerance) || (start < -other_tolerance && end < -other_tolerance))
        continue;
      found = Crossing::kMaybe;
      if (std::min(std::abs(from), std::abs(to)) > tolerance &&
          std::min(std::abs(start), std::abs(end)) > other_tolerance)
        return Crossing::kSure;
    }
  }
  return found;
}

Verdict Filter(const Outline& a, const Outline& b, double limit_m, Effort& effort) {
  effort.count += kQuestionEffort;
  if (!LocalPlane::Supports(a.center()) || std::abs(a.center().latitude_deg - b.center().latitude_deg) > 1)
    return Verdict::kUnsure;
  const LocalPlane plane(a.center());
  const PlanePoint to_b = plane.Project(b.center());
  const double apart_m = std::sqrt(to_b.x_m * to_b.x_m + to_b.y_m * to_b.y_m);
  if (!(apart_m <= LocalPlane::kReachMaxM / 2)) return Verdict::kUnsure;

  // Discs around both outlines, and discs inside both.
  const double apart_error_m = plane.ErrorM(apart_m);
  if (apart_m - apart_error_m > a.outer_radius_m() + b.outer_radius_m() + limit_m + kOutlineBoundM)
    return Verdict::kBeyond;
  if (a.inner_radius_m() >= 0 && b.inner_radius_m() >= 0 &&
      apart_m + apart_error_m <= a.inner_radius_m() + b.inner_radius_m() + limit_m)
    return Verdict::kWithin;

  // The rings themselves, in the plane.
  const double reach_m = std::max(a.outer_radius_m() - a.radius_m(), apart_m + b.outer_radius_m() - b.radius_m()) + 1;
  if (reach_m > LocalPlane::kReachMaxM || a.vertices().size() > FlatRing::kVerticesMax ||
      b.vertices().size() > FlatRing::kVerticesMax)
    return Verdict::kUnsure;
  const double error_m = plane.ErrorM(reach_m);
  const double total_m = limit_m + a.radius_m() + b.radius_m();
  const double beyond_m = total_m + error_m + kOutlineBoundM;
  // A convex outline may bulge over an edge's line by what its own map erred, and by what this one does.
  const double clear_m = beyond_m + 2 * error_m;
  const int64_t vertices_a = Count(a.vertices().size());
  const int64_t vertices_b = Count(b.vertices().size());
  effort.count += kFlatVertexEffort * (vertices_a + vertices_b) + kFlatPairEffort * vertices_a * vertices_b;
  FlatRing ring_a;
  FlatRing ring_b;
  ring_a.Project(a, plane);
  ring_b.Project(b, plane);
  Sight from_a;
  Sight from_b;
  if (!b.is_circle()) {
    from_a = Look(ring_a, ring_b, b.is_convex(), clear_m);
    if (from_a.separated) return Verdict::kBeyond;
    if (from_a.deepest2_m2 > error_m * error_m) return Verdict::kWithin;
  }
  if (!a.is_circle()) {
    from_b = Look(ring_b, ring_a, a.is_convex(), clear_m);
    if (from_b.separated) return Verdict::kBeyond;
    if (from_b.deepest2_m2 > error_m * error_m) return Verdict::kWithin;
  }
  const double nearest_m =
      a.is_circle() && b.is_circle() ? apart_m : std::sqrt(std::min(from_a.nearest2_m2, from_b.nearest2_m2));
  if (nearest_m + error_m <= total_m) return Verdict::kWithin;
  if (!a.is_circle() && !b.is_circle()) {
    const Crossing crossing = FindCrossing(ring_a, ring_b, error_m);
    if (crossing == Crossing::kSure) return Verdict::kWithin;
    if (crossing == Crossing::kMaybe) return Verdict::kUnsure;
  }
  const bool nested = from_a.deepest2_m2 >= 0 || from_b.deepest2_m2 >= 0;
  return !nested && nearest_m > beyond_m ? Verdict::kBeyond : Verdict::kUnsure;
}

// ---- The exact form.

struct Core {
  explicit Core(const Outline& outline) : positions(outline.pieces()), points(ToModel(positions)), cap(CapOf(points)) {}

  bool is_point() const { return points.size() == 1; }
  // A point has one edge, from itself to itself.
  size_t next(size_t i) const { return i + 1 == points.size() ? 0 : i + 1; }

  std::span<const LatLng> positions;
  std::vector<S2Point> points;
  ModelCap cap;
};

// The edges of `core` that may come within `reach` radians of `other`'s cap.
std::vector<uint32_t> EdgesNear(const Core& core, const Core& other, double reach) {
  constexpr double kSlackAngle = 1e-9;
  std::vector<uint32_t> near;
  if (core.is_point()) return {0};
  const S1ChordAngle limit(S1Angle::Radians(std::min(2 * kRightAngle, other.cap.angle + reach + kSlackAngle)));
  for (size_t i = 0; i < core.points.size(); ++i) {
    S1ChordAngle distance = S1ChordAngle::Infinity();
    S2::UpdateMinDistance(other.cap.center, core.points[i], core.points[core.next(i)], &distance);
    if (distance <= limit) near.push_back(static_cast<uint32_t>(i));
  }
  return near;
}

// Two edges, one of each core, and their distance in the model.
struct EdgePair {
  uint32_t edge_a = 0;
  uint32_t edge_b = 0;
  S1ChordAngle distance = S1ChordAngle::Infinity();
};

// Calls visit(EdgePair) for the pairs of edges from two lists that are at most `limit` apart, until it returns false.
// Compares all with all while they are few; S2's index finds the near ones where they are many.
template <typename Visit>
void VisitEdgePairs(const Core& a, const std::vector<uint32_t>& edges_a, const Core& b,
                    const std::vector<uint32_t>& edges_b, S1ChordAngle limit, Effort& effort, Visit visit) {
  const auto compare = [&](uint32_t i, uint32_t j) {
    EdgePair pair{i, j, limit.Successor()};
    const S2Point& a0 = a.points[i];
    const S2Point& a1 = a.points[a.next(i)];
    const S2Point& b0 = b.points[j];
    const S2Point& b1 = b.points[b.next(j)];
    if (a.is_point() && b.is_point()) {
      pair.distance = S1ChordAngle(a0, b0);
      return pair.distance > limit || visit(pair);
    }
    const bool near = a.is_point()   ? S2::UpdateMinDistance(a0, b0, b1, &pair.distance)
                      : b.is_point() ? S2::UpdateMinDistance(b0, a0, a1, &pair.distance)
                                     : S2::UpdateEdgePairMinDistance(a0, a1, b0, b1, &pair.distance);
    return !near || visit(pair);
  };
  constexpr size_t kAllWithAllMax = 100'000;
  if (edges_a.size() * edges_b.size() <= kAllWithAllMax) {
    for (const uint32_t i : edges_a) {
      effort.count += kEdgePairEffort * Count(edges_b.size());
      for (const uint32_t j : edges_b)
        if (!compare(i, j)) return;
    }
    return;
  }
  effort.count += kIndexedEdgeEffort * Count(edges_a.size() + edges_b.size());
  const auto add_edges = [](const Core& core, const std::vector<uint32_t>& edges, MutableS2ShapeIndex& index) {
    for (const uint32_t i : edges)
      index.Add(std::make_unique<S2LaxPolylineShape>(std::vector<S2Point>{core.points[i], core.points[core.next(i)]}));
  };
  MutableS2ShapeIndex index;
  add_edges(b, edges_b, index);
  S2ClosestEdgeQuery query(&index);
  query.mutable_options()->set_conservative_max_distance(limit);
  query.mutable_options()->set_include_interiors(false);
  for (const uint32_t i : edges_a) {
    S2ClosestEdgeQuery::EdgeTarget target(a.points[i], a.points[a.next(i)]);
    for (const auto& result : query.FindClosestEdges(&target)) {
      effort.count += kEdgePairEffort;
      if (!compare(i, edges_b[static_cast<size_t>(result.shape_id())])) return;
    }
  }
}

// The true distance of the two edges, when they do not cross: it is that of some end of one to the other.
struct Way {
  double distance_m;
  LatLng on_a;
  LatLng on_b;
};
Way ShortestWay(const Core& a, uint32_t edge_a, const Core& b, uint32_t edge_b, Effort& effort) {
  effort.count += 4 * kGeodesicEffort;
  const LatLng a0 = a.positions[edge_a];
  const LatLng a1 = a.positions[a.next(edge_a)];
  const LatLng b0 = b.positions[edge_b];
  const LatLng b1 = b.positions[b.next(edge_b)];
  Way best{1e300, a0, b0};
  const auto from_a = [&](LatLng end) {
    const NearestOnGeodesic nearest = NearestPointOnGeodesic(end, b0, b1);
    if (nearest.distance_m < best.distance_m) best = {nearest.distance_m, end, nearest.point};
  };
  const auto from_b = [&](LatLng end) {
    const NearestOnGeodesic nearest = NearestPointOnGeodesic(end, a0, a1);
    if (nearest.distance_m < best.distance_m) best = {nearest.distance_m, nearest.point, end};
  };
  from_a(a0);
  if (!a.is_point()) {
    from_a(a1);
    from_b(b0);
    if (!b.is_point()) from_b(b1);
  }
  return best;
}

S1ChordAngle ChordOf(double angle) { return S1ChordAngle(S1Angle::Radians(std::min(angle, 2 * kRightAngle))); }

// Whether one core has the other inside it, given that their boundaries do not meet.
bool Nested(const Core& a, const Core& b) {
  return (!b.is_point() && InsideRing(a.points[0], b.points, b.cap)) ||
         (!a.is_point() && InsideRing(b.points[0], a.points, a.cap));
}

bool WithinDistanceExact(const Outline& outline_a, const Outline& outline_b, double limit_m, Effort& effort) {
  const double total_m = limit_m + outline_a.radius_m() + outline_b.radius_m();
  const double accept_m = total_m + kModelSlackM;
  const Core a(outline_a);
  const Core b(outline_b);
  effort.count += kEdgeEffort * Count(a.points.size() + b.points.size());
  // A radian between normals is at least kCurvatureRadiusMinM on the ground: nothing further than this is in question.
  const double reach = (accept_m + kRoundingM) / kCurvatureRadiusMinM;
  const std::vector<uint32_t> edges_a = EdgesNear(a, b, reach);
  const std::vector<uint32_t> edges_b = EdgesNear(b, a, reach);
  // And at most kCurvatureRadiusMaxM: nearer than this, there is no question either.
  const S1ChordAngle surely = ChordOf((accept_m + kSettledM) / kCurvatureRadiusMaxM);
  EdgePair nearest;
  VisitEdgePairs(a, edges_a, b, edges_b, ChordOf(reach), effort, [&](const EdgePair& pair) {
    if (pair.distance < nearest.distance) nearest = pair;
    return nearest.distance > surely;
  });
  if (nearest.distance <= surely || Nested(a, b)) return true;
  if (nearest.distance == S1ChordAngle::Infinity()) return false;
  // So far apart that the curvature in between matters: measure true geodesics, the most promising pair first.
  if (ShortestWay(a, nearest.edge_a, b, nearest.edge_b, effort).distance_m <= accept_m) return true;
  bool within = false;
  const double edges_m = (a.is_point() ? 0 : Outline::kEdgePieceM) + (b.is_point() ? 0 : Outline::kEdgePieceM);
  VisitEdgePairs(a, edges_a, b, edges_b, ChordOf(reach), effort, [&](const EdgePair& pair) {
    effort.count += kGeodesicEffort;
    const double ends_m = GeodesicDistanceM(a.positions[pair.edge_a], b.positions[pair.edge_b]);
    within = ends_m - edges_m <= accept_m && ShortestWay(a, pair.edge_a, b, pair.edge_b, effort).distance_m <= accept_m;
    return !within;
  });
  return within;
}

// An order of outlines, so that a question about two has one answer whichever comes first.
bool Before(const Outline& a, const Outline& b) {
  const auto less = [](LatLng p, LatLng q) {
    return p.latitude_deg != q.latitude_deg ? p.latitude_deg < q.latitude_deg : p.longitude_deg < q.longitude_deg;
  };
  if (a.radius_m() != b.radius_m()) return a.radius_m() < b.radius_m();
  return std::lexicographical_compare(a.vertices().begin(), a.vertices().end(), b.vertices().begin(),
                                      b.vertices().end(), less);
}

std::vector<uint32_t> AllEdges(const Core& core) {
  std::vector<uint32_t> edges(core.points.size());
  std::iota(edges.begin(), edges.end(), 0u);
  return edges;
}

// The edges that are nearest to each other in the model; distance zero where some cross.
EdgePair NearestEdges(const Core& a, const Core& b) {
  EdgePair nearest;
  const std::vector<uint32_t> edges_a = AllEdges(a);
  const std::vector<uint32_t> edges_b = AllEdges(b);
  // A first guess keeps the visit short: the vertices nearest to the other's middle.
  const auto towards = [](const Core& core, const S2Point& goal) {
    return *std::min_element(core.points.begin(), core.points.end(), [&](const S2Point& p, const S2Point& q) {
      return (p - goal).Norm2() < (q - goal).Norm2();
    });
  };
  const double guess = ModelAngle(towards(a, b.cap.center), towards(b, a.cap.center)) + 1e-12;
  Effort unasked;
  VisitEdgePairs(a, edges_a, b, edges_b, ChordOf(guess), unasked, [&](const EdgePair& pair) {
    if (pair.distance < nearest.distance) nearest = pair;
    return nearest.distance != S1ChordAngle::Zero();
  });
  return nearest;
}

// A point that two edges share, which are at distance zero: they cross, or an end of one lies on the other.
S2Point MeetingPoint(const S2Point& a0, const S2Point& a1, const S2Point& b0, const S2Point& b1) {
  if (S2::CrossingSign(a0, a1, b0, b1) > 0) return S2::GetIntersection(a0, a1, b0, b1);
  const auto on = [](const S2Point& p, const S2Point& from, const S2Point& to) {
    return S2::GetDistance(p, from, to).radians();
  };
  const std::pair<double, S2Point> ends[] = {
      {on(a0, b0, b1), a0}, {on(a1, b0, b1), a1}, {on(b0, a0, a1), b0}, {on(b1, a0, a1), b1}};
  return std::min_element(std::begin(ends), std::end(ends),
                          [](const auto& p, const auto& q) { return p.first < q.first; })
      ->second;
}

// ---- Containment.

// Whether no edge of `inner` leaves the ring `outer` by more than the slack. Both are rings.
bool RingContainsRing(const Core& outer, const Core& inner) {
  const double slack = kModelSlackM / kCurvatureRadiusMinM;
  const S1ChordAngle slack_chord = ChordOf(slack);
  const std::vector<uint32_t> all_outer = EdgesNear(outer, inner, slack);
  const auto near_boundary = [&](const S2Point& p, const Core& of, const std::vector<uint32_t>& edges) {
    return std::any_of(edges.begin(), edges.end(), [&](uint32_t i) {
      S1ChordAngle distance = slack_chord.Successor();
      return S2::UpdateMinDistance(p, of.points[i], of.points[of.next(i)], &distance);
    });
  };
  for (const S2Point& p : inner.points) {
    if (!InsideRing(p, outer.points, outer.cap) && !near_boundary(p, outer, all_outer)) return false;
  }
  const std::vector<uint32_t> all_inner = EdgesNear(inner, outer, slack);
  for (const uint32_t i : all_outer) {
    const S2Point& p = outer.points[i];
    if (InsideRing(p, inner.points, inner.cap) && !near_boundary(p, inner, all_inner)) return false;
  }
  // Every vertex is where it may be: what is left are edges that cross well away from their ends.
  bool contained = true;
  Effort unasked;
  VisitEdgePairs(outer, all_outer, inner, all_inner, S1ChordAngle::Zero(), unasked, [&](const EdgePair& pair) {
    const S2Point& a0 = outer.points[pair.edge_a];
    const S2Point& a1 = outer.points[outer.next(pair.edge_a)];
    const S2Point& b0 = inner.points[pair.edge_b];
    const S2Point& b1 = inner.points[inner.next(pair.edge_b)];
    S1ChordAngle nearest_end = S1ChordAngle::Infinity();
    S2::UpdateMinDistance(a0, b0, b1, &nearest_end);
    S2::UpdateMinDistance(a1, b0, b1, &nearest_end);
    S2::UpdateMinDistance(b0, a0, a1, &nearest_end);
    S2::UpdateMinDistance(b1, a0, a1, &nearest_end);
    contained = nearest_end <= slack_chord;
    return contained;
  });
  return contained;
}

// The distance of a circle's centre to the ring's boundary, if the centre is inside; else minus that.
double DepthInside(const Core& ring, const Core& point) {
  const std::vector<uint32_t> edges = AllEdges(ring);
  EdgePair nearest;
  for (const uint32_t i : edges) {
    if (S2::UpdateMinDistance(point.points[0], ring.points[i], ring.points[ring.next(i)], &nearest.distance))
      nearest.edge_a = i;
  }
  // The nearest by angle may not be the nearest by metres: see every edge that could be.
  const double angle = nearest.distance.radians() * (kCurvatureRadiusMaxM / kCurvatureRadiusMinM) + 1e-12;
  double depth_m = 1e300;
  Effort unasked;
  VisitEdgePairs(ring, edges, point, {0}, ChordOf(angle), unasked, [&](const EdgePair& pair) {
    depth_m = std::min(depth_m, ShortestWay(ring, pair.edge_a, point, pair.edge_b, unasked).distance_m);
    return true;
  });
  return InsideRing(point.points[0], ring.points, ring.cap) ? depth_m : -depth_m;
}

}  // namespace

namespace {

bool WithinDistance(const Outline& a, const Outline& b, double limit_m, Effort& effort) {
  WB_CHECK(limit_m >= 0 && limit_m <= Separation::kHorizontalMaxM);
  switch (Filter(a, b, limit_m, effort)) {
    case Verdict::kWithin:
      return true;
    case Verdict::kBeyond:
      return false;
    case Verdict::kUnsure:
      break;
  }
  return Before(a, b) ? WithinDistanceExact(a, b, limit_m, effort) : WithinDistanceExact(b, a, limit_m, effort);
}

}  // namespace

bool WithinDistance(const Outline& a, const Outline& b, double limit_m) {
  Effort unasked;
  return WithinDistance(a, b, limit_m, unasked);
}

bool Intersects(const Volume4D& a, const Volume4D& b, const Separation& separation) {
  return a.times.Intersects(b.times, separation.time_ns) && a.altitudes.Intersects(b.altitudes, separation.altitude) &&
         WithinDistance(a.outline, b.outline, separation.horizontal_m);
}

bool Intersects(const Volume4D& a, const Volume4D& b, Effort& effort) {
  return a.times.Intersects(b.times) && a.altitudes.Intersects(b.altitudes) &&
         WithinDistance(a.outline, b.outline, 0, effort);
}

bool Contains(const Outline& outer, const Outline& inner) {
  const Core a(outer);
  const Core b(inner);
  if (a.is_point()) {
    // The furthest point of an outline from a centre is a vertex, or, of a circle, straight on beyond its centre.
    return std::all_of(b.positions.begin(), b.positions.end(), [&](LatLng p) {
      return GeodesicDistanceM(a.positions[0], p) + inner.radius_m() <= outer.radius_m() + kModelSlackM;
    });
  }
  if (b.is_point()) return DepthInside(a, b) + kModelSlackM >= inner.radius_m();
  return RingContainsRing(a, b);
}

bool Contains(const Volume4D& outer, const Volume4D& inner) {
  return outer.times.Contains(inner.times) && outer.altitudes.Contains(inner.altitudes) &&
         Contains(outer.outline, inner.outline);
}

ClosestPoints FindClosestPoints(const Outline& outline_a, const Outline& outline_b) {
  const Core a(outline_a);
  const Core b(outline_b);
  const std::vector<uint32_t> edges_a = AllEdges(a);
  const std::vector<uint32_t> edges_b = AllEdges(b);
  const EdgePair nearest = NearestEdges(a, b);
  Way way{0, {}, {}};
  Effort unasked;
  if (nearest.distance == S1ChordAngle::Zero()) {
    const S2Point meeting = a.is_point()   ? a.points[0]
                            : b.is_point() ? b.points[0]
                                           : MeetingPoint(a.points[nearest.edge_a], a.points[a.next(nearest.edge_a)],
                                                          b.points[nearest.edge_b], b.points[b.next(nearest.edge_b)]);
    way.on_a = way.on_b = FromModel(meeting);
  } else if (Nested(a, b)) {
    const bool a_in_b = !b.is_point() && InsideRing(a.points[0], b.points, b.cap);
    way.on_a = way.on_b = a_in_b ? a.positions[0] : b.positions[0];
  } else {
    // The nearest by angle may not be the nearest by metres: see every pair that could be.
    way = ShortestWay(a, nearest.edge_a, b, nearest.edge_b, unasked);
    const S1ChordAngle limit = ChordOf((way.distance_m + kRoundingM) / kCurvatureRadiusMinM);
    const double edges_m = (a.is_point() ? 0 : Outline::kEdgePieceM) + (b.is_point() ? 0 : Outline::kEdgePieceM);
    VisitEdgePairs(a, edges_a, b, edges_b, limit, unasked, [&](const EdgePair& pair) {
      if (GeodesicDistanceM(a.positions[pair.edge_a], b.positions[pair.edge_b]) - edges_m < way.distance_m) {
        const Way candidate = ShortestWay(a, pair.edge_a, b, pair.edge_b, unasked);
        if (candidate.distance_m < way.distance_m) way = candidate;
      }
      return true;
    });
  }
  // From the cores to the outlines: a circle takes its radius off its end of the way.
  ClosestPoints found;
  found.distance_m = std::max(0.0, way.distance_m - outline_a.radius_m() - outline_b.radius_m());
  const double off_a_m = std::min(outline_a.radius_m(), way.distance_m);
  const double off_b_m = found.distance_m > 0 ? outline_b.radius_m() : way.distance_m - off_a_m;
  found.on_a = off_a_m > 0 ? PointTowards(way.on_a, way.on_b, off_a_m) : way.on_a;
  found.on_b = off_b_m > 0 ? PointTowards(way.on_b, way.on_a, off_b_m) : way.on_b;
  return found;
}

}  // namespace wideberth::geo
