#include "node/node.h"

#include <gtest/gtest.h>

#include <future>
#include <map>
#include <optional>

namespace wideberth::node {
namespace {

using model::RecordChange;
using model::RecordKey;

class FixedClock final : public Clock {
 public:
  TimeNs Now() const override { return {now_.load()}; }
  std::atomic<int64_t> now_{1'000 * kNsPerSecond};
};

// Keeps records in memory; commits wait while it is held, and fail when told to.
class FakeStore final : public store::Store {
 public:
  Result<void> Load(const RecordVisitor& visit) override {
    for (const auto& [key, record] : records_) WB_TRY_OK(visit(key, record));
    return {};
  }
  Result<store::Position> position() override { return position_; }
  Result<void> Commit(const store::Batch& batch) override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !held_; });
    if (fails_) return Error{Code::kIo, "the disk is gone"};
    EXPECT_EQ(batch.to.batch, position_.batch + 1);
    position_ = batch.to;
    for (const RecordChange& change : batch.records) {
      if (change.record) {
        records_[change.key] = *change.record;
      } else {
        records_.erase(change.key);
      }
    }
    return {};
  }
  Result<std::unique_ptr<store::LedgerReader>> OpenLedger() override { return Error{Code::kIo, "it has none"}; }
  void Hold(bool held) {
    {
      const std::lock_guard lock(mutex_);
      held_ = held;
    }
    changed_.notify_all();
  }
  void Fail() { fails_ = true; }

  std::map<RecordKey, std::string> records_;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  std::atomic<bool> fails_{false};
  store::Position position_;
};

class CountingRng final : public Rng {
 public:
  void Fill(std::span<std::byte> bytes) override {
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(next_++);
  }

 private:
  std::atomic<unsigned> next_{0};
};

std::unique_ptr<Node> StartNode(FakeStore& store, const Clock& clock, NodeOptions options = {}) {
  static CountingRng rng;
  options.ledger = false;
  return *Node::Start(store, clock, rng, std::move(options));
}

model::SetAvailability Mark(const std::string& uss, const std::string& old_version, const std::string& version) {
  return {uss, old_version, model::Availability::kDown, version};
}

model::Outcome Do(Node& node, model::Command command) {
  std::promise<model::Outcome> outcome;
  EXPECT_TRUE(node.Submit("party", std::move(command), [&](model::Outcome o) { outcome.set_value(std::move(o)); }));
  return outcome.get_future().get();
}

TEST(Node, AnswersWhatIsDurableAndStartsAgainWithIt) {
  FakeStore store;
  FixedClock clock;
  {
    auto node = StartNode(store, clock);
    EXPECT_TRUE(std::holds_alternative<model::AvailabilitySet>(Do(*node, Mark("u", "", "1"))));
    EXPECT_EQ(store.records_.size(), 2u) << "the secret, and this";
    EXPECT_TRUE(std::holds_alternative<Error>(Do(*node, Mark("u", "", "2"))));
  }
  auto node = StartNode(store, clock);
  EXPECT_EQ(node->position().batch, 2u);
  EXPECT_TRUE(std::holds_alternative<model::AvailabilitySet>(Do(*node, Mark("u", "1", "2"))));
}

