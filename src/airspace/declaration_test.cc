// Parties that declare here: conflicts, the key, what others see, and what they are told.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "airspace/airspace.h"
#include "crypto/base64.h"
#include "crypto/sha256.h"

namespace wideberth::airspace {
namespace {

using model::Declaration;
using model::DeclarationChanged;
using model::DeclarationKind;
using model::DeclarationRefused;
using model::DeclarationSeen;
using model::DeclaredVolume;
using model::Disclosure;
using model::Outcome;
using model::PutDeclaration;
using model::Uuid;
using nlohmann::json;

constexpr int64_t kStart = 1'790'000'000;

Uuid Id(uint8_t number) {
  Uuid id;
  id.bytes.fill(number);
  id.bytes[6] = 0x40;
  id.bytes[8] = 0x80;
  return id;
}

TimeNs At(int64_t seconds) { return {(kStart + seconds) * kNsPerSecond}; }

// A circle of 500 m radius, 100 to 200 m high unless said, for ten minutes from `from_s`.
DeclaredVolume Volume(double longitude, int64_t from_s, double lower_m = 100) {
  return DeclaredVolume({*geo::Outline::MakeCircle({10, longitude}, 500),
                         *geo::AltitudeBand::MakeMetres(lower_m, lower_m + 100),
                         *geo::TimeInterval::Make(At(from_s), At(from_s + 600))});
}

class Parties : public testing::Test {
 protected:
  Parties() {
    model::Initialise initialise;
    initialise.secret.bytes.fill(7);
    Do(initialise);
  }

  Outcome Do(const model::Command& command) {
    ++now_ns_;
    effects_ = {};
    model::Stamp stamp{{At(now_s_).value + now_ns_}, true, true, {}};
    stamp.seed[0] = static_cast<uint8_t>(now_ns_);
    stamp.seed[1] = static_cast<uint8_t>(now_ns_ >> 8);
    Outcome outcome = airspace_.Apply(stamp, command, effects_);
    for (const model::RecordChange& change : effects_.records) {
      if (change.record) {
        stored_[change.key] = *change.record;
      } else {
        stored_.erase(change.key);
      }
    }
    for (const model::Event& event : effects_.events) events_.push_back(json::parse(event.text));
    return outcome;
  }

  PutDeclaration Make(std::string party, uint8_t id, std::vector<DeclaredVolume> volumes,
                      std::vector<std::string> key = {}) {
    PutDeclaration put;
    put.id = Id(id);
    put.party = std::move(party);
    put.volumes = std::move(volumes);
    put.extents = model::ExtentsOf(put.volumes);
    put.key = std::move(key);
    put.new_ovn = "ovn-" + std::to_string(id) + "-" + std::to_string(++drawn_) + "----------";
    put.publication = {"wideberth",
                       "https://own.example",
                       Id(static_cast<uint8_t>(id + 100)),
                       "reference-" + put.new_ovn,
                       Id(static_cast<uint8_t>(id + 150)),
                       "v" + std::to_string(drawn_)};
    return put;
  }

  model::PutOperationalIntent MakeReference(uint8_t id, const DeclaredVolume& volume,
                                            std::vector<std::string> key = {}) {
    model::PutOperationalIntent put;
    put.id = Id(id);
    put.manager = "uss1";
    put.extents = volume.extents();
    put.uss_base_url = "https://uss1.example";
    put.key = std::move(key);
    put.new_ovn = "reference-of-uss1-" + std::to_string(++drawn_);
    return put;
  }

  std::vector<json> Told(const std::string& party) const {
    std::vector<json> texts;
    for (const model::Notice& notice : airspace_.ListNotices(party, 0, INT64_MAX, 1000))
      texts.push_back(json::parse(notice.text));
    return texts;
  }

  // What is in memory is what is stored, and a restart has it again.
  void ExpectStored() const {
    std::map<model::RecordKey, std::string> in_memory;
    airspace_.VisitRecords([&](const auto& key, const auto& record) { in_memory.emplace(key, record); });
    EXPECT_EQ(in_memory, stored_);
    Airspace again;
    for (const auto& [key, record] : stored_) {
      auto entity = model::Decode(key, record);
      ASSERT_TRUE(entity) << entity.error().message;
      const auto restored = again.Restore(key, *std::move(entity));
      ASSERT_TRUE(restored) << restored.error().message;
    }
    const auto finished = again.FinishRestore();
    ASSERT_TRUE(finished) << finished.error().message;
    std::map<model::RecordKey, std::string> restored;
    again.VisitRecords([&](const auto& key, const auto& record) { restored.emplace(key, record); });
    EXPECT_EQ(restored, stored_);
    // What is counted on the way is what there is.
    size_t constraints = 0;
    size_t waiting = 0;
    for (const auto& [key, record] : stored_) {
      const model::Entity entity = *model::Decode(key, record);
      const auto* declaration = std::get_if<model::Declaration>(&entity);
      if (declaration != nullptr && declaration->kind == DeclarationKind::kConstraint) ++constraints;
      const auto* notice = std::get_if<model::Notice>(&entity);
      if (notice != nullptr && !notice->acknowledged) ++waiting;
    }
    for (const Airspace* one : {&airspace_, static_cast<const Airspace*>(&again)}) {
      EXPECT_EQ(one->sizes().declared_constraints, constraints);
      EXPECT_EQ(one->sizes().notices_waiting, waiting);
    }
  }

