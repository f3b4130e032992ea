#include "index/live_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "index/random_boxes_for_test.h"

namespace wideberth::index {
namespace {

using Entry = std::pair<uint64_t, Box>;
using Model = std::set<Entry>;  // the reference: a set, and a look at everything in it

std::vector<Entry> Found(const LiveIndex& index, const Box& box) {
  std::vector<Entry> found;
  EXPECT_TRUE(index.Query(box, [&](uint64_t id, const Box& entry_box) {
    found.emplace_back(id, entry_box);
    return true;
  }));
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<Entry> BruteForce(const Model& model, const Box& box) {
  std::vector<Entry> found;
  for (const Entry& entry : model) {
    if (entry.second.Intersects(box)) found.push_back(entry);
  }
  return found;
}

#define EXPECT_SOUND(index)                                                                                            \
  do {                                                                                                                 \
    const Result<void> sound = (index).CheckInvariants();                                                              \
    ASSERT_TRUE(sound) << (sound ? "" : sound.error().message);                                                        \
  } while (false)

constexpr Box kEverything = {{INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN},
                             {INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX}};

TEST(LiveIndex, HoldsNothingAtFirst) {
  LiveIndex index;
  EXPECT_TRUE(index.empty());
  EXPECT_TRUE(Found(index, kEverything).empty());
  EXPECT_FALSE(index.Remove(1, kEverything));
  EXPECT_SOUND(index);
}

TEST(LiveIndex, AnEntryIsAddedOnceAndRemovedOnce) {
  LiveIndex index;
  const Box box = {{0, 0, 0, 0}, {1, 1, 1, 1}};
  EXPECT_TRUE(index.Insert(7, box));
  EXPECT_FALSE(index.Insert(7, box));
  EXPECT_EQ(index.size(), 1u);
  EXPECT_FALSE(index.Remove(8, box));
  EXPECT_FALSE(index.Remove(7, {{0, 0, 0, 0}, {1, 1, 1, 2}}));
  EXPECT_TRUE(index.Remove(7, box));
  EXPECT_FALSE(index.Remove(7, box));
  EXPECT_TRUE(index.empty());
  EXPECT_SOUND(index);
}

TEST(LiveIndex, AnIdMayHaveTwoBoxesAndComesOnceForEach) {
  LiveIndex index;
  const Box east = {{0, 1'799'000'000, 0, 0}, {10, 1'800'000'000, 10, 10}};
  const Box west = {{0, -1'800'000'000, 0, 0}, {10, -1'799'000'000, 10, 10}};
  EXPECT_TRUE(index.Insert(7, east));
  EXPECT_TRUE(index.Insert(7, west));
  EXPECT_EQ(Found(index, kEverything).size(), 2u);
  EXPECT_EQ(Found(index, east), (std::vector<Entry>{{7, east}}));
  EXPECT_TRUE(index.Remove(7, east));
  EXPECT_EQ(Found(index, kEverything), (std::vector<Entry>{{7, west}}));
}

TEST(LiveIndex, TouchingBoxesAreFoundOnEveryAxisAndNearMissesAreNot) {
  for (size_t axis = 0; axis < kAxes; ++axis) {
    LiveIndex index;
    Box box = {{0, 0, 0, 0}, {10, 10, 10, 10}};
    index.Insert(1, box);
    box.lower[axis] = 10, box.upper[axis] = 20;
    EXPECT_EQ(Found(index, box).size(), 1u);
    box.lower[axis] = 11;
    EXPECT_EQ(Found(index, box).size(), 0u);
    box.lower[axis] = -5, box.upper[axis] = 0;
    EXPECT_EQ(Found(index, box).size(), 1u);
    box.upper[axis] = -1;
    EXPECT_EQ(Found(index, box).size(), 0u);
  }
}

TEST(LiveIndex, AnswersAsBruteForceThroughLongSequencesOfChanges) {
  for (const BoxKind kind : kBoxKinds) {
    for (uint64_t seed = 1; seed <= 3; ++seed) {
      SCOPED_TRACE("kind " + std::to_string(static_cast<int>(kind)) + " seed " + std::to_string(seed));
      RandomBoxes random(kind, seed);
      LiveIndex index;
      Model model;
      std::vector<Entry> present;
      for (int step = 0; step < 3000; ++step) {
        // Phases of growth and of decline.
        const bool grows = (step / 700) % 2 == 0;
        const int64_t dice = random.Number(0, 9);
        if (dice == 0) {
          const Box query = random.Next();
          ASSERT_EQ(Found(index, query), BruteForce(model, query));
        } else if (present.empty() || dice <= (grows ? 7 : 2)) {
          const Entry entry = {static_cast<uint64_t>(random.Number(0, 3000)), random.Next()};
          const bool fresh = model.insert(entry).second;
          ASSERT_EQ(index.Insert(entry.first, entry.second), fresh);
          if (fresh) present.push_back(entry);
        } else {
          const auto which = static_cast<size_t>(random.Number(0, static_cast<int64_t>(present.size()) - 1));
          std::swap(present[which], present.back());
          ASSERT_TRUE(index.Remove(present.back().first, present.back().second));
          model.erase(present.back());
          present.pop_back();
        }
        ASSERT_EQ(index.size(), model.size());
        if (step % 50 == 0) EXPECT_SOUND(index);
      }
      EXPECT_SOUND(index);
      ASSERT_EQ(Found(index, kEverything), (std::vector<Entry>(model.begin(), model.end())));
    }
  }
}

TEST(LiveIndex, RemovingEverythingLeavesItEmptyAndItsMemoryReady) {
  for (const BoxKind kind : {BoxKind::kDrones, BoxKind::kIdentical, BoxKind::kAllScales}) {
    RandomBoxes random(kind, 6);
    const std::vector<Box> boxes = random.Next(5000);
    LiveIndex index;
    size_t bytes = 0;
    for (int round = 0; round < 3; ++round) {
      for (size_t i = 0; i < boxes.size(); ++i) ASSERT_TRUE(index.Insert(i, boxes[i]));
      EXPECT_SOUND(index);
      for (size_t i = 0; i < boxes.size(); ++i) {
        // From both ends and the middle.
        const size_t which = i % 2 == 0 ? i / 2 : boxes.size() - 1 - i / 2;
        ASSERT_TRUE(index.Remove(which, boxes[which]));
        if (i % 500 == 0) EXPECT_SOUND(index);
      }
      EXPECT_TRUE(index.empty());
      EXPECT_TRUE(Found(index, kEverything).empty());
      EXPECT_SOUND(index);
      if (round == 0) bytes = index.bytes();
      EXPECT_EQ(index.bytes(), bytes) << "the second round needs no more than the first";
    }
  }
}

TEST(LiveIndex, OneIdMayHaveManyBoxesOfTheSameKey) {
  LiveIndex index;
  Model model;
  for (int32_t i = 0; i < 500; ++i) {
    const Box box = {{0, 0, i, 0}, {1'000'000, 1'000'000, 1'000'000 - i, 10'000}};
    index.Insert(1, box);
    model.insert({1, box});
  }
  EXPECT_SOUND(index);
  EXPECT_EQ(Found(index, kEverything), (std::vector<Entry>(model.begin(), model.end())));
  for (const Entry& entry : model) ASSERT_TRUE(index.Remove(entry.first, entry.second));
  EXPECT_TRUE(index.empty());
}

TEST(LiveIndex, StopsAQueryWhenTold) {
  LiveIndex index;
  for (uint64_t id = 0; id < 1000; ++id) index.Insert(id, {{0, 0, 0, 0}, {1, 1, 1, 1}});
  int calls = 0;
  EXPECT_FALSE(index.Query(kEverything, [&](uint64_t, const Box&) { return ++calls < 5; }));
  EXPECT_EQ(calls, 5);
}

TEST(LiveIndex, TakesFewBytesAnEntry) {
  LiveIndex index;
  RandomBoxes random(BoxKind::kDrones, 8);
  for (uint64_t id = 0; id < 20'000; ++id) index.Insert(id, random.Next());
  EXPECT_LT(static_cast<double>(index.bytes()) / 20'000, 130);  // up to a third of it not used yet
}

}  // namespace
}  // namespace wideberth::index
