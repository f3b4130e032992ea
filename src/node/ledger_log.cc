#include "node/ledger_log.h"

#include <algorithm>
#include <utility>

namespace wideberth::node {

using ledger::Hash;
using ledger::Tree;
using store::LedgerReader;

namespace {

Hash CommitmentOf(const store::LedgerEntry& entry) { return ledger::Commitment(entry.salt, entry.event); }

constexpr size_t kEntriesAtOnce = 4 * ledger::kTileWidth;

}  // namespace

namespace {

Error Altered(const Error& why) {
  return {Code::kIo, "the ledger in the store is not what was written: " + why.message +
                         ". Keep the file, for it may show who changed it, and restore a backup (wideberth data backup "
                         "makes them); `wideberth audit --data DIR` looks at all of it"};
}

}  // namespace

Result<std::unique_ptr<LedgerLog>> LedgerLog::Open(std::unique_ptr<LedgerReader> reader, Sealing sealing) {
  std::unique_ptr<LedgerLog> log(new LedgerLog(std::move(reader), std::move(sealing)));
  WB_TRY(const std::string seal, log->reader_->Seal());
  if (seal.empty()) {
    Result<Walked> walked = Walk(*log->reader_, {});
    if (!walked) return Altered(walked.error());
    log->tree_ = std::move(walked->tree);
    log->rows_ = std::move(walked->rows);
    log->links_missing_ = std::move(walked->links);
  } else {
    if (const Result<void> read = log->ReadEnd(); !read) return Altered(read.error());
    const bool asks_signature = log->sealing_.signer && !log->sealing_.new_key;
    const Result<void> matches =
        Matches(seal, asks_signature ? &log->sealing_.signer->verifier : nullptr, log->tree_, log->rows_);
    if (!matches) return Altered(matches.error());
  }
  log->needs_seal_ = seal.empty() || log->sealing_.new_key;
  log->Publish();
  if (const auto& published = log->sealing_.published) WB_TRY_OK(log->BeginsWith(*published));
  return log;
}

Result<void> LedgerLog::BeginsWith(const ledger::Checkpoint& published) const {
  const auto lost = [&](const std::string& what) {
    return Error{Code::kIo,
                 "the ledger in the store is not that which was published: " + what +
                     ". What others were shown cannot be taken back: with an older ledger under its name every "
                     "witness, audit and receipt would find it forged. Keep the files. If there is a store or a backup "
                     "that has all that was published, put it back. If not, what came after is lost: tell those who "
                     "follow the ledger, remove ledger.pub and ledger.head, and begin a ledger of a new name "
                     "(--ledger-origin)"};
  };
  if (published.size > size()) {
    return lost("it has " + std::to_string(size()) + " entries, and one of " + std::to_string(published.size) +
                " was published: the store lost its end, or an older one was put back");
  }
  WB_TRY(const Hash root, RootOf(published.size));
  if (root == published.root) return {};
  return lost("its first " + std::to_string(published.size) + " entries are others");
}

Result<void> LedgerLog::ReadEnd() {
  WB_TRY(const uint64_t size, reader_->size());
  const uint64_t tiles = size / ledger::kTileWidth;
  if (tiles > 0) {
    WB_TRY(const Hash link, reader_->Link(tiles - 1));
    rows_ = ledger::RowChain(link);
  }
  WB_TRY(const bool has_more, reader_->HasMoreThan(size));
  if (has_more) {
    return Error{Code::kInvalid, "it has tiles or links of more than its " + std::to_string(size) +
                                     " entries: entries at its end were removed, or tiles or links added"};
  }
  std::vector<Hash> tail;
  WB_TRY(const auto entries, reader_->Entries(tiles * ledger::kTileWidth, ledger::kTileWidth));
  for (const LedgerReader::Numbered& one : entries) {
    tail.push_back(CommitmentOf(one.entry));
    rows_.Append(tail.back(), one.entry.readers, one.entry.subject);
  }
  WB_TRY(tree_, Tree::Rebuild(size, tail, FullTiles()));
  return {};
}

Result<void> LedgerLog::Matches(std::string_view seal, const ledger::VerifierKey* operator_key, const Tree& tree,
                                const ledger::RowChain& rows) {
  const Result<ledger::Seal> sealed = ledger::OpenSeal(seal, operator_key);
  if (!sealed) return Error{Code::kInvalid, "its seal was changed: " + sealed.error().message};
  if (sealed->size != tree.size()) {
    return Error{Code::kInvalid, "it has " + std::to_string(tree.size()) + " entries, and its seal is of " +
                                     std::to_string(sealed->size) + ": entries at its end were " +
                                     (tree.size() < sealed->size ? "removed" : "added")};
  }
  const std::string where = tree.size() % ledger::kTileWidth == 0
                                ? "the last tile or the seal"
                                : "one of the entries from " +
                                      std::to_string(tree.size() - tree.size() % ledger::kTileWidth) +
                                      " on, the last tiles or the seal";
  if (sealed->root != tree.Root())
    return Error{Code::kInvalid, "its root is not that of its seal: " + where + " was changed"};
  if (sealed->rows != rows.Value())
    return Error{Code::kInvalid, "who may read its entries, or what they are about, is not what its seal says: " +
                                     where + " was changed"};
  return {};
}

void LedgerLog::Append(const std::array<uint8_t, 32>& seed, std::span<const model::Event> events, Appended& appended) {
  std::vector<ledger::FullTile> full;
  uint32_t number = 0;
  for (const model::Event& event : events) {
    store::LedgerEntry& entry = appended.entries.emplace_back();
    entry.salt = ledger::SaltOf(seed, number++);
    entry.event = event.text;
    entry.readers = event.readers;
    entry.subject = event.subject;
    const Hash commitment = CommitmentOf(entry);
    tree_.Append(commitment, full);
    if (const auto link = rows_.Append(commitment, entry.readers, entry.subject))
      appended.links.push_back({tree_.size() / ledger::kTileWidth - 1, *link});
  }
  for (ledger::FullTile& tile : full)
    appended.tiles.push_back({static_cast<int>(tile.level), tile.index, std::move(tile.hashes)});
}

void LedgerLog::Seal(Appended& appended) {
  if (appended.entries.empty() && !needs_seal_) return;
  appended.links.insert(appended.links.begin(), links_missing_.begin(), links_missing_.end());
  links_missing_.clear();
  needs_seal_ = false;
  appended.seal =
      ledger::WriteSeal({tree_.size(), tree_.Root(), rows_.Value()}, sealing_.signer ? &*sealing_.signer : nullptr);
}

void LedgerLog::Publish() {
  auto durable = std::make_shared<const Tree>(tree_);
  const std::lock_guard lock(mutex_);
  durable_ = std::move(durable);
}

std::shared_ptr<const Tree> LedgerLog::durable() const {
  const std::lock_guard lock(mutex_);
  return durable_;
}

LedgerLog::Head LedgerLog::head() const {
  const auto tree = durable();
  return {tree->size(), tree->Root()};
}

ledger::TileSource LedgerLog::FullTiles() const {
  return [this](const ledger::TileId& tile) { return reader_->Tile(static_cast<int>(tile.level), tile.index); };
}

ledger::TileSource LedgerLog::TilesOf(const std::shared_ptr<const Tree>& tree) const {
  return [this, tree](const ledger::TileId& tile) { return tree->TileBytes(tile, FullTiles()); };
}

Result<std::string> LedgerLog::Tile(const ledger::TilePath& path) const {
  const auto tree = durable();
  if (path.kind == ledger::TilePath::Kind::kHashes) return tree->TileBytes(path.tile, FullTiles());
  const ledger::TileId as_leaves{0, path.tile.index, path.tile.width};
  if (!ledger::HasTile(tree->size(), as_leaves)) return Error{Code::kNotFound, "there is no such tile"};
  WB_TRY(const auto entries, reader_->Entries(path.tile.index * ledger::kTileWidth, path.tile.width));
  std::vector<Hash> hashes;
  for (const LedgerReader::Numbered& one : entries) hashes.push_back(CommitmentOf(one.entry));
  return ledger::WriteEntriesTile(hashes);
}

Result<ledger::Proof> LedgerLog::InclusionProof(uint64_t index, uint64_t size) const {
  const auto tree = durable();
  if (size > tree->size()) return Error{Code::kInvalid, "the ledger is not that large"};
  return ledger::InclusionProof(index, size, TilesOf(tree));
}

Result<ledger::Proof> LedgerLog::ConsistencyProof(uint64_t old_size, uint64_t size) const {
  const auto tree = durable();
  if (size > tree->size()) return Error{Code::kInvalid, "the ledger is not that large"};
  return ledger::ConsistencyProof(old_size, size, TilesOf(tree));
}

Result<Hash> LedgerLog::RootOf(uint64_t size) const {
  const auto tree = durable();
  if (size > tree->size()) return Error{Code::kInvalid, "the ledger is not that large"};
  return ledger::RootOf(size, TilesOf(tree));
}

namespace {

bool MayRead(const LedgerReader::Numbered& one, std::string_view party) {
  return std::find(one.entry.readers.begin(), one.entry.readers.end(), party) != one.entry.readers.end();
}

}  // namespace

Result<LedgerLog::Readable> LedgerLog::EntriesFor(std::string_view party, uint64_t from, size_t look_at_max) const {
  WB_TRY(auto entries, reader_->Entries(from, look_at_max));
  Readable readable{{}, from + entries.size()};
  for (LedgerReader::Numbered& one : entries) {
    if (MayRead(one, party)) readable.entries.push_back(std::move(one));
  }
  return readable;
}

Result<std::vector<LedgerReader::Numbered>> LedgerLog::EntriesAbout(int64_t subject, std::string_view party) const {
  WB_TRY(auto entries, reader_->EntriesAbout(subject));
  std::erase_if(entries, [&](const LedgerReader::Numbered& one) { return !MayRead(one, party); });
  return entries;
}

Result<LedgerLog::Walked> LedgerLog::Walk(LedgerReader& reader, const std::function<void(double share)>& progress) {
  WB_TRY(const uint64_t size, reader.size());
  Walked walked;
  Tree& tree = walked.tree;
  std::vector<ledger::FullTile> full;
  uint64_t tiles = 0;
  while (tree.size() < size) {
    WB_TRY(const auto entries, reader.Entries(tree.size(), kEntriesAtOnce));
    for (const LedgerReader::Numbered& one : entries) {
      if (one.number != tree.size())
        return Error{Code::kInvalid, "entry " + std::to_string(tree.size()) + " of the ledger is missing"};
      const Hash commitment = CommitmentOf(one.entry);
      tree.Append(commitment, full);
      if (const auto link = walked.rows.Append(commitment, one.entry.readers, one.entry.subject))
        walked.links.push_back({walked.links.size(), *link});
    }
    for (const ledger::FullTile& tile : full) {
      WB_TRY(const std::string stored, reader.Tile(static_cast<int>(tile.level), tile.index));
      if (stored == tile.hashes) continue;
      uint64_t first = tile.index;
      for (uint32_t i = 0; i <= tile.level; ++i) first *= ledger::kTileWidth;
      return Error{Code::kInvalid, "the ledger's tile " + std::to_string(tile.index) + " of level " +
                                       std::to_string(tile.level) +
                                       " is not that of its entries, which begin with entry " + std::to_string(first) +
                                       ": an entry or the tile was changed"};
    }
    tiles += full.size();
    full.clear();
    if (entries.empty()) return Error{Code::kInvalid, "entries of the ledger are missing"};
    if (progress) progress(static_cast<double>(tree.size()) / static_cast<double>(size));
  }
  WB_TRY(const LedgerReader::Counts counts, reader.Count());
  if (counts.tiles != tiles) {
    return Error{Code::kInvalid, "the ledger has " + std::to_string(counts.tiles) + " tiles, and its entries fill " +
                                     std::to_string(tiles) + ": entries at its end were removed, or tiles added"};
  }
  return walked;
}

Result<LedgerLog::Head> LedgerLog::Check(LedgerReader& reader, const ledger::VerifierKey* operator_key,
                                         const std::function<void(double share)>& progress) {
  WB_TRY_OK(reader.Freeze());
  WB_TRY(const Walked walked, Walk(reader, progress));
  WB_TRY(const std::string seal, reader.Seal());
  if (seal.empty()) {
    return Error{Code::kInvalid,
                 "the ledger has no seal: either `wideberth serve --ledger on` was not started on this store since it "
                 "was brought up to date, or the seal was removed"};
  }
  for (const store::LedgerLink& link : walked.links) {
    WB_TRY(const Hash stored, reader.Link(link.index));
    if (stored == link.digest) continue;
    const uint64_t first = link.index * ledger::kTileWidth;
    return Error{Code::kInvalid, "the ledger's link " + std::to_string(link.index) +
                                     " is not that of its rows: who may read one of the entries from " +
                                     std::to_string(first) + " to " + std::to_string(first + ledger::kTileWidth - 1) +
                                     ", what it is about, or the link was changed"};
  }
  WB_TRY(const LedgerReader::Counts counts, reader.Count());
  if (counts.links != walked.links.size()) return Error{Code::kInvalid, "the ledger has links of rows that it lacks"};
  WB_TRY_OK(Matches(seal, operator_key, walked.tree, walked.rows));
  return Head{walked.tree.size(), walked.tree.Root()};
}

}  // namespace wideberth::node
