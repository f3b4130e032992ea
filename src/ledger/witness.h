#ifndef WIDEBERTH_LEDGER_WITNESS_H_
#define WIDEBERTH_LEDGER_WITNESS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/ed25519.h"
#include "ledger/checkpoint.h"
#include "ledger/tree.h"

// What a witness is asked and how it decides (C2SP tlog-witness): docs/formats/ledger.md.
namespace wideberth::ledger {

inline constexpr size_t kAddCheckpointBytesMax = kNoteBytesMax + 4 * 1024;

// The body of POST .../add-checkpoint.
struct AddCheckpoint {
  uint64_t old_size = 0;   // of the checkpoint that the witness is thought to have signed last
  Proof proof;             // that the new tree begins with that one
  std::string checkpoint;  // the new one, a note

  friend bool operator==(const AddCheckpoint&, const AddCheckpoint&) = default;
};
// kInvalid or kTooLarge for what WriteAddCheckpoint would not have written; the note itself is not read.
Result<AddCheckpoint> ParseAddCheckpoint(std::string_view body);
std::string WriteAddCheckpoint(const AddCheckpoint& request);

// What a witness knows of one ledger.
struct WatchedLedger {
  VerifierKey key;  // its name is the ledger's origin
  uint64_t size = 0;
  Hash root = EmptyRoot();
};
// Nothing for a ledger that is not watched.
using FindLedger = std::function<std::optional<WatchedLedger>(std::string_view origin)>;

enum class WitnessStatus {
  kCosigned = 200,
  kMalformed = 400,      // the request, or its old size is above the new one
  kForbidden = 403,      // no good signature of the ledger's key
  kNotWatched = 404,     // no ledger of this origin is known
  kConflict = 409,       // another tree was signed last; the body is its size
  kUnprocessable = 422,  // the proof is none
};

struct WitnessDecision {
  WitnessStatus status = WitnessStatus::kMalformed;
  std::string body;  // of the answer: cosignature, size or reason
  // Of kCosigned: what has to be durable, for the ledger as it was found, before the answer is sent.
  std::optional<Checkpoint> seen;
};

inline constexpr std::string_view kTreeSizeContentType = "text/x.tlog.size";  // of kConflict's body

// Decides on one request. Between `find` and keeping `seen`, no other decision on the same ledger may be made.
// REQUIRES: `key` is of `witness`, whose type is kCosignature; 0 <= seconds <= kCosignatureTimeMax.
WitnessDecision Decide(std::string_view body, const FindLedger& find, const VerifierKey& witness,
                       const crypto::PrivateKey& key, int64_t seconds);

}  // namespace wideberth::ledger

#endif  // WIDEBERTH_LEDGER_WITNESS_H_
