#ifndef WIDEBERTH_CRYPTO_BLOCK_CIPHER_H_
#define WIDEBERTH_CRYPTO_BLOCK_CIPHER_H_

#include <array>
#include <cstdint>
#include <memory>

struct evp_cipher_ctx_st;

namespace wideberth::crypto {

// AES-128 (FIPS 197) of single blocks: a permutation of all values of 16 bytes that nobody without the key can tell
// from a random one. For ids, each of which is enciphered alone; no mode for texts. Making one costs far more than
// using it. Can be moved; thread-compatible, and also Encrypt and Decrypt need a thread of their own at a time.
class BlockCipher {
 public:
  using Key = std::array<uint8_t, 16>;
  using Block = std::array<uint8_t, 16>;

  explicit BlockCipher(const Key& key);

  Block Encrypt(const Block& plain);
  // Decrypt(Encrypt(block)) == block, and the other way round.
  Block Decrypt(const Block& enciphered);

 private:
  struct Free {
    void operator()(evp_cipher_ctx_st* context) const;
  };
  using Context = std::unique_ptr<evp_cipher_ctx_st, Free>;
  static Context Make(const Key& key, bool encrypts);
  static Block Apply(evp_cipher_ctx_st* context, const Block& block);

  Context encryption_;
  Context decryption_;
};

}  // namespace wideberth::crypto

#endif  // WIDEBERTH_CRYPTO_BLOCK_CIPHER_H_
