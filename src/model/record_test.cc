#include "model/record.h"

#include <gtest/gtest.h>

#include <optional>
#include <type_traits>
#include <vector>

namespace wideberth::model {
namespace {

Uuid Id(uint8_t last) {
  Uuid id = *Uuid::Parse("2f8343be-6482-4d1b-a474-16847e01af00");
  id.bytes[15] = last;
  return id;
}

Extents SomeExtents() {
  return {index::CoverOf(*geo::Outline::MakeCircle({47, 8}, 400)), {-5}, {120'000}, {1'000'000'000}, {2'000'000'000}};
}

Declaration SomeDeclaration() {
  Declaration declaration{.kind = DeclarationKind::kIntent,
                          .id = Id(7),
                          .party = "medevac",
                          .ovn = "an-ovn-of-16-chars",
                          .version = 2,
                          .state = IntentState::kActivated,
                          .priority = -3,
                          .disclosure = Disclosure::kVolume,
                          .visible_to = {"fire", "rescue"},
                          .volumes = {},
                          .reference_id = Id(8),
                          .extents = {}};
  const geo::LatLng corners[] = {{47, 8}, {47, 8.01}, {47.01, 8.01}};
  std::vector<DeclaredVolume> volumes;
  for (const geo::Outline& outline : {*geo::Outline::MakeCircle({47, 8}, 400), *geo::Outline::MakePolygon(corners)})
    volumes.emplace_back(geo::Volume4D{outline, *geo::AltitudeBand::Make({-10}, {50'000}),
                                       *geo::TimeInterval::Make({1'000}, {2'000'000'000})});
  declaration.volumes = std::move(volumes);
  declaration.extents = ExtentsOf(declaration.volumes);
  return declaration;
}

std::vector<Entity> OneOfEach() {
  Extents unbounded = SomeExtents();
  unbounded.lower = Extents::kNoLower;
  unbounded.upper = Extents::kNoUpper;
  return {OperationalIntentReference{Id(1), "uss1", "https://uss1.example", "an-ovn-of-16-chars", 3,
                                     IntentState::kContingent, SomeExtents(), Id(3)},
          OperationalIntentReference{Id(2), "uss1", "", "", 1, IntentState::kAccepted, SomeExtents(), std::nullopt},
          ConstraintReference{Id(2), "authority", "https://a.example", "ovn", 1, unbounded},
          Subscription{Id(3), "uss1", "https://uss1.example", "v", 7, true, false, true, unbounded},
          UssAvailability{"uss 1/\xC3\xA9", "v1", Availability::kDown},
          Report{Id(4), "uss1", {-5}, "{\"exchange\":{}}"},
          UsedOvnSuffix{Id(1), *Uuid::Parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F", 7)},
          IdentificationServiceArea{
              Id(5), "uss1", "https://uss1.example/v1/uss/flights", RidInterface::kV19, {-7}, unbounded},
          RidSubscription{
              Id(6), "uss2", "https://uss2.example", RidInterface::kV22a, {1'800'000'000'000'000'000}, 3, unbounded},
          Heartbeat{"dss.example", {1'000}, "operator", "cron", 2, 3, std::nullopt},
          Heartbeat{"dss.example", {1'000}, "", "cron", 1, 1, TimeNs{-1}},
          SomeDeclaration(),
          Party{"medevac", {{1, 2, 3}, {4}}, true, "https://medevac.example/hook", 2},
          Party{"survey", {}, false, "", 1},
          Group{"rescue", {"fire", "medevac"}, 3},
          Notice{Id(11),
                 "medevac",
                 1'000'001,
                 {5'000},
                 {9'000},
                 R"({"kind":"conflict"})",
                 2,
                 TimeNs{6'000},
                 TimeNs{7'000},
                 "e30..AA"},
          Notice{Id(12), "medevac", 7, {5'000}, {9'000}, "{}", 0, std::nullopt, std::nullopt, ""},
          ProviderMessage{
              9, "https://uss1.example", DeclarationKind::kConstraint, Id(13), true, {{Id(3), 8}, {Id(4), 1}}, {5'000}},
          Notice{Id(14),
                 "medevac",
                 8,
                 {5'000},
                 {9'000},
                 "{}",
                 0,
                 std::nullopt,
                 std::nullopt,
                 "",
                 NoticeSubject{Id(7), NoticeSubject::Other::kConstraintReference, Id(2)},
                 true},
          Secret{{1, 2, 3}},
          ToldVolumes{DeclarationKind::kConstraint, Id(2), 3, SomeDeclaration().volumes, SomeDeclaration().extents}};
}

struct Keyer {
  RecordKey operator()(const OperationalIntentReference&) const { return KeyOf(RecordKind::kOperationalIntent, 7); }
  RecordKey operator()(const ConstraintReference&) const { return KeyOf(RecordKind::kConstraint, 0); }
  RecordKey operator()(const Subscription&) const { return KeyOf(RecordKind::kSubscription, 70'000); }
  RecordKey operator()(const IdentificationServiceArea&) const {
    return KeyOf(RecordKind::kIdentificationServiceArea, 7);
  }
  RecordKey operator()(const RidSubscription&) const { return KeyOf(RecordKind::kRidSubscription, 7); }
  RecordKey operator()(const Declaration&) const { return KeyOf(RecordKind::kDeclaration, 7); }
  RecordKey operator()(const auto& e) const { return KeyOf(e); }
};

// A key that an entity may have.
RecordKey SomeKeyOf(const Entity& entity) { return std::visit(Keyer{}, entity); }

TEST(Record, KeysOfSlotsAreInTheOrderOfSlots) {
  uint32_t before = 0;
  for (const uint32_t slot : {1u, 255u, 256u, 65'535u, 65'536u, 16'777'216u, 0xffff'ffffu}) {
    EXPECT_LT(KeyOf(RecordKind::kConstraint, before), KeyOf(RecordKind::kConstraint, slot));
    EXPECT_EQ(SlotOf(KeyOf(RecordKind::kConstraint, slot)), slot);
    before = slot;
  }
}

TEST(Record, OfEveryKindReadsBackAsItWas) {
  for (const Entity& entity : OneOfEach()) {
    const Result<Entity> read = Decode(SomeKeyOf(entity), Encode(entity));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, entity);
  }
}

TEST(Record, UnderAnotherKeyIsRefused) {
  for (const Entity& entity : OneOfEach()) {
    RecordKey key = SomeKeyOf(entity);
    const bool has_slot = std::visit(
        []<typename T>(const T& one) { return requires { one.extents; } && !std::is_same_v<T, ToldVolumes>; }, entity);
    if (!has_slot && !key.key.empty()) {  // any slot will do for the others; the secret has none
      key.key.back() = static_cast<char>(key.key.back() ^ 1);
      EXPECT_FALSE(Decode(key, Encode(entity)));
    }
    key.key += 'x';
    EXPECT_FALSE(Decode(key, Encode(entity)));
  }
}

TEST(Record, ThatWasDamagedIsRefusedOrIsAnotherValue) {
  for (const Entity& entity : OneOfEach()) {
    const std::string record = Encode(entity);
    const auto expect_noticed = [&](const std::string& damaged) {
      const Result<Entity> read = Decode(SomeKeyOf(entity), damaged);
      EXPECT_FALSE(read && *read == entity);
    };
    for (size_t i = 0; i < record.size(); ++i) {
      expect_noticed(record.substr(0, i));
      for (int bit = 0; bit < 8; ++bit) {
        std::string damaged = record;
        damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
        expect_noticed(damaged);
      }
    }
  }
}

}  // namespace
}  // namespace wideberth::model
