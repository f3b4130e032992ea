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
Result<ledger::Trust> ReadTrust(const TrustOptions& options);

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_TRUST_H_
