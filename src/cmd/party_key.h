#ifndef WIDEBERTH_CMD_PARTY_KEY_H_
#define WIDEBERTH_CMD_PARTY_KEY_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "crypto/ed25519.h"

// The keys of parties (docs/parties.md), as files, and what is signed with them.
namespace wideberth::cmd {

// Makes a file with this text. kIo if there is one of that name already, or it cannot be written: then there is none.
Result<void> WriteNewFile(const std::string& path, const std::string& text, mode_t mode);

// Reads a file of at most `bytes_max`; "-" is standard input.
Result<std::string> ReadWholeFile(const std::string& path, size_t bytes_max);

// A private key of Ed25519 (PKCS #8, PEM). Errors name the file and the remedy. Says on stderr if others may read it.
Result<crypto::PrivateKey> ReadPartyKey(const std::string& path);

struct PartyClaims {
  static constexpr int64_t kLifeSecondsMax = 3600;

  std::string party;
  std::vector<std::string> audiences;  // one or more
  std::string scope;                   // takes rights away unless it is empty
  int64_t life_s = kLifeSecondsMax;
};
// kInvalid, with the option, for what no token can say: nothing, or what is not UTF-8.
Result<void> CheckClaim(const std::string& option, const std::string& text);

// A JWT that the party signs itself. REQUIRES: the texts are UTF-8.
std::string MakePartyToken(const crypto::PrivateKey& key, const PartyClaims& claims, TimeNs now);

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_PARTY_KEY_H_
