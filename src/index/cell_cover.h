#ifndef WIDEBERTH_INDEX_CELL_COVER_H_
#define WIDEBERTH_INDEX_CELL_COVER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/units.h"
#include "geo/outline.h"
#include "index/box.h"

namespace wideberth::index {

// A conservative cover of an outline by S2 cells: it keeps where something is, but not its extents. A value.
//
// The finest cells are of level kLevelFinest (edges of 110 to 190 m, the level that F3548's peers keep being 13, about
// 1 km); inside, and for outlines of more than kFinestReachM, they are coarser, one level for each doubling of the
// reach.
struct CellCover {
  static constexpr int kLevelFinest = 16;
  static constexpr double kFinestReachM = 30'000;

  std::vector<uint64_t> cells;  // S2 cell ids, ascending; none contains another

  // Whether some cell of one is, contains or lies in a cell of the other. O(n + m).
  bool Intersects(const CellCover& other) const;
  // Whether every point of the other's cells lies in one of these. O(n log m).
  bool Contains(const CellCover& other) const;
  // Whether the cell `id`, of any level, is or lies in one of the cells. O(log n).
  bool ContainsCell(uint64_t id) const;

  friend bool operator==(const CellCover&, const CellCover&) = default;
};

// The level of the finest cells in an outline's cover.
int CoverLevel(const geo::Outline& outline);

// The cover of an outline.
//   (1) It contains every point within geo::kOutlineBoundM of the outline; so covers of outlines that meet intersect.
//   (2) Every cell of it comes within kCoverSlack of the outline: 1.1 % of a circle's radius (the least radius of
//       curvature stands for all), or geo::kOutlineBoundM and rounding, whichever is more.
// O(cells) for circles, O(cells + vertices log vertices) for polygons.
CellCover CoverOf(const geo::Outline& outline);

// Whether the cells are valid, ascend, and none contains another: what every function here makes and takes for granted.
bool IsCover(const CellCover& cover);

// The cover of all that is in either. O(n + m), and sorting.
CellCover Union(const CellCover& a, const CellCover& b);

// The greatest number of `covers` that have one point in common which lies in `within` too: two cells share a point if
// one is or contains the other. O(n log n) for n cells in all.
size_t DeepestWithin(const CellCover& within, std::span<const CellCover* const> covers);

// The boxes that a cover has in an index of covers: one for each face of S2's cube that it has cells on.
struct CoverBoxes {
  int count;
  std::array<Box, 6> boxes;

  const Box* begin() const { return boxes.data(); }
  const Box* end() const { return boxes.data() + count; }
};

// The boxes of a cover with a band of altitudes and an interval of time. The first two axes are not latitude and
// longitude but half of S2's (i, j) of leaf cells, about 2 cm, the faces side by side along i: the bounds of cells are
// whole numbers there. So, of two covers that share a leaf cell and whose bands and intervals meet, some box of one
// intersects some box of the other. Altitude and time are rounded outward and clamped to what a Box holds. O(cells).
// REQUIRES: lower <= upper, start <= end.
CoverBoxes BoxesOf(const CellCover& cover, AltitudeMm lower, AltitudeMm upper, TimeNs start, TimeNs end);

}  // namespace wideberth::index

#endif  // WIDEBERTH_INDEX_CELL_COVER_H_
