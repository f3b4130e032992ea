#include "ledger/seal.h"

#include "base/check.h"

namespace wideberth::ledger {

namespace {

constexpr std::string_view kRows = "rows ";
constexpr const char* kUnsignedOrigin = "unsigned";
constexpr size_t kRowBytes = 32;

std::string BigEndian(uint64_t number, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) text += static_cast<char>(number >> shift & 0xff);
  return text;
}

}  // namespace

std::optional<Hash> RowChain::Append(const Hash& entry, std::span<const std::string> readers,
                                     std::optional<int64_t> subject) {
  std::string row(BytesOf(entry));
  row += subject ? '\1' : '\0';
  if (subject) row += BigEndian(static_cast<uint64_t>(*subject), 8);
  for (const std::string& name : readers) {
    WB_CHECK(name.size() <= 0xffff);
    row += BigEndian(name.size(), 2) + name;
  }
  rows_ += BytesOf(crypto::Sha256::Of(row));
  if (rows_.size() < kTileWidth * kRowBytes) return std::nullopt;
  link_ = Value();
  rows_.clear();
  return link_;
}

Hash RowChain::Value() const {
  crypto::Sha256 hash;
  hash.Update(BytesOf(link_));
  hash.Update(rows_);
  return hash.Finish();
}

std::string WriteSeal(const Seal& seal, const Signer* signer) {
  std::string text = WriteCheckpoint({signer == nullptr ? kUnsignedOrigin : signer->verifier.name(),
                                      seal.size,
                                      seal.root,
                                      {std::string(kRows) + HashToBase64(seal.rows)}});
  if (signer == nullptr) return text;
  return WriteNote({text, {SignText(text, signer->verifier, signer->key)}});
}

Result<Seal> OpenSeal(std::string_view bytes, const VerifierKey* operator_key) {
  Checkpoint checkpoint;
  if (operator_key != nullptr) {
    WB_TRY(SignedCheckpoint opened, OpenCheckpoint(bytes, *operator_key));
    checkpoint = std::move(opened.checkpoint);
  } else {
    const Result<Note> note = ParseNote(bytes);
    WB_TRY(checkpoint, ParseCheckpoint(note ? std::string_view(note->text) : bytes));
    if (!note && checkpoint.origin != kUnsignedOrigin) return Error{Code::kInvalid, "its signature is missing"};
  }
  const bool has_rows = checkpoint.extensions.size() == 1 && checkpoint.extensions[0].starts_with(kRows);
  const std::optional<Hash> rows =
      has_rows ? HashFromBase64(std::string_view(checkpoint.extensions[0]).substr(kRows.size())) : std::nullopt;
  if (!rows) return Error{Code::kInvalid, "it does not tell the hash of the rows"};
  return Seal{checkpoint.size, checkpoint.root, *rows};
}

}  // namespace wideberth::ledger
