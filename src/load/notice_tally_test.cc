#include "load/notice_tally.h"

#include <gtest/gtest.h>

namespace wideberth::load {
namespace {

NoticeGiven Notice(int64_t number, uint8_t id) {
  NoticeGiven notice{.number = number, .id = {}};
  notice.id.bytes[0] = id;
  return notice;
}

using Sums = NoticeTally::Sums;

TEST(NoticeTally, EachOnceAndInOrderIsAllThatIsAskedFor) {
  NoticeTally tally(2);
  tally.Add(1, Notice(10, 1));
  tally.Add(1, Notice(12, 2));
  EXPECT_EQ(tally.received(), 2u);
  EXPECT_EQ(tally.Compare(1, {Notice(10, 1), Notice(12, 2)}), (Sums{.made = 2}));
  EXPECT_EQ(tally.Compare(0, {}), Sums{});
}

TEST(NoticeTally, WhatDidNotComeIsMissed) {
  NoticeTally tally(1);
  tally.Add(0, Notice(12, 2));
  EXPECT_EQ(tally.Compare(0, {Notice(10, 1), Notice(12, 2), Notice(13, 3)}), (Sums{.made = 3, .missed = 2}));
}

TEST(NoticeTally, WhatComesAgainIsTwiceAndOutOfOrder) {
  NoticeTally tally(1);
  tally.Add(0, Notice(10, 1));
  tally.Add(0, Notice(12, 2));
  tally.Add(0, Notice(10, 1));
  EXPECT_EQ(tally.Compare(0, {Notice(10, 1), Notice(12, 2)}), (Sums{.made = 2, .twice = 1, .out_of_order = 1}));
}

TEST(NoticeTally, WhatWasMadeForSomebodyElseIsUnknown) {
  NoticeTally tally(1);
  tally.Add(0, Notice(10, 7));
  EXPECT_EQ(tally.Compare(0, {Notice(10, 1)}), (Sums{.made = 1, .missed = 1, .unknown = 1}));
}

TEST(NoticeTally, ARepetitionHasAnotherNumber) {
  NoticeTally tally(1);
  tally.Add(0, Notice(10, 1));
  tally.Add(0, Notice(11, 2));
  tally.Add(0, Notice(30, 1));
  EXPECT_EQ(tally.Compare(0, {Notice(11, 2), Notice(30, 1)}), (Sums{.made = 2}));
}

TEST(NoticeTally, SumsAddUp) {
  Sums sums{.made = 1, .missed = 2, .twice = 3, .out_of_order = 4, .unknown = 5};
  sums += Sums{.made = 10, .missed = 20, .twice = 30, .out_of_order = 40, .unknown = 50};
  EXPECT_EQ(sums, (Sums{.made = 11, .missed = 22, .twice = 33, .out_of_order = 44, .unknown = 55}));
}

}  // namespace
}  // namespace wideberth::load
