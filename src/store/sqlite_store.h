#ifndef WIDEBERTH_STORE_SQLITE_STORE_H_
#define WIDEBERTH_STORE_SQLITE_STORE_H_

#include <memory>
#include <string>

#include "store/store.h"

struct sqlite3;

namespace wideberth::store {

// A store in one SQLite file, DIR/wideberth.db (docs/formats/store.md): write-ahead log, synchronous=FULL. Each record
// has a checksum, because SQLite has none. Thread-compatible.
class SqliteStore final : public Store {
 public:
  static constexpr int kFormat = 4;  // the version of the layout; an older one is brought up to it, a newer one refused
  static constexpr const char* kFileName = "wideberth.db";

  struct Options {
    bool read_only = false;     // no lock, no migration: beside a running server, too
    const char* vfs = nullptr;  // another of SQLite's file systems, for tests of faults
  };

  // Opens the store in a folder, which is made with its parents if it is not there. One process alone may have it open
  // to write. kIo, naming the file and the remedy.
  static Result<std::unique_ptr<SqliteStore>> Open(const std::string& directory, const Options& options);
  static Result<std::unique_ptr<SqliteStore>> Open(const std::string& directory) { return Open(directory, Options()); }
  ~SqliteStore() override;

  Result<void> Load(const RecordVisitor& visit) override;
  Result<Position> position() override;
  Result<void> Commit(const Batch& batch) override;
  Result<std::unique_ptr<LedgerReader>> OpenLedger() override;

  // kIo unless SQLite finds the file whole: pages, trees, indexes. Reads all of it.
  Result<void> CheckFile();
  // Writes a consistent copy, as of now, to a file that must not exist; it appears when it is whole and durable.
  Result<void> Backup(const std::string& path);

  const std::string& path() const { return path_; }

 private:
  class Statement;
  class Ledger;
  SqliteStore() = default;
  Result<void> Run(const char* sql);
  Result<void> Migrate();
  Error Failed(const std::string& what) const;

  std::string path_;
  class Checkpointer;
  std::unique_ptr<Checkpointer> checkpointer_;
  sqlite3* database_ = nullptr;
  int lock_fd_ = -1;
  std::unique_ptr<Statement> put_, erase_, set_batch_, set_time_, begin_, commit_, append_, put_tile_, put_link_,
      set_seal_;
  uint64_t ledger_size_ = 0;
  const char* vfs_ = nullptr;
};

}  // namespace wideberth::store

#endif  // WIDEBERTH_STORE_SQLITE_STORE_H_
