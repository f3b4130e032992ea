#include "node/ledger_log.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <future>
#include <set>
#include <thread>
#include <tuple>

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
  // What a node would append: entries that are about something.
  void Commit(const std::vector<store::LedgerEntry>& entries) {
    node_.reset();
    auto log = *LedgerLog::Open(*store_->OpenLedger(), {});
    for (const store::LedgerEntry& entry : entries) {
      LedgerLog::Appended appended;
      log->Append(entry.salt, std::vector<model::Event>{{entry.event, entry.readers, entry.subject}}, appended);
      log->Seal(appended);
      store::Position to = *store_->position();
      ++to.batch;
      ASSERT_TRUE(store_->Commit({to, {}, appended.entries, appended.tiles, appended.links, appended.seal}));
    }
    node_ = *Node::Start(*store_, clock_, rng_, {});
  }
  static void Execute(sqlite3* database, const std::string& change) {
    char* why = nullptr;
    const int before = sqlite3_total_changes(database);
    EXPECT_EQ(sqlite3_exec(database, change.c_str(), nullptr, nullptr, &why), SQLITE_OK) << change << ": " << why;
    EXPECT_TRUE(sqlite3_total_changes(database) > before || change.starts_with("DROP")) << change;
  }
  // A store like that of the test, but for the change. REQUIRES: the test's is closed.
  std::unique_ptr<store::SqliteStore> Copy(const std::function<void(sqlite3*)>& change, bool read_only = false) const {
    const std::string copy = directory_ + "/copy";
    std::filesystem::remove_all(copy);
    std::filesystem::create_directory(copy);
    const std::string file = copy + "/" + store::SqliteStore::kFileName;
    std::filesystem::copy(directory_ + "/" + store::SqliteStore::kFileName, file);
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
    change(database);
    sqlite3_close(database);
    return *store::SqliteStore::Open(copy, {.read_only = read_only});
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
    const auto checked = LedgerLog::Check(**store_->OpenLedger(), nullptr);
    ASSERT_TRUE(checked) << checked.error().message;
    EXPECT_EQ(checked->root, before.root);
  }
}

// Notices have entries with a subject.
TEST_F(LedgerLogTest, WhateverIsChangedInTheStoreIsFound) {
  Mark("uss1", 515);
  Commit({{{{9}, "{\"about\":7}", {"A", "B"}, 7}}});
  Mark("uss1", 4);
  node_.reset();
  store_.reset();
  std::vector<std::string> changes{
      "DELETE FROM tiles WHERE number = 0",
      "DELETE FROM tiles WHERE number = 1",
      "INSERT INTO tiles VALUES(0, 2, zeroblob(8192))",
      "INSERT INTO tiles VALUES(3, 0, zeroblob(8192))",
      "DELETE FROM links WHERE number = 0",
      "DELETE FROM links WHERE number = 1",
      "INSERT INTO links VALUES(2, zeroblob(32))",
      "UPDATE links SET number = 2 WHERE number = 1",
      "DELETE FROM seal",
      "UPDATE seal SET text = ''",
      "DELETE FROM ledger WHERE number >= 511",
      "DELETE FROM ledger WHERE number >= 512",
      "DELETE FROM ledger",
      "UPDATE ledger SET number = number + 1 WHERE number = 519",
      "UPDATE ledger SET number = -1 WHERE number = 519",
      "UPDATE ledger SET number = -1 WHERE number = 5",
      "INSERT INTO ledger SELECT 520, salt, event, readers, subject FROM ledger WHERE number = 519",
      "INSERT INTO ledger SELECT -1, salt, event, readers, subject FROM ledger WHERE number = 519"};
  // Every member of a row: of the tail and of full tiles.
  for (const int row : {0, 255, 256, 511, 512, 515, 516, 519}) {
    const std::string here = " WHERE number = " + std::to_string(row);
    changes.push_back("DELETE FROM ledger" + here);
    for (const char* set :
         {"event = event || ' '", "event = ''", "readers = x''", "readers = CAST(readers || x'000141' AS BLOB)",
          "subject = coalesce(subject + 1, 0)", "salt = zeroblob(31)"})
      changes.emplace_back("UPDATE ledger SET " + std::string(set) + here);
  }
  changes.emplace_back("UPDATE ledger SET subject = NULL WHERE number = 515");
  for (const std::string& change : changes) {
    const auto store = Copy([&](sqlite3* database) { Execute(database, change); }, true);
    EXPECT_FALSE(LedgerLog::Check(**store->OpenLedger(), nullptr)) << change;
  }
}