  Airspace airspace_;
  model::Effects effects_;
  std::map<model::RecordKey, std::string> stored_;
  std::vector<json> events_;
  int64_t now_s_ = 0;
  int64_t now_ns_ = 0;
  int drawn_ = 0;
};

TEST_F(Parties, AnIntentThatMeetsNothingIsAcceptedAndHasItsReference) {
  const Outcome outcome = Do(Make("A", 1, {Volume(20, 60)}));
  const auto& changed = std::get<DeclarationChanged>(outcome);
  EXPECT_EQ(changed.declaration.version, 1);
  EXPECT_TRUE(changed.conflicts.empty());
  const auto reference = airspace_.FindIntent(changed.declaration.reference_id);
  ASSERT_TRUE(reference);
  EXPECT_EQ(reference->reference.manager, "wideberth");
  EXPECT_EQ(reference->reference.extents, changed.declaration.extents);
  EXPECT_EQ(airspace_.BehindReference(changed.declaration.reference_id)->id, Id(1));
  ExpectStored();
}

TEST_F(Parties, AConflictIsRefusedUntilTheKeyShowsThatOneKnowsOfIt) {
  Do(Make("A", 1, {Volume(20, 60)}));
  const Outcome refused = Do(Make("B", 2, {Volume(21, 60), Volume(20.001, 60)}));
  const auto& conflicts = std::get<DeclarationRefused>(refused).conflicts;
  ASSERT_EQ(conflicts.size(), 1u);
  EXPECT_EQ(conflicts[0].meets.pairs, (std::vector<model::VolumePair>{{1, 0}}));
  EXPECT_TRUE(Told("A").empty()) << "what was refused concerns nobody";
  EXPECT_EQ(events_.back()["type"], "intent.refused");

  const std::string ovn = std::get<DeclarationSeen>(conflicts[0].other).ovn;
  const Outcome accepted = Do(Make("B", 2, {Volume(21, 60), Volume(20.001, 60)}, {ovn}));
  EXPECT_TRUE(std::get<DeclarationChanged>(accepted).conflicts[0].in_key);
  const auto told = Told("A");
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0]["kind"], "conflict");
  EXPECT_EQ(told[0]["because"], "declared");
  EXPECT_EQ(told[0]["own"]["id"], Id(1).ToString());
  EXPECT_EQ(told[0]["other"]["party"], "B");
  EXPECT_EQ(told[0]["meets"][0]["other_volume"], 1);
  EXPECT_TRUE(Told("B").empty()) << "B has its answer";
  ExpectStored();
}

TEST_F(Parties, VolumesAreComparedOneByOneNotByTheirUnion) {
  Do(Make("A", 1, {Volume(20, 60), Volume(20.1, 1000)}));
  // There between the two: in A's union of area and time, and in no volume.
  EXPECT_TRUE(std::holds_alternative<DeclarationChanged>(Do(Make("B", 2, {Volume(20.1, 60)}))));
  EXPECT_TRUE(Told("A").empty());
}

TEST_F(Parties, TouchingIsMeeting) {
  Do(Make("A", 1, {Volume(20, 60, 100)}));
  EXPECT_TRUE(std::holds_alternative<DeclarationRefused>(Do(Make("B", 2, {Volume(20, 660, 200)}))));
}

TEST_F(Parties, TheHigherPriorityGoesFirstAndTheOtherIsTold) {
  Do(Make("A", 1, {Volume(20, 60)}));
  PutDeclaration rescue = Make("B", 2, {Volume(20, 60)});
  rescue.priority = 10;
  EXPECT_EQ(std::get<DeclarationChanged>(Do(rescue)).conflicts.size(), 1u);
  ASSERT_EQ(Told("A").size(), 1u);
  EXPECT_EQ(Told("A")[0]["other"]["priority"], 10);
}

TEST_F(Parties, AConstraintNeedsNoKeyAndIsInEveryKeyOfWhoFliesIntoIt) {
  Do(Make("A", 1, {Volume(20, 60)}));
  PutDeclaration zone = Make("Z", 2, {Volume(20, 60)});
  zone.kind = DeclarationKind::kConstraint;
  const Outcome made = Do(zone);
  EXPECT_EQ(std::get<DeclarationChanged>(made).conflicts.size(), 1u);
  EXPECT_TRUE(airspace_.FindConstraint(std::get<DeclarationChanged>(made).declaration.reference_id));
  EXPECT_EQ(Told("A")[0]["other"]["type"], "constraint");
  PutDeclaration urgent = Make("B", 3, {Volume(20, 60)});
  urgent.priority = 100;
  EXPECT_TRUE(std::holds_alternative<DeclarationRefused>(Do(urgent))) << "no priority is above people on the ground";
  ExpectStored();
}

TEST_F(Parties, WhoSeesVolumesOnlyHasPseudonymsOfItsOwn) {
  PutDeclaration secret = Make("A", 1, {Volume(20, 60)});
  secret.disclosure = Disclosure::kVolume;
  Do(secret);
  std::map<std::string, DeclarationSeen> seen;
  for (const std::string viewer : {"A", "B", "C"})
    seen.emplace(viewer, airspace_
                             .ListDeclarations(
                                 DeclarationKind::kIntent, viewer, At(0), [](const auto&) { return true; }, {}, 10)
                             .list.at(0));
  EXPECT_EQ(seen.at("A").id, Id(1));
  EXPECT_NE(seen.at("B").id, Id(1));
  EXPECT_NE(seen.at("B").id, seen.at("C").id);
  EXPECT_NE(seen.at("B").ovn, seen.at("C").ovn);
  EXPECT_TRUE(seen.at("B").declaration.party.empty());
  // Each finds it by its own name alone.
  EXPECT_TRUE(airspace_.FindDeclaration(DeclarationKind::kIntent, seen.at("B").id, "B"));
  EXPECT_FALSE(airspace_.FindDeclaration(DeclarationKind::kIntent, seen.at("B").id, "C"));
  EXPECT_FALSE(airspace_.FindDeclaration(DeclarationKind::kIntent, Id(1), "B"));
  // B's pseudonym of the OVN opens B's key, and nobody else's.
  EXPECT_TRUE(std::holds_alternative<DeclarationRefused>(Do(Make("B", 2, {Volume(20, 60)}, {seen.at("C").ovn}))));
  EXPECT_TRUE(std::holds_alternative<DeclarationRefused>(Do(Make("B", 2, {Volume(20, 60)}, {secret.new_ovn}))));
  EXPECT_TRUE(std::holds_alternative<DeclarationChanged>(Do(Make("B", 2, {Volume(20, 60)}, {seen.at("B").ovn}))));
}

