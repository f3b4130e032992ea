#include "index/join.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "index/random_boxes_for_test.h"

namespace wideberth::index {
namespace {

using Pairs = std::vector<IdPair>;

Pairs FoundBy(const Join& join) {
  Pairs pairs;
  EXPECT_TRUE(join.Visit([&](std::span<const IdPair> batch) {
    EXPECT_FALSE(batch.empty());
    EXPECT_LE(batch.size(), Join::kPairsPerBatch);
    pairs.insert(pairs.end(), batch.begin(), batch.end());
    return true;
  }));
  return pairs;
}

std::set<IdPair> BruteForce(const std::vector<Box>& boxes, const std::vector<uint32_t>& ids) {
  std::set<IdPair> pairs;
  for (size_t i = 0; i < boxes.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (ids[i] != ids[j] && boxes[i].Intersects(boxes[j])) pairs.insert({ids[j], ids[i]});
    }
  }
  return pairs;
}

std::vector<uint32_t> Numbered(size_t count) {
  std::vector<uint32_t> ids(count);
  std::iota(ids.begin(), ids.end(), 0u);
  return ids;
}

// The reference: every pair, once.
void ExpectAsBruteForce(const std::vector<Box>& boxes, const std::vector<uint32_t>& ids) {
  const Pairs found = FoundBy(Join(boxes, ids));
  for (const IdPair& pair : found) ASSERT_LT(pair.a, pair.b);
  const std::set<IdPair> as_set(found.begin(), found.end());
  EXPECT_EQ(as_set.size(), found.size()) << "a pair was found twice";
  EXPECT_TRUE(as_set == BruteForce(boxes, ids));
}

TEST(Join, FindsNothingAmongNoneOrOne) {
  EXPECT_TRUE(FoundBy(Join({}, {})).empty());
  const std::vector<Box> boxes = {{{0, 0, 0, 0}, {1, 1, 1, 1}}};
  EXPECT_TRUE(FoundBy(Join(boxes, Numbered(1))).empty());
}

TEST(Join, TouchingBoxesMeetOnEveryAxisAndNearMissesDoNot) {
  for (size_t axis = 0; axis < kAxes; ++axis) {
    std::vector<Box> boxes(3, Box{{0, 0, 0, 0}, {10, 10, 10, 10}});
    boxes[1].lower[axis] = 10;
    boxes[1].upper[axis] = 20;
    boxes[2].lower[axis] = 21;
    boxes[2].upper[axis] = 30;
    EXPECT_EQ(FoundBy(Join(boxes, Numbered(3))), (Pairs{{0, 1}}));
  }
}

TEST(Join, FindsWhatBruteForceFindsInEveryKindOfSet) {
  for (const BoxKind kind : kBoxKinds) {
    for (uint64_t seed = 1; seed <= 12; ++seed) {
      SCOPED_TRACE("kind " + std::to_string(static_cast<int>(kind)) + " seed " + std::to_string(seed));
      RandomBoxes random(kind, seed);
      const auto count = static_cast<size_t>(random.Number(2, seed <= 10 ? 120 : 700));
      ExpectAsBruteForce(random.Next(count), Numbered(count));
    }
  }
}

TEST(Join, FindsWhatBruteForceFindsInAMixtureOfKinds) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::vector<Box> boxes;
    for (const BoxKind kind : kBoxKinds) {
      for (const Box& box : RandomBoxes(kind, seed).Next(80)) boxes.push_back(box);
    }
    ExpectAsBruteForce(boxes, Numbered(boxes.size()));
  }
}

TEST(Join, AThingOfSeveralBoxesMeetsAnotherOnceAndNeverItself) {
  for (const BoxKind kind : kBoxKinds) {
    for (uint64_t seed = 1; seed <= 12; ++seed) {
      SCOPED_TRACE("kind " + std::to_string(static_cast<int>(kind)) + " seed " + std::to_string(seed));
      RandomBoxes random(kind, seed);
      std::vector<uint32_t> ids;
      uint32_t id = 0;
      while (ids.size() < 200) {
        id += static_cast<uint32_t>(random.Number(1, 1000));
        ids.insert(ids.end(), static_cast<size_t>(random.Number(1, 3)), id);
      }
      ExpectAsBruteForce(random.Next(ids.size()), ids);
    }
  }
}

TEST(Join, EqualPlacesByTheThousandAreSortedFurther) {
  // Tiny boxes whose distance is far below what 64 bits of order resolve next to boxes at the other end of the world.
  std::vector<Box> boxes = RandomBoxes(BoxKind::kClusters, 5).Next(3000);
  boxes.push_back({{INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN}, {INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN}});
  boxes.push_back({{INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX}, {INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX}});
  ExpectAsBruteForce(boxes, Numbered(boxes.size()));
}

