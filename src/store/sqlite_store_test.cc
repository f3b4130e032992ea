#include "store/sqlite_store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

namespace wideberth::store {
namespace {

using model::RecordChange;
using model::RecordKey;
using model::RecordKind;

class SqliteStoreTest : public ::testing::Test {
 public:
  SqliteStoreTest() {
    char name[] = "/tmp/wideberth-store-XXXXXX";
    directory_ = mkdtemp(name);
  }
  ~SqliteStoreTest() override { std::filesystem::remove_all(directory_); }

 protected:
  std::string file() const { return directory_ + "/" + SqliteStore::kFileName; }

  static std::map<RecordKey, std::string> Contents(Store& store) {
    std::map<RecordKey, std::string> contents;
    const Result<void> loaded = store.Load([&](const RecordKey& key, std::string_view record) -> Result<void> {
      contents.emplace(key, record);
      return {};
    });
    EXPECT_TRUE(loaded) << loaded.error().message;
    return contents;
  }

  // How many records there are of each kind; every one can be read.
  static std::map<RecordKind, int> CountsOf(Store& store) {
    std::map<RecordKind, int> counts;
    for (const auto& [key, record] : Contents(store)) {
      const Result<model::Entity> entity = model::Decode(key, record);
      EXPECT_TRUE(entity) << entity.error().message;
      ++counts[key.kind];
    }
    return counts;
  }

  std::string directory_;
};

const RecordKey kA{RecordKind::kAvailability, "a"};
const RecordKey kB{RecordKind::kAvailability, std::string("b\0c", 3)};

TEST_F(SqliteStoreTest, KeepsTheLastOfEachKeyAcrossReopening) {
  {
    auto store = *SqliteStore::Open(directory_);
    EXPECT_EQ(*store->position(), Position{});
    const std::vector<RecordChange> first{{kA, "1"}, {kB, std::string("2\0", 2)}, {kA, "3"}};
    ASSERT_TRUE(store->CommitRecords({1, {100}}, first));
    const std::vector<RecordChange> second{{kB, "4"}, {kB, std::nullopt}};
    ASSERT_TRUE(store->CommitRecords({2, {200}}, second));
  }
  auto store = *SqliteStore::Open(directory_);
  EXPECT_EQ(Contents(*store), (std::map<RecordKey, std::string>{{kA, "3"}}));
  EXPECT_EQ(*store->position(), (Position{2, {200}}));
}

TEST_F(SqliteStoreTest, OneProcessAloneMayWriteAndOthersMayRead) {
  auto store = *SqliteStore::Open(directory_);
  const auto second = SqliteStore::Open(directory_);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("another process"), std::string::npos);
  ASSERT_TRUE(store->CommitRecords({1, {1}}, std::vector<RecordChange>{{kA, "1"}}));
  auto reader = *SqliteStore::Open(directory_, {.read_only = true});
  EXPECT_EQ(Contents(*reader).size(), 1u);
}

TEST_F(SqliteStoreTest, ADamagedRecordIsNoticed) {
  {
    auto store = *SqliteStore::Open(directory_);
    ASSERT_TRUE(store->CommitRecords({1, {1}}, std::vector<RecordChange>{{kA, "some record that is long enough"}}));
  }
  std::fstream bytes(file(), std::ios::in | std::ios::out | std::ios::binary);
  std::string all((std::istreambuf_iterator<char>(bytes)), {});
  const size_t at = all.find("long enough");
  ASSERT_NE(at, std::string::npos);
  bytes.clear();
  bytes.seekp(static_cast<std::streamoff>(at));
  bytes.put('L');
  bytes.close();
  auto store = *SqliteStore::Open(directory_);
  const auto loaded = store->Load([](const RecordKey&, std::string_view) -> Result<void> { return {}; });
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message.find(file()), std::string::npos);
  EXPECT_NE(loaded.error().message.find("backup"), std::string::npos);
}

TEST_F(SqliteStoreTest, AFileThatIsNoStoreIsRefusedAndLeftAlone) {
  std::ofstream(file()) << "this is not a database, and long enough to be read as one: " << std::string(4096, 'x');
  const auto opened = SqliteStore::Open(directory_);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find(file()), std::string::npos);
}

TEST_F(SqliteStoreTest, ANewerFormatIsRefused) {
  {
    auto store = *SqliteStore::Open(directory_);
  }
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(file().c_str(), &database), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(database, "PRAGMA user_version=99", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(database);
  const auto opened = SqliteStore::Open(directory_);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("format 99"), std::string::npos);
}