TEST_F(Parties, GroupsSeeAll) {
  Do(model::PutGroup{"op", "allies", {"A", "B"}});
  PutDeclaration shared = Make("A", 1, {Volume(20, 60)});
  shared.disclosure = Disclosure::kVolume;
  shared.visible_to = {"allies"};
  Do(shared);
  EXPECT_TRUE(airspace_.FindDeclaration(DeclarationKind::kIntent, Id(1), "B")->full);
  EXPECT_FALSE(airspace_.FindDeclaration(DeclarationKind::kIntent, Id(1), "C"));
  Do(model::PutGroup{"op", "allies", {"A"}});
  EXPECT_FALSE(airspace_.FindDeclaration(DeclarationKind::kIntent, Id(1), "B"));
  shared.party = "C";
  shared.id = Id(9);
  shared.publication.new_reference_id = Id(109);
  shared.publication.new_subscription_id = Id(159);
  EXPECT_EQ(std::get<Error>(Do(shared)).code, Code::kInvalid) << "C is in no such group";
  ExpectStored();
}

TEST_F(Parties, AMoveTellsThoseWhoAreMetNowAndThoseWhoWereMetBefore) {
  Do(Make("A", 1, {Volume(20, 60)}));
  Do(Make("B", 2, {Volume(21, 60)}));
  PutDeclaration mover = Make("C", 3, {Volume(20, 60)});
  mover.priority = 1;
  const Outcome first = Do(mover);
  PutDeclaration moved = Make("C", 3, {Volume(21, 60)});
  moved.priority = 1;
  moved.ovn = std::get<DeclarationChanged>(first).declaration.ovn;
  EXPECT_EQ(std::get<DeclarationChanged>(Do(moved)).declaration.version, 2);
  ASSERT_EQ(Told("A").size(), 2u);
  EXPECT_EQ(Told("A")[1]["kind"], "conflict_over");
  ASSERT_EQ(Told("B").size(), 1u);
  EXPECT_EQ(Told("B")[0]["kind"], "conflict");
  Do(model::EndDeclaration{DeclarationKind::kIntent, Id(3), "C", moved.new_ovn, true, "wideberth"});
  ASSERT_EQ(Told("B").size(), 2u);
  EXPECT_EQ(Told("B")[1]["because"], "withdrawn");
  EXPECT_FALSE(airspace_.FindIntent(Id(103)));
  ExpectStored();
}

TEST_F(Parties, OnlyTheOwnerChangesAndEndsAndTheOthersCannotTellThatItIsThere) {
  const std::string ovn = std::get<DeclarationChanged>(Do(Make("A", 1, {Volume(20, 60)}))).declaration.ovn;
  PutDeclaration theirs = Make("B", 1, {Volume(20, 60)});
  theirs.ovn = ovn;
  PutDeclaration nothing = Make("B", 77, {Volume(20, 60)});
  nothing.ovn = ovn;
  const Error not_yours = std::get<Error>(Do(theirs));
  const Error not_there = std::get<Error>(Do(nothing));
  EXPECT_EQ(not_yours.code, Code::kNotFound);
  EXPECT_EQ(not_yours.message, not_there.message);
  PutDeclaration outdated = Make("A", 1, {Volume(20, 60)});
  outdated.ovn = "another";
  EXPECT_EQ(std::get<Error>(Do(outdated)).code, Code::kConflict);
}

TEST_F(Parties, AReferenceOfF3548IsAPossibleConflictBothWays) {
  Do(MakeReference(50, Volume(20, 60)));
  const Outcome refused = Do(Make("A", 1, {Volume(20, 60)}));
  const auto& conflict = std::get<DeclarationRefused>(refused).conflicts.at(0);
  const auto& reference = std::get<model::OperationalIntentReference>(conflict.other);
  EXPECT_EQ(reference.uss_base_url, "https://uss1.example");
  const Outcome accepted = Do(Make("A", 1, {Volume(20, 60)}, {reference.ovn}));
  const Declaration& own = std::get<DeclarationChanged>(accepted).declaration;
  EXPECT_TRUE(Told("A").empty());

  // A USS that plans into it needs the OVN of the reference, and then A is told.
  const Outcome missing = Do(MakeReference(51, Volume(20, 60), {reference.ovn}));
  ASSERT_EQ(std::get<model::KeyMissing>(missing).intents.size(), 1u);
  EXPECT_EQ(std::get<model::KeyMissing>(missing).intents[0].reference.id, own.reference_id);
  const std::string ovn = airspace_.FindIntent(own.reference_id)->reference.ovn;
  EXPECT_NE(ovn, own.ovn);
  const Outcome planned = Do(MakeReference(51, Volume(20, 60), {reference.ovn, ovn}));
  ASSERT_TRUE(std::holds_alternative<model::OperationalIntentChanged>(planned));
  ASSERT_EQ(Told("A").size(), 1u);
  EXPECT_EQ(Told("A")[0]["other"]["type"], "operational_intent_reference");
  EXPECT_EQ(Told("A")[0]["other"]["possible"], true);
  EXPECT_EQ(std::get<model::OperationalIntentChanged>(planned).notified.at(0).uss_base_url, "https://own.example");
  ExpectStored();
}

