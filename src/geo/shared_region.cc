#include <s2/s2boolean_operation.h>
#include <s2/s2builderutil_s2polygon_layer.h>
#include <s2/s2error.h>
#include <s2/s2loop.h>
#include <s2/s2polygon.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "geo/ellipsoid.h"
#include "geo/predicates.h"
#include "geo/working_model.h"

namespace wideberth::geo {
namespace {

constexpr int kCircleVertices = 96;

// A ring around the circle: its edges touch the circle in their middles.
std::vector<LatLng> RingAround(const Outline& circle) {
  constexpr int kVertices = kCircleVertices;
  const double out_m = circle.radius_m() / std::cos(kPi / kVertices);
  std::vector<LatLng> ring;
  for (int i = 0; i < kVertices; ++i) ring.push_back(PointAt(circle.center(), -360.0 * i / kVertices, out_m));
  return ring;
}

std::vector<S2Point> RingOf(const Outline& outline) {
  const std::vector<LatLng> around = outline.is_circle() ? RingAround(outline) : std::vector<LatLng>{};
  return ToModel(outline.is_circle() ? std::span(around) : outline.pieces());
}

std::unique_ptr<S2Polygon> PolygonOf(std::vector<S2Point> ring) {
  const S2Point outside = -CapOf(ring).center;
  auto loop = std::make_unique<S2Loop>(std::move(ring), S2Debug::DISABLE);
  if (loop->Contains(outside)) loop->Invert();
  return std::make_unique<S2Polygon>(std::move(loop), S2Debug::DISABLE);
}

// ---- Convex outlines, which most are: clipped in the plane. S2's operation takes some half a millisecond.

constexpr double kConvexReachMaxM = 100'000;
constexpr double kSame = 1e-15;  // radians: what is nearer than 6 nm is one place

struct Flat {
  double x = 0;
  double y = 0;
};
using FlatRing = std::vector<Flat>;

double Cross(Flat a, Flat b) { return a.x * b.y - a.y * b.x; }
Flat Minus(Flat a, Flat b) { return {a.x - b.x, a.y - b.y}; }
double Length(Flat a) { return std::sqrt(a.x * a.x + a.y * a.y); }
bool IsSame(Flat a, Flat b) {
  const Flat apart = Minus(a, b);
  return apart.x * apart.x + apart.y * apart.y <= kSame * kSame;
}

// The gnomonic projection around a point: edges are straight lines in it.
class Gnomonic {
 public:
  explicit Gnomonic(const S2Point& center)
      : center_(center), east_(center.Ortho()), north_(center.CrossProd(east_).Normalize()) {}
  FlatRing Project(const std::vector<S2Point>& ring) const {
    FlatRing flat;
    flat.reserve(ring.size());
    for (const S2Point& p : ring) {
      const double up = p.DotProd(center_);
      flat.push_back({p.DotProd(east_) / up, p.DotProd(north_) / up});
    }
    return flat;
  }
  LatLng Back(Flat p) const { return FromModel((center_ + p.x * east_ + p.y * north_).Normalize()); }

