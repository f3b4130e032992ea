#include "crypto/sha256.h"

#include <gtest/gtest.h>

namespace wideberth::crypto {
namespace {

// The examples of FIPS 180-4's supplement.
TEST(Sha256, HashesTheStandardsExamples) {
  EXPECT_EQ(ToHex(Sha256::Of("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(ToHex(Sha256::Of("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, TakesBytesInParts) {
  Sha256 hash;
  hash.Update("a");
  hash.Update("");
  hash.Update("bc");
  EXPECT_EQ(hash.Finish(), Sha256::Of("abc"));
}

}  // namespace
}  // namespace wideberth::crypto
