// Writes a ledger into a folder, as a service serves it below its base URL, for checkers of others' making:
//   write_ledger FOLDER ENTRIES
// makes FOLDER/ledger/checkpoint, FOLDER/ledger/tile/... and FOLDER/proofs, and prints the verifier keys of the
// operator and of a witness, a line each.
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "crypto/ed25519.h"
#include "ledger/checkpoint.h"
#include "ledger/tree.h"

namespace wideberth::ledger {
namespace {

constexpr uint64_t kEntriesMax = 1'000'000;
constexpr uint64_t kProofs = 40;

class Writer {
 public:
  Writer(std::filesystem::path folder, uint64_t count) : folder_(std::move(folder)) {
    const Hash seed = crypto::Sha256::Of("seed");
    for (uint64_t i = 0; i < count; ++i) {
      entries_.push_back(Commitment(SaltOf(seed, static_cast<uint32_t>(i)), "event " + std::to_string(i)));
      std::vector<FullTile> finished;
      tree_.Append(entries_.back(), finished);
      for (FullTile& tile : finished) full_[{tile.level, tile.index}] = std::move(tile.hashes);
    }
  }

  void WriteAll() {
    const auto operator_private = *crypto::PrivateKey::FromSeed(std::string(32, 'o'));
    const auto witness_private = *crypto::PrivateKey::FromSeed(std::string(32, 'w'));
    const auto operator_key =
        *VerifierKey::Make("ledger.example/sky", SignatureType::kEd25519, operator_private.public_key());
    const auto witness_key =
        *VerifierKey::Make("witness.example/w1", SignatureType::kCosignature, witness_private.public_key());
    Note note{WriteCheckpoint({operator_key.name(), tree_.size(), tree_.Root(), {}}), {}};
    note.signatures.push_back(SignText(note.text, operator_key, operator_private));
    note.signatures.push_back(Cosign(note.text, witness_key, witness_private, 1'772'359'451));
    Write("ledger/checkpoint", WriteNote(note));
    for (uint32_t level = 0; HasTile(tree_.size(), {level, 0, 1}); ++level) {
      for (uint64_t index = 0; HasTile(tree_.size(), {level, index, 1}); ++index) {
        const TileId tile = TileOf(tree_.size(), level, index);
        Write("ledger/" + PathOf({TilePath::Kind::kHashes, tile}), *Source()(tile));
        if (level > 0) continue;
        const std::span<const Hash> entries = std::span(entries_).subspan(index * kTileWidth, tile.width);
        Write("ledger/" + PathOf({TilePath::Kind::kEntries, tile}), WriteEntriesTile(entries));
      }
    }
    Write("proofs", Proofs());
    std::printf("%s\n%s\n", operator_key.ToText().c_str(), witness_key.ToText().c_str());
  }

 private:
  TileSource Source() const {
    return [this](const TileId& tile) {
      return tree_.TileBytes(
          tile, [this](const TileId& full) -> Result<std::string> { return full_.at({full.level, full.index}); });
    };
  }

  void Write(const std::string& path, const std::string& bytes) const {
    std::filesystem::create_directories((folder_ / path).parent_path());
    std::ofstream file(folder_ / path, std::ios::binary);
    file << bytes;
    file.close();
    WB_CHECK(bool(file));
  }

  std::string Line(std::string_view kind, uint64_t first, uint64_t size, const std::vector<Hash>& hashes) const {
    std::string line = std::string(kind) + " " + std::to_string(first) + " " + std::to_string(size);
    for (const Hash& hash : hashes) line += " " + HashToBase64(hash);
    return line + "\n";
  }

  // For sizes, entries and old sizes from all over the tree.
  std::string Proofs() const {
    std::string lines;
    for (uint64_t i = 1; i <= kProofs && tree_.size() > 0; ++i) {
      const uint64_t size = 1 + (tree_.size() - 1) * i / kProofs;
      const uint64_t index = (i * 7919) % size;
      const uint64_t old_size = 1 + (i * 104'729) % size;
      std::vector<Hash> hashes{*RootOf(size, Source())};
      const Proof inclusion = *InclusionProof(index, size, Source());
      hashes.insert(hashes.end(), inclusion.begin(), inclusion.end());
      lines += Line("inclusion", index, size, hashes);
      hashes = {*RootOf(old_size, Source()), *RootOf(size, Source())};
      const Proof consistency = *ConsistencyProof(old_size, size, Source());
      hashes.insert(hashes.end(), consistency.begin(), consistency.end());
      lines += Line("consistency", old_size, size, hashes);
    }
    return lines;
  }

  std::filesystem::path folder_;
  Tree tree_;
  std::vector<Hash> entries_;
  std::map<std::pair<uint32_t, uint64_t>, std::string> full_;
};

}  // namespace
}  // namespace wideberth::ledger

int main(int count, char** arguments) {
  uint64_t entries = 0;
  const std::string_view digits = count == 3 ? arguments[2] : "";
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), entries);
  if (error != std::errc() || end != digits.data() + digits.size() || entries > wideberth::ledger::kEntriesMax) {
    std::fprintf(stderr, "usage: write_ledger FOLDER ENTRIES\n");
    return 2;
  }
  wideberth::ledger::Writer(arguments[1], entries).WriteAll();
  return 0;
}
