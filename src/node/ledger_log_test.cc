#include "node/ledger_log.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <set>

#include "base/clock.h"
#include "node/node.h"
#include "store/sqlite_store.h"

namespace wideberth::node {
namespace {

class FixedClock final : public Clock {
 public:
  TimeNs Now() const override { return {1'000 * kNsPerSecond}; }
};

class CountingRng final : public Rng {
 public:
  void Fill(std::span<std::byte> bytes) override {
    const unsigned number = next_++;
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(number >> (8 * (i % 4)));
  }

 private:
  std::atomic<unsigned> next_{0};
};

// A node on a real store.
class LedgerLogTest : public ::testing::Test {
 public:
  LedgerLogTest() {
    char name[] = "/tmp/wideberth-ledger-XXXXXX";
    directory_ = mkdtemp(name);
    Start();
  }
  ~LedgerLogTest() override {
    node_.reset();
    store_.reset();
    std::filesystem::remove_all(directory_);
  }

 protected:
  void Start() {
    node_.reset();
    store_.reset();
    store_ = *store::SqliteStore::Open(directory_);
    node_ = *Node::Start(*store_, clock_, rng_, {});
  }
  void Mark(const std::string& uss, int count) {
    for (int i = 0; i < count; ++i) {
      std::promise<void> done;
      ASSERT_TRUE(node_->Submit(uss, model::SetAvailability{uss, version_, model::Availability::kDown, Next()},
                                [&](const model::Outcome& outcome) {
                                  EXPECT_TRUE(std::holds_alternative<model::AvailabilitySet>(outcome));
                                  done.set_value();
                                }));
      done.get_future().wait();
    }
  }
  std::string Next() { return version_ = "version-" + std::to_string(++versions_); }

  FixedClock clock_;
  CountingRng rng_;
  std::string directory_;
  std::string version_;
  int versions_ = 0;
  std::unique_ptr<store::SqliteStore> store_;
  std::unique_ptr<Node> node_;
};

TEST_F(LedgerLogTest, EveryChangeIsAnEntryThatItsRootProves) {
  Mark("uss1", 300);
  const LedgerLog& log = *node_->ledger();
  const LedgerLog::Head head = log.head();
  EXPECT_EQ(head.size, 300u);
  const auto readable = *log.EntriesFor("uss1", 0, 1'000);
  ASSERT_EQ(readable.entries.size(), 300u);
  std::set<std::string> events;
  std::set<std::array<uint8_t, 32>> salts;
  for (const auto& one : readable.entries) {
    const ledger::Hash commitment = ledger::Commitment(one.entry.salt, one.entry.event);
    EXPECT_TRUE(ledger::VerifyInclusion(one.number, head.size, ledger::LeafHash(ledger::BytesOf(commitment)),
                                        *log.InclusionProof(one.number, head.size), head.root));
    events.insert(one.entry.event);
    salts.insert(one.entry.salt);
  }
  EXPECT_EQ(events.size(), 300u);
  EXPECT_EQ(salts.size(), 300u);
  EXPECT_TRUE(log.EntriesFor("uss2", 0, 1'000)->entries.empty());
}

TEST_F(LedgerLogTest, GoesOnAfterARestartAsIfThereWereNone) {
  std::vector<LedgerLog::Head> heads;
  for (const int count : {0, 1, 255, 1, 300}) {
    Mark("uss1", count);
    const LedgerLog::Head before = node_->ledger()->head();
    Start();
    const LedgerLog& log = *node_->ledger();
    EXPECT_EQ(log.head().size, before.size);
    EXPECT_EQ(log.head().root, before.root);
    for (const LedgerLog::Head& old : heads) {
      EXPECT_EQ(*log.RootOf(old.size), old.root);
      EXPECT_TRUE(ledger::VerifyConsistency(old.size, before.size, old.root, before.root,
                                            *log.ConsistencyProof(old.size, before.size)));
    }
    heads.push_back(before);
    const auto checked = LedgerLog::Check(**store_->OpenLedger());
    ASSERT_TRUE(checked) << checked.error().message;
    EXPECT_EQ(checked->root, before.root);
  }
}

TEST_F(LedgerLogTest, WhatIsChangedInTheStoreIsFound) {
  Mark("uss1", 520);
  node_.reset();
  store_.reset();
  const std::string file = directory_ + "/" + store::SqliteStore::kFileName;
  const char* const changes[] = {"UPDATE ledger SET event = event || ' ' WHERE number = 17",
                                 "UPDATE ledger SET salt = zeroblob(32) WHERE number = 300",
                                 "DELETE FROM ledger WHERE number = 100",
                                 "DELETE FROM ledger WHERE number >= 511",
                                 "UPDATE tiles SET hashes = zeroblob(8192) WHERE number = 1",
                                 "DELETE FROM tiles WHERE number = 0"};
  for (const char* change : changes) {
    const std::string copy = directory_ + "/copy";
    std::filesystem::create_directory(copy);
    std::filesystem::copy(file, copy + "/" + store::SqliteStore::kFileName);
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open((copy + "/" + store::SqliteStore::kFileName).c_str(), &database), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(database, change, nullptr, nullptr, nullptr), SQLITE_OK);
    ASSERT_GT(sqlite3_changes(database), 0);
    sqlite3_close(database);
    const auto store = *store::SqliteStore::Open(copy);
    const auto reader = *store->OpenLedger();
    EXPECT_FALSE(LedgerLog::Check(*reader)) << change;
    std::filesystem::remove_all(copy);
  }
}

}  // namespace
}  // namespace wideberth::node