TEST(Join, TheOrderOfThePairsDependsOnNothingButTheInput) {
  const std::vector<Box> boxes = RandomBoxes(BoxKind::kDrones, 9).Next(3000);
  const std::vector<uint32_t> ids = Numbered(boxes.size());
  const Pairs pairs = FoundBy(Join(boxes, ids));
  EXPECT_EQ(pairs, FoundBy(Join(boxes, ids)));
  // The same on every machine: what this build found first and last when the order was last changed on purpose.
  uint64_t hash = 0;
  for (const IdPair& pair : pairs) hash = (hash ^ pair.a ^ uint64_t{pair.b} << 32) * 0x9e37'79b9'7f4a'7c15u;
  EXPECT_EQ(hash, 3028721762078726747u) << "of " << pairs.size() << " pairs";
}

TEST(Join, PartsOneAfterTheOtherGiveTheWhole) {
  const std::vector<Box> boxes = RandomBoxes(BoxKind::kLongLived, 4).Next(2000);
  const std::vector<uint32_t> ids = Numbered(boxes.size());
  const Join join(boxes, ids);
  const Pairs whole = FoundBy(join);
  for (const size_t step : {size_t{1}, size_t{3}, size_t{17}, join.leaf_count()}) {
    Pairs parts;
    for (size_t first = 0; first < join.leaf_count(); first += step) {
      EXPECT_TRUE(join.VisitLeaves(first, std::min(first + step, join.leaf_count()), [&](auto batch) {
        parts.insert(parts.end(), batch.begin(), batch.end());
        return true;
      }));
    }
    EXPECT_EQ(parts, whole);
  }
}

TEST(Join, StopsWhenTold) {
  const std::vector<Box> boxes = RandomBoxes(BoxKind::kIdentical, 1).Next(1000);
  const std::vector<uint32_t> ids = Numbered(boxes.size());
  const Join join(boxes, ids);
  int calls = 0;
  const auto stop_at_third = [&](std::span<const IdPair>) { return ++calls < 3; };
  EXPECT_FALSE(join.Visit(stop_at_third));
  EXPECT_EQ(calls, 3);
  calls = 0;
  EXPECT_FALSE(join.Visit(stop_at_third, [](double) {}));
  EXPECT_EQ(calls, 3);
}

TEST(Join, ProgressRisesFromZeroToOneAndChangesNothing) {
  const std::vector<Box> boxes = RandomBoxes(BoxKind::kDrones, 2).Next(5000);
  const std::vector<uint32_t> ids = Numbered(boxes.size());
  const Join join(boxes, ids);
  std::vector<double> fractions;
  Pairs pairs;
  EXPECT_TRUE(join.Visit(
      [&](std::span<const IdPair> batch) {
        pairs.insert(pairs.end(), batch.begin(), batch.end());
        return true;
      },
      [&](double fraction) { fractions.push_back(fraction); }));
  EXPECT_EQ(pairs, FoundBy(join));
  ASSERT_GE(fractions.size(), 2u);
  EXPECT_EQ(fractions.front(), 0);
  EXPECT_EQ(fractions.back(), 1);
  EXPECT_TRUE(std::is_sorted(fractions.begin(), fractions.end()));
  EXPECT_LE(fractions.size(), 200u);
}

Box BoxAt(const std::array<int64_t, kAxes>& center, const std::array<int64_t, kAxes>& half) {
  constexpr int64_t kMin = std::numeric_limits<int32_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int32_t>::max();
  Box box;
  for (size_t axis = 0; axis < kAxes; ++axis) {
    box.lower[axis] = static_cast<int32_t>(std::clamp(center[axis] - half[axis], kMin, kMax));
    box.upper[axis] = static_cast<int32_t>(std::clamp(center[axis] + half[axis], kMin, kMax));
  }
  return box;
}

// Reference: random worlds of every kind against all pairs one by one.
TEST(Join, FindsWhatBruteForceFindsInWorldsOfEverySize) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](int64_t limit) { return static_cast<int64_t>(random() % static_cast<uint64_t>(limit)); };
    const int64_t world = int64_t{1} << (6 + seed % 26);
    const size_t count = 20 + static_cast<size_t>(below(1200));
    const bool twice = seed % 3 == 0;  // some things have two boxes
    std::vector<Box> all;
    std::vector<uint32_t> ids;
    for (uint32_t id = 0; ids.size() < count; ++id) {
      const int boxes = twice && below(4) == 0 ? 2 : 1;
      for (int k = 0; k < boxes; ++k) {
        std::array<int64_t, kAxes> center;
        std::array<int64_t, kAxes> half;
        for (size_t axis = 0; axis < kAxes; ++axis) {
          center[axis] = below(2 * world) - world;
          // Mixtures of sizes: from a point to the world, on each axis alone.
          half[axis] = seed % 4 == 0 ? below(1 + (world >> below(24))) : world >> (2 + seed % 5);
          if (seed % 7 == 0) center[axis] = center[axis] / (world / 4 + 1) * (world / 4 + 1);  // many equal places
        }
        all.push_back(BoxAt(center, half));
        ids.push_back(id);
      }
    }
    SCOPED_TRACE("seed " + std::to_string(seed));
    ExpectAsBruteForce(all, ids);
  }
}

TEST(JoinDeathTest, RefusesIdsThatFall) {
  const std::vector<Box> boxes(2);
  const std::vector<uint32_t> ids = {1, 0};
  EXPECT_DEATH(Join(boxes, ids), "check failed");
}

}  // namespace
}  // namespace wideberth::index
