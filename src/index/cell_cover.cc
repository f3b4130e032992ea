#include "index/cell_cover.h"

#include <s2/mutable_s2shape_index.h>
#include <s2/s2cap.h>
#include <s2/s2cell_id.h>
#include <s2/s2cell_union.h>
#include <s2/s2latlng.h>
#include <s2/s2lax_loop_shape.h>
#include <s2/s2loop.h>
#include <s2/s2polygon.h>
#include <s2/s2region_coverer.h>
#include <s2/s2shape_index_buffered_region.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "geo/ellipsoid.h"
#include "geo/predicates.h"

namespace wideberth::index {
namespace {

// Metres on the ground as an angle between normals: at the least radius of curvature the angle is greatest. The cuts
// of long edges lie within their deviation of the true ones.
S1ChordAngle Outward(double metres) {
  constexpr double kSlackM = geo::Outline::kEdgeDeviationM + 1e-6;
  return S1ChordAngle(S1Angle::Radians((metres + kSlackM) / geo::kCurvatureRadiusMinM));
}

S2Point ToPoint(geo::LatLng p) { return S2LatLng::FromDegrees(p.latitude_deg, p.longitude_deg).ToPoint(); }

S2CellUnion Covering(const S2RegionCoverer::Options& options, const S2Region& region) {
  return S2RegionCoverer(options).GetCovering(region);
}

}  // namespace

int CoverLevel(const geo::Outline& outline) {
  const double doublings = std::log2(std::max(1.0, outline.outer_radius_m() / CellCover::kFinestReachM));
  return std::max(0, CellCover::kLevelFinest - static_cast<int>(std::ceil(doublings)));
}

CellCover CoverOf(const geo::Outline& outline) {
  S2RegionCoverer::Options options;
  options.set_max_level(CoverLevel(outline));
  options.set_max_cells(std::numeric_limits<int>::max());  // no cell is given up for a shorter list
  S2CellUnion cells;
  if (outline.is_circle()) {
    cells = Covering(options, S2Cap(ToPoint(outline.center()), Outward(outline.radius_m() + geo::kOutlineBoundM)));
  } else {
    std::vector<S2Point> ring;
    for (const geo::LatLng& p : outline.pieces()) ring.push_back(ToPoint(p));
    S2Point middle(0, 0, 0);
    for (const S2Point& p : ring) middle += p;
    auto loop = std::make_unique<S2Loop>(std::move(ring), S2Debug::DISABLE);
    if (loop->Contains(-middle.Normalize())) loop->Invert();
    const S2Polygon polygon(std::move(loop), S2Debug::DISABLE);
    cells = Covering(options, S2ShapeIndexBufferedRegion(&polygon.index(), Outward(geo::kOutlineBoundM)));
  }
  CellCover cover;
  cover.cells.reserve(cells.size());
  for (const S2CellId& id : cells) cover.cells.push_back(id.id());
  return cover;
}

bool CellCover::Intersects(const CellCover& other) const {
  size_t i = 0;
  size_t j = 0;
  while (i < cells.size() && j < other.cells.size()) {
    const S2CellId a(cells[i]);
    const S2CellId b(other.cells[j]);
    if (a.range_max() < b.range_min()) {
      ++i;
    } else if (b.range_max() < a.range_min()) {
      ++j;
    } else {
      return true;
    }
  }
  return false;
}

bool CellCover::ContainsCell(uint64_t id) const {
  const S2CellId wanted(id);
  const auto after = std::upper_bound(cells.begin(), cells.end(), id);
  return (after != cells.end() && S2CellId(*after).contains(wanted)) ||
         (after != cells.begin() && S2CellId(*std::prev(after)).contains(wanted));
}

}  // namespace wideberth::index
