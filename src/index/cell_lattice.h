#ifndef WIDEBERTH_INDEX_CELL_LATTICE_H_
#define WIDEBERTH_INDEX_CELL_LATTICE_H_

#include <s2/s1angle.h>
#include <s2/s2cell_id.h>
#include <s2/s2point.h>

#include <optional>
#include <span>
#include <vector>

// Covers of small outlines, cell by cell: on each face of S2's cube the cells of one level are a grid whose lines are
// great circles, and straight lines in the face's gnomonic coordinates (u, v). A hundred times fewer instructions than
// S2RegionCoverer takes for a drone's flight.
namespace wideberth::index {

// An outline whose grid has more cells than this is not small.
inline constexpr int kLatticeCellsMax = 4096;
// Nor is one that reaches further than this from its middle.
inline constexpr double kLatticeReachMaxRadians = 0.01;

// Every cell of `level` that holds a point within `radius` of `center`, and none that holds no point within `radius`
// and 1e-15 more. Nothing for a cap that is not small. In no order.
std::optional<std::vector<S2CellId>> CellsOfCap(const S2Point& center, S1Angle radius, int level);

// Every cell of `level` that holds a point within `margin` of the polygon, and none that holds no point within 8 times
// that (a distance grows by up to 3 in u and v, and there the margin is a square). The polygon is the ring and what it
// encloses; its edges are great circles that do not cross. Nothing for a ring that is not small. REQUIRES: margin >=
// 1e-12 radians; 3 vertices. In no order.
std::optional<std::vector<S2CellId>> CellsOfPolygon(std::span<const S2Point> ring, S1Angle margin, int level);

}  // namespace wideberth::index

#endif  // WIDEBERTH_INDEX_CELL_LATTICE_H_
