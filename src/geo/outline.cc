#include "geo/outline.h"

#include <s2/mutable_s2shape_index.h>
#include <s2/s2lax_loop_shape.h>
#include <s2/s2shapeutil_visit_crossing_edge_pairs.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <memory>
#include <numeric>
#include <optional>
#include <string>

#include "geo/bounds.h"
#include "geo/ellipsoid.h"
#include "geo/local_plane.h"
#include "geo/predicates.h"
#include "geo/working_model.h"

namespace wideberth::geo {
namespace {

Error Invalid(std::string message) { return Error{Code::kInvalid, std::move(message)}; }

std::string Number(double value) {
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%.9g", value);
  return buffer;
}

// Also catches what is not a number: every comparison with it is false.
bool InRange(LatLng p) {
  return p.latitude_deg >= -90 && p.latitude_deg <= 90 && p.longitude_deg >= -180 && p.longitude_deg <= 180;
}

Error OutOfRange(LatLng p, const std::string& where) {
  if (!(p.latitude_deg >= -90 && p.latitude_deg <= 90))
    return Invalid(where + " latitude " + Number(p.latitude_deg) + " is outside -90 to 90");
  return Invalid(where + " longitude " + Number(p.longitude_deg) + " is outside -180 to 180");
}

double WrapDegrees(double degrees) {
  if (degrees > 180) return degrees - 360;
  if (degrees < -180) return degrees + 360;
  return degrees;
}

// ---- Small polygons: everything in a local plane, without trigonometry for each vertex.

double Cross(PlanePoint a, PlanePoint b, PlanePoint c) {
  return (b.x_m - a.x_m) * (c.y_m - a.y_m) - (b.y_m - a.y_m) * (c.x_m - a.x_m);
}

double Length(PlanePoint a, PlanePoint b) {
  const double x = b.x_m - a.x_m;
  const double y = b.y_m - a.y_m;
  return std::sqrt(x * x + y * y);
}

double DistanceToSegment(PlanePoint p, PlanePoint a, PlanePoint b) {
  const double x = b.x_m - a.x_m;
  const double y = b.y_m - a.y_m;
  const double length2 = x * x + y * y;
  const double along = length2 > 0 ? ((p.x_m - a.x_m) * x + (p.y_m - a.y_m) * y) / length2 : 0;
  const double clamped = std::clamp(along, 0.0, 1.0);
  return Length(p, {a.x_m + clamped * x, a.y_m + clamped * y});
}

struct Flat {
  bool convex = true;          // and its turns are all clear of `margin_m`
  bool simple = true;          // surely, by `margin_m`
  double inner_radius_m = -1;  // around the plane's origin
  double outer_radius_m = 0;
  double edge_max_m = 0;
};

// What the plane can tell of a ring. A doubt leaves `simple` false.
Flat Examine(std::span<const PlanePoint> ring, double margin_m) {
  constexpr size_t kPairwiseMax = 64;
  const size_t n = ring.size();
  Flat flat;
  double nearest_line_m = 1e300;
  double turn_sign = 0;
  int upward_turns = 0;  // how often the direction of the edges comes round
  double previous_length = Length(ring[n - 1], ring[0]);
  double previous_dy = ring[0].y_m - ring[n - 1].y_m;
  flat.edge_max_m = previous_length;
  bool clear = previous_length > 4 * margin_m;
  for (size_t i = 0; i < n; ++i) {
    const PlanePoint& before = ring[i == 0 ? n - 1 : i - 1];
    const PlanePoint& here = ring[i];
    const PlanePoint& after = ring[i + 1 == n ? 0 : i + 1];
    const double length = Length(here, after);
    const double turn = Cross(before, here, after);
    if (turn_sign == 0) turn_sign = turn > 0 ? 1 : -1;
    // A vertex that sticks out by more than the margin on both sides' scale.
    flat.convex = flat.convex && turn * turn_sign > 2 * margin_m * (length + previous_length);
    clear = clear && length > 4 * margin_m;
    const double dy = after.y_m - here.y_m;
    upward_turns += (dy >= 0) != (previous_dy >= 0);
    // The signed distance of the origin from the edge's line, positive on the inner side of a convex ring.
    const double origin_side = turn_sign * (here.x_m * after.y_m - here.y_m * after.x_m);
    nearest_line_m = std::min(nearest_line_m, origin_side / std::max(length, 1e-9));
    flat.outer_radius_m = std::max(flat.outer_radius_m, here.x_m * here.x_m + here.y_m * here.y_m);
    flat.edge_max_m = std::max(flat.edge_max_m, length);
    previous_length = length;
    previous_dy = dy;
  }
  flat.outer_radius_m = std::sqrt(flat.outer_radius_m);
  flat.convex = flat.convex && clear && upward_turns == 2;
  if (flat.convex) {
    flat.inner_radius_m = nearest_line_m;
    return flat;
  }
  flat.simple = false;
  if (!clear || n > kPairwiseMax) return flat;
  for (size_t i = 0; i < n; ++i) {
    const PlanePoint& a = ring[i];
    const PlanePoint& b = ring[i + 1 == n ? 0 : i + 1];
    const PlanePoint& c = ring[i + 2 >= n ? i + 2 - n : i + 2];
    // The next edge shares b: it may not come back along this one.
    if (DistanceToSegment(c, a, b) <= 4 * margin_m || DistanceToSegment(a, b, c) <= 4 * margin_m) return flat;
    for (size_t j = i + 2; j < n; ++j) {
      if (i == 0 && j + 1 == n) continue;
      const PlanePoint& p = ring[j];
      const PlanePoint& q = ring[j + 1 == n ? 0 : j + 1];
      const bool p_left = Cross(a, b, p) > 0;
      const bool q_left = Cross(a, b, q) > 0;
      if (p_left != q_left && (Cross(p, q, a) > 0) != (Cross(p, q, b) > 0)) return flat;
      if (std::min({DistanceToSegment(p, a, b), DistanceToSegment(q, a, b), DistanceToSegment(a, p, q),
                    DistanceToSegment(b, p, q)}) <= 4 * margin_m)
        return flat;
    }
  }
  flat.simple = true;
  // The largest disc around the origin, if the origin is inside.
  bool inside = false;
  double nearest_m = 1e300;
  const PlanePoint origin{0, 0};
  for (size_t i = 0; i < n; ++i) {
    const PlanePoint& a = ring[i];
    const PlanePoint& b = ring[i + 1 == n ? 0 : i + 1];
    if ((a.y_m > 0) != (b.y_m > 0) && (Cross(a, b, origin) > 0) == (b.y_m > a.y_m)) inside = !inside;
    nearest_m = std::min(nearest_m, DistanceToSegment(origin, a, b));
  }
  if (inside) flat.inner_radius_m = nearest_m;
  return flat;
}

// ---- Polygons of any size: the working model.

// Two equal vertices, if there are any.
std::optional<std::pair<size_t, size_t>> EqualVertices(std::span<const S2Point> points) {
  std::vector<size_t> order(points.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t i, size_t j) { return points[i] != points[j] ? points[i] < points[j] : i < j; });
  for (size_t k = 0; k + 1 < order.size(); ++k) {
    if (points[order[k]] == points[order[k + 1]]) return std::pair{order[k], order[k + 1]};
  }
  return std::nullopt;
}

// Two edges of the ring that cross, if there are any.
std::optional<std::pair<size_t, size_t>> CrossingEdges(std::span<const S2Point> ring) {
  MutableS2ShapeIndex index;
  index.Add(std::make_unique<S2LaxLoopShape>(std::vector<S2Point>(ring.begin(), ring.end())));
  std::optional<std::pair<size_t, size_t>> found;
  s2shapeutil::VisitCrossingEdgePairs(index, s2shapeutil::CrossingType::INTERIOR,
                                      [&](const s2shapeutil::ShapeEdge& a, const s2shapeutil::ShapeEdge& b, bool) {
                                        const auto i = static_cast<size_t>(a.id().edge_id);
                                        const auto j = static_cast<size_t>(b.id().edge_id);
                                        found = std::minmax(i, j);
                                        return false;
                                      });
  return found;
}

}  // namespace