 private:
  S2Point center_;
  S2Point east_;
  S2Point north_;
};

double TwiceArea(const FlatRing& ring) {
  double twice = 0;
  for (size_t i = 1; i + 1 < ring.size(); ++i) twice += Cross(Minus(ring[i], ring[0]), Minus(ring[i + 1], ring[0]));
  return twice;
}

// Turns the ring counter-clockwise. False unless all of its turns are then to the left.
bool MakeConvex(FlatRing& ring) {
  if (TwiceArea(ring) < 0) std::reverse(ring.begin(), ring.end());
  const size_t count = ring.size();
  for (size_t i = 0; i < count; ++i) {
    const Flat& b = ring[(i + 1) % count];
    if (!(Cross(Minus(b, ring[i]), Minus(ring[(i + 2) % count], b)) > 0)) return false;
  }
  return true;
}

// What of `ring` lies left of the line from a to b (Sutherland and Hodgman, 1974).
void Clip(const FlatRing& ring, Flat a, Flat b, FlatRing& clipped) {
  const Flat along = Minus(b, a);
  const double slack = kSame * Length(along);
  const auto left_of = [&](Flat p) { return Cross(along, Minus(p, a)); };
  clipped.clear();
  const auto add = [&](Flat p) {
    if (clipped.empty() || !IsSame(p, clipped.back())) clipped.push_back(p);
  };
  double before = left_of(ring.back());
  for (size_t i = 0; i < ring.size(); ++i) {
    const double here = left_of(ring[i]);
    if ((before > slack && here < -slack) || (before < -slack && here > slack)) {
      const Flat from = i == 0 ? ring.back() : ring[i - 1];
      const double share = before / (before - here);
      add({from.x + share * (ring[i].x - from.x), from.y + share * (ring[i].y - from.y)});
    }
    if (here >= -slack) add(ring[i]);
    before = here;
  }
  while (clipped.size() > 1 && IsSame(clipped.front(), clipped.back())) clipped.pop_back();
}

// Whether the outlines may be clipped in the plane.
bool AreFlatAndConvex(const Outline& a, const Outline& b) {
  for (const Outline* outline : {&a, &b}) {
    if (!(outline->is_circle() || outline->is_convex()) || outline->outer_radius_m() > kConvexReachMaxM) return false;
  }
  return true;
}

// None where one of the two is not convex, or too large for it.
std::optional<std::vector<std::vector<LatLng>>> SharedOfConvex(const Outline& a, const Outline& b,
                                                               const std::vector<S2Point>& ring_a,
                                                               const std::vector<S2Point>& ring_b) {
  if (!AreFlatAndConvex(a, b)) return std::nullopt;
  const Gnomonic plane(ToModel(a.center()));
  if (ModelAngle(ToModel(a.center()), ToModel(b.center())) > 0.1) return std::nullopt;  // far apart
  FlatRing shared = plane.Project(ring_a);
  FlatRing by = plane.Project(ring_b);
  if (!MakeConvex(shared) || !MakeConvex(by)) return std::nullopt;
  FlatRing clipped;
  for (size_t i = 0; i < by.size() && shared.size() > 2; ++i) {
    Clip(shared, by[i], by[(i + 1) % by.size()], clipped);
    std::swap(shared, clipped);
  }
  double perimeter = 0;
  for (size_t i = 0; i < shared.size(); ++i) perimeter += Length(Minus(shared[(i + 1) % shared.size()], shared[i]));
  std::vector<std::vector<LatLng>> rings;
  // Where they only touch, what is left has no width.
  if (shared.size() < 3 || TwiceArea(shared) <= 4 * kSame * perimeter) return rings;
  std::vector<LatLng>& ring = rings.emplace_back();
  for (const Flat& p : shared) ring.push_back(plane.Back(p));
  // It begins in the south, and there in the west, whichever of the two came first.
  const auto place = [](LatLng p) {
    return std::pair(std::llround(p.latitude_deg * 1e9), std::llround(p.longitude_deg * 1e9));
  };
  const auto first =
      std::min_element(ring.begin(), ring.end(), [&](LatLng one, LatLng other) { return place(one) < place(other); });
  std::rotate(ring.begin(), first, ring.end());
  return rings;
}

}  // namespace

Effort EffortOfSharedRegion(const Outline& a, const Outline& b) {
  constexpr int64_t kConvexPairEffort = 12;
  constexpr int64_t kOperationEffort = 500'000;
  constexpr int64_t kPairEffort = 5'000;
  const auto edges = [](const Outline& outline) {
    return outline.is_circle() ? int64_t{kCircleVertices} : static_cast<int64_t>(outline.pieces().size());
  };
  const int64_t pairs = edges(a) * edges(b);
  return {AreFlatAndConvex(a, b) ? kConvexPairEffort * pairs : kOperationEffort + kPairEffort * pairs};
}

std::vector<std::vector<LatLng>> SharedRegion(const Outline& a, const Outline& b) {
  std::vector<S2Point> ring_a = RingOf(a);
  std::vector<S2Point> ring_b = RingOf(b);
  if (auto shared = SharedOfConvex(a, b, ring_a, ring_b)) return *std::move(shared);
  S2Polygon shared;
  shared.set_s2debug_override(S2Debug::DISABLE);
  // Faults of degenerate input end as an empty region, which is what it then is to a map.
  S2BooleanOperation operation(S2BooleanOperation::OpType::INTERSECTION,
                               std::make_unique<s2builderutil::S2PolygonLayer>(&shared));
  const std::unique_ptr<S2Polygon> polygon_a = PolygonOf(std::move(ring_a));
  const std::unique_ptr<S2Polygon> polygon_b = PolygonOf(std::move(ring_b));
  S2Error error;
  std::vector<std::vector<LatLng>> rings;
  if (!operation.Build(polygon_a->index(), polygon_b->index(), &error)) return rings;
  for (int i = 0; i < shared.num_loops(); ++i) {
    const S2Loop& loop = *shared.loop(i);
    if (loop.is_empty_or_full() || loop.num_vertices() < 3) continue;
    std::vector<LatLng>& ring = rings.emplace_back();
    for (int j = 0; j < loop.num_vertices(); ++j) ring.push_back(FromModel(loop.vertex(j)));
  }
  return rings;
}

}  // namespace wideberth::geo