TEST_F(Parties, SubscribedProvidersGetAMessage) {
  model::PutSubscription subscribe;
  subscribe.id = Id(60);
  subscribe.manager = "uss1";
  subscribe.extents = Volume(20, 0).extents();
  subscribe.uss_base_url = "https://uss1.example";
  subscribe.notify_for_operational_intents = true;
  subscribe.new_version = "v";
  Do(subscribe);
  Do(Make("A", 1, {Volume(20, 60)}));
  const auto messages = airspace_.ListProviderMessages(0, 10);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].uss_base_url, "https://uss1.example");
  EXPECT_EQ(messages[0].subscriptions.at(0).notification_index, 1);
  EXPECT_TRUE(effects_.messages_to_send);
  ExpectStored();
  Do(model::DropProviderMessages{{messages[0].number}, true});
  EXPECT_TRUE(airspace_.ListProviderMessages(0, 10).empty());
  ExpectStored();
}

TEST_F(Parties, WhoSeesVolumesOnlyIsNotToldWhetherItIsFlown) {
  for (const auto& [disclosure, activated, over] :
       {std::tuple(Disclosure::kFull, "activated", "withdrawn"), std::tuple(Disclosure::kVolume, "changed", "ended")}) {
    const auto number = static_cast<uint8_t>(disclosure);
    const std::string viewer = "V" + std::to_string(number);
    Do(Make(viewer, static_cast<uint8_t>(10 + number), {Volume(20 + number, 60)}));
    PutDeclaration put = Make("A", static_cast<uint8_t>(20 + number), {Volume(20 + number, 60)});
    put.disclosure = disclosure;
    const auto refused = std::get<DeclarationRefused>(Do(put));
    put.key = {std::get<DeclarationSeen>(refused.conflicts.at(0).other).ovn};
    const auto declared = std::get<DeclarationChanged>(Do(put)).declaration;
    const auto active = std::get<DeclarationChanged>(Do(model::ActivateDeclaration{
        declared.id, "A", declared.ovn, put.key, "an-ovn-when-activated-1", put.publication}));
    Do(model::EndDeclaration{DeclarationKind::kIntent, declared.id, "A", active.declaration.ovn, true, "wideberth"});
    const auto told = Told(viewer);
    ASSERT_EQ(told.size(), 3u);
    EXPECT_EQ(told[1]["because"], activated);
    EXPECT_EQ(told[2]["because"], over);
  }
}

TEST_F(Parties, AGroupThatIsMadeAgainSeesNothingOfBefore) {
  Do(model::PutGroup{"chief", "g", {"A", "B"}});
  PutDeclaration put = Make("A", 1, {Volume(20, 60)});
  put.disclosure = Disclosure::kVolume;
  put.visible_to = {"g"};
  Do(put);
  EXPECT_TRUE(airspace_.FindDeclaration(DeclarationKind::kIntent, Id(1), "B"));
  Do(model::PutGroup{"chief", "g", {}});
  ExpectStored();
  Do(model::PutGroup{"chief", "g", {"C"}});
  for (const char* outsider : {"B", "C"})
    EXPECT_FALSE(airspace_.FindDeclaration(DeclarationKind::kIntent, Id(1), outsider)) << outsider;
  EXPECT_TRUE(airspace_.FindDeclaration(DeclarationKind::kIntent, Id(1), "A")->declaration.visible_to.empty());
  ExpectStored();
}

TEST_F(Parties, NobodyElseChangesTheReferenceThatStandsForADeclaration) {
  const PutDeclaration put = Make("A", 1, {Volume(20, 60)});
  const auto declared = std::get<DeclarationChanged>(Do(put)).declaration;
  const auto reference = airspace_.FindIntent(declared.reference_id)->reference;
  EXPECT_EQ(std::get<Error>(Do(model::DeleteOperationalIntent{reference.id, reference.manager, reference.ovn})).code,
            Code::kForbidden);
  model::PutOperationalIntent change;
  change.id = reference.id;
  change.manager = reference.manager;
  change.ovn = reference.ovn;
  change.extents = reference.extents;
  EXPECT_EQ(std::get<Error>(Do(change)).code, Code::kForbidden);
  model::PutSubscription subscription;
  subscription.id = *reference.subscription_id;
  subscription.manager = reference.manager;
  subscription.version = airspace_.FindSubscription(subscription.id)->subscription.version;
  subscription.extents = reference.extents;
  EXPECT_EQ(std::get<Error>(Do(subscription)).code, Code::kForbidden);
  EXPECT_TRUE(airspace_.FindIntent(reference.id));

  PutDeclaration zone = Make("A", 2, {Volume(25, 60)});
  zone.kind = DeclarationKind::kConstraint;
  const auto constraint = *airspace_.FindConstraint(std::get<DeclarationChanged>(Do(zone)).declaration.reference_id);
  EXPECT_EQ(std::get<Error>(Do(model::DeleteConstraint{constraint.id, constraint.manager, constraint.ovn})).code,
            Code::kForbidden);
  EXPECT_TRUE(airspace_.FindConstraint(constraint.id));
}