void Outline::SetBounds() {
  const std::span<const LatLng> ring = pieces();
  LooseBounds loose{ring[0].latitude_deg, ring[0].latitude_deg, ring[0].longitude_deg, ring[0].longitude_deg, false};
  double longitude_deg = ring[0].longitude_deg;  // followed round the ring without a jump
  for (size_t i = 0; i < ring.size(); ++i) {
    const LatLng& here = ring[i];
    const LatLng& next = ring[i + 1 == ring.size() ? 0 : i + 1];
    loose.south_deg = std::min(loose.south_deg, here.latitude_deg);
    loose.north_deg = std::max(loose.north_deg, here.latitude_deg);
    longitude_deg += WrapDegrees(next.longitude_deg - here.longitude_deg);
    loose.west_deg = std::min(loose.west_deg, longitude_deg);
    loose.east_deg = std::max(loose.east_deg, longitude_deg);
  }
  loose.around_pole = std::abs(longitude_deg - ring[0].longitude_deg) > 180;
  if (loose.around_pole)
    (center_.latitude_deg > 0 ? loose.north_deg : loose.south_deg) = center_.latitude_deg > 0 ? 90 : -90;
  const double edge_max_m = is_circle() ? 0 : std::min(kEdgePieceM, 2 * outer_radius_m_);
  bounds_ = Enlarge(loose, radius_m_ + kOutlineBoundM, edge_max_m);
}

Result<Outline> Outline::MakeCircle(LatLng center, double radius_m) {
  if (!InRange(center)) return OutOfRange(center, "centre");
  if (!(radius_m > 0)) return Invalid("radius " + Number(radius_m) + " m is not above 0");
  if (radius_m > kRadiusMaxM)
    return Invalid("radius " + Number(radius_m) + " m is above the largest allowed, " + Number(kRadiusMaxM) + " m");
  Outline outline;
  outline.points_ = {center};
  outline.vertex_count_ = 1;
  outline.radius_m_ = radius_m;
  outline.center_ = center;
  outline.outer_radius_m_ = radius_m;
  outline.inner_radius_m_ = std::nextafter(static_cast<float>(radius_m), -1.0f);
  outline.SetBounds();
  return outline;
}

