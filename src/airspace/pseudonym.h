#ifndef WIDEBERTH_AIRSPACE_PSEUDONYM_H_
#define WIDEBERTH_AIRSPACE_PSEUDONYM_H_

#include <string>
#include <string_view>

#include "crypto/block_cipher.h"
#include "model/declaration.h"
#include "model/uuid.h"

namespace wideberth::airspace {

// What one viewer knows the ids and OVNs by of what is not shown to him in full (docs/parties.md, "What others see").
// Two viewers' pseudonyms of the same thing cannot be told from those of different things without the secret. Can be
// moved; needs a thread of its own at a time.
class Pseudonyms {
 public:
  Pseudonyms(const model::Secret& secret, std::string_view viewer);

  // One for each id, and back: AES-128 of its 16 bytes, as often as it takes to come to an id of version 4 again (some
  // 64 times), which is still one for each; so a pseudonym looks as any other id. REQUIRES: an id of version 4.
  model::Uuid Of(const model::Uuid& id);
  model::Uuid Behind(const model::Uuid& pseudonym);
  // 32 hexadecimal digits: HMAC-SHA-256 of viewer and OVN, shortened.
  std::string OfOvn(std::string_view ovn) const;

 private:
  std::string ovn_key_;
  crypto::BlockCipher cipher_;
};

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_PSEUDONYM_H_
