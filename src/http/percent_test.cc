#include "http/percent.h"

#include <gtest/gtest.h>

namespace wideberth::http {
namespace {

TEST(PercentDecoded, TakesEachEncodedByteForItself) {
  EXPECT_EQ(PercentDecoded(""), "");
  EXPECT_EQ(PercentDecoded("/a-b_c.~"), "/a-b_c.~");
  EXPECT_EQ(PercentDecoded("%41%2f%2F%c3%A9"), "A//\xC3\xA9");
  EXPECT_EQ(PercentDecoded("%00x"), std::string("\0x", 2));
  EXPECT_EQ(PercentDecoded("%2541"), "%41");  // once
  EXPECT_EQ(PercentDecoded("a+b"), "a+b");    // a space in forms, not in paths
}

TEST(PercentDecoded, RefusesAPercentWithoutTwoDigits) {
  for (const char* text : {"%", "%4", "a%", "%4g", "%g4", "% 4", "%%41", "%-1"})
    EXPECT_FALSE(PercentDecoded(text)) << text;
}

TEST(PercentDecoded, ReadsEveryByteBack) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  for (int byte = 0; byte < 256; ++byte) {
    const std::string escape{'%', kDigits[byte / 16], kDigits[byte % 16]};
    EXPECT_EQ(PercentDecoded("a" + escape + "b"), std::string("a") + static_cast<char>(byte) + "b");
  }
  EXPECT_EQ(PercentDecoded("%2c%2C"), ",,");
  EXPECT_EQ(PercentDecoded("+"), "+");
}

TEST(PercentDecoded, RefusesEveryBrokenEscape) {
  for (const char* text : {"%", "%1", "%g0", "%0g", "a%", "%%30", "% 1", "%-1"})
    EXPECT_EQ(PercentDecoded(text), std::nullopt) << text;
}

}  // namespace
}  // namespace wideberth::http
