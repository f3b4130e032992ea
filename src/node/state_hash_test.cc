#include "node/state_hash.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "geo/outline.h"
#include "index/cell_cover.h"

namespace wideberth::node {
namespace {

using airspace::Airspace;
using model::Uuid;

constexpr int64_t kStartNs = 1'800'000'000 * kNsPerSecond;

// Commands by chance: intents, with and without subscriptions, that come, change, go and expire.
class Commands {
 public:
  explicit Commands(uint64_t seed) : random_(seed) {}

  model::Stamp NextStamp() {
    now_ns_ += static_cast<int64_t>(Below(200)) * kNsPerSecond;
    return {{now_ns_}, true};
  }
  model::Command Next() {
    const uint64_t kind = Below(10);
    if (kind < 6) return Put();
    if (kind < 7 && !ovns_.empty()) {
      const auto at = std::next(ovns_.begin(), static_cast<std::ptrdiff_t>(Below(ovns_.size())));
      return model::DeleteOperationalIntent{at->first, "uss", at->second};
    }
    if (kind < 9) {
      return model::PutSubscription{.id = Id(),
                                    .manager = "uss",
                                    .extents = Extents(),
                                    .uss_base_url = "https://uss.example",
                                    .notify_for_operational_intents = true,
                                    .new_version = std::to_string(random_())};
    }
    return model::Expire{};
  }
  void Learn(const model::Outcome& outcome) {
    if (const auto* changed = std::get_if<model::OperationalIntentChanged>(&outcome))
      ovns_[changed->reference.id] = changed->reference.ovn;
  }

 private:
  uint64_t Below(uint64_t bound) { return random_() % bound; }
  Uuid Id() {
    Uuid id;
    for (uint8_t& byte : id.bytes) byte = static_cast<uint8_t>(random_());
    return id;
  }
  model::Extents Extents() {
    const double latitude = 47 + 0.05 * static_cast<double>(Below(5));
    const int64_t start_ns = now_ns_ + static_cast<int64_t>(Below(1000)) * kNsPerSecond;
    return {index::CoverOf(*geo::Outline::MakeCircle({latitude, 8}, 300)),
            {static_cast<int64_t>(Below(5)) * 100'000},
            {600'000},
            {start_ns},
            {start_ns + static_cast<int64_t>(1 + Below(2000)) * kNsPerSecond}};
  }
  model::Command Put() {
    model::PutOperationalIntent put{.id = Id(),
                                    .manager = "uss",
                                    .extents = Extents(),
                                    .uss_base_url = "https://uss.example",
                                    .new_ovn = "ovn-of-sixteen-and-more-" + std::to_string(random_()),
                                    .new_subscription_id = Id(),
                                    .new_subscription_version = std::to_string(random_())};
    for (const auto& [id, ovn] : ovns_) put.key.push_back(ovn);
    if (Below(2) == 0) put.new_subscription = model::NewSubscription{"https://uss.example", false};
    if (Below(3) == 0 && !ovns_.empty()) {
      const auto at = std::next(ovns_.begin(), static_cast<std::ptrdiff_t>(Below(ovns_.size())));
      put.id = at->first;
      put.ovn = at->second;
    }
    return put;
  }

  std::mt19937_64 random_;
  int64_t now_ns_ = kStartNs;
  std::map<Uuid, std::string> ovns_;
};

std::unique_ptr<Airspace> RestartOf(const Airspace& airspace) {
  auto again = std::make_unique<Airspace>();
  airspace.VisitRecords([&](const model::RecordKey& key, const std::string& record) {
    Result<model::Entity> entity = model::Decode(key, record);
    ASSERT_TRUE(entity);
    ASSERT_TRUE(again->Restore(key, *std::move(entity)));
  });
  EXPECT_TRUE(again->FinishRestore());
  return again;
}

TEST(StateHash, IsTheSameForTheSameCommandsWhateverRestartsLieBetween) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    Commands commands(seed);
    Airspace steady;
    auto restarted = std::make_unique<Airspace>();
    size_t largest = 0;
    for (int step = 0; step < 800; ++step) {
      const model::Stamp stamp = commands.NextStamp();
      const model::Command command = commands.Next();
      std::vector<model::RecordChange> changes;
      std::vector<model::RecordChange> same_changes;
      commands.Learn(steady.Apply(stamp, command, changes));
      restarted->Apply(stamp, command, same_changes);
      ASSERT_EQ(changes.size(), same_changes.size()) << "seed " << seed << " step " << step;
      ASSERT_EQ(StateHash(steady), StateHash(*restarted)) << "seed " << seed << " step " << step;
      if (step % 37 == 0) restarted = RestartOf(*restarted);
      largest = std::max(largest, steady.sizes().intents);
    }
    EXPECT_GT(largest, 20u);
  }
}

// Another process, another compiler, another machine: this very hash.
TEST(StateHash, OfAFixedListOfCommandsIsThis) {
  Commands commands(2027);
  Airspace airspace;
  std::vector<model::RecordChange> changes;
  for (int step = 0; step < 500; ++step) {
    const model::Stamp stamp = commands.NextStamp();
    commands.Learn(airspace.Apply(stamp, commands.Next(), changes));
  }
  EXPECT_GT(airspace.sizes().intents, 10u);
  EXPECT_EQ(crypto::ToHex(StateHash(airspace)), "17b0ddc81403279f01dac688eb741507060afaf68a423d16639f388e7e63a2da");
}

TEST(StateHash, DiffersWhereTheRecordsDo) {
  Airspace a;
  Airspace b;
  std::vector<model::RecordChange> changes;
  a.Apply({{kStartNs}, true}, model::SetAvailability{"ab", "", model::Availability::kDown, "c"}, changes);
  b.Apply({{kStartNs}, true}, model::SetAvailability{"a", "", model::Availability::kDown, "bc"}, changes);
  EXPECT_NE(StateHash(a), StateHash(b));
  EXPECT_NE(StateHash(a), StateHash(Airspace()));
}

}  // namespace
}  // namespace wideberth::node
