#ifndef WIDEBERTH_LEDGER_TREE_H_
#define WIDEBERTH_LEDGER_TREE_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/sha256.h"

// The ledger's Merkle tree (RFC 6962, section 2.1), kept and served as tiles (C2SP tlog-tiles): docs/formats/ledger.md.
namespace wideberth::ledger {

using Hash = crypto::Digest;
using Proof = std::vector<Hash>;

inline constexpr size_t kHashBytes = 32;
inline constexpr uint32_t kTileHeight = 8;
inline constexpr uint32_t kTileWidth = 256;  // hashes of a full tile: 2 to the power of kTileHeight
inline constexpr size_t kTileBytes = kTileWidth * kHashBytes;
inline constexpr uint64_t kTreeSizeMax = INT64_MAX;
inline constexpr size_t kProofHashesMax = 63;  // of any proof in any tree

// ---- What is hashed.

// What the ledger has of an event: SHA-256("wideberth/ledger/v1" || 0x00 || salt || event).
Hash Commitment(const Hash& salt, std::string_view event);
// Salt `number` of a command with this seed.
Hash SaltOf(const Hash& seed, uint32_t number);

Hash LeafHash(std::string_view entry);
Hash NodeHash(const Hash& left, const Hash& right);
// The root of the tree without entries.
Hash EmptyRoot();

std::string_view BytesOf(const Hash& hash);
// REQUIRES: 32 bytes.
Hash HashOf(std::string_view bytes);

// ---- Tiles.

// A tile of hashes of the tree; at level 0 of leaves. Tile `index` of level `level` begins with the hash that covers
// the entries from index * 256^(level + 1) on.
struct TileId {
  uint32_t level = 0;
  uint64_t index = 0;
  uint32_t width = kTileWidth;  // how many hashes; fewer than kTileWidth in a partial tile

  friend auto operator<=>(const TileId&, const TileId&) = default;
};

// What is asked for under /ledger: a tile of hashes, or one of entries, which has no level (0).
struct TilePath {
  enum class Kind { kHashes, kEntries };
  Kind kind = Kind::kHashes;
  TileId tile;

  friend bool operator==(const TilePath&, const TilePath&) = default;
};
// "tile/0/x001/234.p/17", "tile/entries/001": exactly what PathOf writes. kInvalid for any other text.
Result<TilePath> ParseTilePath(std::string_view path);
// REQUIRES: index < 10^18.
std::string PathOf(const TilePath& path);

// Whether a tree of this size has the tile with (at least) this width.
bool HasTile(uint64_t tree_size, const TileId& tile);
// The widest tile that a tree of this size has there. REQUIRES: it has one.
TileId TileOf(uint64_t tree_size, uint32_t level, uint64_t index);

// Where the hashes of tiles come from: tile.width * 32 bytes.
using TileSource = std::function<Result<std::string>(const TileId& tile)>;

struct FullTile {
  uint32_t level = 0;
  uint64_t index = 0;
  std::string hashes;  // kTileBytes

  friend bool operator==(const FullTile&, const FullTile&) = default;
};

// The right edge of a tree that grows: what is in no full tile yet. A value.
class Tree {
 public:
  Tree() = default;
  // The tree whose full tiles are in `full`, and whose entries after the last full tile of leaves are `tail`. Asks for
  // full tiles alone. kInvalid if `tail` has not size % 256 entries or a tile has not kTileBytes.
  static Result<Tree> Rebuild(uint64_t size, std::span<const Hash> tail, const TileSource& full);

  // Adds an entry. Adds to `finished` the tiles that are full with it, the lowest level first; they are not kept here.
  // REQUIRES: size() < kTreeSizeMax.
  void Append(const Hash& entry, std::vector<FullTile>& finished);

  uint64_t size() const { return size_; }
  Hash Root() const;

  // The bytes of a tile that a tree of this size or of a lesser one has: what is in no full tile from here, the rest
  // from `full`, which is asked for full tiles alone. kNotFound if this tree has no such tile.
  Result<std::string> TileBytes(const TileId& tile, const TileSource& full) const;

  friend bool operator==(const Tree&, const Tree&) = default;

 private:
  uint64_t size_ = 0;
  std::vector<std::vector<Hash>> edge_;  // of each level, the hashes that are in no full tile yet
};

// ---- Roots and proofs, from tiles of the tree of `size`. kInvalid for a request beyond the tree and for a tile that
// has not the bytes that it must have; else what `source` returns.

Result<Hash> RootOf(uint64_t size, const TileSource& source);
// That entry `index` is in the tree. REQUIRES nothing: index >= size is kInvalid.
Result<Proof> InclusionProof(uint64_t index, uint64_t size, const TileSource& source);
// That the tree of `size` begins with the tree of `old_size`. Without hashes if old_size is 0 or size.
Result<Proof> ConsistencyProof(uint64_t old_size, uint64_t size, const TileSource& source);

// RFC 9162, section 2.1.3.2. kInvalid, with the reason, unless the proof is one.
Result<void> VerifyInclusion(uint64_t index, uint64_t size, const Hash& leaf_hash, const Proof& proof,
                             const Hash& root);
// RFC 9162, section 2.1.4.2; likewise, the proof from an old size of 0 is the empty one.
Result<void> VerifyConsistency(uint64_t old_size, uint64_t size, const Hash& old_root, const Hash& root,
                               const Proof& proof);

// ---- Tiles of entries.

// Each entry after its length (two bytes, the higher first).
std::string WriteEntriesTile(std::span<const Hash> entries);
// Exactly `width` entries of 32 bytes.
Result<std::vector<Hash>> ParseEntriesTile(std::string_view bytes, uint32_t width);

}  // namespace wideberth::ledger

#endif  // WIDEBERTH_LEDGER_TREE_H_
