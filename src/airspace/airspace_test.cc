#include "airspace/airspace.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "airspace/slow_model_for_test.h"
#include "base/check.h"

namespace wideberth::airspace {
namespace {

using model::Availability;
using model::Extents;
using model::IntentState;
using model::Outcome;
using model::Uuid;

constexpr int64_t kStart = 1'800'000'000;  // seconds since 1970

Uuid Id(uint32_t number) {
  Uuid id = *Uuid::Parse("00000000-0000-4000-8000-000000000000");
  for (size_t i = 0; i < 4; ++i) id.bytes[15 - i] = static_cast<uint8_t>(number >> (8 * i));
  return id;
}

TimeNs At(int64_t seconds) { return {(kStart + seconds) * kNsPerSecond}; }

Extents Circle(double east_m, double radius_m, int64_t lower_m, int64_t upper_m, int64_t start_s, int64_t end_s) {
  return {index::CoverOf(*geo::Outline::MakeCircle({47, 8 + east_m / 76'000}, radius_m)),
          {lower_m * 1000},
          {upper_m * 1000},
          At(start_s),
          At(end_s)};
}

// An airspace, and short words for what is done to it.
class AirspaceTest : public ::testing::Test {
 protected:
  Outcome Do(const model::Command& command, bool strict = true) {
    changes_.clear();
    return airspace_.Apply({At(now_s_), strict}, command, changes_);
  }
  model::PutOperationalIntent Put(uint32_t id, const std::string& manager, const Extents& extents) {
    return {.id = Id(id),
            .manager = manager,
            .extents = extents,
            .uss_base_url = "https://" + manager,
            .new_ovn = "ovn-" + std::to_string(++chance_) + "-of-chance",
            .new_subscription_id = Id(1'000'000 + static_cast<uint32_t>(chance_)),
            .new_subscription_version = "v" + std::to_string(chance_)};
  }
  model::OperationalIntentReference Accept(uint32_t id, const std::string& manager, const Extents& extents) {
    const Outcome outcome = Do(Put(id, manager, extents));
    const auto* changed = std::get_if<model::OperationalIntentChanged>(&outcome);
    EXPECT_NE(changed, nullptr) << Refusal(outcome);
    return changed == nullptr ? model::OperationalIntentReference{} : changed->reference;
  }
  model::PutSubscription Subscribe(uint32_t id, const std::string& manager, const Extents& extents) {
    return {.id = Id(id),
            .manager = manager,
            .extents = extents,
            .uss_base_url = "https://" + manager,
            .notify_for_operational_intents = true,
            .new_version = "v" + std::to_string(++chance_)};
  }
  static std::string Refusal(const Outcome& outcome) {
    const Error* error = std::get_if<Error>(&outcome);
    return error == nullptr ? "" : error->message;
  }
  static Code CodeOf(const Outcome& outcome) {
    const Error* error = std::get_if<Error>(&outcome);
    WB_CHECK(error != nullptr);
    return error->code;
  }
  static std::vector<Uuid> Missing(const Outcome& outcome) {
    std::vector<Uuid> ids;
    if (const auto* missing = std::get_if<model::KeyMissing>(&outcome)) {
      for (const auto& intent : missing->intents) ids.push_back(intent.reference.id);
      for (const auto& constraint : missing->constraints) ids.push_back(constraint.id);
    }
    return ids;
  }
  static std::vector<model::Notified> Told(const Outcome& outcome) {
    if (const auto* intent = std::get_if<model::OperationalIntentChanged>(&outcome)) return intent->notified;
    if (const auto* constraint = std::get_if<model::ConstraintChanged>(&outcome)) return constraint->notified;
    return {};
  }

  Airspace airspace_;
  std::vector<model::RecordChange> changes_;
  int64_t now_s_ = 0;
  int chance_ = 0;
};

const Extents kHere = Circle(0, 200, 50, 100, 100, 700);

TEST_F(AirspaceTest, ASecondIntentNeedsTheFirstOnesOvn) {
  const auto first = Accept(1, "a", kHere);
  EXPECT_EQ(first.version, 1);
  auto second = Put(2, "b", kHere);
  EXPECT_EQ(Missing(Do(second)), std::vector{Id(1)});
  EXPECT_TRUE(changes_.empty()) << "a refusal changes nothing";
  second.key = {"surplus", first.ovn};
  EXPECT_EQ(Refusal(Do(second)), "");
  // Own ones count like anybody's.
  EXPECT_EQ(Missing(Do(Put(3, "a", kHere))), (std::vector{Id(1), Id(2)}));
}

TEST_F(AirspaceTest, TouchingInAltitudeOrTimeIsMeeting) {
  Accept(1, "a", kHere);
  EXPECT_EQ(Missing(Do(Put(2, "b", Circle(0, 200, 100, 150, 100, 700)))).size(), 1u);
  EXPECT_EQ(Missing(Do(Put(2, "b", Circle(0, 200, 50, 100, 700, 800)))).size(), 1u);
  Extents above = Circle(0, 200, 100, 150, 100, 700);
  above.lower.value += 1;
  Accept(2, "b", above);
  Extents later = Circle(0, 200, 50, 100, 700, 800);
  later.start.value += 1;
  Accept(3, "b", later);
  Accept(4, "b", Circle(2000, 200, 50, 100, 100, 700));
}

TEST_F(AirspaceTest, OffNominalNeedsNoKeyAndIsAskedFor) {
  const auto first = Accept(1, "a", kHere);
  auto emergency = Put(2, "b", kHere);
  emergency.state = IntentState::kContingent;
  emergency.new_subscription = {"https://b", false};
  EXPECT_EQ(Refusal(Do(emergency)), "");
  EXPECT_EQ(Missing(Do(Put(3, "c", kHere))).size(), 2u);
}

TEST_F(AirspaceTest, ExistenceThenOwnerThenVersion) {
  const auto first = Accept(1, "a", kHere);
  EXPECT_EQ(CodeOf(Do(Put(1, "a", kHere))), Code::kConflict);
  EXPECT_EQ(CodeOf(Do(Put(1, "b", kHere))), Code::kForbidden);
  auto update = Put(9, "a", kHere);
  update.ovn = first.ovn;
  EXPECT_EQ(CodeOf(Do(update)), Code::kInvalid);
  update = Put(1, "b", kHere);
  update.ovn = "wrong";
  EXPECT_EQ(CodeOf(Do(update)), Code::kForbidden);
  update.manager = "a";
  EXPECT_EQ(CodeOf(Do(update)), Code::kConflict);
  EXPECT_EQ(Refusal(Do(update)).find(first.ovn), std::string::npos);
  update.ovn = first.ovn;
  const auto done = std::get<model::OperationalIntentChanged>(Do(update));
  EXPECT_EQ(done.reference.version, 2);
  EXPECT_NE(done.reference.ovn, first.ovn);
  EXPECT_EQ(CodeOf(Do(model::DeleteOperationalIntent{Id(9), "a", "x"})), Code::kNotFound);
  EXPECT_EQ(CodeOf(Do(model::DeleteOperationalIntent{Id(1), "b", done.reference.ovn})), Code::kForbidden);
  EXPECT_EQ(CodeOf(Do(model::DeleteOperationalIntent{Id(1), "a", first.ovn})), Code::kConflict);
  EXPECT_EQ(Refusal(Do(model::DeleteOperationalIntent{Id(1), "a", done.reference.ovn})), "");
  EXPECT_FALSE(airspace_.FindIntent(Id(1)));
}

TEST_F(AirspaceTest, SubscriptionsInTheOldAndInTheNewPlaceAreTold) {
  const Extents there = Circle(5000, 200, 50, 100, 100, 700);
  Do(Subscribe(11, "x", kHere));
  Do(Subscribe(12, "y", there));
  const Outcome created = Do(Put(1, "a", kHere));
  ASSERT_EQ(Told(created).size(), 1u);
  EXPECT_EQ(Told(created)[0], (model::Notified{"https://x", Id(11), 1}));
  auto move = Put(1, "a", there);
  move.ovn = std::get<model::OperationalIntentChanged>(created).reference.ovn;
  const Outcome moved = Do(move);
  ASSERT_EQ(Told(moved).size(), 2u);
  EXPECT_EQ(Told(moved)[0], (model::Notified{"https://x", Id(11), 2}));
  EXPECT_EQ(Told(moved)[1], (model::Notified{"https://y", Id(12), 1}));
}

TEST_F(AirspaceTest, AnImplicitSubscriptionLivesAsLongAsItsIntent) {
  auto put = Put(1, "a", kHere);
  put.new_subscription = {"https://a", true};
  const auto created = std::get<model::OperationalIntentChanged>(Do(put));
  const Uuid subscription = *created.reference.subscription_id;
  ASSERT_EQ(created.notified.size(), 1u) << "it is told of its own intent";
  const auto seen = airspace_.FindSubscription(subscription);
  EXPECT_TRUE(seen->subscription.implicit);
  EXPECT_EQ(seen->dependent_intents, std::vector{Id(1)});
  EXPECT_EQ(CodeOf(Do(model::DeleteSubscription{subscription, "a", seen->subscription.version})), Code::kInvalid);
  // A new one takes its place.
  put = Put(1, "a", kHere);
  put.ovn = created.reference.ovn;
  put.new_subscription = {"https://a", true};
  const auto again = std::get<model::OperationalIntentChanged>(Do(put));
  EXPECT_FALSE(airspace_.FindSubscription(subscription));
  // It grows with the intent.
  put = Put(1, "a", Circle(3000, 200, 50, 400, 100, 900));
  put.ovn = again.reference.ovn;
  put.subscription_id = again.reference.subscription_id;
  const auto grown = std::get<model::OperationalIntentChanged>(Do(put));
  const auto larger = airspace_.FindSubscription(*grown.reference.subscription_id)->subscription;
  EXPECT_TRUE(larger.extents.cover.Contains(kHere.cover) && larger.extents.cover.Contains(put.extents.cover));
  const Outcome deleted = Do(model::DeleteOperationalIntent{Id(1), "a", grown.reference.ovn});
  EXPECT_EQ(Told(deleted).size(), 1u) << "told before it goes";
  EXPECT_FALSE(airspace_.FindSubscription(*grown.reference.subscription_id));
}

TEST_F(AirspaceTest, AnExplicitSubscriptionMustCoverAndStays) {
  Do(Subscribe(11, "a", Circle(0, 2000, 0, 500, 0, 3600)));
  Do(Subscribe(12, "b", Circle(0, 2000, 0, 500, 0, 3600)));
  auto put = Put(1, "a", Circle(5000, 200, 50, 100, 100, 700));
  put.subscription_id = Id(11);
  EXPECT_EQ(CodeOf(Do(put)), Code::kInvalid);
  put.extents = kHere;
  put.subscription_id = Id(12);
  EXPECT_EQ(CodeOf(Do(put)), Code::kForbidden);
  put.subscription_id = Id(13);
  EXPECT_EQ(CodeOf(Do(put)), Code::kInvalid);
  put.subscription_id = Id(11);
  const auto done = std::get<model::OperationalIntentChanged>(Do(put));
  auto smaller = Subscribe(11, "a", Circle(0, 50, 0, 500, 0, 3600));
  smaller.version = airspace_.FindSubscription(Id(11))->subscription.version;
  EXPECT_EQ(CodeOf(Do(smaller)), Code::kInvalid) << "it would not cover its dependent";
  Do(model::DeleteOperationalIntent{Id(1), "a", done.reference.ovn});
  EXPECT_TRUE(airspace_.FindSubscription(Id(11)));
}

TEST_F(AirspaceTest, ConstraintsCountForWhoAsksForThem) {
  model::PutConstraint zone{.id = Id(50),
                            .manager = "authority",
                            .extents = kHere,
                            .uss_base_url = "https://z",
                            .new_ovn = "zone-ovn-0000001"};
  EXPECT_EQ(Refusal(Do(zone)), "");
  Accept(1, "a", kHere);  // without a subscription to constraints: not asked for
  auto put = Put(2, "b", Circle(0, 200, 200, 300, 100, 700));
  put.new_subscription = {"https://b", true};
  EXPECT_EQ(Refusal(Do(put)), "") << "it flies above the zone";
  put = Put(3, "c", Circle(0, 200, 100, 150, 100, 700));
  put.new_subscription = {"https://c", true};
  EXPECT_EQ(Missing(Do(put)), (std::vector{Id(1), Id(50)}));
}

TEST_F(AirspaceTest, ADownUssMayNotAcceptAndItsAcceptedIntentsYield) {
  const auto first = Accept(1, "a", kHere);
  EXPECT_EQ(Refusal(Do(model::SetAvailability{"a", "", Availability::kDown, "v1"})), "");
  EXPECT_EQ(CodeOf(Do(model::SetAvailability{"a", "", Availability::kNormal, "v2"})), Code::kConflict);
  EXPECT_EQ(CodeOf(Do(Put(2, "a", Circle(9000, 200, 50, 100, 100, 700)))), Code::kPrecondition);
  EXPECT_EQ(CodeOf(Do(model::DeleteOperationalIntent{Id(1), "a", first.ovn})), Code::kPrecondition);
  Accept(3, "b", kHere);  // over the accepted intent of a USS that is down
  EXPECT_EQ(Refusal(Do(model::DeleteOperationalIntent{Id(1), "a", first.ovn}, false)), "");
}

TEST_F(AirspaceTest, AnOvnNeverComesBack) {
  auto put = Put(1, "a", kHere);
  Uuid suffix = *Uuid::Parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F", 7);
  put.requested_ovn_suffix = suffix;
  EXPECT_EQ(CodeOf(Do(put)), Code::kInvalid) << "years away";
  const auto ms = static_cast<uint64_t>(kStart) * 1000;
  for (size_t i = 0; i < 6; ++i) suffix.bytes[i] = static_cast<uint8_t>(ms >> (8 * (5 - i)));
  put.requested_ovn_suffix = suffix;
  const auto first = std::get<model::OperationalIntentChanged>(Do(put));
  EXPECT_EQ(first.reference.ovn, Id(1).ToString() + "_" + suffix.ToString());
  auto update = Put(1, "a", kHere);
  update.ovn = first.reference.ovn;
  update.requested_ovn_suffix = suffix;
  EXPECT_EQ(CodeOf(Do(update)), Code::kConflict);
  // Not even after the entity was deleted.
  EXPECT_EQ(Refusal(Do(model::DeleteOperationalIntent{Id(1), "a", first.reference.ovn})), "");
  EXPECT_EQ(CodeOf(Do(put)), Code::kConflict);
  // Once its time is too far back it is refused for that, and need not be remembered.
  now_s_ = 301;
  EXPECT_EQ(CodeOf(Do(put)), Code::kInvalid);
  ASSERT_EQ(changes_.size(), 1u);
  EXPECT_FALSE(changes_[0].record);
}

TEST_F(AirspaceTest, WhatIsOverMeetsNothingAndGoesAnHourLater) {
  auto put = Put(1, "a", kHere);
  put.new_subscription = {"https://a", false};
  const auto made = std::get<model::OperationalIntentChanged>(Do(put));
  now_s_ = 700;
  EXPECT_EQ(airspace_.QueryIntents(kHere, At(now_s_)).size(), 1u) << "its last instant is in";
  EXPECT_EQ(airspace_.QueryIntents(kHere, {At(now_s_).value + 1}).size(), 0u);
  now_s_ = 701;
  const auto sizes = airspace_.sizes();
  EXPECT_EQ(sizes.indexed, 2u);
  Accept(2, "b", kHere);
  EXPECT_TRUE(airspace_.FindIntent(Id(1)));
  EXPECT_TRUE(airspace_.FindSubscription(*made.reference.subscription_id));
  now_s_ = 700 + 3600;
  Do(model::Expire{});
  EXPECT_TRUE(airspace_.FindIntent(Id(1)));
  now_s_ += 1;
  EXPECT_LE(*airspace_.NextExpiry(), At(now_s_));
  Do(model::Expire{});
  EXPECT_FALSE(airspace_.FindIntent(Id(1)));
  EXPECT_FALSE(airspace_.FindSubscription(*made.reference.subscription_id));
  EXPECT_EQ(airspace_.sizes().indexed, 0u);
  EXPECT_FALSE(airspace_.NextExpiry());
}

TEST_F(AirspaceTest, SubscriptionTimes) {
  auto open = Subscribe(11, "a", kHere);
  open.extents.start = Extents::kNoStart;
  open.extents.end = Extents::kNoEnd;
  const auto made = std::get<model::SubscriptionChanged>(Do(open)).seen.subscription;
  EXPECT_EQ(made.extents.start, At(0));
  EXPECT_EQ(made.extents.end, At(86'400));
  EXPECT_EQ(CodeOf(Do(Subscribe(12, "a", Circle(0, 200, 0, 1, -301, 100)))), Code::kInvalid);
  EXPECT_EQ(Refusal(Do(Subscribe(12, "a", Circle(0, 200, 0, 1, -300, 100)))), "");
  EXPECT_EQ(CodeOf(Do(Subscribe(13, "a", Circle(0, 200, 0, 1, 0, 86'401)))), Code::kInvalid);
  EXPECT_EQ(CodeOf(Do(Subscribe(13, "a", Circle(0, 200, 0, 1, -200, -100)))), Code::kInvalid);
  // Others may neither update nor delete; the version is asked first on update, the owner first on delete.
  auto update = Subscribe(11, "b", kHere);
  update.version = "wrong";
  EXPECT_EQ(CodeOf(Do(update)), Code::kConflict);
  update.version = made.version;
  EXPECT_EQ(CodeOf(Do(update)), Code::kForbidden);
  EXPECT_EQ(CodeOf(Do(model::DeleteSubscription{Id(11), "b", "wrong"})), Code::kForbidden);
  EXPECT_EQ(CodeOf(Do(model::DeleteSubscription{Id(11), "a", "wrong"})), Code::kConflict);
  EXPECT_EQ(Refusal(Do(model::DeleteSubscription{Id(11), "a", made.version})), "");
}

// ---- Against the slow model, on random commands.

class Driver {
 public:
  explicit Driver(uint64_t seed) : random_(seed) {}

  // One command, done to both; then everything that can be seen is compared.
  void Step(Airspace& airspace, SlowModel& slow, std::vector<model::RecordChange>& all_changes) {
    now_s_ += static_cast<int64_t>(Below(40) == 0 ? Below(4000) : Below(60));
    slow.Advance(At(now_s_));
    std::vector<model::RecordChange> changes;
    const model::Stamp stamp{At(now_s_), true};
    const uint64_t kind = Below(140);
    ++chance_;
    if (kind < 45) {
      PutIntent(airspace, slow, stamp, changes);
    } else if (kind < 55) {
      DeleteIntent(airspace, slow, stamp, changes);
    } else if (kind < 65) {
      PutConstraint(airspace, slow, stamp, changes);
    } else if (kind < 80) {
      PutSubscription(airspace, slow, stamp, changes);
    } else if (kind < 86) {
      DeleteSubscription(airspace, slow, stamp, changes);
    } else if (kind < 90) {
      Mark(airspace, slow, stamp, changes);
    } else if (kind < 105) {
      PutServiceArea(airspace, slow, stamp, changes);
    } else if (kind < 110) {
      DeleteServiceArea(airspace, slow, stamp, changes);
    } else if (kind < 127) {
      PutRidSubscription(airspace, slow, stamp, changes);
    } else if (kind < 130) {
      DeleteRidSubscription(airspace, slow, stamp, changes);
    } else {
      airspace.Apply(stamp, model::Expire{}, changes);
    }
    Compare(airspace, slow);
    for (auto& change : changes) all_changes.push_back(std::move(change));
  }

  int accepted = 0;
  int missing = 0;
  int told = 0;
  int told_of_areas = 0;
  int too_many = 0;

 private:
  uint64_t Below(uint64_t n) { return random_() % n; }
  std::string Manager() { return std::string(1, static_cast<char>('a' + Below(3))); }
  Extents Somewhere() {
    const auto lower = static_cast<int64_t>(Below(5)) * 50;
    const auto start = now_s_ + static_cast<int64_t>(Below(600)) - 100;
    Extents extents = Circle(static_cast<double>(Below(6)) * 400, 100 + static_cast<double>(Below(3)) * 200, lower,
                             lower + static_cast<int64_t>(Below(3)) * 50, start,
                             std::max(now_s_, start) + static_cast<int64_t>(Below(900)));
    return extents;
  }

  void PutIntent(Airspace& airspace, SlowModel& slow, const model::Stamp& stamp,
                 std::vector<model::RecordChange>& changes) {
    model::PutOperationalIntent put{.id = Id(static_cast<uint32_t>(Below(25))),
                                    .manager = Manager(),
                                    .extents = Somewhere(),
                                    .state = static_cast<IntentState>(1 + Below(4)),
                                    .uss_base_url = "https://x",
                                    .new_ovn = "ovn" + std::to_string(chance_) + "-0123456789",
                                    .new_subscription_id = Id(1'000'000 + static_cast<uint32_t>(chance_)),
                                    .new_subscription_version = "s" + std::to_string(chance_)};
    const auto old = slow.intents.find(put.id);
    if (old != slow.intents.end() && Below(8) != 0) put.manager = old->second.manager;
    if (old != slow.intents.end() && Below(8) != 0) put.ovn = old->second.ovn;
    if (Below(2) == 0) {
      put.new_subscription = {"https://" + put.manager, Below(2) == 0};
    } else if (Below(2) == 0 && !slow.subscriptions.empty()) {
      auto at = slow.subscriptions.begin();
      std::advance(at, static_cast<std::ptrdiff_t>(Below(slow.subscriptions.size())));
      put.subscription_id = at->first;
    }
    for (const auto& [id, other] : slow.intents)
      if (Below(3) != 0) put.key.push_back(other.ovn);
    for (const auto& [id, other] : slow.constraints)
      if (Below(3) != 0) put.key.push_back(other.ovn);

    // What should come of it.
    std::optional<Code> refused;
    std::vector<Uuid> missing_ids;
    const bool nominal = put.state == IntentState::kAccepted || put.state == IntentState::kActivated;
    bool constraints_count = put.new_subscription && put.new_subscription->notify_for_constraints;
    if (!put.ovn && old != slow.intents.end()) {
      refused = old->second.manager == put.manager ? Code::kConflict : Code::kForbidden;
    } else if (put.ovn && old == slow.intents.end()) {
      refused = Code::kInvalid;
    } else if (put.ovn && old->second.manager != put.manager) {
      refused = Code::kForbidden;
    } else if (put.ovn && old->second.ovn != *put.ovn) {
      refused = Code::kConflict;
    } else if (nominal && slow.Down(put.manager)) {
      refused = Code::kPrecondition;
    } else if (put.subscription_id) {
      const model::Subscription& subscription = slow.subscriptions.at(*put.subscription_id);
      constraints_count = subscription.notify_for_constraints;
      if (subscription.manager != put.manager) {
        refused = Code::kForbidden;
      } else if (!subscription.implicit &&
                 !(subscription.extents.start <= put.extents.start && subscription.extents.end >= put.extents.end &&
                   Covers(subscription.extents, put.extents))) {
        refused = Code::kInvalid;
      }
    }
    if (!refused && nominal) {
      const auto has = [&](const std::string& ovn) {
        return std::find(put.key.begin(), put.key.end(), ovn) != put.key.end();
      };
      for (const auto& [id, other] : slow.intents) {
        if (id == put.id || !slow.Live(other.extents) || !SlowModel::Meets(other.extents, put.extents)) continue;
        if (other.state == IntentState::kAccepted && slow.Down(other.manager)) continue;
        if (!has(other.ovn)) missing_ids.push_back(id);
      }
      for (const auto& [id, other] : slow.constraints) {
        if (constraints_count && slow.Live(other.extents) && SlowModel::Meets(other.extents, put.extents) &&
            !has(other.ovn))
          missing_ids.push_back(id);
      }
    }

    const Outcome outcome = airspace.Apply(stamp, put, changes);
    if (refused) {
      const Error* error = std::get_if<Error>(&outcome);
      ASSERT_NE(error, nullptr);
      ASSERT_EQ(error->code, *refused) << error->message;
      return;
    }
    if (!missing_ids.empty()) {
      const auto* found = std::get_if<model::KeyMissing>(&outcome);
      ASSERT_NE(found, nullptr);
      std::vector<Uuid> ids;
      for (const auto& intent : found->intents) ids.push_back(intent.reference.id);
      for (const auto& constraint : found->constraints) ids.push_back(constraint.id);
      ASSERT_EQ(ids, missing_ids);
      ++missing;
      return;
    }
    const auto* done = std::get_if<model::OperationalIntentChanged>(&outcome);
    ASSERT_NE(done, nullptr) << std::get<Error>(outcome).message;
    ++accepted;
    std::vector<Extents> places{put.extents};
    model::OperationalIntentReference reference{put.id, put.manager, put.uss_base_url, put.new_ovn,
                                                1,      put.state,   put.extents,      std::nullopt};
    if (old != slow.intents.end()) {
      places.push_back(old->second.extents);
      reference.version = old->second.version + 1;
    }
    if (put.new_subscription) {
      reference.subscription_id = put.new_subscription_id;
      slow.subscriptions[put.new_subscription_id] = {put.new_subscription_id,
                                                     put.manager,
                                                     put.new_subscription->uss_base_url,
                                                     put.new_subscription_version,
                                                     0,
                                                     true,
                                                     put.new_subscription->notify_for_constraints,
                                                     true,
                                                     put.extents};
    } else if (put.subscription_id) {
      reference.subscription_id = put.subscription_id;
      model::Subscription& subscription = slow.subscriptions.at(*put.subscription_id);
      if (subscription.implicit) {
        // Its cells are compared as places, below: which cells make a union is the index's business.
        subscription.extents = airspace.FindSubscription(*put.subscription_id)->subscription.extents;
        ASSERT_TRUE(Covers(subscription.extents, put.extents));
      }
    }
    slow.intents[put.id] = reference;
    slow.DropUnused();
    CompareTold(slow.Tell(places, &model::Subscription::notify_for_operational_intents), done->notified, slow);
    ASSERT_EQ(done->reference, reference);
  }

  void DeleteIntent(Airspace& airspace, SlowModel& slow, const model::Stamp& stamp,
                    std::vector<model::RecordChange>& changes) {
    const Uuid id = Id(static_cast<uint32_t>(Below(25)));
    const auto old = slow.intents.find(id);
    const std::string manager = Manager();
    const bool right = Below(4) != 0;
    const std::string ovn = old != slow.intents.end() && right ? old->second.ovn : "wrong";
    const Outcome outcome = airspace.Apply(stamp, model::DeleteOperationalIntent{id, manager, ovn}, changes);
    const Error* error = std::get_if<Error>(&outcome);
    if (old == slow.intents.end()) {
      ASSERT_EQ(error->code, Code::kNotFound);
    } else if (old->second.manager != manager) {
      ASSERT_EQ(error->code, Code::kForbidden);
    } else if (!right) {
      ASSERT_EQ(error->code, Code::kConflict);
    } else if (slow.Down(manager)) {
      ASSERT_EQ(error->code, Code::kPrecondition);
    } else {
      ASSERT_EQ(error, nullptr);
      const auto expected = slow.Tell({old->second.extents}, &model::Subscription::notify_for_operational_intents);
      CompareTold(expected, std::get<model::OperationalIntentChanged>(outcome).notified, slow);
      slow.intents.erase(old);
      slow.DropUnused();
    }
  }

  void PutConstraint(Airspace& airspace, SlowModel& slow, const model::Stamp& stamp,
                     std::vector<model::RecordChange>& changes) {
    model::PutConstraint put{.id = Id(static_cast<uint32_t>(100 + Below(6))),
                             .manager = Manager(),
                             .extents = Somewhere(),
                             .uss_base_url = "https://z",
                             .new_ovn = "zone" + std::to_string(chance_) + "-0123456789"};
    if (Below(2) == 0) put.extents.lower = Extents::kNoLower;
    const auto old = slow.constraints.find(put.id);
    if (old != slow.constraints.end()) {
      put.manager = old->second.manager;
      put.ovn = old->second.ovn;
    }
    const Outcome outcome = airspace.Apply(stamp, put, changes);
    const auto* done = std::get_if<model::ConstraintChanged>(&outcome);
    ASSERT_NE(done, nullptr);
    std::vector<Extents> places{put.extents};
    model::ConstraintReference reference{put.id, put.manager, put.uss_base_url, put.new_ovn, 1, put.extents};
    if (old != slow.constraints.end()) {
      places.push_back(old->second.extents);
      reference.version = old->second.version + 1;
    }
    slow.constraints[put.id] = reference;
    CompareTold(slow.Tell(places, &model::Subscription::notify_for_constraints), done->notified, slow);
  }

  void PutSubscription(Airspace& airspace, SlowModel& slow, const model::Stamp& stamp,
                       std::vector<model::RecordChange>& changes) {
    model::PutSubscription put{.id = Id(static_cast<uint32_t>(200 + Below(10))),
                               .manager = Manager(),
                               .extents = Somewhere(),
                               .uss_base_url = "https://s",
                               .notify_for_operational_intents = Below(3) != 0,
                               .notify_for_constraints = Below(2) == 0,
                               .new_version = "v" + std::to_string(chance_)};
    const auto old = slow.subscriptions.find(put.id);
    if (old != slow.subscriptions.end()) {
      put.manager = old->second.manager;
      put.version = old->second.version;
    }
    bool covers = true;
    for (const Uuid& id : slow.Dependents(put.id)) {
      const Extents& needs = slow.intents.at(id).extents;
      covers &= put.extents.start.value <= needs.start.value + 300 * kNsPerSecond && put.extents.end >= needs.end &&
                put.extents.lower <= needs.lower && put.extents.upper >= needs.upper && Covers(put.extents, needs);
    }
    const Outcome outcome = airspace.Apply(stamp, put, changes);
    if (!covers) {
      ASSERT_EQ(std::get<Error>(outcome).code, Code::kInvalid);
      return;
    }
    const auto* done = std::get_if<model::SubscriptionChanged>(&outcome);
    ASSERT_NE(done, nullptr) << std::get<Error>(outcome).message;
    const int32_t index = old == slow.subscriptions.end() ? 0 : old->second.notification_index;
    slow.subscriptions[put.id] = {put.id,
                                  put.manager,
                                  put.uss_base_url,
                                  put.new_version,
                                  index,
                                  put.notify_for_operational_intents,
                                  put.notify_for_constraints,
                                  false,
                                  put.extents};
    std::set<Uuid> expected;
    for (const auto& [id, intent] : slow.intents)
      if (put.notify_for_operational_intents && slow.Live(intent.extents) &&
          SlowModel::Meets(intent.extents, put.extents))
        expected.insert(id);
    std::set<Uuid> got;
    for (const auto& intent : done->intents) got.insert(intent.reference.id);
    ASSERT_EQ(got, expected);
  }

  void DeleteSubscription(Airspace& airspace, SlowModel& slow, const model::Stamp& stamp,
                          std::vector<model::RecordChange>& changes) {
    if (slow.subscriptions.empty()) {
      airspace.Apply(stamp, model::Expire{}, changes);
      return;
    }
    auto at = slow.subscriptions.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(Below(slow.subscriptions.size())));
    const bool busy = !slow.Dependents(at->first).empty();
    const Outcome outcome =
        airspace.Apply(stamp, model::DeleteSubscription{at->first, at->second.manager, at->second.version}, changes);
    ASSERT_EQ(std::holds_alternative<Error>(outcome), busy);
    if (!busy) slow.subscriptions.erase(at);
  }

  void Mark(Airspace& airspace, SlowModel& slow, const model::Stamp& stamp, std::vector<model::RecordChange>& changes) {
    const std::string uss = Manager();
    const auto availability = static_cast<Availability>(Below(4) == 0 ? 2 : 1);
    model::UssAvailability& known = slow.availabilities[uss];
    const Outcome outcome = airspace.Apply(
        stamp, model::SetAvailability{uss, known.version, availability, std::to_string(chance_)}, changes);
    ASSERT_TRUE(std::holds_alternative<model::AvailabilitySet>(outcome));
    known = {uss, std::to_string(chance_), availability};
  }

  // What is written anew: a fresh id, or one that is there, with its version or without, by its owner or another.
  template <typename Put, typename T>
  std::optional<Code> Address(Put& put, const std::map<Uuid, T>& known) {
    put.owner = Below(2) == 0 ? "a" : Manager();  // one has many
    const auto old = known.find(put.id);
    if (Below(8) != 0 && old != known.end()) put.owner = old->second.owner;
    if (Below(8) != 0 && old != known.end()) put.version = old->second.version;
    if (Below(16) == 0) put.version = TimeNs{7};
    if (!put.version) return old == known.end() ? std::nullopt : std::optional(Code::kConflict);
    if (old == known.end()) return Code::kInvalid;
    const bool forbidden = old->second.owner != put.owner;
    const bool conflict = old->second.version != *put.version;
    if (std::is_same_v<T, model::IdentificationServiceArea> && forbidden) return Code::kForbidden;
    if (conflict) return Code::kConflict;
    return forbidden ? std::optional(Code::kForbidden) : std::nullopt;
  }
  template <typename T>
  TimeNs VersionAfter(const std::map<Uuid, T>& known, const Uuid& id) const {
    const auto old = known.find(id);
    return old == known.end() ? At(now_s_) : std::max(At(now_s_), TimeNs{old->second.version.value + 1});
  }

  void PutServiceArea(Airspace& airspace, SlowModel& slow, const model::Stamp& stamp,
                      std::vector<model::RecordChange>& changes) {
    model::PutIdentificationServiceArea put{.id = Id(300 + static_cast<uint32_t>(Below(12))),
                                            .extents = Flat(Somewhere()),
                                            .url = "https://" + std::to_string(Below(3)),
                                            .written_through = static_cast<model::RidInterface>(1 + Below(2))};
    put.extents.end.value += kNsPerSecond;
    const std::optional<Code> refused = Address(put, slow.service_areas);
    const Outcome outcome = airspace.Apply(stamp, put, changes);
    if (refused) {
      ASSERT_TRUE(std::holds_alternative<Error>(outcome));
      ASSERT_EQ(std::get<Error>(outcome).code, *refused) << std::get<Error>(outcome).message;
      return;
    }
    const auto* done = std::get_if<model::IdentificationServiceAreaChanged>(&outcome);
    ASSERT_NE(done, nullptr) << std::get<Error>(outcome).message;
    std::vector<Extents> places{put.extents};
    const auto old = slow.service_areas.find(put.id);
    if (old != slow.service_areas.end()) places.push_back(old->second.extents);
    slow.service_areas[put.id] = {
        put.id, put.owner, put.url, put.written_through, VersionAfter(slow.service_areas, put.id), put.extents};
    ASSERT_EQ(done->area, slow.service_areas.at(put.id));
    CompareToldOfArea(slow.TellOfServiceArea(places), done->notified, slow);
  }

  void DeleteServiceArea(Airspace& airspace, SlowModel& slow, const model::Stamp& stamp,
                         std::vector<model::RecordChange>& changes) {
    if (slow.service_areas.empty()) {
      airspace.Apply(stamp, model::Expire{}, changes);
      return;
    }
    auto at = slow.service_areas.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(Below(slow.service_areas.size())));
    const model::IdentificationServiceArea area = at->second;
    const Outcome outcome =
        airspace.Apply(stamp, model::DeleteIdentificationServiceArea{area.id, area.owner, area.version}, changes);
    const auto* done = std::get_if<model::IdentificationServiceAreaChanged>(&outcome);
    ASSERT_NE(done, nullptr);
    slow.service_areas.erase(at);
    CompareToldOfArea(slow.TellOfServiceArea({area.extents}), done->notified, slow);
  }

  void PutRidSubscription(Airspace& airspace, SlowModel& slow, const model::Stamp& stamp,
                          std::vector<model::RecordChange>& changes) {
    model::PutRidSubscription put{.id = Id(400 + static_cast<uint32_t>(Below(200))),
                                  .extents = Flat(Somewhere()),
                                  .url = "https://" + std::to_string(Below(3)),
                                  .written_through = static_cast<model::RidInterface>(1 + Below(2))};
    put.extents.end.value += static_cast<int64_t>(Below(84'000)) * kNsPerSecond;
    const std::optional<Code> refused = Address(put, slow.rid_subscriptions);
    const bool full = slow.Deepest(put.id, put.owner, put.extents.cover) >= 10;
    const Outcome outcome = airspace.Apply(stamp, put, changes);
    if (refused || full) {
      ASSERT_TRUE(std::holds_alternative<Error>(outcome)) << "there were ten";
      ASSERT_EQ(std::get<Error>(outcome).code, refused ? *refused : Code::kTooMany);
      if (!refused) ++too_many;
      return;
    }
    const auto* done = std::get_if<model::RidSubscriptionChanged>(&outcome);
    ASSERT_NE(done, nullptr) << std::get<Error>(outcome).message;
    const auto old = slow.rid_subscriptions.find(put.id);
    const int32_t index = old == slow.rid_subscriptions.end() ? 0 : old->second.notification_index;
    slow.rid_subscriptions[put.id] = {
        put.id, put.owner,  put.url, put.written_through, VersionAfter(slow.rid_subscriptions, put.id),
        index,  put.extents};
    ASSERT_EQ(done->subscription, slow.rid_subscriptions.at(put.id));
    std::vector<model::IdentificationServiceArea> expected;
    for (const auto& [id, area] : slow.service_areas)
      if (slow.Live(area.extents) && SlowModel::Meets(area.extents, put.extents)) expected.push_back(area);
    ASSERT_EQ(done->areas, expected);
  }

  void DeleteRidSubscription(Airspace& airspace, SlowModel& slow, const model::Stamp& stamp,
                             std::vector<model::RecordChange>& changes) {
    if (slow.rid_subscriptions.empty()) {
      airspace.Apply(stamp, model::Expire{}, changes);
      return;
    }
    auto at = slow.rid_subscriptions.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(Below(slow.rid_subscriptions.size())));
    const model::RidSubscription& one = at->second;
    const Outcome outcome =
        airspace.Apply(stamp, model::DeleteRidSubscription{one.id, one.owner, one.version}, changes);
    ASSERT_TRUE(std::holds_alternative<model::RidSubscriptionChanged>(outcome));
    slow.rid_subscriptions.erase(at);
  }

  // Without altitudes, as F3411's are kept.
  static Extents Flat(Extents extents) {
    extents.lower = Extents::kNoLower;
    extents.upper = Extents::kNoUpper;
    return extents;
  }

  void CompareToldOfArea(const std::set<Uuid>& expected, const std::vector<model::RidNotified>& notified,
                         const SlowModel& slow) {
    std::set<Uuid> got;
    for (const model::RidNotified& one : notified) {
      const model::RidSubscription& subscription = slow.rid_subscriptions.at(one.subscription_id);
      ASSERT_TRUE(got.insert(one.subscription_id).second) << "each once";
      ASSERT_EQ(one, (model::RidNotified{subscription.url, subscription.written_through, subscription.id,
                                         subscription.notification_index}));
    }
    ASSERT_EQ(got, expected);
    told_of_areas += static_cast<int>(got.size());
  }

  static bool Covers(const Extents& a, const Extents& b) { return a.cover.Contains(b.cover); }

  void CompareTold(const std::set<Uuid>& expected, const std::vector<model::Notified>& notified,
                   const SlowModel& slow) {
    std::set<Uuid> got;
    for (const model::Notified& one : notified) {
      got.insert(one.subscription_id);
      const auto at = slow.subscriptions.find(one.subscription_id);
      ASSERT_NE(at, slow.subscriptions.end());
      ASSERT_EQ(one.notification_index, at->second.notification_index);
    }
    ASSERT_EQ(got, expected);
    ASSERT_EQ(got.size(), notified.size()) << "each once";
    told += static_cast<int>(got.size());
  }

  void Compare(const Airspace& airspace, const SlowModel& slow) {
    const auto sizes = airspace.sizes();
    ASSERT_EQ(sizes.intents, slow.intents.size());
    ASSERT_EQ(sizes.constraints, slow.constraints.size());
    ASSERT_EQ(sizes.subscriptions, slow.subscriptions.size());
    for (const auto& [id, intent] : slow.intents) ASSERT_EQ(airspace.FindIntent(id)->reference, intent);
    for (const auto& [id, subscription] : slow.subscriptions) {
      const auto seen = airspace.FindSubscription(id);
      ASSERT_TRUE(seen);
      ASSERT_EQ(seen->subscription, subscription);
      ASSERT_EQ(seen->dependent_intents, slow.Dependents(id));
    }
    ASSERT_EQ(sizes.service_areas, slow.service_areas.size());
    ASSERT_EQ(sizes.rid_subscriptions, slow.rid_subscriptions.size());
    for (const auto& [id, one] : slow.service_areas) ASSERT_EQ(airspace.FindServiceArea(id), one);
    for (const auto& [id, one] : slow.rid_subscriptions) ASSERT_EQ(airspace.FindRidSubscription(id), one);
    const Extents area = Somewhere();
    std::vector<model::IdentificationServiceArea> areas;
    for (const auto& [id, one] : slow.service_areas)
      if (slow.Live(one.extents) && SlowModel::Meets(one.extents, area)) areas.push_back(one);
    ASSERT_EQ(airspace.QueryServiceAreas(area, At(now_s_)), areas);
    std::vector<model::RidSubscription> of_a;
    for (const auto& [id, one] : slow.rid_subscriptions)
      if (one.owner == "a" && slow.Live(one.extents) && SlowModel::Meets(one.extents, area)) of_a.push_back(one);
    ASSERT_EQ(airspace.QueryRidSubscriptions(area, "a", At(now_s_)), of_a);
    std::vector<Uuid> expected;
    for (const auto& [id, intent] : slow.intents)
      if (slow.Live(intent.extents) && SlowModel::Meets(intent.extents, area)) expected.push_back(id);
    std::vector<Uuid> got;
    for (const auto& seen : airspace.QueryIntents(area, At(now_s_))) got.push_back(seen.reference.id);
    ASSERT_EQ(got, expected);
  }

  std::mt19937_64 random_;
  int64_t now_s_ = 0;
  int chance_ = 0;
};

std::map<model::RecordKey, std::string> RecordsOf(const Airspace& airspace) {
  std::map<model::RecordKey, std::string> records;
  airspace.VisitRecords([&](const model::RecordKey& key, const std::string& record) { records.emplace(key, record); });
  return records;
}

TEST(AirspaceAgainstTheSlowModel, AgreesOnRandomCommandsAndAfterRestarts) {
  const char* chosen = std::getenv("WB_SEED");
  const uint64_t first = chosen != nullptr ? std::strtoull(chosen, nullptr, 10) : 1;
  int accepted = 0;
  int missing = 0;
  int told = 0;
  int told_of_areas = 0;
  int too_many = 0;
  for (uint64_t seed = first; seed < first + 12; ++seed) {
    SCOPED_TRACE("WB_SEED=" + std::to_string(seed));
    Driver driver(seed);
    auto airspace = std::make_unique<Airspace>();
    SlowModel slow;
    std::map<model::RecordKey, std::string> stored;
    for (int step = 0; step < 2000; ++step) {
      std::vector<model::RecordChange> changes;
      driver.Step(*airspace, slow, changes);
      if (testing::Test::HasFatalFailure()) return;
      for (const model::RecordChange& change : changes) {
        if (change.record) {
          stored[change.key] = *change.record;
        } else {
          stored.erase(change.key);
        }
      }
      if (step % 100 != 0) continue;
      // The changes told are all that there is, and enough to begin again from.
      ASSERT_EQ(RecordsOf(*airspace), stored);
      auto again = std::make_unique<Airspace>();
      for (const auto& [key, record] : stored) {
        Result<model::Entity> entity = model::Decode(key, record);
        ASSERT_TRUE(entity) << entity.error().message;
        ASSERT_TRUE(again->Restore(key, *std::move(entity)));
      }
      ASSERT_TRUE(again->FinishRestore());
      airspace = std::move(again);
    }
    accepted += driver.accepted;
    missing += driver.missing;
    told += driver.told;
    told_of_areas += driver.told_of_areas;
    too_many += driver.too_many;
  }
  // The commands reach what they are for.
  EXPECT_GT(accepted, 1000);
  EXPECT_GT(missing, 300);
  EXPECT_GT(told, 1000);
  EXPECT_GT(told_of_areas, 1000);
  EXPECT_GT(too_many, 100);
}

}  // namespace
}  // namespace wideberth::airspace
