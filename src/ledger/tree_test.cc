#include "ledger/tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <map>
#include <random>
#include <string>
#include <utility>

#include "crypto/hmac.h"

namespace wideberth::ledger {
namespace {

using testing::HasSubstr;

Hash Entry(uint64_t i) { return crypto::Sha256::Of("entry " + std::to_string(i)); }

// RFC 6962, section 2.1, word for word: slow and obvious.
class Reference {
 public:
  explicit Reference(uint64_t size) {
    for (uint64_t i = 0; i < size; ++i) leaves_.push_back(LeafHash(BytesOf(Entry(i))));
  }
  Hash Root(uint64_t begin, uint64_t end) {
    if (begin == end) return crypto::Sha256::Of("");
    if (end - begin == 1) return leaves_[begin];
    const auto [at, is_new] = roots_.try_emplace({begin, end});
    if (!is_new) return at->second;
    const uint64_t middle = begin + Split(end - begin);
    return roots_[{begin, end}] = NodeHash(Root(begin, middle), Root(middle, end));
  }
  Proof Path(uint64_t m, uint64_t begin, uint64_t end) {
    if (end - begin == 1) return {};
    const uint64_t middle = begin + Split(end - begin);
    Proof proof = m < middle ? Path(m, begin, middle) : Path(m, middle, end);
    proof.push_back(m < middle ? Root(middle, end) : Root(begin, middle));
    return proof;
  }
  Proof SubProof(uint64_t m, uint64_t begin, uint64_t end, bool whole) {
    if (m == end) return whole ? Proof{} : Proof{Root(begin, end)};
    const uint64_t middle = begin + Split(end - begin);
    Proof proof = m <= middle ? SubProof(m, begin, middle, whole) : SubProof(m, middle, end, false);
    proof.push_back(m <= middle ? Root(middle, end) : Root(begin, middle));
    return proof;
  }

 private:
  static uint64_t Split(uint64_t count) {
    uint64_t power = 1;
    while (2 * power < count) power *= 2;
    return power;
  }
  std::vector<Hash> leaves_;
  std::map<std::pair<uint64_t, uint64_t>, Hash> roots_;
};

// A tree with the full tiles that it gave away, as a store keeps them.
class Kept {
 public:
  explicit Kept(uint64_t size) {
    for (uint64_t i = 0; i < size; ++i) Append(Entry(i));
  }
  void Append(const Hash& entry) {
    std::vector<FullTile> finished;
    tree_.Append(entry, finished);
    for (FullTile& tile : finished) {
      EXPECT_EQ(tile.hashes.size(), kTileBytes);
      EXPECT_TRUE(tiles_.emplace(std::pair(tile.level, tile.index), std::move(tile.hashes)).second);
    }
  }
  const Tree& tree() const { return tree_; }
  TileSource Full() const {
    return [this](const TileId& tile) -> Result<std::string> {
      EXPECT_EQ(tile.width, kTileWidth);
      const auto at = tiles_.find({tile.level, tile.index});
      if (at == tiles_.end()) return Error{Code::kNotFound, "no such tile"};
      return at->second;
    };
  }
  TileSource Source() const {
    return [this](const TileId& tile) { return tree_.TileBytes(tile, Full()); };
  }
  std::map<std::pair<uint32_t, uint64_t>, std::string>& tiles() { return tiles_; }

