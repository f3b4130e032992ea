#include "index/box_scan.h"

#include <gtest/gtest.h>

#include <array>

#include "index/random_boxes_for_test.h"

namespace wideberth::index {
namespace {

TEST(Scan, SaysForEachBoxWhatIntersectsSays) {
  for (const BoxKind kind : kBoxKinds) {
    RandomBoxes random(kind, 17);
    for (int round = 0; round < 500; ++round) {
      std::array<Box, kScanMax + kScanGroup - 1> boxes;
      for (Box& box : boxes) box = random.Next();
      const Box query = random.Next();
      for (int count = 0; count <= kScanMax; ++count) {
        const uint32_t hits = Scan(boxes.data(), count, query);
        ASSERT_EQ(hits, ScanPortable(boxes.data(), count, query));
        for (int i = 0; i < 32; ++i) {
          ASSERT_EQ((hits >> i & 1) != 0, i < count && boxes[static_cast<size_t>(i)].Intersects(query));
        }
      }
    }
  }
}

TEST(Scan, TouchingBoxesMeetOnEveryAxisAndSide) {
  const Box box = {{0, 0, 0, 0}, {10, 10, 10, 10}};
  for (size_t axis = 0; axis < kAxes; ++axis) {
    std::array<Box, kScanMax> boxes;
    boxes.fill(box);
    boxes[0].lower[axis] = 10, boxes[0].upper[axis] = 20;
    boxes[1].lower[axis] = 11, boxes[1].upper[axis] = 20;
    boxes[2].lower[axis] = -5, boxes[2].upper[axis] = 0;
    boxes[3].lower[axis] = -5, boxes[3].upper[axis] = -1;
    EXPECT_EQ(Scan(boxes.data(), 4, box), 0b0101u);
  }
}

}  // namespace
}  // namespace wideberth::index
