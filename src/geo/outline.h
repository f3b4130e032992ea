#ifndef WIDEBERTH_GEO_OUTLINE_H_
#define WIDEBERTH_GEO_OUTLINE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "geo/lat_lng.h"

namespace wideberth::geo {

// A rectangle of latitude and longitude, in units of 1e-7 degree (about 1 cm), all bounds in. Where `west` > `east` it
// lies across the antimeridian.
struct BoundsE7 {
  int32_t south = 0;
  int32_t north = 0;
  int32_t west = 0;
  int32_t east = 0;

  friend bool operator==(const BoundsE7&, const BoundsE7&) = default;
};

// A closed region on the WGS84 ellipsoid: what a volume covers, seen from above. Either
//   - a polygon: one ring whose edges are geodesics of the ellipsoid, given in either direction; the inside is the
//     side that lies in a cap of less than a hemisphere; the boundary is in; or
//   - a circle: every point within a radius, by geodesic distance, of a centre; the boundary is in.
// A value; each one that exists is valid: its vertices differ and its edges do not cross.
class Outline {
 public:
  static constexpr size_t kVerticesMax = 10'000;
  static constexpr double kEdgeLengthMaxM = 10e6;  // a quarter of the way round; beyond it, "shortest" grows moot
  static constexpr double kPerimeterMaxM = 400e6;  // ten times round the world
  static constexpr double kRadiusMaxM = 5e6;
  // The model: edges longer than kEdgePieceM are cut, along the geodesic, into pieces no longer than that; a great
  // ellipse through a piece's ends then leaves its geodesic by less than kEdgeDeviationM (docs/geometry.md, "Edges").
  static constexpr double kEdgePieceM = 3'800;
  static constexpr double kEdgeDeviationM = 1e-3;

  // The vertices in order, the first not repeated at the end. kInvalid, with the vertex or edge at fault counted from
  // 0, for fewer than 3 or more than kVerticesMax vertices; a coordinate that is out of range or not a number; equal
  // vertices; edges that cross; an edge, a perimeter or a polygon that is too large. Slivers, collinear neighbours,
  // poles inside or at a vertex and the antimeridian are fine. O(n log n) in the vertices, O(n) for small convex ones.
  static Result<Outline> MakePolygon(std::span<const LatLng> vertices);

  // kInvalid for a centre out of range, and for a radius that is not above 0 and at most kRadiusMaxM.
  static Result<Outline> MakeCircle(LatLng center, double radius_m);

  bool is_circle() const { return radius_m_ > 0; }

  // The polygon's vertices as given; a circle's centre alone.
  std::span<const LatLng> vertices() const { return {points_.data(), vertex_count_}; }
  // The vertices with the cuts of long edges between them; the same as vertices() where there are none.
  std::span<const LatLng> pieces() const {
    return points_.size() == vertex_count_ ? vertices() : std::span(points_).subspan(vertex_count_);
  }
  // The circle's radius; 0 for a polygon.
  double radius_m() const { return radius_m_; }

  // A point of reference: the circle's centre; for a polygon some point near its middle, not always inside.
  LatLng center() const { return center_; }
  // Every point of the outline is at most this far (geodesic) from center().
  double outer_radius_m() const { return outer_radius_m_; }
  // Every point at most this far from center() is in the outline; negative when there is none.
  double inner_radius_m() const { return inner_radius_m_; }

  // Whether it is surely convex: every turn the same way, by more than the rounding of a map. Never true of a circle.
  bool is_convex() const { return convex_; }

  // Holds every point within kOutlineBoundM (geo/predicates.h) of the outline.
  BoundsE7 bounds() const { return bounds_; }

  // Bytes in use beyond sizeof(Outline).
  size_t heap_bytes() const { return points_.capacity() * sizeof(LatLng); }

  friend bool operator==(const Outline& a, const Outline& b) {
    return a.points_ == b.points_ && a.vertex_count_ == b.vertex_count_ && a.radius_m_ == b.radius_m_;
  }

 private:
  Outline() = default;
  void SetBounds();

  std::vector<LatLng> points_;  // the vertices; then, where an edge is long, the ring of pieces
  uint32_t vertex_count_ = 0;
  float inner_radius_m_ = -1;
  bool convex_ = false;
  double radius_m_ = 0;
  double outer_radius_m_ = 0;
  LatLng center_;
  BoundsE7 bounds_;
};

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_OUTLINE_H_
