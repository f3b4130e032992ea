#include "index/join.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

namespace wideberth::index {
namespace {

// A box and the number of the thing it is a box of.
struct JoinEntry {
  Box box;
  uint32_t id;
};

struct Columns {
  explicit Columns(const std::vector<JoinEntry>& entries) {
    for (const JoinEntry& entry : entries) {
      boxes.push_back(entry.box);
      ids.push_back(entry.id);
    }
  }
  std::vector<Box> boxes;
  std::vector<uint32_t> ids;
};

std::vector<IdPair> AllPairsOneByOne(const std::vector<JoinEntry>& entries) {
  std::vector<IdPair> pairs;
  for (size_t i = 0; i < entries.size(); ++i) {
    for (size_t j = i + 1; j < entries.size(); ++j) {
      if (entries[i].id != entries[j].id && entries[i].box.Intersects(entries[j].box))
        pairs.push_back({entries[i].id, entries[j].id});
    }
  }
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  return pairs;
}

// In the order of the visit.
std::vector<IdPair> Joined(const std::vector<JoinEntry>& entries) {
  std::vector<IdPair> pairs;
  const Columns columns(entries);
  const Join join(columns.boxes, columns.ids);
  EXPECT_TRUE(join.Visit([&](std::span<const IdPair> batch) {
    pairs.insert(pairs.end(), batch.begin(), batch.end());
    return true;
  }));
  return pairs;
}

void ExpectSameAsOneByOne(const std::vector<JoinEntry>& entries, const std::string& what) {
  std::vector<IdPair> pairs = Joined(entries);
  for (const IdPair& pair : pairs) ASSERT_LT(pair.a, pair.b) << what;
  EXPECT_EQ(Joined(entries), pairs) << what << ": the order is not the same twice";
  std::sort(pairs.begin(), pairs.end());
  EXPECT_EQ(std::adjacent_find(pairs.begin(), pairs.end()), pairs.end()) << what << ": a pair came twice";
  EXPECT_EQ(pairs, AllPairsOneByOne(entries)) << what;
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

TEST(Join, FindsNothingInNothing) { ExpectSameAsOneByOne({}, "empty"); }

TEST(Join, TouchingIsMeetingOnEveryAxis) {
  const Box base{{0, 0, 0, 0}, {10, 10, 10, 10}};
  for (size_t axis = 0; axis < kAxes; ++axis) {
    Box touching = base;
    touching.lower[axis] = 10;
    touching.upper[axis] = 20;
    EXPECT_EQ(Joined({{base, 1}, {touching, 2}}).size(), 1u);
    Box apart = base;
    apart.lower[axis] = 11;
    apart.upper[axis] = 20;
    EXPECT_EQ(Joined({{base, 1}, {apart, 2}}).size(), 0u);
  }
}

TEST(Join, TwoBoxesOfOneThingAreOneMeeting) {
  const Box box{{0, 0, 0, 0}, {10, 10, 10, 10}};
  EXPECT_EQ(Joined({{box, 1}, {box, 1}, {box, 2}, {box, 2}}), (std::vector<IdPair>{{1, 2}}));
}

TEST(Join, StopsWhenTold) {
  std::vector<JoinEntry> entries;
  for (uint32_t id = 0; id < 300; ++id) entries.push_back({{{0, 0, 0, 0}, {1, 1, 1, 1}}, id});
  size_t seen = 0;
  const Columns columns(entries);
  EXPECT_FALSE(Join(columns.boxes, columns.ids).Visit([&](std::span<const IdPair> batch) {
    seen += batch.size();
    return false;
  }));
  EXPECT_LT(seen, 300u * 299 / 2);
}

TEST(Join, TellsProgressFromZeroToOne) {
  std::vector<JoinEntry> entries;
  for (int i = 0; i < 5000; ++i) entries.push_back({{{i, i, i, i}, {i, i, i, i}}, static_cast<uint32_t>(i)});
  std::vector<double> shares;
  const Columns columns(entries);
  EXPECT_TRUE(Join(columns.boxes, columns.ids).Visit([](std::span<const IdPair>) { return true; },
                                  [&](double share) { shares.push_back(share); }));
  ASSERT_GE(shares.size(), 2u);
  EXPECT_EQ(shares.front(), 0);
  EXPECT_EQ(shares.back(), 1);
  EXPECT_TRUE(std::is_sorted(shares.begin(), shares.end()));
}

// Reference: random worlds of every kind against all pairs one by one.
TEST(Join, AgreesWithAllPairsOneByOne) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](int64_t limit) { return static_cast<int64_t>(random() % static_cast<uint64_t>(limit)); };
    const int64_t world = int64_t{1} << (6 + seed % 26);
    const size_t count = 20 + static_cast<size_t>(below(1200));
    const bool twice = seed % 3 == 0;  // some things have two boxes
    std::vector<JoinEntry> entries;
    for (uint32_t id = 0; entries.size() < count; ++id) {
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
        entries.push_back({BoxAt(center, half), id});
      }
    }
    ExpectSameAsOneByOne(entries, "seed " + std::to_string(seed));
  }
}

TEST(Join, HandlesTheEndsOfTheAxes) {
  constexpr int32_t kMin = std::numeric_limits<int32_t>::min();
  constexpr int32_t kMax = std::numeric_limits<int32_t>::max();
  std::vector<JoinEntry> entries;
  uint32_t id = 0;
  for (int copy = 0; copy < 12; ++copy) {
    entries.push_back({{{kMin, kMin, kMin, kMin}, {kMax, kMax, kMax, kMax}}, id++});
    entries.push_back({{{kMin, kMin, kMin, kMin}, {kMin, kMin, kMin, kMin}}, id++});
    entries.push_back({{{kMax, kMax, kMax, kMax}, {kMax, kMax, kMax, kMax}}, id++});
    entries.push_back({{{kMin, 0, 0, kMax}, {kMax, 0, 0, kMax}}, id++});
    entries.push_back({{{0, 0, 0, 0}, {0, 0, 0, 0}}, id++});
  }
  ExpectSameAsOneByOne(entries, "ends");
}

}  // namespace
}  // namespace wideberth::index