TEST_F(SqliteStoreTest, ABackupOfAnOpenStoreIsAWholeStore) {
  auto store = *SqliteStore::Open(directory_);
  ASSERT_TRUE(store->CommitRecords({1, {1}}, std::vector<RecordChange>{{kA, "1"}, {kB, "2"}}));
  auto reader = *SqliteStore::Open(directory_, {.read_only = true});
  std::filesystem::create_directory(directory_ + "/copy");
  const std::string copy = directory_ + "/copy/" + SqliteStore::kFileName;
  ASSERT_TRUE(reader->Backup(copy));
  EXPECT_FALSE(reader->Backup(copy)) << "it must not overwrite";
  auto opened = *SqliteStore::Open(directory_ + "/copy");
  EXPECT_TRUE(opened->CheckFile());
  EXPECT_EQ(Contents(*opened), Contents(*store));
  EXPECT_EQ(*opened->position(), (Position{1, {1}}));
}

TEST_F(SqliteStoreTest, TheLedgerIsWrittenWithTheRecordsAndReadBesideThem) {
  const std::vector<LedgerEntry> first{{{1}, "{\"a\":1}", {"A", "B\xC3\xA9"}, 7}, {{2}, "{}", {}, std::nullopt}};
  const std::vector<LedgerEntry> second{{{3}, "{\"b\":2}", {std::string(300, 'x')}, 7}};
  const std::vector<LedgerTile> tiles{{0, 0, std::string(8192, 'h')}, {1, 0, std::string(8192, 'g')}};
  {
    auto store = *SqliteStore::Open(directory_);
    auto ledger = *store->OpenLedger();
    EXPECT_EQ(*ledger->size(), 0u);
    EXPECT_TRUE(ledger->Entries(0, 10)->empty());
    ASSERT_TRUE(store->Commit(Batch{{1, {1}}, std::vector<RecordChange>{{kA, "1"}}, first, {}}));
    EXPECT_EQ(*ledger->size(), 2u);
    ASSERT_TRUE(store->Commit(Batch{{2, {2}}, {}, second, tiles}));
  }
  auto store = *SqliteStore::Open(directory_);
  auto ledger = *store->OpenLedger();
  EXPECT_EQ(*ledger->size(), 3u);
  const auto all = *ledger->Entries(0, 10);
  ASSERT_EQ(all.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(all[i].number, i);
    EXPECT_EQ(all[i].entry, i < 2 ? first[i] : second[0]);
  }
  EXPECT_EQ(ledger->Entries(1, 1)->size(), 1u);
  EXPECT_EQ(ledger->Entries(1, 1)->front().number, 1u);
  EXPECT_TRUE(ledger->Entries(3, 1)->empty());
  const auto about = *ledger->EntriesAbout(7);
  ASSERT_EQ(about.size(), 2u);
  EXPECT_EQ(about[1].number, 2u);
  EXPECT_TRUE(ledger->EntriesAbout(8)->empty());
  EXPECT_EQ(*ledger->Tile(1, 0), tiles[1].hashes);
  EXPECT_EQ(ledger->Tile(1, 1).error().code, Code::kNotFound);
  // Numbers go on where they ended.
  ASSERT_TRUE(store->Commit(Batch{{3, {3}}, {}, first, {}}));
  EXPECT_EQ(*ledger->size(), 5u);
}

// A store that the first version wrote: every record must be there, under its new key.
TEST_F(SqliteStoreTest, AStoreOfFormat1IsBroughtUpToDate) {
  std::filesystem::copy(WB_GOLDEN_DIR "/store-format-1.db", file());
  EXPECT_FALSE(SqliteStore::Open(directory_, {.read_only = true})) << "reading alone does not migrate";
  auto store = *SqliteStore::Open(directory_);
  EXPECT_TRUE(store->CheckFile());
  std::map<RecordKind, int> counts;
  for (const auto& [key, record] : Contents(*store)) {
    const Result<model::Entity> entity = model::Decode(key, record);
    ASSERT_TRUE(entity) << entity.error().message;
    if (key.kind <= RecordKind::kSubscription) {
      EXPECT_EQ(model::SlotOf(key), static_cast<uint32_t>(counts[key.kind]));
    }
    ++counts[key.kind];
  }
  EXPECT_EQ(counts, (std::map<RecordKind, int>{{RecordKind::kOperationalIntent, 4},
                                               {RecordKind::kConstraint, 1},
                                               {RecordKind::kSubscription, 4},
                                               {RecordKind::kAvailability, 1},
                                               {RecordKind::kReport, 1},
                                               {RecordKind::kUsedOvnSuffix, 1}}));
  EXPECT_EQ(store->position()->batch, 8u);
  store.reset();
  EXPECT_TRUE(SqliteStore::Open(directory_)) << "and once more";
}

