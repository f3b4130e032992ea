#include "airspace/pseudonym.h"

#include <algorithm>

#include "base/check.h"
#include "crypto/hmac.h"

namespace wideberth::airspace {
namespace {

std::string KeyFor(const model::Secret& secret, std::string_view use, std::string_view viewer) {
  const std::string_view bytes(reinterpret_cast<const char*>(secret.bytes.data()), secret.bytes.size());
  const crypto::Digest key = crypto::HmacSha256(bytes, std::string(use) + '\0' + std::string(viewer));
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

crypto::BlockCipher::Block FirstBlockOf(std::string_view bytes) {
  crypto::BlockCipher::Block block{};
  std::copy_n(bytes.begin(), block.size(), block.begin());
  return block;
}

}  // namespace

Pseudonyms::Pseudonyms(const model::Secret& secret, std::string_view viewer)
    : ovn_key_(KeyFor(secret, "ovn", viewer)), cipher_(FirstBlockOf(KeyFor(secret, "id", viewer))) {}

model::Uuid Pseudonyms::Of(const model::Uuid& id) {
  WB_CHECK(id.IsVersion4());
  model::Uuid pseudonym = id;
  do pseudonym.bytes = cipher_.Encrypt(pseudonym.bytes);
  while (!pseudonym.IsVersion4());
  return pseudonym;
}

model::Uuid Pseudonyms::Behind(const model::Uuid& pseudonym) {
  WB_CHECK(pseudonym.IsVersion4());
  model::Uuid id = pseudonym;
  do id.bytes = cipher_.Decrypt(id.bytes);
  while (!id.IsVersion4());
  return id;
}

std::string Pseudonyms::OfOvn(std::string_view ovn) const {
  return crypto::ToHex(crypto::HmacSha256(ovn_key_, ovn)).substr(0, 32);
}

}  // namespace wideberth::airspace
