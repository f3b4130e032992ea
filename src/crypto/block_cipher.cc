#include "crypto/block_cipher.h"

#include <openssl/evp.h>

#include "base/check.h"

namespace wideberth::crypto {

void BlockCipher::Free::operator()(evp_cipher_ctx_st* context) const { EVP_CIPHER_CTX_free(context); }

BlockCipher::BlockCipher(const Key& key) : encryption_(Make(key, true)), decryption_(Make(key, false)) {}

// ECB of one block without padding is the block cipher itself.
BlockCipher::Context BlockCipher::Make(const Key& key, bool encrypts) {
  Context context(EVP_CIPHER_CTX_new());
  WB_CHECK(context != nullptr &&
           EVP_CipherInit_ex(context.get(), EVP_aes_128_ecb(), nullptr, key.data(), nullptr, encrypts ? 1 : 0) == 1 &&
           EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1);
  return context;
}

BlockCipher::Block BlockCipher::Apply(evp_cipher_ctx_st* context, const Block& block) {
  Block result;
  int length = 0;
  WB_CHECK(EVP_CipherUpdate(context, result.data(), &length, block.data(), static_cast<int>(block.size())) == 1 &&
           length == static_cast<int>(block.size()));
  return result;
}

BlockCipher::Block BlockCipher::Encrypt(const Block& plain) { return Apply(encryption_.get(), plain); }
BlockCipher::Block BlockCipher::Decrypt(const Block& enciphered) { return Apply(decryption_.get(), enciphered); }

}  // namespace wideberth::crypto
