#ifndef WIDEBERTH_INDEX_BOX_H_
#define WIDEBERTH_INDEX_BOX_H_

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <span>

#include "base/units.h"
#include "geo/predicates.h"
#include "geo/volume4d.h"

namespace wideberth::index {

// The axes of a Box and what one unit of each is.
enum Axis : int {
  kLatitude = 0,   // 1e-7 degree, 11 mm
  kLongitude = 1,  // 1e-7 degree, -180..180 degrees
  kAltitude = 2,   // millimetre above the WGS84 ellipsoid
  kTime = 3,       // whole second since 2020-01-01T00:00:00Z (TimeToSeconds)
};
inline constexpr int kAxes = 4;

// Every point from lower to upper on each of four axes, all bounds in. A plain value, the whole of int32 allowed on
// every axis. Where a function takes one, it REQUIRES: lower[axis] <= upper[axis] for each axis. Two fill a line of the
// cache, and each half of one a SIMD register.
struct alignas(32) Box {
  std::array<int32_t, kAxes> lower;
  std::array<int32_t, kAxes> upper;

  // Whether they share a point: touching is meeting.
  bool Intersects(const Box& other) const {
    bool meets = true;
    for (size_t axis = 0; axis < kAxes; ++axis) {
      meets &= lower[axis] <= other.upper[axis] && other.lower[axis] <= upper[axis];
    }
    return meets;
  }
  // Whether every point of `other` is one of this.
  bool Contains(const Box& other) const {
    bool contains = true;
    for (size_t axis = 0; axis < kAxes; ++axis) {
      contains &= lower[axis] <= other.lower[axis] && other.upper[axis] <= upper[axis];
    }
    return contains;
  }
  // Grows to the smallest box that contains this and `other`.
  void Extend(const Box& other) {
    for (size_t axis = 0; axis < kAxes; ++axis) {
      lower[axis] = std::min(lower[axis], other.lower[axis]);
      upper[axis] = std::max(upper[axis], other.upper[axis]);
    }
  }
  bool valid() const {
    return lower[0] <= upper[0] && lower[1] <= upper[1] && lower[2] <= upper[2] && lower[3] <= upper[3];
  }

  friend auto operator<=>(const Box&, const Box&) = default;
};

// The smallest box that contains both.
inline Box Union(const Box& a, const Box& b) {
  Box result = a;
  result.Extend(b);
  return result;
}

// One or two boxes: two for a volume across the antimeridian.
struct Boxes {
  int count;
  Box boxes[2];

  // What a loop needs: `for (const Box& box : BoxesOf(volume))` is safe, while a span of a temporary would not be.
  const Box* begin() const { return boxes; }
  const Box* end() const { return boxes + count; }
  std::span<const Box> span() const& { return {boxes, static_cast<size_t>(count)}; }
  std::span<const Box> span() const&& = delete;
};

// An instant as a Box has it: seconds since 2020-01-01T00:00:00Z, rounded down or up. Outside of what int32 holds
// (1951-12-13T20:45:52Z..2088-01-19T03:14:07Z) it is the nearest end of that. Both are monotone, so that intervals
// which meet also meet as seconds; far outside, intervals that do not meet may seem to, and the exact predicates of
// geo decide.
int32_t TimeToSecondsDown(TimeNs time);
int32_t TimeToSecondsUp(TimeNs time);
// An altitude as a Box has it: the nearest one that int32 holds.
int32_t ToBoxAltitude(AltitudeMm altitude);

// The boxes of a volume, rounded outward on every axis and enlarged by half of the separation (rounded up). So, of
// two volumes that come within a separation, made into boxes with that same or a larger separation,
//   (1) some box of one intersects some box of the other: they share a point halfway along the shortest way between
//       the two; and
//   (2) with any separation, the boxes together contain the volume.
// REQUIRES: the separation is within the limits its fields state.
Boxes BoxesOf(const geo::Volume4D& volume, const geo::Separation& separation = {});

}  // namespace wideberth::index

#endif  // WIDEBERTH_INDEX_BOX_H_