// Else the service would stop when the ledger comes to have that tile.
TEST_F(LedgerLogTest, AStartRefusesTilesThatAreNotOfTheTree) {
  Mark("uss1", 519);
  node_.reset();
  store_.reset();
  for (const char* stray :
       {"tiles VALUES(0, 2, zeroblob(8192))", "tiles VALUES(0, 90, zeroblob(8192))", "tiles VALUES(1, 0, x'')",
        "tiles VALUES(9, 0, zeroblob(8192))", "tiles VALUES(0, -1, zeroblob(8192))", "tiles VALUES(-1, 0, x'')",
        "links VALUES(2, zeroblob(32))", "links VALUES(-1, zeroblob(32))"}) {
    const std::string insert = std::string("INSERT INTO ") + stray;
    const auto store = Copy([&](sqlite3* database) { Execute(database, insert); });
    EXPECT_FALSE(LedgerLog::Check(**store->OpenLedger(), nullptr)) << stray;
    const auto node = Node::Start(*store, clock_, rng_, {});
    ASSERT_FALSE(node) << stray;
    EXPECT_NE(node.error().message.find("tiles or links"), std::string::npos) << node.error().message;
  }
  EXPECT_TRUE(Node::Start(*Copy([](sqlite3*) {}), clock_, rng_, {}));
}

// What others were given is known outside of the store.
TEST_F(LedgerLogTest, AStartRefusesALedgerThatIsNotTheOneThatWasPublished) {
  Mark("uss1", 300);
  const LedgerLog::Head early = node_->ledger()->head();
  Mark("uss1", 300);
  const LedgerLog::Head head = node_->ledger()->head();
  node_.reset();
  const auto open = [&](uint64_t size, const ledger::Hash& root) {
    return LedgerLog::Open(*store_->OpenLedger(), {.published = ledger::Checkpoint{"sky.example", size, root, {}}});
  };
  EXPECT_TRUE(open(0, ledger::EmptyRoot()));
  EXPECT_TRUE(open(early.size, early.root));
  EXPECT_TRUE(open(head.size, head.root));
  for (const auto& [size, root, says] :
       {std::tuple(head.size + 1, head.root, "lost its end"), std::tuple(early.size, head.root, "are others"),
        std::tuple(head.size, early.root, "are others")}) {
    const auto opened = open(size, root);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Code::kIo);
    EXPECT_NE(opened.error().message.find(says), std::string::npos) << opened.error().message;
    EXPECT_NE(opened.error().message.find("--ledger-origin"), std::string::npos) << opened.error().message;
  }
}

TEST_F(LedgerLogTest, EveryByteOfTheEndIsLookedAt) {
  Mark("uss1", 255);
  Commit({{{{9}, "{\"about\":7}", {"A", "B"}, 7}}});
  Commit({{{{8}, "{\"about\":7}", {"A", "B"}, 7}}});
  node_.reset();
  store_.reset();
  const auto store = Copy([](sqlite3*) {}, true);
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(store->path().c_str(), &database), SQLITE_OK);
  struct Blob {
    const char* table;
    const char* column;
    int64_t row;
  };
  for (const Blob& blob : {Blob{"ledger", "salt", 256}, Blob{"ledger", "event", 256}, Blob{"ledger", "readers", 256},
                           Blob{"links", "digest", 0}, Blob{"seal", "text", 1}}) {
    sqlite3_blob* open = nullptr;
    int bytes = 1;
    for (int at = 0; at < bytes; ++at) {
      const auto flip = [&] {
        ASSERT_EQ(sqlite3_blob_open(database, "main", blob.table, blob.column, blob.row, 1, &open), SQLITE_OK);
        bytes = sqlite3_blob_bytes(open);
        char byte = 0;
        sqlite3_blob_read(open, &byte, 1, at);
        byte = static_cast<char>(byte ^ 1);
        EXPECT_EQ(sqlite3_blob_write(open, &byte, 1, at), SQLITE_OK);
        sqlite3_blob_close(open);
      };
      const std::string what = std::string(blob.table) + "." + blob.column + " byte " + std::to_string(at);
      flip();
      EXPECT_FALSE(LedgerLog::Check(**store->OpenLedger(), nullptr)) << what;
      EXPECT_FALSE(LedgerLog::Open(*store->OpenLedger(), {})) << what;
      flip();
    }
    EXPECT_GT(bytes, 5);
  }
  EXPECT_TRUE(LedgerLog::Check(**store->OpenLedger(), nullptr)) << "all as it was";
  sqlite3_close(database);
}

