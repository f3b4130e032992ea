#include "geo/clearing.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "geo/ellipsoid.h"
#include "geo/local_plane.h"

namespace wideberth::geo {
namespace {

// All in the plane around the own outline's centre. Own and other meet no more once the vector by which own was moved
// lies outside of the sum of `other` and own turned by half a circle (Minkowski's sum), which is convex if both are.

struct Vector {
  double x = 0;
  double y = 0;
};
using Ring = std::vector<Vector>;

Vector operator-(Vector a, Vector b) { return {a.x - b.x, a.y - b.y}; }
double Dot(Vector a, Vector b) { return a.x * b.x + a.y * b.y; }
double Cross(Vector a, Vector b) { return a.x * b.y - a.y * b.x; }
double Length(Vector a) { return std::sqrt(Dot(a, a)); }

// The convex hull, counter-clockwise (Andrew, 1979).
Ring HullOf(Ring points) {
  std::sort(points.begin(), points.end(), [](Vector a, Vector b) { return a.x != b.x ? a.x < b.x : a.y < b.y; });
  Ring hull;
  const auto add_chain = [&](const auto& from, const auto& until) {
    const size_t begin = hull.size();
    for (auto at = from; at != until; ++at) {
      while (hull.size() >= begin + 2 && Cross(hull.back() - hull[hull.size() - 2], *at - hull.back()) <= 0)
        hull.pop_back();
      hull.push_back(*at);
    }
    hull.pop_back();  // it begins the next chain
  };
  if (points.size() < 3) return points;
  add_chain(points.begin(), points.end());
  add_chain(points.rbegin(), points.rend());
  return hull;
}

std::optional<Ring> Project(const Outline& outline, const LocalPlane& plane) {
  Ring ring;
  for (const LatLng& vertex : outline.vertices()) {
    const PlanePoint p = plane.Project(vertex);
    ring.push_back({p.x_m, p.y_m});
    if (!(Length(ring.back()) + outline.radius_m() <= LocalPlane::kReachMaxM)) return std::nullopt;
  }
  return HullOf(std::move(ring));
}

double ReachOf(const Ring& ring) {
  double reach = 0;
  for (const Vector& p : ring) reach = std::max(reach, Length(p));
  return reach;
}

// How far `ring` goes in the direction of `normal`.
double Furthest(const Ring& ring, Vector normal) {
  double furthest = -std::numeric_limits<double>::infinity();
  for (const Vector& p : ring) furthest = std::max(furthest, Dot(p, normal));
  return furthest;
}

Vector NearestOn(Vector a, Vector b) {
  const Vector along = b - a;
  const double length2 = Dot(along, along);
  const double share = length2 > 0 ? std::clamp(-Dot(a, along) / length2, 0.0, 1.0) : 0;
  return {a.x + share * along.x, a.y + share * along.y};
}

struct Way {
  double distance_m;
  Vector direction;  // of length 1
};

// The shortest way out of the sum for what is at the origin.
Way ShortestWay(const Ring& own, const Ring& other, double radii_m) {
  Way best{std::numeric_limits<double>::infinity(), {0, 1}};
  const auto try_edges = [&](const Ring& ring, double sign) {
    for (size_t i = 0; i < ring.size() && ring.size() > 1; ++i) {
      const Vector edge = ring[(i + 1) % ring.size()] - ring[i];
      const double length = Length(edge);
      if (!(length > 0)) continue;
      const Vector normal{sign * edge.y / length, -sign * edge.x / length};
      const double out = Furthest(other, normal) + Furthest(own, {-normal.x, -normal.y});
      if (out < best.distance_m) best = {out, normal};
    }
  };
  try_edges(other, 1);
  try_edges(own, -1);
  if (best.distance_m >= 0 && std::isfinite(best.distance_m)) return {best.distance_m + radii_m, best.direction};
  if (own.size() > 1 && other.size() > 1) return {0, best.direction};  // apart, but for the bound of "meets"

  // A circle's centre outside of the other: straight away from what is nearest.
  const Ring& ring = own.size() > 1 ? own : other;
  const Vector centre = own.size() > 1 ? other[0] : own[0];
  const double sign = own.size() > 1 ? 1 : -1;  // of the way from the centre to the ring
  Vector nearest{1e300, 0};
  for (size_t i = 0; i < ring.size(); ++i) {
    const Vector p = NearestOn(ring[i] - centre, ring[(i + 1) % ring.size()] - centre);
    if (Length(p) < Length(nearest)) nearest = p;
  }
  const double apart = Length(nearest);
  if (apart > 0) best.direction = {sign * nearest.x / apart, sign * nearest.y / apart};
  return {std::max(0.0, radii_m - apart), best.direction};
}

double BearingOf(Vector direction) {
  const double bearing = std::atan2(direction.x, direction.y) / kRadiansPerDegree;
  const double positive = bearing < 0 ? bearing + 360 : bearing;
  return positive < 360 ? positive : 0;  // what is just below zero is rounded up
}

Move AwayFromCentre(const Outline& own, const Outline& other) {
  const double apart_m = GeodesicDistanceM(own.center(), other.center());
  const double distance_m = own.outer_radius_m() + other.outer_radius_m() - apart_m;
  // The bearing by the sphere: it is as good as any.
  const double a = other.center().latitude_deg * kRadiansPerDegree;
  const double b = own.center().latitude_deg * kRadiansPerDegree;
  const double east = (own.center().longitude_deg - other.center().longitude_deg) * kRadiansPerDegree;
  // At its own end of the way: the reverse of the bearing from there to the other.
  const Vector back{-std::sin(east) * std::cos(a),
                    std::cos(b) * std::sin(a) - std::sin(b) * std::cos(a) * std::cos(east)};
  const double bearing = BearingOf({-back.x, -back.y});
  return {std::max(0.0, distance_m) * 1.01 + kOutlineBoundM, Length(back) > 0 ? bearing : 0};
}

}  // namespace

Move FindClearing(const Outline& own, const Outline& other) {
  if (!LocalPlane::Supports(own.center())) return AwayFromCentre(own, other);
  const LocalPlane plane(own.center());
  const std::optional<Ring> own_hull = Project(own, plane);
  const std::optional<Ring> other_hull = Project(other, plane);
  if (!own_hull || !other_hull) return AwayFromCentre(own, other);
  const Way way = ShortestWay(*own_hull, *other_hull, own.radius_m() + other.radius_m());
  // What moves along meridians and parallels turns and shrinks a little on its way, by its size and by how far it goes.
  const double reach_m =
      std::max(ReachOf(*own_hull) + own.radius_m(), ReachOf(*other_hull) + other.radius_m()) + way.distance_m;
  const double tangent = std::tan(std::abs(own.center().latitude_deg) * kRadiansPerDegree);
  const double turn_m = (1 + tangent) * reach_m * way.distance_m / kCurvatureRadiusMinM;
  const double error_m = plane.ErrorM(std::min(reach_m, LocalPlane::kReachMaxM));
  return {way.distance_m + turn_m + 2 * error_m + 2 * kOutlineBoundM, BearingOf(way.direction)};
}

Effort EffortOfClearing(const Outline& own, const Outline& other) {
  constexpr int64_t kVertexEffort = 60;
  constexpr int64_t kPairEffort = 2;
  const auto vertices = static_cast<int64_t>(own.vertices().size() + other.vertices().size());
  return {kVertexEffort * vertices + kPairEffort * vertices * vertices};
}

}  // namespace wideberth::geo
