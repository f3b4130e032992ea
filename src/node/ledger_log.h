#ifndef WIDEBERTH_NODE_LEDGER_LOG_H_
#define WIDEBERTH_NODE_LEDGER_LOG_H_

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ledger/tree.h"
#include "model/record.h"
#include "store/store.h"

namespace wideberth::node {

// The ledger of a node (docs/ledger.md): what happens becomes entries of the store and of the tree, and what is durable
// can be read, proven and served. Reading is thread-safe; Append and Publish belong to the sequencer's thread.
class LedgerLog {
 public:
  // Rebuilds the tree's right edge from the store. kIo or kInvalid for a ledger that is not whole.
  static Result<std::unique_ptr<LedgerLog>> Open(std::unique_ptr<store::LedgerReader> reader);

  // ---- Writing.

  struct Appended {
    std::vector<store::LedgerEntry> entries;
    std::vector<store::LedgerTile> tiles;
  };
  // Adds what happened with one command; `seed` is its stamp's.
  void Append(const std::array<uint8_t, 32>& seed, std::span<const model::Event> events, Appended& appended);
  // What was appended is durable now.
  void Publish();

  // ---- Reading what is durable.

  struct Head {
    uint64_t size = 0;
    ledger::Hash root{};
  };
  Head head() const;
  // The bytes of a tile; kNotFound for one that is not there (yet).
  Result<std::string> Tile(const ledger::TilePath& path) const;
  // Of the tree with the first `size` entries. kInvalid beyond what is durable.
  Result<ledger::Proof> InclusionProof(uint64_t index, uint64_t size) const;
  Result<ledger::Proof> ConsistencyProof(uint64_t old_size, uint64_t size) const;
  Result<ledger::Hash> RootOf(uint64_t size) const;

  // Those of the next `look_at_max` entries from `from` on that the party may read; `next` is where to go on.
  struct Readable {
    std::vector<store::LedgerReader::Numbered> entries;
    uint64_t next = 0;
  };
  Result<Readable> EntriesFor(std::string_view party, uint64_t from, size_t look_at_max) const;
  // What happened to the notices that were made at that time, as far as the party may read it.
  Result<std::vector<store::LedgerReader::Numbered>> EntriesAbout(int64_t subject, std::string_view party) const;

  // Looks at every entry and every tile: kInvalid, saying where, unless the tiles are exactly those of the entries.
  // Returns the root.
  static Result<Head> Check(store::LedgerReader& reader);

 private:
  explicit LedgerLog(std::unique_ptr<store::LedgerReader> reader) : reader_(std::move(reader)) {}
  std::shared_ptr<const ledger::Tree> durable() const;
  ledger::TileSource FullTiles() const;
  ledger::TileSource TilesOf(const std::shared_ptr<const ledger::Tree>& tree) const;

  const std::unique_ptr<store::LedgerReader> reader_;
  ledger::Tree tree_;  // with what is not durable yet

  mutable std::mutex mutex_;
  std::shared_ptr<const ledger::Tree> durable_;
};

}  // namespace wideberth::node

#endif  // WIDEBERTH_NODE_LEDGER_LOG_H_