TEST_F(LedgerLogTest, AStartRefusesAnAlteredEndWithTheRemedy) {
  Mark("uss1", 3);
  node_.reset();
  store_.reset();
  for (const auto& [change, says] : {std::pair("DELETE FROM ledger WHERE number = 2", "removed"),
                                     std::pair("UPDATE ledger SET event = '{}' WHERE number = 2", "was changed"),
                                     std::pair("INSERT INTO ledger VALUES(3, zeroblob(32), '{}', x'', NULL)", "added"),
                                     std::pair("DELETE FROM seal", "seal")}) {
    const std::string statement = change;
    const auto store = Copy([&](sqlite3* database) { Execute(database, statement); });
    const auto node = Node::Start(*store, clock_, rng_, {});
    ASSERT_FALSE(node) << change;
    EXPECT_EQ(node.error().code, Code::kIo);
    EXPECT_NE(node.error().message.find(says), std::string::npos) << node.error().message;
    EXPECT_NE(node.error().message.find("backup"), std::string::npos) << node.error().message;
  }
}

TEST_F(LedgerLogTest, ASealOfNobodyOrOfAnotherIsNotThatOfTheSigner) {
  const auto signer = [](const std::string& origin, char seed) {
    const auto key = *crypto::PrivateKey::FromSeed(std::string(32, seed));
    return ledger::Signer{*ledger::VerifierKey::Make(origin, ledger::SignatureType::kEd25519, key.public_key()), key};
  };
  const ledger::Signer ours = signer("sky.example/ledger", 'o');
  const ledger::Signer other = signer("sky.example/ledger", 'p');
  Mark("uss1", 300);
  const auto open = [&](const ledger::Signer& by, bool new_key) {
    node_.reset();
    NodeOptions options;
    options.sealing = {by, new_key};
    auto node = Node::Start(*store_, clock_, rng_, std::move(options));
    const bool opened = bool(node);
    if (opened) node_ = *std::move(node);
    return opened;
  };
  EXPECT_FALSE(open(ours, false)) << "it was of nobody";
  EXPECT_TRUE(open(ours, true));
  EXPECT_TRUE(LedgerLog::Check(**store_->OpenLedger(), &ours.verifier)) << "sealed at once";
  EXPECT_TRUE(open(ours, false));
  Mark("uss1", 1);
  EXPECT_TRUE(LedgerLog::Check(**store_->OpenLedger(), &ours.verifier));
  EXPECT_FALSE(LedgerLog::Check(**store_->OpenLedger(), &other.verifier));
  EXPECT_FALSE(open(other, false));
  EXPECT_TRUE(open(ours, false));
}

// A store of format 3 has no seal.
TEST_F(LedgerLogTest, ALedgerOfAnOlderFormatIsSealedAtTheStart) {
  Mark("uss1", 600);
  const LedgerLog::Head before = node_->ledger()->head();
  node_.reset();
  store_.reset();
  constexpr const char* kToFormat3 = "DROP TABLE links; DROP TABLE seal; PRAGMA user_version = 3";
  {
    const auto store = Copy([&](sqlite3* database) { Execute(database, kToFormat3); });
    EXPECT_FALSE(LedgerLog::Check(**store->OpenLedger(), nullptr)) << "not sealed yet";
    EXPECT_TRUE(Node::Start(*store, clock_, rng_, {}));
    const auto checked = LedgerLog::Check(**store->OpenLedger(), nullptr);
    ASSERT_TRUE(checked) << checked.error().message;
    EXPECT_EQ(checked->root, before.root);
    EXPECT_TRUE(Node::Start(*store, clock_, rng_, {}));
  }
  const auto store = Copy([&](sqlite3* database) {
    Execute(database, "UPDATE ledger SET event = '{}' WHERE number = 3");
    Execute(database, kToFormat3);
  });
  EXPECT_FALSE(Node::Start(*store, clock_, rng_, {})) << "what its tiles tell is not sealed over";
}

TEST_F(LedgerLogTest, ACheckBesideAWriterSeesOneState) {
  Mark("uss1", 250);
  std::atomic<bool> done = false;
  std::thread writer([&] {
    Mark("uss1", 300);
    done = true;
  });
  uint64_t size = 0;
  int checks = 0;
  for (; !done; ++checks) {
    const auto checked = LedgerLog::Check(**store_->OpenLedger(), nullptr);
    ASSERT_TRUE(checked) << checked.error().message;
    EXPECT_GE(checked->size, size);
    size = checked->size;
  }
  writer.join();
  EXPECT_GT(checks, 1);
}

}  // namespace
}  // namespace wideberth::node
