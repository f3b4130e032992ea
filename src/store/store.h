#ifndef WIDEBERTH_STORE_STORE_H_
#define WIDEBERTH_STORE_STORE_H_

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "model/record.h"

namespace wideberth::store {

// How far a store is: the number of its last batch, 0 for none, and the time stamped on it.
struct Position {
  uint64_t batch = 0;
  TimeNs time{std::numeric_limits<int64_t>::min()};

  friend bool operator==(const Position&, const Position&) = default;
};

// What happened, as the ledger keeps it beside its tree (docs/ledger.md).
struct LedgerEntry {
  std::array<uint8_t, 32> salt{};
  std::string event;
  std::vector<std::string> readers;  // names of parties; each of at most 65,535 bytes
  std::optional<int64_t> subject;    // the notice that it is about, by the time at which that was made

  friend bool operator==(const LedgerEntry&, const LedgerEntry&) = default;
};

// A full tile of the ledger's tree: 256 hashes of 32 bytes.
struct LedgerTile {
  int level = 0;
  uint64_t index = 0;
  std::string hashes;
};

// What stands for 256 rows of the ledger and all before them: ledger::RowChain's.
struct LedgerLink {
  uint64_t index = 0;
  std::array<uint8_t, 32> digest{};
};

struct Batch {
  Position to;
  std::span<const model::RecordChange> records;
  std::span<const LedgerEntry> entries;  // they follow those that are there
  std::span<const LedgerTile> tiles;
  std::span<const LedgerLink> links{};
  std::string_view seal{};  // of the ledger with these entries; "": as it was
};

// Reads a store's ledger beside its writer. What it gives is durable. Thread-safe.
class LedgerReader {
 public:
  struct Numbered {
    uint64_t number = 0;
    LedgerEntry entry;
  };

  virtual ~LedgerReader() = default;

  virtual Result<uint64_t> size() = 0;
  // At most `count_max` from the one with the number `from` on. Ends early only where the ledger ends.
  virtual Result<std::vector<Numbered>> Entries(uint64_t from, size_t count_max) = 0;
  // Ascending by number.
  virtual Result<std::vector<Numbered>> EntriesAbout(int64_t subject) = 0;
  // A full tile's hashes; kNotFound for one that is not there.
  virtual Result<std::string> Tile(int level, uint64_t index) = 0;
  // kNotFound for one that is not there.
  virtual Result<std::array<uint8_t, 32>> Link(uint64_t index) = 0;
  // The last that was committed; "" before the first.
  virtual Result<std::string> Seal() = 0;
  struct Counts {
    uint64_t tiles = 0;
    uint64_t links = 0;
  };
  virtual Result<Counts> Count() = 0;
  // Whether there are tiles or links that no ledger of `entries` has: beyond its end, or numbered as none is.
  virtual Result<bool> HasMoreThan(uint64_t entries) = 0;
  // From now on it reads the ledger as it is now, whatever is committed.
  virtual Result<void> Freeze() = 0;
};

// What an airspace keeps durable: records by key, and its ledger, changed a batch at a time. Thread-compatible.
class Store {
 public:
  virtual ~Store() = default;

  using RecordVisitor = std::function<Result<void>(const model::RecordKey& key, std::string_view record)>;
  // Calls `visit` with every record, in the order of keys; ends with its first Error. kIo, naming the file, for what
  // cannot be read or was damaged.
  virtual Result<void> Load(const RecordVisitor& visit) = 0;

  virtual Result<Position> position() = 0;

  // Makes a batch durable, all of it or nothing: when it returns, a crash loses none of it. Later changes of a key
  // replace earlier ones. After an Error the store is not to be used again: nobody knows what of the batch is durable.
  // REQUIRES: batch.to.batch is one more than the last.
  virtual Result<void> Commit(const Batch& batch) = 0;
  Result<void> CommitRecords(const Position& to, std::span<const model::RecordChange> records) {
    return Commit(Batch{.to = to, .records = records, .entries = {}, .tiles = {}});
  }

  virtual Result<std::unique_ptr<LedgerReader>> OpenLedger() = 0;
};

}  // namespace wideberth::store

#endif  // WIDEBERTH_STORE_STORE_H_
