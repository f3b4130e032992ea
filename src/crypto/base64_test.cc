#include "crypto/base64.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>

namespace wideberth::crypto {
namespace {

// RFC 4648, section 10.
TEST(Base64, WritesAndReadsTheStandardsExamples) {
  const std::pair<const char*, const char*> examples[] = {{"", ""},
                                                          {"f", "Zg=="},
                                                          {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},
                                                          {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : examples) {
    EXPECT_EQ(ToBase64(bytes), text);
    EXPECT_EQ(FromBase64(text), bytes);
    std::string bare = text;
    while (bare.ends_with('=')) bare.pop_back();
    EXPECT_EQ(ToBase64Url(bytes), bare);
    EXPECT_EQ(FromBase64Url(bare), bytes);
  }
  EXPECT_EQ(ToBase64("\xfb\xff\xfe"), "+//+");
  EXPECT_EQ(ToBase64Url("\xfb\xff\xfe"), "-__-");
}

TEST(Base64, RefusesWhatItWouldNotWrite) {
  for (const char* text : {"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z", "Zg==Zg==", "=Zg=", "Zm9v ", " Zm9v", "Zm9v\n",
                           "Zm\n9v", "-__-", "Zm9v="})
    EXPECT_EQ(FromBase64(text), std::nullopt) << text;
  for (const char* text :
       {"Zg==", "Zg=", "Zh", "Zm9", "Z", "A", "Zm9vY", "+//+", "Zm9v\n", " ", "Zm9v=", "====", "Zm.v"})
    EXPECT_EQ(FromBase64Url(text), std::nullopt) << text;
  EXPECT_EQ(FromBase64Url(std::string_view("AAA\0", 4)), std::nullopt);
}

TEST(Base64, HasSixtyFourDigitsAndNoOthers) {
  for (size_t at = 0; at < 4; ++at) {
    int standard = 0;
    int url = 0;
    for (int byte = 0; byte < 256; ++byte) {
      std::string text = "AAAA";
      text[at] = static_cast<char>(byte);
      standard += FromBase64(text).has_value() ? 1 : 0;
      url += FromBase64Url(text).has_value() ? 1 : 0;
    }
    // "AAA=" is padded.
    EXPECT_EQ(standard, at == 3 ? 65 : 64) << at;
    EXPECT_EQ(url, 64) << at;
  }
}

// Law: for any text, what is read is written as that text again; for any bytes, what is written is read as those.
TEST(Base64, TextAndBytesAreOneToOne) {
  std::mt19937 random(1);
  const std::string letters = "ABCXYZabcxyz0189-_+/=";
  size_t accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 9, ' ');
    for (char& c : text) c = letters[random() % letters.size()];
    if (const auto bytes = FromBase64(text)) {
      EXPECT_EQ(ToBase64(*bytes), text);
    }
    if (const auto bytes = FromBase64Url(text)) {
      EXPECT_EQ(ToBase64Url(*bytes), text);
      ++accepted;
    }
    std::string bytes(random() % 40, ' ');
    for (char& c : bytes) c = static_cast<char>(random());
    EXPECT_EQ(FromBase64(ToBase64(bytes)), bytes);
    EXPECT_EQ(FromBase64Url(ToBase64Url(bytes)), bytes);
  }
  EXPECT_GT(accepted, 1'000u);
}

}  // namespace
}  // namespace wideberth::crypto
