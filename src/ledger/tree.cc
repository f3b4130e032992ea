#include "ledger/tree.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <map>
#include <utility>

#include "base/check.h"
#include "crypto/hmac.h"

namespace wideberth::ledger {
namespace {

constexpr std::string_view kCommitmentDomain{"wideberth/ledger/v1\0", 20};
constexpr uint32_t kTileLevelMax = 63;  // of a path (tlog-tiles)
constexpr uint32_t kTileLevels = 8;     // that a tree of kTreeSizeMax has
constexpr size_t kIndexGroupsMax = 6;   // of three digits, of a path
constexpr std::string_view kPathStart = "tile/";
constexpr std::string_view kEntries = "entries/";
constexpr std::string_view kPartial = ".p/";

// How many hashes the level has in all.
uint64_t HashesOfLevel(uint64_t tree_size, uint32_t level) {
  return level < kTileLevels ? tree_size >> (kTileHeight * level) : 0;
}

Hash ReduceTile(std::span<const Hash> hashes) {
  WB_CHECK(std::has_single_bit(hashes.size()));
  std::vector<Hash> row(hashes.begin(), hashes.end());
  while (row.size() > 1) {
    for (size_t i = 0; i < row.size() / 2; ++i) row[i] = NodeHash(row[2 * i], row[2 * i + 1]);
    row.resize(row.size() / 2);
  }
  return row[0];
}

std::string Join(std::span<const Hash> hashes) {
  std::string bytes;
  bytes.reserve(hashes.size() * kHashBytes);
  for (const Hash& hash : hashes) bytes += BytesOf(hash);
  return bytes;
}

std::vector<Hash> Split(std::string_view bytes) {
  std::vector<Hash> hashes;
  hashes.reserve(bytes.size() / kHashBytes);
  for (size_t at = 0; at < bytes.size(); at += kHashBytes) hashes.push_back(HashOf(bytes.substr(at, kHashBytes)));
  return hashes;
}

Result<std::vector<Hash>> Fetch(const TileId& tile, const TileSource& source) {
  WB_TRY(const std::string bytes, source(tile));
  if (bytes.size() != tile.width * kHashBytes)
    return Error{Code::kInvalid, PathOf({TilePath::Kind::kHashes, tile}) + " has " + std::to_string(bytes.size()) +
                                     " bytes, not " + std::to_string(tile.width * kHashBytes)};
  return Split(bytes);
}

// Hashes of ranges of the entries of one tree; each tile is asked for once.
class RangeHasher {
 public:
  RangeHasher(uint64_t size, const TileSource& source) : size_(size), source_(source) {}

  // MTH(D[begin:end]) of RFC 6962. REQUIRES: begin < end <= size, and begin is a multiple of the least power of two
  // that is not less than end - begin, as it is in all that the RFC's recursions ask for.
  Result<Hash> Range(uint64_t begin, uint64_t end) {
    const uint64_t count = end - begin;
    if (std::has_single_bit(count)) return Subtree(static_cast<uint32_t>(std::countr_zero(count)), begin / count);
    const uint64_t left = std::bit_floor(count);
    WB_TRY(const Hash left_hash, Range(begin, begin + left));
    WB_TRY(const Hash right_hash, Range(begin + left, end));
    return NodeHash(left_hash, right_hash);
  }

 private:
  // Of the entries from index * 2^height on, 2^height of them.
  Result<Hash> Subtree(uint32_t height, uint64_t index) {
    const uint32_t level = height / kTileHeight;
    const uint32_t height_in_tile = height % kTileHeight;
    const uint64_t first = index << height_in_tile;
    const TileId tile = TileOf(size_, level, first / kTileWidth);
    auto at = tiles_.find(tile);
    if (at == tiles_.end()) {
      WB_TRY(std::vector<Hash> hashes, Fetch(tile, source_));
      at = tiles_.emplace(tile, std::move(hashes)).first;
    }
    return ReduceTile(std::span(at->second).subspan(first % kTileWidth, size_t{1} << height_in_tile));
  }