// A reference of uss1, and what it tells of it.
class TellingProvider : public Parties {
 protected:
  // 50, from 100 to 400 m high; its key has everything.
  std::string Refer(const std::optional<std::string>& ovn = std::nullopt, double longitude = 20) {
    const DeclaredVolume all({*geo::Outline::MakeCircle({10, longitude}, 500), *geo::AltitudeBand::MakeMetres(100, 400),
                              *geo::TimeInterval::Make(At(60), At(7200))});
    model::PutOperationalIntent put = MakeReference(50, all, EveryOvn());
    put.ovn = ovn;
    const Outcome outcome = Do(put);
    const auto* changed = std::get_if<model::OperationalIntentChanged>(&outcome);
    return changed == nullptr ? "" : changed->reference.ovn;
  }

  std::vector<std::string> EveryOvn() const {
    std::vector<std::string> key;
    for (int id = 1; id < 256; ++id) {
      if (const auto intent = airspace_.FindIntent(Id(static_cast<uint8_t>(id)))) key.push_back(intent->reference.ovn);
    }
    return key;
  }

  static model::RecordProviderNotice Tell(std::vector<DeclaredVolume> volumes, int32_t version = 1) {
    return {"uss1", DeclarationKind::kIntent, Id(50), false, "https://uss1.example", "", version, std::move(volumes)};
  }

  std::optional<Code> Refused(const model::Command& command) {
    const Outcome outcome = Do(command);
    const auto* error = std::get_if<Error>(&outcome);
    EXPECT_TRUE(error == nullptr || effects_.records.empty());
    return error == nullptr ? std::nullopt : std::optional(error->code);
  }

  // Of A, over the reference.
  void Declare(uint8_t id, double lower_m) {
    const Outcome outcome = Do(Make("A", id, {Volume(20, 600, lower_m)}, EveryOvn()));
    ASSERT_TRUE(std::holds_alternative<DeclarationChanged>(outcome));
  }

  size_t Stored() const {
    size_t count = 0;
    for (const auto& [key, record] : stored_) count += key.kind == model::RecordKind::kToldVolumes ? 1 : 0;
    return count;
  }
};

TEST_F(TellingProvider, WhatMeetsIsToldExactlyOfTheReferenceAndWhatDoesNotIsOver) {
  Refer();
  Declare(1, 100);
  Declare(2, 302);
  Do(Tell({Volume(20.001, 600, 201), Volume(20.001, 600, 150)}));
  const auto told = Told("A");
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0]["kind"], "conflict");
  EXPECT_EQ(told[0]["because"], "told_by_provider");
  EXPECT_EQ(told[0]["own"]["id"], Id(1).ToString());
  EXPECT_EQ(told[0]["other"], (json{{"type", "operational_intent_reference"},
                                    {"id", Id(50).ToString()},
                                    {"manager", "uss1"},
                                    {"uss_base_url", "https://uss1.example"},
                                    {"version", 1},
                                    {"possible", false}}));
  ASSERT_EQ(told[0]["meets"].size(), 1u);
  EXPECT_EQ(told[0]["meets"][0]["other_volume"], 1);
  EXPECT_EQ(told[0]["meets"][0]["altitude_lower_m"], 150);
  EXPECT_EQ(told[0]["meets"][0]["altitude_upper_m"], 200);
  // It met the extents alone.
  EXPECT_EQ(told[1]["kind"], "conflict_over");
  EXPECT_EQ(told[1]["because"], "told_by_provider");
  EXPECT_EQ(told[1]["own"]["id"], Id(2).ToString());
  EXPECT_EQ(told[1]["other"]["possible"], true);
  EXPECT_FALSE(told[1]["meets"][0].contains("other_volume"));
  EXPECT_EQ(Stored(), 1u);
  ExpectStored();
}

TEST_F(TellingProvider, OnlyItsManagerTellsAndOnlyOfTheVersionThatTheDssHas) {
  EXPECT_EQ(Refused(Tell({Volume(20, 600)})), Code::kForbidden) << "the DSS has no such reference";
  const std::string ovn = Refer();
  model::RecordProviderNotice others = Tell({Volume(20, 600)});
  others.manager = "uss2";
  EXPECT_EQ(Refused(others), Code::kForbidden);
  model::RecordProviderNotice other_kind = Tell({Volume(20, 600)});
  other_kind.kind = DeclarationKind::kConstraint;
  EXPECT_EQ(Refused(other_kind), Code::kForbidden);
  EXPECT_EQ(Refused(Tell({Volume(20, 600)}, 2)), Code::kConflict);
  Refer(ovn);
  EXPECT_EQ(Refused(Tell({Volume(20, 600)}, 1)), Code::kConflict);
  EXPECT_EQ(Stored(), 0u);
  EXPECT_TRUE(std::holds_alternative<model::Done>(Do(Tell({Volume(20, 600)}, 2))));
  // What stands for a party's intent is the party's to tell of, whoever has the service's name.
  Declare(1, 100);
  model::RecordProviderNotice own = Tell({Volume(20, 600)});
  own.manager = "wideberth";
  own.reference_id = Id(101);
  EXPECT_EQ(Refused(own), Code::kForbidden);
  ExpectStored();
}