// Format 2 had no ledger.
TEST_F(SqliteStoreTest, AStoreOfFormat2IsBroughtUpToDate) {
  std::filesystem::copy(WB_GOLDEN_DIR "/store-format-2.db", file());
  auto store = *SqliteStore::Open(directory_);
  EXPECT_TRUE(store->CheckFile());
  EXPECT_EQ(CountsOf(*store), (std::map<RecordKind, int>{{RecordKind::kOperationalIntent, 3},
                                                         {RecordKind::kConstraint, 1},
                                                         {RecordKind::kSubscription, 4},
                                                         {RecordKind::kAvailability, 1},
                                                         {RecordKind::kReport, 1},
                                                         {RecordKind::kIdentificationServiceArea, 1},
                                                         {RecordKind::kRidSubscription, 1},
                                                         {RecordKind::kHeartbeat, 1}}));
  EXPECT_EQ(*(*store->OpenLedger())->size(), 0u);
}

// Format 3 had no seal of the ledger.
TEST_F(SqliteStoreTest, AStoreOfFormat3IsBroughtUpToDate) {
  std::filesystem::copy(WB_GOLDEN_DIR "/store-format-3.db", file());
  auto store = *SqliteStore::Open(directory_);
  EXPECT_TRUE(store->CheckFile());
  EXPECT_EQ(CountsOf(*store), (std::map<RecordKind, int>{{RecordKind::kOperationalIntent, 1},
                                                         {RecordKind::kSubscription, 1},
                                                         {RecordKind::kDeclaration, 1},
                                                         {RecordKind::kParty, 2},
                                                         {RecordKind::kGroup, 1},
                                                         {RecordKind::kSecret, 1}}));
  const auto ledger = *store->OpenLedger();
  EXPECT_EQ(*ledger->size(), 5u);
  EXPECT_EQ(*ledger->Seal(), "");
  EXPECT_EQ(ledger->Count()->links, 0u);
}

TEST_F(SqliteStoreTest, LinksAndSealAreWrittenWithTheLedger) {
  auto store = *SqliteStore::Open(directory_);
  const auto ledger = *store->OpenLedger();
  EXPECT_EQ(*ledger->Seal(), "");
  const std::vector<LedgerLink> links{{0, {7}}, {1, {8}}};
  ASSERT_TRUE(store->Commit(Batch{{1, {1}}, {}, {}, {}, links, "first"}));
  EXPECT_EQ(*ledger->Seal(), "first");
  EXPECT_EQ(*ledger->Link(1), links[1].digest);
  EXPECT_EQ(ledger->Link(2).error().code, Code::kNotFound);
  EXPECT_EQ(ledger->Count()->links, 2u);
  ASSERT_TRUE(store->Commit(Batch{{2, {2}}, {}, {}, {}, {}, "second"}));
  ASSERT_TRUE(store->CommitRecords({3, {3}}, {}));
  EXPECT_EQ(*ledger->Seal(), "second") << "and without one it is as it was";
}

TEST_F(SqliteStoreTest, AFrozenReaderSeesWhatWasThere) {
  auto store = *SqliteStore::Open(directory_);
  const std::vector<LedgerEntry> one{{{1}, "{}", {}, std::nullopt}};
  ASSERT_TRUE(store->Commit(Batch{{1, {1}}, {}, one, {}, {}, "first"}));
  const auto frozen = *store->OpenLedger();
  ASSERT_TRUE(frozen->Freeze());
  ASSERT_TRUE(frozen->Freeze()) << "twice is once";
  ASSERT_TRUE(store->Commit(Batch{{2, {2}}, {}, one, {}, {}, "second"}));
  EXPECT_EQ(*frozen->size(), 1u);
  EXPECT_EQ(*frozen->Seal(), "first");
  EXPECT_EQ(*(*store->OpenLedger())->size(), 2u);
}

TEST_F(SqliteStoreTest, WhatWasDamagedBeforeAMigrationIsStillSeenToBe) {
  std::filesystem::copy(WB_GOLDEN_DIR "/store-format-1.db", file());
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(file().c_str(), &database), SQLITE_OK);
  ASSERT_EQ(
      sqlite3_exec(database, "UPDATE records SET checksum = checksum + 1 WHERE kind = 2", nullptr, nullptr, nullptr),
      SQLITE_OK);
  sqlite3_close(database);
  auto store = *SqliteStore::Open(directory_);
  const auto loaded = store->Load([](const RecordKey&, std::string_view) -> Result<void> { return {}; });
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message.find("kind 2"), std::string::npos);
}

}  // namespace
}  // namespace wideberth::store