Result<Outline> Outline::MakePolygon(std::span<const LatLng> vertices) {
  const size_t n = vertices.size();
  if (n < 3) return Invalid("polygon has " + std::to_string(n) + " vertices; it needs at least 3");
  if (n > kVerticesMax)
    return Invalid("polygon has " + std::to_string(n) + " vertices; the most allowed is " +
                   std::to_string(kVerticesMax));
  double south = 90;
  double north = -90;
  double east = 0;  // relative to the first vertex
  double west = 0;
  for (size_t i = 0; i < n; ++i) {
    const LatLng& p = vertices[i];
    if (!InRange(p)) return OutOfRange(p, "vertex " + std::to_string(i));
    south = std::min(south, p.latitude_deg);
    north = std::max(north, p.latitude_deg);
    const double off = WrapDegrees(p.longitude_deg - vertices[0].longitude_deg);
    east = std::max(east, off);
    west = std::min(west, off);
  }

  Outline outline;
  outline.vertex_count_ = static_cast<uint32_t>(n);

  // A small polygon, which nearly all are.
  constexpr double kSmallDeg = 0.4;
  const LatLng middle{(south + north) / 2, WrapDegrees(vertices[0].longitude_deg + (east + west) / 2)};
  if (LocalPlane::Supports(middle) && north - south < kSmallDeg && east - west < kSmallDeg) {
    constexpr size_t kOnStack = 64;
    std::array<PlanePoint, kOnStack> on_stack;
    std::vector<PlanePoint> on_heap;
    if (n > kOnStack) on_heap.resize(n);
    const std::span<PlanePoint> ring = n > kOnStack ? std::span(on_heap) : std::span(on_stack).first(n);
    const LocalPlane plane(middle);
    for (size_t i = 0; i < n; ++i) ring[i] = plane.Project(vertices[i]);
    double reach_m = 0;
    for (const PlanePoint& p : ring) reach_m = std::max(reach_m, std::abs(p.x_m) + std::abs(p.y_m));
    if (reach_m <= LocalPlane::kReachMaxM) {
      const double error_m = plane.ErrorM(reach_m);
      const Flat flat = Examine(ring, error_m);
      if (flat.simple && flat.edge_max_m + error_m <= kEdgePieceM) {
        outline.points_.assign(vertices.begin(), vertices.end());
        outline.center_ = middle;
        outline.outer_radius_m_ = flat.outer_radius_m + error_m;
        outline.convex_ = flat.convex;
        if (flat.inner_radius_m > error_m)
          outline.inner_radius_m_ = std::nextafter(static_cast<float>(flat.inner_radius_m - error_m), -1.0f);
        outline.SetBounds();
        return outline;
      }
    }
  }

  // Any other.
  const std::vector<S2Point> given = ToModel(vertices);
  if (const auto equal = EqualVertices(given))
    return Invalid("vertices " + std::to_string(equal->first) + " and " + std::to_string(equal->second) + " are equal");
  std::vector<LatLng> ring;
  std::vector<size_t> edge_of_piece;
  double perimeter_m = 0;
  for (size_t i = 0; i < n; ++i) {
    ring.push_back(vertices[i]);
    const double length_m =
        CutGeodesic(vertices[i], vertices[i + 1 == n ? 0 : i + 1], kEdgePieceM, kEdgeLengthMaxM, ring);
    if (length_m > kEdgeLengthMaxM)
      return Invalid("edge " + std::to_string(i) + " is " + Number(length_m / 1000) + " km long; the most allowed is " +
                     Number(kEdgeLengthMaxM / 1000) + " km: put vertices between");
    perimeter_m += length_m;
    if (perimeter_m > kPerimeterMaxM)
      return Invalid("the edges up to " + std::to_string(i) + " are " + Number(perimeter_m / 1000) +
                     " km long together; the most allowed is " + Number(kPerimeterMaxM / 1000) + " km");
    edge_of_piece.resize(ring.size(), i);
  }
  const std::vector<S2Point> pieces = ring.size() == n ? given : ToModel(ring);
  const ModelCap cap = CapOf(pieces);
  if (cap.angle > kCapAngleMax)
    return Invalid("polygon reaches more than 80 degrees from its middle: which side is inside cannot be told");
  if (const auto crossing = CrossingEdges(pieces))
    return Invalid("edges " + std::to_string(edge_of_piece[crossing->first]) + " and " +
                   std::to_string(edge_of_piece[crossing->second]) + " cross");

  outline.points_.assign(vertices.begin(), vertices.end());
  if (ring.size() != n) outline.points_.insert(outline.points_.end(), ring.begin(), ring.end());
  outline.points_.shrink_to_fit();
  outline.center_ = FromModel(cap.center);
  constexpr double kSlackAngle = 1e-12;
  outline.outer_radius_m_ = (cap.angle + kSlackAngle) * kCurvatureRadiusMaxM + kEdgeDeviationM;
  outline.SetBounds();
  return outline;
}

}  // namespace wideberth::geo
