#ifndef WIDEBERTH_INDEX_RANDOM_BOXES_FOR_TEST_H_
#define WIDEBERTH_INDEX_RANDOM_BOXES_FOR_TEST_H_

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "index/box.h"

namespace wideberth::index {

// Box sets that are usual, and box sets that are meant to hurt. For tests: the same seed gives the same boxes.
enum class BoxKind {
  kDrones,     // what the index is made for
  kAllScales,  // metres and continents, seconds and decades, independently on each axis
  kSmallGrid,  // a few coordinates: touching, equal and degenerate boxes
  kIdentical,  // one box many times
  kExtremes,   // at the ends of int32 and around 0
  kClusters,   // dense clusters of tiny boxes, far apart
  kLongLived,  // drones, a tenth of them for months
  kPoints,     // degenerate boxes all over int32
  kStacked,    // the same place and time, a band each
  kPlates,     // long on all axes but one, thin on that
};
inline constexpr BoxKind kBoxKinds[] = {
    BoxKind::kDrones,   BoxKind::kAllScales, BoxKind::kSmallGrid, BoxKind::kIdentical, BoxKind::kExtremes,
    BoxKind::kClusters, BoxKind::kLongLived, BoxKind::kPoints,    BoxKind::kStacked,   BoxKind::kPlates};

class RandomBoxes {
 public:
  RandomBoxes(BoxKind kind, uint64_t seed) : kind_(kind), random_(seed) {}

  // A number from `least` to `most`, both in.
  int64_t Number(int64_t least, int64_t most) {
    const auto range = static_cast<uint64_t>(most - least) + 1;
    return least + static_cast<int64_t>(random_() % range);
  }

  Box Next() {
    switch (kind_) {
      case BoxKind::kDrones:
        return Drone(600);
      case BoxKind::kLongLived:
        return Drone(Number(0, 9) == 0 ? 10'000'000 : 600);
      case BoxKind::kAllScales:
        return FromAxes([this] {
          const int64_t length = Number(0, (int64_t{1} << Number(0, 32)) - 1);
          const int64_t lower = Number(kMin, kMax - length);
          return Range{lower, lower + length};
        });
      case BoxKind::kSmallGrid:
        return FromAxes([this] {
          const int64_t lower = Number(0, 9);
          return Range{lower, lower + Number(0, 2)};
        });
      case BoxKind::kIdentical:
        return {{1, 2, 3, 4}, {5, 6, 7, 8}};
      case BoxKind::kExtremes:
        return FromAxes([this] {
          constexpr int64_t kEnds[] = {kMin, kMin + 1, -1, 0, 1, kMax - 1, kMax};
          const int64_t a = kEnds[Number(0, 6)];
          const int64_t b = kEnds[Number(0, 6)];
          return Range{std::min(a, b), std::max(a, b)};
        });
      case BoxKind::kClusters: {
        const int64_t corner = Number(0, 1) == 0 ? -900'000'000 : 900'000'000;
        return FromAxes([this, corner] {
          const int64_t lower = corner + Number(0, 400);
          return Range{lower, lower + Number(0, 60)};
        });
      }
      case BoxKind::kPoints:
        return FromAxes([this] {
          const int64_t at = Number(kMin, kMax) & ~int64_t{0x0fff'ffff};
          return Range{at, at};
        });
      case BoxKind::kStacked: {
        Box box = {{480'000'000, 110'000'000, 0, 1000}, {480'036'000, 110'053'000, 0, 1600}};
        box.lower[kAltitude] = static_cast<int32_t>(Number(0, 1'000'000));
        box.upper[kAltitude] = box.lower[kAltitude] + 1000;
        return box;
      }
      case BoxKind::kPlates: {
        const int64_t thin = Number(0, 3);
        int64_t axis = 0;
        return FromAxes([this, thin, &axis] {
          const int64_t lower = Number(-1'000'000, 1'000'000);
          return axis++ == thin ? Range{lower, lower + 10} : Range{lower, lower + 3'000'000};
        });
      }
    }
    return {};
  }

  std::vector<Box> Next(size_t count) {
    std::vector<Box> boxes(count);
    for (Box& box : boxes) box = Next();
    return boxes;
  }

 private:
  static constexpr int64_t kMin = std::numeric_limits<int32_t>::min();
  static constexpr int64_t kMax = std::numeric_limits<int32_t>::max();
  struct Range {
    int64_t lower;
    int64_t upper;
  };

  template <typename MakeRange>
  static Box FromAxes(MakeRange make_range) {
    Box box;
    for (size_t axis = 0; axis < kAxes; ++axis) {
      const Range range = make_range();
      box.lower[axis] = static_cast<int32_t>(range.lower);
      box.upper[axis] = static_cast<int32_t>(range.upper);
    }
    return box;
  }

  // In a small town, so that a few hundred already meet.
  Box Drone(int64_t seconds) {
    Box box;
    box.lower = {static_cast<int32_t>(480'000'000 + Number(0, 300'000)),
                 static_cast<int32_t>(110'000'000 + Number(0, 450'000)), static_cast<int32_t>(Number(50'000, 320'000)),
                 static_cast<int32_t>(200'000'000 + Number(0, 5'000))};
    box.upper = {box.lower[0] + 36'000, box.lower[1] + 53'800, box.lower[2] + 30'000,
                 static_cast<int32_t>(box.lower[3] + seconds)};
    return box;
  }

  BoxKind kind_;
  std::mt19937_64 random_;
};

}  // namespace wideberth::index

#endif  // WIDEBERTH_INDEX_RANDOM_BOXES_FOR_TEST_H_
