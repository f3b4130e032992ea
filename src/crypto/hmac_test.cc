#include "crypto/hmac.h"

#include <gtest/gtest.h>

#include <string>

#include "crypto/hex_for_test.h"

namespace wideberth::crypto {
namespace {

// RFC 4231, section 4; of case 5 the standard gives 16 bytes only.
TEST(Hmac, ComputesTheStandardsExamples) {
  struct Example {
    std::string key, message;
    const char* hmac;
  };
  const Example examples[] = {
      {std::string(20, '\x0b'), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {std::string(20, '\xaa'), std::string(50, '\xdd'),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {FromHex("0102030405060708090a0b0c0d0e0f10111213141516171819"), std::string(50, '\xcd'),
       "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
      {std::string(20, '\x0c'), "Test With Truncation", "a3b6167473100ee06e0c796c2955552b"},
      {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
      {std::string(131, '\xaa'),
       "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be "
       "hashed "
       "before being used by the HMAC algorithm.",
       "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"}};
  for (const Example& example : examples)
    EXPECT_EQ(ToHex(HmacSha256(example.key, example.message)).substr(0, std::string(example.hmac).size()),
              example.hmac);
}

}  // namespace
}  // namespace wideberth::crypto
