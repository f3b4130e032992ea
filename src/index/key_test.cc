#include "index/key.h"

#include <gtest/gtest.h>

#include "index/random_boxes_for_test.h"

namespace wideberth::index {
namespace {

TEST(Interleave, PutsEachBitInItsPlace) {
  for (int bit = 0; bit < 16; ++bit) {
    EXPECT_EQ(Interleave(0, 0, 1u << bit, 0), uint64_t{1} << (4 * bit));
    EXPECT_EQ(Interleave(0, 1u << bit, 0, 0), uint64_t{2} << (4 * bit));
    EXPECT_EQ(Interleave(1u << bit, 0, 0, 0), uint64_t{4} << (4 * bit));
    EXPECT_EQ(Interleave(0, 0, 0, 1u << bit), uint64_t{8} << (4 * bit));
  }
  EXPECT_EQ(Interleave(0xffff, 0xffff, 0xffff, 0xffff), ~uint64_t{0});
}

TEST(Center, IsBetweenTheBoundsAtTheEndsOfTheRangeToo) {
  const Box all = {{INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN}, {INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX}};
  EXPECT_EQ(Center(all, 0), 0x7fff'ffffu);
  EXPECT_EQ(LengthInSteps(all, kTime), 0xffff'ffffu);
  const Box end = {{INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX}, {INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX}};
  EXPECT_EQ(Center(end, 0), 0xffff'ffffu);
}

TEST(GroupOf, KeepsSizesApart) {
  Box box = {{0, 0, 0, 0}, {36'000, 54'000, 30'000, 600}};
  const uint32_t drone = GroupOf(box);
  box.upper[kTime] = 30 * 86'400;
  EXPECT_NE(GroupOf(box), drone) << "a month";
  box.upper[kTime] = 600;
  box.upper[kLongitude] = 200'000'000;
  EXPECT_NE(GroupOf(box), drone) << "a continent";
  box.upper[kLongitude] = 30'000;
  EXPECT_EQ(GroupOf(box), drone) << "a little smaller";
  for (const BoxKind kind : kBoxKinds) {
    RandomBoxes random(kind, 3);
    for (int i = 0; i < 1000; ++i) ASSERT_LT(GroupOf(random.Next()), static_cast<uint32_t>(kGroups));
  }
}

TEST(KeyOf, OrdersByGroupThenByPlaceFromCoarseToFine) {
  const auto at = [](int32_t latitude, int32_t longitude, int32_t altitude, int32_t time) {
    return KeyOf({{latitude, longitude, altitude, time},
                  {latitude + 36'000, longitude + 54'000, altitude + 30'000, time + 600}});
  };
  const Key here = at(0, 0, 0, 0);
  EXPECT_EQ(here, at(10, 10, 10, 1)) << "within the size of the box it does not matter";
  const Key near = at(100'000, 0, 0, 0);
  const Key far = at(400'000'000, 0, 0, 0);
  EXPECT_GT(BoundaryLevel(here, far), BoundaryLevel(here, near));
  EXPECT_EQ(BoundaryLevel(here, here), 0);
  EXPECT_LT(KeyOf({{0, 0, 0, 0}, {0, 0, 0, 0}}), here) << "smaller boxes come first";
}

TEST(BoundaryLevel, IsTheHighestDifferingBit) {
  for (int bit = 0; bit < 64; ++bit) {
    EXPECT_EQ(BoundaryLevel({0, 0}, {0, uint64_t{1} << bit}), bit + 1);
    EXPECT_EQ(BoundaryLevel({uint64_t{1} << bit, 77}, {0, 5}), 64 + bit + 1);
  }
}

}  // namespace
}  // namespace wideberth::index
