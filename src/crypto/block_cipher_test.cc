#include "crypto/block_cipher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>

#include "crypto/hex_for_test.h"

namespace wideberth::crypto {
namespace {

BlockCipher::Block Block(const char* digits) {
  const std::string bytes = FromHex(digits);
  BlockCipher::Block block{};
  std::copy(bytes.begin(), bytes.end(), block.begin());
  return block;
}

// FIPS 197, appendices B and C.1.
TEST(BlockCipher, EnciphersTheStandardsExamples) {
  BlockCipher cipher(Block("2b7e151628aed2a6abf7158809cf4f3c"));
  EXPECT_EQ(cipher.Encrypt(Block("3243f6a8885a308d313198a2e0370734")), Block("3925841d02dc09fbdc118597196a0b32"));
  BlockCipher other(Block("000102030405060708090a0b0c0d0e0f"));
  EXPECT_EQ(other.Encrypt(Block("00112233445566778899aabbccddeeff")), Block("69c4e0d86a7b0430d8cdb78070b4c55a"));
  EXPECT_EQ(other.Decrypt(Block("69c4e0d86a7b0430d8cdb78070b4c55a")), Block("00112233445566778899aabbccddeeff"));
}

TEST(BlockCipher, DeciphersWhatItEnciphersHoweverOftenItIsUsed) {
  std::mt19937 random(1);
  BlockCipher cipher(Block("2b7e151628aed2a6abf7158809cf4f3c"));
  BlockCipher moved = std::move(cipher);
  for (int round = 0; round < 10'000; ++round) {
    BlockCipher::Block block;
    for (uint8_t& byte : block) byte = static_cast<uint8_t>(random());
    const BlockCipher::Block enciphered = moved.Encrypt(block);
    EXPECT_NE(enciphered, block);
    EXPECT_EQ(moved.Decrypt(enciphered), block);
    EXPECT_EQ(moved.Encrypt(moved.Decrypt(block)), block);
  }
}

}  // namespace
}  // namespace wideberth::crypto
