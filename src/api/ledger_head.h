#ifndef WIDEBERTH_API_LEDGER_HEAD_H_
#define WIDEBERTH_API_LEDGER_HEAD_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "crypto/ed25519.h"
#include "ledger/checkpoint.h"
#include "node/ledger_log.h"

namespace wideberth::api {

// Signs the ledger's head, and keeps what witnesses signed with it. Thread-safe.
class LedgerHead {
 public:
  // `log` outlives it; `key` is of `verifier`.
  LedgerHead(const node::LedgerLog& log, ledger::VerifierKey verifier, const crypto::PrivateKey& key)
      : log_(log), verifier_(std::move(verifier)), key_(key) {}

  // A checkpoint of what is durable now. One that is served is never of a lesser size than one before.
  std::string Checkpoint();
  // The newest that witnesses signed; the newest of all if none did.
  std::string WitnessedCheckpoint();
  // Adds what witnesses signed, of one round, to the checkpoint of that size.
  void AddCosignatures(uint64_t size, const std::vector<ledger::NoteSignature>& signatures);

  const ledger::VerifierKey& verifier() const { return verifier_; }
  const node::LedgerLog& log() const { return log_; }

 private:
  struct Made {
    uint64_t size = 0;
    ledger::Note note;
  };
  Made MakeOf(const node::LedgerLog::Head& head) const;

  const node::LedgerLog& log_;
  const ledger::VerifierKey verifier_;
  const crypto::PrivateKey key_;
  std::mutex mutex_;
  Made newest_;
  std::string newest_text_;
  std::map<uint64_t, ledger::Note> asked_;  // by size: given out to be witnessed, the last few
  Made witnessed_;
};

}  // namespace wideberth::api

#endif  // WIDEBERTH_API_LEDGER_HEAD_H_
