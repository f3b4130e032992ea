#include "store/sqlite_store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"

namespace wideberth::store {

using model::RecordChange;
using model::RecordKey;

namespace {

constexpr int kApplicationId = 0x57424454;  // "WBDT", so that file(1) and we know our own
constexpr int kCacheKib = 16'384;

// Of kind, key and record together, so that a record under another's key is noticed too.
uint32_t ChecksumOf(const RecordKey& key, std::string_view record) {
  const auto kind = static_cast<uint8_t>(key.kind);
  const auto length = static_cast<uint32_t>(key.key.size());
  uLong sum = crc32(0, &kind, 1);
  sum = crc32(sum, reinterpret_cast<const Bytef*>(&length), sizeof length);
  sum = crc32_z(sum, reinterpret_cast<const Bytef*>(key.key.data()), key.key.size());
  sum = crc32_z(sum, reinterpret_cast<const Bytef*>(record.data()), record.size());
  return static_cast<uint32_t>(sum);
}

// For migrations: checksum(kind, key, record).
void ChecksumInSql(sqlite3_context* context, int, sqlite3_value** values) {
  const auto bytes = [&](int at) {
    const void* blob = sqlite3_value_blob(values[at]);
    return std::string_view(static_cast<const char*>(blob), static_cast<size_t>(sqlite3_value_bytes(values[at])));
  };
  const RecordKey key{static_cast<model::RecordKind>(sqlite3_value_int(values[0])), std::string(bytes(1))};
  sqlite3_result_int64(context, static_cast<int64_t>(ChecksumOf(key, bytes(2))));
}

// And the number of the first.
constexpr const char* kLedgerSize =
    "SELECT (SELECT coalesce(max(number) + 1, 0) FROM ledger), (SELECT coalesce(min(number), 0) FROM ledger)";

// Of the ledger's tiles: the hashes of each, and the highest level that any ledger has.
constexpr uint64_t kTileWidth = 256;
constexpr int64_t kLevelMax = 7;

// Each name after its length in 2 bytes, the higher first.
std::string EncodeReaders(const std::vector<std::string>& readers) {
  std::string bytes;
  for (const std::string& name : readers) {
    WB_CHECK(name.size() <= 0xffff);
    bytes += static_cast<char>(name.size() >> 8);
    bytes += static_cast<char>(name.size() & 0xff);
    bytes += name;
  }
  return bytes;
}

std::optional<std::vector<std::string>> DecodeReaders(std::string_view bytes) {
  std::vector<std::string> readers;
  while (!bytes.empty()) {
    if (bytes.size() < 2) return std::nullopt;
    const size_t size = static_cast<size_t>(static_cast<uint8_t>(bytes[0])) << 8 | static_cast<uint8_t>(bytes[1]);
    if (bytes.size() < 2 + size) return std::nullopt;
    readers.emplace_back(bytes.substr(2, size));
    bytes.remove_prefix(2 + size);
  }
  return readers;
}

// For migrations: slot_key(number), the key of a reference or subscription in that slot.
void SlotKeyInSql(sqlite3_context* context, int, sqlite3_value** values) {
  const auto slot = static_cast<uint32_t>(sqlite3_value_int64(values[0]));
  const std::string key = model::KeyOf(model::RecordKind::kOperationalIntent, slot).key;
  sqlite3_result_blob(context, key.data(), static_cast<int>(key.size()), SQLITE_TRANSIENT);
}

}  // namespace

// A prepared statement. Thread-compatible.
class SqliteStore::Statement {
 public:
  Statement(sqlite3* database, const char* sql) {
    sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() { sqlite3_finalize(statement_); }

  explicit operator bool() const { return statement_ != nullptr; }
  // The bytes outlive the next Step.
  void Bind(int at, std::string_view bytes) {
    sqlite3_bind_blob64(statement_, at, bytes.empty() ? "" : bytes.data(), bytes.size(), SQLITE_STATIC);
  }
  void BindText(int at, const std::string& text) {
    sqlite3_bind_text64(statement_, at, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  void Bind(int at, int64_t number) { sqlite3_bind_int64(statement_, at, number); }
  void Bind(int at, std::optional<int64_t> number) {
    if (number) {
      Bind(at, *number);
    } else {
      sqlite3_bind_null(statement_, at);
    }
  }
  int Step() { return sqlite3_step(statement_); }
  int Run() {
    const int result = Step();
    sqlite3_reset(statement_);
    return result;
  }
  void Reset() { sqlite3_reset(statement_); }
  int64_t Number(int column) { return sqlite3_column_int64(statement_, column); }
  bool IsNull(int column) { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::string_view Bytes(int column) {
    const void* bytes = sqlite3_column_blob(statement_, column);
    return {static_cast<const char*>(bytes), static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
  }

 private:
  sqlite3_stmt* statement_ = nullptr;
};

// A connection of its own that reads the ledger.
class SqliteStore::Ledger final : public LedgerReader {
 public:
  static Result<std::unique_ptr<LedgerReader>> Open(const std::string& path, const char* vfs) {
    std::unique_ptr<Ledger> made(new Ledger(path));
    if (sqlite3_open_v2(path.c_str(), &made->database_, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, vfs) != SQLITE_OK)
      return Error{Code::kIo, path + ": cannot open the store to read its ledger"};
    sqlite3_busy_timeout(made->database_, 5000);
    sqlite3* database = made->database_;
    made->size_ = std::make_unique<Statement>(database, kLedgerSize);
    made->entries_ = std::make_unique<Statement>(
        database,
        "SELECT number, salt, event, readers, subject FROM ledger WHERE number >= ?1 ORDER BY number LIMIT ?2");
    made->about_ = std::make_unique<Statement>(
        database, "SELECT number, salt, event, readers, subject FROM ledger WHERE subject = ?1 ORDER BY number");
    made->tile_ = std::make_unique<Statement>(database, "SELECT hashes FROM tiles WHERE level = ?1 AND number = ?2");
    made->link_ = std::make_unique<Statement>(database, "SELECT digest FROM links WHERE number = ?1");
    made->seal_ = std::make_unique<Statement>(database, "SELECT text FROM seal");
    made->count_ =
        std::make_unique<Statement>(database, "SELECT (SELECT count(*) FROM tiles), (SELECT count(*) FROM links)");
    made->tiles_beyond_ =
        std::make_unique<Statement>(database,
                                    "SELECT EXISTS(SELECT 1 FROM tiles WHERE level = ?1 AND number >= ?2)"
                                    " OR EXISTS(SELECT 1 FROM tiles WHERE level = ?1 AND number < 0)");
    made->beyond_ = std::make_unique<Statement>(
        database,
        "SELECT EXISTS(SELECT 1 FROM links WHERE number >= ?1) OR EXISTS(SELECT 1 FROM links WHERE number < 0)"
        " OR EXISTS(SELECT 1 FROM tiles WHERE level > ?2) OR EXISTS(SELECT 1 FROM tiles WHERE level < 0)");
    for (const auto* statement : made->Statements())
      if (!**statement) return made->Failed();
    return std::unique_ptr<LedgerReader>(std::move(made));
  }
  ~Ledger() override {
    for (auto* statement : Statements()) statement->reset();
    sqlite3_close(database_);
  }

  Result<uint64_t> size() override {
    const std::lock_guard lock(mutex_);
    const Reset reset(*size_);
    if (size_->Step() != SQLITE_ROW) return Failed();
    // No program counts below 0, but who writes into the file might.
    if (size_->Number(1) != 0) return Damaged("an entry before the first, or the first,");
    return static_cast<uint64_t>(size_->Number(0));
  }
  Result<std::vector<Numbered>> Entries(uint64_t from, size_t count_max) override {
    const std::lock_guard lock(mutex_);
    entries_->Bind(1, static_cast<int64_t>(from));
    entries_->Bind(2, static_cast<int64_t>(count_max));
    return Read(*entries_);
  }
  Result<std::vector<Numbered>> EntriesAbout(int64_t subject) override {
    const std::lock_guard lock(mutex_);
    about_->Bind(1, subject);
    return Read(*about_);
  }
  Result<std::string> Tile(int level, uint64_t index) override {
    const std::lock_guard lock(mutex_);
    const Reset reset(*tile_);
    tile_->Bind(1, static_cast<int64_t>(level));
    tile_->Bind(2, static_cast<int64_t>(index));
    switch (tile_->Step()) {
      case SQLITE_ROW:
        return std::string(tile_->Bytes(0));
      case SQLITE_DONE:
        return Error{Code::kNotFound, "there is no such tile"};
      default:
        return Failed();
    }
  }
  Result<std::array<uint8_t, 32>> Link(uint64_t index) override {
    const std::lock_guard lock(mutex_);
    const Reset reset(*link_);
    link_->Bind(1, static_cast<int64_t>(index));
    const int result = link_->Step();
    if (result == SQLITE_DONE) return Error{Code::kNotFound, "there is no such link"};
    if (result != SQLITE_ROW) return Failed();
    std::array<uint8_t, 32> digest{};
    const std::string_view bytes = link_->Bytes(0);
    if (bytes.size() != digest.size()) return Damaged("link " + std::to_string(index));
    std::memcpy(digest.data(), bytes.data(), bytes.size());
    return digest;
  }
  Result<std::string> Seal() override {
    const std::lock_guard lock(mutex_);
    const Reset reset(*seal_);
    switch (seal_->Step()) {
      case SQLITE_ROW:
        return std::string(seal_->Bytes(0));
      case SQLITE_DONE:
        return Damaged("the seal");
      default:
        return Failed();
    }
  }
  Result<Counts> Count() override {
    const std::lock_guard lock(mutex_);
    const Reset reset(*count_);
    if (count_->Step() != SQLITE_ROW) return Failed();
    return Counts{static_cast<uint64_t>(count_->Number(0)), static_cast<uint64_t>(count_->Number(1))};
  }
  Result<bool> HasMoreThan(uint64_t entries) override {
    const std::lock_guard lock(mutex_);
    uint64_t tiles = entries / kTileWidth;
    {
      const Reset reset(*beyond_);
      beyond_->Bind(1, static_cast<int64_t>(tiles));
      beyond_->Bind(2, kLevelMax);
      if (beyond_->Step() != SQLITE_ROW) return Failed();
      if (beyond_->Number(0) != 0) return true;
    }
    for (int64_t level = 0; level <= kLevelMax; ++level, tiles /= kTileWidth) {
      const Reset reset(*tiles_beyond_);
      tiles_beyond_->Bind(1, level);
      tiles_beyond_->Bind(2, static_cast<int64_t>(tiles));
      if (tiles_beyond_->Step() != SQLITE_ROW) return Failed();
      if (tiles_beyond_->Number(0) != 0) return true;
    }
    return false;
  }
  Result<void> Freeze() override {
    const std::lock_guard lock(mutex_);
    if (sqlite3_get_autocommit(database_) == 0) return {};
    // The state is that of the first read.
    if (sqlite3_exec(database_, "BEGIN; SELECT count(*) FROM seal", nullptr, nullptr, nullptr) != SQLITE_OK)
      return Failed();
    return {};
  }

 private:
  // A statement that is not reset keeps the state of the file that it reads.
  struct Reset {
    explicit Reset(Statement& used) : statement(used) {}
    Reset(const Reset&) = delete;
    Reset& operator=(const Reset&) = delete;
    ~Reset() { statement.Reset(); }
    Statement& statement;
  };

  explicit Ledger(std::string path) : path_(std::move(path)) {}
  Error Failed() const {
    return {Code::kIo,
            path_ + ": cannot read the ledger: " + sqlite3_errmsg(database_) + ". `wideberth data check` says more"};
  }
  Error Damaged(const std::string& what) const {
    return {Code::kIo,
            path_ + ": " + what + " of the ledger is damaged: restore a backup (wideberth data backup makes them)"};
  }
  std::array<std::unique_ptr<Statement>*, 9> Statements() {
    return {&size_, &entries_, &about_, &tile_, &link_, &seal_, &count_, &tiles_beyond_, &beyond_};
  }
  Result<std::vector<Numbered>> Read(Statement& statement) const {
    const Reset reset(statement);
    std::vector<Numbered> read;
    int result = SQLITE_OK;
    while ((result = statement.Step()) == SQLITE_ROW) {
      Numbered& one = read.emplace_back();
      one.number = static_cast<uint64_t>(statement.Number(0));
      const std::string_view salt = statement.Bytes(1);
      std::optional<std::vector<std::string>> readers = DecodeReaders(statement.Bytes(3));
      if (salt.size() != one.entry.salt.size() || !readers) return Damaged("entry " + std::to_string(one.number));
      std::memcpy(one.entry.salt.data(), salt.data(), salt.size());
      one.entry.event = statement.Bytes(2);
      one.entry.readers = *std::move(readers);
      if (!statement.IsNull(4)) one.entry.subject = statement.Number(4);
    }
    if (result != SQLITE_DONE) return Failed();
    return read;
  }

  const std::string path_;
  std::mutex mutex_;
  sqlite3* database_ = nullptr;
  std::unique_ptr<Statement> size_, entries_, about_, tile_, link_, seal_, count_, tiles_beyond_, beyond_;
};

Result<std::unique_ptr<LedgerReader>> SqliteStore::OpenLedger() { return Ledger::Open(path_, vfs_); }

// Copies the write-ahead log into the file beside the writer, on a thread and a connection of its own: a commit waits
// for its own fsync and not for those of a checkpoint. When little is left, the writer copies that itself, and the log
// begins anew in the space that it has: a log that grows costs each fsync a second write. Thread-safe.
class SqliteStore::Checkpointer {
 public:
  static constexpr int kPagesEach = 1'000;  // more in the log, 4 MB: copy them. Few, for their fsync holds up the log's
  static constexpr int kPagesByTheWriter = 400;  // so few left: some milliseconds, now and then
  static constexpr size_t kLogBytes = 16 << 20;  // the log's space from the start

  static Result<std::unique_ptr<Checkpointer>> Start(const std::string& path, const char* vfs) {
    std::unique_ptr<Checkpointer> made(new Checkpointer);
    if (sqlite3_open_v2(path.c_str(), &made->database_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, vfs) != SQLITE_OK)
      return Error{Code::kIo, path + ": cannot open the store a second time"};
    sqlite3_exec(made->database_, "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0", nullptr, nullptr, nullptr);
    made->thread_ = std::thread([raw = made.get()] { raw->Run(); });
    return made;
  }
  ~Checkpointer() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
    sqlite3_close(database_);
  }

  // SQLite tells how long the log is after each commit. What fails in here fails for the writer too, which says so; the
  // log just stays longer.
  static int AfterCommit(void* self, sqlite3* database, const char*, int pages) {
    static_cast<Checkpointer*>(self)->AfterCommit(database, pages);
    return SQLITE_OK;
  }

 private:
  Checkpointer() = default;

  void AfterCommit(sqlite3* database, int pages) {
    const bool began_anew = pages < pages_before_;
    pages_before_ = pages;
    if (began_anew) look_at_ = kPagesEach;
    {
      const std::lock_guard lock(mutex_);
      if (began_anew) copied_ = 0;
      if (pages < look_at_ || asked_) return;
      if (pages - copied_ > kPagesByTheWriter) {
        asked_ = true;
        changed_.notify_one();
        return;
      }
    }
    sqlite3_wal_checkpoint_v2(database, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    look_at_ = pages + kPagesEach;  // it begins anew with the next commit, unless a reader (a backup) still needs it
  }

  void Run() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return stopping_ || asked_; });
      if (stopping_) return;
      lock.unlock();
      int copied = 0;
      sqlite3_wal_checkpoint_v2(database_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, &copied);
      lock.lock();
      asked_ = false;
      copied_ = std::max(0, copied);
    }
  }

  int pages_before_ = 0;  // these two are used on the writer's thread alone
  int look_at_ = kPagesEach;
  sqlite3* database_ = nullptr;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool asked_ = false;
  bool stopping_ = false;
  int copied_ = 0;  // pages of the log that are in the file, as far as is known
  std::thread thread_;
};

Error SqliteStore::Failed(const std::string& what) const {
  const int code = database_ == nullptr ? SQLITE_CANTOPEN : sqlite3_extended_errcode(database_);
  std::string message = path_ + ": " + what + ": " + (database_ == nullptr ? "no memory" : sqlite3_errmsg(database_));
  if (const int system = database_ == nullptr ? 0 : sqlite3_system_errno(database_); system != 0)
    message += std::string(" (") + std::strerror(system) + ")";
  switch (code & 0xff) {
    case SQLITE_FULL:
      message += ". The disk is full: make room, then start again; nothing that was answered is lost";
      break;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      message +=
          ". Check that this process may write to the file and its folder, and that the disk is not mounted read-only";
      break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      message +=
          ". The file is damaged: restore a backup (wideberth data backup makes them); `wideberth data check` says "
          "more";
      break;
    case SQLITE_IOERR:
      message += ". The disk failed: look at the kernel's messages before starting again";
      break;
    case SQLITE_BUSY:
      message += ". Another process uses it: end that one first";
      break;
    default:
      break;
  }
  return {Code::kIo, message};
}

Result<void> SqliteStore::Run(const char* sql) {
  if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return Failed("cannot use the store");
  return {};
}

namespace {

// Gives the write-ahead log its space before there is one: zeros, which SQLite takes for an empty log.
Result<void> ReserveLog(const std::string& path, size_t bytes) {
  const std::string log = path + "-wal";
  std::error_code ignored;
  if (std::filesystem::file_size(log, ignored) != static_cast<uintmax_t>(-1)) return {};  // it may hold commits
  const int fd = open(log.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  const std::vector<char> zeros(1 << 20, '\0');
  bool good = fd >= 0;
  for (size_t done = 0; good && done < bytes; done += zeros.size())
    good = write(fd, zeros.data(), zeros.size()) == static_cast<ssize_t>(zeros.size());
  good = good && fsync(fd) == 0;
  const int why = errno;
  if (fd >= 0) close(fd);
  if (good) return {};
  std::filesystem::remove(log, ignored);
  return Error{Code::kIo, log + ": cannot make room for the write-ahead log: " + std::strerror(why) +
                              ". Check that the disk has " + std::to_string(bytes >> 20) +
                              " MB free and that this process may write to the folder"};
}

}  // namespace

Result<std::unique_ptr<SqliteStore>> SqliteStore::Open(const std::string& directory, const Options& options) {
  std::unique_ptr<SqliteStore> store(new SqliteStore);
  store->path_ = (std::filesystem::path(directory) / kFileName).string();
  store->vfs_ = options.vfs;
  if (!options.read_only) {
    std::error_code failed;
    std::filesystem::create_directories(directory, failed);
    if (failed) return Error{Code::kIo, directory + ": cannot make the folder: " + failed.message()};
    const std::string lock = store->path_ + ".lock";
    store->lock_fd_ = open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (store->lock_fd_ < 0)
      return Error{Code::kIo, lock + ": cannot open: " + std::strerror(errno) +
                                  ". Check that this process may write to the folder"};
    if (flock(store->lock_fd_, LOCK_EX | LOCK_NB) != 0)
      return Error{Code::kIo, lock + ": another process has this store open; end it, or use another folder"};
  } else if (!std::filesystem::exists(store->path_)) {
    return Error{Code::kIo, store->path_ + ": there is no store here"};
  }
  if (!options.read_only) WB_TRY_OK(ReserveLog(store->path_, Checkpointer::kLogBytes));
  const int flags =
      (options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) | SQLITE_OPEN_NOMUTEX;
  if (sqlite3_open_v2(store->path_.c_str(), &store->database_, flags, options.vfs) != SQLITE_OK)
    return store->Failed("cannot open the store");
  sqlite3_extended_result_codes(store->database_, 1);
  sqlite3_busy_timeout(store->database_, 5000);
  if (!options.read_only) {
    const std::string pragmas =
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; "
        "PRAGMA cache_size=-" +
        std::to_string(kCacheKib) + ";";
    WB_TRY_OK(store->Run(pragmas.c_str()));
  }
  WB_TRY_OK(store->Migrate());
  if (options.read_only) return store;
  WB_TRY(store->checkpointer_, Checkpointer::Start(store->path_, options.vfs));
  sqlite3_wal_hook(store->database_, Checkpointer::AfterCommit, store->checkpointer_.get());
  sqlite3* database = store->database_;
  store->put_ = std::make_unique<Statement>(database,
                                            "INSERT INTO records(kind, key, record, checksum) VALUES(?1, ?2, ?3, ?4) "
                                            "ON CONFLICT(kind, key) DO UPDATE SET record = ?3, checksum = ?4");
  store->erase_ = std::make_unique<Statement>(database, "DELETE FROM records WHERE kind = ?1 AND key = ?2");
  store->set_batch_ = std::make_unique<Statement>(database, "UPDATE position SET value = ?1 WHERE name = 'batch'");
  store->set_time_ = std::make_unique<Statement>(database, "UPDATE position SET value = ?1 WHERE name = 'time_ns'");
  store->begin_ = std::make_unique<Statement>(database, "BEGIN IMMEDIATE");
  store->commit_ = std::make_unique<Statement>(database, "COMMIT");
  store->append_ = std::make_unique<Statement>(
      database, "INSERT INTO ledger(number, salt, event, readers, subject) VALUES(?1, ?2, ?3, ?4, ?5)");
  store->put_tile_ =
      std::make_unique<Statement>(database, "INSERT INTO tiles(level, number, hashes) VALUES(?1, ?2, ?3)");
  store->put_link_ = std::make_unique<Statement>(database, "INSERT INTO links(number, digest) VALUES(?1, ?2)");
  store->set_seal_ = std::make_unique<Statement>(database, "UPDATE seal SET text = ?1");
  for (const auto* statement :
       {&store->put_, &store->erase_, &store->set_batch_, &store->set_time_, &store->begin_, &store->commit_,
        &store->append_, &store->put_tile_, &store->put_link_, &store->set_seal_})
    if (!**statement) return store->Failed("cannot use the store");
  Statement last(database, kLedgerSize);
  if (!last || last.Step() != SQLITE_ROW) return store->Failed("cannot read the store");
  store->ledger_size_ = static_cast<uint64_t>(last.Number(0));
  return store;
}

SqliteStore::~SqliteStore() {
  checkpointer_.reset();
  for (auto* statement :
       {&put_, &erase_, &set_batch_, &set_time_, &begin_, &commit_, &append_, &put_tile_, &put_link_, &set_seal_})
    statement->reset();
  sqlite3_close(database_);
  if (lock_fd_ >= 0) close(lock_fd_);
}

Result<void> SqliteStore::Migrate() {
  int64_t format = 0;
  int64_t application = 0;
  {
    Statement ask(
        database_,
        "SELECT (SELECT user_version FROM pragma_user_version), (SELECT application_id FROM pragma_application_id)");
    if (!ask || ask.Step() != SQLITE_ROW) return Failed("cannot read the store");
    format = ask.Number(0);
    application = ask.Number(1);
  }
  if (format == 0 && application == 0) {
    Statement tables(database_, "SELECT count(*) FROM sqlite_schema");
    if (!tables || tables.Step() != SQLITE_ROW) return Failed("cannot read the store");
    if (tables.Number(0) != 0) return Error{Code::kIo, path_ + ": this is a database of something else"};
  } else if (application != kApplicationId) {
    return Error{Code::kIo, path_ + ": this is a database of something else"};
  }
  if (format > kFormat) {
    return Error{Code::kIo, path_ + ": the store has format " + std::to_string(format) +
                                ", this program knows formats up to " + std::to_string(kFormat) +
                                ". Use the newer program that wrote it"};
  }
  if (format == kFormat) return {};
  if (sqlite3_db_readonly(database_, "main") == 1) {
    return Error{Code::kIo, format == 0 ? path_ + ": there is no store in it yet"
                                        : path_ + ": the store has format " + std::to_string(format) +
                                              "; start `wideberth serve` on it once, which brings it up to date"};
  }
  // One step for each format, from the one before it; a store of any age passes through all that it lacks.
  static constexpr const char* kSteps[kFormat] = {
      "CREATE TABLE records(kind INTEGER NOT NULL, key BLOB NOT NULL, record BLOB NOT NULL, checksum INTEGER NOT NULL,"
      " PRIMARY KEY(kind, key)) WITHOUT ROWID, STRICT;"
      "CREATE TABLE position(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID, STRICT;"
      "INSERT INTO position VALUES('batch', 0), ('time_ns', -9223372036854775808);",
      // References and subscriptions were stored under their ids, each on a page of its own. A record that is damaged
      // stays so.
      "CREATE TABLE records_2(kind INTEGER NOT NULL, key BLOB NOT NULL, record BLOB NOT NULL, checksum INTEGER NOT "
      "NULL,"
      " PRIMARY KEY(kind, key)) WITHOUT ROWID, STRICT;"
      "INSERT INTO records_2 SELECT kind, new_key, record,"
      " CASE WHEN checksum = checksum(kind, key, record) THEN checksum(kind, new_key, record) ELSE -1 END FROM"
      " (SELECT *, CASE WHEN kind IN (1, 2, 3) THEN slot_key(row_number() OVER (PARTITION BY kind ORDER BY key) - 1)"
      " ELSE key END AS new_key FROM records);"
      "DROP TABLE records;"
      "ALTER TABLE records_2 RENAME TO records;",
      // The ledger. What was done before it began is not in it.
      "CREATE TABLE ledger(number INTEGER PRIMARY KEY, salt BLOB NOT NULL, event TEXT NOT NULL, readers BLOB NOT NULL,"
      " subject INTEGER) STRICT;"
      "CREATE INDEX ledger_subject ON ledger(subject) WHERE subject IS NOT NULL;"
      "CREATE TABLE tiles(level INTEGER NOT NULL, number INTEGER NOT NULL, hashes BLOB NOT NULL,"
      " PRIMARY KEY(level, number)) WITHOUT ROWID, STRICT;",
      // What tells whether the ledger is whole. Only who knows its tree can make it, so it is still to be made.
      "CREATE TABLE links(number INTEGER PRIMARY KEY, digest BLOB NOT NULL) STRICT;"
      "CREATE TABLE seal(one INTEGER PRIMARY KEY CHECK(one = 1), text TEXT NOT NULL) STRICT;"
      "INSERT INTO seal VALUES(1, '');",
  };
  constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
  sqlite3_create_function(database_, "checksum", 3, kFlags, nullptr, ChecksumInSql, nullptr, nullptr);
  sqlite3_create_function(database_, "slot_key", 1, kFlags, nullptr, SlotKeyInSql, nullptr, nullptr);
  WB_TRY_OK(Run("BEGIN IMMEDIATE"));
  for (int64_t step = format; step < kFormat; ++step) WB_TRY_OK(Run(kSteps[step]));
  const std::string stamp = "PRAGMA application_id=" + std::to_string(kApplicationId) +
                            "; PRAGMA user_version=" + std::to_string(kFormat) + "; COMMIT";
  return Run(stamp.c_str());
}

Result<void> SqliteStore::Load(const RecordVisitor& visit) {
  Statement all(database_, "SELECT kind, key, record, checksum FROM records ORDER BY kind, key");
  if (!all) return Failed("cannot read the store");
  int result = SQLITE_OK;
  while ((result = all.Step()) == SQLITE_ROW) {
    const RecordKey key{static_cast<model::RecordKind>(all.Number(0)), std::string(all.Bytes(1))};
    const std::string_view record = all.Bytes(2);
    if (all.Number(3) != ChecksumOf(key, record)) {
      return Error{Code::kIo,
                   path_ + ": a record of kind " + std::to_string(all.Number(0)) +
                       " is damaged (its checksum is wrong): restore a backup (wideberth data backup makes them)"};
    }
    WB_TRY_OK(visit(key, record));
  }
  if (result != SQLITE_DONE) return Failed("cannot read the store");
  return {};
}

Result<Position> SqliteStore::position() {
  Statement ask(
      database_,
      "SELECT (SELECT value FROM position WHERE name = 'batch'), (SELECT value FROM position WHERE name = 'time_ns')");
  if (!ask || ask.Step() != SQLITE_ROW) return Failed("cannot read the store");
  return Position{static_cast<uint64_t>(ask.Number(0)), {ask.Number(1)}};
}

Result<void> SqliteStore::Commit(const Batch& batch) {
  // The last change of each key is what counts, and the order of keys is the order of pages.
  std::map<std::pair<model::RecordKind, std::string_view>, const RecordChange*> last;
  for (const RecordChange& change : batch.records) last[{change.key.kind, change.key.key}] = &change;
  if (begin_->Run() != SQLITE_DONE) return Failed("cannot write");
  for (const auto& [key, change] : last) {
    Statement& statement = change->record ? *put_ : *erase_;
    statement.Bind(1, static_cast<int64_t>(key.first));
    statement.Bind(2, key.second);
    if (change->record) {
      statement.Bind(3, *change->record);
      statement.Bind(4, static_cast<int64_t>(ChecksumOf(change->key, *change->record)));
    }
    if (statement.Run() != SQLITE_DONE) return Failed("cannot write");
  }
  for (const LedgerEntry& entry : batch.entries) {
    const std::string readers = EncodeReaders(entry.readers);
    append_->Bind(1, static_cast<int64_t>(ledger_size_++));
    append_->Bind(2, {reinterpret_cast<const char*>(entry.salt.data()), entry.salt.size()});
    append_->BindText(3, entry.event);
    append_->Bind(4, readers);
    append_->Bind(5, entry.subject);
    if (append_->Run() != SQLITE_DONE) return Failed("cannot write");
  }
  for (const LedgerTile& tile : batch.tiles) {
    put_tile_->Bind(1, static_cast<int64_t>(tile.level));
    put_tile_->Bind(2, static_cast<int64_t>(tile.index));
    put_tile_->Bind(3, tile.hashes);
    if (put_tile_->Run() != SQLITE_DONE) return Failed("cannot write");
  }
  for (const LedgerLink& link : batch.links) {
    put_link_->Bind(1, static_cast<int64_t>(link.index));
    put_link_->Bind(2, {reinterpret_cast<const char*>(link.digest.data()), link.digest.size()});
    if (put_link_->Run() != SQLITE_DONE) return Failed("cannot write");
  }
  if (const std::string seal(batch.seal); !seal.empty()) {
    set_seal_->BindText(1, seal);
    if (set_seal_->Run() != SQLITE_DONE) return Failed("cannot write");
  }
  set_batch_->Bind(1, static_cast<int64_t>(batch.to.batch));
  set_time_->Bind(1, batch.to.time.value);
  if (set_batch_->Run() != SQLITE_DONE || set_time_->Run() != SQLITE_DONE || commit_->Run() != SQLITE_DONE)
    return Failed("cannot write");
  return {};
}

Result<void> SqliteStore::CheckFile() {
  Statement check(database_, "PRAGMA integrity_check(1)");
  if (!check || check.Step() != SQLITE_ROW) return Failed("cannot check the store");
  if (check.Bytes(0) != "ok") {
    return Error{Code::kIo, path_ + ": the file is damaged: " + std::string(check.Bytes(0)) + ". Restore a backup"};
  }
  return {};
}

Result<void> SqliteStore::Backup(const std::string& path) {
  if (std::filesystem::exists(path)) return Error{Code::kIo, path + ": there is a file already; name another"};
  const std::string partial = path + ".partial";
  std::error_code ignored;
  std::filesystem::remove(partial, ignored);
  const auto sync = [](const std::string& name) {
    const int fd = open(name.c_str(), O_RDONLY | O_CLOEXEC);
    const bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    return good;
  };
  {
    Statement vacuum(database_, "VACUUM INTO ?1");
    vacuum.BindText(1, partial);
    if (!vacuum || vacuum.Step() != SQLITE_DONE) {
      const Error error = Failed("cannot copy the store to " + partial);
      std::filesystem::remove(partial, ignored);
      return error;
    }
  }
  const std::string folder = std::filesystem::absolute(path).parent_path().string();
  if (!sync(partial) || std::rename(partial.c_str(), path.c_str()) != 0 || !sync(folder)) {
    const Error error{Code::kIo, path + ": cannot write: " + std::strerror(errno)};
    std::filesystem::remove(partial, ignored);
    return error;
  }
  return {};
}

}  // namespace wideberth::store