TEST_F(TellingProvider, ARetryChangesNothingAndOtherVolumesOfTheSameVersionAreRefused) {
  Refer();
  Declare(1, 100);
  Do(Tell({Volume(20, 600)}));
  ASSERT_EQ(Told("A").size(), 1u);
  const size_t events = events_.size();
  EXPECT_TRUE(std::holds_alternative<model::Unchanged>(Do(Tell({Volume(20, 600)}))));
  EXPECT_TRUE(effects_.records.empty());
  EXPECT_TRUE(effects_.notices.empty());
  EXPECT_EQ(events_.size(), events);
  EXPECT_EQ(Refused(Tell({Volume(20, 600, 101)})), Code::kConflict);
  EXPECT_EQ(Refused(Tell({Volume(20, 600), Volume(20, 600)})), Code::kConflict);
  EXPECT_EQ(Refused(Tell({})), Code::kConflict);
  EXPECT_EQ(Told("A").size(), 1u);
  // That it was deleted is for the DSS to say.
  model::RecordProviderNotice deleted = Tell({});
  deleted.deleted = true;
  EXPECT_TRUE(std::holds_alternative<model::Done>(Do(deleted)));
  EXPECT_EQ(Stored(), 1u);
  EXPECT_EQ(Told("A").size(), 1u);
  ExpectStored();
}

TEST_F(TellingProvider, VolumesOutsideTheReferenceAreRefused) {
  Refer();
  Declare(1, 100);
  EXPECT_EQ(Refused(Tell({Volume(20, 600), Volume(20, 600, 99)})), Code::kInvalid);
  EXPECT_EQ(Refused(Tell({Volume(20, 600, 301)})), Code::kInvalid);
  EXPECT_EQ(Refused(Tell({Volume(20, 0)})), Code::kInvalid);
  EXPECT_EQ(Refused(Tell({Volume(20, 7000)})), Code::kInvalid);
  EXPECT_EQ(Refused(Tell({Volume(20.1, 600)})), Code::kInvalid);
  EXPECT_TRUE(std::holds_alternative<model::Done>(Do(Tell({})))) << "that says nothing";
  EXPECT_EQ(Stored(), 0u);
  EXPECT_TRUE(Told("A").empty());
}

TEST_F(TellingProvider, WhatWasToldIsComparedEverywhereUntilTheReferenceChanges) {
  const std::string ovn = Refer();
  Do(Tell({Volume(20, 600, 100)}));
  // Only the extents are met: no conflict, and no key.
  const Outcome clear = Do(Make("A", 1, {Volume(20, 600, 201)}));
  ASSERT_TRUE(std::holds_alternative<DeclarationChanged>(clear));
  EXPECT_TRUE(std::get<DeclarationChanged>(clear).conflicts.empty());
  // Met exactly: the key needs the reference's OVN, as before.
  const Outcome refused = Do(Make("A", 2, {Volume(20, 600, 90)}, {"another"}));
  const auto& conflict = std::get<DeclarationRefused>(refused).conflicts.at(0);
  EXPECT_TRUE(conflict.is_certain());
  EXPECT_EQ(conflict.meets.pairs, (std::vector<model::VolumePair>{{0, 0}}));
  EXPECT_TRUE(std::holds_alternative<DeclarationChanged>(Do(Make("A", 2, {Volume(20, 600, 90)}, {ovn}))));
  const auto list = [&] {
    return airspace_.ListConflicts("A", At(1), [](const auto&) { return true; }, {}, std::nullopt, 10).list;
  };
  ASSERT_EQ(list().size(), 1u);
  EXPECT_EQ(list()[0].own.id, Id(2));
  EXPECT_TRUE(list()[0].conflict.is_certain());
  EXPECT_TRUE(std::holds_alternative<DeclarationRefused>(
      Do(model::ActivateDeclaration{Id(2),
                                    "A",
                                    airspace_.FindDeclaration(DeclarationKind::kIntent, Id(2), "A")->ovn,
                                    {},
                                    "activated-------------",
                                    {}})));

  // Another version: only its extents are known.
  const std::string second = Refer(ovn);
  EXPECT_EQ(Stored(), 0u);
  EXPECT_EQ(list().size(), 2u);
  EXPECT_FALSE(list()[0].conflict.is_certain());
  const auto told = Told("A");
  ASSERT_EQ(told.size(), 2u);
  for (const json& one : told) {
    EXPECT_EQ(one["kind"], "conflict");
    EXPECT_EQ(one["because"], "changed");
    EXPECT_EQ(one["other"]["possible"], true);
  }
  ExpectStored();
  // Its end tells those whom it met as it was told, and nobody else.
  Do(Tell({Volume(20, 600, 100)}, 2));
  ASSERT_EQ(Told("A").size(), 4u);
  EXPECT_EQ(Told("A")[2]["kind"], "conflict_over");
  EXPECT_EQ(Told("A")[3]["kind"], "conflict");
  ExpectStored();
  Do(model::DeleteOperationalIntent{Id(50), "uss1", second});
  ASSERT_EQ(Told("A").size(), 5u);
  EXPECT_EQ(Told("A")[4]["kind"], "conflict_over");
  EXPECT_EQ(Told("A")[4]["because"], "ended");
  EXPECT_EQ(Told("A")[4]["own"]["id"], Id(2).ToString());
  EXPECT_EQ(Told("A")[4]["other"]["id"], Id(50).ToString());
  EXPECT_EQ(Told("A")[4]["other"]["type"], "operational_intent_reference");
  EXPECT_EQ(Told("A")[4]["meets"][0]["other_volume"], 0);
  EXPECT_EQ(Stored(), 0u);
  ExpectStored();
}

TEST_F(TellingProvider, WhatWasToldGoesWithTheReferenceThatIsOver) {
  Refer();
  Do(Tell({Volume(20, 600)}));
  now_s_ = 7200 + 3601;
  Do(model::Expire{});
  EXPECT_EQ(airspace_.sizes().intents, 0u);
  EXPECT_EQ(Stored(), 0u);
  ExpectStored();
}

