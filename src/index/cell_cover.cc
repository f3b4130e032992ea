#include "index/cell_cover.h"

#include <s2/s1angle.h>
#include <s2/s1chord_angle.h>
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
#include <span>
#include <utility>

#include "base/check.h"
#include "geo/ellipsoid.h"
#include "geo/predicates.h"
#include "index/cell_lattice.h"

namespace wideberth::index {
namespace {

// Metres on the ground as an angle between normals: at the least radius of curvature the angle is greatest. The cuts
// of long edges lie within their deviation of the true ones.
S1Angle Outward(double metres) {
  constexpr double kSlackM = geo::Outline::kEdgeDeviationM + 1e-6;
  return S1Angle::Radians((metres + kSlackM) / geo::kCurvatureRadiusMinM);
}

S2Point ToPoint(geo::LatLng p) { return S2LatLng::FromDegrees(p.latitude_deg, p.longitude_deg).ToPoint(); }

S2CellUnion Covering(int level, const S2Region& region) {
  S2RegionCoverer::Options options;
  options.set_max_level(level);
  options.set_max_cells(std::numeric_limits<int>::max());  // no cell is given up for a shorter list
  return S2RegionCoverer(options).GetCovering(region);
}

S2CellUnion UnionOf(std::span<const uint64_t> cells) {
  std::vector<S2CellId> ids;
  ids.reserve(cells.size());
  for (const uint64_t id : cells) ids.emplace_back(id);
  return S2CellUnion(std::move(ids));  // sorts, and merges four cells that make one
}

}  // namespace

int CoverLevel(const geo::Outline& outline) {
  const double doublings = std::log2(std::max(1.0, outline.outer_radius_m() / CellCover::kFinestReachM));
  return std::max(0, CellCover::kLevelFinest - static_cast<int>(std::ceil(doublings)));
}

CellCover CoverOf(const geo::Outline& outline) {
  const int level = CoverLevel(outline);
  const S1Angle margin = Outward(geo::kOutlineBoundM);
  S2CellUnion cells;
  if (outline.is_circle()) {
    const S2Point center = ToPoint(outline.center());
    const S1Angle radius = Outward(outline.radius_m() + geo::kOutlineBoundM);
    if (auto small = CellsOfCap(center, radius, level)) {
      cells = S2CellUnion(*std::move(small));  // sorts, and merges four cells that make one
    } else {
      cells = Covering(level, S2Cap(center, radius));
    }
  } else {
    std::vector<S2Point> ring;
    ring.reserve(outline.pieces().size());
    for (const geo::LatLng& p : outline.pieces()) ring.push_back(ToPoint(p));
    if (auto small = CellsOfPolygon(ring, margin, level)) {
      cells = S2CellUnion(*std::move(small));
    } else {
      S2Point middle(0, 0, 0);
      for (const S2Point& p : ring) middle += p;
      auto loop = std::make_unique<S2Loop>(std::move(ring), S2Debug::DISABLE);
      if (loop->Contains(-middle.Normalize())) loop->Invert();
      const S2Polygon polygon(std::move(loop), S2Debug::DISABLE);
      cells = Covering(level, S2ShapeIndexBufferedRegion(&polygon.index(), S1ChordAngle(margin)));
    }
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

size_t DeepestWithin(const CellCover& within, std::span<const CellCover* const> covers) {
  // A walk along S2's curve: each cell is the leaves from its range_min to its range_max, and a cover has no leaf
  // twice.
  struct Step {
    uint64_t leaf;
    bool begins;
    bool of_within;
  };
  std::vector<Step> steps;
  const auto add = [&](const CellCover& cover, bool of_within) {
    for (const uint64_t id : cover.cells) {
      steps.push_back({S2CellId(id).range_min().id(), true, of_within});
      steps.push_back({S2CellId(id).range_max().id(), false, of_within});
    }
  };
  add(within, true);
  for (const CellCover* cover : covers) add(*cover, false);
  // Both ends are in: at one leaf, what begins comes before what ends.
  std::sort(steps.begin(), steps.end(),
            [](const Step& a, const Step& b) { return a.leaf != b.leaf ? a.leaf < b.leaf : a.begins && !b.begins; });
  size_t deepest = 0;
  size_t depth = 0;
  bool inside = false;
  for (const Step& step : steps) {
    if (step.of_within) {
      inside = step.begins;
    } else if (step.begins) {
      ++depth;
    } else {
      --depth;
    }
    if (inside) deepest = std::max(deepest, depth);
  }
  return deepest;
}

CoverBoxes BoxesOf(const CellCover& cover, AltitudeMm lower, AltitudeMm upper, TimeNs start, TimeNs end) {
  // Half of S2's leaf coordinates: then six faces fit side by side into an axis.
  constexpr int kFaceBits = S2CellId::kMaxLevel - 1;
  const auto on_axis = [](uint32_t biased) { return static_cast<int32_t>(biased ^ 0x8000'0000u); };
  CoverBoxes result{};
  int face_of_last = -1;
  for (const uint64_t cell : cover.cells) {
    const S2CellId id(cell);
    int i = 0;
    int j = 0;
    const auto face = static_cast<uint32_t>(id.ToFaceIJOrientation(&i, &j, nullptr));
    const auto size = static_cast<uint32_t>(S2CellId::GetSizeIJ(id.level()));
    const uint32_t west = static_cast<uint32_t>(i) & ~(size - 1);
    const uint32_t south = static_cast<uint32_t>(j) & ~(size - 1);
    Box box;
    box.lower = {on_axis((face << kFaceBits) + (west >> 1)), on_axis(south >> 1), ToBoxAltitude(lower),
                 TimeToSecondsDown(start)};
    box.upper = {on_axis((face << kFaceBits) + ((west + size - 1) >> 1)), on_axis((south + size - 1) >> 1),
                 ToBoxAltitude(upper), TimeToSecondsUp(end)};
    // Cells ascend, and so do their faces.
    if (static_cast<int>(face) == face_of_last) {
      result.boxes[static_cast<size_t>(result.count - 1)].Extend(box);
    } else {
      result.boxes[static_cast<size_t>(result.count++)] = box;
      face_of_last = static_cast<int>(face);
    }
  }
  return result;
}

}  // namespace wideberth::index