  const uint64_t size_;
  const TileSource& source_;
  std::map<TileId, std::vector<Hash>> tiles_;
};

Result<void> CheckSize(uint64_t size) {
  if (size > kTreeSizeMax)
    return Error{Code::kInvalid, "a tree has at most " + std::to_string(kTreeSizeMax) + " entries"};
  return {};
}

// Decimal digits without zeros before them.
template <typename Number>
bool ReadNumber(std::string_view digits, Number& number) {
  if (digits.empty() || (digits.size() > 1 && digits[0] == '0')) return false;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() && end == digits.data() + digits.size() && digits[0] != '-';
}

bool ReadIndex(std::string_view text, uint64_t& index) {
  index = 0;
  for (size_t groups = 1; groups <= kIndexGroupsMax; ++groups) {
    const bool last = text.empty() || text[0] != 'x';
    if (!last) text.remove_prefix(1);
    if (text.size() < 3) return false;
    const std::string_view group = text.substr(0, 3);
    for (const char digit : group) {
      if (digit < '0' || digit > '9') return false;
      index = 10 * index + static_cast<uint64_t>(digit - '0');
    }
    text.remove_prefix(3);
    if (last) return text.empty();
    // Of a number with fewer digits there are fewer groups.
    if ((groups == 1 && group == "000") || text.empty() || text[0] != '/') return false;
    text.remove_prefix(1);
  }
  return false;
}

// ---- Verifying: one path, from the leaf or subtree at the bottom up.

Error TooFewHashes() { return {Code::kInvalid, "the proof has too few hashes"}; }
Error TooManyHashes() { return {Code::kInvalid, "the proof has too many hashes"}; }

}  // namespace

std::string_view BytesOf(const Hash& hash) { return {reinterpret_cast<const char*>(hash.data()), hash.size()}; }

Hash HashOf(std::string_view bytes) {
  WB_CHECK(bytes.size() == kHashBytes);
  Hash hash;
  std::memcpy(hash.data(), bytes.data(), kHashBytes);
  return hash;
}

Hash Commitment(const Hash& salt, std::string_view event) {
  crypto::Sha256 hash;
  hash.Update(kCommitmentDomain);
  hash.Update(BytesOf(salt));
  hash.Update(event);
  return hash.Finish();
}

Hash SaltOf(const Hash& seed, uint32_t number) {
  const std::array<char, 4> bytes{static_cast<char>(number >> 24), static_cast<char>(number >> 16),
                                  static_cast<char>(number >> 8), static_cast<char>(number)};
  return crypto::HmacSha256(BytesOf(seed), {bytes.data(), bytes.size()});
}

Hash LeafHash(std::string_view entry) {
  crypto::Sha256 hash;
  hash.Update(std::string_view("\0", 1));
  hash.Update(entry);
  return hash.Finish();
}

Hash NodeHash(const Hash& left, const Hash& right) {
  std::array<char, 1 + 2 * kHashBytes> bytes{1};
  std::memcpy(bytes.data() + 1, left.data(), kHashBytes);
  std::memcpy(bytes.data() + 1 + kHashBytes, right.data(), kHashBytes);
  return crypto::Sha256::Of({bytes.data(), bytes.size()});
}

Hash EmptyRoot() { return crypto::Sha256::Of(""); }

// ---- Tiles.

Result<TilePath> ParseTilePath(std::string_view path) {
  const Error error{Code::kInvalid, "not a path of a tile: tile/LEVEL/INDEX or tile/entries/INDEX, perhaps .p/WIDTH"};
  TilePath parsed;
  if (!path.starts_with(kPathStart)) return error;
  path.remove_prefix(kPathStart.size());
  if (path.starts_with(kEntries)) {
    parsed.kind = TilePath::Kind::kEntries;
    path.remove_prefix(kEntries.size());
  } else {
    const size_t slash = path.find('/');
    if (slash == std::string_view::npos || !ReadNumber(path.substr(0, slash), parsed.tile.level) ||
        parsed.tile.level > kTileLevelMax)
      return error;
    path.remove_prefix(slash + 1);
  }
  if (const size_t partial = path.find(kPartial); partial != std::string_view::npos) {
    if (!ReadNumber(path.substr(partial + kPartial.size()), parsed.tile.width) || parsed.tile.width == 0 ||
        parsed.tile.width >= kTileWidth)
      return error;
    path = path.substr(0, partial);
  }
  if (!ReadIndex(path, parsed.tile.index)) return error;
  return parsed;
}

std::string PathOf(const TilePath& path) {
  std::string groups;
  uint64_t index = path.tile.index;
  for (bool last = true; last || index > 0; last = false, index /= 1000) {
    std::string group = std::to_string(1000 + index % 1000).substr(1);
    if (!last) group.insert(0, "x").append("/");
    groups.insert(0, group);
  }
  std::string text(kPathStart);
  text += path.kind == TilePath::Kind::kEntries ? std::string(kEntries) : std::to_string(path.tile.level) + "/";
  text += groups;
  if (path.tile.width < kTileWidth) text += std::string(kPartial) + std::to_string(path.tile.width);
  return text;
}

bool HasTile(uint64_t tree_size, const TileId& tile) {
  const uint64_t hashes = HashesOfLevel(tree_size, tile.level);
  return tile.width > 0 && tile.width <= kTileWidth && tile.index <= hashes / kTileWidth &&
         hashes - tile.index * kTileWidth >= tile.width;
}

TileId TileOf(uint64_t tree_size, uint32_t level, uint64_t index) {
  WB_CHECK(HasTile(tree_size, {level, index, 1}));
  const uint64_t left = HashesOfLevel(tree_size, level) - index * kTileWidth;
  return {level, index, static_cast<uint32_t>(std::min<uint64_t>(left, kTileWidth))};
}

// ---- The tree.

Result<Tree> Tree::Rebuild(uint64_t size, std::span<const Hash> tail, const TileSource& full) {
  WB_TRY_OK(CheckSize(size));
  if (tail.size() != size % kTileWidth)
    return Error{Code::kInvalid, "a tree of " + std::to_string(size) + " entries has " +
                                     std::to_string(size % kTileWidth) + " after its full tiles, not " +
                                     std::to_string(tail.size())};
  Tree tree;
  tree.size_ = size;
  for (uint32_t level = 0; HashesOfLevel(size, level) > 0; ++level) {
    std::vector<Hash>& edge = tree.edge_.emplace_back();
    if (level == 0) {
      for (const Hash& entry : tail) edge.push_back(LeafHash(BytesOf(entry)));
      continue;
    }
    const uint64_t hashes = HashesOfLevel(size, level);
    for (uint64_t i = hashes - hashes % kTileWidth; i < hashes; ++i) {
      WB_TRY(const std::vector<Hash> below, Fetch({level - 1, i, kTileWidth}, full));
      edge.push_back(ReduceTile(below));
    }
  }
  return tree;
}

void Tree::Append(const Hash& entry, std::vector<FullTile>& finished) {
  WB_CHECK(size_ < kTreeSizeMax);
  Hash hash = LeafHash(BytesOf(entry));
  for (uint32_t level = 0;; ++level) {
    if (level == edge_.size()) edge_.emplace_back();
    edge_[level].push_back(hash);
    if (edge_[level].size() < kTileWidth) break;
    finished.push_back({level, size_ >> (kTileHeight * (level + 1)), Join(edge_[level])});
    hash = ReduceTile(edge_[level]);
    edge_[level].clear();
  }
  ++size_;
}

Hash Tree::Root() const {
  if (size_ == 0) return EmptyRoot();
  // Perfect subtrees stand side by side, the largest first; the root joins them from the right.
  std::vector<Hash> peaks;
  for (size_t level = edge_.size(); level-- > 0;) {
    const std::span<const Hash> edge = edge_[level];
    size_t at = 0;
    while (at < edge.size()) {
      const size_t count = std::bit_floor(edge.size() - at);
      peaks.push_back(ReduceTile(edge.subspan(at, count)));
      at += count;
    }
  }
  Hash root = peaks.back();
  for (size_t i = peaks.size() - 1; i-- > 0;) root = NodeHash(peaks[i], root);
  return root;
}

Result<std::string> Tree::TileBytes(const TileId& tile, const TileSource& full) const {
  if (!HasTile(size_, tile)) return Error{Code::kNotFound, "the tree has no such tile"};
  if (HasTile(size_, {tile.level, tile.index, kTileWidth})) {
    WB_TRY(const std::vector<Hash> hashes, Fetch({tile.level, tile.index, kTileWidth}, full));
    return Join(std::span(hashes).first(tile.width));
  }
  return Join(std::span(edge_[tile.level]).first(tile.width));
}

// ---- Roots and proofs.

Result<Hash> RootOf(uint64_t size, const TileSource& source) {
  WB_TRY_OK(CheckSize(size));
  if (size == 0) return EmptyRoot();
  return RangeHasher(size, source).Range(0, size);
}

Result<Proof> InclusionProof(uint64_t index, uint64_t size, const TileSource& source) {
  WB_TRY_OK(CheckSize(size));
  if (index >= size)
    return Error{Code::kInvalid,
                 "a tree of " + std::to_string(size) + " entries has no entry " + std::to_string(index)};
  RangeHasher hasher(size, source);
  Proof proof;
  uint64_t begin = 0;
  uint64_t end = size;
  while (end - begin > 1) {
    const uint64_t middle = begin + std::bit_ceil(end - begin) / 2;
    const bool goes_left = index < middle;
    WB_TRY(const Hash sibling, goes_left ? hasher.Range(middle, end) : hasher.Range(begin, middle));
    proof.push_back(sibling);
    (goes_left ? end : begin) = middle;
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

Result<Proof> ConsistencyProof(uint64_t old_size, uint64_t size, const TileSource& source) {
  WB_TRY_OK(CheckSize(size));
  if (old_size > size)
    return Error{Code::kInvalid, "a tree of " + std::to_string(size) + " entries has none of " +
                                     std::to_string(old_size) + " before it"};
  Proof proof;
  if (old_size == 0) return proof;
  RangeHasher hasher(size, source);
  uint64_t begin = 0;
  uint64_t end = size;
  // RFC 6962, section 2.1.2: until what is left is a whole subtree of the old tree.
  while (old_size != end) {
    const uint64_t middle = begin + std::bit_ceil(end - begin) / 2;
    const bool goes_left = old_size <= middle;
    WB_TRY(const Hash sibling, goes_left ? hasher.Range(middle, end) : hasher.Range(begin, middle));
    proof.push_back(sibling);
    (goes_left ? end : begin) = middle;
  }
  if (begin > 0) {
    WB_TRY(const Hash shared, hasher.Range(begin, end));
    proof.push_back(shared);
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

Result<void> VerifyInclusion(uint64_t index, uint64_t size, const Hash& leaf_hash, const Proof& proof,
                             const Hash& root) {
  WB_TRY_OK(CheckSize(size));
  if (index >= size)
    return Error{Code::kInvalid,
                 "a tree of " + std::to_string(size) + " entries has no entry " + std::to_string(index)};
  uint64_t position = index;
  uint64_t last = size - 1;
  Hash hash = leaf_hash;
  for (const Hash& sibling : proof) {
    if (last == 0) return TooManyHashes();
    if (position % 2 == 1 || position == last) {
      hash = NodeHash(sibling, hash);
      while (position % 2 == 0 && position != 0) {
        position >>= 1;
        last >>= 1;
      }
    } else {
      hash = NodeHash(hash, sibling);
    }
    position >>= 1;
    last >>= 1;
  }
  if (last != 0) return TooFewHashes();
  if (hash != root) return Error{Code::kInvalid, "the proof does not lead from the entry to the tree's root"};
  return {};
}

Result<void> VerifyConsistency(uint64_t old_size, uint64_t size, const Hash& old_root, const Hash& root,
                               const Proof& proof) {
  WB_TRY_OK(CheckSize(size));
  if (old_size > size) return Error{Code::kInvalid, "the old tree is larger than the new one"};
  if (old_size == 0 && old_root != EmptyRoot())
    return Error{Code::kInvalid, "the old root is not that of the tree without entries"};
  if (old_size == size && old_root != root) return Error{Code::kInvalid, "trees of one size have different roots"};
  if (old_size == 0 || old_size == size) {
    if (!proof.empty()) return TooManyHashes();
    return {};
  }
  uint64_t position = old_size - 1;
  uint64_t last = size - 1;
  while (position % 2 == 1) {
    position >>= 1;
    last >>= 1;
  }
  auto next = proof.begin();
  Hash old_hash = old_root;
  // An old tree that is one whole subtree is its own start.
  if (!std::has_single_bit(old_size)) {
    if (proof.empty()) return TooFewHashes();
    old_hash = *next++;
  }
  Hash hash = old_hash;
  for (; next != proof.end(); ++next) {
    if (last == 0) return TooManyHashes();
    if (position % 2 == 1 || position == last) {
      old_hash = NodeHash(*next, old_hash);
      hash = NodeHash(*next, hash);
      while (position % 2 == 0 && position != 0) {
        position >>= 1;
        last >>= 1;
      }
    } else {
      hash = NodeHash(hash, *next);
    }
    position >>= 1;
    last >>= 1;
  }
  if (last != 0) return TooFewHashes();
  if (old_hash != old_root) return Error{Code::kInvalid, "the proof does not lead to the old tree's root"};
  if (hash != root) return Error{Code::kInvalid, "the proof does not lead to the new tree's root"};
  return {};
}

// ---- Tiles of entries.

std::string WriteEntriesTile(std::span<const Hash> entries) {
  std::string bytes;
  bytes.reserve(entries.size() * (2 + kHashBytes));
  for (const Hash& entry : entries) {
    bytes += '\0';
    bytes += static_cast<char>(kHashBytes);
    bytes += BytesOf(entry);
  }
  return bytes;
}

Result<std::vector<Hash>> ParseEntriesTile(std::string_view bytes, uint32_t width) {
  constexpr size_t kEntryBytes = 2 + kHashBytes;
  if (bytes.size() != width * kEntryBytes)
    return Error{Code::kInvalid, "a tile of " + std::to_string(width) + " entries has " +
                                     std::to_string(width * kEntryBytes) + " bytes, not " +
                                     std::to_string(bytes.size())};
  std::vector<Hash> entries;
  for (size_t at = 0; at < bytes.size(); at += kEntryBytes) {
    if (bytes[at] != '\0' || bytes[at + 1] != static_cast<char>(kHashBytes))
      return Error{Code::kInvalid, "entry " + std::to_string(at / kEntryBytes) + " of the tile has not 32 bytes"};
    entries.push_back(HashOf(bytes.substr(at + 2, kHashBytes)));
  }
  return entries;
}

}  // namespace wideberth::ledger