TEST_F(TellingProvider, LikewiseForConstraints) {
  Declare(1, 100);
  Declare(2, 300);
  model::PutConstraint put{.id = Id(50),
                           .manager = "uss1",
                           .ovn = std::nullopt,
                           .extents = Volume(20, 600).extents(),
                           .uss_base_url = "https://uss1.example",
                           .new_ovn = "its-ovn-of-16-chars"};
  put.extents.upper = model::Extents::kNoUpper;
  Do(put);
  ASSERT_EQ(Told("A").size(), 2u);
  model::RecordProviderNotice tell = Tell({Volume(20, 600, 150)});
  tell.kind = DeclarationKind::kConstraint;
  Do(tell);
  ASSERT_EQ(Told("A").size(), 4u);
  EXPECT_EQ(Told("A")[2]["kind"], "conflict");
  EXPECT_EQ(Told("A")[2]["other"]["type"], "constraint_reference");
  EXPECT_EQ(Told("A")[2]["other"]["possible"], false);
  EXPECT_EQ(Told("A")[3]["kind"], "conflict_over");
  EXPECT_TRUE(std::holds_alternative<model::Unchanged>(Do(tell)));
  ExpectStored();
  put.ovn = put.new_ovn;
  put.new_ovn = "another-ovn-of-16-chars";
  Do(put);
  EXPECT_EQ(Stored(), 0u);
  EXPECT_EQ(Told("A").size(), 6u);
  tell.version = 2;
  Do(tell);
  EXPECT_EQ(Stored(), 1u);
  Do(model::DeleteConstraint{Id(50), "uss1", put.new_ovn});
  EXPECT_EQ(Told("A").back()["kind"], "conflict_over");
  EXPECT_EQ(Told("A").size(), 9u);
  EXPECT_EQ(Stored(), 0u);
  ExpectStored();
}

// ---- What is over is not told again.

class Repeated : public TellingProvider {
 protected:
  // The kinds of what A is told again after a minute.
  std::vector<std::string> AfterAMinute() {
    now_s_ += 61;
    Do(model::Expire{});
    std::vector<std::string> kinds;
    for (const model::NoticePosted& posted : effects_.notices) {
      if (posted.party != "A") continue;
      for (const model::Notice& notice : airspace_.ListNotices(posted.party, posted.number - 1, posted.number, 1))
        kinds.push_back(json::parse(notice.text)["kind"]);
    }
    ExpectStored();
    return kinds;
  }

  PutDeclaration Urgent(uint8_t id, double longitude) {
    PutDeclaration put = Make("B", id, {Volume(longitude, 3600)});
    put.priority = id;  // above those before it
    return put;
  }
};

TEST_F(Repeated, OfTwoNoticesAboutTheSameOnlyTheLater) {
  Do(Make("A", 1, {Volume(20, 3600)}));
  PutDeclaration first = Urgent(2, 20);
  Do(first);
  PutDeclaration second = Urgent(3, 20.001);
  Do(PutDeclaration(second));
  PutDeclaration moved = Urgent(2, 25);
  moved.ovn = first.new_ovn;
  Do(moved);
  ASSERT_EQ(Told("A").size(), 3u);
  ExpectStored();
  const model::Notice over = airspace_.ListNotices("A", 0, INT64_MAX, 10).at(0);
  EXPECT_EQ(AfterAMinute(), (std::vector<std::string>{"conflict", "conflict_over"})) << "of the second, of the first";
  // The earlier one can still be read and acknowledged.
  model::Party::Key key{};
  Do(model::PutParty{"op", "A", {key}, false});
  ASSERT_TRUE(airspace_.FindNotice("A", over.id));
  EXPECT_TRUE(std::holds_alternative<model::NoticeAcknowledged>(
      Do(model::AcknowledgeNotice{"A", over.id, "kid", key, "jws", crypto::Sha256::Of(over.text)})));
  ExpectStored();
  now_s_ = 3600 + 600 + 2 * 86'400;
  Do(model::Expire{});
  EXPECT_EQ(airspace_.sizes().notices, 0u);
  ExpectStored();
}

TEST_F(Repeated, NothingThatTheOwnWithdrawalOrMoveSettled) {
  const std::string ovn = std::get<DeclarationChanged>(Do(Make("A", 1, {Volume(20, 3600)}))).declaration.ovn;
  Do(Urgent(2, 20));
  PutDeclaration secret = Urgent(3, 20.01);
  secret.disclosure = Disclosure::kVolume;
  Do(secret);
  ASSERT_EQ(Told("A").size(), 1u);
  // Away from the first, and into the second, which it knows by another id.
  const auto key = [&] {
    std::vector<std::string> ovns;
    for (const auto& one :
         airspace_.ListDeclarations(
                      DeclarationKind::kIntent, "A", At(0), [](const auto&) { return true; }, {}, 10)
             .list)
      ovns.push_back(one.ovn);
    return ovns;
  };
  PutDeclaration moved = Make("A", 1, {Volume(20.015, 3600)}, key());
  moved.ovn = ovn;
  ASSERT_TRUE(std::holds_alternative<DeclarationChanged>(Do(moved)));
  EXPECT_EQ(AfterAMinute(), std::vector<std::string>());
  // The second changes, and is told; that stands while the own intent moves on within it.
  PutDeclaration again = Urgent(3, 20.01);
  again.disclosure = Disclosure::kVolume;
  again.ovn = secret.new_ovn;
  Do(again);
  PutDeclaration within = Make("A", 1, {Volume(20.014, 3600)}, key());
  within.ovn = moved.new_ovn;
  ASSERT_TRUE(std::holds_alternative<DeclarationChanged>(Do(within)));
  EXPECT_EQ(AfterAMinute(), std::vector<std::string>{"conflict"});
  Do(model::EndDeclaration{DeclarationKind::kIntent, Id(1), "A", within.new_ovn, true, "wideberth"});
  now_s_ += 120;
  EXPECT_EQ(AfterAMinute(), std::vector<std::string>());
}

