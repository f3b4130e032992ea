#include <s2/s2boolean_operation.h>
#include <s2/s2builderutil_s2polygon_layer.h>
#include <s2/s2error.h>
#include <s2/s2loop.h>
#include <s2/s2polygon.h>

#include <cmath>
#include <memory>

#include "geo/ellipsoid.h"
#include "geo/predicates.h"
#include "geo/working_model.h"

namespace wideberth::geo {
namespace {

// A ring around the circle: its edges touch the circle in their middles.
std::vector<LatLng> RingAround(const Outline& circle) {
  constexpr int kVertices = 96;
  const double out_m = circle.radius_m() / std::cos(kPi / kVertices);
  std::vector<LatLng> ring;
  for (int i = 0; i < kVertices; ++i) ring.push_back(PointAt(circle.center(), -360.0 * i / kVertices, out_m));
  return ring;
}

std::unique_ptr<S2Polygon> PolygonOf(const Outline& outline) {
  const std::vector<LatLng> around = outline.is_circle() ? RingAround(outline) : std::vector<LatLng>{};
  std::vector<S2Point> ring = ToModel(outline.is_circle() ? std::span(around) : outline.pieces());
  const S2Point outside = -CapOf(ring).center;
  auto loop = std::make_unique<S2Loop>(std::move(ring), S2Debug::DISABLE);
  if (loop->Contains(outside)) loop->Invert();
  return std::make_unique<S2Polygon>(std::move(loop), S2Debug::DISABLE);
}

}  // namespace

std::vector<std::vector<LatLng>> SharedRegion(const Outline& a, const Outline& b) {
  S2Polygon shared;
  shared.set_s2debug_override(S2Debug::DISABLE);
  // Faults of degenerate input end as an empty region, which is what it then is to a map.
  S2BooleanOperation operation(S2BooleanOperation::OpType::INTERSECTION,
                               std::make_unique<s2builderutil::S2PolygonLayer>(&shared));
  const std::unique_ptr<S2Polygon> polygon_a = PolygonOf(a);
  const std::unique_ptr<S2Polygon> polygon_b = PolygonOf(b);
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
