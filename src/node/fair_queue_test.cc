#include "node/fair_queue.h"

#include <gtest/gtest.h>

namespace wideberth::node {
namespace {

using Queue = FairQueue<int>;

TEST(FairQueue, ServesPartiesInTurnAndEachInItsOrder) {
  Queue queue(100);
  for (int i = 0; i < 5; ++i) queue.Push("a", i);
  queue.Push("b", 100);
  queue.Push("c", 200);
  queue.Push("b", 101);
  std::vector<int> order;
  while (!queue.empty()) order.push_back(queue.Pop());
  EXPECT_EQ(order, (std::vector<int>{0, 100, 200, 1, 101, 2, 3, 4}));
}

TEST(FairQueue, AFloodLeavesOthersTheirShare) {
  Queue queue(100);
  int flooded = 0;
  while (queue.RoomFor("flood") == Queue::Room::kYes) queue.Push("flood", flooded++);
  EXPECT_EQ(flooded, 100);
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(queue.RoomFor("other"), Queue::Room::kYes);
    queue.Push("other", i);
  }
  EXPECT_EQ(queue.RoomFor("other"), Queue::Room::kPartyFull);
  EXPECT_EQ(queue.RoomFor("third"), Queue::Room::kYes);
  // It gets places again once it is down to its share.
  EXPECT_EQ(queue.RoomFor("flood"), Queue::Room::kPartyFull);
  for (int i = 0; i < 60; ++i) queue.Pop();  // 70 and 20 are left
  EXPECT_EQ(queue.RoomFor("flood"), Queue::Room::kPartyFull);
  EXPECT_EQ(queue.RoomFor("other"), Queue::Room::kYes);
  for (int i = 0; i < 41; ++i) queue.Pop();  // 49 are left
  EXPECT_EQ(queue.RoomFor("flood"), Queue::Room::kYes);
}

TEST(FairQueue, HasAnEndForAnyNumberOfParties) {
  Queue queue(100);
  int parties = 0;
  while (queue.RoomFor(std::to_string(parties)) == Queue::Room::kYes && parties < 100'000)
    queue.Push(std::to_string(parties++), 0);
  EXPECT_EQ(parties, 400);
  EXPECT_EQ(queue.RoomFor("one more"), Queue::Room::kFull);
}

}  // namespace
}  // namespace wideberth::node
