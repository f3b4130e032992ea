#include "airspace/pairing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>
#include <vector>

namespace wideberth::airspace {
namespace {

using model::Declaration;
using model::DeclaredVolume;
using model::Meets;
using model::VolumePair;

constexpr TimeNs kNow{1'000 * kNsPerSecond};

DeclaredVolume Of(geo::Outline outline, double lower_m, double upper_m, int64_t start_s, int64_t end_s) {
  return DeclaredVolume(geo::Volume4D{std::move(outline), *geo::AltitudeBand::MakeMetres(lower_m, upper_m),
                                      *geo::TimeInterval::Make({start_s * kNsPerSecond}, {end_s * kNsPerSecond})});
}

Declaration Make(std::vector<DeclaredVolume> volumes) {
  Declaration declaration;
  declaration.volumes = std::move(volumes);
  declaration.extents = model::ExtentsOf(declaration.volumes);
  return declaration;
}

// All with all, as the words say it.
std::vector<VolumePair> Reference(const Declaration& own, const Declaration& other) {
  std::vector<VolumePair> pairs;
  for (uint32_t i = 0; i < own.volumes.size(); ++i) {
    for (uint32_t j = 0; j < other.volumes.size(); ++j) {
      const geo::Volume4D& a = own.volumes[i].volume();
      const geo::Volume4D& b = other.volumes[j].volume();
      if (a.times.end() >= kNow && b.times.end() >= kNow && geo::Intersects(a, b)) pairs.push_back({i, j});
    }
  }
  return pairs;
}

// A zigzag of four legs, a hand wide, the k-th beside the others: their boxes, discs and covers all meet, they do not.
geo::Outline Zigzag(int k) {
  constexpr double kStepDeg = 2e-6;
  const double south = 47 + k * kStepDeg;
  std::vector<geo::LatLng> ring;
  for (int i = 0; i < 5; ++i) ring.push_back({south + (i % 2) * 0.02, 8 + i * 0.005});
  for (int i = 5; i-- > 0;) ring.push_back({ring[static_cast<size_t>(i)].latitude_deg + 0.3 * kStepDeg, 8 + i * 0.005});
  return *geo::Outline::MakePolygon(ring);
}

Declaration Zigzags(int count, int first) {
  std::vector<DeclaredVolume> volumes;
  for (int i = 0; i < count; ++i) volumes.push_back(Of(Zigzag(first + 2 * i), 0, 100, 1'000, 2'000));
  return Make(std::move(volumes));
}

model::ToldVolumes Told(const Declaration& other) {
  return {.kind = other.kind, .reference_id = {}, .version = 1, .volumes = other.volumes, .extents = other.extents};
}

TEST(Pairing, FindsWhatComparingAllWithAllFinds) {
  std::mt19937_64 rng(20'261);
  const auto uniform = [&] { return std::uniform_real_distribution(0.0, 1.0)(rng); };
  size_t found = 0;
  for (int round = 0; round < 200; ++round) {
    const auto some = [&] {
      std::vector<DeclaredVolume> volumes;
      const uint64_t count = 1 + rng() % 30;
      for (uint64_t i = 0; i < count; ++i) {
        const geo::LatLng at{47 + uniform() * 0.02, 8 + uniform() * 0.02};
        const double lower_m = uniform() * 300;
        const auto start_s = static_cast<int64_t>(900 + rng() % 300);
        volumes.push_back(Of(*geo::Outline::MakeCircle(at, 20 + uniform() * 300), lower_m, lower_m + 50, start_s,
                             start_s + static_cast<int64_t>(rng() % 200)));
      }
      return Make(std::move(volumes));
    };
    const Declaration own = some();
    const Declaration other = some();
    std::vector<VolumePair> expected = Reference(own, other);
    found += expected.size();
    Pairing pairing(kNow);
    const Meets meets = pairing.Meet(own, other);
    EXPECT_FALSE(meets.possible);
    EXPECT_EQ(meets.more, expected.size() > Declaration::kPairsMax);
    expected.resize(std::min(expected.size(), Declaration::kPairsMax));
    EXPECT_EQ(meets.pairs, expected);
    EXPECT_EQ(Pairing(kNow).Meet(own, Told(other)).pairs, expected) << "what is told is compared likewise";
  }
  EXPECT_GT(found, 500u) << "that there is something to find";
}

TEST(Pairing, LongFlightsAreComparedToTheEnd) {
  // Two of a thousand legs, beside each other all the way, and one of them touching the other at its end.
  const auto flight = [](double latitude, double last_latitude) {
    std::vector<DeclaredVolume> volumes;
    for (int i = 0; i < 1'000; ++i) {
      const geo::LatLng at{i == 999 ? last_latitude : latitude, 8 + i * 0.001};
      volumes.push_back(Of(*geo::Outline::MakeCircle(at, 60), 0, 100, 1'000 + 5 * i, 1'010 + 5 * i));
    }
    return Make(std::move(volumes));
  };
  Pairing pairing(kNow);
  const Meets meets = pairing.Meet(flight(47, 47), flight(47.0012, 47));
  EXPECT_FALSE(pairing.is_spent());
  EXPECT_FALSE(meets.possible);
  EXPECT_EQ(meets.pairs, (std::vector<VolumePair>{{998, 999}, {999, 999}}));
}

TEST(Pairing, WhatIsTooEntangledIsPossibleInBoundedTime) {
  const Declaration own = Zigzags(500, 0);
  const Declaration other = Zigzags(500, 1);
  ASSERT_FALSE(geo::Intersects(own.volumes[3].volume(), other.volumes[3].volume())) << "they are apart";
  Pairing pairing(kNow);
  const auto before = std::chrono::steady_clock::now();
  const Meets meets = pairing.Meet(own, other);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
  RecordProperty("milliseconds", std::to_string(took.count() * 1e3));
  EXPECT_TRUE(pairing.is_spent());
  EXPECT_TRUE(meets.possible);
  EXPECT_TRUE(meets.more);
  EXPECT_EQ(meets.pairs.size(), Declaration::kPairsMax);
  EXPECT_EQ(meets.pairs[7], (VolumePair{7, 0})) << "one's own, against all of the other";
  EXPECT_LT(took.count(), 2) << "comparing all takes several seconds";

  // What comes after is possible as well, where covers meet, and nothing where they do not.
  const Declaration near = Make({Of(*geo::Outline::MakeCircle({47.001, 8.001}, 10), 0, 100, 1'000, 2'000)});
  const Declaration far = Make({Of(*geo::Outline::MakeCircle({48, 8}, 10), 0, 100, 1'000, 2'000)});
  EXPECT_TRUE(pairing.Meet(near, own).possible);
  EXPECT_TRUE(pairing.Meet(far, own).empty());
  EXPECT_TRUE(pairing.Meet(near, Told(own)).possible);
  EXPECT_TRUE(pairing.Meet(far, Told(own)).empty());
}

TEST(Pairing, WhatIsEntangledAndSimpleIsExact) {
  const Declaration crowd = Zigzags(500, 0);
  const Declaration simple = Make({Of(*geo::Outline::MakeCircle({47.3, 8}, 10), 0, 100, 1'000, 2'000),
                                   Of(*geo::Outline::MakeCircle({47.01, 8.0025}, 2), 0, 100, 1'000, 2'000)});
  Pairing pairing(kNow);
  const Meets meets = pairing.Meet(simple, crowd);
  EXPECT_FALSE(meets.possible);
  EXPECT_EQ(meets.pairs, Reference(simple, crowd));
  EXPECT_FALSE(meets.empty());
}

TEST(Pairing, ManyPairsAreToldOfEachUntilThereAreTooManyInAll) {
  std::vector<DeclaredVolume> stack(15, Of(*geo::Outline::MakeCircle({47, 8}, 100), 0, 100, 1'000, 2'000));
  const Declaration pile = Make(std::move(stack));
  Pairing pairing(kNow);
  size_t told = 0;
  for (size_t i = 0; i < Pairing::kPairsMax / Declaration::kPairsMax; ++i) {
    const Meets meets = pairing.Meet(pile, pile);
    EXPECT_EQ(meets.pairs.size(), Declaration::kPairsMax);
    EXPECT_TRUE(meets.more);
    told += meets.pairs.size();
  }
  EXPECT_EQ(told, Pairing::kPairsMax);
  const Meets last = pairing.Meet(pile, pile);
  EXPECT_EQ(last.pairs, (std::vector<VolumePair>{{0, 0}})) << "one of each, however many there are";
  EXPECT_TRUE(last.more);
  EXPECT_FALSE(last.possible);
  EXPECT_EQ(pairing.Meet(pile.volumes, pile.extents).pairs.size(), 1u);
}

TEST(Pairing, OnlyWhatIsWantedOfOnesOwn) {
  const DeclaredVolume low = Of(*geo::Outline::MakeCircle({47, 8}, 100), 0, 100, 1'000, 2'000);
  const DeclaredVolume high = Of(*geo::Outline::MakeCircle({47, 8}, 100), 50, 300, 1'000, 2'000);
  const DeclaredVolume past = Of(*geo::Outline::MakeCircle({47, 8}, 100), 0, 100, 100, 999);
  const Declaration own = Make({low, high, past});
  Pairing pairing(kNow, [](const DeclaredVolume& one) { return one.volume().altitudes.upper() > AltitudeMm{200'000}; });
  EXPECT_EQ(pairing.Meet(own, own).pairs, (std::vector<VolumePair>{{1, 0}, {1, 1}}));
  EXPECT_EQ(pairing.Meet(own.volumes, own.extents).pairs, (std::vector<VolumePair>{{1, 0}}));
}

}  // namespace
}  // namespace wideberth::airspace
