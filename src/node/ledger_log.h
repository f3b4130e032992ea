#ifndef WIDEBERTH_NODE_LEDGER_LOG_H_
#define WIDEBERTH_NODE_LEDGER_LOG_H_

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ledger/checkpoint.h"
#include "ledger/seal.h"
#include "ledger/tree.h"
#include "model/record.h"
#include "store/store.h"

namespace wideberth::node {

// The ledger of a node (docs/ledger.md): what happens becomes entries of the store and of the tree, and what is durable
// can be read, proven and served. Reading is thread-safe; Append and Publish belong to the sequencer's thread.
class LedgerLog {
 public:
  // Who seals the store's ledger. Without a signer the seal is that of nobody. With `new_key` the seal that is there
  // may be of another.
  struct Sealing {
    std::optional<ledger::Signer> signer{};
    bool new_key = false;
    // The last head that anybody was given, as it is known outside of the store: the ledger begins with it.
    std::optional<ledger::Checkpoint> published{};
  };
  // Rebuilds the tree's right edge from the store. kIo, with the remedy, if it is not what the store's seal says, or
  // does not begin with what was published. A ledger that has no seal yet, of an older format, is looked at as a whole.
  static Result<std::unique_ptr<LedgerLog>> Open(std::unique_ptr<store::LedgerReader> reader, Sealing sealing);

  // ---- Writing.

  struct Appended {
    std::vector<store::LedgerEntry> entries;
    std::vector<store::LedgerTile> tiles;
    std::vector<store::LedgerLink> links;
    std::string seal;  // "": as it was
  };
  // Adds what happened with one command; `seed` is its stamp's.
  void Append(const std::array<uint8_t, 32>& seed, std::span<const model::Event> events, Appended& appended);
  // Whether what is in the store still has to be sealed, though nothing is appended.
  bool needs_seal() const { return needs_seal_; }
  // Seals what was appended, which is to become durable with it. REQUIRES: a batch's appended, once.
  void Seal(Appended& appended);
  // What was appended is durable now.
  void Publish();

  // ---- Reading what is durable.

  struct Head {
    uint64_t size = 0;
    ledger::Hash root{};
  };
  Head head() const;
  uint64_t size() const { return durable()->size(); }
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

  // Looks at every row: kInvalid, saying where, unless tiles, links and seal are exactly those of the entries; with
  // `operator_key` also unless the seal is signed with it. Freezes the reader. Tells `progress`, which may be empty,
  // the share that it has looked at. Returns the root.
  static Result<Head> Check(store::LedgerReader& reader, const ledger::VerifierKey* operator_key,
                            const std::function<void(double share)>& progress = {});

 private:
  struct Walked {
    ledger::Tree tree;
    ledger::RowChain rows;
    std::vector<store::LedgerLink> links;
  };
  LedgerLog(std::unique_ptr<store::LedgerReader> reader, Sealing sealing)
      : reader_(std::move(reader)), sealing_(std::move(sealing)) {}
  // From the first entry to the last, comparing with the tiles.
  static Result<Walked> Walk(store::LedgerReader& reader, const std::function<void(double share)>& progress);
  static Result<void> Matches(std::string_view seal, const ledger::VerifierKey* operator_key, const ledger::Tree& tree,
                              const ledger::RowChain& rows);
  Result<void> ReadEnd();
  Result<void> BeginsWith(const ledger::Checkpoint& published) const;
  std::shared_ptr<const ledger::Tree> durable() const;
  ledger::TileSource FullTiles() const;
  ledger::TileSource TilesOf(const std::shared_ptr<const ledger::Tree>& tree) const;

  const std::unique_ptr<store::LedgerReader> reader_;
  const Sealing sealing_;
  ledger::Tree tree_;      // with what is not durable yet
  ledger::RowChain rows_;  // likewise
  bool needs_seal_ = false;
  std::vector<store::LedgerLink> links_missing_;  // of a ledger that had no seal

  mutable std::mutex mutex_;
  std::shared_ptr<const ledger::Tree> durable_;
};

}  // namespace wideberth::node

#endif  // WIDEBERTH_NODE_LEDGER_LOG_H_
