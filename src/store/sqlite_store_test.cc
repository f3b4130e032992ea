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

  std::string directory_;
};

const RecordKey kA{RecordKind::kAvailability, "a"};
const RecordKey kB{RecordKind::kAvailability, std::string("b\0c", 3)};

TEST_F(SqliteStoreTest, KeepsTheLastOfEachKeyAcrossReopening) {
  {
    auto store = *SqliteStore::Open(directory_);
    EXPECT_EQ(*store->position(), Position{});
    const std::vector<RecordChange> first{{kA, "1"}, {kB, std::string("2\0", 2)}, {kA, "3"}};
    ASSERT_TRUE(store->Commit({1, {100}}, first));
    const std::vector<RecordChange> second{{kB, "4"}, {kB, std::nullopt}};
    ASSERT_TRUE(store->Commit({2, {200}}, second));
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
  ASSERT_TRUE(store->Commit({1, {1}}, std::vector<RecordChange>{{kA, "1"}}));
  auto reader = *SqliteStore::Open(directory_, {.read_only = true});
  EXPECT_EQ(Contents(*reader).size(), 1u);
}

TEST_F(SqliteStoreTest, ADamagedRecordIsNoticed) {
  {
    auto store = *SqliteStore::Open(directory_);
    ASSERT_TRUE(store->Commit({1, {1}}, std::vector<RecordChange>{{kA, "some record that is long enough"}}));
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
  ASSERT_TRUE(store->Commit({1, {1}}, std::vector<RecordChange>{{kA, "1"}, {kB, "2"}}));
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
