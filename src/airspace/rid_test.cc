#include <gtest/gtest.h>

#include "airspace/airspace.h"

// F3411's rules, one at a time.
namespace wideberth::airspace {
namespace {

using model::Extents;
using model::IdentificationServiceArea;
using model::Outcome;
using model::RidInterface;
using model::RidSubscription;
using model::Uuid;

constexpr int64_t kStart = 1'800'000'000;  // seconds since 1970

Uuid Id(uint8_t number) {
  Uuid id = *Uuid::Parse("00000000-0000-4000-8000-000000000000");
  id.bytes[15] = number;
  return id;
}

TimeNs At(int64_t seconds) { return {(kStart + seconds) * kNsPerSecond}; }

Extents Circle(double east_m, double radius_m, int64_t start_s, int64_t end_s) {
  Extents extents;
  extents.cover = index::CoverOf(*geo::Outline::MakeCircle({47, 8 + east_m / 76'000}, radius_m));
  extents.start = At(start_s);
  extents.end = At(end_s);
  return extents;
}

class RemoteId : public ::testing::Test {
 protected:
  Outcome Do(const model::Command& command) {
    changes_.clear();
    return airspace_.Apply({At(now_s_), true}, command, changes_);
  }
  static Code CodeOf(const Outcome& outcome) {
    const Error* error = std::get_if<Error>(&outcome);
    EXPECT_NE(error, nullptr) << "it was done";
    return error == nullptr ? Code::kIo : error->code;
  }
  IdentificationServiceArea Announce(uint8_t id, const Extents& extents) {
    const Outcome outcome = Do(Area(id, "sp", extents));
    EXPECT_TRUE(std::holds_alternative<model::IdentificationServiceAreaChanged>(outcome));
    return std::get<model::IdentificationServiceAreaChanged>(outcome).area;
  }
  RidSubscription Subscribe(uint8_t id, const Extents& extents, const std::string& owner = "dp") {
    const Outcome outcome = Do(Subscription(id, owner, extents));
    EXPECT_TRUE(std::holds_alternative<model::RidSubscriptionChanged>(outcome));
    return std::get<model::RidSubscriptionChanged>(outcome).subscription;
  }
  static model::PutIdentificationServiceArea Area(uint8_t id, const std::string& owner, const Extents& extents) {
    return {.id = Id(id), .owner = owner, .extents = extents, .url = "https://" + owner};
  }
  static model::PutRidSubscription Subscription(uint8_t id, const std::string& owner, const Extents& extents) {
    return {.id = Id(id), .owner = owner, .extents = extents, .url = "https://" + owner};
  }
  static std::vector<model::RidNotified> Told(const Outcome& outcome) {
    const auto* changed = std::get_if<model::IdentificationServiceAreaChanged>(&outcome);
    return changed == nullptr ? std::vector<model::RidNotified>{} : changed->notified;
  }

  Airspace airspace_;
  std::vector<model::RecordChange> changes_;
  int64_t now_s_ = 0;
};

const Extents kHere = Circle(0, 300, 0, 3600);

TEST_F(RemoteId, AnAreaNeedsAnEndAfterItsStartThatHasNotPassed) {
  Extents extents = kHere;
  extents.end = Extents::kNoEnd;
  EXPECT_EQ(CodeOf(Do(Area(1, "sp", extents))), Code::kInvalid);
  EXPECT_EQ(CodeOf(Do(Area(1, "sp", Circle(0, 300, 10, 10)))), Code::kInvalid);
  EXPECT_EQ(CodeOf(Do(Area(1, "sp", Circle(0, 300, -200, -100)))), Code::kInvalid);
  EXPECT_EQ(CodeOf(Do(Area(1, "sp", Circle(0, 300, -301, 100)))), Code::kInvalid);
  EXPECT_TRUE(changes_.empty());
  EXPECT_EQ(Announce(1, Circle(0, 300, -300, 100)).extents.start, At(-300));
  Extents now = kHere;
  now.start = Extents::kNoStart;
  now.end = At(30 * 86'400);  // there is no longest duration
  EXPECT_EQ(Announce(2, now).extents.start, At(0));
}

TEST_F(RemoteId, AnUpdateKeepsTheTimesThatItDoesNotName) {
  const IdentificationServiceArea first = Announce(1, kHere);
  now_s_ = 1000;
  auto update = Area(1, "sp", kHere);
  update.version = first.version;
  update.extents.start = Extents::kNoStart;
  update.extents.end = Extents::kNoEnd;
  auto second = std::get<model::IdentificationServiceAreaChanged>(Do(update)).area;
  EXPECT_EQ(second.extents, kHere);
  // The same start, named, lies further back than a new one might.
  update.version = second.version;
  update.extents = kHere;
  EXPECT_TRUE(std::holds_alternative<model::IdentificationServiceAreaChanged>(Do(update)));
}

TEST_F(RemoteId, OfAnAreaTheOwnerIsAskedFirstOnUpdateAndTheVersionOnDelete) {
  const IdentificationServiceArea area = Announce(1, kHere);
  EXPECT_EQ(CodeOf(Do(Area(1, "sp", kHere))), Code::kConflict);
  EXPECT_EQ(CodeOf(Do(Area(1, "other", kHere))), Code::kConflict);
  auto update = Area(1, "other", kHere);
  update.version = TimeNs{5};
  EXPECT_EQ(CodeOf(Do(update)), Code::kForbidden);
  update.owner = "sp";
  EXPECT_EQ(CodeOf(Do(update)), Code::kConflict);
  update.id = Id(9);
  EXPECT_EQ(CodeOf(Do(update)), Code::kInvalid);
  EXPECT_EQ(CodeOf(Do(model::DeleteIdentificationServiceArea{Id(9), "sp", area.version})), Code::kNotFound);
  EXPECT_EQ(CodeOf(Do(model::DeleteIdentificationServiceArea{Id(1), "other", {5}})), Code::kConflict);
  EXPECT_EQ(CodeOf(Do(model::DeleteIdentificationServiceArea{Id(1), "other", area.version})), Code::kForbidden);
  EXPECT_EQ(airspace_.FindServiceArea(Id(1)), area);
}

TEST_F(RemoteId, AVersionRisesThoughTheClockStands) {
  const IdentificationServiceArea first = Announce(1, kHere);
  auto update = Area(1, "sp", kHere);
  update.version = first.version;
  EXPECT_GT(std::get<model::IdentificationServiceAreaChanged>(Do(update)).area.version, first.version);
  const RidSubscription subscription = Subscribe(2, kHere);
  auto again = Subscription(2, "dp", kHere);
  again.version = subscription.version;
  EXPECT_GT(std::get<model::RidSubscriptionChanged>(Do(again)).subscription.version, subscription.version);
}

TEST_F(RemoteId, SubscriptionsInTheOldAndTheNewPlaceAreToldOnceEach) {
  Subscribe(11, Circle(0, 300, 0, 3600));
  Subscribe(12, Circle(5000, 300, 0, 3600));
  Subscribe(13, Circle(20'000, 300, 0, 3600));
  Subscribe(14, Circle(0, 300, 3700, 4000));  // later
  const Outcome created = Do(Area(1, "sp", kHere));
  EXPECT_EQ(Told(created), (std::vector<model::RidNotified>{{"https://dp", RidInterface::kV22a, Id(11), 1}}));
  auto move = Area(1, "sp", Circle(2500, 2700, 0, 3600));  // both
  move.version = std::get<model::IdentificationServiceAreaChanged>(created).area.version;
  const Outcome moved = Do(move);
  ASSERT_EQ(Told(moved).size(), 2u);
  EXPECT_EQ(Told(moved)[0].notification_index, 2);
  EXPECT_EQ(Told(moved)[1].notification_index, 1);
  const auto version = std::get<model::IdentificationServiceAreaChanged>(moved).area.version;
  EXPECT_EQ(Told(Do(model::DeleteIdentificationServiceArea{Id(1), "sp", version})).size(), 2u);
  EXPECT_EQ(airspace_.FindRidSubscription(Id(13))->notification_index, 0);
  EXPECT_EQ(airspace_.FindRidSubscription(Id(14))->notification_index, 0);
}

TEST_F(RemoteId, ANotificationChangesNoVersionAndAnUpdateKeepsTheIndex) {
  const RidSubscription made = Subscribe(11, kHere);
  Announce(1, kHere);
  const RidSubscription told = *airspace_.FindRidSubscription(Id(11));
  EXPECT_EQ(told.version, made.version);
  EXPECT_EQ(told.notification_index, 1);
  auto update = Subscription(11, "dp", Circle(100, 300, 0, 3600));
  update.version = told.version;
  const auto updated = std::get<model::RidSubscriptionChanged>(Do(update));
  EXPECT_EQ(updated.subscription.notification_index, 1);
  ASSERT_EQ(updated.areas.size(), 1u);
  EXPECT_EQ(updated.areas[0].id, Id(1));
}

TEST_F(RemoteId, ASubscriptionLastsADayAtMostAndByDefault) {
  Extents open = kHere;
  open.start = Extents::kNoStart;
  open.end = Extents::kNoEnd;
  const RidSubscription made = Subscribe(11, open);
  EXPECT_EQ(made.extents.start, At(0));
  EXPECT_EQ(made.extents.end, At(86'400));
  EXPECT_EQ(CodeOf(Do(Subscription(12, "dp", Circle(0, 300, 0, 86'401)))), Code::kInvalid);
  EXPECT_EQ(CodeOf(Do(Subscription(12, "dp", Circle(0, 300, -301, 100)))), Code::kInvalid);
  EXPECT_EQ(CodeOf(Do(Subscription(12, "dp", Circle(0, 300, -200, -100)))), Code::kInvalid);
  Subscribe(12, Circle(0, 300, 0, 86'400));
  // A creation is told of its times first, also when the id is taken.
  EXPECT_EQ(CodeOf(Do(Subscription(12, "dp", Circle(0, 300, 0, 86'401)))), Code::kInvalid);
  EXPECT_EQ(CodeOf(Do(Subscription(12, "dp", kHere))), Code::kConflict);
  auto update = Subscription(11, "other", kHere);
  update.version = TimeNs{5};
  EXPECT_EQ(CodeOf(Do(update)), Code::kConflict);
  update.version = made.version;
  EXPECT_EQ(CodeOf(Do(update)), Code::kForbidden);
  EXPECT_EQ(CodeOf(Do(model::DeleteRidSubscription{Id(11), "other", {5}})), Code::kConflict);
  EXPECT_EQ(CodeOf(Do(model::DeleteRidSubscription{Id(11), "other", made.version})), Code::kForbidden);
  EXPECT_EQ(CodeOf(Do(model::DeleteRidSubscription{Id(99), "dp", made.version})), Code::kNotFound);
  EXPECT_TRUE(std::holds_alternative<model::RidSubscriptionChanged>(
      Do(model::DeleteRidSubscription{Id(11), "dp", made.version})));
}

TEST_F(RemoteId, TheEleventhOfAnOwnerInOnePlaceIsRefusedAndTheTenMayChange) {
  for (uint8_t i = 0; i < 10; ++i) Subscribe(i, Circle(0, 300, i, 3600));
  EXPECT_EQ(CodeOf(Do(Subscription(10, "dp", Circle(0, 50, 0, 3600)))), Code::kTooMany);
  EXPECT_EQ(CodeOf(Do(Subscription(10, "dp", Circle(0, 20'000, 7200, 9000)))), Code::kTooMany)
      << "other times, and far around";
  EXPECT_TRUE(changes_.empty());
  Subscribe(10, Circle(0, 300, 0, 3600), "another");
  Subscribe(11, Circle(5000, 300, 0, 3600));
  auto update = Subscription(3, "dp", Circle(50, 400, 0, 3000));
  update.version = airspace_.FindRidSubscription(Id(3))->version;
  EXPECT_TRUE(std::holds_alternative<model::RidSubscriptionChanged>(Do(update)));
  // The one from elsewhere cannot move in.
  update = Subscription(11, "dp", kHere);
  update.version = airspace_.FindRidSubscription(Id(11))->version;
  EXPECT_EQ(CodeOf(Do(update)), Code::kTooMany);
  // Until one has gone, or is over.
  now_s_ = 3001;
  EXPECT_TRUE(std::holds_alternative<model::RidSubscriptionChanged>(Do(update)));
}

TEST_F(RemoteId, TenThatDoNotShareAPlaceLeaveRoomForOneThatMeetsAll) {
  for (uint8_t i = 0; i < 10; ++i) Subscribe(i, Circle(2000.0 * i, 300, 0, 3600));
  // Eight more on the first: nine in that place, and ten with the next.
  for (uint8_t i = 10; i < 18; ++i) Subscribe(i, Circle(0, 300, 0, 3600));
  Subscribe(18, Circle(10'000, 12'000, 0, 3600));
  EXPECT_EQ(CodeOf(Do(Subscription(19, "dp", Circle(10'000, 12'000, 0, 3600)))), Code::kTooMany);
  Subscribe(19, Circle(10'000, 5'000, 0, 3600));
}

TEST_F(RemoteId, WhatIsOverIsFoundByItsIdAloneAndGoesAnHourLater) {
  Announce(1, Circle(0, 300, 0, 100));
  Subscribe(11, Circle(0, 300, 0, 100));
  now_s_ = 100;
  Do(model::Expire{});
  EXPECT_EQ(airspace_.QueryServiceAreas(kHere, At(100)).size(), 1u) << "the end is in";
  now_s_ = 101;
  Do(model::Expire{});
  EXPECT_TRUE(airspace_.QueryServiceAreas(kHere, At(101)).empty());
  EXPECT_TRUE(airspace_.QueryRidSubscriptions(kHere, "dp", At(101)).empty());
  EXPECT_TRUE(airspace_.FindServiceArea(Id(1)));
  EXPECT_TRUE(airspace_.FindRidSubscription(Id(11)));
  EXPECT_TRUE(Told(Do(Area(2, "sp", kHere))).empty());
  now_s_ = 3701;
  Do(model::Expire{});
  EXPECT_FALSE(airspace_.FindServiceArea(Id(1)));
  EXPECT_FALSE(airspace_.FindRidSubscription(Id(11)));
  EXPECT_EQ(airspace_.sizes().rid_subscriptions, 0u);
}

TEST_F(RemoteId, ASubscriptionsIndexStaysAtItsGreatest) {
  RidSubscription subscription{.id = Id(11), .owner = "dp", .url = "https://dp", .extents = kHere};
  subscription.notification_index = std::numeric_limits<int32_t>::max();
  ASSERT_TRUE(airspace_.Restore(model::KeyOf(model::RecordKind::kRidSubscription, 0), subscription));
  ASSERT_TRUE(airspace_.FinishRestore());
  EXPECT_EQ(Told(Do(Area(1, "sp", kHere)))[0].notification_index, std::numeric_limits<int32_t>::max());
}

TEST_F(RemoteId, TheMostRecentHeartbeatIsKeptAndLateOnesAreCounted) {
  const auto beat = [&](int64_t seconds, const std::string& instance = "dss") {
    const Outcome outcome = Do(model::RecordHeartbeat{
        {.instance = instance, .timestamp = At(seconds), .reporter = "r", .source = std::to_string(seconds)}});
    return std::get<model::HeartbeatRecorded>(outcome).most_recent;
  };
  EXPECT_FALSE(airspace_.FindHeartbeat("dss"));
  EXPECT_EQ(beat(10).index, 1);
  EXPECT_EQ(beat(20).index, 2);
  const model::Heartbeat late = beat(15);
  EXPECT_EQ(late.source, "20");
  EXPECT_EQ(late.index, 2);
  EXPECT_EQ(late.reported, 3);
  EXPECT_EQ(beat(20).index, 4) << "as recent as the last";
  EXPECT_EQ(beat(30, "other").index, 1);
  EXPECT_EQ(airspace_.FindHeartbeat("dss")->reported, 4);
}

}  // namespace
}  // namespace wideberth::airspace
