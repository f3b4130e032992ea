#ifndef WIDEBERTH_CMD_TRUST_H_
#define WIDEBERTH_CMD_TRUST_H_

#include <CLI/CLI.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "ledger/checkpoint.h"
#include "ledger/receipt.h"

namespace wideberth::cmd {

// In a store's folder: the verifier key of its ledger.
inline constexpr const char* kLedgerPublicFile = "ledger.pub";
// Likewise: the last head that anybody was given, a note (docs/operating.md).
inline constexpr const char* kLedgerHeadFile = "ledger.head";

// Whom the one who verifies trusts, as it stands on a command line.
struct TrustOptions {
  std::string operator_key;             // "": none
  std::vector<std::string> witnesses;   // verifier keys
  std::vector<std::string> party_keys;  // NAME=FILE, a public key in PEM
  std::optional<size_t> witnesses_min;  // how many of `witnesses` must have signed; all
};

// Adds --witness and --witnesses-min. `options` outlives the subcommand.
void AddWitnessOptions(CLI::App& subcommand, TrustOptions& options);

// Errors name the option.
Result<ledger::VerifierKey> ReadVerifierKey(const std::string& option, const std::string& text,
                                            ledger::SignatureType type);
// The key that a service leaves beside its store; nothing without one.
Result<std::optional<ledger::VerifierKey>> ReadStoreKey(const std::string& directory);
// The last head that a service gave to anybody, as it keeps it beside its store; nothing without one. kInvalid, with
// the remedy, for what is no such file, or, if `operator_key` is given, not signed with it.
Result<std::optional<ledger::Checkpoint>> ReadStoreHead(const std::string& directory,
                                                        const ledger::VerifierKey* operator_key);
// No key is in it twice, however often it is named.
Result<ledger::Trust> ReadTrust(const TrustOptions& options);

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_TRUST_H_
