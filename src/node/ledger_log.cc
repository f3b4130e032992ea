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

Result<std::unique_ptr<LedgerLog>> LedgerLog::Open(std::unique_ptr<LedgerReader> reader) {
  std::unique_ptr<LedgerLog> log(new LedgerLog(std::move(reader)));
  WB_TRY(const uint64_t size, log->reader_->size());
  const uint64_t in_tiles = size - size % ledger::kTileWidth;
  std::vector<Hash> tail;
  WB_TRY(const auto entries, log->reader_->Entries(in_tiles, ledger::kTileWidth));
  for (const LedgerReader::Numbered& one : entries) tail.push_back(CommitmentOf(one.entry));
  WB_TRY(log->tree_, Tree::Rebuild(size, tail, log->FullTiles()));
  log->Publish();
  return log;
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
    tree_.Append(CommitmentOf(entry), full);
  }
  for (ledger::FullTile& tile : full)
    appended.tiles.push_back({static_cast<int>(tile.level), tile.index, std::move(tile.hashes)});
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

Result<LedgerLog::Head> LedgerLog::Check(LedgerReader& reader) {
  WB_TRY(const uint64_t size, reader.size());
  Tree tree;
  std::vector<ledger::FullTile> full;
  while (tree.size() < size) {
    WB_TRY(const auto entries, reader.Entries(tree.size(), kEntriesAtOnce));
    for (const LedgerReader::Numbered& one : entries) {
      if (one.number != tree.size())
        return Error{Code::kInvalid, "entry " + std::to_string(tree.size()) + " of the ledger is missing"};
      tree.Append(CommitmentOf(one.entry), full);
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
    full.clear();
    if (entries.empty()) return Error{Code::kInvalid, "entries of the ledger are missing"};
  }
  const Result<std::string> beyond = reader.Tile(0, size / ledger::kTileWidth);
  if (beyond) return Error{Code::kInvalid, "entries at the end of the ledger are missing: there is a tile of them"};
  if (beyond.error().code != Code::kNotFound) return beyond.error();
  return Head{tree.size(), tree.Root()};
}

}  // namespace wideberth::node
