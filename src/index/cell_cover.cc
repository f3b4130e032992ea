#include "index/cell_cover.h"

#include <s2/mutable_s2shape_index.h>
#include <s2/s2cap.h>
#include <s2/s2cell.h>
#include <s2/s2cell_id.h>
#include <s2/s2cell_union.h>
#include <s2/s2latlng.h>
#include <s2/s2latlng_rect.h>
#include <s2/s2lax_loop_shape.h>
#include <s2/s2loop.h>
#include <s2/s2polygon.h>
#include <s2/s2region_coverer.h>
#include <s2/s2shape_index_buffered_region.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <span>
#include <utility>

#include "base/check.h"
#include "geo/ellipsoid.h"
#include "geo/predicates.h"

namespace wideberth::index {
namespace {

constexpr double kSmallReachM = 3'000;  // polygons up to here are covered cell by cell

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

S2CellUnion UnionOf(std::span<const uint64_t> cells) {
  std::vector<S2CellId> ids;
  ids.reserve(cells.size());
  for (const uint64_t id : cells) ids.emplace_back(id);
  return S2CellUnion(std::move(ids));  // sorts, and merges four cells that make one
}

// The cells of the finest level at or below `cell` that come within geo::kOutlineBoundM of a small outline. The cell is
// taken as a polygon of geodesics, which its edges, of 2 km at most, leave by less than the slack.
void AddFinest(S2CellId cell, const geo::Outline& outline, std::vector<S2CellId>& cells) {
  constexpr double kSlackM = 1e-3;
  const S2Cell shape(cell);
  std::array<geo::LatLng, 4> corners{};
  for (int i = 0; i < 4; ++i) {
    const S2LatLng at(shape.GetVertex(i));
    corners[static_cast<size_t>(i)] = {at.lat().degrees(), at.lng().degrees()};
  }
  const Result<geo::Outline> polygon = geo::Outline::MakePolygon(corners);
  if (polygon && !geo::WithinDistance(outline, *polygon, geo::kOutlineBoundM + kSlackM)) return;
  if (cell.level() >= CellCover::kLevelFinest) {
    cells.push_back(cell);
    return;
  }
  for (int child = 0; child < 4; ++child) AddFinest(cell.child(child), outline, cells);
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
  } else if (outline.outer_radius_m() <= kSmallReachM) {
    // Ten times as fast as the general way below.
    const S2Cap around(ToPoint(outline.center()), Outward(outline.outer_radius_m() + geo::kOutlineBoundM));
    std::vector<S2CellId> finest;
    for (const S2CellId& id : Covering(options, around)) AddFinest(id, outline, finest);
    cells = S2CellUnion(std::move(finest));
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

bool CellCover::Contains(const CellCover& other) const { return UnionOf(cells).Contains(UnionOf(other.cells)); }

bool CellCover::ContainsCell(uint64_t id) const {
  const S2CellId wanted(id);
  const auto after = std::upper_bound(cells.begin(), cells.end(), id);
  return (after != cells.end() && S2CellId(*after).contains(wanted)) ||
         (after != cells.begin() && S2CellId(*std::prev(after)).contains(wanted));
}

bool IsCover(const CellCover& cover) {
  for (size_t i = 0; i < cover.cells.size(); ++i) {
    const S2CellId id(cover.cells[i]);
    if (!id.is_valid()) return false;
    if (i > 0 && S2CellId(cover.cells[i - 1]).range_max() >= id.range_min()) return false;
  }
  return true;
}

CellCover Union(const CellCover& a, const CellCover& b) {
  std::vector<uint64_t> both = a.cells;
  both.insert(both.end(), b.cells.begin(), b.cells.end());
  CellCover cover;
  for (const S2CellId& id : UnionOf(both)) cover.cells.push_back(id.id());
  return cover;
}

geo::BoundingRectangles BoundsOf(const CellCover& cover) {
  WB_CHECK(!cover.cells.empty());
  // S2's rectangle of a cell already allows for rounding; a unit more does for the conversion.
  const S2LatLngRect bound = UnionOf(cover.cells).GetRectBound();
  const auto down = [](double degrees) { return static_cast<int32_t>(std::floor(degrees * 1e7)) - 1; };
  const auto up = [](double degrees) { return static_cast<int32_t>(std::ceil(degrees * 1e7)) + 1; };
  const int32_t south = std::max(-900'000'000, down(bound.lat_lo().degrees()));
  const int32_t north = std::min(900'000'000, up(bound.lat_hi().degrees()));
  constexpr int32_t kDateLine = 1'800'000'000;
  const int32_t west = std::max(-kDateLine, down(bound.lng_lo().degrees()));
  const int32_t east = std::min(kDateLine, up(bound.lng_hi().degrees()));
  if (bound.lng().is_full()) return {1, {{south, north, -kDateLine, kDateLine}, {}}};
  if (!bound.lng().is_inverted()) return {1, {{south, north, west, east}, {}}};
  return {2, {{south, north, west, kDateLine}, {south, north, -kDateLine, east}}};
}

}  // namespace wideberth::index
