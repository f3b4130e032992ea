#ifndef WIDEBERTH_INDEX_KEY_H_
#define WIDEBERTH_INDEX_KEY_H_

#include <algorithm>
#include <array>
#include <bit>
#include <compare>
#include <cstdint>

#include "index/box.h"

namespace wideberth::index {

// Where boxes stand in the order that both the packed join and the live index keep them in. The order decides how fast
// an answer comes, never what it is: any function of the box would do, and this one puts next to each other what is
// alike in size and near in space and time. docs/index.md has the reasons and the measurements.

// A step is 2^kStepShift units of an axis: 0.7 m of latitude, 1.4 m of longitude at the equator, 128 mm, 1 s. In steps
// the boxes of typical drone volumes (400 m, 30 m, 10 minutes) are about equally long on every axis, about 2^9; half
// of that in altitude, which has the fewest of them above each other and is therefore the last axis to be split.
inline constexpr std::array<int, kAxes> kStepShift = {6, 7, 7, 0};

// The number of bits of a coordinate in steps that are used on every axis; time has 6 more above them.
inline constexpr int kLevels = 26;
inline constexpr int kTimeBits = 32;
inline constexpr int kGroups = 64;

// A coordinate counted from the least int32, so that it orders as an unsigned number.
inline uint32_t Biased(int32_t coordinate) { return static_cast<uint32_t>(coordinate) ^ 0x8000'0000u; }

// The middle of a box on one axis, biased and rounded down.
inline uint32_t Center(const Box& box, size_t axis) {
  const uint32_t lower = Biased(box.lower[axis]);
  return lower + (Biased(box.upper[axis]) - lower) / 2;
}

// The length of a box on one axis in steps, rounded down.
inline uint32_t LengthInSteps(const Box& box, size_t axis) {
  return (Biased(box.upper[axis]) - Biased(box.lower[axis])) >> kStepShift[axis];
}

// Which of four classes of length: below 2^7, 2^11 and 2^15 steps, and above. On the axes: about 91 m, 1.5 km, 23 km;
// 16 m, 262 m, 4.2 km; 2 minutes, 34 minutes, 9 hours.
inline uint32_t SizeClass(uint32_t steps) {
  return (steps >= (1u << 7) ? 1u : 0u) + (steps >= (1u << 11) ? 1u : 0u) + (steps >= (1u << 15) ? 1u : 0u);
}

// Which of kGroups: the size classes of time, altitude and the longer horizontal axis. Boxes of different groups never
// share a leaf, so that a continent does not blow up the bounds of the drones beside it, nor a month those of minutes.
inline uint32_t GroupOf(const Box& box) {
  const uint32_t horizontal = std::max(LengthInSteps(box, kLatitude), LengthInSteps(box, kLongitude));
  return SizeClass(LengthInSteps(box, kTime)) * 16 + SizeClass(LengthInSteps(box, kAltitude)) * 4 +
         SizeClass(horizontal);
}

// Bit i of the low 16 bits goes to bit 4 i.
inline uint64_t SpreadBits(uint32_t bits) {
  uint64_t x = bits & 0xffffu;
  x = (x | (x << 24)) & 0x0000'00ff'0000'00ffu;
  x = (x | (x << 12)) & 0x000f'000f'000f'000fu;
  x = (x | (x << 6)) & 0x0303'0303'0303'0303u;
  x = (x | (x << 3)) & 0x1111'1111'1111'1111u;
  return x;
}

// The Morton code of the low 16 bits of four coordinates: of equally high bits, time's is the highest, then latitude's.
inline uint64_t Interleave(uint32_t latitude, uint32_t longitude, uint32_t altitude, uint32_t time) {
  return SpreadBits(time) << 3 | SpreadBits(latitude) << 2 | SpreadBits(longitude) << 1 | SpreadBits(altitude);
}

// A place in the order: from the highest bit down the group (6 bits), the 6 highest bits of the time (2 years), and 26
// levels of one bit of each axis. A value.
struct Key {
  uint64_t high;
  uint64_t low;

  friend auto operator<=>(const Key&, const Key&) = default;
};

// On each axis the centre's bits below the box's own length are left out: they would only scatter what overlaps anyway.
inline Key KeyOf(const Box& box) {
  constexpr int kHalf = kLevels / 2;
  constexpr uint32_t kHalfMask = (1u << kHalf) - 1;
  std::array<uint32_t, kAxes> at;
  for (size_t axis = 0; axis < kAxes; ++axis) {
    const uint32_t own = std::bit_floor(LengthInSteps(box, axis));  // 0 for what is shorter than a step
    at[axis] = (Center(box, axis) >> kStepShift[axis]) & ~(own == 0 ? 0u : own - 1);
  }
  const auto level_bits = [&at](int shift) {
    return Interleave(at[kLatitude] >> shift & kHalfMask, at[kLongitude] >> shift & kHalfMask,
                      at[kAltitude] >> shift & kHalfMask, at[kTime] >> shift & kHalfMask);
  };
  const uint64_t top = uint64_t{GroupOf(box)} << 6 | at[kTime] >> kLevels;
  return {top << (kAxes * kHalf) | level_bits(kHalf), level_bits(0)};
}

// How coarse the boundary between two places is: the number of the highest bit in which they differ, counted from 1;
// 0 when they are equal.
inline int BoundaryLevel(const Key& a, const Key& b) {
  if (a.high != b.high) return 64 + static_cast<int>(std::bit_width(a.high ^ b.high));
  return static_cast<int>(std::bit_width(a.low ^ b.low));
}

}  // namespace wideberth::index

#endif  // WIDEBERTH_INDEX_KEY_H_