TEST_F(Repeated, OfAReferenceWhatHoldsNow) {
  Refer();
  Declare(1, 100);
  Declare(2, 302);
  Do(Tell({Volume(20, 600, 100)}));
  EXPECT_EQ(AfterAMinute(), (std::vector<std::string>{"conflict", "conflict_over"}));
  Do(model::DeleteOperationalIntent{Id(50), "uss1", airspace_.FindIntent(Id(50))->reference.ovn});
  now_s_ += 120;
  EXPECT_EQ(AfterAMinute(), (std::vector<std::string>{"conflict_over", "conflict_over"}));
}

TEST_F(Repeated, AReferenceWithTheIdOfAnIntentSettlesNothingOfIt) {
  Do(Make("A", 1, {Volume(20, 600)}));
  Do(Urgent(2, 20));
  PutDeclaration other = Make("B", 50, {Volume(20, 600)});
  other.priority = 1;
  Do(other);
  ASSERT_NE(Refer(), "");
  ASSERT_EQ(Told("A").size(), 2u);
  ASSERT_EQ(Told("A")[0]["other"]["id"], Told("A")[1]["other"]["id"]);
  EXPECT_EQ(AfterAMinute(), (std::vector<std::string>{"conflict", "conflict"}));
}

TEST_F(Repeated, NoConflictWithWhatIsOverByTime) {
  Do(Make("A", 1, {Volume(20, 60), Volume(20, 3600)}));
  PutDeclaration brief = Make("B", 2, {Volume(20, 60)});
  brief.priority = 1;
  Do(brief);
  EXPECT_EQ(AfterAMinute(), std::vector<std::string>{"conflict"});
  now_s_ = 661;  // the intent of A is there for long
  EXPECT_EQ(AfterAMinute(), std::vector<std::string>());
  EXPECT_EQ(airspace_.sizes().notices_waiting, 1u);
  now_s_ = 660 + 86'400;
  EXPECT_EQ(AfterAMinute(), std::vector<std::string>());
  EXPECT_EQ(airspace_.sizes().notices, 0u);
}

TEST_F(Parties, ANoticeIsRepeatedUntilItIsAcknowledged) {
  model::Party::Key key{};
  key[0] = 1;
  Do(model::PutParty{"op", "A", {key}, false});
  Do(Make("A", 1, {Volume(20, 3600)}));
  PutDeclaration other = Make("B", 2, {Volume(20, 3600)});
  other.priority = 1;
  Do(other);
  const model::Notice first = airspace_.ListNotices("A", 0, INT64_MAX, 10).at(0);
  Do(model::MarkDelivered{{{"A", first.number}}, "events"});
  EXPECT_EQ(events_.back()["type"], "notice.delivered");
  now_s_ = 61;
  Do(model::Expire{});
  const model::Notice again = airspace_.ListNotices("A", first.number, INT64_MAX, 10).at(0);
  EXPECT_EQ(again.id, first.id);
  EXPECT_EQ(again.text, first.text);
  EXPECT_EQ(again.repeated, 1);
  EXPECT_EQ(effects_.notices.size(), 1u);
  ExpectStored();

  model::AcknowledgeNotice acknowledge{"A", first.id, "kid", key, "jws", crypto::Sha256::Of("another text")};
  EXPECT_EQ(std::get<Error>(Do(acknowledge)).code, Code::kInvalid);
  acknowledge.hash = crypto::Sha256::Of(first.text);
  acknowledge.party = "B";
  EXPECT_EQ(std::get<Error>(Do(acknowledge)).code, Code::kNotFound);
  acknowledge.party = "A";
  acknowledge.key[0] = 2;
  EXPECT_EQ(std::get<Error>(Do(acknowledge)).code, Code::kForbidden);
  acknowledge.key = key;
  EXPECT_TRUE(std::get<model::NoticeAcknowledged>(Do(acknowledge)).notice.acknowledged);
  EXPECT_EQ(events_.back()["type"], "notice.acknowledged");
  EXPECT_EQ(events_.back()["key"], crypto::ToBase64Url({reinterpret_cast<const char*>(key.data()), key.size()}));
  now_s_ = 1000;
  Do(model::Expire{});
  EXPECT_TRUE(effects_.notices.empty());
  now_s_ = 1000 + 2 * 86'400;
  Do(model::Expire{});
  EXPECT_EQ(airspace_.sizes().notices, 0u);
  EXPECT_EQ(airspace_.sizes().notices_waiting, 0u);
  EXPECT_EQ(airspace_.sizes().declarations, 0u) << "it went by itself";
  ExpectStored();
}

TEST_F(Parties, AKeyIsOfOnePartyAlone) {
  model::Party::Key key{};
  Do(model::PutParty{"op", "A", {key}, false});
  EXPECT_TRUE(effects_.keys_changed);
  EXPECT_EQ(std::get<Error>(Do(model::PutParty{"op", "B", {key}, false})).code, Code::kConflict);
  EXPECT_EQ(std::get<model::PartyChanged>(Do(model::PutParty{"op", "A", {key}, true})).party.version, 2);
  ExpectStored();
}

}  // namespace
}  // namespace wideberth::airspace