TEST(Node, GivesEachCommandALaterTimeWhateverTheClockDoes) {
  FakeStore store;
  FixedClock clock;
  const auto create = [&](Node& node, uint8_t id) {
    model::PutIdentificationServiceArea put{.owner = "u", .url = "https://u"};
    put.id = *model::Uuid::Parse("00000000-0000-4000-8000-000000000000");
    put.id.bytes[15] = id;
    put.extents.cover = index::CoverOf(*geo::Outline::MakeCircle({47, 8}, 400));
    put.extents.end = {2'000 * kNsPerSecond};
    const model::Outcome outcome = Do(node, put);
    return std::get<model::IdentificationServiceAreaChanged>(outcome).area;
  };
  auto node = StartNode(store, clock);
  const auto first = create(*node, 1);
  clock.now_ = 900 * kNsPerSecond;  // set back
  const model::Outcome deleted = Do(*node, model::DeleteIdentificationServiceArea{first.id, "u", first.version});
  ASSERT_TRUE(std::holds_alternative<model::IdentificationServiceAreaChanged>(deleted));
  node = nullptr;
  node = StartNode(store, clock);
  EXPECT_LT(first.version, create(*node, 1).version) << "the one with the same id had that version";
}

TEST(Node, AReadDoesNotShowWhatIsNotDurable) {
  FakeStore store;
  FixedClock clock;
  auto node = StartNode(store, clock);
  store.Hold(true);
  std::promise<void> written;
  ASSERT_TRUE(node->Submit("party", Mark("u", "", "1"), [&](const model::Outcome&) { written.set_value(); }));
  // Wait until it is applied, which readers can see but must not tell.
  std::string seen;
  std::future<void> answered;
  while (seen.empty()) {
    auto answer = std::make_shared<std::promise<void>>();
    answered = answer->get_future();
    node->Read([&](const airspace::Airspace& airspace, TimeNs) { seen = airspace.FindAvailability("u").version; },
               [answer] { answer->set_value(); });
  }
  EXPECT_EQ(answered.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  store.Hold(false);
  answered.get();
  written.get_future().get();
  EXPECT_EQ(seen, "1");
}

TEST(Node, OneFailedCommitEndsEverything) {
  FakeStore store;
  FixedClock clock;
  std::promise<std::string> fatal;
  NodeOptions options;
  options.on_fatal = [&](const Error& error) { fatal.set_value(error.message); };
  auto node = StartNode(store, clock, options);
  store.Fail();
  std::atomic<bool> answered = false;
  ASSERT_TRUE(node->Submit("party", Mark("u", "", "1"), [&](const model::Outcome&) { answered = true; }));
  EXPECT_EQ(fatal.get_future().get(), "the disk is gone");
  const Result<void> refused = node->Submit("party", Mark("u", "", "1"), nullptr);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
  node->Stop();
  EXPECT_FALSE(answered);
}

TEST(Node, AFullQueueRefusesAndLosesNothing) {
  FakeStore store;
  FixedClock clock;
  NodeOptions options;
  options.queue_max = 10;
  auto node = StartNode(store, clock, options);
  store.Hold(true);
  std::atomic<int> answered = 0;
  // Until the sequencer is in the commit that is held, it may take what waits at any moment.
  ASSERT_TRUE(node->Submit("first", Mark("u", "", "1"), [&](const model::Outcome&) { ++answered; }));
  for (std::string seen; seen.empty();)
    node->Read([&](const airspace::Airspace& airspace, TimeNs) { seen = airspace.FindAvailability("u").version; },
               [] {});
  const auto flood = [&](const std::string& party) {
    int accepted = 0;
    for (int i = 0; i < 100; ++i) {
      const Result<void> submitted =
          node->Submit(party, Mark(party + std::to_string(i), "", "1"), [&](const model::Outcome&) { ++answered; });
      if (submitted) {
        ++accepted;
      } else {
        EXPECT_EQ(submitted.error().code, Code::kTooMany);
        EXPECT_EQ(node->HasRoom(party).error().code, Code::kTooMany);
      }
    }
    return accepted;
  };
  const int first = flood("a");
  EXPECT_EQ(first, 10);
  EXPECT_TRUE(node->HasRoom("b")) << "one party's flood is not another's";
  const int second = flood("b");
  EXPECT_GE(second, 8);
  store.Hold(false);
  node->Stop();
  EXPECT_EQ(answered, 1 + first + second);
}

TEST(Node, TimeNeverGoesBack) {
  FakeStore store;
  FixedClock clock;
  auto node = StartNode(store, clock);
  Do(*node, Mark("u", "", "1"));
  clock.now_ = 5;
  Do(*node, Mark("v", "", "1"));
  EXPECT_EQ(node->position().time.value, 1'000 * kNsPerSecond + 2) << "the third command, with the secret";
}

}  // namespace
}  // namespace wideberth::node