 private:
  Tree tree_;
  std::map<std::pair<uint32_t, uint64_t>, std::string> tiles_;
};

TEST(LedgerHashes, AreThoseOfTheStandardsKnownTrees) {
  EXPECT_EQ(crypto::ToHex(EmptyRoot()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  // The leaf that is an empty text.
  EXPECT_EQ(crypto::ToHex(LeafHash("")), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  EXPECT_EQ(NodeHash(LeafHash("a"), LeafHash("b")),
            crypto::Sha256::Of("\x01" + std::string(BytesOf(LeafHash("a"))) + std::string(BytesOf(LeafHash("b")))));
}

TEST(LedgerHashes, CommitToSaltAndEvent) {
  const Hash salt = Entry(1);
  EXPECT_EQ(Commitment(salt, "{}"), crypto::Sha256::Of(std::string("wideberth/ledger/v1") + std::string(1, '\0') +
                                                       std::string(BytesOf(salt)) + "{}"));
  EXPECT_NE(Commitment(Entry(2), "{}"), Commitment(salt, "{}"));
  EXPECT_NE(Commitment(salt, "{ }"), Commitment(salt, "{}"));
}

TEST(LedgerHashes, SaltsAreOfTheSeedAndTheNumberHighestByteFirst) {
  EXPECT_EQ(SaltOf(Entry(0), 0x01020304), crypto::HmacSha256(BytesOf(Entry(0)), "\x01\x02\x03\x04"));
  EXPECT_EQ(SaltOf(Entry(0), 0), crypto::HmacSha256(BytesOf(Entry(0)), std::string_view("\0\0\0\0", 4)));
}

constexpr uint64_t kSizeMax = 1100;

TEST(LedgerTree, HasTheRootsOfTheReferenceAtEverySize) {
  Reference reference(kSizeMax);
  Kept kept(0);
  for (uint64_t size = 0; size <= kSizeMax; ++size) {
    ASSERT_EQ(kept.tree().size(), size);
    ASSERT_EQ(kept.tree().Root(), reference.Root(0, size)) << size;
    ASSERT_EQ(*RootOf(size, kept.Source()), reference.Root(0, size)) << size;
    kept.Append(Entry(size));
  }
}

TEST(LedgerTree, HasTheReferencesInclusionProofsAndTheyVerify) {
  Reference reference(kSizeMax);
  const Kept kept(kSizeMax);
  std::mt19937_64 random(1);
  for (uint64_t size = 1; size <= kSizeMax; ++size) {
    const Hash root = reference.Root(0, size);
    for (int i = 0; i < 12; ++i) {
      const uint64_t index = i == 0 ? 0 : i == 1 ? size - 1 : random() % size;
      const Result<Proof> proof = InclusionProof(index, size, kept.Source());
      ASSERT_TRUE(proof) << proof.error().message;
      ASSERT_EQ(*proof, reference.Path(index, 0, size)) << index << " of " << size;
      const Result<void> verified = VerifyInclusion(index, size, LeafHash(BytesOf(Entry(index))), *proof, root);
      ASSERT_TRUE(verified) << index << " of " << size << ": " << verified.error().message;
    }
  }
}

TEST(LedgerTree, HasTheReferencesConsistencyProofsAndTheyVerify) {
  Reference reference(kSizeMax);
  const Kept kept(kSizeMax);
  std::mt19937_64 random(2);
  for (uint64_t size = 1; size <= kSizeMax; ++size) {
    for (int i = 0; i < 12; ++i) {
      const uint64_t old_size = i == 0 ? size : i == 1 ? std::bit_floor(size) : 1 + random() % size;
      const Result<Proof> proof = ConsistencyProof(old_size, size, kept.Source());
      ASSERT_TRUE(proof) << proof.error().message;
      ASSERT_EQ(*proof, reference.SubProof(old_size, 0, size, true)) << old_size << " to " << size;
      const Result<void> verified =
          VerifyConsistency(old_size, size, reference.Root(0, old_size), reference.Root(0, size), *proof);
      ASSERT_TRUE(verified) << old_size << " to " << size << ": " << verified.error().message;
    }
  }
}

TEST(LedgerTree, HasTheSameProofsWhenItIsLarge) {
  constexpr uint64_t kLarge = 70'123;
  Reference reference(kLarge);
  const Kept kept(kLarge);
  EXPECT_EQ(kept.tree().Root(), reference.Root(0, kLarge));
  std::mt19937_64 random(3);
  for (int i = 0; i < 300; ++i) {
    const uint64_t size = i < 20 ? 65'526 + static_cast<uint64_t>(i) : 1 + random() % kLarge;
    const uint64_t index = random() % size;
    const Result<Proof> inclusion = InclusionProof(index, size, kept.Source());
    ASSERT_TRUE(inclusion);
    ASSERT_EQ(*inclusion, reference.Path(index, 0, size));
    ASSERT_TRUE(VerifyInclusion(index, size, LeafHash(BytesOf(Entry(index))), *inclusion, reference.Root(0, size)));
    const uint64_t old_size = 1 + random() % size;
    const Result<Proof> consistency = ConsistencyProof(old_size, size, kept.Source());
    ASSERT_TRUE(consistency);
    ASSERT_EQ(*consistency, reference.SubProof(old_size, 0, size, true));
    ASSERT_TRUE(VerifyConsistency(old_size, size, reference.Root(0, old_size), reference.Root(0, size), *consistency));
  }
}

// A verifier that forgets a check accepts one of these.
TEST(LedgerProofs, AreRefusedWithAnyHashOrNumberChanged) {
  constexpr uint64_t kSize = 70;
  Reference reference(kSize + 1);
  for (uint64_t size = 1; size <= kSize; ++size) {
    const Hash root = reference.Root(0, size);
    for (uint64_t index = 0; index < size; ++index) {
      const Proof proof = reference.Path(index, 0, size);
      const Hash leaf = LeafHash(BytesOf(Entry(index)));
      ASSERT_TRUE(VerifyInclusion(index, size, leaf, proof, root));
      for (size_t i = 0; i < proof.size(); ++i) {
        Proof changed = proof;
        changed[i][i % kHashBytes] ^= 1;
        ASSERT_FALSE(VerifyInclusion(index, size, leaf, changed, root));
        changed = proof;
        changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(i));
        ASSERT_FALSE(VerifyInclusion(index, size, leaf, changed, root));
      }
      Proof longer = proof;
      longer.push_back(root);
      ASSERT_FALSE(VerifyInclusion(index, size, leaf, longer, root));
      for (uint64_t other = 0; other <= size; ++other) {
        if (other == index) continue;
        ASSERT_FALSE(VerifyInclusion(other, size, leaf, proof, root)) << index << " " << other;
      }
      ASSERT_FALSE(VerifyInclusion(index, size, LeafHash("x"), proof, root));
      ASSERT_FALSE(VerifyInclusion(index, size, leaf, proof, leaf == root ? EmptyRoot() : leaf));
    }
    for (uint64_t old_size = 1; old_size <= size; ++old_size) {
      const Proof proof = reference.SubProof(old_size, 0, size, true);
      const Hash old_root = reference.Root(0, old_size);
      ASSERT_TRUE(VerifyConsistency(old_size, size, old_root, root, proof));
      for (size_t i = 0; i < proof.size(); ++i) {
        Proof changed = proof;
        changed[i][i % kHashBytes] ^= 1;
        ASSERT_FALSE(VerifyConsistency(old_size, size, old_root, root, changed));
        changed = proof;
        changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(i));
        ASSERT_FALSE(VerifyConsistency(old_size, size, old_root, root, changed));
      }
      Proof longer = proof;
      longer.push_back(root);
      ASSERT_FALSE(VerifyConsistency(old_size, size, old_root, root, longer));
      for (uint64_t other = 0; other <= size + 1; ++other) {
        if (other == old_size) continue;
        ASSERT_FALSE(VerifyConsistency(other, size, old_root, root, proof)) << old_size << " " << other;
      }
      ASSERT_FALSE(VerifyConsistency(old_size, size, EmptyRoot(), root, proof));
      ASSERT_FALSE(VerifyConsistency(old_size, size, old_root, EmptyRoot(), proof));
    }
  }
}

TEST(LedgerProofs, FromTheTreeWithoutEntriesAreEmpty) {
  Reference reference(5);
  EXPECT_TRUE(VerifyConsistency(0, 5, EmptyRoot(), reference.Root(0, 5), {}));
  EXPECT_TRUE(VerifyConsistency(0, 0, EmptyRoot(), EmptyRoot(), {}));
  EXPECT_FALSE(VerifyConsistency(0, 0, EmptyRoot(), Entry(0), {}));
  EXPECT_FALSE(VerifyConsistency(0, 5, Entry(0), reference.Root(0, 5), {}));
  EXPECT_FALSE(VerifyConsistency(0, 5, EmptyRoot(), reference.Root(0, 5), {Entry(0)}));
}

TEST(LedgerProofs, BeyondTheTreeAreRefused) {
  const Kept kept(5);
  EXPECT_THAT(InclusionProof(5, 5, kept.Source()).error().message, HasSubstr("no entry 5"));
  EXPECT_FALSE(InclusionProof(0, 0, kept.Source()));
  EXPECT_FALSE(ConsistencyProof(6, 5, kept.Source()));
  EXPECT_FALSE(VerifyInclusion(0, 0, Entry(0), {}, Entry(0)));
  EXPECT_FALSE(RootOf(kTreeSizeMax + 1, kept.Source()));
  EXPECT_EQ(RootOf(6, kept.Source()).error().code, Code::kNotFound);
  EXPECT_FALSE(VerifyInclusion(kTreeSizeMax, UINT64_MAX, Entry(0), Proof(64, Entry(0)), Entry(0)));
  EXPECT_FALSE(VerifyConsistency(1, UINT64_MAX, Entry(0), Entry(0), Proof(64, Entry(0))));
  // The largest tree: no shift or sum goes beyond the numbers.
  EXPECT_FALSE(VerifyInclusion(kTreeSizeMax - 1, kTreeSizeMax, Entry(0), Proof(62, Entry(0)), Entry(0)));
  EXPECT_FALSE(VerifyConsistency(kTreeSizeMax - 1, kTreeSizeMax, Entry(0), Entry(0), Proof(62, Entry(0))));
}

TEST(LedgerTree, IsRebuiltFromFullTilesAndTheTail) {
  for (const uint64_t size :
       std::vector<uint64_t>{0, 1, 255, 256, 257, 511, 512, 1000, 65'535, 65'536, 65'537, 66'000}) {
    Kept kept(size);
    std::vector<Hash> tail;
    for (uint64_t i = size - size % kTileWidth; i < size; ++i) tail.push_back(Entry(i));
    const Result<Tree> rebuilt = Tree::Rebuild(size, tail, kept.Full());
    ASSERT_TRUE(rebuilt) << rebuilt.error().message;
    EXPECT_EQ(rebuilt->Root(), kept.tree().Root()) << size;
    Tree again = *rebuilt;
    std::vector<FullTile> finished;
    for (uint64_t i = size; i < size + 300; ++i) {
      again.Append(Entry(i), finished);
      kept.Append(Entry(i));
    }
    EXPECT_EQ(again.Root(), kept.tree().Root()) << size;
    for (const FullTile& tile : finished) EXPECT_EQ(kept.tiles().at({tile.level, tile.index}), tile.hashes);
    tail.push_back(Entry(0));
    EXPECT_FALSE(Tree::Rebuild(size, tail, kept.Full()));
  }
}

TEST(LedgerTree, IsNotRebuiltFromATileThatIsCutShort) {
  Kept kept(600);
  std::vector<Hash> tail;
  for (uint64_t i = 512; i < 600; ++i) tail.push_back(Entry(i));
  kept.tiles().at({0, 1}).pop_back();
  EXPECT_THAT(Tree::Rebuild(600, tail, kept.Full()).error().message, HasSubstr("tile/0/001 has 8191 bytes, not 8192"));
  EXPECT_FALSE(InclusionProof(300, 600, kept.Source()));
  kept.tiles().erase({0, 1});
  EXPECT_EQ(Tree::Rebuild(600, tail, kept.Full()).error().code, Code::kNotFound);
}

TEST(LedgerTree, HasTheTilesOfItsSizeAndOfLesserOnes) {
  const Kept kept(70'000);
  const auto tile = [&](const TileId& id) { return kept.tree().TileBytes(id, kept.Full()); };
  // tlog-tiles' own example.
  EXPECT_TRUE(tile({0, 272, 256}));
  EXPECT_TRUE(tile({0, 273, 112}));
  EXPECT_FALSE(tile({0, 273, 113}));
  EXPECT_FALSE(tile({0, 274, 1}));
  EXPECT_TRUE(tile({1, 0, 256}));
  EXPECT_TRUE(tile({1, 1, 17}));
  EXPECT_FALSE(tile({1, 1, 18}));
  EXPECT_TRUE(tile({2, 0, 1}));
  EXPECT_FALSE(tile({2, 0, 2}));
  EXPECT_FALSE(tile({3, 0, 1}));
  EXPECT_FALSE(tile({63, 0, 1}));
  EXPECT_FALSE(tile({0, UINT64_MAX, 1}));
  EXPECT_FALSE(tile({0, uint64_t{1} << 56, 1}));
  EXPECT_FALSE(tile({0, 0, 0}));
  EXPECT_FALSE(tile({0, 0, 257}));
  EXPECT_EQ(tile({0, 3, 5})->size(), 5 * kHashBytes);
  EXPECT_EQ(*tile({0, 273, 7}), tile({0, 273, 112})->substr(0, 7 * kHashBytes));
  EXPECT_EQ(HashOf(tile({0, 273, 1})->substr(0, kHashBytes)), LeafHash(BytesOf(Entry(273 * 256))));
  EXPECT_EQ(TileOf(70'000, 1, 1), (TileId{1, 1, 17}));
  EXPECT_EQ(TileOf(256, 1, 0), (TileId{1, 0, 1}));
  EXPECT_TRUE(HasTile(kTreeSizeMax, {7, 0, 127}));
  EXPECT_FALSE(HasTile(kTreeSizeMax, {7, 0, 128}));
}

TEST(LedgerTilePath, IsReadBackAsItIsWritten) {
  using enum TilePath::Kind;
  const std::vector<std::pair<TilePath, std::string>> pairs{
      {{kHashes, {0, 0, 256}}, "tile/0/000"},
      {{kHashes, {0, 1234, 17}}, "tile/0/x001/234.p/17"},
      {{kHashes, {63, 999, 255}}, "tile/63/999.p/255"},
      {{kHashes, {7, 1'000, 1}}, "tile/7/x001/000.p/1"},
      {{kHashes, {0, 1'234'067, 256}}, "tile/0/x001/x234/067"},
      {{kEntries, {0, 5, 256}}, "tile/entries/005"},
      {{kEntries, {0, 999'999'999'999'999'999, 2}}, "tile/entries/x999/x999/x999/x999/x999/999.p/2"}};
  for (const auto& [path, text] : pairs) {
    EXPECT_EQ(PathOf(path), text);
    const Result<TilePath> parsed = ParseTilePath(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(*parsed, path) << text;
  }
}

TEST(LedgerTilePath, OfAnyOtherFormIsRefused) {
  for (const std::string& text : std::vector<std::string>{"",
                                                          "tile",
                                                          "tile/",
                                                          "tile/0",
                                                          "tile/0/",
                                                          "tile/0/0",
                                                          "tile/0/00",
                                                          "tile/0/0000",
                                                          "tile/00/000",
                                                          "tile/64/000",
                                                          "tile/-1/000",
                                                          "tile/+1/000",
                                                          "tile/ 1/000",
                                                          "tile/0/x000/001",
                                                          "tile/0/x001",
                                                          "tile/0/x001/",
                                                          "tile/0/x001/x234",
                                                          "tile/0/001/234",
                                                          "tile/0/x001/23",
                                                          "tile/0/x001//234",
                                                          "tile/0/000.p/",
                                                          "tile/0/000.p/0",
                                                          "tile/0/000.p/256",
                                                          "tile/0/000.p/01",
                                                          "tile/0/000.p/1/",
                                                          "tile/0/000.p",
                                                          "tile/0/000.P/1",
                                                          "tile/0/000/",
                                                          "/tile/0/000",
                                                          "tile//000",
                                                          "Tile/0/000",
                                                          "tile/entries",
                                                          "tile/entries/",
                                                          "tile/entries/0/000",
                                                          "tile/data/000",
                                                          "tile/0/x001/x001/x001/x001/x001/x001/001",
                                                          "tile/0/0a0",
                                                          "tile/0/000.p/1.p/1",
                                                          "tile/0/000\n",
                                                          "tile/4294967296/000",
                                                          "tile/0/000.p/4294967297",
                                                          "tile/entries/%30%30%30"}) {
    EXPECT_FALSE(ParseTilePath(text)) << text;
  }
}

TEST(LedgerEntriesTile, IsReadBackAsItIsWritten) {
  const std::vector<Hash> entries{Entry(0), Entry(1), Entry(2)};
  const std::string bytes = WriteEntriesTile(entries);
  ASSERT_EQ(bytes.size(), 3 * 34u);
  EXPECT_EQ(bytes.substr(34, 2), std::string_view("\0\x20", 2));
  ASSERT_TRUE(ParseEntriesTile(bytes, 3));
  EXPECT_EQ(*ParseEntriesTile(bytes, 3), entries);
  EXPECT_FALSE(ParseEntriesTile(bytes, 2));
  EXPECT_FALSE(ParseEntriesTile(bytes, 4));
  EXPECT_FALSE(ParseEntriesTile(bytes.substr(1), 3));
  for (const size_t at : std::vector<size_t>{0, 1, 34, 35}) {
    std::string changed = bytes;
    changed[at] ^= 1;
    EXPECT_FALSE(ParseEntriesTile(changed, 3)) << at;
  }
}

}  // namespace
}  // namespace wideberth::ledger
