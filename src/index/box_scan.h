#ifndef WIDEBERTH_INDEX_BOX_SCAN_H_
#define WIDEBERTH_INDEX_BOX_SCAN_H_

#include <cstdint>

#include "index/box.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace wideberth::index {

// What the joins and the tree spend their time on: one box against up to sixteen that stand side by side. The four
// bounds of a box fill one SIMD register of the least x86-64, so a box costs two comparisons; measured, 6 ns for
// twelve boxes, where an array for each bound of each axis took 15 ns (docs/index.md).

inline constexpr int kScanMax = 16;   // boxes in one scan, hence in a leaf or node
inline constexpr int kScanGroup = 4;  // boxes are read in groups of this many

// The bits of the first `count` slots. REQUIRES: 0 <= count <= kScanMax.
inline uint32_t SlotBits(int count) { return (1u << count) - 1; }

// Bit i says whether boxes[i] intersects `box`; the bits from `count` on are 0. Up to kScanGroup - 1 boxes after the
// last are read, of any value. REQUIRES: 0 <= count <= kScanMax; those boxes exist.
inline uint32_t ScanPortable(const Box* boxes, int count, const Box& box) {
  uint32_t hits = 0;
  for (int i = 0; i < count; ++i) hits |= boxes[i].Intersects(box) ? 1u << i : 0u;
  return hits;
}

#ifdef __SSE2__

inline uint32_t Scan(const Box* boxes, int count, const Box& box) {
  const auto load = [](const std::array<int32_t, kAxes>& bounds) {
    return _mm_load_si128(reinterpret_cast<const __m128i*>(bounds.data()));
  };
  const __m128i lower = load(box.lower);
  const __m128i upper = load(box.upper);
  // Each lane says whether that axis keeps the two apart.
  const auto apart = [&](const Box& other) {
    return _mm_or_si128(_mm_cmpgt_epi32(load(other.lower), upper), _mm_cmpgt_epi32(lower, load(other.upper)));
  };
  uint32_t hits = 0;
  for (int i = 0; i < count; i += kScanGroup) {
    // Narrowing keeps 0 and -1, so that each box's four lanes end up as the bytes of one lane.
    const __m128i bytes = _mm_packs_epi16(_mm_packs_epi32(apart(boxes[i]), apart(boxes[i + 1])),
                                          _mm_packs_epi32(apart(boxes[i + 2]), apart(boxes[i + 3])));
    const __m128i meets = _mm_cmpeq_epi32(bytes, _mm_setzero_si128());
    hits |= static_cast<uint32_t>(_mm_movemask_ps(_mm_castsi128_ps(meets))) << i;
  }
  return hits & SlotBits(count);
}

#else

inline uint32_t Scan(const Box* boxes, int count, const Box& box) { return ScanPortable(boxes, count, box); }

#endif

}  // namespace wideberth::index

#endif  // WIDEBERTH_INDEX_BOX_SCAN_H_
