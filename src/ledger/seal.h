#ifndef WIDEBERTH_LEDGER_SEAL_H_
#define WIDEBERTH_LEDGER_SEAL_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/ed25519.h"
#include "ledger/checkpoint.h"
#include "ledger/tree.h"

// What a store keeps of its ledger to tell by itself whether a row was changed, removed or added
// (docs/formats/store.md).
namespace wideberth::ledger {

// The rows of a ledger, each with what is no part of its entry: a chain with a link for every kTileWidth rows. A value.
class RowChain {
 public:
  RowChain() = default;
  // Goes on after a link, with the rows that follow it still to come.
  explicit RowChain(const Hash& link) : link_(link) {}

  // Adds the row of an entry; returns a link if it is full with this row.
  std::optional<Hash> Append(const Hash& entry, std::span<const std::string> readers, std::optional<int64_t> subject);
  // Of all rows so far.
  Hash Value() const;

 private:
  Hash link_{};       // zeros before the first
  std::string rows_;  // the hashes of those after it
};

// How far a ledger goes, and what of.
struct Seal {
  uint64_t size = 0;
  Hash root{};
  Hash rows{};  // RowChain::Value

  friend bool operator==(const Seal&, const Seal&) = default;
};

// Who signs a ledger: `key` is of `verifier`, whose type is kEd25519.
struct Signer {
  VerifierKey verifier;
  crypto::PrivateKey key;
};

// A checkpoint with `rows` as an extension; a signed note, or, without a signer, its text alone.
std::string WriteSeal(const Seal& seal, const Signer* signer);
// Without `operator_key` nobody's signature is asked for. kInvalid for what is no seal, kUnauthenticated for one
// without a good signature of the key.
Result<Seal> OpenSeal(std::string_view bytes, const VerifierKey* operator_key);

}  // namespace wideberth::ledger

#endif  // WIDEBERTH_LEDGER_SEAL_H_
