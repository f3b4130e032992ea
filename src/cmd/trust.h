#ifndef WIDEBERTH_CMD_TRUST_H_
#define WIDEBERTH_CMD_TRUST_H_

#include <string>
#include <vector>

#include "base/result.h"
#include "ledger/checkpoint.h"
#include "ledger/receipt.h"

namespace wideberth::cmd {

// Whom the one who verifies trusts, as it stands on a command line.
struct TrustOptions {
  std::string operator_key;             // "": none
  std::vector<std::string> witnesses;   // verifier keys
  std::vector<std::string> party_keys;  // NAME=FILE, a public key in PEM
};

// Errors name the option.
Result<ledger::VerifierKey> ReadVerifierKey(const std::string& option, const std::string& text,
                                            ledger::SignatureType type);
Result<ledger::Trust> ReadTrust(const TrustOptions& options);

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_TRUST_H_
